"""Thinning lines and meshes for drawing: bounds hold, ends stay, surfaces stay where they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from analysis.decimate import clustered, contour, thinned


def line(lengths: list[int]) -> np.ndarray:
    """Pieces of so many points, numbered throughout, with a row of NaN between."""
    parts, n = [], 0
    for length in lengths:
        parts += [np.repeat(np.arange(n, n + length, dtype=float)[:, None], 3, axis=1), np.full((1, 3), np.nan)]
        n += length
    return np.concatenate(parts[:-1])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(2, 60), min_size=1, max_size=12), st.integers(1, 200))
def test_a_thinned_line_keeps_its_pieces_and_their_ends(lengths: list[int], most: int) -> None:
    whole = line(lengths)
    found = thinned(whole, most)
    pieces = [p[:, 0] for p in np.split(found, np.flatnonzero(np.isnan(found[:, 0])))]
    pieces = [p[~np.isnan(p)] for p in pieces]
    assert len(pieces) == len(lengths)
    starts = np.cumsum([0, *lengths[:-1]])
    for piece, start, length in zip(pieces, starts, lengths, strict=True):
        assert (piece[0], piece[-1]) == (start, start + length - 1)
        assert (np.diff(piece) > 0).all(), "points keep their order"
    fixed = 3 * len(lengths)
    assert len(found) <= max(most, fixed) + len(whole) / 2


def test_a_long_line_meets_its_bound() -> None:
    assert len(thinned(line([50_000, 30_000]), 20_000)) <= 20_010
    assert thinned(line([10, 10]), 100) is not None and len(thinned(line([10, 10]), 100)) == 21


def sphere(n: int) -> tuple[np.ndarray, np.ndarray]:
    """A unit sphere of n points: the faces of their convex hull, outwards."""
    i = np.arange(n) + 0.5
    z, turn = 1 - 2 * i / n, i * np.pi * (3 - 5**0.5)
    across = np.sqrt(1 - z**2)
    vertices = np.stack([across * np.cos(turn), across * np.sin(turn), z], axis=1)
    faces = ConvexHull(vertices).simplices
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    inwards = (np.cross(b - a, c - a) * a).sum(axis=1) < 0
    return vertices, np.where(inwards[:, None], faces[:, ::-1], faces)


def test_a_clustered_mesh_meets_its_bound_and_stays_where_it_was() -> None:
    vertices, faces = sphere(7_000)
    found = clustered(vertices, faces, 2_000)
    assert 1_000 < len(found.faces) <= 2_000, "the bound is nearly used"
    assert 0 < found.width < 0.3
    radius = np.linalg.norm(found.vertices, axis=1)
    assert (abs(radius - 1) < found.width).all()
    corners = np.sort(found.faces, axis=1)
    assert (np.diff(corners, axis=1) > 0).all(), "no face has fallen together"
    assert len(np.unique(corners, axis=0)) == len(corners), "none is there twice"
    assert clustered(vertices, faces, len(faces)).faces.tolist() == faces.tolist(), "within the bound nothing changes"


@pytest.mark.parametrize("direction", [(0.0, 0.0, 1.0), (1.0, 0.2, -0.3)])
def test_the_contour_of_a_sphere_is_a_great_circle_across_the_view(direction: tuple[float, float, float]) -> None:
    vertices, faces = sphere(3_000)
    towards = np.array(direction) / np.linalg.norm(direction)
    edges = contour(vertices, faces, towards)
    assert len(edges) > 100
    assert abs(vertices[edges] @ towards).max() < 0.1
    assert (np.bincount(edges.ravel()) % 2 == 0).all(), "it is closed"
    turned = contour(vertices, faces[:, ::-1], towards)
    assert {tuple(e) for e in turned.tolist()} >= {tuple(e) for e in edges.tolist()}, "inside out it is the same"
    assert len(contour(vertices, faces[:0], towards)) == 0


def test_an_open_border_is_part_of_the_contour() -> None:
    square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    found = contour(square, np.array([[0, 1, 2], [0, 2, 3]]), np.array([0.0, 0.0, 1.0]))
    assert sorted(map(tuple, found.tolist())) == [(0, 1), (0, 3), (1, 2), (2, 3)]
