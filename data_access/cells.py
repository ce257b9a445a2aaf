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
from data_access.ids import IdIndex, text_ids
from data_access.layouts import CELL_IDS, Roles, connection_roles
from data_access.metadata import Column, Kind, LeftOut
from data_access.sources import TableFile, open_table
from data_access.staging import literal, quoted

GENERATED = ("cell_id", "cell_type", "x_nm", "y_nm", "z_nm", "is_cell")
KINDS: dict[str, Kind] = {"BIGINT": "number", "DOUBLE": "number", "BOOLEAN": "boolean", "VARCHAR": "text"}
MEANINGS = {
    "cell_id": "id of the cell",
    "cell_type": "type of the cell; missing = untyped",
    "x_nm": "soma position, nm",
    "y_nm": "soma position, nm",
    "z_nm": "soma position, nm",
    "is_cell": "true for a cell of the cell table, false for a fragment (a partner that the table does not list)",
    "n_table_rows": "rows of the source's cell table with this id (more than one: several nuclei on one root)",
}


@dataclass(frozen=True)
class StagedCells:
    """The source's cell table as SQL with settled types (empty `sql`: there is none), and what was left out."""

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
        """The table's own columns beside id, type and position."""
        taken = ("cell_id", "cell_type", "x", "y", "z", "part_number", "row_number", "n_table_rows")
        return [n for n in self.types if n not in taken]

    def columns(self, path: Path, given: Mapping[str, str]) -> dict[str, Column]:
        """Kinds and meanings of the columns of cells.parquet."""
        found = {}
        for column in pq.read_schema(path):
            kind: Kind = "id" if column.name == "cell_id" else _kind(column.type)
            meaning = given.get(column.name) or MEANINGS.get(column.name, "")
            if column.name == "cell_type" and "cell_type" not in self.types:
                meaning = "not given"
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

    Left out and counted: rows without an id, and rows with id 0. Where an id stands on several rows the cell is kept
    once, and an attribute on which the rows differ becomes missing.
    """
    if not files:
        return StagedCells()
    parts, roles = [], []
    for number, path in enumerate(files):
        table = open_table(path)
        role = roles_of(table)
        parts.append(staging.stage(table, role, scratch / f"cells-{number}.parquet", lambda n: progress("cells", n)))
        roles.append(role)
    types = staging.settle(con, parts)
    source = f"({staging.relation(parts, types)})"
    zero = "cell_id = 0" if types["cell_id"] == "BIGINT" else "false"
    row = con.execute(
        f"SELECT count(*), count(*) FILTER (WHERE cell_id IS NULL), count(*) FILTER (WHERE {zero}), "
        f"count(DISTINCT cell_id) FILTER (WHERE NOT ({zero})) FROM {source}"
    ).fetchone()
    assert row is not None
    read, no_id, zeros, distinct = row
    repeated = read - no_id - zeros - distinct
    others = [n for n in types if n not in ("cell_id", "part_number", "row_number")]
    there = f"{source} WHERE cell_id IS NOT NULL AND NOT ({zero})"
    sql = f"SELECT cell_id, {', '.join(quoted(n) for n in others) or 'true AS listed'} FROM {there}"
    if repeated:
        picked = [*(f"{_agreed(n)} AS {quoted(n)}" for n in others), "count(*) AS n_table_rows"]
        types["n_table_rows"] = "BIGINT"
        sql = f"SELECT cell_id, {', '.join(picked)} FROM {there} GROUP BY cell_id"
    reasons = [
        (no_id, "no cell id"),
        (zeros, "cell id 0"),
        (repeated, "cell id on several rows: kept once, attributes on which the rows differ are missing"),
    ]
    return StagedCells(
        sql, types, roles[0], _aliases(parts[0]), read, distinct,
        tuple(LeftOut(reason, count) for count, reason in reasons if count),
        tuple(LeftOut(why, 0, f"{p.source.path.name}: {n}") for p in parts for n, why in p.left_out.items()),
        tuple({r.position.assumed: 0 for r in roles if r.position and r.position.assumed}),
        tuple(p.source.path.name for p in parts),
    )  # fmt: skip


def _agreed(name: str) -> str:
    c = quoted(name)
    return f"CASE WHEN min({c}) = max({c}) THEN min({c}) END"


def _aliases(part: staging.Part) -> dict[str, str]:
    """The file's own names of the id and type columns stay usable, unless another column has that name."""
    pairs = {part.origin[r]: r for r in ("cell_id", "cell_type") if r in part.origin}
    return {old: new for old, new in pairs.items() if old != new and old not in part.kinds}


def write(
    con: duckdb.DuckDBPyConnection, valid_rows: str, row_types: Mapping[str, str], cells: StagedCells, target: Path,
    scratch: Path,
) -> IdIndex:  # fmt: skip
    """Write cells.parquet, one row for every id of the cell table and of the rows, ascending; return the ids."""
    is_text = row_types["pre"] == "VARCHAR" or row_types["post"] == "VARCHAR"
    form = "VARCHAR" if is_text else "BIGINT"
    if cells.sql and not is_text and cells.types["cell_id"] != "BIGINT":
        raise InputError(
            "the cell table's ids are text but the partners' ids are whole numbers: they cannot match",
            "see which column --cell-id names",
        )
    ends = f"SELECT CAST(pre AS {form}) AS id FROM ({valid_rows}) UNION SELECT CAST(post AS {form}) FROM ({valid_rows})"
    everyone = f"{ends} UNION SELECT CAST(cell_id AS {form}) FROM ({cells.sql})" if cells.sql else ends
    columns = ["n.id AS cell_id"]
    columns.append("c.cell_type AS cell_type" if "cell_type" in cells.types else "CAST(NULL AS VARCHAR) AS cell_type")
    if "cell_type" in cells.types and cells.types["cell_type"] != "VARCHAR":
        columns[-1] = "CAST(c.cell_type AS VARCHAR) AS cell_type"
    position = cells.roles.position if cells.roles else None
    if position and "x" in cells.types:
        pairs = zip("xyz", position.nm_per_unit, strict=True)
        columns += [f"CAST(c.{axis} AS DOUBLE) * {factor!r} AS {axis}_nm" for axis, factor in pairs]
    columns.append("c.cell_id IS NOT NULL AS is_cell" if cells.sql else "true AS is_cell")
    columns += [f"c.{quoted(n)} AS {quoted(n)}" for n in cells.others]
    if "n_table_rows" in cells.types:
        columns.append("c.n_table_rows AS n_table_rows")
    join = f"LEFT JOIN ({cells.sql}) c ON n.id = CAST(c.cell_id AS {form})" if cells.sql else ""
    con.execute(
        f"COPY (SELECT {', '.join(columns)} FROM ({everyone}) n {join} ORDER BY n.id) TO {literal(str(target))} "
        "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    )
    return read_index(target)


def read_index(path: Path) -> IdIndex:
    """The ids of a cells.parquet."""
    with reading(path):
        ids = pq.read_table(path, columns=["cell_id"]).column(0)
    whole = pa.types.is_integer(ids.type)
    return IdIndex(ids.to_numpy() if whole else np.array(ids.to_pylist(), dtype=object))


def listed(files: Sequence[Path], index: IdIndex, notes: list[str], option: str) -> np.ndarray | None:
    """bool (n,) of the cells named in files of ids: a table with a cell id column, or one id a line.

    None where no file is given. Ids that the dataset does not hold are counted in `notes`; InputError where none
    of a file's ids is in the dataset.
    """
    if not files:
        return None
    mask = np.zeros(len(index), dtype=bool)
    for path in files:
        names = _ids_in(path)
        codes = index.codes_of_text(names)
        if not (codes >= 0).any():
            raise InputError(f"{option} {path.name}: none of its {len(names):,} ids is in the dataset",
                             f"it starts with '{names[0][:40]}'" if names else "it is empty")  # fmt: skip
        mask[codes[codes >= 0]] = True
        unknown = int((codes < 0).sum())
        if unknown:
            notes.append(f"{option} {path.name}: {unknown:,} of its {len(names):,} ids are not in the dataset")
    return mask


def _ids_in(path: Path) -> list[str]:
    if not path.name.endswith((".parquet", ".feather", ".arrow", ".csv", ".csv.gz", ".tsv", ".tsv.gz")):
        try:
            return [line.strip().strip(",\"'") for line in path.read_text().splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read: {error}") from error
    table = open_table(path)
    known = next((n for n in CELL_IDS if n in table.names), None)
    if known is None:
        table = open_table(path, header=len(table.names) > 1)
        known = table.names[0]
    found: list[str] = []
    for batch in table.batches((known,)):
        column = batch.column(0)
        if pa.types.is_floating(column.type):
            raise staging.float_ids(path.name, known, "cell_id")
        found += [i for i in text_ids(column.to_pylist()) if i]
    return found


def gap_junctions(
    con: duckdb.DuckDBPyConnection, files: Sequence[Path], index: IdIndex, place: Path, scratch: Path
) -> int:
    """Write gap_junctions.parquet: one row an unordered pair (cell_a <= cell_b), weights of both orders' largest.

    A source that lists a pair in both directions describes one junction; the larger of the two weights is kept.
    Returns the number of pairs. InputError where a cell is unknown to the dataset.
    """
    if not files:
        return 0
    parts = []
    for number, path in enumerate(files):
        table = open_table(path)
        a, b = ("cell_a", "cell_b") if "cell_a" in table.names else (None, None)
        roles = connection_roles(table, a, b, None, ())
        parts.append(staging.stage(table, roles, scratch / f"gap-{number}.parquet", lambda n: None))
    types = staging.settle(con, parts)
    form = "VARCHAR" if index.is_text else "BIGINT"
    target = place / "gap_junctions.parquet"
    con.execute(
        f"COPY (SELECT least(a, b) AS cell_a, greatest(a, b) AS cell_b, max(weight) AS weight FROM "
        f"(SELECT CAST(pre AS {form}) AS a, CAST(post AS {form}) AS b, sum(weight) AS weight "
        f"FROM ({staging.relation(parts, types)}) WHERE weight > 0 GROUP BY 1, 2) GROUP BY 1, 2 ORDER BY 1, 2) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
    table = pq.read_table(target)
    for name in ("cell_a", "cell_b"):
        values = table.column(name)
        codes = index.codes(values.to_pylist() if index.is_text else values.to_numpy())
        if (codes < 0).any():
            raise InputError(f"gap junction of a cell the dataset does not hold: {values[int(np.argmax(codes < 0))]}")
    return table.num_rows
