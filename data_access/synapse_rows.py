"""The synapse rows of an open dataset, streamed from its Parquet files. Reading only; safe to share between threads.

DuckDB is opened on the first query of each process, after any fork, with one cursor a query.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.columns import reading
from data_access.errors import DamagedError
from data_access.ids import SAFE_INTEGER, IdIndex, is_id_name
from data_access.settling import literal
from data_access.sources import BATCH_ROWS

MANY = 64  # ids that go into a query as they are


class SynapseRows:
    """The rows in the Parquet files of a folder, sorted by (pre_id, post_id, synapse_id); `index`: the cells' ids.

    Raises DamagedError where a file is missing or cannot be read.
    """

    def __init__(self, folder: Path, index: IdIndex) -> None:
        self._folder = folder
        self._files = sorted(folder.glob("*.parquet"))
        if not self._files:
            raise DamagedError(f"{folder.parent.name}: its synapse files are missing")
        self._index = index
        self._lock = threading.Lock()
        self._con: duckdb.DuckDBPyConnection | None = None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._con is None:
                self._con = duckdb.connect()
                self._con.execute("SET threads = 2")
                self._con.execute("SET memory_limit = '2GB'")
            return self._con.cursor()

    @cached_property
    def schema(self) -> pa.Schema:
        """Columns of the rows."""
        with reading(self._folder):
            return pq.read_schema(self._files[0]).remove_metadata()

    @cached_property
    def id_columns(self) -> tuple[str, ...]:
        """Columns that hold ids, or whole numbers beyond 2**53: text in JSON."""
        found = {name for name in self.schema.names if is_id_name(name)}
        with reading(self._folder):
            parts = [pq.read_metadata(path) for path in self._files]
        for part in parts:
            for group in map(part.row_group, range(part.num_row_groups)):
                for column in map(group.column, range(group.num_columns)):
                    limits = column.statistics
                    whole = column.physical_type == "INT64" and limits is not None and limits.has_min_max
                    if whole and max(-limits.min, limits.max) > SAFE_INTEGER:
                        found.add(column.path_in_schema)
        return tuple(name for name in self.schema.names if name in found)

    def batches(
        self, pre: np.ndarray | None, post: np.ndarray | None, limit: int | None = None, autapses: bool = True
    ) -> Iterator[pa.RecordBatch]:
        """Rows from the pre codes onto the post codes (None = any), ordered by (pre_id, post_id, synapse_id).

        All columns. The files are in that order and are streamed in it: nothing is sorted, and memory does not grow
        with the rows.
        """
        form = self.schema
        sides = {name: codes for name, codes in (("pre_id", pre), ("post_id", post)) if codes is not None}
        tests = [] if autapses else ["pre_id <> post_id"]
        tests += [self._near(name, codes) for name, codes in sides.items()]
        large = {name: self._index.arrow(codes) for name, codes in sides.items() if len(codes) > MANY}
        files = ", ".join(literal(str(path)) for path in self._files)
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
        with reading(self._folder):
            yield from cursor.sql(query).to_arrow_reader(BATCH_ROWS)

    def _near(self, side: str, codes: np.ndarray) -> str:
        """SQL that keeps rows whose `side` is among the cells of these codes; for many, between the first and last."""
        if len(codes) > MANY:
            first, last = (self._id_literal(self._index.ids[code]) for code in (codes.min(), codes.max()))
            return f"{side} BETWEEN {first} AND {last}"
        return f"{side} IN ({', '.join(self._id_literal(i) for i in self._index.ids[codes]) or 'NULL'})"

    def _id_literal(self, cell_id: object) -> str:
        return literal(str(cell_id)) if self._index.is_text else str(int(cell_id))  # type: ignore[call-overload]
