"""What a request asks for: query parameters and form fields, read into a view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import flask
from werkzeug.exceptions import UnsupportedMediaType

from data_access import stored_sets
from data_access.errors import InputError, NotFoundError
from views import schema
from views.tables import Resolve

V = TypeVar("V")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def query() -> dict[str, str]:
    """The query parameters; InputError for a name given twice."""
    return _single(flask.request.args.lists(), "parameter")


def given() -> dict[str, str]:
    """Query parameters and, of a POST, form fields; a field wins over a query parameter of its name.

    A file sent as a field counts as its text. Raises InputError for a name given twice in one place, or a file
    that is no UTF-8 text, and a 415 for a body that is no form.
    """
    found = query()
    if flask.request.method == "POST":
        kind = flask.request.mimetype
        if kind not in FORMS and (kind or flask.request.content_length):
            raise UnsupportedMediaType("Send form fields: application/x-www-form-urlencoded or multipart/form-data.")
        found |= _single(flask.request.form.lists(), "form field") | _files()
    return found


def _single(lists: Iterable[tuple[str | None, list[str]]], what: str) -> dict[str, str]:
    found = {}
    for key, values in lists:
        if key is None:  # a part of a multipart form may have none
            raise InputError(f"a {what} has no name")
        if len(values) > 1:
            raise InputError(f"{what} '{key[:60]}' is given {len(values)} times", "separate ids by commas")
        found[key] = values[0]
    return found


def _files() -> dict[str, str]:
    found = {}
    for key, file in flask.request.files.items():
        if key is None:
            raise InputError("a file of the form has no name")
        try:
            found[key] = file.stream.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError(f"the file sent as '{key[:60]}' is no UTF-8 text") from None
    return found


def view(kind: type[V], dataset_id: str, values: Mapping[str, str]) -> V:
    """The view of a dataset that the values describe; InputError for an unknown or ill-typed one.

    `ds` may be given, as in the address of a page; it must name the dataset of the path.
    """
    if values.get("ds", dataset_id) != dataset_id:
        message = f"ds={values['ds'][:60]} is not the dataset of the path, {dataset_id}"
        raise InputError(message, "leave ds out, or change the path")
    return schema.parse(kind, {**values, "ds": dataset_id}, strict=True)


@contextmanager
def resolving(data: Path) -> Iterator[Resolve]:
    """What turns a set:HASH into its text; one that is not stored is a NotFoundError, wherever it stands."""
    find = stored_sets.resolver(data)
    missing: list[NotFoundError] = []

    def resolve(name: str) -> str:
        try:
            return find(name)
        except NotFoundError as error:
            missing.append(error)
            raise

    try:
        yield resolve
    except InputError:
        if missing:
            raise missing[0] from None
        raise
