"""The partners of one cell as a tidy table, straight from the graph in a few milliseconds.

What one row of the table is made of is in partner_rows; here is which rows are shown, in which order, and what was left
out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data_access.dataset import Dataset
from data_access.errors import InputError, did_you_mean
from views import partner_rows, schema
from views.partner_rows import COLUMNS, Partners
from views.result import Omitted, TableResult, ledger_of
from views.tables import AUTAPSES, Resolve, in_memory

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
    known: str = schema.choice(("no", "yes"), "yes: only partners that are cells, fragments left out")
    top: float = schema.number(
        100.0, "only the strongest partners that make up this percentage of the input or output", low=0.1, high=100
    )
    group: str = schema.text("cell_type", "column of the cell table whose values stand in `kind`")
    type: str = schema.text("", "only partners of this kind: a value of that column, untyped or fragment")
    find: str = schema.text("", "only partners whose id or kind holds this text")
    sort: str = schema.text("", "a column; a minus sign in front sorts descending; empty = strongest first")
    offset: int = schema.whole(0, "rows to skip", low=0)


def partners(dataset: Dataset, view: PartnersView, resolve: Resolve | None = None) -> TableResult:
    """Partners of one cell, strongest total first, then by id, or by a column.

    n_in, sum_size_in: from the partner onto the cell; n_out, sum_size_out: from the cell onto the partner.
    `direction` and `min` choose which partners are listed; both directions of a listed one are given.
    fraction_in = n_in / all synapses onto the cell, null where not all its inputs are in the dataset; fraction_out
    likewise. Autapses and fragments count in those totals. cumulative_in = share that this partner and the stronger
    ones have in all input from the partners that `autapses` and `known` admit; cumulative_out likewise.
    """
    found = chosen(dataset, view)
    n_listed = len(found.at)
    shown = found.at[view.offset :]
    shown = shown if view.limit is None else shown[: view.limit]
    skipped = min(view.offset, n_listed)
    left = [
        *found.left_out,
        Omitted(f"skipped by offset {view.offset}", cells=skipped),
        Omitted(f"beyond the limit of {view.limit}", cells=n_listed - skipped - len(shown)),
    ]
    ledger = ledger_of(
        dataset.meta, "partners", len(found.partners.codes), len(shown), left_out=tuple(o for o in left if o.cells),
        limit=view.limit, total=n_listed, notes=found.notes,
    )  # fmt: skip
    table = partner_rows.table(dataset, found.partners, shown)
    return in_memory(table, ledger, schema.encode(view), ("partner_id",))


@dataclass(frozen=True, eq=False)
class Chosen:
    """Which partners a view lists, in its order: int64 positions in `partners`; and what it leaves out."""

    partners: Partners
    at: np.ndarray
    left_out: tuple[Omitted, ...]
    notes: tuple[str, ...]

    @property
    def codes(self) -> np.ndarray:
        """int32 codes of the listed partners."""
        return self.partners.codes[self.at]


def chosen(dataset: Dataset, view: PartnersView) -> Chosen:
    """The partners that a view lists, without its limit and offset.

    Raises InputError for no cell and for an unknown column, NotFoundError for an unknown cell.
    """
    if not view.cell.strip():
        raise InputError("no cell given", "add cell=ID")
    all_of = partner_rows.read(dataset, dataset.code_of(view.cell), view.group)
    admitted = all_of if view.autapses == "keep" else all_of.without(all_of.codes == all_of.code)
    admitted = admitted.without(~all_of.known) if view.known == "yes" else admitted
    asked = {"both": np.maximum(admitted.n_in, admitted.n_out), "in": admitted.n_in, "out": admitted.n_out}
    keep, left = np.ones(len(all_of.codes), bool), []
    for reason, gone in _filters(dataset, view, admitted, asked[view.direction]):
        left.append(Omitted(reason, cells=int((keep & gone).sum())))
        keep &= ~gone
    at = np.flatnonzero(keep)
    notes = _notes(dataset, view, all_of)
    return Chosen(admitted, at[_order(dataset, view.sort, admitted, at)], tuple(o for o in left if o.cells), notes)


def _filters(
    dataset: Dataset, view: PartnersView, found: Partners, counts: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """Why partners are not listed, in the order in which the reasons count, and which."""
    autapse = found.codes == found.code
    if view.autapses == "drop":
        yield "autapse", autapse
    if view.known == "yes":
        yield "fragment: no cell that is known", ~found.known
    yield f"not a partner in this direction with at least {view.min} synapses", counts < view.min
    if view.top < 100:
        sides = {"in": (found.within_in,), "out": (found.within_out,), "both": (found.within_in, found.within_out)}
        inside = [within(view.top / 100) for within in sides[view.direction]]
        yield f"beyond the strongest that make up {view.top:g} % of the {_WORDS[view.direction]}", ~np.any(inside, 0)
    if view.type:
        yield f"not of the kind {view.type}", ~found.of_kind(view.type)
    if view.find.strip():
        yield f"neither id nor kind holds '{view.find.strip()}'", ~partner_rows.holding(dataset, found, view.find)


_WORDS = {"in": "input", "out": "output", "both": "input or of the output"}


def _notes(dataset: Dataset, view: PartnersView, found: Partners) -> tuple[str, ...]:
    sides = (("inputs", found.complete_in, "out"), ("outputs", found.complete_out, "in"))
    missing = [word for word, complete, _ in sides if not complete]
    if not missing:
        return ()
    notes = [f"not all {' and '.join(missing)} of this cell are in the dataset: no fractions"]
    if view.top < 100 and any(not complete and view.direction != other for _, complete, other in sides):
        notes.append("and no strongest partners by their share")
    return tuple(notes)


def _order(dataset: Dataset, sort: str, found: Partners, at: np.ndarray) -> np.ndarray:
    """Order of the rows `at`: equal ones by id, missing values last either way."""
    if not sort:
        return np.argsort(-(found.n_in + found.n_out)[at], kind="stable")
    name, down = (sort[1:], True) if sort.startswith("-") else (sort, False)
    if name not in COLUMNS:
        raise InputError(f"the partners have no column '{name[:60]}'", did_you_mean(name, COLUMNS))
    values = partner_rows.sortable(dataset, found, name, at)
    missing = np.isnan(values)
    return np.lexsort((np.where(missing, 0.0, -values if down else values), missing))
