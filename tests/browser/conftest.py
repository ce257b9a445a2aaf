"""A live server and a browser that fails the test on any console error, page error or failed request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.live import HERE, WIDE, Open, Watch, serve, watch

FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",  # WebGL without a graphics card
    "--enable-unsafe-swiftshader",
    "--disable-gpu-compositing",  # what the processor draws for a card it does not have costs more than it saves
    "--disable-gpu-rasterization",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]

LONG = ("test_matrix", "test_shell")  # worth a server in each process


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if item.path.stem not in LONG:  # one process, so that its server is started once
                item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def serve_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """serve_app(data_dir, **settings) -> base address of the real app over that folder; one server a combination."""
    running: dict[tuple[Any, ...], tuple[Any, str]] = {}

    def start(data_dir: Path, **settings: str) -> str:
        key = (data_dir, *sorted(settings.items()))
        if key not in running:
            environ = {
                "SYNAPTOSCOPE_DATA": str(data_dir),
                "SYNAPTOSCOPE_CACHE": str(tmp_path_factory.mktemp("cache")),
                **{f"SYNAPTOSCOPE_{name.upper()}": value for name, value in settings.items()},
            }
            context = serve("app:server", environ)
            running[key] = context, context.__enter__()
        return running[key][1]

    yield start
    for context, _ in running.values():
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(
    playwright: Playwright, chromium: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """One browser with a profile on disk: it keeps the scripts compiled, which is more than half of a page's cost."""
    profile = tmp_path_factory.mktemp("profile")
    launched = playwright.chromium.launch_persistent_context(profile, executable_path=chromium, args=FLAGS)
    launched.set_default_timeout(60_000)
    yield launched
    launched.close()


@pytest.fixture
def other_browser(playwright: Playwright, chromium: Path) -> Iterator[Callable[..., BrowserContext]]:
    """other_browser(timezone_id=..., ...) -> a browser in another place or on another screen."""
    opened: list[BrowserContext] = []

    def start(**options: Any) -> BrowserContext:
        launched = playwright.chromium.launch_persistent_context("", executable_path=chromium, args=FLAGS, **options)
        opened.append(launched)
        return launched

    yield start
    for launched in opened:
        launched.close()


@pytest.fixture
def open_page(browser: BrowserContext, other_browser: Callable[..., BrowserContext]) -> Iterator[Open]:
    """open_page(url, size=WIDE, scheme="light", permissions=(), **options) -> Page, checked when the test ends.

    Options are those of a browser of its own, such as timezone_id.

    What the page kept is then emptied. `page.watch.allow(text)` lets a trouble pass whose line contains the text.
    """
    watched: list[Watch] = []

    def start(
        url: str,
        size: tuple[int, int] = WIDE,
        scheme: str = "light",
        permissions: tuple[str, ...] = (),
        **options: Any,
    ) -> Page:
        viewport = {"width": size[0], "height": size[1]}
        browser.grant_permissions(list(permissions))
        page = (other_browser(viewport=viewport, **options) if options else browser).new_page()
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.watch = watch(page)  # type: ignore[attr-defined]
        watched.append(page.watch)  # type: ignore[attr-defined]
        page.goto(url)
        return page

    yield start
    for page in browser.pages:
        if page.url.startswith("http"):
            page.evaluate("() => localStorage.clear()")
        page.close()
    browser.clear_cookies()
    browser.clear_permissions()
    problems = [p for w in watched for p in w.left()]
    assert not problems, "\n".join(problems)


@pytest.fixture
def patience() -> Iterator[None]:
    """A busy machine takes its time to lay out a large page, or to draw without a graphics card."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def page(open_page: Open) -> Page:
    """A blank page of 1440 x 900 that is checked when the test ends."""
    return open_page("about:blank")
