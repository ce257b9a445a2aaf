"""Synapses on the soma map: those of one cell set in gold over those of the cells shown in grey."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis import points
from data_access.dataset import CellSet, Dataset
from data_access.errors import InputError
from data_access.synapse_positions import synapse_positions
from views import cells_page, soma_map
from views.cells_page import CellsPage
from views.soma_map import SomaMap

STEPS = 60  # shades of each of the two layers
UNDER, OVER = 1, 1 + STEPS  # first code of each
FEW = 60_000  # synapses in view up to which each is a disc
SAME_UM = 0.05  # two columns that differ by no more than this are the same axis


@dataclass(frozen=True, eq=False)
class SynapseLayers:
    """Synapses of both sets along the axes of a map.

    x, y: float32 in um, of all synapses; under, over: bool, of the cells shown and of the set laid over them.
    n_unplaced: of either, without a position.
    """

    x: np.ndarray
    y: np.ndarray
    under: np.ndarray
    over: np.ndarray
    cells: CellSet
    n_under: int
    n_over: int
    n_unplaced: int


def layers(drawn: SomaMap, view: CellsPage) -> SynapseLayers | None:
    """The synapses that a view asks for; None where it asks for none. InputError where there are none to draw."""
    if not view.over.strip():
        return None
    return _layers(drawn.dataset, view.cells, view.over, view.side, drawn.x_name, drawn.y_name)


@lru_cache(maxsize=4)
def _layers(dataset: Dataset, cells: str, over: str, side: str, x: str, y: str) -> SynapseLayers:
    known = synapse_positions(dataset)
    at = [getattr(known, _axis(dataset, name)) for name in (x, y)]
    placed = np.isfinite(at[0]) & np.isfinite(at[1])
    gold = cells_page.select(dataset, over)
    laid = known.of_cells(gold.codes, side)
    below = known.of_cells(cells_page.select(dataset, cells).codes, side)
    either = laid | below
    return SynapseLayers(
        at[0], at[1], below & placed & ~laid, laid & placed, gold,
        int((below & placed).sum()), int((laid & placed).sum()), int((either & ~placed).sum()),
    )  # fmt: skip


def _axis(dataset: Dataset, column: str) -> str:
    """x, y or z: the axis of the synapses that a column of the cells runs along."""
    for axis in "xyz":
        if column == f"{axis}_um":
            return axis
    mine = soma_map.position(dataset, column)
    for axis in "xyz":
        if f"{axis}_um" in dataset.columns:
            gap = np.abs(mine - soma_map.position(dataset, f"{axis}_um"))
            if np.isfinite(gap).any() and np.nanmax(gap) <= SAME_UM:
                return axis
    raise InputError(
        f"synapses have a place along x, y and z here, not along {column}",
        "choose x_um, y_um or z_um for both axes of the map",
    )


def codes(
    found: SynapseLayers, window: tuple[float, float, float, float], width: int, height: int, ratio: float
) -> np.ndarray:
    """uint8: 0 none, then STEPS shades of grey, then STEPS of gold; gold lies over grey.

    Few synapses are dots, at twice the pixels of the screen; many are counted at its resolution, denser = darker.
    """
    x0, x1, y0, y1 = window
    low, high = min(y0, y1), max(y0, y1)
    seen = (found.x >= x0) & (found.x <= x1) & (found.y >= low) & (found.y <= high)
    under, over = np.flatnonzero(seen & found.under), np.flatnonzero(seen & found.over)
    if len(under) + len(over) <= FEW:
        scale = max(2.0, min(ratio, 4.0))
        order = np.concatenate([under, over]).astype(np.int32)
        paint = np.zeros(len(found.x), np.uint8)
        paint[under], paint[over] = UNDER + STEPS * 2 // 3, OVER + STEPS - 1
        return points.discs(found.x, found.y, paint, order, window, round(width * scale), round(height * scale), scale)
    scale = max(1.0, min(ratio, 2.0))
    width, height = round(width * scale), round(height * scale)
    canvas = np.zeros((height, width), np.uint8)
    for chosen, first in ((under, UNDER), (over, OVER)):
        n = points.counts(found.x[chosen], found.y[chosen], window, width, height)
        most = max(1.0, float(np.quantile(n[n > 0], 0.995)) if (n > 0).any() else 1.0)
        shade = np.clip(np.log1p(n) / np.log1p(most), 0, 1) * (STEPS - 1)
        canvas = np.where(n > 0, first + shade.astype(np.uint8), canvas).astype(np.uint8)
    return canvas
