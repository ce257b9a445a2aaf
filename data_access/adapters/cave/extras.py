"""What a pull fetches besides synapses: root ids of other versions, skeletons. Without them the dataset is whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from data_access.adapters.cave import record as records
from data_access.adapters.cave import tables
from data_access.adapters.cave.client import Cave
from data_access.adapters.cave.generations import OTHER_VERSIONS, SKELETONS, write_table
from data_access.adapters.cave.problems import CaveError
from data_access.adapters.cave.report import Report
from data_access.adapters.cave.stacks import StackConfig

AT_ONCE = 200
MISSING = "skeletons_missing.json"


def fetch_other_versions(cave: Cave, config: StackConfig, folder: Path, report: Report) -> None:
    """Write the root ids that the nuclei have in this and every other version which can still be asked.

    By them an id of another version is recognised later, and carried over, without the service. Nuclei on no segment
    (root 0) are in it: a cell that has vanished is told from one that is unknown.
    """
    path = folder / OTHER_VERSIONS
    found = [pd.read_parquet(path)] if path.is_file() else []
    known = set(found[0]["version"]) if found else set()
    try:
        others = cave.versions()
    except CaveError as error:
        if error.kind == "cancelled":
            raise
        report.note(f"root ids of other versions could not be had: {error.message}")
        return
    for other in others:
        report.check()
        if other.version in known:
            continue
        try:
            nuclei = tables.nuclei(cave, other.version, config)
        except CaveError as error:
            if error.kind == "cancelled":
                raise
            report.note(f"root ids of version {other.version} could not be had: {error.message}")
            continue
        found.append(nuclei.assign(version=other.version))
    columns = {"nucleus_id": pa.int64(), "version": pa.int32(), "root_id": pa.int64()}
    rows = pd.concat(found, ignore_index=True)[list(columns)] if found else pd.DataFrame(columns=list(columns))
    write_table(pa.Table.from_pandas(rows, schema=pa.schema(columns.items()), preserve_index=False), path)


def fetch_skeletons(cave: Callable[[], Cave], ids: np.ndarray, folder: Path, report: Report) -> None:
    """Write skeletons/ID.swc (nm) for the cells that the service has a skeleton of; the others are noted once."""
    place = folder / SKELETONS
    place.mkdir(parents=True, exist_ok=True)
    there = {path.stem for path in place.glob("*.swc")}
    known = folder / MISSING
    without = set(json.loads(known.read_text())) if known.is_file() else set()
    left = [i for i in ids.tolist() if str(i) not in there and str(i) not in without]
    report.stage("skeletons", len(ids), "skeletons", done=len(ids) - len(left))
    for start in range(0, len(left), AT_ONCE):
        report.check()
        some = left[start : start + AT_ONCE]
        try:
            found = cave().skeletons(some)
        except CaveError as error:
            if error.kind == "cancelled":
                raise
            report.note(f"skeletons could not be had: {error.message}")
            return
        for cell, skeleton in found.items():
            records.write_text(place / f"{cell}.swc", skeleton.swc())
        without |= {str(i) for i in some if i not in found}
        records.write_text(known, json.dumps(sorted(without)))
        report.advance(len(ids) - len(left) + start + len(some))
    if without:
        report.note(f"{len(without):,} of the cells have no skeleton at the service yet")
