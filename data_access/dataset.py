"""An open dataset: its description, cells, graph and synapse rows. Reading only; safe to share between threads.

The graph is memory-mapped and cell columns are read when first asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access import carry, cells, cellsets, graph, holding, metadata, skeletons, store, stored_sets
from data_access.cellsets.tree import Ids
from data_access.columns import reading, series
from data_access.errors import DamagedError, InputError, NotFoundError, SynaptoscopeError, did_you_mean
from data_access.graph import Graph
from data_access.ids import IdIndex
from data_access.metadata import Column, DatasetMeta
from data_access.skeletons import Skeleton
from data_access.synapse_rows import SynapseRows

LOOKED_UP = 3  # unknown ids of a set that are looked for in other versions
MICROMETRES = {f"{axis}_um": f"{axis}_nm" for axis in "xyz"}
DEGREES = {
    "out_degree": "postsynaptic partners in this dataset, an autapse counted",
    "in_degree": "presynaptic partners in this dataset, an autapse counted",
    "out_synapses": "synapses made, in this dataset",
    "in_synapses": "synapses received, in this dataset",
}


@dataclass(frozen=True)
class CellSet:
    """A set of cells: the text that names it, codes int32 ascending, and the same in plain words.

    `given`: the same codes in the order in which a list of ids names them; None for any other text.
    """

    text: str
    codes: np.ndarray
    echo: str
    given: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.codes)


class Dataset:
    """One generation of a dataset on disk."""

    def __init__(self, place: Path, meta: DatasetMeta, data_dir: Path | None = None) -> None:
        self.place = place
        self.meta = meta
        self.data_dir = data_dir or place.parent
        self._lock = threading.Lock()
        self._columns: dict[str, pd.Series] = {}

    @cached_property
    def graph(self) -> Graph:
        """The connection graph."""
        return graph.load(self.place / "graph", self.meta.measures)

    @cached_property
    def index(self) -> IdIndex:
        """Ids in ascending order: the position of an id is its code."""
        return cells.read_index(self.place / "cells.parquet")

    @property
    def n_cells(self) -> int:
        """Cells of the table and all partners."""
        return self.meta.n_cells

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Columns of the cell table with those derived from it (positions in um) and from the graph (degrees)."""
        have = dict(self.meta.columns)
        have |= {name: Column("number", meaning) for name, meaning in DEGREES.items() if name not in have}
        for name, source in MICROMETRES.items():
            if source in have and have[source].kind == "number" and name not in have:
                have[name] = Column("number", have[source].meaning.replace("nm", "um"))
        return have

    def column(self, name: str) -> pd.Series:
        """One column of the cell table, length n_cells in code order; text is categorical, missing is missing.

        Raises InputError with the nearest names for an unknown column.
        """
        name = self.meta.aliases.get(name, name)
        with self._lock:
            if name not in self._columns:
                self._columns[name] = self._read_column(name)
            return self._columns[name]

    def numbers(self, name: str) -> np.ndarray:
        """One column as float64 (n_cells,), missing as NaN. Raises InputError as `column` does."""
        return pd.to_numeric(self.column(name)).to_numpy(dtype=np.float64, na_value=np.nan)

    def _read_column(self, name: str) -> pd.Series:
        if name in MICROMETRES and name not in self.meta.columns and name in self.columns:
            nm = self._read_column(MICROMETRES[name])
            return (nm / 1000.0).rename(name)
        if name in DEGREES and name not in self.meta.columns:
            return pd.Series(self._degrees(name), name=name)
        if name not in self.meta.columns:
            raise InputError(f"{self.meta.id} has no column '{name}'", did_you_mean(name, self.columns))
        if name == "cell_id":
            ids = self.index.ids
            return pd.Series(ids, name=name, dtype=object if self.index.is_text else "int64")
        with reading(self.place / "cells.parquet"):
            values = pq.read_table(self.place / "cells.parquet", columns=[name]).column(0)
        return series(values, name)

    def _degrees(self, name: str) -> np.ndarray:
        side = self.graph.out if name.startswith("out") else self.graph.into
        if name.endswith("degree"):
            return np.diff(side.indptr)
        return np.add.reduceat(np.append(side.n_synapses, 0).astype(np.int64), side.indptr[:-1]) * (
            np.diff(side.indptr) > 0
        )

    @cached_property
    def is_cell(self) -> np.ndarray:
        """bool (n_cells,): in the cell table (or there is none), so no fragment."""
        return self.column("is_cell").to_numpy(dtype=bool)

    def codes_of(self, ids: Sequence[str]) -> np.ndarray:
        """int64 codes of ids as a user writes them, -1 where the dataset has none."""
        return self.index.codes_of_text(ids)

    def code_of(self, cell_id: str) -> int:
        """Code of one id; NotFoundError that says in which other version it is a cell, or with the nearest ids."""
        code = int(self.codes_of([cell_id.strip()])[0])
        if code < 0:
            if elsewhere := carry.where_is(self.data_dir, self, cell_id):
                raise NotFoundError(*elsewhere.told())
            near = self.index.nearest(cell_id)
            raise NotFoundError(
                f"no cell {cell_id[:60]} in {self.meta.id}", did_you_mean(cell_id, near) if near else ""
            )
        return code

    @cached_property
    def set_schema(self) -> cellsets.Schema:
        """What a cell set of this dataset may name."""
        return cellsets.Schema(
            columns={name: column.kind for name, column in self.columns.items()},
            aliases=dict(self.meta.aliases),
            id_column="cell_id",
            ids_are_text=self.index.is_text,
            connected=True,
        )

    def select(self, text: str, resolve_set: Callable[[str], str] | None = None) -> CellSet:
        """The cells that a cell-set text names (contract: Cell sets); empty = all cells, fragments included.

        `resolve_set` turns the name of a stored set into its text; by default those of the data folder are known.
        """
        if not text.strip():
            return CellSet("", np.arange(self.n_cells, dtype=np.int32), "all cells")
        return self.selected(text, self.set_tree(text, resolve_set))

    def set_tree(self, text: str, resolve_set: Callable[[str], str] | None = None) -> cellsets.Expr:
        """What a cell-set text means, not yet tried on the cells: columns and grammar are right, ids may not be."""
        return cellsets.parse(text, self.set_schema, resolve_set or stored_sets.resolver(self.data_dir))

    def selected(self, text: str, tree: cellsets.Expr) -> CellSet:
        """The cells of a text that was read already."""
        schema = self.set_schema
        try:
            mask = cellsets.evaluate(tree, self, self.n_cells)
        except cellsets.UnknownIdsError as error:
            raise self._said_where(error, cellsets.report(tree, self.codes_of)) from None
        given = None
        if isinstance(tree, Ids):
            listed = self.codes_of(tree.ids)
            given = listed[np.sort(np.unique(listed, return_index=True)[1])].astype(np.int32)
        return CellSet(text, np.flatnonzero(mask).astype(np.int32), cellsets.describe(tree, schema), given)

    def _said_where(self, error: cellsets.UnknownIdsError, ids: cellsets.IdReport) -> cellsets.UnknownIdsError:
        """The error about unknown ids, saying of the first of them in which other version they are cells."""
        asked = error.unknown_ids[:LOOKED_UP]
        told = [e.told() for cell in asked if (e := carry.where_is(self.data_dir, self, cell)) is not None]
        error = error.from_elsewhere(told) if told else error
        error.report = ids
        return error

    # -- rows ------------------------------------------------------------------------------------------------

    @property
    def has_synapses(self) -> bool:
        """Whether single synapse rows are stored (an edge list has none)."""
        return "synapses" in self.meta.capabilities

    @cached_property
    def synapses(self) -> SynapseRows:
        """The synapse rows. Raises InputError where the dataset holds connections only."""
        if not self.has_synapses:
            raise InputError(f"{self.meta.id} holds connections, not single synapses", "ask for connections instead")
        return SynapseRows(self.place / "synapses", self.index)

    @cached_property
    def synapses_by_post(self) -> SynapseRows:
        """The narrow copy in the order of the postsynaptic cells: ids, size and position, a cell's inputs in one place.

        Raises InputError where the dataset holds connections only.
        """
        _ = self.synapses
        return SynapseRows(self.place / "synapses_by_post", self.index)

    def skeleton(self, cell_id: str) -> Skeleton:
        """The skeleton of a cell, nm. NotFoundError without such a cell or file, InputError if it is damaged."""
        return skeletons.read(self.place, self.index.text([self.code_of(cell_id)])[0])

    @property
    def synapse_schema(self) -> pa.Schema:
        """Columns of the synapse rows. Raises InputError where the dataset holds connections only."""
        return self.synapses.schema

    @property
    def synapse_ids(self) -> tuple[str, ...]:
        """Columns of the synapse rows that hold ids, or whole numbers beyond 2**53: text in JSON."""
        return self.synapses.id_columns

    def synapse_batches(
        self, pre: np.ndarray | None, post: np.ndarray | None, limit: int | None = None, autapses: bool = True
    ) -> Iterator[pa.RecordBatch]:
        """Synapse rows from the pre codes onto the post codes (None = any), ordered by (pre_id, post_id, synapse_id).

        All columns of the synapse table, streamed. Raises InputError where the dataset holds connections only.
        """
        return self.synapses.batches(pre, post, limit, autapses)

    @cached_property
    def gap_junctions(self) -> pa.Table:
        """cell_a, cell_b, weight: one row an unordered pair; empty where the dataset has none."""
        path = self.place / "gap_junctions.parquet"
        if path.is_file():
            with reading(path):
                return pq.read_table(path)
        kind = pa.string() if self.index.is_text else pa.int64()
        return pa.schema([("cell_a", kind), ("cell_b", kind), ("weight", pa.int64())]).empty_table()


_open: dict[tuple[Path, str], tuple[tuple[int, int], Dataset]] = {}
_open_lock = threading.Lock()


def open_dataset(data_dir: Path, dataset_id: str) -> Dataset:
    """The dataset, opened once a process and again when its dataset.json has changed; NotFoundError if unknown."""
    place = store.folder(data_dir, dataset_id).resolve()  # of one that grows: the generation of this moment, for good
    try:
        stat = (place / "dataset.json").stat()
    except FileNotFoundError:
        raise NotFoundError(f"dataset '{dataset_id}' has just been removed") from None
    stamp = (stat.st_mtime_ns, stat.st_ino)
    with _open_lock:
        known = _open.get((data_dir, dataset_id))
        if known is not None and known[0] == stamp and known[1].place == place:
            return known[1]
    opened = Dataset(place, metadata.read(place / "dataset.json"), data_dir)
    holding.hold(place, opened)
    with _open_lock:
        _open[(data_dir, dataset_id)] = (stamp, opened)
    return opened


@dataclass(frozen=True)
class Broken:
    """A dataset folder that cannot be opened, and why."""

    id: str
    error: str


def list_datasets(data_dir: Path) -> list[DatasetMeta]:
    """Descriptions of the datasets that can be read, sorted by id."""
    return [m for m in survey(data_dir) if isinstance(m, DatasetMeta)]


def survey(data_dir: Path) -> list[DatasetMeta | Broken]:
    """Descriptions of all datasets, a broken one with its error, sorted by id."""
    found: list[DatasetMeta | Broken] = []
    for dataset_id in store.ids(data_dir):
        try:
            found.append(store.read_meta(data_dir, dataset_id))
        except SynaptoscopeError as error:
            found.append(Broken(dataset_id, error.message))
    return found


def touch(data_dir: Path, dataset_id: str) -> Dataset:
    """Open a dataset and read from its graph and its ids; raises SynaptoscopeError where that fails."""
    opened = open_dataset(data_dir, dataset_id)
    try:
        if len(opened.index) != opened.graph.n_nodes:
            raise SynaptoscopeError(f"{dataset_id}: cells and graph do not match")
        if opened.graph.n_connections:
            _ = int(opened.graph.out.idx[-1]), int(opened.graph.into.idx[-1])
        if opened.has_synapses:
            _ = opened.synapse_schema
    except (OSError, IndexError) as error:
        raise DamagedError(f"{dataset_id} cannot be read") from error
    return opened
