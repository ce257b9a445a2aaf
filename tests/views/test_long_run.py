"""Long tables: stored and found again, computed once, or handed to a job."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data_access.dataset import Dataset
from data_access.errors import InputError, SynaptoscopeError
from data_access.jobs import Job, Jobs
from tests.views import column as columns
from views import long_run
from views.long_run import Absent, Ready, Running
from views.reciprocity import LONG, ReciprocityView

VIEW = ReciprocityView(ds="column", tested="all", null="type", samples=20)


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Dataset]:
    """A data folder of its own with the small column."""
    return tmp_path / "data", columns.imported(tmp_path, *columns.tables())


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The views for which a table was made."""
    views: list[Any] = []

    def make(dataset: Dataset, view: Any, *more: Any) -> Any:
        views.append(view)
        return LONG.make(dataset, view, *more)

    monkeypatch.setattr("views.reciprocity.LONG", replace(LONG, make=make))
    return views


def until(met: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not met():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_a_quick_table_is_made_once_stored_and_found_again(place: tuple[Path, Dataset], made: list[Any]) -> None:
    before = long_run.state(*place, "reciprocity", VIEW)
    assert isinstance(before, Absent)
    assert before.estimate.samples == 20
    assert before.last is None
    first = long_run.get(*place, "reciprocity", VIEW)
    again, seen = long_run.get(*place, "reciprocity", VIEW), long_run.state(*place, "reciprocity", VIEW)
    assert made == [VIEW]
    plain = LONG.make(place[1], VIEW, None, None, None)
    for found in (first, again, seen):
        assert isinstance(found, Ready)
        result = found.result
        assert result.table().equals(plain.table())
        assert replace(result.ledger, milliseconds=0.0) == plain.ledger
        assert result.ledger.milliseconds > 0
        assert (result.view, result.rows, result.ids) == (plain.view, plain.rows, plain.ids)
        assert result.extra == plain.extra
    other = replace(VIEW, seed=1)
    assert isinstance(long_run.state(*place, "reciprocity", other), Absent)
    long_run.get(*place, "reciprocity", other)
    assert made == [VIEW, other]


def test_a_job_makes_what_takes_long_and_only_one_does(
    place: tuple[Path, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_run, "AT_ONCE_S", -1.0)
    first, second = (long_run.get(*place, "reciprocity", VIEW) for _ in range(2))
    assert isinstance(first, Running)
    assert isinstance(second, Running)
    assert first.job.id == second.job.id == long_run.start(*place, "reciprocity", VIEW).id
    assert first.job.kind == "null-model"
    assert "20 samples" in first.job.title
    endless = long_run.start(*place, "reciprocity", replace(VIEW, samples=100_000, null="degree"))
    until(lambda: Jobs(place[0]).get(first.job.id).state == "done")
    assert "16 rows" in Jobs(place[0]).get(first.job.id).message
    found = long_run.state(*place, "reciprocity", VIEW)
    assert isinstance(found, Ready)
    assert found.result.table().equals(LONG.make(place[1], VIEW, None, None, None).table())

    until(lambda: Jobs(place[0]).get(endless.id).done > 0)
    assert Jobs(place[0]).get(endless.id).total == 100_000
    Jobs(place[0]).cancel(endless.id)
    until(lambda: Jobs(place[0]).get(endless.id).state == "cancelled")
    left = long_run.state(*place, "reciprocity", replace(VIEW, samples=100_000, null="degree"))
    assert isinstance(left, Absent)
    assert left.last is not None
    assert left.last.id == endless.id


def test_what_takes_longer_than_expected_is_handed_to_a_job(
    place: tuple[Path, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job("20261121-050203-9f86d0", "null-model", "x")
    monkeypatch.setattr(long_run, "PATIENCE_S", -1.0)
    monkeypatch.setattr(long_run, "start", lambda *given: job)
    assert long_run.get(*place, "reciprocity", VIEW) == Running(job)
    monkeypatch.undo()
    assert isinstance(long_run.get(*place, "reciprocity", VIEW), Ready)


def test_a_job_that_failed_is_told_and_can_be_started_again(
    place: tuple[Path, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Job("20261121-050203-9f86d0", "null-model", "x", state="failed", message="the disk is full")
    monkeypatch.setattr(long_run, "_job_of", lambda data_dir, digest: ended)
    with pytest.raises(SynaptoscopeError, match="failed: the disk is full"):
        long_run.get(*place, "reciprocity", VIEW)
    monkeypatch.setattr(Jobs, "again", lambda self, job_id: replace(ended, state="waiting"))
    assert long_run.start(*place, "reciprocity", VIEW).state == "waiting"


def test_what_is_wrong_is_said_before_anything_starts(place: tuple[Path, Dataset]) -> None:
    wrong = replace(VIEW, cells="cell_type == 'BC", null="er")
    for ask in (long_run.state, long_run.get, long_run.start):
        with pytest.raises(InputError):
            ask(*place, "reciprocity", wrong)
        with pytest.raises(InputError, match="no long table"):
            ask(*place, "reciprocal", VIEW)
    assert Jobs(place[0]).all() == []
