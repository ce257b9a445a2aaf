"""An open dataset: columns, cell sets and synapse rows, against pandas on the same table."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access import store
from data_access.dataset import Broken, Dataset, list_datasets, open_dataset, survey, touch
from data_access.errors import InputError, NotFoundError, SynaptoscopeError
from data_access.synapse_rows import MANY
from tests.data_access.command_line import CommandLine, rows

ROOT = 864691135000000000
N_CELLS = 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The datasets `numbers` (2,000 synapses among 150 cells), `names` (the same with text ids) and `edges`."""
    rng = np.random.default_rng(5)
    place = tmp_path_factory.mktemp("open")
    command = CommandLine(place / "data", place)
    codes = rng.integers(0, N_CELLS, (2, 2_000))
    table = {"pre": codes[0] + ROOT, "post": codes[1] + ROOT, "size": rng.integers(1, 99, 2_000), "other_id": codes[0]}
    kinds = np.array(["BC", "MC", "23P"])[np.arange(100) % 3]
    cells = {
        "cell_id": np.arange(100) + ROOT, "cell_type": kinds, "x_nm": np.arange(100.0) * 500, "y_nm": np.ones(100),
        "z_nm": np.ones(100), "layer": [4 if i % 2 else None for i in range(100)], "clean": [i % 5 == 0 for i in range(100)],
    }  # fmt: skip
    command.imported("numbers", "--synapses", command.table("s.csv", table), "--cells", command.table("c.csv", cells))
    names = {"pre": [f"c{v}" for v in codes[0]], "post": [f"c{v}" for v in codes[1]], "size": table["size"]}
    command.imported("names", "--synapses", command.table("n.csv", names))
    command.imported("edges", "--connections", command.table("e.csv", {"pre": [1], "post": [2], "weight": [3]}))
    return command.data


@pytest.fixture(params=["numbers", "names"])
def dataset(request: pytest.FixtureRequest, folder: Path) -> Dataset:
    return open_dataset(folder, request.param)


def streamed(dataset: Dataset, *what: object, **options: object) -> pd.DataFrame:
    batches = list(dataset.synapse_batches(*what, **options))  # type: ignore[arg-type]
    assert all(batch.schema == dataset.synapse_schema for batch in batches)
    tables = [batch.to_pandas() for batch in batches]
    return pd.concat(tables, ignore_index=True) if tables else rows(dataset).iloc[:0]


CODES = (
    st.none()
    | st.sets(st.integers(0, N_CELLS - 1), max_size=6)
    | st.sets(st.integers(0, N_CELLS - 1), min_size=MANY + 1)
)


@settings(max_examples=40, deadline=None)
@given(
    pre=CODES, post=CODES, limit=st.none() | st.integers(0, 40), autapses=st.booleans(),
    kind=st.sampled_from(["numbers", "names"]),
)  # fmt: skip
def test_synapse_rows_of_two_sets(
    pre: set[int] | None, post: set[int] | None, limit: int | None, autapses: bool, kind: str, folder: Path
) -> None:
    dataset = open_dataset(folder, kind)
    table = rows(dataset)
    expected = table if autapses else table[table.pre_id != table.post_id]
    given_codes = []
    for name, codes in (("pre_id", pre), ("post_id", post)):
        chosen = None if codes is None else np.array(sorted(codes), np.int32)
        given_codes.append(chosen)
        if chosen is not None:
            expected = expected[expected[name].isin(dataset.index.ids[chosen].tolist())]
    found = streamed(dataset, *given_codes, limit=limit, autapses=autapses)
    pd.testing.assert_frame_equal(found, expected.head(limit).reset_index(drop=True), check_dtype=False)


def test_columns_of_ids_are_known(folder: Path) -> None:
    dataset = open_dataset(folder, "numbers")
    assert dataset.synapse_ids == ("synapse_id", "pre_id", "post_id", "other_id")


def test_a_dataset_of_connections_has_no_synapse_rows(folder: Path) -> None:
    dataset = open_dataset(folder, "edges")
    assert not dataset.has_synapses
    with pytest.raises(InputError, match="holds connections, not single synapses"):
        next(iter(dataset.synapse_batches(None, None)))
    assert dataset.gap_junctions.num_rows == 0
    assert dataset.gap_junctions.schema.names == ["cell_a", "cell_b", "weight"]


def test_degrees(dataset: Dataset) -> None:
    table = rows(dataset)
    ids = dataset.index.ids.tolist()
    for end, other, prefix in (("pre_id", "post_id", "out"), ("post_id", "pre_id", "in")):
        partners = table.groupby(end)[other].nunique().reindex(ids, fill_value=0)
        assert dataset.column(f"{prefix}_degree").tolist() == partners.tolist()
        synapses = table.groupby(end).size().reindex(ids, fill_value=0)
        assert dataset.column(f"{prefix}_synapses").tolist() == synapses.tolist()


def test_degrees_of_cells_at_the_end_that_have_no_connection(command: CommandLine) -> None:
    cells = command.table("c.csv", {"cell_id": [0, 1, 2, 3, 8, 9]})
    edges = command.table("e.csv", {"pre": [2, 2], "post": [1, 3], "weight": [4, 5]})
    dataset = command.imported("x", "--connections", edges, "--cells", cells)
    assert dataset.column("out_synapses").tolist() == [0, 0, 9, 0, 0, 0]
    assert dataset.column("in_synapses").tolist() == [0, 4, 0, 5, 0, 0]
    assert dataset.column("out_degree").tolist() == [0, 0, 2, 0, 0, 0]


def test_columns_keep_their_kind_and_missing_stays_missing(folder: Path) -> None:
    dataset = open_dataset(folder, "numbers")
    assert dataset.column("cell_type").dtype == "category"
    assert dataset.column("cell_type").isna().sum() == 50
    assert dataset.column("layer").dtype == "Int64"
    assert dataset.column("layer").dropna().unique().tolist() == [4]
    assert dataset.column("clean").dtype == "boolean"
    assert dataset.column("x_um").tolist()[:3] == [0, 0.5, 1]
    assert dataset.column("cell_id").tolist() == [ROOT + i for i in range(N_CELLS)]
    assert dataset.is_cell.tolist() == [True] * 100 + [False] * 50
    assert all(len(dataset.column(name)) == N_CELLS for name in dataset.columns)


def test_an_unknown_column_gets_the_nearest(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no column 'cel_type' \(did you mean 'cell_type'"):
        open_dataset(folder, "numbers").column("cel_type")


def test_cell_sets(folder: Path) -> None:
    dataset = open_dataset(folder, "numbers")
    assert dataset.select("").codes.tolist() == list(range(N_CELLS))
    assert dataset.select("cell_type == 'BC' and x_um < 2").codes.tolist() == [0, 3]
    assert dataset.select("not is_cell").codes.tolist() == list(range(100, 150))
    pasted = dataset.select(f"{ROOT + 7}, {ROOT + 3}\n{ROOT + 7}")
    assert pasted.codes.tolist() == [3, 7]
    assert pasted.given is not None
    assert pasted.given.tolist() == [7, 3], "as given"
    names = open_dataset(folder, "names")
    assert names.select("c10, c2").codes.tolist() == sorted(names.codes_of(["c10", "c2"]).tolist())


def test_one_cell_by_its_id(folder: Path) -> None:
    dataset = open_dataset(folder, "numbers")
    assert dataset.code_of(f" {ROOT + 5} ") == 5
    assert dataset.codes_of([str(ROOT), "1", "x", f"{ROOT}.0"]).tolist() == [0, -1, -1, -1]
    with pytest.raises(NotFoundError, match="no cell 17 in numbers"):
        dataset.code_of("17")
    with pytest.raises(NotFoundError, match=r"no cell d10 in names \(did you mean 'c10'"):
        open_dataset(folder, "names").code_of("d10")


def test_a_dataset_is_opened_once_and_again_when_it_changed(command: CommandLine) -> None:
    path = command.table("s.csv", {"pre": [1], "post": [2]})
    first = command.imported("x", "--synapses", path)
    assert open_dataset(command.data, "x") is first
    assert command("remove", "x").status == 0
    with pytest.raises(NotFoundError):
        open_dataset(command.data, "x")
    again = command.imported("x", "--synapses", command.table("t.csv", {"pre": [1, 1], "post": [2, 3]}))
    assert again is not first
    assert again.n_cells == 3


def test_datasets_are_listed_and_a_broken_one_says_why(folder: Path, tmp_path: Path) -> None:
    assert [meta.id for meta in list_datasets(folder)] == ["edges", "names", "numbers"]
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "dataset.json").write_text("{")
    (tmp_path / "good").symlink_to(folder / "numbers")
    found = survey(tmp_path)
    assert isinstance(found[0], Broken)
    assert found[0].id == "bad"
    assert [meta.title for meta in list_datasets(tmp_path)] == ["numbers"]


@pytest.mark.parametrize("name", ["cells.parquet", "graph/out_idx.npy", "synapses/part-0.parquet"])
@pytest.mark.parametrize("how", ["delete", "empty"])
def test_a_dataset_with_a_damaged_file_is_no_readable_one(name: str, how: str, command: CommandLine) -> None:
    command.imported("x", "--synapses", command.table("s.csv", {"pre": [1], "post": [2]}))
    touch(command.data, "x")
    path = command.data / "x" / name
    path.unlink()
    if how == "empty":
        path.touch()
    os.utime(command.data / "x" / "dataset.json", (1, 1))  # as after a copy: opened again
    with pytest.raises(SynaptoscopeError, match=r"missing or damaged|are missing") as caught:
        touch(command.data, "x")
    assert str(command.data) not in str(caught.value), "the place on the server stays there"
    assert store.ids(command.data) == ["x"]
