"""The soma map: which axes, which cells where, in which colour, and what lies under the pointer or in a lasso."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components import cells_map, colours
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError
from data_access.importer import ImportSpec, import_dataset
from tests.views import samples
from tests.views.mapped import Mapped, mapped
from views import soma_map, soma_map_colours, soma_map_picture, soma_map_synapses
from views.cells_page import CellsPage
from views.soma_map_picture import CONTEXT, FULL, MISSING, OUTSIDE, PALE


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    return mapped(tmp_path_factory.mktemp("mapped"))


@pytest.fixture(scope="module")
def dataset(known: Mapped) -> Dataset:
    return known.dataset


def placed(known: Mapped) -> pd.DataFrame:
    return known.cells[known.cells.x_nm.notna()]


def pixels(drawn: soma_map.SomaMap, size: int = 400, around: float = 0.5) -> dict[int, int]:
    """The palette code at the pixel of every cell that has a place, by code of the cell; dots of one pixel."""
    window = soma_map.fitted(drawn.extent, CellsPage(), size, size)
    picture = soma_map_picture.codes(drawn, window, size, size, 0.5, around)
    x0, x1, y0, y1 = window
    return {
        int(c): int(picture[int((drawn.y[c] - y0) / (y1 - y0) * size), int((drawn.x[c] - x0) / (x1 - x0) * size)])
        for c in np.flatnonzero(drawn.placed)
    }


# ---- axes


def test_axes_are_lengths_and_start_across_and_down_the_depth(dataset: Dataset) -> None:
    assert soma_map.axis_columns(dataset) == ["x_um", "y_um", "z_um", "depth_um"]
    assert soma_map.default_axes(dataset) == ("x_um", "depth_um")
    assert soma_map.axis_pair(dataset, CellsPage(x="z_um", y="x_um")) == ("z_um", "x_um")


@pytest.mark.parametrize(
    ("view", "said"),
    [({"x": "volume"}, "x=volume is no axis"), ({"x": "z_um", "y": "z_um"}, "both axes"), ({"y": "depht_um"}, "depth_um")],
    ids=["no length", "twice", "misspelt"],
)  # fmt: skip
def test_a_wrong_axis_is_refused_by_name(dataset: Dataset, view: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as caught:
        soma_map.build(dataset, CellsPage(**view))
    assert said in str(caught.value)


def test_depth_grows_downwards_and_z_upwards(dataset: Dataset) -> None:
    assert soma_map.is_down(dataset, "depth_um")
    assert soma_map.is_down(dataset, "y_um")
    assert not soma_map.is_down(dataset, "z_um")


@pytest.mark.parametrize("box", [(600, 300), (300, 600), (500, 500)], ids=str)
@pytest.mark.parametrize("zoom", [{}, {"x0": 10.0, "x1": 60.0, "y0": 300.0, "y1": 310.0}, {"x1": 50.0}], ids=str)
def test_a_micrometre_is_as_long_across_as_down(dataset: Dataset, box: tuple[int, int], zoom: dict[str, float]) -> None:
    view = CellsPage(**zoom)  # type: ignore[arg-type]
    extent = soma_map.build(dataset, view).extent
    x0, x1, y0, y1 = soma_map.fitted(extent, view, *box)
    assert (x1 - x0) / box[0] == pytest.approx((y1 - y0) / box[1])
    asked = [e if getattr(view, k) is None else getattr(view, k) for k, e in zip(("x0", "x1", "y0", "y1"), extent)]  # noqa: B905
    assert x0 <= asked[0] + 1e-6
    assert x1 >= asked[1] - 1e-6
    assert y0 <= asked[2] + 1e-6
    assert y1 >= asked[3] - 1e-6


def test_a_filter_does_not_move_the_map(dataset: Dataset) -> None:
    assert (
        soma_map.build(dataset, CellsPage()).extent == soma_map.build(dataset, CellsPage(cells="depth_um < 50")).extent
    )


def test_without_positions_the_map_says_what_would_be_needed(tmp_path: Path) -> None:
    samples.edges(tmp_path / "data", tmp_path)
    bare = open_dataset(tmp_path / "data", "edges")
    with pytest.raises(InputError, match="no positions") as caught:
        soma_map.build(bare, CellsPage())
    assert "--cell-position" in caught.value.hint


# ---- who is drawn, in which code


def test_every_cell_with_a_place_is_drawn_in_the_colour_of_its_type(known: Mapped) -> None:
    drawn = soma_map.build(known.dataset, CellsPage(cells="is_cell"))
    assert drawn.n_placed == len(placed(known))
    names = drawn.colouring.names
    found = pixels(drawn, 3000)
    kinds = known.dataset.column("cell_type").astype("object").iloc[list(found)]
    expected = [FULL + (MISSING if pd.isna(kind) else names.index(kind)) for kind in kinds]
    right = sum(code == wanted for code, wanted in zip(found.values(), expected, strict=True))
    assert right >= 0.98 * len(found)  # a few may lie under one another


def test_cells_outside_the_filter_stay_as_context_and_selected_ones_stand_out(known: Mapped) -> None:
    dataset = known.dataset
    drawn = soma_map.build(dataset, CellsPage(cells="depth_um < 400", sel="is_column", colour="none"))
    found = pixels(drawn, 3000)
    column = dataset.column("is_column").to_numpy(dtype=bool, na_value=False)
    depth = soma_map.position(dataset, "depth_um")
    expected = {
        c: (FULL if column[c] else PALE) if depth[c] < 400 else OUTSIDE if column[c] else CONTEXT for c in found
    }
    assert sum(found[c] == expected[c] for c in found) >= 0.98 * len(found)


def test_without_a_selection_nobody_is_pale(dataset: Dataset) -> None:
    found = pixels(soma_map.build(dataset, CellsPage(cells="is_cell")))
    assert {code for code in found.values() if code >= PALE} == set()


def test_fewer_cells_are_larger_dots(dataset: Dataset) -> None:
    window = (0.0, 400.0, 0.0, 800.0)
    few = soma_map_picture.radii(soma_map.build(dataset, CellsPage(cells="depth_um < 20")), window, 60, 120)
    many = soma_map_picture.radii(soma_map.build(dataset, CellsPage(cells="is_cell")), window, 60, 120)
    assert few[0] > many[0]
    assert few[1] > 0


# ---- colours


def test_proofreading_is_none_proofread_and_proofread_in_the_column(known: Mapped) -> None:
    found = soma_map_colours.colouring(known.dataset, "proofreading")
    status, inside = (
        known.dataset.column(n).to_numpy(dtype=bool, na_value=False) for n in ("status_axon", "is_column")
    )
    assert np.array_equal(found.of, np.where(status & inside, 2, np.where(status, 1, 0)))
    assert found.ranked


def test_a_dataset_that_knows_no_proofreading_says_so(known: Mapped, tmp_path: Path) -> None:
    samples.big(tmp_path / "data", tmp_path)
    with pytest.raises(InputError, match="does not say which axons are proofread"):
        soma_map_colours.colouring(open_dataset(tmp_path / "data", "big"), "proofreading")


def test_types_have_the_colours_they_have_everywhere(dataset: Dataset) -> None:
    found = soma_map_colours.colouring(dataset, "cell_type")
    for name, ink in zip(found.names, cells_map.hexes(found, "light"), strict=True):
        if name != "it's odd":
            assert ink == colours.type_colour(name)


def test_numbers_run_over_the_scale_and_missing_ones_lie_outside(known: Mapped) -> None:
    found = soma_map_colours.colouring(known.dataset, "volume")
    values = known.dataset.column("volume").to_numpy(dtype=float, na_value=np.nan)
    there = np.isfinite(values)
    assert (found.of[~there] == -1).all()
    order = np.argsort(values[there])
    assert (np.diff(found.of[there][order]) >= 0).all()
    assert found.of[there].min() == 0
    assert found.of[there].max() == soma_map_colours.LEVELS - 1


def test_few_values_far_above_the_rest_do_not_eat_the_scale() -> None:
    values = np.append(np.linspace(0, 10, 995), [1e6] * 5)
    assert soma_map_colours.limits(values)[1] == pytest.approx(10, rel=0.05)
    assert soma_map_colours.limits(np.linspace(0, 10, 1000)) == (0, 10)


def test_an_unknown_colour_names_the_nearest(dataset: Dataset) -> None:
    with pytest.raises(InputError) as caught:
        soma_map_colours.colouring(dataset, "cell_tipe")
    assert "cell_type" in caught.value.hint


# ---- pointer, box, lasso


def test_the_pointer_finds_the_nearest_cell_shown(known: Mapped) -> None:
    drawn = soma_map.build(known.dataset, CellsPage(cells="cell_type == 'BC'"))
    code = int(drawn.chosen.shown.codes[drawn.placed[drawn.chosen.shown.codes]][3])
    hit = soma_map_picture.at(drawn, (float(drawn.x[code]) + 0.01, float(drawn.y[code])), 5.0)
    assert hit.codes[0] == code
    others = np.setdiff1d(np.flatnonzero(drawn.placed), drawn.chosen.shown.codes)
    assert not set(hit.codes) & set(others.tolist())


def test_a_box_selects_the_cells_shown_in_it(known: Mapped) -> None:
    drawn = soma_map.build(known.dataset, CellsPage(cells="is_column"))
    found = soma_map_picture.inside(drawn, "100,200 300,200 300,600 100,600")
    rows = known.cells[known.cells.is_column]
    inside = rows[(rows.x_nm / 1000).between(100, 300) & rows.depth_um.between(200, 600)]
    assert {known.dataset.index.text([c])[0] for c in found} == {str(i) for i in inside.cell_id}


@pytest.mark.parametrize("text", ["", "1,2 3,4", "a,b c,d e,f", "1,2,3 4,5,6 7,8,9", "nan,1 2,3 4,5"], ids=repr)
def test_what_is_no_polygon_is_refused(dataset: Dataset, text: str) -> None:
    with pytest.raises(InputError):
        soma_map_picture.inside(soma_map.build(dataset, CellsPage()), text)


# ---- synapses


@pytest.mark.parametrize("side", ["out", "in"])
def test_synapses_of_one_set_lie_over_those_of_the_cells_shown(known: Mapped, side: str) -> None:
    view = CellsPage(cells="cell_type == 'BC'", over="is_column", side=side)
    found = soma_map_synapses.layers(soma_map.build(known.dataset, view), view)
    assert found is not None
    ends = known.synapses["pre_id" if side == "out" else "post_id"]
    shown = ends.isin(known.cells.cell_id[known.cells.cell_type == "BC"])
    over = ends.isin(known.cells.cell_id[known.cells.is_column])
    assert (found.n_under, found.n_over) == (int(shown.sum()), int(over.sum()))
    assert int(found.under.sum()) == int((shown & ~over).sum())


def test_the_places_of_synapses_are_those_of_the_source(known: Mapped) -> None:
    view = CellsPage(cells="is_cell", over="cell_type == '4P'")
    found = soma_map_synapses.layers(soma_map.build(known.dataset, view), view)
    assert found is not None
    mine = known.synapses[known.synapses.pre_id.isin(known.cells.cell_id[known.cells.cell_type == "4P"])]
    assert np.allclose(np.sort(found.x[found.over]), np.sort(mine.x_nm / 1000), atol=0.01)
    assert np.allclose(np.sort(found.y[found.over]), np.sort(mine.y_nm / 1000), atol=0.01)


def test_gold_lies_over_grey(known: Mapped) -> None:
    view = CellsPage(cells="", over="is_column")
    found = soma_map_synapses.layers(soma_map.build(known.dataset, view), view)
    assert found is not None
    codes = soma_map_synapses.codes(found, (0.0, 400.0, 0.0, 800.0), 40, 80, 1.0)
    x, y = found.x[found.over], found.y[found.over]
    at = codes[(y / 800 * codes.shape[0]).astype(int), (x / 400 * codes.shape[1]).astype(int)]
    assert (at >= soma_map_synapses.OVER).all()
    assert (codes[(codes > 0)] < soma_map_synapses.OVER).any()


def test_without_positions_of_synapses_the_layer_says_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    ids = np.arange(20) + 1
    pd.DataFrame({"cell_id": ids, **{f"{a}_nm": rng.random(20) * 1e5 for a in "xyz"}}).to_parquet(
        tmp_path / "c.parquet"
    )
    pd.DataFrame({"pre": ids, "post": ids[::-1], "w": 1}).to_parquet(tmp_path / "e.parquet")
    spec = ImportSpec("bare", cells=(tmp_path / "c.parquet",), connections=(tmp_path / "e.parquet",), pre="pre",
                      post="post", weight="w")  # fmt: skip
    import_dataset(tmp_path / "data", spec)
    view = CellsPage(over="1, 2")
    drawn = soma_map.build(open_dataset(tmp_path / "data", "bare"), view)
    with pytest.raises(InputError, match="no positions of synapses"):
        soma_map_synapses.layers(drawn, view)


# ---- the figure


def test_the_figure_holds_a_picture_and_where_it_lies(dataset: Dataset) -> None:
    view = CellsPage(x0=10.0, x1=60.0, y0=100.0, y1=150.0, over="is_column")
    made = cells_map.figure(soma_map.build(dataset, view), view, "light", 300, 200, 1.0)
    assert len(made["pictures"]) == 2
    assert all(p.startswith("data:image/png;base64,") for p in made["pictures"])
    assert made["window"] == soma_map.fitted(made["extent"], view, 300, 200)
    alone = CellsPage(somata="hide")
    assert cells_map.figure(soma_map.build(dataset, alone), alone, "dark", 300, 200, 2.0)["pictures"] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("column", ["cell_type", "volume", "proofreading", "none", "is_column"])
def test_a_pale_cell_is_the_same_ink_but_transparent(dataset: Dataset, column: str, theme: colours.Theme) -> None:
    found = soma_map_colours.colouring(dataset, column)
    table = cells_map.palette(found, theme)
    kinds = len(cells_map.hexes(found, theme))
    assert np.array_equal(table[FULL : FULL + kinds, :3], table[PALE : PALE + kinds, :3])
    assert (table[FULL : FULL + kinds, 3] == 255).all()
    assert (table[PALE : PALE + kinds, 3] < 128).all()
