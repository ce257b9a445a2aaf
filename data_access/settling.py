"""What the staged columns hold: one SQL type each, decided over all rows of all files.

So a word in row nineteen million of a column of numbers is found, and named with its row, and ids that are spelled
as floating point numbers are refused wherever they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import duckdb

from data_access.errors import InputError
from data_access.ids import FLOAT_PATTERN, INTEGER_PATTERN, SAFE_INTEGER, is_id_name
from data_access.metadata import Kind, LeftOut
from data_access.staging import FLOAT_ID, ID_ROLES, NUMBER_ROLES, OWN, ROLE_WORDS, TO_SETTLE, Part, float_ids

MISSING_WORDS = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None")
KINDS: dict[str, Kind] = {"BIGINT": "number", "DOUBLE": "number", "BOOLEAN": "boolean", "VARCHAR": "text"}
PARTNERS = ("pre", "post")
_DIGITS = r"^-?[0-9]+$"


@dataclass(frozen=True)
class Settled:
    """SQL type of every column kept (BIGINT, DOUBLE, BOOLEAN or VARCHAR), and what the ledger should tell."""

    types: Mapping[str, str]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def settle(con: duckdb.DuckDBPyConnection, parts: Sequence[Part], segments: bool = False) -> Settled:
    """Settle the types of all columns over all parts.

    Pre and post ids are whole numbers in all rows of both, or text in all. Left out: own columns that look like ids
    but are spelled as floats. Raises InputError for ids that are spelled as floats or exceed int64, for names where
    the ids are those of segments (or exceed 2**53), and for a word in a column of numbers; with file, row and value.
    """
    found: dict[str, list[str]] = {}
    for part in parts:
        decided = _decided(con, part)
        for name, kind in part.kinds.items():
            found.setdefault(name, []).append(decided.get(name, kind))
    types: dict[str, str] = {}
    left_out: list[LeftOut] = []
    notes: list[str] = []
    for name, kinds in found.items():
        kept = {kind for kind in kinds if kind != "EMPTY"}
        if name.startswith(OWN) and "DOUBLE" in kept and is_id_name(name.removeprefix(OWN)):
            left_out.append(LeftOut(FLOAT_ID, 0, next(p.file_name(name) for p in parts if name in p.kinds)))
            continue
        types[name] = _merged(kept, name)
        if name in ID_ROLES:
            _refuse_floats(con, parts, name, kinds)
        if name in NUMBER_ROLES and types[name] == "VARCHAR":
            raise first_word(con, parts, name)
    for roles in (PARTNERS, ("synapse_id",), ("cell_id",)):
        if any(types.get(role) == "VARCHAR" for role in roles):
            notes.append(_mixed(con, parts, roles, segments))
            types |= dict.fromkeys(roles, "VARCHAR")
    return Settled(types, tuple(left_out), tuple(note for note in notes if note))


def _merged(kinds: set[str], name: str) -> str:
    if name in ID_ROLES:
        return "BIGINT" if kinds == {"BIGINT"} else "VARCHAR"
    if len(kinds) == 1:
        return next(iter(kinds))
    if not kinds:
        return "BIGINT" if name in NUMBER_ROLES else "VARCHAR"
    return "DOUBLE" if kinds == {"BIGINT", "DOUBLE"} else "VARCHAR"


class _Counts(NamedTuple):
    """Rows of a text column that are there, and those of them that spell each kind of value."""

    there: int
    whole: int
    number: int
    truth: int
    missing: int
    floats: int

    def kind(self, is_id: bool) -> str:
        if is_id:
            # "NA" is a missing id among numbers, and a name among names.
            if self.floats and self.floats + self.whole + self.missing == self.there:
                return "DOUBLE"
            if self.there == 0:
                return "EMPTY"
            return "BIGINT" if self.whole and self.whole + self.missing == self.there else "VARCHAR"
        some = self.there - self.missing
        kinds = {"EMPTY": 0, "BIGINT": self.whole, "DOUBLE": self.number, "BOOLEAN": self.truth}
        return next((kind for kind, count in kinds.items() if count == some), "VARCHAR")


def _decided(con: duckdb.DuckDBPyConnection, part: Part) -> dict[str, str]:
    """Kinds of the columns of a part that came as text."""
    names = [name for name, kind in part.kinds.items() if kind == TO_SETTLE]
    if not names:
        return {}
    tests = []
    for name in names:
        c = quoted(name)
        number = f"regexp_full_match({c}, {literal(FLOAT_PATTERN)})"
        tests += [
            f"count(*) FILTER (WHERE {c} <> '')",
            f"count(*) FILTER (WHERE {whole_id(c) if name in ID_ROLES else whole_number(c)})",
            f"count(*) FILTER (WHERE {number})",
            f"count(*) FILTER (WHERE lower({c}) IN ('true', 'false', 't', 'f'))",
            f"count(*) FILTER (WHERE {is_missing(c)} AND {c} <> '')",
            f"count(*) FILTER (WHERE {number} AND NOT regexp_full_match({c}, {literal(_DIGITS)}))",
        ]
    row = con.execute(f"SELECT {', '.join(tests)} FROM {scan(part)}").fetchone()
    assert row is not None
    width = len(_Counts._fields)
    return {name: _Counts(*row[width * i : width * (i + 1)]).kind(name in ID_ROLES) for i, name in enumerate(names)}


def scan(part: Part) -> str:
    """SQL of the rows of a part, with file_row_number (from 0)."""
    return f"read_parquet({literal(str(part.path))}, file_row_number=true)"


def whole_number(c: str) -> str:
    """SQL: the text is a whole number of 64 bits."""
    return (
        f"(regexp_full_match(CAST({c} AS VARCHAR), {literal(INTEGER_PATTERN)}) AND try_cast({c} AS BIGINT) IS NOT NULL)"
    )


def whole_id(c: str) -> str:
    """SQL: the text is a whole number, spelled as such a number is (007 is a name)."""
    return f"({whole_number(c)} AND CAST(try_cast({c} AS BIGINT) AS VARCHAR) = {c})"


def is_missing(c: str) -> str:
    """SQL: the text stands for a missing value."""
    return f"{c} IN ('', {', '.join(literal(w) for w in MISSING_WORDS)})"


def _refuse_floats(con: duckdb.DuckDBPyConnection, parts: Sequence[Part], role: str, kinds: Sequence[str]) -> None:
    for part, kind in zip((p for p in parts if role in p.kinds), kinds, strict=True):
        if kind == "DOUBLE":
            c = quoted(role)
            spelled = (
                f"regexp_full_match({c}, {literal(FLOAT_PATTERN)}) AND NOT regexp_full_match({c}, {literal(_DIGITS)})"
            )
            row, text = first(con, part, role, spelled) or (0, "")
            raise float_ids(part.source.path.name, part.origin[role], role, f"row {row:,}: {text}: ")


def _mixed(con: duckdb.DuckDBPyConnection, parts: Sequence[Part], roles: Sequence[str], segments: bool) -> str:
    """What to tell where whole numbers and names stand together; InputError where ids cannot be names."""
    columns = [(part, role) for part in parts for role in roles if role in part.kinds]
    texts = [(part, role) for part, role in columns if part.kinds[role] == TO_SETTLE]
    digits = "regexp_full_match({c}, " + literal(_DIGITS) + ")"
    too_long = _first_of(con, texts, lambda c: f"{digits.format(c=c)} AND try_cast({c} AS BIGINT) IS NULL")
    word = _first_of(con, texts, lambda c: f"NOT {is_missing(c)} AND NOT {digits.format(c=c)}")
    if too_long and not word:
        raise InputError(f"{too_long} is beyond 64 bits", "ids are whole numbers up to 9223372036854775807, or names")
    if word is None:
        return ""
    beyond = f"try_cast({{c}} AS BIGINT) > {SAFE_INTEGER} OR try_cast({{c}} AS BIGINT) < -{SAFE_INTEGER}"
    if segments or _first_of(con, columns, lambda c: beyond.format(c=c)):
        raise InputError(f"{word} is not a whole number", "the other ids are, and 64-bit ids cannot be names")
    return f"{word} is a name, so all ids are taken as text" if _first_of(con, columns, whole_number) else ""


def _first_of(
    con: duckdb.DuckDBPyConnection, columns: Sequence[tuple[Part, str]], where: Callable[[str], str]
) -> str | None:
    """File, row, value and column of the first id that fulfils a condition, for a message."""
    for part, role in columns:
        found = first(con, part, role, where(quoted(role)))
        if found:
            place = f"in column '{part.origin[role]}' ({ROLE_WORDS[role]})"
            return f"{part.source.path.name}: row {found[0]:,}: '{found[1]}' {place}"
    return None


def first(con: duckdb.DuckDBPyConnection, part: Part, name: str, where: str) -> tuple[int, str] | None:
    """Row (the first is 1) and value of the first row of a part that fulfils a condition."""
    found = con.execute(
        f"SELECT file_row_number + 1, {quoted(name)} FROM {scan(part)} WHERE {where} ORDER BY file_row_number LIMIT 1"
    ).fetchone()
    return (int(found[0]), str(found[1])[:40]) if found else None


def first_word(con: duckdb.DuckDBPyConnection, parts: Sequence[Part], name: str) -> InputError:
    """The error for a column of numbers that holds text."""
    words = ROLE_WORDS.get(name, "numbers")
    for part in parts:
        if part.kinds.get(name) == "VARCHAR":
            return InputError(f"{part.source.path.name}: column '{part.file_name(name)}' holds text, not {words}")
        if part.kinds.get(name) == TO_SETTLE:
            c = quoted(name)
            bad = f"NOT {is_missing(c)} AND NOT regexp_full_match({c}, {literal(FLOAT_PATTERN)})"
            found = first(con, part, name, bad)
            if found:
                return InputError(
                    f"{part.source.path.name}: row {found[0]:,}: '{found[1]}' in column '{part.file_name(name)}' "
                    f"is not a number ({words})"
                )
    return InputError(f"column '{parts[0].file_name(name)}' does not hold {words}")


def relation(parts: Sequence[Part], types: Mapping[str, str]) -> str:
    """SQL of all parts as one table with settled types, plus part_number and row_number (1-based, in the file)."""
    pieces = []
    for number, part in enumerate(parts):
        columns = [f"{number} AS part_number", "file_row_number + 1 AS row_number"]
        columns += [f"{_cast(name, part.kinds.get(name), kind)} AS {quoted(name)}" for name, kind in types.items()]
        pieces.append(f"SELECT {', '.join(columns)} FROM {scan(part)}")
    return "\nUNION ALL\n".join(pieces)


def _cast(name: str, have: str | None, want: str) -> str:
    c = quoted(name)
    if have is None:
        return f"CAST(NULL AS {want})"
    if want == "VARCHAR" and have in (TO_SETTLE, "VARCHAR"):
        return f"nullif({c}, '')"
    if have != TO_SETTLE:
        return c if have == want else f"CAST({c} AS {want})"
    if want == "BOOLEAN":
        return f"CASE WHEN lower({c}) IN ('true', 't') THEN true WHEN lower({c}) IN ('false', 'f') THEN false END"
    return f"CASE WHEN NOT {is_missing(c)} THEN TRY_CAST({c} AS {want}) END"
