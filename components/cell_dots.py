"""The synapses of a cell as dots: which colour each has and what it means; of very many a picture is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis import points, raster
from components import colours
from components.cell_kinds import drawn
from components.colours import Theme
from components.matrix_axes import data_url
from components.matrix_figure import typed
from data_access.dataset import Dataset
from views.cell_synapses import CellSynapses
from views.partner_rows import FRAGMENT, UNTYPED

MARKERS = 3_000  # points up to which each is a mark of its own; more are drawn as one picture
NAMED = 6_000  # points up to which each tells its partner
LEVELS = 100
COMPARTMENTS = {"spine": "#c8553d", "shaft": "#3a6ea5", "soma": "#8a5fb0", "": "#9a9a9a"}
INPUT, OUTPUT = "circle", "triangle-up"
FAINT = (FRAGMENT, UNTYPED, "none", "no value")
Json = dict[str, Any]
Window = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Dots:
    """Synapses of one colour, or of one scale: name, rows int64, "#rrggbb" or the values that the scale shows."""

    name: str
    at: np.ndarray
    hex: str = ""
    values: np.ndarray | None = None


def dots(dataset: Dataset, made: CellSynapses) -> list[Dots]:
    """The synapses that have a place, by colour; those that matter least first, so that they lie below the others."""
    rows, colour = made.rows, made.view.colour
    placed = np.isfinite(rows.at_um).all(axis=1)
    if colour == "compartment" and rows.compartment is not None:
        words = np.array([w if isinstance(w, str) else "" for w in rows.compartment.astype(object)], dtype=object)
        names = dict.fromkeys(("", "spine", "shaft", "soma", *sorted(set(words))))
        found = [Dots(n or "none", np.flatnonzero((words == n) & placed), _compartment(n)) for n in names]
    elif colour in ("size", "path") and (values := _values(made)) is not None and np.isfinite(values[placed]).any():
        known = placed & np.isfinite(values)
        title = "size" if colour == "size" else "path to the soma, µm"
        found = [
            Dots("no value", np.flatnonzero(placed & ~known), colours.type_colour(UNTYPED)),
            Dots(title, np.flatnonzero(known), "", values[known]),
        ]
    else:
        kinds = drawn(dataset, made.view.group, made.kinds)
        named = zip(kinds.names, kinds.hexes, strict=True)
        found = [Dots(n, np.flatnonzero(placed & (kinds.of == i)), h) for i, (n, h) in enumerate(named)][::-1]
    return [part for part in found if len(part.at)]


def _compartment(name: str) -> str:
    return COMPARTMENTS.get(name) or colours.type_colour(name)


def _values(made: CellSynapses) -> np.ndarray | None:
    return made.rows.size if made.view.colour == "size" else made.path_um


def unavailable(made: CellSynapses) -> str:
    """Why the synapses are coloured by partner type although something else was asked for; "" where they are not."""
    colour = made.view.colour
    if colour == "compartment" and made.rows.compartment is None:
        return "The synapses of this dataset have no target compartment: coloured by partner type."
    if colour == "size" and len(made.rows) and not np.isfinite(made.rows.size).any():
        return "These synapses have no measured size: coloured by partner type."
    if colour == "path" and made.body is None:
        return "Without a skeleton there is no path to the soma: coloured by partner type."
    return ""


def words(dataset: Dataset, made: CellSynapses, part: Dots) -> list[str] | None:
    """What each dot says: its partner; None where there are too many."""
    if len(made.rows) > NAMED:
        return None
    ids = dataset.index.text(made.rows.partner[part.at])
    kinds = np.asarray(made.kinds.astype(object))[part.at].tolist()
    ways = np.where(made.rows.incoming[part.at], "input from", "output onto").tolist()
    return [f"{way} {plain(kind)} {plain(cell)}" for way, kind, cell in zip(ways, kinds, ids, strict=True)]


def plain(text: str) -> str:
    """A text of the data as Plotly shows it: its own small markup taken as letters."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def marker(part: Dots, made: CellSynapses, theme: Theme, size: float, signs: tuple[str, str] = (INPUT, OUTPUT)) -> Json:
    """Plotly's marker: inputs and outputs by sign, colours by kind or on a scale."""
    incoming = made.rows.incoming[part.at]
    faint = part.name in FAINT
    found: Json = {"size": size * (0.8 if faint else 1.0), "opacity": 0.6 if faint else 0.9, "line": {"width": 0}}
    alike = incoming.all() or not incoming.any()
    found["symbol"] = signs[0 if incoming.all() else 1] if alike else np.where(incoming, *signs).tolist()
    if part.values is None:
        return found | {"color": part.hex}
    return found | {"color": typed(part.values)} | scale(part, theme)


def scale(part: Dots, theme: Theme) -> Json:
    """The scale of values with its bar; its upper end is the 98th percentile, so that a few do not take all colours."""
    low, high = _limits(part)
    steps = [colour for _, colour in _ramp(theme)]
    ink = colours.token("ink-2", theme)
    bar = {
        "title": {"text": part.name, "side": "right", "font": {"size": 11, "color": ink}}, "thickness": 9, "len": 0.6,
        "outlinewidth": 0, "tickfont": {"size": 11, "color": ink}, "x": 1.0, "xpad": 4,
    }  # fmt: skip
    shades = [[i / (len(steps) - 1), colour] for i, colour in enumerate(steps)]
    return {"colorscale": shades, "cmin": low, "cmax": high, "colorbar": bar}


def _ramp(theme: Theme) -> list[tuple[float, str]]:
    """Without the shades that are nearly the paper's."""
    return colours.colourscale(theme, LEVELS + 28)[28:]


def _limits(part: Dots) -> tuple[float, float]:
    assert part.values is not None
    low, high = (float(v) for v in np.percentile(part.values, (0, 98)))
    return (low, high) if high > low else (low, low + 1.0)


def picture(
    made: CellSynapses, parts: Sequence[Dots], theme: Theme, axes: tuple[int, int], window: Window, height: int
) -> str:
    """All dots of one projection as a PNG in a data URL, `height` pixels high; window = (left, right, top, bottom)."""
    left, right, top, bottom = window
    width = max(1, min(4_000, round(height * (right - left) / (bottom - top))))
    codes, table = np.zeros(len(made.rows), np.uint8), np.zeros((256, 4), np.uint8)
    tiers = np.full(len(made.rows), -1, np.int64)
    first = 1
    for tier, part in enumerate(parts):
        tiers[part.at] = tier
        hexes = [part.hex] if part.values is None else [colour for _, colour in _ramp(theme)]
        table[first : first + len(hexes)] = [[*bytes.fromhex(h[1:]), 255] for h in hexes]
        codes[part.at] = first if part.values is None else first + _level(part, len(hexes))
        first += len(hexes)
    at = made.rows.at_um.astype(np.float32)
    order = points.drawing_order(tiers)
    faint = np.isin(tiers[order], [i for i, part in enumerate(parts) if part.name in FAINT])
    x, y = at[:, axes[0]], at[:, axes[1]]
    canvas = points.discs(x, y, codes, order[faint], window, width, height, 1.6)
    front = points.discs(x, y, codes, order[~faint], window, width, height, 2.2 if (~faint).sum() > MARKERS else 4.0)
    return data_url(raster.png(np.where(front == 0, canvas, front), table))


def _level(part: Dots, n: int) -> np.ndarray:
    assert part.values is not None
    low, high = _limits(part)
    return np.clip((part.values - low) / (high - low) * n, 0, n - 1).astype(np.uint8)
