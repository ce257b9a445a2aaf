"""What a pull tells while it works."""

from __future__ import annotations

import threading
from typing import Protocol


class Report(Protocol):
    """Where a pull tells how far it is (see data_access.jobs.reporter)."""

    cancelled: threading.Event

    def stage(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> None:
        """A new stage begins."""

    def advance(self, done: int, total: int | None = None) -> None:
        """So many units of the stage are there."""

    def note(self, text: str) -> None:
        """Something that the reader should know."""

    def check(self) -> None:
        """Raises where somebody asked to stop."""


class Unreported:
    """A report that nobody reads; `cancelled` is never set."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def stage(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> None:
        """Nothing."""

    def advance(self, done: int, total: int | None = None) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def check(self) -> None:
        """Nothing."""
