"""Small pictures of dyads and triads: cells a, b and c as circles, connections as arrows.

Each is two masks, one for the cells and one for the arrows, so that both take their colour from the page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

from dash import html

Point = tuple[float, float]
NAMES = "abc"
WIDTH, HEIGHT = 64, 56
RADIUS, DOT, GAP, HEAD = 8.0, 5.0, 2.5, 6.0
_AT: dict[int, tuple[Point, ...]] = {3: ((11, 12), (53, 12), (32, 45)), 2: ((13, 28), (51, 28))}


def picture(edges: Sequence[tuple[int, int]], n_cells: int, lettered: bool = False) -> html.Span:
    """The picture of a motif, its connections given between cells 0, 1 and 2; lettered: larger, with names of cells."""
    nodes, arrows = _masks(tuple(edges), n_cells, lettered)
    style = {"--nodes": f'url("{nodes}")', "--arrows": f'url("{arrows}")'}
    large = " large" if lettered else ""
    return html.Span(
        className=f"motif-picture{large}", style=style, role="img", **{"aria-label": spelled(edges)}
    )  # fmt: skip


def spelled(edges: Sequence[tuple[int, int]]) -> str:
    """The connections in words: 'a ⇄ b, b → c'; 'no connection' for none."""
    both = {(i, j) for i, j in edges if (j, i) in edges and i < j}
    parts = [f"{NAMES[i]} ⇄ {NAMES[j]}" for i, j in sorted(both)]
    parts += [f"{NAMES[i]} → {NAMES[j]}" for i, j in edges if (j, i) not in edges]
    return ", ".join(parts) or "no connection"


@lru_cache(maxsize=64)
def _masks(edges: tuple[tuple[int, int], ...], n_cells: int, lettered: bool) -> tuple[str, str]:
    at = _AT[n_cells]
    radius = RADIUS if lettered else DOT
    circles = "".join(f'<circle cx="{x}" cy="{y}" r="{radius}"/>' for x, y in at)
    letters = "".join(
        f'<text x="{x}" y="{y + 3.6}" text-anchor="middle" font-size="11" fill="#000" stroke="none">{name}</text>'
        for name, (x, y) in zip(NAMES, at, strict=False)
    )
    arrows = [
        _arrow(at[i], at[j], (j, i) in edges, radius) for i, j in edges if (j, i) not in edges or i < j
    ]  # fmt: skip
    cells = f'<g fill="none" stroke="#000" stroke-width="1.3">{circles}</g>{letters}' if lettered else circles
    return _url(cells), _url("".join(arrows))


def _arrow(start: Point, end: Point, both: bool, radius: float) -> str:
    """A line that stops before the circles, with a head at its end, or at both ends."""
    length = math.dist(start, end)
    ux, uy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    near = radius + GAP
    a = (start[0] + near * ux, start[1] + near * uy)
    b = (end[0] - near * ux, end[1] - near * uy)
    shaft_a = (a[0] + HEAD * 0.8 * ux, a[1] + HEAD * 0.8 * uy) if both else a
    shaft_b = (b[0] - HEAD * 0.8 * ux, b[1] - HEAD * 0.8 * uy)
    line = f'<path d="M{_xy(shaft_a)}L{_xy(shaft_b)}" fill="none" stroke="#000" stroke-width="2"/>'
    heads = _head(b, ux, uy) + (_head(a, -ux, -uy) if both else "")
    return line + heads


def _head(tip: Point, ux: float, uy: float) -> str:
    back = (tip[0] - HEAD * 1.25 * ux, tip[1] - HEAD * 1.25 * uy)
    side = HEAD * 0.72
    left, right = (back[0] - side * uy, back[1] + side * ux), (back[0] + side * uy, back[1] - side * ux)
    return f'<path d="M{_xy(tip)}L{_xy(left)}L{_xy(right)}Z" fill="#000"/>'


def _xy(point: Point) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"


def _url(content: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    return "data:image/svg+xml," + quote(f"{head}{content}</svg>", safe=" =:/,-.()'")
