"""The same rows in four formats, ids to the digit, nothing larger than a browser can hold."""

from __future__ import annotations

import csv
import gc
import io
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import pandas as pd
import pyarrow as pa
import pytest
from flask.testing import FlaskClient

import serving
from api import formats
from data_access.errors import NotFoundError, TooLargeError
from data_access.ids import SAFE_INTEGER
from settings import Settings
from tests.api.answers import V1, arrow_of, csv_of, get, json_of, numbers, parquet_of, problem
from tests.views.samples import FIRST_ID, Source
from views.result import Ledger, TableResult

pytest_plugins = ("tests.views.sample_fixtures",)

SUFFIXES = ("json", "csv", "parquet", "arrow")
TABLES: dict[str, dict[str, str]] = {
    "datasets/big/cells": {},
    "datasets/big/connections": {"autapses": "keep"},
    "datasets/big/synapses": {"autapses": "keep"},
    "datasets/big/partners": {"cell": str(FIRST_ID)},
    "datasets/big/gap_junctions": {},
    "datasets/big/matrix": {},
    "datasets/big/matrix?group=cell_type": {"group": "cell_type"},
    "datasets/words/cells": {},
    "datasets/words/connections": {"min": "2"},
    "datasets/words/synapses": {"autapses": "keep"},
    "datasets/words/partners": {"cell": 'quo"te'},
    "datasets/edges/cells": {},
    "datasets/edges/connections": {},
    "datasets/edges/matrix": {"measure": "latency"},
    "datasets/edges/gap_junctions": {},
    "datasets/big/connections?limit=0": {"limit": "0"},
}


@pytest.mark.parametrize(("path", "query"), TABLES.items(), ids=list(TABLES))
def test_every_format_carries_the_same_rows(client: FlaskClient, path: str, query: dict[str, str]) -> None:
    path = path.split("?")[0]
    body = json_of(client, path + ".json", **query)
    parquet, arrow = parquet_of(client, path + ".parquet", **query), arrow_of(client, path + ".arrow", **query)
    text = csv_of(client, path + ".csv", **query)
    assert list(body) == ["data", "ledger", "view"]
    assert body["ledger"]["kept"] == len(body["data"]) or "group" in query
    assert arrow.equals(parquet)
    assert [plain(row) for row in parquet.to_pylist()] == [plain(row) for row in body["data"]]
    assert [spelled(row) for row in text] == [spelled(row) for row in parquet.to_pylist()]
    for table in (parquet, arrow):
        assert same_but_time(json.loads(table.schema.metadata[b"ledger"])) == same_but_time(body["ledger"])
        assert json.loads(table.schema.metadata[b"view"]) == body["view"]
        assert table.schema.names == (list(body["data"][0]) if body["data"] else table.schema.names)


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Ids as text, NaN as None: the way JSON says it."""
    large = {
        k: str(v) if isinstance(v, int) and not isinstance(v, bool) and id_like(k, v) else v for k, v in row.items()
    }
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in large.items()}


def id_like(name: str, value: int) -> bool:
    # a column is text as a whole, its small numbers too
    return name in ("pre", "post", "cell_a", "cell_b", "counter") or name.endswith("_id") or abs(value) > SAFE_INTEGER


def spelled(row: dict[str, Any]) -> dict[str, str | float]:
    """As a reader of CSV sees it: missing is empty, numbers compared as numbers, everything else as text."""
    return {name: spelling(value) for name, value in row.items()}


def spelling(value: Any) -> str | float:
    if value is None or (isinstance(value, float) and math.isnan(value)) or value == "":
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        try:
            return float(value) if value not in ("1e5", "nan", "inf") else value
        except ValueError:
            return value
    return value if not isinstance(value, float) or not value.is_integer() else str(int(value))


def same_but_time(ledger: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in ledger.items() if k != "milliseconds"}


def test_ids_above_two_to_the_53_survive_to_the_digit(client: FlaskClient, sources: dict[str, Source]) -> None:
    rows = sources["big"].rows
    wanted = {str(i) for i in rows.pre_id} | {str(i) for i in rows.post_id}
    assert all(int(i) > 2**53 and float(i) != int(i) for i in wanted), "a float would lose every one of these"
    keep = {"autapses": "keep"}
    for path in ("datasets/big/connections", "datasets/big/synapses"):
        as_json = json_of(client, path + ".json", **keep)["data"]
        assert {r["pre_id"] for r in as_json} | {r["post_id"] for r in as_json} == wanted
        as_csv = csv_of(client, path + ".csv", **keep)
        assert {r["pre_id"] for r in as_csv} | {r["post_id"] for r in as_csv} == wanted
        for table in (parquet_of(client, path + ".parquet", **keep), arrow_of(client, path + ".arrow", **keep)):
            assert table.schema.field("pre_id").type == pa.int64()
            assert {str(i) for name in ("pre_id", "post_id") for i in table[name].to_pylist()} == wanted
    synapses = json_of(client, "datasets/big/synapses.json", **keep)["data"]
    for name in ("synapse_id", "supervoxel_id", "counter"):
        assert {r[name] for r in synapses} == {str(i) for i in rows[name]}


@pytest.mark.parametrize(("path", "query"), TABLES.items(), ids=list(TABLES))
def test_no_number_in_json_is_beyond_two_to_the_53(client: FlaskClient, path: str, query: dict[str, str]) -> None:
    found = numbers(json_of(client, path.split("?")[0] + ".json", **query))
    assert found
    assert max(map(abs, found)) <= SAFE_INTEGER


@pytest.mark.parametrize("path", ["datasets", "datasets/big", "datasets/words", "datasets/edges", "openapi.json"])
def test_no_number_about_datasets_is_beyond_two_to_the_53(client: FlaskClient, path: str) -> None:
    assert max(map(abs, numbers(json_of(client, path)))) <= SAFE_INTEGER


def test_text_ids_come_back_as_they_are(client: FlaskClient) -> None:
    wanted = ["007", "1e5", "ADAL", "ADAR", "AVAL", "Größe", "N/A-like", "blank id", "com,ma", 'quo"te', "zz"]
    assert [r["cell_id"] for r in json_of(client, "datasets/words/cells.json")["data"]] == wanted
    assert [r["cell_id"] for r in csv_of(client, "datasets/words/cells.csv")] == wanted
    assert parquet_of(client, "datasets/words/cells.parquet")["cell_id"].to_pylist() == wanted
    assert arrow_of(client, "datasets/words/cells.arrow")["cell_id"].to_pylist() == wanted


def test_csv_is_read_by_pandas_without_options(client: FlaskClient, sources: dict[str, Source]) -> None:
    body = get(client, "datasets/big/synapses.csv", autapses="keep").data
    found = pd.read_csv(io.BytesIO(body))
    rows = sources["big"].rows.sort_values(["pre_id", "post_id", "synapse_id"], ignore_index=True)
    assert found.pre_id.tolist() == rows.pre_id.tolist()
    assert found.note.fillna("").tolist() == rows.note.tolist()
    assert body.startswith(b"synapse_id,pre_id,post_id,size,")
    assert body.endswith(b"\r\n")


def test_a_file_has_a_name_and_json_is_shown(client: FlaskClient) -> None:
    for suffix in ("csv", "parquet", "arrow"):
        header = get(client, f"datasets/big/connections.{suffix}").headers["Content-Disposition"]
        assert header == f'attachment; filename="big-connections.{suffix}"'
    assert "Content-Disposition" not in get(client, "datasets/big/connections.json").headers


def test_parquet_is_compressed_and_carries_ledger_and_view(client: FlaskClient) -> None:
    table = parquet_of(client, "datasets/big/connections.parquet", min=2, limit=3)
    assert json.loads(table.schema.metadata[b"view"]) == {"ds": "big", "min": "2", "limit": "3"}
    assert json.loads(table.schema.metadata[b"ledger"])["dataset"] == "big"
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(get(client, "datasets/big/connections.parquet").data))
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


# -- the writers themselves ------------------------------------------------------------------------------------


def result(table: pa.Table, rows: int | None = None, ids: tuple[str, ...] = (), batch: int = 10_000) -> TableResult:
    ledger = Ledger("worm", "", 1, "cells", table.num_rows, table.num_rows)
    n = table.num_rows if rows is None else rows
    return TableResult(table.schema, lambda: iter(table.to_batches(batch)), ledger, {"ds": "worm"}, n, ids)


def written(form: str, made: TableResult) -> bytes:
    return b"".join(formats.find(form).chunks(made))


AWKWARD = pa.table({
    "cell_id": pa.array([2**62 + 1, None, -(2**60)], pa.int64()),
    "value": pa.array([math.nan, math.inf, 0.1], pa.float64()),
    "other": pa.array([None, -math.inf, 1e300], pa.float64()),
    "text": pa.array(["", None, 'a,"b"\r\n"c"'], pa.string()),
    "flag": pa.array([True, None, False]),
    "count": pa.array([1, None, 2**53], pa.int64()),
})  # fmt: skip


def test_json_writes_what_is_missing_or_not_finite_as_null() -> None:
    rows = json.loads(written("json", result(AWKWARD)))["data"]
    assert rows[0] == {"cell_id": str(2**62 + 1), "value": None, "other": None, "text": "", "flag": True, "count": 1}
    assert rows[1] == dict.fromkeys(AWKWARD.schema.names)
    assert rows[2]["cell_id"] == str(-(2**60))
    assert rows[2]["other"] == 1e300
    assert rows[2]["text"] == 'a,"b"\r\n"c"'
    assert rows[2]["count"] == 2**53


def test_csv_follows_rfc_4180() -> None:
    text = written("csv", result(AWKWARD)).decode()
    assert text.startswith("cell_id,value,other,text,flag,count\r\n")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[1] == [str(2**62 + 1), "", "", "", "true", "1"]
    assert rows[2] == ["", "inf", "-inf", "", "", ""]
    assert rows[3] == [str(-(2**60)), "0.1", "1e+300", 'a,"b"\r\n"c"', "false", str(2**53)]


def test_csv_quotes_only_where_it_must() -> None:
    table = pa.table({'a "name"': ["plain", "=1+1"], "b,c": ["x y", None]})
    assert written("csv", result(table)) == b'"a ""name""","b,c"\r\nplain,x y\r\n=1+1,\r\n'


@pytest.mark.parametrize("form", SUFFIXES)
def test_no_rows_are_still_a_table(form: str) -> None:
    body = written(form, result(AWKWARD.slice(0, 0)))
    if form == "json":
        assert json.loads(body)["data"] == []
    elif form == "csv":
        assert body == b"cell_id,value,other,text,flag,count\r\n"
    else:
        opened = pa.ipc.open_stream(body).read_all() if form == "arrow" else pd.read_parquet(io.BytesIO(body))
        assert len(opened) == 0
        assert list(opened.columns if form == "parquet" else opened.schema.names) == AWKWARD.schema.names


@pytest.mark.parametrize("form", SUFFIXES)
def test_many_batches_join_to_one_table(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"pre_id": pa.array(range(2**60, 2**60 + 1000)), "value": pa.array([i / 7 for i in range(1000)])})
    whole = written(form, result(table))
    monkeypatch.setattr(formats, "CHUNK_ROWS", 30)
    monkeypatch.setattr(formats, "GROUP_ROWS", 100)
    parts = written(form, result(table, batch=70))
    if form in ("json", "csv"):
        assert parts == whole
    elif form == "arrow":
        assert pa.ipc.open_stream(parts).read_all().equals(pa.ipc.open_stream(whole).read_all())
    else:
        pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(parts)), pd.read_parquet(io.BytesIO(whole)))


def test_what_stands_beside_the_ledger_travels_too() -> None:
    made = replace(result(AWKWARD), extra={"fit": {"pmax": 0.2}})
    assert json.loads(written("json", made))["fit"] == {"pmax": 0.2}
    schema = pa.ipc.open_stream(written("arrow", made)).schema
    assert json.loads(schema.metadata[b"fit"]) == {"pmax": 0.2}


class Watched:
    """Batches that count how many were made and whether their maker was closed."""

    def __init__(self, n: int, fail_at: int | None = None) -> None:
        self.n, self.fail_at, self.made, self.closed = n, fail_at, 0, False

    def __call__(self) -> Iterator[pa.RecordBatch]:
        try:
            for i in range(self.n):
                if i == self.fail_at:
                    raise TooLargeError("too much")
                self.made += 1
                yield pa.record_batch({"value": pa.array(range(1000))})
        finally:
            self.closed = True

    def result(self) -> TableResult:
        ledger = Ledger("worm", "", 1, "cells", 0, 0)
        return TableResult(pa.schema([("value", pa.int64())]), self, ledger, {}, self.n * 1000)


@pytest.mark.parametrize("form", ["json", "csv", "arrow"])
def test_a_large_answer_streams_and_ends_when_the_client_leaves(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "GROUP_ROWS", 1000)
    batches = Watched(1000)
    with flask.Flask("x").test_request_context("/"):
        response = formats.respond(batches.result(), formats.find(form), "x")
    assert response.is_streamed
    assert "Content-Length" not in response.headers
    body = response.iter_encoded()
    for _ in range(5):
        assert next(body)
    assert batches.made < 20
    response.close()
    body.close()
    assert batches.closed
    assert batches.made < 20


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
def test_a_client_that_leaves_ends_the_making_behind_compression_too(coding: str, tmp_path: Path) -> None:
    batches = Watched(100_000)
    server = flask.Flask("x")
    serving.install(server, Settings(data=tmp_path, log_level="error"))
    server.get("/api/v1/large")(lambda: formats.respond(batches.result(), formats.find("csv"), "x"))
    response = server.test_client().get("/api/v1/large", headers={"Accept-Encoding": coding}, buffered=False)
    assert response.headers.get("Content-Encoding", "identity") == coding
    body = response.iter_encoded()
    assert next(body)
    assert 0 < batches.made < 100_000
    assert not batches.closed
    del body
    response.close()
    gc.collect()
    assert batches.closed


def test_what_goes_wrong_with_the_first_rows_is_an_error_answer() -> None:
    with flask.Flask("x").test_request_context("/"), pytest.raises(TooLargeError):
        formats.respond(Watched(1000, fail_at=0).result(), formats.find("json"), "x")


def test_head_makes_no_row_of_a_large_table() -> None:
    batches = Watched(1000)
    with flask.Flask("x").test_request_context("/", method="HEAD"):
        formats.respond(batches.result(), formats.find("parquet"), "x")
    assert batches.made == 0


def test_json_refuses_what_is_too_large_for_it_and_names_parquet(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "MAX_JSON_ROWS", 10)
    refused = problem(client.get(f"{V1}/datasets/big/connections.json"), 413)
    assert "more than the 10 that JSON carries" in refused["detail"]
    assert ".parquet" in refused["hint"]
    assert len(json_of(client, "datasets/big/connections.json", limit=10)["data"]) == 10
    assert parquet_of(client, "datasets/big/connections.parquet").num_rows > 10


def test_an_unknown_format_names_the_four() -> None:
    with pytest.raises(NotFoundError) as caught:
        formats.find("xlsx")
    assert caught.value.hint == "the formats are .json, .csv, .parquet, .arrow"
