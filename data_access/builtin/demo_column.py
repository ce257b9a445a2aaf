"""The built-in dataset `demo-column`: a synthetic cortical column with a law that is known exactly.

It resembles the published MICrONS V1 column in type names, type proportions and connection fractions, and
exercises every page; nothing in it was measured. `generate` makes the tables and the truth, `write_sources`
and `write_extras` put them where an import finds them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data_access.builtin.demo_cells import cell_table, draw_ids, draw_somata
from data_access.builtin.demo_connections import Connections, NodeRanges, all_connections
from data_access.builtin.demo_skeletons import build_skeletons, swc_text
from data_access.builtin.demo_synapses import COMPARTMENTS, Synapses, draw_synapses
from data_access.builtin.demo_truth import describe
from data_access.builtin.demo_types import LAYER_FLOORS_UM, N_NEURONS

if TYPE_CHECKING:
    from data_access.importer import ImportSpec

DATASET_ID = "demo-column"
GENERATOR_VERSION = "1"
_FIRST_SYNAPSE_ID = 100_000_000
_SYNAPSE_ID_SPAN = 400_000_000

MEANINGS: Mapping[str, str] = {
    "cell_id": "id of the cell (synthetic; above every id of the public MICrONS releases)",
    "nucleus_id": "id of the nucleus; missing for thalamic axons",
    "cell_type": "true cell type; missing for thalamic axons",
    "broad_type": "excitatory, inhibitory or nonneuronal",
    "mtype": "automatic classification of neurons: some wrong, some 'unsure', some missing",
    "layer": "cortical layer of the soma, by depth",
    "x_nm": "position in nm, across the column (cell: soma centre; synapse: cleft)",
    "y_nm": "position in nm below the pia, at y = 0 (cell: soma centre; synapse: cleft)",
    "z_nm": "position in nm, across the column (cell: soma centre; synapse: cleft)",
    "depth_um": "depth of the soma below the pia in um (= y)",
    "volume_um3": "volume of the soma in cubic um",
    "is_column": "whether the cell's soma lies in the column",
    "status_axon": "whether the axon was proofread (counts only where valid_id = cell_id)",
    "strategy_axon": "how the axon was proofread, or none (here unrelated to how many partners are found)",
    "status_dendrite": "whether the dendrite was proofread",
    "strategy_dendrite": "how the dendrite was proofread",
    "valid_id": "id of the cell when its proofreading status was recorded; another id than cell_id: outdated",
    "synapse_id": "id of the synapse",
    "pre_id": "id of the presynaptic cell or fragment",
    "post_id": "id of the postsynaptic cell or fragment",
    "size": "size of the synaptic cleft in voxels",
    "compartment": "target compartment: spine, shaft or soma; missing onto fragments",
}


@dataclass(frozen=True)
class DemoColumn:
    """The generated column.

    cells, synapses: Arrow tables in the canonical column names (MEANINGS says what each holds). skeletons:
    SWC rows (id, type, x, y, z, radius, parent; int64 (n, 7), nm) by cell id, for every neuron. truth:
    JSON-able, the law.
    """

    cells: pa.Table
    synapses: pa.Table
    skeletons: Mapping[int, NDArray[np.int64]]
    truth: dict[str, Any]


def generate(seed: int = 1718) -> DemoColumn:
    """Make the column; the same seed gives the same column, bit for bit, on the same NumPy version."""
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(10)]
    somata = draw_somata(streams[0])
    nodes = NodeRanges(N_NEURONS, len(somata.type_code))
    ids = draw_ids(streams[1], nodes.n_nodes)
    cells = cell_table(streams[2], somata, ids)

    neurons = slice(0, nodes.n_neurons)
    type_code, soma_um = somata.type_code[neurons], somata.position_nm[neurons] / 1000
    radius_um = somata.radius_um[neurons]
    connections, expected = all_connections(streams[3], type_code, soma_um, nodes)
    skeletons = build_skeletons(streams[4], type_code, soma_um, radius_um)
    drawn = draw_synapses(streams[5:9], connections, skeletons, soma_um, radius_um)
    synapses = _synapse_table(streams[9], ids, connections, drawn)
    return DemoColumn(
        cells=cells,
        synapses=synapses,
        skeletons=dict(zip(ids[neurons].tolist(), skeletons.rows, strict=True)),
        truth=describe(GENERATOR_VERSION, seed, cells, synapses, expected),
    )


def _synapse_table(
    rng: np.random.Generator, ids: NDArray[np.int64], connections: Connections, drawn: Synapses
) -> pa.Table:
    """One row a synapse, in random order as synapse tables come."""
    n = len(drawn.connection)
    names = np.array([*COMPARTMENTS, None], dtype=object)
    synapse_id = _FIRST_SYNAPSE_ID + rng.choice(_SYNAPSE_ID_SPAN, n, replace=False).astype(np.int64)
    table = pa.table(
        {
            "synapse_id": synapse_id,
            "pre_id": ids[connections.pre[drawn.connection]],
            "post_id": ids[connections.post[drawn.connection]],
            "size": drawn.size,
            "x_nm": drawn.position_nm[:, 0].astype(np.float64),
            "y_nm": drawn.position_nm[:, 1].astype(np.float64),
            "z_nm": drawn.position_nm[:, 2].astype(np.float64),
            "compartment": pa.array(names[drawn.compartment], type=pa.string()),
        }
    )
    return table.take(pa.array(rng.permutation(n)))


def write_sources(column: DemoColumn, folder: Path) -> ImportSpec:
    """Write cells.parquet and synapses.parquet into `folder` and say how to import them."""
    from data_access.importer import ImportSpec

    folder.mkdir(parents=True, exist_ok=True)
    cells, synapses = folder / "cells.parquet", folder / "synapses.parquet"
    pq.write_table(column.cells, cells, compression="zstd")
    pq.write_table(column.synapses, synapses, compression="zstd")
    seed = column.truth["seed"]
    return ImportSpec(
        id=DATASET_ID,
        title="Demo column (synthetic, not measured)",
        synapses=(synapses,),
        cells=(cells,),
        complete=(cells,),  # fragments are not: their other synapses are not here
        source=f"generated by data_access.builtin.demo_column, version {GENERATOR_VERSION}, seed {seed}",
        version=f"{GENERATOR_VERSION} (seed {seed})",
        licence="CC0-1.0",
        citation=(
            "Synthetic data made by Synaptoscope (demo-column). "
            "Nothing in it was measured: do not cite it as a finding. "
            "Type names and proportions follow MICrONS Consortium, Nature 640, 435-447 (2025)."
        ),
        synthetic=True,
        vertical="y",
        layers=_layers(),
        description=(
            "A made-up cortical column of about 1,400 typed cells, drawn from a law that truth.json states: "
            "connection probability by type and distance, reciprocal excess, synapses per connection, sizes "
            "and compartments. For trying every page, and for checking estimators against the truth."
        ),
        meanings=MEANINGS,
    )


def _layers() -> tuple[tuple[str, float, float], ...]:
    """Each layer from the floor of the one above it, in um below the pia."""
    floors = list(LAYER_FLOORS_UM.items())
    tops = [0.0, *(float(floor) for _, floor in floors[:-1])]
    return tuple((name, top, float(floor)) for (name, floor), top in zip(floors, tops, strict=True))


def write_extras(column: DemoColumn, folder: Path) -> None:
    """Write skeletons/<cell id>.swc (nm) and truth.json into the folder of a dataset that is being built."""
    skeletons = folder / "skeletons"
    skeletons.mkdir(parents=True, exist_ok=True)
    for cell_id, rows in column.skeletons.items():
        text = swc_text(rows, f"Synaptoscope demo-column, neuron {cell_id}")
        (skeletons / f"{cell_id}.swc").write_text(text, encoding="utf-8")
    truth = json.dumps(column.truth, indent=1, ensure_ascii=False)
    (folder / "truth.json").write_text(truth + "\n", encoding="utf-8")
