"""Security headers and limits on requests."""

from __future__ import annotations

import io
import json

import flask
import pytest
from werkzeug.test import create_environ, run_wsgi_app

from serving.security import MAX_REQUEST_LINE, content_security_policy


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/text.json", "/api/v1/none", "/api/v1/fail/bug", "/fail/bug", "/healthz"]
)
def test_every_answer_has_the_headers(server: flask.Flask, path: str) -> None:
    headers = server.test_client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]


def test_scripts_come_from_here_or_by_hash_and_nothing_is_evaluated() -> None:
    policy = dict(part.split(" ", 1) for part in content_security_policy(["'sha256-abc='"]).split("; "))
    assert policy["script-src"] == "'self' 'sha256-abc='"
    assert policy["default-src"] == policy["connect-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert "unsafe-eval" not in str(policy)


def test_the_hashes_are_asked_for_at_the_first_answer_and_once(make_server) -> None:
    asked = []

    def hashes() -> list[str]:
        asked.append(1)
        return ["'sha256-abc='"]

    client = make_server(csp_hashes=hashes).test_client()
    assert asked == []
    policies = {client.get("/").headers["Content-Security-Policy"] for _ in range(3)}
    assert asked == [1]
    assert "'sha256-abc='" in policies.pop()


def test_a_route_may_set_a_policy_of_its_own(server: flask.Flask) -> None:
    @server.get("/api/v1/strict")
    def strict() -> flask.Response:
        return flask.Response("", headers={"Content-Security-Policy": "default-src 'none'"})

    assert server.test_client().get("/api/v1/strict").headers.getlist("Content-Security-Policy") == [
        "default-src 'none'"
    ]


def test_a_cell_set_of_five_megabytes_arrives_as_a_form_field(server: flask.Flask) -> None:
    response = server.test_client().post("/api/v1/form", data={"cells": "1," * 2_500_000})
    assert response.get_json() == {"length": 5_000_000}


@pytest.mark.parametrize("path", ["/api/v1/form", "/api/v1/text.json", "/api/v1/none"])
def test_a_larger_body_is_refused_with_a_problem_even_if_nobody_reads_it(server: flask.Flask, path: str) -> None:
    response = server.test_client().post(path, data={"cells": "1" * 32_000_001})
    assert response.status_code == 413
    assert response.content_type == "application/problem+json"
    assert response.get_json()["detail"] == "The request body is larger than 32 MB."


@pytest.mark.parametrize(("size", "expected"), [(5_000_000, "200"), (32_000_000, "413"), (33_000_000, "413")])
def test_a_body_in_chunks_is_never_cut_silently(server: flask.Flask, size: int, expected: str) -> None:
    environ = create_environ("/api/v1/form", method="POST", content_type="application/x-www-form-urlencoded")
    del environ["CONTENT_LENGTH"]
    environ |= {"wsgi.input": io.BytesIO(b"cells=" + b"1" * size), "wsgi.input_terminated": True}
    body, status, _ = run_wsgi_app(server, environ)
    assert status.startswith(expected)
    assert json.loads(b"".join(body)).get("length") == (size if expected == "200" else None)


def test_a_page_refuses_a_larger_body_in_plain_words(server: flask.Flask) -> None:
    response = server.test_client().post("/_dash-update-component", data=b"1" * 32_000_001)
    assert response.status_code == 413


def test_a_request_line_of_eight_kilobytes_arrives_and_a_longer_one_does_not(server: flask.Flask) -> None:
    client = server.test_client()
    start = "/api/v1/text.json?size=1&pre="
    room = MAX_REQUEST_LINE - len(f"GET {start} HTTP/1.1")
    assert client.get(start + "1" * room).status_code == 200
    response = client.get(start + "1" * (room + 1))
    assert response.status_code == 414
    assert "POST form" in response.get_json()["detail"]
