"""Display orders: what a user sees next to what, and that the same cells always come in the same order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import order
from analysis.matrix import Selection
from analysis.order import by_degree, by_value, cluster, same_as
from tests.analysis.graphs import dense, make_graph, random_graph

CODES = np.array([7, 3, 9, 1], np.int32)


def test_by_value_puts_cells_without_a_value_last_and_ties_by_code() -> None:
    assert by_value(CODES, np.array([2.0, np.nan, 1.0, 2.0])).tolist() == [9, 1, 7, 3]
    assert by_value(CODES, np.array(["b", None, "a", "b"], object)).tolist() == [9, 1, 7, 3]
    assert by_value(CODES, pd.Series(["b", pd.NA, "a", "b"], dtype="string")).tolist() == [9, 1, 7, 3]
    assert by_value(CODES, pd.array([True, None, False, True], dtype="boolean")).tolist() == [9, 1, 7, 3]


def test_categories_go_by_their_text_unless_they_are_ordered() -> None:
    layer = pd.Categorical(["deep", "deep", "upper", None], categories=["upper", "deep"])
    assert by_value(CODES, layer).tolist() == [3, 7, 9, 1]
    assert by_value(CODES, pd.Series(layer.as_ordered())).tolist() == [9, 3, 7, 1]


def test_the_first_key_leads() -> None:
    kind, depth = ["b", "a", "a", "b"], [1.0, 5.0, 2.0, 0.5]
    assert by_value(CODES, kind, depth).tolist() == [9, 3, 1, 7]
    assert by_value(CODES, depth, kind).tolist() == [1, 7, 9, 3]
    assert by_value(CODES).tolist() == [1, 3, 7, 9]
    with pytest.raises(ValueError, match="each of 4 cells"):
        by_value(CODES, kind[:2])


def test_layers_stay_together_with_untyped_cells_behind() -> None:
    kinds = pd.Categorical(["5P-ET", None, "23P", "4P"])
    assert by_value(CODES, kinds).tolist() == [9, 1, 7, 3]


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["pre", "post"]), st.integers(1, 3), st.booleans())
def test_by_degree_counts_partners_in_the_other_set_only(seed: int, side: str, min_synapses: int, keep: bool) -> None:
    graph = random_graph(seed, 12, 100)
    rng = np.random.default_rng(seed)
    codes, others = (rng.permutation(12)[:8].astype(np.int32) for _ in range(2))
    found = by_degree(graph, codes, side, others, min_synapses, keep)  # type: ignore[arg-type]
    linked = np.nan_to_num(dense(graph)) >= min_synapses
    if not keep:
        np.fill_diagonal(linked, False)
    linked = linked if side == "pre" else linked.T
    degree = {int(c): int(linked[c, others].sum()) for c in codes}
    assert found.tolist() == sorted(degree, key=lambda c: (-degree[c], c))


def test_like_the_other_axis() -> None:
    other, codes, fallback = np.array([5, 1, 8, 2]), np.array([2, 3, 5, 4]), np.array([4, 5, 3, 2])
    assert same_as(other, codes, fallback).tolist() == [5, 2, 4, 3]


def blocks(n_blocks: int, size: int, seed: int, noise: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Synapses inside blocks of cells only (but for noise), cells shuffled: pre, post, block of each cell."""
    rng = np.random.default_rng(seed)
    n = n_blocks * size
    block_of = rng.permutation(np.repeat(np.arange(n_blocks), size))
    members = [np.flatnonzero(block_of == b) for b in range(n_blocks)]
    pairs = [(a, b) for cells in members for a in cells for b in cells if a != b and rng.random() < 0.7]
    pre, post = np.array(pairs).T
    extra = rng.integers(0, n, (2, noise))
    return np.append(pre, extra[0]), np.append(post, extra[1]), block_of


@pytest.mark.parametrize("axis", ["rows", "cols"])
@pytest.mark.parametrize("weights", ["log", "binary"])
def test_blocks_are_put_together(axis: str, weights: str) -> None:
    pre, post, block_of = blocks(6, 12, seed=3, noise=150)
    graph = make_graph(pre, post)
    cells = np.arange(72, dtype=np.int32)
    found = cluster(graph, Selection(cells, cells), axis, weights)  # type: ignore[arg-type]
    assert found.exact
    assert "optimal leaf order" in found.method
    assert "cosine" in found.distance
    assert (np.diff(block_of[found.order]) != 0).sum() == 5


def test_beyond_the_affordable_the_spectral_route_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "MAX_HIERARCHICAL", 50)
    pre, post, block_of = blocks(4, 20, seed=4)
    cells = np.arange(80, dtype=np.int32)
    found = cluster(make_graph(pre, post), Selection(cells, cells), "rows")
    assert not found.exact
    assert "spectral" in found.method
    assert (np.diff(block_of[found.order]) != 0).sum() == 3


@pytest.mark.parametrize("affordable", [0, 100])
def test_cells_without_a_connection_in_the_set_go_last(affordable: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "MAX_HIERARCHICAL", affordable)
    graph = make_graph([0, 0, 2, 4, 1, 3, 3], [5, 6, 5, 6, 0, 3, 3], n_nodes=8)
    rows, cols = np.array([3, 1, 2, 4, 0], np.int32), np.array([5, 6, 3, 7], np.int32)
    found = cluster(graph, Selection(rows, cols), "rows")
    assert found.n_isolated == 2
    assert found.order[-2:].tolist() == [1, 3]
    assert sorted(found.order.tolist()) == [0, 1, 2, 3, 4]
    assert cluster(graph, Selection(rows, cols, keep_autapses=True), "rows").n_isolated == 1
    assert cluster(graph, Selection(rows, cols, min_synapses=2), "rows").n_isolated == 5


@pytest.mark.parametrize("affordable", [0, 100])
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_the_cells_as_given_does_not_matter(affordable: int, seed: int) -> None:
    graph, rng = random_graph(seed, 20, 120), np.random.default_rng(seed)
    rows, cols = (rng.permutation(20)[:15].astype(np.int32) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "MAX_HIERARCHICAL", affordable)
        first = cluster(graph, Selection(rows, cols), "cols")
        again = cluster(graph, Selection(rng.permutation(rows), rng.permutation(cols)), "cols")
    assert first.order.tolist() == again.order.tolist()
    assert sorted(first.order.tolist()) == sorted(cols.tolist())
    assert first.order.dtype == np.int32


def test_groups_that_connect_alike_are_put_together_and_silent_ones_last() -> None:
    profiles = np.array([[5, 4, 0, 0], [0, 0, 0, 0], [0, 0, 3, 2], [4, 4, 0, 0], [0, 0, 2, 2]], float)
    found = order.cluster_profiles(profiles)
    assert {frozenset(found.order[:2].tolist()), frozenset(found.order[2:4].tolist())} == {
        frozenset({0, 3}),
        frozenset({2, 4}),
    }
    assert (found.order[4], found.n_isolated) == (1, 1)


def test_an_empty_axis() -> None:
    nobody = np.zeros(0, np.int32)
    assert cluster(random_graph(1), Selection(nobody, nobody), "rows").order.tolist() == []
    assert by_degree(random_graph(1), nobody, "pre", nobody).tolist() == []
