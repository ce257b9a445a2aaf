"""The graph that reciprocal pairs are timed on, and the report's part about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse as sp

from bench import pairs
from bench.pairs import Shape
from views.reciprocal import ReciprocalView, reciprocal

SMALL = Shape(300, 9_000)


def test_the_graph_is_as_large_as_asked_for_and_the_same_for_a_seed(tmp_path: Path) -> None:
    made = [pairs.make(tmp_path / name, SMALL, seed) for name, seed in (("a", 1), ("again", 1), ("b", 2))]
    first, again, other = (dataset.graph for dataset in made)
    assert first.n_connections == 9_000
    assert len(first.autapses()) == 0
    assert np.array_equal(first.out.idx, again.out.idx)
    assert not np.array_equal(first.out.idx, other.out.idx)
    shape = (300, 300)
    out, into = (
        sp.csr_array((side.n_synapses.astype(np.int64), side.idx, side.indptr), shape=shape)
        for side in (first.out, first.into)
    )
    assert (out != into.T).nnz == 0
    there = (out > 0).astype(np.int64)
    n_pairs = there.multiply(there.T).sum() // 2
    assert made[0].meta.n_reciprocal_pairs == n_pairs == reciprocal(made[0], ReciprocalView()).rows
    by_chance = 300 * 299 / 2 * (9_000 / (300 * 299)) ** 2
    assert n_pairs > 1.5 * by_chance


def test_the_report_names_what_was_timed_and_the_budgets(tmp_path: Path) -> None:
    section = pairs.section(tmp_path, 1, SMALL)
    assert [row[0] for row in section.tables[0].rows] == [
        "all pairs, listed", "all pairs, counted", "first rows, new", "first rows, known",
    ]  # fmt: skip
    assert [budget.target for budget in section.budgets] == [250, 1_000]
    assert "of 9,000 connections" in section.budgets[0].what
