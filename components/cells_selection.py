"""The selection of /cells: how many, and what can be done with it."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from components import url_state
from components.format import counted
from views.cells_page import CellsPage, Chosen

LONGEST = 1_800


def bar(found: Chosen, view: CellsPage) -> list[Component]:
    """What is selected, and the ways on from there; with nothing selected, how to."""
    if not view.sel.strip():
        return [
            html.Span("Nothing selected.", className="hint"),
            _button("Select all shown", "select-shown", "Every cell that passes the filter, also those off the map"),
        ]
    n, inside = len(found.selected), len(found.both)
    where = "" if inside == n else f" ({n - inside:,} not shown by the filter)"
    ds = found.dataset.meta.id
    links = [
        html.A(words, href=url_state.href("/matrix", ds=ds, **{side: view.sel}), className="button",
               **{"data-go": ""})
        for side, words in (("pre", "As pre set"), ("post", "As post set"))
    ]  # fmt: skip
    return [
        html.Strong(f"{counted(n, 'cell')} selected{where}"),
        _button("Show only these", "filter", "Make the selection the filter; it stays selected"),
        _button("Add all shown", "add-shown", "Add every cell that passes the filter"),
        *links,
        _button("Copy ids", "copy", "Copy the ids of the selected cells"),
        _button("Save", "save", "Keep the selection on the server under a short name, and copy that"),
        _button("Clear", "clear", "Select nothing"),
    ]


def wrong(view: CellsPage) -> list[Component]:
    """For a selection that cannot be read: the way out."""
    return [html.Span("The selection in this link cannot be read.", className="hint"), _button("Clear", "clear", "")]


def _button(words: str, does: str, tip: str) -> Any:
    return html.Button(words, type="button", className="button", title=tip, **{"data-cells-do": does})
