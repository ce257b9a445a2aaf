"""Which of the ids that a cell set names a dataset has, and the same set without the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from data_access.cellsets.tree import And, Connected, Expr, Ids, Not, Or, StoredSet


@dataclass(frozen=True)
class IdReport:
    """What was given: ids, how many of them twice or more often, and the different ones that are not there, in order.

    `left`: the cell set without those; None where it would be left without any id in some place.
    """

    n_given: int
    n_repeated: int
    n_known: int
    unknown: tuple[str, ...]
    left: Expr | None


def report(
    expr: Expr, codes_of: Callable[[Sequence[str]], np.ndarray], instead: Mapping[str, Sequence[str]] | None = None
) -> IdReport:
    """The ids of `expr`, those of stored sets and of operators in it included.

    `codes_of`: -1 for an id that is not there. `instead`: ids that stand for unknown ones in what is left.
    """
    found = _Found(codes_of, instead or {})
    left = found.without_unknown(expr)
    met = found.known | found.unknown
    return IdReport(
        found.n_given, found.n_given - len(met), len(found.known), tuple(found.unknown), None if found.emptied else left
    )


class _Found:
    def __init__(self, codes_of: Callable[[Sequence[str]], np.ndarray], instead: Mapping[str, Sequence[str]]) -> None:
        self._codes_of = codes_of
        self._instead = instead
        self.n_given = 0
        self.known: dict[str, None] = {}
        self.unknown: dict[str, None] = {}
        self.emptied = False

    def without_unknown(self, expr: Expr) -> Expr:
        """The same condition, itself where nothing is unknown in it."""
        match expr:
            case Ids(ids):
                return self._known(expr, ids)
            case And(parts) | Or(parts):
                kept = tuple(map(self.without_unknown, parts))
                return expr if all(a is b for a, b in zip(kept, parts, strict=True)) else type(expr)(kept)
            case Not(part):
                kept_part = self.without_unknown(part)
                return expr if kept_part is part else Not(kept_part)
            case Connected(_, cells):
                kept_cells = self.without_unknown(cells)
                return expr if kept_cells is cells else replace(expr, cells=kept_cells)
            case StoredSet(_, condition):
                # A stored set keeps its name only while nothing in it changes.
                kept_condition = self.without_unknown(condition)
                return expr if kept_condition is condition else kept_condition
        return expr

    def _known(self, expr: Ids, ids: tuple[str, ...]) -> Ids:
        there = (np.asarray(self._codes_of(ids)) >= 0).tolist()
        self.n_given += len(ids)
        self.known.update(dict.fromkeys(i for i, known in zip(ids, there, strict=True) if known))
        if all(there):
            return expr
        self.unknown.update(dict.fromkeys(i for i, known in zip(ids, there, strict=True) if not known))
        kept = [
            new for i, known in zip(ids, there, strict=True) for new in ([i] if known else self._instead.get(i, ()))
        ]
        self.emptied |= not kept
        return replace(expr, ids=tuple(dict.fromkeys(kept)))
