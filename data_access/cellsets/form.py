"""A cell set as rows of a form: column, condition, values; and cells that are connected with others.

A form writes the text of a cell set, and a text that a form could have written can be read back into its rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from data_access.cellsets.connecting import FOLLOWS
from data_access.cellsets.parser import parse
from data_access.cellsets.problems import CellSetError, shown
from data_access.cellsets.schema import Schema
from data_access.cellsets.tree import (
    AllCells,
    And,
    Column,
    Comparator,
    Compare,
    Connected,
    Expr,
    Follow,
    Ids,
    IsMissing,
    IsTrue,
    Not,
    Number,
    OneOf,
    Or,
    Text,
    TextTest,
)
from data_access.cellsets.writing import write

Joined = Literal["and", "or"]
MISSING, GIVEN = "is missing", "is given"
COMPARED: dict[str, Comparator] = {"=": "==", "<": "<", "≤": "<=", ">": ">", "≥": ">="}
TESTS: dict[str, tuple[str, ...]] = {
    "text": ("is", "is not", "contains", "does not contain", "starts with", MISSING, GIVEN),
    "number": (*COMPARED, "≠", "between", MISSING, GIVEN),
    "boolean": ("is true", "is not true"),
    "id": ("is", "is not"),
}
TOWARDS: dict[Follow, str] = {
    "outputs_of": "receives from",
    "inputs_of": "sends to",
    "reciprocal_with": "connected both ways with",
}
MAX_ROWS = 50
MAX_VALUES = 300
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?")
_PARTED = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class ColumnRow:
    """What a column has to be. `values` as they stand in the form."""

    column: str
    test: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class FollowRow:
    """Connected with some cell of `cells`, a cell set of its own."""

    follow: Follow
    cells: str
    min_synapses: int = 1


Row = ColumnRow | FollowRow


@dataclass(frozen=True)
class Form:
    """Rows of which all (and) or some (or) hold."""

    rows: tuple[Row, ...] = ()
    joined: Joined = "and"


def text_of(form: Form, schema: Schema) -> str:
    """The cell set that the form means; rows that are not filled in yet are passed over.

    Raises CellSetError, naming the row, for one that cannot be.
    """
    if len(form.rows) > MAX_ROWS:
        raise CellSetError(f"a form has at most {MAX_ROWS} rows")
    parts: list[Expr] = []
    for number, row in enumerate(form.rows, 1):
        try:
            if (made := _made(row, schema)) is not None:
                parts.append(made)
        except CellSetError as error:
            raise CellSetError(f"row {number}: {error.message}", error.hint) from None
    if not parts:
        return ""
    tree = parts[0] if len(parts) == 1 else And(tuple(parts)) if form.joined == "and" else Or(tuple(parts))
    return write(tree, schema)


def form_of(expr: Expr, schema: Schema) -> Form | None:
    """The form that means the same, None for a cell set that needs more than rows."""
    if isinstance(expr, AllCells):
        return Form()
    joined: Joined = "or" if isinstance(expr, Or) else "and"
    parts = expr.parts if isinstance(expr, And | Or) else (expr,)
    rows: list[Row] = []
    for part in _merged(parts):
        row = part if isinstance(part, ColumnRow) else _row(part, schema)
        if row is None or (isinstance(row, ColumnRow) and len(row.values) > MAX_VALUES):
            return None
        rows.append(row)
    return Form(tuple(rows), joined) if len(rows) <= MAX_ROWS else None


def read(content: Mapping[str, Any]) -> Form:
    """A form from JSON: {"joined", "rows": [{"column", "test", "values"} or {"follow", "cells", "min_synapses"}]}.

    Raises CellSetError for anything else.
    """
    joined, rows = content.get("joined", "and"), content.get("rows", [])
    if joined not in get_args(Joined) or not isinstance(rows, list):
        raise CellSetError("a form has rows, joined by and or or")
    return Form(tuple(map(_read_row, rows)), joined)


def as_json(form: Form) -> dict[str, Any]:
    """What `read` reads."""
    rows = [
        {"column": row.column, "test": row.test, "values": list(row.values)}
        if isinstance(row, ColumnRow)
        else {"follow": row.follow, "cells": row.cells, "min_synapses": row.min_synapses}
        for row in form.rows
    ]
    return {"joined": form.joined, "rows": rows}


def _read_row(row: Any) -> Row:
    match row:
        case {"column": str(column), "test": str(test), "values": list(values)}:
            if all(isinstance(v, str) for v in values):
                return ColumnRow(column, test, tuple(values))
        case {"follow": str(follow), "cells": str(cells), "min_synapses": int(least)} if follow in FOLLOWS:
            return FollowRow(FOLLOWS[follow], cells, least)
    raise CellSetError("a row of a form has a column, a test and values, or follow, cells and min_synapses")


def _made(row: Row, schema: Schema) -> Expr | None:
    """The condition of one row, None while it is not filled in."""
    if isinstance(row, FollowRow):
        if not row.cells.strip():
            return None
        if not schema.connected:
            raise CellSetError("this table has no connections")
        if row.min_synapses < 1:
            raise CellSetError("at least 1 synapse makes a connection")
        return Connected(row.follow, parse(row.cells, schema, _named), row.min_synapses)
    column = schema.find(row.column)
    if column is None:
        raise CellSetError(f"no column {shown(row.column)}")
    if row.test not in TESTS[column.kind]:
        raise CellSetError(f"{column.name} has no test {shown(row.test)}")
    return _tested(column, row.test, [v for v in row.values if v.strip()], schema)


def _named(name: str) -> str:
    # The form only writes the name of a stored set, it does not look into it.
    return ""


def _tested(column: Column, test: str, values: list[str], schema: Schema) -> Expr | None:
    if column.kind == "boolean":
        return IsTrue(column) if test == "is true" else Not(IsTrue(column))
    if test in (MISSING, GIVEN):
        return IsMissing(column) if test == MISSING else Not(IsMissing(column))
    if not values:
        return None
    if column.kind == "number":
        return _number_test(column, test, values)
    if column.kind == "id":
        return _id_test(column, test, values, schema)
    if test in ("contains", "does not contain", "starts with"):
        found: Expr = TextTest(column, "startswith" if test == "starts with" else "contains", (values[0],))
        return Not(found) if test == "does not contain" else found
    one = OneOf(column, tuple(values))
    return Not(one) if test == "is not" else one


def _id_test(column: Column, test: str, values: list[str], schema: Schema) -> Expr:
    ids = tuple(i for value in values for i in ([value] if schema.ids_are_text else _PARTED.split(value.strip())) if i)
    if column.name != schema.id_column or (not schema.ids_are_text and not all(map(str.isdecimal, ids))):
        raise CellSetError(f"{column.name} needs whole-number ids")
    found = Ids(ids, column.name, schema.ids_are_text)
    return Not(found) if test == "is not" else found


def _number_test(column: Column, test: str, values: list[str]) -> Expr | None:
    numbers = [_number(column, value) for value in values]
    if test == "between":
        if len(numbers) < 2:
            return None
        return And((Compare(">=", column, Number(numbers[0])), Compare("<=", column, Number(numbers[1]))))
    if test == "≠":
        return Not(Compare("==", column, Number(numbers[0])))
    return Compare(COMPARED[test], column, Number(numbers[0]))


def _number(column: Column, text: str) -> int | float:
    text = text.strip().replace("−", "-")
    if not _NUMBER.fullmatch(text):
        raise CellSetError(f"{column.name} needs a number, not {shown(text)}")
    digits = text.lstrip("+-")
    return int(text) if digits.isdecimal() else float(text)


def _merged(parts: tuple[Expr, ...]) -> Iterator[Expr | ColumnRow]:
    """The parts, those that an `and` in parentheses holds (a between) as one row."""
    for part in parts:
        match part:
            case And((Compare(">=", Column(name) as a, Number(low)), Compare("<=", Column() as b, Number(high)))):
                if a == b:
                    yield ColumnRow(name, "between", (str(low), str(high)))
                    continue
        yield part


def _row(expr: Expr, schema: Schema) -> Row | None:
    match expr:
        case Connected(follow, cells, least) if not isinstance(cells, AllCells):
            return FollowRow(follow, write(cells, schema), least)
        case IsTrue(Column(name)):
            return ColumnRow(name, "is true")
        case Not(IsTrue(Column(name))):
            return ColumnRow(name, "is not true")
        case IsMissing(Column(name, "text" | "number")):
            return ColumnRow(name, MISSING)
        case Not(IsMissing(Column(name, "text" | "number"))):
            return ColumnRow(name, GIVEN)
        case Ids(ids, column):
            return ColumnRow(column, "is", ids)
        case Not(Ids(ids, column)):
            return ColumnRow(column, "is not", ids)
        case Not(Compare("==", Column(name, "number"), Number(value))):
            return ColumnRow(name, "≠", (str(value),))
        case Compare(operator, Column(name, "number"), Number(value)):
            return ColumnRow(name, next(t for t, c in COMPARED.items() if c == operator), (str(value),))
        case Compare("==", Column(name, "text"), Text(text)):
            return ColumnRow(name, "is", (text,))
        case Not(Compare("==", Column(name, "text"), Text(text))):
            return ColumnRow(name, "is not", (text,))
        case OneOf(Column(name, "text"), values) if values:
            return ColumnRow(name, "is", tuple(map(str, values)))
        case Not(OneOf(Column(name, "text"), values)) if values:
            return ColumnRow(name, "is not", tuple(map(str, values)))
        case TextTest(Column(name, "text"), "contains", (pattern,), False, False):
            return ColumnRow(name, "contains", (pattern,))
        case Not(TextTest(Column(name, "text"), "contains", (pattern,), False, False)):
            return ColumnRow(name, "does not contain", (pattern,))
        case TextTest(Column(name, "text"), "startswith", (pattern,), False, False):
            return ColumnRow(name, "starts with", (pattern,))
    return None
