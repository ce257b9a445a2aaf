"""Progress of a command on stderr."""

from __future__ import annotations

import sys
import time


class Stages:
    """Progress of an import on stderr, when that is a terminal: the stage and the rows so far."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last = 0.0

    def __enter__(self) -> Stages:
        return self

    def __call__(self, stage: str, done: int) -> None:
        """Show that `stage` has handled `done` rows so far."""
        now = time.monotonic()
        if self._shown and (done == 0 or now - self._last > 0.2):
            self._last = now
            count = f" {done:,}" if done else ""
            print(f"\r\033[K{stage}{count}", end="", file=sys.stderr, flush=True)

    def __exit__(self, *_: object) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
