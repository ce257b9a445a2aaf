"""Two cells and the synapses between them in 3D, as Plotly reads it. Lengths in um; assets/pair_scene.js draws it."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from analysis.projection import Seen
from components import colours, pair_look
from components.cell_dots import plain
from components.colours import Theme
from components.format import thousands
from components.matrix_figure import typed
from views.pair import ARROWS
from views.pair_scene import SCENES, Scene, Shape

Json = dict[str, Any]
SYMBOLS = {"ab": "circle", "ba": "diamond"}
TRANSLUCENT = 0.22
# what Plotly is told for a sign that is to be one px wide: measured on its pictures; signs differ, lists of sizes too
PER_PX = {"ab": 1.25, "ba": 0.9, "soma": 0.6}
SOMA_PX = 15.0
WIDTHS = {"axon": 2.0, "rest": 4.0}


def figure(scene: Scene, theme: Theme) -> Json:
    """data, layout and meta: the corners of the box that is drawn, what the named cameras see, the synapses' places."""
    data: list[Json] = []
    for name, shape in zip("ab", scene.shapes, strict=True):
        data += [*_lines(shape, name, theme), *_soma(shape, name, theme), *_mesh(shape, name, theme)]
    data += [marks for way in ARROWS for marks in _marks(scene, way, theme)]
    points = scene.points
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.maximum(0.5, 0.01 * (high - low))
    low, high = low - room, high + room
    ink = colours.token("ink", theme)
    axes = {
        f"{axis}axis": {"visible": False, "showspikes": False, "range": [float(low[i]), float(high[i])]}
        for i, axis in enumerate("xyz")
    }
    layout = {
        "paper_bgcolor": "rgba(0,0,0,0)", "showlegend": False, "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "font": {"family": "inherit", "size": 12, "color": ink},
        "hoverlabel": {"bgcolor": ink, "bordercolor": ink, "align": "left",
                       "font": {"color": colours.token("surface", theme), "size": 12}},
        "scene": {**axes, "bgcolor": "rgba(0,0,0,0)", "dragmode": "orbit", "hovermode": "closest"},
    }  # fmt: skip
    found, across = scene.synapses, pair_look.across(scene.synapses.size)
    return {
        "data": data, "layout": layout,
        "meta": {
            "somata": [None if shape.soma is None else shape.soma.tolist() for shape in scene.shapes],
            "low": low.tolist(), "high": high.tolist(),
            "cameras": {name: _camera(scene, name, scene.box(name)) for name in SCENES},
            "synapses": [
                [found.ids[i], *(round(v, 3) for v in found.at_um[i].tolist()), round(float(across[i]), 1)]
                for i in np.flatnonzero(found.placed)
            ],
        },
    }  # fmt: skip


def _camera(scene: Scene, name: str, box: Seen) -> Json:
    towards = scene.side if name.endswith("side") else scene.towards
    return {"centre": list(box.centre), "towards": towards.tolist(), "up": scene.up.tolist(),
            "width": box.width, "height": box.height}  # fmt: skip


def _xyz(points: np.ndarray) -> Json:
    return {axis: typed(points[:, i]) for i, axis in enumerate("xyz")}


def _lines(shape: Shape, name: str, theme: Theme) -> list[Json]:
    return [
        {"type": "scatter3d", "mode": "lines", "name": f"{name} {part}", **_xyz(line), "hoverinfo": "skip",
         "line": {"color": pair_look.colour(name, part, theme), "width": WIDTHS[part]}, "connectgaps": False}
        for part, line in (("axon", shape.axon), ("rest", shape.rest)) if len(line)
    ]  # fmt: skip


def _soma(shape: Shape, name: str, theme: Theme) -> list[Json]:
    if shape.soma is None:
        return []
    said = f"soma of {name.upper()}, {plain(shape.cell_id)}"
    return [{"type": "scatter3d", "mode": "markers", "name": f"{name} soma", **_xyz(shape.soma[None]),
             "marker": {"size": SOMA_PX * PER_PX["soma"], "line": {"width": 0},
                        "color": pair_look.colour(name, "rest", theme)},
             "hovertemplate": f"{said}<extra></extra>"}]  # fmt: skip


def _mesh(shape: Shape, name: str, theme: Theme) -> list[Json]:
    if shape.mesh is None:
        return []
    corners = {axis: _whole(shape.mesh.faces[:, i]) for i, axis in enumerate("ijk")}
    return [{"type": "mesh3d", "name": f"{name} mesh", **_xyz(shape.mesh.vertices), **corners, "hoverinfo": "skip",
             "color": pair_look.colour(name, "rest", theme), "opacity": TRANSLUCENT, "flatshading": False,
             "lighting": {"ambient": 0.75, "diffuse": 0.5, "specular": 0.05, "fresnel": 0.1}}]  # fmt: skip


def _marks(scene: Scene, way: str, theme: Theme) -> list[Json]:
    found = scene.synapses
    at = np.array([i for i in found.of(way).tolist() if found.placed[i]], np.int64)
    if not len(at):
        return []
    edge = {"width": 1.5, "color": colours.token("surface" if theme == "light" else "ink", theme)}
    return [{
        "type": "scatter3d", "mode": "markers", "name": way, **_xyz(found.at_um[at]),
        "marker": {"size": typed(pair_look.across(found.size)[at] * PER_PX[way]), "symbol": SYMBOLS[way], "opacity": 1,
                   "color": pair_look.colour(way[0], "synapse", theme), "line": edge},
        "text": [said(scene, int(i)) for i in at], "customdata": [found.ids[i] for i in at],
        "hovertemplate": "%{text}<extra></extra>",
    }]  # fmt: skip


def said(scene: Scene, i: int) -> str:
    """What hovering over a synapse tells: direction, id, size, what it is made onto."""
    found = scene.synapses
    lines = [ARROWS["ab" if found.forward[i] else "ba"], f"synapse {found.ids[i]}"]
    if np.isfinite(found.size[i]):
        lines.append(f"size {thousands(float(found.size[i]))}")
    if found.compartment[i]:
        lines.append(f"onto {found.compartment[i]}")
    return "<br>".join(plain(line) for line in lines)


def _whole(values: np.ndarray) -> Json:
    """Numbers of vertices as Plotly reads them: base64, four bytes each."""
    data = np.ascontiguousarray(values, dtype="<i4").tobytes()
    return {"dtype": "i4", "bdata": base64.b64encode(data).decode("ascii"), "shape": str(len(values))}
