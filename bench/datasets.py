"""Generated tables become datasets through the command line, as a user's would, each in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Runs
from bench.report import Section, Table, number, spread
from bench.tables import Tables

ROOT = Path(__file__).resolve().parent.parent
METHOD = "`python -m data_access import` of synapse and cell tables in Parquet, in a process of its own."


@dataclass(frozen=True)
class Imported:
    """One import: seconds of wall clock and the process's peak of memory in MB."""

    wall_s: float
    peak_mb: float


def dataset_id(name: str) -> str:
    """The dataset of a table, S or M."""
    return f"bench-{name.lower()}"


def build(table: Tables, data_dir: Path, raw_dir: Path) -> Imported:
    """Write the tables, import them. RuntimeError with what the import said, if it failed."""
    synapses, cells = table.write(raw_dir)
    command = [
        sys.executable, "-m", "data_access", "import", "--id", dataset_id(table.size.name),
        "--title", f"Benchmark {table.size.name} (synthetic)", "--synapses", str(synapses), "--cells", str(cells),
    ]  # fmt: skip
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SYNAPTOSCOPE_")}
    environ["SYNAPTOSCOPE_DATA"] = str(data_dir)
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=said, stderr=said)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _peak_mb(process.pid))
            time.sleep(0.02)
        wall = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read().decode(errors="replace")[-2000:])
    return Imported(wall, peak)


def _peak_mb(process: int) -> float:
    """Most memory that a running process has held so far, in MB; 0 where it has ended or nothing tells.

    Not the operating system's account of ended children: that counts what their parent held when it started them.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


def section(table: Tables, imports: list[Imported]) -> Section:
    """Time and memory of the import of one table."""
    wall = Runs.of(i.wall_s for i in imports)
    peak = Runs.of(i.peak_mb for i in imports)
    rate = number(table.size.n_synapses / wall.median)
    rows = ((table.size.name, spread(wall, "s"), spread(peak, "MB"), f"{rate} rows a second"),)
    return Section("Import", METHOD, (Table(("table", "wall", "peak memory", "rate"), rows),))
