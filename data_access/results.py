"""Results of long work, kept in the data folder and found again by the request that asked for them.

Tables as Arrow IPC with their descriptions in the schema metadata, one file a result, at most LIMIT_MB together, least
recently used removed first, written whole or not at all. A key names the generation of the dataset, so a result
never goes stale.
"""

from __future__ import annotations

import functools
from pathlib import Path

import pyarrow as pa

from data_access.cache import ResultCache

LIMIT_MB = 1_000
FOLDER = ".results"


class Results(ResultCache):
    """The stored results of one data folder: a cache of its own, which a job fills and every worker reads."""

    def find(self, name: str) -> bytes | None:
        """The result of a digest, None where there is none."""
        return self._read(name)

    def keep(self, name: str, value: bytes) -> None:
        """Store the result of a digest."""
        self._write(name, value)


@functools.lru_cache(maxsize=8)
def results_of(data_dir: Path) -> Results:
    """The results kept in a data folder."""
    return Results(data_dir / FOLDER, limit_mb=LIMIT_MB)


def packed(table: pa.Table) -> bytes:
    """A table as Arrow IPC, its schema metadata included."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def unpacked(content: bytes) -> pa.Table:
    """The table of `packed`."""
    with pa.ipc.open_stream(content) as reader:
        return reader.read_all()
