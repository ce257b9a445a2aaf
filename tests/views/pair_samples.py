"""A pair with skeletons and meshes in a dataset of its own, and the rows that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_access.importer import ImportSpec, import_dataset

A, B, C, D, E = (864_691_135_808_480_001 + 9 * i for i in range(5))
N_AB, N_BA = 14, 7
# A stands upright around x = 0, its axon runs to the right at y = 100 um; B stands at x = 100 um. Types as in SWC
SWC = {
    A: "1 1 0 50000 0 5000 -1\n2 2 0 100000 0 100 1\n3 2 50000 100000 0 100 2\n4 2 100000 100000 0 100 3\n"
       "5 3 0 0 0 300 1\n6 3 -30000 -20000 9000 300 5\n",
    B: "1 1 100000 60000 0 5000 -1\n2 3 100000 100000 0 300 1\n3 3 100000 120000 20000 300 2\n"
       "4 2 60000 60000 0 100 1\n5 2 0 40000 0 100 4\n",
    C: "1 1 0 0 200000 5000 -1\n2 0 0 50000 200000 100 1\n",
}  # fmt: skip
NODES_UM = {
    i: np.array([[float(v) for v in row.split()[2:5]] for row in t.splitlines()]) / 1000 for i, t in SWC.items()
}
# node -> path to the soma, um: by hand
PATHS = {A: [0, 50, 100, 150, 50, 50 + (900 + 400 + 81) ** 0.5], B: [0, 40, 40 + 800**0.5, 40, 40 + 4000**0.5]}
# a box around the soma of A, of twelve triangles
CORNERS = [(x, y, z) for x in (-8e3, 8e3) for y in (42e3, 58e3) for z in (-8e3, 8e3)]
FACES = [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4),
         (1, 5, 7), (1, 7, 3)]  # fmt: skip


@dataclass(frozen=True)
class Made:
    """The rows of a dataset `pair`; `data` is its data folder."""

    data: Path
    synapses: pd.DataFrame
    cells: pd.DataFrame


def make(data: Path, scratch: Path, seed: int = 5) -> Made:
    """A and B are connected both ways, A and C one way, A and D not at all; E is a fragment, connected with A."""
    rng = np.random.default_rng(seed)
    pairs = [(A, B)] * N_AB + [(B, A)] * N_BA + [(A, C)] * 2 + [(D, C)] + [(A, A)] * 3 + [(A, E), (E, A)]
    pre, post = (np.array(side) for side in zip(*pairs, strict=True))
    on = [NODES_UM[A][1 + i % 3] if p == A else NODES_UM[B][3 + i % 2] for i, p in enumerate(pre.tolist())]
    at = np.array(on) + rng.normal(0, 0.4, (len(pre), 3))
    at[[2, N_AB + 1]] += [0, 0, 500]  # far from every skeleton
    at[5] = np.nan
    synapses = pd.DataFrame({
        "synapse_id": 5_000_000_000_000_000_001 + 4 * rng.permutation(len(pre)), "pre_id": pre, "post_id": post,
        "size": np.where(np.arange(len(pre)) == 3, -1, rng.integers(50, 5_000, len(pre))),
        **{f"{axis}_nm": at[:, i] * 1000 for i, axis in enumerate("xyz")},
        "compartment": [["soma", "shaft", "spine", None][(i > 9) + (i > 11) + (i == 13)] for i in range(len(pre))],
    })  # fmt: skip
    cells = pd.DataFrame({
        "cell_id": [A, B, C, D], "cell_type": ["BC", "23P", None, "<b>MC</b>"],
        **{f"{axis}_nm": [NODES_UM[i][0][k] * 1000 if i != D else 5e4 for i in (A, B, C, D)]
           for k, axis in enumerate("xyz")},
        "status_axon": [True, False, True, True], "nucleus_id": [1, 2, 3, 4],
    })  # fmt: skip
    cells.to_parquet(scratch / "pair_cells.parquet", index=False)
    synapses.to_parquet(scratch / "pair_synapses.parquet", index=False)

    def shapes(place: Path) -> None:
        (place / "skeletons").mkdir()
        (place / "meshes").mkdir()
        for cell, text in SWC.items():
            (place / "skeletons" / f"{cell}.swc").write_text(text)
        lines = [f"v {x} {y} {z}" for x, y, z in CORNERS] + [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in FACES]
        (place / "meshes" / f"{A}.obj").write_text("\n".join(lines))
        (place / "meshes" / f"{B}.obj").write_text("v 0 0\n")

    spec = ImportSpec(
        "pair", title="A pair", synapses=(scratch / "pair_synapses.parquet",), cells=(scratch / "pair_cells.parquet",),
        missing_size=("-1",), vertical="y",
    )  # fmt: skip
    import_dataset(data, spec, prepare=shapes)
    return Made(data, synapses, cells)
