"""Repeated measurements: the median of n runs with the least and the largest, wall clock and CPU."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Runs:
    """The values of one measurement repeated; the median stands for them."""

    values: tuple[float, ...]

    @staticmethod
    def of(values: Iterable[float]) -> Runs:
        """Runs of at least one value."""
        found = tuple(float(v) for v in values)
        if not found:
            raise ValueError("a measurement without a run")
        return Runs(found)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def largest(self) -> float:
        return max(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def scaled(self, factor: float) -> Runs:
        """Every value times a factor, to change the unit."""
        return Runs(tuple(v * factor for v in self.values))


@dataclass(frozen=True)
class Timed:
    """Milliseconds of wall clock and of this process's CPU."""

    wall: Runs
    cpu: Runs

    def times_less_cpu(self, slower: Timed) -> float:
        """How many times the CPU of this the other one takes, median to median."""
        return slower.cpu.median / self.cpu.median


def timed(work: Callable[[], object], n: int, before: Callable[[], object] | None = None) -> Timed:
    """Run `work` n times; `before` each time, not counted."""
    wall, cpu = [], []
    for _ in range(n):
        if before is not None:
            before()
        cpu_start, start = time.process_time(), time.perf_counter()
        work()
        wall.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.process_time() - cpu_start))
    return Timed(Runs.of(wall), Runs.of(cpu))
