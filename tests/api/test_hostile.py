"""No input makes the server fail: whatever comes, the answer is a result or a whole problem."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_from_bytes

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from api.tables import PICTURE, TABLES
from tests.api.answers import V1, problem
from tests.views.samples import FIRST_ID
from views import schema

pytest_plugins = ("tests.views.sample_fixtures",)

DATASETS = ("big", "words", "edges")
FORMATS = ("json", "csv", "parquet", "arrow")
ODD = [
    "", " ", "\0", "\n", "0", "1", "-1", "1e5", "1.5", "nan", "inf", "-inf", "9" * 25, "9" * 5000, "0x10", "١٢", "1_0",
    "true", "None", "null", "%", "%00", "\u202e", "🧠" * 50, "ä", "'", '"', "''", "`", ";", "--", "(", ")" * 200,
    "(" * 500, "not " * 500, "cell_id", "cell_type", "cell_type == 'BC'", "cell_type == cell_type", "x_nm > 1e999",
    "cell_type.str.startswith('B')", "cell_type.str.contains('(a+)+$')", "ratio / 0 > 1", "set:", "set:abc", "set:" + "0" * 24,
    str(FIRST_ID), f"{FIRST_ID},{FIRST_ID}", "864691135808473900", "9223372036854775807", "-9223372036854775808",
    "9223372036854775808", "[1, 2", "np.array([1])", "__import__('os').system('true')", "{{7*7}}", "../../etc/passwd",
    "' OR 1=1 --", "'; DROP TABLE cells; --", "cell_id; SELECT 1", "n_synapses", "latency", "sum_size", "cluster",
    "degree", "position", "given", "other", "type", "axon", "nucleus", "note", "-cell_type", "--cell_type", "x_um",
]  # fmt: skip


def sound(response: TestResponse) -> None:
    """A result or a problem, and never a failure of the server."""
    assert response.status_code < 500, response.data[:500]
    if response.status_code >= 400:
        problem(response, response.status_code)
    elif response.mimetype == "application/json":
        json.loads(response.data)


values = st.sampled_from(ODD) | st.text(max_size=40) | st.integers().map(str) | st.floats().map(str)
PLAUSIBLE = {
    "choice": values,
    "int": st.integers(-3, 300).map(str) | values,
    "float": st.floats(-100, 100).map(str) | values,
    "text": values,
}
ROUTES: dict[str, type] = {t.name: t.view for t in TABLES} | {"matrix.png": PICTURE.view}


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A path and parameters that it knows, with plausible and odd values; now and then one that it doesn't."""
    name = draw(st.sampled_from(sorted(ROUTES)))
    suffix = "" if name == "matrix.png" else "." + draw(st.sampled_from(FORMATS))
    known = schema.params(ROUTES[name])
    query = {p.key: draw(PLAUSIBLE[p.kind] | st.sampled_from(p.choices or (str(FIRST_ID),)))
             for p in draw(st.lists(st.sampled_from(known), max_size=4, unique=True)) if p.key != "ds"}  # fmt: skip
    if draw(st.integers(0, 9)) == 0:
        query[draw(st.text(max_size=8))] = draw(values)
    return f"{V1}/datasets/{draw(st.sampled_from(DATASETS))}/{name}{suffix}", query


odd = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@odd
@given(request=requests())
def test_odd_parameters(client: FlaskClient, request: tuple[str, dict[str, str]]) -> None:
    sound(client.get(request[0], query_string=request[1]))


@odd
@given(request=requests(), kind=st.sampled_from(["application/x-www-form-urlencoded", "multipart/form-data"]))
def test_odd_forms(client: FlaskClient, request: tuple[str, dict[str, str]], kind: str) -> None:
    sound(client.post(request[0], data=request[1], content_type=kind))


@odd
@given(
    request=requests(), screen=st.dictionaries(st.sampled_from(["width", "height", "ratio", "theme", "first"]), values)
)
@pytest.mark.parametrize("name", ["figure", "window", "at"])
def test_odd_questions_of_a_figure(
    client: FlaskClient, name: str, request: tuple[str, dict[str, str]], screen: dict[str, str]
) -> None:
    sound(client.get(f"{V1}/datasets/big/matrix/{name}.json", query_string=request[1] | screen))


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_every_parameter_of_every_route_with_an_odd_value(client: FlaskClient, value: str) -> None:
    for name, view in ROUTES.items():
        path = f"{V1}/datasets/big/{name}" + ("" if name == "matrix.png" else ".json")
        for param in schema.params(view):
            sound(client.get(path, query_string={param.key: value}))


@odd
@given(raw=st.binary(max_size=60))
def test_odd_bytes_in_path_and_query(client: FlaskClient, raw: bytes) -> None:
    coded = quote_from_bytes(raw, safe="")
    for path in (
        coded,
        f"datasets/{coded}",
        f"datasets/{coded}/cells.json",
        f"datasets/big/{coded}",
        f"datasets/big/cells.{coded}",
    ):
        sound(client.get(f"{V1}/{path}"))
    sound(client.get(f"{V1}/datasets/big/cells.json?{coded}"))
    sound(client.get(f"{V1}/datasets/big/cells.json?cells={coded}"))
    sound(client.get(f"{V1}/datasets/words/partners.json?cell={coded}"))


@odd
@given(body=st.binary(max_size=200), kind=st.sampled_from([
    "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "text/plain",
    "application/json", "text/plain; charset=klingon", "nonsense", "", "multipart/form-data; boundary=" + "y" * 300,
]))  # fmt: skip
def test_odd_bodies(client: FlaskClient, body: bytes, kind: str) -> None:
    sound(client.post(f"{V1}/datasets/big/cells.json", data=body, content_type=kind))
    sound(client.post(f"{V1}/sets", data=body, content_type=kind))
    sound(client.post(f"{V1}/sets?ds=big", data=body, content_type=kind))


@odd
@given(text=values)
def test_odd_texts_to_store(client: FlaskClient, text: str) -> None:
    response = client.post(f"{V1}/sets", data={"cells": text})
    sound(response)
    if response.status_code == 200:
        name = json.loads(response.data)["set"]
        sound(client.get(f"{V1}/datasets/big/connections.json", query_string={"pre": name}))
    sound(client.post(f"{V1}/sets", data={"cells": text, "ds": text}))


@pytest.mark.parametrize(
    "header",
    ["", "*", '"a', 'W/"' + "b" * 5000 + '"', "\x00", 'gibberish, W/, ""'],
    ids=["empty", "star", "open", "long", "null", "gibberish"],
)
@pytest.mark.parametrize(
    "name", ["If-None-Match", "If-Match", "If-Modified-Since", "Range", "Accept-Encoding", "Accept"]
)
def test_odd_headers(client: FlaskClient, name: str, header: str) -> None:
    for path in ("datasets", "datasets/big/cells.json", "datasets/big/matrix.png?width=20"):
        response = client.get(f"{V1}/{path}", headers={name: header})
        assert response.status_code < 500


HUGE = {
    "ids": ",".join(map(str, range(10**14, 10**14 + 320_000))),
    "one digit": "1" * 4_900_000,
    "parentheses": "(" * 4_900_000,
    "not": "not " * 1_200_000,
    "or": " or ".join(["cell_type == 'BC'"] * 200_000),
    "quotes": "'" * 4_900_000,
    "one text": "cell_type == '" + "a" * 4_900_000 + "'",
    "list": "cell_type in [" + ",".join(["'BC'"] * 900_000) + "]",
    "words": "a " * 2_400_000,
    "blanks": " " * 4_900_000,
    "dots": "a" + ".str" * 1_000_000,
    "minus": "-" * 4_900_000,
    "emoji": "🧠" * 400_000,
    "newlines": "\n" * 1_600_000 + "1",
}


@pytest.mark.parametrize("text", HUGE.values(), ids=list(HUGE))
def test_five_megabytes_of_anything(client: FlaskClient, text: str) -> None:
    for path in ("datasets/big/cells.json", "datasets/words/connections.csv"):
        field = "cells" if "cells" in path else "pre"
        response = client.post(f"{V1}/{path}", data={field: text}, content_type="multipart/form-data")
        sound(response)
        if response.status_code >= 400:
            assert len(response.data) < 2_000, "the message does not repeat the set"


def test_a_long_request_line_is_a_problem(client: FlaskClient) -> None:
    found = problem(client.get(f"{V1}/datasets/big/cells.json?cells=" + quote("1," * 6000)), 414)
    assert "POST" in found["detail"]
