"""Tables on the screen: how a column is described to the grid, and what its box tells the browser."""

from __future__ import annotations

import pytest

from components import grid
from components.grid import GridColumn

COLUMNS = (
    GridColumn("cell_id", "Cell", "link", href="/cell/{cell_id}"),
    GridColumn("n", "Synapses", "number", sort="desc"),
)


def test_rows_that_are_there_are_sorted_in_the_browser() -> None:
    box = grid.table("t", COLUMNS, rows=[{"cell_id": "864691135808473885", "n": 3}])
    made = box.children
    assert made.rowModelType == "clientSide"
    assert made.rowData == [{"cell_id": "864691135808473885", "n": 3}]
    assert [c["colId"] for c in made.columnDefs] == ["cell_id", "n"]
    assert made.columnDefs[1]["sort"] == "desc"
    assert box.to_plotly_json()["props"]["data-grid"] == "t"


def test_rows_of_a_route_are_fetched_as_they_come_into_view() -> None:
    box = grid.table("t", COLUMNS, route="/api/v1/datasets/a/cells.json").to_plotly_json()["props"]
    assert box["data-grid-route"] == "/api/v1/datasets/a/cells.json"
    assert box["children"].rowModelType == "infinite"
    waiting = grid.table("t", COLUMNS, route="/x.json", waits=True).to_plotly_json()["props"]
    assert (waiting["data-grid-route"], waiting["data-grid-base"]) == ("", "/x.json")


@pytest.mark.parametrize("given", [{}, {"rows": [], "route": "/x"}], ids=["neither", "both"])
def test_rows_come_from_one_place(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="either rows or a route"):
        grid.table("t", COLUMNS, **given)  # type: ignore[arg-type]


def test_the_row_id_is_the_field_that_is_named() -> None:
    assert grid.table("t", COLUMNS, rows=[]).children.getRowId == "params.data['cell_id']"
    assert grid.table("t", COLUMNS, rows=[], row_id="n").children.getRowId == "params.data['n']"


def test_filters_stand_under_heads_only_where_all_rows_are_there() -> None:
    assert all("filter" in c for c in grid.table("t", COLUMNS, rows=[], filters=True).children.columnDefs)
    assert not any("filter" in c for c in grid.table("t", COLUMNS, route="/x", filters=True).children.columnDefs)


def test_an_id_is_written_by_our_own_part_and_never_as_a_number() -> None:
    found = COLUMNS[0].definition()
    assert found["cellRenderer"] == "GridId"
    assert found["cellRendererParams"] == {"href": "/cell/{cell_id}", "what": "cell"}
    assert found["comparator"] == {"function": "gridCompareText"}
