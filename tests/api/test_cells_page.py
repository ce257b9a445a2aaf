"""What /cells asks for: rows, map, pointer, selection, as a browser asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import MakeClient
from tests.views import samples
from tests.views.mapped import Mapped, mapped


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    return mapped(tmp_path_factory.mktemp("mapped"))


@pytest.fixture(scope="module")
def data(known: Mapped, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = known.dataset.data_dir
    samples.words(folder, tmp_path_factory.mktemp("words"))
    samples.edges(folder, tmp_path_factory.mktemp("edges"))
    return folder


@pytest.fixture(scope="module")
def page(make_client: MakeClient, data: Path) -> FlaskClient:
    return make_client(data=data)


def get(page: FlaskClient, name: str, dataset: str = "mapped", **query: Any) -> Any:
    answer = page.get(f"/api/v1/datasets/{dataset}/cells/{name}.json", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def select(page: FlaskClient, dataset: str = "mapped", **form: str) -> Any:
    answer = page.post(f"/api/v1/datasets/{dataset}/cells/selection.json", data=form)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def test_rows_come_with_ids_as_text_and_the_total(page: FlaskClient, known: Mapped) -> None:
    found = get(page, "rows", cells="cell_type == 'BC'", sort="-volume", limit=3)
    assert len(found["data"]) == 3
    assert found["ledger"]["total"] == int((known.cells.cell_type == "BC").sum())
    assert all(isinstance(row["cell_id"], str) for row in found["data"])
    assert [row["volume"] for row in found["data"]] == sorted((r["volume"] for r in found["data"]), reverse=True)


def test_a_wrong_filter_is_an_answer_that_says_so(page: FlaskClient) -> None:
    for name in ("rows", "map"):
        found = get(page, name, cells="cell_tipe == 'BC'")
        assert "cell_tipe" in found["problem"]
        assert "cell_type" in found["hint"]


def test_the_map_of_a_dataset_without_positions_says_what_is_needed(page: FlaskClient) -> None:
    found = get(page, "map", dataset="edges")
    assert "no positions" in found["problem"]
    assert get(page, "rows", dataset="edges")["ledger"]["total"] == 30


def test_the_pointer_names_the_cell(page: FlaskClient, known: Mapped) -> None:
    cell = known.cells[known.cells.x_nm.notna()].iloc[7]
    found = get(page, "at", at=f"{cell.x_nm / 1000},{cell.depth_um}", reach="0.5")
    assert found["cell"]["id"] == str(cell.cell_id)
    assert found["n"] >= 1
    assert get(page, "at", at="-9999,-9999", reach="1") == {"n": 0, "cell": None}


def test_a_lasso_selects_what_is_shown_in_it_and_stores_what_is_long(page: FlaskClient, known: Mapped) -> None:
    everywhere = "-1e6,-1e6 1e6,-1e6 1e6,1e6 -1e6,1e6"
    found = select(page, cells="cell_type == 'BC'", polygon=everywhere)
    shown = known.cells[(known.cells.cell_type == "BC") & known.cells.x_nm.notna()]
    assert found["n"] == len(shown)
    assert found["sel"].startswith("set:")
    assert get(page, "rows", cells=found["sel"])["ledger"]["total"] == len(shown)
    assert set(get(page, "ids", cells=found["sel"])["ids"]) == {str(i) for i in shown.cell_id}


def test_adding_and_taking_away(page: FlaskClient, known: Mapped) -> None:
    a, b, c = (str(i) for i in known.cells.cell_id[:3])
    first = select(page, sel=a, set=f"{b}, {c}", operation="add")
    assert first["n"] == 3
    assert select(page, sel=first["sel"], set=b, operation="remove")["sel"].split(", ") == [a, c]
    assert select(page, sel=f"{a}, {b}", set=f"{b}, {c}", operation="keep")["sel"] == b
    assert select(page, sel=a, set=a, operation="remove") == {"sel": "", "n": 0, "said": "0 cells selected"}


def test_a_filter_becomes_the_selection_as_it_is_written(page: FlaskClient) -> None:
    assert select(page, set="cell_type == 'BC'", operation="replace")["sel"] == "cell_type == 'BC'"


def test_text_ids_are_quoted_in_a_selection(page: FlaskClient) -> None:
    found = select(page, dataset="words", sel="'ADAL'", set="'com,ma', 'quo\"te'", operation="add")
    assert found["n"] == 3
    assert get(page, "rows", dataset="words", cells=found["sel"])["ledger"]["total"] == 3


@pytest.mark.parametrize(
    ("form", "said"),
    [({"operation": "repalce"}, "replace"), ({"polygon": "1,2"}, "polygon"), ({"set": "nonsense"}, "nonsense")],
    ids=["operation", "polygon", "set"],
)  # fmt: skip
def test_what_cannot_be_selected_is_refused_with_a_reason(page: FlaskClient, form: dict[str, str], said: str) -> None:
    answer = page.post("/api/v1/datasets/mapped/cells/selection.json", data=form)
    assert answer.status_code == 400
    assert said in json.dumps(answer.get_json())


@pytest.mark.parametrize(
    "query",
    [
        "width=0",
        "width=x",
        "height=99999",
        "ratio=nan",
        "ratio=-1",
        "width=10&width=20",
        "x0=nan",
        "somata=maybe",
        "x=%00",
    ],
)
def test_no_query_breaks_the_map(page: FlaskClient, query: str) -> None:
    answer = page.get(f"/api/v1/datasets/mapped/cells/map.json?{query}")
    assert answer.status_code in (200, 400)
    assert answer.status_code == 400 or "problem" in answer.get_json()


@pytest.mark.parametrize("query", ["", "at=1", "at=a,b&reach=1", "at=1,2&reach=inf", "at=1,2&reach=nan"])
def test_no_query_breaks_the_pointer(page: FlaskClient, query: str) -> None:
    assert page.get(f"/api/v1/datasets/mapped/cells/at.json?{query}").status_code == 400


def test_the_summary_is_a_table_of_the_api(page: FlaskClient, known: Mapped) -> None:
    answer = page.get("/api/v1/datasets/mapped/summary.json", query_string={"columns": "cell_type", "cells": "is_cell"})
    rows = answer.get_json()["data"]
    counts = known.cells.cell_type.value_counts()
    assert {r["kind"]: r["n"] for r in rows if r["kind"]} == counts.to_dict()
    assert next(r["n"] for r in rows if r["kind"] is None) == int(known.cells.cell_type.isna().sum())
