"""Long work as a person watches it: progress that moves without a flicker, buttons, links, and no surprise for the focus."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from data_access.errors import InputError
from data_access.importer import ImportSpec, import_dataset
from data_access.jobs import Cancelled, Job, Jobs, Reporter
from data_access.jobs.folder import Folder
from tests.browser.live import PHONE, WIDE, Open, axe, serve

KIND = "test-count"
KINDS = f"{KIND}=tests.data_access.counting_job:run"
LIMIT_S = 60.0
expect.set_options(timeout=LIMIT_S * 1000)  # a process has to start, on a machine that may be busy


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPTOSCOPE_TEST_JOB_KINDS", KINDS)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def base(data: Path, serve_app: Callable[..., str]) -> str:
    return serve_app(data, test_job_kinds=KINDS)


@pytest.fixture
def jobs(data: Path) -> Jobs:
    """The jobs of the server's folder, none of them there yet."""
    made = Jobs(data)
    for job in made.all():
        made.cancel(job.id)
        until(lambda job=job: not made.get(job.id).alive)  # type: ignore[misc]
        made.forget(job.id)
    for name in ("go", "counted"):
        (data / name).unlink(missing_ok=True)
    return made


def until(met: Callable[[], object]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not met():
        assert time.monotonic() < limit
        time.sleep(0.02)


def ended(jobs: Jobs, title: str, state: str, **fields: object) -> Job:
    """A job that has ended in some way, last."""
    with pytest.raises(InputError), jobs.here(KIND, title, "", {}):
        raise InputError("no bean is left", "buy some")
    job = replace(jobs.all()[0], state=state, **fields)  # type: ignore[arg-type]
    Folder(jobs.data_dir).write(job)
    return job


def counting(jobs: Jobs, title: str = "Counting", dataset: str = "") -> AbstractContextManager[Reporter]:
    return jobs.here(KIND, title, dataset, {})


def card(page: Page, title: str) -> Locator:
    return page.locator(".job-item", has=page.get_by_role("heading", name=title, exact=True))


def button(page: Page, words: str, title: str) -> Locator:
    return page.get_by_role("button", name=f"{words}: {title}", exact=True)


def edges(data: Path, dataset: str) -> None:
    file = data / "edges.csv"
    file.write_text("pre_id,post_id,weight\n" + "".join(f"{i},{(7 * i + 3) % 40},1\n" for i in range(40)))
    import_dataset(data, ImportSpec(id=dataset, title="Beans of the volume", connections=(file,)))
    file.unlink()


def test_without_a_job_it_says_what_makes_one(base: str, jobs: Jobs, open_page: Open) -> None:
    page = open_page(base + "/jobs")
    expect(page.get_by_role("heading", name="No job yet")).to_be_visible()
    expect(page.locator(".rail-link.active")).to_have_text("Jobs")
    page.get_by_role("link", name="Connect a source").click()
    expect(page).to_have_url(base + "/")
    expect(page.locator("h1")).to_have_text("Datasets")


def test_progress_moves_without_a_flicker(base: str, jobs: Jobs, open_page: Open) -> None:
    with counting(jobs) as reporter:
        reporter.stage("Synapses", 1000, "rows", done=100)
        page = open_page(base + "/jobs")
        found = card(page, "Counting")
        bar = page.get_by_role("progressbar", name="Progress of Counting")
        expect(bar).to_have_attribute("aria-valuenow", "10")
        expect(found).to_contain_text("100 of 1,000 rows")
        expect(page.locator("#jobs-summary")).to_have_text("1 running")
        page.evaluate("() => { window.parts = [...document.querySelectorAll('#jobs-list *')].slice(0, 12); }")
        button(page, "Cancel", "Counting").focus()
        for done in (250, 500):
            reporter.advance(done)
            expect(bar).to_have_attribute("aria-valuenow", str(done // 10))
        expect(found).to_contain_text("500 of 1,000 rows")
        expect(found).to_contain_text("rows/s")
        expect(found).to_contain_text("left")
        assert page.evaluate("() => window.parts.every(part => part.isConnected)"), "the card was drawn anew"
        expect(button(page, "Cancel", "Counting")).to_be_focused()
        reporter.finished("500 rows, all good")
    expect(found).to_contain_text("500 rows, all good")
    expect(found.locator(".job-state")).to_have_text("done")
    expect(page.locator("#jobs-told")).to_have_text("Counting: done")
    expect(page.locator("#jobs-summary")).to_have_text("1 ended")
    expect(bar).to_have_count(0)


def test_it_asks_the_server_only_while_something_runs(base: str, jobs: Jobs, open_page: Open) -> None:
    ended(jobs, "Over", "failed")
    page = open_page(base + "/jobs")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "_dash-update" in request.url else None)
    expect(card(page, "Over")).to_be_visible()
    asked.clear()
    page.wait_for_timeout(2500)
    assert asked == []
    with counting(jobs, "Begun elsewhere") as reporter:
        # coming back to the tab is when the list looks again
        page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        expect(card(page, "Begun elsewhere")).to_be_visible()
        until_asked = len(asked)
        reporter.stage("Synapses", 10, "rows")
        expect(card(page, "Begun elsewhere")).to_contain_text("0 of 10 rows")
        assert len(asked) > until_asked


def test_cancel_and_resume_by_keyboard(base: str, jobs: Jobs, data: Path, open_page: Open) -> None:
    jobs.start(KIND, "Counting beans", "", {"wait": ["go"], "to": 4}, {})
    page = open_page(base + "/jobs")
    expect(card(page, "Counting beans")).to_contain_text("0 of 4 beans")
    button(page, "Cancel", "Counting beans").focus()
    page.keyboard.press("Enter")
    expect(card(page, "Counting beans").locator(".job-state")).to_have_text("cancelled")
    expect(card(page, "Counting beans")).to_be_focused()  # not on a button that means something else by now
    (data / "go").touch()
    page.keyboard.press("Tab")
    expect(button(page, "Resume", "Counting beans")).to_be_focused()
    page.keyboard.press("Enter")
    expect(card(page, "Counting beans").locator(".job-state")).to_have_text("done")
    expect(card(page, "Counting beans")).to_contain_text("Counted 4 beans")


def test_a_command_in_a_terminal_is_cancelled_here(base: str, jobs: Jobs, open_page: Open) -> None:
    page = open_page("about:blank")
    with pytest.raises(Cancelled), counting(jobs, "Pulling") as reporter:  # noqa: PT012
        page.goto(base + "/jobs")
        button(page, "Cancel", "Pulling").click()
        expect(card(page, "Pulling").locator(".job-state")).to_have_text("stopping")
        expect(button(page, "Cancel", "Pulling")).to_have_attribute("aria-disabled", "true")
        assert reporter.cancelled.wait(LIMIT_S)
        reporter.check()
    expect(card(page, "Pulling").locator(".job-state")).to_have_text("cancelled")


def test_focus_stays_with_its_job_when_another_begins(base: str, jobs: Jobs, open_page: Open) -> None:
    with counting(jobs, "First"):
        page = open_page(base + "/jobs")
        button(page, "Cancel", "First").focus()
        with counting(jobs, "Second"):
            expect(page.locator(".job-item h2").first).to_have_text("Second")
            expect(button(page, "Cancel", "First")).to_be_focused()
            titles = page.locator(".job-item h2").all_inner_texts()
    assert titles == ["Second", "First"]


def test_an_error_shows_its_remedy_and_the_job_can_be_removed(base: str, jobs: Jobs, open_page: Open) -> None:
    ended(jobs, "Kept", "done", message="kept", hint="")
    ended(jobs, "Spilled", "failed")
    page = open_page(base + "/jobs")
    found = card(page, "Spilled")
    expect(found).to_contain_text("No bean is left")
    expect(found).to_contain_text("Buy some")
    expect(button(page, "Cancel", "Spilled")).to_be_hidden()
    expect(button(page, "Resume", "Kept")).to_be_hidden()
    button(page, "Remove from list", "Spilled").click()
    expect(found).to_have_count(0)
    expect(card(page, "Kept")).to_be_visible()
    expect(card(page, "Kept")).to_be_focused()
    button(page, "Remove from list", "Kept").click()
    expect(page.get_by_role("heading", name="No job yet")).to_be_visible()
    assert jobs.all() == []


def test_a_killed_job_is_resumed(base: str, jobs: Jobs, open_page: Open) -> None:
    jobs.start(KIND, "Fragile", "", {"ends": "kill"}, {})
    until(lambda: not jobs.all()[0].alive)
    page = open_page(base + "/jobs")
    expect(card(page, "Fragile").locator(".job-state")).to_have_text("interrupted")
    expect(card(page, "Fragile")).to_contain_text("Resume it")
    expect(button(page, "Resume", "Fragile")).to_be_visible()


def test_what_cannot_be_resumed_now_is_said(base: str, jobs: Jobs, open_page: Open) -> None:
    with pytest.raises(InputError), counting(jobs, "Beans", "beans"):
        raise InputError("no bean is left", "buy some")
    page = open_page("about:blank")
    with counting(jobs, "Also beans", "beans"):
        page.goto(base + "/jobs")
        button(page, "Resume", "Beans").click()
        expect(page.get_by_role("alert")).to_contain_text("another job works on 'beans' already: Also beans")


def test_the_dataset_opens_while_it_fills(base: str, jobs: Jobs, data: Path, open_page: Open) -> None:
    with counting(jobs, "Filling", "filling") as reporter:
        page = open_page(base + "/jobs")
        expect(card(page, "Filling").locator("code")).to_have_text("filling")
        edges(data, "filling")
        described = data / "filling" / "dataset.json"
        described.write_text(json.dumps(json.loads(described.read_text()) | {"partial": True}))
        link = page.get_by_role("link", name="Open matrix of Beans of the volume")
        expect(link).to_have_attribute("href", "/matrix?ds=filling")
        expect(card(page, "Filling").locator(".mark.partial")).to_have_text("partial so far")
        page.locator("#dataset-switch").click()
        expect(page.locator("[data-choose-dataset='filling']")).to_be_visible()
        page.keyboard.press("Escape")
        reporter.finished("40 connections")
        described.write_text(json.dumps(json.loads(described.read_text()) | {"partial": False}))
    expect(card(page, "Filling").locator(".mark.partial")).to_have_count(0)
    link.click()
    expect(page.locator("#dataset-title")).to_have_text("Beans of the volume")
    expect(page).to_have_url(re.compile(r"/matrix\?ds=filling"))


def test_a_link_points_out_one_job(base: str, jobs: Jobs, open_page: Open) -> None:
    made = [ended(jobs, f"Job {i}", "failed") for i in range(12)]
    page = open_page(f"{base}/jobs?job={made[0].id}")
    pointed = page.locator(".job-item.pointed-out")
    expect(pointed).to_have_count(1)
    expect(pointed).to_contain_text("Job 0")
    expect(pointed).to_be_in_viewport()
    page.goto(f"{base}/jobs?job=20260101-000000-000000")
    expect(page.get_by_text("no longer in the list")).to_be_visible()


def test_times_are_those_of_the_reader(base: str, jobs: Jobs, open_page: Open) -> None:
    job = ended(jobs, "Over", "failed")
    assert job.started
    page = open_page(base + "/jobs", timezone_id="Asia/Tokyo")
    there = job.started + timedelta(hours=9)
    expect(card(page, "Over").locator("time")).to_have_text(f"{there:%-d %b, %H:%M}")


def test_a_job_survives_the_server(base: str, jobs: Jobs, data: Path, tmp_path: Path, open_page: Open) -> None:
    job = ended(jobs, "Counting", "failed")
    Folder(data).path(job.id, "request.json").unlink()
    Folder(data).write_request(job.id, {"wait": ["go"]})
    environ = {
        "SYNAPTOSCOPE_DATA": str(data), "SYNAPTOSCOPE_CACHE": str(tmp_path), "SYNAPTOSCOPE_TEST_JOB_KINDS": KINDS,
    }  # fmt: skip
    page = open_page("about:blank")
    with serve("app:server", environ) as other:
        page.goto(other + "/jobs")
        button(page, "Resume", "Counting").click()  # this server starts the process
        expect(card(page, "Counting").locator(".job-state")).to_have_text("running")
        page.goto("about:blank")
    page.goto(base + "/jobs")
    expect(card(page, "Counting").locator(".job-state")).to_have_text("running")
    (data / "go").touch()
    expect(card(page, "Counting").locator(".job-state")).to_have_text("done")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_is_wrong_for_axe_in_any_state(
    base: str, jobs: Jobs, open_page: Open, size: tuple[int, int], scheme: str
) -> None:
    page = open_page(base + "/jobs", size=size, scheme=scheme)
    expect(page.get_by_role("heading", name="No job yet")).to_be_visible()
    assert axe(page) == []
    for state in ("failed", "cancelled", "done"):
        ended(jobs, f"This one is {state} and has a title that is so long that it does not fit " + "x" * 80, state,
              stage="Synapses", done=3, total=9, notes=("a note", "another"))  # fmt: skip
    waits = Jobs(jobs.data_dir, at_once=1)
    with counting(jobs, "Known") as known, counting(jobs, "Unknown") as unknown:
        known.stage("Synapses", 1000, "rows", done=100)
        unknown.stage("Cells", None, "rows")
        waiting = waits.start(KIND, "Waiting", "", {}, {})
        page.goto(f"{base}/jobs?job={waiting.id}")
        expect(card(page, "Waiting").locator(".job-state")).to_have_text("waiting")
        expect(card(page, "Known")).to_contain_text("100 of 1,000")
        expect(page.get_by_role("progressbar", name="Progress of Unknown")).to_be_visible()
        assert axe(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth") == size[0]
        jobs.cancel(waiting.id)
