"""The matrix page: every control, every zoom, every way in and out, in a real browser against a live server."""

from __future__ import annotations

import io
import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect

from data_access.importer import ImportSpec, import_dataset
from tests.browser.live import PHONE, WIDE, Open, axe
from tests.browser.matrix_page import FIRST, N_CELLS, N_FRAGMENTS, Matrix, Sheet, sheet
from tests.views import samples

pytestmark = pytest.mark.xdist_group("matrix-page")
N_NODES = N_CELLS + N_FRAGMENTS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("matrix-data")


@pytest.fixture(scope="module")
def known(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Sheet:
    scratch = tmp_path_factory.mktemp("matrix-files")
    made = sheet(folder, scratch)
    samples.words(folder, scratch)
    samples.edges(folder, scratch)
    samples.big(folder, scratch)
    return made


@pytest.fixture(scope="module")
def base(folder: Path, known: Sheet, serve_app: Callable[..., str]) -> str:
    return serve_app(folder)


@pytest.fixture
def matrix(base: str, open_page: Open) -> Callable[..., Matrix]:
    """matrix(ds, **query) -> the page at rest; size, scheme and other options of the browser by `screen`."""

    def start(ds: str, screen: dict[str, Any] | None = None, **query: Any) -> Matrix:
        return Matrix(open_page("about:blank", **(screen or {})), base).ask(ds, **query)

    return start


def get(address: str) -> bytes:
    with urllib.request.urlopen(address) as answer:
        content: bytes = answer.read()
    return content


class TestFigure:
    def test_the_sentence_counts_what_the_file_holds(self, matrix: Callable[..., Matrix], known: Sheet) -> None:
        page = matrix("sheet")
        found = known.connections()
        assert f"{len(found):,} connections ({found.sum():,} synapses)" in page.text("sentence")
        assert f"{N_CELLS} cells and {N_FRAGMENTS} fragments" in page.text("sentence")
        assert page.meta["shape"] == [N_NODES, N_NODES], "cells that only receive keep their rows"
        assert "6,000" not in page.text("ledger")
        page.page.locator("#matrix-ledger summary").click()
        assert "autapse" in page.text("ledger")

    def test_one_picture_one_request_one_answer_for_the_words(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet")
        figures = [r for r in page.requests if "/matrix/" in r]
        assert len(figures) == 1, figures
        page.requests.clear()
        page.choose("scale", "linear")
        assert len([r for r in page.requests if "figure.json" in r]) == 1, page.requests
        assert len(page.requests) == 2, "the figure, then the words around it"

    def test_a_set_onto_itself_is_drawn_square(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet")
        assert page.area["w"] == pytest.approx(page.area["h"], abs=1)
        page.fill("pre", "cell_type == 'BC'")
        assert page.area["w"] > page.area["h"] * 1.2
        page.page.get_by_role("button", name="same as pre").click()
        page.rest()
        assert page.query["post"] == page.query["pre"] == "cell_type == 'BC'"
        assert page.area["w"] == pytest.approx(page.area["h"], abs=1)

    def test_the_picture_has_the_pixels_of_the_screen(self, matrix: Callable[..., Matrix], base: str) -> None:
        page = matrix("sheet", {"device_scale_factor": 2})
        assert page.meta["bins"] == [N_NODES, N_NODES], "at two device pixels each cell has its own"
        source = next(i["source"] for i in page.layout["images"] if i["xref"] == "x" and i["yref"] == "y")
        with Image.open(io.BytesIO(get(source))) as picture:
            assert picture.width == 2 * N_NODES  # a whole number of device pixels a cell
            assert picture.width <= 2 * page.area["w"]

    def test_untested_and_weakest_are_told_from_paper(self, matrix: Callable[..., Matrix], known: Sheet) -> None:
        page = matrix("sheet", order="id")
        source = next(i["source"] for i in page.layout["images"] if i["xref"] == "x" and i["yref"] == "y")
        with Image.open(io.BytesIO(get(source))) as picture:
            pixels = np.asarray(picture.convert("RGBA")).astype(int)
        fragment = pixels[-1, -1]  # a fragment onto a fragment: no tested pair
        assert tuple(fragment[:3]) == (0xEB, 0xE7, 0xDD)
        drawn = pixels[(pixels[..., 3] == 255) & ~(pixels == fragment).all(axis=-1)]
        assert (255 - drawn[:, :3].min(axis=1)).min() > 40, "a connection of one synapse is seen on white"

    def test_measures_and_groups(self, matrix: Callable[..., Matrix], known: Sheet) -> None:
        page = matrix("sheet", group="mtype")
        kinds = known.cells.set_index("cell_id").mtype
        rows = known.synapses[known.synapses.pre_id != known.synapses.post_id]
        sums = rows.groupby(
            [rows.pre_id.map(kinds).fillna("untyped"), rows.post_id.map(kinds).fillna("untyped")]
        ).size()
        assert page.layout["yaxis"]["ticktext"][-1] == "untyped", "cells without a type are a group"
        names = page.layout["yaxis"]["ticktext"]
        for pre, post in (("23P", "4P"), ("BC", "untyped")):
            text = page.hover(names.index(post), names.index(pre))
            assert text.startswith(f"{sums[pre, post]:,} synapses pre {pre}"), text
        panel = page.click(names.index("MC"), names.index("4P"))
        assert f"synapses {sums['4P', 'MC']:,}" in panel
        page.page.get_by_role("link", name="These connections cell by cell").click()
        page.rest()
        assert f"({sums['4P', 'MC']:,} synapses)" in page.text("sentence")
        page.go(group="mtype", measure="mean_size")
        for measure in ("summed synapse size", "fraction of input", "connected or not", "ln of summed synapse size"):
            page.choose("measure", measure)
            assert page.meta["window"] == [0, 6, 0, 6]
            page.hover(1, 1)
        assert "sum_size" in page.query["measure"]

    def test_groups_of_any_column(self, matrix: Callable[..., Matrix], known: Sheet) -> None:
        page = matrix("sheet")
        for group, n in (("on_left", 3), ("layer", 7), ("lineage", 4), ("is_cell", 2)):
            page.go(group=group)
            assert page.meta["shape"] == [n, n]
            assert page.text("sentence").count(f"{N_CELLS} cells") == 1
            synapses = re.search(r"synapses ([\d,]+)", page.click(0, 0))
            assert synapses is not None
            page.page.get_by_role("link", name="These connections cell by cell").click()
            page.rest()
            assert f"({synapses[1]} synapses)" in page.text("sentence"), page.query


class TestOrders:
    def test_every_order_of_rows_and_columns(self, matrix: Callable[..., Matrix], known: Sheet) -> None:
        page = matrix("sheet", pre="is_cell and layer < 3", post="cell_type == 'BC' or layer == 1")
        numbers = page.text("sentence")
        for label in ("number of partners", "position", "cluster", "as given", "id", "like the other axis", "type"):
            page.choose("order", label)
            if label == "like the other axis":
                page.choose("order-post", "number of partners") if "order_post" not in page.query else None
            assert page.text("sentence") == numbers, f"{label}: an order changes no number"
            assert page.text("message") == ""
        page.go(order="layer", order_post="lineage")
        assert page.layout["yaxis"]["ticktext"][:2] != page.layout["xaxis"]["ticktext"][:2]

    def test_ids_as_given(self, matrix: Callable[..., Matrix]) -> None:
        given = [FIRST + 37 * i for i in (50, 3, 200, 7)]
        page = matrix("sheet", order="given")
        page.fill("pre", "\n".join(str(i) for i in given))
        assert page.text("pre-echo").startswith("4 cells")
        shown = page.layout["yaxis"]["ticktext"]
        assert [label[-4:] for label in shown] == [str(i)[-4:] for i in given]
        assert str(given[0]) in page.hover(5, 0)


class TestColour:
    def test_clipping_is_said_in_the_key(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet", lo="2", hi="5")
        key = "document.getElementById('matrix-graph').data.at(-1).marker"
        text = page.page.evaluate(f"{key}.colorbar.ticktext")
        assert text[0] == "≤ 2"
        assert text[-1] == "≥ 5"
        page.choose("scale", "one colour")
        assert page.page.evaluate(f"{key}.showscale") is False
        page.choose("scale", "linear")
        page.fill("lo", "").fill("hi", "40")
        assert page.page.evaluate(f"{key}.colorbar.ticktext")[0] == "1"
        page.fill("lo", "90")
        assert "must be larger" in page.text("message")
        assert page.query["lo"] == "90"

    def test_bars_on_both_axes_and_their_legend(self, matrix: Callable[..., Matrix], known: Sheet) -> None:
        page = matrix("sheet", bar="on_left", order="on_left")
        assert [(i["xref"], i["yref"]) for i in page.layout["images"]] == [("x", "y"), ("x", "paper"), ("paper", "y")]
        counts = {k: f"{v:,}" for k, v in known.cells.on_left.value_counts().items()}
        lines = page.page.locator(".kinds li")
        found = {lines.nth(i).inner_text(): lines.nth(i).get_attribute("data-count") for i in range(lines.count())}
        assert found["true"] == counts[True]
        assert found["untyped"] == str(N_FRAGMENTS)
        page.choose("group", "cell_type")
        assert len(page.layout["images"]) == 2
        assert "most of its cells" in page.text("legend")
        page.choose("bar", "none")
        assert page.layout["images"] == []


class TestZoom:
    def test_box_wheel_keys_and_double_click(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet")
        page.requests.clear()
        page.drag(100.2, 50.1, 139.7, 79.8)
        asked = [r.split("?")[0].rsplit("/", 1)[1] for r in page.requests]
        assert [name for name in asked if name != "at.json"] == ["window.json"], "a slow pointer may ask what it is on"
        window = page.meta["window"]
        assert window == pytest.approx([100, 140, 50, 80], abs=1), "whole cells, to the pixel"
        assert page.query == {"ds": "sheet"} | dict(zip(("x0", "x1", "y0", "y1"), map(str, window), strict=True))
        assert page.layout["xaxis"]["range"] == window[:2]
        page.drag(105, 55, 114.9, 64.9)
        x0, x1, y0, y1 = page.meta["window"]
        assert (len(page.layout["xaxis"]["ticktext"]), len(page.layout["yaxis"]["ticktext"])) == (x1 - x0, y1 - y0)
        assert "…" in page.layout["yaxis"]["ticktext"][0], "where there is room every cell has its label"
        page.page.mouse.dblclick(*page.spot(110, 60))
        page.rest()
        assert page.meta["window"] == [0, N_NODES, 0, N_NODES]
        assert page.query == {"ds": "sheet"}, "a double click opens no panel"
        page.page.locator("#matrix-figure").focus()
        page.page.keyboard.press("+")
        page.rest()
        n = N_NODES
        assert page.meta["window"] == [n // 4, 3 * n // 4, n // 4, 3 * n // 4]
        page.page.keyboard.press("Shift+ArrowRight")
        page.rest()
        assert page.meta["window"][0] > n // 4
        page.page.keyboard.press("0")
        page.rest()
        page.page.mouse.move(*page.spot(200, 200))
        page.page.mouse.wheel(0, -300)
        page.page.wait_for_function("() => location.search.includes('x0')")
        page.rest()
        assert page.meta["window"] != [0, n, 0, n]
        assert [int(page.query[k]) for k in ("x0", "x1", "y0", "y1")] == page.meta["window"]

    def test_every_step_is_restored(self, matrix: Callable[..., Matrix], open_page: Open, base: str) -> None:
        page = matrix("sheet", {}, order="degree")
        page.drag(10, 10, 49.9, 39.9)
        page.choose("scale", "linear")
        page.click(20, 20)
        page.choose("measure", "connected or not")
        expected = (page.page.url, page.meta["window"], page.meta["query"], page.text("panel"), page.text("sentence"))
        page.page.reload()
        page.page.wait_for_selector("#matrix-figure[data-state]")
        page.rest()
        assert (
            page.page.url,
            page.meta["window"],
            page.meta["query"],
            page.text("panel"),
            page.text("sentence"),
        ) == expected
        fresh = Matrix(open_page("about:blank"), base)
        fresh.page.goto(expected[0])
        fresh.page.wait_for_selector("#matrix-figure[data-state]")
        fresh.rest()
        assert fresh.meta["window"] == expected[1]
        assert fresh.text("panel") == expected[3]
        for _ in range(4):
            page.page.go_back()
            page.rest()
        assert page.query == {"ds": "sheet", "order": "degree"}
        assert page.meta["window"] == [0, N_NODES, 0, N_NODES]
        assert page.page.locator("#matrix-panel .panel-head").count() == 0
        for _ in range(4):
            page.page.go_forward()
            page.rest()
        assert (page.page.url, page.meta["window"], page.meta["query"], page.text("panel")) == expected[:4]

    def test_the_last_wish_wins(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet")
        page.page.evaluate(
            """() => { const put = (v) => dash_clientside.set_props('matrix-measure', {value: v});
            ['binary', 'sum_size', 'mean_size', 'n_synapses', 'input_fraction'].forEach((v, i) => setTimeout(() => put(v), i * 40)); }"""
        )
        page.page.wait_for_function("() => location.search.includes('input_fraction')")
        page.rest()
        assert "measure=input_fraction" in page.meta["query"]

    def test_a_slow_server_keeps_the_figure_and_shows_it_is_busy(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet")
        page.page.route("**/figure.json*", lambda route: (page.page.wait_for_timeout(700), route.continue_())[1])
        page.page.evaluate("dash_clientside.set_props('matrix-scale', {value: 'linear'})")
        box = page.page.locator("#matrix-figure")
        expect(box).to_have_attribute("aria-busy", "true")
        assert "scale" not in page.meta["query"]
        expect(box).to_have_attribute("aria-busy", "false")
        page.page.unroute("**/figure.json*")
        assert "scale=linear" in page.meta["query"]


class TestPointing:
    def test_pairs_under_one_pixel_are_counted_and_the_strongest_named(
        self, matrix: Callable[..., Matrix], known: Sheet
    ) -> None:
        page = matrix("sheet", order="id", screen={"size": (1200, 640)})
        width = page.meta["bins"][0]
        assert width < N_NODES, "pairs share pixels"
        ids = FIRST + 37 * np.arange(N_NODES, dtype=np.int64)
        found = known.connections()

        def shared(code: int) -> list[int]:  # the cells of one pixel, by the rule that raster.py states
            return [c for c in range(N_NODES) if c * width // N_NODES == code * width // N_NODES]

        code_of = {int(cell): code for code, cell in enumerate(ids)}
        pairs = [(code_of[a], code_of[b]) for a, b in found.sort_values(ascending=False).index]
        row, col = next((r, c) for r, c in pairs[1:] if len(shared(r)) > 1 and len(shared(c)) > 1)
        inside = found[
            found.index.get_level_values(0).isin(ids[shared(row)])
            & found.index.get_level_values(1).isin(ids[shared(col)])
        ]
        text = page.hover(col, row)
        n_pairs = len(shared(row)) * len(shared(col)) - len({*shared(row)} & {*shared(col)})
        assert f"{n_pairs} pairs under this pixel" in text
        assert ("the only connection" if len(inside) == 1 else f"the strongest of {len(inside)} connections") in text
        assert text.startswith(f"{inside.max()} synapse")
        assert any(str(a) in text and str(b) in text for a, b in inside[inside == inside.max()].index), (
            "ids to the digit"
        )
        page.drag(70, 0, 89.9, 19.9)
        text = page.hover(77, 5)  # a zoom step makes it single
        assert (
            text
            == f"{found[ids[5], ids[77]]} synapses pre {_kind(known, ids[5])} {ids[5]} post {_kind(known, ids[77])} {ids[77]}"
        )

    def test_click_opens_the_connection_and_a_link_opens_it_too(
        self, matrix: Callable[..., Matrix], known: Sheet, base: str
    ) -> None:
        page = matrix("sheet", order="id", x0=70, x1=90, y0=0, y1=20)
        ids = FIRST + 37 * np.arange(N_NODES, dtype=np.int64)
        panel = page.click(77, 5)
        rows = known.synapses[(known.synapses.pre_id == ids[5]) & (known.synapses.post_id == ids[77])]
        assert f"synapses {len(rows)}" in panel
        assert f"summed size {rows['size'].sum():,}" in panel
        assert page.page.locator("#matrix-panel tbody tr").count() == len(rows)
        shown = page.page.locator("#matrix-panel tbody .id-chip").all_inner_texts()
        assert set(shown) == {str(i) for i in rows.synapse_id}, "synapse ids to the digit"
        for code in (5, 77):
            assert page.page.locator(f"#matrix-panel [data-copy='{ids[code]}']").count() == 1
        assert page.query["pair"] == f"{ids[5]}>{ids[77]}"
        mark = page.page.locator("#matrix-chosen").bounding_box()
        assert mark is not None
        x, y = page.spot(77, 5)
        assert mark["x"] < x < mark["x"] + mark["width"]
        assert mark["y"] < y < mark["y"] + mark["height"]
        other = matrix("sheet", pair=page.query["pair"])
        assert other.text("panel") == panel
        other.page.get_by_role("button", name="Close").click()
        other.rest()
        assert "pair" not in other.query
        assert other.page.locator("#matrix-chosen").is_hidden()
        page.page.get_by_role("link", name="Its row alone").click()
        page.rest()
        assert page.meta["shape"] == [1, N_NODES]
        assert page.query["pre"] == str(ids[5])

    def test_text_ids_and_gap_junctions(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("words", order="id")
        names = ["ADAL", "ADAR", "AVAL", 'quo"te', "com,ma", "blank id", "Größe", "007", "1e5", "N/A-like", "zz"]
        for name in ("com,ma", 'quo"te', "007"):
            assert name in page.go(pair=f"{name}>ADAL").text("panel")
        page.page.get_by_role("link", name="Its row alone").click()
        page.rest()
        assert page.text("pre-echo").startswith("1 cell")
        assert page.meta["shape"] == [1, len(names)]
        big = [samples.FIRST_ID + 37 * i for i in range(5)]
        assert "gap junction weight 2" in matrix("big", pair=f"{big[2]}>{big[1]}").text("panel")

    def test_keyboard_alone(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet", order="id", x0=70, x1=90, y0=0, y1=20)
        page.page.locator("#matrix-figure").focus()
        page.page.keyboard.press("ArrowRight")
        page.rest()
        first = page.text("tip")
        page.page.keyboard.press("ArrowDown")
        page.rest()
        assert page.text("tip") != first
        assert page.page.locator("#matrix-cursor").is_visible()
        page.page.keyboard.press("Enter")
        page.page.wait_for_selector("#matrix-panel .panel-head")
        page.rest()
        assert "pair" in page.query
        page.page.keyboard.press("Escape")
        page.page.keyboard.press("Escape")
        page.rest()
        assert "pair" not in page.query


def _kind(known: Sheet, cell: int) -> str:
    kinds = known.cells.set_index("cell_id").mtype
    if cell not in kinds.index:
        return "fragment"
    return kinds[cell] if isinstance(kinds[cell], str) else "untyped"


class TestSets:
    def test_a_wrong_set_is_said_under_its_box_and_nothing_is_lost(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet", post="layer == 2")
        before = (page.meta, page.text("sentence"))
        page.fill("pre", "cell_typ == 'BC'")
        assert "cell_type" in page.text("pre-echo"), "the nearest right name"
        assert page.page.locator("#matrix-pre").get_attribute("aria-invalid") == "true"
        assert page.text("post-echo").startswith("6") or "layer is 2" in page.text("post-echo")
        assert (page.meta, page.text("sentence")) == before
        assert page.page.locator("#matrix-pre").input_value() == "cell_typ == 'BC'"
        page.fill("pre", "cell_type == 'BC'")
        assert page.page.locator("#matrix-pre").get_attribute("aria-invalid") != "true"
        assert "cell_type is BC" in page.text("pre-echo")

    def test_hostile_texts(self, matrix: Callable[..., Matrix]) -> None:
        hostile = (
            "__import__('os').system('x')",
            "<img src=x onerror=alert(1)>",
            "((((",
            "'",
            "a" * 1500,
            "cell_type ==",
            "😀",
        )
        page = matrix("sheet", pre=hostile[0])
        for text in hostile:
            page.go(pre=text)
            assert page.page.locator("#matrix-pre").input_value() == text
            assert page.page.locator("#matrix-pre").get_attribute("aria-invalid") == "true"
            assert page.page.locator("#matrix-pre-echo img").count() == 0
            assert page.text("pre-echo") != ""

    def test_an_empty_set_says_which_and_offers_the_way_out(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet")
        page.fill("post", "layer > 90")
        assert "postsynaptic cells" in page.text("empty")
        assert "layer" in page.text("empty")
        page.page.get_by_role("button", name="Show all postsynaptic cells").click()
        page.rest()
        assert page.query == {"ds": "sheet"}
        assert page.text("empty") == ""
        assert page.page.locator("#matrix-figure").get_attribute("data-state") == "drawn"
        page.fill("min", "5000")
        assert "none with at least 5,000" in page.text("empty")
        page.page.get_by_role("button", name="Show connections of any strength").click()
        page.rest()
        assert page.text("empty") == ""

    def test_cells_only_and_a_set_too_long_for_a_link(
        self, matrix: Callable[..., Matrix], open_page: Open, base: str, known: Sheet
    ) -> None:
        page = matrix("sheet")
        page.page.get_by_role("button", name="cells only").first.click()
        page.rest()
        assert page.query["pre"] == "is_cell"
        ids = [str(FIRST + 37 * i) for i in range(200)]
        page.fill("pre", ", ".join(ids))
        page.page.wait_for_function("() => location.search.includes('set%3A')")
        page.rest()
        assert re.fullmatch(r"set:[0-9a-f]+", page.query["pre"])
        assert page.meta["shape"] == [200, N_NODES]
        fresh = Matrix(open_page("about:blank"), base)
        fresh.page.goto(page.page.url)
        fresh.page.wait_for_selector("#matrix-figure[data-state]")
        fresh.rest()
        assert fresh.meta["shape"] == [200, N_NODES]
        assert fresh.page.locator("#matrix-pre").input_value() == page.query["pre"]
        page.page.get_by_role("button", name="cells only").first.click()
        page.rest()
        assert page.query["pre"].endswith("and is_cell")
        assert page.meta["shape"] == [200, N_NODES]

    def test_what_a_dataset_cannot_serve(self, matrix: Callable[..., Matrix], base: str) -> None:
        page = matrix("edges", group="nothing_such", measure="sum_size", pre="cell_type == 'x'")
        assert page.query == {"ds": "edges", "pre": "cell_type == 'x'"}
        note = page.page.locator(".misfit").inner_text()
        assert "nothing_such" in note
        assert "sum_size" in note
        page.fill("pre", "")
        for key, absent in (("measure", "synapse size"), ("order", "position")):
            page.page.locator(f"#matrix-{key}").click()
            options = page.page.get_by_role("option").all_inner_texts()
            assert options
            assert not [o for o in options if absent in o]
            page.page.keyboard.press("Escape")
        page.choose("measure", "latency")
        assert "measure=latency" in page.meta["query"]
        page.page.locator("#dataset-switch").click()
        page.page.locator("[data-choose-dataset='sheet']").click()
        page.page.wait_for_function("() => document.getElementById('matrix-graph')?.layout?.meta?.ds === 'sheet'")
        page.rest()
        assert page.query == {"ds": "sheet"}
        unknown = Matrix(page.page, base)
        unknown.page.goto(base + "/matrix?ds=nothing")
        expect(unknown.page.locator(".error-panel")).to_contain_text("no dataset 'nothing'")


class TestExport:
    def test_tables_equal_the_figure(self, matrix: Callable[..., Matrix], known: Sheet, base: str) -> None:
        page = matrix("sheet", min=2, pre="layer < 4")
        page.page.locator(".export summary").click()
        links = {
            fmt: page.page.get_by_role("link", name=f"Table as {fmt}").get_attribute("href") or ""
            for fmt in ("CSV", "Parquet", "Arrow", "JSON")
        }
        found = known.connections()
        some = set(known.cells[known.cells.layer < 4].cell_id)
        expected = {k: v for k, v in found[found >= 2].items() if k[0] in some}
        tables = {
            "CSV": pd.read_csv(io.BytesIO(get(base + links["CSV"])), dtype={"pre": "int64", "post": "int64"}),
            "Parquet": pd.read_parquet(io.BytesIO(get(base + links["Parquet"]))),
        }
        rows = json.loads(get(base + links["JSON"]))["data"]
        assert all(isinstance(r["pre"], str) for r in rows), "ids are text in JSON"
        tables["JSON"] = pd.DataFrame(rows).astype({"pre": "int64", "post": "int64"})
        for table in tables.values():
            assert dict(zip(zip(table.pre, table.post, strict=True), table.value, strict=True)) == expected
        assert f"{len(expected):,} connections" in page.text("sentence")
        snippet = page.page.locator("[data-copy-what='Python']").get_attribute("data-copy") or ""
        space: dict[str, Any] = {}
        exec(snippet, space)
        assert space["table"].value.sum() == sum(expected.values())
        assert space["matrix"].shape[0] <= len(some)
        assert space["ledger"]["kept"] == len(expected)
        assert page.page.locator("[data-copy-what='citation']").get_attribute("data-copy") == "Someone et al. (2026)"

    def test_the_saved_figure_holds_all_of_it(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet")
        saved = {}
        for fmt in ("SVG", "PNG"):
            page.page.locator(".export summary").click()
            with page.page.expect_download() as download:
                page.page.get_by_role("button", name=f"Figure as {fmt}").click()
            assert download.value.suggested_filename == f"sheet-matrix.{fmt.lower()}"
            saved[fmt] = Path(download.value.path()).read_bytes()
        svg = saved["SVG"].decode()
        assert svg.count("<image") >= 3, "picture and both bars"
        for text in ("postsynaptic cells (420)", "23P", "synapses (log)", "untyped"):
            assert text in svg
        with Image.open(io.BytesIO(saved["PNG"])) as picture:
            assert picture.width > 1200
            colours = {c for _, c in picture.convert("RGB").getcolors(10**7) or []}
        assert len(colours) > 40
        assert (0xEB, 0xE7, 0xDD) in colours, "untested pairs keep their tint"
        page.go(group="mtype")
        page.page.locator(".export summary").click()
        with page.page.expect_download() as download:
            page.page.get_by_role("button", name="Figure as PNG").click()
        with Image.open(download.value.path()) as picture:
            assert len(picture.convert("RGB").getcolors(10**7) or []) > 20, "a heat map is saved as well"


class TestScreen:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("size", [WIDE, PHONE])
    def test_axe_finds_nothing(self, matrix: Callable[..., Matrix], scheme: str, size: tuple[int, int]) -> None:
        pair = f"{FIRST + 37 * 5}>{FIRST + 37 * 77}"
        page = matrix("sheet", {"size": size, "scheme": scheme}, pair=pair)
        assert axe(page.page) == []
        if size == PHONE:
            box = page.page.locator("#matrix-figure").bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < PHONE[1], "the figure is on the first screen"
            assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.page.get_by_role("button", name="Options").click()
            expect(page.page.locator("#matrix-group")).to_be_visible()
        page.page.locator(".export summary").click()
        page.page.locator("#matrix-ledger summary").click()
        assert axe(page.page) == []

    def test_the_theme_redraws_in_its_colours(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet", x0=10, x1=60, y0=10, y1=60)
        page.requests.clear()
        page.page.evaluate("synaptoscope.chooseTheme('dark')")
        page.page.wait_for_function("() => document.getElementById('matrix-graph').layout.meta.theme === 'dark'")
        page.rest()
        assert page.meta["window"] == [10, 60, 10, 60]
        assert page.page.evaluate("document.getElementById('matrix-graph').layout.plot_bgcolor") == "#121317"
        assert len(page.requests) == 1, page.requests

    def test_the_figure_follows_its_box(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet", post="is_cell")
        before = page.area
        page.page.locator("#rail-toggle").click()
        page.page.wait_for_timeout(300)
        page.rest()
        assert page.area["w"] > before["w"] + 30 or page.area["w"] == pytest.approx(870, abs=1)
        page.page.set_viewport_size({"width": 1100, "height": 700})
        page.page.wait_for_timeout(300)
        page.rest()
        box = page.page.locator("#matrix-figure").bounding_box()
        assert box is not None
        assert page.page.evaluate("document.getElementById('matrix-graph').layout.width") == round(box["width"])
        assert page.meta["bins"][0] == min(N_CELLS, round(page.area["w"]))

    @pytest.mark.parametrize("size", [(1440, 900), (1280, 800)])
    def test_the_first_picture_lies_where_the_plot_will(
        self, base: str, open_page: Open, size: tuple[int, int]
    ) -> None:
        page = open_page("about:blank", size=size)
        held: list[Any] = []
        page.route("**/plotly.min.js", lambda route: held.append(route))
        page.goto(base + "/matrix?ds=sheet", wait_until="commit")
        page.wait_for_selector("#first-picture")
        page.wait_for_selector("#matrix-figure")
        page.evaluate(
            """() => {window.shifts = []; new PerformanceObserver(l => l.getEntries().forEach(e => window.shifts.push(e.value)))
            .observe({type: 'layout-shift', buffered: true})}"""
        )
        first = page.locator("#first-picture").bounding_box()
        held[0].continue_()
        page.wait_for_selector("#matrix-figure[data-state='drawn']")
        there = Matrix(page, base).rest()
        assert first is not None
        area = there.area
        found = [first[k] for k in ("x", "y", "width", "height")]
        assert found == pytest.approx([area[k] for k in "xywh"], abs=1)
        assert page.locator("#first-picture").count() == 0
        assert sum(page.evaluate("window.shifts")) < 0.05

    def test_no_number_that_javascript_rounds(self, matrix: Callable[..., Matrix]) -> None:
        page = matrix("sheet")
        bodies: list[str] = []
        page.page.on(
            "response", lambda r: bodies.append(r.text()) if "json" in (r.headers.get("content-type") or "") else None
        )
        page.hover(77, 5)
        page.click(77, 5)
        page.choose("group", "cell_type")
        page.page.reload()
        page.page.wait_for_selector("#matrix-figure[data-state='drawn']")
        page.rest()
        assert len(bodies) > 6
        for body in bodies:
            assert not list(_too_large(json.loads(body))), body[:300]


def _too_large(content: Any) -> Any:
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for item in content:
            yield from _too_large(item)
    elif isinstance(content, int | float) and not isinstance(content, bool) and abs(content) > 2**53:
        yield content


def test_the_larva(real_data: Path, serve_app: Callable[..., str], tmp_path: Path, open_page: Open) -> None:
    """A published connectome, by its own names."""
    folder = real_data / "real" / "drosophila_larva_left"
    spec = ImportSpec(
        id="larva", connections=(folder / "unmatched_left_edgelist.csv",), pre="1", post="2", weight="3", header=False,
        cells=(folder / "unmatched_left_nodes.csv",), cell_id="1",
        cell_type="simple_group",
    )  # fmt: skip
    import_dataset(tmp_path, spec)
    page = Matrix(open_page("about:blank"), serve_app(tmp_path)).ask("larva", group="simple_group")
    assert "36,500 connections (117,763 synapses) among 1,506 cells" in page.text("sentence")
    assert "KCs" in page.layout["yaxis"]["ticktext"]
    page.go(order="simple_group", bar="simple_group", pair="3464773>3486381")
    assert page.text("legend").startswith("simple_group")
    assert "synapses 119" in page.text("panel")
    assert "KCs" in page.layout["yaxis"]["ticktext"]
    page.go(group="simple_group", order="cluster")
    assert "cluster" in page.text("ledger") or page.page.locator("#matrix-ledger").inner_html().count("cluster")
