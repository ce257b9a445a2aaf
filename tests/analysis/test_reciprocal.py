"""Reciprocal pairs against going through all pairs of cells, against SciPy and against the graph's own count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import reciprocal
from analysis.reciprocal import Pairs
from data_access.graph import Graph
from tests.analysis.graphs import dense, make_graph, random_graph

N = 12
SETS = st.none() | st.lists(st.integers(0, N - 1), unique=True, max_size=N).map(lambda c: np.array(c, dtype=np.int32))


def one_by_one(graph: Graph, pre: np.ndarray | None, post: np.ndarray | None, least: int) -> set[frozenset[int]]:
    counts = np.nan_to_num(dense(graph))
    first, second = (range(graph.n_nodes) if side is None else side.tolist() for side in (pre, post))
    return {
        frozenset((a, b)) for a in first for b in second
        if a != b and counts[a, b] >= least and counts[b, a] >= least
    }  # fmt: skip


def named(pairs: Pairs) -> list[frozenset[int]]:
    return [frozenset(pair) for pair in zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 150), SETS, SETS, st.integers(1, 3))
def test_each_pair_of_two_sets_is_found_once(
    seed: int, n: int, pre: np.ndarray | None, post: np.ndarray | None, least: int
) -> None:
    graph = random_graph(seed, N, n)  # autapses among its connections
    wanted, found = one_by_one(graph, pre, post, least), reciprocal.pairs(graph, pre, post, least)
    names = named(found)
    assert len(names) == len(set(names)) == reciprocal.count(graph, pre, post, least)
    assert set(names) == wanted
    assert found.n_below == len(one_by_one(graph, pre, post, 1) - wanted)
    place = np.minimum(found.a, found.b).astype(np.int64) * N + np.maximum(found.a, found.b)
    assert (np.diff(place) > 0).all()
    # both slots are those of the pair: in `out` by a, in `into` by a too
    assert graph.edge_rows(found.slot_ab).tolist() == found.a.tolist()
    assert graph.out.idx[found.slot_ab].tolist() == found.b.tolist()
    assert graph.into.idx[found.back].tolist() == found.b.tolist()
    counts = dense(graph)
    assert graph.out.n_synapses[found.slot_ab].tolist() == counts[found.a, found.b].tolist()
    assert graph.into.n_synapses[found.back].tolist() == counts[found.b, found.a].tolist()
    assert graph.out.idx[found.slot_ba(graph.out)].tolist() == found.a.tolist()
    assert graph.edge_rows(found.slot_ba(graph.out)).tolist() == found.b.tolist()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_medium_graph_agrees_with_scipy_whatever_the_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(4)
    n, m = 3_000, 200_000
    pre, post = rng.integers(0, n, (2, m))
    again = rng.random(m) < 0.2
    graph = make_graph(np.concatenate([pre, post[again]]), np.concatenate([post, pre[again]]), n_nodes=n)
    monkeypatch.setattr(reciprocal, "FEW", 0)
    monkeypatch.setattr(reciprocal, "THREADS", threads)
    for least in (1, 2):
        strong = graph.out.n_synapses >= least
        matrix = sparse.csr_array((strong.astype(np.int64), graph.out.idx, graph.out.indptr), shape=(n, n))
        both = sparse.triu(matrix.multiply(matrix.T), k=1).tocoo()
        both.eliminate_zeros()
        found = reciprocal.pairs(graph, min_synapses=least)
        order = np.lexsort((both.col, both.row))
        assert found.a.tolist() == both.row[order].tolist()
        assert found.b.tolist() == both.col[order].tolist()
        assert reciprocal.count(graph, min_synapses=least) == both.nnz > 100
    assert reciprocal.count(graph) == graph.n_reciprocal_pairs()


def test_a_graph_without_connections_has_no_pair() -> None:
    graph = make_graph(np.zeros(0, int), np.zeros(0, int), n_nodes=3)
    assert len(reciprocal.pairs(graph)) == reciprocal.count(graph) == 0


def test_autapses_alone_make_no_pair() -> None:
    graph = make_graph(np.array([0, 1, 1]), np.array([0, 1, 1]))
    assert reciprocal.count(graph) == 0
