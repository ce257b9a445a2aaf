"""Bad files, options and disks: one clear line, exit status 1 or 2, and nothing half-written."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest

from tests.data_access.command_line import CommandLine, says

ROOT = 864691135000000000
GOOD = {"pre_id": [ROOT + 1, ROOT + 2], "post_id": [ROOT + 2, ROOT + 3], "size": [10, 20]}


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
