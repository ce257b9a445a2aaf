"""Pictures of a matrix: colours of a window at screen resolution, and what lies under a pixel."""

from __future__ import annotations

import math

import numpy as np

from analysis import matrix as matrices
from analysis import raster as rasters
from analysis import tested as tests
from analysis.raster import PixelContent, Window
from views.matrix import Matrix, MatrixView
from views.testability import what_is_tested

UNTESTED = 255


def limits(matrix: Matrix, view: MatrixView) -> tuple[float, float]:
    """Values of the first and last colour: as asked, else the range of the matrix."""
    low = matrix.low if view.lo is None else view.lo
    high = matrix.high if view.hi is None else view.hi
    if math.isnan(low) or math.isnan(high):
        return 0.0, 1.0
    if view.scale == "log" and low <= 0:
        low = min((v for v in (matrix.low, high / 1000, 1.0) if v > 0), default=1.0) if high > 0 else low
    return (low, high) if high > low else (low, low + (abs(low) or 1.0))


def colour_codes(matrix: Matrix, view: MatrixView, window: Window, width: int, height: int) -> np.ndarray:
    """uint8 (H, W) of a window at screen resolution: 0 = no connection in a tested pair, 1..254 = colours from lo to
    hi, 255 = no connection, and no pair there could have shown one."""
    low, high = limits(matrix, view)
    scale = view.scale if not (view.scale == "log" and low <= 0) else "linear"
    codes = rasters.indexed(_values(matrix, window, width, height), low, high, scale)  # type: ignore[arg-type]
    codes[(codes == 0) & untested(matrix, window, codes.shape[1], codes.shape[0])] = UNTESTED
    return codes


def untested(matrix: Matrix, window: Window, width: int, height: int) -> np.ndarray:
    """bool (height, width): pixels of a window in which no pair of cells is a tested pair."""
    known = what_is_tested(matrix.dataset)
    mode = matrix.view.tested
    if matrix.group_tested is not None:
        return matrix.group_tested[window.y0 : window.y1, window.x0 : window.x1] == 0
    rows = matrix.rows.codes[window.y0 : window.y1]
    cols = matrix.cols.codes[window.x0 : window.x1]
    return ~tests.tested_bins(known, rows, cols, height, width, mode)  # type: ignore[arg-type]


def dense(matrix: Matrix) -> np.ndarray:
    """float64 (rows, columns) as drawn, NaN without a connection; for small matrices only."""
    n_rows, n_cols = matrix.shape
    return _values(matrix, Window(0, n_cols, 0, n_rows), n_cols, n_rows).astype(np.float64)


def _values(matrix: Matrix, window: Window, width: int, height: int) -> np.ndarray:
    if matrix.grouped is not None:
        shown = np.where(matrix.grouped.n_connections > 0, matrix.grouped.value, np.nan)
        return shown[window.y0 : window.y1, window.x0 : window.x1].astype(np.float32)
    values = matrices.edge_values(matrix.dataset.graph, matrix.view.measure)
    return rasters.raster(matrix.dataset.graph, matrix.selection, window, width, height, values).value


def png(matrix: Matrix, view: MatrixView, window: Window, width: int, height: int, palette: np.ndarray) -> bytes:
    """A window as an indexed PNG of about width x height pixels, enlarged without blur where cells are larger."""
    codes = colour_codes(matrix, view, window, width, height)
    enlarge = max(1, height // codes.shape[0]), max(1, width // codes.shape[1])
    return rasters.png(codes, palette, enlarge)


def at(matrix: Matrix, window: Window) -> PixelContent:
    """What the pairs of a window of cells hold (cell by cell matrices)."""
    values = matrices.edge_values(matrix.dataset.graph, matrix.view.measure)
    return rasters.pixel(matrix.dataset.graph, matrix.selection, window, values)
