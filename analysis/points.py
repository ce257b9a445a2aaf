"""Points in a plane as pictures: discs at screen resolution, counts per pixel, what lies in a polygon or near a place.

A window (x0, x1, y0, y1) is in the units of the points; x0 is the left edge of the picture and y0 its upper edge, so
y0 > y1 draws upwards. Points with a missing coordinate (NaN) lie nowhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from analysis.kernels import readonly

UInt8 = npt.NDArray[np.uint8]
UInt32 = npt.NDArray[np.uint32]
Window = tuple[float, float, float, float]


def discs(
    x: np.ndarray, y: np.ndarray, codes: UInt8, order: np.ndarray, window: Window, width: int, height: int,
    radius: float,
) -> UInt8:  # fmt: skip
    """Codes uint8 (height, width), 0 where no disc lies; later points of `order` lie over earlier ones.

    x, y: float32 (N,); codes: uint8 (N,), what a point paints; order: int32, the points to draw. radius: in pixels;
    one of half a pixel or less paints one pixel.
    """
    dy, dx = _disc(radius)
    return _stamp(
        readonly(x, np.float32), readonly(y, np.float32), readonly(codes, np.uint8), readonly(order, np.int32),
        *map(float, window), int(height), int(width), dy, dx,
    )  # fmt: skip


def counts(x: np.ndarray, y: np.ndarray, window: Window, width: int, height: int) -> UInt32:
    """How many points lie under each pixel: uint32 (height, width)."""
    return _count(readonly(x, np.float32), readonly(y, np.float32), *map(float, window), int(height), int(width))


def inside(x: np.ndarray, y: np.ndarray, polygon: np.ndarray) -> npt.NDArray[np.bool_]:
    """Which points lie in a polygon, float64 (k, 2) of corners in order: bool (N,), by the even-odd rule."""
    corners = np.ascontiguousarray(polygon, np.float64)
    return _inside(readonly(x, np.float32), readonly(y, np.float32), readonly(corners, np.float64))


def near(x: np.ndarray, y: np.ndarray, at: tuple[float, float], radius: float) -> npt.NDArray[np.int64]:
    """Numbers of the points within a radius of a place, the nearest first."""
    with np.errstate(invalid="ignore"):
        d2 = (np.asarray(x, np.float64) - at[0]) ** 2 + (np.asarray(y, np.float64) - at[1]) ** 2
        found = np.flatnonzero(d2 <= radius * radius)
    return found[np.argsort(d2[found], kind="stable")]


def drawing_order(tiers: np.ndarray, seed: int = 0) -> npt.NDArray[np.int32]:
    """Points by tier, the lowest first, those of a negative tier left out; within a tier at random, but always alike.

    At random, because any other order within a tier would let one type hide another.
    """
    shuffled = np.random.default_rng(seed).permutation(len(tiers)).astype(np.int32)
    of = tiers[shuffled]
    return shuffled[np.argsort(of, kind="stable")][int((of < 0).sum()) :]


def _disc(radius: float) -> tuple[np.ndarray, np.ndarray]:
    reach = int(np.ceil(radius))
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    chosen = dy * dy + dx * dx <= max(radius, 0.5) ** 2
    return dy[chosen].astype(np.int32), dx[chosen].astype(np.int32)


@njit(cache=True)
def _stamp(x, y, codes, order, x0, x1, y0, y1, height, width, dy, dx):  # type: ignore[no-untyped-def]
    canvas = np.zeros((height, width), np.uint8)
    sx, sy = width / (x1 - x0), height / (y1 - y0)
    reach = 0
    for k in range(dy.size):
        reach = max(reach, abs(dy[k]))
    for n in range(order.size):
        i = order[n]
        fx, fy = (x[i] - x0) * sx, (y[i] - y0) * sy
        if not (-reach <= fx < width + reach and -reach <= fy < height + reach):
            continue  # NaN too
        px, py = int(np.floor(fx)), int(np.floor(fy))
        for k in range(dy.size):
            row, col = py + dy[k], px + dx[k]
            if 0 <= row < height and 0 <= col < width:
                canvas[row, col] = codes[i]
    return canvas


@njit(cache=True)
def _count(x, y, x0, x1, y0, y1, height, width):  # type: ignore[no-untyped-def]
    canvas = np.zeros((height, width), np.uint32)
    sx, sy = width / (x1 - x0), height / (y1 - y0)
    for i in range(x.size):
        fx, fy = (x[i] - x0) * sx, (y[i] - y0) * sy
        if 0 <= fx < width and 0 <= fy < height:
            canvas[int(fy), int(fx)] += 1
    return canvas


@njit(cache=True)
def _inside(x, y, corners):  # type: ignore[no-untyped-def]
    found = np.zeros(x.size, np.bool_)
    k = corners.shape[0]
    if k < 3:
        return found
    low_x, high_x = corners[:, 0].min(), corners[:, 0].max()
    low_y, high_y = corners[:, 1].min(), corners[:, 1].max()
    for i in range(x.size):
        px, py = float(x[i]), float(y[i])
        if not (low_x <= px <= high_x and low_y <= py <= high_y):
            continue
        odd = False
        last = k - 1
        for j in range(k):
            if (corners[j, 1] > py) != (corners[last, 1] > py):
                slope = (corners[last, 0] - corners[j, 0]) / (corners[last, 1] - corners[j, 1])
                if px < corners[j, 0] + slope * (py - corners[j, 1]):
                    odd = not odd
            last = j
        found[i] = odd
    return found
