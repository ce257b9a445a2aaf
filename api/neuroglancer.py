"""GET /datasets/{id}/neuroglancer: on to Neuroglancer with what was asked for, or the state as JSON."""

from __future__ import annotations

from typing import Any

import flask
import orjson

from api import params
from components import colours, matrix_panel
from data_access.dataset import Dataset
from data_access.errors import InputError, did_you_mean
from data_access.neuroglancer import UNTYPED, Link
from views import neuroglancer
from views.neuroglancer import FRAGMENT, NeuroglancerView

WAYS = ("link", "json")
AS = "link: go there (302); json: {url, state, notes}"


def respond(dataset: Dataset) -> flask.Response:
    """The answer to a request for a link; the only place it leads to is the viewer that the dataset's origin names."""
    values = params.given()
    way = values.pop("as", "") or WAYS[0]
    if way not in WAYS:
        raise InputError(f"as={way[:60]} is not known", did_you_mean(way, WAYS))
    view = params.view(NeuroglancerView, dataset.meta.id, values)
    with params.resolving(dataset.data_dir) as resolve:
        link = neuroglancer.link(dataset, view, type_colours(dataset), resolve)
    response = _json(link) if way == "json" else _leaving(link)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def type_colours(dataset: Dataset) -> dict[str, str]:
    """Colours of the types as the pages have them, and those of cells without one and of fragments."""
    return {name: colours.type_colour(name) for name in (UNTYPED, FRAGMENT)} | matrix_panel.type_colours(dataset)


def _json(link: Link) -> flask.Response:
    content: dict[str, Any] = {"url": link.url, "state": link.state, "notes": list(link.notes)}
    return flask.Response(orjson.dumps(content), content_type="application/json")


def _leaving(link: Link) -> flask.Response:
    status = 303 if flask.request.method == "POST" else 302
    response = flask.Response("", status=status, content_type="text/plain; charset=utf-8")
    response.autocorrect_location_header = False  # the address is whole, and quoted as the viewer reads it
    response.headers["Location"] = link.url
    return response
