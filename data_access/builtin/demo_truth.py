"""What the synthetic column was made from, as plain JSON: the yardstick for every estimator."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_access.builtin.demo_connections import Expectation
from data_access.builtin.demo_types import (
    ALL_TYPES,
    AUTAPSE_P,
    AXON_STRATEGIES,
    AXON_STRATEGY_SHARES,
    COLUMN_WIDTH_UM,
    LAYER_FLOORS_UM,
    MIN_SIZE_VX,
    N_OUTDATED_STATUS,
    NEURON_NAMES,
    PMAX,
    SIGMA_UM,
    SYNAPSE_LAWS,
    THALAMIC_P,
    law_names,
    reciprocal_matrix,
    type_counts,
)

DEFINITIONS = {
    "rows_and_columns": ("Every matrix: rows presynaptic, columns postsynaptic, both in the order of 'types'."),
    "distance": "d = 3D distance of the two somata in um, from x_nm, y_nm, z_nm of the cell table.",
    "probability": (
        "p(a->b) = pmax[A][B] exp(-d^2 / (2 sigma_um[A][B]^2)) for every ordered pair of different "
        "neurons, a of type A and b of type B. Non-neuronal cells make and receive no synapse."
    ),
    "reciprocity": (
        "P(a->b and b->a) = r[A][B] p(a->b) p(b->a) at the pair's own distance; different unordered pairs"
        " are independent. The ratio of pooled fractions over distances is larger than r, because near "
        "pairs connect both ways."
    ),
    "autapses": "Every neuron connects to itself with probability autapse_p, on top of the above.",
    "thalamic": (
        "Thalamic axons (no type, no nucleus, no position) connect to each neuron of type B with "
        "probability thalamic_p[B] and receive nothing."
    ),
    "n_synapses": (
        "Synapses of a connection = 1 + negative binomial with mean extra_mean and shape extra_shape "
        "(variance mean + mean^2 / shape), law by type pair: synapse_law[A][B]; laws thalamic->E and "
        "thalamic->I for thalamic axons."
    ),
    "size": (
        "ln(size) = ln_size_mean + ln_size_sd (sqrt(c) u + sqrt(1 - c) v), u per connection, v per "
        "synapse, both standard normal, c = size_correlation; rounded to whole cleft voxels, at least "
        "min_size_vx."
    ),
    "compartment": ("Drawn per synapse with probabilities spine, shaft, soma; missing on synapses onto fragments."),
    "proofreading": (
        "Axon strategies are drawn per broad type, independently of the connections: for a pair of types "
        "every choice of tested pairs estimates the same law. A valid_id other than the cell_id means the "
        "status is outdated: not proofread."
    ),
    "fragments": (
        "Partner ids of the synapse table that are not in the cell table. Each side's neurons are drawn "
        "uniformly; the fragments' other synapses are not part of the data."
    ),
}
EXACT = (
    "connection draws between neurons, reciprocity, autapses, thalamic connections, synapses per connection, "
    "sizes before rounding and the lower limit, compartments",
)
NOT_EXACT = (
    "positions of synapses (on the soma surface or within 2 um of a dendrite; independent of where the "
    "presynaptic cell is), axons of skeletons (drawn for looks: synapses do not lie on them, except those "
    "onto fragments)",
    "expected counts hold for these soma positions; the counts drawn scatter around them",
    "fragments (no law of distance)",
)


def describe(version: str, seed: int, cells: pa.Table, synapses: pa.Table, expected: Expectation) -> dict[str, Any]:
    """The truth of a column, JSON-able: parameters, what they lead to expect, counts of the tables."""
    return {
        "synthetic": True,
        "generator": "data_access.builtin.demo_column",
        "generator_version": version,
        "seed": seed,
        "definitions": DEFINITIONS,
        "exact": list(EXACT),
        "not_exact": list(NOT_EXACT),
        "types": list(NEURON_NAMES),
        "type_counts": {t.name: int(n) for t, n in zip(ALL_TYPES, type_counts(), strict=True)},
        "column_width_um": COLUMN_WIDTH_UM,
        "layer_floors_um": LAYER_FLOORS_UM,
        "pmax": PMAX.tolist(),
        "sigma_um": SIGMA_UM.tolist(),
        "r": reciprocal_matrix().tolist(),
        "autapse_p": AUTAPSE_P,
        "thalamic_p": THALAMIC_P.tolist(),
        "synapse_law": law_names(),
        "synapse_laws": {law.name: asdict(law) for law in SYNAPSE_LAWS},
        "min_size_vx": MIN_SIZE_VX,
        "axon_strategy_shares": {
            broad: dict(zip(AXON_STRATEGIES, shares, strict=True)) for broad, shares in AXON_STRATEGY_SHARES.items()
        },
        "n_outdated_status": N_OUTDATED_STATUS,
        "expected": {
            "connections": np.round(expected.connections, 3).tolist(),
            "connections_sd": np.round(expected.connections_sd, 3).tolist(),
            "reciprocal_pairs": np.round(expected.reciprocal_pairs, 3).tolist(),
        },
        "counts": _counts(cells, synapses),
    }


def _counts(cells: pa.Table, synapses: pa.Table) -> dict[str, int]:
    pre, post = synapses["pre_id"], synapses["post_id"]
    known_pre, known_post = (pc.is_in(ids, value_set=cells["cell_id"].combine_chunks()) for ids in (pre, post))
    connections = synapses.select(["pre_id", "post_id"]).group_by(["pre_id", "post_id"]).aggregate([])
    return {
        "cells": cells.num_rows,
        "thalamic_axons": cells["cell_type"].null_count,
        "synapses": synapses.num_rows,
        "connections": connections.num_rows,
        "synapses_between_cells": int(pc.sum(pc.and_(known_pre, known_post)).as_py()),
        "autapses": int(pc.sum(pc.equal(connections["pre_id"], connections["post_id"])).as_py()),
        "autapse_synapses": int(pc.sum(pc.equal(pre, post)).as_py()),
        "pre_fragments": len(pc.unique(pre.filter(pc.invert(known_pre)))),
        "post_fragments": len(pc.unique(post.filter(pc.invert(known_post)))),
    }
