"""The search in the bar, by keyboard and by touch."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from data_access.importer import ImportSpec, import_dataset
from tests.browser.live import PHONE, WIDE, Open, axe, in_both_schemes

BIG = 864691135808473885
TYPES = ("23P", "4P", "BC", "<b>MC</b>")
FIELD, HITS, ACTIVE = "#palette-input", "#palette [role=option]", "#palette [aria-selected=true]"


def table(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, serve_app: Callable[..., str]) -> str:
    files, data = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("data")
    ids = [BIG + 1000 * i for i in range(40)]
    cells = table(files / "cells.csv", ["cell_id", "cell_type"], [[c, TYPES[i % 4]] for i, c in enumerate(ids)])
    edges = table(files / "edges.csv", ["pre_id", "post_id", "weight"], [[a, b, 1] for a in ids for b in ids[:9]])
    for name, title in (("one", "First volume"), ("two", "Second volume")):
        import_dataset(data, ImportSpec(id=name, title=title, connections=(edges,), cells=(cells,)))
    return serve_app(data)


def at_rest(page: Page) -> Page:
    page.wait_for_selector("#main h1")
    expect(page.locator("#dataset-title")).not_to_be_empty()
    return page


def opened(page: Page) -> Page:
    """The palette open, with what it shows before anything is typed."""
    page.keyboard.press("Control+k")
    expect(page.locator(FIELD)).to_be_focused()
    expect(page.locator(HITS).first).to_be_visible()
    return page


def typed(page: Page, text: str, first: str) -> None:
    """Type, and wait until `first` is the hit that Enter would open."""
    page.locator(FIELD).fill(text)
    expect(page.locator(ACTIVE)).to_contain_text(first)


def where(page: Page) -> tuple[str, dict[str, list[str]]]:
    url = urlsplit(page.url)
    return url.path, parse_qs(url.query)


def test_a_type_by_keyboard_alone_as_a_matrix_and_then_it_is_recent(base: str, open_page: Open) -> None:
    page = opened(at_rest(open_page(base + "/?ds=one")))
    typed(page, "bc", "BC")
    assert page.locator(FIELD).get_attribute("aria-activedescendant") == page.locator(ACTIVE).get_attribute("id")
    page.keyboard.press("Tab")
    expect(page.locator(ACTIVE)).to_have_attribute("aria-label", "BC as matrix")
    page.keyboard.press("Enter")
    page.wait_for_url("**/matrix?**")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("#main")).to_be_focused()
    assert where(page) == ("/matrix", {"ds": ["one"], "pre": ["cell_type == 'BC'"], "post": ["cell_type == 'BC'"]})
    page.evaluate("() => synaptoscope.go('/?ds=one')")
    page.wait_for_url("**/?ds=one")
    opened(page)
    expect(page.locator("#palette-list .palette-heading").first).to_have_text("Recent")
    expect(page.locator(ACTIVE)).to_contain_text("BC as matrix")


def test_a_pasted_id_is_found_whole_shortened_and_by_its_beginning(base: str, open_page: Open) -> None:
    page = opened(at_rest(open_page(base + "/?ds=one")))
    cell = str(BIG + 7000)
    for text in (f"'{cell}',", f"{cell[:4]}…{cell[-5:]}"):
        page.locator(FIELD).fill(text)
        expect(page.locator(HITS)).to_have_count(1)
        expect(page.locator(HITS)).to_contain_text(cell)
        assert str(page.locator(HITS).get_attribute("href")).endswith(f"/cell/{cell}?ds=one")
    page.locator(FIELD).fill("8646")
    expect(page.locator(".palette-count")).to_have_text("6 of 40")
    page.locator(FIELD).fill("no such thing")
    expect(page.locator("#palette-empty")).to_contain_text("Nothing is called “no such thing” here.")
    page.locator(FIELD).fill("<b>MC")
    expect(page.locator(".palette-title")).to_have_text("<b>MC</b>")


def test_enter_waits_for_the_answer_to_what_was_typed(base: str, open_page: Open) -> None:
    page = opened(at_rest(open_page(base + "/?ds=one")))
    held: list[Route] = []
    page.route("**/api/v1/search?*", lambda route: held.append(route))
    with page.expect_request("**/api/v1/search?q=second+volume*"):
        page.keyboard.type("second volume")
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_visible()
    for route in held:
        route.continue_()
    expect(page.locator("#dataset-title")).to_have_text("Second volume")
    expect(page.locator("#palette")).to_be_hidden()
    assert where(page) == ("/", {"ds": ["two"]}), "the page stays, as with the menu of datasets"


def test_arrows_go_round_escape_closes_and_focus_returns_and_stays_inside_before(base: str, open_page: Open) -> None:
    page = at_rest(open_page(base + "/?ds=one"))
    page.locator("#search").focus()
    page.keyboard.press("Enter")
    expect(page.locator(HITS).first).to_be_visible()
    first = page.locator(ACTIVE).inner_text()
    page.keyboard.press("ArrowUp")
    expect(page.locator(ACTIVE)).not_to_have_text(first)
    page.keyboard.press("ArrowDown")
    assert page.locator(ACTIVE).inner_text() == first
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "() => document.activeElement === document.body || !!document.activeElement.closest('#palette')"
        )
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_hidden()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_and_nothing_moves(base: str, open_page: Open, size: tuple[int, int]) -> None:
    page = at_rest(open_page(base + "/?ds=one", size=size))
    boxes = "() => ['.bar', '#main h1', '#search'].map(s => JSON.stringify(document.querySelector(s).getBoundingClientRect()))"
    for _ in in_both_schemes(page):
        before = page.evaluate(boxes)
        page.locator("#search").click()
        expect(page.locator(HITS).first).to_be_visible()
        assert axe(page) == []
        head = page.locator(".palette-head").bounding_box()
        for text, first in (("bc", "BC"), ("8646", str(BIG)), ("matrix", "Matrix")):
            typed(page, text, first)
            assert axe(page) == []
            assert page.locator(".palette-head").bounding_box() == head
        page.locator(FIELD).fill("zzzz")
        expect(page.locator("#palette-empty")).to_be_visible()
        assert axe(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth") == size[0]
        assert page.evaluate(boxes) == before
        page.get_by_role("button", name="Close").click()
        expect(page.locator("#palette")).to_be_hidden()


def test_a_page_left_before_its_words_were_asked_for_leaves_no_error(base: str, open_page: Open) -> None:
    page = at_rest(open_page(base + "/?ds=one"))
    page.evaluate("""() => {
        window.later = [];
        window.requestAnimationFrame = (call) => window.later.push(call);
        synaptoscope.go("/matrix?ds=one");
    }""")
    page.wait_for_selector("#matrix-graph .main-svg, #matrix-graph img, #matrix-graph canvas")
    while not page.evaluate("() => window.later.some((call) => String(call).includes('setTimeout'))"):
        page.wait_for_timeout(20)
    page.evaluate("() => synaptoscope.go('/jobs?ds=one')")
    page.wait_for_selector("#matrix-graph", state="detached")
    page.evaluate("() => window.later.forEach((call) => call(performance.now()))")
    page.evaluate("() => new Promise((done) => setTimeout(done, 50))")
