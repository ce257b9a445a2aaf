"""`verify` finds whatever is not as it was written: a file, a count, a ledger."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from data_access import store
from tests.data_access.command_line import CommandLine, says

ROOT = 864691135000000000
GOOD = {"pre_id": [ROOT + 1, ROOT + 2], "post_id": [ROOT + 2, ROOT + 3], "size": [10, 20]}


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
