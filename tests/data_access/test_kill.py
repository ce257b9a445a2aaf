"""An import that is killed leaves no visible dataset and nothing that blocks the next try; two at once: one wins."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from data_access import store
from tests.data_access.command_line import CommandLine

CHECKOUT = Path(__file__).resolve().parents[2]
N = 300_000

# A file that is there from some moment of the import on, in the order of the stages.
MOMENTS = [
    ".scratch", ".scratch/part-0.parquet", "cells.parquet", "synapses/part-0.parquet", "synapses_by_post",
    ".scratch/connections.parquet", "graph/out_idx.npy", "dataset.json",
]  # fmt: skip


@pytest.fixture(scope="module")
def synapses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    cells = 864691135000000000 + rng.choice(10**9, 20_000, replace=False)
    columns = {
        "id": rng.permutation(N),
        "pre_pt_root_id": rng.choice(cells, N),
        "post_pt_root_id": rng.choice(cells, N),
        "size": rng.integers(100, 9_000, N),
        "ctr_pt_position_x": rng.integers(0, 400_000, N),
        "ctr_pt_position_y": rng.integers(0, 400_000, N),
        "ctr_pt_position_z": rng.integers(0, 28_000, N),
    }
    place = tmp_path_factory.mktemp("killed")
    return CommandLine(place, place).table("synapses.parquet", columns)


def start(command: CommandLine, synapses: Path) -> subprocess.Popen[str]:
    words = ["import", "--id", "x", "--synapses", synapses, "--data", command.data]
    return subprocess.Popen(
        [sys.executable, "-m", "data_access", *map(str, words)], cwd=CHECKOUT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # a shell that starts the tests in the background has them ignore Ctrl-C, and what they start with them
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def leftovers(command: CommandLine) -> list[Path]:
    return sorted(command.data.glob(f"{store.BUILDING}*"))


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_import_killed_at_any_moment_leaves_nothing_visible(
    moment: str, synapses: Path, command: CommandLine
) -> None:
    running = start(command, synapses)
    limit = time.monotonic() + 60
    while not list(command.data.glob(f"{store.BUILDING}x@*/{moment}")):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < limit
    if moment != MOMENTS[-1]:  # from there on it is a matter of milliseconds
        time.sleep(random.uniform(0, 0.03))
    running.send_signal(signal.SIGKILL)
    running.communicate()
    if running.returncode == 0:
        pytest.fail("the import was faster than the signal")
    assert running.returncode == -signal.SIGKILL
    assert store.ids(command.data) == []
    assert len(leftovers(command)) == 1
    listed = command("list", "--json")
    assert (listed.status, listed.json) == (0, {"data": []})
    assert command("show", "x").status == 1
    assert command.imported("x", "--synapses", synapses).meta.n_synapses == N
    assert leftovers(command) == []
    assert command("list").out.startswith("x ")


def test_of_two_imports_of_one_id_one_wins(synapses: Path, command: CommandLine) -> None:
    running = [start(command, synapses) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in running]
    statuses = [process.returncode for process in running]
    assert sorted(statuses) == [0, 1]
    line = said[statuses.index(1)]
    assert len(line.splitlines()) == 1
    assert "is being built by another process" in line or "'x' exists already" in line
    assert command("verify", "x").status == 0
    assert leftovers(command) == []


def test_an_id_that_is_being_built_is_refused_and_another_is_not(synapses: Path, command: CommandLine) -> None:
    with store.building(command.data, "x") as place:
        (place / "half").write_text("written")
        running = start(command, synapses)
        _, said = running.communicate(timeout=120)
        assert running.returncode == 1
        assert said.splitlines() == ["error: 'x' is being built by another process at this moment"]
        assert command.imported("y", "--synapses", synapses).meta.n_synapses == N
        assert (place / "half").exists()
        assert store.ids(command.data) == ["y"]


@pytest.mark.parametrize("moment", [".scratch/part-0.parquet", "synapses/part-0.parquet"])
def test_ctrl_c_stops_an_import_with_one_line(moment: str, synapses: Path, command: CommandLine) -> None:
    """While files are read, and inside the database."""
    running = start(command, synapses)
    while not list(command.data.glob(f"{store.BUILDING}x@*/{moment}")):
        assert running.poll() is None, running.communicate()
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert (running.returncode, said.splitlines()) == (1, ["stopped; nothing was changed"])
    assert list(command.data.glob("*x*")) == []
