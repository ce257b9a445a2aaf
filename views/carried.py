"""Cells carried to another version of their dataset: as a table, and within the address of a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import pyarrow as pa

from data_access import carry, stored_sets
from data_access.carry import Carried
from data_access.cellsets import NewIds, with_ids
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, NotFoundError, TooLargeError, did_you_mean
from views import schema
from views.result import Omitted, TableResult, ledger_of
from views.tables import AUTAPSES, Resolve, in_memory

MOST = 500_000
LONGEST = 1_800  # characters of a set in an address; a longer one is stored, and its name stands there
SETS = ("pre", "post", "cells", "cell", "sel", "over")
PAIR = "pair"
PAIR_SEPARATOR = ">"
MAX_SET_DEPTH = 4


@dataclass(frozen=True)
class CarriedView:
    """What became of the cells of a set in another version."""

    ds: str = schema.text("", "dataset id")
    cells: str = schema.text("", "cell set; empty = all cells")
    to: str = schema.text("", "id of a dataset of another version of the same datastack")
    autapses: str = schema.choice(AUTAPSES, "has no effect on a table of cells")


def carried(dataset: Dataset, view: CarriedView, resolve: Resolve | None = None) -> TableResult:
    """cell_id, nucleus_id, carried_id, what: a row a cell, and one for each cell that a split one became.

    Raises InputError without `to` or for a dataset of another datastack, TooLargeError above half a million cells.
    """
    target = _target(dataset, view.to)
    chosen = dataset.select(view.cells, resolve)
    if len(chosen) > MOST:
        raise TooLargeError(f"{len(chosen):,} cells: at most {MOST:,} are carried at a time", "add cells=is_cell")
    result = carry.carry(dataset, target, dataset.index.ids[chosen.codes].tolist())
    table = pa.table({
        "cell_id": pa.array([row.old_id for row in result.rows], pa.int64()),
        "nucleus_id": pa.array([row.nucleus_id for row in result.rows], pa.int64()),
        "carried_id": pa.array([row.new_id for row in result.rows], pa.int64()),
        "what": pa.array([row.what for row in result.rows], pa.string()),
    })  # fmt: skip
    left = (Omitted("not in the set", cells=dataset.n_cells - len(chosen)),)
    ledger = ledger_of(
        dataset.meta, "cells", dataset.n_cells, len(chosen), left_out=tuple(o for o in left if o.cells),
        notes=(chosen.echo, f"carried to {target.meta.id}: {in_words(result)}"),
    )  # fmt: skip
    return in_memory(table, ledger, schema.encode(view), ("cell_id", "nucleus_id", "carried_id"))


def in_words(result: Carried) -> str:
    """'12 same, 3 renamed, 1 split'."""
    return ", ".join(f"{n:,} {what}" for what, n in result.counts().items()) or "no cell"


def versions(dataset: Dataset) -> str:
    """A text that changes with any of the datasets that carried() may read beside this one."""
    return "".join(f"&{meta.fingerprint}" for meta in carry.siblings(dataset.data_dir, dataset.meta))


def _target(dataset: Dataset, to: str) -> Dataset:
    known = [meta.id for meta in carry.siblings(dataset.data_dir, dataset.meta)]
    if not known:
        raise InputError(
            f"{dataset.meta.id} has no other version in the data folder",
            "pull another version of its datastack" if carry.family(dataset.meta) else "only pulled datasets have any",
        )
    if not to:
        raise InputError("no dataset to carry to", f"add to={known[0]}")
    if to not in known:
        raise InputError(f"{to[:60]} is no other version of {dataset.meta.id}", did_you_mean(to, known))
    return open_dataset(dataset.data_dir, to)


def carry_query(source: Dataset, target: Dataset, params: Mapping[str, str]) -> tuple[dict[str, str], Carried]:
    """The parameters of a page for another version: `ds`, and the ids in its cell sets and its pair.

    In a list of ids a split cell becomes its parts, and one that vanished (or that nothing tells) falls out as long as
    any is left; in other places such an id stays, so that the page says what became of it. Either way it is among the
    rows of the second value, which holds every cell that the parameters name. Stored sets are carried into new ones; a
    set that became too long for an address is stored. Raises InputError for datasets of different datastacks.
    """
    named: dict[int, None] = {}

    def note(ids: list[str]) -> list[str]:
        codes = source.codes_of(ids)
        named.update((int(i), None) for i, code in zip(ids, codes, strict=True) if code >= 0)
        return ids

    for key in (*SETS, PAIR):
        _Rewriting(source, note, keep=True).parameter(key, params.get(key, ""))
    result = carry.carry(source, target, named)
    new: dict[str, list[str]] = {str(cell): [] for cell in named}
    for row in result.rows:
        if row.new_id is not None:
            new[str(row.old_id)].append(str(row.new_id))

    def put(ids: list[str]) -> list[str]:
        return [cell for i in ids for cell in new.get(i, [i])]

    rewriting = _Rewriting(source, put)
    changed = {key: rewriting.parameter(key, value) for key, value in params.items()}
    return changed | {"ds": target.meta.id}, result


def set_text(dataset: Dataset, ids: Iterable[int]) -> str:
    """A cell set of these ids that fits into an address."""
    return _short(dataset, ", ".join(dict.fromkeys(map(str, ids))))


def _short(dataset: Dataset, text: str) -> str:
    return text if len(quote(text)) <= LONGEST else f"set:{stored_sets.store(dataset.data_dir, text)}"


@dataclass(frozen=True)
class _Rewriting:
    """Puts other ids into parameters; with `keep` nothing is stored, for reading them only."""

    source: Dataset
    new_ids: NewIds
    keep: bool = False
    depth: int = 0

    def parameter(self, key: str, value: str) -> str:
        if key == PAIR:
            return PAIR_SEPARATOR.join(self._alone(part) for part in value.split(PAIR_SEPARATOR))
        if key not in SETS or not value.strip():
            return value
        text = self._text(value)
        return text if text == value or self.keep else _short(self.source, text)

    def _alone(self, cell: str) -> str:
        if not cell.isdecimal():
            return cell
        new = self.new_ids([cell])
        return new[0] if len(new) == 1 else cell

    def _text(self, text: str) -> str:
        return with_ids(text, self.source.set_schema, self.new_ids, self._set)

    def _set(self, name: str) -> str:
        if self.depth >= MAX_SET_DEPTH:
            return name
        try:
            text = stored_sets.resolver(self.source.data_dir)(name)
        except NotFoundError:
            return name
        new = _Rewriting(self.source, self.new_ids, self.keep, self.depth + 1)._text(text)
        return name if new == text or self.keep else stored_sets.store(self.source.data_dir, new)
