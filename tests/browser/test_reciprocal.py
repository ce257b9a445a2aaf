"""The page /reciprocal in a real browser: list, pictures, one cell, chance, and what is not there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from data_access.dataset import Dataset, open_dataset
from tests.browser.live import PHONE, Open, axe
from tests.views import samples
from tests.views.mapped import mapped
from tests.views.paired import cell, paired
from views import reciprocal
from views.reciprocal import ReciprocalView

ROW = "#reciprocal-list .ag-center-cols-container .ag-row"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reciprocal")
    mapped(folder)
    paired(folder)
    samples.edges(folder / "data", folder)
    samples.words(folder / "data", folder)
    return folder / "data"


@pytest.fixture(scope="module")
def base(folder: Path, serve_app: Callable[..., str]) -> str:
    return serve_app(folder)


@pytest.fixture(scope="module")
def known(folder: Path) -> Dataset:
    return open_dataset(folder, "mapped")


def asked(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def url(base: str, **query: str) -> str:
    return f"{base}/reciprocal?{urlencode(query)}"


def at_rest(page: Page) -> Page:
    """The list has its rows, and words and picture are there."""
    expect(page.locator(ROW).first).to_be_visible()
    expect(page.locator("#reciprocal-sentence")).not_to_be_empty()
    expect(page.locator("#reciprocal-side-figure > *").first).to_be_visible()
    return page


def column(page: Page, name: str) -> list[str]:
    """The values of a column, from the top, as far as they are in view."""
    found = page.locator(ROW).evaluate_all(
        "(rows, name) => rows.map((r) => [Number(r.getAttribute('row-index')), "
        "(r.querySelector(`[col-id='${name}']`) || {}).textContent])",
        name,
    )
    return [text for _, text in sorted(found)]


def test_list_and_pictures_choose_from_each_other_and_back_undoes_it(
    base: str, known: Dataset, open_page: Open
) -> None:
    page = at_rest(open_page(url(base, ds="mapped")))
    listed = reciprocal.ranked(known, ReciprocalView())
    expect(page.locator("#reciprocal-sentence")).to_contain_text(f"{len(listed)} reciprocal pairs among")
    assert column(page, "n_ab")[:3] == [str(n) for n in listed.n_ab[:3]]
    expect(page.locator("#reciprocal-counts svg")).to_be_visible()
    # a type pair, by keyboard alone
    page.locator("#reciprocal-tabs button", has_text="Types").click()
    figure = page.locator("#reciprocal-types")
    expect(figure).to_have_attribute("data-drawn", "types")
    figure.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(figure.locator(".tip")).to_contain_text("23P and 4P")
    page.keyboard.press("Enter")
    chosen = reciprocal.ranked(known, ReciprocalView(type_a="23P", type_b="4P"))
    expect(page.locator("#reciprocal-sentence")).to_contain_text(f"{len(chosen)} of {len(listed)} reciprocal pairs")
    assert asked(page) == {"ds": "mapped", "panel": "types", "type_a": "23P", "type_b": "4P"}
    expect(page.locator("#reciprocal-type-a")).to_have_value("23P")
    page.locator("#reciprocal-list .ag-header-cell[col-id='distance_um']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#reciprocal-list .ag-header-cell[col-id='distance_um']")).to_have_attribute(
        "aria-sort", "ascending"
    )
    assert asked(page)["sort"] == "distance_um"
    nearest = reciprocal.ranked(known, ReciprocalView(type_a="23P", type_b="4P", sort="distance_um")).ids(0)
    link = page.locator("#reciprocal-list .pair-link").first
    expect(link).to_have_attribute("href", re.compile(f"^/pair/{'/'.join(nearest)}[?]"))
    query = parse_qs(urlsplit(link.get_attribute("href") or "").query)
    assert query == {"ds": ["mapped"], "type_a": ["23P"], "type_b": ["4P"], "sort": ["distance_um"]}
    assert axe(page) == []
    for _ in range(2):
        page.go_back()
    expect(page.locator("#reciprocal-sentence")).to_contain_text(f"{len(listed)} reciprocal pairs among")
    expect(page.locator("#reciprocal-type-a")).to_have_value("any type")
    page.locator(f"{ROW}[row-index='0'] [col-id='n_ab']").click()
    page.wait_for_url(f"**/pair/{'/'.join(listed.ids(0))}?ds=mapped")


def test_one_cell_its_warnings_and_the_ways_out(base: str, open_page: Open) -> None:
    page = at_rest(open_page(url(base, ds="paired", cell=cell("p2"))))
    expect(page.locator("#reciprocal-side-said")).to_contain_text("makes 5 reciprocal synapses onto 3 partners")
    expect(page.locator(".both-ways tbody tr")).to_have_count(3)
    expect(page.locator(f"{ROW} .doubt[aria-label*='fragment']").first).to_be_visible()
    page.locator("#reciprocal-tabs button", has_text="Counts").click()
    expect(page.locator("#reciprocal-counts")).to_have_attribute("data-drawn", "counts")
    assert asked(page) == {"ds": "paired", "cell": cell("p2"), "panel": "counts"}
    # the first square of the scatter: one synapse each way
    page.locator("#reciprocal-counts").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(ROW)).to_have_count(1)
    assert (asked(page)["nab"], asked(page)["nba"]) == ("1", "1")
    page.locator("#reciprocal-chips button", has_text="only pairs with 1 a → b and 1 b → a").click()
    expect(page.locator(ROW)).to_have_count(3)
    page.locator("#reciprocal-min").fill("9")
    page.keyboard.press("Enter")
    page.locator("#reciprocal-none button").click()
    expect(page.locator("#reciprocal-min")).to_have_value("1")
    expect(page.locator(ROW)).to_have_count(3)
    page.locator("#reciprocal-pre").fill("cell_tipe == 'BC'")
    page.watch.allow("reciprocal.json")  # type: ignore[attr-defined]
    page.locator("#reciprocal-pre").blur()
    expect(page.locator("#reciprocal-pre-echo .wrong")).to_contain_text("cell_type")


def test_chance_is_run_found_again_and_asked_type_by_type(base: str, known: Dataset, open_page: Open) -> None:
    address = url(base, ds="mapped", null="type", samples="20", tested="all")
    page = at_rest(open_page(address))
    expect(page.locator("#chance-estimate")).to_contain_text("for 20 samples of")
    page.click("#chance-run")
    expect(page.locator("#chance-distribution")).to_have_attribute("data-drawn", "distribution")
    said = page.locator("#chance-said").inner_text()
    assert "expected under the null model 'types'" in said
    expect(page.locator("#chance-result")).to_contain_text("20 samples are too few")
    page.reload()
    expect(page.locator("#chance-said")).to_have_text(said)
    expect(page.locator("#chance-run")).to_be_hidden()
    at_rest(page)
    row = page.locator("#chance-rows .ag-row[row-index='0']")
    one, other = (row.locator(f"[col-id='group_{side}']").inner_text() for side in "ab")
    row.locator("[col-id='ratio']").click()
    expect(page.locator(".chance-chosen h3")).to_have_text(f"{one} and {other}")
    expect(page.locator("#chance-summary")).to_have_attribute("data-drawn", "summary")
    assert (asked(page)["type_a"], asked(page)["type_b"]) == (one, other)
    n = len(reciprocal.ranked(known, ReciprocalView(type_a=one, type_b=other)))
    expect(page.locator("#reciprocal-sentence")).to_contain_text(f"{n} of ")
    assert axe(page) == []


def test_long_chance_is_a_job_that_moves_and_can_be_cancelled(base: str, open_page: Open) -> None:
    page = at_rest(open_page(url(base, ds="mapped", null="degree", samples="100000", tested="all")))
    page.click("#chance-run")
    expect(page.locator("#chance-cancel")).to_be_visible()
    expect(page.locator("#chance-estimate")).to_contain_text("of 100,000 samples")
    page.click("#chance-cancel")
    expect(page.locator("#chance-run")).to_be_visible()
    expect(page.locator("#chance-estimate")).to_contain_text("The last run was cancelled")


def test_a_phone_shows_pairs_of_words_and_of_cells_without_types(base: str, open_page: Open) -> None:
    page = open_page(url(base, ds="words"), size=PHONE, scheme="dark")
    for ds in ("words", "edges"):
        page.goto(url(base, ds=ds))
        at_rest(page).locator("#reciprocal-tabs button", has_text="Types").click()
        expect(page.locator("#reciprocal-tabs button", has_text="Types")).to_have_attribute("aria-pressed", "true")
        if ds == "edges":
            expect(page.locator("#reciprocal-side-figure")).to_contain_text("cell type")
        expect(page.locator(".null.lacks").first).to_contain_text("Cannot be run here")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert axe(page) == []
