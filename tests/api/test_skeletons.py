"""Skeletons over the API, and the tables of one cell that come with them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.api.answers import V1, get, json_of, problem
from tests.api.conftest import MakeClient
from tests.views import cell_samples, samples
from tests.views.cell_samples import CELL, SWC, Made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("tree")
    samples.words(folder / "data", folder)
    return cell_samples.make(folder / "data", folder)


@pytest.fixture(scope="module")
def client(made: Made, make_client: MakeClient) -> FlaskClient:
    return make_client(data=made.data)


def test_the_file_comes_as_it_is_and_once(client: FlaskClient) -> None:
    answer = get(client, f"datasets/tree/skeletons/{CELL}.swc")
    assert answer.get_data(as_text=True) == SWC
    assert answer.mimetype == "text/plain"
    assert f'filename="{CELL}.swc"' in answer.headers["Content-Disposition"]
    again = client.get(f"{V1}/datasets/tree/skeletons/{CELL}.swc", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("datasets/tree/skeletons/17.swc", "no cell 17"),
        ("datasets/nothing/skeletons/17.swc", "no dataset"),
        ("datasets/words/skeletons/ADAL.swc", "no skeleton of ADAL"),
        ("datasets/words/skeletons/..%2F..%2Fwords%2Fdataset.json.swc", "no cell"),
        ("datasets/tree/skeletons/../../secret.swc", ""),
        (f"datasets/tree/skeletons/{CELL}.obj", ""),
    ],
)
def test_what_is_not_there_is_a_404_with_the_reason(client: FlaskClient, path: str, said: str) -> None:
    assert said in problem(client.get(f"{V1}/{path}"), 404)["detail"]


def test_a_cell_of_the_dataset_without_a_file_is_a_404(client: FlaskClient, made: Made) -> None:
    cell = made.cells.cell_id[5]
    assert f"no skeleton of {cell}" in problem(client.get(f"{V1}/datasets/tree/skeletons/{cell}.swc"), 404)["detail"]


def test_the_synapses_of_a_cell_know_their_place_on_it(client: FlaskClient) -> None:
    found = json_of(client, "datasets/tree/cell_synapses.json", cell=CELL, side="out", mask="axon")
    assert found["data"]
    assert {row["direction"] for row in found["data"]} == {"out"}
    assert {row["part"] for row in found["data"]} == {"axon"}
    assert all(isinstance(row["partner_id"], str) for row in found["data"])
    assert found["ledger"]["read"] == found["ledger"]["kept"] + sum(o["synapses"] for o in found["ledger"]["left_out"])


@pytest.mark.parametrize("route", ["partners", "partner_types", "cell_synapses"])
def test_no_cell_and_unknown_cells_are_told(client: FlaskClient, route: str) -> None:
    assert "no cell given" in problem(client.get(f"{V1}/datasets/tree/{route}.json"), 400)["detail"]
    assert "no cell 99" in problem(client.get(f"{V1}/datasets/tree/{route}.json?cell=99"), 404)["detail"]
