"""Skeletons: path distances to the soma, the nearest node of each synapse, lines for drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

SOMA = 1
FOLLOWED = 200_000  # nodes up to which the order of drawing follows branches; beyond, edge by edge


@dataclass(frozen=True, eq=False)
class Attached:
    """The nearest skeleton node of each point.

    node: int64 (n,), -1 where the point has no position; distance: float64 (n,), in the unit of the nodes, NaN there.
    """

    node: np.ndarray
    distance: np.ndarray

    @property
    def median(self) -> float:
        """Median distance of the points that have a position; NaN where none has."""
        known = self.distance[~np.isnan(self.distance)]
        return float(np.median(known)) if len(known) else float("nan")


def root_of(parent: np.ndarray, kind: np.ndarray) -> int:
    """The node that distances are measured from.

    A root of type 1 (soma), else the first node of type 1, else the root of the largest tree. parent: int64 (n,), -1
    for a root; kind: SWC types (n,). Raises ValueError for no node.
    """
    if len(parent) == 0:
        raise ValueError("a skeleton without nodes has no root")
    soma = np.flatnonzero(kind == SOMA)
    if len(soma):
        rooted = soma[parent[soma] < 0]
        return int(rooted[0] if len(rooted) else soma[0])
    top = tops(parent)
    return int(np.bincount(top, minlength=len(parent)).argmax())


def tops(parent: np.ndarray) -> np.ndarray:
    """The root above each node: int64 (n,). Parents must lead to roots (no circle)."""
    up = np.where(parent < 0, np.arange(len(parent)), parent)
    while True:
        further = up[up]
        if np.array_equal(further, up):
            return up
        up = further


def path_distance(nodes: np.ndarray, parent: np.ndarray, root: int) -> np.ndarray:
    """Length of the path along the skeleton from `root` to each node: float64 (n,), in the unit of the nodes.

    Shortest paths on the tree whose edges have their Euclidean lengths (Dijkstra, scipy.sparse.csgraph). Nodes of a
    piece that is not joined to the root's have none: NaN.
    """
    child = np.flatnonzero(parent >= 0)
    length = np.linalg.norm(nodes[child] - nodes[parent[child]], axis=1)
    links = csr_array((length, (child, parent[child])), shape=(len(nodes), len(nodes)))
    found = dijkstra(links, directed=False, indices=root)
    return np.where(np.isinf(found), np.nan, found)


def attach(nodes: np.ndarray, points: np.ndarray) -> Attached:
    """The nearest node of each point (k-d tree), and how far it is. nodes: (n, 3) with n > 0; points: (m, 3)."""
    node = np.full(len(points), -1, np.int64)
    distance = np.full(len(points), np.nan)
    placed = np.isfinite(points).all(axis=1)
    if placed.any():
        distance[placed], node[placed] = cKDTree(nodes).query(points[placed])
    return Attached(node, distance)


def lines(nodes: np.ndarray, parent: np.ndarray, chosen: np.ndarray | None = None) -> np.ndarray:
    """The skeleton as one line to draw: (k, 3), pieces separated by a row of NaN.

    Each edge once, runs without a fork in one piece. chosen: bool (n,), only the edges above these nodes.
    """
    n = len(parent)
    wanted = parent >= 0 if chosen is None else (parent >= 0) & chosen
    child = np.flatnonzero(wanted)
    gap = np.full((1, 3), np.nan)
    if len(child) == 0:
        return np.zeros((0, 3))
    if n > FOLLOWED:
        return np.stack([nodes[child], nodes[parent[child]], np.full((len(child), 3), np.nan)], axis=1).reshape(-1, 3)[
            :-1
        ]
    below = np.bincount(parent[child], minlength=n)  # wanted children of each node
    pieces: list[np.ndarray] = []
    up, keep, ends = parent.tolist(), wanted.tolist(), below.tolist()
    for tip in child[(below[child] != 1)].tolist():  # tips, and forks as the start of the way up
        run, at = [tip], tip
        while keep[at]:
            at = up[at]
            run.append(at)
            if ends[at] != 1:
                break
        pieces += [nodes[run], gap]
    return np.concatenate(pieces[:-1])
