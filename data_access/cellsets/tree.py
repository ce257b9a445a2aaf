"""The tree that a cell set is parsed to: frozen, comparable, without positions.

An operand has a value in every row (a column, a literal, arithmetic on them); a condition is true or false in
every row. A new operator is one more condition class here, one function in parser.py that builds it, one case in
evaluation.py and one in wording.py: `Connected` shows how.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Comparator = Literal["==", "<", "<=", ">", ">="]
TextTestName = Literal["startswith", "endswith", "contains", "match", "fullmatch"]
Follow = Literal["inputs_of", "outputs_of", "reciprocal_with"]


@dataclass(frozen=True)
class Column:
    """The values of a column."""

    name: str
    kind: Literal["text", "number", "boolean", "id"]


@dataclass(frozen=True)
class Number:
    """A number; whole ones are exact."""

    value: int | float


@dataclass(frozen=True)
class Text:
    """A text, also an id."""

    value: str


@dataclass(frozen=True)
class Truth:
    """True or False as a value to compare with."""

    value: bool


@dataclass(frozen=True)
class Arithmetic:
    """Two numbers joined by + - * or /."""

    operator: Literal["+", "-", "*", "/"]
    left: Operand
    right: Operand


@dataclass(frozen=True)
class CaseChanged:
    """A text column in lower or upper case."""

    column: Column
    to: Literal["lower", "upper"]


@dataclass(frozen=True)
class AllCells:
    """True everywhere: the empty text."""


@dataclass(frozen=True)
class Ids:
    """The cells with these ids.

    `like`: for a single bare word, a hint with columns that resemble it. `source`: where a pasted text had them from.
    """

    ids: tuple[str, ...]
    column: str
    are_text: bool
    bare_word: bool = field(default=False, compare=False, repr=False)
    like: str = field(default="", compare=False, repr=False)
    source: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class StoredSet:
    """A stored cell set, by the name after `set:`."""

    name: str
    condition: Expr


@dataclass(frozen=True)
class And:
    """Every part is true."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True)
class Or:
    """Some part is true."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True)
class Not:
    """The part is not true. `a != b` and `a not in [...]` are Not of == and of OneOf."""

    part: Expr


@dataclass(frozen=True)
class IsTrue:
    """A boolean column is true."""

    column: Column


@dataclass(frozen=True)
class Compare:
    """Two operands compared; false where either is missing. == also compares two conditions."""

    operator: Comparator
    left: Operand | Expr
    right: Operand | Expr


@dataclass(frozen=True)
class OneOf:
    """The operand equals one of the values, which are all text, all numbers or all booleans."""

    operand: Operand
    values: tuple[str, ...] | tuple[int | float, ...] | tuple[bool, ...]


@dataclass(frozen=True)
class IsMissing:
    """The operand has no value."""

    operand: Operand


@dataclass(frozen=True)
class TextTest:
    """A text begins with, ends with, contains or matches one of the patterns."""

    operand: Column | CaseChanged
    test: TextTestName
    patterns: tuple[str, ...]
    regex: bool = False
    ignore_case: bool = False


@dataclass(frozen=True)
class Connected:
    """Connected with some other cell of `cells` by at least `min_synapses` synapses; autapses do not count.

    inputs_of: onto it; outputs_of: from it; reciprocal_with: both ways, so many in each direction.
    """

    follow: Follow
    cells: Expr
    min_synapses: int = 1


Operand: TypeAlias = Column | Number | Text | Truth | Arithmetic | CaseChanged
Expr: TypeAlias = (
    AllCells | Ids | StoredSet | And | Or | Not | IsTrue | Compare | OneOf | IsMissing | TextTest | Connected
)

CONDITIONS = (AllCells, Ids, StoredSet, And, Or, Not, IsTrue, Compare, OneOf, IsMissing, TextTest, Connected)


def columns_of(expr: Expr) -> frozenset[str]:
    """Names of the columns that evaluating `expr` reads; the id column too where it names cells by id."""
    return frozenset(node.name if isinstance(node, Column) else node.column for node in _walk(expr))


def _walk(root: object) -> Iterator[Column | Ids]:
    waiting, met = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in met:
            continue
        met.add(id(node))
        if isinstance(node, Column | Ids):
            yield node
        elif isinstance(node, And | Or):
            waiting.extend(node.parts)
        elif hasattr(node, "__dataclass_fields__"):
            waiting.extend(value for value in vars(node).values() if not isinstance(value, tuple))
