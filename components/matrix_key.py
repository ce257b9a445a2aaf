"""The colour key of a matrix: which value has which colour, in words and ticks."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from components import colours
from components.colours import Theme
from components.matrix_frame import Frame
from views import matrix_picture
from views.matrix import Matrix

MEASURE_WORDS = {
    "n_synapses": "synapses", "binary": "connections", "sum_size": "summed synapse size",
    "mean_size": "mean synapse size", "log_sum_size": "ln of summed synapse size",
    "input_fraction": "fraction of the post side's input", "output_fraction": "fraction of the pre side's output",
}  # fmt: skip
# The scale starts at "no connection", which is the colour of the paper; the weakest connection must stand out from it.
FIRST = 0.16
LENGTH_PX = 220
TICK_PX = 15


@lru_cache(maxsize=4)
def ramp(n: int, theme: Theme) -> np.ndarray:
    """uint8 (n, 4): the colours of connections, weakest first."""
    skipped = round(n * FIRST / (1 - FIRST))
    return colours.sequential(n + skipped, theme)[skipped:]


def colourscale(theme: Theme, steps: int = 33) -> list[list[Any]]:
    """`ramp` as a Plotly colour scale."""
    return [[i / (steps - 1), "#" + bytes(c[:3]).hex()] for i, c in enumerate(ramp(steps, theme))]


def measure_words(matrix: Matrix) -> str:
    """What the colour means, in words."""
    view = matrix.view
    if view.measure == "binary" and matrix.grouped is None:
        return "connected"
    return MEASURE_WORDS.get(view.measure, view.measure.replace("_", " "))


def number(value: float) -> str:
    """A value on the screen: whole numbers with separators, others with three digits."""
    if value != value:
        return "no value"
    if abs(value - round(value)) < 1e-9 and abs(value) < 1e15:
        return f"{round(value):,}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def key(matrix: Matrix, theme: Theme, frame: Frame) -> dict[str, Any]:
    """An empty trace that carries the colour key; a key of one colour is not shown."""
    view = matrix.view
    low, high = matrix_picture.limits(matrix, view)
    log = view.scale == "log" and low > 0
    ends = (math.log10(low), math.log10(high)) if log else (low, high)
    length = min(LENGTH_PX, frame.plot_width if frame.narrow else frame.plot_height)
    at, text = ticks(low, high, log, (46 if frame.narrow else TICK_PX) / length)
    if view.hi is not None and matrix.high > high and text:
        text[-1] = "≥ " + text[-1]
    if view.lo is not None and matrix.low < low and len(text) > 1:
        text[0] = "≤ " + text[0]
    ink = colours.token("ink-2", theme)
    place = (
        {"orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yanchor": "top", "ypad": 8, "xpad": 0}
        if frame.narrow
        else {"x": 1, "xanchor": "left", "y": 1, "yanchor": "top", "xpad": 14, "ypad": 0}
    )
    words = measure_words(matrix) + (" (log)" if log else "")
    bar = place | {
        "len": length, "lenmode": "pixels", "thickness": 9, "outlinewidth": 0, "tickvals": at, "ticktext": text,
        "ticklen": 3, "tickangle": 0, "tickcolor": ink, "tickfont": {"size": 11, "color": ink},
        "title": {"text": words, "side": "top" if frame.narrow else "right", "font": {"size": 12, "color": ink}},
    }  # fmt: skip
    one_colour = view.scale == "binary" or math.isnan(matrix.low) or matrix.low == matrix.high
    marker = {
        "color": [ends[0]], "cmin": ends[0], "cmax": ends[1], "colorscale": colourscale(theme),
        "showscale": not (one_colour and view.lo is None and view.hi is None) and view.scale != "binary",
        "colorbar": bar,
    }  # fmt: skip
    return {"type": "scatter", "mode": "markers", "x": [None], "y": [None], "hoverinfo": "none", "marker": marker}


def ticks(low: float, high: float, log: bool, gap: float) -> tuple[list[float], list[str]]:
    """Positions (log10 where `log`) and texts: both ends, and round values at least `gap` of the length apart."""

    def place(value: float) -> float:
        return math.log10(value / low) / math.log10(high / low) if log else (value - low) / (high - low)

    kept = [low, high]
    for value in _round_values(low, high, log):
        if low < value < high and all(abs(place(value) - place(k)) >= gap for k in kept):
            kept.append(value)
    kept.sort()
    return [math.log10(v) for v in kept] if log else kept, [number(v) for v in kept]


def _round_values(low: float, high: float, log: bool) -> list[float]:
    """Candidates, the roundest first."""
    if log:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        return [m * 10.0**p for m in (1, 3, 2, 5) for p in powers]
    step = 10.0 ** math.floor(math.log10(high - low))
    step = next(s for s in (step / 4, step / 2, step, 2 * step) if (high - low) / s <= 5)
    if low.is_integer() and high.is_integer():
        step = max(1.0, round(step))
    first = math.ceil(low / step)
    return [i * step for i in range(first, first + 8)]
