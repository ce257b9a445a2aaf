"""`/motifs`: how often two and three cells are connected in each way, how often by chance, and which cells they are."""

from __future__ import annotations

import time
from typing import Any

import dash
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from components import (
    cellset_box,
    datasets,
    motifs_chance,
    motifs_controls,
    motifs_instances,
    motifs_parts,
    shell,
    url_state,
)
from components.motifs_controls import CONTROLS, PICKED
from data_access.dataset import Dataset, open_dataset
from data_access.errors import SynaptoscopeError
from data_access.jobs import Jobs
from serving.requests import request_id
from views import long_run, motifs, schema
from views.long_run import Absent, Running
from views.long_run import State as Sampling
from views.motif_instances import InstancesView, instances
from views.motifs import EDGES, MotifsView
from views.node_search import EDGES as EDGES_ASKED
from views.node_search import NodeSearchView

dash.register_page(
    __name__, path="/motifs", title="Motifs · Synaptoscope", nav=shell.Nav("Motifs", order=4, icon="motifs")
)

URL = url_state.wire("motifs", CONTROLS, drops=(*PICKED, "group"))
SETS = ("cells", "a", "b", "c")
AT_ONCE_S = 2.0  # samples that take no longer are drawn without being asked for
EVERY_MS = 700


def layout(ds: str = "", **query: Any) -> Component:
    """The page for one dataset; callbacks fill it from the address."""
    try:
        meta = datasets.in_use(datasets.listed(shell.data_dir()), ds or None)
        dataset = open_dataset(shell.data_dir(), meta.id)
    except SynaptoscopeError as error:
        return html.Article([html.H1("Motifs"), shell.error_panel(error, request_id())], className="page")
    return html.Article(
        [
            *URL.components(query | ({"ds": ds} if ds else {})),
            dcc.Store(id="motifs-about", data={"ds": meta.id}),
            *(dcc.Store(id=f"motifs-{name}") for name in ("shown", "auto", "do", "done", "listed")),
            dcc.Interval(id="motifs-tick", interval=EVERY_MS, disabled=True),
            html.Div([html.H1("Motifs"), motifs_controls.tabs(URL, query)], className="motifs-head"),
            html.Section(motifs_controls.census(dataset, URL, query), id="motifs-census-part",
                         hidden=URL.value("find", query) != "census", **{"aria-label": "What is counted"}),
            html.Section(motifs_controls.search(dataset, URL, query), id="motifs-search-part",
                         hidden=URL.value("find", query) != "search", **{"aria-label": "What is searched for"}),
            html.Div([motifs_controls.chance(dataset, URL, query),
                      html.Div(id="motifs-chance", **{"aria-live": "polite"})], className="motifs-chance-row"),
            html.Div(id="motifs-message", **{"aria-live": "assertive"}),
            html.Div([html.P(id="motifs-sentence", className="sentence", **{"aria-live": "polite"}),
                      html.Div(id="motifs-export")], className="figure-head"),
            html.Div([html.Div(id="motifs-body", className="motifs-main"),
                      html.Div(id="motifs-instances", className="motifs-instances")],
                     className="motifs-body"),
            html.Div(id="motifs-ledger"),
        ],
        className="page motifs-page", id="motifs-page",
    )  # fmt: skip


def _texts(search: str | None, about: dict[str, str]) -> dict[str, str]:
    found = {k: v if isinstance(v, str) else v[0] for k, v in url_state.parse(search).items()}
    return found | {"ds": about["ds"]}


def _asked(texts: dict[str, str]) -> tuple[str, MotifsView | NodeSearchView]:
    """The long table that an address asks for, and its view."""
    if texts.get("find", "census") == "search":
        return "node_search", schema.parse(NodeSearchView, texts)
    return "motifs", schema.parse(MotifsView, texts)


@callback(
    Output("motifs-sentence", "children"),
    Output("motifs-export", "children"),
    Output("motifs-body", "children"),
    Output("motifs-ledger", "children"),
    Output("motifs-message", "children"),
    Output("motifs-chance", "children"),
    Output("motifs-tick", "disabled"),
    Output("motifs-auto", "data"),
    Output("motifs-shown", "data"),
    Output("motifs-census-part", "hidden"),
    Output("motifs-search-part", "hidden"),
    *[output for key in SETS for output in cellset_box.outputs_of("motifs", key)],
    Input(URL.location, "search"),
    Input("motifs-done", "data"),
    Input("motifs-tick", "n_intervals"),
    State("motifs-about", "data"),
    State("motifs-shown", "data"),
)
def words(
    search: str | None, done: dict[str, str] | None, _: int | None, about: dict[str, str], shown: str | None
) -> tuple[Any, ...]:
    """All but the list of instances; as long as a job samples, only how far it is."""
    started = time.perf_counter()
    texts = _texts(search, about)
    searching = texts.get("find") == "search"
    hidden = (searching, not searching)
    dataset = open_dataset(shell.data_dir(), about["ds"])
    said = [part for key in SETS for part in cellset_box.said_of(_read(dataset, texts.get(key, "")))]
    if searching and not any(texts.get(way, "").strip() for way in EDGES_ASKED):
        return ("", None, motifs_parts.unasked(), None, None, None, True, None, "", *hidden, *said)
    try:
        name, view = _asked(texts)
        state = long_run.state(shell.data_dir(), dataset, name, view)
    except SynaptoscopeError as error:
        wrong = said[1] if not searching else any(said[3::2])  # then it is said under the box
        panel = None if wrong else shell.error_panel(error, request_id())
        return _kept(dataset, texts, error, panel, hidden, said)
    key = schema.cache_key(view, ("motif",)) + type(state).__name__
    problem = _problem(done, search)
    bar = motifs_chance.bar(view.null, problem or state) if view.null != "none" else None
    running = isinstance(state, Running)
    if key == shown and not problem:
        return (*[no_update] * 5, bar if running else no_update, not running, no_update, no_update, *hidden, *said)
    made = motifs_parts.search if isinstance(view, NodeSearchView) else motifs_parts.census
    part = made(dataset, view, state, texts.get("motif", ""), started)  # type: ignore[arg-type]
    auto = {"search": search} if not problem and _is_quick(state) else None
    return (part.sentence, part.export, part.body, part.ledger, None, bar, not running, auto, key, *hidden, *said)


def _kept(
    dataset: Dataset, texts: dict[str, str], error: SynaptoscopeError, panel: Component | None,
    hidden: tuple[bool, bool], said: list[Any],
) -> tuple[Any, ...]:  # fmt: skip
    """Where the samples cannot be had but the census can, that is shown and the reason stands beside the null."""
    if not hidden[0] and panel is not None:
        try:
            view = schema.parse(MotifsView, {k: v for k, v in texts.items() if k != "null"})
            part = motifs_parts.census(dataset, view, None, texts.get("motif", ""), time.perf_counter())
        except SynaptoscopeError:
            pass
        else:
            bar = motifs_chance.bar(texts.get("null", ""), error)
            return (part.sentence, part.export, part.body, part.ledger, None, bar, True, None, "", *hidden, *said)
    nothing = motifs_parts.unanswered()
    return ("", None, nothing, None, panel, None, True, None, "", *hidden, *said)


def _read(dataset: Dataset, text: str) -> Any:
    try:
        return dataset.select(text)
    except SynaptoscopeError as error:
        return error


def _problem(done: dict[str, str] | None, search: str | None) -> SynaptoscopeError | None:
    """What went wrong when this address was sampled."""
    if done and done.get("message") and done.get("search") == search:
        return SynaptoscopeError(done["message"], done.get("hint", ""))
    return None


def _is_quick(state: Sampling) -> bool:
    return isinstance(state, Absent) and state.last is None and state.estimate.seconds <= AT_ONCE_S


@callback(
    Input("motifs-auto", "data"),
    Input("motifs-do", "data"),
    State("motifs-about", "data"),
    prevent_initial_call=True,
)
def sample(auto: dict[str, str] | None, asked: dict[str, str] | None, about: dict[str, str]) -> None:
    """Draw the samples: here where that is quick, else by a job; or cancel one."""
    wanted = asked if dash.ctx.triggered_id == "motifs-do" else auto
    if not wanted:
        return
    done = {"search": wanted.get("search", ""), "at": str(time.time())}
    try:
        data_dir = shell.data_dir()
        if wanted.get("what") == "cancel":
            Jobs(data_dir).cancel(wanted["job"])
        else:
            dataset = open_dataset(data_dir, about["ds"])
            name, view = _asked(_texts(wanted["search"], about))
            state = long_run.state(data_dir, dataset, name, view)
            if isinstance(state, Absent) and state.estimate.seconds <= AT_ONCE_S:
                long_run.compute(data_dir, dataset, name, view)
            elif isinstance(state, Absent):
                long_run.start(data_dir, dataset, name, view)
    except SynaptoscopeError as error:
        done |= {"message": error.message, "hint": error.hint}
    dash.set_props("motifs-done", {"data": done})


@callback(
    Output("motifs-instances", "children"),
    Output("motifs-listed", "data"),
    Input(URL.location, "search"),
    State("motifs-about", "data"),
    State("motifs-listed", "data"),
)
def listed(search: str | None, about: dict[str, str], before: str | None) -> tuple[Any, ...]:
    """The instances of the class that was picked."""
    started = time.perf_counter()
    texts = _texts(search, about)
    if texts.get("find") == "search" or not texts.get("motif"):
        return (None, "") if before != "" else (no_update, no_update)
    try:
        view = schema.parse(InstancesView, {k: v for k, v in texts.items() if k != "limit"})
        key = schema.cache_key(view)
        if key == before:
            return no_update, no_update
        dataset = open_dataset(shell.data_dir(), about["ds"])
        result = instances(dataset, view).timed(1000 * (time.perf_counter() - started))
    except SynaptoscopeError as error:
        return shell.error_panel(error, request_id()), "wrong"
    n_cells = int(view.size)
    there = [f"{'abc'[i]}{'abc'[j]}" for i, j in EDGES[view.size][view.motif]]
    label = f"{motifs.WORDS[view.size].cells} of {view.motif}"
    grid = motifs_instances.table(dataset, result, there, n_cells, label, narrow=True)
    return motifs_parts.instances(dataset, view, result, grid), key
