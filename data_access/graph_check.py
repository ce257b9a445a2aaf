"""Whether the two orientations of a graph describe the same connections."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data_access.errors import SynaptoscopeError
from data_access.graph import Graph, Orientation, row_blocks


def check(graph: Graph) -> None:
    """Raise SynaptoscopeError where the two orientations do not describe the same connections."""
    for name, side in (("out", graph.out), ("in", graph.into)):
        if side.indptr[0] != 0 or side.indptr[-1] != len(side.idx) or (np.diff(side.indptr) < 0).any():
            raise SynaptoscopeError(f"graph {name}: row pointers do not match the number of connections")
        lengths = {len(a) for a in (side.idx, side.n_synapses, side.sum_size, side.n_sized) if a is not None}
        if len(lengths) > 1:
            raise SynaptoscopeError(f"graph {name}: arrays of different lengths {sorted(lengths)}")
        if len(side.idx) and (side.idx.min() < 0 or side.idx.max() >= graph.n_nodes):
            raise SynaptoscopeError(f"graph {name}: a partner code is outside the {graph.n_nodes} cells")
        if len(side.idx) and int(side.n_synapses.min()) < 1:
            raise SynaptoscopeError(f"graph {name}: a connection without a synapse")
        for first, last in row_blocks(side.indptr):
            if (np.diff(side.keys(first, last)) <= 0).any():
                raise SynaptoscopeError(f"graph {name}: the partners of a cell are not ascending")
    for part in ("idx", "n_synapses", "sum_size", "n_sized"):
        if _digest(graph.out, part, graph.out.keys) != _digest(graph.into, part, _turned(graph.into)):
            raise SynaptoscopeError(f"graph: the connections by post are not those by pre ({part} differs)")
    expected_lengths = [(name, values, graph.n_connections) for name, values in graph.measures.items()]
    expected_lengths += [
        ("complete_in", graph.complete_in, graph.n_nodes),
        ("complete_out", graph.complete_out, graph.n_nodes),
    ]
    for name, values, expected in expected_lengths:
        if len(values) != expected:
            raise SynaptoscopeError(f"graph: {name} has {len(values):,} values, {expected:,} were expected")


def _turned(side: Orientation) -> Callable[[int, int], np.ndarray]:
    """The keys of the other orientation for the slots of these rows: partner * n_nodes + row."""

    def keys(first: int, last: int) -> np.ndarray:
        rows, here = side.rows(first, last)
        return side.idx[here].astype(np.int64) * (len(side.indptr) - 1) + rows

    return keys


def _digest(side: Orientation, part: str, keys: Callable[[int, int], np.ndarray]) -> int | None:
    """A sum over all connections that does not depend on their order: of pre, post and one value, well mixed.

    Two orientations with the same sum hold the same pairs with the same values, but for a chance of 2**-64.
    """
    values = getattr(side, part)
    if values is None:
        return None
    total = 0
    for first, last in row_blocks(side.indptr):
        mixed = _mixed(keys(first, last).view(np.uint64))
        if part != "idx":
            here = values[int(side.indptr[first]) : int(side.indptr[last])]
            bits = here.view(np.uint64) if here.dtype == np.float64 else here.astype(np.uint64)
            mixed = _mixed(mixed ^ _mixed(bits))
        total = (total + int(mixed.sum(dtype=np.uint64))) % 2**64
    return total


def _mixed(bits: np.ndarray) -> np.ndarray:
    """The finalizer of SplitMix64 (Steele, Lea & Flood 2014): every bit of the result hangs on every bit."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
