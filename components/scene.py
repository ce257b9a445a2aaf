"""A cell and its synapses in two projections that share the vertical axis, as Plotly reads it. Lengths in um."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from analysis import skeleton as trees
from components import colours
from components.cell_dots import MARKERS, Dots, dots, marker, picture, plain, scale, words
from components.colours import Theme
from components.matrix_figure import typed
from data_access.dataset import Dataset
from data_access.skeletons import AXON
from views.cell_synapses import CellSynapses, vertical_axis

Json = dict[str, Any]
GAP = 0.03  # between the two projections, of the width
PICTURE_PX = 1_400  # height of a picture of dots: two pixels a pixel of the figure
MARGIN = 0.04  # around what is drawn, of its height


def flat(dataset: Dataset, made: CellSynapses, theme: Theme) -> Json:
    """The figure: both horizontal axes against the vertical one, at the true aspect, with a scale bar."""
    vertical = down(dataset)
    across = [axis for axis in (0, 1, 2) if axis != vertical]
    parts = dots(dataset, made)
    low, high = box(made)
    seen = vertical_range(made, vertical)
    many = sum(len(part.at) for part in parts) > MARKERS
    data: list[Json] = []
    images: list[Json] = []
    for number, axis in enumerate(across):
        axes = {"xaxis": "x" if number == 0 else "x2", "yaxis": "y"}
        data += _lines(made, theme, axis, vertical, axes)
        if many:
            pad = MARGIN * float(seen[1] - seen[0])
            window = (float(low[axis]) - pad, float(high[axis]) + pad, *seen)
            images.append(_image(picture(made, parts, theme, (axis, vertical), window, PICTURE_PX), window, axes))
        else:
            data += [_marks(dataset, made, part, theme, axis, vertical, axes, not number) for part in parts]
        data += _soma(made, theme, axis, vertical, axes)
    if many:  # the colour bar of the picture
        data += [_bar_alone(part, theme) for part in parts if part.values is not None]
    return {"data": data, "layout": _layout(dataset, made, theme, across, vertical) | {"images": images}}


def down(dataset: Dataset) -> int:
    """The axis that is drawn downwards: the vertical one, y where the dataset does not say."""
    axis = vertical_axis(dataset)
    return 1 if axis is None else axis


def box(made: CellSynapses) -> tuple[np.ndarray, np.ndarray]:
    """The corner with the smallest and the one with the largest coordinates of all that is drawn."""
    parts = [made.rows.at_um[np.isfinite(made.rows.at_um).all(axis=1)]]
    if made.body is not None:
        parts.append(made.body.nodes_um)
    whole = np.concatenate(parts)
    if not len(whole):
        return np.zeros(3), np.full(3, 100.0)
    low, high = whole.min(axis=0), whole.max(axis=0)
    return low, np.maximum(high, low + 1.0)


def vertical_range(made: CellSynapses, vertical: int) -> tuple[float, float]:
    """What of the vertical axis is in view, so that a profile beside the figure can show the same.

    Wide cells get more height than they have, so that both projections fit at the true aspect.
    """
    low, high = box(made)
    width = sum(float(high[a] - low[a]) for a in range(3) if a != vertical)
    span = max(float(high[vertical] - low[vertical]), width * 0.72)
    middle = float(high[vertical] + low[vertical]) / 2
    return middle - span * (0.5 + MARGIN), middle + span * (0.5 + MARGIN)


def skeleton_lines(made: CellSynapses, theme: Theme) -> list[tuple[str, np.ndarray, str]]:
    """Name, points (k, 3) and colour of the lines: the axon lighter than the rest, where the skeleton tells."""
    if made.body is None:
        return []
    skeleton, nodes = made.body.skeleton, made.body.nodes_um
    axon = skeleton.kind == AXON
    dark, light = colours.token("ink-2", theme), colours.token("rule-2", theme)
    if not axon.any():
        return [("skeleton", trees.lines(nodes, skeleton.parent), dark)]
    parts = [("axon", axon, light), ("dendrite and soma", ~axon, dark)]
    return [(name, trees.lines(nodes, skeleton.parent, chosen), ink) for name, chosen, ink in parts]


def _lines(made: CellSynapses, theme: Theme, axis: int, vertical: int, axes: Json) -> list[Json]:
    return [
        {"type": "scatter", "mode": "lines", "name": name, "x": typed(line[:, axis]), "y": typed(line[:, vertical]),
         "line": {"color": ink, "width": 1}, "hoverinfo": "skip", "connectgaps": False, **axes}
        for name, line, ink in skeleton_lines(made, theme)
    ]  # fmt: skip


def _marks(
    dataset: Dataset, made: CellSynapses, part: Dots, theme: Theme, axis: int, vertical: int, axes: Json, first: bool
) -> Json:
    at, said = made.rows.at_um[part.at], words(dataset, made, part)
    look = marker(part, made, theme, 5.0 if len(made.rows) < 1_500 else 4.0)
    if not first:
        look.pop("colorbar", None)
    return {
        "type": "scatter", "mode": "markers", "name": plain(part.name), "x": typed(at[:, axis]),
        "y": typed(at[:, vertical]), "marker": look, "text": said,
        "hovertemplate": "%{text}<extra></extra>" if said else f"{plain(part.name)}<extra></extra>", **axes,
    }  # fmt: skip


def _image(source: str, window: tuple[float, float, float, float], axes: Json) -> Json:
    left, right, top, bottom = window
    return {
        "source": source, "xref": axes["xaxis"], "yref": axes["yaxis"], "x": left, "y": top, "sizex": right - left,
        "sizey": bottom - top, "xanchor": "left", "yanchor": "top", "sizing": "stretch", "layer": "above",
    }  # fmt: skip


def _bar_alone(part: Dots, theme: Theme) -> Json:
    assert part.values is not None
    return {"type": "scatter", "mode": "markers", "x": [None], "y": [None], "hoverinfo": "skip",
            "marker": {"color": [float(part.values.min())], **scale(part, theme)}}  # fmt: skip


def _soma(made: CellSynapses, theme: Theme, axis: int, vertical: int, axes: Json) -> list[Json]:
    if made.body is None:
        return []
    at = made.body.nodes_um[made.body.root]
    look = {"size": 11, "color": colours.token("ink", theme),
            "line": {"width": 1.5, "color": colours.token("surface", theme)}}  # fmt: skip
    return [{
        "type": "scatter", "mode": "markers", "x": [float(at[axis])], "y": [float(at[vertical])], "marker": look,
        "hovertemplate": "where the paths begin<extra></extra>", **axes,
    }]  # fmt: skip


def _layout(dataset: Dataset, made: CellSynapses, theme: Theme, across: list[int], vertical: int) -> Json:
    low, high = box(made)
    spans = high - low
    first = (1 - GAP) * float(np.clip(spans[across[0]] / (spans[across[0]] + spans[across[1]]), 0.28, 0.72))
    top, bottom = vertical_range(made, vertical)
    ink = colours.token("ink-2", theme)
    known = vertical_axis(dataset) is not None
    bare = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    small = {"size": 11, "color": ink}

    def horizontal(axis: int, domain: list[float]) -> Json:
        pad = 0.03 * float(spans[axis])
        ends = [float(low[axis]) - pad, float(high[axis]) + pad]
        return bare | {"domain": domain, "range": ends, "scaleanchor": "y", "constrain": "range"}

    guides, names = layer_guides(dataset, theme, (top, bottom))
    bar, said = _scale_bar(theme, low, high, across[0], bottom - 0.02 * (bottom - top))
    middles = (first / 2, first + GAP + (1 - first - GAP) / 2)
    titles = [
        {"xref": "paper", "yref": "paper", "x": x, "y": 1.0, "yanchor": "bottom", "showarrow": False, "font": small,
         "text": f"{'xyz'[axis]}–{'xyz'[vertical]}"}
        for axis, x in zip(across, middles, strict=True)
    ]  # fmt: skip
    scaled = made.view.colour in ("size", "path")
    title = {"text": f"{'xyz'[vertical]}, µm", "font": small, "standoff": 4} if known else None
    return paper(theme, made) | {
        "margin": {"l": 46 if known else 8, "r": 64 if scaled else 8, "t": 22, "b": 8},
        "xaxis": horizontal(across[0], [0, first]), "xaxis2": horizontal(across[1], [first + GAP, 1]) | {"anchor": "y"},
        "yaxis": bare | {"range": [bottom, top], "showticklabels": known, "tickfont": small, "title": title},
        "shapes": [*guides, bar], "annotations": [*names, *titles, said],
    }  # fmt: skip


def _scale_bar(theme: Theme, low: np.ndarray, high: np.ndarray, axis: int, at: float) -> tuple[Json, Json]:
    length, ink = scale_bar_um(float((high - low)[axis])), colours.token("ink", theme)
    left = float(low[axis])
    line = {"type": "line", "xref": "x", "yref": "y", "x0": left, "x1": left + length, "y0": at, "y1": at,
            "line": {"color": ink, "width": 2.5}}  # fmt: skip
    text = {"xref": "x", "yref": "y", "x": left + length / 2, "y": at, "yanchor": "bottom", "showarrow": False,
            "text": f"{length:g} µm", "font": {"size": 12, "color": ink}}  # fmt: skip
    return line, text


def scale_bar_um(span: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50 ... that is at most a third of the span."""
    power = 10.0 ** math.floor(math.log10(span / 3))
    return next((step * power for step in (5, 2) if step * power <= span / 3), power)


def layer_guides(dataset: Dataset, theme: Theme, seen: tuple[float, float]) -> tuple[list[Json], list[Json]]:
    """Lines at the borders of the layers and their names, as far as they are in view."""
    rule, ink = colours.token("rule-2", theme), colours.token("ink-3", theme)
    low, high = min(seen), max(seen)
    borders = sorted({v for _, top, bottom in dataset.meta.layers for v in (top, bottom) if low <= v <= high})
    shapes = [
        {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": v, "y1": v, "layer": "below",
         "line": {"color": rule, "width": 0.75, "dash": "dot"}} for v in borders
    ]  # fmt: skip
    names = []
    for name, top, bottom in dataset.meta.layers:
        start, end = max(top, low), min(bottom, high)
        if end - start > 0.03 * (high - low):
            names.append({"xref": "paper", "yref": "y", "x": 1, "xanchor": "right", "y": (start + end) / 2,
                          "showarrow": False, "text": plain(name), "font": {"size": 11, "color": ink},
                          "bgcolor": colours.token("surface", theme), "borderpad": 1})  # fmt: skip
    return shapes, names


def paper(theme: Theme, made: CellSynapses) -> Json:
    """What all figures share; zoom and camera outlast a change of colours, since they belong to the cell."""
    ink = colours.token("ink", theme)
    return {
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "showlegend": False, "hovermode": "closest",
        "dragmode": "pan", "uirevision": f"{made.view.ds} {made.code} {made.view.view}",
        "font": {"family": "inherit", "size": 12, "color": ink},
        "hoverlabel": {"bgcolor": ink, "bordercolor": ink,
                       "font": {"color": colours.token("surface", theme), "size": 12}},
    }  # fmt: skip
