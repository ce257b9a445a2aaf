"""The controls of /cells: the filter, the axes and colours of the map, the columns of the table and of the panels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components import cellset_box
from components.drop import drop
from components.grid import GridColumn
from components.icons import icon
from components.url_state import Control, PageUrl, href
from data_access.dataset import Dataset
from data_access.metadata import Column
from views import cells_rows, cells_summary, soma_map, soma_map_colours
from views.cells_page import ZOOM
from views.testability import knows_proofreading

CONTROLS = [
    Control("cells", "cells-cells"),
    Control("x", "cells-x", drops=ZOOM),
    Control("y", "cells-y", drops=ZOOM),
    Control("colour", "cells-colour"),
    Control("over", "cells-over"),
    Control("side", "cells-side", default="out"),
    Control("somata", "cells-somata", prop="checked", words=("hide", "show"), default="show"),
]
TOOLS = (
    ("pan", "Move", "Drag to move, wheel to zoom"),
    ("zoom", "Zoom", "Drag a rectangle to zoom into it"),
    ("lasso", "Lasso", "Draw around cells to select them; Shift adds, Alt takes away"),
    ("box", "Box", "Drag a rectangle to select cells; Shift adds, Alt takes away"),
)
PLACEHOLDER = "all cells; or cell_type == 'MC' and depth_um < 300; or ids"
TABLE_WIDTHS = {"link": 122, "text": 112, "number": 96, "bool": 92}
Option = dict[str, Any]


def filter_box(url: PageUrl, query: Mapping[str, Any], dataset: Dataset) -> Component:
    """The filter: a cell set, with what it means under it."""
    box = cellset_box.single("cells", "cells", "Cells shown (filter)", url.value("cells", query), dataset,
                             placeholder=PLACEHOLDER)  # fmt: skip
    return html.Div(box, className="cells-filter")


def controls(dataset: Dataset, url: PageUrl, query: Mapping[str, Any], cols: str, summary: str) -> Component:
    """Controls of the map, the table and the panels in one row."""
    parts = [*_map_controls(dataset, url, query), _columns_menu(dataset, cols, summary), *_presets(dataset)]
    return html.Div(parts, id="cells-controls", className="controls", role="group",
                    **{"aria-label": "What the map, the table and the panels show"})  # fmt: skip


def _map_controls(dataset: Dataset, url: PageUrl, query: Mapping[str, Any]) -> list[Component]:
    """Axes, colours, synapses; only hidden where there is no map or no synapse has a place: the address knows them."""
    axes = soma_map.axis_columns(dataset)
    across, down = soma_map.default_axes(dataset) if len(axes) >= 2 else ("", "")

    def axis(key: str, label: str, first: str) -> Component:
        data = [_option("" if n == first else n, n.removesuffix("_um")) for n in axes]
        asked = url.value(key, query)
        return _select(f"cells-{key}", label, data, "" if asked == first else asked, "control small")

    coloured = soma_map_colours.default(dataset)
    kinds = [_option("" if n == coloured else n, n.replace("_", " ")) for n in soma_map_colours.options(dataset)]
    by = soma_map_colours.column_of(dataset, url.value("colour", query))
    placed = "synapse_positions" in dataset.meta.capabilities and len(axes) >= 2
    in_space = [
        axis("x", "Across", across), axis("y", "Down", down),
        _select("cells-colour", "Colour by", kinds, "" if by == coloured else by, "control"),
    ]  # fmt: skip
    of_synapses = [
        dmc.TextInput(
            id="cells-over", label="Synapses of, in gold", value=url.value("over", query), size="xs", debounce=True,
            placeholder="a cell set, e.g. is_column", spellCheck=False, className="control wide",
        ),
        _select("cells-side", "Synapses", [_option("out", "made"), _option("in", "received")],
                url.value("side", query), "control small"),
        dmc.Switch(id="cells-somata", label="Somata", checked=url.value("somata", query), size="xs",
                   className="control switch"),
    ]  # fmt: skip
    return [
        html.Div(in_space, className="cells-space", hidden=len(axes) < 2),
        html.Div(of_synapses, className="cells-over", hidden=not placed),
    ]


def _select(id: str, label: str, data: list[Option], value: Any, class_name: str) -> Component:
    return dmc.Select(
        id=id, label=label, data=data, value=value, size="xs", searchable=len(data) > 12, allowDeselect=False,
        checkIconPosition="right", className=class_name, nothingFoundMessage="no such column", maxDropdownHeight=320,
        comboboxProps={"transitionProps": {"duration": 0}, "shadow": "none", "width": "max-content",
                       "position": "bottom-start"},
    )  # fmt: skip


def _option(value: str, label: str = "") -> Option:
    return {"value": value, "label": label or value}


def _columns_menu(dataset: Dataset, cols: str, summary: str) -> Component:
    """Which columns the table shows, and which have a panel; assets/cells_page.js writes both into the address."""
    in_table, with_panel = cells_rows.shown_columns(dataset, cols), cells_summary.shown_panels(dataset, summary)
    can = set(cells_summary.panel_columns(dataset))
    rows = [
        html.Li(
            [
                html.Span(name, className="column-name", title=dataset.columns[name].meaning or name),
                _toggle("column", name, name in in_table, "table") if name != "cell_id" else None,
                _toggle("panel", name, name in with_panel, "panel") if name in can else None,
            ]
        )
        for name in cells_rows.columns(dataset)
    ]
    return html.Div(
        drop(["Columns and panels", icon("chevron")], html.Ul(rows, className="column-list"), id="cells-columns",
             class_name="button"),
        className="control-drop",
    )  # fmt: skip


def _toggle(what: str, name: str, on: bool, word: str) -> Component:
    return html.Button(
        word, type="button", className="toggle",
        **{f"data-toggle-{what}": name, "aria-pressed": str(on).lower(), "aria-label": f"{name} as {what}"},
    )  # fmt: skip


def _presets(dataset: Dataset) -> list[Component]:
    """The published soma map, where the dataset can draw it: proofreading along two pairs of axes."""
    have = soma_map.axis_columns(dataset)
    if not knows_proofreading(dataset) or len(have) < 2:
        return []
    across, down = soma_map.default_axes(dataset)
    pairs = [("x_um", "z_um", "Proofreading, x and z"), ("x_um", "depth_um", "Proofreading, x and depth")]
    return [
        html.A(words, className="quiet preset", **{"data-go": ""}, href=href(
            "/cells", ds=dataset.meta.id, cells="is_cell", colour="proofreading",
            x=None if x == across else x, y=None if y == down else y,
        ))
        for x, y, words in pairs if x in have and y in have
    ]  # fmt: skip


def tools() -> Component:
    """What dragging on the map does."""
    buttons = [
        html.Button(word, type="button", className="toggle", title=tip,
                    **{"data-map-tool": name, "aria-pressed": str(name == "pan").lower()})
        for name, word, tip in TOOLS
    ]  # fmt: skip
    zoom = [
        html.Button("+", type="button", className="toggle", title="Zoom in",
                    **{"data-map-zoom": "in", "aria-label": "Zoom in"}),
        html.Button("−", type="button", className="toggle", title="Zoom out",
                    **{"data-map-zoom": "out", "aria-label": "Zoom out"}),
        html.Button("All", type="button", className="toggle", title="Show the whole map", **{"data-map-zoom": "all"}),
    ]  # fmt: skip
    return html.Div([*buttons, html.Span(className="spring"), *zoom], className="map-tools", role="toolbar",
                    **{"aria-label": "Map"})  # fmt: skip


def grid_columns(dataset: Dataset, cols: str, sort: str) -> list[GridColumn]:
    """All columns of the table; those that an address asks for first and in its order, the others hidden."""
    shown = cells_rows.shown_columns(dataset, cols)
    rest = [n for n in cells_rows.columns(dataset) if n not in shown]
    return [_grid_column(dataset, n, n in shown, sort) for n in [*shown, *rest]]


def words(column: str) -> str:
    """A column as the page names it."""
    return (column.removesuffix("_um") + " (µm)" if column.endswith("_um") else column).replace("_", " ")


def _grid_column(dataset: Dataset, name: str, shown: bool, sort: str) -> GridColumn:
    described = dataset.columns.get(name, Column("text"))
    kinds: dict[str, Any] = {"number": "number", "boolean": "bool", "id": "id"}
    kind: Any = "link" if name == "cell_id" else kinds.get(described.kind, "text")
    if name.endswith("_id") and kind == "number":
        kind = "id"
    order: Any = {name: "asc", f"-{name}": "desc"}.get(sort, "") if sort.lstrip("-") == name else ""
    target = href("/cell/CELL", ds=dataset.meta.id).replace("CELL", "{cell_id}") if name == "cell_id" else ""
    return GridColumn(name, words(name), kind, hidden=not shown, sort=order, href=target, help=described.meaning,
                      pinned=name == "cell_id", width=TABLE_WIDTHS.get(kind, 0))  # fmt: skip
