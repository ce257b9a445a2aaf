"""Triples (pairs) of cells as a table: each cell leads to its page, each connection to that of its pair."""

from __future__ import annotations

from collections.abc import Sequence

import dash
from dash.development.base_component import Component

from components import grid
from components.grid import GridColumn
from data_access import neuroglancer
from data_access.dataset import Dataset
from views.result import TableResult

GRID = "motifs-triples"


def table(
    dataset: Dataset, result: TableResult, ways: Sequence[str], n_cells: int, label: str, narrow: bool = False
) -> Component:
    """The rows of a result of `motif_instances` or `node_search`; ways: connections that get a column, as 'ab'."""
    ds = dataset.meta.id
    cell = dash.get_relative_path("/cell/").rstrip("/")
    pair = dash.get_relative_path("/pair/").rstrip("/")
    columns: list[GridColumn] = []
    widths = (96, 78) if narrow else (108, 92)
    for name in "abc"[:n_cells]:
        columns.append(GridColumn(f"cell_{name}", name, "link", widths[0], href=f"{cell}/{{cell_{name}}}?ds={ds}"))
        columns.append(GridColumn(f"type_{name}", f"Type {name}", "text", widths[1]))
    for pre, post in (tuple(way) for way in ways):
        columns.append(
            GridColumn(f"n_{pre}{post}", f"{pre} → {post}", "link", 66, help=f"synapses from {pre} onto {post}",
                       href=f"{pair}/{{cell_{pre}}}/{{cell_{post}}}?ds={ds}")
        )  # fmt: skip
    rows = result.table().to_pylist()
    for row in rows:
        row["key"] = "|".join(str(row[f"cell_{name}"]) for name in "abc"[:n_cells])
        row |= {f"cell_{name}": str(row[f"cell_{name}"]) for name in "abc"[:n_cells]}
    if rows and "weakest" in rows[0]:
        columns.append(
            GridColumn("weakest", "Weakest", "number", 84, help="synapses of the weakest connection asked for")
        )
    columns.append(GridColumn("total", "Total", "number", 68, help="synapses of all these connections"))
    if not neuroglancer.lacking(dataset.meta):
        ids = ",".join(f"{{cell_{name}}}" for name in "abc"[:n_cells])
        path = dash.get_relative_path(f"/api/v1/datasets/{ds}/neuroglancer")
        columns.append(GridColumn("look", "3D", "link", 110, href=f"{path}?cells={ids}", sortable=False,
                                  help="these cells in Neuroglancer"))  # fmt: skip
        for row in rows:
            row["look"] = "Neuroglancer"
    made = grid.table(
        GRID, columns, rows=rows, row_id="key", height=f"min({28 * len(rows) + 50}px, 66vh)", label=label, empty="None"
    )
    for definition in made.children.columnDefs:
        if definition["field"].startswith("n_"):  # a number that leads on
            definition["comparator"] = {"function": "gridCompareNumber"}
            definition |= {"cellRenderer": "MotifCount", "cellClass": "ag-right-aligned-cell grid-number"}
            definition["type"] = "rightAligned"
        if definition["field"] == "look":
            definition["cellRenderer"] = "MotifLook"
    return made
