"""Paths, attachment and lines on trees, against searches written out by hand."""

from __future__ import annotations

from collections import defaultdict, deque
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import skeleton as trees
from tests.views import cell_samples


def forest(seed: int, n: int, n_trees: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random nodes (some in one place), parents in shuffled order, SWC kinds."""
    rng = np.random.default_rng(seed)
    n_trees = min(n, n_trees)
    parent = np.array([-1 if i < n_trees else int(rng.integers(0, i)) for i in range(n)])
    nodes = rng.normal(0, 10, (n, 3))
    same = rng.random(n) < 0.1
    nodes[same & (parent >= 0)] = nodes[parent[same & (parent >= 0)]]
    shuffle = rng.permutation(n)
    place = np.argsort(shuffle)
    moved = np.where(parent[shuffle] >= 0, place[parent[shuffle]], -1)
    return nodes[shuffle], moved.astype(np.int64), rng.integers(0, 5, n)


def walked(nodes: np.ndarray, parent: np.ndarray, root: int) -> list[float]:
    """Path lengths by walking outwards from the root, breadth first: on a tree there is one way to each node."""
    neighbours = defaultdict(list)
    for child, above in enumerate(parent.tolist()):
        if above >= 0:
            neighbours[child].append(above)
            neighbours[above].append(child)
    found, waiting = {root: 0.0}, deque([root])
    while waiting:
        here = waiting.popleft()
        for there in neighbours[here]:
            if there not in found:
                step = sum((nodes[here][k] - nodes[there][k]) ** 2 for k in range(3)) ** 0.5
                found[there] = found[here] + step
                waiting.append(there)
    return [found.get(i, float("nan")) for i in range(len(parent))]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), n_trees=st.integers(1, 4))
def test_path_distances_are_those_of_a_walk(seed: int, n: int, n_trees: int) -> None:
    nodes, parent, kind = forest(seed, n, n_trees)
    root = trees.root_of(parent, kind)
    np.testing.assert_allclose(trees.path_distance(nodes, parent, root), walked(nodes, parent, root), atol=1e-9)


def test_paths_of_a_tree_measured_with_a_ruler() -> None:
    parent = np.array([-1, 0, 1, 0, 3, 3, -1, 6])
    nodes = cell_samples.NODES_UM
    np.testing.assert_allclose(trees.path_distance(nodes, parent, 0), cell_samples.PATHS)


def test_the_root_is_the_soma_wherever_it_stands() -> None:
    chain = np.array([-1, 0, 1, 2])
    assert trees.root_of(chain, np.array([3, 3, 1, 3])) == 2
    assert trees.root_of(np.array([1, -1, 1, -1]), np.array([1, 1, 3, 3])) == 1, "a root before an inner node"
    assert trees.root_of(np.array([-1, -1, 1, 2]), np.zeros(4)) == 1, "without a soma the largest tree"
    with pytest.raises(ValueError, match="without nodes"):
        trees.root_of(np.zeros(0, int), np.zeros(0))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 50), m=st.integers(0, 60))
def test_points_attach_to_the_nearest_node(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    nodes, points = rng.normal(0, 5, (n, 3)), rng.normal(0, 6, (m, 3))
    points[rng.random(m) < 0.2, 1] = np.nan
    found = trees.attach(nodes, points)
    for i, point in enumerate(points):
        if np.isnan(point).any():
            assert found.node[i] == -1
            assert np.isnan(found.distance[i])
        else:
            far = np.sqrt(((nodes - point) ** 2).sum(axis=1))
            assert found.distance[i] == pytest.approx(far.min())
            assert far[found.node[i]] == pytest.approx(far.min())
    known = sorted(d for d in found.distance.tolist() if d == d)
    middle = (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2 if known else float("nan")
    assert found.median == pytest.approx(middle, nan_ok=True)


def drawn(line: np.ndarray) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """The edges that a line with gaps draws, each from the smaller to the larger end."""
    found = []
    for a, b in pairwise(line):
        if not (np.isnan(a).any() or np.isnan(b).any()):
            found.append(tuple(sorted((tuple(a.tolist()), tuple(b.tolist())))))
    return sorted(found)  # type: ignore[arg-type]


@pytest.mark.parametrize("followed", [True, False], ids=["branch by branch", "edge by edge"])
@pytest.mark.parametrize("masked", [True, False], ids=["a part", "whole"])
@pytest.mark.parametrize("seed", range(12))
def test_lines_draw_each_edge_once(seed: int, masked: bool, followed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not followed:
        monkeypatch.setattr(trees, "FOLLOWED", 0)
    nodes, parent, kind = forest(seed, 40, 1 + seed % 3)
    chosen = kind == 3 if masked else np.ones(40, bool)
    wanted = [
        tuple(sorted((tuple(nodes[i].tolist()), tuple(nodes[parent[i]].tolist()))))
        for i in range(40) if parent[i] >= 0 and chosen[i]
    ]  # fmt: skip
    assert drawn(trees.lines(nodes, parent, chosen if masked else None)) == sorted(wanted)


def test_a_lone_node_has_no_line() -> None:
    assert trees.lines(np.zeros((1, 3)), np.array([-1])).shape == (0, 3)
