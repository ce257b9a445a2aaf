"""What the work of a job calls, and the thread that keeps its record and listens for a cancel."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from data_access.errors import SynaptoscopeError
from data_access.jobs.folder import Folder
from data_access.jobs.job import Job, ended, now
from data_access.jobs.pace import Pace
from data_access.jobs.scrub import Scrub

log = logging.getLogger(__name__)

BEAT_S = 0.25  # the record is written, and a cancel looked for, this often
GRACE_S = 10.0  # between a cancel and the end of a process whose work does not listen
MOST_NOTES = 50


class Cancelled(SynaptoscopeError):  # noqa: N818 (no error: somebody wanted it)
    """Somebody asked the work to stop."""

    def __init__(self) -> None:
        super().__init__("cancelled", "what is whole stays; resume the job to continue")


class Reporter:
    """Where the work says how far it is. Every method may be called from any thread and costs next to nothing.

    `cancelled` is set once somebody asked the job to stop: hand it to whatever waits, or call `check()` in loops.
    Work that has not ended GRACE_S after that is ended with its process.
    """

    def __init__(self, job: Job, scrub: Scrub) -> None:
        self.cancelled = threading.Event()
        self.scrub = scrub
        self._job = job
        self._pace = Pace(time.monotonic(), job.done)
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    @property
    def job(self) -> Job:
        """The record as it is at this moment, with its rate."""
        with self._lock:
            job = self._job
            if job.state != "running":
                return job
            self._pace.add(time.monotonic(), job.done)
            return replace(job, rate=self._pace.rate, seconds_left=self._pace.seconds_left(job.total), updated=now())

    def stage(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> None:
        """A new stage begins: `total` units where that is known, of which `done` are there already."""
        with self._lock:
            self._job = replace(self._job, stage=self.scrub(name), total=total, unit=unit, done=int(done))
            self._pace = Pace(time.monotonic(), int(done))

    def advance(self, done: int, total: int | None = None) -> None:
        """`done` units of the stage are there by now (not: more than before); `total` where it is another by now."""
        with self._lock:
            self._job = replace(self._job, done=int(done), total=self._job.total if total is None else int(total))

    def note(self, text: str) -> None:
        """Something that the reader should know, such as what could not be had; told once."""
        with self._lock:
            text = self.scrub(text)
            if text not in self._job.notes and len(self._job.notes) < MOST_NOTES:
                self._job = replace(self._job, notes=(*self._job.notes, text))

    def finished(self, message: str) -> None:
        """What to say once the work is done."""
        with self._lock:
            self._job = replace(self._job, message=self.scrub(message))

    def check(self) -> None:
        """Raises Cancelled once somebody asked the job to stop."""
        if self.cancelled.is_set():
            raise Cancelled

    def change(self, **fields: Any) -> Job:
        """Set fields of the record; for those who run the work, not for the work."""
        with self._lock:
            texts: dict[str, Any] = {k: self.scrub(v) if isinstance(v, str) else v for k, v in fields.items()}
            self._job = replace(self._job, updated=now(), **texts)
            return self._job

    def save(self, folder: Folder, durable: bool = False) -> Job:
        """Write the record as it is now, never an older one over a newer one."""
        with self._writing:
            job = self.job
            folder.write(job, durable)
            return job


class Watch:
    """The thread beside the work: writes the record at every beat, and sees a cancel."""

    def __init__(self, folder: Folder, reporter: Reporter, shown: Callable[[Job], None] | None = None) -> None:
        self._folder = folder
        self._reporter = reporter
        self._shown = shown
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job-watch", daemon=True)
        self._stop_at = float("inf")

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                self._beat()
            except Exception as error:  # a full disk, a terminal that is gone: no reason to end the work
                log.warning("the record of the job cannot be kept: %r", error)

    def _beat(self) -> None:
        job_id = self._reporter.job.id
        if not self._reporter.cancelled.is_set() and self._asked_to_stop(job_id):
            self._reporter.cancelled.set()
            self._reporter.change(cancelling=True)
            self._stop_at = time.monotonic() + GRACE_S
        if time.monotonic() > self._stop_at:
            self._end_hard()
        if self._folder.path(job_id, "json").exists():
            job = self._reporter.save(self._folder)
            if self._shown:
                self._shown(job)

    def _asked_to_stop(self, job_id: str) -> bool:
        # a record that somebody deleted by hand, perhaps with the whole data folder, has nobody who waits for it
        return self._folder.path(job_id, "cancel").exists() or not self._folder.path(job_id, "json").exists()

    def _end_hard(self) -> None:
        job = self._reporter.change(**ended("cancelled", "stopped; its work did not end in time and was cut off"))
        with contextlib.suppress(OSError):
            self._reporter.save(self._folder, durable=True)
            self._folder.path(job.id, "cancel").unlink(missing_ok=True)
        print(f"\n{job.title}: {job.message}", file=sys.stderr, flush=True)
        os._exit(1)
