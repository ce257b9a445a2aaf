"""A live server and a browser that fails the test on any console error, page error or failed request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.browser.live import HERE, WIDE, Open, Watch, serve, watch

FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",  # WebGL without a graphics card
    "--enable-unsafe-swiftshader",
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
def browser(playwright: Playwright, chromium: Path) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield launched
    launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """open_page(url, size=WIDE, scheme="light") -> Page, in a context of its own, checked when the test ends.

    `page.watch.allow(text)` lets a trouble pass whose line contains the text.
    """
    contexts: list[BrowserContext] = []
    watched: list[Watch] = []

    def start(url: str, size: tuple[int, int] = WIDE, scheme: str = "light", **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce", **options
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.watch = watch(page)  # type: ignore[attr-defined]
        watched.append(page.watch)  # type: ignore[attr-defined]
        page.goto(url)
        return page

    yield start
    for context in contexts:
        context.close()
    problems = [p for w in watched for p in w.left()]
    assert not problems, "\n".join(problems)


@pytest.fixture
def page(open_page: Open) -> Page:
    """A blank page of 1440 x 900 that is checked when the test ends."""
    return open_page("about:blank")
