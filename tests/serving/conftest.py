"""A small Flask server with the serving layer around it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest

import serving
from data_access.errors import InputError, NotFoundError, SynaptoscopeError, TooLargeError, UsageError
from serving.etag import conditional, unchanged
from settings import Settings

MakeServer = Callable[..., flask.Flask]
ERRORS: dict[str, Exception] = {
    "input": InputError("no column 'cel_type'", "did you mean 'cell_type'?"),
    "usage": UsageError("--weight and --size do not go together"),
    "missing": NotFoundError("no dataset 'wrm'", "did you mean 'worm'?"),
    "large": TooLargeError("3,000,000 rows", "use Parquet"),
    "other": SynaptoscopeError("the file is damaged"),
    "bug": ZeroDivisionError("secret internals"),
}


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def make_server(tmp_path: Path) -> MakeServer:
    """make_server(csp_hashes=None, **settings): a server with some routes, and a page for any other GET."""

    def make(csp_hashes: Any = None, **fields: Any) -> flask.Flask:
        settings = Settings(**({"data": tmp_path} | fields))
        prefix = settings.url_prefix
        server = flask.Flask("small")
        serving.install(server, settings, csp_hashes)
        server.extensions["computed"] = 0

        @server.get(f"{prefix}api/v1/text.json")
        def text() -> flask.Response:
            found = unchanged("tag")
            if found is not None:
                return found
            server.extensions["computed"] += 1
            size = flask.request.args.get("size", 100_000, int)
            return conditional(flask.Response('"' + "a" * size + '"', mimetype="application/json"), "tag")

        @server.get(f"{prefix}api/v1/stream.csv")
        def stream() -> flask.Response:
            return flask.Response((f"{i},{i}\n" for i in range(20_000)), mimetype="text/csv")

        @server.get(f"{prefix}api/v1/file.<kind>")
        def file(kind: str) -> flask.Response:
            types = {"png": "image/png", "parquet": "application/vnd.apache.parquet"}
            return flask.Response(b"p" * 100_000, content_type=types[kind])

        @server.post(f"{prefix}api/v1/form")
        def form() -> dict[str, int]:
            return {"length": len(flask.request.form["cells"])}

        @server.get(f"{prefix}api/v1/fail/<name>")
        @server.get(f"{prefix}fail/<name>", endpoint="page_fail")
        def fail(name: str) -> str:
            raise ERRORS[name]

        @server.get(f"{prefix}_dash-component-suites/dcc/dcc.js")
        def script() -> flask.Response:
            return flask.Response("x" * 200_000, mimetype="text/javascript")

        @server.get(prefix, defaults={"path": ""})
        @server.get(f"{prefix}<path:path>")
        def page(path: str) -> str:
            return "<!doctype html><p>the page"

        return server

    return make


@pytest.fixture
def server(make_server: MakeServer) -> flask.Flask:
    return make_server()
