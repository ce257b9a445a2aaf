"""The callback behind the section Chance: the result where it is known, else its cost, a job, and how far that is."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, callback, ctx, no_update
from dash.development.base_component import Component
from flask import g

from components import chance_form, chance_result, chance_types, export_menu, shell, url_state
from components.ledger import ledger_line
from data_access.dataset import Dataset, open_dataset
from data_access.errors import SynaptoscopeError
from data_access.jobs import Jobs
from views import long_run, schema
from views.long_run import Absent, Ready, Running
from views.long_run import State as Found
from views.reciprocal import ReciprocalView
from views.reciprocity import ReciprocityView

TABLE = "reciprocity"
QUICK_S = 3.0  # estimated to take no longer: computed in the request instead of by a job


@callback(
    Output("chance-nulls", "children"),
    Output("chance-said", "children"),
    Output("chance-estimate", "children"),
    Output("chance-run", "hidden"),
    Output("chance-cancel", "hidden"),
    Output("chance-bar", "hidden"),
    Output("chance-tick", "disabled"),
    Output("chance-message", "children"),
    Output("chance-result", "children"),
    Output("chance-ledger", "children"),
    Output("chance-export", "children"),
    Output("chance-told", "data"),
    Input("chance-at", "data"),
    Input("chance-tick", "n_intervals"),
    Input("chance-run", "n_clicks"),
    Input("chance-cancel", "n_clicks"),
    State("reciprocal-about", "data"),
    State("chance-told", "data"),
    prevent_initial_call=True,
)
def follow(
    at: dict[str, str] | None, _ticks: int, _run: int, _cancel: int, about: dict[str, str], told: str | None
) -> tuple[Any, ...]:
    """The section as the address asks for it; while a job runs only its progress moves."""
    if at is None:
        raise dash.exceptions.PreventUpdate
    data_dir = shell.data_dir()
    try:
        query = {k: v if isinstance(v, str) else v[0] for k, v in url_state.parse(at["search"]).items()}
        page = schema.parse(ReciprocalView, query | about)
        view = schema.parse(ReciprocityView, query | about)
        dataset = open_dataset(data_dir, view.ds)
        cards = chance_form.nulls(dataset, view)
        found = _state(dataset, view)
    except SynaptoscopeError as error:
        return _wrong(error, at["search"], about)
    chosen = f"{page.type_a}|{page.type_b}"
    key = f"{schema.cache_key(view)}|{chosen}|{type(found).__name__}"
    if told == key and ctx.triggered_id == "chance-at" and not isinstance(found, Running):
        raise dash.exceptions.PreventUpdate
    if isinstance(found, Running):
        chance_form.moving(found.job)
        said = chance_form.running(found.job)
        if told == key:  # what has not changed is not drawn anew
            return (no_update, no_update, said, no_update, found.job.cancelling, *[no_update] * 7)
        return cards, "", said, True, found.job.cancelling, False, False, None, None, None, None, key
    if isinstance(found, Absent):
        cost = chance_form.cost(view, found.estimate) + chance_form.ended(found)
        return cards, INVITATION, cost, False, True, True, True, None, None, None, None, key
    rows = chance_result.rows_of(found.result)
    ledger = found.result.ledger
    took = f"Computed in {ledger.milliseconds / 1000:.1f} s; kept under this address."
    menu = _menu(dataset, view, "chance-distribution")
    return (
        cards, chance_result.sentence(rows, view), took, True, True, True, True, None,
        _result(dataset, rows, view, page), ledger_line(ledger), menu, key,
    )  # fmt: skip


INVITATION = "How many reciprocal pairs would there be by chance? Choose what chance holds fixed, and run it."


def _state(dataset: Dataset, view: ReciprocityView) -> Found:
    """What is known, after doing what a button says."""
    data_dir = shell.data_dir()
    found = long_run.state(data_dir, dataset, TABLE, view)
    if ctx.triggered_id == "chance-run" and isinstance(found, Absent):
        if found.estimate.seconds <= QUICK_S:
            return Ready(long_run.compute(data_dir, dataset, TABLE, view))
        return Running(long_run.start(data_dir, dataset, TABLE, view))
    if ctx.triggered_id == "chance-cancel" and isinstance(found, Running):
        return Running(Jobs(data_dir).cancel(found.job.id))
    return found


def _result(dataset: Dataset, rows: chance_result.Rows, view: ReciprocityView, page: ReciprocalView) -> list[Component]:
    chosen = None
    if page.type_a and page.type_b:
        chosen = chance_result.pair_of_types(rows, view, page.type_a, page.type_b)
    menu = _menu(dataset, view, "chance-types")
    return [chance_result.overall(rows, view), chance_types.part(dataset, rows, page, chosen, menu)]


def _menu(dataset: Dataset, view: ReciprocityView, figure: str) -> Component:
    query = schema.query(view, ("ds",))
    return export_menu.menu(dataset.meta, TABLE, query, export_menu.python(dataset.meta, TABLE, query), figure)


def _wrong(error: SynaptoscopeError, search: str, about: dict[str, str]) -> tuple[Any, ...]:
    """What cannot be compared with chance, and why; the other null models can still be chosen."""
    try:
        dataset = open_dataset(shell.data_dir(), about["ds"])
        cards: Any = chance_form.nulls(dataset, ReciprocityView(ds=about["ds"]))
    except SynaptoscopeError:
        cards = no_update
    panel = shell.error_panel(error, g.get("request_id", ""))
    return cards, "", "", True, True, True, True, panel, None, None, None, f"{search}|wrong"
