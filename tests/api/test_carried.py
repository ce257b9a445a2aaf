"""carried.FMT over HTTP, and ids of another version in any other question."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.api.answers import V1, csv_of, get, json_of, parquet_of, problem
from tests.api.conftest import MakeClient
from tests.data_access import versions
from tests.data_access.versions import NEW, OLD, new, old

V1507, V1718 = f"tiny_public-v{OLD}", f"tiny_public-v{NEW}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return versions.both(tmp_path_factory.mktemp("carried"))


@pytest.fixture(scope="module")
def client(make_client: MakeClient, data: Path) -> FlaskClient:
    return make_client(data=data)


def test_ids_are_text_in_json_and_exact_everywhere(client: FlaskClient) -> None:
    query = {"cells": f"{old(2)},{old(3)}", "to": V1718}
    body = json_of(client, f"datasets/{V1507}/carried.json", **query)
    assert body["data"] == [
        {"cell_id": str(old(2)), "nucleus_id": "20", "carried_id": str(new(2)), "what": "renamed"},
        {"cell_id": str(old(3)), "nucleus_id": "30", "carried_id": None, "what": "vanished"},
    ]
    assert f"carried to {V1718}: 1 renamed, 1 vanished" in body["ledger"]["notes"]
    assert body["view"] == {"ds": V1507, **query}
    rows = csv_of(client, f"datasets/{V1507}/carried.csv", **query)
    assert [row["carried_id"] for row in rows] == [str(new(2)), ""]
    assert parquet_of(client, f"datasets/{V1507}/carried.parquet", **query).column("carried_id").to_pylist() == [
        new(2),
        None,
    ]


def test_what_is_missing_is_a_problem_that_names_the_other_versions(client: FlaskClient) -> None:
    for to in ("", "tiny_public-v99"):
        assert V1718 in problem(client.get(f"{V1}/datasets/{V1507}/carried.json?to={to}"), 400)["hint"]


def test_a_dataset_without_versions_says_so(make_client: MakeClient, tmp_path: Path) -> None:
    versions.make(tmp_path / "data", tmp_path / "files", OLD, "alone")
    found = problem(make_client(data=tmp_path / "data").get(f"{V1}/datasets/alone/carried.json?to=x"), 400)
    assert "no other version" in found["detail"]


def test_an_answer_is_made_anew_when_the_other_version_changes(make_client: MakeClient, tmp_path: Path) -> None:
    for version in (OLD, NEW):
        versions.make(tmp_path / "data", tmp_path / "files", version)
    client = make_client(data=tmp_path / "data")
    path = f"datasets/{V1507}/carried.json"
    tag = get(client, path, to=V1718).headers["ETag"]
    assert get(client, path, to=V1718).headers["ETag"] == tag
    versions.make(tmp_path / "data", tmp_path / "files", NEW, "another", version=1800)
    assert get(client, path, to=V1718).headers["ETag"] != tag


def test_an_id_of_another_version_is_answered_with_its_cell_here(client: FlaskClient) -> None:
    told = f"{old(2)} is from version {OLD}; its cell in {V1718} is {new(2)}"
    one = problem(client.get(f"{V1}/datasets/{V1718}/partners.json?cell={old(2)}"), 404)
    sets = problem(client.get(f"{V1}/datasets/{V1718}/connections.json?pre={old(2)}"), 400)
    assert one["detail"] == sets["detail"] == told
    assert one["hint"] == sets["hint"] == f"use {new(2)} here"
    several = problem(client.get(f"{V1}/datasets/{V1718}/cells.json?cells={old(6)},{old(4)}"), 400)
    assert f"split into {new(6)} and {new(66)}" in several["detail"]
    assert f"merged with another cell into {new(4)}" in several["detail"]
