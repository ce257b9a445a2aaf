"""Pictures of a matrix: against binning the dense matrix, and against Pillow's reading of the PNG."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from analysis.matrix import Selection, edge_values, entries
from analysis.raster import Window, bin_window, indexed, pixel, png, raster, whole
from data_access.errors import InputError
from data_access.graph import Graph
from tests.analysis.graphs import dense, make_graph, random_graph

N = 14


@st.composite
def views(draw: st.DrawFn) -> tuple[Graph, Selection, Window, int, int, np.ndarray]:
    """A graph, a selection in any order, a window of it, a picture size, and values of each connection."""
    graph = random_graph(draw(st.integers(0, 10**6)), N, 150)
    axis = st.permutations(range(N)).map(lambda codes: np.array(codes, np.int32))
    rows, cols = draw(axis)[: draw(st.integers(1, N))], draw(axis)[: draw(st.integers(1, N))]
    selection = Selection(rows, cols, draw(st.integers(1, 2)), draw(st.booleans()))
    x0, y0 = draw(st.integers(0, (len(cols) - 1) // 2)), draw(st.integers(0, (len(rows) - 1) // 2))
    x1, y1 = draw(st.integers(x0 + 1, len(cols))), draw(st.integers(y0 + 1, len(rows)))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    values = rng.choice([-2.0, 1.0, 3.0, np.nan], graph.n_connections)
    size = st.integers(1, 20)
    return graph, selection, Window(x0, x1, y0, y1), draw(size), draw(size), values


def shown(graph: Graph, selection: Selection, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values in display order, and whether a connection is shown there."""
    place = np.ix_(selection.rows, selection.cols)
    filled = np.nan_to_num(dense(graph)[place]) >= selection.min_synapses
    if not selection.keep_autapses:
        filled &= selection.rows[:, None] != selection.cols[None, :]
    return dense(graph, values)[place], filled


@settings(deadline=None)
@given(views(), st.sampled_from(["max", "sum", "count"]))
def test_every_pixel_holds_what_the_dense_matrix_has_there(view: tuple, how: str) -> None:
    graph, selection, window, width, height, values = view
    found = raster(graph, selection, window, width, height, values, how)  # type: ignore[arg-type]
    value, filled = shown(graph, selection, values)
    shape = (min(height, window.n_rows), min(width, window.n_cols))
    assert found.value.shape == found.n_connections.shape == shape
    for y in range(shape[0]):
        for x in range(shape[1]):
            part = bin_window(window, width, height, x, y)
            block = np.s_[part.y0 : part.y1, part.x0 : part.x1]
            inside = value[block][filled[block]]
            known = inside[~np.isnan(inside)]
            assert found.n_connections[y, x] == len(inside)
            if how == "count":
                expected = len(inside) or np.nan
            else:
                expected = (known.max() if how == "max" else known.sum()) if len(known) else np.nan
            assert found.value[y, x] == pytest.approx(expected, nan_ok=True)


@settings(deadline=None)
@given(views())
def test_no_connection_is_lost_between_pixels(view: tuple) -> None:
    graph, selection, window, width, height, values = view
    found = raster(graph, selection, window, width, height, values, "count")
    single = entries(graph, selection)
    inside = (single.row >= window.y0) & (single.row < window.y1)
    inside &= (single.col >= window.x0) & (single.col < window.x1)
    assert np.nansum(found.value) == found.n_connections.sum() == inside.sum()


@settings(deadline=None)
@given(views())
def test_the_windows_of_the_pixels_tile_the_view(view: tuple) -> None:
    _, _, window, width, height, _ = view
    covered = np.zeros((window.y1, window.x1), int)
    for y in range(min(height, window.n_rows)):
        for x in range(min(width, window.n_cols)):
            part = bin_window(window, width, height, x, y)
            covered[part.y0 : part.y1, part.x0 : part.x1] += 1
    assert (covered[window.y0 :, window.x0 :] == 1).all()
    assert covered.sum() == window.n_rows * window.n_cols


@settings(deadline=None)
@given(views())
def test_hover_names_the_strongest_connection_of_a_pixel(view: tuple) -> None:
    graph, selection, window, _, _, values = view
    found = pixel(graph, selection, window, values)
    value, filled = shown(graph, selection, values)
    block = np.s_[window.y0 : window.y1, window.x0 : window.x1]
    own = (
        0
        if selection.keep_autapses
        else int((selection.rows[block[0]][:, None] == selection.cols[block[1]][None, :]).sum())
    )
    assert found.n_pairs == window.n_rows * window.n_cols - own
    assert found.n_connections == filled[block].sum()
    if found.n_connections == 0:
        assert (found.edge, found.row, found.col) == (-1, -1, -1)
        return
    ranked = np.where(np.isnan(value), -np.inf, value)
    places = [(y, x) for y, x in np.argwhere(filled) if window.y0 <= y < window.y1 and window.x0 <= x < window.x1]
    best = min(places, key=lambda at: (-ranked[at], at))
    assert (found.row, found.col) == best
    assert found.value == pytest.approx(value[best], nan_ok=True)
    assert graph.out.idx[found.edge] == selection.cols[found.col]
    assert graph.edge_rows(np.array([found.edge]))[0] == selection.rows[found.row]


def test_cells_that_only_receive_keep_their_column() -> None:
    graph = make_graph([0, 1], [2, 2], n_nodes=4)
    cells = np.arange(4, dtype=np.int32)
    selection = Selection(cells, cells)
    found = raster(graph, selection, whole(selection), 1400, 900, edge_values(graph, "n_synapses"))
    assert found.n_connections.tolist() == [[0, 0, 1, 0], [0, 0, 1, 0], [0] * 4, [0] * 4]


@pytest.mark.parametrize("kind", [np.uint8, np.uint32, np.int64, np.float32, np.float64])
def test_values_of_any_number_type_give_the_same_picture(kind: type) -> None:
    graph = random_graph(2, N)
    cells = np.arange(N, dtype=np.int32)
    selection = Selection(cells, cells)
    values = edge_values(graph, "n_synapses")
    first = raster(graph, selection, whole(selection), 5, 5, values)
    again = raster(graph, selection, whole(selection), 5, 5, values.astype(kind))
    assert np.array_equal(first.value, again.value, equal_nan=True)


@pytest.mark.parametrize("window", [Window(0, 0, 0, 1), Window(-1, 2, 0, 1), Window(0, 4, 0, 1), Window(0, 1, 2, 1)])
def test_a_window_outside_the_matrix_is_refused(window: Window) -> None:
    graph, three = random_graph(1), np.arange(3, dtype=np.int32)
    values = edge_values(graph, "n_synapses")
    with pytest.raises(InputError, match="no part of a matrix of 3 rows and 3 columns"):
        raster(graph, Selection(three, three), window, 10, 10, values)
    with pytest.raises(InputError, match="no part of"):
        pixel(graph, Selection(three, three), window, values)


def test_a_picture_without_pixels_and_values_of_another_graph_are_refused() -> None:
    graph, three = random_graph(1), np.arange(3, dtype=np.int32)
    selection = Selection(three, three)
    with pytest.raises(InputError, match="0 x 10 pixels"):
        raster(graph, selection, whole(selection), 0, 10, edge_values(graph, "n_synapses"))
    with pytest.raises(ValueError, match="one a connection"):
        raster(graph, selection, whole(selection), 5, 5, np.ones(3))


def test_linear_codes_rise_in_equal_steps_and_clip() -> None:
    values = np.array([[np.nan, -5, 0, 0.49, 0.51, 1, 9]])
    assert indexed(values, 0, 1, levels=2).tolist() == [[0, 1, 1, 1, 2, 2, 2]]
    assert indexed(values, 0, 1)[0, -1] == 254


def test_log_codes_give_equal_ratios_equal_steps() -> None:
    values = np.array([[np.nan, 0, 1, 9.9, 10.1, 99, 101, 1000, 5000]], np.float32)
    assert indexed(values, 1, 1000, "log", levels=3).tolist() == [[0, 1, 1, 1, 2, 2, 3, 3, 3]]
    with pytest.raises(InputError, match="above 0"):
        indexed(values, 0, 10, "log")


def test_binary_codes_and_a_scale_of_one_value() -> None:
    values = np.array([[np.nan, 0, 3.0, -1]])
    assert indexed(values, 0, 1, "binary").tolist() == [[0, 254, 254, 254]]
    assert indexed(values, 3, 3).tolist() == [[0, 254, 254, 254]]


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_a_png_read_back_has_the_palettes_colours(seed: int, sy: int, sx: int, transparent: bool) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, rng.integers(1, 30, 2), dtype=np.uint8)
    palette = rng.integers(0, 256, (256, 4), dtype=np.uint8)
    palette[:, 3] = palette[:, 3] if transparent else 255
    image = Image.open(io.BytesIO(png(codes, palette, (sy, sx))))
    assert image.mode == "P"
    seen = np.asarray(image.convert("RGBA"))
    expected = palette[np.kron(codes, np.ones((sy, sx), np.uint8))]
    assert np.array_equal(seen, expected)


def test_a_group_matrix_of_300_types_becomes_a_picture() -> None:
    value = np.random.default_rng(1).lognormal(0, 2, (300, 300))
    value[value < 0.1] = np.nan
    palette = np.full((256, 4), 255, np.uint8)
    image = Image.open(io.BytesIO(png(indexed(value, 0.1, 100, "log"), palette, (3, 4))))
    assert image.size == (1200, 900)
