"""Cells, connections, synapses and gap junctions as tidy tables: one function each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.matrix import Dropped, Selection, entries, grouped
from analysis.measures import measure_values
from data_access.dataset import CellSet, Dataset
from data_access.errors import InputError, did_you_mean
from data_access.graph import Graph, Orientation
from data_access.ids import id_columns
from data_access.metadata import DatasetMeta
from views import schema
from views.result import Ledger, Omitted, TableResult, ledger_of

AUTAPSES = ("drop", "keep")
BATCH = 100_000
BLOCK = 2_000_000
Resolve = Callable[[str], str]


@dataclass(frozen=True)
class CellsView:
    """Rows of the cell table."""

    ds: str = schema.text("", "dataset id")
    cells: str = schema.text("", "cell set; empty = all cells")
    columns: str = schema.text("", "columns separated by commas; empty = all")
    sort: str = schema.text("", "a column; a minus sign in front sorts descending; empty = by cell_id")
    limit: int | None = schema.whole(None, "at most so many rows", low=0)
    offset: int = schema.whole(0, "rows to skip", low=0)
    autapses: str = schema.choice(AUTAPSES, "has no effect on a table of cells")


@dataclass(frozen=True)
class ConnectionsView:
    """Connections from one cell set onto another."""

    ds: str = schema.text("", "dataset id")
    pre: str = schema.text("", "presynaptic cell set; empty = all cells")
    post: str = schema.text("", "postsynaptic cell set; empty = all cells")
    min: int = schema.whole(1, "least number of synapses of a connection", low=1)
    autapses: str = schema.choice(AUTAPSES, "connections of a cell to itself")
    limit: int | None = schema.whole(None, "at most so many rows", low=0)


@dataclass(frozen=True)
class SynapsesView:
    """Single synapses from one cell set onto another."""

    ds: str = schema.text("", "dataset id")
    pre: str = schema.text("", "presynaptic cell set; empty = all cells")
    post: str = schema.text("", "postsynaptic cell set; empty = all cells")
    autapses: str = schema.choice(AUTAPSES, "synapses of a cell onto itself")
    limit: int | None = schema.whole(None, "at most so many rows", low=0)


@dataclass(frozen=True)
class GapJunctionsView:
    """Electrical pairs."""

    ds: str = schema.text("", "dataset id")
    cells: str = schema.text("", "cell set: pairs with at least one cell in it; empty = all")
    autapses: str = schema.choice(AUTAPSES, "junctions of a cell with itself")


def id_type(dataset: Dataset) -> pa.DataType:
    """Arrow type of the dataset's ids."""
    return pa.string() if dataset.index.is_text else pa.int64()


def arrow_column(values: pd.Series) -> pa.Array:
    """A cell column as Arrow: text, int64, float64 or bool, missing as null."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return pa.Array.from_pandas(values)
    codes, names = values.cat.codes.to_numpy(), values.cat.categories
    if len(names) == 0:
        return pa.nulls(len(codes), pa.string())
    return pa.array(names.take(np.maximum(codes, 0)).to_numpy(dtype=object), pa.string(), mask=codes < 0)


def cells(dataset: Dataset, view: CellsView, resolve: Resolve | None = None) -> TableResult:
    """Cells of a set with their attributes, sorted and paged; a limit that cuts is in the ledger."""
    chosen = dataset.select(view.cells, resolve)
    names = _column_names(dataset, view.columns)
    codes = in_order(dataset, chosen.codes, view.sort)
    page = codes[view.offset :]
    page = page if view.limit is None else page[: view.limit]
    arrays = [
        dataset.index.arrow(page) if n == "cell_id" else arrow_column(dataset.column(n).iloc[page]) for n in names
    ]
    table = pa.Table.from_arrays(arrays, names=names)
    skipped = min(view.offset, len(chosen))
    left = [
        Omitted("not in the set", cells=dataset.n_cells - len(chosen)),
        Omitted(f"skipped by offset {view.offset}", cells=skipped),
        Omitted(f"beyond the limit of {view.limit}", cells=len(chosen) - skipped - len(page)),
    ]
    ledger = ledger_of(
        dataset.meta, "cells", dataset.n_cells, len(page), left_out=tuple(o for o in left if o.cells),
        limit=view.limit, total=len(chosen), notes=(chosen.echo,),
    )  # fmt: skip
    return in_memory(table, ledger, schema.encode(view), ("cell_id", *id_columns(table)))


def _column_names(dataset: Dataset, wanted: str) -> list[str]:
    if not wanted.strip():
        return [n for n in dataset.columns if n not in ("x_um", "y_um", "z_um") or n in dataset.meta.columns]
    names = []
    for name in (w.strip() for w in wanted.split(",")):
        name = dataset.meta.aliases.get(name, name)
        if name not in dataset.columns:
            raise InputError(f"{dataset.meta.id} has no column '{name[:60]}'", did_you_mean(name, dataset.columns))
        if name not in names:
            names.append(name)
    return names if "cell_id" in names else ["cell_id", *names]


def in_order(dataset: Dataset, codes: np.ndarray, sort: str) -> np.ndarray:
    """The codes by a column, missing values last either way, equal ones by id."""
    if not sort:
        return codes
    name, sign = (sort[1:], -1) if sort.startswith("-") else (sort, 1)
    column = dataset.column(name).iloc[codes]
    missing = column.isna().to_numpy(dtype=bool)
    place = np.zeros(len(codes), np.int64)
    place[~missing] = sign * _places(column[~missing])
    return codes[np.lexsort((place, missing))]


def _places(column: pd.Series) -> np.ndarray:
    """Rank of each value of a column without missing values; equal values share one."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(dtype=np.int64)
    whole = pd.api.types.is_integer_dtype(column.dtype)
    values = column.to_numpy(dtype=np.int64 if whole else None)
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def in_memory(table: pa.Table, ledger: Ledger, view: dict[str, str], ids: tuple[str, ...]) -> TableResult:
    """A result whose rows are all there."""
    return TableResult(table.schema, lambda: iter(table.to_batches(BATCH)), ledger, view, table.num_rows, ids)


def connections(dataset: Dataset, view: ConnectionsView, resolve: Resolve | None = None) -> TableResult:
    """Connections between two sets, ascending by (pre_id, post_id), made in batches.

    Columns: pre_id, post_id, n_synapses, sum_size, mean_size (null where nothing was measured), the dataset's own
    measures.
    """
    pre, post = dataset.select(view.pre, resolve), dataset.select(view.post, resolve)
    selection = Selection(pre.codes, post.codes, view.min, view.autapses == "keep")
    found = count(dataset.graph, selection)
    n = found.n_connections if view.limit is None else min(found.n_connections, view.limit)
    form = _connection_schema(dataset)

    def batches() -> Iterator[pa.RecordBatch]:
        left = n
        for rows, cols, edges in blocks(dataset.graph, selection):
            for start in range(0, min(len(edges), left), BATCH):
                part = slice(start, min(start + BATCH, left))
                yield _connection_batch(dataset, form, rows[part], cols[part], edges[part])
            left -= min(len(edges), left)
            if left == 0:
                return

    ledger = connection_ledger(
        dataset, pre, post, view.min, found.n_connections, found.n_synapses, found.dropped, n, view.limit
    )
    return TableResult(form, batches, ledger, schema.encode(view), n, ("pre_id", "post_id"))


@dataclass(frozen=True)
class Count:
    """Connections of a selection and their synapses, and what was dropped inside it."""

    n_connections: int
    n_synapses: int
    dropped: Dropped


def count(graph: Graph, selection: Selection) -> Count:
    """Count a selection in one pass over the graph, without making its entries."""
    all_rows, all_cols = (np.zeros(len(codes), np.int32) for codes in (selection.rows, selection.cols))
    sums = grouped(graph, selection, all_rows, all_cols, 1, 1, "n_synapses")
    return Count(int(sums.n_connections[0, 0]), int(sums.n_synapses[0, 0]), sums.dropped)


def blocks(graph: Graph, selection: Selection) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """pre codes, post codes and edge numbers of a selection with ascending codes, by (pre, post), in blocks.

    Memory stays bounded on the largest graphs: a block walks about BLOCK connections.
    """
    into = graph.into.indptr[selection.cols + 1] - graph.into.indptr[selection.cols]
    walked = np.cumsum(graph.out.indptr[selection.rows + 1] - graph.out.indptr[selection.rows])
    cuts = [] if not len(walked) or into.sum() <= BLOCK else range(BLOCK, int(walked[-1]), BLOCK)
    ends = [*(np.searchsorted(walked, list(cuts), side="right") + 1), len(selection.rows)]
    start = 0
    for end in np.unique(ends).tolist():
        rows = selection.rows[start:end]
        found = entries(graph, replace(selection, rows=rows))
        yield rows[found.row], selection.cols[found.col], found.edge
        start = end


def _connection_schema(dataset: Dataset) -> pa.Schema:
    form = id_type(dataset)
    size = pa.float64() if fractional_sizes(dataset.graph.out) else pa.int64()
    columns = [
        ("pre_id", form), ("post_id", form), ("n_synapses", pa.int64()), ("sum_size", size),
        ("mean_size", pa.float64()),
    ]  # fmt: skip
    return pa.schema([*columns, *((m, pa.float64()) for m in dataset.meta.measures)])


def fractional_sizes(side: Orientation) -> bool:
    """Whether summed sizes are fractions and not whole numbers."""
    return side.sum_size is not None and side.sum_size.dtype.kind == "f"


def _connection_batch(
    dataset: Dataset, form: pa.Schema, rows: np.ndarray, cols: np.ndarray, edges: np.ndarray
) -> pa.RecordBatch:
    graph = dataset.graph
    arrays = [
        dataset.index.arrow(rows),
        dataset.index.arrow(cols),
        pa.array(graph.out.n_synapses[edges], pa.int64()),
    ]
    if graph.out.sum_size is None:
        arrays += [pa.nulls(len(edges), form.field("sum_size").type), pa.nulls(len(edges), pa.float64())]
    else:
        sums = graph.out.sum_size[edges]
        sized = graph.out.n_synapses[edges] if graph.out.n_sized is None else graph.out.n_sized[edges]
        mean = measure_values(graph, edges, "mean_size")
        arrays.append(pa.array(sums, form.field("sum_size").type, mask=sized == 0))
        arrays.append(pa.array(mean, pa.float64(), mask=np.isnan(mean)))
    arrays += [pa.array(graph.measures[m][edges], pa.float64(), from_pandas=True) for m in dataset.meta.measures]
    return pa.RecordBatch.from_arrays(arrays, schema=form)


def _what_counts(meta: DatasetMeta) -> tuple[str, ...]:
    """What n_synapses counts, where the source counts something else than synapses."""
    meaning = meta.units.get("n_synapses", "")
    return (f"n_synapses: {meaning}",) if meaning else ()


def connection_ledger(
    dataset: Dataset, pre: CellSet, post: CellSet, least: int, n_connections: int, n_synapses: int,
    dropped: Dropped, rows: int | None = None, limit: int | None = None, notes: tuple[str, ...] = (),
) -> Ledger:  # fmt: skip
    """Where all connections of the dataset went: kept, autapses, below the threshold, outside the sets."""
    meta = dataset.meta
    outside = meta.n_connections - n_connections - dropped.n_autapses - dropped.n_below_min
    outside_synapses = meta.n_synapses - n_synapses - dropped.n_autapse_synapses - dropped.n_below_min_synapses
    kept = n_connections if rows is None else rows
    left = [
        Omitted("partner outside the two sets", outside, outside_synapses),
        Omitted("autapse", dropped.n_autapses, dropped.n_autapse_synapses),
        Omitted(f"fewer than {least} synapses", dropped.n_below_min, dropped.n_below_min_synapses),
        Omitted(f"beyond the limit of {limit}", n_connections - kept),
    ]
    return ledger_of(
        meta, "connections", meta.n_connections, kept, left_out=tuple(o for o in left if o.connections),
        limit=limit, total=n_connections, notes=(f"pre: {pre.echo}", f"post: {post.echo}", *notes, *_what_counts(meta)),
    )  # fmt: skip


def synapses(dataset: Dataset, view: SynapsesView, resolve: Resolve | None = None) -> TableResult:
    """Single synapses between two sets, ascending by (pre_id, post_id, synapse_id); all the source's columns."""
    form = dataset.synapse_schema
    pre, post = dataset.select(view.pre, resolve), dataset.select(view.post, resolve)
    keep = view.autapses == "keep"
    found = count(dataset.graph, Selection(pre.codes, post.codes, 1, keep))
    n = found.n_synapses if view.limit is None else min(found.n_synapses, view.limit)
    inside = found.n_synapses + found.dropped.n_autapse_synapses
    left = [
        Omitted("partner outside the two sets", synapses=dataset.meta.n_synapses - inside),
        Omitted("autapse", synapses=found.dropped.n_autapse_synapses),
        Omitted(f"beyond the limit of {view.limit}", synapses=found.n_synapses - n),
    ]
    ledger = ledger_of(
        dataset.meta, "synapses", dataset.meta.n_synapses, n, left_out=tuple(o for o in left if o.synapses),
        limit=view.limit, total=found.n_synapses, notes=(f"pre: {pre.echo}", f"post: {post.echo}"),
    )  # fmt: skip
    sides = [s.codes if s.text.strip() else None for s in (pre, post)]
    return TableResult(
        form, lambda: dataset.synapse_batches(sides[0], sides[1], view.limit, keep), ledger,
        schema.encode(view), n, dataset.synapse_ids,
    )  # fmt: skip


def gap_junctions(dataset: Dataset, view: GapJunctionsView, resolve: Resolve | None = None) -> TableResult:
    """Electrical pairs with at least one cell in the set: cell_a, cell_b, weight. No other count holds them."""
    table = dataset.gap_junctions
    chosen = dataset.select(view.cells, resolve)
    inside = np.zeros(dataset.n_cells, bool)
    inside[chosen.codes] = True
    sides = [
        dataset.index.codes(table.column(n).to_pylist() if dataset.index.is_text else table.column(n).to_numpy())
        for n in ("cell_a", "cell_b")
    ]
    keep = inside[sides[0]] | inside[sides[1]] if len(table) else np.zeros(0, bool)
    itself = keep & (sides[0] == sides[1]) & (view.autapses == "drop")
    kept = table.filter(pa.array(keep & ~itself))
    left = [
        Omitted("neither cell in the set", pairs=int((~keep).sum())),
        Omitted("a cell with itself", pairs=int(itself.sum())),
    ]
    ledger = ledger_of(
        dataset.meta, "gap junctions", table.num_rows, kept.num_rows,
        left_out=tuple(o for o in left if o.pairs), total=kept.num_rows,
        notes=(chosen.echo, *([] if len(table) else ["no gap junctions are recorded in this dataset"])),
    )  # fmt: skip
    return in_memory(kept, ledger, schema.encode(view), ("cell_a", "cell_b"))
