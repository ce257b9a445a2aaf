"""A file larger than memory can be imported: 20 million rows within 2 GB."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access.dataset import open_dataset

CHECKOUT = Path(__file__).resolve().parents[2]
ROWS, CHUNK, CELLS = 20_000_000, 1_000_000, 100_000
LIMIT_KB = 2_000_000

MEASURED = """
import sys
from pathlib import Path
from data_access.cli import main
status = main(sys.argv[1:])
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
sys.exit(status)
"""


def generate(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A CAVE-like table in random order; the cells' ids, and the synapses that each makes and receives.

    Cells differ in how much they connect by a log-normal factor, so nearly every row is a connection of its own: the
    worst case for the graph.
    """
    rng = np.random.default_rng(20)
    ids = np.sort(864691135000000000 + rng.choice(2**40, CELLS, replace=False))
    shares = [np.cumsum(weights) / weights.sum() for weights in rng.lognormal(0, 1.5, (2, CELLS))]
    made, received = np.zeros(CELLS, np.int64), np.zeros(CELLS, np.int64)
    writer: pq.ParquetWriter | None = None
    for start in range(0, ROWS, CHUNK):
        pre, post = (np.searchsorted(share, rng.random(CHUNK)) for share in shares)
        made += np.bincount(pre, minlength=CELLS)
        received += np.bincount(post, minlength=CELLS)
        table = pa.table(
            {
                "id": rng.permutation(CHUNK) + 10**17 + start,
                "pre_pt_root_id": ids[pre],
                "post_pt_root_id": ids[post],
                "size": np.ceil(rng.lognormal(8, 1, CHUNK)).astype(np.int32),
                "ctr_pt_position_x": rng.integers(0, 400_000, CHUNK, dtype=np.int32),
                "ctr_pt_position_y": rng.integers(0, 400_000, CHUNK, dtype=np.int32),
                "ctr_pt_position_z": rng.integers(0, 28_000, CHUNK, dtype=np.int32),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return ids, made, received


@pytest.mark.slow
@pytest.mark.xdist_group("memory")
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_an_import_of_20_million_rows_stays_under_2_gb(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    source, data = tmp_path / "synapses.parquet", tmp_path / "data"
    ids, made, received = generate(source)
    words = [sys.executable, "-c", MEASURED, "import", "--id", "big", "--synapses", source, "--data", data]
    done = subprocess.run([*map(str, words)], cwd=CHECKOUT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    peak_kb = int(done.stdout.splitlines()[-1].split()[1])
    dataset = open_dataset(data, "big")
    record_property("peak_mb", peak_kb // 1000)
    record_property("seconds", dataset.meta.ledger.seconds)
    print(f"peak {peak_kb / 1000:,.0f} MB, {dataset.meta.ledger.seconds:.0f} s")
    assert peak_kb < LIMIT_KB
    assert dataset.meta.n_synapses == ROWS
    known = dataset.index.codes(ids)
    for side, expected in (("out_synapses", made), ("in_synapses", received)):
        counts = np.append(dataset.column(side).to_numpy(), 0)  # code -1, a cell without a synapse, counts none
        assert np.array_equal(counts[known], expected)
    shutil.rmtree(tmp_path)  # pytest would keep a gigabyte
