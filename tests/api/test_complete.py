"""What the query box asks the server: suggestions, a check while one writes, forms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.answers import V1, json_of, numbers, problem
from tests.views.samples import FIRST_ID

pytest_plugins = ("tests.views.sample_fixtures",)

IDS = [str(FIRST_ID + 37 * i) for i in range(4)]
BIG = f"{V1}/datasets/big"


def check(client: FlaskClient, **fields: str) -> dict[str, Any]:
    response = client.post(f"{BIG}/check", data=fields)
    assert response.status_code == 200, response.data
    content: dict[str, Any] = json.loads(response.data)
    return content


def test_suggestions_take_the_place_of_what_is_typed(client: FlaskClient) -> None:
    text = "cell_type == 'B"
    found = json_of(client, "datasets/big/complete", text=text, at=len(text))
    assert {item["label"] for item in found["items"]} >= {"BC"}
    assert text[: found["start"]] + found["items"][0]["text"] + text[found["end"] :] == "cell_type == 'BC'"
    assert found == json.loads(client.post(f"{BIG}/complete", data={"text": text}).data)


def test_a_place_is_counted_in_characters(client: FlaskClient) -> None:
    found = json_of(client, "datasets/big/complete", text="𝔸𝔸 cell_ty", at=10)
    assert (found["start"], found["end"]) == (3, 10)


@pytest.mark.parametrize("query", [{"at": "-1"}, {"at": "x"}, {"at": "1.5"}, {"at": "9" * 30}, {"txt": "a"}])
def test_a_wrong_question_is_refused(client: FlaskClient, query: dict[str, str]) -> None:
    problem(client.get(f"{BIG}/complete", query_string=query), 400)


def test_no_such_dataset(client: FlaskClient) -> None:
    for path in ("complete", "check", "form"):
        problem(client.get(f"{V1}/datasets/nowhere/{path}"), 404)


def test_a_set_is_counted_and_said(client: FlaskClient) -> None:
    found = check(client, cells="cell_type == 'BC'")
    rows = json_of(client, "datasets/big/cells.json", cells="cell_type == 'BC'")["data"]
    assert found["n"] == len(rows)
    assert found["of"] == len(json_of(client, "datasets/big/cells.json")["data"])
    assert (found["echo"], found["problem"], found["ids"]) == ("cell_type is BC", None, None)


def test_a_wrong_set_is_an_answer(client: FlaskClient) -> None:
    found = check(client, cells="cell_typ == 'BC'")
    assert found["n"] is None
    assert found["problem"]["position"] == 1
    assert "cell_type" in found["problem"]["hint"]


def test_ids_are_texts_and_reported(client: FlaskClient) -> None:
    found = check(client, cells=", ".join([*IDS, IDS[0], "12", "13"]))
    assert found["ids"] == {
        "given": 7, "known": 4, "repeated": 1, "n_unknown": 2, "unknown": ["12", "13"], "renamed": 0, "can_drop": True,
    }  # fmt: skip
    assert max(numbers(found)) < 2**53
    many = check(client, cells=" ".join(str(i) for i in range(5_000)))
    assert many["ids"]["n_unknown"] == 5_000
    assert len(many["ids"]["unknown"]) < 5_000
    assert not many["ids"]["can_drop"]


def test_a_form_comes_back_as_text_and_count(client: FlaskClient) -> None:
    rows = [
        {"column": "cell_type", "test": "is", "values": ["BC"]},
        {"follow": "inputs_of", "cells": IDS[0], "min_synapses": 1},
    ]
    found = check(client, form=json.dumps({"joined": "or", "rows": rows}))
    assert found["text"] == f"cell_type in ['BC'] or inputs_of({IDS[0]})"
    assert found["n"] == len(json_of(client, "datasets/big/cells.json", cells=found["text"])["data"])
    assert found["form"] == {"joined": "or", "rows": rows}
    wrong = check(client, form=json.dumps({"rows": [{"column": "n", "test": "is", "values": []}]}))
    assert "row 1" in wrong["problem"]["detail"]
    for body in ("[]", "{", "3", '"x"'):
        problem(client.post(f"{BIG}/check", data={"form": body}), 400)


def test_what_a_form_is_made_of(client: FlaskClient) -> None:
    found = json_of(client, "datasets/big/form")
    assert {c["name"] for c in found["columns"]} >= {"cell_type", "cell_id", "out_degree"}
    assert "is missing" in found["tests"]["text"]


@pytest.mark.parametrize(
    "text", ["'", '"', "`", "\\", "a" * 30_000, "(" * 60, "set:", "\u202e", "inputs_of(", "1" * 4_000]
)
def test_hostile_texts_get_an_answer(client: FlaskClient, text: str) -> None:
    assert check(client, cells=text)["of"] > 0
    assert client.post(f"{BIG}/complete", data={"text": text}).status_code == 200
