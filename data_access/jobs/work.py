"""The work of a job in this process: its turn, its end in the record, whatever happens."""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data_access.errors import InputError, SynaptoscopeError, did_you_mean
from data_access.jobs.folder import Folder
from data_access.jobs.job import Job, ended, now
from data_access.jobs.reporter import Cancelled, Reporter, Watch
from data_access.jobs.scrub import Log, Scrub
from data_access.secret import Secret

# What a process is told beside its id: {"lock": file number, "at_once": n, "secrets": {name: text}}. It starts like no
# setting, or the settings would refuse it.
TOLD = "_SYNAPTOSCOPE_JOB"
AT_ONCE = 2
TURN_S = 0.2  # between two looks whether its turn has come

Work = Callable[[Path, dict[str, Any], Reporter, Mapping[str, Secret]], str | None]

# kind -> "module:function"; function(data_dir, request, reporter, secrets) -> what to say once it is done
KINDS: dict[str, str] = {
    "pull-cave": "data_access.adapters.cave.job:run",
    "estimate-cave": "data_access.adapters.cave.estimating:run",
    "annotate-cave": "data_access.adapters.cave.annotating:run",
    "null-model": "views.long_run:work",
}


def kinds() -> dict[str, str]:
    """The kinds of work: KINDS, and what tests name in SYNAPTOSCOPE_TEST_JOB_KINDS (kind=module:function,...)."""
    named = os.environ.get("SYNAPTOSCOPE_TEST_JOB_KINDS", "")
    return KINDS | dict(part.split("=", 1) for part in named.split(",") if "=" in part)


def check_kind(kind: str) -> None:
    """InputError for a kind of work that is not there."""
    if kind not in kinds():
        raise InputError(f"no kind of job is called '{kind}'", did_you_mean(kind, kinds()))


def find(kind: str) -> Work:
    """The function that does the work of a kind."""
    check_kind(kind)
    module, _, name = kinds()[kind].partition(":")
    found: Work = getattr(importlib.import_module(module), name)
    return found


def main_of_job(data_dir: Path, job_id: str) -> int:
    """Do the work of a job that waits; exit status 0 once it is done, else 1. Nothing is printed: see its log.

    Its lock, its secrets and how many may run at once come through the environment, and are taken out of it. Raises
    NotFoundError for an unknown id, InputError for a process that was not started by `Jobs`.
    """
    told = json.loads(os.environ.pop(TOLD, "null"))
    if told is None:
        raise InputError("a job is started by the server or by a command such as pull", "its page can resume it")
    os.set_inheritable(told["lock"], False)
    secrets = {name: Secret(text) for name, text in told["secrets"].items()}
    folder, scrub = Folder(data_dir), Scrub(secrets.values())
    reporter = Reporter(folder.read(job_id), scrub)
    with (
        _output_to(Log(folder.path(job_id, "log"), scrub)),
        contextlib.suppress(Exception, SystemExit, KeyboardInterrupt),  # the record says it
        watched(folder, reporter),
    ):
        _await_turn(folder, reporter, told["at_once"])
        job = reporter.job
        message = find(job.kind)(data_dir, dict(job.request), reporter, secrets)
        reporter.finished(message or reporter.job.message or "done")
    return 0 if reporter.job.state == "done" else 1


@contextmanager
def _output_to(stream: Log) -> Iterator[None]:
    """What the work prints and logs goes to the job's log, without its secrets."""
    root = logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    with stream, contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield
    root.removeHandler(handler)


def _await_turn(folder: Folder, reporter: Reporter, at_once: int) -> None:
    """Return once fewer than `at_once` jobs are ahead, as a running one. Raises Cancelled."""
    while True:
        reporter.check()
        with folder.queue():
            mine = reporter.job
            ahead = [j for j in folder.all() if j.id != mine.id and _is_ahead(j, mine)]
            if len(ahead) < at_once:
                begin(folder, reporter)
                return
        reporter.cancelled.wait(TURN_S)


def _is_ahead(other: Job, mine: Job) -> bool:
    return other.state == "running" or (other.state == "waiting" and other.order < mine.order)


def begin(folder: Folder, reporter: Reporter) -> None:
    """The work starts now."""
    reporter.change(state="running", started=now())
    reporter.save(folder)


@contextmanager
def watched(folder: Folder, reporter: Reporter, shown: Callable[[Job], None] | None = None) -> Iterator[None]:
    """Around the work: the record follows it and says how it ended. Exceptions pass through."""
    try:
        with Watch(folder, reporter, shown):
            yield
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, Cancelled):
            _keep_traceback(folder, reporter, error)
        _end(folder, reporter, **_failure(reporter, error))
        raise
    _end(folder, reporter, **ended("done"))


def _failure(reporter: Reporter, error: BaseException) -> dict[str, Any]:
    if reporter.cancelled.is_set() or isinstance(error, (Cancelled, KeyboardInterrupt)):
        return ended("cancelled", "stopped; what is whole stays")
    if isinstance(error, SynaptoscopeError):
        return ended("failed", error.message, error.hint)
    if isinstance(error, MemoryError):
        return ended("failed", "not enough memory", "close other programs, or ask for less at once")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ended("failed", "the disk is full", "make room, then resume: what is whole is kept")
    return ended("failed", f"unexpected: {type(error).__name__}", f"the log of job {reporter.job.id} says more")


def _keep_traceback(folder: Folder, reporter: Reporter, error: Exception) -> None:
    text = "".join(traceback.format_exception(error))
    with contextlib.suppress(OSError), folder.path(reporter.job.id, "log").open("a", encoding="utf-8") as file:
        file.write(reporter.scrub(text))


def _end(folder: Folder, reporter: Reporter, **fields: Any) -> None:
    job = reporter.change(**fields)
    try:
        reporter.save(folder, durable=True)
    except OSError as error:  # the lock falls free: readers will see that it did not end well
        print(f"the record of job {job.id} cannot be written: {error}", file=sys.stderr)
    folder.path(job.id, "cancel").unlink(missing_ok=True)
