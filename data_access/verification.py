"""Re-reading a dataset: files against their checksums, counts against the data, rows against the graph."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from data_access import graph as graphs
from data_access import store
from data_access.columns import reading
from data_access.errors import SynaptoscopeError
from data_access.graph import Graph
from data_access.metadata import DatasetMeta
from data_access.staging import literal


def check(place: Path, meta: DatasetMeta, checksums: bool = True) -> None:
    """Re-read a dataset: files, counts, margins, and rows against the graph. SynaptoscopeError names what differs."""
    if checksums:
        store.check_files(place, meta)
    graph = graphs.load(place / "graph", meta.measures)
    graphs.check(graph)
    with reading(place / "cells.parquet"):
        cells = pq.read_metadata(place / "cells.parquet").num_rows
    found = {
        "n_cells": cells, "n_connections": graph.n_connections, "n_synapses": graph.n_synapses,
        "n_autapses": len(graph.autapses()), "n_reciprocal_pairs": graph.n_reciprocal_pairs(),
        "n_cells_connected": graph.n_connected(),
    }  # fmt: skip
    for name, value in found.items():
        if value != getattr(meta, name):
            said = getattr(meta, name)
            raise SynaptoscopeError(f"{meta.id}: {name} is {said:,} in dataset.json but {value:,} in the data")
    if cells != graph.n_nodes:
        raise SynaptoscopeError(f"{meta.id}: {cells:,} rows of cells but {graph.n_nodes:,} cells in the graph")
    ledger = meta.ledger
    gone = sum(item.rows for item in ledger.rows_left_out)
    if ledger.rows_kept + gone != ledger.rows_read:
        raise SynaptoscopeError(
            f"{meta.id}: {ledger.rows_read:,} rows read, {ledger.rows_kept:,} kept, {gone:,} left out do not add up"
        )
    _compare_rows(place, meta, graph)


def _compare_rows(place: Path, meta: DatasetMeta, graph: Graph) -> None:
    """Aggregate the stored synapse rows again and compare with the graph; SynaptoscopeError where they differ."""
    if not (place / "synapses").is_dir():
        return
    pattern = literal(str(place / "synapses" / "*.parquet"))
    by_post = literal(str(place / "synapses_by_post" / "*.parquet"))
    con = duckdb.connect()
    try:
        con.execute("SET memory_limit = '1000MB'")
        con.execute("SET threads = 2")
        row = con.execute(f"SELECT count(*) FROM read_parquet({pattern})").fetchone()
        narrow = con.execute(f"SELECT count(*) FROM read_parquet({by_post})").fetchone()
        pairs = con.execute(
            f"SELECT count(*), sum(n) FROM (SELECT count(*) AS n FROM read_parquet({pattern}) GROUP BY pre_id, post_id)"
        ).fetchone()
        assert row is not None
        assert narrow is not None
        assert pairs is not None
        found = (int(row[0]), int(narrow[0]), int(pairs[0]))
        if found != (graph.n_synapses, graph.n_synapses, graph.n_connections):
            raise SynaptoscopeError(
                f"{meta.id}: {found[0]:,} synapse rows ({found[1]:,} by post) make {found[2]:,} connections, "
                f"but the graph holds {graph.n_synapses:,} in {graph.n_connections:,}"
            )
    finally:
        con.close()
