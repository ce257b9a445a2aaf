"""Reciprocal pairs as a view: which pairs of two sets, in which order, and what was left out.

What is known of a pair is in pair_features, what makes one doubtful in pair_warnings, a row of the table in pair_rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from analysis.tested import TESTED
from data_access.dataset import Dataset
from views import pair_features, pair_rows, pair_warnings, schema
from views.pair_features import Found, PairSet
from views.pair_filters import PROOFREAD, filters
from views.result import Ledger, Omitted, TableResult, ledger_of
from views.tables import AUTAPSES, BATCH, Resolve

RANKS = ("total", "smaller", "balance", "size", "distance")


@dataclass(frozen=True)
class PairsView:
    """Which pairs of cells: within a set, or between two sets."""

    ds: str = schema.text("", "dataset id")
    cells: str = schema.text("", "cell set: pairs within it; empty = all cells. Stands for pre and post")
    pre: str = schema.text("", "one cell set; empty = all cells")
    post: str = schema.text("", "the other cell set: a pair has one cell in each; empty = all cells")
    min: int = schema.whole(1, "least number of synapses in each direction", low=1)
    autapses: str = schema.choice(AUTAPSES, "has no effect: a cell makes no pair with itself")
    group: str = schema.text("cell_type", "column of the cell table whose values are the kinds of cells")
    tested: str = schema.choice(TESTED, "which pairs count as tested")


@dataclass(frozen=True)
class ReciprocalView(PairsView):
    """Reciprocal pairs of a set, or between two sets."""

    rank: str = schema.choice(RANKS, "strongest first by this; balance: most equal first; distance: nearest first")
    sort: str = schema.text("", "a column instead of the rank; a minus sign in front sorts descending")
    type_a: str = schema.text("", "only pairs with a cell of this kind: a value of `group`, untyped or fragment")
    type_b: str = schema.text("", "the kind of the other cell")
    compartment: str = schema.text("", "only pairs with a synapse on this compartment, in either direction")
    proofread: str = schema.choice(PROOFREAD, "of how many of the two cells the axon is proofread")
    warning: str = schema.text("", "any, none, or the name of a warning: only pairs with it")
    nab: str = schema.text("", "only pairs with so many synapses a -> b, the larger count: 14, or 10-19")
    nba: str = schema.text("", "the same for b -> a, the smaller count")
    cell: str = schema.text("", "id of a cell: only its pairs; empty = all")
    limit: int | None = schema.whole(None, "at most so many rows", low=0)
    offset: int = schema.whole(0, "rows to skip", low=0)
    sel: str = schema.text("", "the pair that is selected on the page: two ids separated by >")


LOOKS = ("ds", "autapses", "limit", "offset", "sel")


@dataclass(frozen=True, eq=False)
class Ranked:
    """The pairs that a view lists, in its order; what it left out of `found`, all pairs between its sets.

    `at`: int64, place of each listed pair in `found.pairs`. `view`: without what does not change the list.
    """

    dataset: Dataset
    view: ReciprocalView
    found: Found
    at: np.ndarray
    pairs: PairSet
    left_out: tuple[Omitted, ...]

    def __len__(self) -> int:
        return len(self.at)

    @property
    def a(self) -> np.ndarray:
        """int32 codes: the cell that makes more synapses onto the other, of equal ones the smaller id."""
        return self.pairs.a

    @property
    def b(self) -> np.ndarray:
        """int32 codes: the other cell."""
        return self.pairs.b

    @property
    def n_ab(self) -> np.ndarray:
        """int64 synapses a -> b, never fewer than n_ba."""
        return self.pairs.n_ab

    @property
    def n_ba(self) -> np.ndarray:
        """int64 synapses b -> a."""
        return self.pairs.n_ba

    @property
    def size_ab(self) -> np.ndarray:
        """float64 summed size a -> b, NaN where none was measured."""
        return self.pairs.size_ab

    @property
    def size_ba(self) -> np.ndarray:
        """float64 summed size b -> a."""
        return self.pairs.size_ba

    @property
    def distance_um(self) -> np.ndarray:
        """float64 from soma to soma, NaN where a position is missing."""
        return self.pairs.distance_um

    @property
    def tested(self) -> np.ndarray:
        """bool: both orders are tested, by the view's `tested`."""
        return self.pairs.tested(self.view.tested)  # type: ignore[arg-type]

    @property
    def warnings(self) -> np.ndarray:
        """uint8: one bit a warning, in the order of pair_warnings.WARNINGS."""
        return pair_warnings.of(self.found.pairs).bits[self.at]

    def place(self, a: int, b: int) -> int | None:
        """Where the pair of these two codes stands in the list, whichever comes first; None where it is not in it."""
        there = np.flatnonzero(((self.a == a) & (self.b == b)) | ((self.a == b) & (self.b == a)))
        return int(there[0]) if len(there) else None

    def ids(self, at: int) -> tuple[str, str]:
        """Ids of a listed pair, as text."""
        first, second = self.dataset.index.text([int(self.a[at]), int(self.b[at])])
        return first, second


def ranked(dataset: Dataset, view: ReciprocalView, resolve: Resolve | None = None) -> Ranked:
    """The pairs of a view in its order, whatever its limit; the last few are kept.

    Raises InputError that names the parameter: a wrong set, kind, column, compartment or warning, or proofreading of
    which the dataset says nothing; NotFoundError for an unknown cell.
    """
    for text in (view.cells, view.pre, view.post):
        if resolve is not None and "set:" in text:
            dataset.select(text, resolve)  # the caller wants to hear of a set that is not stored in its own way
    wanted = {p.key: getattr(view, p.key) for p in schema.params(ReciprocalView) if p.key not in LOOKS}
    return _ranked(dataset, ReciprocalView(**wanted), pair_warnings.depends(dataset))


@lru_cache(maxsize=8)
def _ranked(dataset: Dataset, view: ReciprocalView, versions: str) -> Ranked:
    """`versions`: changes with the other datasets that a warning compares with."""
    found = pair_features.find(dataset, view.cells, view.pre, view.post, view.min, view.cell)
    everything = found.pairs
    keep, left = np.ones(len(everything), bool), []
    kinds = (view.type_a, view.type_b)
    counts = (view.nab, view.nba)
    for reason, gone in filters(everything, view.group, kinds, view.proofread, view.compartment, view.warning, counts):
        left.append(Omitted(reason, pairs=int((keep & gone).sum())))
        keep &= ~gone
    at = np.flatnonzero(keep)
    listed = everything if keep.all() else everything.take(at)
    order = _order(view, listed, everything, at)
    if order is not None:
        at, listed = at[order], listed.take(order)
    return Ranked(dataset, view, found, at, listed, tuple(o for o in left if o.pairs))


def _order(view: ReciprocalView, listed: PairSet, everything: PairSet, at: np.ndarray) -> np.ndarray | None:
    """Order of the listed pairs: equal ones stay strongest first, missing values come last. None: as they stand."""
    if not view.sort and view.rank == "total":
        return None
    name = view.sort or {"distance": "distance_um", "size": "-sum_size"}.get(view.rank, f"-{view.rank}")
    column, down = (name[1:], True) if name.startswith("-") else (name, False)
    if column == "warnings":
        values = pair_warnings.number(everything)[at].astype(np.float64)
    else:
        values = pair_rows.sortable(listed, column, view.group, view.tested)
    missing = np.isnan(values)
    return np.lexsort((np.where(missing, 0.0, -values if down else values), missing))


# ---- the same as a table


def reciprocal(dataset: Dataset, view: ReciprocalView, resolve: Resolve | None = None) -> TableResult:
    """Reciprocal pairs as a table, strongest total first unless ranked or sorted otherwise, made in batches.

    n_ab: synapses a -> b, n_ba: b -> a; a has the larger count, on a tie the smaller id. What the other columns are,
    pair_rows says.
    """
    listed = ranked(dataset, view, resolve)
    first = min(view.offset, len(listed))
    last = len(listed) if view.limit is None else min(len(listed), first + view.limit)
    form = pair_rows.form(dataset)

    def batches() -> Iterator[Any]:
        for start in range(first, last, BATCH):
            part = slice(start, min(start + BATCH, last))
            places = listed.at[part]
            rows = listed.found.pairs.take(places)
            yield pair_rows.batch(
                rows, pair_warnings.of(listed.found.pairs).bits[places], view.group, view.tested, last - first
            )

    notes = (*listed.found.said, *pair_warnings.of(listed.found.pairs).notes, *pair_rows.notes(dataset, last - first))
    ledger = ledger_of_pairs(listed, last - first, first, view.limit, notes)
    return TableResult(form, batches, ledger, schema.encode(view), last - first, pair_rows.IDS)


def ledger_of_pairs(
    listed: Ranked, rows: int | None = None, skipped: int = 0, limit: int | None = None, notes: tuple[str, ...] = ()
) -> Ledger:
    """Where all reciprocal pairs of the dataset went: listed, outside the sets, too weak, filtered out, cut off."""
    meta, found = listed.dataset.meta, listed.found
    kept = len(listed) if rows is None else rows
    outside = meta.n_reciprocal_pairs - len(found.pairs) - found.n_below
    sets = "not a pair between the two sets" if len(found.said) > 1 else "not a pair of the set"
    left = [
        Omitted(sets if found.cell is None else "not a pair of the cell within the sets", pairs=outside),
        Omitted(f"fewer than {listed.view.min} synapses in a direction", pairs=found.n_below),
        *listed.left_out,
        Omitted(f"skipped by offset {skipped}", pairs=skipped),
        Omitted(f"beyond the limit of {limit}", pairs=len(listed) - skipped - kept),
    ]
    return ledger_of(
        meta, "pairs", meta.n_reciprocal_pairs, kept, left_out=tuple(o for o in left if o.pairs), limit=limit,
        total=len(listed), notes=notes or found.said,
    )  # fmt: skip


# ---- one pair among the others, and the pairs of one cell


@dataclass(frozen=True)
class Around:
    """A pair in a ranking: its position from 1, of how many, and the ids of the pairs before and after it.

    `position` is None where the ranking does not list the pair; then `next` is its first pair.
    """

    position: int | None
    total: int
    previous: tuple[str, str] | None
    next: tuple[str, str] | None


def around(dataset: Dataset, view: ReciprocalView, a: str, b: str, resolve: Resolve | None = None) -> Around:
    """Where the pair of two ids (in either order) stands. NotFoundError for an unknown cell."""
    listed = ranked(dataset, view, resolve)
    at = listed.place(dataset.code_of(a), dataset.code_of(b))
    after = 0 if at is None else at + 1
    previous = listed.ids(at - 1) if at else None
    return Around(
        None if at is None else at + 1, len(listed), previous, listed.ids(after) if after < len(listed) else None
    )


@dataclass(frozen=True, eq=False)
class CellPairs:
    """The reciprocal pairs of one cell from its side, most synapses made first; arrays of one length.

    partner: int32 codes; n_made, n_received: int64 synapses onto and from the partner; size_made, size_received:
    float64, NaN where none was measured; at: int64, place of the pair in the ranking.
    """

    code: int
    partner: np.ndarray
    n_made: np.ndarray
    n_received: np.ndarray
    size_made: np.ndarray
    size_received: np.ndarray
    at: np.ndarray

    def __len__(self) -> int:
        return len(self.partner)

    @property
    def total_made(self) -> int:
        """Synapses that the cell makes onto partners that synapse back."""
        return int(self.n_made.sum())

    @property
    def total_received(self) -> int:
        """Synapses that these partners make onto the cell."""
        return int(self.n_received.sum())


def cell_view(dataset: Dataset, view: ReciprocalView, cell: str, resolve: Resolve | None = None) -> CellPairs:
    """The pairs of one cell among those that the view lists."""
    code = dataset.code_of(cell)
    listed = ranked(dataset, view, resolve)
    at = np.flatnonzero((listed.a == code) | (listed.b == code))
    pairs = listed.pairs.take(at)
    mine = pairs.a == code
    made, received = np.where(mine, pairs.n_ab, pairs.n_ba), np.where(mine, pairs.n_ba, pairs.n_ab)
    partner = np.where(mine, pairs.b, pairs.a)
    order = np.lexsort((partner, -received, -made))
    sizes = np.where(mine, pairs.size_ab, pairs.size_ba), np.where(mine, pairs.size_ba, pairs.size_ab)
    columns = (partner, made, received, *sizes, at)
    return CellPairs(code, *(column[order] for column in columns))
