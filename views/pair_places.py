"""Pairs whose two directions meet in one place: a sign of one process that was cut in two."""

from __future__ import annotations

import numpy as np

from data_access.synapse_compartments import rows_of
from data_access.synapse_positions import synapse_positions
from views.pair_features import PairSet

NEAR_UM = 1.0
MOST_SYNAPSES = 5_000_000  # of a dataset whose positions are looked up for this
MOST_COMBINED = 20_000_000  # a synapse one way with each the other way, over all pairs that are looked at


def close(pairs: PairSet, looked_at: np.ndarray) -> tuple[np.ndarray, str]:
    """bool: pairs (of those in `looked_at`, bool) with a synapse each way within NEAR_UM of each other; a note.

    Synapses without a position are near none. The note says where it was not looked for, "" where it was.
    """
    dataset = pairs.dataset
    near = np.zeros(len(pairs), bool)
    if "synapse_positions" not in dataset.meta.capabilities or not looked_at.any():
        return near, ""
    if dataset.meta.n_synapses > MOST_SYNAPSES:
        return near, f"close_synapses is looked for in datasets of at most {MOST_SYNAPSES:,} synapses"
    at = np.flatnonzero(looked_at)
    combined = np.cumsum(pairs.n_ab[at] * pairs.n_ba[at])
    n = int(np.searchsorted(combined, MOST_COMBINED, side="right"))
    note = "" if n == len(at) else f"close_synapses was looked for in the {n:,} strongest of {len(at):,} pairs"
    at = at[:n]
    some = pairs.take(at)
    owner, row = rows_of(dataset, some.edge_ab)
    n_back = some.n_ba[owner]
    forth = np.repeat(np.arange(len(owner)), n_back)
    _, back_row = rows_of(dataset, some.edge_ba)
    first_back = np.cumsum(some.n_ba) - some.n_ba
    within = np.arange(len(forth)) - np.repeat(np.cumsum(n_back) - n_back, n_back)
    back = first_back[owner[forth]] + within
    places = synapse_positions(dataset)
    squared = np.zeros(len(forth))
    for axis in (places.x, places.y, places.z):
        squared += (axis[row[forth]].astype(np.float64) - axis[back_row[back]]) ** 2
    near[at[np.unique(owner[forth[squared <= NEAR_UM**2]])]] = True
    return near, note
