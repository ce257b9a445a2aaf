"""Bad columns, ids and numbers: one clear line that names file, row, column and value, and nothing half-written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.data_access.command_line import CommandLine, edges, rows, says

ROOT = 864691135000000000
GOOD = {"pre_id": [ROOT + 1, ROOT + 2], "post_id": [ROOT + 2, ROOT + 3], "size": [10, 20]}


# -- columns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "words", "parts"),
    [
        ({"pre_id": [1], "size": [1]}, [], ["s.csv", "has 'pre_id' but no column 'post_id'"]),
        ({"pre_id": [1], "post": [1]}, [], ["has 'pre_id' but no column 'post_id'", "did you mean 'post'"]),
        ({"from_x": [1], "to_x": [1]}, [], ["from_x, to_x", "--pre and --post"]),
        (GOOD, ["--pre", "pre_idd", "--post", "post_id"], ["no column 'pre_idd'", "did you mean 'pre_id'"]),
        (GOOD, ["--pre", "1", "--post", "9"], ["no column 9: it has 3 columns"]),
        (GOOD, ["--pre", "1", "--post", "0"], ["no column 0"]),
        (GOOD, ["--size", "volume"], ["no column 'volume'", "pre_id, post_id, size"]),
        (GOOD, ["--synapse-id", "syn"], ["no column 'syn'"]),
        (GOOD, ["--position", "ctr_pt"], ["no column 'ctr_pt'"]),
        ({**GOOD, "ctr_pt": ["[1 2 3]"] * 2}, ["--position", "ctr_pt"], ["'ctr_pt' have no unit", "--voxel-nm"]),
        (GOOD, ["--pre", "pre_id"], ["--pre needs --post"]),
        (GOOD, ["--post", "post_id"], ["--post needs --pre"]),
        (GOOD, ["--pre", "pre_id", "--post", "1"], ["name the same column 'pre_id'"]),
    ],
)
def test_a_column_that_is_not_there(
    columns: dict[str, list[object]], words: list[str], parts: list[str], command: CommandLine
) -> None:
    says(command.refused("--id", "x", "--synapses", command.table("s.csv", columns), *words), *parts)


@pytest.mark.parametrize("name", ["s.csv", "s.parquet", "s.feather"])
def test_two_columns_of_one_name(name: str, command: CommandLine) -> None:
    path = command.work / name
    if name == "s.csv":
        command.file(name, "pre_id,post_id,size,size\n1,2,3,4\n")
    else:
        table = pa.table([[1], [2], [3], [4]], names=["pre_id", "post_id", "size", "size"])
        command.table(name, table)
    says(command.refused("--id", "x", "--synapses", path), name, "two columns called 'size'")


def test_a_cell_table_without_ids(command: CommandLine) -> None:
    synapses, cells = command.table("s.csv", GOOD), command.table("c.csv", {"name": ["a"], "kind": ["b"]})
    says(command.refused("--id", "x", "--synapses", synapses, "--cells", cells), "c.csv", "name, kind", "--cell-id")
    line = command.refused("--id", "x", "--synapses", synapses, "--cells", cells, "--cell-id", "nam")
    says(line, "c.csv", "'nam'", "did you mean 'name'")


def test_an_edge_list_without_a_weight(command: CommandLine) -> None:
    path = command.table("e.csv", {"pre_id": [1], "post_id": [2], "strength": [1]})
    says(command.refused("--id", "x", "--connections", path), "number of synapses", "strength", "--weight")


# -- ids -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["s.parquet", "s.feather", "s.arrow"])
@pytest.mark.parametrize("column", ["pre_id", "post_id", "synapse_id"])
@pytest.mark.parametrize("missing", [False, True])
def test_ids_stored_as_floats(name: str, column: str, missing: bool, command: CommandLine) -> None:
    """A missing id in pandas turns the whole column into floats."""
    table = pd.DataFrame({**GOOD, "synapse_id": [1, 2]})
    table[column] = table[column].astype("float64")
    if missing:
        table.loc[1, column] = np.nan
    says(command.refused("--id", "x", "--synapses", command.table(name, table)), name, f"'{column}'", "floating")


def test_ids_stored_as_decimals_with_a_fraction(command: CommandLine) -> None:
    path = command.table("s.parquet", {**GOOD, "pre_id": pa.array([1, 2], pa.decimal128(20, 2))})
    says(command.refused("--id", "x", "--synapses", path), "s.parquet", "'pre_id'", "floating")


@pytest.mark.parametrize("column", ["pre_id", "post_id", "synapse_id"])
@pytest.mark.parametrize(
    "spelled", [["8.64691135e+17", "864691135000000002"], ["1", "864691135000000000.0"], ["1.0", ""], ["1.0", "NaN"]]
)
def test_ids_spelled_as_floats_in_a_text_file(column: str, spelled: list[str], command: CommandLine) -> None:
    path = command.table("s.csv", {**GOOD, "synapse_id": [1, 2], column: spelled})
    row = 1 + ["." in text for text in spelled].index(True)
    value = spelled[row - 1]
    says(command.refused("--id", "x", "--synapses", path), "s.csv", f"row {row}", value, f"'{column}'", "floating")


@pytest.mark.parametrize("name", ["c.parquet", "c.csv"])
def test_cell_ids_stored_as_floats(name: str, command: CommandLine) -> None:
    cells = command.table(name, {"cell_id": [float(ROOT + 1), float(ROOT + 2)], "cell_type": ["a", "b"]})
    line = command.refused("--id", "x", "--synapses", command.table("s.csv", GOOD), "--cells", cells)
    says(line, name, "cell ids", "'cell_id'", "floating")


def test_ids_of_complete_cells_stored_as_floats(command: CommandLine) -> None:
    whole = command.table("whole.parquet", {"cell_id": [float(ROOT + 1)]})
    line = command.refused("--id", "x", "--synapses", command.table("s.csv", GOOD), "--complete", whole)
    says(line, "whole.parquet", "'cell_id'", "floating")


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_other_float_columns_that_look_like_ids_are_left_out(suffix: str, command: CommandLine) -> None:
    extra = {"superceded_id": [float(ROOT), np.nan], "score": [0.5, 1.5]}
    synapses = command.table(f"s.{suffix}", {**GOOD, **extra})
    cells = command.table(f"c.{suffix}", {"cell_id": [ROOT + 1, ROOT + 2], "volume": [1.5, 2.5], **extra})
    dataset = command.imported("x", "--synapses", synapses, "--cells", cells)
    left = command.show("x")["ledger"]["columns_left_out"]
    assert [item["column"].removeprefix(f"s.{suffix}: ").removeprefix(f"c.{suffix}: ") for item in left] == [
        "superceded_id", "superceded_id",
    ]  # fmt: skip
    assert all("floating" in item["reason"] for item in left)
    assert "superceded_id" not in {*dataset.columns, *dataset.synapse_schema.names}
    assert rows(dataset)["score"].tolist() == [0.5, 1.5]


@pytest.mark.parametrize("name", ["s.csv", "s.parquet"])
def test_ids_beyond_64_bits(name: str, command: CommandLine) -> None:
    large = [2, 2**63]
    values = pa.array(large, pa.uint64()) if name == "s.parquet" else [str(v) for v in large]
    path = command.table(name, {"pre_id": values, "post_id": [1, 2]})
    says(command.refused("--id", "x", "--synapses", path), name, "'pre_id'", "beyond")


@pytest.mark.parametrize("word", ["AVAL", "pre_id"])
def test_a_name_among_64_bit_ids(word: str, command: CommandLine) -> None:
    """Such as a second header line in the middle of a file."""
    path = command.table("s.csv", {"pre_id": [str(ROOT), str(ROOT + 1), word], "post_id": [ROOT + 2] * 3})
    says(command.refused("--id", "x", "--synapses", path), "s.csv", "row 3", f"'{word}'", "'pre_id'", "whole number")


def test_a_name_in_a_column_of_segment_ids(command: CommandLine) -> None:
    path = command.table("s.csv", {"bodyId_pre": ["1", "two"], "bodyId_post": [3, 4]})
    says(command.refused("--id", "x", "--synapses", path), "row 2", "'two'", "'bodyId_pre'", "whole number")


def test_types_named_as_the_post_column_of_64_bit_ids(command: CommandLine) -> None:
    path = command.table("s.csv", {**GOOD, "post_type": ["BC", "MC"]})
    line = command.refused("--id", "x", "--synapses", path, "--pre", "pre_id", "--post", "post_type")
    says(line, "row 1", "'BC'", "'post_type'", "whole number")


def test_names_and_small_numbers_are_text_ids_and_the_ledger_says_so(command: CommandLine) -> None:
    path = command.table("s.csv", {"pre_id": ["1", "10"], "post_id": ["hyp", "2"]})
    dataset = command.imported("x", "--synapses", path)
    assert dataset.meta.ids == "text"
    assert [(pre, post) for pre, post, _ in edges(dataset)] == [("1", "hyp"), ("10", "2")]
    assert any("'hyp' in column 'post_id'" in note for note in dataset.meta.ledger.notes)


def test_a_cell_table_whose_ids_cannot_match(command: CommandLine) -> None:
    cells = command.table("c.csv", {"name": ["a", "b"]})
    line = command.refused(
        "--id", "x", "--synapses", command.table("s.csv", GOOD), "--cells", cells, "--cell-id", "name"
    )
    says(line, "cell table", "cannot match", "--cell-id")


def test_complete_cells_that_are_not_in_the_dataset(command: CommandLine) -> None:
    synapses = command.table("s.csv", GOOD)
    line = command.refused("--id", "x", "--synapses", synapses, "--complete", command.file("ids.txt", "5\n6\n"))
    says(line, "--complete", "ids.txt", "none of its 2 ids", "'5'")
    says(command.refused("--id", "x", "--synapses", synapses, "--complete", command.file("none.txt", "\n")), "no id")
    says(command.refused("--id", "x", "--synapses", synapses, "--complete", command.work / "no.txt"), "no such file")


# -- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "words", "parts"),
    [
        ([10, -3], [], ["row 2", "-3", "'size'", "negative", "--missing-size -3"]),
        ([10, -3], ["--missing-size", "-1"], ["row 2", "-3", "negative"]),
        ([10.0, None], [], ["row 2", "no value", "'size'", "--missing-size nan"]),
        ([10.0, float("nan")], [], ["row 2", "'size'", "--missing-size nan"]),
        ([-1.0, None], ["--missing-size", "-1"], ["row 2", "repeat the option", "--missing-size nan"]),
        ([10.0, -1.0], ["--missing-size", "nan"], ["row 2", "-1", "negative", "--missing-size -1"]),
        ([10.0, float("inf")], ["--missing-size", "nan"], ["row 2", "inf", "not a number"]),
    ],
)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_sizes_that_no_synapse_has(
    sizes: list[float | None], words: list[str], parts: list[str], suffix: str, command: CommandLine
) -> None:
    table = {**GOOD, "size": pa.array(sizes)}
    line = command.refused("--id", "x", "--synapses", command.table(f"s.{suffix}", table), *words)
    says(line, f"s.{suffix}", *(part for part in parts if part != "inf" or suffix == "parquet"))


@pytest.mark.parametrize(
    ("sizes", "words"),
    [([5, -1], ["-1"]), ([5.0, None], ["nan"]), ([5.0, float("nan")], [""]), ([5.0, -1.0, None], ["-1", "nan"])],
)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_sizes_declared_missing_are_missing(
    sizes: list[float | None], words: list[str], suffix: str, command: CommandLine
) -> None:
    n = len(sizes)
    table = {"pre_id": [1] * n, "post_id": [2] * n, "size": pa.array(sizes)}
    options = [word for value in words for word in ("--missing-size", value)]
    dataset = command.imported("x", "--synapses", command.table(f"s.{suffix}", table), *options)
    found = rows(dataset)["size"].tolist()
    assert [v for v in found if not pd.isna(v)] == [5]
    side = dataset.graph.out
    assert side.sum_size is not None
    assert side.n_sized is not None
    assert (side.n_synapses.tolist(), side.sum_size.tolist(), side.n_sized.tolist()) == ([n], [5], [1])


@pytest.mark.parametrize("column", ["size", "x_nm"])
def test_text_in_a_column_of_numbers(column: str, command: CommandLine) -> None:
    table = {**GOOD, "x_nm": [1, 2], "y_nm": [1, 2], "z_nm": [1, 2], column: ["7", "about 8"]}
    says(command.refused("--id", "x", "--synapses", command.table("s.csv", table)), "row 2", "'about 8'", f"'{column}'")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_text_in_row_150000(suffix: str, command: CommandLine) -> None:
    """Far behind the block from which others guess the type of a column."""
    n = 200_000
    sizes = np.arange(n).astype(str).astype(object)
    sizes[149_999] = "1O0"
    path = command.table(f"s.{suffix}", {"pre_id": np.arange(1, n + 1), "post_id": np.arange(2, n + 2), "size": sizes})
    says(command.refused("--id", "x", "--synapses", path), f"s.{suffix}", "row 150,000", "'1O0'", "'size'")


def test_true_and_false_are_no_sizes(command: CommandLine) -> None:
    path = command.table("s.parquet", {**GOOD, "size": [True, False]})
    says(command.refused("--id", "x", "--synapses", path), "s.parquet", "'size'", "true/false")


@pytest.mark.parametrize("values", [["[1 2 3]", "[1 2]"], ["[1 2 3]", "here"]])
def test_a_position_that_is_none(values: list[str], command: CommandLine) -> None:
    path = command.table("s.csv", {**GOOD, "ctr_pt_position": values})
    line = command.refused("--id", "x", "--synapses", path, "--voxel-nm", "4,4,40", "--position", "ctr_pt_position")
    says(line, "'ctr_pt_position'", values[1], "[1 2 3]")


@pytest.mark.parametrize(
    ("weights", "parts"),
    [
        ([3, -2], ["row 2", "-2", "'weight'", "negative"]),
        ([3.0, 2.5], ["row 2", "2.5", "whole number of synapses", "--measures"]),
        (["3", "many"], ["row 2", "'many'", "'weight'", "not a number"]),
        ([3, 2**32], ["row 2", "4294967296", "'weight'"]),
        ([0, 0], ["no row is left"]),
        ([None, float("nan")], ["no row is left"]),
    ],
)
def test_weights_that_no_connection_has(weights: list[object], parts: list[str], command: CommandLine) -> None:
    path = command.table("e.csv", {"pre_id": [1, 2], "post_id": [2, 3], "weight": pa.array(weights)})
    says(command.refused("--id", "x", "--connections", path), *parts)


def test_rows_of_one_pair_that_add_up_to_more_than_a_count_holds(command: CommandLine) -> None:
    path = command.table("e.csv", {"pre_id": [1, 1], "post_id": [2, 2], "weight": [2**31, 2**31]})
    says(command.refused("--id", "x", "--connections", path), "1 -> 2", "4,294,967,296", "--weight")


def test_a_missing_or_zero_weight_is_no_connection_and_in_the_ledger(command: CommandLine) -> None:
    weights = pa.array([3.0, 0.0, None, float("nan"), 2.0])
    for suffix in ("csv", "parquet"):
        table = {"pre_id": [1, 2, 3, 4, 1], "post_id": [2] * 5, "weight": weights}
        dataset = command.imported(suffix, "--connections", command.table(f"e.{suffix}", table))
        assert edges(dataset) == [(1, 2, 5)]
        ledger = command.show(suffix)["ledger"]
        assert (ledger["rows_read"], ledger["rows_kept"]) == (5, 2)
        assert [(item["rows"], "zero" in item["reason"]) for item in ledger["rows_left_out"]] == [(3, True)]


def test_a_measure_must_be_a_column_of_numbers(command: CommandLine) -> None:
    table = {"pre_id": [1, 2], "post_id": [2, 3], "weight": [1, 1], "ms": ["1.5", "fast"], "n_synapses": [5, 6]}
    path = command.table("e.csv", table)
    start = ("--id", "x", "--connections", path, "--weight", "weight", "--measures")
    says(command.refused(*start, "ms"), "row 2", "'fast'", "'ms'")
    says(command.refused(*start, "latency"), "no column 'latency'")
    says(command.refused(*start, "n_synapses"), "'n_synapses'", "every dataset has")
    says(command.refused(*start, "weight"), "'weight'", "in use already")


# -- synapse ids -----------------------------------------------------------------------------------------------------


def test_one_synapse_id_with_two_pairs_of_partners(command: CommandLine) -> None:
    first = command.table("a.csv", {**GOOD, "synapse_id": [7, 8]})
    second = command.table(
        "b.csv", {"synapse_id": [9, 8], "pre_id": [1, ROOT + 2], "post_id": [2, ROOT + 9], "size": [1, 1]}
    )
    line = command.refused("--id", "x", "--synapses", first, "--synapses", second)
    says(line, "synapse id 8", "'synapse_id'", f"{ROOT + 2} -> {ROOT + 3} (a.csv, row 2)", f"{ROOT + 9} (b.csv, row 2)")
    says(line, "--synapse-id none")


def test_the_same_synapse_in_repeated_files_counts_once(command: CommandLine) -> None:
    first = command.table("a.csv", {"synapse_id": [1, 2, 3], "pre_id": [1, 1, 2], "post_id": [2, 2, 3]})
    second = command.table("b.csv", {"synapse_id": [3, 2, 4, 4], "pre_id": [2, 1, 3, 3], "post_id": [3, 2, 1, 1]})
    dataset = command.imported("x", "--synapses", first, "--synapses", second)
    assert rows(dataset)["synapse_id"].tolist() == [1, 2, 3, 4]
    assert edges(dataset) == [(1, 2, 2), (2, 3, 1), (3, 1, 1)]
    ledger = command.show("x")["ledger"]
    assert (ledger["rows_read"], ledger["rows_kept"]) == (7, 4)
    assert [(item["rows"], "seen before" in item["reason"]) for item in ledger["rows_left_out"]] == [(3, True)]


def test_a_column_that_does_not_identify_rows_is_an_attribute(command: CommandLine) -> None:
    table = {"pre_id": [1, 1], "post_id": [2, 3], "syn_id": [5, 5]}
    kept = command.imported("a", "--synapses", command.table("a.csv", table))
    assert rows(kept)["syn_id"].tolist() == [5, 5]
    assert rows(kept)["synapse_id"].tolist() == [1, 2], "rows are numbered instead"
    table["synapse_id"] = table.pop("syn_id")
    path = command.table("b.csv", table)
    says(command.refused("--id", "b", "--synapses", path), "synapse id 5", "--synapse-id none")
    numbered = command.imported("b", "--synapses", path, "--synapse-id", "none")
    assert rows(numbered)[["synapse_id", "synapse_id_file"]].values.tolist() == [[1, 5], [2, 5]]
    assert any("'synapse_id' of b.csv is called 'synapse_id_file'" in note for note in numbered.meta.ledger.notes)


def test_a_missing_synapse_id(command: CommandLine) -> None:
    path = command.file("s.csv", "pre_id,post_id,synapse_id\n1,2,5\n1,3,\n")
    says(command.refused("--id", "x", "--synapses", path), "s.csv", "row 2", "no synapse id", "--synapse-id")
