"""/sets: cell sets kept on the server under a short text that stands for them everywhere, and named for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask

from api import params
from data_access import set_names, stored_sets
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, did_you_mean
from data_access.set_names import NamedSet
from views import cellset

FIELDS = ("cells", "ds", "dataset", "name", "unknown")
UNKNOWN = ("refuse", "drop", "carry")
PLAIN = ("text/plain", "application/octet-stream", "")
IN_FULL = 1_500

_SET = {"type": "string", "pattern": "^set:[0-9a-f]{24}$", "description": "stands for the cell set"}
_N = {"type": ["integer", "null"], "description": "cells that it names in ds"}
_ECHO = {"type": "string", "description": "the set in plain words"}
STORED: dict[str, Any] = {
    "type": "object",
    "required": ["set", "n", "echo", "name", "text"],
    "properties": {
        "set": _SET,
        "n": _N,
        "echo": _ECHO,
        "name": {"type": "string", "description": "the name it is listed by, empty for none"},
        "text": {"type": "string", "description": f"the text that was kept, empty above {IN_FULL:,} characters"},
    },
}
STORED_EXAMPLE: dict[str, Any] = {
    "set": "set:9f86d081884c7d659a2feaa0", "n": 210, "echo": "cell_type is one of BC, MC", "name": "column",
    "text": "cell_type in ['BC', 'MC']",
}  # fmt: skip
NAMED: dict[str, Any] = {
    "type": "object",
    "required": ["name", "set", "n", "created"],
    "properties": {
        "name": {"type": "string"},
        "set": _SET,
        "n": {"type": "integer", "description": "cells in it when it was named"},
        "created": {"type": "string", "format": "date-time"},
    },
}
NAMES: dict[str, Any] = {
    "type": "object", "required": ["data"], "properties": {"data": {"type": "array", "items": NAMED}},
}  # fmt: skip
NAMED_EXAMPLE: dict[str, Any] = {
    "name": "column", "set": "set:9f86d081884c7d659a2feaa0", "n": 210, "created": "2026-11-21T06:00:00+00:00",
}  # fmt: skip
TEXT: dict[str, Any] = {
    "type": "object",
    "required": ["set", "cells", "n", "echo"],
    "properties": {"set": _SET, "cells": {"type": "string", "description": "its text"}, "n": _N, "echo": _ECHO},
}
TEXT_EXAMPLE: dict[str, Any] = {
    "set": "set:9f86d081884c7d659a2feaa0", "cells": "cell_type in ['BC', 'MC']", "n": 210,
    "echo": "cell_type is one of BC, MC",
}  # fmt: skip


def post(data: Path) -> dict[str, Any]:
    """Store the set of the request: the form field `cells`, or a body of plain text.

    With `ds` it is tried on that dataset first: then `n` is how many cells it names there and `echo` says it in
    words; without, `n` is null. `unknown`: what happens to ids that the dataset lacks (refuse the set; drop them;
    carry over those that are cells of another version and drop the others). `name` lists it among the named sets of
    the dataset. Raises InputError for a set that is empty or wrong, NotFoundError for an unknown dataset.
    """
    values = _plain() if flask.request.mimetype in PLAIN else params.given()
    _refuse_others(values, FIELDS, "; a bare text needs Content-Type: text/plain")
    text, n, echo = values.get("cells", ""), None, ""
    dataset, name, unknown = _dataset(data, values), values.get("name", ""), values.get("unknown") or UNKNOWN[0]
    if unknown not in UNKNOWN:
        raise InputError(f"unknown={unknown[:60]} is not known", did_you_mean(unknown, UNKNOWN))
    if dataset is None and (name or unknown != UNKNOWN[0]):
        raise InputError("name and unknown need the dataset that they are about", "add ds=ID")
    if name:
        name = set_names.checked(name)
    if dataset is not None:
        with params.resolving(data) as resolve:
            if unknown != UNKNOWN[0]:
                text = cellset.known_only(dataset, text, unknown == "carry", resolve)
            chosen = dataset.select(text, resolve)
        n, echo = len(chosen), chosen.echo
    stored = stored_sets.store(data, text)
    if name and dataset is not None:
        set_names.save(data, dataset.meta.id, name, text, n or 0)
    short = stored_sets.normalised(text) if len(text) <= IN_FULL else ""
    return {"set": f"set:{stored}", "n": n, "echo": echo, "name": name, "text": short}


def named(data: Path) -> dict[str, Any]:
    """The named sets of the dataset `ds`."""
    values = params.query()
    _refuse_others(values, ("ds", "dataset"))
    return _names(data, values)


def one(data: Path, stored: str) -> dict[str, Any]:
    """The text of a stored set; with `ds` also how many cells it names there, and in words."""
    values = params.query()
    _refuse_others(values, ("ds", "dataset"))
    text, n, echo = stored_sets.resolver(data)(stored.removeprefix("set:")), None, ""
    if (dataset := _dataset(data, values)) is not None:
        with params.resolving(data) as resolve:
            chosen = dataset.select(text, resolve)
        n, echo = len(chosen), chosen.echo
    return {"set": f"set:{stored.removeprefix('set:')}", "cells": text, "n": n, "echo": echo}


def rename(data: Path) -> dict[str, Any]:
    """Give the named set `name` of the dataset `ds` the name `to`."""
    values = params.query() | flask.request.form.to_dict()
    _refuse_others(values, ("ds", "dataset", "name", "to"))
    return _shown(set_names.rename(data, _wanted(data, values).meta.id, values.get("name", ""), values.get("to", "")))


def delete(data: Path) -> dict[str, Any]:
    """Take the name `name` of the dataset `ds` away; the set stays, and with it every link to it."""
    values = params.query()
    _refuse_others(values, ("ds", "dataset", "name"))
    set_names.delete(data, _wanted(data, values).meta.id, values.get("name", ""))
    return _names(data, values)


def _names(data: Path, values: dict[str, str]) -> dict[str, Any]:
    return {"data": [_shown(s) for s in set_names.listed(data, _wanted(data, values).meta.id)]}


def _shown(found: NamedSet) -> dict[str, Any]:
    return {"name": found.name, "set": f"set:{found.set}", "n": found.n, "created": found.created}


def _dataset(data: Path, values: dict[str, str]) -> Dataset | None:
    ds = values.get("ds") or values.get("dataset")
    return open_dataset(data, ds) if ds else None


def _wanted(data: Path, values: dict[str, str]) -> Dataset:
    dataset = _dataset(data, values)
    if dataset is None:
        raise InputError("named cell sets belong to a dataset", "add ds=ID")
    return dataset


def _refuse_others(values: dict[str, str], known: tuple[str, ...], more: str = "") -> None:
    for key in values:
        if key not in known:
            raise InputError(f"unknown field '{key[:60]}'", did_you_mean(key, known) + more)


def _plain() -> dict[str, str]:
    try:
        body = flask.request.get_data(cache=False).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("the body is no UTF-8 text") from None
    return params.query() | ({"cells": body} if body.strip() else {})
