"""`/cells` as a view: which cells are shown (the filter), which are selected, and how the map and the table show them.

Filter and selection are separate: a filter never takes a cell out of the selection.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from data_access import stored_sets
from data_access.dataset import CellSet, Dataset
from views import schema
from views.result import Ledger, Omitted, ledger_of
from views.tables import Resolve

SHOW = ("show", "hide")
FEW = 12  # ids up to which a selection stands in the address itself
DIRECTIONS = ("out", "in")


@dataclass(frozen=True)
class CellsPage:
    """Parameters of /cells."""

    ds: str = schema.text("", "dataset id")
    cells: str = schema.text("", "the filter: cell set of the cells that are shown; empty = all cells")
    sel: str = schema.text("", "the selection, a cell set; empty = none")
    x: str = schema.text("", "column across the map; empty = x_um")
    y: str = schema.text("", "column down the map; empty = the vertical axis of the dataset")
    colour: str = schema.text("", "column that colours the map, 'proofreading', or 'none'; empty = by type")
    somata: str = schema.choice(SHOW, "whether somata are drawn")
    over: str = schema.text("", "cell set whose synapses are drawn in gold over those of the cells shown")
    side: str = schema.choice(DIRECTIONS, "synapses that these cells make (out) or receive (in)")
    x0: float | None = schema.number(None, "left edge of the map, um")
    x1: float | None = schema.number(None, "right edge of the map, um")
    y0: float | None = schema.number(None, "least value of the map's other axis in view, um")
    y1: float | None = schema.number(None, "greatest value of the map's other axis in view, um")
    sort: str = schema.text("", "column by which the table is sorted; a minus sign in front sorts descending")
    cols: str = schema.text("", "columns of the table in their order, separated by commas; empty = a choice")
    summary: str = schema.text("", "columns with a panel, separated by commas; empty = a choice; none = no panel")


ZOOM = ("x0", "x1", "y0", "y1")


@dataclass(frozen=True, eq=False)
class Chosen:
    """The cells of a view: those that pass the filter, those selected (whether they pass it or not)."""

    dataset: Dataset
    shown: CellSet
    selected: CellSet

    @property
    def both(self) -> np.ndarray:
        """Codes that are shown and selected, int32 ascending."""
        return np.intersect1d(self.shown.codes, self.selected.codes, assume_unique=True)

    @property
    def is_selected(self) -> np.ndarray:
        """bool (n_cells,)"""
        found = np.zeros(self.dataset.n_cells, bool)
        found[self.selected.codes] = True
        return found


def chosen(dataset: Dataset, view: CellsPage, resolve: Resolve | None = None) -> Chosen:
    """Filter and selection; raises InputError or NotFoundError for a wrong one, naming which."""
    return Chosen(dataset, select(dataset, view.cells, resolve), selection(dataset, view.sel, resolve))


def selection(dataset: Dataset, text: str, resolve: Resolve | None = None) -> CellSet:
    """The selected cells: none for an empty text."""
    return select(dataset, text, resolve) if text.strip() else CellSet("", np.zeros(0, np.int32), "no cell selected")


def select(dataset: Dataset, text: str, resolve: Resolve | None = None) -> CellSet:
    """`Dataset.select`, the last few answers kept: a page asks for the same sets many times."""
    if resolve is not None and "set:" in text:
        return dataset.select(text, resolve)  # the caller wants to hear of a set that is not stored in its own way
    return _select(dataset, text)


@lru_cache(maxsize=64)
def _select(dataset: Dataset, text: str) -> CellSet:
    return dataset.select(text)


def as_text(dataset: Dataset, codes: np.ndarray) -> str:
    """A cell set that names exactly these cells; "" for none. More than a few are stored, and named set:HASH."""
    if len(codes) == 0:
        return ""
    ids = dataset.index.text(codes)
    quoted = [id_text(dataset, cell) for cell in ids]
    if len(ids) <= FEW:
        return ", ".join(quoted)
    return f"set:{stored_sets.store(dataset.data_dir, ','.join(quoted))}"


def id_text(dataset: Dataset, cell: str) -> str:
    """An id as it stands in a cell set; text ids in quotes, since a bare word may be a column."""
    return "'" + cell.replace("\\", "\\\\").replace("'", "\\'") + "'" if dataset.index.is_text else cell


def ledger(found: Chosen) -> Ledger:
    """Which cells of the dataset are shown, and why the others are not."""
    dataset = found.dataset
    hidden = dataset.n_cells - len(found.shown)
    left = (Omitted("outside the filter", cells=hidden),) if hidden else ()
    fragments = int((~dataset.is_cell[found.shown.codes]).sum())
    notes = [f"filter: {found.shown.echo}"]
    if fragments:
        notes.append(f"{fragments:,} of those shown are fragments: partners that the cell table does not list")
    if len(found.selected):
        outside = len(found.selected) - len(found.both)
        more = f", {outside:,} of them outside the filter" if outside else ""
        notes.append(f"{len(found.selected):,} selected{more}: {found.selected.echo[:300]}")
    return ledger_of(
        dataset.meta, "cells", dataset.n_cells, len(found.shown), left_out=left, total=len(found.shown),
        notes=tuple(notes),
    )  # fmt: skip


def sentence(found: Chosen, n_placed: int | None, axes: str) -> str:
    """What map and table show, with its numbers."""
    dataset = found.dataset
    fragments = int((~dataset.is_cell[found.shown.codes]).sum())
    n = len(found.shown) - fragments
    said = f"{n:,} cell{'' if n == 1 else 's'}"
    if fragments:
        said += f" and {fragments:,} fragment{'' if fragments == 1 else 's'}"
    said += f" of {dataset.n_cells:,}"
    if n_placed is not None:
        said += f", {n_placed:,} with a position on the map ({axes})"
    if len(found.selected):
        outside = len(found.selected) - len(found.both)
        said += f"; {len(found.selected):,} selected" + (f", {outside:,} of them not shown" if outside else "")
    return said + "."
