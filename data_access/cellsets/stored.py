"""Stored cell sets named inside a cell set: `set:NAME`."""

from __future__ import annotations

from collections.abc import Callable

from data_access.cellsets.problems import MAX_SET_DEPTH, MAX_SETS, Budget, CellSetError, shorten
from data_access.cellsets.tree import Expr, StoredSet
from data_access.errors import InputError, NotFoundError


class StoredSets:
    """The stored sets met while one text is read; each is looked up once, however often it is named."""

    def __init__(self, resolve: Callable[[str], str] | None, budget: Budget) -> None:
        self._resolve = resolve
        self._budget = budget
        self._met: dict[str, StoredSet] = {}
        self._open: list[str] = []

    def read(self, name: str, position: int, reader: Callable[[str], Expr]) -> StoredSet:
        """The set stored as `name`, its text read with `reader`; CellSetError where there is none."""
        if name in self._met:
            return self._met[name]
        text = self._text(name, position)
        self._open.append(name)
        self._budget.enter(position)
        try:
            self._met[name] = StoredSet(name, reader(text))
        except InputError as error:
            raise CellSetError(f"in set:{shorten(name)}, {error.message}", error.hint, position) from None
        self._budget.leave()
        self._open.pop()
        return self._met[name]

    def _text(self, name: str, position: int) -> str:
        if self._resolve is None:
            raise CellSetError("stored sets cannot be used here", "write out what the set holds", position)
        if name in self._open:
            raise CellSetError(f"the stored set {shorten(name)} names itself", position=position)
        if len(self._open) >= MAX_SET_DEPTH:
            message = f"stored sets are nested deeper than {MAX_SET_DEPTH} levels"
            raise CellSetError(message, position=position)
        self._budget.spend("stored sets", MAX_SETS)
        try:
            return self._resolve(name)
        except (NotFoundError, LookupError) as error:
            hint = error.hint if isinstance(error, NotFoundError) else ""
            raise CellSetError(f"there is no stored set {shorten(name)}", hint, position) from None
