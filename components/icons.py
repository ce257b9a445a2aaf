"""Icons: each is a file assets/icons/NAME.svg, drawn as a mask so that it takes the colour of the text beside it."""

from __future__ import annotations

import dash
from dash import html


def icon(name: str, class_name: str = "") -> html.Span:
    """The icon of that name, 16 px, hidden from screen readers: the control it stands in carries the words."""
    url = dash.get_asset_url(f"icons/{name}.svg")
    return html.Span(
        className=f"icon {class_name}".strip(), style={"--icon": f"url('{url}')"}, **{"aria-hidden": "true"}
    )
