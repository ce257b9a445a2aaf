"""The connection graph of a dataset: CSR by pre and CSC by post, memory-mapped and shared by all workers.

Node codes are positions in the ascending ids. Each orientation holds, per connection, the partner, the number of
synapses and the summed size; autapses are part of it. Everything interactive is answered from these arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def build(
    n_nodes: int, n_connections: int, batches: Iterable[Mapping[str, np.ndarray]], measures: Sequence[str] = ()
) -> Graph:
    """Make a graph from connections that arrive sorted by (pre, post), in batches of any length.

    Each batch maps pre, post (codes), n_synapses and, where there are sizes, sum_size and n_sized, and each name in
    `measures`, to arrays of one length. Nothing but the graph's own arrays is held. Completeness is set to True for
    every cell: the importer knows better. Raises SynaptoscopeError for a code that no cell has.
    """
    kinds = {"post": np.int32, "n_synapses": np.uint32, "sum_size": np.float64, "n_sized": np.uint32}
    kinds |= dict.fromkeys(measures, np.float64)
    columns = {name: np.empty(n_connections, kinds[name]) for name in ("post", "n_synapses")}
    counts = np.zeros(n_nodes, np.int64)
    at, whole, all_sized = 0, True, True
    for batch in batches:
        here = slice(at, at + len(batch["pre"]))
        at = here.stop
        for ends in (batch["pre"], batch["post"]):
            if len(ends) and (ends.min() < 0 or ends.max() >= n_nodes):
                raise SynaptoscopeError(f"graph: a connection of a cell that is not among the {n_nodes:,}")
        counts += np.bincount(batch["pre"], minlength=n_nodes)
        for name in batch.keys() - {"pre"}:
            columns.setdefault(name, np.empty(n_connections, kinds[name]))[here] = batch[name]
        if "sum_size" in batch:
            sums = batch["sum_size"]
            whole = whole and float(sums.max(initial=0)) < 2**32 and bool((sums == np.floor(sums)).all())
            all_sized = all_sized and bool((batch["n_sized"] == batch["n_synapses"]).all())
    if at != n_connections:
        raise SynaptoscopeError(f"graph: {at:,} connections came where {n_connections:,} were announced")
    if "sum_size" in columns and whole:
        columns["sum_size"] = columns["sum_size"].astype(np.uint32)
    if all_sized:
        columns.pop("n_sized", None)
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    out = Orientation(
        indptr, columns["post"], columns["n_synapses"], columns.get("sum_size"), columns.get("n_sized")
    )  # fmt: skip
    complete = np.ones(n_nodes, dtype=bool)
    return Graph(out, transpose(out), complete, complete.copy(), {name: columns[name] for name in measures})


def transpose(out: Orientation) -> Orientation:
    """The same connections by post; a stable counting sort, so partners stay ascending within a row."""
    n, edges = len(out.indptr) - 1, len(out.idx)
    places = np.arange(edges, dtype=np.int32 if edges < 2**31 else np.int64)
    turn = sp.csr_array((places, out.idx, out.indptr), shape=(n, n)).tocsc()
    indptr, idx, take = turn.indptr.astype(np.int64), turn.indices.astype(np.int32, copy=False), turn.data
    sum_size = None if out.sum_size is None else out.sum_size[take]
    n_sized = None if out.n_sized is None else out.n_sized[take]
    return Orientation(indptr, idx, out.n_synapses[take], sum_size, n_sized)


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
        if len(side.idx) and int(side.n_synapses.min()) < 1:
            raise SynaptoscopeError(f"graph {name}: a connection without a synapse")
    again = transpose(graph.out)
    for part in PARTS:
        have, expected = getattr(graph.into, part), getattr(again, part)
        if (have is None) != (expected is None) or (have is not None and not np.array_equal(have, expected)):
            raise SynaptoscopeError(f"graph: the connections by post are not those by pre ({part} differs)")
    for name, values in (
        *graph.measures.items(),
        ("complete_in", graph.complete_in),
        ("complete_out", graph.complete_out),
    ):
        expected_length = graph.n_nodes if name.startswith("complete_") else graph.n_connections
        if len(values) != expected_length:
            raise SynaptoscopeError(f"graph: {name} has {len(values):,} values, {expected_length:,} were expected")
