"""Tables of CAVE as columns of a pulled dataset; what was added to it outlives the pulls that follow."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from data_access import store
from data_access.adapters.cave import annotating
from data_access.annotation_tables import Wish
from data_access.annotations import annotate, listed
from data_access.dataset import Dataset
from data_access.errors import InputError
from data_access.jobs import Job, Jobs
from data_access.secret import Secret
from tests.cave_server.fixtures import AnyCave
from tests.data_access.adapters.pulling import STACK, VERSION, Pulls
from tests.data_access.command_line import CommandLine, says

AUTO = "aibs_metamodel_celltypes_v661"
PROOFREAD = "proofreading_status_and_strategy"


@pytest.fixture
def command(tmp_path: Path, cave: AnyCave, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.setenv("SYNAPTOSCOPE_CAVE_TOKEN", cave.token)
    (tmp_path / "work").mkdir()
    return CommandLine(tmp_path, tmp_path / "work")


def by(cave: AnyCave, table: str, key: str, column: str) -> dict[int, object]:
    """Of each key the value in its first row (none repeats with another value)."""
    rows = cave.truth[STACK][VERSION][table]
    return dict(zip(rows[key][::-1].tolist(), rows[column][::-1].tolist(), strict=True))


def values(dataset: Dataset, name: str) -> list[object]:
    return [None if pd.isna(v) else v for v in dataset.column(name).astype(object)]


def test_a_table_of_nuclei_is_matched_by_the_nucleus(pulls: Pulls, command: CommandLine, cave: AnyCave) -> None:
    pulls()
    done = command("annotate", "x", "--cave-table", AUTO, "--prefix", "auto_", "--rule", "first", "--json")
    assert done.status == 0, done.err
    assert (done.json["key"], done.json["on"], done.json["name"]) == ("target_id", "nucleus_id", AUTO)
    assert set(done.json["columns"]) == {"auto_classification_system", "auto_cell_type"}
    opened = pulls.open()
    truth = by(cave, AUTO, "target_id", "cell_type")
    expected = [truth.get(nucleus) for nucleus in values(opened, "nucleus_id")]
    assert values(opened, "auto_cell_type") == expected
    assert sum(v is not None for v in expected) == done.json["matched_cells"] > 100
    says(opened.meta.columns["auto_cell_type"].meaning, f"CAVE table {AUTO} of {STACK} version {VERSION}", "nucleus_id")
    assert command("verify", "x").status == 0
    assert cave.token not in done.out + done.err
    assert {job.state for job in Jobs(command.data).all()} == {"done"}


def test_a_table_with_root_ids_is_matched_by_the_cell(pulls: Pulls, command: CommandLine, cave: AnyCave) -> None:
    pulls()
    done = command(
        "annotate", "x", "--cave-table", PROOFREAD, "--columns", "strategy_axon", "--prefix", "p_", "--rule", "first"
    )
    assert done.status == 0, done.err
    truth = by(cave, PROOFREAD, "pt_root_id", "strategy_axon")
    opened = pulls.open()
    assert values(opened, "p_strategy_axon") == [truth.get(i) for i in opened.index.ids.tolist()]


@pytest.mark.parametrize(
    ("table", "parts"),
    [
        ("synapses_pni_2", ["is a table of synapses"]),
        ("synapse_target_predictions_ssa_v2", ["is a table of synapses"]),
        ("aibs_metamodel_celltypes", ["has no table 'aibs_metamodel_celltypes'", f"did you mean '{AUTO}'"]),
        (AUTO, ["columns of these names already: cell_type", "--prefix"]),
    ],
)
def test_what_cannot_be_brought_in(pulls: Pulls, command: CommandLine, table: str, parts: list[str]) -> None:
    before = pulls()
    done = command("annotate", "x", "--cave-table", table, "--rule", "first")
    assert (done.status, done.out) == (1, "")
    says(done.err, *parts)
    assert store.read_meta(pulls.data, "x") == before


def test_only_of_what_was_pulled(command: CommandLine) -> None:
    command.imported("y", "--connections", command.file("e.csv", "pre,post,weight\n1,2,3\n"))
    done = command("annotate", "y", "--cave-table", AUTO)
    assert done.status == 1
    says(done.err, "'y' was not pulled from CAVE", "as a file")


def test_what_was_added_outlives_the_next_pull(pulls: Pulls, command: CommandLine, cave: AnyCave) -> None:
    pulls()
    truth = cave.truth[STACK][VERSION]["aibs_cell_info"]
    cells = truth[truth.pt_root_id != 0].drop_duplicates("pt_root_id")
    score = dict(zip(cells.pt_root_id.tolist(), range(len(cells)), strict=True))
    table = command.file("score.csv", "cell_id,score\n" + "".join(f"{i},{s}\n" for i, s in score.items()))
    annotate(pulls.data, "x", Wish(table))
    first = pulls.open()
    cell = first.column("cell_id")[first.column("score").notna()].iloc[0]
    _skeleton(command, first, int(cell))
    assert command("skeletons", "x", str(command.work / "swc"), "--unit", "nm").status == 0
    added = pulls.open()
    found = listed(pulls.data, "x")[0].match.cells
    meta = pulls("cell_type == 'MC'", direction="both")
    assert meta.generation > added.meta.generation, "no generation is made a second time"
    opened = pulls.open()
    assert opened.n_cells > first.n_cells
    assert values(opened, "score") == [score.get(i) for i in opened.index.ids.tolist()]
    match = listed(pulls.data, "x")[0].match
    assert match.cells >= found
    assert sum("annotation score: " in note for note in opened.meta.ledger.notes) == 1
    assert "skeletons" in opened.meta.capabilities
    kept, source = (dataset.place / "skeletons" / f"{cell}.swc" for dataset in (opened, added))
    assert kept.read_text() == source.read_text()
    assert command("verify", "x").status == 0
    assert command("annotate", "x", "--remove", "score").status == 0
    assert "score" not in pulls("cell_type == 'BPC'").columns


def _skeleton(command: CommandLine, dataset: Dataset, cell: int) -> None:
    code = dataset.code_of(str(cell))
    x, y, z = (float(dataset.column(f"{axis}_nm").iloc[code]) for axis in "xyz")
    (command.work / "swc").mkdir()
    (command.work / "swc" / f"{cell}.swc").write_text(f"1 1 {x} {y} {z} 0 -1\n2 3 {x + 9} {y} {z} 0 1\n")


def until(done: Callable[[], Job], states: set[str]) -> Job:
    limit = time.monotonic() + 60
    while (job := done()).state not in states:
        assert time.monotonic() < limit, job
        time.sleep(0.05)
    return job


def test_it_runs_as_a_job(pulls: Pulls, cave: AnyCave) -> None:
    pulls()
    asked = annotating.request("x", AUTO, Wish(Path(), prefix="auto_", rule="first"))
    board = Jobs(pulls.data)
    started = board.start(annotating.KIND, annotating.title(asked), "x", asked, {annotating.TOKEN: Secret(cave.token)})
    job = until(lambda: board.get(started.id), {"done", "failed", "interrupted", "cancelled"})
    assert job.state == "done", job
    assert "cells have a row of CAVE table" in job.message
    assert "auto_cell_type" in pulls.open().meta.columns
    with pytest.raises(InputError, match="which table"):
        annotating.request("x", " ", Wish(Path()))
