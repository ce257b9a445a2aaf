"""The page /cells: table, map, panels and selection in a real browser against a live server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import PHONE, Open, axe
from tests.views import samples
from tests.views.mapped import Mapped, mapped

pytestmark = pytest.mark.xdist_group("cells-page")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    return mapped(tmp_path_factory.mktemp("mapped"))


@pytest.fixture(scope="module")
def base(known: Mapped, serve_app: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    samples.edges(known.dataset.data_dir, tmp_path_factory.mktemp("edges"))
    return serve_app(known.dataset.data_dir)


@dataclass
class Cells:
    """The page as a person drives it."""

    page: Page

    @property
    def query(self) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(urlsplit(self.page.url).query).items()}

    def ready(self) -> Cells:
        expect(self.page.locator("#cells-map-box")).to_have_attribute("data-state", "drawn")
        expect(self.page.locator("#cells-map-box")).to_have_attribute("aria-busy", "false")
        expect(self.page.locator("#cells-sentence")).not_to_be_empty()
        expect(self.page.locator("#cells-table .grid-id").first).to_be_visible()
        return self

    def wait_for(self, key: str, value: str | None) -> None:
        self.page.wait_for_function(
            "([key, value]) => new URLSearchParams(location.search).get(key) === value", arg=[key, value]
        )

    def says(self, text: str) -> None:
        expect(self.page.locator("#cells-sentence")).to_contain_text(text)

    def drag(self, tool: str, modifier: str = "") -> None:
        """Draw around the left half of the map with a tool."""
        self.page.click(f"[data-map-tool={tool}]")
        box = self.page.locator("#cells-map-box").bounding_box()
        assert box is not None
        mouse = self.page.mouse
        middle = box["x"] + box["width"] / 2
        corners = [(box["x"] + 70, box["y"] + 14), (middle, box["y"] + box["height"] - 56)]
        path = (
            [corners[1]]
            if tool == "box"
            else [(corners[1][0], corners[0][1]), corners[1], (corners[0][0], corners[1][1])]
        )
        if modifier:
            self.page.keyboard.down(modifier)
        mouse.move(*corners[0])
        mouse.down()
        for at in path:
            mouse.move(*at, steps=4)
        mouse.up()
        if modifier:
            self.page.keyboard.up(modifier)


@pytest.fixture
def cells(base: str, open_page: Open) -> Callable[..., Cells]:
    def start(ds: str = "mapped", size: Any = None, scheme: str = "light", **query: str) -> Cells:
        more = {"size": size} if size else {}
        return Cells(open_page(f"{base}/cells?{urlencode({'ds': ds, **query})}", scheme=scheme, **more))

    return start


def test_map_table_and_panels_show_the_filter(cells: Callable[..., Cells], known: Mapped) -> None:
    page = cells(cells="cell_type == 'BC'").ready()
    n = int((known.cells.cell_type == "BC").sum())
    page.says(f"{n} cells of {known.dataset.n_cells}")
    expect(page.page.locator("#cells-cells-echo")).to_contain_text("cell_type is BC")
    assert page.page.locator("#cells-map image").count() == 1
    assert axe(page.page) == []


def test_a_bar_narrows_the_filter_and_back_restores_it_while_the_selection_stays(
    cells: Callable[..., Cells], known: Mapped
) -> None:
    page = cells(cells="is_cell", sel="cell_type == '4P'").ready()
    selected = int((known.cells.cell_type == "4P").sum())
    page.page.locator(".bar-row", has_text="BC").first.click()
    page.wait_for("cells", "is_cell and cell_type == 'BC'")
    page.says(f"{selected} selected, {selected} of them not shown")
    expect(page.page.locator("#cells-cells")).to_have_value("is_cell and cell_type == 'BC'")
    page.page.go_back()
    page.wait_for("cells", "is_cell")
    expect(page.page.locator("#cells-cells")).to_have_value("is_cell")
    page.says(f"; {selected} selected.")


def test_a_histogram_is_brushed_and_typed_into(cells: Callable[..., Cells], known: Mapped) -> None:
    page = cells(summary="depth_um").ready()
    box = page.page.locator("[data-brush=depth_um]").bounding_box()
    assert box is not None
    y = box["y"] + 40
    page.page.mouse.move(box["x"] + box["width"] * 0.3, y)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=4)
    page.page.mouse.up()
    page.page.wait_for_function(
        "() => /depth_um >= .* and depth_um < /.test(new URLSearchParams(location.search).get('cells'))"
    )
    limit = page.page.locator("[data-limit=to] input")
    expect(limit).not_to_have_value("")
    limit.fill("250")
    limit.press("Enter")
    limit.blur()
    page.page.wait_for_function("() => new URLSearchParams(location.search).get('cells').endsWith('depth_um < 250')")
    low = float(page.query["cells"].split(">= ")[1].split(" ")[0])
    page.says(f"{int(known.cells.depth_um.between(low, 250, inclusive='left').sum())} cells")


def test_a_lasso_selects_shift_adds_and_the_selection_becomes_the_pre_set(
    cells: Callable[..., Cells], known: Mapped
) -> None:
    page = cells(cells="is_column").ready()
    page.drag("lasso")
    page.page.wait_for_function("() => new URLSearchParams(location.search).get('sel')")
    expect(page.page.locator("#cells-selection strong")).to_contain_text("selected")
    first = page.query["sel"]
    assert first.startswith("set:")
    page.page.locator("#cells-table .ag-checkbox-input:not(:checked)").first.click()
    page.page.wait_for_function("before => new URLSearchParams(location.search).get('sel') !== before", arg=first)
    chosen = known.dataset.select(page.query["sel"])
    assert len(chosen) == len(known.dataset.select(first)) + 1
    expect(page.page.locator("#cells-selection strong")).to_contain_text(f"{len(chosen)} cells selected")
    link = page.page.locator("#cells-selection a", has_text="As pre set").get_attribute("href") or ""
    assert parse_qs(urlsplit(link).query)["pre"] == [page.query["sel"]]
    page.page.click("[data-cells-do=clear]")
    page.wait_for("sel", None)
    assert page.query["cells"] == "is_column"


def test_the_table_sorts_by_keyboard_and_a_reload_keeps_it(cells: Callable[..., Cells], known: Mapped) -> None:
    page = cells(cells="is_cell", cols="cell_id,volume,cell_type").ready()
    heads = page.page.locator("#cells-table .ag-header-cell-text")
    assert heads.all_inner_texts() == ["✓", "cell id", "volume", "cell type"]
    page.page.locator('#cells-table .ag-header-cell[col-id="volume"]').focus()
    page.page.keyboard.press("Enter")
    page.wait_for("sort", "volume")
    page.page.keyboard.press("Enter")
    page.wait_for("sort", "-volume")
    largest = str(known.cells.cell_id[known.cells.volume.idxmax()])
    first = page.page.locator('#cells-table .ag-row[row-index="0"] .grid-id')
    expect(first).to_have_attribute("title", largest)
    page.page.reload()
    page.ready()
    expect(first).to_have_attribute("title", largest)
    assert f"/cell/{largest}?" in (first.get_attribute("href") or "")


def test_columns_and_panels_are_chosen_from_a_menu(cells: Callable[..., Cells]) -> None:
    page = cells(cols="cell_id,volume", summary="cell_type").ready()
    page.page.click("#cells-columns")
    page.page.click('[data-toggle-column="is_column"]')
    page.wait_for("cols", "cell_id,volume,is_column")
    expect(page.page.locator('#cells-table .ag-header-cell[col-id="is_column"]')).to_be_visible()
    page.page.click('[data-toggle-panel="volume"]')
    page.wait_for("summary", "cell_type,volume")
    expect(page.page.locator("[data-brush=volume]")).to_be_visible()
    page.page.keyboard.press("Escape")
    page.page.click('[data-panel-off="cell_type"]')
    page.wait_for("summary", "volume")
    page.page.go_back()
    expect(page.page.locator(".bars")).to_be_visible()


def test_the_map_zooms_by_wheel_and_keys_and_shows_all_again(cells: Callable[..., Cells]) -> None:
    page = cells().ready()
    box = page.page.locator("#cells-map-box")
    whole = box.get_attribute("data-window")
    box.hover()
    page.page.mouse.wheel(0, -600)
    page.page.wait_for_function("() => new URLSearchParams(location.search).get('x0')")
    left, right = (float(page.query[k]) for k in ("x0", "x1"))
    box.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_function("x => Number(new URLSearchParams(location.search).get('x0')) > x", arg=left)
    assert float(page.query["x1"]) - float(page.query["x0"]) == pytest.approx(right - left, rel=1e-3)
    page.page.keyboard.press("0")
    page.wait_for("x0", None)
    expect(box).to_have_attribute("data-window", whole or "")


def test_without_positions_the_table_is_whole_and_the_map_says_what_is_needed(cells: Callable[..., Cells]) -> None:
    page = cells(ds="edges").page
    expect(page.locator("#cells-table .grid-id").first).to_be_visible()
    expect(page.locator(".map-none")).to_contain_text("no positions of cells")
    expect(page.locator("#cells-sentence")).to_contain_text("30 cells of 30")
    page.locator("#cells-table .ag-checkbox-input").first.click()
    expect(page.locator("#cells-selection strong")).to_contain_text("1 cell selected")
    assert axe(page) == []


def test_a_wrong_filter_is_said_under_its_box_and_an_empty_one_offers_the_way_out(cells: Callable[..., Cells]) -> None:
    page = cells(cells="cell_tipe == 'BC'").page
    expect(page.locator("#cells-cells-echo")).to_contain_text("cell_type")
    box = page.locator("#cells-cells")
    box.fill("volume < 0")
    box.press("Enter")
    expect(page.locator("#cells-sentence")).to_contain_text("0 cells")
    page.click("#cells-cells-echo button")
    expect(page.locator("#cells-cells")).to_have_value("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_all_in_one_column(cells: Callable[..., Cells], scheme: str) -> None:
    page = cells(size=PHONE, scheme=scheme, colour="volume").ready().page
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert axe(page) == []
