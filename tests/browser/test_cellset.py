"""The query box in a browser: suggestions by keyboard, the count, unknown ids, the form, named sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from data_access.dataset import open_dataset
from tests.browser.live import PHONE, WIDE, Open, axe
from tests.browser.matrix_page import sheet


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cellset")
    sheet(folder, tmp_path_factory.mktemp("files"))
    return folder


@pytest.fixture(scope="module")
def base(data: Path, serve_app: Callable[..., str]) -> str:
    return serve_app(data)


def opened(open_page: Open, base: str, size: tuple[int, int] = WIDE, scheme: str = "light") -> Page:
    page = open_page(f"{base}/matrix?ds=sheet", size, scheme)
    expect(page.locator("#matrix-sentence")).not_to_be_empty()
    return page


def asked(page: Page, key: str) -> str:
    return parse_qs(urlsplit(page.url).query).get(key, [""])[0]


def typed(box: Locator, text: str) -> None:
    box.click()
    box.fill("")
    box.press_sequentially(text)


def troubles(page: Page) -> list[str]:
    return [line for line in axe(page) if "#search" not in line]


def test_a_set_is_written_by_keyboard_alone(open_page: Open, base: str, data: Path) -> None:
    page = opened(open_page, base)
    box, options = page.locator("#matrix-pre"), page.locator("#cellset-list [role=option]")
    typed(box, "cell_ty")
    expect(options.first).to_contain_text("cell_type")
    assert box.get_attribute("aria-controls") == "cellset-list"
    assert not troubles(page)
    page.keyboard.press("Tab")  # takes what is typed
    expect(options.first).to_contain_text("==")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    page.keyboard.press("Enter")
    expect(options.first).to_contain_text("23P")  # the most frequent type
    page.keyboard.type("m")
    expect(options).to_have_count(1)
    page.keyboard.press("Tab")
    expect(box).to_have_value("cell_type == 'MC'")
    n = len(open_dataset(data, "sheet").select("cell_type == 'MC'"))
    expect(page.locator(".set .live").first).to_have_text(f"{n} of 420 cells: cell_type is MC")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("#matrix-pre-echo")).to_have_text(f"{n} cells: cell_type is MC")
    expect(page.locator(".set .live").first).to_be_empty()
    assert asked(page, "pre") == "cell_type == 'MC'"
    page.keyboard.press("Tab")  # leaves the box, nothing is typed
    expect(box).not_to_be_focused()


def test_escape_closes_and_undo_takes_back(open_page: Open, base: str) -> None:
    page = opened(open_page, base)
    box, suggestions = page.locator("#matrix-pre"), page.locator("#cellset-list")
    typed(box, "lay")
    expect(suggestions).to_be_visible()
    page.keyboard.press("Escape")
    expect(suggestions).to_be_hidden()
    page.keyboard.press("Control+Space")
    expect(suggestions).to_be_visible()
    suggestions.get_by_role("option").first.click()
    expect(box).to_have_value("layer ")
    expect(box).to_be_focused()
    page.keyboard.press("Control+z")
    expect(box).to_have_value("lay")


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")])
def test_the_known_ones_of_pasted_ids_are_used_by_a_click(
    open_page: Open, base: str, data: Path, size: tuple[int, int], scheme: str
) -> None:
    page = opened(open_page, base, size, scheme)
    ids = open_dataset(data, "sheet").index.text(range(3))
    box = page.locator("#matrix-pre")
    box.fill("cell_id\n" + "\n".join([*ids, ids[0], "123", "456"]))
    live = page.locator(".set .live").first
    expect(live).to_contain_text("6 ids given: 3 known, 2 unknown, 1 repeated.")
    live.get_by_text("List the 2 unknown").click()
    expect(live.locator("pre")).to_have_text("123\n456")
    assert not troubles(page)
    live.get_by_role("button", name="Use the 3 known").click()
    expect(box).to_have_value(", ".join(ids))
    expect(page.locator("#matrix-pre-echo")).to_have_text("3 cells by id")
    assert asked(page, "pre") == ", ".join(ids)


def test_an_entered_set_with_unknown_ids_offers_the_same(open_page: Open, base: str, data: Path) -> None:
    page = opened(open_page, base)
    page.watch.allow("status 400")  # type: ignore[attr-defined]
    some = open_dataset(data, "sheet").index.text([5])[0]
    page.locator("#matrix-post").fill(f"{some}, 123")
    page.locator("#matrix-post").press("Enter")
    page.locator("#matrix-post-echo").get_by_role("button", name="Use the known one").click()
    expect(page.locator("#matrix-post")).to_have_value(some)
    expect(page.locator("#matrix-post-echo")).to_have_text(
        "1 cell by id".replace("1 cell by id", f"1 cell: cell {some}")
    )


def test_the_form_writes_the_set_and_reads_it_back(open_page: Open, base: str, data: Path) -> None:
    page = opened(open_page, base)
    page.locator("[data-set-form=matrix-pre]").click()
    panel = page.locator("#matrix-pre-panel")
    panel.get_by_label("MC", exact=False).first.check()
    panel.get_by_role("button", name="Add a connection").click()
    panel.get_by_label("which cells").fill("cell_type == 'BC'")
    text = "cell_type in ['MC'] and outputs_of(cell_type == 'BC')"
    expect(panel.locator(".form-text")).to_have_text(text)
    assert not troubles(page)
    panel.get_by_role("button", name="Use these cells").click()
    expect(page.locator("#matrix-pre")).to_have_value(text)
    expect(panel).to_be_hidden()
    n = len(open_dataset(data, "sheet").select(text))
    expect(page.locator("#matrix-pre-echo")).to_contain_text(f"{n} cells: cell_type is MC and receives from a cell")
    page.locator("[data-set-form=matrix-pre]").click()
    expect(panel.locator(".form-row")).to_have_count(2)
    expect(panel.get_by_label("which cells")).to_have_value("cell_type == 'BC'")
    panel.get_by_label("condition").first.focus()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator("[data-set-form=matrix-pre]")).to_be_focused()


def test_a_set_is_named_joined_renamed_and_deleted(open_page: Open, base: str) -> None:
    page = opened(open_page, base)
    box, panel = page.locator("#matrix-pre"), page.locator("#matrix-pre-panel")
    box.fill("cell_type == 'MC'")
    box.press("Enter")
    expect(page.locator("#matrix-pre-echo")).to_contain_text("cell_type is MC")
    page.locator("[data-set-saved=matrix-pre]").click()
    panel.get_by_label("Name for the cells in the box").fill("martinotti")
    panel.get_by_role("button", name="Save", exact=True).click()
    entry = panel.get_by_role("listitem").filter(has_text="martinotti")
    expect(entry).to_be_visible()
    assert not troubles(page)
    short = entry.locator(".set-name").get_attribute("title")
    entry.get_by_role("button", name="rename").click()
    panel.get_by_label("New name of martinotti").fill("MC of mine")
    page.keyboard.press("Enter")
    entry = panel.get_by_role("listitem").filter(has_text="MC of mine")
    entry.get_by_role("button", name="and not").click()
    expect(box).to_have_value(f"(cell_type == 'MC') and not {short}")
    expect(page.locator("#matrix-empty")).to_contain_text("No cell matches")
    typed(box, "mine")
    expect(page.locator("#cellset-list [role=option]").first).to_contain_text("MC of mine")
    page.keyboard.press("Tab")
    expect(box).to_have_value(str(short))
    page.keyboard.press("Enter")
    expect(page.locator("#matrix-pre-echo")).to_contain_text("cell_type is MC")
    page.locator("[data-set-saved=matrix-pre]").click()
    panel.get_by_role("button", name="delete MC of mine").click()
    panel.get_by_role("button", name="really delete?").click()
    expect(panel).to_contain_text("No named cell set")
