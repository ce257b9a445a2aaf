"""What a dataset can serve, by what lies in its folder: pages that it cannot serve say why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from data_access import cells, synapse_files
from data_access.metadata import Column, DatasetMeta

SKELETONS = "skeletons"
MESHES = "meshes"


def found(place: Path, meta: DatasetMeta) -> tuple[str, ...]:
    """The capabilities of the dataset whose files are in `place`."""
    have: dict[str, bool] = {
        "matrix": True,
        "synapses": (place / synapse_files.BY_PRE).is_dir(),
        "sizes": (place / "graph" / "out_sum_size.npy").exists(),
        "synapse_positions": _has_positions(meta.synapse_columns),
        "cell_positions": _has_positions(meta.columns),
        "cell_types": meta.columns["cell_type"].meaning != cells.NO_TYPES,
        "proofreading": "status_axon" in meta.columns,
        "compartments": "compartment" in meta.synapse_columns,
        "gap_junctions": meta.n_gap_junctions > 0,
        SKELETONS: (place / SKELETONS).is_dir(),
        MESHES: (place / MESHES).is_dir(),
    }
    return tuple(name for name, there in have.items() if there)


def _has_positions(columns: Mapping[str, Column]) -> bool:
    return all(name in columns and columns[name].kind == "number" for name in cells.POSITIONS)
