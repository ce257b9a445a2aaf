"""The soma map as the browser draws it: one picture, the window it shows, axes, layers, and the key of its colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from analysis import raster as rasters
from components import colours
from components.colours import Theme
from components.format import counted, thousands
from components.matrix_axes import data_url
from views import soma_map, soma_map_colours, soma_map_picture, soma_map_synapses
from views.cells_page import CellsPage
from views.soma_map import SomaMap
from views.soma_map_colours import Colouring
from views.soma_map_picture import CONTEXT, FULL, MISSING, OUTSIDE, PALE

LARGEST = 4096
GOLD: dict[Theme, str] = {"light": "#c98a00", "dark": "#ffc53d"}
PROOFREAD_COLOURS: dict[Theme, tuple[str, str, str]] = {
    "light": ("#b9bcc2", "#45399b", "#e08a00"), "dark": ("#5b606a", "#b3aefc", "#ffc53d"),
}  # fmt: skip
Window = tuple[float, float, float, float]


def figure(drawn: SomaMap, view: CellsPage, theme: Theme, width: int, height: int, ratio: float) -> dict[str, Any]:
    """Everything the map's element needs: see assets/cells_map.js. width, height: of the plot in CSS pixels."""
    window = soma_map.fitted(drawn.extent, view, width, height)
    down = drawn.down
    framed = window if down else (window[0], window[1], window[3], window[2])
    scale = _fineness(width, height, ratio)
    size = min(round(width * scale), LARGEST), min(round(height * scale), LARGEST)
    dot = soma_map_picture.radii(drawn, window, width, height)
    found = soma_map_synapses.layers(drawn, view)
    pictures = []
    if view.somata == "show":
        fine = soma_map_picture.codes(drawn, framed, *size, dot[0] * scale, dot[1] * scale)
        pictures.append(data_url(rasters.png(fine, palette(drawn.colouring, theme))))
    if found is not None:
        shades = soma_map_synapses.codes(found, framed, width, height, ratio)
        pictures.insert(0, data_url(rasters.png(shades, synapse_palette(theme))))
    in_view = int(soma_map_picture.seen(drawn, window)[drawn.chosen.shown.codes].sum())
    return {
        "window": window, "extent": drawn.extent, "down": down, "pictures": pictures, "n": in_view, "dot": dot[0],
        "x": title(drawn.x_name), "y": title(drawn.y_name),
        "layers": [list(layer) for layer in soma_map.layers_along(drawn.dataset, drawn.y_name)],
        "layers_across": [list(layer) for layer in soma_map.layers_along(drawn.dataset, drawn.x_name)],
    }  # fmt: skip


def _fineness(width: int, height: int, ratio: float) -> float:
    """Pixels of the picture per CSS pixel: two at least, so that dots are round, where that is not too many."""
    fine = max(2.0, min(ratio, 4.0))
    return fine if width * height * fine * fine <= 6_000_000 else max(1.0, min(ratio, 2.0))


def title(column: str) -> str:
    """An axis as the figure names it."""
    words = column.removesuffix("_um").replace("_", " ")
    return f"{words} (µm)"


def palette(found: Colouring, theme: Theme) -> np.ndarray:
    """uint8 (256, 4): the colours of the picture's codes."""
    table = np.zeros((256, 4), np.uint8)
    table[CONTEXT] = [*_rgb(colours.token("rule", theme)), 255]
    table[OUTSIDE] = [*_rgb(colours.token("ink-3", theme)), 255]
    inks = [_rgb(h) for h in hexes(found, theme)]
    for k, rgb in enumerate(inks):
        table[FULL + k] = [*rgb, 255]
        table[PALE + k] = [*rgb, 70]
    grey = _rgb(colours.type_colour(colours.UNTYPED))
    table[FULL + MISSING], table[PALE + MISSING] = [*grey, 255], [*grey, 70]
    return table


def hexes(found: Colouring, theme: Theme) -> list[str]:
    """The colour of every kind or level."""
    if found.kind == "none":
        return [colours.token("accent", theme)]
    if found.kind == "numbers":
        ramp = colours.sequential(soma_map_colours.LEVELS + 18, theme)[18:]
        return ["#" + bytes(c[:3]).hex() for c in ramp]
    if found.column == soma_map_colours.PROOFREADING:
        return list(PROOFREAD_COLOURS[theme])
    table = colours.palette([n for n in found.names if n != soma_map_colours.OTHER])
    return [table.get(n, colours.type_colour("other")) for n in found.names]


def synapse_palette(theme: Theme) -> np.ndarray:
    """uint8 (256, 4): shades of grey, then of gold, denser = less transparent."""
    table = np.zeros((256, 4), np.uint8)
    steps = soma_map_synapses.STEPS
    alpha = np.linspace(60, 255, steps).astype(np.uint8)
    for first, ink in (
        (soma_map_synapses.UNDER, colours.token("rule-2", theme)),
        (soma_map_synapses.OVER, GOLD[theme]),
    ):
        table[first : first + steps, :3] = _rgb(ink)
        table[first : first + steps, 3] = alpha
    return table


def _rgb(text: str) -> list[int]:
    return list(bytes.fromhex(text[1:]))


def key(drawn: SomaMap, view: CellsPage, theme: Theme) -> list[Component]:
    """What the colours of the map mean, with the number of cells shown of each kind."""
    found = drawn.colouring
    parts: list[Component] = []
    codes = drawn.chosen.shown.codes[drawn.placed[drawn.chosen.shown.codes]]
    of = found.of[codes]
    if view.somata == "show" and found.kind == "numbers":
        parts.append(_scale(found, theme))
    elif view.somata == "show" and found.kind == "kinds":
        counts = np.bincount(of[of >= 0], minlength=len(found.names))
        inks = hexes(found, theme)
        kinds = [k for k in range(len(found.names)) if counts[k]]
        lines = [_entry(found.names[k], inks[k], int(counts[k])) for k in kinds]
        if (of < 0).any():
            lines.append(_entry(colours.UNTYPED if "type" in found.column else "missing",
                                colours.type_colour(colours.UNTYPED), int((of < 0).sum())))  # fmt: skip
        parts.append(html.Ul(lines, className="map-kinds"))
    laid = soma_map_synapses.layers(drawn, view)
    if laid is not None:
        made = {"out": "made", "in": "received"}[view.side]
        lines = [
            _entry(f"synapses {made} by {laid.cells.echo[:60]}", GOLD[theme], laid.n_over),
            _entry(f"synapses {made} by the cells shown", colours.token("rule-2", theme), laid.n_under),
        ]
        parts.append(html.Ul(lines, className="map-kinds"))
        if laid.n_unplaced:
            parts.append(html.P(f"{counted(laid.n_unplaced, 'synapse')} without a position.", className="hint"))
    return parts


def _entry(name: str, colour: str, count: int) -> html.Li:
    return html.Li(
        [html.Span(className="swatch", style={"background": colour}), html.Span(name, className="map-kind", title=name),
         html.Span(f"{count:,}", className="map-count")]
    )  # fmt: skip


def _scale(found: Colouring, theme: Theme) -> Component:
    inks = hexes(found, theme)
    stops = ", ".join(inks[i] for i in range(0, len(inks), 17))
    ends = [html.Span(thousands(round(found.low, 3))), html.Span(found.column.replace("_", " ")),
            html.Span(thousands(round(found.high, 3)))]  # fmt: skip
    return html.Div(
        [html.Div(className="map-ramp", style={"background": f"linear-gradient(to right, {stops})"}),
         html.Div(ends, className="map-ends")], className="map-scale",
    )  # fmt: skip
