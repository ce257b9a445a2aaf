"""The synapse rows of a dataset on disk: sorted by (pre, post) with all columns, and narrow by (post, pre)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.columns import reading
from data_access.errors import SynaptoscopeError
from data_access.graph import Graph, Orientation
from data_access.ids import IdIndex
from data_access.rows import POSITIONS, Rows
from data_access.settling import literal

BY_PRE, BY_POST = "synapses", "synapses_by_post"
ROW_GROUP = 131_072
NARROW = ("post_id", "pre_id", "synapse_id", "size", *POSITIONS)


def write(table: Rows, place: Path) -> None:
    """Write both copies of the rows that are kept."""
    whole = _copy(table, place / BY_PRE, table.kept(), "pre_id, post_id, synapse_id")
    have = pq.read_schema(whole).names
    narrow = ", ".join(name for name in NARROW if name in have)
    source = f"SELECT {narrow} FROM read_parquet({literal(str(whole))})"
    _copy(table, place / BY_POST, source, "post_id, pre_id, synapse_id")


def _copy(table: Rows, folder: Path, source: str, order: str) -> Path:
    folder.mkdir()
    target = folder / "part-0.parquet"
    table.con.execute(
        f"COPY (SELECT * FROM ({source}) ORDER BY {order}) TO {literal(str(target))} "
        f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    return target


def check(place: Path, dataset_id: str, graph: Graph, index: IdIndex) -> None:
    """Compare both copies row by row with the graph; SynaptoscopeError where order, pairs, counts or sizes differ.

    Independent of the way in which the graph was made: it walks along the rows once and never sums in a database.
    """
    for name, side, ends in (
        (BY_PRE, graph.out, ("pre_id", "post_id")), (BY_POST, graph.into, ("post_id", "pre_id")),
    ):  # fmt: skip
        files = sorted((place / name).glob("*.parquet"))
        if not files:
            raise SynaptoscopeError(f"{dataset_id}: the synapse rows in {name}/ are missing")
        with reading(place / name):
            rows = sum(pq.read_metadata(file).num_rows for file in files)
            same = rows == graph.n_synapses and _follow(files, ends, side, index)
        if rows != graph.n_synapses:
            raise SynaptoscopeError(f"{dataset_id}: {rows:,} rows in {name}/ but {graph.n_synapses:,} in the graph")
        if not same:
            raise SynaptoscopeError(f"{dataset_id}: the rows in {name}/ are not those of the graph, or not in order")


def _follow(files: Sequence[Path], ends: tuple[str, str], side: Orientation, index: IdIndex) -> bool:
    """Whether the rows are the graph's connections, each as often as it has synapses, in the graph's order."""
    edge, used, sized = 0, 0, 0.0
    with_sizes = side.sum_size is not None
    columns = [*ends, "size"] if with_sizes else list(ends)
    for file in files:
        with pq.ParquetFile(file) as source:
            for batch in source.iter_batches(ROW_GROUP, columns=columns):
                counts = side.n_synapses[edge : edge + batch.num_rows].astype(np.int64)
                if len(counts) == 0:
                    return False
                counts[0] -= used
                stops = np.cumsum(counts)
                last = int(np.searchsorted(stops, batch.num_rows))
                if last == len(counts):
                    return False
                over = int(stops[last]) - batch.num_rows
                counts = counts[: last + 1]
                counts[last] -= over
                edges = np.arange(edge, edge + last + 1)
                first = np.searchsorted(side.indptr, edges, side="right") - 1
                for name, codes in ((ends[0], first), (ends[1], side.idx[edges])):
                    if not _are(batch.column(name), np.repeat(codes, counts), index):
                        return False
                if with_sizes:
                    sized += float(np.nansum(batch.column("size").to_numpy(zero_copy_only=False)))
                used = int(side.n_synapses[edge + last]) - over if over else 0
                edge += last if over else last + 1
    ended = edge == len(side.idx) and used == 0
    return ended and (side.sum_size is None or bool(np.isclose(sized, side.sum_size.sum(dtype=np.float64), rtol=1e-9)))


def _are(ids: pa.Array, codes: np.ndarray, index: IdIndex) -> bool:
    """Whether the ids are those of the codes."""
    return bool(np.array_equal(ids.to_numpy(zero_copy_only=False), index.ids[codes]))
