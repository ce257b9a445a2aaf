"""A cell set in plain words, for the echo under the box in which it was written."""

from __future__ import annotations

import re
from collections.abc import Iterable

from data_access.cellsets.problems import shorten, shown
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
    Follow,
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

_LONGEST = 1_000
_LISTED = 8
_PLAIN = re.compile(r"[\w.+/-]+(?: [\w.+/-]+)*")
_COMPARED = {"==": "is", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_NEGATED = {comparator: words.replace("is", "is not", 1) for comparator, words in _COMPARED.items()}
_CONNECTED: dict[Follow, str] = {
    "inputs_of": "sends",
    "outputs_of": "receives",
    "reciprocal_with": "is connected both ways",
}
_NOT_CONNECTED: dict[Follow, str] = {
    "inputs_of": "does not send",
    "outputs_of": "does not receive",
    "reciprocal_with": "is not connected both ways",
}
_TOWARDS: dict[Follow, str] = {"inputs_of": "to", "outputs_of": "from", "reciprocal_with": "with"}
_TESTED = {"startswith": "starts with", "endswith": "ends with", "contains": "contains"}
_UNTESTED = {
    "startswith": "does not start with",
    "endswith": "does not end with",
    "contains": "does not contain",
}


def describe(expr: Expr, schema: Schema) -> str:
    """What the cell set means, in plain words and never empty; at most about 1,000 characters.

    "all cells", "3 cells by id", "cell_type is one of BC, MC and status_axon is true".
    """
    if isinstance(expr, AllCells) and schema.id_column is None:
        return "all rows"
    words = _Wording().condition(expr)
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


class _Wording:
    """The words for one tree; a stored set is spelled out where it is first named."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def condition(self, expr: Expr, negated: bool = False) -> str:
        """The words for a condition or its negation."""
        match expr:
            case AllCells():
                return "no cells" if negated else "all cells"
            case Ids(ids, source=source):
                return ("not " if negated else "") + _ids(ids) + (f", {source}" if source else "")
            case StoredSet():
                return ("not " if negated else "") + self.stored(expr)
            case And(parts):
                return self.joined(parts, "and", negated)
            case Or(parts):
                return self.joined(parts, "or", negated)
            case Not(part):
                return self.condition(part, not negated)
            case IsTrue(column):
                return f"{column.name} {'is not' if negated else 'is'} true"
            case Compare():
                return self.compared(expr, negated)
            case OneOf(operand, values):
                return f"{self.operand(operand)} {_values(values, negated)}"
            case IsMissing(operand):
                return f"{self.operand(operand)} {'is given' if negated else 'is missing'}"
            case TextTest():
                return self.tested(expr, negated)
            case Connected():
                return self.connected(expr, negated)

    def connected(self, expr: Connected, negated: bool) -> str:
        verb = (_NOT_CONNECTED if negated else _CONNECTED)[expr.follow]
        least = f"at least {expr.min_synapses:,} synapses" if expr.min_synapses > 1 else ""
        if expr.follow == "reciprocal_with":
            least = f"({least} each way)" if least else ""
        return " ".join(filter(None, [verb, least, _TOWARDS[expr.follow], self.cells(expr.cells, negated)]))

    def cells(self, expr: Expr, negated: bool) -> str:
        """The cells that others are connected with."""
        some = "any" if negated else "a"
        match expr:
            case AllCells():
                return f"{some} cell"
            case Ids(ids) if len(set(ids)) == 1:
                return _ids(ids)
            case Ids(ids, source=source):
                return f"{some if negated else 'one'} of {_ids(ids)}" + (f", {source}" if source else "")
            case StoredSet():
                return f"{some} cell of {self.stored(expr)}"
        words = self.condition(expr)
        if isinstance(expr, Connected):
            return f"{some} cell that {words}"
        return f"{some} cell where {f'({words})' if isinstance(expr, And | Or) else words}"

    def joined(self, parts: tuple[Expr, ...], word: str, negated: bool) -> str:
        words: list[str] = []
        length = 0
        for part in parts:
            words.append(f"({self.condition(part)})" if isinstance(part, And | Or) else self.condition(part))
            length += len(words[-1])
            if length > _LONGEST:
                break
        text = f" {word} ".join(words)
        return f"not ({text})" if negated else text

    def stored(self, expr: StoredSet) -> str:
        name = f"the stored set {shorten(expr.name)}"
        if expr.name in self._told:
            return name
        self._told.add(expr.name)
        return f"{name} ({self.condition(expr.condition)})"

    def compared(self, expr: Compare, negated: bool) -> str:
        words = (_NEGATED if negated else _COMPARED)[expr.operator]
        same = expr.operator == "==" and not isinstance(expr.right, Text | Number | Truth)
        if same:
            words = "differs from" if negated else "is the same as"
        return f"{self.side(expr.left)} {words} {self.side(expr.right)}"

    def side(self, node: Operand | Expr) -> str:
        if isinstance(node, Column | Number | Text | Truth | Arithmetic | CaseChanged):
            return self.operand(node)
        return f"({self.condition(node)})"

    def operand(self, operand: Operand) -> str:
        """A column's name, a value, or a formula."""
        match operand:
            case Column(name):
                return shorten(name)
            case Number(value):
                return str(value)
            case Text(text):
                return _plain(text)
            case Truth(truth):
                return "true" if truth else "false"
            case CaseChanged(column, to):
                return f"{shorten(column.name)} in {to} case"
            case Arithmetic("-", Number(0), right):
                return f"-({self.operand(right)})" if isinstance(right, Arithmetic) else f"-{self.operand(right)}"
            case Arithmetic(sign, left, right):
                ours, theirs = self.operand(left), self.operand(right)
                ours = f"({ours})" if isinstance(left, Arithmetic) else ours
                theirs = f"({theirs})" if isinstance(right, Arithmetic) else theirs
                return f"{ours} {sign} {theirs}"

    def tested(self, expr: TextTest, negated: bool) -> str:
        if expr.regex:
            what = {"contains": "contains", "match": "begins with", "fullmatch": "as a whole is"}[expr.test]
            words = f"{what} the pattern"
            if negated:
                return f"not ({self.tested(expr, False)})"
        else:
            words = (_UNTESTED if negated else _TESTED)[expr.test]
        patterns = " or ".join(shown(p) if expr.regex else _plain(p) for p in expr.patterns[:_LISTED])
        if len(expr.patterns) > _LISTED:
            patterns += f" or {len(expr.patterns) - _LISTED} more"
        ending = ", in upper or lower case" if expr.ignore_case else ""
        return f"{self.operand(expr.operand)} {words} {patterns}{ending}"


def _ids(ids: tuple[str, ...]) -> str:
    different = len(set(ids))
    return f"cell {shorten(ids[0])}" if different == 1 else f"{different:,} cells by id"


def _values(values: Iterable[str | int | float | bool], negated: bool) -> str:
    different = list(dict.fromkeys(values))
    words = [_plain(v) if isinstance(v, str) else str(v).lower() for v in different[:_LISTED]]
    if len(different) > _LISTED:
        words[-1] += f" and {len(different) - _LISTED:,} more"
    if not words:
        return "is anything" if negated else "is one of an empty list"
    if len(words) == 1:
        return f"is not {words[0]}" if negated else f"is {words[0]}"
    return f"is {'none' if negated else 'one'} of {', '.join(words)}"


def _plain(text: str) -> str:
    return shorten(text) if _PLAIN.fullmatch(text) else shown(text)
