"""GET /search: what the palette asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from data_access import set_names
from tests.api.answers import V1, get, json_of, numbers, problem
from tests.api.conftest import MakeClient
from tests.api.test_hostile import ODD, odd, sound
from tests.views.samples import FIRST_ID

pytest_plugins = ("tests.views.sample_fixtures",)


def titles(found: dict[str, Any], group: str) -> list[str]:
    return [hit["title"] for hit in found["data"] if hit["group"] == group]


def test_a_cell_a_type_and_a_dataset_lead_to_their_pages(client: FlaskClient) -> None:
    hit = json_of(client, "search", ds="big", q=FIRST_ID)["data"][0]
    assert (hit["group"], hit["title"], hit["is_id"]) == ("cells", str(FIRST_ID), True)
    assert hit["href"] == f"/cell/{FIRST_ID}?ds=big"
    hit = json_of(client, "search", ds="big", q="bc")["data"][0]
    assert hit["href"] == "/cells?ds=big&cells=cell_type+%3D%3D+%27BC%27"
    assert hit["ways"][0]["href"].startswith("/matrix?ds=big&pre=cell_type+")
    hit = next(h for h in json_of(client, "search", q="big ids")["data"] if h["group"] == "datasets")
    assert hit["dataset"] == "big"


def test_a_saved_set_by_its_name_and_a_stored_one_by_its_hash(
    make_client: MakeClient, sample_data: Path, sources: object, tmp_path: Path
) -> None:
    for name in ("big", "words"):
        (tmp_path / name).symlink_to(sample_data / name)
    client = make_client(data=tmp_path)
    named = set_names.save(tmp_path, "big", "Chandelier targets", "cell_type == 'BC'", 7)
    for q in ("chand", f"set:{named.set}"):
        hit = json_of(client, "search", ds="big", q=q)["data"][0]
        assert hit["group"] == "sets"
        assert hit["href"] == f"/cells?ds=big&cells=set%3A{named.set}"
    assert titles(json_of(client, "search", ds="big", q=""), "sets") == ["Chandelier targets"]
    assert titles(json_of(client, "search", ds="words", q="chand"), "sets") == []


def test_links_stand_under_the_prefix_and_ids_are_text(
    make_client: MakeClient, sample_data: Path, sources: object
) -> None:
    client = make_client(data=sample_data, url_prefix="/connect/")
    found = client.get("/connect/api/v1/search?ds=big&q=8646").json
    assert all(hit["href"].startswith("/connect/cell/") for hit in found["data"])
    assert all(abs(number) < 2**53 for number in numbers(found))


def test_the_limit_cuts_each_group_and_the_answer_says_so(client: FlaskClient) -> None:
    found = json_of(client, "search", ds="big", q="8646", limit=3)
    assert len(titles(found, "cells")) == 3
    assert found["groups"] == [{"group": "cells", "shown": 3, "total": 40}]


def test_without_a_dataset_the_first_one_is_searched(client: FlaskClient) -> None:
    first = json_of(client, "search", q="adal")["data"]
    assert first == json_of(client, "search", q="adal", ds=json_of(client, "datasets")["data"][0]["id"])["data"]


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ("ds=nothing", 404, "no dataset 'nothing'"),
        ("limit=0", 400, "limit=0"),
        ("limit=51", 400, "limit=51"),
        ("query=BC", 400, "unknown parameter 'query'"),
        ("q=a&q=b", 400, "given 2 times"),
    ],
)
def test_what_is_wrong_is_a_problem(client: FlaskClient, query: str, status: int, detail: str) -> None:
    assert detail in problem(client.get(f"{V1}/search?{query}"), status)["detail"]


def test_an_empty_folder_answers(make_client: MakeClient, tmp_path: Path) -> None:
    assert json_of(make_client(data=tmp_path), "search", q="8646")["data"] == []


def test_a_damaged_dataset_does_not_hide_the_others(
    make_client: MakeClient, sample_data: Path, sources: object, tmp_path: Path
) -> None:
    for name in ("big", "words"):
        (tmp_path / name).symlink_to(sample_data / name)
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "dataset.json").write_text("{")
    found = json_of(make_client(data=tmp_path), "search", ds="words", q="")
    assert len(titles(found, "datasets")) == 2


def test_it_is_described_as_it_answers_and_never_kept_by_a_proxy(client: FlaskClient) -> None:
    described = json_of(client, "openapi.json")
    operation = described["paths"]["/search"]["get"]
    assert [p["name"] for p in operation["parameters"]] == ["ds", "q", "limit"]
    content = operation["responses"]["200"]["content"]["application/json"]
    schema = {**content["schema"], "components": described["components"]}
    for answer in (
        content["example"],
        *(json_of(client, "search", ds="big", q=q) for q in ("", "bc", "8646", "x in [1, 2]")),
    ):
        jsonschema.Draft202012Validator(schema).validate(answer)
    assert get(client, "search", q="bc").headers["Cache-Control"] == "private, no-cache"


@odd
@given(text=st.sampled_from(ODD) | st.text(max_size=60))
def test_odd_texts(client: FlaskClient, text: str) -> None:
    for ds in ("big", "words", "edges"):
        response = client.get(f"{V1}/search", query_string={"q": text, "ds": ds})
        sound(response)
        assert response.status_code in (200, 414)
