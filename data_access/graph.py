"""The connection graph of a dataset: CSR by pre and CSC by post, memory-mapped and shared by all workers.

Node codes are positions in the ascending ids. Each orientation holds, per connection, the partner, the number of
synapses and the summed size; autapses are part of it. Everything interactive is answered from these arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from data_access.errors import DamagedError, SynaptoscopeError

PARTS = ("indptr", "idx", "n_synapses", "sum_size", "n_sized")


@dataclass(frozen=True)
class Orientation:
    """One orientation of the graph: row i owns the slots indptr[i]:indptr[i + 1].

    indptr int64 (n_nodes + 1,); idx int32 (E,), ascending and unique within a row; n_synapses uint32 (E,);
    sum_size uint32 or float64 (E,), None where synapses have no size; n_sized uint32 (E,), how many of the synapses
    have a measured size, None when all have.
    """

    indptr: np.ndarray
    idx: np.ndarray
    n_synapses: np.ndarray
    sum_size: np.ndarray | None = None
    n_sized: np.ndarray | None = None

    def row(self, code: int) -> slice:
        """The slots of one cell."""
        return slice(int(self.indptr[code]), int(self.indptr[code + 1]))


@dataclass(frozen=True)
class Graph:
    """Connections of a dataset. `out`: rows = pre; `into`: rows = post; `measures`: float64 (E,) along `out`."""

    out: Orientation
    into: Orientation
    complete_in: np.ndarray
    complete_out: np.ndarray
    measures: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def n_nodes(self) -> int:
        """Number of cells, fragments included."""
        return len(self.out.indptr) - 1

    @property
    def n_connections(self) -> int:
        """Number of ordered pairs with at least one synapse, autapses included."""
        return len(self.out.idx)

    @property
    def n_synapses(self) -> int:
        """Number of synapses, autapses included."""
        return int(self.out.n_synapses.sum(dtype=np.int64))

    def edge(self, pre: int, post: int) -> int:
        """Edge number of the connection pre -> post, or -1."""
        at = self.out.row(pre)
        found = at.start + int(np.searchsorted(self.out.idx[at], post))
        return found if found < at.stop and self.out.idx[found] == post else -1

    def edge_rows(self, edges: np.ndarray) -> np.ndarray:
        """int32 pre codes of edge numbers."""
        return (np.searchsorted(self.out.indptr, edges, side="right") - 1).astype(np.int32)

    def autapses(self) -> np.ndarray:
        """int64 edge numbers of the connections of a cell to itself."""
        rows = np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.out.indptr))
        return np.flatnonzero(rows == self.out.idx)

    def n_reciprocal_pairs(self) -> int:
        """Unordered pairs {a, b}, a != b, connected both ways: the pattern of A intersected with its transpose."""
        n, shape = self.n_nodes, (self.n_nodes, self.n_nodes)
        ones = np.ones(self.n_connections, dtype=np.int8)
        out = sp.csr_array((ones, self.out.idx, self.out.indptr), shape=shape)
        into = sp.csr_array((ones, self.into.idx, self.into.indptr), shape=shape)
        both = out.multiply(into)
        return int((both.nnz - int((both.diagonal() != 0).sum())) // 2) if n else 0

    def n_connected(self) -> int:
        """Cells with at least one connection, in or out."""
        return int(((np.diff(self.out.indptr) > 0) | (np.diff(self.into.indptr) > 0)).sum())


def build(n_nodes: int, batches: Iterable[Mapping[str, np.ndarray]], measures: tuple[str, ...] = ()) -> Graph:
    """Make a graph from connections that arrive sorted by (pre, post), in batches of any length.

    Each batch maps pre, post (codes), n_synapses and, where there are sizes, sum_size and n_sized, and each name in
    `measures`, to arrays of one length. Completeness is set to True for every cell: the importer knows better.
    """
    kept: dict[str, list[np.ndarray]] = {}
    for batch in batches:
        for name, values in batch.items():
            kept.setdefault(name, []).append(values)
    columns = {name: np.concatenate(parts) for name, parts in kept.items()}
    pre = columns.get("pre", np.zeros(0, np.int32)).astype(np.int32, copy=False)
    post = columns.get("post", np.zeros(0, np.int32)).astype(np.int32, copy=False)
    kept.clear()
    counts = np.bincount(pre, minlength=n_nodes)
    indptr = np.zeros(n_nodes + 1, np.int64)
    np.cumsum(counts, out=indptr[1:])
    n_synapses = columns.get("n_synapses", np.zeros(0)).astype(np.uint32, copy=False)
    sum_size, n_sized = _sizes(columns.get("sum_size"), columns.get("n_sized"), n_synapses)
    out = Orientation(indptr, post, n_synapses, sum_size, n_sized)
    complete = np.ones(n_nodes, dtype=bool)
    own = {name: columns[name].astype(np.float64) for name in measures if name in columns}
    return Graph(out, transpose(out), complete, complete.copy(), own)


def transpose(out: Orientation) -> Orientation:
    """The same connections by post; a stable counting sort, so partners stay ascending within a row."""
    n, edges = len(out.indptr) - 1, len(out.idx)
    turn = sp.csr_array((np.arange(edges, dtype=np.int64), out.idx, out.indptr), shape=(n, n)).tocsc()
    take = turn.data
    pick = [None if part is None else part[take] for part in (out.n_synapses, out.sum_size, out.n_sized)]
    assert pick[0] is not None
    indptr, idx = turn.indptr.astype(np.int64), turn.indices.astype(np.int32)
    return Orientation(indptr, idx, pick[0], pick[1], pick[2])


def _sizes(
    sum_size: np.ndarray | None, n_sized: np.ndarray | None, n_synapses: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Sums as uint32 where that is exact, else float64; n_sized only where some synapse has no size."""
    if sum_size is None:
        return None, None
    whole = len(sum_size) == 0 or (sum_size.max() < 2**32 and bool((sum_size == np.floor(sum_size)).all()))
    sums = sum_size.astype(np.uint32 if whole else np.float64)
    if n_sized is None or bool((n_sized == n_synapses).all()):
        return sums, None
    return sums, n_sized.astype(np.uint32)


def save(graph: Graph, folder: Path) -> None:
    """Write every array as .npy into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for side, orientation in (("out", graph.out), ("in", graph.into)):
        for part in PARTS:
            values = getattr(orientation, part)
            if values is not None:
                np.save(folder / f"{side}_{part}.npy", values)
    for number, values in enumerate(graph.measures.values()):
        np.save(folder / f"measure_{number}.npy", values)
    np.save(folder / "complete_in.npy", graph.complete_in)
    np.save(folder / "complete_out.npy", graph.complete_out)


def load(folder: Path, measures: Iterable[str] = ()) -> Graph:
    """Memory-map the arrays of `folder`; raises SynaptoscopeError naming a missing or damaged file."""

    def array(name: str) -> np.ndarray:
        try:
            values = np.load(folder / f"{name}.npy", mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise DamagedError(f"{folder.parent.name}: graph file {name}.npy is missing or damaged") from error
        return np.asarray(values)

    def orientation(side: str) -> Orientation:
        parts: dict[str, Any] = {
            part: array(f"{side}_{part}") if (folder / f"{side}_{part}.npy").exists() else None for part in PARTS[3:]
        }
        return Orientation(*(array(f"{side}_{part}") for part in PARTS[:3]), **parts)

    own = {name: array(f"measure_{number}") for number, name in enumerate(measures)}
    return Graph(orientation("out"), orientation("in"), array("complete_in"), array("complete_out"), own)


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
    again = transpose(graph.out)
    same = np.array_equal(again.indptr, graph.into.indptr) and np.array_equal(again.idx, graph.into.idx)
    if not same or not np.array_equal(again.n_synapses, graph.into.n_synapses):
        raise SynaptoscopeError("graph: the connections by post are not those by pre")
