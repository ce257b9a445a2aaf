"""An open dataset: its description, cells, graph and synapse rows. Reading only; safe to share between threads.

The graph is memory-mapped and cell columns are read when first asked for. DuckDB is opened on the first query of
each process, after any fork, with one cursor a query.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access import cells, cellsets, graph, store, stored_sets
from data_access.cellsets.tree import Ids
from data_access.columns import reading, series
from data_access.errors import DamagedError, InputError, NotFoundError, SynaptoscopeError, did_you_mean
from data_access.graph import Graph
from data_access.ids import SAFE_INTEGER, IdIndex, is_id_name
from data_access.metadata import Column, DatasetMeta
from data_access.staging import literal

MICROMETRES = {f"{axis}_um": f"{axis}_nm" for axis in "xyz"}
DEGREES = {
    "out_degree": "postsynaptic partners in this dataset, an autapse counted",
    "in_degree": "presynaptic partners in this dataset, an autapse counted",
    "out_synapses": "synapses made, in this dataset",
    "in_synapses": "synapses received, in this dataset",
}


MANY = 64  # ids that go into a query as they are


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

    def __init__(self, place: Path, meta: DatasetMeta) -> None:
        self.place = place
        self.meta = meta
        self._lock = threading.Lock()
        self._columns: dict[str, pd.Series] = {}
        self._con: duckdb.DuckDBPyConnection | None = None

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
            if source in have and name not in have:
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

    def _read_column(self, name: str) -> pd.Series:
        if name in MICROMETRES and name not in self.meta.columns and MICROMETRES[name] in self.meta.columns:
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
        """Code of one id; NotFoundError with the nearest ids."""
        code = int(self.codes_of([cell_id.strip()])[0])
        if code < 0:
            near = self.index.nearest(cell_id)
            raise NotFoundError(
                f"no cell {cell_id[:60]} in {self.meta.id}", did_you_mean(cell_id, near) if near else ""
            )
        return code

    def select(self, text: str, resolve_set: Callable[[str], str] | None = None) -> CellSet:
        """The cells that a cell-set text names (contract: Cell sets); empty = all cells, fragments included.

        `resolve_set` turns the name of a stored set into its text; by default those of the data folder are known.
        """
        if not text.strip():
            return CellSet("", np.arange(self.n_cells, dtype=np.int32), "all cells")
        schema = cellsets.Schema(
            columns={name: column.kind for name, column in self.columns.items()},
            aliases=dict(self.meta.aliases),
            id_column="cell_id",
            ids_are_text=self.index.is_text,
        )
        tree = cellsets.parse(text, schema, resolve_set or stored_sets.resolver(self.place.parent))
        mask = cellsets.evaluate(tree, self, self.n_cells)
        given = None
        if isinstance(tree, Ids):
            listed = self.codes_of(tree.ids)
            given = listed[np.sort(np.unique(listed, return_index=True)[1])].astype(np.int32)
        return CellSet(text, np.flatnonzero(mask).astype(np.int32), cellsets.describe(tree, schema), given)

    # -- rows ------------------------------------------------------------------------------------------------

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._con is None:
                self._con = duckdb.connect()
                self._con.execute("SET threads = 2")
                self._con.execute("SET memory_limit = '2GB'")
            return self._con.cursor()

    @property
    def has_synapses(self) -> bool:
        """Whether single synapse rows are stored (an edge list has none)."""
        return "synapses" in self.meta.capabilities

    @cached_property
    def synapse_schema(self) -> pa.Schema:
        """Columns of the synapse rows. Raises InputError where the dataset holds connections only."""
        if not self.has_synapses:
            raise InputError(f"{self.meta.id} holds connections, not single synapses",
                             "ask for connections instead")  # fmt: skip
        with reading(self.place / "synapses"):
            return pq.read_schema(self._synapse_files()[0]).remove_metadata()

    @cached_property
    def synapse_ids(self) -> tuple[str, ...]:
        """Columns of the synapse rows that hold ids, or whole numbers beyond 2**53: text in JSON."""
        found = {name for name in self.synapse_schema.names if is_id_name(name)}
        with reading(self.place / "synapses"):
            parts = [pq.read_metadata(path) for path in self._synapse_files()]
        for part in parts:
            for group in map(part.row_group, range(part.num_row_groups)):
                for column in map(group.column, range(group.num_columns)):
                    limits = column.statistics
                    whole = column.physical_type == "INT64" and limits is not None and limits.has_min_max
                    if whole and max(-limits.min, limits.max) > SAFE_INTEGER:
                        found.add(column.path_in_schema)
        return tuple(name for name in self.synapse_schema.names if name in found)

    def _synapse_files(self) -> list[Path]:
        found = sorted((self.place / "synapses").glob("*.parquet"))
        if not found:
            raise DamagedError(f"{self.meta.id}: its synapse files are missing")
        return found

    def synapse_batches(
        self, pre: np.ndarray | None, post: np.ndarray | None, limit: int | None = None, autapses: bool = True
    ) -> Iterator[pa.RecordBatch]:
        """Synapse rows from the pre codes onto the post codes (None = any), ordered by (pre_id, post_id, synapse_id).

        All columns of the synapse table. The files are in that order and are streamed in it: nothing is sorted, and
        memory does not grow with the rows. Raises InputError where the dataset holds connections only.
        """
        form = self.synapse_schema
        sides = {name: codes for name, codes in (("pre_id", pre), ("post_id", post)) if codes is not None}
        tests = [] if autapses else ["pre_id <> post_id"]
        tests += [self._near(name, codes) for name, codes in sides.items()]
        large = {name: self.index.arrow(codes) for name, codes in sides.items() if len(codes) > MANY}
        files = ", ".join(literal(str(path)) for path in self._synapse_files())
        query = f"SELECT * FROM read_parquet([{files}])" + (f" WHERE {' AND '.join(tests)}" if tests else "")
        if limit is not None and not large:
            query += f" LIMIT {int(limit)}"
        left = limit
        cursor = self._cursor()
        try:
            for batch in self._streamed(cursor, query):
                chosen = batch.cast(form)
                for name, wanted in large.items():
                    chosen = chosen.filter(pc.is_in(chosen.column(name), value_set=wanted))
                if left is not None:
                    chosen = chosen.slice(0, left)
                    left -= len(chosen)
                if len(chosen):
                    yield chosen
                if left == 0:
                    return
        finally:
            cursor.close()

    def _streamed(self, cursor: duckdb.DuckDBPyConnection, query: str) -> Iterator[pa.RecordBatch]:
        with reading(self.place / "synapses"):
            yield from cursor.sql(query).to_arrow_reader(131_072)

    def _near(self, side: str, codes: np.ndarray) -> str:
        """SQL that keeps rows whose `side` is among the cells of these codes; for many, between the first and last."""
        if len(codes) > MANY:
            first, last = (
                self._id_literal(self.index.ids[codes.min()]),
                self._id_literal(self.index.ids[codes.max()]),
            )
            return f"{side} BETWEEN {first} AND {last}"
        return f"{side} IN ({', '.join(self._id_literal(i) for i in self.index.ids[codes]) or 'NULL'})"

    def _id_literal(self, cell_id: object) -> str:
        return literal(str(cell_id)) if self.index.is_text else str(int(cell_id))  # type: ignore[call-overload]

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
    place = store.folder(data_dir, dataset_id)
    try:
        stat = (place / "dataset.json").stat()
    except FileNotFoundError:
        raise NotFoundError(f"dataset '{dataset_id}' has just been removed") from None
    stamp = (stat.st_mtime_ns, stat.st_ino)
    with _open_lock:
        known = _open.get((data_dir, dataset_id))
        if known is not None and known[0] == stamp:
            return known[1]
    opened = Dataset(place, store.read_meta(data_dir, dataset_id))
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
