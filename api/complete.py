"""What the query box asks for while a cell set is written: suggestions, a count and what is wrong, a form as text.

These routes serve the pages; scripts want `cells.FMT` and `POST /sets`.
"""

from __future__ import annotations

from typing import Any

import flask
import orjson

from api import params
from data_access.cellsets import form as forms
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, did_you_mean
from views import cellset

LONGEST = 20_000
blueprint = flask.Blueprint("cellsets", __name__)


def _opened(dataset_id: str) -> Dataset:
    return open_dataset(flask.current_app.config["SETTINGS"].data, dataset_id)


def _json(content: dict[str, Any]) -> flask.Response:
    return flask.Response(
        orjson.dumps(content), content_type="application/json", headers={"Cache-Control": "private, no-cache"}
    )


def _given(*known: str) -> dict[str, str]:
    values = params.given()
    for key in values:
        if key not in known:
            raise InputError(f"unknown parameter '{key[:60]}'", did_you_mean(key, known))
    return values


@blueprint.route("/datasets/<dataset_id>/complete", methods=["GET", "POST"])
def completed(dataset_id: str) -> flask.Response:
    """`text`, and `at`, the character before which the cursor stands (default: at the end).

    {"start", "end", "items": [{"text", "label", "kind", "detail"}], "total"}: `text` of an item takes the place of the
    characters start:end.
    """
    values = _given("text", "at")
    dataset, text = _opened(dataset_id), values.get("text", "")
    at = values.get("at", str(len(text)))
    if not at.isascii() or not at.isdecimal() or len(at) > 9:
        raise InputError(f"at={at[:60]} is no place in a text", "a whole number: the characters before it")
    found = cellset.suggest(dataset, text, int(at))
    return _json({
        "start": found.start, "end": found.end, "total": found.total, "items": [vars(item) for item in found.items],
    })  # fmt: skip


@blueprint.get("/datasets/<dataset_id>/form")
def form_choices(dataset_id: str) -> flask.Response:
    """What a form can be made of: {"columns", "tests", "towards"}."""
    _given()
    return _json(cellset.form_choices(_opened(dataset_id)))


@blueprint.route("/datasets/<dataset_id>/check", methods=["GET", "POST"])
def checked(dataset_id: str) -> flask.Response:
    """`cells`: a cell set; or `form`: JSON of the rows of a form. `text` is left empty where it is long.

    A wrong set is an answer, not an error: {"text", "n", "of", "echo", "problem": {...} or null, "ids": {...} or null,
    "form": {...} or null}.
    """
    values = _given("cells", "form", "ds")
    dataset = _opened(dataset_id)
    if "form" not in values:
        return _json(_as_json(cellset.check(dataset, values.get("cells", ""))))
    form = _form(values["form"])
    try:
        text = cellset.from_form(dataset, form)
    except InputError as error:
        return _json(_as_json(cellset.Check("", dataset.n_cells, message=error.message, hint=error.hint)))
    return _json(_as_json(cellset.check(dataset, text)))


def _form(text: str) -> dict[str, Any]:
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InputError("form is no JSON") from None
    if not isinstance(content, dict):
        raise InputError("form is a JSON object with rows")
    return content


def _as_json(found: cellset.Check) -> dict[str, Any]:
    problem = {"detail": found.message, "hint": found.hint, "position": found.position} if found.message else None
    ids = None
    if found.ids is not None:
        unknown = found.ids.unknown
        ids = {
            "given": found.ids.n_given, "known": found.ids.n_known, "repeated": found.ids.n_repeated,
            "n_unknown": len(unknown), "unknown": list(unknown[: cellset.SHOWN_UNKNOWN]),
            "renamed": found.renamed, "can_drop": found.ids.left is not None and found.ids.n_known > 0,
        }  # fmt: skip
    text = found.text if len(found.text) <= LONGEST else ""
    form = None if found.form is None else forms.as_json(found.form)
    return {
        "text": text, "n": found.n, "of": found.of, "echo": found.echo, "problem": problem, "ids": ids, "form": form,
    }  # fmt: skip
