"""What can be wrong with a cell set, and how much of anything one may hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from data_access.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from data_access.cellsets.known import IdReport

MAX_CHARACTERS = 5 * 1024 * 1024
MAX_IDS = 1_000_000
MAX_TOKENS = 100_000
MAX_STRING = 10_000
MAX_NAME = 128
MAX_DEPTH = 50
MAX_OPERATORS = 2_000
MAX_ARITHMETIC = 50
MAX_TEXT_TESTS = 100
MAX_FOLLOWS = 20
MAX_SETS = 50
MAX_SET_DEPTH = 4
MAX_DIGITS = 30
MAX_PATTERN = 500

_SUGGESTED_FROM = 2_000
_LONGEST_WORD = 64


class CellSetError(InputError):
    """A cell set that cannot be understood; `position` is the 1-based character, None where there is none."""

    def __init__(self, message: str, hint: str = "", position: int | None = None) -> None:
        super().__init__(f"at character {position}: {message}" if position is not None else message, hint)
        self.position = position


class UnknownValuesError(CellSetError):
    """A text column has none of these values; `column` and `values` say which."""

    def __init__(self, column: str, values: Sequence[str], choices: Iterable[str]) -> None:
        known = list(choices)
        if len(values) == 1:
            message = f"{column} has no value {shown(values[0])}"
        else:
            message = f"{column} has no values {listed(values, 3)}"
        super().__init__(message, suggestion(values[0], known) if known else f"{column} is empty in every cell")
        self.column = column
        self.values = tuple(values)


class UnknownIdsError(CellSetError):
    """Ids that are not in the dataset; `unknown_ids` holds all of them, in the order they were given.

    `report`: about all ids of the cell set, where whoever raises it knows. `elsewhere`: some are of other versions.
    """

    def __init__(self, ids: Sequence[str], hint: str, bare_word: bool = False) -> None:
        if bare_word:
            message = f"{shown(ids[0])} is neither a column nor a cell of this dataset"
        elif len(ids) == 1:
            message = f"cell {shorten(ids[0])} is not in this dataset"
        elif len(ids) <= 3:
            message = f"{len(ids)} cells are not in this dataset: {', '.join(map(shorten, ids))}"
        else:
            message = f"{len(ids):,} cells are not in this dataset, the first: {', '.join(map(shorten, ids[:3]))}"
        super().__init__(message, hint)
        self.unknown_ids = tuple(ids)
        self.report: IdReport | None = None
        self.elsewhere = False

    def from_elsewhere(self, told: Sequence[tuple[str, str]]) -> UnknownIdsError:
        """The same where some ids are known in other versions: of each a line that says it, and what to do."""
        other = UnknownIdsError(self.unknown_ids, joined_hints(*(hint for _, hint in told)))
        other.elsewhere = True
        lines = "; ".join(line for line, _ in told)
        other.message = lines if len(self.unknown_ids) == 1 else f"{self.message}. {lines}"
        return other


@dataclass
class Budget:
    """What one cell set, the stored ones in it included, has used so far of what it may use."""

    depth: int = 0
    used: dict[str, int] = field(default_factory=dict)

    def spend(self, what: str, limit: int, hint: str = "", amount: int = 1) -> None:
        """Count `amount` of `what`; CellSetError once there are more than `limit`."""
        self.used[what] = self.used.get(what, 0) + amount
        if self.used[what] > limit:
            raise CellSetError(f"a cell set may hold at most {limit:,} {what}", hint)

    def operator(self) -> None:
        """Count one comparison, `and`, `or`, `not` or method."""
        self.spend("operators", MAX_OPERATORS, "many values of one column go into a list: cell_type in ['a', 'b']")

    def enter(self, position: int) -> None:
        """Go one level deeper into parentheses, `not`, or a stored set."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise CellSetError(f"nested deeper than {MAX_DEPTH} levels", position=position)

    def leave(self) -> None:
        """Come back up one level."""
        self.depth -= 1


def joined_hints(*hints: str) -> str:
    """Several hints as one line; empty ones fall out."""
    return "; ".join(hint for hint in hints if hint).replace("?; ", "? ")


def shorten(text: str, length: int = 40) -> str:
    """`text` cut to `length`, with what does not print (control, direction marks) written as an escape."""
    cut = text if len(text) <= length else text[: length - 1] + "…"
    return cut if cut.isprintable() else repr(cut)[1:-1]


def shown(text: str) -> str:
    """`text` in quotes, shortened, safe to print in a message."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def listed(values: Sequence[str], most: int) -> str:
    """The first `most` values in quotes, and how many there are beyond."""
    named = ", ".join(shown(v) for v in values[:most])
    return named + (f" and {len(values) - most:,} more" if len(values) > most else "")


def suggestion(word: str, choices: Iterable[str]) -> str:
    """A hint with the choices nearest to `word`.

    Comparing with every one of 100,000 ids would take seconds, so of many choices only those that begin alike
    are looked at, and of words beyond 64 characters none.
    """
    names = [c for c in choices if len(c) <= _LONGEST_WORD]
    if not word or len(word) > _LONGEST_WORD:
        return ""
    if len(names) > _SUGGESTED_FROM:
        start = word[0].casefold()
        alike = [name for name in names if name[:1].casefold() == start]
        start = word[:2].casefold()
        if len(alike) > _SUGGESTED_FROM:
            alike = [name for name in alike if name[:2].casefold() == start]
        names = alike[:_SUGGESTED_FROM]
    return did_you_mean(word, names)
