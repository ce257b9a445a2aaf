"""A cell table is joined to every id that occurs: unknown partners are kept apart, and no row vanishes untold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data_access.dataset import Dataset
from tests.data_access.command_line import CommandLine

ROOT = 864691135000000000
CAVE = {
    "id": [30, 10, 20], "pre_pt_root_id": [ROOT + 1, ROOT + 1, ROOT + 3],
    "post_pt_root_id": [ROOT + 2, ROOT + 2, ROOT + 1], "size": [100, 200, 300],
}  # fmt: skip


def join(command: CommandLine, cells: Mapping[str, object], *words: object, suffix: str = "csv") -> Dataset:
    synapses = command.table("s.csv", CAVE)
    return command.imported("x", "--synapses", synapses, "--cells", command.table(f"c.{suffix}", cells), *words)


def cell(dataset: Dataset, cell_id: int) -> dict[str, Any]:
    at = dataset.code_of(str(cell_id))
    return {name: dataset.column(name)[at] for name in dataset.meta.columns}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_unknown_partners_are_kept_apart(suffix: str, command: CommandLine) -> None:
    dataset = join(command, {"pt_root_id": [ROOT + 1, ROOT + 9], "cell_type": ["BC", "MC"]}, suffix=suffix)
    assert dataset.index.ids.tolist() == [ROOT + 1, ROOT + 2, ROOT + 3, ROOT + 9]
    assert dataset.is_cell.tolist() == [True, False, False, True]
    assert dataset.column("cell_type").isna().tolist() == [False, True, True, False]
    assert (dataset.meta.n_cells, dataset.meta.n_table_cells, dataset.meta.n_cells_connected) == (4, 2, 3)
    assert dataset.meta.n_synapses == 3, "a synapse onto a fragment is a synapse"


def test_several_nuclei_on_one_root(command: CommandLine) -> None:
    table = {
        "pt_root_id": [ROOT + 1, ROOT + 1, ROOT + 2, 0, 0, None], "cell_type": ["BC", "MC", "MC", "a", "b", "c"],
        "region": ["V1", "V1", "LM", "V1", "V1", "V1"],
    }  # fmt: skip
    dataset = join(command, {name: pa.array(values) for name, values in table.items()})
    assert cell(dataset, ROOT + 1)["region"] == "V1"
    assert dataset.column("cell_type").isna().tolist() == [True, False, True], "two types: not known which"
    assert dataset.column("n_table_rows").tolist()[:2] == [2, 1]
    left = {item.reason: item.rows for item in dataset.meta.ledger.cell_rows_left_out}
    assert left["no cell id"] == 1
    assert left["cell id 0"] == 2
    assert sum(left.values()) == 4
    assert dataset.meta.ledger.cell_rows_read == 6


def test_a_lone_column_called_x_nm_is_no_position(command: CommandLine) -> None:
    dataset = join(command, {"pt_root_id": [ROOT + 1], "x_nm": ["left"]})
    assert cell(dataset, ROOT + 1)["x_nm"] == "left"
    assert "x_um" not in dataset.columns
    assert "cell_positions" not in dataset.meta.capabilities


def test_the_root_of_a_cave_cell_table_is_its_id_and_not_the_nucleus(command: CommandLine) -> None:
    dataset = join(command, {"cell_id": [500, 501], "pt_root_id": [ROOT + 1, ROOT + 2], "cell_type": ["a", "b"]})
    assert dataset.column("cell_type").tolist()[:2] == ["a", "b"]
    assert dataset.column("cell_id_file").tolist()[:2] == [500, 501]


def test_the_type_is_text_as_the_file_spells_it(command: CommandLine) -> None:
    dataset = join(command, {"pt_root_id": [ROOT + 1, ROOT + 2], "cluster": ["01", "2"]}, "--cell-type", "cluster")
    assert dataset.column("cell_type").tolist()[:2] == ["01", "2"]
    assert dataset.meta.columns["cell_type"].kind == "text"
    assert dataset.select("cluster == '01'").codes.tolist() == [0]


@pytest.mark.parametrize(
    ("table", "words", "expected"),
    [
        ({"pt_position": ["[10 20 30]", "[40, 50, 60]"]}, [], [40, 80, 1200]),
        ({"pt_position": ["[10 20 30]", ""]}, ["--cell-voxel-nm", "1,1,1"], [10, 20, 30]),
        ({"pt_x": [10, 1], "pt_y": [20, 1], "pt_z": [30, 1]}, [], [40, 80, 1200]),
        ({"soma_x_nm": [10, 1], "soma_y_nm": [20, 1], "soma_z_nm": [30, 1]}, [], [10, 20, 30]),
        (
            {"a_x": [10, 1], "a_y": [20, 1], "a_z": [30, 1]},
            ["--cell-position", "a", "--voxel-nm", "2,2,2"],
            [20, 40, 60],
        ),
    ],
)
def test_positions_of_somata(
    table: dict[str, list[object]], words: list[str], expected: list[int], command: CommandLine
) -> None:
    dataset = join(command, {"pt_root_id": [ROOT + 1, ROOT + 9], **table}, *words)
    found = cell(dataset, ROOT + 1)
    assert [found["x_nm"], found["y_nm"], found["z_nm"]] == expected
    assert np.isnan(cell(dataset, ROOT + 2)["x_nm"])


def test_positions_of_somata_as_lists(command: CommandLine) -> None:
    table = {"pt_root_id": [ROOT + 1, ROOT + 2], "pt_position": [[10, 20, 30], None]}
    found = cell(join(command, table, suffix="parquet"), ROOT + 1)
    assert [found["x_nm"], found["y_nm"], found["z_nm"]] == [40, 80, 1200]


def test_first_names_of_renamed_cell_columns(command: CommandLine) -> None:
    table = {
        "root": [ROOT + 1, ROOT + 2], "class2": ["BC", "MC"], "soma_x_nm": [1, 2], "soma_y_nm": [1, 2],
        "soma_z_nm": [1, 2], "Volume": [3, 4],
    }  # fmt: skip
    dataset = join(command, table, "--cell-id", "root", "--cell-type", "class2")
    assert dataset.select(f"root == {ROOT + 2}").codes.tolist() == [1]
    assert dataset.select("class2 == 'BC' and soma_x_nm < 2 and Volume == 3").codes.tolist() == [0]
    assert dataset.column("class2").equals(dataset.column("cell_type"))
    assert list(dataset.meta.columns) == ["cell_id", "cell_type", "x_nm", "y_nm", "z_nm", "is_cell", "Volume"]


def test_coordinates_in_voxels_stay_usable_beside_those_in_nm(command: CommandLine) -> None:
    dataset = join(command, {"pt_root_id": [ROOT + 1], "pt_x": [10], "pt_y": [20], "pt_z": [30]})
    assert (cell(dataset, ROOT + 1)["pt_z"], cell(dataset, ROOT + 1)["z_nm"]) == (30, 1200)


def test_cells_by_column_number(command: CommandLine) -> None:
    dataset = join(command, {"": [ROOT + 1], "kind": ["BC"]}, "--cell-id", 1, "--cell-type", 2)
    assert cell(dataset, ROOT + 1)["cell_type"] == "BC"
    assert dataset.meta.aliases == {"column_1": "cell_id", "kind": "cell_type"}


def test_several_cell_tables(command: CommandLine) -> None:
    first = command.table("a.csv", {"pt_root_id": [ROOT + 1], "cell_type": ["BC"], "layer": [4]})
    second = command.table("b.csv", {"pt_root_id": [ROOT + 2], "cell_type": ["MC"], "depth": [0.5]})
    dataset = command.imported("x", "--synapses", command.table("s.csv", CAVE), "--cells", first, "--cells", second)
    assert dataset.column("cell_type").tolist()[:2] == ["BC", "MC"]
    assert dataset.meta.n_table_cells == 2


def test_a_real_annotation_table_of_another_version(command: CommandLine, real_data: Path) -> None:
    """Only 725 ids match; positions are in nm already; one row has root id 0."""
    real = real_data / "real"
    dataset = command.imported(
        "x", "--synapses", real / "minnie65_cells_a" / "synapses.parquet",
        "--cells", real / "minnie65_annotations" / "cell_info_1300.feather", "--cell-voxel-nm", "1,1,1",
    )  # fmt: skip
    graph = dataset.graph
    connected = (np.diff(graph.out.indptr) > 0) | (np.diff(graph.into.indptr) > 0)
    assert int((connected & dataset.is_cell).sum()) == 725
    assert dataset.meta.n_table_cells == 91_422
    assert [(item.rows, item.reason) for item in dataset.meta.ledger.cell_rows_left_out] == [(1, "cell id 0")]
    assert dataset.column("cell_type").value_counts()["23P"] == 19_672, "19,673 rows, one of them with root id 0"
    assert 500_000 < dataset.column("x_nm").median() < 1_200_000
    assert dataset.select("region == 'V1' and pt_position_x > 0").codes.size > 10_000
