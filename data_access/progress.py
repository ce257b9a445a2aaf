"""Progress of a command on stderr."""

from __future__ import annotations

import sys
import time


class Line:
    """One line on stderr that is written over and over, when that is a terminal."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Replace what the line says."""
        if self.shown:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave nothing behind."""
        self.show("")


class Stages:
    """Progress of an import on stderr, when that is a terminal: the stage and the rows so far."""

    def __init__(self) -> None:
        self._line = Line()
        self._last = 0.0

    def __enter__(self) -> Stages:
        return self

    def __call__(self, stage: str, done: int) -> None:
        """Show that `stage` has handled `done` rows so far."""
        now = time.monotonic()
        if done == 0 or now - self._last > 0.2:
            self._last = now
            self._line.show(f"{stage} {done:,}" if done else stage)

    def __exit__(self, *_: object) -> None:
        self._line.clear()


def duration(seconds: float) -> str:
    """40 -> '40 s', 75 -> '1 min 15 s', 3700 -> '1 h 2 min'; under a second '<1 s'."""
    if seconds < 1:
        return "<1 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def counted(done: int, total: int | None, unit: str) -> str:
    """'12,345 of 100,000 rows', '12,345 rows', and '' where nothing was counted yet."""
    if total is not None:
        return f"{done:,} of {total:,} {unit}".rstrip()
    return f"{done:,} {unit}".rstrip() if done else ""


def paced(rate: float | None, unit: str) -> str:
    """'1,234 rows/s', '0.25 cells/s'; '' where the rate is unknown or nothing moves."""
    if not rate:
        return ""
    number = f"{rate:,.0f}" if rate >= 9.95 else f"{rate:.2g}"
    return f"{number} {unit}/s" if unit else f"{number}/s"
