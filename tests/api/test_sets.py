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
    problem(client.get(f"{V1}/sets"), 400)


def test_five_megabytes_are_stored_and_more_is_refused(client: FlaskClient) -> None:
    text = ("1234567 " * 625_000).strip()
    stored = client.post(f"{V1}/sets", data=text, content_type="text/plain")
    assert stored.status_code == 200
    problem(client.post(f"{V1}/sets", data="1" * 5_000_001, content_type="text/plain"), 413)


def test_named_sets_are_listed_renamed_and_deleted(make_client: MakeClient, tmp_path: Path) -> None:
    edges(tmp_path, tmp_path)
    client = make_client(data=tmp_path)
    row = json_of(client, "datasets/edges/cells.json", limit=2)["data"]
    text = ", ".join(f"'{r['cell_id']}'" for r in row)
    made = store(client, cells=text, ds="edges", name=" two  cells ")
    assert (made["n"], made["name"], made["text"]) == (2, "two cells", text)
    listed = json_of(client, "sets", ds="edges")["data"]
    assert [(s["name"], s["set"], s["n"]) for s in listed] == [("two cells", made["set"], 2)]
    assert json_of(client, "sets", dataset="edges")["data"] == listed
    one = json_of(client, f"sets/{made['set'].removeprefix('set:')}", ds="edges")
    assert (one["cells"], one["n"]) == (text, 2)
    assert json_of(client, f"sets/{made['set']}")["cells"] == text
    renamed = client.patch(f"{V1}/sets", query_string={"ds": "edges", "name": "Two cells", "to": "pair"})
    assert json.loads(renamed.data)["name"] == "pair"
    problem(client.patch(f"{V1}/sets", query_string={"ds": "edges", "name": "two cells", "to": "x"}), 404)
    problem(client.delete(f"{V1}/sets", query_string={"ds": "edges", "name": "par"}), 404)
    left = client.delete(f"{V1}/sets", query_string={"ds": "edges", "name": "pair"})
    assert json.loads(left.data) == {"data": []}
    assert json_of(client, "sets", ds="edges") == {"data": []}
    assert json_of(client, f"sets/{made['set']}")["cells"] == text


def test_unknown_ids_are_refused_unless_told_otherwise(client: FlaskClient) -> None:
    text = ", ".join([IDS[0], "12", IDS[1], IDS[0]])
    refused = problem(client.post(f"{V1}/sets", data={"cells": text, "ds": "big"}), 400)
    assert "12" in refused["detail"]
    made = store(client, cells=text, ds="big", unknown="drop")
    assert (made["n"], made["text"]) == (2, f"{IDS[0]}, {IDS[1]}")
    problem(client.post(f"{V1}/sets", data={"cells": "12, 13", "ds": "big", "unknown": "drop"}), 400)
    for path in ("cells", "connections", "matrix"):
        key = "cells" if path == "cells" else "pre"
        problem(client.get(f"{V1}/datasets/big/{path}.json", query_string={key: text}), 400)


def test_a_long_set_comes_back_as_its_name_only(client: FlaskClient) -> None:
    made = store(client, cells=", ".join(IDS * 40), ds="big", unknown="drop", name="many")
    assert made["n"] == 6
    assert made["text"] == ""


@pytest.mark.parametrize(
    ("method", "query", "status"),
    [
        ("get", {}, 400), ("get", {"ds": "nowhere"}, 404), ("get", {"ds": "big", "x": "1"}, 400),
        ("patch", {"ds": "big", "name": "a"}, 404), ("delete", {"name": "a"}, 400),
    ],
)  # fmt: skip
def test_wrong_questions_about_named_sets(client: FlaskClient, method: str, query: dict[str, str], status: int) -> None:
    problem(getattr(client, method)(f"{V1}/sets", query_string=query), status)


@pytest.mark.parametrize(
    "fields",
    [{"name": "x"}, {"unknown": "drop"}, {"ds": "big", "unknown": "keep"}, {"ds": "big", "name": "x" * 81},
     {"ds": "big", "name": "\n"}],
)  # fmt: skip
def test_names_and_unknown_ids_need_a_dataset_and_right_words(client: FlaskClient, fields: dict[str, str]) -> None:
    problem(client.post(f"{V1}/sets", data={"cells": "is_cell"} | fields), 400)


def test_no_such_stored_set(client: FlaskClient) -> None:
    for name in ("0123456789abcdef01234567", "..", "x"):
        problem(client.get(f"{V1}/sets/{name}"), 404)
