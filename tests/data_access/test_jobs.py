"""Long work in processes of their own: seen, cancelled, killed, resumed, in turn, without a secret anywhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from data_access import progress
from data_access.errors import InputError, NotFoundError, SynaptoscopeError
from data_access.jobs import Cancelled, Job, Jobs, main_of_job
from data_access.jobs import reporter as reporting
from data_access.jobs.board import KEPT
from data_access.jobs.folder import Folder, new_id
from data_access.jobs.lock import is_held
from data_access.jobs.pace import Pace
from data_access.jobs.scrub import LOG_MOST, Log, Scrub
from data_access.secret import Secret

CHECKOUT = Path(__file__).resolve().parents[2]
KIND = "test-count"
HUSH = "hush/hush+hush ümlaut"
LIMIT_S = 60.0


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPTOSCOPE_TEST_JOB_KINDS", f"{KIND}=tests.data_access.counting_job:run")


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    """Jobs of a data folder of their own; whatever still runs afterwards is stopped."""
    made = Jobs(tmp_path)
    yield made
    for job in made.all():
        made.cancel(job.id)
    until(lambda: not any(job.alive for job in made.all()))


def until(met: Callable[[], Any]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not met():
        assert time.monotonic() < limit
        time.sleep(0.02)


def start(jobs: Jobs, dataset: str = "", secrets: dict[str, Secret] | None = None, **request: object) -> Job:
    return jobs.start(KIND, f"Counting {dataset}".strip(), dataset, request, secrets or {})


def state(jobs: Jobs, job: Job, wanted: str) -> Job:
    until(lambda: jobs.get(job.id).state == wanted or not jobs.get(job.id).alive)
    found = jobs.get(job.id)
    assert found.state == wanted, found
    return found


def process_of(job: Job) -> int:
    """The process id of a job that runs."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if place.read_bytes().split(b"\0")[-2:-1] == [job.id.encode()]:
                return int(place.parent.name)
        except OSError:
            continue
    pytest.fail(f"no process of job {job.id}")


def files(data: Path) -> str:
    """All that is written down anywhere in the data folder."""
    return "\n".join(p.read_text(errors="replace") for p in data.rglob("*") if p.is_file())


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


# From start to end


def test_a_job_does_its_work_and_says_so(jobs: Jobs, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    job = start(jobs, "beans", to=5)
    assert (job.kind, job.title, job.dataset, job.request) == (KIND, "Counting beans", "beans", {"to": 5})
    found = state(jobs, job, "done")
    assert (tmp_path / "counted").read_text() == "5"
    assert found.message == "counted 5 beans"
    assert (found.stage, found.done, found.total, found.unit) == ("counting", 5, 5, "beans")
    assert (found.hint, found.rate, found.seconds_left) == ("", None, None)
    assert found.started and found.ended
    assert before <= found.created <= found.started <= found.ended <= datetime.now(UTC)
    assert found.seconds == (found.ended - found.started).total_seconds()
    assert jobs.all() == [found]
    assert Jobs(tmp_path).get(job.id) == found


def test_a_request_keeps_large_ids_exactly(jobs: Jobs) -> None:
    ids = [864691135808473885, "864691135808473886"]
    job = start(jobs, ids=ids, to=0)
    assert jobs.get(job.id).request["ids"] == ids
    assert state(jobs, job, "done").request == {"ids": ids, "to": 0}
    record = (jobs.data_dir / ".jobs" / f"{job.id}.json").read_text()
    assert "864691135808473885" not in record, "a record that is written four times a second stays small"


def test_progress_is_seen_while_it_runs(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "counted").write_text("2")
    job = start(jobs, to=7, wait=["go"])
    until(lambda: jobs.get(job.id).stage)
    found = jobs.get(job.id)
    assert (found.state, found.stage, found.done, found.total) == ("running", "counting", 2, 7)
    until(lambda: jobs.get(job.id).updated > found.updated)
    assert jobs.get(job.id).rate in (None, 0), "what was there at the start is no speed"
    (tmp_path / "go").touch()
    assert state(jobs, job, "done").done == 7


@pytest.mark.parametrize(
    ("ends", "message", "hint"),
    [
        ("known", "the beans are blue", "paint them"),
        ("unknown", "unexpected: RuntimeError", "the log of job {id} says more"),
        ("memory", "not enough memory", "close other programs, or ask for less at once"),
        ("exit", "unexpected: SystemExit", "the log of job {id} says more"),
    ],
)
def test_a_failure_is_one_line_and_a_remedy(jobs: Jobs, ends: str, message: str, hint: str) -> None:
    found = state(jobs, start(jobs, ends=ends), "failed")
    assert (found.message, found.hint) == (message, hint.format(id=found.id))
    assert found.ended


def test_the_traceback_of_what_was_not_expected_is_in_the_log(jobs: Jobs) -> None:
    found = state(jobs, start(jobs, ends="unknown", secrets={"token": Secret(HUSH)}), "failed")
    log = (jobs.data_dir / ".jobs" / f"{found.id}.log").read_text()
    assert "Traceback" in log
    assert "RuntimeError: no bean ['***']" in log


def test_work_that_is_not_there_is_refused(jobs: Jobs) -> None:
    with pytest.raises(InputError, match="no kind of job is called 'test-cuont'") as caught:
        jobs.start("test-cuont", "x", "", {}, {})
    assert KIND in caught.value.hint
    assert jobs.all() == []


def test_a_request_that_json_cannot_hold_is_refused_and_leaves_nothing_that_runs(jobs: Jobs) -> None:
    for request in ({"ids": {1, 2}}, {"n": float("nan")}):
        with pytest.raises((TypeError, ValueError)):
            jobs.start(KIND, "x", "beans", request, {})
    state(jobs, start(jobs, "beans"), "done")
    assert len(jobs.all()) == 1


@pytest.mark.parametrize("job_id", ["../../etc/passwd", "", "20261121-050203-abcdef", "queue", "x" * 500])
def test_an_unknown_job_is_not_found(jobs: Jobs, job_id: str) -> None:
    for ask in (jobs.get, jobs.cancel, jobs.again, jobs.forget):
        with pytest.raises(NotFoundError, match="no job"):
            ask(job_id)


def test_a_data_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SynaptoscopeError, match="jobs cannot be kept in the data folder"):
        Jobs(tmp_path / "file").start(KIND, "x", "", {}, {})


def test_a_damaged_record_hides_no_other(jobs: Jobs) -> None:
    kept = state(jobs, start(jobs), "done")
    damaged = new_id()
    for text in ("{", "{}", "[]", '{"state": 3}'):
        (jobs.data_dir / ".jobs" / f"{damaged}.json").write_text(text)
        assert jobs.all() == [kept]
        with pytest.raises(NotFoundError, match="damaged"):
            jobs.get(damaged)


# Processes


@linux
def test_a_job_outlives_who_started_it_in_a_session_of_its_own(jobs: Jobs, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from data_access.jobs import Jobs\n"
        f"print(Jobs(Path(sys.argv[1])).start({KIND!r}, 'x', '', {{'wait': ['go']}}, {{}}).id)"
    )
    starter = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    job = jobs.get(starter.stdout.strip())
    assert job.alive
    process = process_of(job)
    assert os.getsid(process) == process
    assert os.getsid(process) != os.getsid(0)
    (tmp_path / "go").touch()
    state(jobs, job, "done")


@linux
def test_no_zombie_stays(jobs: Jobs) -> None:
    job = start(jobs, wait=["go"])
    process = process_of(state(jobs, job, "running"))
    (jobs.data_dir / "go").touch()
    state(jobs, job, "done")
    until(lambda: not Path(f"/proc/{process}").exists())


@linux
def test_a_killed_job_is_interrupted_and_resumes_where_it_was(jobs: Jobs, tmp_path: Path) -> None:
    job = start(jobs, "beans", to=5, wait=["go"])
    os.kill(process_of(state(jobs, job, "running")), signal.SIGKILL)
    until(lambda: not jobs.get(job.id).alive)
    found = jobs.get(job.id)
    assert found.state == "interrupted"
    assert "killed" in found.message
    assert "resume" in found.hint
    assert (found.rate, found.seconds_left) == (None, None)
    (tmp_path / "counted").write_text("3")
    (tmp_path / "go").touch()
    resumed = jobs.again(job.id)
    assert (resumed.id, resumed.request, resumed.created) == (job.id, job.request, job.created)
    assert (resumed.message, resumed.hint, resumed.ended) == ("", "", None)
    assert state(jobs, job, "done").done == 5


def test_a_job_that_kills_itself_is_interrupted_too(jobs: Jobs) -> None:
    job = start(jobs, ends="kill")
    until(lambda: not jobs.get(job.id).alive)
    assert jobs.get(job.id).state == "interrupted"


def test_a_process_that_cannot_begin_is_a_failure(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPTOSCOPE_NONSENSE", "1")
    job = start(jobs)
    until(lambda: jobs.get(job.id).state == "failed")
    found = jobs.get(job.id)
    assert found.message == "its process could not begin (exit status 1)"
    assert "SYNAPTOSCOPE_NONSENSE is no setting" in (jobs.data_dir / ".jobs" / f"{job.id}.log").read_text()


def test_nobody_does_the_work_of_a_job_by_hand(jobs: Jobs, tmp_path: Path) -> None:
    job = state(jobs, start(jobs), "done")
    with pytest.raises(InputError, match="started by the server"):
        main_of_job(tmp_path, job.id)


def test_settings_reach_the_process_and_its_folder_is_the_one_of_the_jobs(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("SYNAPTOSCOPE_DATA", str(elsewhere))
    state(jobs, start(jobs, to=4), "done")
    assert (tmp_path / "counted").read_text() == "4"


# Cancelling and resuming


def test_cancel_stops_the_work_and_resuming_completes_it(jobs: Jobs, tmp_path: Path) -> None:
    job = start(jobs, "beans", to=5, wait=["go"])
    state(jobs, job, "running")
    assert jobs.cancel(job.id).cancelling
    found = state(jobs, job, "cancelled")
    assert not found.cancelling
    assert (found.message, found.hint) == ("stopped; what is whole stays", "")
    assert not (tmp_path / "counted").exists()
    (tmp_path / "go").touch()
    assert not jobs.again(job.id).cancelling
    assert state(jobs, job, "done").message == "counted 5 beans"


def test_cancelling_what_has_ended_changes_nothing(jobs: Jobs) -> None:
    done = state(jobs, start(jobs), "done")
    assert jobs.cancel(done.id) == done
    assert jobs.get(done.id) == done


def test_work_that_does_not_listen_is_cut_off(jobs: Jobs) -> None:
    job = start(jobs, wait=["never"], deaf=True)
    until(lambda: jobs.get(job.id).stage)
    jobs.cancel(job.id)
    found = state(jobs, job, "cancelled")
    assert "cut off" in found.message
    (jobs.data_dir / "never").touch()
    jobs.again(job.id)
    state(jobs, job, "done")


@pytest.mark.parametrize("wait", [["go"], []], ids=["running", "done"])
def test_only_what_ended_before_its_end_is_resumed(jobs: Jobs, wait: list[str]) -> None:
    job = start(jobs, wait=wait)
    state(jobs, job, "running" if wait else "done")
    with pytest.raises(InputError, match="it cannot be resumed"):
        jobs.again(job.id)


def test_of_two_who_resume_at_once_one_wins(jobs: Jobs) -> None:
    job = state(jobs, start(jobs, ends="known", wait=["go"]), "running")
    jobs.cancel(job.id)
    state(jobs, job, "cancelled")

    def again(_: int) -> bool:
        try:
            return Jobs(jobs.data_dir).again(job.id).alive
        except InputError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(again, range(8))) == 1


def test_deleting_the_record_of_a_running_job_stops_it(jobs: Jobs, tmp_path: Path) -> None:
    job = state(jobs, start(jobs, wait=["go"]), "running")
    lock = Folder(tmp_path).path(job.id, "lock")
    Folder(tmp_path).path(job.id, "json").unlink()
    until(lambda: not is_held(lock))


# One at a time, in turn


def test_one_job_a_dataset(jobs: Jobs, tmp_path: Path) -> None:
    first = start(jobs, "beans", wait=["go"])
    with pytest.raises(InputError, match="another job works on 'beans' already: Counting beans") as caught:
        start(Jobs(tmp_path), "beans")
    assert "cancel it" in caught.value.hint
    with pytest.raises(InputError, match="already"), jobs.here(KIND, "x", "beans", {}):
        pytest.fail("it ran")
    other = start(jobs, "peas", to=0)
    state(jobs, other, "done")
    (tmp_path / "go").touch()
    state(jobs, first, "done")
    state(jobs, start(jobs, "beans"), "done")


def test_no_more_than_allowed_run_at_once_and_the_others_follow_in_order(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, at_once=2)
    made = [start(jobs, wait=[f"go{i}"], to=0) for i in range(5)]

    def states() -> list[str]:
        return [jobs.get(job.id).state for job in made]

    until(lambda: states() == ["running"] * 2 + ["waiting"] * 3)
    jobs.cancel(made[2].id)
    until(lambda: states() == ["running", "running", "cancelled", "waiting", "waiting"])
    (tmp_path / "go1").touch()
    until(lambda: states() == ["running", "done", "cancelled", "running", "waiting"])
    for i in (0, 3, 4):
        (tmp_path / f"go{i}").touch()
    until(lambda: states() == ["done", "done", "cancelled", "done", "done"])
    started = [found.started for found in map(jobs.get, [made[i].id for i in (0, 3, 4)])]
    assert None not in started
    assert started == sorted(started)  # type: ignore[type-var]
    assert jobs.get(made[2].id).started is None


def test_the_last_started_is_listed_first_also_when_it_was_resumed(jobs: Jobs) -> None:
    first, second = (state(jobs, start(jobs, ends="known"), "failed") for _ in range(2))
    assert [job.id for job in jobs.all()] == [second.id, first.id]
    jobs.again(first.id)
    assert [job.id for job in jobs.all()] == [first.id, second.id]


def test_forgetting_removes_all_of_it_but_not_while_it_lives(jobs: Jobs, tmp_path: Path) -> None:
    job = start(jobs, wait=["go"])
    with pytest.raises(InputError) as caught:
        jobs.forget(job.id)
    assert caught.value.hint == "cancel it first"
    (tmp_path / "go").touch()
    state(jobs, job, "done")
    jobs.forget(job.id)
    assert jobs.all() == []
    assert [p.name for p in (tmp_path / ".jobs").iterdir()] == ["queue.lock"]


def test_the_last_hundred_are_kept(jobs: Jobs, tmp_path: Path) -> None:
    first = state(jobs, start(jobs), "done")
    record = (tmp_path / ".jobs" / f"{first.id}.json").read_text()
    for i in range(KEPT + 5):
        other = f"20260101-000000-{i:06x}"
        text = record.replace(first.id, other).replace(first.queued.isoformat(), f"2026-01-01T00:00:00.{i:06}+00:00")
        (tmp_path / ".jobs" / f"{other}.json").write_text(text)
        Folder(tmp_path).write_request(other, {})
    assert len(jobs.all()) == KEPT + 6
    last = start(jobs)
    found = jobs.all()
    assert len(found) == KEPT
    assert [job.id for job in found[:3]] == [last.id, first.id, f"20260101-000000-{KEPT + 4:06x}"]


# Secrets


def test_no_secret_is_written_anywhere(jobs: Jobs, tmp_path: Path) -> None:
    job = start(jobs, "beans", secrets={"token": Secret(HUSH)}, secret="token", wait=["go"], ends="unknown")
    running = state(jobs, job, "running")
    until(lambda: jobs.get(job.id).notes)
    if sys.platform == "linux":
        assert "hush" not in Path(f"/proc/{process_of(running)}/cmdline").read_text()
    (tmp_path / "go").touch()
    found = state(jobs, job, "failed")
    assert found.notes == ("noted ***", "environment: []", "arguments: False")
    assert found.stage == "staged ***"
    assert found.secrets == ("token",)
    written = files(tmp_path)
    assert "hush" not in written
    for expected in ("printed ***", "token=***", "no bean ['***']"):
        assert expected in written


def test_a_job_gets_no_secret_of_the_server_that_it_was_not_given(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPTOSCOPE_CAVE_TOKEN", HUSH)
    monkeypatch.setenv("SYNAPTOSCOPE_SECRET_KEY", HUSH + HUSH)
    job = start(jobs, secrets={"token": Secret("another one")}, secret="token", wait=["go"])
    until(lambda: jobs.get(job.id).notes)
    if sys.platform == "linux":
        environ = Path(f"/proc/{process_of(job)}/environ").read_bytes()
        assert HUSH.encode() not in environ
        assert b"another one" in environ, "the test looks in the wrong place"


def test_a_secret_in_a_request_is_refused(jobs: Jobs, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a secret stands in") as caught:
        start(jobs, secrets={"token": Secret(HUSH)}, address=f"https://x/?token={HUSH}")
    assert "hush" not in str(caught.value)
    assert "hush" not in files(tmp_path)


def test_resuming_takes_the_secrets_again(jobs: Jobs) -> None:
    job = state(jobs, start(jobs, secrets={"token": Secret(HUSH)}, ends="known"), "failed")
    assert job.secrets == ("token",)
    jobs.again(job.id, {"token": Secret("the new one")})
    assert state(jobs, job, "failed").message == "the beans are blue"


def test_a_secret_across_two_writes_is_not_kept(tmp_path: Path) -> None:
    with Log(tmp_path / "log", Scrub([Secret("verysecret")])) as log:
        print("a very", end="", file=log)
        print("secret b", file=log, flush=True)
        print("x verysecret", end="", file=log)
    assert (tmp_path / "log").read_text() == "a *** b\nx ***\n"


def test_a_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    with Log(tmp_path / "log", Scrub()) as log:
        for _ in range(LOG_MOST // 1000 + 50):
            print("x" * 999, file=log)
    text = (tmp_path / "log").read_text()
    assert len(text) < LOG_MOST + 5000
    assert text.endswith("the rest is not kept\n")


@pytest.mark.parametrize("form", ["{}", "x={}&y", "'{}'"])
def test_secrets_are_found_in_addresses_and_in_quotes(form: str) -> None:
    secret = "a b/c+d'é"
    scrub = Scrub([Secret(secret), Secret("abc")])
    for written in (secret, "a%20b%2Fc%2Bd%27%C3%A9", "a+b%2Fc%2Bd%27%C3%A9"):
        assert scrub(form.format(written)) == form.format("***")
    assert scrub("abc") == "abc", "three letters are too little to tell a secret by"


# Work in this process


def test_work_of_a_command_is_listed_while_it_runs(jobs: Jobs, tmp_path: Path) -> None:
    with jobs.here(KIND, "Pulling", "beans", {"to": 3}) as reporter:
        reporter.stage("counting", 9, "beans")
        reporter.advance(4)
        until(lambda: Jobs(tmp_path).all()[0].done == 4)
        seen = Jobs(tmp_path).all()[0]
        assert (seen.state, seen.title, seen.total) == ("running", "Pulling", 9)
        reporter.finished("pulled")
    found = jobs.get(seen.id)
    assert (found.state, found.message, found.request) == ("done", "pulled", {"to": 3})


def test_work_of_a_command_does_not_wait_and_others_wait_for_it(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, at_once=1)
    first = state(jobs, start(jobs, wait=["go"]), "running")
    with jobs.here(KIND, "Pulling", "", {}):
        second = start(jobs, to=0)
        (tmp_path / "go").touch()
        state(jobs, first, "done")
        assert jobs.get(second.id).state == "waiting"
    state(jobs, second, "done")


def test_work_of_a_command_is_cancelled_from_the_page(jobs: Jobs, tmp_path: Path) -> None:
    with pytest.raises(Cancelled), jobs.here(KIND, "Pulling", "beans", {}) as reporter:  # noqa: PT012
        reporter.check()
        Jobs(tmp_path).cancel(jobs.all()[0].id)
        assert reporter.cancelled.wait(LIMIT_S)
        assert jobs.all()[0].cancelling
        reporter.check()
    assert jobs.all()[0].state == "cancelled"


@pytest.mark.parametrize(
    ("error", "ended", "message"),
    [
        (InputError("wrong", "right it"), "failed", "wrong"),
        (KeyboardInterrupt(), "cancelled", "stopped; what is whole stays"),
        (ZeroDivisionError(), "failed", "unexpected: ZeroDivisionError"),
        (OSError(28, "No space left on device"), "failed", "the disk is full"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_errors_of_a_command_are_recorded_and_pass_through(
    jobs: Jobs, error: BaseException, ended: str, message: str
) -> None:
    with pytest.raises(type(error)), jobs.here(KIND, "Pulling", "beans", {}):
        raise error
    found = jobs.all()[0]
    assert (found.state, found.message) == (ended, message)
    with jobs.here(KIND, "Pulling", "beans", {}):
        pass


def test_a_killed_command_is_interrupted_and_resumed_in_a_process_of_its_own(jobs: Jobs, tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from data_access.jobs import Jobs\n"
        f"with Jobs(Path(sys.argv[1])).here({KIND!r}, 'x', 'beans', {{'to': 6}}): os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=CHECKOUT)
    assert killed.returncode == -signal.SIGKILL
    assert jobs.all()[0].state == "interrupted"
    jobs.again(jobs.all()[0].id)
    assert state(jobs, jobs.all()[0], "done").done == 6


def test_a_terminal_shows_one_line(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(progress.Line, "show", lambda self, text: shown.append(text))
    with jobs.here(KIND, "Pulling", "beans", {}) as reporter:
        reporter.stage("Synapses", 9000, "rows", done=1234)
        until(lambda: any("Synapses 1,234 of 9,000 rows" in text for text in shown))
    assert shown[-1] == ""
    assert "\n" not in "".join(shown)
    with jobs.here(KIND, "Pulling", "", {}):
        pass
    assert capsys.readouterr() == ("", "")


# Reporting


def test_a_rate_is_that_of_the_last_half_minute() -> None:
    pace = Pace(100.0, 5000)
    assert pace.rate is None
    pace.add(100.5, 5100)
    assert pace.rate is None, "half a second says nothing"
    for second in range(1, 61):  # a slow minute, 10 a second
        pace.add(100.0 + second, 5000 + 10 * second)
    assert pace.rate == pytest.approx(10)
    for second in range(1, 41):  # then 100 a second
        pace.add(160.0 + second, 5600 + 100 * second)
    assert pace.rate == pytest.approx(100)
    assert pace.seconds_left(10_600) == pytest.approx(10)
    assert pace.seconds_left(9_600) == 0
    assert pace.seconds_left(None) is None
    for second in range(1, 61):  # then nothing
        pace.add(200.0 + second, 9600)
    assert pace.rate == 0
    assert pace.seconds_left(10_600) is None


def test_time_left_is_told_only_with_a_total() -> None:
    reporter = reporting.Reporter(Job(new_id(), KIND, "x", state="running"), Scrub())
    reporter.stage("counting", unit="rows")
    reporter.advance(50)
    assert reporter.job.total is None
    reporter.advance(60, total=100)
    assert (reporter.job.done, reporter.job.total) == (60, 100)
    reporter.stage("next")
    assert (reporter.job.done, reporter.job.total, reporter.job.unit) == (0, None, "")


def test_notes_are_told_once_and_are_not_without_end() -> None:
    reporter = reporting.Reporter(Job(new_id(), KIND, "x"), Scrub())
    for i in range(500):
        reporter.note(f"note {i // 2}")
    assert reporter.job.notes[:2] == ("note 0", "note 1")
    assert len(reporter.job.notes) == reporting.MOST_NOTES


def test_reporting_from_many_threads_loses_nothing(jobs: Jobs) -> None:
    with jobs.here(KIND, "x", "", {}) as reporter:
        threads = [threading.Thread(target=lambda n=n: reporter.note(f"note {n}")) for n in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(jobs.all()[0].notes) == 40


def test_a_reader_never_meets_half_a_record(jobs: Jobs, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    over = threading.Event()
    seen: list[str] = []

    def read() -> None:
        while not over.is_set():
            seen.extend(job.id for job in jobs.all())

    with jobs.here(KIND, "x", "", {}) as reporter:
        reader = threading.Thread(target=read)
        reader.start()
        for i in range(300):
            reporter.note(f"{i} " + "x" * 200)
            reporter.save(folder)
        over.set()
        reader.join()
    assert len(seen) > 20
    assert len(set(seen)) == 1


def test_what_a_reader_gets_is_json_without_ids(jobs: Jobs) -> None:
    job = state(jobs, start(jobs, ids=[864691135808473885], to=0), "done")
    public = json.loads(json.dumps(job.public()))
    assert "request" not in public
    assert datetime.fromisoformat(public["created"]) == job.created
    assert public["state"] == "done"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "<1 s"), (1, "1 s"), (59.4, "59 s"), (59.6, "1 min"), (75, "1 min 15 s"), (600, "10 min"), (754, "12 min"),
     (3600, "1 h"), (3720, "1 h 2 min"), (90_000, "25 h")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text


def test_counts_and_rates_in_words() -> None:
    assert progress.counted(1234, 9000, "rows") == "1,234 of 9,000 rows"
    assert progress.counted(1234, None, "rows") == "1,234 rows"
    assert (progress.counted(0, None, "rows"), progress.counted(0, 3, "")) == ("", "0 of 3")
    assert progress.paced(1234.5, "rows") == "1,234 rows/s"
    assert progress.paced(0.254, "cells") == "0.25 cells/s"
    assert (progress.paced(None, "rows"), progress.paced(0, "rows"), progress.paced(3, "")) == ("", "", "3/s")
