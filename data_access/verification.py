"""A dataset re-read: its files against their checksums, its counts against the data, its rows against its graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access import cells as cell_tables
from data_access import graph as graphs
from data_access import graph_check, store, synapse_files
from data_access.columns import reading
from data_access.errors import SynaptoscopeError
from data_access.graph import Graph
from data_access.metadata import DatasetMeta


def check(place: Path, meta: DatasetMeta, checksums: bool = True) -> None:
    """Raise SynaptoscopeError naming the first thing that is not as dataset.json says, or does not fit together."""
    if checksums:
        store.check_files(place, meta)
    graph = graphs.load(place / "graph", meta.measures)
    graph_check.check(graph)
    with reading(place / "cells.parquet"):
        _check_counts(place, meta, graph)
        _check_ids(place, meta)
    _check_ledger(meta)
    if "synapses" in meta.capabilities:
        synapse_files.check(place, meta.id, graph, cell_tables.read_index(place / "cells.parquet"))


def check_amended(before: Path, place: Path, meta: DatasetMeta) -> None:
    """The same for a generation that shares its rows and its graph with the one before: its cell table alone is read.

    Raises SynaptoscopeError.
    """
    with reading(place / "cells.parquet"):
        _check_ids(place, meta)
    ids, known = (cell_tables.read_index(folder / "cells.parquet").ids for folder in (place, before))
    if len(ids) != meta.n_cells or not np.array_equal(ids, known):
        raise SynaptoscopeError(f"{meta.id}: the cells are not those of the generation before")
    gone = sorted(name for name in meta.files if not (place / name).is_file())
    if gone:
        raise SynaptoscopeError(f"{meta.id}: file {gone[0]} is missing")


def table_cells(place: Path) -> int:
    """How many cells of a dataset are no fragments."""
    return int(pc.sum(pq.read_table(place / "cells.parquet", columns=["is_cell"]).column(0)).as_py() or 0)


def _check_counts(place: Path, meta: DatasetMeta, graph: Graph) -> None:
    gaps = place / "gap_junctions.parquet"
    found = {
        "n_cells": _rows(place / "cells.parquet"),
        "n_connections": graph.n_connections,
        "n_synapses": graph.n_synapses,
        "n_autapses": len(graph.autapses()),
        "n_reciprocal_pairs": graph.n_reciprocal_pairs(),
        "n_cells_connected": graph.n_connected(),
        "n_complete": int((graph.complete_in & graph.complete_out).sum()),
        "n_gap_junctions": _rows(gaps) if gaps.is_file() else 0,
        "n_table_cells": table_cells(place) if meta.ledger.cell_rows_read else 0,
    }
    for name, value in found.items():
        if value != getattr(meta, name):
            said = getattr(meta, name)
            raise SynaptoscopeError(f"{meta.id}: {name} is {said:,} in dataset.json but {value:,} in the data")
    if found["n_cells"] != graph.n_nodes:
        raise SynaptoscopeError(f"{meta.id}: {found['n_cells']:,} cells in the table, {graph.n_nodes:,} in the graph")


def _check_ledger(meta: DatasetMeta) -> None:
    ledger = meta.ledger
    gone = sum(item.rows for item in ledger.rows_left_out)
    if ledger.rows_kept + gone != ledger.rows_read:
        raise SynaptoscopeError(
            f"{meta.id}: {ledger.rows_read:,} rows read do not equal {ledger.rows_kept:,} kept and {gone:,} left out"
        )
    if "synapses" in meta.capabilities and ledger.rows_kept != meta.n_synapses:
        raise SynaptoscopeError(f"{meta.id}: {ledger.rows_kept:,} rows kept but {meta.n_synapses:,} synapses")


def _rows(path: Path) -> int:
    with reading(path):
        return int(pq.read_metadata(path).num_rows)


def _check_ids(place: Path, meta: DatasetMeta) -> None:
    index = cell_tables.read_index(place / "cells.parquet")
    if len(index) > 1 and not bool(np.all(index.ids[1:] > index.ids[:-1])):
        raise SynaptoscopeError(f"{meta.id}: the ids in cells.parquet are not ascending and unique")
    columns = pq.read_schema(place / "cells.parquet").names
    if list(meta.columns) != columns:
        raise SynaptoscopeError(f"{meta.id}: cells.parquet has not the columns that dataset.json names")
