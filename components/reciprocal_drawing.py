"""An element that assets/reciprocal_draw.js draws a small figure into: what to draw, as JSON, and colours."""

from __future__ import annotations

from typing import Any

import orjson
from dash import html
from dash.development.base_component import Component

from components import colours
from components.colours import Theme

Json = dict[str, Any]
STEPS = 24
# From much rarer than expected (ochre) over as expected to much more often (violet): OKLCH hues 75 and 288, the ends
# as dark as each other in the light theme and as bright in the dark one.
_DIVERGING: dict[str, tuple[str, ...]] = {
    "light": ("#6b4300", "#96661a", "#c08f45", "#dfbe86", "#f1f0ee", "#c9c3ef", "#9b8fdc", "#6e5cc0", "#43348f"),
    "dark": ("#ffcf7e", "#d4a04e", "#9c7434", "#634b27", "#2a2a2e", "#453e78", "#6a5fb5", "#968bea", "#cbc4ff"),
}


def sequential() -> dict[str, list[str]]:
    """Colours from few to many, per theme; the faintest differs from the paper."""
    return {theme: [_hex(c) for c in colours.sequential(STEPS + 3, theme)[3:]] for theme in _THEMES}


def diverging() -> dict[str, list[str]]:
    """Colours from rarer over as expected to more often, per theme."""
    return {theme: list(_DIVERGING[theme]) for theme in _THEMES}


_THEMES: tuple[Theme, ...] = ("light", "dark")


def _hex(rgba: Any) -> str:
    return "#" + bytes(rgba[:3]).hex()


def drawing(id: str, spec: Json, label: str, class_name: str = "") -> Component:
    """The element; `label` says to a screen reader what is seen. Arrow keys go from part to part, Enter picks one."""
    text = orjson.dumps(spec, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return html.Div(
        id=id, className=f"drawing {class_name}".strip(), tabIndex="0", role="application",
        **{"data-figure": text, "aria-label": f"{label} Arrow keys move from part to part, Enter picks one."},
    )  # fmt: skip
