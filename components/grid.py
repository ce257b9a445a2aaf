"""A table on the screen: rows that are there, or rows asked for from a route of the API as they scroll into view.

    grid.table("partners", [GridColumn("id", "Partner", "link", href=...), GridColumn("n", "Synapses", "number")],
               rows=[{"id": "864691135808473885", "n": 3}], row_id="id")

Sorting, resizing and moving columns need no callback; headers take the focus and Enter sorts. Ids are text. The browser
half is assets/grid.js: it fetches rows, formats values, and tells what happens to a table by events on the element
`<id>-box`: grid:sort, grid:columns, grid:ticked, grid:rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dash_ag_grid as dag
from dash import html
from dash.development.base_component import Component

Kind = Literal["text", "number", "id", "link", "bool"]
BLOCK = 100  # rows fetched at once
WIDTHS = {"text": 150, "number": 112, "id": 140, "link": 140, "bool": 96}


@dataclass(frozen=True)
class GridColumn:
    """One column: the field of a row, the words of its head, and how its values are written.

    text: as it is; number: thousands separated, `digits` decimals at most (-1 = as many as are worth reading); bool:
    yes or no; id: shortened in the middle, whole on hover, copied by a click; link: an id or a text that leads to
    `href`, in which {field} stands for that field of the row. What is missing is a dash. help: what the column means.
    sort: the order that the table starts with. pinned: stays at the left.
    """

    field: str
    title: str
    kind: Kind = "text"
    width: int = 0
    hidden: bool = False
    href: str = ""
    help: str = ""
    digits: int = -1
    sort: Literal["", "asc", "desc"] = ""
    pinned: bool = False
    sortable: bool = True

    def definition(self, filters: bool = False) -> dict[str, Any]:
        """The column as AG Grid reads it."""
        found: dict[str, Any] = {
            "field": self.field, "colId": self.field, "headerName": self.title, "hide": self.hidden,
            "width": self.width or WIDTHS[self.kind], "sortable": self.sortable, "cellDataType": False,
            "comparator": {"function": f"gridCompare{'Number' if self.kind == 'number' else 'Text'}"},
        }  # fmt: skip
        if self.help:
            found["headerTooltip"] = self.help
        if self.sort:
            found["sort"] = self.sort
        if self.pinned:
            found |= {"pinned": "left", "lockPinned": True}
        if filters:
            found |= {"filter": "agNumberColumnFilter" if self.kind == "number" else "agTextColumnFilter",
                      "floatingFilter": True}  # fmt: skip
        return found | self._written()

    def _written(self) -> dict[str, Any]:
        if self.kind == "number":
            return {
                "type": "rightAligned", "cellClass": "ag-right-aligned-cell grid-number",
                "valueFormatter": {"function": f"gridNumber(params.value, {self.digits}, params.data)"},
            }  # fmt: skip
        if self.kind == "bool":
            return {"valueFormatter": {"function": "gridTruth(params.value, params.data)"}}
        if self.kind in ("id", "link"):
            return {"cellRenderer": "GridId", "cellRendererParams": {"href": self.href, "what": self.title.lower()}}
        return {"valueFormatter": {"function": "gridText(params.value, params.data)"}}


def table(
    id: str,
    columns: Sequence[GridColumn],
    *,
    rows: Sequence[dict[str, Any]] | None = None,
    route: str = "",
    row_id: str = "",
    height: str = "420px",
    ticks: bool = False,
    filters: bool = False,
    empty: str = "No rows",
    label: str = "",
    waits: bool = False,
    one: bool = False,
) -> Component:
    """The table `id` in its box `<id>-box`.

    rows: all rows, sorted and filtered in the browser. route: address of a JSON table of the API, to which limit,
    offset and sort are added; sorting is the server's. Changing the box's `data-grid-route` asks anew. row_id: the
    field that is unique (default: the first column's). ticks: rows can be ticked; a row whose field `selected` is
    true starts as ticked, and the box tells of each change. filters: a filter under each head (only with `rows`).
    waits: nothing is fetched before a script of the page has set the box's `data-grid-route` for itself. one: a script
    of the page may mark one row, with AG Grid's setSelected.
    Raises ValueError unless exactly one of rows and route is given.
    """
    if (rows is None) == (not route):
        raise ValueError("a table has either rows or a route")
    key = row_id or columns[0].field
    options: dict[str, Any] = {
        "theme": {"function": "gridTheme(themeQuartz)"}, "suppressCellFocus": False, "animateRows": False,
        "suppressDragLeaveHidesColumns": True, "tooltipShowDelay": 400, "rowHeight": 28, "headerHeight": 30,
        "localeText": {"noRowsToShow": empty, "loadingOoo": "…"}, "suppressColumnVirtualisation": False,
        "enableCellTextSelection": True, "ensureDomOrder": True,
    }  # fmt: skip
    if ticks:
        options["rowSelection"] = {"mode": "multiRow", "checkboxes": True, "headerCheckbox": False,
                                   "enableClickSelection": False}  # fmt: skip
        options["selectionColumnDef"] = {"headerName": "✓", "headerTooltip": "ticked = selected", "width": 40,
                                         "pinned": "left", "resizable": False, "sortable": False}  # fmt: skip
    if one:
        options["rowSelection"] = {"mode": "singleRow", "checkboxes": False, "enableClickSelection": False}
    if route:
        options |= {"cacheBlockSize": BLOCK, "maxBlocksInCache": 20, "infiniteInitialRowCount": 1, "rowBuffer": 4,
                    "blockLoadDebounceMillis": 60}  # fmt: skip
    grid = dag.AgGrid(
        id=id, columnDefs=[c.definition(filters and not route) for c in columns],
        rowModelType="infinite" if route else "clientSide", rowData=None if route else list(rows or ()),
        defaultColDef={"resizable": True, "suppressHeaderMenuButton": True, "minWidth": 56, "sortingOrder":
                       ["asc", "desc", None]},
        getRowId=f"params.data[{key!r}]", dashGridOptions=options, className="", style={"height": "100%"},
    )  # fmt: skip
    marks = {"data-grid": id} | ({"data-grid-route": "" if waits else route, "data-grid-base": route} if route else {})
    return html.Div(
        grid, id=f"{id}-box", className="grid-box", style={"height": height}, role="group",
        **({"aria-label": label} if label else {}), **marks,
    )  # fmt: skip
