"""The cells of the synthetic column: ids, somata, layers, proofreading status, and their table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from data_access.builtin.demo_types import (
    ALL_TYPES,
    AXON_STRATEGIES,
    AXON_STRATEGY_SHARES,
    COLUMN_WIDTH_UM,
    LAYER_FLOORS_UM,
    N_OUTDATED_STATUS,
    N_THALAMIC,
    NEURON_TYPES,
    type_counts,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Texts = NDArray[np.object_]

# Above every root id of the public releases, so that no synthetic id can be taken for a real one.
FIRST_ID = 864_691_139_000_000_000
FIRST_OUTDATED_ID = 864_691_138_000_000_000
_ID_SPAN = 1_000_000_000
MTYPE_CONFUSED, MTYPE_UNSURE, MTYPE_MISSING = 0.06, 0.05, 0.04


@dataclass(frozen=True)
class Somata:
    """Typed cells in type order (neurons first).

    type_code: int64 (n,), index into ALL_TYPES; position_nm: int64 (n, 3), pia at y = 0; radius_um: float64
    (n,).
    """

    type_code: Ints
    position_nm: Ints
    radius_um: Floats


def draw_somata(rng: np.random.Generator) -> Somata:
    """Somata: uniform across the square column, truncated normal in depth per type, radius varying by 6 %."""
    code = np.repeat(np.arange(len(ALL_TYPES)), type_counts())

    def of_type(field: str) -> Floats:
        return np.array([getattr(t, field) for t in ALL_TYPES], dtype=np.float64)[code]

    mean, sd = of_type("depth_mean"), of_type("depth_sd")
    low, high = (ndtr((of_type(f"depth_{side}") - mean) / sd) for side in ("min", "max"))
    depth = mean + sd * ndtri(low + rng.random(len(code)) * (high - low))
    x, z = rng.uniform(0, COLUMN_WIDTH_UM, (2, len(code)))
    radius = of_type("soma_radius") * np.exp(0.06 * np.clip(rng.standard_normal(len(code)), -2, 2))
    return Somata(code, np.rint(np.stack([x, depth, z], 1) * 1000).astype(np.int64), radius)


def draw_ids(rng: np.random.Generator, n_nodes: int) -> Ints:
    """Distinct ids above 2**53 in random order, int64 (n_nodes,)."""
    return FIRST_ID + rng.choice(_ID_SPAN, n_nodes, replace=False).astype(np.int64)


def layers(depth_um: Floats) -> Texts:
    """Layer of each depth by LAYER_FLOORS_UM (white matter below the last one)."""
    names = np.array(list(LAYER_FLOORS_UM), dtype=object)
    inner_floors = list(LAYER_FLOORS_UM.values())[:-1]
    return names[np.searchsorted(inner_floors, depth_um, side="right")]


def cell_table(rng: np.random.Generator, somata: Somata, ids: Ints) -> pa.Table:
    """The cell table: typed cells and thalamic axons, one row each, in random order.

    ids: of all nodes (typed cells, thalamic axons, then fragments, which get no row). Thalamic axons have no
    type, no nucleus, no position and no layer (null).
    """
    n_typed, n = len(somata.type_code), len(somata.type_code) + N_THALAMIC
    ids = ids[:n]
    types = [ALL_TYPES[code] for code in somata.type_code]
    depth = somata.position_nm[:, 1] / 1000
    axon, strategy_axon, dendrite, valid = _proofreading(rng, somata.type_code, ids)
    nucleus = 200_000 + rng.choice(500_000, n_typed, replace=False)
    volume = np.round(4 / 3 * np.pi * somata.radius_um**3, 1)

    def padded(values: Ints | Floats | Texts, kind: pa.DataType) -> pa.Array:
        return pa.array([*values.tolist(), *[None] * N_THALAMIC], type=kind)

    columns = {
        "cell_id": pa.array(ids),
        "nucleus_id": padded(nucleus, pa.int64()),
        "cell_type": padded(np.array([t.name for t in types], dtype=object), pa.string()),
        "broad_type": padded(np.array([t.broad_type for t in types], dtype=object), pa.string()),
        "mtype": padded(_mtypes(rng, somata.type_code), pa.string()),
        "layer": padded(layers(depth), pa.string()),
        "x_nm": padded(somata.position_nm[:, 0].astype(np.float64), pa.float64()),
        "y_nm": padded(somata.position_nm[:, 1].astype(np.float64), pa.float64()),
        "z_nm": padded(somata.position_nm[:, 2].astype(np.float64), pa.float64()),
        "depth_um": padded(depth, pa.float64()),
        "volume_um3": padded(volume, pa.float64()),
        "is_column": pa.array(np.arange(n) < n_typed),
        "status_axon": pa.array(axon),
        "strategy_axon": pa.array(strategy_axon, type=pa.string()),
        "status_dendrite": pa.array(dendrite),
        "strategy_dendrite": pa.array(np.where(dendrite, "dendrite_extended", "none")),
        "valid_id": pa.array(valid, mask=valid == 0),
    }
    return pa.table(columns).take(pa.array(rng.permutation(n)))


def _proofreading(
    rng: np.random.Generator, type_code: Ints, ids: Ints
) -> tuple[NDArray[np.bool_], Texts, NDArray[np.bool_], Ints]:
    """status_axon, strategy_axon, status_dendrite, valid_id (0 = no entry) of typed cells and thalamic axons.

    Strategies are drawn per broad type; N_OUTDATED_STATUS neurons with a proofread axon have the id of an
    earlier state of the segmentation as valid_id.
    """
    n_typed, n = len(type_code), len(ids)
    strategy = np.full(n, "none", dtype=object)
    for broad_type, shares in AXON_STRATEGY_SHARES.items():
        mine = np.flatnonzero([ALL_TYPES[code].broad_type == broad_type for code in type_code])
        strategy[mine] = rng.choice(np.array(AXON_STRATEGIES, dtype=object), len(mine), p=shares)
    strategy[n_typed:] = "axon_partially_extended"
    axon = strategy != "none"
    neuron = np.concatenate([type_code < len(NEURON_TYPES), np.zeros(n - n_typed, dtype=bool)])
    dendrite = neuron & (axon | (rng.random(n) < 0.3))
    valid = np.where(axon | dendrite, ids, 0)
    outdated = rng.choice(np.flatnonzero(axon & neuron), N_OUTDATED_STATUS, replace=False)
    valid[outdated] = FIRST_OUTDATED_ID + rng.choice(_ID_SPAN, N_OUTDATED_STATUS, replace=False)
    return axon, strategy, dendrite, valid


def _mtypes(rng: np.random.Generator, type_code: Ints) -> Texts:
    """An automatic classification: mostly one of the type's own classes, else another's, "unsure" or None."""
    result = np.full(len(type_code), None, dtype=object)
    for code, cell_type in enumerate(NEURON_TYPES):
        mine = np.flatnonzero(type_code == code)
        kin = [m for t in NEURON_TYPES if t.broad_type == cell_type.broad_type for m in t.mtypes]
        confused = rng.random(len(mine)) < MTYPE_CONFUSED
        result[mine] = np.where(
            confused,
            rng.choice(np.array(kin, dtype=object), len(mine)),
            rng.choice(np.array(cell_type.mtypes, dtype=object), len(mine)),
        )
    u = rng.random(len(type_code))
    neuron = type_code < len(NEURON_TYPES)
    result[neuron & (u < MTYPE_UNSURE + MTYPE_MISSING)] = "unsure"
    result[u < MTYPE_MISSING] = None
    return result
