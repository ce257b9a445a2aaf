"""GET /datasets/{id}/skeletons/{cell}.swc: the skeleton of a cell as its file holds it, lengths in nm."""

from __future__ import annotations

import hashlib

import flask

from data_access import skeletons
from data_access.dataset import Dataset
from serving import etag


def respond(dataset: Dataset, cell: str) -> flask.Response:
    """The file; NotFoundError for an unknown cell and for one without a skeleton. A damaged file is sent as it is."""
    name = dataset.index.text([dataset.code_of(cell)])[0]
    content = skeletons.read_bytes(dataset.place, name)
    response = flask.Response(content, content_type="text/plain; charset=utf-8")
    file = skeletons.file_of(dataset.place, name).name
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return etag.conditional(response, hashlib.sha256(content).hexdigest()[:32])
