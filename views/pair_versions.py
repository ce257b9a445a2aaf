"""Pairs that are reciprocal in one version of a datastack and not in another, though it could have been seen there."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from analysis import reciprocal as pairing
from analysis.tested import connection_is_tested
from data_access import carry
from data_access.dataset import Dataset, open_dataset
from data_access.errors import SynaptoscopeError
from views.pair_features import PairSet
from views.testability import what_is_tested

MOST_CELLS = 20_000  # carried to each other version


def not_reciprocal_elsewhere(pairs: PairSet) -> tuple[np.ndarray, str]:
    """bool: pairs that some other version in the data folder holds and does not show reciprocal; a note.

    The cells are carried by their nuclei. Judged are pairs both of whose cells are known there, with both orders tested
    there (whatever the proofreading); a cell that vanished makes no pair. A cell in several parts is reciprocal where
    any part is. The note says which versions were compared, or why none was.
    """
    gone = np.zeros(len(pairs), bool)
    others = carry.siblings(pairs.dataset.data_dir, pairs.dataset.meta)
    if not others or not len(pairs):
        return gone, ""
    cells = np.unique(np.concatenate([pairs.a, pairs.b]))
    if len(cells) > MOST_CELLS:
        return gone, f"one_version is looked for in pairs of at most {MOST_CELLS:,} cells (here {len(cells):,})"
    compared = []
    for meta in others:
        try:
            other = open_dataset(pairs.dataset.data_dir, meta.id)
            gone |= _gone(pairs, cells, other)
        except SynaptoscopeError:
            continue  # removed or replaced at this moment: nothing can be said about it
        compared.append(meta.id)
    return gone, f"one_version: compared with {', '.join(compared)}" if compared else ""


def _gone(pairs: PairSet, cells: np.ndarray, other: Dataset) -> np.ndarray:
    ids = pairs.dataset.index.ids[cells].tolist()
    parts: defaultdict[int, list[int]] = defaultdict(list)
    unknown = set()
    for row in carry.carry(pairs.dataset, other, ids).rows:
        if row.what == "unknown":
            unknown.add(row.old_id)
        elif row.new_id is not None:
            parts[row.old_id].append(row.new_id)
    known = np.array([cell not in unknown for cell in ids], bool)
    at_a, at_b = np.searchsorted(cells, pairs.a), np.searchsorted(cells, pairs.b)
    judged = np.flatnonzero(known[at_a] & known[at_b])
    new = [other.index.codes(np.array(parts[cell], np.int64)).tolist() for cell in ids]
    owner, first, second = [], [], []
    for k in judged.tolist():
        for x in new[at_a[k]]:
            for y in new[at_b[k]]:
                owner.append(k)
                first.append(x)
                second.append(y)
    x, y = np.array(first, np.int32), np.array(second, np.int32)
    of = np.array(owner, np.int64)
    both = (pairing.slots(other.graph.out, x, y) >= 0) & (pairing.slots(other.graph.out, y, x) >= 0) & (x != y)
    reciprocal = np.bincount(of, both, len(pairs)) > 0
    seen = _seen(other, x, y)
    # of a pair whose cells are there, all combinations must have been seen; one with a vanished cell has none
    unseen = np.bincount(of, ~seen & (x != y), len(pairs)) > 0
    gone = np.zeros(len(pairs), bool)
    gone[judged] = ~reciprocal[judged] & ~unseen[judged]
    return gone


def _seen(other: Dataset, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    known = what_is_tested(other)
    return np.asarray(connection_is_tested(known, x, y, "all") & connection_is_tested(known, y, x, "all"))
