"""How many rows a pull will bring, and how long that takes, from a few counts."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data_access.adapters.cave.fetch import PIECE_ROWS, ROOM, WIDEST, Fetch
from data_access.adapters.cave.pieces import Direction

MOST_COUNTED = 2_000  # cells that are counted; of more a sample
SAMPLE = 1_000
ASSUMED_RATE = 3_000.0  # rows/s, where no pull from this server has been timed


@dataclass(frozen=True)
class Estimate:
    """What is missing and what it takes.

    cells: asked for; missing: cells and directions not here yet; rows: synapses to fetch, autapses included; exact:
    counted, not extrapolated from `sampled` cells; seconds at `rate` rows per second; timed: that rate was measured.
    """

    cells: int
    missing: int
    rows: int
    rows_out: int
    rows_in: int
    exact: bool
    sampled: int
    requests: int
    rate: float
    timed: bool

    @classmethod
    def nothing(cls, cells: int) -> Estimate:
        """All that was asked for is here."""
        return cls(cells, 0, 0, 0, 0, True, 0, 0, 0.0, False)

    @property
    def seconds(self) -> float:
        """Time that the fetch takes."""
        return self.rows / self.rate + 0.2 * self.requests if self.rate else 0.0

    def sentence(self) -> str:
        """In words."""
        if not self.missing:
            return f"{self.cells:,} cells: everything is here already"
        about = "" if self.exact else "about "
        how = "measured in the last pull" if self.timed else "assumed"
        return (
            f"{self.cells:,} cells, {about}{self.rows:,} synapses to fetch in about {self.requests:,} requests: "
            f"{_time(self.seconds)} at {self.rate:,.0f} rows/s ({how})"
        )


def estimate(fetch: Fetch, missing: Mapping[Direction, np.ndarray], cells: int, rate: float, workers: int) -> Estimate:
    """Counts of all missing cells, or of a random sample where there are many (seeded: the same each time)."""
    rows: dict[str, int] = {}
    sampled = 0
    exact = True
    began, asked = time.monotonic(), 0
    for side, ids in missing.items():
        chosen = ids
        if len(ids) > MOST_COUNTED:
            chosen = np.random.default_rng(0).choice(ids, SAMPLE, replace=False)
            exact = False
        counted = 0
        for start in range(0, len(chosen), WIDEST):
            counted += fetch.count(side, chosen[start : start + WIDEST].tolist())
            asked += 1
        sampled += len(chosen)
        rows[side] = round(counted * len(ids) / len(chosen)) if len(chosen) else 0
    total = sum(rows.values())
    most = min(PIECE_ROWS, int(fetch.limit * ROOM)) if fetch.limit else PIECE_ROWS
    n_missing = sum(len(ids) for ids in missing.values())
    requests = 2 * sum(
        max(math.ceil(rows[side] / most), math.ceil(len(ids) / WIDEST)) for side, ids in missing.items() if len(ids)
    )
    slowest = (time.monotonic() - began) / asked if asked else 0.0
    assumed = min(ASSUMED_RATE, most / slowest) if slowest > 1 else ASSUMED_RATE
    return Estimate(
        cells, n_missing, total, rows.get("out", 0), rows.get("in", 0), exact, sampled, requests,
        rate or assumed * min(workers, 4) / 4, bool(rate),
    )  # fmt: skip


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 90 else f"{seconds / 3600:.1f} hours"
