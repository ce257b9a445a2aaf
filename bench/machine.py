"""On what the figures were taken."""

from __future__ import annotations

import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("pandas", "numpy", "pyarrow", "duckdb", "numba", "dash", "plotly", "gunicorn")


def describe(browser: str = "") -> str:
    """One sentence: processor, memory, system, versions."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    seen = f", {browser}" if browser else ""
    return (
        f"{os.cpu_count()} cores ({_processor()}), {_memory_gib():.0f} GiB of memory, {platform.system()} "
        f"{platform.machine()}; Python {platform.python_version()}, {packages}{seen}."
    )


def conditions(load_before: float) -> str:
    """How busy the machine was from then to now, and whether this run was put before other work."""
    priority = os.getpriority(os.PRIO_PROCESS, 0)
    ahead = f" Run at priority {priority}, so that other work on the machine disturbs less." if priority < 0 else ""
    return f"Load average {load_before:.1f} at the start, {load():.1f} at the end.{ahead}"


def today() -> str:
    """The date, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def load() -> float:
    """Processes that want a core, averaged over the last minute."""
    return os.getloadavg()[0]


def stretch() -> float:
    """How many times its CPU time a loop of some 30 ms takes: 1 when no other work wants the core."""
    start, cpu = time.perf_counter(), time.process_time()
    while time.process_time() - cpu < 0.03:
        pass
    return (time.perf_counter() - start) / (time.process_time() - cpu)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
