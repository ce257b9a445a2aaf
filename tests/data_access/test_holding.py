"""A generation that is read stays until nobody reads it any more, however many are made meanwhile."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from data_access import holding, store
from data_access.dataset import Dataset, open_dataset
from data_access.importer import import_generation
from data_access.spec import ImportSpec


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def make(data: Path, number: int) -> None:
    """Generation `number` of x, of so many synapses."""
    path = data.parent / f"{number}.parquet"
    pd.DataFrame({"synapse_id": range(number), "pre_id": 1, "post_id": 2}).to_parquet(path, index=False)
    with store.claimed(data, "x"):
        import_generation(data, ImportSpec("x", synapses=(path,)), number)


def kept(data: Path) -> list[str]:
    return sorted(path.name for path in store.growing(data, "x").glob("generation-*"))


def rows(dataset: Dataset) -> int:
    return len(pa.Table.from_batches(list(dataset.synapse_batches(None, None)), schema=dataset.synapse_schema))


def test_what_was_opened_is_read_to_its_end(data: Path) -> None:
    make(data, 1)
    opened = open_dataset(data, "x")
    for number in (2, 3, 4):
        make(data, number)
        assert rows(open_dataset(data, "x")) == number
    assert (rows(opened), opened.graph.n_connections, opened.column("is_cell").all()) == (1, 1, True)
    assert "generation-1" in kept(data)


def test_it_goes_with_the_first_generation_after_nobody_reads_it(data: Path) -> None:
    make(data, 1)
    opened = open_dataset(data, "x")
    make(data, 2)
    make(data, 3)
    assert kept(data) == ["generation-1", "generation-2", "generation-3"]
    del opened
    open_dataset(data, "x")  # what a process has opened last stays open
    gc.collect()
    make(data, 4)
    assert kept(data) == ["generation-3", "generation-4"]


def test_what_only_a_cache_holds_goes_after_a_while(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(data, 1)
    opened = open_dataset(data, "x")
    make(data, 2)
    monkeypatch.setattr(store, "HELD_S", 0.0)
    make(data, 3)
    assert kept(data) == ["generation-2", "generation-3"]
    assert opened.meta.generation == 1


def test_a_reader_that_dies_holds_nothing(data: Path) -> None:
    make(data, 1)
    place = store.folder(data, "x").resolve()
    code = (
        "import sys; from pathlib import Path; from data_access.dataset import open_dataset\n"
        "opened = open_dataset(Path(sys.argv[1]), 'x'); print('open', flush=True); sys.stdin.read()"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", code, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(holding.__file__).parents[1],
    )  # fmt: skip
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    assert holding.is_held(place)
    reader.kill()
    reader.communicate(timeout=30)
    assert not holding.is_held(place)


def test_where_there_is_nothing_nothing_is_held(tmp_path: Path) -> None:
    holding.hold(tmp_path, object())
    assert not holding.is_held(tmp_path)
