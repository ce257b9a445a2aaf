"""A small random graph: 40 cells of three types, all pairs tested, connections of 1 to 6 synapses, some autapses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from data_access.dataset import Dataset, open_dataset
from data_access.importer import ImportSpec, import_dataset

N_CELLS, N_CONNECTIONS = 40, 320


def wired(folder: Path) -> Dataset:
    """Import it into `folder`/data; the cell ids are 0 to 39, the types x, y, z in turn."""
    rng = np.random.default_rng(5)
    pairs = rng.choice(N_CELLS**2, N_CONNECTIONS, replace=False)
    edges = pd.DataFrame({"pre": pairs // N_CELLS, "post": pairs % N_CELLS, "weight": rng.integers(1, 7, len(pairs))})
    edges.to_csv(folder / "edges.csv", index=False)
    cells = pd.DataFrame({"cell_id": np.arange(N_CELLS), "cell_type": [*("xyz" * N_CELLS)][:N_CELLS]})
    cells.to_csv(folder / "cells.csv", index=False)
    spec = ImportSpec(
        "wired", connections=(folder / "edges.csv",), pre="pre", post="post", weight="weight",
        cells=(folder / "cells.csv",), title="A random graph",
    )  # fmt: skip
    import_dataset(folder / "data", spec)
    return open_dataset(folder / "data", "wired")
