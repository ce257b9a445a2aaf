"""All reciprocal pairs of a large generated graph: listed, counted, and the first rows of the ranked table.

The graph is drawn straight as arrays and memory-mapped, as a dataset's is: no synapse rows, no import.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit

from analysis import reciprocal as pairing
from analysis.kernels import Int32, Int64, UInt32, readonly
from bench.measure import timed
from bench.report import Budget, Section, Table, spread
from bench.tables import _distinct
from data_access import graph as graphs
from data_access.cells import MEANINGS
from data_access.dataset import Dataset
from data_access.graph import Graph, Orientation
from data_access.metadata import Column, DatasetMeta
from views import pair_features, pair_warnings, reciprocal
from views.reciprocal import ReciprocalView

N_CELLS = 120_000
N_CONNECTIONS = 54_000_000
RETURNED = 0.06  # of the drawn connections, again in the other direction
FIRST_ROWS = 100
METHOD = f"""A graph of {N_CELLS:,} cells and {N_CONNECTIONS:,} connections, seeded, with lognormal numbers of
partners on both sides; {RETURNED:.0%} of the connections are drawn in both directions. Its arrays are memory-mapped.
Listed: both cells and both slots of every pair, in memory. First rows: pairs, order, and the first {FIRST_ROWS} rows of
the table with their warnings, nothing kept from before; then the same view once more."""


@dataclass(frozen=True)
class Shape:
    """How large a graph to draw."""

    n_cells: int = N_CELLS
    n_connections: int = N_CONNECTIONS


LARGE = Shape()


def make(folder: Path, shape: Shape = LARGE, seed: int = 0) -> Dataset:
    """A dataset without synapse rows whose graph has exactly so many connections, no autapses; the same for a seed."""
    out = _out(np.random.default_rng(seed), shape)
    into = _turned(out, shape.n_cells)
    known = np.ones(shape.n_cells, bool)
    folder.mkdir(parents=True, exist_ok=True)
    graphs.save(Graph(out, into, known, known), folder / "graph")
    del out, into
    gc.collect()
    cell_ids = 864_691_135_000_000_000 + 7 * np.arange(shape.n_cells, dtype=np.int64)
    kinds = pa.array([f"type {k % 40}" for k in range(shape.n_cells)])
    cells = pa.table({"cell_id": cell_ids, "cell_type": kinds, "is_cell": known})
    pq.write_table(cells, folder / "cells.parquet")
    columns = {
        "cell_id": Column("id", MEANINGS["cell_id"]), "cell_type": Column("text", MEANINGS["cell_type"]),
        "is_cell": Column("boolean", MEANINGS["is_cell"]),
    }  # fmt: skip
    dataset = Dataset(folder, DatasetMeta("bench-pairs", "Benchmark (synthetic)", columns=columns))
    graph = dataset.graph
    meta = DatasetMeta(
        "bench-pairs", "Benchmark (synthetic)", synthetic=True, columns=columns, n_cells=shape.n_cells,
        n_cells_connected=graph.n_connected(), n_connections=graph.n_connections, n_synapses=graph.n_synapses,
        n_reciprocal_pairs=graph.n_reciprocal_pairs(), capabilities=("matrix", "cell_types"),
    )  # fmt: skip
    return Dataset(folder, meta)


def _out(rng: np.random.Generator, shape: Shape) -> Orientation:
    """Rows by pre: distinct partners, ascending."""
    n = shape.n_cells
    keys = np.zeros(0, np.int64)
    while len(keys) < shape.n_connections:
        wanted = int((shape.n_connections - len(keys)) / (1 + RETURNED) * 1.02) + 1000
        pre, post = (_drawn(rng, n, wanted) for _ in range(2))
        again = rng.random(wanted) < RETURNED
        drawn = np.concatenate([pre * n + post, post[again] * n + pre[again]])
        keys = _distinct(np.concatenate([keys, drawn[drawn // n != drawn % n]]))
    surplus = len(keys) - shape.n_connections
    if surplus:
        keep = np.ones(len(keys), bool)
        keep[rng.choice(len(keys), surplus, replace=False)] = False
        keys = keys[keep]
    pre = keys // n
    indptr = np.concatenate([[0], np.cumsum(np.bincount(pre, minlength=n))])
    idx = (keys - pre * n).astype(np.int32)
    counts = rng.geometric(0.25, len(keys)).astype(np.uint32)
    return Orientation(indptr, idx, counts, counts * np.uint32(900))


def _drawn(rng: np.random.Generator, n: int, wanted: int) -> np.ndarray:
    """Cells, int64, each as likely as its lognormal weight says."""
    edges = np.cumsum(rng.lognormal(0, 0.8, n))
    table = np.searchsorted(edges, np.linspace(0, edges[-1], 1 << 22, endpoint=False), side="right")
    return table[rng.integers(0, 1 << 22, wanted)]


def _turned(out: Orientation, n: int) -> Orientation:
    """The same connections by post."""
    indptr = np.concatenate([[0], np.cumsum(np.bincount(out.idx, minlength=n))])
    idx, counts = _dealt(readonly(out.indptr), readonly(out.idx), readonly(out.n_synapses), readonly(indptr))
    return Orientation(indptr, idx, counts, counts * np.uint32(900))


@njit(cache=True)
def _dealt(indptr: Int64, idx: Int32, n_synapses: UInt32, start: Int64) -> tuple[Int32, UInt32]:
    at = start.copy()
    pre, counts = np.empty_like(idx), np.empty_like(n_synapses)
    for i in range(indptr.size - 1):
        for e in range(indptr[i], indptr[i + 1]):
            k = at[idx[e]]
            at[idx[e]] = k + 1
            pre[k] = i
            counts[k] = n_synapses[e]
    return pre, counts


def section(folder: Path, runs: int, shape: Shape = LARGE) -> Section:
    """Times and budgets. AssertionError where our pairs are not those of the graph's own count."""
    dataset = make(folder, shape)
    graph, wanted = dataset.graph, dataset.meta.n_reciprocal_pairs
    if not len(pairing.pairs(graph)) == pairing.count(graph) == wanted:
        raise AssertionError(f"not the {wanted:,} reciprocal pairs that the graph counts")
    listed, counted = (timed(partial(work, graph), runs) for work in (pairing.pairs, pairing.count))
    view = ReciprocalView(limit=FIRST_ROWS)
    rows = partial(_first_rows, dataset, view)
    new = timed(rows, runs, before=_forget)
    again = timed(rows, runs)
    times = (("all pairs, listed", listed), ("all pairs, counted", counted), ("first rows, new", new),
             ("first rows, known", again))  # fmt: skip
    table = tuple((what, spread(time.wall, "ms"), spread(time.cpu, "ms")) for what, time in times)
    budgets = (
        Budget(f"all {wanted:,} reciprocal pairs of {graph.n_connections:,} connections", 250, listed.wall, "ms"),
        Budget(f"first {FIRST_ROWS} of those pairs, ranked, new", 1_000, new.wall, "ms"),
    )
    return Section("Reciprocal pairs", METHOD, (Table(("what", "wall", "CPU"), table),), budgets)


def _first_rows(dataset: Dataset, view: ReciprocalView) -> int:
    return reciprocal.reciprocal(dataset, view).table().num_rows


def _forget() -> None:
    for kept in (pair_features.find, reciprocal._ranked, pair_warnings._of):
        kept.cache_clear()
    gc.collect()
