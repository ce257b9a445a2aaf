"""What a job is: one frozen record, as it is stored, listed and shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

ALIVE = ("waiting", "running")
RESUMABLE = ("failed", "cancelled", "interrupted")
STATES = (*ALIVE, "done", *RESUMABLE)
_TIMES = ("created", "queued", "started", "updated", "ended")


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Job:
    """A piece of long work and how far it is.

    kind: name in `KINDS`; dataset: id of the dataset that it makes or fills, "" for none; request: what was asked
    for, as JSON can hold it; secrets: names (never texts) of the secrets it was given.
    state: one of STATES. cancelling: asked to stop and not ended yet.
    done, total: units of the stage so far and altogether (None: not known). rate: units/s over the last half minute.
    message: how it ended; hint: what to do about an error; notes: what the work had to say on the way.
    created: first start; queued: last start (a resumed job keeps its id); started: when its turn came; ended.
    """

    id: str
    kind: str
    title: str
    dataset: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    state: str = "waiting"
    cancelling: bool = False
    stage: str = ""
    done: int = 0
    total: int | None = None
    unit: str = ""
    rate: float | None = None
    seconds_left: float | None = None
    message: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()
    created: datetime = field(default_factory=now)
    queued: datetime = field(default_factory=now)
    started: datetime | None = None
    updated: datetime = field(default_factory=now)
    ended: datetime | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs or waits for its turn."""
        return self.state in ALIVE

    @property
    def order(self) -> tuple[datetime, str]:
        """Its place in the queue."""
        return self.queued, self.id

    @property
    def seconds(self) -> float | None:
        """How long it has run, or ran; None before its turn."""
        if self.started is None:
            return None
        return max(0.0, ((self.ended or self.updated) - self.started).total_seconds())

    def public(self) -> dict[str, Any]:
        """The job for a reader, as JSON holds it: times as ISO 8601 texts, without the request and its ids."""
        return {name: value for name, value in _plain(self).items() if name not in ("request", "secrets", "queued")}


def ended(state: str, message: str | None = None, hint: str = "") -> dict[str, Any]:
    """The fields of a job that has ended; without a message the one it has stays."""
    said = {} if message is None else {"message": message}
    over = {"state": state, "cancelling": False, "ended": now(), "rate": None, "seconds_left": None}
    return over | {"hint": hint} | said


def _plain(job: Job) -> dict[str, Any]:
    found = {f.name: getattr(job, f.name) for f in fields(job)}
    for name in _TIMES:
        found[name] = found[name].isoformat(timespec="microseconds") if found[name] else None
    return found | {"notes": list(job.notes), "secrets": list(job.secrets)}


def to_json(job: Job) -> str:
    """The record as it is stored: without the request, which has a file of its own, and without `cancelling`."""
    kept = {name: value for name, value in _plain(job).items() if name not in ("request", "cancelling")}
    return json.dumps(kept, ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> Job:
    """The job of a stored record, its request empty. Raises ValueError, KeyError or TypeError for a damaged one."""
    raw = json.loads(text)
    for name in _TIMES:
        raw[name] = datetime.fromisoformat(raw[name]) if raw[name] else None
    if raw["state"] not in STATES:
        raise ValueError(raw["state"])
    known = {f.name for f in fields(Job)}
    return Job(**{k: v for k, v in raw.items() if k in known} | {k: tuple(raw[k]) for k in ("notes", "secrets")})
