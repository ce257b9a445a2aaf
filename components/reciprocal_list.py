"""The ranked list of reciprocal pairs: rows from the API as they scroll into view, each leads to its pair."""

from __future__ import annotations

from typing import Any

import dash
from dash.development.base_component import Component

from components import grid, pair_link, url_state
from components.cell_kinds import kind_colours
from components.grid import GridColumn
from components.reciprocal_controls import types
from data_access.dataset import Dataset
from views import pair_warnings, schema
from views.reciprocal import ReciprocalView

GRID = "reciprocal-list"
SIGNS = {"fragment": "F", "two_nuclei": "2", "axon_not_proofread": "A", "close_synapses": "C", "one_version": "V"}


def route(dataset: Dataset, view: ReciprocalView) -> str:
    """Address of the rows; assets/reciprocal.js makes the same from the address of the page."""
    query = schema.query(view, ("ds", "sort", "limit", "offset"))
    return f"{base(dataset)}?{query}"


def base(dataset: Dataset) -> str:
    """Address of the table of pairs, without what it is asked for."""
    return dash.get_relative_path(f"/api/v1/datasets/{dataset.meta.id}/reciprocal.json")


def table(dataset: Dataset, view: ReciprocalView) -> Component:
    """The table; columns that this dataset cannot fill are left out."""
    sized = "sizes" in dataset.meta.capabilities
    placed = "cell_positions" in dataset.meta.capabilities
    name, down = view.sort.removeprefix("-"), view.sort.startswith("-")

    def column(field: str, title: str, kind: str = "number", width: int = 0, help: str = "", **more: Any) -> GridColumn:
        way = ("desc" if down else "asc") if field == name else ""
        return GridColumn(field, title, kind, width, help=help, sort=way, **more)  # type: ignore[arg-type]

    def link(field: str) -> str:
        return url_state.href("/cell/CELL", ds=dataset.meta.id).replace("CELL", f"{{{field}}}")

    columns = [
        column("rank", "#", "text", 48, "place in the ranking; opens the pair", sortable=False, pinned=True),
        column("cell_a", "a", "link", 116, "the cell that makes more synapses onto the other", href=link("cell_a")),
        column("kind_a", "type of a", "text", 98),
        column("n_ab", "a → b", width=62, help="synapses of a onto b"),
        column("n_ba", "b → a", width=62, help="synapses of b onto a"),
        column("cell_b", "b", "link", 116, "the other cell", href=link("cell_b")),
        column("kind_b", "type of b", "text", 98),
        column("warnings", "warnings", "text", 92, "reasons to doubt the pair"),
        *([column("distance_um", "distance, µm", width=104, digits=0, help="soma to soma")] if placed else []),
        column("balance", "balance", width=82, digits=2, help="the smaller count over the larger one"),
        *([column("sum_size_ab", "size a → b", width=98, help="summed size of the synapses of a onto b"),
           column("sum_size_ba", "size b → a", width=98, help="summed size of the synapses of b onto a")]
          if sized else []),
    ]  # fmt: skip
    made = grid.table(
        GRID, columns, route=route(dataset, view), row_id="cell_a", height="100%", empty="No reciprocal pair",
        label="Reciprocal pairs, in the order of their rank",
    )  # fmt: skip
    made.children.getRowId = "params.data.cell_a + ' ' + params.data.cell_b"
    made.children.dashGridOptions["tabToNextCell"] = {"function": "cellTabOut(params)"}
    kinds = kind_colours(dataset, view.group, types(dataset, view.group))
    signs = {
        w.name: [SIGNS.get(w.name, w.name[:1].upper()), f"{w.title}. {w.explanation}"] for w in pair_warnings.WARNINGS
    }
    for definition in made.children.columnDefs:
        field = definition["field"]
        if field == "rank":
            definition["cellRenderer"] = "ReciprocalRank"
        elif field in ("kind_a", "kind_b"):
            definition |= {"cellRenderer": "CellKind", "cellRendererParams": {"colours": kinds}}
        elif field == "warnings":
            definition |= {"cellRenderer": "ReciprocalDoubts", "cellRendererParams": {"titles": signs}}
        if field.startswith(("n_", "sum", "balance")):
            definition["sortingOrder"] = ["desc", "asc", None]
    return made


def pair_href(dataset: Dataset, view: ReciprocalView, a: str, b: str) -> str:
    """Address of a pair, with what the list was asked for: previous and next are those of the list."""
    query = schema.encode(view, ("ds", "limit", "offset", "sel"))
    return pair_link.href(dataset.meta.id, a, b, **query)
