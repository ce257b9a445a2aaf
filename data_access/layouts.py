"""Which column is what: the layouts we know by their column names, and what a user said.

Known: CAVE synapse tables (positions as one list column or split), the MICrONS phase 1 tables, neuPrint synapse
rows, edge lists with a weight, and files that already use our own names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data_access.errors import InputError, UsageError, did_you_mean
from data_access.sources import TableFile

PAIRS = (
    ("pre_id", "post_id"),
    ("pre_pt_root_id", "post_pt_root_id"),
    ("pre_root_id", "post_root_id"),
    ("bodyId_pre", "bodyId_post"),
    ("body_pre", "body_post"),
    ("pre_cell_id", "post_cell_id"),
    ("pre", "post"),
    ("source", "target"),
    ("from", "to"),
)
CAVE_PAIRS = PAIRS[1:3]
SEGMENT_PAIRS = PAIRS[1:5]  # 64-bit ids of segments, where 0 is the background
NO_COLUMN = "none"  # --synapse-id none: no column identifies rows
SIZES = ("size", "cleft_vx", "cleft_size")
WEIGHTS = ("weight", "n_synapses", "syn_count", "n_syn", "synapse_count")
CELL_IDS = ("cell_id", "pt_root_id", "root_id", "bodyId", "body_id", "node_id", "skeleton_id", "neuron_id")
CAVE_CELL_IDS = ("pt_root_id", "root_id")
CELL_TYPES = ("cell_type", "type", "cell_type_auto", "cell_class", "class")
SYNAPSE_POSITIONS = ("x_nm,y_nm,z_nm", "ctr_pt_position", "ctr_pt", "x_post,y_post,z_post")
CELL_POSITIONS = ("x_nm,y_nm,z_nm", "pt_position", "pt", "soma", "somaLocation")
VOXEL_NM = {"cave": (4.0, 4.0, 40.0), "neuprint": (8.0, 8.0, 8.0)}


@dataclass(frozen=True)
class Position:
    """Where x, y, z come from: one list (or bracketed text) column, or three; and nm per unit along each axis.

    `voxels`: the unit is a voxel.
    """

    columns: tuple[str, ...]
    nm_per_unit: tuple[float, float, float]
    voxels: bool = False


@dataclass(frozen=True)
class Roles:
    """Columns of one file by their role; None where the file has none.

    `zero_is_background`: id 0 stands for no cell. `segments`: ids are whole numbers, never names. `note`: what the
    user should know, for the import ledger.
    """

    layout: str
    pre: str | None = None
    post: str | None = None
    synapse_id: str | None = None
    size: str | None = None
    weight: str | None = None
    measures: tuple[str, ...] = ()
    position: Position | None = None
    cell_id: str | None = None
    cell_type: str | None = None
    zero_is_background: bool = False
    segments: bool = False
    note: str = ""


def synapse_roles(
    table: TableFile, pre: str | None, post: str | None, synapse_id: str | None, size: str | None,
    position: str | None, voxel_nm: tuple[float, float, float] | None,
) -> Roles:  # fmt: skip
    """Roles in a file with one synapse a row."""
    ends = _ends(table, pre, post)
    layout = _layout(table, ends)
    found_id = _synapse_id(table, synapse_id, layout)
    found_size = table.column(size) if size else _first(table, SIZES)
    where, note = _position(table, position, voxel_nm, layout, SYNAPSE_POSITIONS)
    return Roles(
        layout, *ends, synapse_id=found_id, size=found_size, position=where, zero_is_background=True,
        segments=ends in SEGMENT_PAIRS, note=note,
    )  # fmt: skip


def _synapse_id(table: TableFile, named: str | None, layout: str) -> str | None:
    if named == NO_COLUMN and named not in table.names:
        return None
    if named:
        return table.column(named)
    return _first(table, ("synapse_id", "id", "syn_id") if layout == "cave" else ("synapse_id",))


def connection_roles(
    table: TableFile, pre: str | None, post: str | None, weight: str | None, measures: Sequence[str]
) -> Roles:
    """Roles in a file with one weighted connection a row."""
    ends = _ends(table, pre, post)
    found = table.column(weight) if weight else _first(table, WEIGHTS)
    if found is None:
        raise InputError(
            f"{table.path.name}: which column is the number of synapses? It has {table.listed()}",
            "name it with --weight",
        )
    own = tuple(table.column(m) for m in measures)
    segments = ends in SEGMENT_PAIRS
    return Roles("edges", *ends, weight=found, measures=own, zero_is_background=segments, segments=segments)


def cell_roles(
    table: TableFile, cell_id: str | None, cell_type: str | None, position: str | None,
    voxel_nm: tuple[float, float, float] | None, rows: Roles,
) -> Roles:  # fmt: skip
    """Roles in a cell table that goes with rows of these roles."""
    layout = rows.layout
    usual = (*CAVE_CELL_IDS, *CELL_IDS) if layout == "cave" else CELL_IDS
    found = table.column(cell_id) if cell_id else _first(table, usual)
    if found is None:
        raise InputError(
            f"{table.path.name}: which column holds the cell ids? It has {table.listed()}",
            "name it with --cell-id",
        )
    kind = table.column(cell_type) if cell_type else _first(table, CELL_TYPES)
    if layout not in VOXEL_NM and found in CAVE_CELL_IDS:
        layout = "cave"
    elif layout not in VOXEL_NM and found == "bodyId":
        layout = "neuprint"
    where, note = _position(table, position, voxel_nm, layout, CELL_POSITIONS)
    return Roles(
        layout, cell_id=found, cell_type=kind, position=where, zero_is_background=rows.zero_is_background,
        segments=rows.segments, note=note,
    )  # fmt: skip


def _first(table: TableFile, names: Sequence[str]) -> str | None:
    return next((name for name in names if name in table.names), None)


def _ends(table: TableFile, pre: str | None, post: str | None) -> tuple[str, str]:
    if bool(pre) != bool(post):
        given, other = ("--pre", "--post") if pre else ("--post", "--pre")
        raise UsageError(f"{given} needs {other} beside it")
    if pre and post:
        ends = table.column(pre), table.column(post)
        if ends[0] == ends[1]:
            raise UsageError(f"--pre and --post name the same column '{ends[0]}'")
        return ends
    for pair in PAIRS:
        if pair[0] in table.names and pair[1] in table.names:
            return pair
    lone = [name for pair in PAIRS for name in pair if name in table.names]
    if lone:
        partner = next(b if a == lone[0] else a for a, b in PAIRS if lone[0] in (a, b))
        raise InputError(f"{table.path.name} has '{lone[0]}' but no column '{partner}'",
                         did_you_mean(partner, table.names))  # fmt: skip
    raise InputError(
        f"{table.path.name}: no known columns for the two partners among {table.listed()}",
        "name them with --pre and --post",
    )


def _layout(table: TableFile, ends: tuple[str, str]) -> str:
    if ends in CAVE_PAIRS:
        return "cave"
    return "neuprint" if ends == ("bodyId_pre", "bodyId_post") else "synapses"


def _split(table: TableFile, stem: str) -> tuple[tuple[str, ...], str] | None:
    """The three columns that spell x, y, z of `stem`, and their unit."""
    for pattern, unit in (
        ("{s}_{a}", ""), ("{s}_{a}_nm", "nm"), ("{s}_{a}_um", "um"), ("{s}{a}", ""), ("{a}_{s}", ""),
    ):  # fmt: skip
        names = tuple(pattern.format(s=stem, a=axis) for axis in "xyz")
        if all(name in table.names for name in names):
            return names, unit
    return None


def _position(
    table: TableFile, named: str | None, voxel_nm: tuple[float, float, float] | None, layout: str,
    usual: Sequence[str],
) -> tuple[Position | None, str]:  # fmt: skip
    """The position columns: those a user named, else the first usual ones that are there; and what to tell the user."""
    for stem in [named] if named else usual:
        columns, unit = _columns_of(table, stem, must=bool(named))
        if not columns:
            continue
        if unit:
            factor = {"nm": 1.0, "um": 1000.0}[unit]
            return Position(columns, (factor, factor, factor)), ""
        if voxel_nm:
            return Position(columns, voxel_nm, voxels=True), ""
        if layout in VOXEL_NM:
            size = VOXEL_NM[layout]
            spelled = " x ".join(f"{v:g}" for v in size)
            note = f"positions taken as voxels of {spelled} nm (usual for {layout}; else --voxel-nm)"
            return Position(columns, size, voxels=True), note
        if named:
            raise UsageError(f"positions in '{named}' have no unit", "say how large a voxel is: --voxel-nm 4,4,40")
        note = f"{table.path.name}: '{stem}' is not used as the position: its unit is unknown (--voxel-nm says it)"
        return None, note
    return None, ""


def _columns_of(table: TableFile, stem: str, must: bool) -> tuple[tuple[str, ...], str]:
    parts = [part.strip() for part in stem.split(",")]
    if len(parts) == 3:
        if not must and any(part not in table.names for part in parts):
            return (), ""
        columns = tuple(table.column(part) for part in parts)
        return columns, _unit(columns[0])
    if stem in table.names:
        return (stem,), _unit(stem)
    split = _split(table, stem)
    if split is not None:
        return split
    if not must:
        return (), ""
    column = table.column(stem)
    return (column,), _unit(column)


def _unit(name: str) -> str:
    return "nm" if name.endswith("_nm") else "um" if name.endswith("_um") else ""
