"""From a CAVE server to a matrix in clicks, against the stand-in: the steps of the CAVE tutorial, and what may go wrong."""

from __future__ import annotations

import csv
import io
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from data_access.dataset import open_dataset
from data_access.store import read_meta
from tests.browser.live import PHONE, Open, axe, serve
from tests.browser.matrix_page import Matrix
from tests.cave_server.fixtures import DEMO, MINNIE, AnyCave, cave_server
from tests.cave_server.stack import TruthOfVersion

LIMIT_S = 60.0  # a job is a process that has to start, on a machine that may be busy
PROOFREAD = "status_axon == 'true' and not outdated"
pytestmark = pytest.mark.xdist_group("connect-page")


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    expect.set_options(timeout=LIMIT_S * 1000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def running() -> Iterator[AnyCave]:
    """Answers at most 1,000 rows, each time in another order."""
    with cave_server(row_limit=1000, shuffle=True) as made:
        yield made


@pytest.fixture
def cave(running: AnyCave) -> Iterator[AnyCave]:
    """The stand-in while everything goes well."""
    yield running
    running.clear_faults()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def base(running: AnyCave, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that has a token of the stand-in."""
    home = tmp_path_factory.mktemp("home")
    environ = {
        "SYNAPTOSCOPE_DATA": str(data), "SYNAPTOSCOPE_CACHE": str(home / "cache"), "HOME": str(home),
        "SYNAPTOSCOPE_CAVE_SERVER": running.address, "SYNAPTOSCOPE_CAVE_TOKEN": running.token,
    }  # fmt: skip
    with serve("app:server", environ) as address:
        yield address


class Heard:
    """Everything that reaches a browser: addresses, what is sent and answered, the console."""

    def __init__(self, page: Page) -> None:
        self.texts: list[str] = []
        page.on("console", lambda message: self.texts.append(message.text))
        page.on("request", lambda request: self.texts.append(f"{request.url} {request.post_data or ''}"))
        page.on("requestfinished", self._answer)

    def _answer(self, request: object) -> None:
        response = request.response()  # type: ignore[attr-defined]
        if response and "image" not in (response.headers.get("content-type") or ""):
            self.texts.append(f"{response.headers} {response.text()}")


def look(page: Page) -> None:
    """Click 'Show versions' and wait for them and for the tables of the newest."""
    page.get_by_role("button", name="Show versions").click()
    expect(page.locator(".versions")).to_be_visible()
    expect(page.locator(".used-tables")).to_be_visible()


def choose_cells(page: Page, text: str) -> None:
    page.locator("#connect-cells").fill(text)
    page.locator("#connect-cells").press("Enter")


def proofread(truth: TruthOfVersion) -> list[int]:
    """Roots whose axon is proofread, by a status that was given for this very root."""
    rows = truth["proofreading_status_and_strategy"]
    return sorted(rows[rows.status_axon.astype(bool) & (rows.valid_id == rows.pt_root_id)].pt_root_id.unique())


def among(truth: TruthOfVersion, roots: list[int]) -> pd.Series:
    """Synapses of each (pre, post) among these cells, without autapses, strongest first."""
    rows = truth.synapses
    rows = rows[rows.pre_pt_root_id.isin(roots) & rows.post_pt_root_id.isin(roots)]
    rows = rows[rows.pre_pt_root_id != rows.post_pt_root_id]
    return rows.groupby(["pre_pt_root_id", "post_pt_root_id"]).size().sort_values(ascending=False)


def connections(base: str, name: str, cells: str) -> pd.Series:
    """The same as the dataset's table gives them."""
    query = urlencode({"pre": cells, "post": cells})
    with urllib.request.urlopen(f"{base}/api/v1/datasets/{name}/connections.csv?{query}", timeout=30) as answer:
        rows = list(csv.DictReader(io.TextIOWrapper(answer, encoding="utf-8")))
    return pd.Series({(int(r["pre_id"]), int(r["post_id"])): int(r["n_synapses"]) for r in rows})


def test_the_steps_of_the_tutorial_in_clicks(base: str, cave: AnyCave, data: Path, open_page: Open) -> None:
    page = open_page(base + "/")
    heard = Heard(page)
    truth = cave.truth[MINNIE].newest
    asked = len(cave.requests)
    expect(page.locator("#connect-token")).to_contain_text("A token from SYNAPTOSCOPE_CAVE_TOKEN")

    # 1. versions with their times
    page.locator("#connect-datastack").fill(MINNIE)
    page.locator("#connect-datastack").press("Tab")
    assert len(cave.requests) == asked, "nothing is asked before a click"
    look(page)
    table = page.locator(".versions").inner_text()
    for number in cave.truth[MINNIE]:
        stamp = cave.truth[MINNIE][number].version.time_stamp
        assert f"{number}" in table
        assert f"{stamp:%Y-%m-%d}" in table
    expect(page.get_by_role("radio", name=str(truth.number))).to_be_checked()
    expect(page.get_by_role("radio", name="1078")).to_be_disabled()
    expect(page.locator(".used-tables summary")).to_contain_text("1 notice")

    # 4. all proofread cells, counted as soon as the cell table is here
    page.get_by_role("button", name="get the cell table now").click()
    expect(page.locator("#connect-columns summary")).to_be_visible()
    page.get_by_role("button", name="Choose proofread axons").click()
    cells = proofread(truth)
    expect(page.locator("#connect-cells-echo")).to_contain_text(f"{len(cells)} cells")
    out = truth.synapses[truth.synapses.pre_pt_root_id.isin(cells)]
    page.get_by_role("button", name="Estimate", exact=True).click()
    expect(page.locator(".connect-estimate")).to_contain_text(f"{len(cells)} cells, {len(out):,} synapses to fetch")
    assert axe(page) == []

    # 2., 3. the pull, whatever the row limit
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".connect-pull .job.done")).to_be_visible()
    row = page.locator(".dataset", has_text=f"{MINNIE} version {truth.number}")
    expect(row).to_contain_text(f"{len(cells)} cells, all whole")
    state = page.url
    assert not read_meta(data, f"{MINNIE}-v{truth.number}").partial

    # 5. synapses among them without autapses: counts per connection, sorted, and the matrix
    name = f"{MINNIE}-v{truth.number}"
    expected = among(truth, cells)
    found = connections(base, name, PROOFREAD).sort_values(ascending=False)
    assert found.to_dict() == expected.to_dict()
    assert found.tolist() == expected.tolist()
    matrix = Matrix(page, base)
    page.locator(".connect-pull").get_by_role("link", name="Open matrix of").or_(
        page.locator(".connect-pull .opens a")
    ).last.click()
    page.wait_for_selector("#matrix-figure[data-state]")
    matrix.rest().fill("pre", PROOFREAD).fill("post", PROOFREAD)
    assert f"{len(expected):,} connections" in matrix.text("sentence")

    # 6. manual and automatic types side by side: group by either
    types = open_dataset(data, name)
    for column in ("cell_type_manual", "cell_type_auto"):
        matrix.choose("group", column)
        kinds = types.column(column).iloc[types.select(PROOFREAD).codes]
        ticks = {text for text in matrix.layout["yaxis"]["ticktext"] if text}
        assert ticks == set(kinds.dropna().astype(str)) | ({"untyped"} if kinds.isna().any() else set())

    # the form comes back with its address; the token was nowhere
    page.goto(state)
    expect(page.locator("#connect-cells")).to_have_value(PROOFREAD)
    expect(page.locator("#connect-cells-echo")).to_contain_text(f"{len(cells)} cells")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    everything = "\n".join([*heard.texts, page.content(), kept])
    assert len(heard.texts) > 50
    assert cave.token not in everything


def test_it_opens_while_it_fills_stops_and_goes_on(base: str, cave: AnyCave, data: Path, open_page: Open) -> None:
    truth = cave.truth[MINNIE][1507]
    n = len(proofread(truth))
    query = urlencode({"datastack": MINNIE, "version": 1507, "cells": PROOFREAD, "id": "mine", "title": "My axons"})
    page = open_page(f"{base}/?{query}")
    cave.fault("hang", path="synapses_pni_2/query", skip=12)
    page.get_by_role("button", name="Start", exact=True).click()
    link = page.get_by_role("link", name="Open what is there so far: My axons")
    expect(link).to_be_visible()
    assert "ds=mine&pre=is_cell&post=is_cell" in (link.get_attribute("href") or "")
    row = page.locator(".dataset", has_text="My axons")
    expect(row.locator(".mark.partial")).to_be_visible()
    expect(row).to_contain_text(f"of {n} cells whole")
    page.locator(".connect-pull").get_by_role("button", name="Cancel").click()
    expect(page.locator(".connect-pull .job.cancelled")).to_be_visible()
    expect(row).to_contain_text("was cancelled")
    assert axe(page) == []
    cave.clear_faults()
    row.get_by_role("button", name="Resume the pull of My axons").click()
    expect(row).to_contain_text(f"{n} cells, all whole")
    expect(row.locator(".mark.partial")).to_have_count(0)
    expect(page.locator(".connect-pull .job.done")).to_be_visible()

    # more cells for it: only what is missing
    row.get_by_role("link", name="Add cells to My axons").click()
    expect(page.locator("#connect[data-adding='mine']")).to_be_visible()
    expect(page.locator("#connect-id")).to_have_attribute("readonly", "")
    cave.forget_requests()
    choose_cells(page, "cell_type == 'BC' or " + PROOFREAD)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".connect-pull .job.done")).to_be_visible()
    more = [seen.ids for seen in cave.requests if seen.table == "synapses_pni_2" and seen.ids]
    assert more
    assert sum(more) < n, "what is whole is not asked for again"
    cave.fault("close")
    page.get_by_role("link", name="Open matrix of My axons").first.click()
    expect(page.locator("#matrix-sentence")).to_contain_text("connections")
    assert not read_meta(data, "mine").partial


def test_what_goes_wrong_is_said_and_what_was_typed_stays(base: str, cave: AnyCave, open_page: Open) -> None:
    page = open_page(f"{base}/?{urlencode({'datastack': MINNIE, 'cells': '5, 7'})}")
    panel = page.locator("#connect-message .error-panel")

    def again(says: str) -> None:
        page.get_by_role("button", name="Show versions").click()
        expect(panel).to_contain_text(says)
        expect(page.locator("#connect-cells")).to_have_value("5, 7")

    for kind, says in (
        ("terms", "wants its terms of service accepted"),
        ("token", "does not take this token"),
        ("html", "something other than CAVE answered"),
    ):
        cave.fault(kind)
        again(says)
        cave.clear_faults()
        if kind == "terms":
            form = panel.get_by_role("link", name="/tos/2/accept")
            expect(form).to_have_attribute("target", "_blank")
    page.locator("#connect-datastack").fill("minnie_public")
    again("Did you mean 'minnie65_public'?")
    page.get_by_role("button", name="List datastacks").click()
    page.get_by_role("button", name=f"Choose datastack {DEMO}").click()
    look(page)
    expect(panel).to_have_count(0)
    expect(page.locator("#connect-choices")).to_be_visible()
    page.locator("#connect-server").fill("https://elsewhere.example")
    again("No token for https://elsewhere.example")
    expect(page.locator(".versions")).to_have_count(0)
    page.locator("#connect-server").fill("")
    cave.fault("close")
    again("no connection to")
    assert axe(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(base: str, open_page: Open, scheme: str) -> None:
    page = open_page(f"{base}/?datastack={DEMO}", size=PHONE, scheme=scheme)
    look(page)
    page.locator(".used-tables summary").click()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_a_server_that_may_not_pull_says_so(serve_app: Callable[..., str], tmp_path: Path, open_page: Open) -> None:
    page = open_page(serve_app(tmp_path, connect="off") + "/")
    expect(page.locator("#connect")).to_contain_text("switched off on this server")
    expect(page.get_by_role("button", name="Start", exact=True)).to_have_count(0)
    assert axe(page) == []
