"""What the commands share: options, the data folder, and the report of a dataset."""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path

from data_access.errors import UsageError
from data_access.metadata import DatasetMeta


def add_common(command: argparse.ArgumentParser) -> None:
    """The options of every command."""
    command.add_argument("--json", action="store_true", help="a JSON summary on stdout")
    command.add_argument("--data", type=Path, default=None, help="data folder (default: SYNAPTOSCOPE_DATA or data/)")
    command.set_defaults(parser=command)  # knows the options that are nearest to a wrong one


def data_dir(options: argparse.Namespace) -> Path:
    """The data folder of a command."""
    return options.data or Path(os.environ.get("SYNAPTOSCOPE_DATA") or "data")


def voxel(option: str, text: str | None) -> tuple[float, float, float] | None:
    """The size of a voxel in nm as X,Y,Z; None where it is not given. UsageError for what is none."""
    if text is None:
        return None
    try:
        x, y, z = (float(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        raise UsageError(f"{option} {text}: three numbers were expected, such as 4,4,40") from None
    if not all(math.isfinite(side) and side > 0 for side in (x, y, z)):
        raise UsageError(f"{option} {text}: sizes must be above 0")
    return x, y, z


def report(meta: DatasetMeta, as_json: bool) -> None:
    """Print what a dataset holds and what was left out."""
    if as_json:
        print(json.dumps(meta.full(), ensure_ascii=False))
        return
    listed = f" ({meta.n_table_cells:,} of them in the cell table)" if meta.ledger.cell_rows_read else ""
    print(
        f"{meta.id}: {meta.n_synapses:,} synapses in {meta.n_connections:,} connections among {meta.n_cells:,} "
        f"cells{listed}, {meta.n_reciprocal_pairs:,} reciprocal pairs, {meta.n_autapses:,} autapses"
    )
    ledger = meta.ledger
    for item in (*ledger.rows_left_out, *ledger.cell_rows_left_out):
        print(f"  left out: {item.rows:,} rows: {item.reason}")
    for item in ledger.columns_left_out:
        print(f"  left out: column {item.column}: {item.reason}")
    for note in ledger.notes:
        print(f"  note: {note}")
