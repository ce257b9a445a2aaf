"""Connections followed from many cells at once, on the CSR and CSC arrays of the graph.

Work and memory grow with the connections of the cells that are followed, read in blocks; autapses do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from data_access.cellsets.tree import Follow
from data_access.graph import Graph, Orientation

SLOTS = 1 << 21


def inputs_of(graph: Graph, cells: np.ndarray, least: int) -> np.ndarray:
    """bool (n_nodes,): sends at least `least` synapses to some other of `cells` (codes, ascending)."""
    return _partners(graph.into, cells, least)


def outputs_of(graph: Graph, cells: np.ndarray, least: int) -> np.ndarray:
    """bool (n_nodes,): receives at least `least` synapses from some other of `cells` (codes, ascending)."""
    return _partners(graph.out, cells, least)


def reciprocal_with(graph: Graph, cells: np.ndarray, least: int) -> np.ndarray:
    """bool (n_nodes,): connected with some other of `cells` by at least `least` synapses in each direction."""
    n = graph.n_nodes
    found = np.zeros(n, dtype=bool)
    for some in _blocks(graph.out.indptr, cells, graph.into.indptr):
        forth, back = (_slots(side, some, least) for side in (graph.out, graph.into))
        # Each is ascending, so this sort is one merge; what both hold stands twice in it.
        keys = np.concatenate([forth.rows * n + forth.partners, back.rows * n + back.partners])
        keys.sort(kind="stable")
        found[keys[1:][keys[1:] == keys[:-1]] % n] = True
    return found


FOLLOWED: dict[Follow, Callable[[Graph, np.ndarray, int], np.ndarray]] = {
    "inputs_of": inputs_of,
    "outputs_of": outputs_of,
    "reciprocal_with": reciprocal_with,
}


@dataclass(frozen=True)
class _Slots:
    """int64 row and int32 partner of each connection, ascending; no autapses."""

    rows: np.ndarray
    partners: np.ndarray


def _partners(side: Orientation, cells: np.ndarray, least: int) -> np.ndarray:
    found = np.zeros(len(side.indptr) - 1, dtype=bool)
    for some in _blocks(side.indptr, cells):
        found[_slots(side, some, least).partners] = True
    return found


def _slots(side: Orientation, cells: np.ndarray, least: int) -> _Slots:
    """The connections of these rows that are strong enough."""
    start, lengths = side.indptr[cells], side.indptr[cells + 1] - side.indptr[cells]
    rows = np.repeat(cells, lengths)
    if len(cells) and cells[-1] - cells[0] + 1 == len(cells):
        at: np.ndarray | slice = slice(int(start[0]), int(start[0] + lengths.sum()))
    else:
        at = np.arange(len(rows)) + np.repeat(start - (np.cumsum(lengths) - lengths), lengths)
    partners = side.idx[at]
    kept = partners != rows
    if least > 1:
        kept &= side.n_synapses[at] >= least
    return _Slots(rows[kept], partners[kept])


def _blocks(indptr: np.ndarray, cells: np.ndarray, other: np.ndarray | None = None) -> Iterator[np.ndarray]:
    """The cells in consecutive blocks of about SLOTS connections; `other`: the second orientation, if both are read."""
    cells = np.asarray(cells, dtype=np.int64)
    lengths = indptr[cells + 1] - indptr[cells]
    if other is not None:
        lengths = lengths + other[cells + 1] - other[cells]
    ends = np.cumsum(lengths)
    first = 0
    while first < len(cells):
        done = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, done + SLOTS, side="right")), first + 1)
        yield cells[first:last]
        first = last
