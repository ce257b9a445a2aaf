"""Dyad and triad census: every triple by hand on small graphs, networkx on larger ones; instances by hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, permutations
from math import comb

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import census, motif_instances
from analysis.census import DYAD_EDGES, TRIAD_EDGES, TRIADS
from data_access.errors import InputError

Graph = tuple[np.ndarray, np.ndarray, int]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any directed graph of up to 8 cells, autapses among its connections, in any order."""
    n = draw(st.integers(0, 8))
    pairs = [(a, b) for a in range(n) for b in range(n)]
    chosen = draw(st.permutations([p for p in pairs if draw(st.booleans())]))
    return np.array([p[0] for p in chosen], np.int32), np.array([p[1] for p in chosen], np.int32), n


def random_graph(seed: int, n: int, m: int) -> Graph:
    """m different ordered pairs of n cells, in no order, autapses among them."""
    pairs = np.random.default_rng(seed).choice(n * n, m, replace=False)
    return (pairs // n).astype(np.int32), (pairs % n).astype(np.int32), n


def class_by_hand(edges: set[tuple[int, int]], triple: tuple[int, ...]) -> str:
    """The class whose connections these are, whatever the order of the cells."""
    for name, wanted in TRIAD_EDGES.items():
        for cells in permutations(triple):
            mine = {(i, j) for i in range(3) for j in range(3) if (cells[i], cells[j]) in edges and i != j}
            if mine == set(wanted):
                return name
    raise AssertionError(triple)


@settings(deadline=None, max_examples=60)
@given(graphs())
def test_the_census_is_that_of_all_triples_and_pairs(graph: Graph) -> None:
    pre, post, n = graph
    edges = {(int(a), int(b)) for a, b in zip(pre, post, strict=True) if a != b}
    triads = [class_by_hand(edges, t) for t in combinations(range(n), 3)]
    assert dict(zip(TRIADS, census.triad_census(pre, post, n).tolist(), strict=True)) == {
        name: triads.count(name) for name in TRIADS
    }
    ways = [sum(w in edges for w in (p, p[::-1])) for p in combinations(range(n), 2)]
    assert census.dyad_census(pre, post, n).tolist() == [ways.count(2), ways.count(1), ways.count(0)]


@pytest.mark.parametrize(("n", "m"), [(60, 700), (200, 1_500), (45, 2_025)])
def test_networkx_counts_the_same(n: int, m: int) -> None:
    pre, post, n = random_graph(n, n, m)
    other = nx.DiGraph()
    other.add_nodes_from(range(n))
    other.add_edges_from((a, b) for a, b in zip(pre.tolist(), post.tolist(), strict=True) if a != b)
    expected = nx.triadic_census(other)
    assert census.triad_census(pre, post, n).tolist() == [expected[name] for name in TRIADS]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 60_000])
def test_all_triples_are_counted_once(n: int) -> None:
    """Also where there are more than 2**31 of them, and where there is no triple at all."""
    pre, post, n = random_graph(1, n, min(n * n, 200_000))
    found = census.triad_census(pre, post, n)
    assert sum(found.tolist()) == comb(n, 3)
    assert (found >= 0).all()
    assert sum(census.dyad_census(pre, post, n).tolist()) == comb(n, 2)


def test_threads_count_what_one_counts() -> None:
    made = [random_graph(seed, 120, 2_000) for seed in range(8)]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda g: census.triad_census(*g).tolist(), made))
    assert together == [census.triad_census(*g).tolist() for g in made]


def instances_by_hand(pre: np.ndarray, post: np.ndarray, synapses: np.ndarray, n: int, name: str) -> list[tuple]:
    """(total, cells by role) of every triple of a class, the strongest first; of equal roles the lowest cells first."""
    weight = {(int(a), int(b)): int(s) for a, b, s in zip(pre, post, synapses, strict=True) if a != b}
    found: dict[frozenset[int], tuple[int, ...]] = {}
    for cells in permutations(range(n), 3):
        there = {(i, j) for i in range(3) for j in range(3) if (cells[i], cells[j]) in weight}
        if there == set(TRIAD_EDGES[name]):
            found.setdefault(frozenset(cells), cells)
    totals = {cells: sum(weight.get(p, 0) for p in permutations(cells, 2)) for cells in found.values()}
    return sorted(((-total, cells) for cells, total in totals.items()))


@pytest.mark.parametrize("name", [name for name in TRIADS if name not in ("003", "012", "102")])
def test_instances_are_the_strongest_with_cells_by_role(name: str) -> None:
    for seed in range(4):
        pre, post, n = random_graph(seed, 9, 38)
        synapses = np.random.default_rng(seed).integers(1, 5, len(pre))
        found = motif_instances.triads(pre, post, synapses, n, name, 7)
        mine = [(-t, tuple(cells)) for t, cells in zip(found.total.tolist(), found.cells.tolist(), strict=True)]
        assert mine == instances_by_hand(pre, post, synapses, n, name)[:7]
        assert found.whole


@pytest.mark.parametrize("name", ["012", "102"])
def test_a_pair_with_no_third_is_listed_once(name: str) -> None:
    pre, post, n = random_graph(3, 14, 30)
    synapses = np.random.default_rng(3).integers(1, 9, len(pre))
    all_of = instances_by_hand(pre, post, synapses, n, name)
    found = motif_instances.triads(pre, post, synapses, n, name, 1000)
    mine = [(-t, tuple(cells)) for t, cells in zip(found.total.tolist(), found.cells.tolist(), strict=True)]
    assert set(mine) <= {(t, c) for t, c in all_of} | {(t, (c[1], c[0], c[2])) for t, c in all_of}
    assert len({frozenset(c[:2]) for _, c in mine}) == len(mine) == len({frozenset(c[:2]) for _, c in all_of})
    assert [t for t, _ in mine] == sorted(t for t, _ in mine)


def test_dyads_are_listed_by_role() -> None:
    pre, post = np.array([0, 1, 2, 3, 0, 4], np.int32), np.array([1, 0, 0, 3, 3, 1], np.int32)
    synapses = np.array([2, 7, 5, 100, 1, 5])
    mutual = motif_instances.pairs(pre, post, synapses, 5, "mutual", 10)
    assert (mutual.cells.tolist(), mutual.total.tolist()) == ([[1, 0]], [9])
    one_way = motif_instances.pairs(pre, post, synapses, 5, "asymmetric", 2)
    assert (one_way.cells.tolist(), one_way.total.tolist()) == ([[2, 0], [4, 1]], [5, 5])


@pytest.mark.parametrize(("kind", "name", "said"), [("triads", "030", "030"), ("triads", "003", "003"),
                                                    ("pairs", "mutal", "mutual"), ("pairs", "null", "null")])  # fmt: skip
def test_a_class_that_cannot_be_listed_is_refused(kind: str, name: str, said: str) -> None:
    none = np.zeros(0, np.int32)
    with pytest.raises(InputError) as error:
        getattr(motif_instances, kind)(none, none, none, 4, name, 5)
    assert said in f"{error.value.message} {error.value.hint}"
    assert error.value.hint


def test_each_dyad_class_has_its_edges() -> None:
    assert {name: len(edges) for name, edges in DYAD_EDGES.items()} == {"mutual": 2, "asymmetric": 1, "null": 0}
