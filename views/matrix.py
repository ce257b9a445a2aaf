"""The connectivity matrix as a view: its parameters and its numbers.

Rows are presynaptic, columns postsynaptic. The extent comes from the two cell sets. The page, the API, the export
and the thumbnail all start from one `Matrix` (its table: matrix_table, its pictures: matrix_picture), so that a figure
and its table are the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from analysis import matrix as matrices
from analysis import raster as rasters
from analysis import tested as tests
from analysis.matrix import Dropped, Grouped, Selection
from analysis.raster import Window
from analysis.tally import tally
from analysis.tested import TESTED
from data_access.dataset import CellSet, Dataset
from data_access.errors import InputError, did_you_mean
from views import axes, schema
from views.axes import Axis, Groups
from views.matrix_groups import group_orders
from views.tables import AUTAPSES, Resolve
from views.testability import what_is_tested

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
SCALES = ("log", "linear", "binary")
RANGE_PIXELS = 1_024


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
    order_post: str = schema.text("other", "order of the columns, the same choices; other = like the other axis")
    bar: str = schema.text("cell_type", "column shown as colour bars along both axes; none = no bars")
    scale: str = schema.choice(SCALES, "colour scale")
    lo: float | None = schema.number(None, "value of the first colour; empty = smallest value")
    hi: float | None = schema.number(None, "value of the last colour; empty = largest value")
    x0: int | None = schema.whole(None, "first column in view", low=0)
    x1: int | None = schema.whole(None, "column behind the last in view", low=1)
    y0: int | None = schema.whole(None, "first row in view", low=0)
    y1: int | None = schema.whole(None, "row behind the last in view", low=1)
    pair: str = schema.text("", "the connection whose panel is open: pre and post id (or group) separated by >")


ZOOM = ("x0", "x1", "y0", "y1")
LOOKS = (*ZOOM, "scale", "lo", "hi", "bar", "pair")


@dataclass(frozen=True, eq=False)
class Matrix:
    """Everything about one matrix but its zoom and its colours.

    `grouped` and `group_tested` (tested pairs of each pair of groups, int64) only where it is grouped.
    """

    dataset: Dataset
    view: MatrixView
    pre: CellSet
    post: CellSet
    rows: Axis
    cols: Axis
    row_groups: Groups | None
    col_groups: Groups | None
    grouped: Grouped | None
    group_tested: np.ndarray | None
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
            f"no cell matches {side}: {s.echo}" for side, s in (("pre", self.pre), ("post", self.post)) if not len(s)
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
    return Matrix(dataset, view, pre, post, rows, cols, None, None, None, None, *counted, low, high)


def _check(dataset: Dataset, view: MatrixView) -> None:
    matrices.require_measure(dataset.graph, view.measure)
    for name in (view.order, view.order_post):
        axes.check_order(dataset, name)
    if view.order == axes.OTHER and view.order_post == axes.OTHER:
        raise InputError("order and order_post both say 'other'", "let one axis say how it is ordered")
    if view.group and dataset.meta.aliases.get(view.group, view.group) not in dataset.columns:
        raise InputError(f"no column '{view.group[:60]}' to group by", did_you_mean(view.group, dataset.columns))


def _axes(dataset: Dataset, view: MatrixView, pre: CellSet, post: CellSet) -> tuple[Axis, Axis]:
    """Both axes in display order; an axis that says 'other' follows the one that does not."""
    made: dict[str, Axis] = {}
    sides = {"pre": (pre, post, view.order), "post": (post, pre, view.order_post)}
    for side, (mine, others, order) in sides.items():
        if order == "cluster":
            selection = Selection(pre.codes, post.codes, view.min, view.autapses == "keep")
            text = schema.cache_key(MatrixView(pre=pre.text, post=post.text, min=view.min, autapses=view.autapses))
            made[side] = axes.clustered(dataset, selection, side, text)
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
    """Connections and synapses shown, what was dropped, tested pairs, and how many shown connections lie in those."""
    known, mode, keep = what_is_tested(dataset), view.tested, view.autapses == "keep"
    counted = tally(dataset.graph, Selection(rows, cols, view.min, keep), known, mode)  # type: ignore[arg-type]
    n_tested = tests.n_tested(known, rows, cols, mode)  # type: ignore[arg-type]
    if keep:
        n_tested += int(tests.autapse_is_tested(known, np.intersect1d(rows, cols), mode).sum())  # type: ignore[arg-type]
    return counted.n_connections, counted.n_synapses, counted.dropped, n_tested, counted.n_tested


def _range(dataset: Dataset, view: MatrixView, rows: Axis, cols: Axis) -> tuple[float, float]:
    """Smallest and largest value to colour, over the whole matrix whatever the zoom."""
    if len(rows) == 0 or len(cols) == 0:
        return math.nan, math.nan
    values = matrices.edge_values(dataset.graph, view.measure)
    selection = Selection(rows.codes, cols.codes, view.min, view.autapses == "keep")
    seen = rasters.raster(dataset.graph, selection, rasters.whole(selection), RANGE_PIXELS, RANGE_PIXELS, values).value
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
        return matrices.grouped(dataset.graph, selection, rows.of, cols.of, len(rows), len(cols), view.measure)

    first = summed(row_groups, col_groups)
    row_groups, col_groups = group_orders(
        dataset, (view.order, view.order_post), (pre, post), (row_groups, col_groups), first
    )
    grouped = summed(row_groups, col_groups)
    counted = _count(dataset, view, pre.codes, post.codes)
    shown = np.where(grouped.n_connections > 0, grouped.value, np.nan)
    low, high = _finite_range(shown)
    rows, cols = Axis(pre.codes, row_groups.how), Axis(post.codes, col_groups.how)
    group_tested = tests.n_tested_grouped(
        what_is_tested(dataset), pre.codes, post.codes, row_groups.of, col_groups.of, len(row_groups), len(col_groups),
        view.tested,  # type: ignore[arg-type]
    )  # fmt: skip
    return Matrix(
        dataset, view, pre, post, rows, cols, row_groups, col_groups, grouped, group_tested, *counted, low, high
    )  # fmt: skip
