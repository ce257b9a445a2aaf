"""The callbacks of 'Connect a source'. CAVE is asked only after a click, within quick limits; long work is a job."""

from __future__ import annotations

import time
from typing import Any

from dash import Input, Output, State, callback, ctx, no_update
from dash.exceptions import PreventUpdate

from components import (
    connect,
    connect_cells,
    connect_form,
    connect_parts,
    connect_versions,
    dataset_list,
    jobs,
    shell,
    url_state,
)
from components import datasets as dataset_words
from components.connect_form import CONTROLS, URL, Form
from data_access import store
from data_access.adapters.cave import estimating, looking, pull
from data_access.adapters.cave import job as pulling
from data_access.errors import SynaptoscopeError
from data_access.jobs import Job, Jobs
from data_access.metadata import DatasetMeta

STATES = [State(c.id, c.prop) for c in CONTROLS]
BUSY = Output("connect-busy", "children")


def _form(values: tuple[Any, ...]) -> Form:
    return connect_form.read({c.key: value for c, value in zip(CONTROLS, values, strict=True)})


@callback(
    Output("connect-stacks", "children"),
    Output("connect-datastack", "data"),
    Output("connect-message", "children", allow_duplicate=True),
    Input("connect-list", "n_clicks"),
    State("connect-server", "value"),
    running=[(BUSY, "Asking the server for its datastacks …", "")],
    prevent_initial_call=True,
)
def list_datastacks(_: int, server: str | None) -> tuple[Any, ...]:
    """The datastacks of the server, to choose from."""
    try:
        connect_form.check_on()
        form = connect_form.read({"server": server})
        found = looking.datastacks(form.server, form.access().need())
    except SynaptoscopeError as error:
        return None, no_update, connect_parts.problem(error)
    return connect_parts.stacks_line(found), found, None


@callback(
    Output("connect-versions", "children"),
    Output("connect-version", "value"),
    Output("connect-known", "data"),
    Output("connect-message", "children", allow_duplicate=True),
    Input("connect-look", "n_clicks"),
    Input("connect-server", "n_submit"),
    Input("connect-datastack", "n_submit"),
    *STATES,
    running=[(BUSY, "Asking the server for the versions …", "")],
    prevent_initial_call=True,
)
def show_versions(_: int, __: int, ___: int, *values: Any) -> tuple[Any, ...]:
    """The table of versions, the newest one chosen unless another one is."""
    form = _form(values)
    try:
        connect_form.check_on()
        found = looking.versions(form.server, form.datastack, form.access().need())
    except SynaptoscopeError as error:
        return connect.not_asked(form.version), no_update, None, connect_parts.problem(error)
    known = {"server": form.server, "datastack": form.datastack, "at": time.time()}
    return connect_versions.table(found), connect_versions.choice(found, form.version), known, None


@callback(
    Output("connect-versions", "children", allow_duplicate=True),
    Output("connect-version", "value", allow_duplicate=True),
    Output("connect-choices", "hidden", allow_duplicate=True),
    Output("connect-known", "data", allow_duplicate=True),
    Input("connect-server", "value"),
    Input("connect-datastack", "value"),
    State("connect-known", "data"),
    prevent_initial_call=True,
)
def forget_versions(server: str | None, datastack: str | None, known: dict[str, Any] | None) -> tuple[Any, ...]:
    """The versions of one datastack do not stand beside the name of another."""
    form = connect_form.read({"server": server, "datastack": datastack})
    if not known or (known["server"], known["datastack"]) == (form.server, form.datastack):
        raise PreventUpdate
    return connect.not_asked(None), "", True, None


@callback(
    Output("connect-tables", "children"),
    Output("connect-choices", "hidden"),
    Output("connect-cell-table", "data"),
    Output("connect-type-column", "data"),
    Output("connect-message", "children", allow_duplicate=True),
    Input("connect-known", "data"),
    Input("connect-version", "value"),
    Input("connect-cell-table", "value"),
    *STATES,
    running=[(BUSY, "Reading what tables this version has …", "")],
    prevent_initial_call=True,
)
def show_tables(known: dict[str, Any] | None, _: str, __: str, *values: Any) -> tuple[Any, ...]:
    """The tables that a pull would read; asked only once the versions were, so after a click."""
    form = _form(values)
    if not known or form.version is None or (known["server"], known["datastack"]) != (form.server, form.datastack):
        return None, no_update, no_update, no_update, no_update
    try:
        connect_form.check_on()
        found = looking.tables(form.server, form.datastack, form.version, form.access().need(), form.cell_table)
    except SynaptoscopeError as error:
        return None, no_update, no_update, no_update, connect_parts.problem(error)
    return (
        connect_versions.used(found, form.version), found.described and not form.cell_table,
        connect_versions.table_choices(found), connect_versions.column_choices(found, form.cell_table), None,
    )  # fmt: skip


@callback(
    Output("connect-token", "children"),
    Output("connect-cells-echo", "children"),
    Output("connect-cells", "error"),
    Output("connect-examples", "children"),
    Output("connect-get-cells", "hidden"),
    Output("connect-columns", "children"),
    Output("connect-id-said", "children"),
    Output("connect-id", "error"),
    Output("connect-id", "placeholder"),
    Input(URL.location, "search"),
    Input("connect-seen", "data"),
)
def echo(search: str | None, _: dict[str, Any]) -> tuple[Any, ...]:
    """What the form means so far, by what is on this machine."""
    form = connect_form.read(url_state.parse(search))
    data_dir = shell.data_dir()
    rows = connect_cells.rows_of(data_dir, form)
    said, wrong = connect_cells.echo(rows, form)
    line, bad_id = connect_parts.dataset_line(form, _meta(form.dataset))
    return (
        connect_parts.token_line(form.access()), said, wrong, connect_cells.examples(rows, form),
        rows is not None or form.version is None, connect_cells.columns(rows), line, bad_id,
        form.suggested or "suggested",
    )  # fmt: skip


def _meta(dataset_id: str) -> DatasetMeta | None:
    try:
        return store.read_meta(shell.data_dir(), dataset_id)
    except SynaptoscopeError:
        return None


@callback(
    Output("connect-message", "children"),
    Output("connect-do", "data"),
    Input("connect-estimate", "n_clicks"),
    Input("connect-get-cells", "n_clicks"),
    Input("connect-start", "n_clicks"),
    *STATES,
    prevent_initial_call=True,
)
def go(_: int, __: int, ___: int, *values: Any) -> tuple[Any, ...]:
    """Start the job that estimates, the one that fetches the cell table, or the pull."""
    if not ctx.triggered[0]["value"]:
        raise PreventUpdate
    form = _form(values)
    try:
        _start(form, str(ctx.triggered_id))
    except SynaptoscopeError as error:
        return connect_parts.problem(error), no_update
    return None, {"what": "look", "job": "", "at": time.time()}


def _start(form: Form, button: str) -> Job:
    connect_form.check_on()
    if button == "connect-get-cells":
        form = connect_form.without_cells(form)
    else:
        connect_form.check_cells(form)
    request = form.request()
    secrets = {pulling.TOKEN: form.access().need()}
    kind, title = (pulling.KIND, pulling.title(request)) if button == "connect-start" else (
        estimating.KIND, estimating.title(request)
    )  # fmt: skip
    return Jobs(shell.data_dir()).start(kind, title, request.id, pull.as_json(request), secrets)


@callback(
    Output("connect-outcome", "children"),
    Output("connect-told", "children"),
    Output("home-found", "children"),
    Output("home-summary", "children"),
    Output("home-datasets", "data"),
    Output("connect-tick", "disabled"),
    Output("connect-seen", "data"),
    Input("connect-tick", "n_intervals"),
    Input("connect-do", "data"),
    Input(URL.location, "search"),
    State("connect-seen", "data"),
    prevent_initial_call=True,
)
def follow(_: int, asked: dict[str, Any] | None, search: str | None, before: dict[str, Any]) -> tuple[Any, ...]:
    """What changed since the browser last asked, after doing what a button says."""
    if asked and ctx.triggered_id == "connect-do":
        _do(str(asked.get("what", "")), str(asked.get("job", "")))
    data_dir = shell.data_dir()
    query = url_state.parse(search)
    form = connect_form.read(query)
    shown = jobs.listed(data_dir)
    now = connect.seen(shown, form)
    outcome: Any = no_update
    if (now["form"], now["cards"]) != (before["form"], before["cards"]):
        outcome = connect_parts.outcome(shown, form)
    else:
        connect_parts.move(shown, form)
    rows: list[Any] = [no_update, no_update, no_update]
    if now["rows"] != before["rows"]:
        found = dataset_words.listed(data_dir)
        rows = [
            dataset_list.found(found, str(query.get("ds") or ""), data_dir), dataset_list.summary(found),
            dataset_words.for_shell(found),
        ]  # fmt: skip
    alive = any(s.job.alive for s in shown)
    same = now == before
    return outcome, _told(shown, before["states"]), *rows, not alive, no_update if same else now


def _told(shown: list[jobs.Shown], before: dict[str, str]) -> Any:
    """For screen readers: jobs that are in another state than before."""
    news = [s.job for s in shown if s.job.kind in connect_parts.OURS and before.get(s.job.id) != s.job.state]
    return ". ".join(f"{job.title}: {job.state}" for job in news) or no_update


def _do(what: str, job_id: str) -> None:
    board = Jobs(shell.data_dir())
    if what == "cancel":
        board.cancel(job_id)
    elif what == "forget":
        board.forget(job_id)
    elif what == "again":
        connect_form.check_on()
        server = str(board.get(job_id).request.get("server", ""))
        board.again(job_id, {pulling.TOKEN: connect_form.access_to(server).need()})
