"""`/cells`: find cells, see where they sit, count them by any column, and select them."""

from __future__ import annotations

import time
from typing import Any

import dash
from dash import Input, Output, callback, dcc, html, no_update
from dash.development.base_component import Component

from components import (
    cells_controls,
    cells_map,
    cells_panels,
    cells_selection,
    cellset_box,
    datasets,
    export_menu,
    grid,
    shell,
    url_state,
)
from components.colours import Theme
from components.ledger import ledger_line
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, SynaptoscopeError
from serving.requests import request_id
from views import cells_page, cells_rows, schema, soma_map
from views.cells_page import ZOOM, CellsPage
from views.tables import CellsView

dash.register_page(__name__, path="/cells", title="Cells · Synaptoscope", nav=shell.Nav("Cells", order=1, icon="set"))

URL = url_state.wire("cells", cells_controls.CONTROLS, drops=(*ZOOM, "sel", "x", "y", "sort", "cols", "summary"))
HINT = "Arrow keys move the map, plus and minus zoom, 0 shows all, Escape ends a lasso."


def layout(ds: str = "", **query: Any) -> Component:
    """The page for one dataset; assets/cells_map.js draws the map, assets/grid.js fetches the rows of the table."""
    try:
        meta = datasets.in_use(datasets.listed(shell.data_dir()), ds or None)
        dataset = open_dataset(shell.data_dir(), meta.id)
    except SynaptoscopeError as error:
        return html.Article([html.H1("Cells"), shell.error_panel(error, request_id())], className="page")
    texts = {k: _text(v) for k, v in query.items()}
    cols, sort, summary = (texts.get(k, "") for k in ("cols", "sort", "summary"))
    return html.Article(
        [
            *URL.components(query | ({"ds": ds} if ds else {})),
            dcc.Store(id="cells-drawn"),
            html.H1("Cells", className="visually-hidden"),
            cells_controls.filter_box(URL, query, dataset),
            cells_controls.controls(dataset, URL, query, cols, summary),
            html.Div(id="cells-message", **{"aria-live": "assertive"}),
            html.Div([html.P(id="cells-sentence", className="sentence", **{"aria-live": "polite"}),
                      html.Div(id="cells-export")], className="figure-head"),
            html.Div(id="cells-selection", className="selection", **{"aria-live": "polite"}),
            html.Div([_map(dataset), _table(dataset, cols, sort)], className="cells-body"),
            html.Div(id="cells-panels", className="cells-panels"),
            html.Div(id="cells-ledger"),
        ],
        className="page cells-page", id="cells-page",
        **{"data-ds": meta.id, "data-text-ids": "" if dataset.index.is_text else None,
           "data-first-columns": ",".join(cells_rows.first_columns(dataset))},
    )  # fmt: skip


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _map(dataset: Dataset) -> Component:
    if len(soma_map.axis_columns(dataset)) < 2:
        problem = InputError(*soma_map.no_positions(dataset))
        return html.Section(
            [html.Div([html.P(f"{problem.message}."), html.P(f"To have one, {problem.hint}.", className="hint")],
                      className="map-none"),
             html.Div(id="cells-key", hidden=True)],  # what the callback fills on other datasets
            className="cells-map-part", **{"aria-label": "Soma map"},
        )  # fmt: skip
    box = html.Div(
        [
            html.Div(id="cells-map", className="map-drawing"),  # drawn by assets/cells_map.js
            html.Div(id="cells-map-tip", className="tip", hidden=True, role="status"),
            html.Div(id="cells-map-problem", className="empty"),
        ],
        id="cells-map-box", className="map-box", tabIndex="0", role="application",
        **{"aria-label": "Soma map. " + HINT},
    )  # fmt: skip
    return html.Section(
        [cells_controls.tools(), box, html.Div(id="cells-key", className="map-key", tabIndex="0", role="region",
                                               **{"aria-label": "Colours of the map"})],
        className="cells-map-part", **{"aria-label": "Soma map"},
    )  # fmt: skip


def _table(dataset: Dataset, cols: str, sort: str) -> Component:
    columns = cells_controls.grid_columns(dataset, cols, sort)
    route = dash.get_relative_path(f"/api/v1/datasets/{dataset.meta.id}/cells/rows.json")
    made = grid.table(
        "cells-table", columns, route=route, row_id="cell_id", ticks=True, height="100%", label="Cells",
        empty="No cell passes the filter", waits=True,
    )  # fmt: skip
    return html.Section(made, className="cells-table-part", **{"aria-label": "Table of cells"})


def view_of(search: str | None) -> tuple[Dataset, CellsPage]:
    """Dataset and view that a query string means."""
    query = {k: _text(v) for k, v in url_state.parse(search).items()}
    view = schema.parse(CellsPage, query)
    meta = datasets.in_use(datasets.listed(shell.data_dir()), view.ds or None)
    return open_dataset(shell.data_dir(), meta.id), view


@callback(
    Output("cells-sentence", "children"),
    Output("cells-ledger", "children"),
    Output("cells-export", "children"),
    Output("cells-selection", "children"),
    Output("cells-panels", "children"),
    Output("cells-key", "children"),
    Output("cells-message", "children"),
    *cellset_box.outputs_of("cells", "cells"),
    Output("cells-sentence", "data-told"),
    Input("cells-drawn", "data"),
    prevent_initial_call=True,
)
def around(drawn: dict[str, str] | None) -> tuple[Any, ...]:
    """All that stands around map and table; where the filter is wrong, what was there stays."""
    if drawn is None:
        raise dash.exceptions.PreventUpdate
    started, at = time.perf_counter(), drawn["at"]
    theme: Theme = "dark" if drawn.get("theme") == "dark" else "light"
    try:
        dataset, view = view_of(drawn["search"])
    except SynaptoscopeError as error:
        return (*[no_update] * 6, shell.error_panel(error, request_id()), no_update, no_update, at)
    try:
        found = cells_page.chosen(dataset, view)
    except SynaptoscopeError as error:
        return _wrong(dataset, view, error, at)
    message, key, placed, axes = None, [], None, ""
    try:
        made = soma_map.build(dataset, view)
        key, placed = cells_map.key(made, view, theme), made.n_placed
        axes = " and ".join(n.removesuffix("_um") for n in (made.x_name, made.y_name))
    except SynaptoscopeError as error:
        if len(soma_map.axis_columns(dataset)) >= 2:
            message = shell.error_panel(error, request_id())
    sorted_by = view.sort.lstrip("-")
    if sorted_by and sorted_by not in dataset.columns:
        message = shell.error_panel(InputError(f"the table has no column '{sorted_by[:60]}' to sort by"))
    ledger = cells_page.ledger(found).after((time.perf_counter() - started) * 1000)
    query = schema.query(_table_view(dataset, view))
    menu = export_menu.menu(dataset.meta, "cells", query, export_menu.python(dataset.meta, "cells", query), "cells-map")
    return (
        cells_page.sentence(found, placed, axes), ledger_line(ledger), menu, cells_selection.bar(found, view),
        cells_panels.panels(dataset, view, theme), key, message, _echo(found), False, at,
    )  # fmt: skip


def _wrong(dataset: Dataset, view: CellsPage, error: SynaptoscopeError, at: str) -> tuple[Any, ...]:
    """A wrong filter is said under its box; a wrong selection over the map."""
    try:
        cells_page.select(dataset, view.cells)
    except SynaptoscopeError as wrong:
        return (*[no_update] * 6, None, *cellset_box.said_of(wrong), at)
    message = shell.error_panel(InputError(f"the selection: {error.message}", error.hint), request_id())
    return (*[no_update] * 3, cells_selection.wrong(view), *[no_update] * 2, message, no_update, False, at)


def _echo(found: cells_page.Chosen) -> Any:
    said, _ = cellset_box.said_of(found.shown)
    if len(found.shown):
        return said
    clear = html.Button("Show all cells", type="button", className="quiet", **{"data-cells-do": "all"})
    return html.Span([f"{said}. ", clear])


def _table_view(dataset: Dataset, view: CellsPage) -> Any:
    """The table that is exported: the cells shown, with the columns and the order of the page."""
    return CellsView(cells=view.cells, sort=view.sort, columns=",".join(cells_rows.shown_columns(dataset, view.cols)))
