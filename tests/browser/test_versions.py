"""The version badge as a menu: the same view in another version, and what became of its cells."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from data_access import neuroglancer
from data_access.dataset import open_dataset
from tests.browser.live import PHONE, WIDE, Open, axe
from tests.data_access import versions
from tests.data_access.versions import NEW, OLD, new, old

V1507, V1718 = f"tiny_public-v{OLD}", f"tiny_public-v{NEW}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of one datastack, and a dataset of files."""
    folder = tmp_path_factory.mktemp("versions")
    versions.both(folder)
    versions.make(folder / "data", folder / "files", OLD, "files-only", kind=None, viewer_site=None)
    return folder / "data"


@pytest.fixture(scope="module")
def base(data: Path, serve_app: Callable[..., str]) -> str:
    return serve_app(data)


def query(page: Page) -> dict[str, str]:
    return {key: value[0] for key, value in parse_qs(urlsplit(page.url).query).items()}


def choose(page: Page, dataset_id: str) -> None:
    page.locator("#version-switch").click()
    page.locator(f"[data-choose-version='{dataset_id}']").click()


def opened(open_page: Open, address: str, size: tuple[int, int] = WIDE, scheme: str = "light") -> Page:
    page = open_page(address, size, scheme)
    expect(page.locator("#matrix-sentence")).not_to_be_empty()
    return page


def test_the_badge_lists_the_versions_with_their_dates(base: str, open_page: Open) -> None:
    page = opened(open_page, f"{base}/matrix?ds={V1507}")
    expect(page.locator("#version-shown")).to_have_text("v1507")
    expect(page.locator("#dataset-version")).to_be_empty()
    page.locator("#version-switch").click()
    entries = page.locator("#version-menu [data-choose-version]:visible")
    expect(entries).to_have_count(2)
    assert "v1718" in entries.nth(0).inner_text()
    assert "2026-02-01" in entries.nth(0).inner_text()
    assert "fetched 2026-03-04" in entries.nth(0).inner_text()
    expect(page.locator(f"[data-choose-version='{V1507}']")).to_have_attribute("aria-current", "true")


def test_a_dataset_without_other_versions_keeps_its_plain_badge(base: str, open_page: Open) -> None:
    page = opened(open_page, f"{base}/matrix?ds=files-only")
    expect(page.locator("#dataset-version")).to_have_text("v1507")
    expect(page.locator("#version-box")).to_be_hidden()


def test_a_filter_stays_and_the_ids_change_and_back_restores_them(base: str, open_page: Open) -> None:
    before = {
        "ds": V1507, "pre": f"{old(2)},{old(7)}", "post": "is_cell", "min": "2", "pair": f"{old(2)}>{old(7)}",
    }  # fmt: skip
    page = opened(open_page, f"{base}/matrix?" + "&".join(f"{key}={value}" for key, value in before.items()))
    choose(page, V1718)
    expect(page.locator("#version-shown")).to_have_text("v1718")
    after = {"ds": V1718, "pre": f"{new(2)}, {new(7)}", "pair": f"{new(2)}>{new(7)}"}
    assert query(page) == before | after
    expect(page.locator("#matrix-pre")).to_have_value(after["pre"])
    expect(page.locator("#matrix-panel dl")).to_contain_text("synapses3")
    expect(page.locator(".mantine-Notification-root")).to_contain_text("Now in v1718: 2 renamed")
    expect(page.locator("#carried")).to_be_hidden()
    page.go_back()
    expect(page.locator("#version-shown")).to_have_text("v1507")
    expect(page.locator("#matrix-pre")).to_have_value(before["pre"])
    assert query(page) == before


def test_cells_that_split_merged_or_vanished_are_listed(base: str, open_page: Open) -> None:
    ids = ",".join(str(old(i)) for i in range(1, 9))
    page = opened(open_page, f"{base}/matrix?ds={V1507}&pre={ids}&post={ids}")
    choose(page, V1718)
    dialog = page.locator("dialog#carried")
    expect(dialog).to_be_visible()
    text = dialog.inner_text()
    assert "8 cells of this view: 1 same, 3 renamed, 1 split, 2 merged, 1 vanished" in text
    for heading in ("Split: 1", "Merged: 2", "Vanished: 1"):
        assert heading in text
    for cell in (old(6), new(6), new(66), old(4), new(4), old(3)):
        assert str(cell) in text
    copied = dialog.get_by_role("button", name=re.compile("Copy the ids")).nth(1).get_attribute("data-copy")
    assert copied == f"{old(4)}\n{old(5)}"
    with page.expect_download() as download:
        dialog.get_by_role("link", name="All as a table (CSV)").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0] == "cell_id,nucleus_id,carried_id,what"
    assert f"{old(3)},30,,vanished" in lines
    assert len(lines) == 1 + 9
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#matrix-sentence")).to_contain_text("among 7 cells")


def test_an_id_of_another_version_says_what_it_is_here(base: str, open_page: Open) -> None:
    page = open_page(f"{base}/matrix?ds={V1718}&pre={old(2)}")
    told = page.locator("#matrix-pre-echo")
    expect(told).to_contain_text(f"{old(2)} is from version 1507; its cell in {V1718} is {new(2)}")
    expect(told).to_contain_text(f"Use {new(2)} here")


def test_a_pasted_neuroglancer_link_is_a_cell_set(base: str, open_page: Open, data: Path) -> None:
    link = neuroglancer.cells(open_dataset(data, V1507).meta, [str(old(2)), str(old(7))]).url
    page = opened(open_page, f"{base}/matrix?ds={V1507}&post=is_cell")
    box = page.locator("#matrix-pre")
    box.fill(link)
    box.press("Enter")
    expect(page.locator("#matrix-pre-echo")).to_contain_text("2 cells by id, shown in the pasted Neuroglancer link")
    page.reload()
    expect(page.locator("#matrix-pre-echo")).to_contain_text("2 cells by id, shown in the pasted Neuroglancer link")


def test_a_connection_leads_to_neuroglancer_where_the_dataset_knows_a_viewer(base: str, open_page: Open) -> None:
    page = opened(open_page, f"{base}/matrix?ds={V1507}&pair={old(2)}>{old(7)}")
    links = page.locator("#matrix-panel .elsewhere a")
    expect(links).to_have_count(3)
    for i in range(3):
        assert links.nth(i).get_attribute("target") == "_blank"
        assert links.nth(i).get_attribute("rel") == "noopener"
        answer = page.request.get(base + (links.nth(i).get_attribute("href") or ""), max_redirects=0)
        assert answer.status == 302
        assert answer.headers["location"].startswith("https://viewer.example.org/#!")
    page = opened(open_page, f"{base}/matrix?ds=files-only&pair={old(2)}>{old(7)}")
    expect(page.locator("#matrix-panel dl")).to_be_visible()
    expect(page.locator("#matrix-panel .elsewhere")).to_have_count(0)


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light")])
def test_menu_and_dialog_are_accessible(base: str, open_page: Open, size: tuple[int, int], scheme: str) -> None:
    ids = f"{old(2)},{old(3)},{old(6)}"
    page = opened(open_page, f"{base}/matrix?ds={V1507}&pre={ids}&post={ids}&pair={old(2)}>{old(7)}", size, scheme)
    page.locator("#version-switch").click()
    expect(page.locator(f"[data-choose-version='{V1718}']")).to_be_visible()
    assert axe(page) == []
    page.locator(f"[data-choose-version='{V1718}']").click()
    expect(page.locator("dialog#carried")).to_be_visible()
    assert axe(page) == []
    overflow = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
