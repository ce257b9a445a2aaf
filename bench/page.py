"""The page in a browser: what is measured on it, beside its budgets."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Playwright, sync_playwright

from bench import machine
from bench.browser import SMAPS, Loaded, Memory, Painted, Visitor, change, memory, visitor, zoom
from bench.measure import Runs
from bench.report import Budget, Section, Table, number, spread
from bench.tables import N_GROUPS, M, S, Size
from scripts import browser as installed

PAINT_MS = {"S": 100.0, "M": 200.0}
ZOOM_MS = 60.0
MEMORY_MB = 60.0
COLD_MS, WARM_MS, GROUPS_MS = 1000.0, 585.0, 300.0
ZOOM, GROUPS = "zoom", f"to {N_GROUPS} x {N_GROUPS} groups"
VISITS = 5  # a browser keeps compiled scripts from about the third visit on
PAINT = """Headless Chromium, 1440 x 900, software rendering, on the same cores as the server. A control of the page is
given another value, or a zoom key pressed. The clock stops when the new picture is decoded and the frame that holds it
painted; the budgets are for this, from the moment when the server is asked. "From the change" counts what the page does
before that as well; "finished" is the frame with the new labels and lines, from the request."""
LOAD = """A browser with a profile of its own. Cold: the first visit. Warm: visits after the fourth, when the browser
holds the files and the compiled scripts. First picture: the stand-in or the figure, whichever is on the screen first.
Without the HTTP cache, a later visit fetches everything anew."""
MEMORY = """The page with M against the same page with a matrix of one cell by one cell, each alone in a fresh
browser, after garbage collection: the renderer's resident memory and what it shares with no process (/proc smaps), all
processes of the browser together (shared memory counted once), the JavaScript heap. The budget is for the renderer's
resident memory."""


def sections(base: str, cell: str, runs: int) -> list[Section]:
    """Everything about the page; `runs` of each change, fewer of the slow ones. cell: id of any cell of M.

    Memory is measured on Linux only.
    """
    with sync_playwright() as playwright:
        found = [_paint(playwright, base, runs), _load(playwright, base, max(2, runs // 2))]
        if SMAPS.exists():
            found.append(_memory(playwright, base, cell, max(1, runs // 3)))
        return found


@dataclass(frozen=True)
class _Change:
    what: str
    size: Size
    painted: list[Painted]

    @property
    def from_request(self) -> Runs:
        return Runs.of(p.from_request for p in self.painted)

    def row(self) -> tuple[str, ...]:
        def of(name: str) -> Runs:
            return Runs.of(getattr(p, name) for p in self.painted)

        kilobytes = of("n_bytes").scaled(1e-3)
        return (
            self.size.name, self.what, spread(self.from_request, "ms"), spread(of("from_change"), "ms"),
            spread(of("finished"), "ms"), spread(of("request"), "ms"), number(kilobytes.median),
            number(of("longest_task").median),
        )  # fmt: skip


def _paint(playwright: Playwright, base: str, runs: int) -> Section:
    changes: list[_Change] = []
    stretches = []
    with visitor(playwright, base) as visit:
        for size in (S, M):
            page, _ = visit.open(visit.address(size))
            change(page, "matrix-scale", ("linear", "log"), 2)  # both workers have met the matrix
            changes += [
                _Change("other colours", size, change(page, "matrix-scale", ("linear", "binary", "log"), runs)),
                _Change("another threshold", size, change(page, "matrix-min", (2, 3, 1), runs)),
                _Change("another order", size, change(page, "matrix-order", ("degree", "position", "type"), runs)),
                _Change(ZOOM, size, zoom(page, "++0", runs)),
            ]
            stretches += [machine.stretch() for _ in range(5)]
            page.close()
        page, _ = visit.open(visit.address(M))
        there_and_back = change(page, "matrix-group", ("tile", ""), 2 * runs)
        changes.append(_Change(GROUPS, M, there_and_back[::2]))
    header = (
        "table", "change", "picture, from the request", "picture, from the change", "finished", "request",
        "kB on the wire", "longest task, ms",
    )  # fmt: skip
    budgets = tuple(_budget(c) for c in changes if (c.what, c.size) != (ZOOM, S))
    note = f"In between, a loop took {number(Runs.of(stretches).median)} times its CPU time (1 on a quiet machine)."
    rows = tuple(c.row() for c in changes)
    return Section("A change on the page", PAINT, (Table(header, rows),), budgets, (note,))


def _budget(change: _Change) -> Budget:
    target = {ZOOM: ZOOM_MS, GROUPS: GROUPS_MS}.get(change.what, PAINT_MS[change.size.name])
    return Budget(f"{change.size.name}, {change.what}: request to painted", target, change.from_request, "ms")


def _load(playwright: Playwright, base: str, runs: int) -> Section:
    rows, budgets = [], []
    for size in (S, M):
        cold, warm, uncached = [], [], []
        for _ in range(runs):
            with visitor(playwright, base) as visit:
                address = visit.address(size)
                seen = [_visit(visit, address) for _ in range(VISITS)]
                cold.append(seen[0])
                warm.append(seen[-1])
                uncached.append(_visit(visit, address, cached=False))
        rows += [_load_row(size, *kind) for kind in (("cold", cold), ("warm", warm), ("no HTTP cache", uncached))]
        budgets += [
            Budget(f"{size.name}, cold page: first picture", COLD_MS, Runs.of(p.first for p in cold), "ms"),
            Budget(f"{size.name}, warm page: figure painted", WARM_MS, Runs.of(p.figure for p in warm), "ms"),
        ]
    header = ("table", "page", "first picture", "figure", "kB on the wire", "requests")
    return Section("Loading the page", LOAD, (Table(header, tuple(rows)),), tuple(budgets))


def _visit(visit: Visitor, address: str, cached: bool = True) -> Loaded:
    page, loaded = visit.open(address, cached)
    page.close()
    return loaded


def _load_row(size: Size, what: str, loads: Sequence[Loaded]) -> tuple[str, ...]:
    first, figure = Runs.of(p.first for p in loads), Runs.of(p.figure for p in loads)
    kilobytes = Runs.of(p.n_bytes / 1000 for p in loads)
    requests = Runs.of(p.n_requests for p in loads)
    return (
        size.name, what, spread(first, "ms"), spread(figure, "ms"), number(kilobytes.median), number(requests.median)
    )  # fmt: skip


def _memory(playwright: Playwright, base: str, cell: str, runs: int) -> Section:
    one = {"pre": cell, "post": cell}
    added: list[Memory] = []
    shown: list[Memory] = []
    for _ in range(runs):
        empty = _memory_of(playwright, base, one)
        shown.append(_memory_of(playwright, base, {}))
        added.append(shown[-1].above(empty))
    names = {
        "resident": "renderer, resident",
        "own": "renderer, not shared",
        "browser": "all processes",
        "heap": "JavaScript heap",
    }
    rows = tuple(
        (words, *(spread(Runs.of(getattr(m, name) for m in kind), "MB") for kind in (shown, added)))
        for name, words in names.items()
    )
    budget = Budget("M adds to the browser's memory", MEMORY_MB, Runs.of(m.resident for m in added), "MB")
    return Section("Memory of the browser", MEMORY, (Table(("what", "page with M", "M adds"), rows),), (budget,))


def _memory_of(playwright: Playwright, base: str, more: dict[str, str]) -> Memory:
    with visitor(playwright, base) as visit:
        page, _ = visit.open(visit.address(M, **more))
        return memory(visit, page)


def version() -> str:
    """The browser that is driven."""
    program = installed.find()
    if program is None:
        return "no browser"
    return subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split(" built")[0].strip()
