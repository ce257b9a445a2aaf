"""A small column: cells of which some only receive, fragments, autapses, proofreading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from data_access.dataset import Dataset, open_dataset
from data_access.importer import ImportSpec, import_dataset

BASE = 864_691_135_808_470_000  # ids above 2**53
TYPES = ("23P", "4P", "BC", "MC")


def tables(n: int = 60, receivers: int = 15, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Synapses among n cells, the last `receivers` of which only receive; some autapses, some fragments."""
    rng = np.random.default_rng(seed)
    ids = BASE + 7 * np.arange(n)
    pre = rng.choice(ids[: n - receivers], 700)
    post = rng.choice(ids, 700)
    fragments = BASE + 100_000 + np.arange(20)
    pre = np.concatenate([pre, rng.choice(fragments, 60)])
    post = np.concatenate([post, rng.choice(ids, 60)])
    size = rng.lognormal(7, 0.8, len(pre)).astype(np.int64) + 1
    synapses = pd.DataFrame({"synapse_id": np.arange(len(pre)), "pre_id": pre, "post_id": post, "size": size})
    kinds = [TYPES[i % len(TYPES)] if i % 9 else None for i in range(n)]
    cells = pd.DataFrame({
        "cell_id": ids, "cell_type": kinds, "x_nm": rng.uniform(0, 4e5, n), "y_nm": rng.uniform(0, 8e5, n),
        "z_nm": rng.uniform(0, 4e5, n), "big": rng.random(n) < 0.5, "status_axon": rng.random(n) < 0.7,
    })  # fmt: skip
    return synapses, cells


def imported(folder: Path, synapses: pd.DataFrame, cells: pd.DataFrame) -> Dataset:
    """Import the tables; the synapses of the cells, not of the fragments, are complete."""
    synapses.to_parquet(folder / "synapses.parquet", index=False)
    cells.to_parquet(folder / "cells.parquet", index=False)
    spec = ImportSpec(
        "column", synapses=(folder / "synapses.parquet",), cells=(folder / "cells.parquet",),
        complete=(folder / "cells.parquet",), version="v1",
    )  # fmt: skip
    import_dataset(folder / "data", spec)
    return open_dataset(folder / "data", "column")
