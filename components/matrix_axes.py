"""What stands beside a matrix: tick labels where there is room, and colour bars of a column along both axes."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis import raster as rasters
from components import colours
from components.format import short_id
from components.matrix_frame import BAR_PX, GAP_PX, Frame
from data_access.dataset import Dataset
from data_access.errors import InputError
from views import axes
from views.axes import Groups
from views.matrix import Matrix

Side = Literal["pre", "post"]
LABEL_PX = {"pre": 12.0, "post": 14.0}  # least distance of two labels; those of the columns are tilted
TITLE_PX = 22  # room of an axis title in the margin
SINE = 0.87  # of the tilt of the column labels
MAX_BAR_KINDS = 250
MAX_LINES = 120
UNTYPED = colours.UNTYPED
_WIDTHS = {c: w for chars, w in ((" ,.:;|!'`ijl()[]/", 3.1), ("frt-I…", 4.0), ("mwMW%@", 9.2)) for c in chars}


@dataclass(frozen=True)
class Ticks:
    """Positions in cells (0 = edge of the first) and their labels; `lines`: borders between blocks."""

    at: tuple[float, ...] = ()
    text: tuple[str, ...] = ()
    lines: tuple[float, ...] = ()


def ticks(matrix: Matrix, side: Side, low: int, high: int, frame: Frame) -> Ticks:
    """Labels for the cells low..high-1 of one side of a figure.

    Every cell where there is room; else the blocks of the column that orders the axis; else counted cells. Labels
    that are longer than the margin are cut, in cell labels the type before the id.
    """
    groups = matrix.row_groups if side == "pre" else matrix.col_groups
    axis = matrix.rows if side == "pre" else matrix.cols
    pixels = frame.plot_height if side == "pre" else frame.plot_width
    margin = frame.left if side == "pre" else frame.top
    space = (margin - TITLE_PX - BAR_PX - GAP_PX - 4) / (1.0 if side == "pre" else SINE)
    n, room = high - low, max(1, int(pixels / LABEL_PX[side]))
    if groups is not None:
        shown = range(low, high, -(-n // room))
        return Ticks(tuple(i + 0.5 for i in shown), tuple(fit(groups.names[i] or UNTYPED, space) for i in shown))
    if n <= room:
        at = tuple(i + 0.5 for i in range(low, high))
        return Ticks(at, tuple(_cell_labels(matrix.dataset, axis.codes[low:high], space)))
    if axis.blocks:
        return _block_ticks(matrix.dataset, axis.blocks, axis.codes, (low, high), pixels, LABEL_PX[side], space)
    step = _nice(n / max(2, min(room, pixels // 70)))
    counted = [i for i in range(low - low % step, high, step) if i >= low and i > 0]
    return Ticks(tuple(i - 0.5 for i in counted), tuple(f"{i:,}" for i in counted))


def _cell_labels(dataset: Dataset, codes: np.ndarray, space: float) -> list[str]:
    kinds = dataset.column("cell_type").iloc[codes].astype("object")
    labels = []
    for cell, kind in zip(dataset.index.text(codes), kinds, strict=True):
        short = short_id(cell)
        typed = isinstance(kind, str) and kind and kind != cell
        word = fit(str(kind), space - _pixels(short) - 4) if typed else ""
        labels.append(f"{word} {short}" if word else fit(short, space))
    return labels


def _block_ticks(
    dataset: Dataset, column: str, codes: np.ndarray, part: tuple[int, int], pixels: int, least: float, space: float
) -> Ticks:
    low, high = part
    values = axes.group_column(dataset, column)
    kinds = np.asarray(values.codes)[codes[low:high]]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(kinds)) + 1, [len(kinds)]])
    per_cell = pixels / (high - low)
    at: list[float] = []
    # the widest blocks first, so that a thin neighbour never takes the place of a wide one
    for i in np.argsort(-np.diff(starts), kind="stable").tolist():
        centre = low + (starts[i] + starts[i + 1]) / 2
        if (starts[i + 1] - starts[i]) * per_cell < 4 or len(at) * least > pixels:
            break
        if all(abs(centre - other) * per_cell >= least for other in at):
            at.append(float(centre))
    at.sort()
    text = [
        fit(str(values.categories[k]), space) if k >= 0 else UNTYPED for k in kinds[[int(c - low) for c in at]].tolist()
    ]
    lines = () if len(starts) > MAX_LINES else tuple(float(low + s) for s in starts[1:-1])
    return Ticks(tuple(at), tuple(text), lines)


def fit(text: str, pixels: float) -> str:
    """A text cut to so many pixels of the label font (11 px), with an ellipsis; '' where not even two letters fit."""
    if _pixels(text) <= pixels:
        return text
    kept = text
    while kept and _pixels(kept + "…") > pixels:
        kept = kept[:-1]
    return kept.rstrip() + "…" if len(kept) > 1 else ""


def _pixels(text: str) -> float:
    return sum(_WIDTHS.get(c, 7.2 if c.isupper() else 6.2) for c in text)


def _nice(step: float) -> int:
    options = [base * 10**power for power in range(12) for base in (1, 2, 5)]
    return next(o for o in sorted(options) if o >= step)


@dataclass(frozen=True, eq=False)
class Bar:
    """A column as colours: names of its kinds with their colours, and the kind of every cell (-1 missing)."""

    column: str
    names: tuple[str, ...]
    hexes: tuple[str, ...]
    codes: np.ndarray

    def palette(self) -> np.ndarray:
        """uint8 (256, 4): the colours of kinds 0.., then that of missing."""
        table = np.zeros((256, 4), np.uint8)
        for i, text in enumerate([*self.hexes, colours.type_colour(UNTYPED)]):
            table[i] = [*bytes.fromhex(text[1:]), 255]
        return table


def bar_column(matrix: Matrix) -> str:
    """The column of the colour bars by its name in the dataset."""
    return matrix.dataset.meta.aliases.get(matrix.view.bar, matrix.view.bar)


def bar(dataset: Dataset, column: str) -> Bar | None:
    """The colour bar of a column; None for 'none' and where `why_no_bar` says why."""
    if column in ("", "none") or why_no_bar(dataset, column):
        return None
    values = axes.group_column(dataset, column)
    names = tuple(str(c) for c in values.categories)
    table = colours.palette(names)
    return Bar(column, names, tuple(table[n] for n in names), np.asarray(values.codes, dtype=np.int16))


def why_no_bar(dataset: Dataset, column: str) -> str:
    """Why a column gives no colour bar, in words; '' where it does. InputError for a name that is no column."""
    if column in ("", "none"):
        return ""
    dataset.column(column)
    try:
        n = len(axes.group_column(dataset, column).categories)
    except InputError as error:
        return error.message
    if n == 0:
        return f"no cell of this dataset has a {column}"
    return f"{column} has {n:,} kinds, too many to tell apart by colour" if n > MAX_BAR_KINDS else ""


def group_kinds(found: Bar, groups: Groups, codes: np.ndarray) -> np.ndarray:
    """For each group the kind that most of its cells have, int16; -1 where most have none."""
    n = len(found.names) + 1
    counts = np.bincount(groups.of.astype(np.int64) * n + found.codes[codes] + 1, minlength=len(groups) * n)
    return (counts.reshape(len(groups), n).argmax(axis=1) - 1).astype(np.int16)


def strip(found: Bar, kinds: np.ndarray, pixels: int, upright: bool) -> str:
    """The kinds of a line of cells as a PNG data URL one pixel thick, at most so many pixels long."""
    n = min(len(kinds), max(1, pixels))
    line = kinds[((np.arange(n) + 0.5) * len(kinds) / n).astype(np.int64)]
    line = np.where(line < 0, len(found.names), line).astype(np.uint8)
    return data_url(rasters.png(line[:, None] if upright else line[None, :], found.palette()))


def data_url(png: bytes) -> str:
    """A PNG as text that a figure can hold."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
