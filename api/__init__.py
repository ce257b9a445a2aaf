"""The HTTP API: /api/v1 under the URL prefix, over the same views as the pages."""

from __future__ import annotations

import flask

from settings import Settings


def register(server: flask.Flask, settings: Settings) -> None:
    """Serve the API, before the first request; the serving layer answers its errors and unknown paths."""
    from api import routes

    routes.register(server, settings)
