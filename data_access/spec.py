"""What to import, and how to read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_access import store
from data_access.errors import UsageError


@dataclass(frozen=True)
class ImportSpec:
    """What to import and how to read it. Column options are names or 1-based numbers, as text.

    `origin` and `partial` (more is to come) are for pulls, see DatasetMeta.
    """

    id: str
    title: str = ""
    synapses: tuple[Path, ...] = ()
    connections: tuple[Path, ...] = ()
    cells: tuple[Path, ...] = ()
    gap_junctions: tuple[Path, ...] = ()
    pre: str | None = None
    post: str | None = None
    synapse_id: str | None = None
    size: str | None = None
    position: str | None = None
    weight: str | None = None
    cell_id: str | None = None
    cell_type: str | None = None
    cell_position: str | None = None
    missing_size: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    voxel_nm: tuple[float, float, float] | None = None
    cell_voxel_nm: tuple[float, float, float] | None = None
    rows: str = ""
    header: bool = True
    complete: tuple[Path, ...] = ()
    complete_inputs: tuple[Path, ...] = ()
    complete_outputs: tuple[Path, ...] = ()
    source: str = ""
    version: str = ""
    licence: str = ""
    citation: str = ""
    description: str = ""
    synthetic: bool = False
    vertical: str = ""
    layers: tuple[tuple[str, float, float], ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
    partial: bool = False


def check(spec: ImportSpec) -> None:
    """Raise InputError for an id that cannot be one, UsageError for options that do not go together."""
    store.check_id(spec.id)
    if bool(spec.synapses) == bool(spec.connections):
        raise UsageError("give either --synapses or --connections")
    if spec.synapses and (spec.weight or spec.measures):
        raise UsageError("--weight and --measures belong to --connections")
    if spec.connections and (spec.synapse_id or spec.size or spec.position or spec.missing_size):
        raise UsageError("--synapse-id, --size, --missing-size and --position belong to --synapses")
    if not spec.cells and (spec.cell_id or spec.cell_type or spec.cell_position):
        raise UsageError("--cell-id, --cell-type and --cell-position need --cells")
    for files in (spec.synapses, spec.connections, spec.cells, spec.gap_junctions):
        resolved = [path.resolve() for path in files]
        twice = next((path for path in resolved if resolved.count(path) > 1), None)
        if twice is not None:
            raise UsageError(f"{twice.name} is given twice: its rows would count twice")
