"""A tree as text that parses to the same tree again: what the form and the repair of pasted ids put into the box."""

from __future__ import annotations

import re

from data_access.cellsets.lexer import KEYWORDS
from data_access.cellsets.methods import is_plain
from data_access.cellsets.schema import Schema
from data_access.cellsets.tree import (
    AllCells,
    And,
    Arithmetic,
    CaseChanged,
    Column,
    Compare,
    Connected,
    Expr,
    Ids,
    IsMissing,
    IsTrue,
    Not,
    Number,
    OneOf,
    Operand,
    Or,
    StoredSet,
    Text,
    TextTest,
    Truth,
)

_NAME = re.compile(r"[^\W\d]\w*")
_HARD = re.compile(r"[\\\n]|'.*\"|\".*'", re.DOTALL)
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_OPERANDS = Column | Number | Text | Truth | Arithmetic | CaseChanged


def quoted(text: str) -> str:
    """A text in quotes as the language reads it."""
    quote = '"' if "'" in text and '"' not in text else "'"
    escaped = "".join(_ESCAPES.get(c, c) for c in text)
    return quote + (escaped.replace("'", "\\'") if quote == "'" else escaped) + quote


def column_name(name: str) -> str:
    """A column as the language reads it: in backticks where its name is no plain word."""
    return name if _NAME.fullmatch(name) and name not in KEYWORDS else f"`{name}`"


def write(expr: Expr, schema: Schema) -> str:
    """The text of a cell set, empty for all cells."""
    if isinstance(expr, AllCells):
        return ""
    if isinstance(expr, Ids) and not any(map(_HARD.search, expr.ids) if expr.are_text else ()):
        return ", ".join(map(quoted, expr.ids) if expr.are_text else expr.ids)
    return _condition(expr, schema)


def _condition(expr: Expr, schema: Schema) -> str:
    match expr:
        case AllCells():
            return f"({column_name(schema.id_column or '')}.notna())"
        case Ids():
            return _ids(expr, "in")
        case StoredSet(name):
            return f"set:{name}"
        case And(parts) | Or(parts):
            word = " and " if isinstance(expr, And) else " or "
            return word.join(_inside(part, schema) for part in parts)
        case Not(part):
            return _negated(part, schema)
        case IsTrue(column):
            return column_name(column.name)
        case Compare(operator, left, right):
            return f"{_side(left, schema)} {operator} {_side(right, schema)}"
        case OneOf():
            return _one_of(expr, "in")
        case IsMissing(operand):
            return f"{_subject(operand)}.isna()"
        case TextTest():
            return _text_test(expr)
        case Connected(follow, cells, least):
            ending = f", min_synapses={least}" if least > 1 else ""
            inside = _condition(cells, schema) if isinstance(cells, AllCells) else write(cells, schema)
            return f"{follow}({inside}{ending})"


def _negated(part: Expr, schema: Schema) -> str:
    match part:
        case Ids():
            return _ids(part, "not in")
        case OneOf():
            return _one_of(part, "not in")
        case IsMissing(operand):
            return f"{_subject(operand)}.notna()"
        case Compare("==", left, right):
            return f"{_side(left, schema)} != {_side(right, schema)}"
    return f"not {_inside(part, schema)}"


def _inside(part: Expr, schema: Schema) -> str:
    text = _condition(part, schema)
    return f"({text})" if isinstance(part, And | Or) else text


def _ids(expr: Ids, word: str) -> str:
    return f"{column_name(expr.column)} {word} [{', '.join(map(quoted, expr.ids) if expr.are_text else expr.ids)}]"


def _one_of(expr: OneOf, word: str) -> str:
    values = ", ".join(quoted(v) if isinstance(v, str) else str(v) for v in expr.values)
    return f"{_operand(expr.operand)} {word} [{values}]"


def _text_test(expr: TextTest) -> str:
    patterns = ", ".join(map(quoted, expr.patterns))
    arguments = [patterns if len(expr.patterns) == 1 else f"[{patterns}]"]
    if expr.ignore_case:
        arguments.append("case=False")
    if expr.test == "contains" and not expr.regex and not all(map(is_plain, expr.patterns)):
        arguments.append("regex=False")
    return f"{_subject(expr.operand)}.str.{expr.test}({', '.join(arguments)})"


def _side(node: Operand | Expr, schema: Schema) -> str:
    return _operand(node) if isinstance(node, _OPERANDS) else f"({_condition(node, schema)})"


def _subject(operand: Operand) -> str:
    return f"({_operand(operand)})" if isinstance(operand, Arithmetic) else _operand(operand)


def _operand(operand: Operand) -> str:
    match operand:
        case Column(name):
            return column_name(name)
        case Number(value):
            return str(value)
        case Text(text):
            return quoted(text)
        case Truth(truth):
            return str(truth)
        case CaseChanged(column, to):
            return f"{column_name(column.name)}.str.{to}()"
        case Arithmetic(sign, left, right):
            ours, theirs = _operand(left), _operand(right)
            if isinstance(left, Arithmetic) and sign in "*/" and left.operator in "+-":
                ours = f"({ours})"
            return f"{ours} {sign} {f'({theirs})' if isinstance(right, Arithmetic) else theirs}"
