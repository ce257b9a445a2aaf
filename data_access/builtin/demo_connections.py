"""Which cells of the synthetic column connect: exact draws from the law that truth.json states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_access.builtin.demo_types import (
    AUTAPSE_P,
    LAW_CODES,
    N_FRAGMENT_INPUTS,
    N_FRAGMENT_OUTPUTS,
    N_POST_FRAGMENTS,
    N_PRE_FRAGMENTS,
    N_THALAMIC,
    NEURON_TYPES,
    PMAX,
    SIGMA_UM,
    THALAMIC_P,
    law_names,
    reciprocal_matrix,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NodeRanges:
    """Node numbering: neurons, non-neuronal cells, thalamic axons, presynaptic, postsynaptic fragments."""

    n_neurons: int
    n_typed: int

    @property
    def first_thalamic(self) -> int:
        """Number of the first thalamic axon."""
        return self.n_typed

    @property
    def first_pre_fragment(self) -> int:
        """Number of the first presynaptic fragment; all nodes before it are cells of the table."""
        return self.n_typed + N_THALAMIC

    @property
    def first_post_fragment(self) -> int:
        """Number of the first postsynaptic fragment."""
        return self.first_pre_fragment + N_PRE_FRAGMENTS

    @property
    def n_nodes(self) -> int:
        """All nodes, cells and fragments."""
        return self.first_post_fragment + N_POST_FRAGMENTS


@dataclass(frozen=True)
class Connections:
    """Connections as node numbers `pre`, `post` and the synapse `law` of each, int64 (E,)."""

    pre: Ints
    post: Ints
    law: Ints


@dataclass(frozen=True)
class Expectation:
    """What the law expects given the soma positions, float64 (11, 11) in type order, autapses left out.

    `connections` and `connections_sd`: number of connections A->B and its standard deviation.
    `reciprocal_pairs`: number of unordered pairs of an A and a B connected both ways (symmetric).
    """

    connections: Floats
    connections_sd: Floats
    reciprocal_pairs: Floats


def joint_law(p_ab: Floats, p_ba: Floats, r: Floats) -> tuple[Floats, Floats, Floats]:
    """Joint probabilities (both ways, only a->b, only b->a) of pairs with margins p_ab, p_ba and excess r.

    P(both) = r p_ab p_ba; the fourth outcome, no connection, takes the rest. Raises ValueError where that is
    no probability distribution (r p > 1 on a side, or r < 1 with p_ab + p_ba - r p_ab p_ba > 1).
    """
    both = r * p_ab * p_ba
    only_ab, only_ba = p_ab - both, p_ba - both
    lowest = min(np.min(x, initial=0.0) for x in (both, only_ab, only_ba, 1.0 - both - only_ab - only_ba))
    if lowest < -1e-12:
        raise ValueError(f"reciprocal excess is not feasible: a joint probability would be {lowest:.3g}")
    return both, only_ab, only_ba


def draw_connections(rng: np.random.Generator, type_code: Ints, soma_um: Floats) -> tuple[Ints, Ints, Expectation]:
    """Draw the connections between neurons, without autapses.

    type_code: int64 (n,), index into NEURON_TYPES; soma_um: float64 (n, 3). One uniform number per unordered
    pair chooses among the four outcomes of `joint_law` with p(a->b) = pmax[A,B] exp(-d^2 / (2 sigma[A,B]^2)),
    d the 3D distance of the somata. Returns pre, post (int64, neuron numbers) and what was to be expected.
    """
    a, b = np.triu_indices(len(type_code), 1)
    square = ((soma_um[a] - soma_um[b]) ** 2).sum(axis=1)
    ta, tb = type_code[a], type_code[b]
    p_ab = PMAX[ta, tb] * np.exp(-square / (2 * SIGMA_UM[ta, tb] ** 2))
    p_ba = PMAX[tb, ta] * np.exp(-square / (2 * SIGMA_UM[tb, ta] ** 2))
    both, only_ab, only_ba = joint_law(p_ab, p_ba, reciprocal_matrix()[ta, tb])

    u = rng.random(len(a))
    forth = u < both + only_ab
    back = (u < both) | (~forth & (u < both + only_ab + only_ba))
    pre = np.concatenate([a[forth], b[back]])
    post = np.concatenate([b[forth], a[back]])
    return pre, post, _expect(ta, tb, p_ab, p_ba, both)


def _expect(ta: Ints, tb: Ints, p_ab: Floats, p_ba: Floats, both: Floats) -> Expectation:
    n = len(NEURON_TYPES)

    def total(rows: Ints, columns: Ints, values: Floats) -> Floats:
        sums = np.bincount(rows * n + columns, values, n * n)
        return np.asarray(sums, dtype=np.float64).reshape(n, n)

    connections = total(ta, tb, p_ab) + total(tb, ta, p_ba)
    variance = total(ta, tb, p_ab * (1 - p_ab)) + total(tb, ta, p_ba * (1 - p_ba))
    # Both directions of a pair of equal types fall into the same entry and are correlated wherever r is not
    # 1.
    variance[np.diag_indices(n)] += 2 * total(ta, tb, both - p_ab * p_ba).diagonal()
    one_sided = total(ta, tb, both)
    mutual = one_sided + one_sided.T
    mutual[np.diag_indices(n)] /= 2
    return Expectation(connections, np.sqrt(variance), mutual)


def draw_autapses(rng: np.random.Generator, n_neurons: int) -> Ints:
    """Numbers of the neurons that connect to themselves, each with probability AUTAPSE_P, int64 ascending."""
    return np.flatnonzero(rng.random(n_neurons) < AUTAPSE_P)


def draw_thalamic(rng: np.random.Generator, type_code: Ints) -> tuple[Ints, Ints]:
    """Connections of the thalamic axons (THALAMIC_P per post type): axon numbers from 0, neuron numbers."""
    axon, neuron = np.nonzero(rng.random((N_THALAMIC, len(type_code))) < THALAMIC_P[type_code])
    return axon, neuron


def draw_fragments(rng: np.random.Generator, n_fragments: int, n_pairs: int, n_neurons: int) -> tuple[Ints, Ints]:
    """Distinct (fragment, neuron) pairs, about `n_pairs`: every fragment at least once, neurons uniformly."""
    fragment = np.concatenate([np.arange(n_fragments), rng.integers(0, n_fragments, n_pairs - n_fragments)])
    key = np.unique(fragment * n_neurons + rng.integers(0, n_neurons, n_pairs))
    return key // n_neurons, key % n_neurons


def all_connections(
    rng: np.random.Generator, type_code: Ints, soma_um: Floats, nodes: NodeRanges
) -> tuple[Connections, Expectation]:
    """Every connection of the column, fragments included, each (pre, post) once.

    type_code, soma_um: of the neurons only. Returns the connections in node numbers and the expectation for
    the part between neurons.
    """
    n = nodes.n_neurons
    pre, post, expectation = draw_connections(rng, type_code, soma_um)
    selves = draw_autapses(rng, n)
    axon, target = draw_thalamic(rng, type_code)
    giver, onto = draw_fragments(rng, N_PRE_FRAGMENTS, N_FRAGMENT_OUTPUTS, n)
    taker, source = draw_fragments(rng, N_POST_FRAGMENTS, N_FRAGMENT_INPUTS, n)

    of_types = np.array([[LAW_CODES[name] for name in row] for row in law_names()])
    broad = np.array([t.broad_type[0].upper() for t in NEURON_TYPES])
    of_thalamic = np.array([LAW_CODES[f"thalamic->{letter}"] for letter in broad])
    parts = [
        (pre, post, of_types[type_code[pre], type_code[post]]),
        (selves, selves, of_types[type_code[selves], type_code[selves]]),
        (nodes.first_thalamic + axon, target, of_thalamic[type_code[target]]),
        (nodes.first_pre_fragment + giver, onto, np.full(len(onto), LAW_CODES["fragment->cell"])),
        (source, nodes.first_post_fragment + taker, np.full(len(taker), LAW_CODES["cell->fragment"])),
    ]
    columns = [np.concatenate([part[k] for part in parts]).astype(np.int64) for k in range(3)]
    return Connections(*columns), expectation
