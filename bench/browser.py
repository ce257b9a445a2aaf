"""The page /matrix in headless Chromium: from a change to the screen, page loads, bytes, memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, Page, Playwright, ViewportSize

from bench.matrices import parameters
from bench.tables import Size
from scripts import browser as installed

SCREEN: ViewportSize = {"width": 1440, "height": 900}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROBE = Path(__file__).with_name("probe.js")
SMAPS = Path("/proc/self/smaps_rollup")  # the sums of a process's memory, as Linux tells them
LOAD_SECONDS = 60
SETTLE_MS = 700  # what follows a figure (its words, its legend) has ended by then


@dataclass(frozen=True)
class Painted:
    """One change, in ms: from the change and from the request to the new picture, to the finished figure, the request.

    n_bytes: of the answer on the wire; longest_task: the longest time for which the page could not react.
    """

    from_change: float
    from_request: float
    finished: float
    request: float
    n_bytes: int
    longest_task: float

    @staticmethod
    def of(seen: dict[str, Any]) -> Painted:
        """From what probe.js tells; the figure's own request is the first that asks for a figure or a window."""
        mine = [r for r in seen["requests"] if r["name"] in ("matrix/figure.json", "matrix/window.json")]
        if not mine:
            raise RuntimeError(f"a figure was painted without a request for it: {seen['requests']}")
        first = min(mine, key=lambda request: float(request["start"]))
        start, longest = float(first["start"]), max(seen["tasks"], default=0.0)
        picture, finished = float(seen["picture"]), float(seen["finished"])
        return Painted(picture, picture - start, finished - start, first["ms"], int(first["bytes"]), longest)


@dataclass(frozen=True)
class Loaded:
    """One page load, in ms since navigation start; first: the stand-in picture or the figure, whichever came first."""

    first: float
    figure: float
    n_bytes: int
    n_requests: int


class Visitor:
    """A browser with a profile of its own on disk, as a user has one: HTTP cache, compiled scripts."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context, self.base = context, base

    def address(self, size: Size, **more: object) -> str:
        """The page with the whole matrix of a table."""
        return f"{self.base}/matrix?{urlencode(parameters(size, **more))}"

    def open(self, address: str, cached: bool = True) -> tuple[Page, Loaded]:
        """The page once its figure is on the screen, and how it came there. RuntimeError after a minute."""
        page = self.context.new_page()
        session = self.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": not cached})
        sizes: list[int] = []
        session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
        page.goto(address)
        for _ in range(LOAD_SECONDS * 20):
            seen = page.evaluate("window.benchProbe.loaded()")
            if seen is not None:
                break
            page.wait_for_timeout(50)
        else:
            raise RuntimeError(f"no figure after {LOAD_SECONDS} s: {address}")
        page.wait_for_timeout(SETTLE_MS)
        times = [ms for ms in (seen["standIn"], seen["figure"]) if ms]
        return page, Loaded(min(times), seen["figure"], sum(sizes), len(sizes))


@contextmanager
def visitor(playwright: Playwright, base: str) -> Iterator[Visitor]:
    """A fresh browser; its profile is removed afterwards."""
    program = installed.find()
    with tempfile.TemporaryDirectory(prefix="bench-profile-", ignore_cleanup_errors=True) as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=program,
            args=FLAGS,
            viewport=SCREEN,
            reduced_motion="reduce",
        )
        try:
            context.add_init_script(path=PROBE)
            yield Visitor(context, base)
        finally:
            context.close()


def change(page: Page, control: str, values: Sequence[object], runs: int) -> list[Painted]:
    """Give a control its values in turn, `runs` times in all."""
    found = []
    for run in range(runs):
        props = {"value": values[run % len(values)]}
        seen = page.evaluate("([id, props]) => window.benchProbe.change(id, props)", [control, props])
        page.wait_for_timeout(SETTLE_MS)
        found.append(Painted.of(seen))
    return found


def zoom(page: Page, keys: str, runs: int) -> list[Painted]:
    """Press zoom keys in turn, `runs` times in all. RuntimeError where a window does not stay."""
    found = []
    for run in range(runs):
        seen = page.evaluate("(key) => window.benchProbe.zoom(key)", keys[run % len(keys)])
        page.wait_for_timeout(SETTLE_MS)
        now = page.evaluate("window.benchProbe.window()")
        if now != seen["window"]:
            raise RuntimeError(f"the zoom to {seen['window']} did not stay: now {now}")
        found.append(Painted.of(seen))
    return found


@dataclass(frozen=True)
class Memory:
    """MB: the page's renderer (resident, and its own alone), all processes of the browser, the JavaScript heap."""

    resident: float
    own: float
    browser: float
    heap: float

    def above(self, other: Memory) -> Memory:
        """What this has more."""
        return Memory(
            self.resident - other.resident, self.own - other.own, self.browser - other.browser, self.heap - other.heap
        )


def memory(visitor: Visitor, page: Page) -> Memory:
    """Of a browser that shows this page alone, after its garbage has been collected. Linux only."""
    session = visitor.context.new_cdp_session(page)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
        page.wait_for_timeout(300)
    heap = float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6
    kinds = _processes(visitor.context)
    sizes = {process: _memory_of(process) for process in kinds}
    renderer = max((sizes[p] for p, kind in kinds.items() if kind == "renderer"), key=lambda m: m["Rss"])
    own = renderer["Private_Clean"] + renderer["Private_Dirty"]
    return Memory(renderer["Rss"], own, sum(m["Pss"] for m in sizes.values()), heap)


def _processes(context: BrowserContext) -> dict[int, str]:
    """Number and kind of every process of the browser."""
    assert context.browser is not None
    found = context.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return {int(process["id"]): str(process["type"]) for process in found}


def _memory_of(process: int) -> dict[str, float]:
    """MB by kind: Rss resident, Pss with what is shared divided among those who share it, Private_*."""
    lines = Path(f"/proc/{process}/{SMAPS.name}").read_text(encoding="ascii").splitlines()[1:]
    return {name: int(size.split()[0]) / 1000 for name, size in (line.split(":", 1) for line in lines)}
