"""The same cells in another version: root ids change with every edit, the nuclei of the cells do not.

Works offline, between datasets of one data folder, from what their files say about nuclei (data_access/nuclei.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from data_access import store
from data_access.errors import InputError, SynaptoscopeError
from data_access.ids import integer_id
from data_access.metadata import DatasetMeta
from data_access.nuclei import VersionFiles, holds

if TYPE_CHECKING:
    from data_access.dataset import Dataset

What: TypeAlias = Literal["same", "renamed", "split", "merged", "vanished", "unknown"]
Family: TypeAlias = tuple[str, str, str]

WHATS: tuple[What, ...] = ("same", "renamed", "split", "merged", "vanished", "unknown")
SMOOTH = ("same", "renamed")


@dataclass(frozen=True)
class Row:
    """One cell (of one with several nuclei: one nucleus of it) and what became of it; None: there is none, or unknown.

    same, renamed: one cell of the target, under the same or another id. split: its nuclei lie in several cells there, a
    row each. merged: its cell there has nuclei that were not its own. vanished: its nucleus lies in no segment there.
    unknown: nothing tells which cell of the target it is.
    """

    old_id: int
    nucleus_id: int | None
    new_id: int | None
    what: What


@dataclass(frozen=True)
class Carried:
    """Cells of the dataset `source` in the dataset `target`, in the order in which they were asked for."""

    source: str
    target: str
    rows: tuple[Row, ...]

    def counts(self) -> dict[What, int]:
        """How many of the cells asked for met which fate; fates that none met are left out."""
        met = {row.old_id: row.what for row in reversed(self.rows)}
        return {what: n for what in WHATS if (n := sum(1 for w in met.values() if w == what))}

    def to_tell(self) -> tuple[Row, ...]:
        """The rows that are more than a change of the id."""
        return tuple(row for row in self.rows if row.what not in SMOOTH)


@dataclass(frozen=True)
class Elsewhere:
    """An id that a dataset lacks, found in another version (or another dataset of the same): what it is here.

    `known_in`: a dataset of that version, "" where none was pulled.
    """

    old_id: int
    version: int
    target: str
    known_in: str
    rows: tuple[Row, ...]

    def told(self) -> tuple[str, str]:
        """One line that says it, and what to do."""
        row, new = self.rows[0], [str(row.new_id) for row in self.rows if row.new_id is not None]
        start = f"{self.old_id} is from version {self.version}"
        there = f"it can be looked at in {self.known_in}" if self.known_in else ""
        if row.what == "same":
            return f"{self.old_id} is a cell of {self.known_in}, not of {self.target}", f"choose {self.known_in} for it"
        if row.what == "renamed":
            return f"{start}; its cell in {self.target} is {new[0]}", f"use {new[0]} here"
        if row.what == "split":
            return f"{start}; in {self.target} it is split into {' and '.join(new)}", f"use {', '.join(new)} here"
        if row.what == "merged":
            return f"{start}; in {self.target} it is merged with another cell into {new[0]}", f"use {new[0]} here"
        if row.what == "vanished":
            return f"{start}; its nucleus lies in no cell of {self.target}", there
        return f"{start}; which cell of {self.target} it is, is not known", there or "it has no nucleus to find it by"


def family(meta: DatasetMeta) -> Family | None:
    """Source kind, server and datastack: equal for the versions of one datastack; None where there are no versions."""
    kind, server, stack = (str(meta.origin.get(key) or "") for key in ("kind", "server", "datastack"))
    known = kind and stack and version_of(meta) is not None and meta.ids == "int64"
    return (kind, server.rstrip("/"), stack) if known else None


def version_of(meta: DatasetMeta) -> int | None:
    """The number of the dataset's version, None where it has none."""
    version = meta.origin.get("version")
    return version if isinstance(version, int) and not isinstance(version, bool) else None


def siblings(data_dir: Path, meta: DatasetMeta) -> list[DatasetMeta]:
    """The other datasets of the same datastack that can be read, the newest version first."""
    own = family(meta)
    if own is None:
        return []
    found = []
    for dataset_id in store.ids(data_dir):
        try:
            other = store.read_meta(data_dir, dataset_id)
        except SynaptoscopeError:
            continue
        if other.id != meta.id and family(other) == own:
            found.append(other)
    return sorted(found, key=lambda m: (-(version_of(m) or 0), m.id))


def carry(source: Dataset, target: Dataset, ids: Iterable[int]) -> Carried:
    """Carry cell ids of one dataset to a sibling of it, each id once.

    By the nuclei of both versions; an id that the target has too is the same cell, for a root never changes. Ids whose
    cell is not in the target's tables are unknown. Raises InputError for datasets of different datastacks.
    """
    own, theirs = version_of(source.meta), version_of(target.meta)
    if family(source.meta) is None or family(source.meta) != family(target.meta) or own is None or theirs is None:
        raise InputError(
            f"{source.meta.id} and {target.meta.id} are not versions of one datastack",
            "ids can be carried between datasets that were pulled from the same datastack",
        )
    data_dir = target.data_dir
    others = siblings(data_dir, target.meta)
    files = VersionFiles(data_dir / target.meta.id, _versions(target.meta, others, data_dir))
    return Carried(source.meta.id, target.meta.id, _carried(files, own, target, list(dict.fromkeys(map(int, ids)))))


def where_is(data_dir: Path, dataset: Dataset, cell_id: str) -> Elsewhere | None:
    """Where an id that the dataset lacks is from, and its cell in the dataset; None where nothing knows it."""
    old_id, own = integer_id(cell_id.strip()), version_of(dataset.meta)
    if old_id is None or family(dataset.meta) is None or own is None:
        return None
    others = siblings(data_dir, dataset.meta)
    files = VersionFiles(data_dir / dataset.meta.id, _versions(dataset.meta, others, data_dir))
    for other in others:
        if holds(data_dir / other.id, old_id):
            version = version_of(other) or 0
            rows: tuple[Row, ...] = (Row(old_id, None, None, "same"),)
            if version != own:
                rows = _carried(files, version, dataset, [old_id])
            return Elsewhere(old_id, version, dataset.meta.id, other.id, rows)
    versions = files.versions_with(old_id) - {own}
    if not versions:
        return None
    rows = _carried(files, max(versions), dataset, [old_id])
    known_in = next((other.id for other in others if version_of(other) == max(versions)), "")
    return Elsewhere(old_id, max(versions), dataset.meta.id, known_in, rows)


def _versions(meta: DatasetMeta, others: Sequence[DatasetMeta], data_dir: Path) -> dict[Path, int]:
    """Folder -> version of a dataset and its siblings."""
    return {data_dir / m.id: version for m in (meta, *others) if (version := version_of(m)) is not None}


def _carried(files: VersionFiles, version: int, target: Dataset, ids: list[int]) -> tuple[Row, ...]:
    before, after = files.nuclei(version), files.nuclei(version_of(target.meta) or 0)
    nuclei_of = before.by_root(ids)
    new_of = after.by_nucleus({n for found in nuclei_of.values() for n in found})
    nuclei_there = after.by_root({root for root in new_of.values() if root})
    without = [i for i in ids if i not in nuclei_of]
    mapped = files.mapped(version, without)
    held = _held(target, [*ids, *new_of.values(), *(n for new in mapped.values() for n in new)])
    rows: list[Row] = []
    for old in ids:
        mine = sorted(nuclei_of.get(old, ()))
        if old in held:
            rows.append(Row(old, mine[0] if len(mine) == 1 else None, old, "same"))
        elif not mine:
            new = [n for n in mapped.get(old, ()) if n in held]
            what: What = "unknown" if not new else "renamed" if len(new) == 1 else "split"
            rows += [Row(old, None, n, what) for n in new] or [Row(old, None, None, what)]
        else:
            rows += _by_nuclei(old, mine, new_of, nuclei_there, held, after.gaps)
    return tuple(rows)


def _by_nuclei(
    old: int, mine: Sequence[int], new_of: dict[int, int], nuclei_there: dict[int, set[int]], held: set[int], gaps: bool
) -> list[Row]:
    """What became of a cell with nuclei: a row for each cell that holds some, and for each nucleus in none."""
    places: defaultdict[int, list[int]] = defaultdict(list)
    for nucleus in mine:
        # a cell of several nuclei is kept under no nucleus in a cell table, so there a gap is no proof
        places[new_of.get(nucleus, -1 if gaps else 0)].append(nucleus)
    cells = [root for root in places if root > 0]
    rows = []
    for root, nuclei in places.items():
        one = nuclei[0] if len(nuclei) == 1 else None
        if root <= 0:
            rows += [Row(old, nucleus, None, "unknown" if root else "vanished") for nucleus in nuclei]
        elif root not in held:
            rows.append(Row(old, one, None, "unknown"))
        else:
            joined = bool(nuclei_there.get(root, set()) - set(mine))
            rows.append(Row(old, one, root, "split" if len(cells) > 1 else "merged" if joined else "renamed"))
    return sorted(rows, key=lambda row: row.new_id is None)


def _held(dataset: Dataset, ids: Iterable[int]) -> set[int]:
    wanted = np.array(sorted({i for i in ids if i > 0}), dtype=np.int64)
    return set(wanted[dataset.index.codes(wanted) >= 0].tolist())
