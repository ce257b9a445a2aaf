"""Positions of all synapses of a dataset as arrays, and which connection each belongs to. Reading only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow.parquet as pq

from data_access.columns import reading
from data_access.dataset import Dataset
from data_access.errors import DamagedError, InputError, TooLargeError

MOST = 30_000_000  # 12 bytes each are kept


@dataclass(frozen=True, eq=False)
class SynapsePositions:
    """x, y, z: float32 (n_synapses,) in um, NaN where missing; n_synapses: uint32 of each connection, in graph order.

    Rows lie in the order of the graph by pre: those of one connection side by side, connections as in `graph.out`.
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    dataset: Dataset

    def of_cells(self, codes: np.ndarray, side: str) -> np.ndarray:
        """bool (n_synapses,): made by (side "out") or onto (side "in") one of these cells."""
        graph = self.dataset.graph
        wanted = np.zeros(graph.n_nodes, bool)
        wanted[codes] = True
        edges = wanted[graph.out.idx] if side == "in" else np.repeat(wanted, np.diff(graph.out.indptr))
        return np.repeat(edges, graph.out.n_synapses)


@lru_cache(maxsize=2)
def synapse_positions(dataset: Dataset) -> SynapsePositions:
    """All positions; InputError where the dataset has none, TooLargeError above MOST synapses."""
    if "synapse_positions" not in dataset.meta.capabilities:
        raise InputError(
            f"{dataset.meta.id} holds no positions of synapses", "import synapse rows with a position (--position)"
        )
    n = dataset.meta.n_synapses
    if n > MOST:
        raise TooLargeError(f"{dataset.meta.id} has {n:,} synapses; a map shows at most {MOST:,}")
    folder = dataset.place / "synapses"
    with reading(folder):
        tables = [pq.read_table(path, columns=["x_nm", "y_nm", "z_nm"]) for path in sorted(folder.glob("*.parquet"))]
    axes = [
        np.concatenate([t.column(f"{a}_nm").to_numpy(zero_copy_only=False) / 1000 for t in tables]).astype(np.float32)
        for a in "xyz"
    ]
    if len(axes[0]) != n:
        raise DamagedError(f"{dataset.meta.id}: {len(axes[0]):,} synapse rows for {n:,} synapses of the graph")
    return SynapsePositions(axes[0], axes[1], axes[2], dataset)
