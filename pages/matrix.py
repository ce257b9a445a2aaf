"""`/matrix`: who connects to whom, cell by cell or by group, in any order, at any zoom."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from components import cellset_box, datasets, export_menu, matrix_figure, matrix_panel, shell, url_state
from components.ledger import ledger_line
from components.url_state import Control
from data_access.dataset import Dataset, open_dataset
from data_access.errors import SynaptoscopeError
from serving.requests import request_id
from views import axes, matrix, matrix_table, schema
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
URL = url_state.wire("matrix", CONTROLS)
ORDER_WORDS = {
    "type": "type", "degree": "number of partners", "position": "position", "cluster": "cluster", "given": "as given",
    "id": "id",
}  # fmt: skip
TESTED_WORDS = {"proofread": "proofread axons", "complete": "complete axons", "all": "all axons"}


def layout(ds: str = "", **query: Any) -> Component:
    """The page for one dataset; the figure follows in a callback."""
    try:
        meta = datasets.in_use(datasets.listed(shell.data_dir()), ds or None)
        dataset = open_dataset(shell.data_dir(), meta.id)
    except SynaptoscopeError as error:
        return html.Article([html.H1("Matrix"), shell.error_panel(error, request_id())], className="page")
    query = query | ({"ds": ds} if ds else {})
    return html.Article(
        [
            *URL.components(query),
            dcc.Store(id="matrix-drawn"),
            dcc.Store(id="matrix-pick"),
            dcc.Store(id="matrix-around"),
            html.H1("Connectivity matrix", className="visually-hidden"),
            cellset_box.boxes("matrix", URL, query),
            _controls(dataset, query),
            html.Div(id="matrix-message", **{"aria-live": "assertive"}),
            html.Div([_figure(meta.id), _side()], className="matrix-body"),
        ],
        className="page matrix-page",
    )


def _figure(ds: str) -> Component:
    graph = html.Div(id="matrix-graph", **{"data-ds": ds})  # drawn by assets/matrix.js, see there why
    hint = "Arrow keys move from entry to entry, Enter opens one, plus and minus zoom, zero shows all."
    return html.Section(
        [
            html.Div(
                [html.P(id="matrix-sentence", className="sentence", **{"aria-live": "polite"}), html.Div(id="matrix-export")],
                className="figure-head",
            ),
            html.Div(
                [graph, html.Div(id="matrix-tip", className="tip", hidden=True), html.Div(id="matrix-cursor", hidden=True)],
                id="matrix-figure", className="figure-box", tabIndex="0", role="application",
                **{"aria-label": "Connectivity matrix. " + hint},
            ),
            html.Div(id="matrix-ledger"),
        ],
        className="figure", **{"aria-label": "Matrix"},
    )  # fmt: skip


def _side() -> Component:
    return html.Aside(
        [html.Div(id="matrix-panel", className="panel"), html.Div(id="matrix-legend", className="legend")],
        className="matrix-side", **{"aria-label": "Chosen connection and legend"},
    )  # fmt: skip


def _controls(dataset: Dataset, query: Mapping[str, Any]) -> Component:
    kept = [old for old, new in dataset.meta.aliases.items() if new == "cell_type"]  # the file's own name of the type
    columns = [{"value": n, "label": n} for n in [*kept, *dataset.columns] if n != "cell_id"]
    texts = [n for n, c in dataset.columns.items() if c.kind in ("text", "boolean")]
    kinds = [{"value": n, "label": n} for n in [*texts[:1], *kept, *texts[1:]]]
    orders = [{"value": k, "label": w} for k, w in ORDER_WORDS.items()]
    other = {"value": axes.OTHER, "label": "like the other axis"}
    scales = [{"value": s, "label": s} for s in matrix.SCALES]
    tested = [{"value": k, "label": w} for k, w in TESTED_WORDS.items()]
    return html.Div(
        [
            _select("measure", "Fill", _measures(dataset), query),
            _select("group", "Group by", [{"value": "", "label": "cell by cell"}, *kinds], query),
            _select("order", "Rows by", [*orders, other, {"group": "columns", "items": columns}], query),
            _select("order_post", "Columns by", [other, *orders, {"group": "columns", "items": columns}], query),
            _select("bar", "Colour bars", [{"value": "none", "label": "none"}, *kinds], query),
            _select("scale", "Colours", scales, query, small=True),
            _number("lo", "from", query, None),
            _number("hi", "to", query, None),
            _number("min", "At least", query, 1),
            _select("tested", "Tested pairs", tested, query),
            dmc.Switch(
                id="matrix-autapses", label="Autapses", checked=URL.value("autapses", query), size="xs",
                className="control switch",
            ),
        ],
        className="controls", role="group", **{"aria-label": "What the matrix shows"},
    )  # fmt: skip


def _measures(dataset: Dataset) -> list[dict[str, str]]:
    sized = "sizes" in dataset.meta.capabilities
    names = [m for m in matrix.MEASURES if sized or "size" not in m] + list(dataset.meta.measures)
    words = matrix_figure.MEASURE_WORDS | {"binary": "connected or not"}
    return [{"value": n, "label": words.get(n, n.replace("_", " "))} for n in names]


def _select(
    key: str, label: str, data: list[dict[str, Any]], query: Mapping[str, Any], small: bool = False
) -> Component:
    return dmc.Select(
        id=f"matrix-{key.replace('_', '-')}", label=label, data=data, value=URL.value(key, query), size="xs",
        searchable=len(data) > 12 or any("items" in d for d in data), allowDeselect=False, checkIconPosition="right",
        className="control small" if small else "control", comboboxProps={"transitionProps": {"duration": 0}, "shadow": "none"},
        nothingFoundMessage="no such column", maxDropdownHeight=320,
    )  # fmt: skip


def _number(key: str, label: str, query: Mapping[str, Any], low: float | None) -> Component:
    return dmc.NumberInput(
        id=f"matrix-{key}", label=label, value=URL.value(key, query), size="xs", hideControls=True, debounce=True,
        min=low, allowDecimal=key != "min", className="control number", placeholder="auto",
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
    Output("matrix-pre-echo", "children"),
    Output("matrix-post-echo", "children"),
    Output("matrix-around", "data"),
    Input("matrix-drawn", "data"),
    State("matrix-around", "data"),
    prevent_initial_call=True,
)
def around(drawn: dict[str, str], before: dict[str, str] | None) -> tuple[Any, ...]:
    """All that stands around the figure, once that is painted; on an error what was there stays.

    Parts that are as before are not sent again: each component costs the browser at every change.
    """
    started = time.perf_counter()
    try:
        dataset, view = view_of(drawn["search"])
        made = matrix.build(dataset, view)
        made.window(view)
    except SynaptoscopeError as error:
        return no_update, no_update, no_update, no_update, shell.error_panel(error, request_id()), *[no_update] * 3
    ledger = matrix_table.ledger(made).after((time.perf_counter() - started) * 1000)
    query = schema.query(view, (*matrix.LOOKS, "ds"))
    keys = {"legend": f"{view.ds}|{view.pre}|{view.post}|{view.bar}", "rest": f"{view.ds}|{query}"}
    same = {name: bool(before) and before[name] == key for name, key in keys.items()} if before else {}
    snippet = export_menu.python(dataset.meta, "matrix", query, PIVOT)
    menu = export_menu.menu(dataset.meta, "matrix", query, snippet, "matrix-graph")
    return (
        no_update if same.get("rest") else matrix_table.sentence(made),
        no_update if same.get("rest") else ledger_line(ledger),
        no_update if same.get("legend") else _legend(made),
        no_update if same.get("rest") else menu,
        None,
        cellset_box.echo(made.pre),
        cellset_box.echo(made.post),
        keys,
    )


def _legend(made: matrix.Matrix) -> list[Component]:
    kinds = matrix_figure.legend(made)
    if not kinds:
        return []
    shown = [
        html.Li(
            [
                html.Span(className="swatch", style={"background": colour}),
                html.Span(name),
                html.Span(f"{count:,}", className="count"),
            ]
        )
        for name, colour, count in kinds
    ]
    untested = html.P([html.Span(className="swatch untested"), "pairs that were not tested"], className="hint")
    return [html.H2(made.view.bar), html.Ul(shown), untested]


@callback(Output("matrix-panel", "children"), Input("matrix-pick", "data"))
def pick(picked: dict[str, str] | None) -> Any:
    """The panel of the entry that the URL names (`pair`); assets/matrix.js tells when that changes."""
    if picked is None:
        return matrix_panel.empty()
    try:
        dataset, view = view_of(picked["search"])
        return matrix_panel.panel(matrix.build(dataset, view), view) if view.pair else matrix_panel.empty()
    except SynaptoscopeError as error:
        return shell.error_panel(error, request_id())
