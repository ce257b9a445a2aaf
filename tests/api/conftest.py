"""A Flask server with the serving layer and the API over the sample datasets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

import api
import serving
from settings import Settings

MakeClient = Callable[..., FlaskClient]


@pytest.fixture(scope="session", autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def make_client(tmp_path_factory: pytest.TempPathFactory) -> MakeClient:
    """make_client(data=FOLDER, **settings): a client of a server that serves nothing but the API."""

    def make(data: Path, **fields: object) -> FlaskClient:
        settings = Settings(
            data=data, cache=tmp_path_factory.mktemp("cache"), log_level="error", **fields  # type: ignore[arg-type]
        )  # fmt: skip
        server = flask.Flask("api_only")
        server.config["SETTINGS"] = settings
        serving.install(server, settings)
        api.register(server, settings)
        return server.test_client()

    return make


@pytest.fixture(scope="session")
def client(make_client: MakeClient, sample_data: Path, sources: object) -> FlaskClient:
    return make_client(data=sample_data)
