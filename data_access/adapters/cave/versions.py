"""A materialization version: the state of a datastack at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from data_access.adapters.cave.problems import CaveError

NEVER = 2200  # a year this far away is how the service writes "does not expire"


@dataclass(frozen=True)
class Version:
    """One version: its number, the moment it shows (UTC), when it goes away (None: not known), whether it has gone."""

    version: int
    time_stamp: datetime
    expires_on: datetime | None
    expired: bool = False

    @property
    def age_days(self) -> float:
        """Days since the moment it shows."""
        return (datetime.now(UTC) - self.time_stamp).total_seconds() / 86400

    @property
    def days_left(self) -> float | None:
        """Days until it goes away; None where it is not known, below 0 once gone."""
        if self.expires_on is None:
            return None
        return (self.expires_on - datetime.now(UTC)).total_seconds() / 86400


def from_metadata(entries: list[dict[str, Any]]) -> list[Version]:
    """Versions as the service describes them, newest moment first (it sends them in any order)."""
    found = [
        Version(
            int(entry["version"]),
            _moment(entry["time_stamp"]),
            None
            if entry.get("expires_on") is None or entry["expires_on"].year >= NEVER
            else _moment(entry["expires_on"]),
            not entry.get("valid", True),
        )
        for entry in entries
    ]
    return sorted(found, key=lambda v: (v.time_stamp, v.version), reverse=True)


def _moment(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def not_there(number: int, everything: list[Version], datastack: str) -> CaveError:
    """The problem with a version that is not among those that can be asked."""
    there = [str(v.version) for v in everything if not v.expired]
    hint = f"versions there are: {', '.join(there)}" if there else "it has no version now"
    gone = any(v.version == number for v in everything)
    cause = f"version {number} of {datastack} has expired" if gone else f"{datastack} has no version {number}"
    return CaveError("expired" if gone else "unknown", cause, hint)
