"""A dataset that gains something later: the one before or the new one is there, whole, at every moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from data_access import amend, store
from data_access.annotation_tables import Wish
from data_access.annotations import annotate
from data_access.dataset import open_dataset
from data_access.errors import InputError, NotFoundError
from tests.data_access.command_line import CommandLine, contents

CHECKOUT = Path(__file__).resolve().parents[2]
EDGES = "pre,post,weight\n1,2,3\n2,3,1\n3,1,2\n"

# Kills itself (SIGKILL) at a stage of the amendment; "moved" is where the file system cannot exchange two names.
AMEND = """
import os, signal, sys
from pathlib import Path
from data_access import amend, annotation_columns, exchange, metadata, store, verification
from data_access.annotation_tables import Wish
from data_access.annotations import annotate

def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(function):
    return lambda *a, **k: (function(*a, **k), killed())

data, table, stage = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
if stage == "sharing": amend.link = after(amend.link)
if stage == "joining": annotation_columns.write_cells = after(annotation_columns.write_cells)
if stage == "describing": metadata.write = after(metadata.write)
if stage == "checking": verification.check_amended = after(verification.check_amended)
if stage == "turning": store._turn = killed
if stage == "exchanged": exchange.exchanged = after(exchange.exchanged)
if stage in ("moved", "plainly"): exchange.exchanged = lambda *_: False
if stage in ("moved", "linked"): store._replace = killed
if stage == "turned": store._sync_folder = killed
annotate(data, "x", Wish(table))
"""
BEFORE = ("sharing", "joining", "describing", "checking", "turning")
AFTER = ("exchanged", "moved", "turned")


@pytest.fixture
def imported(command: CommandLine) -> CommandLine:
    command.imported("x", "--connections", command.file("edges.csv", EDGES))
    return command


def amended(command: CommandLine, name: str, stage: str) -> int:
    table = command.file(f"{name}.csv", f"cell_id,{name}\n1,5\n3,7\n")
    words = [sys.executable, "-c", AMEND, str(command.data), str(table), stage]
    return subprocess.run(words, cwd=CHECKOUT, env=os.environ | {"PYTHONPATH": str(CHECKOUT)}, check=False).returncode


def hidden(command: CommandLine) -> list[str]:
    return [path.name for path in command.data.glob(f"{store.BUILDING}*")]


@pytest.mark.parametrize("stage", [*BEFORE, *AFTER])
def test_killed_at_any_stage_the_old_or_the_new_one_is_there(imported: CommandLine, stage: str) -> None:
    assert amended(imported, "score", stage) == -signal.SIGKILL
    assert store.ids(imported.data) == ["x"]
    assert imported("verify", "x").status == 0
    opened = open_dataset(imported.data, "x")
    assert opened.meta.generation == (1 if stage in BEFORE else 2)
    assert ("score" in opened.meta.columns) == (stage in AFTER)
    annotate(imported.data, "x", Wish(imported.file("more.csv", "cell_id,more\n2,1\n")))
    assert imported("verify", "x").status == 0
    assert hidden(imported) == []
    assert open_dataset(imported.data, "x").column("more").tolist()[1] == 1


@pytest.mark.parametrize("stage", [*BEFORE, "linked", "turned"])
def test_so_it_is_with_one_that_grew_before(imported: CommandLine, stage: str) -> None:
    annotate(imported.data, "x", Wish(imported.file("first.csv", "cell_id,first\n2,1\n")))
    assert amended(imported, "score", stage) == -signal.SIGKILL
    assert store.ids(imported.data) == ["x"]
    assert imported("verify", "x").status == 0
    assert open_dataset(imported.data, "x").meta.generation == (3 if stage == "turned" else 2)
    assert amended(imported, "again", "never") == 0
    assert {"first", "again"} <= set(open_dataset(imported.data, "x").meta.columns)
    assert hidden(imported) == []


def test_where_names_cannot_be_exchanged_it_is_moved(imported: CommandLine) -> None:
    assert amended(imported, "score", "plainly") == 0
    assert open_dataset(imported.data, "x").column("score").tolist()[0] == 5
    assert sorted(p.name for p in store.growing(imported.data, "x").iterdir()) == ["generation-1", "generation-2"]


def test_the_files_are_shared_and_the_old_generation_is_as_it_was(imported: CommandLine) -> None:
    reader = open_dataset(imported.data, "x")
    before = {name.removeprefix("x/"): digest for name, digest in contents(imported.data).items() if "/" in name}
    records = reader.meta.files
    annotate(imported.data, "x", Wish(imported.file("a.csv", "cell_id,score\n1,5\n")))
    folder = store.growing(imported.data, "x")
    assert contents(folder / "generation-1") == before, "a reader has it open"
    assert "score" not in reader.meta.columns and reader.graph.n_connections == 3
    new = open_dataset(imported.data, "x")
    assert new.meta.fingerprint != reader.meta.fingerprint
    for name, record in records.items():
        same = (folder / "generation-2" / name).samefile(folder / "generation-1" / name)
        assert same == (name != "cells.parquet")
        assert (new.meta.files[name] == record) == same


def test_only_two_generations_are_kept_that_nobody_reads(command: CommandLine) -> None:
    assert command("import", "--id", "x", "--connections", command.file("edges.csv", EDGES)).status == 0
    for i in range(3):
        annotate(command.data, "x", Wish(command.file(f"t{i}.csv", f"cell_id,c{i}\n1,5\n")))
    assert sorted(p.name for p in store.growing(command.data, "x").iterdir()) == ["generation-3", "generation-4"]
    assert command("remove", "x").status == 0
    assert contents(command.data) in ({}, {".growing": ""})


def test_an_error_inside_leaves_an_imported_dataset_an_ordinary_folder(imported: CommandLine) -> None:
    before = contents(imported.data / "x")

    def fail() -> None:
        with amend.amended(imported.data, "x") as amendment:
            amendment.new("cells.parquet").write_bytes(b"no table")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert contents(imported.data / "x") == before
    assert not (imported.data / "x").is_symlink()
    assert hidden(imported) == []


def test_a_cell_table_with_other_cells_is_refused(imported: CommandLine) -> None:
    other = imported.imported("y", "--connections", imported.file("other.csv", EDGES.replace("3", "4")))

    def swap() -> None:
        with amend.amended(imported.data, "x") as amendment:
            amendment.new("cells.parquet").write_bytes((other.place / "cells.parquet").read_bytes())

    with pytest.raises(Exception, match="not those of the generation before"):
        swap()
    assert open_dataset(imported.data, "x").meta.generation == 1


def test_one_at_a_time(imported: CommandLine) -> None:
    def amend_again() -> None:
        with amend.amended(imported.data, "x"):
            pass

    with store.claimed(imported.data, "x"), pytest.raises(InputError, match="at this moment"):
        amend_again()
    with pytest.raises(NotFoundError, match="no dataset 'z'"), amend.amended(imported.data, "z"):
        pass
