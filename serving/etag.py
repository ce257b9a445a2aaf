"""Answers that a browser may keep: sent again only when they changed."""

from __future__ import annotations

import flask


def unchanged(etag: str) -> flask.Response | None:
    """An empty 304 if the client already has the answer of this tag, so that nothing need be computed."""
    if flask.request.method not in ("GET", "HEAD") or not flask.request.if_none_match.contains_weak(etag):
        return None
    return conditional(flask.Response(status=304), etag)


def conditional(response: flask.Response, etag: str, immutable: bool = False) -> flask.Response:
    """Tag the response; it becomes a 304 without a body if the client already has it.

    `etag` names the content (ResultCache.digest). `immutable` is for addresses that hold the dataset's
    fingerprint: they are kept for a year without asking. The tag is weak: compression changes the bytes.
    """
    response.set_etag(etag, weak=True)
    age = "max-age=31536000, immutable" if immutable else "no-cache"
    response.headers["Cache-Control"] = f"private, {age}"
    if response.status_code != 304:
        response.make_conditional(flask.request)
    return response
