"""How fast something goes, from what was counted lately."""

from __future__ import annotations

from collections import deque

WINDOW_S = 30.0
LEAST_S = 1.0  # a rate over less than that says nothing


class Pace:
    """Units per second over the last half minute; what was there at the start does not count as speed."""

    def __init__(self, now: float, done: int) -> None:
        self._seen: deque[tuple[float, int]] = deque([(now, done)])

    def add(self, now: float, done: int) -> None:
        """`done` units were there at time `now` (seconds of a clock that never goes back)."""
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW_S:
            self._seen.popleft()

    @property
    def rate(self) -> float | None:
        """Units per second; None as long as too little is known."""
        (first, there), (last, done) = self._seen[0], self._seen[-1]
        return (done - there) / (last - first) if last - first >= LEAST_S and done >= there else None

    def seconds_left(self, total: int | None) -> float | None:
        """How long until `total` at this rate; None where that is unknown or nothing moves."""
        rate = self.rate
        return max(0, total - self._seen[-1][1]) / rate if total is not None and rate else None
