"""Known layouts need no column options; positions come out in nm; a cell table is joined and nothing is dropped."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.ipc as pa_ipc
import pytest

from data_access.dataset import Dataset
from tests.data_access.command_line import CommandLine, edges, rows

ROOT = 864691135000000000
IDS = {"pre_pt_root_id": [ROOT + 1, ROOT + 1, ROOT + 3], "post_pt_root_id": [ROOT + 2, ROOT + 2, ROOT + 1]}
CAVE = {"id": [30, 10, 20], **IDS, "size": [100, 200, 300]}
VOXELS = [[10, 20, 30], [40, 50, 60], [70, 80, 90]]
# Sorted by (pre, post, synapse id).
ORDER = [10, 30, 20]
IN_NM = [[160, 200, 2400], [40, 80, 1200], [280, 320, 3600]]

SUFFIXES = ["parquet", "feather", "arrow", "csv", "csv.gz", "tsv", "tsv.gz"]


def positions(dataset: Dataset) -> list[list[float]]:
    return rows(dataset)[["x_nm", "y_nm", "z_nm"]].values.tolist()


def lists(kind: str) -> pa.Array:
    if kind == "fixed":
        return pa.array(VOXELS, pa.list_(pa.int32(), 3))
    return pa.array(VOXELS, {"list": pa.list_(pa.int64()), "large": pa.large_list(pa.int32())}[kind])


# -- synapse rows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_of_file_gives_the_same_dataset(suffix: str, command: CommandLine) -> None:
    split = {f"ctr_pt_position_{axis}": [v[i] for v in VOXELS] for i, axis in enumerate("xyz")}
    dataset = command.imported("x", "--synapses", command.table(f"s.{suffix}", {**CAVE, **split}))
    assert rows(dataset)["synapse_id"].tolist() == ORDER
    assert edges(dataset) == [(ROOT + 1, ROOT + 2, 2), (ROOT + 3, ROOT + 1, 1)]
    assert positions(dataset) == IN_NM
    assert rows(dataset)["size"].tolist() == [200, 100, 300]
    assert rows(dataset).dtypes.astype(str).to_dict() == {
        "synapse_id": "int64", "pre_id": "int64", "post_id": "int64", "size": "int64",
        "x_nm": "float64", "y_nm": "float64", "z_nm": "float64",
    }  # fmt: skip


def test_an_arrow_stream_is_read_like_a_file(command: CommandLine) -> None:
    path = command.work / "s.arrow"
    table = pa.table(CAVE)
    with pa_ipc.new_stream(path, table.schema) as writer:
        for start in range(3):
            writer.write_table(table.slice(start, 1))
    assert edges(command.imported("x", "--synapses", path))[0] == (ROOT + 1, ROOT + 2, 2)


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
@pytest.mark.parametrize("kind", ["list", "large", "fixed"])
def test_cave_positions_as_lists(suffix: str, kind: str, command: CommandLine) -> None:
    table = {**CAVE, "ctr_pt_position": lists(kind), "pre_pt_position": lists(kind)}
    dataset = command.imported("x", "--synapses", command.table(f"s.{suffix}", table))
    assert positions(dataset) == IN_NM
    assert rows(dataset)[[f"pre_pt_position_{axis}" for axis in "xyz"]].values.tolist() == [
        VOXELS[1], VOXELS[0], VOXELS[2],
    ]  # fmt: skip
    assert dataset.meta.voxel_nm == (4, 4, 40)
    assert any("4 x 4 x 40" in note for note in dataset.meta.ledger.notes), "an assumed unit is told"


@pytest.mark.parametrize("form", ["[{}, {}, {}]", "[{} {} {}]", "({}, {}, {})", "{} {} {}", "[ {}   {} {} ]"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_cave_positions_as_text(form: str, suffix: str, command: CommandLine) -> None:
    table = {**CAVE, "ctr_pt_position": [form.format(*v) for v in VOXELS]}
    dataset = command.imported("x", "--synapses", command.table(f"s.{suffix}", table), "--voxel-nm", "8,8,40")
    assert positions(dataset) == [[2 * x, 2 * y, z] for x, y, z in IN_NM]
    assert dataset.meta.ledger.notes == ()
    assert dataset.meta.voxel_nm == (8, 8, 40)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_synapse_without_a_position_is_kept(suffix: str, command: CommandLine) -> None:
    spelled = pa.array([None if i == 1 else str(v) for i, v in enumerate(VOXELS)])
    listed = pa.array([None if i == 1 else v for i, v in enumerate(VOXELS)])
    table = {**CAVE, "ctr_pt_position": spelled if suffix == "csv" else listed}
    dataset = command.imported("x", "--synapses", command.table(f"s.{suffix}", table))
    found = positions(dataset)
    assert np.isnan(found[0]).all()
    assert found[1:] == IN_NM[1:]


@pytest.mark.parametrize(
    ("columns", "words", "factor"),
    [
        (["a_x", "a_y", "a_z"], ["--position", "a", "--voxel-nm", "2,3,4"], (2, 3, 4)),
        (["a_x_nm", "a_y_nm", "a_z_nm"], ["--position", "a"], (1, 1, 1)),
        (["a_x_um", "a_y_um", "a_z_um"], ["--position", "a"], (1000, 1000, 1000)),
        (["x_nm", "y_nm", "z_nm"], [], (1, 1, 1)),
        (["q", "r", "s"], ["--position", "q,r,s", "--voxel-nm", "2,2,2"], (2, 2, 2)),
        (["q", "r", "s"], ["--position", "3,4,5", "--voxel-nm", "2x2x2"], (2, 2, 2)),
    ],
)
def test_positions_in_three_columns(
    columns: list[str], words: list[str], factor: tuple[int, int, int], command: CommandLine
) -> None:
    table = {"pre": [1], "post": [2]} | {name: [value] for name, value in zip(columns, (5, 6, 7), strict=True)}
    dataset = command.imported("x", "--synapses", command.table("s.csv", table), *words)
    assert positions(dataset) == [[5 * factor[0], 6 * factor[1], 7 * factor[2]]]


def test_positions_of_unknown_unit_stay_as_they_are_and_the_ledger_says_so(command: CommandLine) -> None:
    table = {"pre": [1], "post": [2], "ctr_pt_x": [1], "ctr_pt_y": [2], "ctr_pt_z": [3]}
    dataset = command.imported("x", "--synapses", command.table("s.csv", table))
    assert "synapse_positions" not in dataset.meta.capabilities
    assert rows(dataset)[["ctr_pt_x", "ctr_pt_y", "ctr_pt_z"]].values.tolist() == [[1, 2, 3]]
    assert any("unit is unknown" in note for note in dataset.meta.ledger.notes)


def test_the_tables_of_microns_phase_1(command: CommandLine) -> None:
    table = {
        "id": [5, 4], "pre_root_id": [648518346349538157] * 2, "post_root_id": [648518346349539887] * 2,
        "cleft_vx": [185, 50], "spine_vol_um3": [0.1, 0.2], "ctr_pt_x_nm": [1, 2], "ctr_pt_y_nm": [3, 4],
        "ctr_pt_z_nm": [5, 6], "pre_pos_x_vx": [7, 8],
    }  # fmt: skip
    dataset = command.imported("x", "--synapses", command.table("s.csv", table))
    assert rows(dataset).columns.tolist() == [
        "synapse_id", "pre_id", "post_id", "size", "x_nm", "y_nm", "z_nm", "spine_vol_um3", "pre_pos_x_vx",
    ]  # fmt: skip
    assert next(rows(dataset).itertuples(index=False, name=None)) == (
        4,
        648518346349538157,
        648518346349539887,
        50,
        2,
        4,
        6,
        0.2,
        8,
    )
    assert dataset.meta.voxel_nm is None, "positions in nm say nothing of a voxel"


def test_neuprint_rows(command: CommandLine) -> None:
    table = {
        "": [0, 1], "bodyId_pre": [1, 0], "bodyId_post": [2, 2], "roi_pre": ["SMP(R)", ""], "x_pre": [1, 1],
        "y_pre": [1, 1], "z_pre": [1, 1], "x_post": [10, 1], "y_post": [20, 1], "z_post": [30, 1],
    }  # fmt: skip
    dataset = command.imported("x", "--synapses", command.table("s.csv", table))
    assert positions(dataset) == [[80, 160, 240]]
    assert rows(dataset)["synapse_id"].tolist() == [1], "the row's number in the file"
    assert rows(dataset).columns[6:].tolist() == ["column_1", "roi_pre", "x_pre", "y_pre", "z_pre"]
    ledger = command.show("x")["ledger"]
    assert [(item["rows"], item["reason"]) for item in ledger["rows_left_out"]] == [(1, "id 0 (background)")]


def test_what_was_exported_can_be_imported_again(command: CommandLine) -> None:
    cells = command.table("c.csv", {"pt_root_id": [ROOT + 1, ROOT + 3], "cell_type": ["BC", None]})
    first = command.imported(
        "a", "--synapses", command.table("s.parquet", {**CAVE, "ctr_pt_position": lists("list")}), "--cells", cells
    )
    again = command.imported(
        "b", "--synapses", first.place / "synapses" / "part-0.parquet", "--cells", first.place / "cells.parquet"
    )
    assert edges(again) == edges(first)
    assert rows(again).equals(rows(first))
    assert again.is_cell.tolist() == first.is_cell.tolist() == [True, False, True], "fragments stay fragments"
    assert again.meta.columns == first.meta.columns
    assert again.meta.n_table_cells == first.meta.n_table_cells == 2


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_other_columns_keep_their_names(suffix: str, command: CommandLine) -> None:
    """Names that the import uses itself, that differ in case only, or that SQL would trip over."""
    own = ["weight", "x", "pre", "part_number", "Size", "select", 'a "b"', "a.b", "cell_id", "c,d", "repeated_rows"]
    table = {**CAVE, **{name: [i, i, i] for i, name in enumerate(own)}, "post_id": [7, 7, 7]}
    dataset = command.imported("x", "--synapses", command.table(f"s.{suffix}", table))
    names = [{"Size": "Size_file", "post_id": "post_id_file"}.get(name, name) for name in [*own, "post_id"]]
    assert rows(dataset).columns.tolist() == ["synapse_id", "pre_id", "post_id", "size", *names]
    assert rows(dataset).iloc[0].tolist()[4:] == [*range(len(own)), 7]
    told = [note for note in dataset.meta.ledger.notes if "is called" in note]
    assert len(told) == 2
    assert "'Size' of s." in told[0]
    streamed = next(dataset.synapse_batches(None, None))
    assert streamed.schema.names == rows(dataset).columns.tolist()


def test_values_of_other_columns_come_through(command: CommandLine) -> None:
    table = {
        "pre": [1, 1, 1], "post": [2, 3, 4], "flag": [True, None, False], "half": [0.5, None, 2.0],
        "large": [2**60 + 1, None, 3], "word": ["a", "", None], "digits": ["01", "2", None],
        "day": pa.array([0, 1, None], pa.date32()), "kind": pa.array(["u", "v", "u"]).dictionary_encode(),
        "small": pa.array([1, 2, 3], pa.uint8()), "nested": [{"a": 1}] * 3, "pair": [[1, 2]] * 3,
        "beyond": pa.array([1, 2**64 - 1, 3], pa.uint64()), "money": pa.array([1, 2, 3], pa.decimal128(5, 2)),
    }  # fmt: skip
    dataset = command.imported("x", "--synapses", command.table("s.parquet", table))
    found = {name: rows(dataset)[name].tolist() for name in rows(dataset).columns[3:]}
    found["half"][1] = None
    assert found == {
        "flag": [True, None, False], "half": [0.5, None, 2.0], "large": [2**60 + 1, None, 3], "word": ["a", None, None],
        "digits": ["01", "2", None], "day": ["1970-01-01", "1970-01-02", None], "kind": ["u", "v", "u"],
        "small": [1, 2, 3], "money": [1, 2, 3],
    }  # fmt: skip
    left = {item.column: item.reason for item in dataset.meta.ledger.columns_left_out}
    assert sorted(left) == ["s.parquet: beyond", "s.parquet: nested", "s.parquet: pair"]
    assert "int64" in left["s.parquet: beyond"]
    kinds = {name: column.kind for name, column in dataset.meta.synapse_columns.items()}
    assert kinds["flag"] == "boolean"
    assert kinds["large"] == kinds["half"] == kinds["money"] == "number"
    assert kinds["digits"] == kinds["day"] == "text"


def test_values_of_a_text_file_are_what_all_rows_say(command: CommandLine) -> None:
    content = "pre,post,n,f,b,w,none\n1, 2,1,1,true,1,\n 1 ,3,NA,2.5,False,x,\n"
    dataset = command.imported("x", "--synapses", command.file("s.csv", content))
    assert edges(dataset) == [(1, 2, 1), (1, 3, 1)], "blanks around an id do not belong to it"
    assert rows(dataset).iloc[:, 3:].values.tolist() == [[1, 1.0, True, "1", None], [None, 2.5, False, "x", None]]
    kinds = [dataset.meta.synapse_columns[name].kind for name in ("n", "f", "b", "w")]
    assert kinds == ["number", "number", "boolean", "text"]


def test_a_column_that_a_later_block_cannot_keep_is_left_out(command: CommandLine) -> None:
    """Beyond int64, or no triple, only in row 140,000: the reader has seen one block by then."""
    n = 140_000
    beyond = pa.array([1] * (n - 1) + [2**64 - 1], pa.uint64())
    triple = pa.array([[1, 2, 3]] * (n - 1) + [[1, 2]])
    table = {"pre": np.arange(1, n + 1), "post": np.arange(2, n + 2), "beyond": beyond, "triple": triple}
    dataset = command.imported("x", "--synapses", command.table("s.parquet", table))
    assert rows(dataset).columns.tolist() == ["synapse_id", "pre_id", "post_id"]
    assert {item.column for item in dataset.meta.ledger.columns_left_out} == {"s.parquet: beyond", "s.parquet: triple"}


def test_files_whose_columns_have_different_names(command: CommandLine) -> None:
    first = command.table("a.csv", {"pre": [1], "post": [2], "note": ["one"]})
    second = command.table("b.parquet", {"source": [3], "target": [2], "extra": [5]})
    dataset = command.imported("x", "--synapses", first, "--synapses", second)
    assert edges(dataset) == [(1, 2, 1), (3, 2, 1)]
    assert rows(dataset)[["synapse_id", "note", "extra"]].values.tolist() == [[1, "one", None], [2, None, 5]]
    assert dataset.meta.ledger.files == ("a.csv", "b.parquet")


@pytest.mark.parametrize(
    "content", ['"pre\nid",post_id\n1,2\n', "\n\npre_id,post_id\n1,2", "\ufeffpre_id,post_id\r\n1,2\r\n"]
)
def test_headers_as_programs_write_them(content: str, command: CommandLine) -> None:
    words = ["--pre", "1", "--post", "post_id"] if "\nid" in content else []
    assert edges(command.imported("x", "--synapses", command.file("s.csv", content), *words)) == [(1, 2, 1)]


def test_suffixes_in_capitals(command: CommandLine) -> None:
    path = command.table("s.parquet", {"pre": [1], "post": [2]})
    assert edges(command.imported("x", "--synapses", path.rename(command.work / "S.PARQUET"))) == [(1, 2, 1)]


# -- ids -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_text_ids(suffix: str, command: CommandLine) -> None:
    names = ["AVAL", "007", "7", "Ärger", "a,b", 'q"', "NA", "10"]
    path = command.table(f"s.{suffix}", {"pre": names, "post": ["hyp"] * len(names)})
    dataset = command.imported("x", "--synapses", path)
    ordered = sorted([*names, "hyp"])
    assert dataset.meta.ids == "text"
    assert dataset.index.ids.tolist() == ordered, "by code point"
    assert edges(dataset) == [(name, "hyp", 1) for name in ordered if name != "hyp"]
    assert len(dataset.select("'007', '7'")) == 2


def test_a_missing_id_among_numbers_is_left_out_and_no_name(command: CommandLine) -> None:
    dataset = command.imported("x", "--synapses", command.file("s.csv", "pre,post\n1,2\n,3\nNA,4\nnan,5\n"))
    assert edges(dataset) == [(1, 2, 1)]
    assert [(i.rows, i.reason) for i in dataset.meta.ledger.rows_left_out] == [(3, "no pre or post id")]


def test_ids_of_any_64_bit_number_survive_to_the_digit(command: CommandLine) -> None:
    ids = [-(2**63), -1, 2**53 + 1, 2**63 - 1]
    for suffix in ("csv", "parquet"):
        path = command.table(f"s.{suffix}", {"pre": ids, "post": ids[::-1], "synapse_id": ids})
        dataset = command.imported(suffix, "--synapses", path)
        assert dataset.index.ids.tolist() == ids
        assert rows(dataset)["synapse_id"].tolist() == ids


# -- connection rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", ["weight", "n_synapses", "syn_count", "n_syn", "synapse_count"])
@pytest.mark.parametrize("ends", [("source", "target"), ("pre", "post"), ("from", "to"), ("body_pre", "body_post")])
def test_edge_lists(weight: str, ends: tuple[str, str], command: CommandLine) -> None:
    table = {ends[0]: [1, 1, 2], ends[1]: [2, 2, 1], weight: [3, 4, 5], "roi": ["a", "b", "c"]}
    dataset = command.imported("x", "--connections", command.table("e.csv", table))
    assert edges(dataset) == [(1, 2, 7), (2, 1, 5)], "rows of one pair add up"
    assert not dataset.has_synapses
    assert [item.column for item in dataset.meta.ledger.columns_left_out] == ["roi"]
    assert dataset.meta.ledger.rows_kept == 3


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz"])
def test_an_edge_list_without_a_header(suffix: str, command: CommandLine) -> None:
    path = command.table(f"e.{suffix}", {"a": [1, 2], "b": [2, 3], "c": [4, 5], "d": [0.5, 0.25]}, header=False)
    words = ["--no-header", "--pre", 1, "--post", 2, "--weight", 3, "--measures", "4"]
    dataset = command.imported("x", "--connections", path, *words)
    assert edges(dataset) == [(1, 2, 4), (2, 3, 5)]
    assert dataset.meta.measures == ("column_4",)
    assert dataset.graph.measures["column_4"].tolist() == [0.5, 0.25]


def test_synapse_rows_without_a_header(command: CommandLine) -> None:
    path = command.file("s.csv", "9,1,2\n8,1,3")
    dataset = command.imported("x", "--synapses", path, "--no-header", "--synapse-id", "1", "--pre", 2, "--post", 3)
    assert rows(dataset).values.tolist() == [[9, 1, 2], [8, 1, 3]]


def test_the_ledger_names_a_column_as_the_file_does(command: CommandLine) -> None:
    table = {"source": [1], "target": [2], "weight": [9], "chemical_weight": [4], "size": [1], "pre": [5]}
    dataset = command.imported("x", "--connections", command.table("e.csv", table), "--weight", "chemical_weight")
    assert edges(dataset) == [(1, 2, 4)]
    assert [item.column for item in dataset.meta.ledger.columns_left_out] == ["weight", "size", "pre"]


def test_measures_are_summed_and_missing_stays_missing(command: CommandLine) -> None:
    table = {
        "pre": [1, 1, 2, 3], "post": [2, 2, 1, 1], "weight": [1, 1, 1, 1],
        "area/um2": [0.5, None, None, 2.0], "Count": [1, 2, 3, 4],
    }  # fmt: skip
    path = command.table("e.parquet", table)
    dataset = command.imported("x", "--connections", path, "--measures", "area/um2, Count")
    assert dataset.meta.measures == ("area/um2", "Count")
    area, count = dataset.graph.measures.values()
    assert area.tolist()[::2] == [0.5, 2.0]
    assert np.isnan(area[1]), "no value at all: missing, not 0"
    assert count.tolist() == [3, 3, 4]


def test_zero_is_a_cell_of_an_edge_list_and_background_of_segments(command: CommandLine) -> None:
    nodes = command.table("n.csv", {"node_id": [0, 1], "cell_type": ["first", "second"]})
    numbered = command.table("e.csv", {"source": [0, 1], "target": [1, 0], "weight": [1, 2]})
    dataset = command.imported("a", "--connections", numbered, "--cells", nodes)
    assert edges(dataset) == [(0, 1, 1), (1, 0, 2)]
    assert dataset.column("cell_type").tolist() == ["first", "second"]
    segments = command.table("f.csv", {"pre_pt_root_id": [0, 1], "post_pt_root_id": [1, 2], "syn_count": [1, 2]})
    assert edges(command.imported("b", "--connections", segments)) == [(1, 2, 2)]


def test_gap_junctions_are_unordered_pairs_and_no_connections(command: CommandLine) -> None:
    chemical = command.table("e.csv", {"pre": ["A", "B"], "post": ["B", "C"], "weight": [1, 1]})
    table = {"cell_a": ["B", "A", "C", "A"], "cell_b": ["A", "B", "C", "C"], "weight": [2.0, 3.0, 1.0, None]}
    dataset = command.imported("x", "--connections", chemical, "--gap-junctions", command.table("g.csv", table))
    assert dataset.gap_junctions.to_pylist() == [
        {"cell_a": "A", "cell_b": "B", "weight": 3}, {"cell_a": "C", "cell_b": "C", "weight": 1},
    ]  # fmt: skip
    assert (dataset.meta.n_gap_junctions, dataset.meta.n_connections) == (2, 2)
    assert any("gap junctions: 1 of 4 rows" in note for note in dataset.meta.ledger.notes)
