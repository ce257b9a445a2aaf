"""Errors as problem+json below api/, as a plain line elsewhere."""

from __future__ import annotations

import flask
import pytest


def problem_at(server: flask.Flask, path: str, method: str = "GET") -> dict:
    response = server.test_client().open(path, method=method)
    assert response.content_type == "application/problem+json"
    content = response.get_json()
    assert content["status"] == response.status_code
    assert content["request_id"] == response.headers["X-Request-ID"]
    assert set(content) == {"type", "title", "status", "detail", "hint", "request_id"}
    return content


@pytest.mark.parametrize(
    ("name", "status", "detail", "hint"),
    [
        ("input", 400, "no column 'cel_type'", "did you mean 'cell_type'?"),
        ("usage", 400, "--weight and --size do not go together", ""),
        ("missing", 404, "no dataset 'wrm'", "did you mean 'worm'?"),
        ("large", 413, "3,000,000 rows", "use Parquet"),
        ("other", 400, "the file is damaged", ""),
    ],
)
def test_an_error_of_ours_says_what_and_how_to_mend_it(
    server: flask.Flask, name: str, status: int, detail: str, hint: str
) -> None:
    content = problem_at(server, f"/api/v1/fail/{name}")
    assert (content["status"], content["detail"], content["hint"]) == (status, detail, hint)


def test_an_unexpected_error_tells_nothing_of_the_inside(server: flask.Flask) -> None:
    content = problem_at(server, "/api/v1/fail/bug")
    assert content["status"] == 500
    assert content["title"] == "Internal Server Error"
    assert "secret internals" not in str(content)
    assert "ZeroDivision" not in str(content)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/none", "/api/v1/a/b.json", "/api/v2/x", "/api/%00"],
)
def test_an_unknown_path_of_the_api_is_never_the_page(server: flask.Flask, path: str, method: str) -> None:
    content = problem_at(server, path, method)
    assert content["status"] == 404
    assert "/api/v1/openapi.json" in content["hint"]


def test_a_path_that_only_starts_alike_is_a_page(server: flask.Flask) -> None:
    assert b"the page" in server.test_client().get("/apiary").data


def test_a_method_that_a_route_does_not_take_is_405_with_those_it_takes(server: flask.Flask) -> None:
    response = server.test_client().post("/api/v1/text.json")
    assert response.status_code == 405
    assert response.content_type == "application/problem+json"
    assert {m.strip() for m in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
    assert server.test_client().get("/api/v1/form").status_code == 405


def test_a_head_request_has_the_status_and_no_body(server: flask.Flask) -> None:
    response = server.test_client().head("/api/v1/none")
    assert (response.status_code, response.data) == (404, b"")


def test_a_missing_form_field_is_a_bad_request(server: flask.Flask) -> None:
    assert problem_at(server, "/api/v1/form", "POST")["status"] == 400


def test_a_page_says_it_in_plain_text_with_the_request_id(server: flask.Flask) -> None:
    response = server.test_client().get("/fail/missing")
    assert response.status_code == 404
    assert response.mimetype == "text/plain"
    rid = response.headers["X-Request-ID"]
    assert response.text == f"no dataset 'wrm'\ndid you mean 'worm'?\nRequest {rid}\n"
    bug = server.test_client().get("/fail/bug")
    assert bug.status_code == 500
    assert "secret" not in bug.text


def test_the_api_lies_below_the_prefix(make_server) -> None:
    server = make_server(url_prefix="/connect/")
    assert problem_at(server, "/connect/api/v1/none")["status"] == 404
    assert problem_at(server, "/connect/api/v1/fail/input")["status"] == 400
    assert server.test_client().get("/api/v1/none").content_type != "application/problem+json"
