"""The two cell-set boxes: pre and post, in the same place on every page, kept from page to page by the URL."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components.format import counted
from components.url_state import Control, PageUrl, Query
from data_access.dataset import CellSet

SIDES = {"pre": "Presynaptic cells", "post": "Postsynaptic cells"}
PLACEHOLDER = "all cells: type a filter such as cell_type == 'MC', or paste ids"


def controls(page: str, drops: tuple[str, ...] = ()) -> list[Control]:
    """The URL controls of both boxes."""
    return [Control(side, f"{page}-{side}", drops=drops) for side in SIDES]


def boxes(page: str, url: PageUrl, query: Query) -> Component:
    """Both boxes with the line under each that says what was meant."""
    return html.Div(
        [_box(page, side, label, url.value(side, query)) for side, label in SIDES.items()], className="sets"
    )


def _box(page: str, side: str, label: str, value: Any) -> Component:
    return html.Div(
        [
            dmc.Textarea(
                id=f"{page}-{side}", label=label, value=value, placeholder=PLACEHOLDER, autosize=True, minRows=1,
                maxRows=4, debounce=True, size="xs", className="set-box", spellCheck=False,
                **{"data-cell-set": side},
            ),
            html.P(id=f"{page}-{side}-echo", className="echo", **{"aria-live": "polite"}),
        ],
        className="set",
    )  # fmt: skip


def echo(cells: CellSet) -> str:
    """How many cells a text names, and what it means."""
    return f"{counted(len(cells), 'cell')}: {cells.echo}" if cells.text.strip() else counted(len(cells), "cell")
