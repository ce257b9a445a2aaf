"""The connections of an import: rows aggregated to one row a pair, and the graph made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.errors import InputError
from data_access.graph import Graph
from data_access.graph_build import build
from data_access.ids import IdIndex
from data_access.row_checks import LARGEST_COUNT
from data_access.rows import COUNTED_SIZES, SUMMED_SIZES, SYNAPSES_TO_CONNECTIONS, Rows
from data_access.settling import literal
from data_access.synapse_files import BY_PRE

BATCH_ROWS = 1 << 20
"""Connections that are held as Arrow columns at a time."""


def aggregate(table: Rows, some_unsized: bool, place: Path, target: Path) -> None:
    """Write one row a connection to `target` (Parquet), sorted by (pre_id, post_id).

    Columns: pre_id, post_id, n_synapses; sum_size where synapses have sizes, n_sized where some have none; the
    measures named.
    """
    if not table.are_synapses:
        sql = table.summed_weights()
    else:
        source = f"read_parquet({literal(str(place / BY_PRE / '*.parquet'))})"
        sizes = SUMMED_SIZES if "size" in table.types else ""
        sizes += COUNTED_SIZES if some_unsized else ""
        sql = SYNAPSES_TO_CONNECTIONS.format(sizes=sizes, source=source)
    table.con.execute(f"COPY ({sql}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4)")


def graph_of(aggregated: Path, index: IdIndex, measures: tuple[str, ...]) -> Graph:
    """The graph of aggregated connections. InputError where a pair holds more synapses than a count can."""

    def pieces() -> Iterator[Mapping[str, np.ndarray]]:
        with pq.ParquetFile(aggregated) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                columns = {name: batch.column(name) for name in batch.schema.names}
                piece = {
                    "pre": _codes(index, columns["pre_id"]),
                    "post": _codes(index, columns["post_id"]),
                    "n_synapses": _counts(columns),
                }
                more = [name for name in ("sum_size", "n_sized", *measures) if name in columns]
                yield piece | {name: columns[name].to_numpy(zero_copy_only=False) for name in more}
        pa.default_memory_pool().release_unused()

    with pq.ParquetFile(aggregated) as file:
        rows = file.metadata.num_rows
    return build(len(index), rows, pieces(), measures)


def _counts(columns: Mapping[str, pa.Array]) -> np.ndarray:
    """Synapses of each connection as uint32; InputError where one has more than that holds."""
    counts = columns["n_synapses"].to_numpy()
    largest = int(counts.argmax()) if len(counts) else 0
    if len(counts) and counts[largest] > LARGEST_COUNT:
        raise InputError(
            f"the connection {columns['pre_id'][largest]} -> {columns['post_id'][largest]} has {counts[largest]:,} "
            "synapses, more than any cell makes",
            "see which column --weight names",
        )
    return counts.astype(np.uint32)


def _codes(index: IdIndex, ids: pa.Array) -> np.ndarray:
    return index.codes(ids.to_numpy(zero_copy_only=False)).astype(np.int32)
