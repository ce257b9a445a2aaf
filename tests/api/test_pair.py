"""What the page of a pair asks for: the scene as JSON, the drawing as SVG, and errors that are never ours."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from tests.api.answers import V1, get, json_of, problem
from tests.api.conftest import MakeClient
from tests.views import pair_samples, samples
from tests.views.pair_samples import N_AB, A, B

PAIR = {"a": str(A), "b": str(B)}


@pytest.fixture(scope="module")
def client(make_client: MakeClient, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder = tmp_path_factory.mktemp("pair_api")
    samples.edges(folder / "data", folder)
    pair_samples.make(folder / "data", folder)
    return make_client(data=folder / "data")


def test_the_scene_holds_ids_as_text_and_the_same_cameras_as_the_drawing(client: FlaskClient) -> None:
    body = json_of(client, "datasets/pair/pair/scene.json", **PAIR, theme="dark")
    assert set(body) == {"data", "layout", "meta"}
    assert all(isinstance(synapse[0], str) for synapse in body["meta"]["synapses"])
    whole = body["meta"]["cameras"]["whole"]
    words = [*whole["centre"], *whole["towards"], *whole["up"], 1.1 * max(whole["height"], whole["width"] / 1.5)]
    cam = "_".join(f"{v:.6f}" for v in words)
    named, numbered = (
        get(client, "datasets/pair/pair/drawing.svg", **PAIR, width="900", height="600", **more).text
        for more in ({}, {"cam": cam})
    )
    assert named == numbered
    assert ElementTree.fromstring(named).get("viewBox") == "0 0 900 600"
    assert f"A → B {N_AB}" in named
    assert json_of(client, "datasets/edges/pair/scene.json", a="1", b="2")["problem"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({**PAIR, "cam": "<svg>"}, "is no camera"),
        ({**PAIR, "width": "99999"}, "above 4096"),
        ({**PAIR, "colour": "red"}, "unknown parameter"),
        ({"a": str(A), "b": str(A)}, "named twice"),
        ({"a": str(A)}, "a pair is two cells"),
    ],
)
def test_a_wrong_drawing_is_refused_in_words(client: FlaskClient, query: dict[str, str], said: str) -> None:
    answer = client.get(f"{V1}/datasets/pair/pair/drawing.svg", query_string=query)
    assert said in problem(answer, 400)["detail"]


def test_an_unknown_cell_is_not_found(client: FlaskClient) -> None:
    answer = client.get(f"{V1}/datasets/pair/pair/drawing.svg", query_string={"a": str(A), "b": "17"})
    assert "no cell 17" in problem(answer, 404)["detail"]
