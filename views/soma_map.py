"""The soma map: cells in space along any two axes, at true aspect, coloured by a column; drawn by soma_map_picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from data_access.dataset import Dataset
from data_access.errors import InputError, did_you_mean
from views import axes, cells_page, soma_map_colours
from views.cells_page import CellsPage, Chosen
from views.soma_map_colours import Colouring

DOWNWARDS = ("y_um",)  # as in the microscope's picture; so does any depth
MARGIN = 0.03  # of the extent, around it


@dataclass(frozen=True, eq=False)
class SomaMap:
    """A map without its zoom: positions float32 (n_cells,) in um (NaN = none), colours, filter and selection.

    down: whether the second axis grows downwards. extent: (least x, greatest x, least y, greatest y) of all cells of
    the dataset, so that a filter does not move the map.
    """

    chosen: Chosen
    x_name: str
    y_name: str
    x: np.ndarray
    y: np.ndarray
    down: bool
    extent: tuple[float, float, float, float]
    colouring: Colouring

    @property
    def dataset(self) -> Dataset:
        """The dataset drawn."""
        return self.chosen.dataset

    @property
    def placed(self) -> np.ndarray:
        """bool (n_cells,): has a position on both axes."""
        return np.isfinite(self.x) & np.isfinite(self.y)

    @property
    def n_placed(self) -> int:
        """Cells shown that have a position."""
        return int(self.placed[self.chosen.shown.codes].sum())


def axis_columns(dataset: Dataset) -> list[str]:
    """Columns that a map can be drawn along: lengths in um of which some are known; empty where there are none."""
    found = [n for n, c in dataset.columns.items() if c.kind == "number" and n.endswith("_um")]
    return sorted((n for n in found if dataset.column(n).notna().any()), key=_rank)


def _rank(name: str) -> tuple[int, str]:
    order = ("x_um", "y_um", "z_um", "depth_um")
    return (order.index(name), "") if name in order else (len(order), name)


def default_axes(dataset: Dataset) -> tuple[str, str]:
    """Across: x; down: the vertical axis of the dataset, else y."""
    have = axis_columns(dataset)
    if len(have) < 2:
        raise InputError(*no_positions(dataset))
    down = axes.vertical(dataset).replace("_nm", "_um")
    down = down if down in have else have[1]
    across = next(n for n in have if n != down and not (down == "depth_um" and n == "y_um"))
    return across, down


def no_positions(dataset: Dataset) -> tuple[str, str]:
    """Why there is no map, and what would be needed."""
    return (
        f"{dataset.meta.id} holds no positions of cells, so there is no map",
        "import its cell table with positions (--cell-position, in nm), or add them as a table keyed by cell id",
    )


def axis_pair(dataset: Dataset, view: CellsPage) -> tuple[str, str]:
    """The two columns of a view; InputError for one that is no length, or the same twice."""
    have = axis_columns(dataset)
    across, down = default_axes(dataset)
    x, y = view.x or across, view.y or (down if view.x != down else across)
    for key, name in (("x", x), ("y", y)):
        if name not in have:
            raise InputError(f"{key}={name[:60]} is no axis of the map", did_you_mean(name, have))
    if x == y:
        raise InputError(f"both axes of the map are {x}", f"choose another of {', '.join(have)}")
    return x, y


def build(dataset: Dataset, view: CellsPage) -> SomaMap:
    """The map of a view. Raises InputError where there are no positions, for a wrong set, axis or colour."""
    x, y = axis_pair(dataset, view)
    found = cells_page.chosen(dataset, view)
    colours = soma_map_colours.colouring(dataset, soma_map_colours.column_of(dataset, view.colour))
    extent = _extent(dataset, x, y)
    return SomaMap(found, x, y, position(dataset, x), position(dataset, y), is_down(dataset, y), extent, colours)


@lru_cache(maxsize=16)
def position(dataset: Dataset, column: str) -> np.ndarray:
    """A column as float32 (n_cells,), NaN where it is missing."""
    values = dataset.numbers(column)
    return np.where(np.isfinite(values), values, np.nan).astype(np.float32)


@lru_cache(maxsize=16)
def _extent(dataset: Dataset, x: str, y: str) -> tuple[float, float, float, float]:
    across, down = position(dataset, x), position(dataset, y)
    both = np.isfinite(across) & np.isfinite(down)
    if not both.any():
        raise InputError(f"no cell of {dataset.meta.id} has both {x} and {y}", "choose other axes for the map")
    ends: list[float] = []
    for values in (across[both], down[both]):
        low, high = float(values.min()), float(values.max())
        margin = MARGIN * (high - low) or 1.0
        ends += [low - margin, high + margin]
    return ends[0], ends[1], ends[2], ends[3]


def is_down(dataset: Dataset, column: str) -> bool:
    """Whether an axis grows downwards on the screen: depth, the vertical axis, and y as in the microscope's picture."""
    return column in DOWNWARDS or "depth" in column or column == f"{dataset.meta.vertical}_um"


def layers_along(dataset: Dataset, column: str) -> tuple[tuple[str, float, float], ...]:
    """The layers where a column is the axis that they are drawn along, else none."""
    vertical = {
        dataset.meta.vertical,
        f"{dataset.meta.vertical}_um",
        "depth_um" if "depth_um" in dataset.columns else "",
    }
    return dataset.meta.layers if column in vertical - {""} else ()


def fitted(
    extent: tuple[float, float, float, float], view: CellsPage, width: int, height: int
) -> tuple[float, float, float, float]:
    """The window in view: what the view asks for, else the extent; enlarged to the aspect of the box, so that a
    micrometre is as long across as down."""
    asked = (view.x0, view.x1, view.y0, view.y1)
    x0, x1, y0, y1 = (e if a is None else a for a, e in zip(asked, extent, strict=True))
    x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    scale = max((x1 - x0) / width, (y1 - y0) / height, 1e-6)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    half_x, half_y = scale * width / 2, scale * height / 2
    return x - half_x, x + half_x, y - half_y, y + half_y
