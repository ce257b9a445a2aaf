"""The laws of the synthetic column: its cell types and every parameter its synapses are drawn from.

Everything here is a made-up number chosen so that the column resembles the published MICrONS V1 column (type
names, type proportions, connection fractions, synapses per connection). All of it is copied into the
dataset's truth.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_NEURONS = 1_355
MIN_CELLS_PER_TYPE = 15
N_THALAMIC = 10
COLUMN_WIDTH_UM = 400.0
LAYER_FLOORS_UM = {"L1": 100.0, "L2/3": 280.0, "L4": 400.0, "L5": 570.0, "L6": 820.0, "WM": 900.0}


@dataclass(frozen=True)
class CellType:
    """One cell type: its census, the depth of its somata (truncated normal) and what its cells look like.

    `census` is the number of such cells in the cubic millimetre (neurons) or the number made here
    (non-neuronal). Lengths in um. `apical_top_um` is the depth the apical dendrite climbs to, None where
    there is no apical dendrite.
    """

    name: str
    broad_type: str
    census: int
    depth_mean: float
    depth_sd: float
    depth_min: float
    depth_max: float
    soma_radius: float
    mtypes: tuple[str, ...]
    apical_top_um: float | None = None
    dendrite_um: float = 110.0
    dendrite_uprightness: float = 0.0
    axon_rise_um: float = 0.0


EXC, INH, NON = "excitatory", "inhibitory", "nonneuronal"
_L2_3 = ("L2a", "L2b", "L3a", "L3b")
_L4 = ("L4a", "L4b", "L4c")
_L6_SHORT, _L6_TALL = ("L6short-a", "L6short-b"), ("L6tall-a", "L6tall-b", "L6tall-c")

NEURON_TYPES: tuple[CellType, ...] = (
    CellType("23P", EXC, 19_650, 200, 50, 105, 290, 6.2, _L2_3, 15, 110),
    CellType("4P", EXC, 14_712, 340, 35, 275, 410, 5.9, _L4, 70, 100),
    CellType("5P-IT", EXC, 7_890, 470, 45, 395, 580, 6.6, ("L5a", "L5b"), 50, 130),
    CellType("5P-ET", EXC, 2_149, 510, 40, 410, 590, 8.0, ("L5ET",), 20, 150),
    CellType("5P-NP", EXC, 932, 530, 35, 430, 610, 6.4, ("L5NP",), 250, 100),
    CellType("6P-IT", EXC, 11_651, 650, 50, 560, 790, 6.2, _L6_SHORT, 330, 110),
    CellType("6P-CT", EXC, 6_770, 720, 50, 590, 830, 6.0, _L6_TALL, 300, 100),
    CellType("BC", INH, 3_354, 400, 200, 105, 820, 7.0, ("PTC",), None, 130, 0.3, 40),
    CellType("MC", INH, 2_469, 420, 180, 110, 820, 6.6, ("DTC",), None, 120, 0.4, 260),
    CellType("BPC", INH, 1_494, 260, 130, 100, 700, 5.8, ("ITC",), None, 150, 0.95, 60),
    CellType("NGC", INH, 588, 130, 130, 15, 700, 5.8, ("STC",), None, 80, 0.0, 20),
)
NONNEURONAL_TYPES: tuple[CellType, ...] = (
    CellType("astrocyte", NON, 20, 450, 400, 10, 890, 4.6, ()),
    CellType("oligo", NON, 20, 750, 200, 60, 895, 4.2, ()),
    CellType("microglia", NON, 16, 450, 400, 10, 890, 3.6, ()),
    CellType("OPC", NON, 15, 450, 400, 10, 890, 4.2, ()),
    CellType("pericyte", NON, 15, 450, 400, 10, 890, 3.6, ()),
)
ALL_TYPES = NEURON_TYPES + NONNEURONAL_TYPES
NEURON_NAMES = tuple(t.name for t in NEURON_TYPES)


def type_counts() -> NDArray[np.int64]:
    """Number of cells of each of ALL_TYPES, int64 (16,).

    Neurons: proportional to the census, at least MIN_CELLS_PER_TYPE each, N_NEURONS in all (the rounding
    error goes to the most frequent type). Non-neuronal types: as listed, far fewer than in tissue.
    """
    census = np.array([t.census for t in NEURON_TYPES])
    neurons = np.maximum(MIN_CELLS_PER_TYPE, np.rint(N_NEURONS * census / census.sum())).astype(np.int64)
    neurons[census.argmax()] += N_NEURONS - neurons.sum()
    return np.concatenate([neurons, np.array([t.census for t in NONNEURONAL_TYPES], dtype=np.int64)])


# Connection probability at distance 0; rows = presynaptic, columns = postsynaptic, both in the order of
# NEURON_TYPES.
PMAX: NDArray[np.float64] = np.array(
    [
        # 23P  4P    5IT   5ET   5NP   6IT   6CT   BC    MC    BPC   NGC
        [0.14, 0.05, 0.12, 0.14, 0.03, 0.03, 0.02, 0.48, 0.35, 0.20, 0.20],  # 23P
        [0.16, 0.13, 0.09, 0.09, 0.03, 0.03, 0.03, 0.50, 0.30, 0.20, 0.14],  # 4P
        [0.09, 0.05, 0.15, 0.18, 0.05, 0.06, 0.03, 0.45, 0.50, 0.20, 0.12],  # 5P-IT
        [0.03, 0.02, 0.05, 0.16, 0.03, 0.05, 0.03, 0.45, 0.55, 0.16, 0.10],  # 5P-ET
        [0.02, 0.02, 0.03, 0.03, 0.09, 0.03, 0.03, 0.20, 0.16, 0.12, 0.08],  # 5P-NP
        [0.03, 0.03, 0.08, 0.09, 0.03, 0.11, 0.06, 0.45, 0.35, 0.20, 0.12],  # 6P-IT
        [0.02, 0.08, 0.05, 0.05, 0.03, 0.05, 0.08, 0.45, 0.22, 0.16, 0.10],  # 6P-CT
        [0.50, 0.48, 0.52, 0.58, 0.18, 0.48, 0.44, 0.55, 0.22, 0.18, 0.18],  # BC
        [0.48, 0.28, 0.52, 0.56, 0.28, 0.42, 0.28, 0.50, 0.08, 0.36, 0.30],  # MC
        [0.12, 0.10, 0.12, 0.10, 0.06, 0.10, 0.08, 0.30, 0.60, 0.18, 0.18],  # BPC
        [0.45, 0.24, 0.28, 0.28, 0.12, 0.18, 0.12, 0.36, 0.30, 0.30, 0.48],  # NGC
    ]
)
# Width of the Gaussian in um, per presynaptic type: onto excitatory, onto inhibitory cells.
_SIGMA_UM = {
    "23P": (150, 210), "4P": (140, 200), "5P-IT": (165, 215), "5P-ET": (165, 215), "5P-NP": (130, 160),
    "6P-IT": (140, 200), "6P-CT": (150, 200), "BC": (190, 200), "MC": (220, 225), "BPC": (180, 220),
    "NGC": (175, 175),
}  # fmt: skip
SIGMA_UM: NDArray[np.float64] = np.array(
    [[_SIGMA_UM[a.name][0 if b.broad_type == EXC else 1] for b in NEURON_TYPES] for a in NEURON_TYPES],
    dtype=np.float64,
)
# Reciprocal excess r: P(both ways) = r P(a->b) P(b->a). Every pair of types not listed has r = 1.
RECIPROCAL_EXCESS = {
    ("23P", "23P"): 2.5, ("4P", "4P"): 2.0, ("5P-IT", "5P-IT"): 3.0,
    ("23P", "BC"): 2.0, ("4P", "BC"): 2.0, ("4P", "MC"): 0.5,
}  # fmt: skip


def reciprocal_matrix() -> NDArray[np.float64]:
    """The symmetric matrix r of RECIPROCAL_EXCESS, float64 (11, 11) in the order of NEURON_TYPES."""
    r = np.ones((len(NEURON_NAMES), len(NEURON_NAMES)))
    for (a, b), value in RECIPROCAL_EXCESS.items():
        i, j = NEURON_NAMES.index(a), NEURON_NAMES.index(b)
        r[i, j] = r[j, i] = value
    return r


AUTAPSE_P = 0.025  # per neuron, whatever its type
# Thalamic axons have no soma, hence no distance: one probability per postsynaptic type.
THALAMIC_P: NDArray[np.float64] = np.array([0.03, 0.15, 0.05, 0.06, 0.02, 0.03, 0.06, 0.20, 0.05, 0.05, 0.05])


@dataclass(frozen=True)
class SynapseLaw:
    """How the synapses of a connection are drawn.

    Number: 1 + negative binomial with mean `extra_mean` and shape `extra_shape`. Size: ln(size) normal with
    mean `ln_size_mean` and SD `ln_size_sd`, of whose variance the share `size_correlation` is common to the
    connection. `spine`, `shaft`, `soma`: probabilities of the target compartment (sum 1; all 0 = not
    annotated). `reach`: which dendrites the synapses prefer ("near" the soma, "any", "far" from it).
    """

    name: str
    extra_mean: float
    extra_shape: float
    ln_size_mean: float
    ln_size_sd: float
    size_correlation: float
    spine: float
    shaft: float
    soma: float
    reach: str = "any"


SYNAPSE_LAWS: tuple[SynapseLaw, ...] = (
    SynapseLaw("E->E", 0.30, 0.8, 8.45, 0.90, 0.30, 0.86, 0.135, 0.005),
    SynapseLaw("E->I", 0.26, 0.8, 8.50, 0.75, 0.20, 0.05, 0.88, 0.07),
    SynapseLaw("BC->E", 2.45, 2.5, 8.35, 0.60, 0.10, 0.08, 0.37, 0.55, "near"),
    SynapseLaw("BC->I", 1.60, 2.0, 8.20, 0.60, 0.10, 0.00, 0.60, 0.40, "near"),
    SynapseLaw("MC->E", 1.90, 2.0, 8.05, 0.60, 0.10, 0.35, 0.63, 0.02, "far"),
    SynapseLaw("MC->I", 1.20, 2.0, 8.05, 0.60, 0.10, 0.02, 0.90, 0.08, "far"),
    SynapseLaw("BPC->E", 0.70, 1.5, 7.90, 0.60, 0.10, 0.25, 0.70, 0.05),
    SynapseLaw("BPC->I", 2.20, 2.0, 8.00, 0.60, 0.10, 0.02, 0.90, 0.08),
    SynapseLaw("NGC->E", 1.20, 1.5, 7.90, 0.65, 0.10, 0.30, 0.68, 0.02, "far"),
    SynapseLaw("NGC->I", 0.90, 1.5, 7.90, 0.65, 0.10, 0.02, 0.93, 0.05, "far"),
    SynapseLaw("thalamic->E", 0.40, 1.0, 8.80, 0.70, 0.20, 0.90, 0.10, 0.00),
    SynapseLaw("thalamic->I", 0.50, 1.0, 8.80, 0.70, 0.20, 0.02, 0.88, 0.10),
    SynapseLaw("fragment->cell", 0.06, 1.0, 8.35, 0.90, 0.30, 0.65, 0.32, 0.03),
    SynapseLaw("cell->fragment", 0.10, 1.0, 8.35, 0.90, 0.30, 0.00, 0.00, 0.00),
)
LAW_CODES = {law.name: code for code, law in enumerate(SYNAPSE_LAWS)}
MIN_SIZE_VX = 50


def law_names() -> list[list[str]]:
    """Name of the synapse law of every (pre type, post type), in the order of NEURON_TYPES."""
    sources = ["E" if a.broad_type == EXC else a.name for a in NEURON_TYPES]
    return [[f"{source}->{b.broad_type[0].upper()}" for b in NEURON_TYPES] for source in sources]


# Proofreading of axons: share of each strategy per broad type, drawn independently of the connections.
AXON_STRATEGIES = (
    "none", "axon_partially_extended", "axon_fully_extended", "axon_column_truncated", "axon_interareal"
)  # fmt: skip
AXON_STRATEGY_SHARES = {EXC: (0.35, 0.40, 0.10, 0.11, 0.04), INH: (0.15, 0.20, 0.40, 0.25, 0.0)}
N_OUTDATED_STATUS = 12

# Fragments: partners that appear in the synapse table only.
N_PRE_FRAGMENTS, N_FRAGMENT_OUTPUTS = 2_600, 3_100
N_POST_FRAGMENTS, N_FRAGMENT_INPUTS = 2_200, 2_500
