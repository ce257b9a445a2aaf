"""`pull cave` and `cave` on the command line, and the same pull as a job."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from data_access import store
from data_access.adapters.cave import job as cave_job
from data_access.adapters.cave import pull
from data_access.jobs import Job, Jobs
from data_access.secret import Secret
from tests.cave_server.fixtures import AnyCave
from tests.data_access.adapters.pulling import BASKET, STACK, VERSION, Pulls, expected, of_type, stored
from tests.data_access.command_line import CommandLine


@pytest.fixture
def command(tmp_path: Path, cave: AnyCave, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.setenv("SYNAPTOSCOPE_CAVE_SERVER", cave.address)
    monkeypatch.setenv("SYNAPTOSCOPE_CAVE_TOKEN", cave.token)
    (tmp_path / "work").mkdir()
    return CommandLine(tmp_path / "data", tmp_path / "work")


def asked(**more: object) -> list[str]:
    words = {"datastack": STACK, "version": VERSION, "cells": BASKET, "id": "x"} | more
    return ["pull", "cave", *[part for name, value in words.items() for part in (f"--{name}", str(value))]]


def test_a_pull_says_what_it_brought(command: CommandLine, cave: AnyCave) -> None:
    done = command(*asked(), "--json")
    assert done.status == 0, done.err
    truth = expected(cave.truth[STACK][VERSION], out=of_type(cave.truth[STACK][VERSION], "BC"))
    assert done.json["n_synapses"] == len(truth)
    assert done.json["origin"]["version"] == VERSION
    assert done.json["origin"]["fetched"][:4].isdigit()
    assert cave.token not in done.out + done.err
    assert all(cave.token not in path.read_text() for path in command.data.rglob("*.json"))
    assert command("verify", "x").status == 0
    assert [job.state for job in Jobs(command.data).all()] == ["done"]
    assert command("remove", "x").status == 0
    assert not store.growing(command.data, "x").exists()


def test_the_newest_version_is_the_default(command: CommandLine) -> None:
    words = asked()
    at = words.index("--version")
    done = command(*words[:at], *words[at + 2 :], "--json")
    assert done.json["origin"]["version"] == VERSION


def test_an_estimate_before(command: CommandLine) -> None:
    done = command(*asked(), "--estimate", "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["rows"] > 1_000
    assert store.ids(command.data) == []


def test_what_there_is_to_pull(command: CommandLine, cave: AnyCave) -> None:
    versions = command("cave", "--datastack", STACK, "--json").json["data"]
    assert [v["version"] for v in versions] == [1718, 1507, 1181, 1078]
    assert [v["expired"] for v in versions] == [False, False, False, True]
    tables = command("cave", "--datastack", STACK, "--version", VERSION, "--json").json["data"]
    assert {t["name"] for t in tables} == set(cave.truth[STACK][VERSION])
    assert "expired" in command("cave", "--datastack", STACK).out


def test_a_datastack_that_nobody_described(command: CommandLine, cave: AnyCave) -> None:
    truth = cave.truth["demo_column_stack"].newest
    done = command(*asked(datastack="demo_column_stack", version=truth.number, cells="cell_type == 'BC'"), "--json")
    assert done.status == 0, done.err
    dataset = Pulls(command.data, cave).open()
    pre = dataset.index.ids[dataset.graph.complete_out]
    assert len(pre) > 3
    pd.testing.assert_frame_equal(stored(dataset)[["synapse_id", "pre_id", "post_id"]],
                                  expected(truth, out=pre.tolist())[["synapse_id", "pre_id", "post_id"]])  # fmt: skip


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ({"version": 99}, 1, "no version 99"),
        ({"version": 1078}, 1, "version 1078 of minnie65_public has expired"),
        ({"version": "new"}, 2, "whole number"),
        ({"direction": "up"}, 1, "expected out, in or both"),
        ({"datastack": "minnie65_publik"}, 1, "minnie65_publik"),
        ({"workers": 0}, 1, "expected 1 to 32"),
        ({"timeout": 0}, 2, "seconds above 0"),
        ({"id": "a/b"}, 1, "cannot be a dataset id"),
        ({"server": "http://127.0.0.1:9"}, 1, "no connection"),
    ],
)
def test_what_cannot_be_pulled(command: CommandLine, words: dict[str, object], status: int, told: str) -> None:
    done = command(*asked(**words))
    assert (done.status, done.err.count("\n")) == (status, 1), done.err
    assert told in done.err
    assert store.ids(command.data) == []


def test_without_a_token_it_says_how_to_get_one(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYNAPTOSCOPE_CAVE_TOKEN")
    monkeypatch.setenv("HOME", str(command.work))
    done = command(*asked())
    assert done.status == 1
    assert "SYNAPTOSCOPE_CAVE_TOKEN" in done.err
    assert "http" in done.err


def wait(jobs: Jobs, job_id: str, until: Callable[[Job], bool]) -> Job:
    for _ in range(1200):
        if until(jobs.get(job_id)):
            return jobs.get(job_id)
        time.sleep(0.05)
    raise AssertionError(f"{jobs.get(job_id)}")


def test_a_job_is_seen_killed_resumed_and_cancelled(tmp_path: Path, cave: AnyCave) -> None:
    pulls = Pulls(tmp_path, cave)
    jobs, secrets = Jobs(tmp_path), {cave_job.TOKEN: Secret(cave.token)}
    request = pulls.request("cell_type in ['23P', '4P']", compartments=False)
    cave.fault("slow", path="synapses_pni_2/query", seconds=0.3)
    started = jobs.start(cave_job.KIND, cave_job.title(request), "x", pull.as_json(request), secrets)

    def some(job: Job) -> bool:
        return job.stage == "synapses" and job.done > 0

    job = wait(jobs, started.id, some)
    assert (job.state, job.unit) == ("running", "synapses")
    assert job.total is not None and job.total > job.done
    record = (tmp_path / ".jobs" / f"{job.id}.json").read_text() + (
        tmp_path / ".jobs" / f"{job.id}.request.json"
    ).read_text()
    assert cave.token not in record
    pid = next(int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and job.id in _words(p))
    os.kill(pid, signal.SIGKILL)
    assert wait(jobs, job.id, lambda j: not j.alive).state == "interrupted"

    cave.clear_faults()
    cave.fault("hang", path="synapses_pni_2/query", skip=1)  # what is missing is counted, then nothing comes
    jobs.again(job.id, secrets)
    wait(jobs, job.id, some)
    jobs.cancel(job.id)
    assert wait(jobs, job.id, lambda j: not j.alive).state == "cancelled"
    cave.clear_faults()
    jobs.again(job.id, secrets)
    done = wait(jobs, job.id, lambda j: not j.alive)
    assert done.state == "done", (done.message, done.hint)
    cells = of_type(pulls.truth, "23P", "4P")
    pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=cells))


def _words(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""
