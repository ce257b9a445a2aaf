"""What of the pulls is on this machine: cell tables to choose from, and how far each dataset is. Asks no service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from data_access import store
from data_access.adapters.cave import record as records
from data_access.adapters.cave.asked import Asked, CellRows, choose
from data_access.adapters.cave.generations import CELLS, read_wanted
from data_access.adapters.cave.record import Record
from data_access.cellsets.schema import Kind
from data_access.dataset import open_dataset
from data_access.errors import SynaptoscopeError

MOST_VALUES = 8


@dataclass(frozen=True)
class Standing:
    """How far a pulled dataset is: cells that were asked for, and how many of them are whole in all that was asked."""

    asked: int
    whole: int


@dataclass(frozen=True)
class Seen:
    """A column of a cell table: its kind, how many rows have a value, and its values, the most common first.

    Of numbers `values` are the least and the largest. `n_values` = how many different ones.
    """

    name: str
    kind: Kind
    n: int
    n_values: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """What fixes a cell table."""

    server: str
    datastack: str
    version: int
    cell_table: str = ""
    type_column: str = ""

    def is_of(self, record: Record) -> bool:
        """Whether a pull is of this source."""
        mine = (self.server, self.datastack, self.version, self.cell_table, self.type_column)
        return mine == (record.server, record.datastack, record.version, record.cell_table, record.type_column)


def record_of(data_dir: Path, dataset_id: str) -> Record | None:
    """What a pull into this id remembers; None where there was none, or where its record cannot be read."""
    try:
        return records.load(store.growing(data_dir, dataset_id))
    except SynaptoscopeError:
        return None


def standing(data_dir: Path, dataset_id: str) -> Standing | None:
    """How far a pulled dataset is; None where that is not known."""
    try:
        wanted = read_wanted(store.growing(data_dir, dataset_id))
        dataset = open_dataset(data_dir, dataset_id)
        everything = np.union1d(wanted.out, wanted.into)
        codes = dataset.codes_of([str(i) for i in everything.tolist()])
        there = codes >= 0
        lacking = np.zeros(len(everything), dtype=bool)
        for side, flags in ((wanted.out, dataset.graph.complete_out), (wanted.into, dataset.graph.complete_in)):
            whole = np.zeros(len(everything), dtype=bool)
            whole[there] = np.asarray(flags)[codes[there]]
            lacking |= np.isin(everything, side) & ~whole
    except (SynaptoscopeError, OSError):
        return None
    return Standing(len(everything), int((~lacking).sum())) if len(everything) else None


def cell_rows(data_dir: Path, source: Source, dataset_id: str = "") -> CellRows | None:
    """The cell table of a source that a pull or an estimate left here, that of `dataset_id` first; None without one."""
    for name in _tried(data_dir, dataset_id):
        record = record_of(data_dir, name)
        path = data_dir / store.GROWING / name / CELLS
        if record is not None and source.is_of(record) and path.is_file():
            return _opened(path, path.stat().st_mtime_ns)
    return None


def _tried(data_dir: Path, first: str) -> Iterator[str]:
    if not (data_dir / store.GROWING).is_dir():
        return
    names = sorted(path.parent.name for path in (data_dir / store.GROWING).glob(f"*/{records.FILE}"))
    yield from sorted(names, key=lambda name: name != first)


@lru_cache(maxsize=4)
def _opened(path: Path, mtime_ns: int) -> CellRows:
    return CellRows(path)


def chosen(rows: CellRows, cells: str) -> Asked:
    """The cells that a text names in a table that is here. Raises InputError."""
    return choose(rows, cells)


@lru_cache(maxsize=4)
def columns(rows: CellRows) -> tuple[Seen, ...]:
    """What the columns of a cell table hold; ids and those without a value are left out."""
    named = {name: kind for name, kind in rows.kinds().items() if not name.endswith(("_id", "_nm"))}
    return tuple(seen for name, kind in named.items() if (seen := _seen(rows, name, kind)).n)


def _seen(rows: CellRows, name: str, kind: Kind) -> Seen:
    values = rows.column(name).dropna()
    if kind == "number":
        numbers = pd.to_numeric(values)
        ends = (f"{numbers.min():,.6g}", f"{numbers.max():,.6g}") if len(numbers) else ()
        return Seen(name, kind, len(values), int(numbers.nunique()), ends)
    counts = values.astype(str).value_counts()
    counts = counts[counts > 0]
    words = [str(v) if kind == "text" else str(v).lower() for v in counts.index[:MOST_VALUES]]
    return Seen(name, kind, len(values), len(counts), tuple(words))
