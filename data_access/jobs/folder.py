"""The files of the jobs in <data folder>/.jobs.

ID.json          the record, replaced as a whole
ID.request.json  what was asked for: written once, it may hold many ids
ID.lock          held while the job lives
ID.cancel        there once somebody asked the job to stop
ID.log           what the work printed and logged, tracebacks
queue.lock       held for the moment in which jobs are added or begin
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from data_access.errors import NotFoundError
from data_access.jobs import lock
from data_access.jobs.job import Job, ended, from_json, now, to_json

_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
_LOST = "its process ended without a word: it was killed, or the machine was restarted"
_LOST_HINT = "resume it: what is whole is kept"


def new_id() -> str:
    """An id that sorts by time and cannot be guessed."""
    return f"{now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


class Folder:
    """The records of one data folder. Reads see every record whole; a file that has not changed is read once."""

    def __init__(self, data_dir: Path) -> None:
        self.place = data_dir / ".jobs"

    def path(self, job_id: str, kind: str) -> Path:
        """One of the files of a job; NotFoundError for what cannot be the id of one."""
        if not _ID.fullmatch(job_id):
            raise NotFoundError(f"no job '{job_id[:60]}'", "GET /api/v1/jobs lists them")
        return self.place / f"{job_id}.{kind}"

    def queue(self) -> AbstractContextManager[None]:
        """Nobody else adds a job, or lets one begin, meanwhile."""
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return lock.alone(self.place / "queue.lock")

    def ids(self) -> list[str]:
        """The ids of all records, oldest first."""
        if not self.place.is_dir():
            return []
        return sorted(p.stem for p in self.place.glob("*.json") if _ID.fullmatch(p.stem))

    def read(self, job_id: str) -> Job:
        """A job as it is now: one whose process is gone without a word is `interrupted`. NotFoundError without it."""
        job = self._stored(job_id)
        if job.alive and not lock.is_held(self.path(job_id, "lock")):
            job = self._stored(job_id)  # it may have ended between the two looks
            if job.alive:
                job = replace(job, **ended("interrupted", _LOST, _LOST_HINT) | {"ended": job.updated})
        return replace(job, cancelling=job.alive and self.path(job_id, "cancel").exists())

    def all(self) -> list[Job]:
        """Every job that can be read, the last started first."""
        found = []
        for job_id in self.ids():
            try:
                found.append(self.read(job_id))
            except NotFoundError:  # removed meanwhile, or damaged
                continue
        return sorted(found, key=lambda job: job.order, reverse=True)

    def write(self, job: Job, durable: bool = False) -> None:
        """Replace the record; `durable`: it is on the disk when this returns. OSError where that cannot be."""
        temporary = self.place / f".{job.id}.{os.getpid()}.new"
        with temporary.open("w", encoding="utf-8") as file:
            file.write(to_json(job))
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(self.path(job.id, "json"))

    def write_request(self, job_id: str, request: Mapping[str, Any]) -> None:
        """Keep what was asked for. Raises TypeError or ValueError for what JSON cannot hold."""
        text = json.dumps(dict(request), ensure_ascii=False, allow_nan=False)
        self.path(job_id, "request.json").write_text(text, encoding="utf-8")

    def remove(self, job_id: str) -> None:
        """Delete everything of a job."""
        for kind in ("json", "request.json", "cancel", "log", "lock"):
            self.path(job_id, kind).unlink(missing_ok=True)

    def _stored(self, job_id: str) -> Job:
        path = self.path(job_id, "json")
        try:
            status = path.stat()
            job = _record(path, status.st_mtime_ns, status.st_ino)
            request = _request(path.with_name(f"{job_id}.request.json"))
        except FileNotFoundError:
            raise NotFoundError(f"no job '{job_id}'", "it may have been removed from the list") from None
        except (ValueError, KeyError, TypeError) as error:
            raise NotFoundError(f"the record of job '{job_id}' is damaged", f"delete {path.name} in .jobs") from error
        return replace(job, request=request)


@lru_cache(maxsize=256)
def _record(path: Path, mtime_ns: int, inode: int) -> Job:
    """A record as it was when the file had this time and inode: each write makes a new file."""
    return from_json(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=128)
def _request(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
