"""Answers are sent again only when they changed."""

from __future__ import annotations

import flask
import pytest

PATH = "/api/v1/text.json"


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
def test_a_browser_that_has_the_answer_gets_304_and_nothing_is_computed(server: flask.Flask, encoding: str) -> None:
    client = server.test_client()
    first = client.get(PATH, headers={"Accept-Encoding": encoding})
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(PATH, headers={"Accept-Encoding": encoding, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert server.extensions["computed"] == 1


def test_another_tag_gets_the_answer(server: flask.Flask) -> None:
    response = server.test_client().get(PATH, headers={"If-None-Match": 'W/"old"'})
    assert response.status_code == 200
    assert len(response.data) == 100_002


def test_conditional_alone_answers_304_too_and_can_keep_for_a_year(server: flask.Flask) -> None:
    from serving.etag import conditional

    @server.get("/api/v1/pinned.png")
    def pinned() -> flask.Response:
        return conditional(flask.Response(b"png", mimetype="image/png"), "g1", immutable=True)

    client = server.test_client()
    first = client.get("/api/v1/pinned.png")
    assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = client.get("/api/v1/pinned.png", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_post_is_always_answered(server: flask.Flask) -> None:
    from serving.etag import unchanged

    @server.post("/api/v1/posted")
    def posted() -> str:
        assert unchanged("tag") is None
        return "x"

    assert server.test_client().post("/api/v1/posted", headers={"If-None-Match": 'W/"tag"'}).data == b"x"
