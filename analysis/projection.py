"""A camera infinitely far away: what of space is seen, and where it falls on a picture. Lengths in um."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MARGIN = 1.1  # height of a picture in heights of what is to be seen
NARROWEST = 0.01  # um: a picture is never less high


@dataclass(frozen=True)
class Camera:
    """Orthographic: one um has one length everywhere in the picture.

    centre: the place in the midst of the picture, um; towards: from there to the eye; up: what is up on the picture;
    both of any length, not parallel. height: of the picture, um.
    """

    centre: tuple[float, float, float]
    towards: tuple[float, float, float]
    up: tuple[float, float, float]
    height: float

    @property
    def axes(self) -> np.ndarray:
        """Unit vectors to the right, upwards and towards the eye: (3, 3), one a row. ValueError if there are none."""
        towards, up = (np.asarray(v, dtype=np.float64) for v in (self.towards, self.up))
        right = np.cross(up, towards)
        length = float(np.linalg.norm(right))
        if not length > 1e-6 * float(np.linalg.norm(towards) * np.linalg.norm(up)):  # so for NaN too
            raise ValueError("what is up points to the eye")
        right, towards = right / length, towards / np.linalg.norm(towards)
        return np.stack([right, np.cross(towards, right), towards])


@dataclass(frozen=True)
class Seen:
    """A box around what is to be seen, in the axes of a camera: its middle in space, width and height, um."""

    centre: tuple[float, float, float]
    width: float
    height: float


def project(camera: Camera, points: np.ndarray, width: float, height: float) -> np.ndarray:
    """Where points (n, 3) fall on a picture of width x height pixels: (n, 3), x to the right, y down, depth in um.

    Depth grows towards the eye. NaN stays NaN.
    """
    turned = (points - np.asarray(camera.centre)) @ camera.axes.T
    scale = height / camera.height
    return np.stack([width / 2 + turned[:, 0] * scale, height / 2 - turned[:, 1] * scale, turned[:, 2]], axis=1)


def seen(points: np.ndarray, towards: np.ndarray, up: np.ndarray, least: float = 1.0) -> Seen:
    """The box around points (n, 3), n > 0, as an eye there sees it; at least `least` um a side."""
    axes = Camera((0.0, 0.0, 0.0), _triple(towards), _triple(up), 1.0).axes
    turned = points @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    centre = ((low + high) / 2) @ axes
    return Seen(_triple(centre), max(least, float(high[0] - low[0])), max(least, float(high[1] - low[1])))


def fitted(box: Seen, towards: np.ndarray, up: np.ndarray, ratio: float) -> Camera:
    """The camera that sees all of a box on a picture of this width / height."""
    height = max(NARROWEST, MARGIN * max(box.height, box.width / ratio))
    return Camera(box.centre, _triple(towards), _triple(up), height)


def broadest(points: np.ndarray, vertical: int) -> np.ndarray:
    """The horizontal direction from which points (n, 3) are seen at their broadest: a unit vector (3,).

    Of the two opposite ones the one from which the last horizontal axis leads away, so that, with the vertical axis
    downwards, the first one runs to the right: nothing is mirrored. The direction of least variance, from the
    eigenvectors of the 2 x 2 covariance.
    """
    across = [axis for axis in range(3) if axis != vertical]
    flat = points[:, across] - points[:, across].mean(axis=0)
    least = np.linalg.eigh(flat.T @ flat)[1][:, 0] if len(points) > 1 else np.array([0.0, 1.0])
    found = np.zeros(3)
    found[across] = least
    away = across[1] if abs(least[1]) > 1e-9 else across[0]
    return -found if found[away] > 0 else found


def _triple(values: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in values)
    return x, y, z
