"""The command line: what it prints, its exit status, and where it looks for data."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from data_access.cli import main
from data_access.progress import Stages
from tests.data_access.command_line import CommandLine

CHECKOUT = Path(__file__).resolve().parents[2]
EDGES = {"pre": ["A", "B", "B"], "post": ["B", "A", "B"], "weight": [3, 4, 5], "roi": ["x", "y", "z"]}

# The dataset's entry of GET /datasets.
ENTRY = [
    "id", "title", "kind", "source", "version", "synthetic", "partial", "n_cells", "n_cells_connected",
    "n_connections", "n_synapses", "capabilities", "licence", "citation",
]  # fmt: skip


@pytest.fixture
def some(command: CommandLine) -> CommandLine:
    told = ("--title", "Some edges", "--licence", "MIT", "--citation", "A. B.", "--version", "2", "--source", "us")
    command.imported("some", "--connections", command.table("e.csv", EDGES), *told)
    return command


def test_import_says_what_it_made_and_what_it_left_out(command: CommandLine) -> None:
    done = command("import", "--id", "x", "--connections", command.table("e.csv", EDGES))
    assert done.status == 0
    assert done.out.splitlines() == [
        "x: 12 synapses in 3 connections among 2 cells, 1 reciprocal pairs, 1 autapses",
        "  left out: column roi: a column of edge rows; --measures keeps columns of numbers, summed for each connection",
    ]


def test_a_summary_in_json(some: CommandLine) -> None:
    shown = some("show", "some", "--json")
    assert shown.status == 0
    assert list(shown.json)[: len(ENTRY)] == ENTRY
    expected = {
        "id": "some", "title": "Some edges", "kind": "em", "source": "us", "version": "2", "synthetic": False,
        "partial": False, "n_cells": 2, "n_cells_connected": 2, "n_connections": 3, "n_synapses": 12, "licence": "MIT",
        "citation": "A. B.", "n_autapses": 1, "n_reciprocal_pairs": 1,
    }  # fmt: skip
    assert {name: shown.json[name] for name in expected} == expected
    ledger = shown.json["ledger"]
    assert (ledger["rows_read"], ledger["rows_kept"], ledger["files"]) == (3, 3, ["e.csv"])
    assert [item["column"] for item in ledger["columns_left_out"]] == ["roi"]
    again = some("import", "--id", "again", "--connections", some.work / "e.csv", "--json").json
    assert again["n_synapses"] == 12
    assert list(again) == list(shown.json)


def test_list(some: CommandLine) -> None:
    some.imported("another", "--connections", some.work / "e.csv")
    listed = some("list")
    assert [line.split() for line in listed.out.splitlines()] == [
        [name, "2", "cells", "3", "connections", "12", "synapses"] for name in ("another", "some")
    ]
    entries = some("list", "--json").json["data"]
    assert [entry["id"] for entry in entries] == ["another", "some"]
    assert list(entries[0]) == ENTRY


def test_list_of_nothing(command: CommandLine) -> None:
    done = command("list")
    assert (done.status, done.out) == (0, "")
    assert "no dataset" in done.err
    assert command("list", "--json").json == {"data": []}


def test_verify_and_remove(some: CommandLine) -> None:
    assert some("verify", "some").out == "some: 9 files and all counts are as they were written\n"
    assert some("verify", "some", "--json").json == {"id": "some", "ok": True, "files": 9}
    assert some("remove", "some", "--json").json == {"id": "some", "removed": True}
    assert some("remove", "some").status == 1
    assert some("list", "--json").json == {"data": []}


def test_the_catalogue(command: CommandLine) -> None:
    assert "microns-v1718-column" in command("fetch").out
    names = [entry["name"] for entry in command("fetch", "--json").json["data"]]
    assert "celegans-cook2019" in names
    wrong = command("fetch", "celegans-cook")
    assert wrong.status == 1
    assert "did you mean 'celegans-cook2019'" in wrong.err


@pytest.mark.parametrize("words", [["--help"], ["import", "--help"], ["show", "--help"]])
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert "usage: data_access" in capsys.readouterr().out


def test_every_option_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["import", "--help"])
    said = capsys.readouterr().out
    for option in ("synapses", "connections", "cells", "pre", "post", "synapse-id", "size", "missing-size", "position",
                   "voxel-nm", "weight", "measures", "cell-id", "cell-type", "cell-position", "rows", "no-header",
                   "complete", "json"):  # fmt: skip
        assert f"--{option}" in said


def test_the_data_folder_of_the_environment(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    path = command.table("e.csv", EDGES)
    monkeypatch.setenv("SYNAPTOSCOPE_DATA", str(command.work / "elsewhere"))
    assert main(["import", "--id", "x", "--connections", str(path)]) == 0
    assert (command.work / "elsewhere" / "x" / "dataset.json").is_file()
    monkeypatch.delenv("SYNAPTOSCOPE_DATA")
    monkeypatch.chdir(command.work)
    assert main(["import", "--id", "y", "--connections", str(path)]) == 0
    assert (command.work / "data" / "y" / "dataset.json").is_file()


def test_as_a_program(command: CommandLine) -> None:
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        call = [sys.executable, "-m", "data_access", *map(str, words), "--data", str(command.data)]
        return subprocess.run(call, cwd=CHECKOUT, capture_output=True, text=True)

    done = run("import", "--id", "x", "--connections", command.table("e.csv", EDGES), "--json")
    assert (done.returncode, done.stderr) == (0, ""), "no progress where nobody watches"
    assert json.loads(done.stdout)["id"] == "x"
    wrong = run("show", "y")
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (1, "", "error: no dataset 'y' (expected one of 'x')\n")
    assert run("show").returncode == 2


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with Stages() as stages:
        stages("read", 0)
        stages("read", 131_072)
        stages("sort", 0)
    assert screen.getvalue() == "\r\033[Kread\r\033[Ksort\r\033[K", "not more often than one can read; gone at the end"


def test_not_enough_memory_is_one_line(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("data_access.importer._build", fail)
    assert command.refused("--id", "x", "--connections", command.table("e.csv", EDGES)) == "not enough memory"
