"""Skeletons as the skeleton service sends them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components

SOMA = 1


@dataclass(frozen=True)
class Skeleton:
    """One skeleton: vertices float64 (n, 3) nm, edges int64 (m, 2), radius float64 nm, compartment int64, root vertex.

    Compartments: 1 soma, 2 axon, 3 dendrite, 4 apical dendrite, 0 unknown.
    """

    vertices_nm: np.ndarray
    edges: np.ndarray
    radius_nm: np.ndarray
    compartment: np.ndarray
    root: int

    def swc(self) -> str:
        """SWC text in nm: a line a vertex, parents before children; a loose piece is a tree of its own."""
        n = len(self.vertices_nm)
        links = coo_matrix((np.ones(len(self.edges)), (self.edges[:, 0], self.edges[:, 1])), shape=(n, n)).tocsr()
        _, piece = connected_components(links, directed=False)
        starts = {int(piece[self.root]): self.root} if n else {}
        for vertex, label in enumerate(piece.tolist()):
            starts.setdefault(label, vertex)
        lines, number = ["# unit nm"], np.zeros(n, np.int64)
        written = 0
        for start in starts.values():
            order, parents = breadth_first_order(links, start, directed=False)
            for vertex in order.tolist():
                written += 1
                number[vertex] = written
                parent = number[parents[vertex]] if parents[vertex] >= 0 else -1
                x, y, z = self.vertices_nm[vertex]
                kind, radius = int(self.compartment[vertex]), float(self.radius_nm[vertex])
                lines.append(f"{written} {kind} {x:.1f} {y:.1f} {z:.1f} {radius:.1f} {parent}")
        return "\n".join(lines) + "\n"


def from_service(parts: Mapping[str, Any]) -> Skeleton:
    """A skeleton out of the dictionary of lists that fetch_skeletons gives."""
    vertices = np.asarray(parts["vertices"], dtype=np.float64).reshape(-1, 3)
    n = len(vertices)
    edges = np.asarray(parts.get("edges", []), dtype=np.int64).reshape(-1, 2)
    radius, compartment = _per_vertex(parts.get("radius"), n, 0.0), _per_vertex(parts.get("compartment"), n, 0)
    root = int(parts.get("root") or 0)
    return Skeleton(vertices, edges, radius, compartment.astype(np.int64), root if 0 <= root < n else 0)


def _per_vertex(values: Any, n: int, missing: float) -> np.ndarray:
    given = np.asarray([] if values is None else values, dtype=np.float64).ravel()
    return given if len(given) == n else np.full(n, missing, np.float64)
