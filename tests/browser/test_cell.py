"""The page of one cell in a real browser: by keyboard alone, by address, where a dataset lacks something."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import PHONE, WIDE, Open, axe
from tests.views import cell_samples, samples
from tests.views.cell_samples import CELL, FIRST, Made

pytestmark = [pytest.mark.xdist_group("cell-page"), pytest.mark.usefixtures("patience")]
ROW = "#cell-partners-box .ag-center-cols-container .ag-row"
GL = "willReadFrequently"  # a remark of Chromium's about how Plotly writes text in 3D


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cell-data")


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    scratch = tmp_path_factory.mktemp("cell-files")
    samples.words(folder, scratch)
    return cell_samples.make(folder, scratch)


@pytest.fixture(scope="module")
def base(folder: Path, made: Made, serve_app: Callable[..., str]) -> str:
    return serve_app(folder)


def at_rest(page: Page) -> Page:
    """The table has its rows, the words are there, and so are the figures where there are any."""
    expect(page.locator(ROW).first).to_be_visible()
    expect(page.locator("#cell-listed")).not_to_be_empty()
    if page.locator("#cell-places").count():
        expect(page.locator("#cell-places[data-told]")).to_be_visible()
        expect(page.locator("#cell-shape .main-svg").first).to_be_visible()
    return page


def asked(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def column(page: Page, name: str) -> list[str]:
    """The values of a column, from the top, as far as they are in view."""
    rows = page.locator(ROW).evaluate_all(
        "(rows, name) => rows.map((r) => [Number(r.getAttribute('row-index')), "
        "(r.querySelector(`[col-id='${name}']`) || {}).textContent])",
        name,
    )
    return [text for _, text in sorted(rows)]


def focus_by_tab(page: Page, selector: str, most: int = 120) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(most):
        if page.evaluate("s => Boolean(document.activeElement && document.activeElement.matches(s))", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} is not reached within {most} tabs")


def strongest(made: Made, n: int) -> list[str]:
    counts = made.synapses[(made.synapses.post_id == FIRST) & (made.synapses.pre_id != FIRST)].groupby("pre_id").size()
    return [str(i) for i in sorted(counts.index, key=lambda i: (-counts[i], i))[:n]]


def test_by_keyboard_alone_from_search_to_the_matrix_of_the_strongest_inputs(
    base: str, made: Made, open_page: Open
) -> None:
    page = open_page(base + "/?ds=tree")
    page.wait_for_selector("#main h1")
    expect(page.locator("#dataset-title")).not_to_be_empty()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-input")).to_be_focused()
    page.keyboard.type(CELL)
    expect(page.locator("#palette [aria-selected=true]")).to_contain_text(CELL)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cell/{CELL}?**")
    at_rest(page)
    focus_by_tab(page, "#cell-partners-box .ag-header-cell[col-id='n_in']")
    page.keyboard.press("Enter")
    expect(page.locator("#cell-partners-box .ag-header-cell[col-id='n_in']")).to_have_attribute(
        "aria-sort", "descending"
    )
    wanted = strongest(made, 10)
    expect(page.locator(f"{ROW}[row-index='0']")).to_have_attribute("row-id", wanted[0])
    assert asked(page)["sort"] == "-n_in"
    focus_by_tab(page, "#cell-make-pre")
    page.keyboard.press("Enter")
    expect(page.locator("#cell-made-say")).to_contain_text("10 cells are the pre set now")
    page.wait_for_url("**pre=**")
    assert asked(page)["pre"] == ", ".join(wanted)
    focus_by_tab(page, "#cell-see-matrix")
    page.keyboard.press("Enter")
    page.wait_for_url("**/matrix?**")
    expect(page.locator("#matrix-sentence")).not_to_be_empty()
    expect(page.locator("#matrix-pre")).to_have_value(", ".join(wanted))
    expect(page.locator("#matrix-pre-echo")).to_contain_text("10 cells")


def test_what_narrows_the_table_is_in_the_address_and_back_undoes_it(base: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{base}/cell/{CELL}?ds=tree"))
    whole = page.locator("#cell-listed").inner_text()
    page.get_by_text("Inputs", exact=True).click()
    expect(page.locator("#cell-partners-box .ag-header-cell[col-id='n_in']")).to_have_attribute(
        "aria-sort", "descending"
    )
    assert asked(page)["side"] == "in"
    page.locator("label", has_text="Known partners only").click()
    expect(page.locator("#cell-listed")).to_contain_text("29 of")
    page.locator(".kind-button", has_text="BC").click()
    expect(page.locator(".kind-button", has_text="BC")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(ROW)).to_have_count(6)
    assert set(column(page, "kind")) == {"BC"}
    assert asked(page) == {"ds": "tree", "side": "in", "known": "yes", "type": "BC"}
    for _ in range(3):
        page.go_back()
    expect(page.locator("#cell-listed")).to_have_text(whole)
    assert asked(page) == {"ds": "tree"}
    page.go_forward()
    page.go_forward()
    expect(page.locator("#cell-listed")).to_contain_text("29 of")


def test_a_link_restores_everything(base: str, open_page: Open) -> None:
    address = f"{base}/cell/{CELL}?ds=tree&side=out&known=yes&top=60&sort=kind&colour=path&mask=axon&bin=10"
    page = at_rest(open_page(address))
    assert column(page, "kind") == sorted(column(page, "kind"), key=str.lower)
    expect(page.locator("#cell-top-said")).to_have_text("60 %")
    expect(page.locator("#cell-places-said")).to_contain_text(re.compile(r"^\d+ outputs of 426 synapses"))
    expect(page.locator("#cell-mask")).to_have_value("axon")
    page.locator("#cell-places-ledger summary").click()
    expect(page.locator("#cell-places-ledger")).to_contain_text("nearest skeleton node is no axon")
    expect(page.locator("#cell-places-ledger")).to_contain_text("median")
    assert page.url == address


def test_three_dimensions_are_drawn_and_keep_the_address(base: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{base}/cell/{CELL}?ds=tree"))
    page.watch.allow(GL)  # type: ignore[attr-defined]
    page.get_by_text("3D", exact=True).click()
    expect(page.locator("#cell-shape .gl-container canvas").first).to_be_visible()
    assert asked(page)["view"] == "3d"
    kinds = page.evaluate("() => document.querySelector('#cell-shape .js-plotly-plot').data.map((t) => t.type)")
    assert set(kinds) == {"scatter3d"}
    assert page.locator("#cell-shape [data-title*='loud']").count() == 0, "no button that sends the chart away"


def test_a_partner_leads_on_to_its_own_page(base: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{base}/cell/{CELL}?ds=tree"))
    expect(page.locator(f"{ROW}[row-index='0']")).to_have_attribute("row-id", re.compile("."))  # its row has come
    partner = page.locator(f"{ROW}[row-index='0']").get_attribute("row-id")
    page.locator(f"{ROW}[row-index='0'] [col-id='partner_id']").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cell/{partner}?ds=tree")
    expect(page.locator("#main h1")).to_contain_text(str(partner))
    at_rest(page)


def test_without_rows_and_skeletons_the_page_shows_what_there_is(base: str, open_page: Open) -> None:
    page = open_page(f"{base}/cell/ADAL?ds=words")
    expect(page.locator(ROW).first).to_be_visible()
    expect(page.locator("#main h1")).to_contain_text("ADAL")
    page.get_by_text("Outputs", exact=True).click()
    expect(page.locator("#cell-partners-box .ag-header-cell[col-id='n_out']")).to_have_attribute(
        "aria-sort", "descending"
    )
    assert asked(page) == {"ds": "words", "side": "out"}


def test_an_unknown_cell_is_told_with_the_nearest(base: str, open_page: Open) -> None:
    page = open_page(f"{base}/cell/ADLA?ds=words")
    panel = page.locator(".error-panel")
    expect(panel).to_contain_text("no cell ADLA in words")
    expect(panel).to_contain_text("'ADAL'")


@pytest.mark.parametrize(
    ("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "dark")], ids=["light", "dark", "phone"]
)
def test_nobody_is_shut_out(base: str, open_page: Open, size: tuple[int, int], scheme: str) -> None:
    page = at_rest(open_page(f"{base}/cell/{CELL}?ds=tree", size=size, scheme=scheme))
    assert axe(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
