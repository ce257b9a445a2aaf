"""The callbacks of 'Add columns'. A file is kept on the server while it is looked at; only 'Add' changes a dataset."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, html, no_update
from dash.exceptions import PreventUpdate

from components import annotate, connect_form, dataset_list, shell, url_state
from components import datasets as dataset_words
from data_access import annotations as joins
from data_access import store, uploads
from data_access.adapters.cave import annotating
from data_access.annotation_columns import is_taken
from data_access.annotation_tables import Columns, Wish, columns
from data_access.errors import InputError, SynaptoscopeError
from data_access.jobs import Job, Jobs
from data_access.metadata import DatasetMeta

CHOICES = [
    State("annotate-key", "value"),
    State("annotate-on", "value"),
    State("annotate-rule", "value"),
    State("annotate-columns", "value"),
    State("annotate-prefix", "value"),
]
INPUTS = [Input(state.component_id, state.component_property) for state in CHOICES]
LIST = [
    Output("home-found", "children", allow_duplicate=True),
    Output("home-summary", "children", allow_duplicate=True),
    Output("home-datasets", "data", allow_duplicate=True),
]
_NOT_IN_NAMES = re.compile(r"\W+")


def _check_on() -> None:
    if not connect_form.is_on():
        raise InputError("datasets are not changed from this page (SYNAPTOSCOPE_CONNECT is off)")


def _wish(file: Path, values: tuple[Any, ...]) -> Wish:
    key, on, rule, names, prefix = values
    return Wish(file, key or "", on or "", tuple(names or ()), (prefix or "").strip(), rule or "refuse")


@callback(
    Output("annotate-file", "data"),
    Output("annotate-upload", "contents"),
    Output("annotate-chosen", "children"),
    Output("annotate-key", "data"),
    Output("annotate-key", "value"),
    Output("annotate-on", "value"),
    Output("annotate-columns", "data"),
    Output("annotate-columns", "value"),
    Output("annotate-prefix", "value"),
    Output("annotate-message", "children"),
    Input("annotate-upload", "contents"),
    State("annotate-upload", "filename"),
    State("annotate-dataset", "data"),
    prevent_initial_call=True,
)
def chosen(contents: str | None, name: str | None, dataset_id: str) -> tuple[Any, ...]:
    """Keep the file, and offer its columns; the key is found by its name where that tells."""
    if not contents:
        raise PreventUpdate
    data_dir = shell.data_dir()
    try:
        _check_on()
        key = uploads.keep(data_dir, name or "", _decoded(contents))
        meta = store.read_meta(data_dir, dataset_id)
        wish = Wish(uploads.find(data_dir, key))
        names, found = _looked_at(wish, meta)
    except SynaptoscopeError as error:
        return None, None, "", [], None, "", [], [], "", annotate.problem(error)
    kinds = dict(found.kinds) if found else {}
    brought = [n for n in names if not found or n in kinds]
    prefix = _prefix(wish.file.name) if any(is_taken(n, meta) for n in kinds) else ""
    told = f"{wish.file.name}: {len(names):,} columns"
    own_key, on = (found.key, found.on) if found else (None, "")
    return {"key": key, "kinds": kinds}, None, told, names, own_key, on, brought, [], prefix, None


def _looked_at(wish: Wish, meta: DatasetMeta) -> tuple[list[str], Columns | None]:
    """The names of the columns, and what they hold once the key is known by its name."""
    names = list(joins.names_of(wish.file))
    try:
        return names, columns(wish, meta)
    except InputError:
        return names, None  # somebody has to say which column is the key: the preview tells


def _decoded(contents: str) -> bytes:
    try:
        return base64.b64decode(contents.partition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        raise InputError("the file did not arrive whole", "choose it once more") from None


def _prefix(name: str) -> str:
    return _NOT_IN_NAMES.sub("_", name.partition(".")[0]).strip("_")[:24] + "_"


@callback(
    Output("annotate-preview", "children"),
    Output("annotate-apply", "disabled"),
    Input("annotate-file", "data"),
    *INPUTS,
    State("annotate-dataset", "data"),
    prevent_initial_call=True,
)
def looked(file: dict[str, Any] | None, *values: Any) -> tuple[Any, bool]:
    """What would match, with these choices."""
    *choices, dataset_id = values
    if not file:
        return annotate._nothing_yet(), True
    data_dir = shell.data_dir()
    try:
        wish = _wish(uploads.find(data_dir, file["key"]), tuple(choices))
        joined = joins.preview(data_dir, dataset_id, wish)
    except SynaptoscopeError as error:
        return annotate.problem(error), True
    return annotate.looked(joined), joined.match.cells == 0


@callback(
    Output("annotate-message", "children", allow_duplicate=True),
    Output("annotate-file", "data", allow_duplicate=True),
    Output("annotate-chosen", "children", allow_duplicate=True),
    Output("annotate-added", "children"),
    *LIST,
    Input("annotate-apply", "n_clicks"),
    State("annotate-file", "data"),
    *CHOICES,
    State("annotate-dataset", "data"),
    running=[(Output("annotate-apply", "disabled"), True, True)],
    prevent_initial_call=True,
)
def applied(clicks: int, file: dict[str, Any] | None, *values: Any) -> tuple[Any, ...]:
    """Add the columns."""
    *choices, dataset_id = values
    if not clicks or not file:
        raise PreventUpdate
    data_dir = shell.data_dir()
    try:
        _check_on()
        joined = joins.annotate(data_dir, dataset_id, _wish(uploads.find(data_dir, file["key"]), tuple(choices)))
    except SynaptoscopeError as error:
        return (annotate.problem(error), *[no_update] * 6)
    return annotate.done(joined), None, "", annotate.added(data_dir, dataset_id), *_rows(data_dir)


def _rows(data_dir: Path) -> tuple[Any, ...]:
    """The list of datasets as it is now."""
    found = dataset_words.listed(data_dir)
    return (
        dataset_list.found(found, "", data_dir), dataset_list.summary(found), dataset_words.for_shell(found)
    )  # fmt: skip


@callback(
    Output("annotate-message", "children", allow_duplicate=True),
    Output("annotate-added", "children", allow_duplicate=True),
    *LIST,
    Input({"type": "annotate-remove", "name": ALL}, "n_clicks"),
    State("annotate-dataset", "data"),
    prevent_initial_call=True,
)
def removed(_: list[int], dataset_id: str) -> tuple[Any, ...]:
    """Take an annotation away."""
    if not ctx.triggered_id or not ctx.triggered[0]["value"]:
        raise PreventUpdate
    data_dir = shell.data_dir()
    try:
        _check_on()
        gone = joins.remove(data_dir, dataset_id, ctx.triggered_id["name"])
    except SynaptoscopeError as error:
        return (annotate.problem(error), *[no_update] * 4)
    told = html.P(f"Removed: {', '.join(gone.columns)}.", role="status")
    return told, annotate.added(data_dir, dataset_id), *_rows(data_dir)


@callback(
    Output("annotate-message", "children", allow_duplicate=True),
    Output("annotate-job", "data"),
    Output("annotate-tick", "disabled"),
    Input("annotate-fetch", "n_clicks"),
    State("annotate-table", "value"),
    State("annotate-file", "data"),
    *CHOICES,
    State("annotate-dataset", "data"),
    prevent_initial_call=True,
)
def fetch(clicks: int, table: str | None, file: dict[str, Any] | None, *values: Any) -> tuple[Any, ...]:
    """Start the job that brings in a table of CAVE."""
    *choices, dataset_id = values
    if not clicks:
        raise PreventUpdate
    data_dir = shell.data_dir()
    try:
        _check_on()
        choices = [None, None, choices[2], [], choices[4]] if file else choices  # the others are the file's
        asked = annotating.request(dataset_id, table or "", _wish(Path(), tuple(choices)))
        token = connect_form.access_to(annotating.source(data_dir, dataset_id).server).need()
        job = Jobs(data_dir).start(
            annotating.KIND, annotating.title(asked), dataset_id, asked, {annotating.TOKEN: token}
        )
    except SynaptoscopeError as error:
        return annotate.problem(error), no_update, no_update
    return _job_line(job), job.id, False


@callback(
    Output("annotate-message", "children", allow_duplicate=True),
    Output("annotate-tick", "disabled", allow_duplicate=True),
    Output("annotate-added", "children", allow_duplicate=True),
    *LIST,
    Input("annotate-tick", "n_intervals"),
    State("annotate-job", "data"),
    State("annotate-dataset", "data"),
    prevent_initial_call=True,
)
def follow(_: int, job_id: str | None, dataset_id: str) -> tuple[Any, ...]:
    """How the job goes; once it is done the new columns are in the lists."""
    if not job_id:
        raise PreventUpdate
    data_dir = shell.data_dir()
    try:
        job = Jobs(data_dir).get(job_id)
    except SynaptoscopeError as error:
        return annotate.problem(error), True, *[no_update] * 4
    if job.alive:
        return _job_line(job), False, *[no_update] * 4
    if job.state != "done":
        said = SynaptoscopeError(job.message or f"the job was {job.state}", job.hint)
        return annotate.problem(said), True, *[no_update] * 4
    told = html.P(f"Added: {job.message}.", role="status", className="annotate-done")
    return told, True, annotate.added(data_dir, dataset_id), *_rows(data_dir)


def _job_line(job: Job) -> html.P:
    link = html.A("its job", href=url_state.href("/jobs", job=job.id), **{"data-go": ""})
    return html.P([f"{job.stage or 'Waits'} … (", link, ")"], className="hint", role="status")
