"""The matrix page as a person drives it, and the datasets it is tried on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import pandas as pd
from playwright.sync_api import Page, Request

from data_access.importer import ImportSpec, import_dataset
from tests.views import samples

FIRST = 864691135808473885  # ids lie far above 2**53
N_CELLS, N_SENDING, N_FRAGMENTS = 360, 300, 60
TYPES = ["23P", "4P", "5P-IT", "BC", "MC", None]


@dataclass(frozen=True)
class Sheet:
    """A dataset of 420 nodes, more than a heat map holds, and the rows that it was made from."""

    synapses: pd.DataFrame
    cells: pd.DataFrame

    def connections(self, autapses: bool = False) -> pd.Series:
        """Synapses of each (pre, post), by pandas."""
        rows = self.synapses if autapses else self.synapses[self.synapses.pre_id != self.synapses.post_id]
        return rows.groupby(["pre_id", "post_id"]).size()


def sheet(data: Path, scratch: Path) -> Sheet:
    """Cells that only receive, fragments without a row in the table, autapses, missing types, a boolean, a layer."""
    random = np.random.default_rng(7)
    ids = FIRST + 37 * np.arange(N_CELLS + N_FRAGMENTS, dtype=np.int64)
    n = 9_000
    pre = ids[(N_SENDING * random.random(n) ** 1.5).astype(int)]
    post = ids[random.integers(0, len(ids), n)]
    rows = pd.DataFrame({"synapse_id": np.arange(n) + 2**60, "pre_id": pre, "post_id": post})
    strong = pd.DataFrame({"synapse_id": np.arange(40) + 2**61, "pre_id": ids[5], "post_id": ids[77]})
    own = pd.DataFrame({"synapse_id": np.arange(6) + 2**62, "pre_id": ids[:3].repeat(2), "post_id": ids[:3].repeat(2)})
    rows = pd.concat([rows, strong, own], ignore_index=True)
    rows["size"] = random.integers(10, 5_000, len(rows))
    for axis in "xyz":
        rows[f"{axis}_nm"] = random.integers(0, 10**6, len(rows))
    cells = pd.DataFrame({
        "cell_id": ids[:N_CELLS],
        "mtype": random.choice(np.array(TYPES, dtype=object), N_CELLS, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]),
        "x_nm": random.random(N_CELLS) * 1e6, "y_nm": random.random(N_CELLS) * 1e6, "z_nm": random.random(N_CELLS) * 1e6,
        "layer": random.integers(1, 7, N_CELLS),
        "id": np.arange(N_CELLS),  # a column that bears the name of an order
        "on_left": random.random(N_CELLS) < 0.5,
        "lineage": random.choice(np.array(["a>b", "it's \"odd\"", "<b>bold</b>", None], dtype=object), N_CELLS),
    })  # fmt: skip
    spec = ImportSpec(
        id="sheet", title="A sheet of cells", version="v9", cell_type="mtype", citation="Someone et al. (2026)",
        synapses=(samples.write(rows, scratch / "sheet_synapses.parquet"),),
        cells=(samples.write(cells, scratch / "sheet_cells.parquet"),),
    )  # fmt: skip
    import_dataset(data, spec)
    return Sheet(rows, cells)


class Matrix:
    """The page in a browser. `ask` opens a view, `rest` waits until nothing is under way."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.requests: list[str] = []
        self._open: set[Request] = set()
        page.on("request", self._begun)
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda request: self._open.discard(request))  # type: ignore[call-overload]

    def _begun(self, request: Request) -> None:
        if request.resource_type in ("fetch", "xhr"):
            self._open.add(request)
            self.requests.append(request.url.removeprefix(self.base))

    def ask(self, ds: str, **query: Any) -> Matrix:
        self.page.goto(f"{self.base}/matrix?{urlencode({'ds': ds} | query)}")
        self.page.wait_for_selector("#matrix-figure[data-state]")
        return self.rest()

    def go(self, **query: Any) -> Matrix:
        """To another view of the same dataset, as by a link of the page."""
        query = {"ds": self.query["ds"]} | query
        self.page.evaluate("href => synaptoscope.go(href)", f"/matrix?{urlencode(query)}")
        return self.rest()

    def rest(self) -> Matrix:
        quiet = 0
        for _ in range(400):
            self.page.wait_for_timeout(25)
            busy = self._open or self.page.evaluate(
                "document.querySelector('#matrix-figure')?.ariaBusy === 'true' || !synaptoscope.matrix.told()"
            )
            quiet = 0 if busy else quiet + 1
            if quiet >= 5:
                return self
        raise AssertionError(f"never at rest: {[r.url for r in self._open]}")

    # -- what is shown

    @property
    def query(self) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(urlsplit(self.page.url).query).items()}

    @property
    def meta(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate("document.getElementById('matrix-graph').layout.meta")
        return found

    @property
    def layout(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(
            "(({xaxis, yaxis, images, shapes}) => ({xaxis, yaxis, images, shapes}))(document.getElementById('matrix-graph').layout)"
        )
        return found

    def text(self, part: str) -> str:
        return " ".join(self.page.locator(f"#matrix-{part}").inner_text().split())

    @property
    def area(self) -> dict[str, float]:
        """The plot in pixels of the window."""
        found: dict[str, float] = self.page.evaluate(
            """() => {const g = document.getElementById('matrix-graph'), b = g.getBoundingClientRect(), s = g._fullLayout._size;
            return {x: b.left + s.l, y: b.top + s.t, w: s.w, h: s.h}}"""
        )
        return found

    def spot(self, col: float, row: float) -> tuple[float, float]:
        """Pixel of the middle of an entry, or of the bin that it shares."""
        (x0, x1, y0, y1), (bx, by), area = self.meta["window"], self.meta["bins"], self.area
        x, y = int((col - x0) * bx / (x1 - x0)), int((row - y0) * by / (y1 - y0))
        return area["x"] + (x + 0.5) / bx * area["w"], area["y"] + (y + 0.5) / by * area["h"]

    def edge(self, col: float, row: float) -> tuple[float, float]:
        """Pixel of a place between entries."""
        (x0, x1, y0, y1), area = self.meta["window"], self.area
        return area["x"] + (col - x0) / (x1 - x0) * area["w"], area["y"] + (row - y0) / (y1 - y0) * area["h"]

    # -- what a person does

    def hover(self, col: float, row: float) -> str:
        self.page.mouse.move(*self.spot(col, row))
        self.page.wait_for_selector("#matrix-tip:not([hidden])")
        self.rest()
        return self.text("tip")

    def click(self, col: float, row: float) -> str:
        self.page.mouse.click(*self.spot(col, row))
        self.page.wait_for_selector("#matrix-panel .panel-head")
        self.rest()
        return self.text("panel")

    def drag(self, col0: float, row0: float, col1: float, row1: float) -> Matrix:
        end = self.edge(col1, row1)
        self.page.mouse.move(*self.edge(col0, row0))
        self.page.mouse.down()
        self.page.mouse.move(*self.edge((col0 + col1) / 2, (row0 + row1) / 2))
        self.page.mouse.move(*end)
        self.page.mouse.up()
        return self.rest()

    def choose(self, key: str, label: str) -> Matrix:
        self.page.locator(f"#matrix-{key}").click()
        self.page.get_by_role("option", name=label, exact=True).click()
        return self.rest()

    def fill(self, key: str, text: str) -> Matrix:
        box = self.page.locator(f"#matrix-{key}")
        box.fill(text)
        box.press("Enter")
        return self.rest()
