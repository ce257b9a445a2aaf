"""The synapses of the synthetic connections: how many, how large, on which compartment, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_access.builtin.demo_connections import Connections
from data_access.builtin.demo_skeletons import Skeletons, place_on_dendrite
from data_access.builtin.demo_types import LAW_CODES, MIN_SIZE_VX, SYNAPSE_LAWS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

COMPARTMENTS = ("spine", "shaft", "soma")
_SPINE, _SHAFT, _ON_SOMA = 0, 1, 2
NOT_ANNOTATED = -1
# How far from the dendrite's centre line the cleft lies, um.
_OFFSET_UM = {_SPINE: (1.0, 1.8), _SHAFT: (0.3, 0.6)}


@dataclass(frozen=True)
class Synapses:
    """One entry a synapse.

    connection: int64, index into the connections; size: int32, voxels; compartment: int64, index into
    COMPARTMENTS or NOT_ANNOTATED; position_nm: int64 (S, 3).
    """

    connection: Ints
    size: NDArray[np.int32]
    compartment: Ints
    position_nm: Ints


def draw_synapses(
    rngs: list[np.random.Generator],
    connections: Connections,
    skeletons: Skeletons,
    soma_um: Floats,
    radius_um: Floats,
) -> Synapses:
    """Draw all synapses of the connections.

    rngs: four independent streams (number, size, compartment, place).

    soma_um, radius_um: of the neurons, which are the only nodes with a skeleton.
    """
    connection = np.repeat(np.arange(len(connections.law)), draw_numbers(rngs[0], connections.law))
    law = connections.law[connection]
    compartment = _draw_compartments(rngs[2], law)
    position = _place(rngs[3], connections, connection, compartment, skeletons, soma_um, radius_um)
    return Synapses(
        connection,
        draw_sizes(rngs[1], connections.law, connection),
        compartment,
        np.rint(position * 1000).astype(np.int64),
    )


def _law_values(field: str) -> Floats:
    return np.array([getattr(law, field) for law in SYNAPSE_LAWS], dtype=np.float64)


def draw_numbers(rng: np.random.Generator, law: Ints) -> Ints:
    """Synapses of each connection, int64 (E,): 1 + negative binomial with the law's mean and shape."""
    mean, shape = _law_values("extra_mean")[law], _law_values("extra_shape")[law]
    return 1 + rng.negative_binomial(shape, shape / (shape + mean))


def draw_sizes(rng: np.random.Generator, law: Ints, connection: Ints) -> NDArray[np.int32]:
    """Size of each synapse in cleft voxels, int32, at least MIN_SIZE_VX.

    ln(size) = mean + sd (sqrt(c) z_connection + sqrt(1 - c) z_synapse), both z standard normal, rounded to
    whole voxels: two synapses of one connection correlate with c in ln(size).
    """
    mine = law[connection]
    shared = _law_values("size_correlation")[mine]
    z = np.sqrt(shared) * rng.standard_normal(len(law))[connection]
    z += np.sqrt(1 - shared) * rng.standard_normal(len(connection))
    size = np.exp(_law_values("ln_size_mean")[mine] + _law_values("ln_size_sd")[mine] * z)
    return np.maximum(np.rint(size), MIN_SIZE_VX).astype(np.int32)


def _draw_compartments(rng: np.random.Generator, law: Ints) -> Ints:
    edges = np.cumsum(np.stack([_law_values(name) for name in COMPARTMENTS], 1), axis=1)
    u = rng.random(len(law))
    code = (u >= edges[law, _SPINE]).astype(np.int64) + (u >= edges[law, _SHAFT])
    code[edges[law, _ON_SOMA] == 0] = NOT_ANNOTATED
    return code


def _place(
    rng: np.random.Generator,
    connections: Connections,
    connection: Ints,
    compartment: Ints,
    skeletons: Skeletons,
    soma_um: Floats,
    radius_um: Floats,
) -> Floats:
    """Positions (um): on the soma's surface or beside the dendrite; onto fragments, beside the pre's axon."""
    pre, post = connections.pre[connection], connections.post[connection]
    direction = rng.standard_normal((len(connection), 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    reach = np.array([law.reach for law in SYNAPSE_LAWS])[connections.law[connection]]
    position = np.empty((len(connection), 3))

    somatic = compartment == _ON_SOMA
    position[somatic] = soma_um[post[somatic]] + direction[somatic] * radius_um[post[somatic], None]
    for kind, offsets in _OFFSET_UM.items():
        for preference in ("near", "any", "far"):
            here = (compartment == kind) & (reach == preference)
            offset = rng.uniform(*offsets, (int(here.sum()), 1))
            position[here] = place_on_dendrite(rng, skeletons.segments, post[here], preference)
            position[here] += direction[here] * offset
    onto_fragment = connections.law[connection] == LAW_CODES["cell->fragment"]
    node = rng.integers(0, skeletons.axon_um.shape[1], int(onto_fragment.sum()))
    position[onto_fragment] = skeletons.axon_um[pre[onto_fragment], node] + 0.3 * direction[onto_fragment]
    return position
