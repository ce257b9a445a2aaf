"""A pull that is killed at any moment, and started again, ends with the dataset of one that was left alone."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from data_access import store, verification
from data_access.adapters.cave import pull
from data_access.dataset import open_dataset
from data_access.errors import SynaptoscopeError
from tests.cave_server.fixtures import AnyCave, cave_server
from tests.data_access.adapters.pulling import Pulls, expected, of_type, stored

CELLS = "cell_type in ['BC', 'MC']"
KILLS = 20


@pytest.fixture(scope="module")
def slow_cave() -> Iterator[AnyCave]:
    with cave_server(process=True, row_limit=1000, shuffle=True, faults=("slow:seconds=0.03,path=query",)) as cave:
        yield cave


class _Address:
    """What a pull needs to know of the service, in a process that does not have it."""

    def __init__(self, address: str, token: str) -> None:
        self.address, self.token = address, token


def _run(data: Path, address: str, token: str) -> None:
    """In a process of its own: with as many generations as can be."""
    pull.SOONEST_S = pull.BUILD_SHARE = 0  # type: ignore[assignment]
    pull.LOOK_S = 0.02
    Pulls(data, _Address(address, token))(CELLS, direction="both", workers=3)  # type: ignore[arg-type]


def _started(context: multiprocessing.context.ForkServerContext, data: Path, cave: AnyCave):  # type: ignore[no-untyped-def]
    process = context.Process(target=_run, args=(data, cave.address, cave.token))
    process.start()
    return process


@pytest.mark.slow
def test_killed_at_any_of_twenty_moments_and_resumed(tmp_path: Path, slow_cave: AnyCave) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.data_access.adapters.pulling", "data_access.importer"])
    begun = time.monotonic()
    undisturbed = _started(context, tmp_path / "undisturbed", slow_cave)
    undisturbed.join(120)
    assert undisturbed.exitcode == 0
    lasts = time.monotonic() - begun
    whole = open_dataset(tmp_path / "undisturbed", "x")
    cells = of_type(slow_cave.truth["minnie65_public"][1718], "BC", "MC")
    truth = expected(slow_cave.truth["minnie65_public"][1718], out=cells, into=cells)
    pd.testing.assert_frame_equal(stored(whole), truth)

    rng = random.Random(20)
    reached: set[str] = set()
    for kill in range(KILLS):
        data = tmp_path / f"killed-{kill}"
        process = _started(context, data, slow_cave)
        process.join(rng.uniform(0.05, 0.95) * lasts)
        process.kill()
        process.join(30)
        reached.add(_look(data))
        Pulls(data, slow_cave)(CELLS, direction="both")
        dataset = open_dataset(data, "x")
        pd.testing.assert_frame_equal(stored(dataset), truth)
        assert dataset.column("cell_type").equals(whole.column("cell_type"))
        assert (dataset.graph.complete_out == whole.graph.complete_out).all()
        assert not dataset.meta.partial
        verification.check(store.folder(data, "x"), dataset.meta)
        assert not list(data.glob(".building-*"))
        assert len(list(store.growing(data, "x").glob("generation-*"))) <= 2
    assert len(reached) >= 2, f"the kills met it at different stages, not only {reached}"


def _look(data: Path) -> str:
    """What a killed pull has left: a visible dataset is sound, and partial unless it had come to its end."""
    try:
        dataset = open_dataset(data, "x")
    except SynaptoscopeError:
        return "pieces" if list(data.glob(".growing/x/pieces/*.parquet")) else "nothing"
    verification.check(store.folder(data, "x"), dataset.meta)
    return "partial" if dataset.meta.partial else "whole"
