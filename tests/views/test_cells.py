"""/cells: filter and selection, rows of the table, panels and their filters, all against pandas."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError
from data_access.importer import ImportSpec, import_dataset
from tests.views.mapped import Mapped, mapped
from views import cells_conditions, cells_page, cells_rows, cells_summary, schema
from views.cells_page import CellsPage
from views.cells_rows import RowsView
from views.cells_summary import Panel, SummaryView


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    return mapped(tmp_path_factory.mktemp("mapped"))


@pytest.fixture(scope="module")
def dataset(known: Mapped) -> Dataset:
    return known.dataset


# ---- filter and selection


def test_a_filter_never_erases_a_selection(dataset: Dataset) -> None:
    view = CellsPage(cells="cell_type == 'BC'", sel="cell_type == '4P'")
    found = cells_page.chosen(dataset, view)
    assert len(found.selected) == len(dataset.select("cell_type == '4P'"))
    assert len(found.both) == 0
    assert f"{len(found.selected)} selected, {len(found.selected)} of them not shown" in cells_page.sentence(
        found, None, ""
    )


def test_no_selection_selects_nothing_while_no_filter_shows_all(dataset: Dataset) -> None:
    found = cells_page.chosen(dataset, CellsPage())
    assert (len(found.shown), len(found.selected)) == (dataset.n_cells, 0)


def test_the_ledger_adds_up(dataset: Dataset) -> None:
    ledger = cells_page.ledger(cells_page.chosen(dataset, CellsPage(cells="is_cell and cell_type.isna()")))
    assert ledger.read == ledger.kept + sum(o.cells or 0 for o in ledger.left_out)


def test_a_few_cells_stand_in_the_address_and_many_are_stored(dataset: Dataset) -> None:
    few, many = (np.arange(n, dtype=np.int32) for n in (5, 150))
    texts = cells_page.as_text(dataset, few), cells_page.as_text(dataset, many)
    assert "set:" not in texts[0]
    assert texts[1].startswith("set:")
    assert len(texts[1]) < 40
    for text, codes in zip(texts, (few, many), strict=True):
        assert dataset.select(text).codes.tolist() == codes.tolist()
    assert cells_page.as_text(dataset, few[:0]) == ""


def test_the_view_survives_its_address() -> None:
    view = CellsPage(ds="a", cells="x < 3", sel="1, 2", x="z_um", x0=-3.25, somata="hide", cols="a,b", summary="none")
    assert schema.parse(CellsPage, schema.encode(view)) == view


# ---- rows


@pytest.mark.parametrize(("sort", "ascending"), [("volume", True), ("-volume", False)], ids=["up", "down"])
def test_rows_are_sorted_filtered_and_paged_as_by_pandas(known: Mapped, sort: str, ascending: bool) -> None:
    table = known.cells[known.cells.cell_type == "BC"].sort_values(
        ["volume", "cell_id"], ascending=[ascending, True], kind="stable"
    )
    view = RowsView(cells="cell_type == 'BC'", sort=sort, limit=7, offset=5)
    found = cells_rows.rows(known.dataset, view)
    assert found.table().column("cell_id").to_pylist() == table.cell_id.iloc[5:12].tolist()
    assert found.ledger.total == len(table)
    assert found.ledger.read == found.ledger.kept + sum(o.cells or 0 for o in found.ledger.left_out)


def test_pages_of_equal_values_do_not_overlap(dataset: Dataset) -> None:
    pages = [
        cells_rows.rows(dataset, RowsView(sort="-is_column", limit=50, offset=k)).table() for k in range(0, 300, 50)
    ]
    ids = [i for page in pages for i in page.column("cell_id").to_pylist()]
    assert len(ids) == len(set(ids)) == dataset.n_cells


def test_rows_say_which_are_selected(known: Mapped) -> None:
    found = cells_rows.rows(known.dataset, RowsView(cells="is_cell", sel="cell_type == '4P'", limit=1000)).table()
    chosen = {str(i) for i, s in zip(*(found.column(n).to_pylist() for n in ("cell_id", "selected")), strict=True) if s}
    assert chosen == known.ids(known.cells.cell_type == "4P")


def test_unknown_columns_of_a_link_are_left_out_and_ids_stay(dataset: Dataset) -> None:
    assert cells_rows.shown_columns(dataset, "volume,nonsense,cell_type") == ["cell_id", "volume", "cell_type"]
    assert cells_rows.shown_columns(dataset, "volume,cell_id") == ["volume", "cell_id"]
    assert cells_rows.shown_columns(dataset, "") == cells_rows.first_columns(dataset)


def test_positions_are_offered_once(dataset: Dataset) -> None:
    names = cells_rows.columns(dataset)
    assert {"x_um", "y_um", "z_um"} <= set(names)
    assert not {"x_nm", "y_nm", "z_nm"} & set(names)


# ---- panels


def panel(dataset: Dataset, column: str, **view: str) -> Panel:
    return cells_summary.panel(dataset, CellsPage(**view), column)


def test_kinds_are_counted_as_by_pandas(known: Mapped) -> None:
    found = panel(known.dataset, "cell_type", cells="is_cell and volume > 100", sel="is_column")
    rows = known.cells[known.cells.volume > 100]
    for bar in found.bars:
        mine = rows[rows.cell_type.isna()] if bar.kind is None else rows[rows.cell_type == bar.kind]
        assert (bar.n, bar.n_selected) == (len(mine), int(mine.is_column.sum()))
    assert sum(bar.n for bar in found.bars) == len(rows)
    counts = [b.n for b in found.bars if b.kind is not None]
    assert counts == sorted(counts, reverse=True)


def test_numbers_are_counted_as_by_pandas(known: Mapped) -> None:
    found = panel(known.dataset, "depth_um", cells="is_cell", sel="is_column")
    depth = known.cells.depth_um
    assert sum(bar.n for bar in found.bars) == int(depth.notna().sum())
    assert found.missing == int(depth.isna().sum())
    for bar in found.bars[:-1]:
        inside = (depth >= bar.left) & (depth < bar.right)
        assert (bar.n, bar.n_selected) == (int(inside.sum()), int((inside & known.cells.is_column).sum()))


def test_bins_stay_where_they_are_while_a_filter_changes(dataset: Dataset) -> None:
    edges = [
        [(b.left, b.right) for b in panel(dataset, "volume", cells=text).bars]
        for text in ("", "cell_type == 'BC'", "volume < 50")
    ]
    assert edges[0] == edges[1] == edges[2]


@pytest.mark.parametrize("cells", ["", "is_cell", "is_column or volume > 300", "depth_um >= 100 and depth_um < 600"])
def test_a_click_on_a_bar_shows_exactly_its_cells(dataset: Dataset, cells: str) -> None:
    for column in ("cell_type", "status_axon", "depth_um"):
        for bar in panel(dataset, column, cells=cells).bars:
            last = column == "depth_um" and bar is panel(dataset, column, cells=cells).bars[-1]
            if not last:
                assert len(dataset.select(bar.cells)) == bar.n, bar.cells


def test_a_second_click_adds_and_a_third_takes_away(dataset: Dataset) -> None:
    first = next(b for b in panel(dataset, "cell_type", cells="is_cell").bars if b.kind == "BC")
    both = next(b for b in panel(dataset, "cell_type", cells=first.cells).bars if b.kind == "it's odd")
    assert len(dataset.select(both.cells)) == first.n + both.n
    with_missing = next(b for b in panel(dataset, "cell_type", cells=both.cells).bars if b.kind is None)
    assert len(dataset.select(with_missing.cells)) == first.n + both.n + with_missing.n
    text = with_missing.cells
    for kind in ("BC", "it's odd", None):
        bar = next(b for b in panel(dataset, "cell_type", cells=text).bars if b.kind == kind)
        assert bar.chosen
        text = bar.cells
    assert text == "is_cell"


def test_a_panel_counts_without_its_own_condition_and_with_all_others(known: Mapped) -> None:
    cells = "cell_type in ['BC', '4P'] and depth_um < 400"
    found = panel(known.dataset, "cell_type", cells=cells)
    rows = known.cells[known.cells.depth_um < 400]
    assert {b.kind: b.n for b in found.bars} == {
        **rows.cell_type.value_counts().to_dict(), **({None: int(rows.cell_type.isna().sum())}),
    }  # fmt: skip
    assert {b.kind for b in found.bars if b.chosen} == {"BC", "4P"}
    brushed = panel(known.dataset, "depth_um", cells=cells)
    assert sum(b.n for b in brushed.bars) == int(
        (known.cells.cell_type.isin(["BC", "4P"]) & known.cells.depth_um.notna()).sum()
    )
    assert (brushed.low, brushed.high) == (None, 400)


def test_a_column_with_a_value_for_each_cell_has_no_panel_and_says_why(dataset: Dataset) -> None:
    found = cells_summary.panels(dataset, CellsPage(summary="cell_type,nonsense,volume"))
    assert [p.column for p in found if isinstance(p, Panel)] == ["cell_type", "volume"]
    with pytest.raises(InputError, match="no column 'nonsense'"):
        panel(dataset, "nonsense")


def test_none_takes_all_panels_away(dataset: Dataset) -> None:
    assert cells_summary.panels(dataset, CellsPage(summary="none")) == []
    assert cells_summary.panels(dataset, CellsPage()) != []


def test_the_summary_table_sums_to_the_set(known: Mapped) -> None:
    view = SummaryView(cells="cell_type == 'BC' and depth_um < 500", sel="is_column", columns="cell_type,depth_um")
    found = cells_summary.table(known.dataset, view).table().to_pandas()
    rows = known.cells[(known.cells.cell_type == "BC") & (known.cells.depth_um < 500)]
    sums = found.groupby("column")[["n", "n_selected"]].sum()
    assert sums.n.to_dict() == {"cell_type": len(rows), "depth_um": len(rows)}
    assert set(sums.n_selected) == {int(rows.is_column.sum())}


# ---- conditions in the text of a filter

NAMES = st.sampled_from(["cell_type", "odd name", "class"])
VALUES = st.lists(st.none() | st.text("ab'\\\" and,()[]\n", max_size=8), min_size=1, max_size=4, unique=True)
OTHERS = st.sampled_from(
    [
        "",
        "is_cell",
        "a < 3 and b == 'x and y'",
        "(a or b)",
        "a or b",
        "1, 2, 3",
        "12 13",
        "`and` == 'or'",
        "x in [1, 2]",
    ]
)


@given(OTHERS, NAMES, VALUES)
@settings(max_examples=300, deadline=None)
def test_kinds_written_into_a_filter_are_read_back(others: str, column: str, values: list[str | None]) -> None:
    text = cells_conditions.with_kinds(others, column, tuple(values))
    found = cells_conditions.kinds(text, column)
    assert set(found.chosen) == set(values)
    assert cells_conditions.joined(cells_conditions.parts(others)) == found.others


@given(
    OTHERS, NAMES, st.none() | st.floats(-1e12, 1e12), st.none() | st.floats(-1e12, 1e12),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_limits_written_into_a_filter_are_read_back(
    others: str, column: str, low: float | None, high: float | None
) -> None:
    found = cells_conditions.limits(cells_conditions.with_limits(others, column, low, high), column)
    assert (found.low, found.high) == (low, high)
    assert cells_conditions.joined(cells_conditions.parts(others)) == found.others


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []), ("a", ["a"]), ("a and b", ["a", "b"]), ("a == 'x and y'", ["a == 'x and y'"]),
        ("a or b", ["(a or b)"]), ("(a or b) and c", ["(a or b)", "c"]), ("1, 2", ["(1, 2)"]), ("band == 1", ["band == 1"]),
        ("inputs_of(a and b) and c", ["inputs_of(a and b)", "c"]), ("`a and b` < 3 and c", ["`a and b` < 3", "c"]),
        ("a & b", ["(a & b)"]), ("11 12", ["(11 12)"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_filter_falls_into_its_conditions(text: str, parts: list[str]) -> None:
    assert cells_conditions.parts(text) == parts


# ---- size


def test_a_filter_on_122_000_cells_answers_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 122_000
    ids = 864_691_135_000_000_000 + 7 * np.arange(n)
    pd.DataFrame({
        "cell_id": ids, "cell_type": np.array(["BC", "MC", "23P"])[rng.integers(0, 3, n)], "depth_um": rng.random(n) * 800,
    }).to_parquet(tmp_path / "cells.parquet")  # fmt: skip
    pd.DataFrame({"pre": ids[:100], "post": ids[1:101], "w": 1}).to_parquet(tmp_path / "edges.parquet")
    spec = ImportSpec(
        "large", cells=(tmp_path / "cells.parquet",), connections=(tmp_path / "edges.parquet",), pre="pre", post="post",
        weight="w",
    )  # fmt: skip
    import_dataset(tmp_path / "data", spec)
    dataset = open_dataset(tmp_path / "data", "large")
    cells_rows.rows(dataset, RowsView(cells="cell_type == 'BC' and depth_um < 1", sort="-depth_um"))  # columns are read
    taken = []
    for depth in range(300, 305):  # a new filter each time: nothing is kept
        started = time.process_time()
        found = cells_rows.rows(dataset, RowsView(cells=f"cell_type == 'BC' and depth_um < {depth}", sort="-depth_um"))
        cells_summary.panels(dataset, CellsPage(cells=f"cell_type == 'BC' and depth_um < {depth}"))
        taken.append(time.process_time() - started)
        assert found.rows == 100
    assert min(taken) < 0.15  # 15 ms here; the budget is 50
