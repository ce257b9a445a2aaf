"""The routes: what they answer, to whom they answer again, and what they say when the question is wrong."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image

from data_access.dataset import open_dataset
from data_access.importer import ImportSpec, import_dataset
from tests.api.answers import V1, get, json_of, problem
from tests.api.conftest import MakeClient
from tests.views.samples import FIRST_ID, Source, edges

pytest_plugins = ("tests.views.sample_fixtures",)


# -- datasets --------------------------------------------------------------------------------------------------


def test_datasets_are_listed_by_id_with_their_counts(client: FlaskClient, sources: dict[str, Source]) -> None:
    body = json_of(client, "datasets")
    assert list(body) == ["data"]
    assert [d["id"] for d in body["data"]] == ["big", "edges", "words"]
    names = (
        "id title kind source version synthetic partial n_cells n_cells_connected n_connections n_synapses "
        "capabilities licence citation"
    )
    assert all(list(d) == names.split() for d in body["data"])
    rows = sources["big"].rows
    big = body["data"][0]
    assert big["title"] == "Big ids"
    assert big["n_synapses"] == len(rows)
    assert big["n_connections"] == len(rows[["pre_id", "post_id"]].drop_duplicates())
    assert big["n_cells_connected"] == len(set(rows.pre_id) | set(rows.post_id))


def test_one_dataset_tells_its_columns_autapses_and_import(client: FlaskClient, sources: dict[str, Source]) -> None:
    body = json_of(client, "datasets/big")
    rows = sources["big"].rows
    assert body["n_autapses"] == len(rows[rows.pre_id == rows.post_id][["pre_id"]].drop_duplicates())
    assert body["columns"]["cell_type"]["kind"] == "text"
    assert body["ledger"]["rows_read"] == len(rows)


def test_an_empty_data_folder_has_no_datasets(make_client: MakeClient, tmp_path: Path) -> None:
    assert json_of(make_client(data=tmp_path / "nothing"), "datasets") == {"data": []}


def test_a_damaged_dataset_is_named_and_hides_no_other(make_client: MakeClient, tmp_path: Path) -> None:
    edges(tmp_path, tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "dataset.json").write_text("{")
    body = json_of(make_client(data=tmp_path), "datasets")
    assert [d["id"] for d in body["data"]] == ["edges"]
    assert body["unreadable"][0]["id"] == "broken"


# -- the same answer again -------------------------------------------------------------------------------------

TAGGED = (
    "datasets", "datasets/big", "openapi.json", "datasets/big/cells.json", "datasets/big/connections.csv?min=2",
    "datasets/big/synapses.parquet", f"datasets/big/partners.arrow?cell={FIRST_ID}", "datasets/big/matrix.json",
    "datasets/big/matrix.png?width=50", "datasets/big/gap_junctions.json",
)  # fmt: skip


@pytest.mark.parametrize("path", TAGGED)
def test_a_client_that_has_the_answer_gets_a_304(client: FlaskClient, path: str) -> None:
    first = get(client, path)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(f"{V1}/{path}", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    zipped = client.get(f"{V1}/{path}", headers={"Accept-Encoding": "gzip", "If-None-Match": f'W/"other", {tag}'})
    assert zipped.status_code == 304
    assert client.get(f"{V1}/{path}", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", TAGGED)
def test_head_answers_like_get_without_a_body(client: FlaskClient, path: str) -> None:
    head, whole = client.head(f"{V1}/{path}"), get(client, path)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Type", "ETag", "Cache-Control", "Content-Disposition"):
        assert head.headers.get(name) == whole.headers.get(name)


def test_tags_differ_between_views_formats_and_datasets(client: FlaskClient) -> None:
    paths = [
        "datasets/big/connections.json", "datasets/big/connections.csv", "datasets/big/connections.json?min=2",
        "datasets/words/connections.json", "datasets/big/synapses.json", "datasets/big/matrix.json", "datasets/big",
    ]  # fmt: skip
    assert len({get(client, path).headers["ETag"] for path in paths}) == len(paths)


def test_defaults_and_their_absence_are_one_view(client: FlaskClient) -> None:
    plain = get(client, "datasets/big/connections.json").headers["ETag"]
    spelled = get(client, "datasets/big/connections.json", ds="big", min=1, autapses="drop", pre="").headers["ETag"]
    assert spelled == plain


def test_a_new_import_under_the_same_id_has_new_tags(make_client: MakeClient, tmp_path: Path) -> None:
    client = make_client(data=tmp_path)
    edges(tmp_path, tmp_path, seed=1)
    before = get(client, "datasets/edges/connections.json")
    shutil.rmtree(tmp_path / "edges")
    edges(tmp_path, tmp_path, seed=2)
    after = client.get(f"{V1}/datasets/edges/connections.json", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert json.loads(after.data)["data"] != json.loads(before.data)["data"]


# -- tables ----------------------------------------------------------------------------------------------------


def test_the_ledger_says_which_data_what_was_left_out_and_how_long(client: FlaskClient) -> None:
    ledger = json_of(client, "datasets/big/connections.json", min=2, limit=5)["ledger"]
    meta = json_of(client, "datasets/big")
    assert (ledger["dataset"], ledger["version"], ledger["generation"]) == ("big", "v1718", 1)
    assert (ledger["unit"], ledger["read"], ledger["kept"]) == ("connections", meta["n_connections"], 5)
    assert ledger["cut"] is True
    assert ledger["total"] > ledger["limit"] == 5
    reasons = [entry["reason"] for entry in ledger["left_out"]]
    assert reasons == ["autapse", "fewer than 2 synapses", "beyond the limit of 5"]
    assert ledger["read"] == ledger["kept"] + sum(entry["connections"] for entry in ledger["left_out"])
    assert ledger["milliseconds"] > 0


def test_the_view_is_what_was_understood_and_asks_the_same_again(client: FlaskClient) -> None:
    pre = "cell_type == 'BC'"
    first = json_of(client, "datasets/big/connections.json", pre=pre, min="01", autapses="drop", limit="")
    assert first["view"] == {"ds": "big", "pre": pre}
    assert json_of(client, "datasets/big/connections.json", **first["view"])["data"] == first["data"]


def test_autapses_are_dropped_unless_kept(client: FlaskClient) -> None:
    def autapses(**query: str) -> int:
        rows = json_of(client, "datasets/big/connections.json", **query)["data"]
        return sum(r["pre_id"] == r["post_id"] for r in rows)

    assert autapses() == autapses(autapses="drop") == 0
    assert autapses(autapses="keep") == json_of(client, "datasets/big")["n_autapses"] > 0


def test_the_matrix_holds_the_connections_between_the_sets(client: FlaskClient) -> None:
    query = {"pre": "cell_type == 'BC'", "post": "is_cell", "min": "2"}
    matrix = json_of(client, "datasets/big/matrix.json", **query)["data"]
    connections = json_of(client, "datasets/big/connections.json", **query)["data"]
    assert [(r["pre"], r["post"], r["value"]) for r in matrix] == [
        (r["pre_id"], r["post_id"], r["n_synapses"]) for r in connections
    ]
    grouped = json_of(client, "datasets/big/matrix.json", group="cell_type")["data"]
    total = sum(r["n_synapses"] for r in json_of(client, "datasets/big/connections.json")["data"])
    assert sum(r["value"] for r in grouped) == total
    assert any(r["pre"] is None for r in grouped), "the untyped are a group of their own"


def test_the_matrix_picture_is_a_png_of_the_size_asked_for(client: FlaskClient) -> None:
    response = get(client, "datasets/big/matrix.png", width=400, height=400)
    assert response.content_type == "image/png"
    picture = Image.open(io.BytesIO(response.data))
    assert 200 <= picture.width <= 400
    assert 200 <= picture.height <= 400
    assert len(picture.convert("RGBA").getcolors()) > 2
    dark = Image.open(io.BytesIO(get(client, "datasets/big/matrix.png", width=400, height=400, theme="dark").data))
    assert dark.size == picture.size
    assert dark.convert("RGBA").tobytes() != picture.convert("RGBA").tobytes()


def test_a_window_of_the_picture_shows_those_cells_only(client: FlaskClient) -> None:
    one = get(client, "datasets/big/matrix.png", width=4, height=4, x0=0, x1=1, y0=0, y1=1)
    assert len(Image.open(io.BytesIO(one.data)).convert("RGBA").getcolors()) == 1


def test_five_hundred_partners_are_less_than_33_kb_on_the_wire(make_client: MakeClient, tmp_path: Path) -> None:
    file = tmp_path / "edges.csv"
    hub = FIRST_ID
    ids = [hub + 104_729 * (i + 1) for i in range(500)]
    lines = [f"{hub},{i},{k % 9 + 1}" for k, i in enumerate(ids)] + [
        f"{i},{hub},{k % 5 + 1}" for k, i in enumerate(ids)
    ]
    file.write_text("pre,post,weight\n" + "\n".join(lines) + "\n")
    import_dataset(tmp_path, ImportSpec(id="hub", connections=(file,), pre="pre", post="post", weight="weight"))
    client = make_client(data=tmp_path)
    path = f"{V1}/datasets/hub/partners.json?cell={hub}"
    response = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(response.data))["data"]) == 500
    assert len(response.data) < 33_000
    body = json.loads(client.get(path).data)
    assert body["ledger"]["milliseconds"] < 100


def test_everything_lies_under_the_url_prefix(make_client: MakeClient, sample_data: Path, sources: object) -> None:
    client = make_client(data=sample_data, url_prefix="/lab/scope/")
    found = client.get("/lab/scope/api/v1/datasets/big/connections.json?limit=1")
    assert found.status_code == 200
    assert client.get("/api/v1/datasets").status_code == 404
    described = json.loads(client.get("/lab/scope/api/v1/openapi.json").data)
    assert described["servers"] == [{"url": "/lab/scope/api/v1"}]


# -- POST ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cells", "connections", "synapses", "partners", "matrix", "gap_junctions"])
def test_form_fields_ask_the_same_as_a_query(client: FlaskClient, name: str) -> None:
    query = {
        "cells": {"cells": "cell_type == 'BC'"}, "connections": {"pre": "cell_type == 'BC'", "min": "2"},
        "synapses": {"post": str(FIRST_ID + 37)}, "partners": {"cell": str(FIRST_ID)}, "matrix": {"measure": "sum_size"},
        "gap_junctions": {"cells": str(FIRST_ID)},
    }[name]  # fmt: skip
    path = f"datasets/big/{name}.json"
    by_query = json_of(client, path, **query)
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        response = client.post(f"{V1}/{path}", data=query, content_type=kind)
        by_form = json.loads(response.data)
        assert (by_form["data"], by_form["view"]) == (by_query["data"], by_query["view"])
        assert "ETag" not in response.headers


def test_a_form_field_wins_over_the_query(client: FlaskClient) -> None:
    path = f"{V1}/datasets/big/connections.json?min=1&limit=3"
    assert json.loads(client.post(path, data={"min": "2"}).data)["view"] == {"ds": "big", "min": "2", "limit": "3"}
    assert json.loads(client.post(path).data)["view"] == {"ds": "big", "limit": "3"}


def test_a_list_of_ids_may_be_sent_as_a_file(client: FlaskClient) -> None:
    ids = [str(FIRST_ID + 37 * i) for i in range(5)]
    data = {"pre": (io.BytesIO("\n".join(ids).encode("utf-8-sig")), "ids.txt")}
    response = client.post(f"{V1}/datasets/big/connections.json", data=data, content_type="multipart/form-data")
    found = json.loads(response.data)
    assert {r["pre_id"] for r in found["data"]} <= set(ids)
    assert found["data"] == json_of(client, "datasets/big/connections.json", pre=",".join(ids))["data"]


def test_a_cell_set_of_five_megabytes_is_understood(client: FlaskClient) -> None:
    ids = ",".join(str(FIRST_ID + 37 * (i % 30)) for i in range(250_000))
    assert 4_700_000 < len(ids) < 5_000_000
    response = client.post(f"{V1}/datasets/big/cells.json", data={"cells": ids, "columns": "cell_id"})
    assert response.status_code == 200, response.data[:300]
    assert len(json.loads(response.data)["data"]) == 30


# -- what is wrong ---------------------------------------------------------------------------------------------

WRONG = [
    ("datasets/bigg", 404, "no dataset 'bigg'", "'big'"),
    ("datasets/bigg/connections.json", 404, "no dataset 'bigg'", "'big'"),
    ("datasets/big%00/connections.json", 404, "no dataset", ""),
    ("datasets/..%2f..%2fetc/connections.json", 404, "", ""),
    ("datasets/big/connections.xlsx", 404, "no format '.xlsx'", ".json, .csv, .parquet, .arrow"),
    ("datasets/big/connections", 404, "'connections'", "connections"),
    ("datasets/big/conections.json", 404, "'conections.json'", "'connections'"),
    ("datasets/big/connections.json/more", 404, "", ""),
    ("", 404, "", "openapi.json"),
    ("nothing", 404, "Nothing is served", "openapi.json"),
    ("jobs/17", 404, "no job '17'", ""),
    ("datasets/big/connections.json?prre=1", 400, "unknown parameter 'prre'", "'pre'"),
    ("datasets/big/connections.json?min=two", 400, "min=two is not a whole number", ""),
    ("datasets/big/connections.json?min=-3", 400, "min=-3 is below 1", ""),
    ("datasets/big/connections.json?limit=99999999999999999999", 400, "sane size", ""),
    ("datasets/big/connections.json?autapses=some", 400, "autapses=some is not known", "'drop', 'keep'"),
    ("datasets/big/connections.json?pre=1&pre=2", 400, "'pre' is given 2 times", "commas"),
    ("datasets/big/connections.json?ds=words", 400, "ds=words is not the dataset of the path", ""),
    ("datasets/big/cells.json?columns=cel_type", 400, "no column 'cel_type'", "'cell_type'"),
    ("datasets/big/cells.json?sort=cel_type", 400, "no column 'cel_type'", "'cell_type'"),
    ("datasets/big/cells.json?cells=cel_type=='BC'", 400, "cel_type", "cell_type"),
    ("datasets/big/cells.json?cells=cell_type=='BD'", 400, "BD", "BC"),
    ("datasets/big/cells.json?cells=cell_type=='BC", 400, "", ""),
    ("datasets/big/cells.json?cells=12345", 400, "12345 is not in this dataset", ""),
    ("datasets/big/cells.json?cells=__import__('os')", 400, "", ""),
    ("datasets/big/cells.json?cells=set:000000000000000000000000", 404, "no stored set", "POST"),
    ("datasets/big/cells.json?cells=set:..", 400, "", ""),
    ("datasets/big/partners.json", 400, "no cell given", "cell=ID"),
    ("datasets/big/partners.json?cell=12345", 404, "no cell 12345 in big", ""),
    ("datasets/words/partners.json?cell=ADLA", 404, "no cell ADLA", "'ADAL'"),
    ("datasets/edges/synapses.csv", 400, "edges holds connections, not single synapses", "connections"),
    ("datasets/edges/matrix.json?measure=sum_size", 400, "sum_size", "n_synapses"),
    ("datasets/big/matrix.json?measure=latency", 400, "latency", ""),
    ("datasets/big/matrix.json?group=nonsense", 400, "nonsense", ""),
    ("datasets/big/matrix.png?width=99999", 400, "width=99999 is above 4096", ""),
    ("datasets/big/matrix.png?width=0", 400, "width=0 is below 1", ""),
]


@pytest.mark.parametrize(("path", "status", "detail", "hint"), WRONG, ids=[w[0] for w in WRONG])
def test_a_wrong_question_gets_a_problem_that_helps(
    client: FlaskClient, path: str, status: int, detail: str, hint: str
) -> None:
    found = problem(client.get(f"{V1}/{path}"), status)
    assert detail in found["detail"]
    assert hint in found["hint"]
    assert client.head(f"{V1}/{path}").status_code == status


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("path", ["datasets", "datasets/big", "datasets/big/cells.json", "openapi.json"])
def test_other_methods_are_refused(client: FlaskClient, method: str, path: str) -> None:
    problem(getattr(client, method)(f"{V1}/{path}"), 405)


def test_named_sets_are_not_put(client: FlaskClient) -> None:
    problem(client.put(f"{V1}/sets"), 405)


def test_a_body_that_is_no_form_is_refused(client: FlaskClient) -> None:
    found = problem(client.post(f"{V1}/datasets/big/cells.json", json={"cells": "1"}), 415)
    assert "form fields" in found["detail"]
    problem(client.post(f"{V1}/datasets/big/cells.json", data=b"1,2,3", content_type="text/plain"), 415)


def test_a_file_that_is_no_text_is_refused(client: FlaskClient) -> None:
    data = {"cells": (io.BytesIO(b"\xff\xfe\x00"), "ids.bin")}
    response = client.post(f"{V1}/datasets/big/cells.json", data=data, content_type="multipart/form-data")
    assert "'cells' is no UTF-8 text" in problem(response, 400)["detail"]


@pytest.mark.parametrize("header", ["form-data", 'form-data; filename="ids.txt"'])
def test_a_form_field_without_a_name_is_refused(client: FlaskClient, header: str) -> None:
    body = f"--x\r\nContent-Disposition: {header}\r\n\r\n1\r\n--x--\r\n".encode()
    for path in ("datasets/big/cells.json", "sets"):
        response = client.post(f"{V1}/{path}", data=body, content_type="multipart/form-data; boundary=x")
        assert "has no name" in problem(response, 400)["detail"]


def test_a_cell_set_beyond_five_megabytes_is_refused(client: FlaskClient) -> None:
    response = client.post(f"{V1}/datasets/big/cells.json", data={"cells": "1" * 5_500_000})
    assert response.status_code in (400, 413)
    problem(response, response.status_code)


def test_a_dataset_that_is_removed_is_gone_at_once(make_client: MakeClient, tmp_path: Path) -> None:
    edges(tmp_path, tmp_path)
    client = make_client(data=tmp_path)
    get(client, "datasets/edges/connections.json")
    open_dataset(tmp_path, "edges")
    shutil.rmtree(tmp_path / "edges")
    assert "no dataset yet" in problem(client.get(f"{V1}/datasets/edges/connections.json"), 404)["hint"]
