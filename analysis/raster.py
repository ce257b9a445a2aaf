"""Pictures of a matrix at screen resolution, straight from the graph: any window of any order of the cells.

A window is counted in cells: columns x0..x1-1 and rows y0..y1-1 of a selection. A window with fewer cells
than pixels gives one bin a cell (the caller enlarges); never is anything larger than the screen or the
window made. A connection of row r and column c falls into bin (r - y0) * H // (y1 - y0), (c - x0) * W //
(x1 - x0).
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from analysis import kernels
from analysis.kernels import Float32, Int32, readonly
from analysis.matrix import Selection
from data_access.errors import InputError
from data_access.graph import Graph

How = Literal["max", "count", "sum"]
Scale = Literal["linear", "log", "binary"]
UInt8 = npt.NDArray[np.uint8]
LEVELS = 254
_HOW = {"max": kernels.MAX, "count": kernels.COUNT, "sum": kernels.SUM}


@dataclass(frozen=True)
class Window:
    """Columns x0..x1-1 and rows y0..y1-1 of a matrix, in cells."""

    x0: int
    x1: int
    y0: int
    y1: int

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.y1 - self.y0

    @property
    def n_cols(self) -> int:
        """Number of columns."""
        return self.x1 - self.x0


@dataclass(frozen=True, eq=False)
class Raster:
    """value float32 (H, W): NaN where no connection has a value; n_connections int32 (H, W)."""

    value: Float32
    n_connections: Int32


@dataclass(frozen=True)
class PixelContent:
    """What a window holds: ordered pairs, connections, and the connection with the highest value.

    n_pairs leaves out the pairs of a cell with itself where autapses are left out. edge, row, col: edge
    number and positions in the selection, -1 without a connection; value NaN without one or where no
    connection has a value. Of equal values the first by row, then by column, is given.
    """

    n_pairs: int
    n_connections: int
    edge: int
    row: int
    col: int
    value: float


def whole(selection: Selection) -> Window:
    """The window that shows all of a matrix."""
    return Window(0, len(selection.cols), 0, len(selection.rows))


def bin_window(window: Window, width: int, height: int, x: int, y: int) -> Window:
    """The cells behind pixel (x, y) of the raster of `window` at (height, width), as a window."""
    n_rows, n_cols = min(height, window.n_rows), min(width, window.n_cols)
    x0, x1 = (-(-at * window.n_cols // n_cols) for at in (x, x + 1))
    y0, y1 = (-(-at * window.n_rows // n_rows) for at in (y, y + 1))
    return Window(window.x0 + x0, window.x0 + x1, window.y0 + y0, window.y0 + y1)


def raster(
    graph: Graph,
    selection: Selection,
    window: Window,
    width: int,
    height: int,
    values: np.ndarray,
    how: How = "max",
) -> Raster:
    """Bin a window into at most (height, width) pixels, in time linear in the connections of its rows.

    `values` (E,): aligned with `graph.out.idx`. how: max = the highest value, sum = their sum (in float64),
    count = number of connections. A NaN value counts as a connection and nothing else. Raises InputError
    for a window outside the matrix.
    """
    _check(selection, window, width, height)
    if len(values) != graph.n_connections:
        raise ValueError(f"expected {graph.n_connections} values, one a connection, got {len(values)}")
    n_rows, n_cols = min(height, window.n_rows), min(width, window.n_cols)
    bins = np.full(graph.n_nodes, -1, np.int32)
    bins[selection.cols[window.x0 : window.x1]] = np.arange(window.n_cols) * n_cols // window.n_cols
    value, count = kernels.bin_window(
        *_arrays(graph, values),
        readonly(selection.rows[window.y0 : window.y1], np.int32),
        readonly(bins),
        n_rows,
        n_cols,
        int(selection.min_synapses),
        bool(selection.keep_autapses),
        _HOW[how],
    )
    return Raster(value, count)


def pixel(graph: Graph, selection: Selection, window: Window, values: np.ndarray) -> PixelContent:
    """What the pairs of a window hold, for hover: counts, and the connection of highest value exactly.

    `values` (E,): aligned with `graph.out.idx`. Raises InputError for a window outside the matrix.
    """
    _check(selection, window, 1, 1)
    rows = selection.rows[window.y0 : window.y1]
    cols = selection.cols[window.x0 : window.x1]
    at = np.full(graph.n_nodes, -1, np.int32)
    at[cols] = np.arange(window.n_cols)
    n, edge, row, col = kernels.strongest(
        *_arrays(graph, values),
        readonly(rows, np.int32),
        readonly(at),
        int(selection.min_synapses),
        bool(selection.keep_autapses),
    )
    n_pairs = window.n_rows * window.n_cols
    if not selection.keep_autapses:
        n_pairs -= int((at[rows] >= 0).sum())
    if n == 0:
        return PixelContent(n_pairs, 0, -1, -1, -1, float("nan"))
    return PixelContent(n_pairs, n, edge, window.y0 + row, window.x0 + col, float(values[edge]))


def indexed(values: np.ndarray, low: float, high: float, scale: Scale = "linear", levels: int = LEVELS) -> UInt8:
    """Palette codes uint8 (H, W) of values (H, W): 0 where NaN, else 1..levels from low to high.

    Levels are equal steps; values beyond the limits are clipped. log: equal steps of the logarithm (values
    of 0 and less get code 1); binary: every value gets `levels`, as do all when high is not above low.
    Raises InputError for a log scale from 0 or less.
    """
    if scale == "binary":
        return np.where(np.isnan(values), 0, levels).astype(np.uint8)
    if scale == "log" and not low > 0:
        raise InputError(f"a logarithmic colour scale cannot start at {low:g}", "start it above 0")
    values = values if values.dtype == np.float32 else np.asarray(values, dtype=np.float64)
    return kernels.color_codes(readonly(values), float(low), float(high), int(levels), scale == "log")


def png(codes: UInt8, palette: UInt8, scale: tuple[int, int] = (1, 1)) -> bytes:
    """An indexed PNG of codes uint8 (H, W), each drawn as scale = (sy, sx) pixels.

    palette uint8 (k, 4), k up to 256: red, green, blue, alpha of each code. zlib level 1, since level 6 takes
    ten times as long for a tenth fewer bytes; single pixels seldom repeat but in runs, so only runs are
    looked for (a quarter to a half fewer bytes in less time), while enlarged ones repeat by line.
    """
    sy, sx = scale
    large = codes if (sy, sx) == (1, 1) else np.repeat(np.repeat(codes, sy, axis=0), sx, axis=1)
    image = Image.frombuffer("P", (large.shape[1], large.shape[0]), np.ascontiguousarray(large))
    image.putpalette(np.ascontiguousarray(palette[:, :3]).tobytes())
    strategy = zlib.Z_RLE if (sy, sx) == (1, 1) else zlib.Z_DEFAULT_STRATEGY
    options: dict[str, object] = {"compress_level": 1, "compress_type": strategy}
    if not (palette[:, 3] == 255).all():
        options["transparency"] = palette[:, 3].tobytes()
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    return out.getvalue()


def _check(selection: Selection, window: Window, width: int, height: int) -> None:
    inside = 0 <= window.x0 < window.x1 <= len(selection.cols)
    if not (inside and 0 <= window.y0 < window.y1 <= len(selection.rows)):
        raise InputError(
            f"columns {window.x0} to {window.x1}, rows {window.y0} to {window.y1} are no part of a matrix of "
            f"{len(selection.rows)} rows and {len(selection.cols)} columns"
        )
    if width < 1 or height < 1:
        raise InputError(f"a picture of {width} x {height} pixels cannot be drawn", "give at least 1 x 1")


def _arrays(graph: Graph, values: np.ndarray) -> tuple[np.ndarray, ...]:
    """The graph by pre, with values in one of the three types that the kernels are compiled for."""
    known = values.dtype in (np.uint32, np.float32, np.float64)
    values = readonly(values, None if known else np.float64)
    return readonly(graph.out.indptr), readonly(graph.out.idx), readonly(graph.out.n_synapses), values
