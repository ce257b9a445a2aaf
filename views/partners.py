"""The partners of one cell as a tidy table, straight from the graph in a few milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from data_access.dataset import Dataset
from data_access.errors import InputError
from data_access.graph import Graph
from views import schema
from views.result import Omitted, TableResult, ledger_of
from views.tables import AUTAPSES, Resolve, arrow_column, fractional_sizes, in_memory

DIRECTIONS = ("both", "in", "out")


@dataclass(frozen=True)
class PartnersView:
    """The partners of one cell."""

    ds: str = schema.text("", "dataset id")
    cell: str = schema.text("", "id of the cell")
    direction: str = schema.choice(DIRECTIONS, "in: cells that synapse onto it; out: cells it synapses onto")
    min: int = schema.whole(1, "least number of synapses in a direction that is asked for", low=1)
    autapses: str = schema.choice(AUTAPSES, "whether the cell may be its own partner")
    limit: int | None = schema.whole(None, "at most so many rows", low=0)


def partners(dataset: Dataset, view: PartnersView, resolve: Resolve | None = None) -> TableResult:
    """Partners of one cell, strongest total first, then by id.

    n_in, sum_size_in: from the partner onto the cell; n_out, sum_size_out: from the cell onto the partner.
    `direction` and `min` choose which partners are listed; both directions of a listed one are given.
    fraction_in = n_in / all synapses onto the cell, null where not all its inputs are in the dataset;
    fraction_out likewise. Autapses and fragments count in those totals.
    """
    if not view.cell.strip():
        raise InputError("no cell given", "add cell=ID")
    code = dataset.code_of(view.cell)
    both = _both_directions(dataset.graph, code)
    asked = {"both": np.maximum(both.n_in, both.n_out), "in": both.n_in, "out": both.n_out}
    listed = asked[view.direction] >= view.min
    autapse = listed & (both.codes == code) & (view.autapses == "drop")
    at = np.flatnonzero(listed & ~autapse)
    at = at[np.argsort(-(both.n_in + both.n_out)[at], kind="stable")]
    shown = at if view.limit is None else at[: view.limit]
    left = [
        Omitted("autapse", cells=int(autapse.sum())),
        Omitted(f"not a partner in this direction with at least {view.min} synapses", cells=int((~listed).sum())),
        Omitted(f"beyond the limit of {view.limit}", cells=len(at) - len(shown)),
    ]
    ledger = ledger_of(
        dataset.meta, "partners", len(both.codes), len(shown), left_out=tuple(o for o in left if o.cells),
        limit=view.limit, total=len(at), notes=_partner_notes(dataset, code),
    )  # fmt: skip
    return in_memory(_partner_table(dataset, code, both, shown), ledger, schema.encode(view), ("partner_id",))


@dataclass(frozen=True, eq=False)
class _Partners:
    """Partners of one cell, codes ascending: int64 synapses each way, and summed sizes (NaN = none measured)."""

    codes: np.ndarray
    n_in: np.ndarray
    n_out: np.ndarray
    size_in: np.ndarray
    size_out: np.ndarray


def _both_directions(graph: Graph, code: int) -> _Partners:
    into, out = graph.into.row(code), graph.out.row(code)
    codes = np.union1d(graph.into.idx[into], graph.out.idx[out])
    counts, sizes = [], []
    for side, at in ((graph.into, into), (graph.out, out)):
        place = np.searchsorted(codes, side.idx[at])
        n, size = np.zeros(len(codes), np.int64), np.zeros(len(codes))
        n[place] = side.n_synapses[at]
        if side.sum_size is None:
            size[:] = np.nan
        else:
            unsized = np.zeros(at.stop - at.start, bool) if side.n_sized is None else side.n_sized[at] == 0
            size[place] = np.where(unsized, np.nan, side.sum_size[at])
        counts.append(n)
        sizes.append(size)
    return _Partners(codes, *counts, *sizes)


def _partner_notes(dataset: Dataset, code: int) -> tuple[str, ...]:
    missing = [
        word
        for word, complete in (("inputs", dataset.graph.complete_in), ("outputs", dataset.graph.complete_out))
        if not complete[code]
    ]
    return (f"not all {' and '.join(missing)} of this cell are in the dataset: no fractions",) if missing else ()


def _partner_table(dataset: Dataset, code: int, both: _Partners, at: np.ndarray) -> pa.Table:
    graph = dataset.graph
    size = pa.float64() if fractional_sizes(graph.out) else pa.int64()

    def fraction(counts: np.ndarray, complete: bool) -> pa.Array:
        total = counts.sum()
        return pa.array(counts[at] / total) if complete and total else pa.nulls(len(at), pa.float64())

    def sizes(values: np.ndarray) -> pa.Array:
        return pa.array(values[at], mask=np.isnan(values[at])).cast(size)

    return pa.table({
        "partner_id": dataset.index.arrow(both.codes[at]),
        "cell_type": arrow_column(dataset.column("cell_type").iloc[both.codes[at]]),
        "n_in": pa.array(both.n_in[at]),
        "n_out": pa.array(both.n_out[at]),
        "sum_size_in": sizes(both.size_in),
        "sum_size_out": sizes(both.size_out),
        "fraction_in": fraction(both.n_in, bool(graph.complete_in[code])),
        "fraction_out": fraction(both.n_out, bool(graph.complete_out[code])),
    })  # fmt: skip
