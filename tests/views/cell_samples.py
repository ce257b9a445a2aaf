"""A cell with a skeleton, its partners in a small column with layers, and the rows they were made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_access.importer import ImportSpec, import_dataset

FIRST = 864_691_135_808_470_001  # ids above 2**53
CELL = str(FIRST)
N_CELLS, N_FRAGMENTS = 30, 40
LAYERS = (("L1", 0.0, 100.0), ("L2/3", 100.0, 250.0), ("L4", 250.0, 400.0))
# the soma, an axon downwards, a dendrite upwards that forks, a piece that hangs loose
SWC = """# made for tests; nm
1 1 0 200000 0 5000 -1
2 2 0 250000 0 150 1
3 2 0 300000 0 150 2
4 3 0 150000 0 400 1
5 3 30000 110000 0 400 4
6 4 -30000 110000 0 400 4
7 0 500000 0 0 100 -1
8 0 510000 0 0 100 7
"""
# node -> path to the soma, um: by hand
PATHS = (0.0, 50.0, 100.0, 50.0, 100.0, 100.0, float("nan"), float("nan"))
NODES_UM = np.array([[float(v) for v in line.split()[2:5]] for line in SWC.splitlines()[1:]]) / 1000


@dataclass(frozen=True)
class Made:
    """The rows of a dataset `tree`; `data` is its data folder."""

    data: Path
    synapses: pd.DataFrame
    cells: pd.DataFrame


def make(data: Path, scratch: Path, seed: int = 11) -> Made:
    """Thirty cells and forty fragments; the first cell has a skeleton, and most of the synapses lie on it."""
    rng = np.random.default_rng(seed)
    ids = FIRST + 11 * np.arange(N_CELLS)
    fragments = FIRST + 100_000 + 7 * np.arange(N_FRAGMENTS)
    others = np.concatenate([ids[1:], fragments])
    n_in, n_out, n_rest = 300, 120, 80
    pre = np.concatenate([rng.choice(others, n_in), np.full(n_out, FIRST), rng.choice(ids[1:], n_rest), [FIRST] * 3])
    post = np.concatenate([np.full(n_in, FIRST), rng.choice(others, n_out), rng.choice(ids[1:], n_rest), [FIRST] * 3])
    near = NODES_UM[rng.integers(0, len(NODES_UM), len(pre))] + rng.normal(0, 1.0, (len(pre), 3))
    synapses = pd.DataFrame({
        "synapse_id": np.arange(len(pre)) + 1_000, "pre_id": pre, "post_id": post,
        "size": rng.integers(50, 5_000, len(pre)), "x_nm": near[:, 0] * 1000, "y_nm": near[:, 1] * 1000,
        "z_nm": np.where(rng.random(len(pre)) < 0.02, np.nan, near[:, 2] * 1000),
        "compartment": rng.choice(np.array(["spine", "shaft", "soma", None], dtype=object), len(pre)),
    })  # fmt: skip
    kinds = ["23P", "BC", None, "MC", "4P"]
    cells = pd.DataFrame({
        "cell_id": ids, "cell_type": [kinds[i % 5] for i in range(N_CELLS)],
        "mtype": [("L2a", "PTC", None)[i % 3] for i in range(N_CELLS)],
        "x_nm": rng.uniform(0, 3e5, N_CELLS), "y_nm": rng.uniform(0, 4e5, N_CELLS), "z_nm": rng.uniform(0, 3e5, N_CELLS),
        "status_axon": np.arange(N_CELLS) % 2 == 0,
        "strategy_axon": ["axon_fully_extended" if i % 4 == 0 else "none" for i in range(N_CELLS)],
        "valid_id": [int(ids[i]) if i != 2 else 5 for i in range(N_CELLS)],
    })  # fmt: skip
    cells.to_parquet(scratch / "tree_cells.parquet", index=False)
    synapses.to_parquet(scratch / "tree_synapses.parquet", index=False)
    cells[["cell_id"]].to_csv(scratch / "tree_complete.csv", index=False)

    def skeleton(place: Path) -> None:
        (place / "skeletons").mkdir()
        (place / "skeletons" / f"{CELL}.swc").write_text(SWC)
        (place / "skeletons" / f"{ids[1]}.swc").write_text("1 1 0 0\n")

    spec = ImportSpec(
        "tree", title="A tree", synapses=(scratch / "tree_synapses.parquet",), cells=(scratch / "tree_cells.parquet",),
        complete=(scratch / "tree_complete.csv",), vertical="y", layers=LAYERS,
    )  # fmt: skip
    import_dataset(data, spec, prepare=skeleton)
    return Made(data, synapses, cells)
