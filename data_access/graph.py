"""The connection graph of a dataset: CSR by pre and CSC by post, memory-mapped and shared by all workers.

Node codes are positions in the ascending ids. Each orientation holds, per connection, the partner, the number of
synapses and the summed size; autapses are part of it. Everything interactive is answered from these arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from data_access.errors import DamagedError

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

    def rows(self, first: int, last: int) -> tuple[np.ndarray, slice]:
        """The slots of the rows first .. last - 1, and the row of each: int32."""
        lengths = np.diff(self.indptr[first : last + 1])
        here = slice(int(self.indptr[first]), int(self.indptr[last]))
        return np.repeat(np.arange(first, last, dtype=np.int32), lengths), here

    def keys(self, first: int, last: int) -> np.ndarray:
        """int64 row * n_nodes + partner of each slot of these rows: ascending, unique."""
        rows, here = self.rows(first, last)
        return rows.astype(np.int64) * (len(self.indptr) - 1) + self.idx[here]


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
        found = [np.zeros(0, np.int64)]
        for first, last in row_blocks(self.out.indptr):
            rows, here = self.out.rows(first, last)
            found.append(np.flatnonzero(rows == self.out.idx[here]) + here.start)
        return np.concatenate(found)

    def n_reciprocal_pairs(self) -> int:
        """Unordered pairs {a, b}, a != b, connected both ways: pairs of `out` that `into` holds for the same row."""
        both = 0
        for first, last in row_blocks(self.out.indptr + self.into.indptr):
            forth, back = self.out.keys(first, last), self.into.keys(first, last)
            at = np.searchsorted(back, forth)
            both += int((back[np.minimum(at, len(back) - 1)] == forth).sum()) if len(back) else 0
        return (both - len(self.autapses())) // 2

    def n_connected(self) -> int:
        """Cells with at least one connection, in or out."""
        return int(((np.diff(self.out.indptr) > 0) | (np.diff(self.into.indptr) > 0)).sum())


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


def row_blocks(indptr: np.ndarray, slots: int = 1 << 20) -> Iterator[tuple[int, int]]:
    """Rows in consecutive blocks (first, behind the last) of about `slots` slots, so that work on them is bounded."""
    first, n = 0, len(indptr) - 1
    while first < n:
        last = int(np.searchsorted(indptr, indptr[first] + slots, side="right")) - 1
        last = min(max(last, first + 1), n)
        yield first, last
        first = last
