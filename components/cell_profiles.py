"""Inputs and outputs of a cell along depth, and along the path to the soma: mirrored bars, stacked by partner type."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.profile import Profile, bin_width, profile
from components import colours
from components.cell_dots import plain
from components.cell_kinds import Kinds, drawn
from components.colours import Theme
from components.format import counted
from components.matrix_figure import typed
from components.scene import layer_guides, vertical_range
from data_access.dataset import Dataset
from views.cell_synapses import CellSynapses, vertical_axis

Json = dict[str, Any]


def depth(dataset: Dataset, made: CellSynapses, theme: Theme) -> Json | None:
    """Inputs to the left, outputs to the right of a line that runs down through the layers; None without depths."""
    if not np.isfinite(made.rows.depth_um).any():
        return None
    kinds = drawn(dataset, made.view.group, made.kinds)
    found = profile(made.rows.depth_um, made.rows.incoming, kinds.of, len(kinds.names), float(made.view.bin))
    axis = vertical_axis(dataset)
    same = axis is not None and np.array_equal(made.rows.depth_um, made.rows.at_um[:, axis], equal_nan=True)
    seen = vertical_range(made, axis) if same and axis is not None else _around(found)
    shapes, words = layer_guides(dataset, theme, seen)
    data = _bars(found, kinds, "h", [_layer(dataset, at) for at in found.centres.tolist()])
    count_axis, ink = _count_axis(found, theme), colours.token("ink-2", theme)
    title = f"{'xyz'[axis]}, µm" if same and axis is not None else "depth, µm"
    layout = _layout(theme, made) | {
        "margin": {"l": 46, "r": 8, "t": 22, "b": 8},
        "xaxis": count_axis | {"side": "top"},
        "yaxis": {
            "range": [seen[1], seen[0]],
            "showgrid": False,
            "zeroline": False,
            "tickfont": {"size": 11, "color": ink},
            "title": {"text": title, "font": {"size": 11, "color": ink}, "standoff": 4},
        },
        "shapes": [*shapes, _middle(theme, "x")],
        "annotations": words,
    }
    return {"data": data, "layout": layout}


def path(dataset: Dataset, made: CellSynapses, theme: Theme) -> Json | None:
    """Inputs above, outputs below a line that runs from the soma along the cell; None without path distances."""
    if made.path_um is None or not np.isfinite(made.path_um).any():
        return None
    kinds = drawn(dataset, made.view.group, made.kinds)
    width = bin_width(float(np.nanmax(made.path_um)))
    found = profile(made.path_um, made.rows.incoming, kinds.of, len(kinds.names), width)
    ink = colours.token("ink-2", theme)
    layout = _layout(theme, made) | {
        "margin": {"l": 46, "r": 12, "t": 8, "b": 34},
        "yaxis": _count_axis(found, theme),
        "xaxis": {
            "showgrid": False,
            "zeroline": False,
            "rangemode": "tozero",
            "tickfont": {"size": 11, "color": ink},
            "title": {"text": "path to the soma, µm", "font": {"size": 11, "color": ink}, "standoff": 4},
        },
        "shapes": [_middle(theme, "y")],
    }
    return {"data": _bars(found, kinds, "v", [""] * len(found.centres)), "layout": layout}


def _bars(found: Profile, kinds: Kinds, orientation: str, places: list[str]) -> list[Json]:
    """One trace a kind and direction: outputs count up, inputs down on "h" (to the left) and up on "v"."""
    signs = {"in": -1, "out": 1} if orientation == "h" else {"in": 1, "out": -1}
    where = [f"{a:g} to {b:g} µm" for a, b in zip(found.edges[:-1].tolist(), found.edges[1:].tolist(), strict=True)]
    data = []
    for i, (name, colour) in enumerate(zip(kinds.names, kinds.hexes, strict=True)):
        for side, counts in (("in", found.n_in[i]), ("out", found.n_out[i])):
            if not counts.any():
                continue
            at, values = typed(found.centres), typed(signs[side] * counts)
            word = "input" if side == "in" else "output"
            said = [
                f"{place + ', ' if place else ''}{span}<br>{counted(n, word)}, {plain(name)}"
                for place, span, n in zip(places, where, counts.tolist(), strict=True)
            ]
            data.append(
                {
                    "type": "bar",
                    "orientation": orientation,
                    "name": f"{plain(name)}, {word}",
                    "marker": {"color": colour, "line": {"width": 0}},
                    "width": float(found.edges[1] - found.edges[0]) * 0.94,
                    "hovertext": said,
                    "hoverinfo": "text",
                    **({"x": values, "y": at} if orientation == "h" else {"x": at, "y": values}),
                }
            )
    return data


def _layer(dataset: Dataset, at: float) -> str:
    return next((name for name, top, bottom in dataset.meta.layers if top <= at < bottom), "")


def _around(found: Profile) -> tuple[float, float]:
    pad = 0.03 * float(found.edges[-1] - found.edges[0])
    return float(found.edges[0]) - pad, float(found.edges[-1]) + pad


def _count_axis(found: Profile, theme: Theme) -> Json:
    """Counts on both sides of zero, written without their sign."""
    most = max(int(found.n_in.sum(axis=0).max(initial=0)), int(found.n_out.sum(axis=0).max(initial=0)), 1)
    step = max(1.0, bin_width(float(most), 3))
    ticks = [i * step for i in range(1, int(most / step) + 1)]
    ink = colours.token("ink-2", theme)
    at = [-t for t in reversed(ticks)] + [0.0, *ticks]
    return {
        "tickvals": at,
        "ticktext": [f"{abs(t):,.0f}" for t in at],
        "tickfont": {"size": 11, "color": ink},
        "showgrid": True,
        "gridcolor": colours.token("rule", theme),
        "gridwidth": 0.5,
        "zeroline": False,
    }


def _middle(theme: Theme, axis: str) -> Json:
    """The line between inputs and outputs."""
    line = {"color": colours.token("ink-2", theme), "width": 1}
    if axis == "x":
        return {"type": "line", "xref": "x", "yref": "paper", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "line": line}
    return {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": line}


def _layout(theme: Theme, made: CellSynapses) -> Json:
    ink = colours.token("ink", theme)
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "barmode": "relative",
        "bargap": 0,
        "dragmode": False,
        "hovermode": "closest",
        "uirevision": f"{made.view.ds} {made.code}",
        "font": {"family": "inherit", "size": 12, "color": ink},
        "hoverlabel": {
            "bgcolor": ink,
            "bordercolor": ink,
            "font": {"color": colours.token("surface", theme), "size": 12},
        },
    }
