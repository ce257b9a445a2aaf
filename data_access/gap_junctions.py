"""Gap junctions: unordered pairs in a table of their own, no connections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq

from data_access import staging
from data_access.errors import InputError
from data_access.ids import IdIndex
from data_access.layouts import connection_roles
from data_access.settling import literal, relation, settle
from data_access.sources import open_table


def write(
    con: duckdb.DuckDBPyConnection, files: Sequence[Path], index: IdIndex, place: Path, scratch: Path
) -> tuple[int, list[str]]:
    """Write gap_junctions.parquet: one row an unordered pair (cell_a <= cell_b); the number of pairs and notes.

    A source that lists a pair in both directions describes one junction; the larger of the two weights is kept. Rows
    without a cell or a weight are left out and counted in the notes. InputError where a weight is negative, and where
    a cell is unknown to the dataset.
    """
    if not files:
        return 0, []
    parts = []
    for number, path in enumerate(files):
        table = open_table(path)
        pre, post = ("cell_a", "cell_b") if "cell_a" in table.names else (None, None)
        roles = connection_roles(table, pre, post, None, ())
        parts.append(staging.stage(table, roles, scratch / f"gap-{number}.parquet", lambda n: None))
    types = settle(con, parts).types
    if types["pre"] == "VARCHAR" and not index.is_text:
        raise InputError(
            f"{parts[0].source.path.name}: the cells of gap junctions are names, those of the dataset numbers"
        )
    form, kind = "VARCHAR" if index.is_text else "BIGINT", types["weight"]
    rows = relation(parts, types)
    there = "pre IS NOT NULL AND post IS NOT NULL AND weight > 0"
    counts = con.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {there}), count(*) FILTER (WHERE weight < 0) FROM ({rows})"
    ).fetchone()
    assert counts is not None
    read, kept, negative = counts
    if negative:
        raise InputError(f"{parts[0].source.path.name}: {negative:,} gap junctions have a negative weight")
    target = place / "gap_junctions.parquet"
    con.execute(
        f"COPY (SELECT least(a, b) AS cell_a, greatest(a, b) AS cell_b, max(weight) AS weight FROM "
        f"(SELECT CAST(pre AS {form}) AS a, CAST(post AS {form}) AS b, CAST(sum(weight) AS {kind}) AS weight "
        f"FROM ({rows}) WHERE {there} GROUP BY 1, 2) "
        f"GROUP BY 1, 2 ORDER BY 1, 2) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
    table = pq.read_table(target)
    for name in ("cell_a", "cell_b"):
        values = table.column(name)
        codes = index.codes(values.to_pylist() if index.is_text else values.to_numpy())
        if (codes < 0).any():
            raise InputError(f"gap junction of a cell the dataset does not hold: {values[int(np.argmax(codes < 0))]}")
    left = f"gap junctions: {read - kept:,} of {read:,} rows left out: no cell, or weight missing or zero"
    return table.num_rows, [left] if read > kept else []
