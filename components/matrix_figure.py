"""The matrix as a Plotly figure: axes in cells, a picture rastered on the server, or a heat map where it is small.

The browser half is assets/matrix.js: on zoom it asks for `window` again and swaps picture, bars and labels.
"""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from analysis.raster import Window
from components import colours
from components.colours import Theme
from components.matrix_axes import Bar, bar, data_url, group_colours, ticks
from views import matrix_picture, schema
from views.matrix import ZOOM, Matrix

SMALL = 300  # cells a side up to which the figure is a Plotly heat map
BAR_PX = 8
GAP_PX = 3
SURFACE = {"light": "#ffffff", "dark": "#121317"}
INK = {"light": "#191b20", "dark": "#e8e9ec"}
INK_2 = {"light": "#50555e", "dark": "#b0b5be"}
RULE = {"light": "#deded8", "dark": "#2c2f36"}
MEASURE_WORDS = {
    "n_synapses": "synapses", "binary": "connections", "sum_size": "summed synapse size",
    "mean_size": "mean synapse size", "log_sum_size": "ln of summed synapse size",
    "input_fraction": "fraction of the post side's input", "output_fraction": "fraction of the pre side's output",
}  # fmt: skip


def is_small(matrix: Matrix) -> bool:
    """Whether the whole matrix is drawn as a heat map."""
    return max(matrix.shape) <= SMALL


def palette(theme: Theme) -> np.ndarray:
    """uint8 (256, 4): transparent for no connection, then the sequential scale, then the tint of untested pairs."""
    table = np.zeros((256, 4), np.uint8)
    table[1:255] = colours.sequential(254, theme)
    table[255] = [*bytes.fromhex(colours.untested(theme)[1:]), 255]
    return table


def measure_words(matrix: Matrix) -> str:
    """What the colour means, in words."""
    view = matrix.view
    if view.measure == "binary" and matrix.grouped is None:
        return "connected"
    return MEASURE_WORDS.get(view.measure, view.measure.replace("_", " "))


def figure(matrix: Matrix, theme: Theme, width: int, height: int) -> dict[str, Any]:
    """The whole figure for a plot area of about width x height pixels."""
    view = matrix.view
    window = matrix.window(view)
    parts = window_parts(matrix, window, theme, width, height)
    traces: list[dict[str, Any]] = []
    if is_small(matrix):
        traces += heat_maps(matrix, theme)
    traces.append(_scale_key(matrix, theme))
    return {"data": traces, "layout": _layout(matrix, window, parts, theme, (width, height))}


def window_parts(matrix: Matrix, window: Window, theme: Theme, width: int, height: int) -> dict[str, Any]:
    """What changes with the zoom: picture, colour bars, labels; all JSON-able. `bins`: cells a pixel is made of."""
    width, height = max(1, min(width, 4096)), max(1, min(height, 4096))
    found: dict[str, Any] = {
        "window": [window.x0, window.x1, window.y0, window.y1],
        "bins": [min(width, window.n_cols), min(height, window.n_rows)],
        "x": ticks(matrix, "post", window.x0, window.x1, width).to_dict(),
        "y": ticks(matrix, "pre", window.y0, window.y1, height).to_dict(),
    }
    images = []
    if not is_small(matrix):
        picture = data_url(matrix_picture.png(matrix, matrix.view, window, width, height, palette(theme)))
        images.append(_image(picture, window, "x", "y"))
    bars = _bars(matrix, window, width, height)
    if bars is not None:
        images.append(_image(bars["post"], window, "x", "paper") | {
            "y": 1 + (GAP_PX + BAR_PX) / height, "sizey": BAR_PX / height,
        })  # fmt: skip
        images.append(_image(bars["pre"], window, "paper", "y") | {
            "x": -(GAP_PX + BAR_PX) / width, "sizex": BAR_PX / width,
        })  # fmt: skip
    return found | {"images": images}


def _image(source: str, window: Window, xref: str, yref: str) -> dict[str, Any]:
    """A picture laid over the window; a colour bar then moves itself beside it."""
    return {
        "source": source, "xref": xref, "yref": yref, "x": window.x0, "y": window.y0, "sizex": window.n_cols,
        "sizey": window.n_rows, "xanchor": "left", "yanchor": "top", "sizing": "stretch", "layer": "below",
    }  # fmt: skip


def _bars(matrix: Matrix, window: Window, width: int, height: int) -> dict[str, str] | None:
    strip = axis_bar(matrix)
    if strip is None:
        return None
    if matrix.row_groups is not None and matrix.col_groups is not None:
        rows = np.arange(window.y0, window.y1)
        cols = np.arange(window.x0, window.x1)
        row_bar = Bar(strip.column, (), tuple(group_colours(matrix.row_groups)), np.arange(len(matrix.row_groups)))
        col_bar = Bar(strip.column, (), tuple(group_colours(matrix.col_groups)), np.arange(len(matrix.col_groups)))
        if max(len(matrix.row_groups), len(matrix.col_groups)) > 250:
            return None
        return {"pre": row_bar.strip(rows, height, True), "post": col_bar.strip(cols, width, False)}
    return {
        "pre": strip.strip(matrix.rows.codes[window.y0 : window.y1], height, True),
        "post": strip.strip(matrix.cols.codes[window.x0 : window.x1], width, False),
    }


def axis_bar(matrix: Matrix) -> Bar | None:
    """The colour bar in use; grouped matrices have one only for the column they are grouped by."""
    dataset, column = matrix.dataset, matrix.view.bar
    column = dataset.meta.aliases.get(column, column)
    if matrix.grouped is not None and column != dataset.meta.aliases.get(matrix.view.group, matrix.view.group):
        return None
    return bar(dataset, column)


def legend(matrix: Matrix) -> list[tuple[str, str, int]]:
    """Name, colour and number of cells of each kind in either set, in natural order; untyped last."""
    strip = bar(matrix.dataset, matrix.dataset.meta.aliases.get(matrix.view.bar, matrix.view.bar))
    if strip is None:
        return []
    either = np.union1d(matrix.pre.codes, matrix.post.codes)
    kinds = strip.codes[either]
    counts = np.bincount(kinds[kinds >= 0], minlength=len(strip.names))
    found = [(n, h, int(c)) for n, h, c in zip(strip.names, strip.hexes, counts, strict=True) if c]
    missing = int((kinds < 0).sum())
    return [*found, ("untyped", colours.type_colour("untyped"), missing)] if missing else found


def heat_maps(matrix: Matrix, theme: Theme) -> list[dict[str, Any]]:
    """The matrix as a heat map of float32 (colours on the chosen scale), over a flat one of untested pairs."""
    view = matrix.view
    n_rows, n_cols = matrix.shape
    values = matrix_picture.dense(matrix)
    low, high = matrix_picture.limits(matrix, view)
    if view.scale == "log" and low > 0:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log10(np.where(values > 0, values, np.nan))
        low, high = math.log10(low), math.log10(high)
    if view.scale == "binary":
        values = np.where(np.isnan(values), np.nan, 1.0)
        low, high = 0.0, 1.0
    common = {
        "type": "heatmap",
        "x0": 0.5,
        "dx": 1,
        "y0": 0.5,
        "dy": 1,
        "hoverinfo": "none",
        "showscale": False,
    }
    found = []
    untested = matrix_picture.untested(matrix, Window(0, n_cols, 0, n_rows), n_cols, n_rows)
    if untested.any():
        flat = np.where(untested, np.float32(1), np.float32(np.nan))
        tint = colours.untested(theme)
        found.append(common | {"z": typed(flat), "zmin": 0, "zmax": 1, "colorscale": [[0, tint], [1, tint]]})
    scale = [list(step) for step in colours.colourscale(theme)]
    found.append(common | {"z": typed(values.astype(np.float32)), "zmin": low, "zmax": high, "colorscale": scale})
    return found


def typed(values: np.ndarray) -> dict[str, str]:
    """A float32 matrix as Plotly reads it from JSON: base64, four bytes a value, never nested lists."""
    data = np.ascontiguousarray(values, dtype="<f4")
    return {
        "dtype": "f4", "bdata": base64.b64encode(data.tobytes()).decode("ascii"),
        "shape": ", ".join(str(n) for n in data.shape),
    }  # fmt: skip


def _scale_key(matrix: Matrix, theme: Theme) -> dict[str, Any]:
    """An empty trace that carries the colour key."""
    view = matrix.view
    low, high = matrix_picture.limits(matrix, view)
    log = view.scale == "log" and low > 0
    c = (math.log10(low), math.log10(high)) if log else (low, high)
    at, text = _key_ticks(low, high, log)
    clipped = (view.lo is not None and matrix.low < low, view.hi is not None and matrix.high > high)
    if clipped[1] and text:
        text[-1] = "≥ " + text[-1]
    if clipped[0] and len(text) > 1:
        text[0] = "≤ " + text[0]
    key = {
        "orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yanchor": "top", "ypad": 10, "xpad": 0, "len": 240,
        "lenmode": "pixels", "thickness": 8, "outlinewidth": 0, "tickvals": at, "ticktext": text, "ticklen": 3, "tickangle": 0,
        "tickcolor": RULE[theme], "tickfont": {"size": 11, "color": INK_2[theme]},
        "title": {"text": measure_words(matrix) + (" (log)" if log else ""), "side": "top",
                  "font": {"size": 11.5, "color": INK_2[theme]}},
    }  # fmt: skip
    marker = {
        "color": [c[0]], "cmin": c[0], "cmax": c[1], "colorscale": [list(s) for s in colours.colourscale(theme)],
        "showscale": view.scale != "binary", "colorbar": key,
    }  # fmt: skip
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [None],
        "y": [None],
        "hoverinfo": "none",
        "marker": marker,
    }


def _key_ticks(low: float, high: float, log: bool) -> tuple[list[float], list[str]]:
    if log:
        powers = [10.0**p * m for p in range(-9, 16) for m in (1, 2, 5)]
        inside = [v for v in powers if low * 1.15 < v < high / 1.15]
        if len(inside) > 5:
            inside = [v for v in inside if abs(math.log10(v) - round(math.log10(v))) < 1e-9][:5]
        values = [low, *inside[:6]]
        if math.log10(high / values[-1]) < 0.14 * math.log10(high / low) and len(values) > 1:
            values.pop()
        values.append(high)
        return [math.log10(v) for v in values], [number(v) for v in values]
    values = [low, (low + high) / 2, high]
    if high - low < 2 and float(low).is_integer() and float(high).is_integer():
        values = [low, high]
    return values, [number(v) for v in values]


def number(value: float) -> str:
    """A value on the screen: whole numbers with separators, others with three digits."""
    if value != value:
        return "no value"
    if abs(value - round(value)) < 1e-9 and abs(value) < 1e15:
        return f"{round(value):,}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def lines(parts: dict[str, Any], theme: Theme) -> list[dict[str, Any]]:
    """Hairlines between the blocks of an ordered axis."""
    x0, x1, y0, y1 = parts["window"]
    style = {"type": "line", "layer": "above", "line": {"color": RULE[theme], "width": 1}}
    across = [style | {"x0": x, "x1": x, "y0": y0, "y1": y1} for x in parts["x"]["lines"]]
    return across + [style | {"y0": y, "y1": y, "x0": x0, "x1": x1} for y in parts["y"]["lines"]]


def _layout(
    matrix: Matrix, window: Window, parts: dict[str, Any], theme: Theme, size: tuple[int, int]
) -> dict[str, Any]:
    axis = {
        "showgrid": False, "zeroline": False, "ticks": "outside", "ticklen": GAP_PX + BAR_PX + 3,
        "tickcolor": "rgba(0,0,0,0)", "tickfont": {"size": 11, "color": INK_2[theme]},
        "showline": True, "mirror": True, "linecolor": RULE[theme], "linewidth": 1, "tickmode": "array",
        "automargin": False, "minallowed": 0,
    }  # fmt: skip
    side = matrix.view.group or "cells"
    n_rows, n_cols = matrix.shape
    title = {"font": {"size": 12, "color": INK[theme]}}
    return {
        "template": {},
        "margin": {"l": 124, "r": 8, "t": 104, "b": 68} if size[0] > 400 else {"l": 92, "r": 4, "t": 96, "b": 68},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": SURFACE[theme],
        "font": {"family": "-apple-system, Segoe UI, Roboto, Noto Sans, Liberation Sans, Arial, sans-serif"},
        "hovermode": False,
        "dragmode": "zoom",
        "showlegend": False,
        "xaxis": axis | {
            "side": "top", "range": [window.x0, window.x1], "maxallowed": n_cols, "tickangle": -60,
            "tickvals": parts["x"]["at"], "ticktext": parts["x"]["text"],
            "title": title | {"text": f"postsynaptic {side} ({n_cols:,})", "standoff": 6},
        },
        "yaxis": axis | {
            "range": [window.y1, window.y0], "maxallowed": n_rows, "tickvals": parts["y"]["at"],
            "ticktext": parts["y"]["text"], "title": title | {"text": f"presynaptic {side} ({n_rows:,})", "standoff": 6},
        },
        "shapes": lines(parts, theme),
        "images": parts["images"],
        "meta": {
            "ds": matrix.dataset.meta.id, "query": schema.query(matrix.view, (*ZOOM, "pair", "ds")), "theme": theme,
            "shape": [n_rows, n_cols], "grouped": matrix.grouped is not None, "window": parts["window"],
            "bins": parts["bins"], "size": list(size), "pair": matrix.view.pair,
        },
    }  # fmt: skip
