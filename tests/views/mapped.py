"""A dataset for maps and panels: cells with positions and synapses with positions, and the tables they come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_access.dataset import Dataset, open_dataset
from data_access.importer import ImportSpec, import_dataset

BASE = 864_691_135_808_470_000  # ids above 2**53
TYPES = ("23P", "4P", "BC", "it's odd")


@dataclass(frozen=True)
class Mapped:
    """The dataset and its source rows; `cells` in the order of the codes of the table's cells."""

    dataset: Dataset
    cells: pd.DataFrame
    synapses: pd.DataFrame

    def ids(self, rows: pd.Series) -> set[str]:
        """Ids of the cells of some rows of the table."""
        return {str(i) for i in self.cells.cell_id[rows]}


def mapped(folder: Path, n: int = 200, seed: int = 5) -> Mapped:
    """n cells: some without a position, some without a type; a depth; proofreading; synapses in space; 9 fragments."""
    rng = np.random.default_rng(seed)
    ids = BASE + 11 * np.arange(n)
    y = rng.uniform(0, 8e5, n)
    lost = rng.random(n) < 0.1
    kinds = np.array(TYPES, dtype=object)[rng.integers(0, 4, n)]
    kinds[rng.random(n) < 0.15] = None
    cells = pd.DataFrame({
        "cell_id": ids, "cell_type": kinds, "x_nm": np.where(lost, np.nan, rng.uniform(0, 4e5, n)),
        "y_nm": np.where(lost, np.nan, y), "z_nm": np.where(lost, np.nan, rng.uniform(0, 2e5, n)),
        "depth_um": np.where(lost, np.nan, y / 1000), "volume": rng.lognormal(5, 1, n),
        "status_axon": rng.random(n) < 0.4, "is_column": rng.random(n) < 0.5,
    })  # fmt: skip
    m = 1_500
    fragments = BASE + 1_000_000 + np.arange(9)
    pre = np.concatenate([rng.choice(ids, m), rng.choice(fragments, 40)])
    synapses = pd.DataFrame({
        "synapse_id": np.arange(len(pre)), "pre_id": pre, "post_id": rng.choice(ids, len(pre)),
        "size": rng.integers(1, 1000, len(pre)), "x_nm": rng.uniform(0, 4e5, len(pre)),
        "y_nm": rng.uniform(0, 8e5, len(pre)), "z_nm": rng.uniform(0, 2e5, len(pre)),
    })  # fmt: skip
    synapses.to_parquet(folder / "synapses.parquet", index=False)
    cells.to_parquet(folder / "cells.parquet", index=False)
    spec = ImportSpec(
        "mapped", title="Mapped", synapses=(folder / "synapses.parquet",), cells=(folder / "cells.parquet",)
    )
    import_dataset(folder / "data", spec)
    return Mapped(open_dataset(folder / "data", "mapped"), cells, synapses)
