"""The jobs of a data folder: start one, look, cancel, resume, forget. Shared by all workers and commands."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_access.errors import InputError, SynaptoscopeError
from data_access.jobs import lock
from data_access.jobs.folder import Folder, new_id
from data_access.jobs.job import RESUMABLE, Job, ended
from data_access.jobs.reporter import Reporter
from data_access.jobs.scrub import Scrub
from data_access.jobs.work import AT_ONCE, TOLD, begin, check_kind, watched
from data_access.progress import Line, counted, duration, paced
from data_access.secret import Secret

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]
KEPT = 100
# A job gets the secrets that it is given, and none that this process happens to have.
_NOT_PASSED_ON = ("_TOKEN", "_KEY", "PROMETHEUS_MULTIPROC_DIR")


class Jobs:
    """The jobs of one data folder. Holds no state: everything is in the folder, see `folder`.

    at_once: how many started jobs run at the same time; the others wait and begin in the order of their start.
    """

    def __init__(self, data_dir: Path, at_once: int = AT_ONCE) -> None:
        self.data_dir = Path(data_dir).absolute()
        self._folder = Folder(self.data_dir)
        self._at_once = at_once

    def start(
        self, kind: str, title: str, dataset: str, request: Mapping[str, Any], secrets: Mapping[str, Secret]
    ) -> Job:
        """Do work in a process of its own, which outlives this one.

        dataset: id of the dataset that it fills, "" for none. request: what JSON can hold, ids included; no secret.
        Raises InputError for an unknown kind and where another job fills the dataset already, ValueError for a
        secret in the request, SynaptoscopeError where no process can be started or the folder cannot be written.
        """
        check_kind(kind)
        job = Job(new_id(), kind, title, dataset, dict(request), tuple(secrets))
        with _writable(), self._folder.queue():
            self._check_free(dataset)
            handle = self._enter(job, Scrub(secrets.values()))
        return self._launch(job, handle, secrets)

    @contextmanager
    def here(
        self,
        kind: str,
        title: str,
        dataset: str,
        request: Mapping[str, Any],
        secrets: Mapping[str, Secret] | None = None,
    ) -> Iterator[Reporter]:
        """Do work in this process, at once, and show it among the jobs and as a line on a terminal.

        It counts as one that runs, and can be cancelled from the page; what was killed can be resumed there. Errors
        are recorded and pass through; `Cancelled` is among them. Raises InputError as `start` does.
        """  # fmt: skip
        secrets = secrets or {}
        scrub = Scrub(secrets.values())
        job = Job(new_id(), kind, title, dataset, dict(request), tuple(secrets))
        with _writable(), self._folder.queue():
            self._check_free(dataset)
            handle = self._enter(job, scrub)
        line, reporter = Line(), Reporter(job, scrub)
        try:
            with watched(self._folder, reporter, lambda job: line.show(_in_one_line(job))):
                begin(self._folder, reporter)
                yield reporter
        finally:
            line.clear()
            os.close(handle)

    def get(self, job_id: str) -> Job:
        """A job as it is now. Raises NotFoundError."""
        return self._folder.read(job_id)

    def all(self) -> list[Job]:
        """Every job, the last started first."""
        return self._folder.all()

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop, which it does within seconds; one that has ended stays as it is. Raises NotFoundError."""
        job = self.get(job_id)
        if job.alive:
            with _writable():
                self._folder.path(job_id, "cancel").touch()
        return self.get(job_id)

    def again(self, job_id: str, secrets: Mapping[str, Secret] | None = None) -> Job:
        """Start a job that failed, was cancelled or interrupted once more, with the same request and id.

        secrets: those that `Job.secrets` names; they were not kept. Raises NotFoundError, and InputError for a job
        that is alive or done, whose kind is unknown, or whose dataset another job fills.
        """
        secrets = secrets or {}
        with _writable(), self._folder.queue():
            old = self.get(job_id)
            if old.state not in RESUMABLE:
                raise InputError(f"'{old.title}' is {old.state}: it cannot be resumed")
            check_kind(old.kind)
            self._check_free(old.dataset)
            job = Job(
                job_id, old.kind, old.title, old.dataset, old.request, old.secrets, notes=old.notes,
                created=old.created,
            )  # fmt: skip
            handle = self._enter(job, Scrub(secrets.values()))
        return self._launch(job, handle, secrets)

    def forget(self, job_id: str) -> None:
        """Remove a job that has ended from the list; its dataset stays. Raises NotFoundError, InputError if alive."""
        with _writable(), self._folder.queue():
            job = self.get(job_id)
            if job.alive:
                raise InputError(f"'{job.title}' is {job.state}", "cancel it first")
            self._folder.remove(job_id)

    def _check_free(self, dataset: str) -> None:
        other = next((j for j in self.all() if dataset and j.dataset == dataset and j.alive), None)
        if other:
            raise InputError(
                f"another job works on '{dataset}' already: {other.title}", "wait for it, or cancel it on the page Jobs"
            )

    def _enter(self, job: Job, scrub: Scrub) -> int:
        """Put a job on the list, holding its lock; the open file of the lock."""
        if scrub.finds(json.dumps([job.title, job.request], ensure_ascii=False)):
            raise ValueError("a secret stands in the title or request of a job")
        self._prune()
        self._folder.path(job.id, "cancel").unlink(missing_ok=True)
        handle = lock.take(self._folder.path(job.id, "lock"))
        if handle is None:
            raise InputError(f"'{job.title}' is running")
        try:
            self._folder.write_request(job.id, job.request)
            self._folder.write(job, durable=True)
        except BaseException:
            os.close(handle)
            raise
        return handle

    def _prune(self) -> None:
        gone = [job for job in self.all() if not job.alive][KEPT - 1 :]
        for job in gone:
            self._folder.remove(job.id)

    def _launch(self, job: Job, handle: int, secrets: Mapping[str, Secret]) -> Job:
        told = {"lock": handle, "at_once": self._at_once, "secrets": {n: s.reveal() for n, s in secrets.items()}}
        try:
            with self._folder.path(job.id, "log").open("ab") as output:
                process = subprocess.Popen(
                    [sys.executable, "-m", "data_access", "job", job.id],
                    env=_environment(self.data_dir) | {TOLD: json.dumps(told)},
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                    start_new_session=True, pass_fds=(handle,),
                )  # fmt: skip
        except OSError as error:
            self._folder.write(replace(job, **ended("failed", f"no process could be started: {error.strerror}")))
            raise SynaptoscopeError(f"no process could be started for '{job.title}': {error.strerror}") from error
        finally:
            os.close(handle)
        threading.Thread(target=self._reap, args=(process, job.id), name="job-reaper", daemon=True).start()
        return self.get(job.id)

    def _reap(self, process: subprocess.Popen[bytes], job_id: str) -> None:
        """Wait for the process, so that nothing of it stays; tell of one that ended before it began."""
        status = process.wait()
        try:
            job = self.get(job_id)
            if job.state == "interrupted" and job.started is None and status > 0:
                message = f"its process could not begin (exit status {status})"
                with self._folder.queue():
                    self._folder.write(replace(job, **ended("failed", message, f"the log of job {job_id} says more")))
        except (SynaptoscopeError, OSError) as error:
            log.warning("job %s: %s", job_id, error)


def _environment(data_dir: Path) -> dict[str, str]:
    """That of this process, its settings included, without its secrets; the project can be imported anywhere."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith(_NOT_PASSED_ON)}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return kept | {"PYTHONPATH": path, "SYNAPTOSCOPE_DATA": str(data_dir)}


@contextmanager
def _writable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SynaptoscopeError(
            f"jobs cannot be kept in the data folder ({error.strerror})", "make it writable for the server"
        ) from error


def _in_one_line(job: Job) -> str:
    left = f"{duration(job.seconds_left)} left" if job.seconds_left is not None else ""
    parts = [f"{job.stage} {counted(job.done, job.total, job.unit)}".strip(), paced(job.rate, job.unit), left]
    if job.cancelling:
        parts.append("stopping")
    return " · ".join(part for part in parts if part)
