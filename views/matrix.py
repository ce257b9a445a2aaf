"""The connectivity matrix as a view: its parameters, its numbers, its table, its pictures and its sentence.

Rows are presynaptic, columns postsynaptic. The extent comes from the two cell sets. The page, the API, the export
and the thumbnail all start from one `Matrix`, so that a figure and its table are the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import matrix as matrices
from analysis import raster as rasters
from analysis import tested as tests
from analysis.matrix import Dropped, Entries, Grouped, Selection
from analysis.raster import PixelContent, Window
from data_access.dataset import CellSet, Dataset
from data_access.errors import InputError, did_you_mean
from views import axes, schema
from views.axes import Axis, Groups
from views.result import Ledger, TableResult
from views.tables import AUTAPSES, BATCH, Resolve, connection_ledger, id_type
from views.testability import knows_proofreading, testability

MEASURES = (
    "n_synapses",
    "binary",
    "sum_size",
    "mean_size",
    "log_sum_size",
    "input_fraction",
    "output_fraction",
)
WHOLE_MEASURES = ("n_synapses", "binary")
TESTED = ("proofread", "complete", "all")
SCALES = ("log", "linear", "binary")
CHUNK_EDGES = 4_000_000
RANGE_PIXELS = 1_024
UNTESTED = 255


@dataclass(frozen=True)
class MatrixView:
    """Parameters of /matrix and of the matrix routes of the API."""

    ds: str = schema.text("", "dataset id")
    pre: str = schema.text("", "presynaptic cell set (rows); empty = all cells")
    post: str = schema.text("", "postsynaptic cell set (columns); empty = all cells")
    measure: str = schema.text(
        "n_synapses", "what fills the matrix: " + ", ".join(MEASURES) + ", or a measure of the dataset"
    )
    group: str = schema.text("", "a column of the cell table to sum by; empty = cell by cell")
    min: int = schema.whole(1, "least number of synapses of a connection", low=1)
    autapses: str = schema.choice(AUTAPSES, "connections of a cell to itself")
    tested: str = schema.choice(TESTED, "which pairs count as tested: the denominator of the percentage")
    order: str = schema.text("type", "order of the rows: " + ", ".join(axes.ORDERS) + ", other, or a column")
    order_post: str = schema.text(
        "other", "order of the columns, the same choices; other = like the other axis"
    )
    bar: str = schema.text("cell_type", "column shown as colour bars along both axes; none = no bars")
    scale: str = schema.choice(SCALES, "colour scale")
    lo: float | None = schema.number(None, "value of the first colour; empty = smallest value")
    hi: float | None = schema.number(None, "value of the last colour; empty = largest value")
    x0: int | None = schema.whole(None, "first column in view", low=0)
    x1: int | None = schema.whole(None, "column behind the last in view", low=1)
    y0: int | None = schema.whole(None, "first row in view", low=0)
    y1: int | None = schema.whole(None, "row behind the last in view", low=1)
    pair: str = schema.text(
        "", "the connection whose panel is open: pre and post id (or group) separated by >"
    )


ZOOM = ("x0", "x1", "y0", "y1")
LOOKS = (*ZOOM, "scale", "lo", "hi", "bar", "pair")


@dataclass(frozen=True, eq=False)
class Matrix:
    """Everything about one matrix but its zoom and its colours."""

    dataset: Dataset
    view: MatrixView
    pre: CellSet
    post: CellSet
    rows: Axis
    cols: Axis
    row_groups: Groups | None
    col_groups: Groups | None
    grouped: Grouped | None
    n_connections: int
    n_synapses: int
    dropped: Dropped
    n_tested: int
    n_tested_connected: int
    low: float
    high: float

    @property
    def selection(self) -> Selection:
        """The cells of both axes in display order and the filters."""
        return Selection(self.rows.codes, self.cols.codes, self.view.min, self.view.autapses == "keep")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns as drawn: groups where grouped, else cells."""
        if self.row_groups is not None and self.col_groups is not None:
            return len(self.row_groups), len(self.col_groups)
        return len(self.rows), len(self.cols)

    def window(self, view: MatrixView) -> Window:
        """What of the matrix is in view, clamped to it; InputError where there is nothing to see."""
        n_rows, n_cols = self.shape
        if n_rows == 0 or n_cols == 0:
            raise InputError("the matrix is empty: " + self.why_empty())
        x0, x1 = _clamped(view.x0, view.x1, n_cols)
        y0, y1 = _clamped(view.y0, view.y1, n_rows)
        return Window(x0, x1, y0, y1)

    def why_empty(self) -> str:
        """Which set emptied it."""
        empty = [
            f"no cell matches {side}: {s.echo}"
            for side, s in (("pre", self.pre), ("post", self.post))
            if not len(s)
        ]
        return "; ".join(empty) or "no cells"


def _clamped(low: int | None, high: int | None, n: int) -> tuple[int, int]:
    a, b = (0 if low is None else low), (n if high is None else high)
    a, b = min(a, b), max(a, b)
    a = min(max(a, 0), n - 1)
    return a, max(min(b, n), a + 1)


def build(dataset: Dataset, view: MatrixView, resolve: Resolve | None = None) -> Matrix:
    """The matrix of a view; the last few are kept, so that zooming and recolouring cost nothing here.

    Raises InputError that names the parameter: an unknown measure, column or order, a wrong cell set.
    """
    for text in (view.pre, view.post):
        if resolve is not None and "set:" in text:
            dataset.select(text, resolve)  # the caller wants to hear of a set that is not stored in its own way
    core = MatrixView(**{f.key: getattr(view, f.key) for f in schema.params(MatrixView) if f.key not in LOOKS})
    return replace(_build(dataset, core), view=view)


@lru_cache(maxsize=24)
def _build(dataset: Dataset, view: MatrixView) -> Matrix:
    _check(dataset, view)
    pre, post = dataset.select(view.pre), dataset.select(view.post)
    if view.group:
        return _build_grouped(dataset, view, pre, post)
    rows, cols = _axes(dataset, view, pre, post)
    counted = _count(dataset, view, rows.codes, cols.codes)
    low, high = _range(dataset, view, rows, cols)
    return Matrix(dataset, view, pre, post, rows, cols, None, None, None, *counted, low, high)


def _check(dataset: Dataset, view: MatrixView) -> None:
    matrices.require_measure(dataset.graph, view.measure)
    for name in (view.order, view.order_post):
        axes.check_order(dataset, name)
    if view.order == axes.OTHER and view.order_post == axes.OTHER:
        raise InputError("order and order_post both say 'other'", "let one axis say how it is ordered")
    if view.group and dataset.meta.aliases.get(view.group, view.group) not in dataset.columns:
        raise InputError(
            f"no column '{view.group[:60]}' to group by", did_you_mean(view.group, dataset.columns)
        )


def _axes(dataset: Dataset, view: MatrixView, pre: CellSet, post: CellSet) -> tuple[Axis, Axis]:
    """Both axes in display order; an axis that says 'other' follows the one that does not."""
    made: dict[str, Axis] = {}
    sides = {"pre": (pre, post, view.order), "post": (post, pre, view.order_post)}
    for side, (mine, others, order) in sides.items():
        if order == "cluster":
            selection = Selection(pre.codes, post.codes, view.min, view.autapses == "keep")
            made[side] = axes.clustered(dataset.graph, selection, side)
        elif order != axes.OTHER:
            made[side] = axes.ordered(dataset, mine, others, side, order)
    for side, (mine, _, order) in sides.items():
        if order == axes.OTHER:
            other = "post" if side == "pre" else "pre"
            leading = sides[other][2]
            if leading in ("cluster", "degree", "given"):
                made[side] = axes.like_other(made[other], mine.codes)
            else:
                made[side] = axes.ordered(dataset, mine, sides[other][0], side, leading)
    return made["pre"], made["post"]


def _count(
    dataset: Dataset, view: MatrixView, rows: np.ndarray, cols: np.ndarray
) -> tuple[int, int, Dropped, int, int]:
    """Connections and synapses shown, what was dropped, tested pairs, and how many shown connections lie in those.

    Rows are walked in chunks, so that memory stays bounded on the largest graphs.
    """
    known, mode, keep = testability(dataset), view.tested, view.autapses == "keep"
    graph = dataset.graph
    degree = np.diff(graph.out.indptr)[rows]
    ends = (
        np.searchsorted(np.cumsum(degree), np.arange(CHUNK_EDGES, degree.sum() + CHUNK_EDGES, CHUNK_EDGES))
        + 1
    )
    n_connections = n_synapses = tested_connected = 0
    dropped = np.zeros(4, np.int64)
    start = 0
    for end in [*ends.tolist(), len(rows)]:
        part = rows[start : min(end, len(rows))]
        start = min(end, len(rows))
        if len(part) == 0:
            continue
        found = matrices.entries(graph, Selection(part, cols, view.min, keep))
        a, b = part[found.row], cols[found.col]
        n_connections += len(found)
        n_synapses += int(graph.out.n_synapses[found.edge].sum(dtype=np.int64))
        inside = tests.connection_is_tested(known, a, b, mode)  # type: ignore[arg-type]
        tested_connected += int(inside.sum())
        if keep:
            tested_connected += int(_self_tested(known, a[a == b], mode).sum())
        d = found.dropped
        dropped += (d.n_autapses, d.n_autapse_synapses, d.n_below_min, d.n_below_min_synapses)
    n_tested = tests.n_tested(known, rows, cols, mode)  # type: ignore[arg-type]
    if keep:
        n_tested += int(_self_tested(known, np.intersect1d(rows, cols), mode).sum())
    return n_connections, n_synapses, Dropped(*(int(v) for v in dropped)), n_tested, tested_connected


def _self_tested(known: tests.Testability, codes: np.ndarray, mode: str) -> np.ndarray:
    """Whether an autapse of each cell could have been seen, by the same conditions as a pair."""
    strategy = known.strategy_complete | (known.in_column_only & known.in_column)
    proofread = known.proofread | (mode == "all")
    whole = (known.complete_in | known.complete_out) & known.is_cell & proofread
    return (whole & strategy if mode == "complete" else whole)[codes]


def _range(dataset: Dataset, view: MatrixView, rows: Axis, cols: Axis) -> tuple[float, float]:
    """Smallest and largest value to colour, over the whole matrix whatever the zoom."""
    if len(rows) == 0 or len(cols) == 0:
        return math.nan, math.nan
    values = matrices.edge_values(dataset.graph, view.measure)
    selection = Selection(rows.codes, cols.codes, view.min, view.autapses == "keep")
    seen = rasters.raster(
        dataset.graph, selection, rasters.whole(selection), RANGE_PIXELS, RANGE_PIXELS, values
    ).value
    return _finite_range(seen)


def _finite_range(values: np.ndarray) -> tuple[float, float]:
    good = values[np.isfinite(values)]
    return (float(good.min()), float(good.max())) if len(good) else (math.nan, math.nan)


def _build_grouped(dataset: Dataset, view: MatrixView, pre: CellSet, post: CellSet) -> Matrix:
    row_groups, col_groups = (
        axes.groups_of(dataset, view.group, pre),
        axes.groups_of(dataset, view.group, post),
    )
    selection = Selection(pre.codes, post.codes, view.min, view.autapses == "keep")

    def summed(rows: Groups, cols: Groups) -> Grouped:
        return matrices.grouped(
            dataset.graph, selection, rows.of, cols.of, len(rows), len(cols), view.measure
        )

    first = summed(row_groups, col_groups)
    row_groups, col_groups = _group_orders(dataset, view, (pre, post), (row_groups, col_groups), first)
    grouped = summed(row_groups, col_groups)
    counted = _count(dataset, view, pre.codes, post.codes)
    shown = np.where(grouped.n_connections > 0, grouped.value, np.nan)
    low, high = _finite_range(shown)
    rows, cols = Axis(pre.codes, row_groups.how), Axis(post.codes, col_groups.how)
    return Matrix(dataset, view, pre, post, rows, cols, row_groups, col_groups, grouped, *counted, low, high)


def _group_orders(
    dataset: Dataset,
    view: MatrixView,
    sets: tuple[CellSet, CellSet],
    groups: tuple[Groups, Groups],
    sums: Grouped,
) -> tuple[Groups, Groups]:
    """Both sides' groups in the orders asked for."""
    made: list[Groups | None] = [None, None]
    wanted = [view.order, view.order_post]
    for side in (0, 1):
        if wanted[side] != axes.OTHER:
            made[side] = _group_order(dataset, sets[side], groups[side], sums, side, wanted[side])
    for side in (0, 1):
        if made[side] is None:
            leader, leading = made[1 - side], wanted[1 - side]
            assert leader is not None
            if leading in ("cluster", "degree", "position"):
                place = {name: i for i, name in enumerate(leader.names)}
                order = np.array(
                    sorted(
                        range(len(groups[side])), key=lambda i: (place.get(groups[side].names[i], 10**9), i)
                    ),
                    np.int64,
                )
                made[side] = groups[side].reordered(order, f"like the other axis ({leader.how})")
            else:
                made[side] = _group_order(dataset, sets[side], groups[side], sums, side, leading)
    first, second = made
    assert first is not None
    assert second is not None
    return first, second


def _group_order(
    dataset: Dataset, cells: CellSet, groups: Groups, sums: Grouped, side: int, order: str
) -> Groups:
    counts = sums.n_synapses.astype(np.float64)
    if order == "degree":
        return groups.reordered(
            np.argsort(-counts.sum(axis=1 - side), kind="stable"), "by number of synapses"
        )
    if order == "position":
        name = axes.vertical(dataset)
        values = pd.Series(dataset.column(name).to_numpy(dtype=np.float64, na_value=np.nan)[cells.codes])
        mean = values.groupby(groups.of).mean().reindex(range(len(groups))).to_numpy()
        return groups.reordered(np.argsort(mean, kind="stable"), f"by mean {name}")
    if order == "cluster":
        profiles = np.log1p(counts if side == 0 else counts.T)
        found = axes.orders.cluster_profiles(profiles)
        return groups.reordered(found.order, f"by cluster: {found.method}, {found.distance}")
    return groups


# -- the table --------------------------------------------------------------------------------------------------


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
            f"{matrix.grouped.n_incomplete:,} cells are left out of the fractions: not all their synapses are in the dataset"
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
    if matrix.n_tested_connected != matrix.n_connections:
        notes.append(
            f"{matrix.n_connections - matrix.n_tested_connected:,} connections lie outside the tested pairs and are in no percentage"
        )
    return notes


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
    share = f"{_percent(matrix.n_tested_connected, matrix.n_tested)} of {matrix.n_tested:,} {pairs}"
    if matrix.n_tested_connected == matrix.n_connections:
        return f"{said}: {share}."
    return f"{said}. {matrix.n_tested_connected:,} of them lie in tested pairs: {share}."


def _cells(matrix: Matrix, cells: CellSet) -> str:
    fragments = int((~testability(matrix.dataset).is_cell[cells.codes]).sum())
    n = len(cells) - fragments
    words = f"{n:,} cell{'' if n == 1 else 's'}"
    return f"{words} and {fragments:,} fragment{'' if fragments == 1 else 's'}" if fragments else words


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    return f"{share:.2f} %" if share >= 0.1 or part == 0 else f"{share:.2g} %"


# -- pictures ---------------------------------------------------------------------------------------------------


def limits(matrix: Matrix, view: MatrixView) -> tuple[float, float]:
    """Values of the first and last colour: as asked, else the range of the matrix."""
    low = matrix.low if view.lo is None else view.lo
    high = matrix.high if view.hi is None else view.hi
    if math.isnan(low) or math.isnan(high):
        return 0.0, 1.0
    if view.scale == "log" and low <= 0:
        low = min((v for v in (matrix.low, high / 1000, 1.0) if v > 0), default=1.0) if high > 0 else low
    return (low, high) if high > low else (low, low + (abs(low) or 1.0))


def colour_codes(matrix: Matrix, view: MatrixView, window: Window, width: int, height: int) -> np.ndarray:
    """uint8 (H, W) of a window at screen resolution: 0 = no connection in a tested pair, 1..254 = colours from lo to
    hi, 255 = no connection, and no pair there could have shown one."""
    low, high = limits(matrix, view)
    scale = view.scale if not (view.scale == "log" and low <= 0) else "linear"
    codes = rasters.indexed(_values(matrix, window, width, height), low, high, scale)  # type: ignore[arg-type]
    codes[(codes == 0) & untested(matrix, window, codes.shape[1], codes.shape[0])] = UNTESTED
    return codes


def untested(matrix: Matrix, window: Window, width: int, height: int) -> np.ndarray:
    """bool (height, width): pixels of a window in which no pair of cells is a tested pair."""
    known = testability(matrix.dataset)
    mode = matrix.view.tested
    if matrix.row_groups is not None and matrix.col_groups is not None:
        counts = group_tested(matrix)
        return counts[window.y0 : window.y1, window.x0 : window.x1] == 0
    rows = matrix.rows.codes[window.y0 : window.y1]
    cols = matrix.cols.codes[window.x0 : window.x1]
    return ~tests.tested_bins(known, rows, cols, height, width, mode)  # type: ignore[arg-type]


def group_tested(matrix: Matrix) -> np.ndarray:
    """Tested pairs of each pair of groups, int64 (rows, columns) as drawn."""
    rows, cols = matrix.row_groups, matrix.col_groups
    assert rows is not None
    assert cols is not None
    return tests.n_tested_grouped(
        testability(matrix.dataset), matrix.pre.codes, matrix.post.codes, rows.of, cols.of, len(rows), len(cols),
        matrix.view.tested,  # type: ignore[arg-type]
    )  # fmt: skip


def dense(matrix: Matrix) -> np.ndarray:
    """float64 (rows, columns) as drawn, NaN without a connection; for small matrices only."""
    n_rows, n_cols = matrix.shape
    return _values(matrix, Window(0, n_cols, 0, n_rows), n_cols, n_rows).astype(np.float64)


def _values(matrix: Matrix, window: Window, width: int, height: int) -> np.ndarray:
    if matrix.grouped is not None:
        shown = np.where(matrix.grouped.n_connections > 0, matrix.grouped.value, np.nan)
        return shown[window.y0 : window.y1, window.x0 : window.x1].astype(np.float32)
    values = matrices.edge_values(matrix.dataset.graph, matrix.view.measure)
    return rasters.raster(matrix.dataset.graph, matrix.selection, window, width, height, values).value


def png(
    matrix: Matrix, view: MatrixView, window: Window, width: int, height: int, palette: np.ndarray
) -> bytes:
    """A window as an indexed PNG of about width x height pixels, enlarged without blur where cells are larger."""
    codes = colour_codes(matrix, view, window, width, height)
    enlarge = max(1, height // codes.shape[0]), max(1, width // codes.shape[1])
    return rasters.png(codes, palette, enlarge)


def at(matrix: Matrix, window: Window) -> PixelContent:
    """What the pairs of a window of cells hold (cell by cell matrices)."""
    values = matrices.edge_values(matrix.dataset.graph, matrix.view.measure)
    return rasters.pixel(matrix.dataset.graph, matrix.selection, window, values)
