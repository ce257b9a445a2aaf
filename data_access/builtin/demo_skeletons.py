"""Simple branching skeletons for the synthetic neurons, and places on their dendrites and axons.

All cells of a class share one tree topology (so that a whole class grows in one array) and differ in their
geometry: a soma, dendrites that fork once, for pyramidal cells an apical dendrite towards the pia, and an
axon that forks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_access.builtin.demo_types import EXC, NEURON_TYPES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SOMA, AXON, DENDRITE, APICAL = 1, 2, 3, 4
_RADIUS_NM = {AXON: 150, DENDRITE: 400, APICAL: 600}
_TOP_MARGIN_UM = 3.0  # nothing grows through the pia
_REACH_UM = 70.0


@dataclass(frozen=True)
class Segments:
    """Dendritic segments (soma excluded) of all neurons, in neuron order.

    start, end: float64 (S, 3) um; path_um: float64 (S,), path length from the soma to the middle; first:
    int64 (n + 1,), neuron i owns segments first[i] to first[i + 1].
    """

    start: Floats
    end: Floats
    path_um: Floats
    first: Ints


@dataclass(frozen=True)
class Skeletons:
    """Skeletons of all neurons, in neuron order.

    rows: SWC rows (id, type, x, y, z, radius, parent), int64 (nodes, 7), nm; segments: their dendrites;
    axon_um: float64 (n, k, 3), the axon nodes.
    """

    rows: tuple[Ints, ...]
    segments: Segments
    axon_um: Floats


class _Tree:
    """Trees of one topology for n cells at once, grown branch by branch, each from a node that exists."""

    def __init__(self, rng: np.random.Generator, soma_um: Floats, radius_um: Floats) -> None:
        self.rng = rng
        self.radius_um = radius_um
        self.nodes: list[Floats] = [soma_um]
        self.path: list[Floats] = [np.zeros(len(soma_um))]
        self.types: list[int] = [SOMA]
        self.parents: list[int] = [-1]

    def grow(
        self, parent: int, kind: int, n_nodes: int, length_um: Floats, direction: Floats, wiggle: float
    ) -> tuple[int, Floats]:
        """Append a branch of n_nodes; returns the index of its last node and its last direction (n, 3)."""
        step = (length_um / n_nodes)[:, None]
        for _ in range(n_nodes):
            direction = _unit(direction + wiggle * self.rng.standard_normal(direction.shape))
            # The first node leaves the soma at its surface.
            here = self.nodes[parent] + direction * (self.radius_um[:, None] if parent == 0 else step)
            here[:, 1] = np.maximum(here[:, 1], _TOP_MARGIN_UM)
            self.path.append(self.path[parent] + np.linalg.norm(here - self.nodes[parent], axis=1))
            self.nodes.append(here)
            self.types.append(kind)
            self.parents.append(parent)
            parent = len(self.nodes) - 1
        return parent, direction

    def fork(self, parent: int, kind: int, n_nodes: int, length_um: Floats, direction: Floats, spread: float) -> None:
        """Append two branches that leave `parent` to either side of `direction`."""
        side = _unit(np.cross(direction, self.rng.standard_normal(direction.shape)))
        for sign in (-1.0, 1.0):
            self.grow(parent, kind, n_nodes, length_um, _unit(direction + sign * spread * side), 0.15)


def build_skeletons(rng: np.random.Generator, type_code: Ints, soma_um: Floats, radius_um: Floats) -> Skeletons:
    """Skeletons of all neurons, which must come excitatory first (as NEURON_TYPES does).

    type_code: int64 (n,); soma_um: float64 (n, 3); radius_um: float64 (n,), soma radii.
    """
    n_pyramidal = int((type_code < sum(t.broad_type == EXC for t in NEURON_TYPES)).sum())
    groups = []
    for part, grow in (
        (slice(0, n_pyramidal), _grow_pyramidal),
        (slice(n_pyramidal, None), _grow_interneuron),
    ):
        tree = _Tree(rng, soma_um[part], radius_um[part])
        grow(tree, type_code[part])
        _grow_axon(tree, type_code[part])
        groups.append(tree)
    return Skeletons(
        rows=tuple(rows for tree in groups for rows in _swc_rows(tree)),
        segments=_segments(groups),
        axon_um=np.concatenate(
            [np.stack([xyz for xyz, kind in zip(t.nodes, t.types, strict=True) if kind == AXON], 1) for t in groups]
        ),
    )


def _grow_pyramidal(tree: _Tree, type_code: Ints) -> None:
    rng, n = tree.rng, len(type_code)
    length = _per_type("dendrite_um", type_code) * rng.uniform(0.8, 1.2, n)
    phase = rng.uniform(0, 2 * np.pi, n)
    for k in range(5):
        angle = phase + 2 * np.pi * k / 5
        stem = _unit(np.stack([np.cos(angle), rng.uniform(0.0, 0.8, n), np.sin(angle)], 1))
        tip, onward = tree.grow(0, DENDRITE, 3, 0.35 * length, stem, 0.15)
        tree.fork(tip, DENDRITE, 4, 0.65 * length, onward, 0.5)

    up = np.tile([0.0, -1.0, 0.0], (n, 1))
    climb = tree.nodes[0][:, 1] - _per_type("apical_top_um", type_code)
    climb = np.maximum(40.0, climb * rng.uniform(0.9, 1.0, n))
    tip, onward = tree.grow(0, APICAL, 8, 0.75 * climb, up, 0.06)
    tree.fork(tip - 5, APICAL, 3, 0.5 * length, onward, 1.2)
    tree.fork(tip, APICAL, 4, np.minimum(0.3 * climb + 20.0, 110.0), onward, 0.7)


def _grow_interneuron(tree: _Tree, type_code: Ints) -> None:
    rng, n = tree.rng, len(type_code)
    length = _per_type("dendrite_um", type_code) * rng.uniform(0.8, 1.2, n)
    upright = _per_type("dendrite_uprightness", type_code)[:, None]
    for k in range(6):
        pole = np.tile([0.0, -1.0 if k % 2 else 1.0, 0.0], (n, 1))
        stem = _unit((1 - upright) * _unit(rng.standard_normal((n, 3))) + upright * pole)
        tip, onward = tree.grow(0, DENDRITE, 3, 0.35 * length, stem, 0.15)
        tree.fork(tip, DENDRITE, 4, 0.65 * length, onward, 0.5)


def _grow_axon(tree: _Tree, type_code: Ints) -> None:
    """Pyramidal axons descend; interneuron axons climb by the rise of their type (Martinotti: far)."""
    n = len(type_code)
    rise = _per_type("axon_rise_um", type_code)
    direction = np.tile([0.0, 1.0, 0.0], (n, 1)) * np.where(rise > 0, -1.0, 1.0)[:, None]
    length = np.where(rise > 0, rise, 120.0) * tree.rng.uniform(0.8, 1.2, n)
    tip, onward = tree.grow(0, AXON, 6, length, direction, 0.2)
    tree.fork(tip, AXON, 6, np.full(n, 120.0), onward, 1.0)


def _per_type(field: str, type_code: Ints) -> Floats:
    return np.array([getattr(t, field) or 0.0 for t in NEURON_TYPES], dtype=np.float64)[type_code]


def _unit(vectors: Floats) -> Floats:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _swc_rows(tree: _Tree) -> list[Ints]:
    n_cells, n_nodes = len(tree.radius_um), len(tree.nodes)
    rows = np.empty((n_cells, n_nodes, 7), dtype=np.int64)
    rows[:, :, 0] = np.arange(1, n_nodes + 1)
    rows[:, :, 1] = tree.types
    rows[:, :, 2:5] = np.rint(np.stack(tree.nodes, 1) * 1000)
    rows[:, :, 5] = [_RADIUS_NM.get(kind, 0) for kind in tree.types]
    rows[:, 0, 5] = np.rint(tree.radius_um * 1000)
    rows[:, :, 6] = [parent + 1 if parent >= 0 else -1 for parent in tree.parents]
    return list(rows)


def _segments(trees: list[_Tree]) -> Segments:
    """Segments between two dendrite nodes; the piece inside the soma is left out."""
    starts, ends, paths, counts = [], [], [], []
    for tree in trees:
        child = [k for k, kind in enumerate(tree.types) if kind in (DENDRITE, APICAL) and tree.parents[k] > 0]
        parent = [tree.parents[k] for k in child]
        nodes, path = np.stack(tree.nodes, 1), np.stack(tree.path, 1)
        starts.append(nodes[:, parent].reshape(-1, 3))
        ends.append(nodes[:, child].reshape(-1, 3))
        paths.append(((path[:, parent] + path[:, child]) / 2).ravel())
        counts.append(np.full(len(nodes), len(child)))
    first = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    return Segments(np.concatenate(starts), np.concatenate(ends), np.concatenate(paths), first)


def place_on_dendrite(rng: np.random.Generator, segments: Segments, neuron: Ints, reach: str) -> Floats:
    """Random points on the dendrites of the given neurons, float64 (len(neuron), 3) um.

    The density per length is constant for reach "any", exp(-path/70 um) for "near", 1 - exp(-path/70 um) for
    "far".
    """
    decay = np.exp(-segments.path_um / _REACH_UM)
    density = {"any": np.ones_like(decay), "near": decay, "far": 1.0 - decay}[reach]
    weight = density * np.linalg.norm(segments.end - segments.start, axis=1)
    total = np.concatenate([[0.0], np.cumsum(weight)])
    low, high = segments.first[neuron], segments.first[neuron + 1]
    target = total[low] + rng.random(len(neuron)) * (total[high] - total[low])
    chosen = np.clip(np.searchsorted(total, target, side="right") - 1, low, high - 1)
    along = rng.random((len(neuron), 1))
    return segments.start[chosen] + along * (segments.end[chosen] - segments.start[chosen])


def swc_text(rows: Ints, title: str) -> str:
    """One skeleton as SWC text: comment lines that say what it is, then one line a node, lengths in nm."""
    head = (
        f"# {title}",
        "# SYNTHETIC: generated, not reconstructed from tissue. Unit: nm.",
        "# id type x y z radius parent",
    )
    lines = (" ".join(map(str, row)) for row in rows.tolist())
    return "\n".join((*head, *lines)) + "\n"
