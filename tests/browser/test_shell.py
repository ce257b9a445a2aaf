"""The frame around the pages and the list of datasets, as a person meets them."""

from __future__ import annotations

import csv
import json
import re
import shutil
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from data_access.importer import ImportSpec, import_dataset
from data_access.metadata import DatasetMeta
from tests.browser.live import PHONE, WIDE, Open, axe, in_both_schemes

BIG = 864691135808473885
TYPES = ("23P", "4P", "BC", "MC")


def table(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture(scope="module")
def metas(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, DatasetMeta]]:
    """A data folder: a typed edge list, a synthetic dataset with sizes, and one that cannot be read."""
    files, data = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("data")
    ids = [BIG + i for i in range(40)]
    cells = table(files / "cells.csv", ["cell_id", "cell_type"], [[c, TYPES[i % 4]] for i, c in enumerate(ids)])
    pairs = [(ids[i], ids[(i * 7 + j) % 40]) for i in range(40) for j in range(1, 60)]
    edges = table(files / "edges.csv", ["pre_id", "post_id", "weight"], [[a, b, 1] for a, b in pairs])
    synapses = table(
        files / "synapses.csv",
        ["synapse_id", "pre_id", "post_id", "size"],
        [[i + 1, a, b, 100 + i] for i, (a, b) in enumerate(pairs)],
    )
    real = ImportSpec(
        id="measured", title="Measured volume", connections=(edges,), cells=(cells,), version="v7", licence="CC-BY 4.0",
        citation="Someone et al. (2024)", source="a lab",
    )  # fmt: skip
    made = ImportSpec(
        id="a-made-up-one", title="A made-up column", synapses=(synapses,), cells=(cells,), synthetic=True
    )
    found = {spec.id: import_dataset(data, spec) for spec in (real, made)}
    (data / "torn").mkdir()
    (data / "torn" / "dataset.json").write_text('{"id": "torn", "ti')
    return data, found


@pytest.fixture(scope="module")
def base(metas: tuple[Path, dict[str, DatasetMeta]], serve_app: Callable[..., str]) -> str:
    return serve_app(metas[0])


def at_rest(page: Page) -> Page:
    """The page once it is laid out, the dataset is named and the pictures have come or failed."""
    page.wait_for_selector("#main h1")
    expect(page.locator("#dataset-title")).not_to_be_empty()
    page.wait_for_function("() => [...document.querySelectorAll('img[data-seen][src]')].every(i => i.complete)")
    return page


def row(page: Page, title: str) -> str:
    return " ".join(page.locator(".dataset", has=page.get_by_role("heading", name=title)).inner_text().split())


class TestHome:
    def test_lists_what_the_folder_holds(
        self, base: str, open_page: Open, metas: tuple[Path, dict[str, DatasetMeta]]
    ) -> None:
        page = at_rest(open_page(base + "/"))
        meta = metas[1]["measured"]
        text = row(page, "Measured volume")
        for count in (
            meta.n_cells,
            meta.n_cells_connected,
            meta.n_connections,
            meta.n_synapses,
            meta.n_reciprocal_pairs,
        ):
            assert f"{count:,}" in text
        assert meta.n_synapses > 999, "the thousands separator is not tested"
        for word in (
            "measured",
            "v7",
            "a lab",
            "CC-BY 4.0",
            "Someone et al. (2024)",
            "cell types",
            "electron microscopy",
        ):
            assert word in text
        assert "synthetic" not in text

    def test_synthetic_is_marked_in_the_list_in_the_menu_and_in_the_bar(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/"))
        assert "synthetic" in row(page, "A made-up column")
        assert "not measured" in row(page, "A made-up column")
        expect(page.locator("#dataset-synthetic")).to_be_hidden()
        page.locator("#dataset-switch").click()
        choice = page.locator("[data-choose-dataset='a-made-up-one']")
        assert "synthetic" in choice.inner_text()
        choice.click()
        expect(page.locator("#dataset-title")).to_have_text("A made-up column")
        expect(page.locator("#dataset-synthetic")).to_be_visible()

    def test_a_broken_dataset_is_listed_with_its_error(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/"))
        assert "cannot be read" in row(page, "torn")
        assert "remove torn" in row(page, "torn")
        page.locator("#dataset-switch").click()
        expect(page.locator("[data-choose-dataset]")).to_have_count(2)

    def test_an_empty_folder_says_how_to_fill_it_and_what_comes_is_shown(
        self, open_page: Open, serve_app: Callable[..., str], metas: tuple[Path, dict[str, DatasetMeta]], tmp_path: Path
    ) -> None:
        page = at_rest(open_page(serve_app(tmp_path) + "/"))
        text = page.locator("#main").inner_text()
        assert "make data" in text
        assert "python -m data_access import --id my-data --synapses FILE" in text
        assert axe(page) == []
        expect(page.locator("#dataset-title")).to_have_text("No dataset yet")
        shutil.copytree(metas[0] / "measured", tmp_path / "measured")
        page.evaluate("() => synaptoscope.go('/nowhere')")
        expect(page.locator("h1")).to_have_text("No such page")
        page.get_by_role("link", name="Go to the datasets").click()
        expect(page.get_by_role("heading", name="Measured volume")).to_be_visible()
        expect(page.locator("#dataset-title")).to_have_text("Measured volume")
        page.locator("#dataset-switch").click()
        expect(page.locator("[data-choose-dataset='measured']")).to_be_visible()


class TestDatasetInUse:
    def test_the_first_real_one_by_default(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/"))
        expect(page.locator("#dataset-title")).to_have_text("Measured volume")

    def test_switching_keeps_the_other_parameters_and_back_returns(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/?ds=measured&pre=cell_type+%3D%3D+%27BC%27"))
        page.locator("#dataset-switch").click()
        page.locator("[data-choose-dataset='a-made-up-one']").click()
        expect(page.locator("#dataset-title")).to_have_text("A made-up column")
        assert page.url.endswith("?ds=a-made-up-one&pre=cell_type+%3D%3D+%27BC%27")
        page.go_back()
        expect(page.locator("#dataset-title")).to_have_text("Measured volume")
        page.reload()
        expect(page.locator("#dataset-title")).to_have_text("Measured volume")

    def test_links_take_the_dataset_and_the_cell_sets_along(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/?ds=a-made-up-one&pre=BC&measure=sum_size"))
        link = page.locator(".rail-link", has_text="Datasets")
        expect(link).to_have_attribute("aria-current", "page")
        expect(link).to_have_attribute("href", "/?ds=a-made-up-one&pre=BC")

    def test_an_unknown_dataset_is_named(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/?ds=gone"))
        expect(page.locator("#dataset-title")).to_have_text("gone")
        expect(page.locator("#dataset-version")).to_have_text("not in the data folder")

    def test_a_page_the_dataset_cannot_serve_is_greyed_and_says_why(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/"))
        outputs = page.evaluate(
            """() => dash_clientside.shell.rail(
                 {path: "/", ds: "d", pre: "x", post: null},
                 {default: "d", list: [{id: "d", title: "Edges", capabilities: ["matrix"]}]},
                 [{path: "/", requires: "", reason: ""}, {path: "/sizes", requires: "sizes", reason: "has no sizes"}],
                 [{path: "/"}, {path: "/sizes"}])"""
        )
        href, _, current, disabled, reason = outputs
        assert href == ["/?ds=d&pre=x", None]
        assert current == ["page", None]
        assert disabled == [None, "true"]
        assert reason == ["", "Edges: has no sizes"]


class TestTheme:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_starts_as_the_system_without_a_flash(self, base: str, open_page: Open, scheme: str) -> None:
        page = open_page("about:blank", scheme=scheme)
        page.add_init_script(
            """window.schemes = []; new MutationObserver(() => {
                 const now = document.documentElement?.dataset.mantineColorScheme;
                 if (now && window.schemes.at(-1) !== now) window.schemes.push(now);
               }).observe(document, {attributes: true, subtree: true, childList: true});"""
        )
        page.goto(base + "/")
        at_rest(page)
        assert page.evaluate("() => window.schemes") == [scheme]

    def test_a_choice_holds_after_a_reload_and_reaches_the_store(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/"))
        page.evaluate(
            """() => { window.published = []; const set = dash_clientside.set_props;
                 dash_clientside.set_props = (id, props) => {
                   if (id === "theme") window.published.push(props.data); return set(id, props); }; }"""
        )
        light = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        page.locator("#theme-switch").click()
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
        dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert light != dark
        page.reload()
        at_rest(page)
        assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == dark
        page.locator("#theme-switch").click()
        page.get_by_role("button", name="As the system").click()
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")
        page.emulate_media(color_scheme="dark")
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")

    def test_each_scheme_is_published_once(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/"))
        page.evaluate(
            """() => { window.published = []; const set = dash_clientside.set_props;
                 dash_clientside.set_props = (id, props) => {
                   if (id === "theme") window.published.push(props.data); return set(id, props); }; }"""
        )
        for name in ("Dark", "Dark", "Light"):
            page.locator("#theme-switch").click()
            page.get_by_role("button", name=name).click()
        page.wait_for_timeout(200)
        assert page.evaluate("() => window.published") == ["dark", "light"]


class TestShare:
    def test_copies_the_link_with_the_dataset_pinned(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/?note=1", permissions=("clipboard-read", "clipboard-write")))
        page.locator("#share").click()
        expect(page.get_by_text("Copied the link to this view")).to_be_visible()
        assert page.evaluate("() => navigator.clipboard.readText()") == base + "/?note=1&ds=measured"

    def test_an_id_is_copied_whole(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/", permissions=("clipboard-read", "clipboard-write")))
        page.get_by_role("button", name="Copy dataset id measured").click()
        expect(page.get_by_text("Copied dataset id")).to_be_visible()
        assert axe(page) == []
        assert page.evaluate("() => navigator.clipboard.readText()") == "measured"

    def test_works_where_the_clipboard_interface_is_missing(self, base: str, open_page: Open) -> None:
        page = open_page("about:blank", permissions=("clipboard-read", "clipboard-write"))
        page.add_init_script("window.read = navigator.clipboard; Object.defineProperty(navigator, 'clipboard', {})")
        page.goto(base + "/")
        at_rest(page)
        page.locator("#share").click()
        expect(page.get_by_text("Copied the link to this view")).to_be_visible()
        assert page.evaluate("() => window.read.readText()") == base + "/?ds=measured"


class TestKeyboard:
    def test_skip_link_comes_first_and_leads_to_the_page(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/"))
        page.keyboard.press("Tab")
        expect(page.locator(".skip-link")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()

    def test_every_stop_is_visible_and_the_whole_shell_is_reached(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/"))
        seen = []
        for _ in range(14):
            page.keyboard.press("Tab")
            stop = page.evaluate(
                """() => { const e = document.activeElement, b = e.getBoundingClientRect(), s = getComputedStyle(e);
                     return [e.id || e.className, b.width > 0 && b.bottom > 0 && s.outlineStyle !== 'none']; }"""
            )
            assert stop[1], f"{stop[0]} shows no focus"
            seen.append(stop[0])
        for needed in ("dataset-switch", "share", "theme-switch", "rail-toggle"):
            assert needed in seen
        assert any("rail-link" in name for name in seen)

    def test_menu_by_arrows_and_escape(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/"))
        page.locator("#dataset-switch").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Escape")
        expect(page.locator("#dataset-switch")).to_be_focused()
        expect(page.locator(".menu:visible")).to_have_count(0)
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(page.locator("#dataset-title")).to_have_text("A made-up column")
        expect(page.locator(".menu:visible")).to_have_count(0)


class TestLayout:
    @pytest.mark.parametrize("size", [WIDE, PHONE])
    def test_axe_finds_nothing_and_nothing_overflows(self, base: str, open_page: Open, size: tuple[int, int]) -> None:
        page = at_rest(open_page(base + "/", size=size))
        for scheme in in_both_schemes(page):
            assert axe(page) == [], scheme
            page.locator("#dataset-switch").click()
            assert axe(page) == [], scheme
            assert page.evaluate("() => document.documentElement.scrollWidth") == size[0]
            page.keyboard.press("Escape")

    def test_rail_narrows_to_icons_and_stays_so(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/"))
        wide = page.locator(".rail").bounding_box()
        page.locator("#rail-toggle").click()
        narrow = page.locator(".rail").bounding_box()
        assert wide and narrow
        assert narrow["width"] < 60 < wide["width"]
        main = page.locator("#main").bounding_box()
        assert main
        assert main["x"] < 60
        assert axe(page) == []
        page.reload()
        at_rest(page)
        again = page.locator(".rail").bounding_box()
        assert again
        assert again["width"] == narrow["width"]

    def test_burger_opens_the_pages_on_a_phone(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/", size=PHONE))
        link = page.locator(".rail-link", has_text="Datasets")
        expect(link).not_to_be_in_viewport()
        page.locator("#burger").click()
        expect(link).to_be_in_viewport()
        assert axe(page) == []
        page.evaluate("() => synaptoscope.go('/nowhere')")
        expect(page.locator("h1")).to_have_text("No such page")
        expect(link).not_to_be_in_viewport()

    def test_hidden_pages_take_no_focus_on_a_phone(self, base: str, open_page: Open) -> None:
        page = at_rest(open_page(base + "/", size=PHONE))
        for _ in range(12):
            page.keyboard.press("Tab")
            assert not page.evaluate("() => Boolean(document.activeElement.closest('.rail'))")


def test_under_a_prefix(
    metas: tuple[Path, dict[str, DatasetMeta]], serve_app: Callable[..., str], open_page: Open
) -> None:
    address = serve_app(metas[0], url_prefix="/connect/") + "/connect/"
    page = at_rest(open_page(address))
    link = page.locator(".rail-link", has_text="Datasets")
    expect(link).to_have_attribute("aria-current", "page")
    expect(link).to_have_attribute("href", "/connect/")
    page.evaluate("() => synaptoscope.go('/connect/nowhere')")
    expect(page.locator("h1")).to_have_text("No such page")
    page.go_back()
    expect(page.get_by_role("heading", name="Measured volume")).to_be_visible()


def test_everything_comes_from_this_host(base: str, open_page: Open) -> None:
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(base + "/")
    at_rest(page)
    assert len(asked) > 10
    assert [url for url in asked if not url.startswith((base + "/", "data:", "blob:"))] == []


def test_no_number_beyond_what_javascript_holds_reaches_the_browser(base: str) -> None:
    body = {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": "/"},
            {"id": "_pages_location", "property": "search", "value": ""},
        ],
        "changedPropIds": ["_pages_location.pathname"],
    }
    request = urllib.request.Request(
        base + "/_dash-update-component", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        page = answer.read().decode()
    with urllib.request.urlopen(base + "/_dash-layout") as answer:
        shell = answer.read().decode()
    assert "Measured volume" in page
    assert "Measured volume" in shell
    for text in (page, shell):
        found: list[int] = []
        json.loads(text, parse_int=lambda digits, found=found: found.append(int(digits)))  # type: ignore[misc]
        assert max(found, default=0) <= 2**53
        assert not re.search(r"864691135\d{9}", text)
