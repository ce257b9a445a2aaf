"""The URL is the state: what the two pages of two_pages.py show is their query string and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import Open, serve


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    root = Path(__file__).parents[2]
    with serve("two_pages:server", {"PYTHONPATH": str(root)}, chdir=Path(__file__).parent) as address:
        yield address


def counts(page: Page, name: str = "first") -> tuple[int, int]:
    """How often the page was laid out and drawn so far, as it says itself once it is at rest."""
    page.wait_for_function("name => document.getElementById(name + '-drawn')?.textContent", arg=name)
    page.wait_for_timeout(250)
    drawn = page.locator(f"#{name}-drawn").inner_text()
    return int(page.locator(f"#{name}-laid-out").inner_text()), int(drawn.split()[0])


def shown(page: Page, search: str, name: str = "first") -> None:
    """The address is `search`, and so is what the server drew last."""
    page.wait_for_function(
        """([name, search]) => location.search === search &&
           (document.getElementById(name + "-drawn")?.textContent || "").split(" ").slice(1).join(" ") === search""",
        arg=[name, search],
        timeout=30_000,
    )


def pick(page: Page, value: str, name: str = "first") -> None:
    page.locator(f"#{name}-measure").get_by_text(value, exact=True).click()


def measure(page: Page, name: str = "first") -> str:
    return page.locator(f"#{name}-measure input:checked").input_value()


class TestControlsWriteTheUrl:
    def test_defaults_are_left_out(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/")
        shown(page, "")
        pick(page, "size")
        shown(page, "?measure=size")
        pick(page, "n")
        shown(page, "")

    def test_each_kind_of_control(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/")
        counts(page)
        page.get_by_label("Autapses").check()
        page.locator(".mantine-MultiSelect-input").click()
        page.get_by_role("option", name="BC").click()
        page.get_by_role("option", name="MC").click()
        shown(page, "?autapses=keep&type=BC&type=MC")
        page.locator("#first-min").fill("3")
        page.locator("#first-min").press("Enter")
        shown(page, "?autapses=keep&type=BC&type=MC&min=3")
        page.reload()
        shown(page, "?autapses=keep&type=BC&type=MC&min=3")
        assert page.get_by_label("Autapses").is_checked()
        assert page.locator("#first-min").input_value() == "3"
        assert page.locator(".mantine-MultiSelect-pill").all_inner_texts() == ["BC", "MC"]

    def test_text_is_committed_by_enter_or_blur_not_by_key(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/")
        before = counts(page)
        box = page.get_by_label("Pre")
        box.press_sequentially("cell_type == 'BC'")
        assert counts(page) == before
        box.press("Enter")
        shown(page, "?pre=cell_type+%3D%3D+%27BC%27")
        box.fill("x")
        box.blur()
        shown(page, "?pre=x")
        assert counts(page) == (before[0], before[1] + 2)

    def test_keys_of_nobody_stay_and_dependent_keys_go(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/?note=7&x0=5&x1=9")
        counts(page)
        page.get_by_label("Autapses").check()
        shown(page, "?note=7&x0=5&x1=9&autapses=keep")
        pick(page, "size")  # drops the zoom
        shown(page, "?note=7&autapses=keep&measure=size")


class TestHistory:
    def test_back_and_forward_restore_each_step_with_one_draw(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/")
        laid_out, drawn = counts(page)
        pick(page, "size")
        shown(page, "?measure=size")
        page.get_by_label("Autapses").check()
        shown(page, "?measure=size&autapses=keep")
        assert counts(page) == (laid_out, drawn + 2)
        page.go_back()
        shown(page, "?measure=size")
        assert not page.get_by_label("Autapses").is_checked()
        page.go_back()
        shown(page, "")
        assert measure(page) == "n"
        page.go_forward()
        shown(page, "?measure=size")
        page.go_forward()
        shown(page, "?measure=size&autapses=keep")
        assert measure(page) == "size"
        assert page.get_by_label("Autapses").is_checked()
        assert counts(page)[0] == laid_out, "a step within the page laid it out anew"
        assert counts(page)[1] == drawn + 6, "a step drew more than once"

    def test_a_control_after_back_starts_from_there(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/")
        pick(page, "size")
        shown(page, "?measure=size")
        page.go_back()
        shown(page, "")
        pick(page, "log")
        shown(page, "?measure=log")

    def test_replace_adds_no_step(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/")
        counts(page)
        pick(page, "size")
        page.locator("#first-min").fill("4")
        page.locator("#first-min").press("Enter")
        shown(page, "?measure=size&min=4")
        page.go_back()
        shown(page, "")

    def test_between_pages(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/")
        counts(page)
        pick(page, "size")
        shown(page, "?measure=size")
        page.locator("#to-second").click()
        shown(page, "", "second")
        pick(page, "log", "second")
        shown(page, "?measure=log", "second")
        page.go_back()
        shown(page, "", "second")
        laid_out, drawn = counts(page, "second")
        page.go_back()
        shown(page, "?measure=size")
        assert measure(page) == "size"
        page.go_forward()
        shown(page, "", "second")
        assert counts(page, "second") == (laid_out + 1, drawn + 1), "coming back is one layout and one draw"

    def test_fresh_tab_shows_the_same(self, base: str, open_page: Open) -> None:
        first = open_page(base + "/?measure=log&pre=a%20b&autapses=keep&note=1")
        before = counts(first)
        assert (measure(first), first.get_by_label("Pre").input_value()) == ("log", "a b")
        assert first.get_by_label("Autapses").is_checked()
        second = open_page(first.url)
        assert measure(second) == "log"
        assert counts(second) == (before[0] + 1, before[1] + 1), "opening a page draws once"

    def test_links_within_the_page_are_steps_too(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/")
        laid_out, drawn = counts(page)
        page.locator("#first-log").click()
        shown(page, "?measure=log")
        assert measure(page) == "log"
        page.go_back()
        shown(page, "")
        assert counts(page) == (laid_out, drawn + 2)

    def test_another_dataset_lays_the_page_out_anew(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/?measure=size")
        laid_out, _ = counts(page)
        page.locator("#first-other-dataset").click()
        expect(page.locator("h1")).to_have_text("first of b")
        pick(page, "log")
        shown(page, "?ds=b&measure=log")
        page.go_back()
        page.go_back()
        expect(page.locator("h1")).to_have_text("first of a")
        shown(page, "?measure=size")
        assert counts(page)[0] == laid_out + 2


class TestZoomInTheUrl:
    def test_replace_and_push_wake_no_callback(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/?measure=size")
        before = counts(page)
        page.evaluate("() => synaptoscope.replaceSearch({x0: 3, x1: 8})")
        page.evaluate("() => synaptoscope.pushSearch({x0: 4})")
        assert page.url.endswith("?measure=size&x0=4&x1=8")
        assert counts(page) == before
        page.get_by_label("Autapses").check()
        shown(page, "?measure=size&x0=4&x1=8&autapses=keep")
        page.evaluate("() => synaptoscope.replaceSearch({x0: null, x1: null})")
        assert page.url.endswith("?measure=size&autapses=keep")

    def test_back_returns_to_the_zoom_before(self, base: str, open_page: Open) -> None:
        page = open_page(base + "/")
        laid_out, drawn = counts(page)
        page.evaluate("() => synaptoscope.replaceSearch({x0: 1})")
        page.evaluate("() => synaptoscope.pushSearch({x0: 2})")
        page.go_back()
        shown(page, "?x0=1")
        page.go_forward()
        shown(page, "?x0=2")
        assert counts(page) == (laid_out, drawn + 2)
