"""`/pair/<a>/<b>`: two cells, connected or not. Both in one scene, both directions side by side, all their synapses."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import unquote

import dash
from dash import Input, Output, State, callback, dcc, html
from dash.development.base_component import Component

from components import (
    cell_link,
    datasets,
    export_menu,
    pair_head,
    pair_place,
    pair_sides,
    pair_table,
    shell,
    url_state,
)
from components.ledger import ledger_line
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, NotFoundError, SynaptoscopeError
from serving.requests import request_id
from views import pair, pair_scene, pair_synapses, reciprocal, schema
from views.pair import PairView
from views.pair_scene import Scene
from views.pair_synapses import PairSynapses, PairSynapsesView
from views.reciprocal import ReciprocalView
from views.tables import ConnectionsView

dash.register_page(
    __name__,
    path_template="/pair/<a>/<b>",
    title=lambda a="", b="": f"{unquote(a)} and {unquote(b)} · Synaptoscope",
)

URL = url_state.wire("pair", pair_place.CONTROLS, drops=("cam", "syn", "by"))
RANKING = tuple(p.key for p in schema.params(ReciprocalView) if p.key not in ("ds", "limit", "offset"))


def layout(a: str = "", b: str = "", ds: str = "", **query: Any) -> Component:
    """The page of a pair; all but the scene is in it from the start."""
    started = time.perf_counter()
    texts = {k: v if isinstance(v, str) else v[0] for k, v in query.items()}
    try:
        meta = datasets.in_use(datasets.listed(shell.data_dir()), ds or None)
        dataset = open_dataset(shell.data_dir(), meta.id)
        view = PairView(ds=meta.id, a=unquote(a), b=unquote(b))
        made = pair.pair(dataset, view)
    except SynaptoscopeError as error:
        lost = shell.error_panel(error, request_id())
        return html.Article([html.H1("Pair"), lost, _elsewhere(ds, unquote(a), unquote(b))], className="page")
    view, wrong = _fitting(texts | {"ds": meta.id, "a": made.a.cell_id, "b": made.b.cell_id})
    found = pair_synapses.between(dataset, made.ab.pre, made.ab.post) if dataset.has_synapses else None
    scene, lacking = _scene(dataset, view)
    return html.Article(
        [
            *URL.components(query | ({"ds": ds} if ds else {})),
            dcc.Store(id="pair-about", data={"ds": meta.id, "a": made.a.cell_id, "b": made.b.cell_id}),
            html.Div(
                [
                    pair_head.heading(dataset, made),
                    html.Nav(id="pair-steps", className="pair-steps", **{"aria-label": "Pairs of the ranking"}),
                ],
                className="pair-top",
            ),
            shell.error_panel(wrong, request_id()) if wrong else None,
            html.P(pair_head.sentence(dataset, made), className="sentence", id="pair-sentence"),
            pair_head.doubts(made),
            pair_head.cards(dataset, made),
            html.Div(
                [
                    pair_place.section(dataset, URL, query, made, scene, lacking),
                    html.Section(
                        [html.H2("The two directions"), pair_sides.sides(made, found)],
                        className="pair-both",
                        **{"aria-label": "The two directions"},
                    ),
                ],
                className="pair-body",
            ),
            _rows(dataset, view, found, started),
            pair_head.elsewhere(dataset, made),
        ],
        className="page pair-page",
        id="pair-page",
        **{"data-name": f"{meta.id}-{made.a.cell_id}-{made.b.cell_id}"},
    )


def _scene(dataset: Dataset, view: PairView) -> tuple[Scene | None, str]:
    """What is drawn, or why nothing is."""
    if missing := pair_synapses.lacking(dataset):
        return None, missing
    try:
        return pair_scene.scene(dataset, view), ""
    except InputError as error:
        return None, f"{error.message[:1].upper()}{error.message[1:]}: {error.hint}."


def _fitting(texts: dict[str, str]) -> tuple[PairView, InputError | None]:
    """The view of an address; what does not fit is left out and said."""
    try:
        view = schema.parse(PairView, texts)
        if view.cam and view.cam not in pair_scene.SCENES:
            pair_scene.parse_camera(view.cam)
    except InputError as error:
        return PairView(ds=texts["ds"], a=texts["a"], b=texts["b"]), error
    return view, None


def _rows(dataset: Dataset, view: PairView, found: PairSynapses | None, started: float) -> Component:
    """The table of synapses, its export and its ledger; without rows why there is none."""
    if found is None:
        return _without_rows(dataset, view)
    query = schema.query(PairSynapsesView(a=view.a, b=view.b))
    snippet = export_menu.python(dataset.meta, "pair_synapses", query)
    figure = pair_place.FIGURE if found.placed.any() or "cell_positions" in dataset.meta.capabilities else ""
    ledger = pair_synapses.ledger_between(dataset, found).after((time.perf_counter() - started) * 1000)
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Synapses"),
                    export_menu.menu(dataset.meta, "pair_synapses", query, snippet, figure),
                ],
                className="figure-head",
            ),
            pair_table.table(dataset, view, found),
            ledger_line(ledger),
        ],
        className="pair-rows",
        **{"aria-label": "Synapses"},
    )


def _without_rows(dataset: Dataset, view: PairView) -> Component:
    """Why there is no table of synapses; the connections of the two can be had all the same."""
    both = ", ".join(cell_link.quoted(dataset, i) for i in (view.a, view.b))
    query = schema.query(ConnectionsView(pre=both, post=both))
    snippet = export_menu.python(dataset.meta, "connections", query)
    said = "This dataset holds connections, not single synapses: there are no rows to show."
    menu = export_menu.menu(dataset.meta, "connections", query, snippet, "")
    return html.Section(
        [html.Div([html.H2("Synapses"), menu], className="figure-head"), html.P(said, className="note")],
        className="pair-rows",
        **{"aria-label": "Synapses"},
    )


def _elsewhere(ds: str, *ids: str) -> Component:
    """Where to look for a cell that is not there: those of nearly its name, the page of the other, all cells."""
    links = []
    try:
        meta = datasets.in_use(datasets.listed(shell.data_dir()), ds or None)
        dataset, ds = open_dataset(shell.data_dir(), meta.id), meta.id
        for name in dict.fromkeys(ids):
            try:
                dataset.code_of(name)
                near = [name]
            except NotFoundError:
                near = dataset.index.nearest(name)
            links += [html.A(f"cell {i}", href=cell_link.href(ds, i), **{"data-go": ""}) for i in near]
    except SynaptoscopeError:  # then the panel says so
        pass
    keep = {"ds": ds} if ds else {}
    for word, path in (("all reciprocal pairs of this dataset", "/reciprocal"), ("all its cells", "/cells")):
        links.append(html.A(word, href=url_state.href(path, **keep), **{"data-go": ""}))
    return html.Ul([html.Li(link) for link in links], className="links")


@callback(
    Output("pair-steps", "children"),
    Input(URL.location, "search"),
    State("pair-about", "data"),
)
def steps(search: str | None, about: dict[str, str]) -> list[Component]:
    """Where the pair stands in the ranking that the address describes; this may count all pairs of the dataset."""
    given = {k: v if isinstance(v, str) else v[0] for k, v in url_state.parse(search).items()}
    query = {k: v for k, v in given.items() if k in RANKING}
    kept = query | ({"meshes": given["meshes"]} if "meshes" in given else {})
    dataset = open_dataset(shell.data_dir(), about["ds"])
    try:
        view = schema.parse(ReciprocalView, query | {"ds": about["ds"]})
        found = reciprocal.around(dataset, view, about["a"], about["b"])
    except SynaptoscopeError as error:
        back = url_state.href("/reciprocal", ds=about["ds"])
        return [
            html.Span(f"No ranking: {error.message}.", className="hint"),
            html.A("All reciprocal pairs", href=back, **{"data-go": ""}),
        ]
    return pair_head.steps(about["ds"], found, kept)
