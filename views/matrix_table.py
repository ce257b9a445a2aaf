"""The matrix as a table, with its ledger and the sentence that says what it shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from analysis import matrix as matrices
from analysis.matrix import Entries, Selection
from data_access.dataset import CellSet, Dataset
from views import schema
from views.matrix import LOOKS, WHOLE_MEASURES, Matrix, MatrixView, build
from views.result import Ledger, TableResult
from views.tables import BATCH, Resolve, connection_ledger, id_type
from views.testability import axons_by_strategy, knows_proofreading, what_is_tested


def table(dataset: Dataset, view: MatrixView, resolve: Resolve | None = None) -> TableResult:
    """The entries of the matrix: pre, post (ids or group names, null = untyped) and value.

    Cell by cell: every connection between the sets, ascending by (pre, post). Grouped: every pair of groups with a
    connection, in display order. A value that cannot be had (no size measured, inputs not complete) is null.
    """
    matrix = build(dataset, view, resolve)
    return _grouped_table(matrix) if matrix.grouped is not None else _cell_table(matrix)


def _cell_table(matrix: Matrix) -> TableResult:
    dataset, view = matrix.dataset, matrix.view
    selection = Selection(matrix.pre.codes, matrix.post.codes, view.min, view.autapses == "keep")
    found: Entries = matrices.entries(dataset.graph, selection)
    order = np.lexsort((found.col, found.row))
    edges = found.edge[order]
    pre, post = matrix.pre.codes[found.row[order]], matrix.post.codes[found.col[order]]
    kind = pa.int64() if view.measure in WHOLE_MEASURES else pa.float64()
    form = pa.schema([("pre", id_type(dataset)), ("post", id_type(dataset)), ("value", kind)])

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(edges), BATCH):
            part = slice(start, start + BATCH)
            values = matrices.measure_values(dataset.graph, edges[part], view.measure, pre[part], post[part])
            arrays = [
                dataset.index.arrow(pre[part]),
                dataset.index.arrow(post[part]),
                _arrow_values(values, kind),
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=form)

    return TableResult(form, batches, ledger(matrix), schema.encode(view, LOOKS), len(edges), ("pre", "post"))


def _grouped_table(matrix: Matrix) -> TableResult:
    assert matrix.grouped is not None
    assert matrix.row_groups is not None
    assert matrix.col_groups is not None
    row, col = np.nonzero(matrix.grouped.n_connections)
    kind = pa.int64() if matrix.view.measure in WHOLE_MEASURES else pa.float64()
    found = pa.table({
        "pre": pa.array([matrix.row_groups.names[i] for i in row], pa.string()),
        "post": pa.array([matrix.col_groups.names[i] for i in col], pa.string()),
        "value": _arrow_values(matrix.grouped.value[row, col], kind),
    })  # fmt: skip
    return TableResult(
        found.schema,
        lambda: iter(found.to_batches(BATCH)),
        ledger(matrix),
        schema.encode(matrix.view, LOOKS),
        len(row),
    )


def _arrow_values(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.float64(), mask=~np.isfinite(values)).cast(kind)


def ledger(matrix: Matrix) -> Ledger:
    """Where all connections of the dataset went, how the axes were ordered, and what tested means here."""
    notes = [f"rows {matrix.rows.how}", f"columns {matrix.cols.how}", *tested_notes(matrix)]
    if matrix.grouped is not None and matrix.grouped.n_incomplete:
        notes.append(
            f"{matrix.grouped.n_incomplete:,} cells are in no fraction: the dataset lacks some of their synapses"
        )
    return connection_ledger(
        matrix.dataset, matrix.pre, matrix.post, matrix.view.min, matrix.n_connections, matrix.n_synapses,
        matrix.dropped, notes=tuple(notes),
    )  # fmt: skip


def tested_notes(matrix: Matrix) -> list[str]:
    """What the denominator is, in words."""
    notes = [f"{matrix.n_tested:,} tested pairs ({matrix.view.tested})"]
    if not knows_proofreading(matrix.dataset):
        notes.append("this dataset does not say which axons are proofread: all count")
    elif is_lower_bound(matrix):
        axons = axons_by_strategy(matrix.dataset, matrix.pre.codes)
        listed = ", ".join(f"{name} {n:,}" for name, n in axons.items()) or "none"
        notes.append(f"proofread pre axons by strategy: {listed}; a lower bound, as these need not reach all partners")
    if matrix.n_tested_connected != matrix.n_connections:
        notes.append(
            f"{matrix.n_connections - matrix.n_tested_connected:,} connections lie outside the tested pairs and in no "
            "percentage"
        )
    return notes


def is_lower_bound(matrix: Matrix) -> bool:
    """Whether the percentage is one: proofread axons need not be traced to all their partners."""
    return matrix.view.tested == "proofread" and knows_proofreading(matrix.dataset)


def sentence(matrix: Matrix) -> str:
    """What the figure shows, with its numbers and their denominator."""
    view = matrix.view
    same = np.array_equal(matrix.pre.codes, matrix.post.codes)
    who = (
        f"among {_cells(matrix, matrix.pre)}"
        if same
        else f"from {_cells(matrix, matrix.pre)} onto {_cells(matrix, matrix.post)}"
    )
    strong = f" of at least {view.min} synapses" if view.min > 1 else ""
    said = f"{matrix.n_connections:,} connections{strong} ({matrix.n_synapses:,} synapses) {who}"
    pairs = "tested pairs" if view.autapses == "drop" else "tested pairs and autapse positions"
    if matrix.n_tested == 0:
        return f"{said}: no pair of them counts as tested."
    bound = "at least " if is_lower_bound(matrix) else ""
    share = f"{bound}{_percent(matrix.n_tested_connected, matrix.n_tested)} of {matrix.n_tested:,} {pairs}"
    if matrix.n_tested_connected == matrix.n_connections:
        return f"{said}: {share}."
    return f"{said}. {matrix.n_tested_connected:,} of them lie in tested pairs: {share}."


def _cells(matrix: Matrix, cells: CellSet) -> str:
    fragments = int((~what_is_tested(matrix.dataset).is_cell[cells.codes]).sum())
    n = len(cells) - fragments
    words = f"{n:,} cell{'' if n == 1 else 's'}"
    return f"{words} and {fragments:,} fragment{'' if fragments == 1 else 's'}" if fragments else words


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    return f"{share:.2f} %" if share >= 0.1 or part == 0 else f"{share:.2g} %"
