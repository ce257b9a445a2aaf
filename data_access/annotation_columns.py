"""Annotations as the dataset keeps them, and their columns in the cell table.

An annotation is a table with one row a key, `annotations/NAME.parquet` in the folder of the dataset: it goes from
generation to generation, and is joined anew whenever the cell table is made anew. The key is the value of a column of
the dataset (cell_id, nucleus_id, cell_type ...); a key may stand for several cells, and each cell has one row at most.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.cells import NO_TYPES
from data_access.columns import reading
from data_access.errors import DamagedError, InputError, did_you_mean
from data_access.metadata import Column, DatasetMeta, Kind, LeftOut

FOLDER = "annotations"
CELLS = "cells.parquet"
KEY = "key"
VALUE = "value."
NOTE = b"synaptoscope"
RULES = {
    "refuse": "",
    "first": "of several rows the first",
    "most": "of several rows the most common value",
    "mean": "mean of the rows",
    "sum": "sum of the rows",
    "count": "number of rows",
    "list": "of several rows all values",
}


@dataclass(frozen=True)
class Annotation:
    """Where the columns of an annotation come from.

    `source`: the file, or the table of a service; `key`: its column that is looked up in the dataset's column `on`.
    `columns`: our name -> that of the source. Of its `rows`, `no_key` have none and `zero_key` have 0, where that is no
    cell; the others have `keys` different ones. `order`: annotations are joined in this order.
    """

    name: str
    source: str
    key: str
    on: str = "cell_id"
    rule: str = "refuse"
    columns: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    no_key: int = 0
    zero_key: int = 0
    keys: int = 0
    left_out: tuple[LeftOut, ...] = ()
    order: int = 0
    added: str = ""

    @property
    def file(self) -> str:
        """Its place in the folder of the dataset."""
        return f"{FOLDER}/{self.name}.parquet"

    @property
    def meaning(self) -> str:
        """What its columns say about themselves."""
        key = self.key if self.on in (self.key, "cell_id") else f"{self.key} = {self.on}"
        rule = RULES.get(self.rule, "")
        return f"from {self.source}, key {key}" + (f"; {rule}" if rule else "")


@dataclass(frozen=True)
class Match:
    """How an annotation and a dataset meet: cells with a row among all, keys that the dataset has among all."""

    cells: int
    n_cells: int
    found: int
    keys: int

    @property
    def lost(self) -> int:
        """Keys that are not in the dataset."""
        return self.keys - self.found


@dataclass(frozen=True)
class Kept:
    """An annotation with its table: the column `key` without repeats, and the columns under our names."""

    annotation: Annotation
    keys: pa.Array
    values: pa.Table

    @property
    def kinds(self) -> dict[str, Kind]:
        """What the columns hold."""
        return {field.name: kind_of(field.type) for field in self.values.schema}


def write(kept: Kept, path: Path) -> None:
    """The file of an annotation."""
    columns = [kept.keys, *kept.values.columns]
    names = [KEY, *(VALUE + name for name in kept.values.column_names)]
    note = json.dumps(asdict(kept.annotation), ensure_ascii=False).encode()
    table = pa.table(columns, names=names).replace_schema_metadata({NOTE: note})
    pq.write_table(table, path, compression="zstd")


def about(path: Path) -> Annotation:
    """Where a stored annotation comes from. DamagedError where the file cannot be read."""
    with reading(path):
        note = (pq.read_schema(path).metadata or {}).get(NOTE, b"")
    try:
        raw: dict[str, Any] = json.loads(note)
        raw = {name: value for name, value in raw.items() if name in {f.name for f in fields(Annotation)}}
        raw["left_out"] = tuple(LeftOut(**item) for item in raw.get("left_out", ()))
        return replace(Annotation(**raw), name=path.stem)
    except (ValueError, TypeError) as error:
        raise DamagedError(f"annotation {path.stem} cannot be read, it is damaged") from error


def read(path: Path) -> Kept:
    """A stored annotation with its table."""
    annotation = about(path)
    with reading(path):
        table = pq.read_table(path).replace_schema_metadata(None)
    values = table.drop_columns([KEY])
    values = values.rename_columns([name.removeprefix(VALUE) for name in values.column_names])
    return Kept(annotation, table.column(KEY).combine_chunks(), values)


def stored(place: Path) -> list[Annotation]:
    """The annotations of a dataset, in the order in which they were added."""
    found = [about(path) for path in (place / FOLDER).glob("*.parquet")]
    return sorted(found, key=lambda annotation: (annotation.order, annotation.name))


def rejoined(place: Path, meta: DatasetMeta) -> DatasetMeta:
    """The columns of all annotations in `place`, joined to a cell table that has none of them yet."""
    annotations = stored(place)
    if not annotations:
        return meta
    cells = read_cells(place)
    for annotation in annotations:
        cells, meta, _ = join(cells, meta, read(place / annotation.file))
    write_cells(cells, place / CELLS)
    return meta


def read_cells(place: Path) -> pa.Table:
    """The cell table of a dataset."""
    with reading(place / CELLS):
        return pq.read_table(place / CELLS)


def write_cells(cells: pa.Table, path: Path) -> None:
    """A cell table as a new file: what other generations share under this name is not touched."""
    new = path.with_name(f".{path.name}.new")
    pq.write_table(cells, new, compression="zstd", compression_level=1)
    new.replace(path)


def join(cells: pa.Table, meta: DatasetMeta, kept: Kept) -> tuple[pa.Table, DatasetMeta, Match]:
    """The cell table and its description with the columns of an annotation. Cells without a row are missing in them.

    Raises InputError where the dataset lacks the column that is matched, and for columns that it has already.
    """
    annotation = kept.annotation
    check_new(annotation.columns, meta)
    rows, match = rows_of(cells, meta, annotation.on, kept.keys)
    columns = dict(meta.columns)
    for name in annotation.columns:
        values = kept.values.column(name).take(rows)
        columns[name] = Column(kind_of(values.type), annotation.meaning)
        if name in cells.column_names:  # cell_type, which nothing has filled so far
            cells = cells.set_column(cells.column_names.index(name), name, values)
        else:
            cells = cells.append_column(name, values)
    ledger = replace(meta.ledger, notes=(*meta.ledger.notes, told(annotation, match)))
    return cells, replace(meta, columns=columns, ledger=ledger), match


def without(cells: pa.Table, meta: DatasetMeta, annotation: Annotation) -> tuple[pa.Table, DatasetMeta]:
    """The cell table and its description without the columns of an annotation."""
    columns = dict(meta.columns)
    for name in annotation.columns:
        if name == "cell_type":
            place = cells.column_names.index(name)
            cells = cells.set_column(place, name, pa.nulls(len(cells), pa.string()))
            columns[name] = Column("text", NO_TYPES)
        elif name in columns:
            cells = cells.drop_columns([name])
            del columns[name]
    notes = tuple(note for note in meta.ledger.notes if not note.startswith(_start(annotation)))
    return cells, replace(meta, columns=columns, ledger=replace(meta.ledger, notes=notes))


def _start(annotation: Annotation) -> str:
    return f"annotation {annotation.name}: "


def told(annotation: Annotation, match: Match) -> str:
    """What the ledger says: every row of the source is in it."""
    parts = [
        f"{match.cells:,} of {match.n_cells:,} cells have a row of {annotation.source}, the others are missing in "
        f"{', '.join(annotation.columns)}",
        f"{match.lost:,} of its {match.keys:,} keys are not in the dataset",
    ]
    for n, what in ((annotation.no_key, "no key"), (annotation.zero_key, "key 0")):
        if n:
            parts.append(f"{n:,} {'row has' if n == 1 else 'rows have'} {what}")
    parts += [f"column {item.column} left out: {item.reason}" for item in annotation.left_out]
    return _start(annotation) + "; ".join(parts)


def column_name(meta: DatasetMeta, on: str) -> str:
    """The column of the cell table that a name means. InputError, with the nearest, for one that keys cannot match."""
    name = meta.aliases.get(on, on)
    if name not in meta.columns:
        raise InputError(f"{meta.id} has no column '{on[:60]}' to match keys with", did_you_mean(on, meta.columns))
    if meta.columns[name].kind == "boolean":
        raise InputError(f"column '{name}' of {meta.id} is true or false: keys cannot be matched with it")
    return name


def check_new(columns: Sequence[str] | Mapping[str, str], meta: DatasetMeta) -> None:
    """InputError for columns that the dataset has, or derives, under that name already."""
    clashes = [name for name in columns if is_taken(name, meta)]
    if clashes:
        more = f" and {len(clashes) - 5} more" if len(clashes) > 5 else ""
        raise InputError(
            f"{meta.id} has columns of these names already: {', '.join(clashes[:5])}{more}",
            "a prefix (--prefix my_) tells them apart, --columns chooses others",
        )


def is_taken(name: str, meta: DatasetMeta) -> bool:
    """Whether a column of this name would hide one of the dataset; case does not tell names apart."""
    if name == "cell_type" and meta.columns["cell_type"].meaning == NO_TYPES:
        return False
    derived = {"out_degree", "in_degree", "out_synapses", "in_synapses", "x_um", "y_um", "z_um"}
    return name.lower() in {taken.lower() for taken in (*meta.columns, *meta.aliases, *derived)}


def rows_of(cells: pa.Table, meta: DatasetMeta, on: str, keys: pa.Array) -> tuple[pa.Array, Match]:
    """For each cell the row of its key (missing: it has none), and how many there are."""
    name = column_name(meta, on)
    values = cells.column(name)
    if pa.types.is_floating(values.type):
        raise InputError(f"column '{name}' of {meta.id} holds fractions: keys cannot be matched with it")
    if pa.types.is_integer(values.type) and not pa.types.is_integer(keys.type):
        raise InputError(
            f"the keys are names, such as '{keys[0].as_py() if len(keys) else ''}', but column '{name}' of {meta.id} "
            "holds whole numbers",
            "see which columns --key and --on name",
        )
    rows = pc.index_in(values, value_set=keys.cast(values.type), skip_nulls=True)
    rows = rows.combine_chunks() if isinstance(rows, pa.ChunkedArray) else rows
    with_row = len(rows) - rows.null_count
    return rows, Match(with_row, len(rows), len(pc.unique(rows.drop_null())), len(keys))


def kind_of(kind: pa.DataType) -> Kind:
    """What a column of the cell table holds."""
    if pa.types.is_boolean(kind):
        return "boolean"
    return "number" if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "text"
