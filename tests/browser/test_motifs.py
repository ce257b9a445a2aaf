"""The page /motifs in a real browser: census, chance, instances and three-node search, all in the address."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from data_access.dataset import Dataset
from tests.browser.live import PHONE, Open, axe
from tests.views import wired
from views import motifs
from views.motifs import CensusView


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return wired.wired(tmp_path_factory.mktemp("wired"))


@pytest.fixture(scope="module")
def base(dataset: Dataset, serve_app: Callable[..., str]) -> str:
    return serve_app(dataset.data_dir) + "/motifs"


def query(page: Page) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(urlsplit(page.url).query).items()}


def says(page: Page, text: str) -> None:
    expect(page.locator("#motifs-sentence")).to_contain_text(text)


def test_a_census_is_compared_with_chance_and_leads_to_its_cells(base: str, dataset: Dataset, open_page: Open) -> None:
    page = open_page(f"{base}?ds=wired")
    found = motifs.census(dataset, CensusView())
    rows = page.locator(".motif-table tbody tr")
    expect(rows).to_have_count(16)
    expect(rows.nth(8)).to_contain_text(f"030T{found.of('030T'):,}")
    says(page, "stands out most")  # sampled without being asked for: it is quick
    expect(page.locator(".motif-table .motif-dot")).not_to_have_count(0)
    page.click("[data-motif-pick='030T']")
    first = page.locator("#motifs-triples .ag-row[row-index='0']")
    expect(first.locator("a[href*='/cell/']")).to_have_count(3)
    expect(first.locator("a[href*='/pair/']")).to_have_count(3)
    expect(page.locator(".instances-head h2")).to_contain_text(f"of {found.of('030T'):,} triples")
    assert query(page) == {"ds": "wired", "motif": "030T"}
    assert axe(page) == []
    page.reload()
    expect(first).to_be_visible()
    expect(page.locator("[data-motif-pick='030T'][aria-pressed='true']")).to_be_visible()
    page.click("#motifs-size")
    page.click("[role=option]:has-text('two cells')")
    expect(rows).to_have_count(3)
    says(page, "of them both ways")
    assert query(page) == {"ds": "wired", "size": "2"}, "the class was one of three cells"
    page.go_back()
    expect(rows).to_have_count(16)
    expect(first).to_be_visible()


def test_a_search_is_drawn_counted_and_compared(base: str, open_page: Open) -> None:
    asked = {"ds": "wired", "find": "search", "a": "cell_type == 'x'"}
    page = open_page(f"{base}?{urlencode(asked)}", size=PHONE)
    expect(page.locator("#motifs-body")).to_contain_text("Say which connections must be there")
    page.click("text=Feed-forward")
    says(page, "expected if connections fell anywhere (ratio")
    assert {k: query(page)[k] for k in ("ab", "bc", "ac")} == {"ab": "1", "bc": "1", "ac": "1"}
    expect(page.locator("#motifs-diagram")).to_have_attribute(
        "aria-label", "What is searched for. A to B: ≥ 1; A to C: ≥ 1; B to C: ≥ 1"
    )
    expect(page.locator("#motifs-triples .ag-row")).to_have_count(10)
    before = page.inner_text("#motifs-sentence")
    page.fill("#motifs-ac", "none")
    page.press("#motifs-ac", "Tab")
    expect(page.locator("#motifs-diagram .cross")).to_have_count(1)
    expect(page.locator("#motifs-sentence")).not_to_have_text(before)
    says(page, "ratio")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    assert axe(page) == []
    page.fill("#motifs-bc", "many")
    page.press("#motifs-bc", "Tab")
    expect(page.locator("#motifs-message")).to_contain_text("bc=many is no condition")
    page.fill("#motifs-bc", "6")
    page.press("#motifs-bc", "Tab")
    expect(page.locator("#motifs-message")).to_be_empty()
    page.fill("#motifs-a", "cell_typ == 'x'")
    page.press("#motifs-a", "Tab")
    expect(page.locator("#motifs-a-echo")).to_contain_text("cell_type")
    page.go_back()
    says(page, "A 14 cells, B 40 cells, C 40 cells")


def test_long_sampling_is_a_job_that_a_reload_finds_again(base: str, open_page: Open) -> None:
    page = open_page(f"{base}?ds=wired&null=degree&samples=2500")
    button = page.locator("[data-motifs-do=run]")
    expect(button).to_have_text("Run 2,500 samples")
    expect(page.locator(".motifs-chance-state")).to_contain_text("takes about")
    expect(page.locator(".motifs-chance-words")).to_contain_text("every cell keeps its number of outputs and of inputs")
    expect(page.locator(".motif-table.bare tbody tr")).to_have_count(16)
    button.click()
    expect(page.locator(".motifs-chance-state")).to_contain_text("Sampled in", timeout=60_000)
    says(page, "2,500 samples")
    page.reload()
    says(page, "2,500 samples")
    expect(button).to_have_count(0)
