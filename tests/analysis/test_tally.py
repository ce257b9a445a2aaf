"""Counting a matrix without making it gives what its entries say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.matrix import Selection, entries
from analysis.tally import tally
from analysis.tested import Testability, autapse_is_tested, connection_is_tested
from data_access.errors import InputError
from tests.analysis.graphs import make_graph, random_graph

MODES = ("proofread", "complete", "all")


def some_cells(rng: np.random.Generator, n_nodes: int) -> np.ndarray:
    return rng.permutation(n_nodes)[: rng.integers(0, n_nodes + 1)].astype(np.int32)


def flags(rng: np.random.Generator, n_nodes: int) -> Testability:
    return Testability(*(rng.random(n_nodes) < 0.6 for _ in range(7)))


@settings(deadline=None)  # the first call may compile
@given(st.integers(0, 10_000), st.sampled_from(MODES), st.integers(1, 4), st.booleans())
def test_counts_are_those_of_the_entries(seed: int, mode: str, least: int, keep: bool) -> None:
    rng = np.random.default_rng(seed)
    graph, known = random_graph(seed), flags(rng, 30)
    selection = Selection(some_cells(rng, 30), some_cells(rng, 30), least, keep)
    found = entries(graph, selection)
    pre, post = selection.rows[found.row], selection.cols[found.col]
    tested = connection_is_tested(known, pre, post, mode).sum()  # type: ignore[arg-type]
    tested += autapse_is_tested(known, pre[pre == post], mode).sum()  # type: ignore[arg-type]
    counted = tally(graph, selection, known, mode)  # type: ignore[arg-type]
    assert (counted.n_connections, counted.n_synapses) == (len(found), graph.out.n_synapses[found.edge].sum())
    assert counted.n_tested == tested
    assert counted.dropped == found.dropped


def test_either_side_is_walked_with_the_same_answer() -> None:
    graph = make_graph([0, 0, 0, 1, 2], [1, 2, 3, 3, 3], n_nodes=4)
    known = Testability(*(np.ones(4, bool) for _ in range(7)))
    everyone, hub, target = np.arange(4, dtype=np.int32), np.array([0], np.int32), np.array([3], np.int32)
    assert tally(graph, Selection(hub, everyone), known).n_connections == 3
    assert tally(graph, Selection(everyone, target), known).n_connections == 3


def test_unknown_kind_of_tested_pairs_is_refused() -> None:
    known = Testability(*(np.ones(4, bool) for _ in range(7)))
    nobody = np.zeros(0, np.int32)
    with pytest.raises(InputError, match="tested"):
        tally(make_graph([0], [1], n_nodes=4), Selection(nobody, nobody), known, "maybe")  # type: ignore[arg-type]
