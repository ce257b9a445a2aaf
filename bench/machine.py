"""On what the figures were taken."""

from __future__ import annotations

import os
import platform
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


def today() -> str:
    """The date, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def load() -> float:
    """Processes that want a core, averaged over the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
