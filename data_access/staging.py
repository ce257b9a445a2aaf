"""From the files of an import to Parquet parts with known column names.

Each file is copied, batch by batch, to a Parquet part: the columns in a role under the role's name (pre, post,
synapse_id, size, weight, x, y, z, cell_id, cell_type), every other column as own.NAME, so that no name of a file can
meet a role. What the text in a column means is settled afterwards, over all rows (`settling`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_access.conversion import bracketed, elements, is_list, is_triple, plain
from data_access.errors import InputError
from data_access.ids import is_id_name
from data_access.layouts import Position, Roles
from data_access.metadata import LeftOut
from data_access.sources import TableFile

ID_ROLES = ("pre", "post", "synapse_id", "cell_id")
NUMBER_ROLES = ("size", "weight", "x", "y", "z")
ROLE_WORDS = {
    "pre": "presynaptic ids", "post": "postsynaptic ids", "synapse_id": "synapse ids", "cell_id": "cell ids",
    "size": "sizes", "weight": "synapse counts", "x": "positions", "y": "positions", "z": "positions",
    "cell_type": "cell types",
}  # fmt: skip
OWN = "own."
TO_SETTLE = "text?"
FLOAT_ID = "looks like an id but is stored as floating point numbers"


@dataclass(frozen=True)
class Part:
    """One file, staged: its Parquet copy and rows, and which column of the file each staged column came from.

    `kinds`: staged column -> SQL type, "text?" where `settling` decides. `origin`: role -> the file's column. `own`:
    final name -> the file's name of every other column. `left_out`: the file's name -> why it is not kept.
    """

    source: TableFile
    path: Path
    rows: int
    kinds: Mapping[str, str]
    origin: Mapping[str, str]
    own: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    def file_name(self, column: str) -> str:
        """What the file calls a staged column."""
        final = column.removeprefix(OWN)
        return self.own.get(final, final) if column.startswith(OWN) else self.origin.get(column, column)


@dataclass
class _Names:
    """Hands every own column a final name that nothing else has; case does not tell names apart in SQL."""

    taken: set[str]
    own: dict[str, str] = field(default_factory=dict)

    def final(self, name: str) -> str:
        free = name
        while free.lower() in self.taken:
            free += "_file"
        self.taken.add(free.lower())
        self.own[free] = name
        return free


def stage(
    table: TableFile, roles: Roles, target: Path, tick: Callable[[int], None], reserved: Iterable[str] = ()
) -> Part:
    """Copy a file to `target` (Parquet).

    `reserved`: names of the dataset's own columns; a file's column of such a name becomes NAME_file. Left out, with
    the reason in `left_out`: nested columns, and columns that look like ids but are stored as floats (their digits
    are gone). Raises InputError when a role's ids are stored as floats.
    """
    origin = _origins(roles)
    used = {*origin.values(), *_consumed(roles)}
    others = [name for name in table.names if name not in used]
    names = _Names({name.lower() for name in reserved})
    places: dict[str, dict[str, str]] = {}
    left_out: dict[str, str] = {}
    writer: pq.ParquetWriter | None = None
    rows = 0
    try:
        for batch in table.batches():
            columns = _role_columns(batch, origin, table)
            if roles.position:
                columns |= _axes(batch, roles.position, table)
            for name in others:
                pieces, why = ({}, left_out[name]) if name in left_out else _own(batch.column(name), name, table)
                if why:
                    left_out[name] = why
                elif name not in places:
                    places[name] = {axis: OWN + names.final(name + axis) for axis in pieces}
                columns |= {place: pieces[axis] for axis, place in places.get(name, {}).items() if axis in pieces}
            if writer is None:
                writer = pq.ParquetWriter(target, pa.table(columns).schema, compression="lz4")
            writer.write_table(_fitted(columns, writer.schema, batch.num_rows))
            rows += batch.num_rows
            tick(batch.num_rows)
    finally:
        if writer is not None:
            writer.close()
    if writer is None or rows == 0:
        raise InputError(f"{table.path.name} is empty: it has a header but no rows")
    gone = {place for name in left_out for place in places.get(name, {}).values()}
    kinds = {f.name: _kind(f.type, f.name, table.is_text) for f in writer.schema if f.name not in gone}
    own = {final: name for final, name in names.own.items() if OWN + final in kinds}
    return Part(table, target, rows, kinds, origin | _axis_origin(roles.position), own, left_out)


def _fitted(columns: Mapping[str, pa.Array], schema: pa.Schema, rows: int) -> pa.Table:
    """One batch in the form of the first; a column that a later batch cannot keep is empty from there."""
    return pa.table(
        {f.name: columns[f.name].cast(f.type) if f.name in columns else pa.nulls(rows, f.type) for f in schema}
    )


def _origins(roles: Roles) -> dict[str, str]:
    pairs = {
        "pre": roles.pre, "post": roles.post, "synapse_id": roles.synapse_id, "size": roles.size,
        "weight": roles.weight, "cell_id": roles.cell_id, "cell_type": roles.cell_type,
    }  # fmt: skip
    return {role: name for role, name in pairs.items() if name is not None}


def _consumed(roles: Roles) -> tuple[str, ...]:
    """Position columns that x, y and z replace. A cell's coordinates in voxels stay beside those in nm."""
    position = roles.position
    if position is None or (roles.cell_id and len(position.columns) == 3 and position.voxels):
        return ()
    return position.columns


def _axis_origin(position: Position | None) -> dict[str, str]:
    if position is None:
        return {}
    names = position.columns * 3 if len(position.columns) == 1 else position.columns
    return dict(zip("xyz", names, strict=True))


def _role_columns(batch: pa.RecordBatch, origin: dict[str, str], table: TableFile) -> dict[str, pa.Array]:
    columns = {}
    for role, name in origin.items():
        values = batch.column(name)
        column, why = plain(values, table.is_text)
        if column is not None and role in ID_ROLES and pa.types.is_floating(column.type):
            raise float_ids(table.path.name, name, role)
        if column is None:
            raise InputError(f"{table.path.name}: column '{name}' cannot hold {ROLE_WORDS[role]}: it {why}")
        if role in NUMBER_ROLES and pa.types.is_boolean(column.type):
            raise InputError(f"{table.path.name}: column '{name}' holds true/false, not {ROLE_WORDS[role]}")
        columns[role] = column
    return columns


def float_ids(file: str, name: str, role: str, example: str = "") -> InputError:
    """The error for ids stored as floating point numbers."""
    return InputError(
        f"{file}: {example}{ROLE_WORDS[role]} in column '{name}' are stored as floating point numbers, which cannot "
        "hold 64-bit ids exactly",
        "write them as int64 or text",
    )


def _axes(batch: pa.RecordBatch, position: Position, table: TableFile) -> dict[str, pa.Array]:
    if len(position.columns) == 3:
        return _role_columns(batch, dict(zip("xyz", position.columns, strict=True)), table)
    name = position.columns[0]
    values = batch.column(name)
    if is_list(values.type):
        if not is_triple(values):
            raise InputError(f"{table.path.name}: '{name}' must hold three numbers a row (x, y, z)")
        return elements(values)
    text, why = plain(values, table.is_text)
    if text is None or not pa.types.is_string(text.type):
        raise InputError(
            f"{table.path.name}: column '{name}' cannot hold positions: it {why or 'holds single numbers'}"
        )
    axes, bad = bracketed(text)
    if bad is not None:
        raise InputError(f"{table.path.name}: '{name}' holds '{bad[:40]}', not a position such as [1 2 3]")
    return axes


def _own(values: pa.Array, name: str, table: TableFile) -> tuple[dict[str, pa.Array], str]:
    """A column in no role: itself under "", a column of triples as _x, _y and _z; or why it can't be kept."""
    if pa.types.is_floating(values.type) and is_id_name(name):
        return {}, FLOAT_ID
    if is_triple(values):
        return {f"_{axis}": part for axis, part in elements(values).items()}, ""
    column, why = plain(values, table.is_text)
    return ({}, why) if column is None else ({"": column}, "")


def _kind(kind: pa.DataType, name: str, is_text: bool) -> str:
    """SQL type of a staged column. A binary file says what its own columns are; a text file does not."""
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_integer(kind):
        return "BIGINT"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    own_text = name.startswith(OWN) and not is_text
    return "VARCHAR" if own_text or name == "cell_type" else TO_SETTLE


def same_roles(parts: Sequence[Part], roles: Sequence[Roles]) -> None:
    """InputError where the files of one table do not agree on their columns, or on the unit of their positions."""
    first, unit = parts[0], roles[0].position.nm_per_unit if roles[0].position else None
    for part, role in zip(parts[1:], roles[1:], strict=True):
        missing = set(first.origin) ^ set(part.origin)
        if missing:
            held = [f"{p.source.path.name} has {', '.join(sorted(p.origin.values()))}" for p in (first, part)]
            raise InputError(f"the files do not hold the same columns: {'; '.join(held)}")
        if role.position and role.position.nm_per_unit != unit:
            names = f"{first.source.path.name} and {part.source.path.name}"
            raise InputError(f"the positions in {names} have different units", "import files of one unit at a time")


def columns_left_out(parts: Sequence[Part]) -> list[LeftOut]:
    """The columns of the files that were not staged, for the ledger."""
    return [LeftOut(why, 0, f"{p.source.path.name}: {name}") for p in parts for name, why in p.left_out.items()]


def notes(parts: Sequence[Part], roles: Sequence[Roles]) -> list[str]:
    """What the ledger tells about the reading: assumed units, and columns that had to change their name."""
    told = [role.note for role in roles if role.note]
    told += [
        f"column '{name}' of {part.source.path.name} is called '{final}' here: the name is taken"
        for part in parts
        for final, name in part.own.items()
        if final != name
    ]
    return list(dict.fromkeys(told))
