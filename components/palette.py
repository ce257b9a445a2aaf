"""The search in the bar (Ctrl-K): a dialog with a field and a list; assets/palette.js fills it from GET /search."""

from __future__ import annotations

import dash
from dash import html
from dash.development.base_component import Component

from components import url_state
from components.icons import icon
from views.examples import Page

HEADINGS = {
    "recent": "Recent",
    "cells": "Cells",
    "types": "Types",
    "sets": "Cell sets",
    "pages": "Pages",
    "datasets": "Datasets",
    "examples": "Examples",
    "jobs": "Jobs",
}
ICONS = {
    "cells": "cell",
    "types": "type",
    "sets": "set",
    "pages": "page",
    "datasets": "datasets",
    "examples": "matrix",
    "jobs": "jobs",
}
_KEYS = (("↑ ↓", "choose"), ("Enter", "open"), ("Tab", "other way"), ("Esc", "close"))


def pages() -> list[Page]:
    """The registered pages that stand in the rail, in its order; paths without the app's prefix."""
    found = [(page["nav"], page["path"]) for page in dash.page_registry.values() if page.get("nav")]
    found.sort(key=lambda item: (item[0].order, item[0].label))
    return [Page(path, nav.label, nav.requires, nav.reason) for nav, path in found]


def button() -> html.Button:
    """Opens the palette; stands in the bar."""
    return html.Button(
        [icon("search"), html.Span("Search", className="wide-only"), " ", html.Kbd("Ctrl K", className="wide-only")],
        id="search", type="button", className="tool search-tool",
        **{"aria-label": "Search Ctrl K: cells, types, pages, datasets", "aria-haspopup": "dialog",
           "aria-keyshortcuts": "Control+K Meta+K"},
    )  # fmt: skip


def dialog() -> html.Dialog:
    """The palette itself. The script puts the field into it: Dash would answer each letter with a render."""
    headings = {f"data-heading-{name}": words for name, words in HEADINGS.items()}
    icons = {f"data-icon-{name}": dash.get_asset_url(f"icons/{file}.svg") for name, file in ICONS.items()}
    return html.Dialog(
        html.Div(
            [
                html.Div(
                    [
                        icon("search"),
                        html.Div(id="palette-field", className="palette-field"),
                        html.Button("Close", type="button", className="palette-close", **{"data-close-dialog": ""}),
                    ],
                    className="palette-head",
                ),
                html.Div(id="palette-list", role="listbox", className="palette-list", **{"aria-label": "Found"}),
                html.P(id="palette-empty", className="palette-empty", hidden=True),
                html.Div([_key(*key) for key in _KEYS], className="palette-keys", **{"aria-hidden": "true"}),
                html.P(id="palette-said", className="visually-hidden", role="status"),
            ],
            className="palette-box",
        ),
        id="palette",
        className="palette",
        **{"aria-label": "Search", "data-route": url_state.href("/api/v1/search")} | headings | icons,
    )


def _key(key: str, what: str) -> Component:
    return html.Span([html.Kbd(key), " ", what])
