"""Pictures of a soma map: palette codes at screen resolution, and what lies under the pointer or in a polygon."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis import points
from data_access.errors import InputError
from views.soma_map import SomaMap

# Palette codes. A kind or level k is drawn as FULL + k, or as PALE + k while others are selected.
NOTHING, CONTEXT, FULL, PALE, OUTSIDE = 0, 1, 2, 128, 255
MISSING = 119  # the kind of cells whose value is missing
LARGEST_CORNERS = 5_000
Window = tuple[float, float, float, float]


@dataclass(frozen=True)
class Hit:
    """What lies under the pointer: cells shown there, nearest first (at most `MOST`), and how many in all."""

    codes: tuple[int, ...]
    n: int


MOST_HITS = 20


def seen(drawn: SomaMap, window: Window) -> np.ndarray:
    """bool (n_cells,): cells that lie in a window, shown or not."""
    x0, x1, y0, y1 = window
    with np.errstate(invalid="ignore"):
        return (drawn.x >= x0) & (drawn.x <= x1) & (drawn.y >= min(y0, y1)) & (drawn.y <= max(y0, y1))


def codes(drawn: SomaMap, window: Window, width: int, height: int, radius: float, around: float) -> np.ndarray:
    """uint8 (height, width) of palette codes; `window` = (left, right, top, bottom) in um; radius: in pixels, of the
    cells shown; around: of the cells outside the filter, 0 = not drawn.

    Drawn from the back: cells outside the filter, selected ones outside it, shown ones that are not selected while
    others are, cells with a missing value, all others. Kinds are drawn through one another, unless they are ranked.
    """
    found, of = drawn.chosen, drawn.colouring.of
    shown = np.zeros(len(of), bool)
    shown[found.shown.codes] = True
    selected = found.is_selected
    some = bool(selected.any())
    paint = (np.where(of < 0, MISSING, of) + FULL).astype(np.int16)
    tiers = np.full(len(of), 3, np.int16)
    tiers[of < 0] = 2
    if drawn.colouring.ranked:
        tiers += np.maximum(of, 0)
    if some:
        pale = shown & ~selected
        paint[pale] += PALE - FULL
        tiers[selected] += 10
    tiers += 10
    tiers[~shown] = -1
    near = seen(drawn, _widened(window, width, height, max(radius, around)))
    outside = ~shown & near & (around > 0)
    paint[outside] = np.where(selected[outside], OUTSIDE, CONTEXT)
    tiers[~near] = -1
    inks = paint.astype(np.uint8)
    behind = points.drawing_order(np.where(outside, selected.astype(np.int16), -1))
    canvas = points.discs(drawn.x, drawn.y, inks, behind, window, width, height, around)
    front = points.discs(drawn.x, drawn.y, inks, points.drawing_order(tiers), window, width, height, radius)
    return np.where(front == NOTHING, canvas, front)


def _widened(window: Window, width: int, height: int, radius: float) -> Window:
    x0, x1, y0, y1 = window
    dx, dy = (x1 - x0) / width * (radius + 1), (y1 - y0) / height * (radius + 1)
    return x0 - dx, x1 + dx, y0 - dy, y1 + dy


def radii(drawn: SomaMap, window: Window, width: int, height: int) -> tuple[float, float]:
    """Radius of a dot in CSS pixels, of the cells shown and of the others: large where there are few, so that a full
    view is no solid patch."""
    here = seen(drawn, window)
    shown, every = int(here[drawn.chosen.shown.codes].sum()), int(here.sum())
    return _radius(shown, width, height, 4.5), 0.0 if shown == every else _radius(every, width, height, 3.0)


def _radius(n: int, width: int, height: int, most: float) -> float:
    return float(np.clip(0.32 * math.sqrt(width * height / max(n, 1)), 0.8, most))


def at(drawn: SomaMap, place: tuple[float, float], reach: float) -> Hit:
    """The cells shown within `reach` um of a place."""
    found = points.near(drawn.x, drawn.y, place, reach)
    shown = found[np.isin(found, drawn.chosen.shown.codes)]
    return Hit(tuple(int(c) for c in shown[:MOST_HITS]), len(shown))


def inside(drawn: SomaMap, polygon: str) -> np.ndarray:
    """Codes of the shown cells in a polygon, "x,y x,y ..." in um; InputError where that is none."""
    try:
        corners = np.array([[float(v) for v in pair.split(",")] for pair in polygon.split()], np.float64)
    except ValueError:
        raise InputError("a polygon is written as x,y x,y x,y in um") from None
    if corners.ndim != 2 or corners.shape[1:] != (2,) or not 3 <= len(corners) <= LARGEST_CORNERS:
        raise InputError(f"a polygon has 3 to {LARGEST_CORNERS:,} corners x,y")
    if not np.isfinite(corners).all():
        raise InputError("the corners of a polygon are finite numbers")
    return np.flatnonzero(_shown(drawn) & points.inside(drawn.x, drawn.y, corners)).astype(np.int32)


def _shown(drawn: SomaMap) -> np.ndarray:
    found = np.zeros(len(drawn.x), bool)
    found[drawn.chosen.shown.codes] = True
    return found
