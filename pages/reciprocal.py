"""`/reciprocal`: pairs of cells that synapse onto one another: listed, pictured, and compared with chance."""

from __future__ import annotations

import time
from typing import Any

import dash
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from components import (
    cellset_box,
    chance_calls,  # noqa: F401 (its callback)
    chance_form,
    datasets,
    export_menu,
    reciprocal_list,
    reciprocal_panels,
    reciprocal_words,
    shell,
    url_state,
)
from components.ledger import ledger_line
from components.reciprocal_controls import CONTROLS, PICKED, Looks, controls, type_options
from data_access.dataset import Dataset, open_dataset
from data_access.errors import SynaptoscopeError
from serving.requests import request_id
from views import reciprocal, schema
from views.reciprocal import ReciprocalView

dash.register_page(
    __name__, path="/reciprocal", title="Reciprocal pairs · Synaptoscope",
    nav=shell.Nav("Reciprocal", order=2, icon="reciprocal"),
)  # fmt: skip

DROPS = (*PICKED, "sort", "sel", "panel", "scale", "fill")
URL = url_state.wire("reciprocal", [*CONTROLS, *chance_form.CONTROLS], drops=DROPS)
BLANK = html.P("The list follows once what is said above is mended.", className="hint")
NOTHING = ("", no_update, no_update, no_update, BLANK)  # for the first outputs of `words`
UNSENT = ("ds", "autapses", "limit", "offset", "sel", "sort")  # of the view: not asked of the rows


def layout(ds: str = "", **query: Any) -> Component:
    """The page for one dataset; assets/reciprocal.js and grid.js fetch the rows of the list."""
    try:
        meta = datasets.in_use(datasets.listed(shell.data_dir()), ds or None)
        dataset = open_dataset(shell.data_dir(), meta.id)
    except SynaptoscopeError as error:
        return html.Article([html.H1("Reciprocal pairs"), shell.error_panel(error, request_id())], className="page")
    if cells := query.pop("cells", ""):  # stands for both sets; assets/reciprocal.js says so in the address
        query |= {"pre": cells, "post": cells}
    texts = {k: _text(v) for k, v in query.items()}
    view = _fitting(texts | {"ds": meta.id})
    return html.Article(
        [
            *URL.components(query | ({"ds": ds} if ds else {})),
            dcc.Store(id="reciprocal-about", data={"ds": meta.id}),
            html.H1("Reciprocal pairs", className="visually-hidden"),
            cellset_box.boxes("reciprocal", URL, query, dataset),
            html.Button("Options", type="button", className="button options-button", id="reciprocal-options",
                        **{"aria-expanded": "false", "aria-controls": "reciprocal-controls"}),
            controls(dataset, URL, query),
            html.Div(id="reciprocal-message", **{"aria-live": "assertive"}),
            html.Div([html.P(id="reciprocal-sentence", className="sentence", **{"aria-live": "polite"}),
                      html.Div(id="reciprocal-export")], className="figure-head"),
            html.Div(id="reciprocal-chips", className="chips"),
            html.Div([_list(dataset, view), _side()], className="reciprocal-body"),
            html.Div(id="reciprocal-ledger"),
            chance_form.section(URL, query),
        ],
        className="page reciprocal-page", id="reciprocal-page",
        **{"data-ds": meta.id, "data-keys": ",".join(_keys()), "data-route": reciprocal_list.base(dataset),
           "data-pair": dash.get_relative_path("/pair/X").removesuffix("X")},
    )  # fmt: skip


def _keys() -> list[str]:
    return [p.key for p in schema.params(ReciprocalView) if p.key not in UNSENT]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _fitting(texts: dict[str, str]) -> ReciprocalView:
    """The view of an address for the first rows; what cannot be read is said by the callback."""
    try:
        return schema.parse(ReciprocalView, texts)
    except SynaptoscopeError:
        return ReciprocalView(ds=texts["ds"])


def _list(dataset: Dataset, view: ReciprocalView) -> Component:
    return html.Section(
        [reciprocal_list.table(dataset, view), html.Div(id="reciprocal-none", className="reciprocal-none")],
        className="reciprocal-list-part", **{"aria-label": "List of reciprocal pairs"},
    )  # fmt: skip


def _side() -> Component:
    return html.Section(
        [
            html.Div([html.Div(id="reciprocal-tabs", className="tabs", role="group", **{"aria-label": "Picture"}),
                      html.Span(className="spring"), html.Div(id="reciprocal-switches", className="tabs"),
                      html.Div(id="reciprocal-side-export")], className="side-head"),
            html.P(id="reciprocal-side-said", className="side-said", **{"aria-live": "polite"}),
            html.Div(id="reciprocal-side-figure", className="side-figure"),
            html.P(id="reciprocal-side-note", className="side-note"),
        ],
        className="reciprocal-side", **{"aria-label": "Picture of the pairs"},
    )  # fmt: skip


def view_of(search: str | None, about: dict[str, str]) -> tuple[Dataset, ReciprocalView, Looks]:
    """Dataset and views that a query string means."""
    query = {k: _text(v) for k, v in url_state.parse(search).items()} | {"ds": about["ds"]}
    view = schema.parse(ReciprocalView, query)
    return open_dataset(shell.data_dir(), view.ds), view, schema.parse(Looks, query)


@callback(
    Output("reciprocal-sentence", "children"),
    Output("reciprocal-export", "children"),
    Output("reciprocal-ledger", "children"),
    Output("reciprocal-chips", "children"),
    Output("reciprocal-none", "children"),
    Output("reciprocal-message", "children"),
    Output("reciprocal-type-a", "data"),
    Output("reciprocal-type-b", "data"),
    *cellset_box.outputs("reciprocal"),
    Output("reciprocal-sentence", "data-told"),
    Input(URL.location, "search"),
    State("reciprocal-about", "data"),
    State("reciprocal-sentence", "data-told"),
)
def words(search: str | None, about: dict[str, str], before: str | None) -> tuple[Any, ...]:
    """All words around the list; where something is wrong there are no rows, and it says so."""
    started = time.perf_counter()
    try:
        dataset, view, _ = view_of(search, about)
    except SynaptoscopeError as error:
        return (*NOTHING, shell.error_panel(error, request_id()), *[no_update] * 6, search or "")
    told = schema.cache_key(view)
    if told == before:
        raise dash.exceptions.PreventUpdate
    sets = cellset_box.read(dataset, {"pre": view.pre, "post": view.post})
    said = cellset_box.said(sets)
    kinds = [type_options(dataset, view.group, view.type_a, view.type_b)] * 2
    try:
        listed = reciprocal.ranked(dataset, view)
        sentence = reciprocal_words.sentence(listed, sets)
    except SynaptoscopeError as error:
        under = any(isinstance(found, SynaptoscopeError) for found in sets.values())  # under the box that is wrong
        return (*NOTHING, None if under else shell.error_panel(error, request_id()), *kinds, *said, told)
    query = schema.query(view, ("ds", "sel", "limit", "offset"))
    menu = export_menu.menu(
        dataset.meta, "reciprocal", query, export_menu.python(dataset.meta, "reciprocal", query), ""
    )
    ledger = reciprocal.ledger_of_pairs(listed).after((time.perf_counter() - started) * 1000)
    return (
        sentence, menu, ledger_line(ledger), reciprocal_words.chips(view), reciprocal_words.empty(listed, sets), None,
        *kinds, *said, told,
    )  # fmt: skip


@callback(
    Output("reciprocal-tabs", "children"),
    Output("reciprocal-switches", "children"),
    Output("reciprocal-side-export", "children"),
    Output("reciprocal-side-said", "children"),
    Output("reciprocal-side-figure", "children"),
    Output("reciprocal-side-note", "children"),
    Output("reciprocal-side-figure", "data-told"),
    Input(URL.location, "search"),
    State("reciprocal-about", "data"),
    State("reciprocal-side-figure", "data-told"),
)
def picture(search: str | None, about: dict[str, str], before: str | None) -> tuple[Any, ...]:
    """The picture beside the list; on an error, which the words tell, what was there stays."""
    try:
        dataset, view, looks = view_of(search, about)
        told = f"{schema.cache_key(view, ('sort', 'rank'))}|{schema.cache_key(looks)}"
        if told == before:
            raise dash.exceptions.PreventUpdate
        made = reciprocal_panels.make(dataset, view, looks)
    except SynaptoscopeError:
        return (*[no_update] * 6, search or "")
    keys = {p.key for p in schema.params(type(made.view))}
    query = schema.query(made.view, tuple(keys & {"ds", "sel", "limit", "offset"}))
    snippet = export_menu.python(dataset.meta, made.route, query)
    menu = export_menu.menu(dataset.meta, made.route, query, snippet, made.figure) if made.body is not None else None
    now = reciprocal_panels.shown(view, looks)
    return reciprocal_panels.tabs(view, now), made.switches, menu, made.said, made.body, made.note, told
