"""A cell and its synapses in 3D, as Plotly reads it: one trace a kind, pieces of the skeleton separated by gaps."""

from __future__ import annotations

from typing import Any

import numpy as np

from components import colours
from components.cell_dots import Dots, dots, marker, plain, words
from components.colours import Theme
from components.matrix_figure import typed
from components.scene import box, down, paper, scale_bar_um, skeleton_lines
from data_access.dataset import Dataset
from views.cell_synapses import CellSynapses

Json = dict[str, Any]
SIGNS = ("circle", "diamond")  # inputs and outputs; there is no triangle in 3D
NEAR = 0.9  # distance of the eye, in the scene's own units


def space(dataset: Dataset, made: CellSynapses, theme: Theme) -> Json:
    """The figure: seen along the last horizontal axis, the vertical one downwards, with a scale bar."""
    vertical = down(dataset)
    low, high = box(made)
    data: list[Json] = [
        {"type": "scatter3d", "mode": "lines", "name": name, **_xyz(line), "line": {"color": ink, "width": 2},
         "hoverinfo": "skip", "connectgaps": False}
        for name, line, ink in skeleton_lines(made, theme) if len(line)
    ]  # fmt: skip
    data += [_marks(dataset, made, part, theme) for part in dots(dataset, made)]
    bar, said = _scale_bar(low, high, vertical, theme)
    axes: dict[str, Json] = {f"{axis}axis": {"visible": False, "showspikes": False} for axis in "xyz"}
    axes[f"{'xyz'[vertical]}axis"]["autorange"] = "reversed"
    scene = {**axes, "aspectmode": "data", "camera": _camera(vertical), "bgcolor": "rgba(0,0,0,0)",
             "dragmode": "orbit", "annotations": [said]}  # fmt: skip
    layout = paper(theme, made) | {"margin": {"l": 0, "r": 0, "t": 0, "b": 0}, "scene": scene}
    layout.pop("dragmode")
    return {"data": [*data, bar], "layout": layout}


def _marks(dataset: Dataset, made: CellSynapses, part: Dots, theme: Theme) -> Json:
    said = words(dataset, made, part)
    return {
        "type": "scatter3d", "mode": "markers", "name": plain(part.name), **_xyz(made.rows.at_um[part.at]),
        "marker": marker(part, made, theme, 3.5, SIGNS), "text": said,
        "hovertemplate": "%{text}<extra></extra>" if said else f"{plain(part.name)}<extra></extra>",
    }  # fmt: skip


def _camera(vertical: int) -> Json:
    """The axis is drawn reversed, so that its small values are up in the scene's own coordinates."""
    zero = dict.fromkeys("xyz", 0.0)
    away = next(axis for axis in (2, 1, 0) if axis != vertical)
    aside = next(axis for axis in (0, 1, 2) if axis not in (vertical, away))
    eye = zero | {"xyz"[away]: -NEAR, "xyz"[aside]: 0.3 * NEAR}
    return {"up": zero | {"xyz"[vertical]: 1.0}, "eye": eye, "projection": {"type": "orthographic"}}


def _xyz(points: np.ndarray) -> Json:
    return {axis: typed(points[:, i]) for i, axis in enumerate("xyz")}


def _scale_bar(low: np.ndarray, high: np.ndarray, vertical: int, theme: Theme) -> tuple[Json, Json]:
    """A line along the first horizontal axis below the cell, and its length in words."""
    axis = next(a for a in (0, 1, 2) if a != vertical)
    length, ink = scale_bar_um(float((high - low)[axis])), colours.token("ink", theme)
    ends = np.stack([low, low]).astype(np.float64)
    ends[:, vertical] = high[vertical]
    ends[1, axis] += length
    line = {"type": "scatter3d", "mode": "lines", "name": "scale bar", **_xyz(ends), "line": {"color": ink, "width": 6},
            "hoverinfo": "skip"}  # fmt: skip
    middle = {a: float(v) for a, v in zip("xyz", ends.mean(axis=0), strict=True)}
    text = {**middle, "text": f"{length:g} µm", "showarrow": False, "yshift": -12, "font": {"size": 12, "color": ink}}
    return line, text
