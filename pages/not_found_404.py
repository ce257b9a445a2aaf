"""Shown for an address that no page answers."""

from __future__ import annotations

import dash
from dash import html
from dash.development.base_component import Component

from components import url_state

dash.register_page(__name__, title="No such page · Synaptoscope")


def layout(**_: object) -> Component:
    """Say so, and lead back."""
    return html.Article(
        [
            html.H1("No such page"),
            html.P("Nothing is served at this address. The pages are listed on the left."),
            html.P(html.A("Go to the datasets", href=url_state.href("/"), **{"data-go": ""})),
        ],
        className="page narrow",
    )
