"""The cell table of an import: joined to every id that occurs, with unknown partners kept apart as fragments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_access import staging
from data_access.columns import reading
from data_access.errors import InputError
from data_access.ids import IdIndex
from data_access.layouts import Roles
from data_access.metadata import Column, Kind, LeftOut
from data_access.settling import literal, quoted, relation, settle
from data_access.sources import TableFile, open_table
from data_access.staging import OWN, Part

POSITIONS = ("x_nm", "y_nm", "z_nm")
MEANINGS = {
    "cell_id": "id of the cell",
    "cell_type": "type of the cell; missing = untyped",
    "x_nm": "soma position, nm",
    "y_nm": "soma position, nm",
    "z_nm": "soma position, nm",
    "is_cell": "true for a cell of the cell table, false for a fragment (a partner that the table does not list)",
    "n_table_rows": "rows of the source's cell table with this id (more than one: several nuclei on one root)",
}
NO_TYPES = "not given"
KEPT_ONCE = "cell id on several rows: kept once, attributes on which the rows differ are missing"


@dataclass(frozen=True)
class StagedCells:
    """The source's cell table as SQL with settled types (empty `sql`: there is none), and what was left out.

    `n_cells`: distinct ids of the table. `aliases`: the file's name of a renamed column -> the column.
    """

    sql: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    roles: Roles | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    rows_read: int = 0
    n_cells: int = 0
    left_out: tuple[LeftOut, ...] = ()
    columns_left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def others(self) -> list[str]:
        """The table's own columns as staged."""
        return [name for name in self.types if name.startswith(OWN) and name != self.says_is_cell]

    @property
    def says_is_cell(self) -> str:
        """The table's own true/false column is_cell, which tells its cells from its fragments; "" for none."""
        return next((n for n, kind in self.types.items() if n == f"{OWN}is_cell" and kind == "BOOLEAN"), "")

    def columns(self, path: Path, given: Mapping[str, str]) -> dict[str, Column]:
        """Kinds and meanings of the columns of cells.parquet."""
        found = {}
        for column in pq.read_schema(path):
            kind: Kind = "id" if column.name == "cell_id" else _kind(column.type)
            meaning = given.get(column.name) or MEANINGS.get(column.name, "")
            if column.name == "cell_type" and "cell_type" not in self.types:
                meaning = NO_TYPES
            found[column.name] = Column(kind, meaning)
        return found


def _kind(kind: pa.DataType) -> Kind:
    if pa.types.is_boolean(kind):
        return "boolean"
    return "number" if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "text"


def staged(
    con: duckdb.DuckDBPyConnection, files: Sequence[Path], roles_of: Callable[[TableFile], Roles], scratch: Path,
    progress: Callable[[str, int], None],
) -> StagedCells:  # fmt: skip
    """Stage the cell files; one row a cell.

    Left out and counted: rows without an id, and rows with id 0 where that is the background. Where an id stands on
    several rows the cell is kept once, and an attribute on which the rows differ becomes missing.
    """
    if not files:
        return StagedCells()
    parts: list[Part] = []
    roles: list[Roles] = []
    for number, path in enumerate(files):
        table = open_table(path)
        role = roles_of(table)
        names = ["cell_id", "cell_type", "n_table_rows", *(POSITIONS if role.position else ())]
        target = scratch / f"cells-{number}.parquet"
        parts.append(staging.stage(table, role, target, lambda n: progress("cells", n), names))
        roles.append(role)
    staging.same_roles(parts, roles)
    settled = settle(con, parts, roles[0].segments)
    types = dict(settled.types)
    source = f"({relation(parts, types)})"
    is_zero = "cell_id = 0" if types["cell_id"] == "BIGINT" and roles[0].zero_is_background else "false"
    row = con.execute(
        f"SELECT count(*), count(*) FILTER (WHERE cell_id IS NULL), count(*) FILTER (WHERE {is_zero}), "
        f"count(DISTINCT cell_id) FILTER (WHERE NOT ({is_zero})) FROM {source}"
    ).fetchone()
    assert row is not None
    read, no_id, zeros, distinct = row
    repeated = read - no_id - zeros - distinct
    columns = [quoted(name) for name in types if name != "cell_id"]
    there = f"{source} WHERE cell_id IS NOT NULL AND NOT ({is_zero})"
    sql = f"SELECT {', '.join(['cell_id', *columns])} FROM {there}"
    if repeated:
        agreed = [f"CASE WHEN min({c}) = max({c}) THEN min({c}) END AS {c}" for c in columns]
        types["n_table_rows"] = "BIGINT"
        sql = f"SELECT {', '.join(['cell_id', *agreed, 'count(*) AS n_table_rows'])} FROM {there} GROUP BY cell_id"
    reasons = [(no_id, "no cell id"), (zeros, "cell id 0"), (repeated, KEPT_ONCE)]
    return StagedCells(
        sql,
        types,
        roles[0],
        _aliases(parts[0], roles[0]),
        read,
        distinct,
        tuple(LeftOut(reason, count) for count, reason in reasons if count),
        (*staging.columns_left_out(parts), *settled.left_out),
        (*staging.notes(parts, roles), *settled.notes),
        tuple(p.source.path.name for p in parts),
    )


def _aliases(part: Part, roles: Roles) -> dict[str, str]:
    """The file's own names of renamed columns stay usable, unless another column has that name.

    Of positions only those that stand in the file in nm: another unit under the old name would mislead.
    """
    pairs = {part.origin[r]: r for r in ("cell_id", "cell_type") if r in part.origin}
    position = roles.position
    if position and len(position.columns) == 3 and position.nm_per_unit == (1.0, 1.0, 1.0):
        pairs |= dict(zip(position.columns, POSITIONS, strict=True))
    return {old: new for old, new in pairs.items() if old != new and OWN + old not in part.kinds}


def write(
    con: duckdb.DuckDBPyConnection, valid_rows: str, row_types: Mapping[str, str], cells: StagedCells, target: Path
) -> IdIndex:
    """Write cells.parquet, one row for every id of the cell table and of the rows, ascending; return the ids."""
    form = row_types["pre"]
    if cells.sql and form == "BIGINT" and cells.types["cell_id"] != "BIGINT":
        raise InputError(
            "the cell table's ids are text but the partners' ids are whole numbers: they cannot match",
            "see which column --cell-id names",
        )
    everyone = f"SELECT pre AS id FROM ({valid_rows}) UNION SELECT post FROM ({valid_rows})"
    join = ""
    if cells.sql:
        everyone += f" UNION SELECT CAST(cell_id AS {form}) FROM ({cells.sql})"
        join = f"LEFT JOIN ({cells.sql}) c ON n.id = CAST(c.cell_id AS {form})"
    con.execute(
        f"COPY (SELECT {', '.join(_selected(cells))} FROM ({everyone}) n {join} ORDER BY n.id) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    )
    return read_index(target)


def _selected(cells: StagedCells) -> list[str]:
    """SQL of the columns of cells.parquet; n are all ids, c is the cell table."""
    kind = "c.cell_type" if "cell_type" in cells.types else "NULL"
    columns = ["n.id AS cell_id", f"CAST({kind} AS VARCHAR) AS cell_type"]
    position = cells.roles.position if cells.roles else None
    if position and "x" in cells.types:
        pairs = zip("xyz", position.nm_per_unit, strict=True)
        columns += [f"CAST(c.{axis} AS DOUBLE) * {factor!r} AS {axis}_nm" for axis, factor in pairs]
    listed = "c.cell_id IS NOT NULL" if cells.sql else "true"
    if cells.says_is_cell:
        listed += f" AND coalesce(c.{quoted(cells.says_is_cell)}, true)"
    columns.append(f"({listed}) AS is_cell")
    columns += [f"c.{quoted(name)} AS {quoted(_final(name))}" for name in cells.others]
    return [*columns, "c.n_table_rows AS n_table_rows"] if "n_table_rows" in cells.types else columns


def _final(staged_name: str) -> str:
    """The name in cells.parquet; a column is_cell that is not true/false makes way for ours."""
    name = staged_name.removeprefix(OWN)
    return "is_cell_file" if name == "is_cell" else name


def read_index(path: Path) -> IdIndex:
    """The ids of a cells.parquet."""
    with reading(path):
        ids = pq.read_table(path, columns=["cell_id"]).column(0)
    whole = pa.types.is_integer(ids.type)
    return IdIndex(ids.to_numpy() if whole else np.array(ids.to_pylist(), dtype=object))
