"""The matrix as a Plotly figure: axes in cells, a picture rastered on the server, or a heat map where it is small.

The browser half is assets/matrix.js: on zoom it asks for the window again and swaps picture, bars and labels.
"""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from analysis.raster import Window
from components import colours
from components.colours import Theme
from components.matrix_axes import Bar, bar, bar_column, data_url, group_kinds, strip, ticks
from components.matrix_frame import BAR_PX, GAP_PX, Frame
from components.matrix_key import colourscale, key, ramp
from views import matrix_picture, schema
from views.matrix import ZOOM, Matrix

SMALL = 300  # cells a side up to which the figure is a Plotly heat map
FONT = "-apple-system, Segoe UI, Roboto, Noto Sans, Liberation Sans, Arial, sans-serif"


def is_small(matrix: Matrix) -> bool:
    """Whether the whole matrix is drawn as a heat map."""
    return max(matrix.shape) <= SMALL


def palette(theme: Theme) -> np.ndarray:
    """uint8 (256, 4): transparent for no connection, then the sequential scale, then the tint of untested pairs."""
    table = np.zeros((256, 4), np.uint8)
    table[1:255] = ramp(254, theme)
    table[255] = [*bytes.fromhex(colours.untested(theme)[1:]), 255]
    return table


def figure(matrix: Matrix, theme: Theme, frame: Frame) -> dict[str, Any]:
    """The whole figure for a box on the screen; InputError where a set is empty."""
    window = matrix.window(matrix.view)
    parts = window_parts(matrix, window, theme, frame)
    traces = heat_maps(matrix, theme) if is_small(matrix) else []
    return {"data": [*traces, key(matrix, theme, frame)], "layout": _layout(matrix, parts, theme, frame)}


def picture(matrix: Matrix, window: Window, theme: Theme, frame: Frame) -> str:
    """The picture of a window at device pixels, as a data URL."""
    return data_url(matrix_picture.png(matrix, matrix.view, window, *frame.pixels, palette(theme)))


def window_parts(matrix: Matrix, window: Window, theme: Theme, frame: Frame) -> dict[str, Any]:
    """What changes with the zoom: picture, colour bars, labels, lines; all JSON-able. `bins`: columns and rows of the
    picture."""
    width, height = frame.pixels
    x = ticks(matrix, "post", window.x0, window.x1, frame)
    y = ticks(matrix, "pre", window.y0, window.y1, frame)
    images = []
    if not is_small(matrix):
        images.append(_image(picture(matrix, window, theme, frame), window, "x", "y"))
    bars = _bars(matrix, window, width, height)
    if bars is not None:
        images.append(_image(bars["post"], window, "x", "paper") | {
            "y": 1 + (GAP_PX + BAR_PX) / frame.plot_height, "sizey": BAR_PX / frame.plot_height,
        })  # fmt: skip
        images.append(_image(bars["pre"], window, "paper", "y") | {
            "x": -(GAP_PX + BAR_PX) / frame.plot_width, "sizex": BAR_PX / frame.plot_width,
        })  # fmt: skip
    return {
        "window": [window.x0, window.x1, window.y0, window.y1],
        "bins": [min(width, window.n_cols), min(height, window.n_rows)],
        "x": {"tickvals": x.at, "ticktext": x.text},
        "y": {"tickvals": y.at, "ticktext": y.text},
        "shapes": _lines(window, x.lines, y.lines, theme),
        "images": images,
    }


def _image(source: str, window: Window, xref: str, yref: str) -> dict[str, Any]:
    """A picture laid over the window; a colour bar then moves itself beside it."""
    return {
        "source": source, "xref": xref, "yref": yref, "x": window.x0, "y": window.y0, "sizex": window.n_cols,
        "sizey": window.n_rows, "xanchor": "left", "yanchor": "top", "sizing": "stretch", "layer": "below",
    }  # fmt: skip


def _bars(matrix: Matrix, window: Window, width: int, height: int) -> dict[str, str] | None:
    found = axis_bar(matrix)
    if found is None:
        return None
    if matrix.row_groups is not None and matrix.col_groups is not None:
        rows = group_kinds(found, matrix.row_groups, matrix.pre.codes)
        cols = group_kinds(found, matrix.col_groups, matrix.post.codes)
    else:
        rows, cols = found.codes[matrix.rows.codes], found.codes[matrix.cols.codes]
    return {
        "pre": strip(found, rows[window.y0 : window.y1], height, upright=True),
        "post": strip(found, cols[window.x0 : window.x1], width, upright=False),
    }


def axis_bar(matrix: Matrix) -> Bar | None:
    """The colour bar in use."""
    return bar(matrix.dataset, bar_column(matrix))


def legend(matrix: Matrix) -> list[tuple[str, str, int]]:
    """Name, colour and number of cells of each kind in either set, in natural order; untyped last."""
    found = axis_bar(matrix)
    if found is None:
        return []
    either = np.union1d(matrix.pre.codes, matrix.post.codes)
    kinds = found.codes[either]
    counts = np.bincount(kinds[kinds >= 0], minlength=len(found.names))
    shown = [(n, h, int(c)) for n, h, c in zip(found.names, found.hexes, counts, strict=True) if c]
    missing = int((kinds < 0).sum())
    return [*shown, ("untyped", colours.type_colour("untyped"), missing)] if missing else shown


def heat_maps(matrix: Matrix, theme: Theme) -> list[dict[str, Any]]:
    """The matrix as a heat map of float32 (colours on the chosen scale), over a flat one of untested pairs."""
    view = matrix.view
    n_rows, n_cols = matrix.shape
    values = matrix_picture.dense(matrix)
    low, high = matrix_picture.limits(matrix, view)
    if view.scale == "log" and low > 0:
        with np.errstate(divide="ignore", invalid="ignore"):
            # a value of zero or less is below every colour of a log scale, not absent
            values = np.where(np.isnan(values), np.nan, np.log10(np.maximum(values, low)))
        low, high = math.log10(low), math.log10(high)
    if view.scale == "binary":
        values = np.where(np.isnan(values), np.nan, 1.0)
        low, high = 0.0, 1.0
    common = {
        "type": "heatmap", "x0": 0.5, "dx": 1, "y0": 0.5, "dy": 1, "hoverinfo": "none", "showscale": False,
    }  # fmt: skip
    found = []
    untested = matrix_picture.untested(matrix, Window(0, n_cols, 0, n_rows), n_cols, n_rows)
    if untested.any():
        flat = np.where(untested, np.float32(1), np.float32(np.nan))
        tint = colours.untested(theme)
        found.append(common | {"z": typed(flat), "zmin": 0, "zmax": 1, "colorscale": [[0, tint], [1, tint]]})
    found.append(
        common | {"z": typed(values.astype(np.float32)), "zmin": low, "zmax": high, "colorscale": colourscale(theme)}
    )
    return found


def typed(values: np.ndarray) -> dict[str, str]:
    """A float32 matrix as Plotly reads it from JSON: base64, four bytes a value, never nested lists."""
    data = np.ascontiguousarray(values, dtype="<f4")
    return {
        "dtype": "f4", "bdata": base64.b64encode(data.tobytes()).decode("ascii"),
        "shape": ", ".join(str(n) for n in data.shape),
    }  # fmt: skip


def _lines(window: Window, x: tuple[float, ...], y: tuple[float, ...], theme: Theme) -> list[dict[str, Any]]:
    """Hairlines between the blocks of an ordered axis."""
    style = {"type": "line", "layer": "above", "line": {"color": colours.token("rule", theme), "width": 1}}
    across = [style | {"x0": at, "x1": at, "y0": window.y0, "y1": window.y1} for at in x]
    return across + [style | {"y0": at, "y1": at, "x0": window.x0, "x1": window.x1} for at in y]


def _layout(matrix: Matrix, parts: dict[str, Any], theme: Theme, frame: Frame) -> dict[str, Any]:
    ink, rule = colours.token("ink-2", theme), colours.token("rule", theme)
    axis = {
        "showgrid": False, "zeroline": False, "ticks": "outside", "ticklen": GAP_PX + BAR_PX + 2,
        "tickcolor": "rgba(0,0,0,0)", "tickfont": {"size": 11, "color": ink}, "showline": True, "mirror": True,
        "linecolor": rule, "linewidth": 1, "tickmode": "array", "automargin": False, "minallowed": 0,
        "ticklabeloverflow": "allow",  # or Plotly measures every label, a quarter of its time
    }  # fmt: skip
    n_rows, n_cols = matrix.shape
    x0, x1, y0, y1 = parts["window"]
    x = {"side": "top", "range": [x0, x1], "maxallowed": n_cols, "tickangle": -60}
    y = {"range": [y1, y0], "maxallowed": n_rows}
    return {
        "template": {},
        "width": frame.width,
        "height": frame.height,
        "margin": {"l": frame.left, "r": frame.right, "t": frame.top, "b": frame.bottom},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": colours.token("surface", theme),
        "font": {"family": FONT},
        "hovermode": False,
        "dragmode": "zoom",
        "showlegend": False,
        "xaxis": axis | x | parts["x"],
        "yaxis": axis | y | parts["y"],
        "annotations": _titles(matrix, theme, frame),
        "shapes": parts["shapes"],
        "images": parts["images"],
        "meta": {
            "ds": matrix.dataset.meta.id, "query": schema.query(matrix.view, (*ZOOM, "pair", "ds")), "theme": theme,
            "shape": [n_rows, n_cols], "grouped": matrix.grouped is not None, "window": parts["window"],
            "bins": parts["bins"],
        },
    }  # fmt: skip


def _titles(matrix: Matrix, theme: Theme, frame: Frame) -> list[dict[str, Any]]:
    """Titles of both axes at the outer edge of the margins, whatever the length of the labels."""
    side = matrix.view.group or "cells"
    n_rows, n_cols = matrix.shape
    font = {"size": 12, "color": colours.token("ink", theme)}
    common = {"xref": "paper", "yref": "paper", "showarrow": False, "font": font, "borderpad": 0}
    return [
        common | {"text": f"postsynaptic {side} ({n_cols:,})", "x": 0.5, "y": 1, "xanchor": "center",
                  "yanchor": "top", "yshift": frame.top - 1},
        common | {"text": f"presynaptic {side} ({n_rows:,})", "x": 0, "y": 0.5, "xanchor": "left",
                  "yanchor": "middle", "xshift": -frame.left + 1, "textangle": -90},
    ]  # fmt: skip
