"""On which compartment of the postsynaptic cell each synapse of a dataset lies, and which rows a connection owns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.columns import reading
from data_access.dataset import Dataset
from data_access.errors import DamagedError, InputError, TooLargeError

MOST = 30_000_000  # one byte each is kept
MOST_NAMES = 100


@dataclass(frozen=True, eq=False)
class SynapseCompartments:
    """names: what compartments are called, by name; code: int8 (n_synapses,), -1 where the source says none.

    Rows lie in the order of the graph by pre, as in synapse_positions.
    """

    names: tuple[str, ...]
    code: np.ndarray


@lru_cache(maxsize=2)
def synapse_compartments(dataset: Dataset) -> SynapseCompartments:
    """Of all synapses; InputError where the dataset tells no compartments, TooLargeError above MOST synapses."""
    if "compartments" not in dataset.meta.capabilities:
        raise InputError(
            f"{dataset.meta.id} does not say on which compartment its synapses lie",
            "import synapse rows with a column 'compartment'",
        )
    n = dataset.meta.n_synapses
    if n > MOST:
        raise TooLargeError(f"{dataset.meta.id} has {n:,} synapses; compartments are told for at most {MOST:,}")
    folder = dataset.place / "synapses"
    with reading(folder):
        tables = [pq.read_table(path, columns=["compartment"]) for path in sorted(folder.glob("*.parquet"))]
    words = pc.cast(pa.concat_tables(tables).column("compartment"), pa.string()).combine_chunks()
    if len(words) != n:
        raise DamagedError(f"{dataset.meta.id}: {len(words):,} synapse rows for {n:,} synapses of the graph")
    names = sorted(name for name in pc.unique(words).to_pylist() if name is not None)
    if len(names) > MOST_NAMES:
        raise InputError(f"{dataset.meta.id} names {len(names):,} compartments, too many to tell them apart")
    place = pc.fill_null(pc.index_in(words, pa.array(names, pa.string())), -1)
    return SynapseCompartments(tuple(names), place.to_numpy(zero_copy_only=False).astype(np.int8))


@lru_cache(maxsize=2)
def first_rows(dataset: Dataset) -> np.ndarray:
    """int64 (n_connections + 1,): the synapse rows of connection e are first_rows[e] to first_rows[e + 1]."""
    return np.concatenate([[0], np.cumsum(dataset.graph.out.n_synapses, dtype=np.int64)])


def rows_of(dataset: Dataset, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The synapse rows of connections (slots in `graph.out`): which of them each row is of, and the row; int64."""
    starts = first_rows(dataset)
    first, n = starts[edges], starts[edges + 1] - starts[edges]
    owner = np.repeat(np.arange(len(edges)), n)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(n) - n, n)
    return owner, first[owner] + within
