"""A table result as JSON, CSV, Parquet or Arrow, streamed batch by batch."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import flask
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from data_access.errors import NotFoundError, TooLargeError
from data_access.ids import json_columns
from views.result import TableResult

MAX_JSON_ROWS = 2_000_000
CHUNK_ROWS = 20_000  # rows of JSON or CSV made at a time; an answer of no more is sent as one piece
GROUP_ROWS = 100_000  # rows of a Parquet row group or an Arrow batch
MEMORY_BYTES = 16_000_000  # a larger Parquet file waits on disk
BLOCK_BYTES = 256_000

Chunks = Callable[[TableResult], Iterator[bytes]]


@dataclass(frozen=True)
class Format:
    """One way to write a table: the suffix in the path, the media type, and the bytes."""

    suffix: str
    media_type: str
    chunks: Chunks
    attached: bool = True


def find(suffix: str) -> Format:
    """The format of a suffix; NotFoundError that names all of them."""
    for form in FORMATS:
        if form.suffix == suffix:
            return form
    names = ", ".join("." + form.suffix for form in FORMATS)
    raise NotFoundError(f"no format '.{suffix[:20]}'", f"the formats are {names}")


def respond(result: TableResult, form: Format, name: str) -> flask.Response:
    """The answer that carries a table; `name` is the file name without suffix.

    The first rows are made here, so that what goes wrong with them is still an error answer; the rest while they
    are sent. Closing the answer ends the making. Raises TooLargeError for JSON above two million rows.
    """
    if form.suffix == "json" and result.rows > MAX_JSON_ROWS:
        raise TooLargeError(
            f"{result.rows:,} rows are more than the {MAX_JSON_ROWS:,} that JSON carries",
            "ask for .parquet, .arrow or .csv, or set a limit",
        )
    small = result.rows <= CHUNK_ROWS
    if small:
        body: bytes | Iterator[bytes] = b"".join(form.chunks(result))
    else:
        body = iter(()) if flask.request.method == "HEAD" else _started(form.chunks(result))
    response = flask.Response(body, content_type=form.media_type)
    response.automatically_set_content_length = small  # else Flask would collect the stream to measure it
    if form.attached:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form.suffix}"'
    return response


def _started(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks)

    def rest() -> Iterator[bytes]:
        yield first
        yield from chunks

    return rest()


def _about(result: TableResult) -> dict[str, Any]:
    """What travels with the rows."""
    return {"ledger": result.ledger.to_dict(), "view": result.view, **result.extra}


def _dump(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def _slices(result: TableResult) -> Iterator[pa.RecordBatch]:
    for batch in result.batches():
        for start in range(0, len(batch), CHUNK_ROWS):
            yield batch.slice(start, CHUNK_ROWS)


def _groups(result: TableResult) -> Iterator[pa.Table]:
    """The rows as tables of at least GROUP_ROWS rows, the last one of what is left."""
    held: list[pa.RecordBatch] = []
    for batch in result.batches():
        held.append(batch)
        if sum(map(len, held)) >= GROUP_ROWS:
            yield pa.Table.from_batches(held).combine_chunks()
            held = []
    if held:
        yield pa.Table.from_batches(held).combine_chunks()


def json_chunks(result: TableResult) -> Iterator[bytes]:
    """{"data": [row, ...], "ledger": {...}, "view": {...}}: ids as text, missing and not finite as null."""
    before = b'{"data":['
    for batch in _slices(result):
        columns = json_columns(batch, result.ids)
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        yield before + _dump(rows)[1:-1]
        before = b","
    head = before if before != b"," else b""
    yield head + b"]," + _dump(_about(result))[1:] + b"\n"


def csv_chunks(result: TableResult) -> Iterator[bytes]:
    """RFC 4180: a header, then the bare rows; ids digit for digit, missing is empty, texts as they are."""
    header = io.StringIO(newline="")
    csv.writer(header).writerow(result.schema.names)
    before = header.getvalue().encode()
    for batch in _slices(result):
        columns = [_without_nan(column) for column in batch.columns]
        quoting = "needed" if any(map(_needs_quotes, columns)) else "none"
        out = io.BytesIO()
        options = pcsv.WriteOptions(include_header=False, eol="\r\n", quoting_style=quoting)
        pcsv.write_csv(pa.RecordBatch.from_arrays(columns, batch.schema.names), out, options)
        yield before + out.getvalue()
        before = b""
    if before:
        yield before


def _without_nan(column: pa.Array) -> pa.Array:
    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)


def _needs_quotes(column: pa.Array) -> bool:
    if not pa.types.is_string(column.type):
        return False
    return bool(pc.any(pc.match_substring_regex(column, '[",\r\n]')).as_py())


def _described(result: TableResult) -> pa.Schema:
    """The schema with ledger and view as JSON in its metadata."""
    about = {key.encode(): _dump(value) for key, value in _about(result).items()}
    return result.schema.with_metadata(about)


def parquet_chunks(result: TableResult) -> Iterator[bytes]:
    """A Parquet file (zstd), ledger and view in the schema metadata; whole before its first byte leaves."""
    with tempfile.SpooledTemporaryFile(MEMORY_BYTES) as file:
        schema = _described(result)
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for table in _groups(result):
                writer.write_table(table.replace_schema_metadata(schema.metadata))
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            yield block


def arrow_chunks(result: TableResult) -> Iterator[bytes]:
    """An Arrow IPC stream, ledger and view in the schema metadata."""
    out = _Outbox()
    with pa.ipc.new_stream(pa.PythonFile(out, "w"), _described(result)) as writer:
        for table in _groups(result):
            writer.write_table(table)
            yield out.taken()
    yield out.taken()


class _Outbox(io.RawIOBase):
    """A file that is emptied as it is written."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """Everything written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


FORMATS = (
    Format("json", "application/json", json_chunks, attached=False),
    Format("csv", "text/csv; charset=utf-8; header=present", csv_chunks),
    Format("parquet", "application/vnd.apache.parquet", parquet_chunks),
    Format("arrow", "application/vnd.apache.arrow.stream", arrow_chunks),
)
