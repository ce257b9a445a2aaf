"""`/matrix`: who connects to whom, cell by cell or by group, in any order, at any zoom."""

from __future__ import annotations

import time
from typing import Any

import dash
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from components import cellset_box, datasets, export_menu, matrix_panel, shell, url_state
from components.format import counted
from components.ledger import ledger_line
from components.matrix_controls import controls, misfits
from components.matrix_legend import legend
from components.url_state import Control
from data_access.dataset import CellSet, Dataset, open_dataset
from data_access.errors import InputError, SynaptoscopeError
from serving.requests import request_id
from views import matrix, matrix_table, schema
from views.matrix import ZOOM, MatrixView

dash.register_page(
    __name__, path="/matrix", title="Matrix · Synaptoscope", nav=shell.Nav("Matrix", order=1, icon="matrix")
)

PIVOT = 'matrix = table.pivot(index="pre", columns="post", values="value")  # connected cells only'
REDRAW = (*ZOOM, "pair")
CONTROLS = [
    *cellset_box.controls("matrix", drops=REDRAW),
    Control("measure", "matrix-measure", default="n_synapses", drops=("lo", "hi")),
    Control("group", "matrix-group", drops=(*REDRAW, "lo", "hi")),
    Control("order", "matrix-order", default="type", drops=ZOOM),
    Control("order_post", "matrix-order-post", default="other", drops=ZOOM),
    Control("bar", "matrix-bar", default="cell_type"),
    Control("scale", "matrix-scale", default="log"),
    Control("lo", "matrix-lo", number=True),
    Control("hi", "matrix-hi", number=True),
    Control("min", "matrix-min", number=True, default="1"),
    Control("autapses", "matrix-autapses", prop="checked", words=("drop", "keep"), default="drop"),
    Control("tested", "matrix-tested", default="proofread"),
]
URL = url_state.wire("matrix", CONTROLS, drops=(*REDRAW, "lo", "hi"))
HINT = "Arrow keys move from entry to entry, Enter opens one, plus and minus zoom, Shift and arrows pan, 0 shows all."


# stands in the figure's place only while there is none (matrix.css)
BLANK = html.P("The figure follows once what is said above is mended.", className="hint when-blank")


def layout(ds: str = "", **query: Any) -> Component:
    """The page for one dataset; assets/matrix.js draws the figure, callbacks write what stands around it."""
    try:
        meta = datasets.in_use(datasets.listed(shell.data_dir()), ds or None)
        dataset = open_dataset(shell.data_dir(), meta.id)
    except SynaptoscopeError as error:
        return html.Article([html.H1("Matrix"), shell.error_panel(error, request_id())], className="page")
    wrong = misfits(dataset, query)
    fitting = {key: value for key, value in query.items() if key not in wrong}
    same_sets = query.get("pre", "") == query.get("post", "")
    return html.Article(
        [
            *URL.components(query | ({"ds": ds} if ds else {})),
            dcc.Store(id="matrix-drawn"),
            dcc.Store(id="matrix-pick"),
            dcc.Store(id="matrix-around"),
            html.H1("Connectivity matrix", className="visually-hidden"),
            cellset_box.boxes("matrix", URL, fitting, dataset),
            html.Button("Options", type="button", className="button options-button", id="matrix-options",
                        **{"aria-expanded": "false", "aria-controls": "matrix-controls"}),
            controls(dataset, URL, fitting),
            _misfit_note(meta.title or meta.id, wrong),
            html.Div(id="matrix-message", **{"aria-live": "assertive"}),
            _head(),
            html.Div([_figure(meta.id), _side()], id="matrix-body", className="matrix-body",
                     **{"data-shape": "square" if same_sets else "wide"}),
        ],
        className="page matrix-page",
    )  # fmt: skip


def _misfit_note(title: str, wrong: dict[str, str]) -> Component | None:
    """What of the address cannot be for this dataset; assets/matrix.js takes it out of the address."""
    if not wrong:
        return None
    said = [html.Li(text) for text in wrong.values()]
    text = [html.P(f"Not everything in this link fits {title}; the rest is shown."), html.Ul(said)]
    return html.Div(text, className="note misfit", role="status", **{"data-misfit": " ".join(wrong)})


def _head() -> Component:
    return html.Div(
        [
            html.P(id="matrix-sentence", className="sentence", **{"aria-live": "polite"}),
            html.Div(id="matrix-export"),
        ],
        className="figure-head",
    )


def _figure(ds: str) -> Component:
    over = [
        html.Div(id="matrix-graph", **{"data-ds": ds}),  # drawn by assets/matrix.js, see there why
        html.Div(id="matrix-chosen", className="chosen", hidden=True),
        html.Div(id="matrix-cursor", className="cursor", hidden=True),
        html.Div(id="matrix-tip", className="tip", hidden=True, role="status"),
        html.Div(id="matrix-empty", className="empty"),
    ]
    box = html.Div(
        over, id="matrix-figure", className="figure-box", tabIndex="0", role="application",
        **{"aria-label": "Connectivity matrix. " + HINT},
    )  # fmt: skip
    return html.Section([box, html.Div(id="matrix-ledger")], className="figure", **{"aria-label": "Matrix"})


def _side() -> Component:
    panel = html.Div(matrix_panel.empty(), id="matrix-panel", className="panel", **{"aria-live": "polite"})
    return html.Aside(
        [panel, html.Div(id="matrix-legend", className="legend")],
        className="matrix-side", **{"aria-label": "Chosen connection and legend"},
    )  # fmt: skip


def view_of(search: str | None) -> tuple[Dataset, MatrixView]:
    """Dataset and view that a query string means."""
    query = {k: v if isinstance(v, str) else v[0] for k, v in url_state.parse(search).items()}
    view = schema.parse(MatrixView, query)
    meta = datasets.in_use(datasets.listed(shell.data_dir()), view.ds or None)
    return open_dataset(shell.data_dir(), meta.id), view


@callback(
    Output("matrix-sentence", "children"),
    Output("matrix-ledger", "children"),
    Output("matrix-legend", "children"),
    Output("matrix-export", "children"),
    Output("matrix-message", "children"),
    Output("matrix-empty", "children"),
    Output("matrix-around", "data"),
    Output("matrix-sentence", "data-told"),
    *cellset_box.outputs("matrix"),
    Input("matrix-drawn", "data"),
    State("matrix-around", "data"),
    prevent_initial_call=True,
)
def around(drawn: dict[str, str] | None, before: dict[str, str] | None) -> tuple[Any, ...]:
    """All that stands around the figure, once that is painted; on an error what was there stays.

    Parts that are as before are not sent again: each component costs the browser at every change.
    """
    if drawn is None:
        raise dash.exceptions.PreventUpdate
    started = time.perf_counter()
    told_at = drawn["at"]  # assets/matrix.js knows by it that the words on the page are those it asked for
    try:
        dataset, view = view_of(drawn["search"])
    except SynaptoscopeError as error:
        return (*[no_update] * 4, shell.error_panel(error, request_id()), BLANK, no_update, told_at, *[no_update] * 4)
    try:
        made = matrix.build(dataset, view)
    except SynaptoscopeError as error:
        sets = cellset_box.read(dataset, {"pre": view.pre, "post": view.post})
        told = any(isinstance(found, SynaptoscopeError) for found in sets.values())  # under the box that is wrong
        panel = None if told else shell.error_panel(error, request_id())
        return *[no_update] * 4, panel, BLANK, no_update, told_at, *cellset_box.said(sets)
    said = cellset_box.said({"pre": made.pre, "post": made.post})
    if 0 in made.shape:
        return "Nothing to show.", None, None, None, None, _empty(made), None, told_at, *said
    ledger = matrix_table.ledger(made).after((time.perf_counter() - started) * 1000)
    query = schema.query(view, (*matrix.LOOKS, "ds"))
    keys = {
        "legend": f"{dataset.meta.id}|{view.pre}|{view.post}|{view.bar}|{view.group}",
        "rest": f"{dataset.meta.id}|{dataset.meta.generation}|{query}",
    }
    same = {name for name, key in keys.items() if before and before.get(name) == key}
    rest: list[Any] = [no_update, no_update, no_update]
    if "rest" not in same:
        snippet = export_menu.python(dataset.meta, "matrix", query, PIVOT)
        menu = export_menu.menu(dataset.meta, "matrix", query, snippet, "matrix-graph")
        rest = [matrix_table.sentence(made), ledger_line(ledger), menu]
    return (
        rest[0], rest[1], no_update if "legend" in same else legend(made), rest[2], _limits_wrong(view),
        _nothing_left(made), keys, told_at, *said,
    )  # fmt: skip


def _limits_wrong(view: MatrixView) -> Component | None:
    if view.lo is None or view.hi is None or view.lo < view.hi:
        return None
    message = f"The colours run from {view.lo:g} to {view.hi:g}: 'to' must be larger than 'from'"
    return shell.error_panel(InputError(message, "change one of them; the matrix itself is as asked"))


def _empty(made: matrix.Matrix) -> list[Component]:
    """In place of the figure where a set holds no cell: which one, what it means, and the way out."""
    found: list[Component] = []
    for side, cells in (("pre", made.pre), ("post", made.post)):
        if not len(cells):
            word = cellset_box.SIDES[side].lower()
            clear = {"data-set-control": f"matrix-{side}", "data-value": ""}
            found += [
                html.P(["No cell matches the filter of the ", html.Strong(word), f": {_meant(cells)}."]),
                html.Button(f"Show all {word}", type="button", className="button", **clear),
            ]
    return found


def _meant(cells: CellSet) -> str:
    return cells.echo if len(cells.echo) <= 300 else cells.echo[:299] + "…"


def _nothing_left(made: matrix.Matrix) -> list[Component] | None:
    """Over a figure without a single connection: what took the last one away."""
    if made.n_connections:
        return None
    gone = made.dropped
    entries = counted(made.shape[0] * made.shape[1], "entry", "entries")
    found: list[Component] = [html.P(f"No connection among {entries}.")]
    if gone.n_below_min:
        least = {"data-set-control": "matrix-min", "data-value": "1"}
        found = [
            html.P(f"{counted(gone.n_below_min, 'connection')} here, none with at least {made.view.min:,} synapses."),
            html.Button("Show connections of any strength", type="button", className="button", **least),
        ]
    elif gone.n_autapses:
        keep = {"data-set-control": "matrix-autapses", "data-value": "true", "data-prop": "checked"}
        found = [
            html.P(f"Only {counted(gone.n_autapses, 'autapse')} here, and autapses are not shown."),
            html.Button("Show autapses", type="button", className="button", **keep),
        ]
    return found


@callback(Output("matrix-panel", "children"), Input("matrix-pick", "data"), prevent_initial_call=True)
def pick(picked: dict[str, str] | None) -> Any:
    """The panel of the entry that the URL names (`pair`); assets/matrix.js tells when that changes."""
    try:
        dataset, view = view_of((picked or {}).get("search"))
        return matrix_panel.panel(matrix.build(dataset, view), view) if view.pair else matrix_panel.empty()
    except SynaptoscopeError as error:
        return shell.error_panel(error, request_id())
