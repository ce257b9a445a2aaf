"""Fewer points and faces for drawing: lines thinned, meshes clustered, the contour of a mesh seen from afar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDS = 14  # halvings of the interval in which the width of a cluster is looked for


@dataclass(frozen=True, eq=False)
class Reduced:
    """A mesh for drawing: vertices float64 (n, 3), faces int32 (m, 3), and how wide the clusters are (0: as it was)."""

    vertices: np.ndarray
    faces: np.ndarray
    width: float


def thinned(line: np.ndarray, most: int) -> np.ndarray:
    """A line (k, 3) whose pieces are separated by rows of NaN, with about `most` points at most.

    Of each piece the ends stay and every so-maniest point between; pieces never vanish, so that many short ones may
    leave more than `most`.
    """
    if len(line) <= most:
        return line
    gap = np.isnan(line[:, 0])
    piece = np.cumsum(gap)
    start = np.flatnonzero(np.diff(piece, prepend=-1) != 0)
    at = np.arange(len(line)) - start[np.searchsorted(start, np.arange(len(line)), side="right") - 1]
    end = np.append(gap[1:], True) & ~gap
    first = ~gap & np.insert(gap[:-1], 0, True)
    fixed = gap | end | first
    step = max(2, int(np.ceil((~fixed).sum() / max(1, most - int(fixed.sum())))))
    return line[fixed | (at % step == 0)]


def clustered(vertices: np.ndarray, faces: np.ndarray, most: int) -> Reduced:
    """A mesh with at most `most` faces: vertices that share a cube of a grid become their mean.

    Faces whose corners fall together are dropped, those that become equal are kept once (vertex clustering, Rossignac
    and Borrel 1993). The cubes are as small as the bound allows. vertices: (n, 3); faces: int (m, 3).
    """
    if len(faces) <= most:
        return Reduced(vertices, faces.astype(np.int32), 0.0)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    longest = max(float((high - low).max()), 1e-12)
    fine, coarse = longest / 2**20, longest
    best = _at(vertices, faces, low, coarse)
    for _ in range(ROUNDS):
        middle = float(np.sqrt(fine * coarse))
        found = _at(vertices, faces, low, middle)
        if len(found.faces) <= most:
            best, coarse = found, middle
        else:
            fine = middle
    return best


def _at(vertices: np.ndarray, faces: np.ndarray, low: np.ndarray, width: float) -> Reduced:
    cube = np.floor((vertices - low) / width).astype(np.int64)
    sides = cube.max(axis=0) + 1
    key = (cube[:, 0] * sides[1] + cube[:, 1]) * sides[2] + cube[:, 2]
    _, of = np.unique(key, return_inverse=True)
    n = int(of.max()) + 1
    counts = np.bincount(of, minlength=n)
    means = np.stack([np.bincount(of, vertices[:, i], n) / counts for i in range(3)], axis=1)
    corners = of[faces]
    kept = (corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2]) & (corners[:, 0] != corners[:, 2])
    corners = corners[kept]
    ordered = np.sort(corners, axis=1)
    first = ordered[:, 0] * n + ordered[:, 1]
    order = np.lexsort((ordered[:, 2], first))
    again = (np.diff(first[order]) == 0) & (np.diff(ordered[order, 2]) == 0)
    once = np.sort(order[np.insert(~again, 0, True)]) if len(order) else order
    return Reduced(means, corners[once].astype(np.int32), width)


def contour(vertices: np.ndarray, faces: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The edges at which a mesh turns away from the eye, and its open borders: int64 (k, 2) pairs of vertices.

    direction: (3,), towards the eye, which is infinitely far away.
    """
    if not len(faces):
        return np.zeros((0, 2), np.int64)
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    towards = np.cross(b - a, c - a) @ direction > 0
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64), axis=1)
    key = edges[:, 0] * len(vertices) + edges[:, 1]
    of, where = np.unique(key, return_inverse=True)
    seen = np.tile(towards, 3)
    n = np.bincount(where, minlength=len(of))
    n_towards = np.bincount(where, seen, len(of))
    turning = (n == 1) | ((n_towards > 0) & (n_towards < n))
    return np.stack([of[turning] // len(vertices), of[turning] % len(vertices)], axis=1)
