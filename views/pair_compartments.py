"""On which compartments the synapses of pairs lie, each direction by itself: "soma 13, dendrite 4"."""

from __future__ import annotations

import numpy as np

from data_access.dataset import Dataset
from data_access.errors import InputError, did_you_mean
from data_access.synapse_compartments import MOST, rows_of, synapse_compartments
from views.pair_features import PairSet

MOST_ROWS = 100_000
NOT_SAID = "not said"


def told(dataset: Dataset) -> bool:
    """Whether the dataset says where synapses lie, and is small enough to look."""
    return "compartments" in dataset.meta.capabilities and dataset.meta.n_synapses <= MOST


def names(dataset: Dataset) -> tuple[str, ...]:
    """The compartments of a dataset; () where it tells none, or is too large to look."""
    return synapse_compartments(dataset).names if told(dataset) else ()


def counts(pairs: PairSet) -> tuple[np.ndarray, np.ndarray]:
    """Synapses on each compartment, a -> b and b -> a: int64 (n_pairs, n_names + 1); the last where none is said.

    The compartment is one of the postsynaptic cell. Raises InputError, TooLargeError as `synapse_compartments` does.
    """
    found = synapse_compartments(pairs.dataset)
    n = len(found.names)

    def one(edges: np.ndarray) -> np.ndarray:
        owner, row = rows_of(pairs.dataset, edges)
        code = found.code[row].astype(np.int64) % (n + 1)  # -1, not said, is the last
        return np.bincount(owner * (n + 1) + code, minlength=len(edges) * (n + 1)).reshape(-1, n + 1)

    return one(pairs.edge_ab), one(pairs.edge_ba)


def some_on(pairs: PairSet, compartment: str) -> np.ndarray:
    """bool: pairs with a synapse on the compartment in either direction. InputError for one that does not occur."""
    known = synapse_compartments(pairs.dataset).names
    if compartment not in known:
        raise InputError(
            f"{pairs.dataset.meta.id} has no compartment '{compartment[:60]}'", did_you_mean(compartment, known)
        )
    at = known.index(compartment)
    forth, back = counts(pairs)
    return np.asarray((forth[:, at] > 0) | (back[:, at] > 0))


def words(pairs: PairSet) -> tuple[list[str], list[str]]:
    """The counts of each pair and direction as text, most synapses first."""
    known = (*synapse_compartments(pairs.dataset).names, NOT_SAID)
    forth, back = counts(pairs)
    return _words(forth, known), _words(back, known)


def _words(found: np.ndarray, known: tuple[str, ...]) -> list[str]:
    distinct, which = np.unique(found, axis=0, return_inverse=True)
    texts = []
    for row in distinct:
        order = [int(k) for k in np.argsort(-row, kind="stable") if row[k]]
        texts.append(", ".join(f"{known[k]} {row[k]:,}" for k in order))
    return [texts[k] for k in which.ravel().tolist()]


def note(dataset: Dataset, rows: int) -> str:
    """Why the rows of a table have no compartments though the dataset tells them; "" where they have."""
    if "compartments" not in dataset.meta.capabilities:
        return ""
    if dataset.meta.n_synapses > MOST:
        return f"compartments are told for datasets of at most {MOST:,} synapses"
    return f"compartments are told in tables of at most {MOST_ROWS:,} rows" if rows > MOST_ROWS else ""
