"""The two cell-set boxes: pre and post, in the same place on every page, kept from page to page by the URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import Output, html
from dash.development.base_component import Component

from components.format import counted
from components.icons import icon
from components.url_state import Control, PageUrl, Query
from data_access.dataset import CellSet, Dataset
from data_access.errors import SynaptoscopeError

SIDES = {"pre": "Presynaptic cells", "post": "Postsynaptic cells"}
PLACEHOLDER = "all cells, or cell_type == 'MC', or ids"


def controls(page: str, drops: tuple[str, ...] = ()) -> list[Control]:
    """The URL controls of both boxes."""
    return [Control(side, f"{page}-{side}", drops=drops) for side in SIDES]


def boxes(page: str, url: PageUrl, query: Query, dataset: Dataset) -> Component:
    """Both boxes with the line under each that says what was meant, and what is often put into them at hand."""
    fragments = not bool(dataset.is_cell.all())
    return html.Div(
        [_box(page, side, label, url.value(side, query), fragments) for side, label in SIDES.items()], className="sets"
    )


def _box(page: str, side: str, label: str, value: Any, fragments: bool) -> Component:
    ready = []
    if fragments:
        title = "Leave out partners that are no cells: no nucleus and no proofread axon"
        ready.append(_ready("cells only", title, **{"data-cells-only": f"{page}-{side}"}))
    if side == "post":
        ready.append(_ready("same as pre", "Use the presynaptic cells", **{"data-same-as": f"{page}-pre {page}-post"}))
    return html.Div(
        [
            dmc.Textarea(
                id=f"{page}-{side}", label=label, value=value, placeholder=PLACEHOLDER, autosize=True, minRows=1,
                maxRows=4, debounce=True, size="xs", className="set-box", spellCheck=False,
                **{"data-cell-set": side, "aria-describedby": f"{page}-{side}-echo"},
            ),
            html.Div(
                [html.P(id=f"{page}-{side}-echo", className="echo", **{"aria-live": "polite"}),
                 html.Div(ready, className="ready")],
                className="under-set",
            ),
        ],
        className="set",
    )  # fmt: skip


def _ready(text: str, title: str, **marks: str) -> Component:
    return html.Button(text, type="button", className="quiet", title=title, **marks)


def outputs(page: str) -> list[Output]:
    """What `said` fills: the line under each box, and whether the box is marked as wrong."""
    return [
        Output(f"{page}-{side}{part}", prop) for side in SIDES for part, prop in (("-echo", "children"), ("", "error"))
    ]


def said(cells: Mapping[str, CellSet | SynaptoscopeError]) -> list[Any]:
    """For `outputs`: what each set means, or what is wrong with it."""
    return [part for side in SIDES for part in _said(cells[side])]


def _said(cells: CellSet | SynaptoscopeError) -> tuple[Any, bool]:
    if isinstance(cells, CellSet):
        return echo(cells), False
    hint = f" {cells.hint[:1].upper()}{cells.hint[1:]}" if cells.hint else ""
    end = "" if cells.message.endswith((".", ")", "?")) else "."
    return html.Span([icon("warning"), html.Span(cells.message + end + hint)], className="wrong"), True


def read(dataset: Dataset, texts: Mapping[str, str]) -> dict[str, CellSet | SynaptoscopeError]:
    """Each side's set, or why its text names none."""
    found: dict[str, CellSet | SynaptoscopeError] = {}
    for side in SIDES:
        try:
            found[side] = dataset.select(texts[side])
        except SynaptoscopeError as error:
            found[side] = error
    return found


def echo(cells: CellSet) -> str:
    """How many cells a text names, and what it means."""
    n = counted(len(cells), "cell")
    return f"{n}: {cells.echo}" if cells.text.strip() and cells.echo != n else n
