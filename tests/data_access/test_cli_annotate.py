"""`annotate` and `annotations` on the command line: what they say, and with which exit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_access.dataset import open_dataset
from tests.data_access.command_line import CommandLine, contents, says

EDGES = "pre,post,weight\n1,2,3\n2,3,1\n3,1,2\n"
TABLE = "cell_id,layer,score\n1,L2,0.5\n3,L4,2\n9,L5,1\n"


@pytest.fixture
def x(command: CommandLine) -> CommandLine:
    command.imported("x", "--connections", command.file("edges.csv", EDGES))
    return command


@pytest.fixture
def table(x: CommandLine) -> Path:
    return x.file("layers.csv", TABLE)


def test_it_says_what_matched(x: CommandLine, table: Path) -> None:
    done = x("annotate", "x", table)
    assert (done.status, done.err) == (0, "")
    assert done.out.strip() == (
        "x: 2 of 3 cells have a row of layers.csv, by cell_id: layer, score; 1 of its 3 keys are not in the dataset"
    )
    said = x("show", "x").out
    says(said, "note: annotation layers: 2 of 3 cells")
    assert x("verify", "x").status == 0


def test_as_json(x: CommandLine, table: Path) -> None:
    done = x("annotate", "x", table, "--columns", "score", "--prefix", "my_", "--name", "mine", "--json")
    summary = done.json
    assert (summary["id"], summary["name"], summary["key"], summary["on"]) == ("x", "mine", "cell_id", "cell_id")
    assert (summary["matched_cells"], summary["n_cells"], summary["unmatched_keys"]) == (2, 3, 1)
    assert summary["columns"] == {"my_score": {"from": "score", "kind": "number"}}
    listed = x("annotations", "x", "--json").json["data"]
    assert listed == [{name: value for name, value in summary.items() if name != "id"}]
    assert "my_score" in x.show("x")["columns"]


def test_listed_and_taken_away(x: CommandLine, table: Path) -> None:
    assert x("annotations", "x").out == "x has no annotations\n"
    x("annotate", "x", table)
    says(x("annotations", "x").out, "layers", "2 of 3 cells  layer, score", "from layers.csv, key cell_id")
    done = x("annotate", "x", "--remove", "layers")
    assert (done.status, done.out) == (0, "layers removed from x: layer, score\n")
    assert x("annotations", "x", "--json").json == {"data": []}
    assert "layer" not in open_dataset(x.data, "x").meta.columns


@pytest.mark.parametrize(
    ("words", "status", "parts"),
    [
        (["x"], 2, ["annotate needs a FILE, --cave-table NAME or --remove NAME"]),
        (["x", "FILE", "--remove", "a"], 2, ["takes one of", "not several"]),
        (["x", "FILE", "--rul", "mean", "--bad"], 2, ["unknown option or word '--bad'"]),
        (["x", "FILE", "--rule", "median"], 1, ["no rule is called 'median'", "did you mean 'mean'?"]),
        (["z", "FILE"], 1, ["no dataset 'z'"]),
        (["x", "nowhere.csv"], 1, ["no such file: nowhere.csv"]),
        (["x", "FILE", "--key", "score"], 1, ["cell ids in column 'score' are stored as floating point numbers"]),
        (["x", "--remove", "layer"], 1, ["has no annotation 'layer'"]),
        (["x", "--cave-table", "t"], 1, ["'x' was not pulled from CAVE"]),
    ],
)
def test_what_is_wrong_is_one_line(
    x: CommandLine, table: Path, words: list[str], status: int, parts: list[str]
) -> None:
    before = contents(x.data / "x")
    done = x("annotate", *[str(table) if word == "FILE" else word for word in words])
    assert (done.status, done.out) == (status, "")
    assert len(done.err.splitlines()) == 1
    says(done.err, *parts)
    assert contents(x.data / "x") == before
