"""The optimal leaf order against all orders that the dendrogram allows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import pdist, squareform

from analysis.leaf_order import optimal_leaf_order


def length(distance: np.ndarray, order: np.ndarray) -> float:
    return float(distance[order[1:], order[:-1]].sum())


def allowed_orders(tree: np.ndarray) -> list[list[int]]:
    n = len(tree) + 1

    def orders(node: int) -> list[list[int]]:
        if node < n:
            return [[node]]
        left, right = (orders(int(child)) for child in tree[node - n, :2])
        return [a + b for x in left for y in right for a, b in ((x, y), (y, x))]

    return orders(2 * n - 2)


@settings(deadline=None)
@given(st.integers(2, 8), st.integers(0, 10**6), st.sampled_from(["average", "single", "complete"]))
def test_no_flip_of_the_branches_is_shorter(n: int, seed: int, method: str) -> None:
    condensed = pdist(np.random.default_rng(seed).random((n, 3)))
    distance, tree = squareform(condensed), linkage(condensed, method)
    possible = allowed_orders(tree)
    found = optimal_leaf_order(tree, distance)
    assert found.tolist() in possible
    shortest = min(length(distance, np.array(order)) for order in possible)
    assert length(distance, found) == pytest.approx(shortest)


@settings(deadline=None, max_examples=20)
@given(st.integers(10, 60), st.integers(0, 10**6))
def test_at_least_as_short_as_scipys(n: int, seed: int) -> None:
    condensed = pdist(np.random.default_rng(seed).random((n, 5)))
    distance, tree = squareform(condensed), linkage(condensed, "average")
    found = optimal_leaf_order(tree, distance)
    assert sorted(found.tolist()) == list(range(n))
    scipys = leaves_list(optimal_leaf_ordering(tree, condensed))
    assert length(distance, found) <= length(distance, scipys) + 1e-9


def test_one_cell() -> None:
    assert optimal_leaf_order(np.zeros((0, 4)), np.zeros((1, 1))).tolist() == [0]
