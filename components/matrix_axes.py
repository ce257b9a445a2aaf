"""What stands beside a matrix: tick labels where there is room, and colour bars of a column along both axes."""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from analysis import raster as rasters
from components import colours
from components.format import short_id
from data_access.dataset import Dataset
from views import axes
from views.axes import Groups
from views.matrix import Matrix

Side = Literal["pre", "post"]
LABEL_PX = 12
LABEL_LETTERS = 14
MAX_BAR_KINDS = 250
UNTYPED = colours.UNTYPED


@dataclass(frozen=True)
class Ticks:
    """Positions in cells (0 = edge of the first) and their labels; `lines`: borders between blocks."""

    at: tuple[float, ...] = ()
    text: tuple[str, ...] = ()
    lines: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {"at": list(self.at), "text": list(self.text), "lines": list(self.lines)}


def ticks(matrix: Matrix, side: Side, low: int, high: int, pixels: int) -> Ticks:
    """Labels for the cells low..high-1 of one side on so many pixels.

    Every cell where there is room; else the blocks of the column that orders the axis; else counted cells.
    """
    groups = matrix.row_groups if side == "pre" else matrix.col_groups
    axis = matrix.rows if side == "pre" else matrix.cols
    n, room = high - low, max(1, pixels // LABEL_PX)
    if groups is not None:
        step = -(-n // room)
        shown = list(range(low, high, step))
        return Ticks(tuple(i + 0.5 for i in shown), tuple(groups.names[i] or UNTYPED for i in shown))
    if n <= room:
        return Ticks(
            tuple(i + 0.5 for i in range(low, high)),
            tuple(_cell_labels(matrix.dataset, axis.codes[low:high])),
        )
    if axis.blocks:
        return _block_ticks(matrix.dataset, axis.blocks, axis.codes, low, high, pixels)
    step = _nice(n / max(2, min(room, pixels // 70)))
    shown = [i for i in range(low - low % step, high, step) if i >= low and i > 0]
    return Ticks(tuple(i - 0.5 for i in shown), tuple(f"{i:,}" for i in shown))


def _cell_labels(dataset: Dataset, codes: np.ndarray) -> list[str]:
    """Short id of each cell, with its type in front where both fit."""
    labels = []
    kinds = dataset.column("cell_type").iloc[codes].astype("object")
    for cell, kind in zip(dataset.index.text(codes), kinds, strict=True):
        short = short_id(cell)
        both = f"{kind} {short}"
        labels.append(both if isinstance(kind, str) and kind != cell and len(both) <= LABEL_LETTERS else short)
    return labels


def _block_ticks(dataset: Dataset, column: str, codes: np.ndarray, low: int, high: int, pixels: int) -> Ticks:
    values = axes.group_column(dataset, column)
    kinds = np.asarray(values.codes)[codes[low:high]]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(kinds)) + 1, [len(kinds)]])
    per_cell = pixels / (high - low)
    at, text, last = [], [], -1e9
    for a, b in itertools.pairwise(starts):
        centre = low + (a + b) / 2
        if (b - a) * per_cell >= 7 and (centre - last) * per_cell >= LABEL_PX:
            at.append(float(centre))
            text.append(str(values.categories[kinds[a]]) if kinds[a] >= 0 else UNTYPED)
            last = centre
    many = len(starts) > 120
    return Ticks(tuple(at), tuple(text), () if many else tuple(float(low + s) for s in starts[1:-1]))


def _nice(step: float) -> int:
    options = [base * 10**power for power in range(12) for base in (1, 2, 5)]
    return next(o for o in sorted(options) if o >= step)


@dataclass(frozen=True, eq=False)
class Bar:
    """A column as colours: names of its kinds with their colours, and the code of every cell (-1 missing)."""

    column: str
    names: tuple[str, ...]
    hexes: tuple[str, ...]
    codes: np.ndarray

    def palette(self) -> np.ndarray:
        """uint8 (256, 4): the colours of codes 0.., the last for missing."""
        table = np.zeros((256, 4), np.uint8)
        for i, text in enumerate([*self.hexes, colours.type_colour(UNTYPED)]):
            table[i] = [*bytes.fromhex(text[1:]), 255]
        return table

    def strip(self, codes: np.ndarray, pixels: int, upright: bool) -> str:
        """One line of cells as a PNG data URL, at most so many pixels long."""
        n = min(len(codes), max(1, pixels))
        middle = ((np.arange(n) + 0.5) * len(codes) / n).astype(np.int64)
        kinds = self.codes[codes[middle]]
        line = np.where(kinds < 0, len(self.names), kinds).astype(np.uint8)
        picture = line[:, None] if upright else line[None, :]
        return data_url(rasters.png(picture, self.palette()))


def bar(dataset: Dataset, column: str) -> Bar | None:
    """The colour bar of a column; None for 'none', for a column without values, and for one of too many kinds."""
    if column in ("", "none"):
        return None
    values = axes.group_column(dataset, column)
    if len(values.categories) == 0 or len(values.categories) > MAX_BAR_KINDS:
        return None
    names = tuple(str(c) for c in values.categories)
    table = colours.palette(names)
    return Bar(column, names, tuple(table[n] for n in names), np.asarray(values.codes, dtype=np.int16))


def group_colours(groups: Groups) -> list[str]:
    """The colour of each group."""
    table = colours.palette([n or UNTYPED for n in groups.names])
    return [table[n or UNTYPED] for n in groups.names]


def data_url(png: bytes) -> str:
    """A PNG as text that a figure can hold."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
