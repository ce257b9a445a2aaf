"""GET /datasets/{id}/neuroglancer: where it leads, what the state holds, and what it says where it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from components.colours import type_colour
from data_access.dataset import open_dataset
from data_access.neuroglancer_read import read
from tests.api.answers import V1, json_of, numbers, problem
from tests.api.conftest import MakeClient
from tests.data_access import versions
from tests.data_access.versions import NEW, OLD, old

DS = f"tiny_public-v{OLD}"
PATH = f"{V1}/datasets/{DS}/neuroglancer"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("neuroglancer")
    versions.make(folder / "data", folder / "files", OLD)
    versions.make(folder / "data", folder / "files", OLD, "files-only", kind=None, viewer_site=None)
    return folder / "data"


@pytest.fixture(scope="module")
def client(make_client: MakeClient, data: Path) -> FlaskClient:
    return make_client(data=data)


def state(client: FlaskClient, **query: object) -> dict[str, Any]:
    body: dict[str, Any] = json_of(client, f"datasets/{DS}/neuroglancer", **query, **{"as": "json"})
    assert set(body) == {"url", "state", "notes"}
    assert all(abs(n) <= 2**53 for n in numbers(body))
    return body["state"]


def layers(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [layer for layer in found["layers"] if layer["type"] == kind]


def test_it_leads_to_the_viewer_with_the_same_state_as_json(client: FlaskClient) -> None:
    response = client.get(PATH, query_string={"cells": f"{old(2)},{old(1)}"})
    assert response.status_code == 302
    assert response.location.startswith("https://viewer.example.org/#!")
    assert read(response.location).ids == (str(old(2)), str(old(1)))
    body = json_of(client, f"datasets/{DS}/neuroglancer", cells=f"{old(2)},{old(1)}", **{"as": "json"})
    assert body["url"] == response.location
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_cells_have_the_colour_of_their_type_and_the_view_is_at_the_first(client: FlaskClient) -> None:
    found = state(client, cells=f"{old(2)}, {old(1)}, {old(8)}")
    colours = layers(found, "segmentation")[0]["segmentColors"]
    assert colours == {
        str(old(2)): type_colour("MC"),
        str(old(1)): type_colour("BC"),
        str(old(8)): type_colour("untyped"),
    }
    assert found["position"] == [20_000, 40_000, 20]


def test_a_pair_has_the_synapses_of_the_dataset_each_in_its_direction(client: FlaskClient, data: Path) -> None:
    found = state(client, pair=f"{old(2)},{old(7)}")
    rows = versions.synapses_of(OLD)
    for layer, (pre, post) in zip(layers(found, "annotation"), ((2, 7), (7, 2)), strict=True):
        wanted = rows[(rows.pre_id == old(pre)) & (rows.post_id == old(post))]
        assert {a["id"] for a in layer["annotations"]} == set(wanted.synapse_id.astype(str))
        assert [a["point"][0] * 4 for a in layer["annotations"]] == wanted.x_nm.tolist()
        assert all(
            f"size {size}" in a["description"] for a, size in zip(layer["annotations"], wanted["size"], strict=True)
        )
    assert state(client, pair=f"{old(2)}>{old(7)}") == found


def test_partners_are_those_of_the_partners_table_by_type(client: FlaskClient) -> None:
    for direction, side in (("in", "inputs"), ("out", "outputs"), ("both", "partners")):
        found = state(client, partners_of=old(2), direction=direction)
        table = json_of(client, f"datasets/{DS}/partners.json", cell=old(2), direction=direction)["data"]
        shown = {(layer["name"], s) for layer in layers(found, "segmentation")[1:] for s in layer["segments"]}
        fragments = {str(versions.FRAGMENT_SAME), str(versions.FRAGMENT_GONE)}
        wanted = {
            (f"{side}: {'fragment' if row['partner_id'] in fragments else row['cell_type'] or 'untyped'}", row["partner_id"])
            for row in table
        }  # fmt: skip
        assert shown == wanted
        assert len(table) > 1
        by_name = {layer["name"]: layer for layer in layers(found, "segmentation")}
        assert by_name[f"{side}: MC"]["segmentDefaultColor"] == type_colour("MC")


def test_sets_may_be_posted(client: FlaskClient) -> None:
    response = client.post(PATH, data={"cells": "cell_type == 'MC'"})
    assert response.status_code == 303
    assert set(read(response.location).ids) == {str(old(2)), str(old(7))}
    name = json.loads(client.post(f"{V1}/sets", data={"cells": str(old(2))}).data)["set"]
    assert read(client.get(PATH, query_string={"cells": name}).location).ids == (str(old(2)),)


def test_a_dataset_without_an_origin_says_what_would_be_needed(client: FlaskClient) -> None:
    found = problem(client.get(f"{V1}/datasets/files-only/neuroglancer?cells={old(2)}"), 400)
    assert "cannot be shown in Neuroglancer" in found["detail"]
    assert "pulled from CAVE" in found["hint"]


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ({}, 400, "nothing to show"),
        ({"cells": str(old(1)), "pair": f"{old(1)},{old(2)}"}, 400, "cells and pair together"),
        ({"pair": str(old(1))}, 400, "is no pair"),
        ({"pair": f"{old(1)},{old(2)},{old(3)}"}, 400, "is no pair"),
        ({"partners_of": "17"}, 404, "no cell 17"),
        ({"cells": "17"}, 400, "17 is not in this dataset"),
        ({"cells": "cell_type == 'MC' and cell_type == 'BC'"}, 400, "no cell matches"),
        ({"cells": str(old(1)), "as": "html"}, 400, "as=html is not known"),
        ({"cells": str(old(1)), "url": "https://evil.example.org"}, 400, "unknown parameter 'url'"),
        ({"partners_of": str(old(1)), "direction": "up"}, 400, "direction=up"),
    ],
)
def test_what_is_wrong_is_a_problem(client: FlaskClient, query: dict[str, str], status: int, detail: str) -> None:
    assert detail in problem(client.get(PATH, query_string=query), status)["detail"]


def test_it_never_leads_anywhere_but_to_an_https_viewer(make_client: MakeClient, tmp_path: Path) -> None:
    sites = ["http://viewer.example.org", "javascript:alert(1)", "https://v.org\r\nSet-Cookie: a=b", "https://u@v.org"]
    for number, site in enumerate(sites):
        versions.make(tmp_path / "data", tmp_path / "files", NEW, f"d{number}", viewer_site=site)
    client = make_client(data=tmp_path / "data")
    for number in range(len(sites)):
        ids = open_dataset(tmp_path / "data", f"d{number}").index.text([0])
        response = client.get(f"{V1}/datasets/d{number}/neuroglancer?cells={ids[0]}")
        assert "Location" not in response.headers
        problem(response, 400)
