"""Twenty million synapses go through the import in less than 2 GB of memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS, CELLS, CHUNK = 20_000_000, 120_000, 1_000_000
LIMIT_KB = 2_000_000
MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(json.dumps([done.returncode, done.stderr, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.stdout]))
"""


def write_rows(path: Path) -> None:
    """Unsorted synapse rows with long-tailed degrees, sizes and positions."""
    random = np.random.default_rng(9)
    ids = 864_691_135_000_000_000 + random.permutation(CELLS).astype(np.int64) * 1_009
    weight = random.lognormal(0, 1.2, CELLS)
    share = np.cumsum(weight / weight.sum())
    writer = None
    for start in range(0, ROWS, CHUNK):
        pre, post = (ids[np.searchsorted(share, random.random(CHUNK)).clip(0, CELLS - 1)] for _ in range(2))
        table = pa.table({
            "id": np.arange(start, start + CHUNK), "pre_pt_root_id": pre, "post_pt_root_id": post,
            "size": random.lognormal(8, 1, CHUNK).astype(np.int64) + 1,
            **{f"ctr_pt_position_{axis}": random.integers(0, 300_000, CHUNK) for axis in "xyz"},
        })  # fmt: skip
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table)
    assert writer is not None
    writer.close()


@pytest.mark.slow
def test_twenty_million_rows_peak_below_two_gigabytes(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.parquet")
    command = [
        sys.executable, "-m", "data_access", "import", "--id", "big", "--synapses", str(tmp_path / "rows.parquet"), "--json",
    ]  # fmt: skip
    environ = {**os.environ, "SYNAPTOSCOPE_DATA": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    status, stderr, peak_kb, stdout = json.loads(done.stdout)
    assert status == 0, stderr
    assert json.loads(stdout)["n_synapses"] == ROWS
    print(f"peak {peak_kb / 1e6:.2f} GB in {json.loads(stdout)['ledger']['seconds']:.0f} s")
    assert peak_kb < LIMIT_KB
