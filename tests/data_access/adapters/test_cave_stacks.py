"""Which table holds what: the file of a datastack is checked, an unknown datastack is explored, a user may choose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data_access.adapters.cave import stacks
from data_access.adapters.cave.client import Cave
from data_access.adapters.cave.stacks import CellSource, Lookup, StackConfig
from data_access.adapters.cave.transforms import depth_of, flat_of
from data_access.errors import InputError
from data_access.secret import Secret
from tests.cave_server.fixtures import DEMO, MINNIE, AnyCave, cave_server


@pytest.fixture(scope="module")
def server() -> Iterator[AnyCave]:
    with cave_server() as running:
        yield running


@pytest.fixture(scope="module")
def minnie(server: AnyCave) -> Cave:
    return Cave(server.address, MINNIE, Secret(server.token))


@pytest.fixture(scope="module")
def demo(server: AnyCave) -> Cave:
    return Cave(server.address, DEMO, Secret(server.token))


def described(text: str, tmp_path: Path) -> StackConfig:
    path = tmp_path / "mystack.toml"
    path.write_text(text, encoding="utf-8")
    return stacks.read(path)


# -- the file of a datastack


def test_every_file_that_comes_along_is_right() -> None:
    files = sorted(stacks.FOLDER.glob("*.toml"))
    assert [path.stem for path in files] == sorted({path.stem for path in files} & set(stacks.known()))
    for path in files:
        config = stacks.read(path)
        assert config.title and config.citation and config.licence, path.name


def test_what_is_known_of_minnie65() -> None:
    config = stacks.load("minnie65_public")
    assert config is not None and config.cells is not None and config.proofreading is not None
    assert (config.cells.table, config.cells.view) == (("aibs_cell_info",), True)
    assert config.types.rename == {"WM-P": "6P-CT", "6P-U": "6P-IT"} and "error" in config.types.missing
    assert config.flags["is_column"].table == ("allen_v1_column_types_slanted_ref",)
    assert config.proofreading.table[0] == "proofreading_status_and_strategy"
    assert config.compartments is not None and config.compartments.table == "synapse_target_predictions_ssa_v2"
    assert config.automatic is not None and config.automatic.table[0] == "aibs_metamodel_celltypes_v661"
    assert config.licence == "CC BY 4.0" and "MICrONS" in config.citation


def test_a_datastack_of_the_same_volume_has_the_same_description_under_its_own_name() -> None:
    config = stacks.load("minnie65_phase3_v1")
    assert config is not None and config.datastack == "minnie65_phase3_v1"
    assert stacks.load("nobody_knows_this") is None
    assert {"minnie65_public", "minnie65_phase3_v1"} <= set(stacks.known())


def test_a_short_description_is_enough(tmp_path: Path) -> None:
    config = described('[nuclei]\ntable = ["a", "b"]\n', tmp_path)
    assert config.datastack == "mystack"
    assert config.nuclei is not None and config.nuclei.table == ("a", "b") and config.nuclei.root == "pt_root_id"


NUCLEI = '[nuclei]\ntable = "n"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("titel = 'x'\n" + NUCLEI, ("unknown key titel", "'title'")),
        (NUCLEI + "rooot = 'x'", ("unknown key nuclei.rooot", "'root'")),
        (NUCLEI + "[proofreading]\ntable = 'p'\nstatus_axn = 's'", ("proofreading.status_axn", "'status_axon'")),
        (NUCLEI + "[flags.is_column]\ntable = 't'\nkee = 'x'", ("flags.is_column.kee", "'key'")),
        (NUCLEI + "[manual]\ncolumn = 'x'", ("manual.table is missing", "no default")),
        ("[nuclei]\ntable = 7", ("nuclei.table is 7", "a text or a list of texts")),
        ("row_limit = '500'\n" + NUCLEI, ("row_limit is '500'", "a whole number")),
        ("[cells]\ntable = 'c'\nview = 'yes'", ("cells.view is 'yes'", "true or false")),
        ("manual = 'x'\n" + NUCLEI, ("manual is 'x'", "a table with keys")),
        ("[types.rename]\na = 1\n" + NUCLEI, ("types.rename.a is 1", "a text")),
        ("datastack = 'x'\n" + NUCLEI, ("unknown key datastack", "")),
        ("title = 'x'", ("neither [nuclei] nor [cells]", "where the cells are")),
        (
            NUCLEI + "[transform]\npackage = 'other'\ndataset = 'x'",
            ("transform.package is 'other'", "standard-transform"),
        ),
        ("title = ", ("mystack.toml is no TOML", "")),
    ],
)
def test_a_mistake_is_named_with_its_key_and_the_nearest_right_one(
    text: str, words: tuple[str, str], tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        described(text, tmp_path)
    assert caught.value.message.startswith("mystack.toml")
    assert words[0] in caught.value.message and words[1] in caught.value.hint


# -- what a version has of it


def test_a_version_without_a_table_goes_without_what_it_holds(minnie: Cave) -> None:
    new, old = stacks.config_for(minnie, 1718), stacks.config_for(minnie, 1181)
    assert new.compartments is not None and new.notes == ()
    assert old.compartments is None
    assert any("synapse_target_predictions_ssa_v2" in note and "1181" in note for note in old.notes)
    assert new.automatic is not None and new.automatic.table == ("aibs_metamodel_celltypes_v661",)


def test_the_first_table_that_is_there_is_taken(minnie: Cave) -> None:
    tables = minnie.tables(1718)
    config = StackConfig(
        MINNIE,
        cells=CellSource(("aibs_cell_info_v9", "aibs_cell_info"), view=True),
        manual=Lookup(("aibs_cell_info", "allen_v1_column_types_slanted_ref")),
    )
    found = stacks.available(config, tables, 1718)
    assert found.cells is not None and found.cells.table == ("aibs_cell_info",)
    assert found.manual is not None and found.manual.table == ("allen_v1_column_types_slanted_ref",), (
        "a view is no table"
    )


def test_an_older_table_of_compartments_stands_in(minnie: Cave) -> None:
    tables = [table for table in minnie.tables(1718) if table.name != "synapse_target_predictions_ssa_v2"]
    tables.append(replace(tables[0], name="synapse_target_predictions_ssa", kind="table"))
    config = stacks.load(MINNIE)
    assert config is not None
    found = stacks.available(config, tables, 1300).compartments
    assert found is not None and (found.table, found.column) == ("synapse_target_predictions_ssa", "tag")


def test_a_version_without_any_cells_is_refused(minnie: Cave) -> None:
    config = StackConfig(MINNIE, cells=CellSource(("x",)))
    with pytest.raises(InputError, match="none of the tables"):
        stacks.available(config, minnie.tables(1718), 1718)


# -- an unknown datastack


def test_an_unknown_datastack_offers_its_tables_for_what_they_are(demo: Cave) -> None:
    offer = stacks.explore(demo, 17)
    roles = {choice.name: choice.role for choice in offer.choices}
    assert roles == {
        "cell_overview": "cells",
        "celltype_model": "cell types",
        "expert_celltypes": "cell types",
        "soma_detection": "nuclei",
        "proofreading_state": "proofreading",
        "synapse_compartment_model": "compartments",
        "synapses_v3": "synapses",
    }
    assert next(choice.name for choice in offer.cell_tables()) == "cell_overview"
    view = offer.choices[0]
    assert {"cell_type", "broad_type", "mtype"} <= set(view.type_columns) and "pt_root_id" not in view.type_columns
    assert "one in twenty" in next(c.table.notice for c in offer.choices if c.name == "synapses_v3")


def test_the_best_guess_uses_all_of_them(demo: Cave) -> None:
    config = stacks.config_for(demo, 17)
    assert config.nuclei is not None and config.nuclei.table == ("soma_detection",)
    assert config.cells is not None and (config.cells.table, config.cells.nucleus) == (("cell_overview",), "id")
    assert config.automatic is not None and config.automatic.table == ("celltype_model",)
    assert config.manual is not None and config.manual.table == ("expert_celltypes",)
    assert config.proofreading is not None and config.compartments is not None
    assert config.transform is None and config.row_limit is None


def test_the_guess_fits_what_is_described(minnie: Cave) -> None:
    offer = stacks.explore(minnie, 1718)
    known = stacks.config_for(minnie, 1718)
    assert offer.guess is not None
    for part in ("nuclei", "cells", "manual", "automatic", "proofreading", "compartments"):
        assert getattr(offer.guess, part).table == getattr(known, part).table, part
    assert known.cells is not None
    assert offer.guess.cells == replace(known.cells, volume=("volume",))


@pytest.mark.parametrize("view", [True, False])
def test_a_view_or_table_with_root_ids_may_be_chosen_for_the_cells(demo: Cave, view: bool) -> None:
    name = "cell_overview" if view else "expert_celltypes"
    config = stacks.config_for(demo, 17, name, "cell_type")
    nucleus = "id" if view else ""
    volume, broad = (("volume",), "broad_type") if view else ((), "")
    assert config.cells == CellSource((name,), view, nucleus, "pt_root_id", "pt_position", "cell_type", broad, volume)
    assert config.nuclei is not None and config.proofreading is not None


def test_another_column_may_be_chosen(demo: Cave, minnie: Cave) -> None:
    config = stacks.config_for(demo, 17, "cell_overview", "mtype")
    assert config.cells is not None and config.cells.type == "mtype"
    config = stacks.config_for(minnie, 1718, "aibs_metamodel_celltypes_v661")
    assert config.cells is None
    assert config.cell_type == Lookup(("aibs_metamodel_celltypes_v661",), "cell_type")
    assert config.transform is not None, "what is known of the datastack stays"


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("cell_overvew", "", ("no table 'cell_overvew'", "'cell_overview'")),
        ("cell_overview", "cell_typ", ("no column 'cell_typ'", "'cell_type'")),
        ("synapse_compartment_model", "tag", ("holds no cells", "choose a view or table")),
        ("", "cell_type", ("needs the table", "--cell-table")),
    ],
)
def test_a_wrong_choice_is_named(demo: Cave, table: str, column: str, words: tuple[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        stacks.config_for(demo, 17, table, column)
    assert words[0] in caught.value.message and words[1] in caught.value.hint


# -- the frame with a depth


def test_minnie65_positions_have_the_published_depth() -> None:
    config = stacks.load(MINNIE)
    assert config is not None and config.transform is not None
    nm = np.array([[101712, 120464, 15401]]) * [4.0, 4.0, 40.0]
    assert flat_of(config.transform)(nm) == pytest.approx(np.array([[363.3033, 118.8105, 616.04]]), abs=1e-3)
    many = np.repeat(nm, 3, axis=0)
    many[1] = np.nan
    depth = depth_of(config)(*many.T)
    assert depth[[0, 2]] == pytest.approx([118.8105, 118.8105], abs=1e-3) and np.isnan(depth[1])
    assert depth_of(config)([], [], []).shape == (0,)


def test_a_transform_that_is_not_there_is_named(tmp_path: Path) -> None:
    def config(dataset: str, version: str) -> StackConfig:
        text = NUCLEI + f"[transform]\npackage = 'standard-transform'\ndataset = '{dataset}'\nversion = '{version}'"
        return described(text, tmp_path)

    with pytest.raises(InputError, match="minnie56"):
        depth_of(config("minnie56", ""))
    with pytest.raises(InputError, match=r"0\.1"):
        depth_of(config("minnie65", "0.1"))
    with pytest.raises(InputError, match="no frame with a depth"):
        depth_of(described(NUCLEI, tmp_path))
