"""The columns that a cell set may name, and where their values come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from data_access.cellsets.tree import Column
from data_access.graph import Graph

Kind = Literal["text", "number", "boolean", "id"]


@dataclass(frozen=True)
class Schema:
    """Names and kinds of the columns of one table.

    `columns`: name -> kind. `aliases`: further name -> column. `id_column`: the column of cell ids, None
    where rows are not cells; "cell_id" names it too. `ids_are_text`: ids are names, not whole numbers.
    `connected`: the source is a ConnectedSource, so that connections can be followed.
    """

    columns: Mapping[str, Kind]
    aliases: Mapping[str, str] = field(default_factory=dict)
    id_column: str | None = None
    ids_are_text: bool = False
    connected: bool = False

    def find(self, name: str) -> Column | None:
        """The column that `name` means, or None."""
        if name not in self.columns:
            name = self.aliases.get(name, self.id_column if name == "cell_id" and self.id_column else name)
        if name == self.id_column:
            return Column(name, "id")
        kind = self.columns.get(name)
        return Column(name, kind) if kind is not None else None

    def names(self) -> list[str]:
        """Every name that find() knows."""
        own = ["cell_id"] if self.id_column is not None else []
        return list(dict.fromkeys([*self.columns, *self.aliases, *own]))


class ColumnSource(Protocol):
    """A table whose n rows a cell set is evaluated on."""

    def column(self, name: str) -> pd.Series:
        """The n values: text (best Categorical), int64, float64, Int64, boolean; missing: NA, NaN, None."""

    def codes_of(self, ids: Sequence[str]) -> np.ndarray:
        """int64 row of each id, -1 for an id that the table does not have."""


@runtime_checkable
class ConnectedSource(ColumnSource, Protocol):
    """A table whose rows are the nodes of a graph."""

    @property
    def graph(self) -> Graph:
        """The connections between the rows."""
