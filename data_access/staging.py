"""From the files of an import to one relation with settled types.

Each file is copied, batch by batch, to a Parquet part under fixed role names (pre, post, synapse_id, size, weight,
x, y, z) plus its own other columns. Types of text columns are then decided over all rows of all parts, so that a
word in row nineteen million is found, and named with its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.errors import InputError
from data_access.ids import FLOAT_PATTERN, INTEGER_PATTERN, is_id_name
from data_access.layouts import Position, Roles
from data_access.sources import TableFile

ID_ROLES = ("pre", "post", "synapse_id", "cell_id")
NUMBER_ROLES = ("size", "weight", "x", "y", "z")
ROLE_WORDS = {
    "pre": "presynaptic ids", "post": "postsynaptic ids", "synapse_id": "synapse ids", "cell_id": "cell ids",
    "size": "sizes", "weight": "synapse counts", "x": "positions", "y": "positions", "z": "positions",
}  # fmt: skip
MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
_XYZ = r"^\s*[\[\(]?\s*(?P<x>[-+0-9.eE]+)[\s,]+(?P<y>[-+0-9.eE]+)[\s,]+(?P<z>[-+0-9.eE]+)\s*[\]\)]?\s*$"


@dataclass(frozen=True)
class Part:
    """One file, staged: its Parquet copy, its rows, the name each role had in the file, and what was left out."""

    source: TableFile
    path: Path
    rows: int
    kinds: dict[str, str]
    origin: dict[str, str]
    left_out: dict[str, str] = field(default_factory=dict)


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def stage(table: TableFile, roles: Roles, target: Path, tick: Callable[[int], None]) -> Part:
    """Copy a file to `target` (Parquet) under role names.

    Left out, with the reason in `left_out`: nested columns, and columns that look like ids but are stored as floats
    (their digits are gone). Raises InputError when a role's ids are stored as floats.
    """
    origin = _origins(roles)
    used = set(origin.values()) | set(roles.position.columns if roles.position else ())
    others = [name for name in table.names if name not in used]
    writer: pq.ParquetWriter | None = None
    left_out: dict[str, str] = {}
    rows = 0
    try:
        for batch in table.batches():
            columns = _role_columns(batch, origin, table)
            if roles.position:
                columns |= _axes(batch, roles.position, table)
            for name in others:
                if name not in left_out:
                    plain, why = _plain(batch.column(name), name)
                    if plain is not None:
                        columns[_free(name, columns)] = plain
                    elif _is_triple(batch.column(name)):
                        columns |= {f"{name}_{a}": part for a, part in _elements(batch.column(name)).items()}
                    else:
                        left_out[name] = why
            piece = pa.table(columns)
            if writer is None:
                writer = pq.ParquetWriter(target, piece.schema, compression="zstd", compression_level=1)
            writer.write_table(piece.select(writer.schema.names).cast(writer.schema))
            rows += batch.num_rows
            tick(batch.num_rows)
    finally:
        if writer is not None:
            writer.close()
    if writer is None or rows == 0:
        raise InputError(f"{table.path.name} is empty: it has a header but no rows")
    kinds = {f.name: _kind(f.type) for f in writer.schema}
    return Part(table, target, rows, kinds, origin | _axis_origin(roles.position), left_out)


def _origins(roles: Roles) -> dict[str, str]:
    pairs = {
        "pre": roles.pre, "post": roles.post, "synapse_id": roles.synapse_id, "size": roles.size,
        "weight": roles.weight, "cell_id": roles.cell_id, "cell_type": roles.cell_type,
    }  # fmt: skip
    return {role: name for role, name in pairs.items() if name is not None}


def _axis_origin(position: Position | None) -> dict[str, str]:
    if position is None:
        return {}
    names = position.columns * 3 if len(position.columns) == 1 else position.columns
    return dict(zip("xyz", names, strict=True))


def _free(name: str, taken: dict[str, pa.Array]) -> str:
    """The name a file's own column keeps; `_file` is added where a role has taken it."""
    reserved = name in taken or name in (
        *ID_ROLES,
        *NUMBER_ROLES,
        "pre_id",
        "post_id",
        "x_nm",
        "y_nm",
        "z_nm",
    )
    return name + "_file" if reserved else name


def _role_columns(batch: pa.RecordBatch, origin: dict[str, str], table: TableFile) -> dict[str, pa.Array]:
    columns = {}
    for role, name in origin.items():
        values = batch.column(name)
        if role in ID_ROLES and pa.types.is_floating(values.type):
            raise float_ids(table.path.name, name, role)
        plain, why = _plain(values, name, keep_float=True)
        if plain is None:
            raise InputError(f"{table.path.name}: column '{name}' cannot hold {ROLE_WORDS.get(role, role)}: {why}")
        if role in NUMBER_ROLES and pa.types.is_boolean(plain.type):
            raise InputError(f"{table.path.name}: column '{name}' holds true/false, not {ROLE_WORDS[role]}")
        columns[role] = plain
    return columns


def float_ids(file: str, name: str, role: str) -> InputError:
    """The error for ids stored as floating point numbers."""
    return InputError(
        f"{file}: {ROLE_WORDS[role]} in column '{name}' are stored as floating point numbers, which cannot hold "
        "64-bit ids exactly",
        "write them as int64 or text",
    )


def _axes(batch: pa.RecordBatch, position: Position, table: TableFile) -> dict[str, pa.Array]:
    if len(position.columns) == 3:
        return {a: _number_or_text(batch.column(c)) for a, c in zip("xyz", position.columns, strict=True)}
    name = position.columns[0]
    values = batch.column(name)
    if _is_list(values.type):
        if not _is_triple(values):
            raise InputError(f"{table.path.name}: '{name}' must hold three numbers a row (x, y, z)")
        return _elements(values)
    text = values.cast(pa.string())
    parsed = pc.extract_regex(text, pattern=_XYZ)
    bad = pc.and_(pc.is_valid(text), pc.is_null(parsed))
    if pc.any(bad).as_py():
        shown = text.filter(bad)[0].as_py()
        raise InputError(f"{table.path.name}: '{name}' holds '{shown[:40]}', not a position such as [1 2 3]")
    return {a: pc.struct_field(parsed, i) for i, a in enumerate("xyz")}


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _is_triple(values: pa.Array) -> bool:
    """Whether every row that is there holds three numbers."""
    if not _is_list(values.type):
        return False
    kind = values.type.value_type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return False
    return not pc.any(pc.not_equal(pc.list_value_length(values), 3)).as_py()


def _elements(values: pa.Array) -> dict[str, pa.Array]:
    """The x, y and z of a column of triples."""
    plain = values.cast(pa.list_(values.type.value_type)) if pa.types.is_fixed_size_list(values.type) else values
    return {a: pc.list_element(_padded(plain), i) for i, a in enumerate("xyz")}


def _padded(values: pa.Array) -> pa.Array:
    """List rows that are missing become [null, null, null], so that elements can be taken."""
    if values.null_count == 0:
        return values
    empty = pa.scalar([None, None, None], type=values.type)
    return pc.if_else(pc.is_valid(values), values, empty)


def _number_or_text(values: pa.Array) -> pa.Array:
    return values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values


def _plain(values: pa.Array, name: str, keep_float: bool = False) -> tuple[pa.Array | None, str]:
    """A column as int64, float64, bool, text or time; or None and why it can't be kept."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _plain(values.dictionary_decode(), name, keep_float)
    if pa.types.is_floating(kind):
        if not keep_float and is_id_name(name):
            return None, "looks like an id but is stored as floating point numbers"
        return values.cast(pa.float64()), ""
    if pa.types.is_integer(kind):
        try:
            return values.cast(pa.int64()), ""
        except pa.ArrowInvalid:
            return None, "holds numbers beyond int64"
    if pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return values, ""
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return values.cast(pa.string()), ""
    if pa.types.is_decimal(kind):
        return values.cast(pa.float64()), ""
    if pa.types.is_temporal(kind):
        return values.cast(pa.string()), ""
    if pa.types.is_null(kind):
        return values.cast(pa.string()), ""
    return None, f"nested or binary values ({kind})"


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_integer(kind):
        return "BIGINT"
    return "DOUBLE" if pa.types.is_floating(kind) else "text?"


def settle(con: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> dict[str, str]:
    """SQL type of every column over all parts: BIGINT, DOUBLE, BOOLEAN or VARCHAR.

    Raises InputError for ids that are spelled as floats, and for a word in a column of numbers (with its row).
    """
    found: dict[str, set[str]] = {}
    for part in parts:
        texts = [name for name, kind in part.kinds.items() if kind == "text?"]
        decided = _text_kinds(con, part, texts)
        for name, kind in part.kinds.items():
            found.setdefault(name, set()).add(decided.get(name, kind))
    settled = {}
    for name, kinds in found.items():
        kinds.discard("EMPTY")
        settled[name] = _merged(kinds, name)
        if name in ID_ROLES and settled[name] == "DOUBLE":
            part = next(p for p in parts if name in p.origin)
            raise float_ids(part.source.path.name, part.origin[name], name)
        if name in ID_ROLES and settled[name] == "BOOLEAN":
            settled[name] = "VARCHAR"
        if name in NUMBER_ROLES and settled[name] == "VARCHAR":
            raise _first_word(con, parts, name)
    return settled


def _merged(kinds: set[str], name: str) -> str:
    if len(kinds) == 1:
        return next(iter(kinds))
    if not kinds:
        return "BIGINT" if name in NUMBER_ROLES else "VARCHAR"
    return "DOUBLE" if kinds == {"BIGINT", "DOUBLE"} else "VARCHAR"


def _text_kinds(con: duckdb.DuckDBPyConnection, part: Part, names: list[str]) -> dict[str, str]:
    if not names:
        return {}
    tests = []
    for name in names:
        c, missing = quoted(name), _is_missing(name)
        some = f"{c} IS NOT NULL AND NOT {missing}"
        whole = f"regexp_full_match({c}, {literal(INTEGER_PATTERN)}) AND try_cast({c} AS BIGINT) IS NOT NULL"
        number = f"regexp_full_match({c}, {literal(FLOAT_PATTERN)})"
        if name in ID_ROLES:  # digits beyond int64 are a name, not a float
            number += f" AND (contains({c}, '.') OR contains(lower({c}), 'e') OR try_cast({c} AS BIGINT) IS NOT NULL)"
        truth = f"lower({c}) IN ('true', 'false', 't', 'f')"
        tests += [
            f"count(*) FILTER (WHERE {some})",
            f"count(*) FILTER (WHERE {some} AND {whole})",
            f"count(*) FILTER (WHERE {some} AND ({number}))",
            f"count(*) FILTER (WHERE {some} AND {truth})",
        ]
    row = con.execute(f"SELECT {', '.join(tests)} FROM read_parquet({literal(str(part.path))})").fetchone()
    assert row is not None
    kinds = {}
    for i, name in enumerate(names):
        some, whole, number, truth = row[4 * i : 4 * i + 4]
        kinds[name] = (
            "EMPTY" if some == 0 else "BIGINT" if whole == some else "DOUBLE" if number == some
            else "BOOLEAN" if truth == some else "VARCHAR"
        )  # fmt: skip
    return kinds


def _is_missing(name: str) -> str:
    """Words that stand for a missing value; in an id column only the empty text does (a cell may be called NA)."""
    words = ("",) if name in ID_ROLES else MISSING_WORDS
    return f"{quoted(name)} IN ({', '.join(literal(w) for w in words)})"


def _first_word(con: duckdb.DuckDBPyConnection, parts: Sequence[Part], role: str) -> InputError:
    for part in parts:
        if part.kinds.get(role) != "text?":
            continue
        c = quoted(role)
        row = con.execute(
            f"SELECT {c}, file_row_number FROM read_parquet({literal(str(part.path))}, file_row_number=true) "
            f"WHERE {c} IS NOT NULL AND NOT {_is_missing(role)} "
            f"AND NOT regexp_full_match({c}, {literal(FLOAT_PATTERN)}) ORDER BY file_row_number LIMIT 1"
        ).fetchone()
        if row is not None:
            return InputError(
                f"{part.source.path.name}: row {row[1] + 1:,}: '{str(row[0])[:40]}' in column "
                f"'{part.origin[role]}' is not a number ({ROLE_WORDS[role]})"
            )
    return InputError(f"column '{role}' holds numbers in one file and text in another")


def relation(parts: Sequence[Part], types: dict[str, str]) -> str:
    """SQL of all parts as one table with settled types, plus part_number and row_number (1-based, in the file)."""
    pieces = []
    for number, part in enumerate(parts):
        columns = [f"{number} AS part_number", "file_row_number + 1 AS row_number"]
        for name, kind in types.items():
            columns.append(f"{_cast(name, part.kinds.get(name), kind)} AS {quoted(name)}")
        pieces.append(f"SELECT {', '.join(columns)} FROM read_parquet({literal(str(part.path))}, file_row_number=true)")
    return "\nUNION ALL\n".join(pieces)


def _cast(name: str, have: str | None, want: str) -> str:
    c = quoted(name)
    if have is None:
        return f"CAST(NULL AS {want})"
    if have != "text?":
        return c if have == want else f"CAST({c} AS {want})"
    if want == "VARCHAR":
        return f"nullif({c}, '')"
    if want == "BOOLEAN":
        return f"CASE WHEN lower({c}) IN ('true', 't') THEN true WHEN lower({c}) IN ('false', 'f') THEN false END"
    return f"CASE WHEN {_is_missing(name)} THEN NULL ELSE TRY_CAST({c} AS {want}) END"


def batches(con: duckdb.DuckDBPyConnection, sql: str, rows: int = 131_072) -> Iterator[pa.RecordBatch]:
    """The rows of a query as Arrow batches, never all at once."""
    cursor = con.cursor()
    try:
        yield from cursor.sql(sql).to_arrow_reader(rows)
    finally:
        cursor.close()
