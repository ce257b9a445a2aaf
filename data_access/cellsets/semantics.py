"""What pieces of a cell set mean together: which comparisons make sense, what is an id, a column, a value."""

from __future__ import annotations

import math
import re
from typing import Literal, NoReturn

from data_access.cellsets.idlist import id_node
from data_access.cellsets.pieces import Bare, Node, Piece, ValueList
from data_access.cellsets.problems import (
    MAX_ARITHMETIC,
    MAX_DIGITS,
    MAX_TEXT_TESTS,
    Budget,
    CellSetError,
    joined_hints,
    shorten,
    shown,
    suggestion,
)
from data_access.cellsets.refusals import COLUMN_OF, VALUE_OF, mismatch, wrong_values
from data_access.cellsets.schema import Schema
from data_access.cellsets.tree import (
    CONDITIONS,
    Arithmetic,
    CaseChanged,
    Column,
    Comparator,
    Compare,
    Expr,
    IsTrue,
    Not,
    Number,
    OneOf,
    Operand,
    Text,
    Truth,
)
from data_access.errors import nearest

_MISSING_WORDS = frozenset(["none", "nan", "null", "na", "nat"])
_FLIPPED: dict[str, Comparator] = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_COMPARATORS: dict[str, Comparator] = {op: op for op in _FLIPPED.values()}
_INTEGER = re.compile(r"-?[0-9]++")
_NUMBER = re.compile(r"-?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+")
_AROUND_NUMBER = re.compile(r"[\s()]+")


class Semantics:
    """Builds conditions from pieces of one text; every refusal is a CellSetError with the position."""

    def __init__(self, text: str, schema: Schema, budget: Budget) -> None:
        self.text = text
        self.schema = schema
        self.budget = budget

    def source(self, piece: Piece) -> str:
        """How the piece was written, shortened."""
        return shorten(self.text[piece.start : piece.end].strip())

    def kind(self, piece: Piece) -> Literal["text", "number", "boolean", "id"]:
        """Kind of an operand's values; a bare word or a list has none and is refused."""
        node = piece.node
        if isinstance(node, Bare):
            self.refuse_unknown(piece, node)
        if isinstance(node, ValueList):
            raise CellSetError("a list stands only behind in, == and !=, or alone as ids", position=piece.position)
        if isinstance(node, Column):
            return node.kind
        if isinstance(node, Number | Arithmetic):
            return "number"
        return "text" if isinstance(node, Text | CaseChanged) else "boolean"

    def condition(self, piece: Piece) -> Expr:
        """The piece where a condition is expected: a boolean column, ids, or what is one already."""
        node, position = piece.node, piece.position
        if isinstance(node, CONDITIONS):
            return node
        if isinstance(node, Column) and node.kind == "boolean":
            return IsTrue(node)
        if isinstance(node, Number):
            return id_node([self.digits(piece)], self.schema, position=position)
        if isinstance(node, Text):
            return id_node([node.value], self.schema, position=position)
        if isinstance(node, Bare) and self.schema.id_column is not None and self.schema.ids_are_text:
            return id_node([node.word], self.schema, bare_word=True, position=position)
        if isinstance(node, ValueList) and "boolean" not in node.kinds:
            return id_node(list(node.texts), self.schema, position=position)
        source = self.source(piece)
        if isinstance(node, Truth):
            hint = "leave the set empty for all cells"
            raise CellSetError(f"{source} alone is no condition", hint, position)
        if isinstance(node, Column):
            is_text = node.kind == "text" or (node.kind == "id" and self.schema.ids_are_text)
            hint = f"such as {source} == 'name'" if is_text else f"such as {source} > 0"
            raise CellSetError(f"{source} is {COLUMN_OF[node.kind]} and needs a comparison", hint, position)
        raise CellSetError(f"{source} is {VALUE_OF[self.kind(piece)]} and needs a comparison", position=position)

    def refuse_unknown(self, piece: Piece, node: Bare) -> NoReturn:
        """CellSetError for a word that is no column."""
        if node.word.casefold() in _MISSING_WORDS:
            hint = "for missing values write COLUMN.isna() or COLUMN.notna()"
        else:
            hint = suggestion(node.word, self.schema.names())
        raise CellSetError(f"no column {shown(node.word)}", hint, piece.position)

    def number(self, text: str, position: int) -> int | float:
        """The number that `text` spells, whole ones exact."""
        if _INTEGER.fullmatch(text):
            if len(text) > MAX_DIGITS:
                raise CellSetError(f"{shorten(text)} has more than {MAX_DIGITS} digits", position=position)
            return int(text)
        value = float(text) if len(text) < 400 else math.inf
        if math.isinf(value):
            raise CellSetError(f"{shorten(text)} is too large a number", position=position)
        return value

    def arithmetic(self, operator: Literal["+", "-", "*", "/"], left: Piece, right: Piece) -> Piece:
        """left + right and so on, of numbers."""
        self.budget.spend("arithmetic operators", MAX_ARITHMETIC)
        nodes = [self._as_number(left, operator), self._as_number(right, operator)]
        return Piece(Arithmetic(operator, nodes[0], nodes[1]), left.start, right.end)

    def signed(self, operator: Literal["+", "-"], piece: Piece, start: int) -> Piece:
        """-x or +x of a number."""
        node = self._as_number(piece, operator)
        if operator == "-":
            if isinstance(node, Number):
                node = Number(-node.value)
            else:
                self.budget.spend("arithmetic operators", MAX_ARITHMETIC)
                node = Arithmetic("-", Number(0), node)
        return Piece(node, start, piece.end)

    def _as_number(self, piece: Piece, operator: str) -> Operand:
        kind = self.kind(piece)
        node = piece.node
        if isinstance(node, Column | Number | Arithmetic) and kind == "number":
            return node
        hint = "cell ids are names: compare them with == or in" if kind == "id" else ""
        message = f"{operator} needs a number, {self.source(piece)} is {VALUE_OF[kind]}"
        raise CellSetError(message, hint, piece.position)

    def comparison(self, operator: str, left: Piece, right: Piece) -> Expr:
        """left == right, and so on; `!=` is the negation of `==`, and == of a list means `in`."""
        self.budget.operator()
        if operator == "!=":
            return Not(self._comparison("==", left, right))
        return self._comparison(_COMPARATORS[operator], left, right)

    def _comparison(self, operator: Comparator, left: Piece, right: Piece) -> Expr:
        if operator == "==" and isinstance(left.node, ValueList):
            left, right = right, left
        if isinstance(right.node, ValueList):
            if operator != "==":
                raise CellSetError(f"{operator} compares with one value, not with a list", position=right.position)
            return self._one_of(left, right, right.node)
        if _is_plain(left.node) and not _is_plain(right.node):
            left, right, operator = right, left, _FLIPPED[operator]
        if isinstance(right.node, Bare) and isinstance(left.node, Column) and left.node.kind == "id":
            right = Piece(Text(right.node.word), right.start, right.end)
        kinds = self.kind(left), self._value_kind(left, operator, right)
        if not _names_column(left.node) and not _names_column(right.node):
            hint = suggestion(self.source(left), self.schema.names())
            raise CellSetError(f"neither side of {operator} names a column", hint, left.position)
        self._refuse_mismatch(operator, left, right, kinds)
        column, value = left.node, right.node
        if operator == "==" and self._is_own_id(column) and isinstance(value, Number | Text):
            text = value.value if isinstance(value, Text) else self.digits(right)
            return id_node([text], self.schema, position=right.position)
        if kinds[0] == "boolean" and operator == "==" and value == Truth(True):
            return self.condition(left)
        by_code = operator == "==" and isinstance(column, Column) and isinstance(value, Text)
        if not by_code and ("text" in kinds or kinds == ("id", "id")):
            self.text_test()
        assert not isinstance(column, Bare | ValueList)
        assert not isinstance(value, Bare | ValueList)
        return Compare(operator, column, value)

    def _value_kind(self, left: Piece, operator: str, right: Piece) -> Literal["text", "number", "boolean", "id"]:
        node = right.node
        missing = isinstance(node, Bare) and node.word.casefold() in _MISSING_WORDS
        if isinstance(node, Bare) and not missing and self.kind(left) == "text":
            like = nearest(node.word[:40], self.schema.names())
            quoted = f"text goes in quotes: {self.source(left)} {operator} {shown(node.word)}"
            columns = f"columns of a similar name: {', '.join(like)}" if like else ""
            raise CellSetError(f"no column {shown(node.word)}", joined_hints(quoted, columns), right.position)
        return self.kind(right)

    def text_test(self, amount: int = 1) -> None:
        """Count tests that look at every distinct text of a column."""
        hint = "many values of one column go into a list: x in ['a', 'b']"
        self.budget.spend("tests of text", MAX_TEXT_TESTS, hint, amount)

    def _refuse_mismatch(self, operator: str, left: Piece, right: Piece, kinds: tuple[str, str]) -> None:
        if kinds[0] == kinds[1] or ("id" in kinds and "boolean" not in kinds):
            if kinds[0] == "boolean" and operator != "==":
                raise CellSetError(f"{operator} compares numbers or text, not true or false", position=left.position)
            return
        raise mismatch(operator, (self.source(left), self.source(right)), kinds, left.node, right.node, right.position)

    def membership(self, left: Piece, right: Piece, negated: bool) -> Expr:
        """left in [...], left not in [...]."""
        self.budget.operator()
        values = right.node
        if isinstance(values, Text | Number | Truth) and self.text[right.start] == "(":
            text = values.value if isinstance(values, Text) else self.digits(right)
            values = ValueList((text,), frozenset([self.kind(right)]))
        if not isinstance(values, ValueList):
            example = self.source(right) if _is_literal(right.node) else "'a', 'b'"
            hint = f"such as in [{example}]"
            if isinstance(right.node, Column) and _is_literal(left.node):
                hint = f"write {self.source(right)} == {self.source(left)}"
            raise CellSetError("expected a list of values after 'in'", hint, right.position)
        found = self._one_of(left, right, values)
        return Not(found) if negated else found

    def _one_of(self, left: Piece, right: Piece, values: ValueList) -> Expr:
        kind = self.kind(left)
        node = left.node
        if not isinstance(node, Column | Arithmetic | CaseChanged):
            raise CellSetError(f"{self.source(left)} is no column", "the column stands on the left", left.position)
        if kind == "id":
            if "boolean" in values.kinds:
                raise CellSetError("True and False are no ids", position=right.position)
            if self._is_own_id(node) and values.texts:
                return id_node(list(values.texts), self.schema, position=right.position)
            if values.kinds == {"number"}:
                return OneOf(node, self._numbers(values, right.position))
            return OneOf(node, values.texts)
        if wrong := values.kinds - {kind}:
            raise wrong_values(self.source(left), kind, wrong, right.position)
        if kind == "number":
            return OneOf(node, self._numbers(values, right.position))
        if kind == "boolean":
            return OneOf(node, tuple(text == "True" for text in values.texts))
        return OneOf(node, values.texts)

    def _numbers(self, values: ValueList, position: int) -> tuple[int | float, ...]:
        longest = max(map(len, values.texts), default=0)
        if longest <= MAX_DIGITS and all(map(str.isdecimal, values.texts)):
            return tuple(map(int, values.texts))
        return tuple(self.number(text, position) for text in values.texts)

    def _is_own_id(self, node: Node) -> bool:
        return isinstance(node, Column) and node.name == self.schema.id_column

    def literal(self, piece: Piece) -> str:
        """A text or a number as an id."""
        return piece.node.value if isinstance(piece.node, Text) else self.digits(piece)

    def digits(self, piece: Piece) -> str:
        """A number as it was written, so that an id such as 007 keeps its zeros."""
        written = _AROUND_NUMBER.sub("", self.text[piece.start : piece.end])
        if _NUMBER.fullmatch(written) or not isinstance(piece.node, Number):
            return written
        return str(piece.node.value)


def _is_plain(node: Node) -> bool:
    return isinstance(node, Number | Text | Truth | Bare)


def _is_literal(node: Node) -> bool:
    return isinstance(node, Number | Text | Truth)


def _names_column(node: Node) -> bool:
    if isinstance(node, Arithmetic):
        return _names_column(node.left) or _names_column(node.right)
    return not isinstance(node, Number | Text | Truth | Bare | ValueList)
