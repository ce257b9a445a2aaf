"""Table files as streams of Arrow batches: Parquet, Feather / Arrow IPC, CSV and TSV, plain or gzipped.

Nothing here interprets a column. Text files come as text (types are decided over the whole file later, never from
the first block); binary files come with the types they hold. No file is read into memory whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.ipc as pa_ipc
import pyarrow.parquet as pq

from data_access.errors import InputError, did_you_mean

BINARY = (".parquet", ".feather", ".arrow")
SUFFIXES = (*BINARY, ".csv", ".csv.gz", ".tsv", ".tsv.gz")
BATCH_ROWS = 131_072
CSV_BLOCK_BYTES = 8 << 20
_UNREADABLE = (pa.ArrowException, OSError, EOFError, UnicodeDecodeError)


@dataclass(frozen=True)
class TableFile:
    """A table on disk: its column names in order and whether its cells are text.

    `stored`: the names as the file spells them (blank ones included). `skip`: lines of a text file before its data.
    """

    path: Path
    names: tuple[str, ...]
    is_text: bool
    stored: tuple[str, ...]
    skip: int = 0

    def batches(self, wanted: tuple[str, ...] | None = None) -> Iterator[pa.RecordBatch]:
        """Batches with the named columns (default: all), in file order; raises InputError on a damaged file."""
        names = self.names if wanted is None else wanted
        places = [self.names.index(name) for name in names]
        stored = [self.stored[place] for place in places]
        try:
            for batch in self._text() if self.is_text else self._binary(stored):
                columns = [batch.column(p) for p in places] if self.is_text else [batch.column(n) for n in stored]
                yield pa.RecordBatch.from_arrays(columns, names=list(names))
        except _UNREADABLE as error:
            raise damaged(self.path, error) from error

    def _text(self) -> Iterator[pa.RecordBatch]:
        with _open_csv(self.path, self.names, self.skip) as reader:
            yield from reader

    def _binary(self, stored: list[str]) -> Iterator[pa.RecordBatch]:
        if _ends_with(self.path, ".parquet"):
            with pq.ParquetFile(self.path) as file:
                yield from file.iter_batches(BATCH_ROWS, columns=stored)
            return
        with pa.memory_map(str(self.path)) as raw:
            reader = _open_ipc(self.path, raw)
            in_file = isinstance(reader, pa_ipc.RecordBatchFileReader)
            pieces = (reader.get_batch(i) for i in range(reader.num_record_batches)) if in_file else reader
            for whole in pieces:
                picked = whole.select(stored)
                for start in range(0, picked.num_rows, BATCH_ROWS):
                    yield picked.slice(start, BATCH_ROWS)

    def column(self, name: str) -> str:
        """The column a user means by a name or a number (the first is 1); InputError with the nearest names."""
        if name in self.names:
            return name
        if name.isdecimal() and 1 <= int(name) <= len(self.names):
            return self.names[int(name) - 1]
        if name.isdecimal():
            raise InputError(f"{self.path.name} has no column {name}: it has {len(self.names)} columns")
        raise InputError(
            f"{self.path.name} has no column '{name}'; it has {self.listed()}", did_you_mean(name, self.names)
        )

    def listed(self) -> str:
        """The first columns, for a message."""
        return ", ".join(name[:40] for name in self.names[:12]) + (" ..." if len(self.names) > 12 else "")


def open_table(path: Path, header: bool = True) -> TableFile:
    """Look at a file's columns. Columns without a name are called column_1, column_2 ... by their place.

    Raises InputError for an unknown ending, a missing, empty or damaged file, and for repeated column names.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a file")
    if not path.is_file():
        raise InputError(f"no such file: {path}")
    if not _ends_with(path, *SUFFIXES):
        raise InputError(f"{path.name}: unknown kind of file", "expected one of " + ", ".join(SUFFIXES))
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty: no header and no rows")
    is_text = not _ends_with(path, *BINARY)
    skip = 0
    try:
        if is_text:
            stored, skip = _text_names(path, header)
        else:
            stored = _binary_names(path)
    except _UNREADABLE as error:
        raise damaged(path, error) from error
    names = tuple(name.strip() or f"column_{i}" for i, name in enumerate(stored, 1))
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(f"{path.name} has two columns called '{repeated[0][:60]}': rename one")
    return TableFile(path, names, is_text, tuple(stored), skip)


def damaged(path: Path, error: Exception) -> InputError:
    """One line for whatever the reader found wrong with a file."""
    if isinstance(error, PermissionError):
        return InputError(f"{path} cannot be read: no permission")
    said = re.sub(r"\bRow #(\d+)", r"line \1", " ".join(str(error).split()))[:200]
    return InputError(f"{path.name} cannot be read, it is damaged or cut short: {said}")


def _ends_with(path: Path, *suffixes: str) -> bool:
    return path.name.lower().endswith(suffixes)


def _binary_names(path: Path) -> list[str]:
    if _ends_with(path, ".parquet"):
        return list(pq.read_schema(path).names)
    with pa.memory_map(str(path)) as raw:
        return list(_open_ipc(path, raw).schema.names)


def _open_ipc(path: Path, raw: pa.MemoryMappedFile) -> pa_ipc.RecordBatchFileReader | pa_ipc.RecordBatchStreamReader:
    magic = bytes(raw.read(6))
    raw.seek(0)
    if magic.startswith(b"FEA1"):
        raise InputError(f"{path.name} is in the old Feather format (version 1)", "write it again as Parquet")
    return pa_ipc.open_file(raw) if magic == b"ARROW1" else pa_ipc.open_stream(raw)


def _stream(path: Path) -> pa.NativeFile:
    return pa.input_stream(str(path), compression="gzip" if _ends_with(path, ".gz") else None)


def _parse_options(path: Path) -> pa_csv.ParseOptions:
    delimiter = "\t" if _ends_with(path, ".tsv", ".tsv.gz") else ","
    return pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)


def _text_names(path: Path, header: bool) -> tuple[list[str], int]:
    """The column names, and how many lines stand before the data (the header and blank lines above it)."""
    with _stream(path) as raw:
        block = bytes(raw.read(1 << 20))
    if b"\0" in block or block.startswith(b"\x1f\x8b"):
        hint = "it is gzipped: call it .csv.gz" if block.startswith(b"\x1f\x8b") else "expected UTF-8"
        raise InputError(f"{path.name} is not a text file", hint)
    text = block.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if not text.strip():
        raise InputError(f"{path.name} is empty: no header and no rows")
    blank = block[: len(block) - len(text)].count(b"\n")
    line_end = _line_end(text)
    if header and not text[line_end:].strip() and len(block) < 1 << 20:
        raise InputError(f"{path.name} is empty: it has a header but no rows")
    with pa_csv.open_csv(
        pa.BufferReader(text[:line_end] + b"\n"),
        read_options=pa_csv.ReadOptions(autogenerate_column_names=not header, block_size=len(text) + 2),
        parse_options=_parse_options(path),
    ) as reader:
        names = list(reader.schema.names)
    return (names, blank + 1) if header else ([f"column_{i}" for i in range(1, len(names) + 1)], blank)


def _line_end(text: bytes) -> int:
    """Where the first line ends (a quoted name may hold line ends)."""
    end = text.find(b"\n")
    while end >= 0 and text.count(b'"', 0, end) % 2:
        end = text.find(b"\n", end + 1)
    return len(text) if end < 0 else end


def _open_csv(path: Path, names: tuple[str, ...], skip: int) -> pa_csv.CSVStreamingReader:
    return pa_csv.open_csv(
        _stream(path),
        read_options=pa_csv.ReadOptions(
            column_names=list(names), skip_rows_after_names=skip, block_size=CSV_BLOCK_BYTES, use_threads=False
        ),
        parse_options=_parse_options(path),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=True,
        ),
    )
