"""A dataset in which every reciprocal pair is known, and what makes it doubtful."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data_access.dataset import Dataset, open_dataset
from data_access.importer import ImportSpec, import_dataset

BASE = 864_691_135_000_000_000  # ids above 2**53
# name: type, proofread axon, nuclei; those without a type here are fragments, which no cell table lists
CELLS = {
    "p1": ("23P", True, 1), "p2": ("23P", False, 1), "bc": ("BC", True, 1), "mc": ("MC", True, 1),
    "un": (None, True, 1), "two": ("BC", True, 2),
}  # fmt: skip
FRAGMENTS = ("f1", "f2")
NAMES = (*CELLS, *FRAGMENTS)
# pre, post, and the compartment and the place (um from the pair's own corner) of each synapse
SYNAPSES = [
    ("bc", "p1", [("soma", 0), ("soma", 5), ("shaft", 9), (None, 12)]), ("p1", "bc", [("shaft", 40), ("shaft", 60)]),
    ("p1", "p2", [("spine", 0)]), ("p2", "p1", [("spine", 30), ("shaft", 33), ("spine", 36)]),
    ("mc", "bc", [("shaft", 0), ("shaft", 1)]), ("bc", "mc", [("soma", 0.1), ("soma", 90)]),
    ("p1", "f1", [("spine", 0), ("spine", 20)]), ("f1", "p1", [("spine", 20.9)]),
    ("p2", "f2", [("spine", 0)]), ("f2", "p2", [("spine", 1.1)]),
    ("un", "mc", [("shaft", 0)]), ("mc", "un", [("shaft", 50)]),
    ("two", "p2", [("soma", 0)] * 5), ("p2", "two", [("shaft", 70)]),
    ("p1", "p1", [("spine", 0)] * 9), ("p1", "mc", [("spine", 0)] * 7),
]  # fmt: skip
PLACES = {"p1": 0.0, "p2": 100.0, "bc": 30.0, "mc": 30.0, "un": None, "two": 250.0}


def cell(name: str) -> str:
    """Id of a cell, as text; ids ascend in the order of NAMES."""
    return str(BASE + 7 * NAMES.index(name))


def name(cell_id: object) -> str:
    """The cell of an id."""
    return NAMES[(int(str(cell_id)) - BASE) // 7]


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Synapse rows and cell rows."""
    rows = []
    for number, (pre, post, synapses) in enumerate(SYNAPSES):
        corner = 1_000_000.0 * (number // 2)
        for compartment, um in synapses:
            rows.append({"pre_id": int(cell(pre)), "post_id": int(cell(post)), "size": 100 + len(rows),
                         "compartment": compartment, "x_nm": corner + 1000 * um, "y_nm": 5.0, "z_nm": 7.0})  # fmt: skip
    synapses_table = pd.DataFrame(rows).rename_axis("synapse_id").reset_index()
    cells = [
        {"cell_id": int(cell(who)), "cell_type": kind, "status_axon": proofread,
         "broad_type": {"23P": "excitatory", None: None}.get(kind, "inhibitory"),
         "x_nm": None if PLACES[who] is None else 1000 * PLACES[who], "y_nm": 0.0, "z_nm": 0.0}
        for who, (kind, proofread, nuclei) in CELLS.items() for _ in range(nuclei)
    ]  # fmt: skip
    return synapses_table, pd.DataFrame(cells)


def paired(folder: Path) -> Dataset:
    """The dataset `paired`: eight reciprocal pairs, an autapse, a connection one way."""
    synapses, cells = tables()
    synapses.to_parquet(folder / "synapses.parquet", index=False)
    cells.to_parquet(folder / "cells.parquet", index=False)
    spec = ImportSpec("paired", synapses=(folder / "synapses.parquet",), cells=(folder / "cells.parquet",))
    import_dataset(folder / "data", spec)
    return open_dataset(folder / "data", "paired")
