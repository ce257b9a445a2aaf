"""reciprocal.FMT and reciprocal_types.FMT over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from data_access.dataset import Dataset
from tests.api.answers import V1, arrow_of, csv_of, json_of, numbers, parquet_of, problem
from tests.api.conftest import MakeClient
from tests.data_access import versions
from tests.data_access.versions import NEW, OLD, new, old
from tests.views import paired
from tests.views.paired import cell

CONTRACT = ["cell_a", "cell_b", "n_ab", "n_ba", "sum_size_ab", "sum_size_ba", "type_a", "type_b"]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return paired.paired(tmp_path_factory.mktemp("paired"))


@pytest.fixture(scope="module")
def client(make_client: MakeClient, known: Dataset) -> FlaskClient:
    return make_client(data=known.data_dir)


def test_the_strongest_pair_comes_first_in_every_format(client: FlaskClient) -> None:
    first = {"cell_a": cell("bc"), "cell_b": cell("p1"), "n_ab": 4, "n_ba": 2, "sum_size_ab": 406, "sum_size_ba": 209,
             "type_a": "BC", "type_b": "23P"}  # fmt: skip
    body = json_of(client, "datasets/paired/reciprocal.json", limit=2)
    assert {name: body["data"][0][name] for name in CONTRACT} == first
    assert list(body["data"][0])[:8] == CONTRACT
    assert (body["ledger"]["total"], body["ledger"]["kept"], body["ledger"]["cut"]) == (7, 2, True)
    assert max(abs(n) for n in numbers(body)) < 2**53
    assert csv_of(client, "datasets/paired/reciprocal.csv")[0]["cell_b"] == cell("p1")
    for table in (parquet_of(client, "datasets/paired/reciprocal.parquet"),
                  arrow_of(client, "datasets/paired/reciprocal.arrow")):  # fmt: skip
        assert table.num_rows == 7
        assert table["cell_a"][0].as_py() == int(cell("bc"))


def test_sets_go_as_cells_or_as_pre_and_post_and_also_by_form(client: FlaskClient) -> None:
    path = "datasets/paired/reciprocal.json"
    assert len(json_of(client, path, cells="cell_type == '23P'")["data"]) == 1
    assert len(json_of(client, path, pre="cell_type == '23P'", post="cell_type == 'BC'")["data"]) == 2
    form = {"cells": f"{cell('bc')}, {cell('p1')}, {cell('mc')}", "min": "2", "autapses": "keep"}
    assert len(client.post(f"{V1}/{path}", data=form).json["data"]) == 2  # type: ignore[index]
    both = client.get(f"{V1}/{path}?cells=is_cell&pre=is_cell")
    assert "cells= stands for both sets" in problem(both, 400)["detail"]
    assert "did you mean 'fragment'" in problem(client.get(f"{V1}/{path}?warning=fragmant"), 400)["hint"]


def test_reciprocity_by_type(client: FlaskClient) -> None:
    body = json_of(client, "datasets/paired/reciprocal_types.json", tested="all", pre="cell_type == '23P'",
                   post="cell_type == 'BC'")  # fmt: skip
    row = body["data"][0]
    assert (row["pre_group"], row["post_group"], row["n_pairs_tested"], row["n_reciprocal"]) == ("23P", "BC", 4, 2)
    assert (row["n_connections"], row["n_reciprocated"], row["fraction"], row["ci_high"]) == (2, 2, 1.0, 1.0)
    assert row["ci_low"] == pytest.approx(0.158114)  # (0.05 / 2) ** (1 / 2)
    assert problem(client.get(f"{V1}/datasets/paired/reciprocal_types.json?tested=some"), 400)


def test_an_answer_is_made_anew_when_another_version_appears(make_client: MakeClient, tmp_path: Path) -> None:
    data = tmp_path / "data"
    versions.make(data, tmp_path / "files", OLD)
    client = make_client(data=data)
    path = f"{V1}/datasets/tiny_public-v{OLD}/reciprocal.json"
    before = client.get(path)
    assert [row["warnings"] for row in before.json["data"]] == [""]  # type: ignore[index]
    assert {before.json["data"][0][name] for name in ("cell_a", "cell_b")} == {str(old(2)), str(old(7))}  # type: ignore[index]
    versions.make(data, tmp_path / "files", NEW)
    after = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200, "the other version may change the warnings"
    assert any("compared with" in note for note in after.json["ledger"]["notes"])  # type: ignore[index]
    there = json_of(client, f"datasets/tiny_public-v{NEW}/reciprocal.json", cell=new(7))
    assert len(there["data"]) == 1
