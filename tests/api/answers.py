"""Reading answers of the API in tests."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

V1 = "/api/v1"
PROBLEM = {"type", "title", "status", "detail", "hint", "request_id"}


def get(client: FlaskClient, path: str, **query: object) -> TestResponse:
    """GET a path below /api/v1 that must succeed."""
    response = client.get(f"{V1}/{path}", query_string={k: str(v) for k, v in query.items()} or None)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response


def json_of(client: FlaskClient, path: str, **query: object) -> Any:
    return json.loads(get(client, path, **query).data)


def csv_of(client: FlaskClient, path: str, **query: object) -> list[dict[str, str]]:
    text = get(client, path, **query).data.decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def parquet_of(client: FlaskClient, path: str, **query: object) -> pa.Table:
    return pq.read_table(io.BytesIO(get(client, path, **query).data))


def arrow_of(client: FlaskClient, path: str, **query: object) -> pa.Table:
    return pa.ipc.open_stream(get(client, path, **query).data).read_all()


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The problem of an error answer, which must be whole."""
    assert response.status_code == status, response.get_data(as_text=True)[:300]
    assert response.mimetype == "application/problem+json"
    content: dict[str, Any] = json.loads(response.data)
    assert set(content) == PROBLEM
    assert content["status"] == status
    assert content["title"]
    assert content["detail"]
    return content


def numbers(value: Any) -> list[int | float]:
    """Every number in a JSON value, however deep."""
    if isinstance(value, dict):
        return [n for part in value.values() for n in numbers(part)]
    if isinstance(value, list):
        return [n for part in value for n in numbers(part)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []
