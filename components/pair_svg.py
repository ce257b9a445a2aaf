"""A pair as a drawing in vectors: lines, outlines of surfaces, signs and a scale bar, from any side.

The projection is orthographic, as in the scene on the page: the scale bar holds everywhere in the picture.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

import numpy as np

from analysis import decimate, projection
from analysis.projection import Camera
from components import colours, pair_look
from components.colours import Theme
from components.format import short_id
from components.scene import scale_bar_um
from views.pair import ARROWS
from views.pair_scene import Scene

SLABS = 10  # layers of depth, drawn from the far one to the near one
WIDTHS = {"axon": 0.9, "rest": 1.8}
FONT = "Inter, 'Segoe UI', 'Liberation Sans', Arial, sans-serif"
FAR = 4.0  # pictures beyond whose edge nothing is written
EDGE = 20  # px from the scale bar to the borders
Pieces = list[tuple[float, str]]


def svg(
    scene: Scene, camera: Camera, width: int, height: int, theme: Theme, draw: str = "all", marked: str = ""
) -> str:
    """The drawing, width x height px. marked: id of a synapse to draw a ring around.

    draw: all; plain (no legend); notes (scale bar, letters, ring and legend alone, to lie above another picture).
    """
    parts: list[str] = []
    if draw != "notes":
        parts = [
            f'<rect width="{width}" height="{height}" fill="{colours.token("surface", theme)}"/>',
            *_surfaces(scene, camera, width, height, theme),
            *_lines(scene, camera, width, height, theme),
            *_somata(scene, camera, width, height, theme),
            *_synapses(scene, camera, width, height, theme),
        ]
    parts += [*_letters(scene, camera, width, height, theme), *_ring(scene, camera, width, height, theme, marked)]
    parts.append(_scale_bar(camera, width, height, theme))
    parts += _key(scene, theme) if draw != "plain" else []
    names = " and ".join(escape(shape.cell_id) for shape in scene.shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{FONT}" font-size="12"><title>{names}</title>' + "".join(parts) + "</svg>"
    )


def _pieces(points: np.ndarray, width: int, height: int) -> Pieces:
    """Mean depth and path of each piece of a projected line (k, 3); what lies outside the picture is left out."""
    if not len(points):
        return []
    breaks = np.flatnonzero(np.isnan(points[:, 0]))
    found: Pieces = []
    for piece in np.split(points, breaks):
        piece = piece[~np.isnan(piece[:, 0])]
        if len(piece) < 2:
            continue
        low, high = piece[:, :2].min(axis=0), piece[:, :2].max(axis=0)
        if high[0] < 0 or high[1] < 0 or low[0] > width or low[1] > height:
            continue
        flat = np.clip(piece[:, :2], -FAR * max(width, height), FAR * max(width, height)).round(1)
        moved = np.insert((np.diff(flat, axis=0) != 0).any(axis=1), 0, True)
        text = " ".join(f"{x:g},{y:g}" for x, y in flat[moved].tolist())
        if moved.sum() > 1:
            found.append((float(piece[:, 2].mean()), f"M{text}"))
    return found


def _lines(scene: Scene, camera: Camera, width: int, height: int, theme: Theme) -> list[str]:
    """Skeletons in layers of depth, so that what is nearer lies above."""
    pieces: list[tuple[float, str, str, str]] = []
    for name, shape in zip("ab", scene.shapes, strict=True):
        for part, line in (("axon", shape.axon), ("rest", shape.rest)):
            at = projection.project(camera, line, width, height)
            pieces += [(depth, name, part, path) for depth, path in _pieces(at, width, height)]
    if not pieces:
        return []
    depth = np.array([piece[0] for piece in pieces])
    slab = np.searchsorted(np.quantile(depth, np.linspace(0, 1, SLABS + 1)[1:-1]), depth)
    found = []
    for number in range(SLABS):
        here = [pieces[i] for i in np.flatnonzero(slab == number)]
        for name in "ab":
            for part in ("axon", "rest"):
                paths = [path for _, n, p, path in here if (n, p) == (name, part)]
                if paths:
                    ink = pair_look.colour(name, part, theme)
                    found.append(_stroke("".join(paths), ink, WIDTHS[part]))
    return found


def _stroke(path: str, ink: str, thick: float, more: str = "") -> str:
    return (
        f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="{thick:g}" stroke-linecap="round" '
        f'stroke-linejoin="round"{more}/>'
    )


def _surfaces(scene: Scene, camera: Camera, width: int, height: int, theme: Theme) -> list[str]:
    """The outlines of the surfaces: edges where they turn away from the eye."""
    found = []
    for name, shape in zip("ab", scene.shapes, strict=True):
        if shape.mesh is None:
            continue
        at = projection.project(camera, shape.mesh.vertices, width, height)[:, :2]
        edges = decimate.contour(shape.mesh.vertices, shape.mesh.faces, camera.axes[2])
        ends = at[edges]
        size = np.array([width, height])
        outside = (ends.max(axis=1) < 0).any(axis=1) | (ends.min(axis=1) > size).any(axis=1)
        path = "".join(f"M{x0:.1f},{y0:.1f} {x1:.1f},{y1:.1f}" for (x0, y0), (x1, y1) in ends[~outside].tolist())
        if path:
            found.append(_stroke(path, pair_look.colour(name, "rest", theme), 0.7, ' stroke-opacity="0.75"'))
    return found


def _somata(scene: Scene, camera: Camera, width: int, height: int, theme: Theme) -> list[str]:
    found = []
    for name, shape in zip("ab", scene.shapes, strict=True):
        if shape.soma is not None:
            x, y, _ = projection.project(camera, shape.soma[None], width, height)[0].tolist()
            found.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7.5" fill="{pair_look.colour(name, "rest", theme)}"/>')
    return found


def _letters(scene: Scene, camera: Camera, width: int, height: int, theme: Theme) -> list[str]:
    """A and B beside the somata."""
    found = []
    for name, shape in zip("ab", scene.shapes, strict=True):
        if shape.soma is not None:
            x, y, _ = projection.project(camera, shape.soma[None], width, height)[0].tolist()
            look = f'fill="{pair_look.colour(name, "rest", theme)}" stroke="{colours.token("surface", theme)}"'
            found.append(
                f'<text x="{x + 11:.1f}" y="{y - 7:.1f}" font-size="16" font-weight="700" paint-order="stroke" '
                f'stroke-width="4" {look}>{name.upper()}</text>'
            )
    return found


def _ring(scene: Scene, camera: Camera, width: int, height: int, theme: Theme, marked: str) -> list[str]:
    found = scene.synapses
    if marked not in found.ids or not found.placed[found.ids.index(marked)]:
        return []
    i = found.ids.index(marked)
    x, y, _ = projection.project(camera, found.at_um[i : i + 1], width, height)[0].tolist()
    r = float(pair_look.across(found.size)[i]) / 2 + 6
    ink = colours.token("ink", theme)
    return [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="none" stroke="{ink}" stroke-width="1.5"/>']


def _synapses(scene: Scene, camera: Camera, width: int, height: int, theme: Theme) -> list[str]:
    found = scene.synapses
    at = projection.project(camera, found.at_um, width, height)
    size = pair_look.across(found.size)
    paper = colours.token("surface", theme)
    marks = []
    for i in sorted(np.flatnonzero(found.placed).tolist(), key=lambda i: float(at[i, 2])):
        x, y, r = float(at[i, 0]), float(at[i, 1]), float(size[i]) / 2
        if not (-50 < x < width + 50 and -50 < y < height + 50):
            continue
        way = "ab" if found.forward[i] else "ba"
        look = f'fill="{pair_look.colour(way[0], "synapse", theme)}" stroke="{paper}" stroke-width="1"'
        marks.append(f"<g><title>{escape(found.ids[i])}, {ARROWS[way]}</title>{_sign(way, x, y, r, look)}</g>")
    return marks


def _sign(way: str, x: float, y: float, r: float, look: str) -> str:
    if way == "ab":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" {look}/>'
    r *= 1.2  # a diamond of the same area
    return f'<path d="M{x:.1f},{y - r:.1f}L{x + r:.1f},{y:.1f}L{x:.1f},{y + r:.1f}L{x - r:.1f},{y:.1f}Z" {look}/>'


def _scale_bar(camera: Camera, width: int, height: int, theme: Theme) -> str:
    length = scale_bar_um(camera.height * width / height * 0.6)
    px, ink = length * height / camera.height, colours.token("ink", theme)
    y = height - EDGE
    return (
        f'<rect x="{EDGE}" y="{y - 3}" width="{px:.2f}" height="3" fill="{ink}"/>'
        f'<text x="{EDGE + px / 2:.1f}" y="{y - 9}" text-anchor="middle" fill="{ink}">{length:g} µm</text>'
    )


def _key(scene: Scene, theme: Theme) -> list[str]:
    ink, found, y = colours.token("ink", theme), [], 26
    for name, shape in zip("ab", scene.shapes, strict=True):
        for part, word in pair_look.lines(shape.labelled, bool(len(shape.axon)), bool(len(shape.rest))):
            colour = pair_look.colour(name, part, theme)
            found.append(_stroke(f"M{EDGE},{y - 4}h22", colour, 2 * WIDTHS[part]))
            words = f"{name.upper()} {short_id(shape.cell_id)} {word}".strip()
            found.append(f'<text x="{EDGE + 30}" y="{y}" fill="{ink}">{escape(words)}</text>')
            y += 18
    for way, arrow in ARROWS.items():
        look = f'fill="{pair_look.colour(way[0], "synapse", theme)}"'
        found.append(_sign(way, EDGE + 11, y - 4, 5, look))
        n = len(scene.synapses.of(way))
        found.append(f'<text x="{EDGE + 30}" y="{y}" fill="{ink}">{arrow} {n:,}</text>')
        y += 18
    return found
