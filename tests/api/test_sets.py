"""Stored cell sets: a long list under a short name that works wherever a set is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.answers import V1, json_of, problem
from tests.api.conftest import MakeClient
from tests.views.samples import FIRST_ID, edges

pytest_plugins = ("tests.views.sample_fixtures",)

IDS = [str(FIRST_ID + 37 * i) for i in range(6)]


def store(client: FlaskClient, **fields: str) -> dict[str, Any]:
    response = client.post(f"{V1}/sets", data=fields)
    assert response.status_code == 200, response.data
    content: dict[str, Any] = json.loads(response.data)
    return content


def test_a_stored_set_stands_for_its_text_everywhere(client: FlaskClient) -> None:
    made = store(client, cells=", ".join(IDS), ds="big")
    assert made["n"] == len(IDS)
    name = made["set"]
    assert name.startswith("set:")
    assert len(name) < 40
    assert [r["cell_id"] for r in json_of(client, "datasets/big/cells.json", cells=name)["data"]] == IDS
    for path in ("connections", "synapses", "matrix"):
        by_name = json_of(client, f"datasets/big/{path}.json", pre=name)["data"]
        assert by_name == json_of(client, f"datasets/big/{path}.json", pre=",".join(IDS))["data"]
        assert by_name
    assert json_of(client, "datasets/big/cells.json", cells=f"not {name}")["ledger"]["kept"] == 34
    assert client.get(f"{V1}/datasets/big/matrix.png", query_string={"pre": name}).status_code == 200
    posted = client.post(f"{V1}/datasets/big/cells.json", data={"cells": name})
    assert len(json.loads(posted.data)["data"]) == len(IDS)


def test_the_same_text_has_the_same_name_and_another_text_another(client: FlaskClient) -> None:
    first = store(client, cells="cell_type == 'BC'")
    assert store(client, cells="  cell_type == 'BC'\r\n") == first
    assert store(client, cells="cell_type == 'MC'")["set"] != first["set"]


def test_a_set_may_be_the_plain_body(client: FlaskClient) -> None:
    by_form = store(client, cells="\n".join(IDS))
    for kind in ("text/plain", "text/plain; charset=utf-8", "application/octet-stream"):
        by_body = client.post(f"{V1}/sets", data="\n".join(IDS), content_type=kind)
        assert json.loads(by_body.data) == by_form
    tried = client.post(f"{V1}/sets?ds=big", data="\r\n".join(IDS), content_type="text/plain")
    assert json.loads(tried.data) == {**by_form, "n": 6, "echo": json.loads(tried.data)["echo"]}


def test_without_a_dataset_the_text_is_kept_untried(client: FlaskClient) -> None:
    assert store(client, cells="depth_um < 300")["n"] is None


def test_with_a_dataset_a_wrong_set_is_refused_and_not_kept(make_client: MakeClient, tmp_path: Path) -> None:
    edges(tmp_path, tmp_path)
    client = make_client(data=tmp_path)
    found = problem(client.post(f"{V1}/sets", data={"cells": "cel_type == 'BC'", "ds": "edges"}), 400)
    assert "cel_type" in found["detail"]
    assert not list(tmp_path.glob(".sets/*"))
    problem(client.post(f"{V1}/sets", data={"cells": "1", "ds": "nowhere"}), 404)


def test_stored_sets_are_no_datasets(make_client: MakeClient, tmp_path: Path) -> None:
    client = make_client(data=tmp_path)
    name = store(client, cells="1, 2, 3")["set"]
    assert (tmp_path / ".sets" / f"{name.removeprefix('set:')}.txt").read_text() == "1, 2, 3"
    assert json_of(client, "datasets") == {"data": []}


def test_a_set_may_name_another(client: FlaskClient) -> None:
    inner = store(client, cells=",".join(IDS))["set"]
    outer = store(client, cells=f"{inner} and is_cell", ds="big")
    assert outer["n"] == 6


def test_a_missing_set_inside_a_stored_one_is_not_found(client: FlaskClient) -> None:
    outer = store(client, cells="set:0123456789abcdef01234567 or is_cell")["set"]
    found = problem(client.get(f"{V1}/datasets/big/cells.json", query_string={"cells": outer}), 404)
    assert "set:0123456789abcdef01234567" in found["detail"]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"cells": ""}, 400, "an empty cell set"),
        ({"cells": " \n "}, 400, "an empty cell set"),
        ({}, 400, "an empty cell set"),
        ({"cell": "1"}, 400, "unknown field 'cell'"),
        ({"cells": ["1", "2"]}, 400, "given 2 times"),
        ("864691135808473885", 400, "unknown field '864691135808473885'"),
    ],
)
def test_what_cannot_be_stored_is_refused(client: FlaskClient, body: Any, status: int, detail: str) -> None:
    kind = "application/x-www-form-urlencoded"
    assert detail in problem(client.post(f"{V1}/sets", data=body, content_type=kind), status)["detail"]


def test_json_and_bytes_that_are_no_text_are_refused(client: FlaskClient) -> None:
    problem(client.post(f"{V1}/sets", json={"cells": "1"}), 415)
    problem(client.post(f"{V1}/sets", data=b"\xff\xff", content_type="text/plain"), 400)
    problem(client.get(f"{V1}/sets"), 405)


def test_five_megabytes_are_stored_and_more_is_refused(client: FlaskClient) -> None:
    text = ("1234567 " * 625_000).strip()
    stored = client.post(f"{V1}/sets", data=text, content_type="text/plain")
    assert stored.status_code == 200
    problem(client.post(f"{V1}/sets", data="1" * 5_000_001, content_type="text/plain"), 413)
