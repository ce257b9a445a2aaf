"""A cell set on a table: one bool a row, column by column, never row by row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np
import pandas as pd

from data_access.cellsets import comparing, following
from data_access.cellsets.problems import (
    MAX_DIGITS,
    CellSetError,
    UnknownIdsError,
    UnknownValuesError,
    joined_hints,
    shown,
    suggestion,
)
from data_access.cellsets.schema import ColumnSource, ConnectedSource
from data_access.cellsets.tree import (
    CONDITIONS,
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
from data_access.cellsets.values import Numbers, Texts, Truths, Values, read_column
from data_access.graph import Graph

_EXAMPLES = 2_000
_INTEGER = re.compile(r"-?[0-9]++")


class SeenValues:
    """What a cell set names and what a table read in pieces turned out to hold.

    A value that one piece lacks may stand in the next, so evaluate(..., seen=...) refuses none; check() does,
    after the last piece.
    """

    def __init__(self) -> None:
        self._wanted: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._met: defaultdict[str, set[str]] = defaultdict(set)
        self._examples: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def note(self, column: str, wanted: Sequence[str], unknown: Sequence[str], choices: Iterable[str]) -> None:
        """One piece: of the `wanted` values it has all but the `unknown`, and `choices` are what it has."""
        self._wanted[column].update(dict.fromkeys(wanted))
        self._met[column].update(set(wanted).difference(unknown))
        if len(self._examples[column]) < _EXAMPLES:
            self._examples[column].update(dict.fromkeys(choices))

    def check(self) -> None:
        """UnknownValuesError for the values of a column that no piece had."""
        for column, wanted in self._wanted.items():
            if never := [value for value in wanted if value not in self._met[column]]:
                raise UnknownValuesError(column, never, self._examples[column])


def evaluate(expr: Expr, source: ColumnSource, n: int, seen: SeenValues | None = None) -> np.ndarray:
    """The rows that a cell set selects: bool (n,).

    A comparison with a missing value is False and `!=` is True, as in DataFrame.query; `not` negates the
    result. Whole numbers are compared exactly. Raises UnknownIdsError for ids that the table does not have,
    UnknownValuesError for values that a text column does not have (in ==, !=, in, not in), both unless `seen`
    collects them; CellSetError where a column does not hold what the schema says.
    """
    return np.array(_Evaluation(source, n, seen).mask(expr), dtype=bool)


class _Evaluation:
    """One table, with what was already read of it."""

    def __init__(self, source: ColumnSource, n: int, seen: SeenValues | None) -> None:
        self.source = source
        self.n = n
        self.seen = seen
        self._columns: dict[Column | CaseChanged, Values] = {}
        self._sets: dict[str, np.ndarray] = {}
        self._aligned: dict[tuple[object, object, bool], tuple[Texts, Texts]] = {}

    def mask(self, expr: Expr) -> np.ndarray:
        """Bool (n,); not to be written to."""
        match expr:
            case AllCells():
                return np.ones(self.n, dtype=bool)
            case Ids():
                return self.ids(expr)
            case StoredSet(name, condition):
                if name not in self._sets:
                    self._sets[name] = self.mask(condition)
                return self._sets[name]
            case And(parts):
                return reduce(np.logical_and, map(self.mask, parts))
            case Or(parts):
                return reduce(np.logical_or, map(self.mask, parts))
            case Not(part):
                return ~self.mask(part)
            case IsTrue(column):
                return self.truths(column).values
            case Compare():
                return self.compare(expr)
            case OneOf():
                return self.one_of(expr)
            case IsMissing(operand):
                return np.broadcast_to(self.value(operand).missing, (self.n,))
            case TextTest(operand):
                return comparing.passes(self.texts(operand), expr)
            case Connected(follow, cells, least):
                return following.FOLLOWED[follow](self.graph(), np.flatnonzero(self.mask(cells)), least)

    def graph(self) -> Graph:
        if not isinstance(self.source, ConnectedSource):
            raise CellSetError("this table has no connections to follow")
        return self.source.graph

    def ids(self, expr: Ids) -> np.ndarray:
        codes = np.asarray(self.source.codes_of(expr.ids), dtype=np.int64)
        known = codes >= 0
        if self.seen is not None:
            unknown = [expr.ids[i] for i in np.flatnonzero(~known)]
            self.seen.note(expr.column, expr.ids, unknown, ())
        elif not known.all():
            self.refuse_ids(expr, [expr.ids[i] for i in np.flatnonzero(~known)])
        found = np.zeros(self.n, dtype=bool)
        found[codes[known]] = True
        return found

    def refuse_ids(self, expr: Ids, unknown: list[str]) -> None:
        if not expr.are_text:
            raise UnknownIdsError(unknown, "ids belong to one version of a dataset: are these from the same one?")
        choices = pd.unique(self.source.column(expr.column).dropna())
        hints = [suggestion(unknown[0], map(str, choices)), expr.like]
        raise UnknownIdsError(unknown, joined_hints(*hints), expr.bare_word)

    def compare(self, expr: Compare) -> np.ndarray:
        left, right = expr.left, expr.right
        if isinstance(right, Text) and expr.operator == "==" and isinstance(left, Column | CaseChanged):
            texts = self.value(left)
            if isinstance(texts, Texts):
                return self.equals_text(left, texts, right.value)
        ours, theirs = self.side(left), self.side(right)
        if isinstance(ours, Truths) and isinstance(theirs, Truths):
            return comparing.compare_truths(ours, theirs)
        ours, theirs = self.alike(expr, ours, theirs)
        if isinstance(ours, Numbers) and isinstance(theirs, Numbers):
            return comparing.compare_numbers(expr.operator, ours, theirs, self.n)
        assert isinstance(ours, Texts)
        if isinstance(theirs, str):
            return comparing.compare_text(expr.operator, ours, theirs)
        assert isinstance(theirs, Texts)
        key = left, right, expr.operator != "=="
        if key not in self._aligned:
            self._aligned[key] = comparing.aligned(ours, theirs, ordered=key[2])
        return comparing.compare_texts(expr.operator, *self._aligned[key])

    def equals_text(self, operand: Column | CaseChanged, texts: Texts, value: str) -> np.ndarray:
        code = comparing.places_of(texts, [value])[0]
        self.check_known(operand, texts, [value], [value] if code < 0 else [])
        return texts.codes == code if code >= 0 else np.zeros(self.n, dtype=bool)

    def one_of(self, expr: OneOf) -> np.ndarray:
        ours, values = self.value(expr.operand), expr.values
        if isinstance(ours, Truths):
            return np.isin(ours.values, np.array(values, dtype=bool)) & ~ours.missing
        if isinstance(ours, Numbers):
            numbers = [_id_number(v, expr.operand) if isinstance(v, str) else v for v in values]
            return comparing.numbers_in(ours, numbers, self.n)
        wanted = list(dict.fromkeys(str(value) for value in values))
        codes = comparing.places_of(ours, wanted)
        self.check_known(expr.operand, ours, wanted, [wanted[i] for i in np.flatnonzero(codes < 0)])
        chosen = np.zeros(len(ours.distinct), dtype=bool)
        chosen[codes[codes >= 0]] = True
        return ours.spread(chosen)

    def check_known(self, operand: Operand, texts: Texts, wanted: list[str], unknown: list[str]) -> None:
        # Only a text column has a vocabulary to mistype; a column of other ids may well lack some of a list.
        column = operand.column if isinstance(operand, CaseChanged) else operand
        if not isinstance(column, Column) or column.kind != "text":
            return
        name = f"{column.name} in {operand.to} case" if isinstance(operand, CaseChanged) else column.name
        if self.seen is not None:
            self.seen.note(name, wanted, unknown, texts.distinct)
        elif unknown:
            raise UnknownValuesError(name, unknown, texts.distinct)

    def side(self, node: Operand | Expr) -> Values | str:
        """One side of a comparison."""
        if isinstance(node, CONDITIONS):
            return Truths(self.mask(node), np.zeros(self.n, dtype=bool))
        return node.value if isinstance(node, Text) else self.value(node)

    def value(self, operand: Operand) -> Values:
        """An operand's values; a literal number or truth stands for every row."""
        match operand:
            case Column():
                if operand not in self._columns:
                    self._columns[operand] = read_column(self.source.column(operand.name), operand)
                return self._columns[operand]
            case CaseChanged(column, to):
                if operand not in self._columns:
                    self._columns[operand] = comparing.change_case(self.texts(column), to)
                return self._columns[operand]
            case Arithmetic(sign, left, right):
                return comparing.arithmetic(sign, self.numbers(left), self.numbers(right))
            case Number(value):
                return Numbers(value)
            case Truth(truth):
                return Truths(np.full(self.n, truth), np.zeros(self.n, dtype=bool))
            case Text():
                raise TypeError("a text alone has no values")

    def texts(self, operand: Column | CaseChanged) -> Texts:
        values = self.value(operand)
        if not isinstance(values, Texts):
            raise CellSetError(f"{_name(operand)} holds numbers here, not text")
        return values

    def numbers(self, operand: Operand) -> Numbers:
        values = self.value(operand)
        assert isinstance(values, Numbers)
        return values

    def truths(self, column: Column) -> Truths:
        values = self.value(column)
        assert isinstance(values, Truths)
        return values

    def alike(self, expr: Compare, ours: Values | str, theirs: Values | str) -> tuple[Values | str, Values | str]:
        """Both sides as numbers or both as texts: an id written as 12 or '12' means the same."""
        if isinstance(ours, Numbers) == isinstance(theirs, Numbers):
            return ours, theirs
        number, text = (ours, theirs) if isinstance(ours, Numbers) else (theirs, ours)
        other = expr.left if isinstance(ours, Numbers) else expr.right
        assert isinstance(number, Numbers)
        if isinstance(text, str):
            changed: Values | str = Numbers(_id_number(text, other))
        elif isinstance(number.values, int):
            changed = str(number.values)
        else:
            raise CellSetError(
                f"{_name(expr.left)} and {_name(expr.right)} do not compare: one is text, the other numbers"
            )
        if isinstance(text, str):
            return (ours, changed) if isinstance(ours, Numbers) else (changed, theirs)
        return (changed, theirs) if isinstance(ours, Numbers) else (ours, changed)


def _id_number(text: str, column: object) -> int:
    if not _INTEGER.fullmatch(text) or len(text) > MAX_DIGITS:
        raise CellSetError(f"{_name(column)} holds whole-number ids, {shown(text)} is none")
    return int(text)


def _name(node: object) -> str:
    column = node.column if isinstance(node, CaseChanged) else node
    return column.name if isinstance(column, Column) else "a value"
