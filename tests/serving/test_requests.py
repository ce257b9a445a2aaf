"""Request ids and the access log."""

from __future__ import annotations

import json
import logging

import flask
import pytest

from serving.requests import configure_logging


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def access(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [line for line in lines(capsys) if line["event"] == "request"]


def test_every_answer_carries_an_id_of_its_own(server: flask.Flask) -> None:
    client = server.test_client()
    ids = [client.get(path).headers["X-Request-ID"] for path in ("/", "/", "/api/none", "/api/v1/fail/bug")]
    assert len(set(ids)) == 4


@pytest.mark.parametrize("given", ["a", "0f8fad5b-d9cb-469f-a165-70867728950e", "proxy_1.2"])
def test_a_sane_id_of_the_client_is_kept(server: flask.Flask, given: str) -> None:
    assert server.test_client().get("/", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a b", 'x","level":"error', "x" * 65, "é", "<script>"])
def test_any_other_id_is_replaced(server: flask.Flask, given: str) -> None:
    answered = server.test_client().get("/", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert answered != given
    assert len(answered) == 16


def test_one_line_a_request(server: flask.Flask, capsys: pytest.CaptureFixture[str]) -> None:
    response = server.test_client().get("/api/v1/text.json?size=500", buffered=True)
    (line,) = access(capsys)
    assert {k: line[k] for k in ("method", "path", "status", "bytes")} == {
        "method": "GET",
        "path": "/api/v1/text.json",
        "status": 200,
        "bytes": 502,
    }
    assert 0 <= line["ms"] < 5000
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert line["time"].endswith("Z")


def test_the_query_is_never_logged(server: flask.Flask, capsys: pytest.CaptureFixture[str]) -> None:
    client = server.test_client()
    client.get("/?token=hush", headers={"Authorization": "Bearer hush"}, buffered=True)
    client.get("/api/v1/fail/bug?token=hush", buffered=True)
    out = capsys.readouterr().out
    assert "/api/v1/fail/bug" in out
    assert "hush" not in out


def test_a_stream_is_counted_to_its_end(server: flask.Flask, capsys: pytest.CaptureFixture[str]) -> None:
    response = server.test_client().get("/api/v1/stream.csv")
    size = len(response.data)
    assert access(capsys) == []
    response.close()
    assert [line["bytes"] for line in access(capsys)] == [size]


def test_a_path_can_hold_anything(server: flask.Flask, capsys: pytest.CaptureFixture[str]) -> None:
    client = server.test_client()
    for path in ("/%0a%7B%22level%22:1%7D", "/%ff%fe", "/cell/%E2%82%AC"):
        client.get(path, buffered=True)
    assert [line["path"] for line in access(capsys)] == ['/\n{"level":1}', "/\ufffd\ufffd", "/cell/€"]


def test_probes_are_logged_at_debug_only(server: flask.Flask, capsys: pytest.CaptureFixture[str]) -> None:
    server.test_client().get("/healthz", buffered=True)
    assert access(capsys) == []
    configure_logging("debug")
    server.test_client().get("/healthz", buffered=True)
    assert len(access(capsys)) == 1


def test_what_happens_during_a_request_is_logged_with_its_id_and_traceback(
    server: flask.Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    response = server.test_client().get("/api/v1/fail/bug")
    found = lines(capsys)
    error = next(line for line in found if line["event"] == "unexpected error")
    assert error["level"] == "error"
    assert error["request_id"] == response.headers["X-Request-ID"]
    assert "ZeroDivisionError: secret internals" in error["exception"]


def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning")
    logging.getLogger("data_access.x").info("quiet")
    logging.getLogger("data_access.x").warning("loud %s", "and clear")
    assert [(line["event"], line["logger"]) for line in lines(capsys)] == [("loud and clear", "data_access.x")]
