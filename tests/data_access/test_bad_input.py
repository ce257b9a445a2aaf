"""Bad input: one clear line that names file, row, column and value, exit status 1 or 2, and nothing half-written."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from data_access import store
from tests.data_access.command_line import CommandLine, edges, rows

ROOT = 864691135000000000
GOOD = {"pre_id": [ROOT + 1, ROOT + 2], "post_id": [ROOT + 2, ROOT + 3], "size": [10, 20]}


def says(line: str, *parts: str) -> None:
    missing = [part for part in parts if part not in line]
    assert not missing, f"{missing} not in: {line}"


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


# -- files -----------------------------------------------------------------------------------------------------------

HEADER_ONLY = ["pre_id,post_id\n", "pre_id,post_id", "pre_id,post_id\n\n\n", "\n\npre_id,post_id\r\n"]


@pytest.mark.parametrize("content", ["", "\n", "  \n\n", "\ufeff", *HEADER_ONLY])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz"])
def test_an_empty_file(content: str, suffix: str, command: CommandLine) -> None:
    content = content.replace(",", "\t") if suffix == "tsv" else content
    path = command.file(f"s.{suffix}", gzip.compress(content.encode()) if suffix == "csv.gz" else content)
    says(command.refused("--id", "x", "--synapses", path), f"s.{suffix}", "empty")


@pytest.mark.parametrize("name", ["s.parquet", "s.feather", "s.arrow"])
def test_a_binary_file_without_rows_or_bytes(name: str, command: CommandLine) -> None:
    none = pa.array([], pa.int64())
    says(
        command.refused("--id", "x", "--synapses", command.table(name, {"pre_id": none, "post_id": none})),
        name,
        "empty",
    )
    says(command.refused("--id", "x", "--synapses", command.file(name, b"")), name, "empty")


@pytest.mark.parametrize("name", ["s.parquet", "s.feather", "s.csv.gz"])
@pytest.mark.parametrize("keep", [0.02, 0.5, 0.98])
def test_a_file_that_was_cut_short(name: str, keep: float, command: CommandLine) -> None:
    n = 50_000
    columns = {"pre_id": np.arange(n), "post_id": np.arange(n)[::-1], "size": np.arange(n) % 977}
    path = command.table(name, {key: pa.array(values) for key, values in columns.items()})
    whole = path.read_bytes()
    path.write_bytes(whole[: max(8, int(len(whole) * keep))])
    says(command.refused("--id", "x", "--synapses", path), name, "damaged or cut short")


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("s.csv", bytes(range(256)) * 40, ["s.csv", "not a text file"]),
        ("s.csv", b"\xff\xfe\xfa\n1,2\n", ["s.csv", "utf-8"]),
        ("s.csv", b"pre_id,post_id,name\n1,2,\xff\xfe\n", ["s.csv", "UTF8"]),
        ("s.csv", "pre_id,post_id\n1,2\n".encode("utf-16"), ["s.csv", "UTF-8"]),
        ("s.csv", gzip.compress(b"pre_id,post_id\n1,2\n", mtime=0), ["s.csv", ".csv.gz"]),
        ("s.csv", b"pre_id,post_id\n1,2\n3\n", ["s.csv", "Expected 2 columns, got 1"]),
        ("s.csv.gz", b"pre_id,post_id\n1,2\n", ["s.csv.gz", "damaged"]),
        ("s.parquet", b"pre_id,post_id\n1,2\n", ["s.parquet", "damaged"]),
        ("s.feather", b"FEA1" + b"\0" * 60, ["s.feather", "old Feather format", "Parquet"]),
        ("s.feather", b"ARROW1" + b"\7" * 60, ["s.feather", "damaged"]),
        ("s.arrow", b"junk" * 30, ["s.arrow", "damaged"]),
        ("s.xlsx", b"PK", ["s.xlsx", "unknown kind", ".csv.gz"]),
        ("synapses", b"1,2", ["unknown kind"]),
    ],
)  # fmt: skip
def test_a_file_that_is_something_else(name: str, content: bytes, parts: list[str], command: CommandLine) -> None:
    says(command.refused("--id", "x", "--synapses", command.file(name, content)), *parts)


def test_a_file_that_is_no_file(command: CommandLine) -> None:
    says(command.refused("--id", "x", "--synapses", command.work / "none.csv"), "no such file", "none.csv")
    folder = command.work / "folder.csv"
    folder.mkdir()
    says(command.refused("--id", "x", "--synapses", folder), "folder.csv", "is a folder")


def test_files_of_different_columns_or_units(command: CommandLine) -> None:
    first = command.table("a.csv", GOOD)
    second = command.table("b.csv", {"pre_id": [1], "post_id": [2]})
    says(command.refused("--id", "x", "--synapses", first, "--synapses", second), "a.csv", "b.csv", "same columns")
    position = {"x_nm": [1], "y_nm": [1], "z_nm": [1]}
    nm = command.table("nm.csv", {"pre_pt_root_id": [1], "post_pt_root_id": [2], **position})
    voxels = command.table("vx.csv", {"pre_pt_root_id": [1], "post_pt_root_id": [2], "ctr_pt_position": ["[1 2 3]"]})
    says(command.refused("--id", "x", "--synapses", nm, "--synapses", voxels), "nm.csv", "vx.csv", "units")


def test_one_file_given_twice(command: CommandLine) -> None:
    path = command.table("s.csv", GOOD)
    says(command.refused("--id", "x", "--synapses", path, "--synapses", path), "s.csv", "twice")


def test_a_gap_junction_of_an_unknown_cell_or_a_negative_weight(command: CommandLine) -> None:
    start = ("--id", "x", "--synapses", command.table("s.csv", GOOD), "--gap-junctions")
    unknown = command.table("g.csv", {"cell_a": [ROOT + 1], "cell_b": [77], "weight": [1]})
    says(command.refused(*start, unknown), "gap junction", "77")
    negative = command.table("n.csv", {"cell_a": [ROOT + 1], "cell_b": [ROOT + 2], "weight": [-1]})
    says(command.refused(*start, negative), "n.csv", "negative")


# -- options ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["../x", "a b", "", "x" * 200, ".hidden", "a/b", "/tmp/x", "é", "x\n", "-"])
def test_an_id_that_cannot_name_a_dataset(bad: str, command: CommandLine) -> None:
    says(
        command.refused(f"--id={bad}", "--synapses", command.table("s.csv", GOOD)), "cannot be a dataset id", "letters"
    )


def test_an_id_that_is_taken(command: CommandLine) -> None:
    path = command.table("s.csv", GOOD)
    command.imported("x", "--synapses", path)
    says(command.refused("--id", "x", "--synapses", path), "'x' exists already", "remove x")
    (command.data / "other").mkdir()
    says(command.refused("--id", "other", "--synapses", path), "other", "is no dataset")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--synapsis", "s.csv"], ["--synapsis", "did you mean '--synapses'"]),
        (["--synapses", "s.csv", "extra"], ["'extra'"]),
        (["--synapses"], ["--synapses", "expected one argument"]),
        ([], ["either --synapses or --connections"]),
        (["--synapses", "s.csv", "--connections", "s.csv"], ["either --synapses or --connections"]),
        (["--synapses", "s.csv", "--weight", "size"], ["--weight", "--connections"]),
        (["--connections", "s.csv", "--size", "size"], ["--size", "--synapses"]),
        (["--synapses", "s.csv", "--cell-type", "t"], ["--cell-type", "--cells"]),
        (["--synapses", "s.csv", "--voxel-nm", "4,4"], ["--voxel-nm 4,4", "4,4,40"]),
        (["--synapses", "s.csv", "--voxel-nm", "a,b,c"], ["--voxel-nm a,b,c", "4,4,40"]),
        (["--synapses", "s.csv", "--voxel-nm", "4,0,40"], ["--voxel-nm 4,0,40", "above 0"]),
        (["--synapses", "s.csv", "--voxel-nm", "nan,4,40"], ["--voxel-nm", "above 0"]),
        (["--synapses", "s.csv", "--cell-voxel-nm", "4,-4,4"], ["--cell-voxel-nm", "above 0"]),
        (["--synapses", "s.csv", "--missing-size", "none"], ["--missing-size none", "not a number", "-1"]),
        (["--synapses", "s.csv", "--missing-size", "inf"], ["--missing-size inf", "not a number"]),
    ],
)
def test_options_that_are_wrong(words: list[str], parts: list[str], command: CommandLine) -> None:
    path = command.table("s.csv", GOOD)
    given = [str(path) if word == "s.csv" else word for word in words]
    says(command.refused("--id", "x", *given), *parts)
    assert command("import", "--id", "x", *given).status == 2


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("sise > 5", ["'sise'", "'size'"]),
        ("size >", ["--rows size >", "text ends"]),
        ("(size > 5", ["--rows (size > 5"]),
        ("region == 'V2'", ["'V2'", "'V1'"]),
        ("size > 'five'", ["--rows", "five"]),
        ("1, 2, 3", ["--rows 1, 2, 3", "condition on"]),
        ("__import__('os').system('true')", ["--rows"]),
        ("size > 10 and @x", ["--rows", "@"]),
        ("size > 1000", ["no row is left", "--rows"]),
    ],
)
def test_rows_that_cannot_be_chosen(expression: str, parts: list[str], command: CommandLine) -> None:
    path = command.table("s.csv", {**GOOD, "region": ["V1", "LM"]})
    says(command.refused("--id", "x", "--synapses", path, "--rows", expression), *parts)


@pytest.mark.parametrize("words", [["show", "none"], ["verify", "none"], ["remove", "none"], ["show", "../x"]])
def test_a_dataset_that_is_not_there(words: list[str], command: CommandLine) -> None:
    command.imported("some", "--synapses", command.table("s.csv", GOOD))
    done = command(*words)
    assert (done.status, done.out) == (1, "")
    says(done.err, f"no dataset '{words[1]}'")
    says(command("show", "som").err, "did you mean 'some'")


@pytest.mark.parametrize("words", [[], ["imprt"], ["show"], ["import"]])
def test_a_command_that_is_none(words: list[str], command: CommandLine) -> None:
    done = command(*words)
    assert done.status == 2
    assert len(done.err.splitlines()) == 1


# -- the disk --------------------------------------------------------------------------------------------------------


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, to whom no folder is closed; whoever else runs the tests keeps theirs."""
    user = os.geteuid()
    os.seteuid(65534 if user == 0 else user)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_data_folder_that_cannot_be_written(command: CommandLine) -> None:
    path = command.table("s.csv", GOOD)
    command.imported("x", "--synapses", path)
    with TemporaryDirectory() as name:
        closed = CommandLine(Path(name), command.work)
        closed.data.chmod(0o555)
        with as_nobody():
            done = closed("import", "--id", "x", "--synapses", path)
        assert (done.status, len(done.err.splitlines())) == (1, 1)
        says(done.err, "Permission denied", name)
        assert list(closed.data.iterdir()) == []


@pytest.mark.parametrize("stage", ["data_access.staging.pq.ParquetWriter.write_table", "numpy.save", "os.fsync"])
def test_a_disk_that_is_full(stage: str, command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    path = command.table("s.csv", GOOD)
    monkeypatch.setattr(stage, full)
    says(command.refused("--id", "x", "--synapses", path), "No space left on device")
    monkeypatch.undo()
    command.imported("x", "--synapses", path)


def test_a_database_that_fails(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_access.importer.MEMORY_LIMIT", "1MB")
    n = 100_000
    path = command.table("s.parquet", {"pre_id": np.arange(n), "post_id": np.arange(n), "synapse_id": np.arange(n)})
    says(command.refused("--id", "x", "--synapses", path), "database")


# -- tampering -------------------------------------------------------------------------------------------------------


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A data folder with one dataset that has every kind of file."""
    place = tmp_path_factory.mktemp("whole")
    command = CommandLine(place / "data", place)
    cells = command.table("c.csv", {"cell_id": [ROOT + 1]})
    gaps = command.table("g.csv", {"cell_a": [ROOT + 1], "cell_b": [ROOT + 2], "weight": [1]})
    command.imported("x", "--synapses", command.table("s.csv", GOOD), "--cells", cells, "--gap-junctions", gaps)
    return command


@pytest.fixture
def tampered(whole: CommandLine, command: CommandLine) -> Path:
    """The folder of a copy of that dataset, in the data folder of `command`."""
    return Path(shutil.copytree(whole.data / "x", command.data / "x"))


HARMS: dict[str, Callable[[Path], None]] = {"flip": _flip, "cut": _cut, "delete": Path.unlink}
FILES = [
    "cells.parquet", "synapses/part-0.parquet", "synapses_by_post/part-0.parquet", "gap_junctions.parquet",
    "graph/out_idx.npy", "graph/in_indptr.npy", "graph/out_sum_size.npy", "graph/complete_in.npy",
]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", HARMS)
def test_verify_finds_a_file_that_is_not_as_written(name: str, harm: str, tampered: Path, command: CommandLine) -> None:
    assert command("verify", "x").status == 0
    HARMS[harm](tampered / name)
    done = command("verify", "x")
    assert (done.status, len(done.err.splitlines())) == (1, 1)
    says(done.err, "x", name)


def test_verify_finds_a_file_that_was_added(tampered: Path, command: CommandLine) -> None:
    (tampered / "synapses" / "part-1.parquet").write_bytes(b"PAR1")
    says(command("verify", "x").err, "unexpected file synapses/part-1.parquet")


COUNTS = [
    "n_cells", "n_cells_connected", "n_table_cells", "n_connections", "n_synapses", "n_autapses", "n_reciprocal_pairs",
    "n_gap_junctions", "n_complete",
]  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", ["4711", '"12"', "null"])
def test_verify_finds_a_count_that_was_edited(name: str, value: str, tampered: Path, command: CommandLine) -> None:
    path = tampered / "dataset.json"
    before = f'"{name}": {json.loads(path.read_text())[name]}'
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, f'"{name}": {value}'))
    done = command("verify", "x")
    assert (done.status, len(done.err.splitlines())) == (1, 1)
    says(done.err, "x", name)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 99}', '{"id": "x", "columns": 3}'])
def test_a_damaged_description_hides_no_other_dataset(content: str, tampered: Path, command: CommandLine) -> None:
    shutil.copytree(tampered, command.data / "bad")
    (command.data / "bad" / "dataset.json").write_text(content)
    for words in (["verify", "bad"], ["show", "bad"]):
        done = command(*words)
        assert (done.status, len(done.err.splitlines())) == (1, 1)
        says(done.err, "bad")
    listed = command("list")
    assert listed.status == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == ["bad", "x"]
    assert command("remove", "bad").status == 0
    assert store.ids(command.data) == ["x"]


def test_an_edited_ledger_no_longer_adds_up(tampered: Path, command: CommandLine) -> None:
    path = tampered / "dataset.json"
    path.write_text(path.read_text().replace('"rows_read": 2', '"rows_read": 3'))
    says(command("verify", "x").err, "3 rows read", "2 kept")
