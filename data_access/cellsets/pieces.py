"""What the parser holds while it reads: nodes of the tree, and what is not yet one, with their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from data_access.cellsets.tree import Expr, Operand


@dataclass(frozen=True)
class Bare:
    """A word that is no column: an id, or a mistake."""

    word: str


@dataclass(frozen=True)
class ValueList:
    """A list of plain values, as text; `kinds` has number, text, boolean and bare (words without quotes)."""

    texts: tuple[str, ...]
    kinds: frozenset[str]


Node: TypeAlias = Operand | Expr | Bare | ValueList


@dataclass(frozen=True)
class Piece:
    """A node and the part of the text that it was read from."""

    node: Node
    start: int
    end: int

    @property
    def position(self) -> int:
        """The 1-based character at which it begins."""
        return self.start + 1
