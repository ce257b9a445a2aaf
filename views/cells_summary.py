"""Panels of /cells: counts per kind and histograms of chosen columns, the cells shown against those selected.

A panel counts the cells that pass all other conditions of the filter but its own, so that what a click has taken away
can be put back by another. Its bars say which filter they stand for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from data_access.dataset import Dataset
from data_access.errors import InputError, did_you_mean
from views import axes, cells_conditions, cells_page, cells_rows, schema, tables
from views.cells_page import CellsPage
from views.result import TableResult
from views.tables import Resolve

BINS = 30
MOST_KINDS = 400  # of a panel; a column with more is no column of kinds
FIRST = ("cell_type", "broad_type", "depth_um", "out_synapses", "in_synapses")
PANELS = 3


@dataclass(frozen=True)
class Bar:
    """One kind (None = missing) or one bin left <= value < right (the last one of a panel takes its right end too);
    n, n_selected: cells shown and, of those, selected. cells: the filter after a click; chosen: whether the filter
    names it."""

    kind: str | None
    left: float | None
    right: float | None
    n: int
    n_selected: int
    cells: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Panel:
    """One column. others: the filter without this panel's own condition; n: cells that pass that; missing: of those,
    without a number. low, high: the limits that the filter sets. bars: kinds by count, bins in order."""

    column: str
    is_number: bool
    others: str
    n: int
    n_selected: int
    missing: int
    bars: tuple[Bar, ...]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class SummaryView:
    """Counts of chosen columns."""

    ds: str = schema.text("", "dataset id")
    cells: str = schema.text("", "cell set; empty = all cells")
    sel: str = schema.text("", "a second cell set, counted within the first; empty = none")
    columns: str = schema.text("", "columns separated by commas; empty = a choice")


def panel_columns(dataset: Dataset) -> list[str]:
    """Columns that can have a panel."""
    return [n for n in cells_rows.columns(dataset) if n != "cell_id" and dataset.columns[n].kind != "id"]


def shown_panels(dataset: Dataset, summary: str) -> list[str]:
    """The columns of an address that have a panel; "" = a first choice, "none" = no panel."""
    known = panel_columns(dataset)
    if not summary.strip():
        return [n for n in FIRST if n in known and dataset.column(n).nunique() > 1][:PANELS]
    wanted = [dataset.meta.aliases.get(n.strip(), n.strip()) for n in summary.split(",")]
    return list(dict.fromkeys(n for n in wanted if n in known))


def panels(dataset: Dataset, view: CellsPage) -> list[Panel | tuple[str, InputError]]:
    """The panels of a view; for a column that cannot have one its name and why."""
    found: list[Panel | tuple[str, InputError]] = []
    for column in shown_panels(dataset, view.summary):
        try:
            found.append(panel(dataset, view, column))
        except InputError as error:
            found.append((column, error))
    return found


def panel(dataset: Dataset, view: CellsPage, column: str) -> Panel:
    """One panel. Raises InputError for an unknown column, one with too many kinds, or a wrong cell set."""
    if column not in dataset.columns:
        raise InputError(f"no column '{column[:60]}'", did_you_mean(column, panel_columns(dataset)))
    if dataset.columns[column].kind == "number":
        return _numbers(dataset, view, column)
    return _kinds(dataset, view, column)


def _kinds(dataset: Dataset, view: CellsPage, column: str) -> Panel:
    values = axes.group_column(dataset, column)
    if len(values.categories) > MOST_KINDS:
        raise InputError(f"{column} has {len(values.categories):,} kinds, too many for a panel")
    mine = cells_conditions.kinds(view.cells, column)
    shown = cells_page.select(dataset, mine.others).codes
    selected = np.intersect1d(shown, cells_page.selection(dataset, view.sel).codes, assume_unique=True)
    n, n_selected = (_per_kind(values, codes) for codes in (shown, selected))
    names: list[str | None] = [*(str(c) for c in values.categories), None]
    truth = dataset.columns[column].kind == "boolean"
    bars = []
    for i in [*np.argsort(-n[:-1], kind="stable").tolist(), len(names) - 1]:
        kind = names[i]
        chosen = kind in mine.chosen
        if not n[i] and not chosen:
            continue
        after = tuple(k for k in mine.chosen if k != kind) if chosen else (*mine.chosen, kind)
        text = cells_conditions.with_kinds(mine.others, column, after, truth)
        bars.append(Bar(kind, None, None, int(n[i]), int(n_selected[i]), text, chosen))
    return Panel(column, False, mine.others, len(shown), len(selected), 0, tuple(bars))


def _per_kind(values: pd.Categorical, codes: np.ndarray) -> np.ndarray:
    """Cells of each kind, those without one last."""
    n = len(values.categories)
    of = np.asarray(values.codes)[codes].astype(np.int64)
    return np.bincount(np.where(of < 0, n, of), minlength=n + 1)


def _numbers(dataset: Dataset, view: CellsPage, column: str) -> Panel:
    values = dataset.numbers(column)
    edges = _edges(values[np.isfinite(values)])
    if edges is None:
        raise InputError(f"no cell has a {column}")
    mine = cells_conditions.limits(view.cells, column)
    shown = cells_page.select(dataset, mine.others).codes
    selected = np.intersect1d(shown, cells_page.selection(dataset, view.sel).codes, assume_unique=True)
    n, n_selected = (_per_bin(values[codes], edges) for codes in (shown, selected))
    bars = []
    for i, (left, right) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        last = i == len(edges) - 2
        text = cells_conditions.with_limits(mine.others, column, left, None if last else right)
        inside = (mine.low is not None and left >= mine.low) or (mine.high is not None and mine.low is None)
        chosen = inside and (mine.high is None or (right <= mine.high and not last) or right < mine.high)
        bars.append(Bar(None, left, right, int(n[i]), int(n_selected[i]), text, chosen))
    missing = int((~np.isfinite(values[shown])).sum())
    return Panel(column, True, mine.others, len(shown), len(selected), missing, tuple(bars), mine.low, mine.high)


def _edges(values: np.ndarray) -> np.ndarray | None:
    """Edges of the bins, the same whatever the filter: round, equal in width; the last bin holds all that lies above.

    Where a few values lie far above the rest, the bins end at the 99th percentile and the last one takes the rest.
    """
    if len(values) == 0:
        return None
    low, top, high = float(values.min()), float(np.quantile(values, 0.99)), float(values.max())
    end = top if high - low > 2 * (top - low) > 0 else high
    if end <= low:
        return np.array([low, low + 1.0 if high <= low else high])
    step = _round((end - low) / BINS)
    if bool((values == np.floor(values)).all()):
        step = max(1.0, np.ceil(step))
    first = np.floor(low / step) * step
    edges = first + step * np.arange(int(np.floor((end - first) / step)) + 2)
    return edges if edges[-1] >= high else np.append(edges, high)


def _round(step: float) -> float:
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= step * 0.999))


def _per_bin(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.histogram(values[np.isfinite(values)], edges)[0]


def table(dataset: Dataset, view: SummaryView, resolve: Resolve | None = None) -> TableResult:
    """The panels as a tidy table: column, kind or left and right, n, n_selected.

    A bin holds left <= value < right, the last of a column its right end too. Cells without a value are a row whose
    kind, left and right are missing. The counts of a column sum to the cells of the set.
    """
    for text in (view.cells, view.sel):
        if text.strip():
            cells_page.select(dataset, text, resolve)
    wanted = [n.strip() for n in view.columns.split(",") if n.strip()] or shown_panels(dataset, "")
    page = CellsPage(ds=view.ds, cells=view.cells, sel=view.sel)
    rows = []
    for column in wanted:
        found = _whole(dataset, page, dataset.meta.aliases.get(column, column))
        rows += [(found.column, b.kind, b.left, b.right, b.n, b.n_selected) for b in found.bars]
    chosen = cells_page.chosen(dataset, page)
    made = pa.table(
        {
            "column": pa.array([r[0] for r in rows], pa.string()), "kind": pa.array([r[1] for r in rows], pa.string()),
            "left": pa.array([r[2] for r in rows], pa.float64()), "right": pa.array([r[3] for r in rows], pa.float64()),
            "n": pa.array([r[4] for r in rows], pa.int64()), "n_selected": pa.array([r[5] for r in rows], pa.int64()),
        }
    )  # fmt: skip
    return tables.in_memory(made, cells_page.ledger(chosen), schema.encode(view), ())


def _whole(dataset: Dataset, view: CellsPage, column: str) -> Panel:
    """A panel of exactly the cells of a set, its own conditions among them, with a bar for missing numbers."""
    codes = cells_page.select(dataset, view.cells).codes
    found = panel(dataset, replace(view, cells=""), column)
    inside = np.intersect1d(codes, cells_page.selection(dataset, view.sel).codes, assume_unique=True)
    if not found.is_number:
        kinds = axes.group_column(dataset, column)
        place: dict[str | None, int] = {str(c): i for i, c in enumerate(kinds.categories)}
        place[None] = len(kinds.categories)
        n, n_selected = _per_kind(kinds, codes), _per_kind(kinds, inside)
        bars = tuple(Bar(b.kind, None, None, int(n[place[b.kind]]), int(n_selected[place[b.kind]])) for b in found.bars)
        return replace(found, bars=tuple(b for b in bars if b.n))
    values = dataset.numbers(column)
    edges = np.array([b.left for b in found.bars] + [found.bars[-1].right], dtype=np.float64)
    n, n_selected = _per_bin(values[codes], edges), _per_bin(values[inside], edges)
    bars = tuple(Bar(None, b.left, b.right, int(n[i]), int(n_selected[i])) for i, b in enumerate(found.bars))
    missing = int((~np.isfinite(values[codes])).sum())
    lacking = int((~np.isfinite(values[inside])).sum())
    return replace(found, bars=bars + ((Bar(None, None, None, missing, lacking),) if missing else ()))
