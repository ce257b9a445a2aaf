"""Which cells a pull is asked for: a cell set over the cell table of the version, before there is a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access import cellsets
from data_access.cells import POSITIONS
from data_access.cellsets.schema import Kind
from data_access.cellsets.tree import Ids
from data_access.columns import reading, series
from data_access.errors import InputError
from data_access.ids import integer_id


@dataclass(frozen=True)
class Asked:
    """Cells by id, int64 ascending; `strangers`: those of them that the cell table does not list. `echo`: in words."""

    text: str
    ids: np.ndarray
    strangers: np.ndarray
    echo: str


class CellRows:
    """The cell table of a version as cell sets see it: one row a nucleus, so one root id may stand on several rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._columns: dict[str, pd.Series] = {}

    @cached_property
    def schema(self) -> pa.Schema:
        """Columns of the table."""
        with reading(self.path):
            return pq.read_schema(self.path)

    @cached_property
    def ids(self) -> np.ndarray:
        """int64 root id of each row."""
        return self._read("cell_id").to_numpy(dtype=np.int64)

    def column(self, name: str) -> pd.Series:
        """One value a row."""
        if name not in self._columns:
            source = name.replace("_um", "_nm") if name not in self.schema.names else name
            values = self._read(source)
            self._columns[name] = values if source == name else values / 1000.0
        return self._columns[name]

    def codes_of(self, ids: Sequence[str]) -> np.ndarray:
        """First row of each id, -1 where the table has none."""
        order = np.argsort(self.ids, kind="stable")
        wanted = np.array([int(i) for i in ids], dtype=np.int64)
        place = np.searchsorted(self.ids[order], wanted)
        place = np.minimum(place, len(order) - 1)
        return np.where(self.ids[order][place] == wanted, order[place], -1) if len(order) else np.full(len(wanted), -1)

    def kinds(self) -> dict[str, Kind]:
        """Columns that a cell set may name."""
        found: dict[str, Kind] = {f.name: _kind(f.type) for f in self.schema if f.name != "cell_id"}
        for name in POSITIONS:
            if name in found:
                found.setdefault(name.replace("_nm", "_um"), found[name])
        return {**found, "cell_id": "id"}

    def _read(self, name: str) -> pd.Series:
        with reading(self.path):
            return series(pq.read_table(self.path, columns=[name]).column(0), name)


def _kind(kind: pa.DataType) -> Kind:
    if pa.types.is_boolean(kind):
        return "boolean"
    return "number" if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "text"


def _root(text: str) -> int:
    number = integer_id(text)
    if number is None or number <= 0:
        raise InputError(f"{text[:60]} is no root id", "a root id is a whole number above 0, of at most 19 digits")
    return number


def choose(table: CellRows, text: str) -> Asked:
    """The cells that `text` names. A root id with several rows is chosen only where all of them match.

    Ids may be those of fragments, which the table does not list. Raises InputError for an expression that names no
    cell, and for an empty one: all synapses of a volume cannot be pulled.
    """
    if not text.strip():
        raise InputError(
            "which cells? --cells is empty", 'such as "cell_type == \'BC\'", "status_axon" or a list of ids'
        )
    schema = cellsets.Schema(columns=table.kinds(), aliases={"pt_root_id": "cell_id"}, id_column="cell_id")
    tree = cellsets.parse(text, schema)
    echo = cellsets.describe(tree, schema)
    if isinstance(tree, Ids):
        ids = np.unique(np.array([_root(i) for i in tree.ids], dtype=np.int64))
    else:
        mask = cellsets.evaluate(tree, table, len(table.ids))
        ids = np.setdiff1d(table.ids[mask], table.ids[~mask])
    if not len(ids):
        raise InputError(
            f"no cell matches: {echo}", "the cell table of this version has none; see its columns and values"
        )
    return Asked(text, ids, np.setdiff1d(ids, table.ids), echo)
