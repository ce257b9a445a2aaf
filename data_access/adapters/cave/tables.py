"""The cell table of a version, under our names: nuclei or a view of cells, with types and proofreading beside them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.adapters.cave.client import Cave, CaveError, Query
from data_access.adapters.cave.joining import Notes, Read, add_flags, add_proofreading, add_types, reader
from data_access.adapters.cave.schema import CellSource, Nuclei, StackConfig
from data_access.adapters.cave.transforms import Depth, depth_of, flat_of

__all__ = ["CellTable", "Depth", "cell_table", "depth_of", "nuclei"]

FILE = "cells.parquet"
FORMAT = 1
NOTE = b"synaptoscope"
FIRST = (
    "cell_id", "nucleus_id", "cell_type", "cell_type_manual", "cell_type_auto", "broad_type", "x_nm", "y_nm", "z_nm",
    "depth_um", "lateral_x_um", "lateral_z_um", "volume_um3", "status_axon", "status_dendrite", "strategy_axon",
    "strategy_dendrite", "valid_id", "outdated",
)  # fmt: skip
NOT_CARRIED = {"id", "valid", "created", "superceded_id", "deleted"}
Progress: TypeAlias = Callable[[int, int | None], None]


@dataclass(frozen=True)
class CellTable:
    """A cell table on disk: `notes` for the reader, `left_out`: why -> how many rows of the source are not in it."""

    path: Path
    rows: int
    notes: tuple[str, ...]
    left_out: Mapping[str, int]


def cell_table(
    cave: Cave, version: int, config: StackConfig, folder: Path, progress: Progress | None = None
) -> CellTable:
    """Write `folder`/cells.parquet, or take the one that is there if it is of the same version and description.

    One row a nucleus: cells with several nuclei have several rows. Columns: cell_id int64 (the root id), nucleus_id
    int64, cell_type, cell_type_manual, cell_type_auto, broad_type, x_nm y_nm z_nm, depth_um lateral_x_um lateral_z_um
    (where the description has a transform), volume_um3, status_ and strategy_ of axon and dendrite, valid_id int64,
    outdated (proofread as another root), one column a flag, and whatever else the source has that is no id. Rows
    without a root are left out and counted; proofread axons without a nucleus are rows. Raises CaveError.
    """
    path = folder / FILE
    stamp = _stamp(cave, version, config)
    if (kept := _kept(path, stamp)) is not None:
        return kept
    steps = Steps(progress)
    notes, read = Notes(list(config.notes)), reader(cave, version)
    frame = _cells(read, config, notes)
    steps.done()
    frame = add_types(frame, read, config, notes)
    steps.done()
    frame = add_flags(frame, read, config)
    frame = add_proofreading(frame, read, config, notes)
    steps.done()
    frame = _with_depth(frame, config)
    several = frame["cell_id"].duplicated(keep=False) & (frame["cell_id"] != 0)
    if several.any():
        n = frame.loc[several, "cell_id"].nunique()
        notes.add(f"{n:,} cells hold several nuclei ({int(several.sum()):,} rows)")
    frame = frame.sort_values([c for c in ("cell_id", "nucleus_id") if c in frame], ignore_index=True)
    table = CellTable(path, len(frame), tuple(notes.texts), notes.left_out)
    _write(frame, table, stamp)
    return table


def nuclei(cave: Cave, version: int, config: StackConfig) -> pd.DataFrame:
    """All nuclei of a version: nucleus_id int64, root_id int64 (0 = on no segment), each nucleus once, ascending.

    From the table of nuclei, else from the cells where they have nuclei. CaveError "unknown" where neither is there.
    """
    names = {(table.name, table.kind == "view") for table in cave.tables(version)}
    source, cells = config.nuclei, config.cells
    found = next((name for name in source.table if (name, False) in names), "") if source else ""
    if source and found:
        return _ids(cave, version, Query(found, columns=(source.id, source.root)), source.id, source.root)
    found = next((name for name in cells.table if (name, cells.view) in names), "") if cells else ""
    if cells and cells.nucleus and found:
        query = Query(found, view=cells.view, columns=(cells.nucleus, cells.root))
        return _ids(cave, version, query, cells.nucleus, cells.root)
    raise CaveError("unknown", f"version {version} of {cave.datastack} has no table of nuclei")


def _ids(cave: Cave, version: int, query: Query, nucleus: str, root: str) -> pd.DataFrame:
    frame = cave.whole(version, query, key=nucleus)
    frame = frame[frame[nucleus].notna()]
    return pd.DataFrame(
        {
            "nucleus_id": frame[nucleus].to_numpy(dtype=np.int64),
            "root_id": frame[root].fillna(0).to_numpy(dtype=np.int64),
        }
    ).drop_duplicates("nucleus_id", ignore_index=True)


class Steps:
    """Tells how many of the steps of a cell table are done."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress, self.total, self.now = progress, 3, 0

    def done(self) -> None:
        """One step more."""
        self.now += 1
        if self.progress is not None:
            self.progress(self.now, self.total)


def _cells(read: Read, config: StackConfig, notes: Notes) -> pd.DataFrame:
    """cell_id, nucleus_id, positions, volume, the words of the source for type and broad type; the rest as it is."""
    source = config.cells or _as_cells(config.nuclei)
    key = "id" if source.nucleus in ("", "id") else source.nucleus
    raw = read(source.table[0], source.view, key)
    roots = raw[source.root].fillna(0).astype("Int64")
    notes.leave_out("no segment at the nucleus (root id 0)", int((roots == 0).sum()))
    raw = raw[(roots != 0).to_numpy(dtype=bool)].reset_index(drop=True)
    frame = pd.DataFrame({"cell_id": raw[source.root].astype("int64")})
    volume = next((name for name in source.volume if name in raw), "")
    used = {source.root, source.nucleus, source.type, source.broad_type, volume}
    if source.nucleus:
        frame["nucleus_id"] = raw[source.nucleus].astype("Int64")
    for axis in "xyz":
        if source.position and f"{source.position}_{axis}_nm" in raw:
            frame[f"{axis}_nm"] = raw[f"{source.position}_{axis}_nm"]
    if volume:
        frame["volume_um3"] = raw[volume].astype("Float64").astype("float64")
    for ours, theirs in (("cell_type", source.type), ("broad_type", source.broad_type)):
        if theirs and theirs in raw:
            frame[ours] = raw[theirs].astype("string")
    for name in raw.columns:
        if name not in used and _is_carried(str(name), raw[name]) and name not in FIRST:
            frame[str(name)] = raw[name]
    return frame


def _as_cells(source: Nuclei | None) -> CellSource:
    assert source is not None
    volume = (source.volume,) if source.volume else ()
    return CellSource(source.table, nucleus=source.id, root=source.root, position=source.position, volume=volume)


def _is_carried(name: str, values: pd.Series) -> bool:
    if name in NOT_CARRIED or name.endswith(("_id", "_nm", "_id_ref", "_position")):
        return False
    return not pd.api.types.is_datetime64_any_dtype(values) and bool(values.notna().any())


def _with_depth(frame: pd.DataFrame, config: StackConfig) -> pd.DataFrame:
    if config.transform is None or "y_nm" not in frame:
        return frame
    flat = flat_of(config.transform)(frame[["x_nm", "y_nm", "z_nm"]].to_numpy(dtype=np.float64, na_value=np.nan))
    return frame.assign(depth_um=flat[:, 1], lateral_x_um=flat[:, 0], lateral_z_um=flat[:, 2])


def _stamp(cave: Cave, version: int, config: StackConfig) -> str:
    text = repr((FORMAT, cave.info.local_server, cave.datastack, version, config))
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(path: Path, stamp: str) -> CellTable | None:
    try:
        footer = pq.read_metadata(path)
        note = json.loads((footer.metadata or {})[NOTE])
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return None
    if note.get("stamp") != stamp:
        return None
    return CellTable(path, footer.num_rows, tuple(note["notes"]), note["left_out"])


def _write(frame: pd.DataFrame, table: CellTable, stamp: str) -> None:
    """The file is there whole or not at all."""
    names = [name for name in FIRST if name in frame] + [name for name in frame.columns if name not in FIRST]
    arrow = pa.Table.from_pandas(frame[names], preserve_index=False)
    note = json.dumps({"stamp": stamp, "notes": table.notes, "left_out": dict(table.left_out)})
    table.path.parent.mkdir(parents=True, exist_ok=True)
    half = table.path.with_name(f".{table.path.name}.{os.getpid()}.new")
    try:
        pq.write_table(arrow.replace_schema_metadata({NOTE: note.encode()}), half, compression="zstd")
        half.replace(table.path)
    finally:
        half.unlink(missing_ok=True)
