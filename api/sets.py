"""POST /sets: keep a cell set on the server and get the short name that stands for it everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask

from api import params
from data_access import stored_sets
from data_access.dataset import open_dataset
from data_access.errors import InputError, did_you_mean

FIELDS = ("cells", "ds")
PLAIN = ("text/plain", "application/octet-stream", "")


def post(data: Path) -> dict[str, Any]:
    """Store the set of the request: the form field `cells`, or a body of plain text.

    With `ds` it is tried on that dataset first: then `n` is how many cells it names there and `echo` says it in
    words; without, `n` is null. Raises InputError for a set that is empty or wrong, NotFoundError for an unknown
    dataset.
    """
    values = _plain() if flask.request.mimetype in PLAIN else params.given()
    for key in values:
        if key not in FIELDS:
            raise InputError(
                f"unknown field '{key[:60]}'",
                did_you_mean(key, FIELDS) + "; a bare text needs Content-Type: text/plain",
            )
    text, n, echo = values.get("cells", ""), None, ""
    if values.get("ds"):
        with params.resolving(data) as resolve:
            chosen = open_dataset(data, values["ds"]).select(text, resolve)
        n, echo = len(chosen), chosen.echo
    return {"set": f"set:{stored_sets.store(data, text)}", "n": n, "echo": echo}


def _plain() -> dict[str, str]:
    try:
        body = flask.request.get_data(cache=False).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("the body is no UTF-8 text") from None
    return params.query() | ({"cells": body} if body.strip() else {})
