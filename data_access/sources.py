"""Table files as streams of Arrow batches: Parquet, Feather / Arrow IPC, CSV and TSV, plain or gzipped.

Nothing here interprets a column. Text files come as text (types are decided over the whole file later, never from
the first block); binary files come with the types they hold. No file is read into memory whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.ipc as pa_ipc
import pyarrow.parquet as pq

from data_access.errors import InputError, did_you_mean

SUFFIXES = (".parquet", ".feather", ".arrow", ".csv", ".csv.gz", ".tsv", ".tsv.gz")
BATCH_ROWS = 131_072
CSV_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class TableFile:
    """A table on disk: its column names in order and whether its cells are text."""

    path: Path
    names: tuple[str, ...]
    is_text: bool
    header: bool = True

    def batches(self, wanted: tuple[str, ...] | None = None) -> Iterator[pa.RecordBatch]:
        """Batches with the named columns (default: all), in file order; raises InputError on a damaged file."""
        names = self.names if wanted is None else wanted
        try:
            if self.is_text:
                yield from self._text_batches(names)
            else:
                yield from self._binary_batches(names)
        except (pa.ArrowInvalid, OSError, EOFError) as error:
            raise damaged(self.path, error) from error

    def _text_batches(self, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        with _open_csv(self.path, self.names, self.header) as reader:
            for batch in reader:
                yield pa.RecordBatch.from_arrays([batch.column(self.names.index(n)) for n in names], names=list(names))

    def _binary_batches(self, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        if self.path.suffix == ".parquet":
            with pq.ParquetFile(self.path) as file:
                yield from file.iter_batches(BATCH_ROWS, columns=list(names))
            return
        with pa.memory_map(str(self.path)) as raw:
            reader = _open_ipc(self.path, raw)
            for whole in (
                (reader.get_batch(i) for i in range(reader.num_record_batches))
                if isinstance(reader, pa_ipc.RecordBatchFileReader)
                else reader
            ):
                picked = whole.select(list(names))
                for start in range(0, picked.num_rows, BATCH_ROWS):
                    yield picked.slice(start, BATCH_ROWS)

    def column(self, name: str) -> str:
        """The column a user means by a name or a number (the first is 1); InputError with the nearest names."""
        if name in self.names:
            return name
        if name.isdigit() and 1 <= int(name) <= len(self.names):
            return self.names[int(name) - 1]
        if name.isdigit():
            raise InputError(f"{self.path.name} has no column {name}: it has {len(self.names)} columns")
        listed = ", ".join(self.names[:12]) + (" ..." if len(self.names) > 12 else "")
        raise InputError(f"{self.path.name} has no column '{name}'; it has {listed}", did_you_mean(name, self.names))


def open_table(path: Path, header: bool = True) -> TableFile:
    """Look at a file's columns. Columns without a name are called column_1, column_2 ... by their place.

    Raises InputError for an unknown ending, a missing, empty or damaged file, and for repeated column names.
    """
    if not path.is_file():
        raise InputError(f"no such file: {path}")
    if not path.name.endswith(SUFFIXES):
        raise InputError(f"{path.name}: unknown kind of file", "expected one of " + ", ".join(SUFFIXES))
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty: no header and no rows")
    is_text = not path.name.endswith((".parquet", ".feather", ".arrow"))
    try:
        names = _text_names(path, header) if is_text else _binary_names(path)
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        raise damaged(path, error) from error
    named = tuple(name.strip() or f"column_{i}" for i, name in enumerate(names, 1))
    repeated = [name for name, count in Counter(named).items() if count > 1]
    if repeated:
        raise InputError(f"{path.name} has two columns called '{repeated[0]}': rename one")
    return TableFile(path, named, is_text, header)


def damaged(path: Path, error: Exception) -> InputError:
    """One line for whatever the reader found wrong with a file."""
    said = " ".join(str(error).split())[:200]
    return InputError(f"{path.name} cannot be read, it is damaged or cut short: {said}")


def _binary_names(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    with pa.memory_map(str(path)) as raw:
        return list(_open_ipc(path, raw).schema.names)


def _open_ipc(path: Path, raw: pa.MemoryMappedFile) -> pa_ipc.RecordBatchFileReader | pa_ipc.RecordBatchStreamReader:
    magic = bytes(raw.read(6))
    raw.seek(0)
    if magic.startswith(b"FEA1"):
        raise InputError(f"{path.name} is in the old Feather format (version 1)", "write it again as Parquet")
    return pa_ipc.open_file(raw) if magic == b"ARROW1" else pa_ipc.open_stream(raw)


def _delimiter(path: Path) -> str:
    return "\t" if ".tsv" in path.name else ","


def _stream(path: Path) -> pa.NativeFile:
    return pa.input_stream(str(path), compression="gzip" if path.name.endswith(".gz") else None)


def _text_names(path: Path, header: bool) -> list[str]:
    with _stream(path) as raw:
        block = bytes(raw.read(1 << 20))
    if not block.strip():
        raise InputError(f"{path.name} is empty: no header and no rows")
    options = pa_csv.ReadOptions(autogenerate_column_names=not header, block_size=max(1 << 20, len(block) + 1))
    line_end = block.find(b"\n", _end_of_quotes(block))
    first = block if line_end < 0 else block[: line_end + 1]
    with pa_csv.open_csv(
        pa.BufferReader(first + (b"\n" if line_end < 0 else b"")),
        read_options=options,
        parse_options=pa_csv.ParseOptions(delimiter=_delimiter(path)),
    ) as reader:
        names = list(reader.schema.names)
    return names if header else [f"column_{i}" for i in range(1, len(names) + 1)]


def _end_of_quotes(block: bytes) -> int:
    """Where the header line can end: behind its last quoted name (names may hold line ends)."""
    at, quoted = 0, False
    for at, byte in enumerate(block):
        if byte == 34:
            quoted = not quoted
        elif byte == 10 and not quoted:
            return at
    return at


def _open_csv(path: Path, names: tuple[str, ...], header: bool) -> pa_csv.CSVStreamingReader:
    return pa_csv.open_csv(
        _stream(path),
        read_options=pa_csv.ReadOptions(
            column_names=list(names),
            skip_rows_after_names=0,
            skip_rows=1 if header else 0,
            block_size=CSV_BLOCK_BYTES,
            use_threads=False,
        ),
        parse_options=pa_csv.ParseOptions(delimiter=_delimiter(path), newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=True,
        ),
    )
