"""Files become a dataset: read, settle types, filter, check, sort, aggregate, verify, publish.

Rows never all stand in memory: files are staged as Parquet batch by batch, DuckDB sorts and aggregates them with a
memory limit and a spill folder, and only the graph (a few bytes a connection) is held whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_access import cells as cell_tables
from data_access import graph as graphs
from data_access import metadata, rows, staging, store, verification
from data_access.errors import InputError, UsageError
from data_access.ids import IdIndex
from data_access.layouts import Roles, cell_roles, connection_roles, synapse_roles
from data_access.metadata import Column, DatasetMeta, ImportLedger, LeftOut
from data_access.rows import literal
from data_access.sources import TableFile, open_table
from data_access.staging import Part

Progress = Callable[[str, int], None]
MEMORY_LIMIT = "1000MB"
ROW_GROUP = 131_072


@dataclass(frozen=True)
class ImportSpec:
    """What to import and how to read it. Column options are names or 1-based numbers, as text."""

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
    meanings: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Work:
    """What the steps of one import hand on: the folder, the database, and the ledger as it grows."""

    spec: ImportSpec
    place: Path
    scratch: Path
    con: duckdb.DuckDBPyConnection
    progress: Progress
    notes: list[str] = field(default_factory=list)
    columns_left_out: list[LeftOut] = field(default_factory=list)


def import_dataset(
    data_dir: Path, spec: ImportSpec, progress: Progress | None = None,
    prepare: Callable[[Path], None] | None = None,
) -> DatasetMeta:  # fmt: skip
    """Import files as a new dataset and return what dataset.json says.

    `prepare(folder)` may add files (skeletons/, truth.json) before the dataset becomes visible. Raises InputError or
    UsageError with one clear line; then nothing of the dataset is visible, and a later try starts afresh.
    """
    _check_spec(spec)
    started = time.monotonic()
    with store.building(data_dir, spec.id) as place:
        scratch = place / ".scratch"
        (scratch / "spill").mkdir(parents=True)
        con = _connect(scratch)
        try:
            work = _Work(spec, place, scratch, con, progress or (lambda stage, done: None))
            meta = _build(work)
        except duckdb.Error as error:
            raise InputError(f"the import failed in the database: {' '.join(str(error).split())[:300]}") from error
        finally:
            con.close()
            _clear(scratch)
        if prepare is not None:
            prepare(place)
        meta = _finish(work, meta, time.monotonic() - started)
        work.progress("check", 0)
        verification.check(place, meta, checksums=False)
    return meta


def _connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    con.execute("SET threads = 2")
    con.execute("SET preserve_insertion_order = false")
    con.execute(f"SET temp_directory = {literal(str(scratch / 'spill'))}")
    return con


def _clear(scratch: Path) -> None:
    import shutil

    shutil.rmtree(scratch, ignore_errors=True)


def _check_spec(spec: ImportSpec) -> None:
    store.check_id(spec.id)
    if bool(spec.synapses) == bool(spec.connections):
        raise UsageError("give either --synapses or --connections")
    if spec.synapses and (spec.weight or spec.measures):
        raise UsageError("--weight and --measures belong to --connections")
    if spec.connections and (spec.synapse_id or spec.size or spec.position or spec.missing_size):
        raise UsageError("--synapse-id, --size, --missing-size and --position belong to --synapses")
    if not spec.cells and (spec.cell_id or spec.cell_type or spec.cell_position):
        raise UsageError("--cell-id, --cell-type and --cell-position need --cells")


def _build(work: _Work) -> DatasetMeta:
    spec = work.spec
    files = spec.synapses or spec.connections
    parts, roles = _stage_rows(work, files)
    types = staging.settle(work.con, parts)
    if types["pre"] != types["post"]:  # ids of one dataset are of one kind
        types["pre"] = types["post"] = "VARCHAR"
    source = staging.relation(parts, types)
    source = rows.filtered(work.con, source, types, parts, spec.rows, work.scratch / "chosen.parquet")
    table = rows.Rows(work.con, source, types, parts, roles[0], spec.missing_size, bool(spec.synapses))
    work.progress("check rows", 0)
    counted = rows.checked(table)
    work.progress("cells", 0)
    cells = cell_tables.staged(work.con, spec.cells, _cell_roles(work, roles[0].layout), work.scratch, work.progress)
    work.notes += cells.notes
    index = cell_tables.write(work.con, table.valid(), types, cells, work.place / "cells.parquet", work.scratch)
    work.progress("sort", 0)
    kept = rows.write(table, counted, work.place)
    work.progress("connections", 0)
    graph, measures = _graph(work, index, table)
    graph = _with_completeness(work, graph, index)
    graphs.save(graph, work.place / "graph")
    gaps = cell_tables.gap_junctions(work.con, spec.gap_junctions, index, work.place, work.scratch)
    return _describe(work, parts, roles, types, cells, graph, measures, counted, kept, gaps)


def _stage_rows(work: _Work, files: tuple[Path, ...]) -> tuple[list[Part], list[Roles]]:
    spec, parts, roles = work.spec, [], []
    done = 0

    def tick(n: int) -> None:
        nonlocal done
        done += n
        work.progress("read", done)

    for number, path in enumerate(files):
        table = open_table(path, spec.header)
        if spec.synapses:
            role = synapse_roles(table, spec.pre, spec.post, spec.synapse_id, spec.size, spec.position, spec.voxel_nm)
        else:
            role = connection_roles(table, spec.pre, spec.post, spec.weight, spec.measures)
        part = staging.stage(table, role, work.scratch / f"part-{number}.parquet", tick)
        parts.append(part)
        roles.append(role)
        _note_part(work, part, role)
    if len({frozenset(p.origin) for p in parts}) > 1:
        raise InputError("the files do not hold the same columns: " + "; ".join(
            f"{p.source.path.name} has {', '.join(sorted(p.origin))}" for p in parts))  # fmt: skip
    return parts, roles


def _note_part(work: _Work, part: Part, role: Roles) -> None:
    for name, why in part.left_out.items():
        work.columns_left_out.append(LeftOut(why, 0, f"{part.source.path.name}: {name}"))
    if role.position and role.position.assumed and role.position.assumed not in work.notes:
        work.notes.append(role.position.assumed)


def _cell_roles(work: _Work, layout: str) -> Callable[[TableFile], Roles]:
    spec = work.spec

    def roles(table: TableFile) -> Roles:
        voxel = spec.cell_voxel_nm or spec.voxel_nm
        return cell_roles(table, spec.cell_id, spec.cell_type, spec.cell_position, voxel, layout)

    return roles


def _graph(work: _Work, index: IdIndex, table: rows.Rows) -> tuple[graphs.Graph, tuple[str, ...]]:
    """Aggregate the rows to connections (sorted by pre, post) and make the graph of them."""
    names = tuple(work.spec.measures)
    measures = tuple(table.own_names(names))
    target = work.scratch / "connections.parquet"
    work.con.execute(f"COPY ({table.connections_sql(measures)}) TO {literal(str(target))} (FORMAT parquet)")
    work.con.close()

    def pieces() -> object:
        with pq.ParquetFile(target) as file:
            for batch in file.iter_batches(1 << 20):
                columns = {name: batch.column(name) for name in batch.schema.names}
                piece: dict[str, np.ndarray] = {
                    "pre": _codes(index, columns["pre_id"]).astype(np.int32),
                    "post": _codes(index, columns["post_id"]).astype(np.int32),
                    "n_synapses": _counts(columns),
                }
                for name in ("sum_size", "n_sized", *measures):
                    if name in columns:
                        piece[name] = columns[name].to_numpy(zero_copy_only=False)
                yield piece

    graph = graphs.build(len(index), pieces(), measures)  # type: ignore[arg-type]
    work.con = _connect(work.scratch)
    return graph, measures


def _counts(columns: dict[str, pa.Array]) -> np.ndarray:
    """Synapses of each connection as uint32; InputError where one has more than that holds."""
    counts = columns["n_synapses"].to_numpy()
    largest = int(counts.argmax()) if len(counts) else 0
    if len(counts) and counts[largest] >= 2**32:
        raise InputError(
            f"the connection {columns['pre_id'][largest]} -> {columns['post_id'][largest]} has {counts[largest]:,} "
            "synapses, more than any cell makes",
            "see which column --weight names",
        )
    return counts.astype(np.uint32)


def _codes(index: IdIndex, ids: pa.Array) -> np.ndarray:
    values = ids.to_numpy(zero_copy_only=False)
    return index.codes(values)


def _with_completeness(work: _Work, graph: graphs.Graph, index: IdIndex) -> graphs.Graph:
    """All cells are complete unless the import says which are."""
    spec = work.spec
    both, inputs, outputs = (
        cell_tables.listed(files, index, work.notes, option)
        for files, option in (
            (spec.complete, "--complete"), (spec.complete_inputs, "--complete-inputs"),
            (spec.complete_outputs, "--complete-outputs"),
        )
    )  # fmt: skip
    if both is None and inputs is None and outputs is None:
        return graph
    none = np.zeros(len(index), dtype=bool)
    whole = none if both is None else both
    return replace(
        graph,
        complete_in=whole | (none if inputs is None else inputs),
        complete_out=whole | (none if outputs is None else outputs),
    )


def _describe(
    work: _Work, parts: list[Part], roles: list[Roles], types: dict[str, str], cells: cell_tables.StagedCells,
    graph: graphs.Graph, measures: tuple[str, ...], counted: rows.Counted, kept: int, gaps: int,
) -> DatasetMeta:  # fmt: skip
    spec = work.spec
    synapse_columns = rows.column_meanings(parts, types, spec.meanings) if spec.synapses else {}
    ledger = ImportLedger(
        rows_read=sum(p.rows for p in parts), rows_kept=kept,
        rows_left_out=tuple(counted.left_out(spec.rows)),
        cell_rows_read=cells.rows_read, cell_rows_left_out=tuple(cells.left_out),
        columns_left_out=(*work.columns_left_out, *cells.columns_left_out, *counted.columns),
        notes=tuple(work.notes), files=tuple(p.source.path.name for p in parts) + cells.files,
    )  # fmt: skip
    autapses = len(graph.autapses())
    return DatasetMeta(
        id=spec.id, title=spec.title or spec.id, source=spec.source or "import", version=spec.version,
        description=spec.description, synthetic=spec.synthetic, licence=spec.licence, citation=spec.citation,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        ids="text" if types["pre"] == "VARCHAR" else "int64",
        units=_units(spec),
        voxel_nm=roles[0].position.nm_per_unit if roles[0].position and spec.synapses else spec.voxel_nm,
        vertical=spec.vertical, n_cells=graph.n_nodes, n_cells_connected=graph.n_connected(),
        n_table_cells=cells.n_cells, n_connections=graph.n_connections, n_synapses=graph.n_synapses,
        n_autapses=autapses, n_reciprocal_pairs=graph.n_reciprocal_pairs(), n_gap_junctions=gaps,
        n_complete=int((graph.complete_in & graph.complete_out).sum()),
        columns=cells.columns(work.place / "cells.parquet", spec.meanings), synapse_columns=synapse_columns,
        measures=measures, aliases=cells.aliases, ledger=ledger,
    )  # fmt: skip


def _units(spec: ImportSpec) -> dict[str, str]:
    """What a position, a size and a count stand for in this dataset, as far as the source says."""
    if spec.synapses:
        return {"position": "nm", "size": spec.meanings.get("size", "as in the source")}
    return {"n_synapses": spec.meanings["n_synapses"]} if "n_synapses" in spec.meanings else {}


def _finish(work: _Work, meta: DatasetMeta, seconds: float) -> DatasetMeta:
    """Capabilities from what is there, checksums of every file, and dataset.json."""
    place = work.place
    meta = replace(
        meta,
        capabilities=_capabilities(place, meta),
        ledger=replace(meta.ledger, seconds=round(seconds, 2)),
        files=store.records(place),
    )
    metadata.write(meta, place / "dataset.json")
    return meta


def _capabilities(place: Path, meta: DatasetMeta) -> tuple[str, ...]:
    have: dict[str, bool] = {
        "matrix": True,
        "synapses": (place / "synapses").is_dir(),
        "sizes": (place / "graph" / "out_sum_size.npy").exists(),
        "synapse_positions": "x_nm" in meta.synapse_columns,
        "cell_positions": "x_nm" in meta.columns,
        "cell_types": meta.columns.get("cell_type", Column("text")).meaning != "not given",
        "proofreading": "status_axon" in meta.columns,
        "compartments": "compartment" in meta.synapse_columns,
        "gap_junctions": meta.n_gap_junctions > 0,
        "skeletons": (place / "skeletons").is_dir(),
    }
    return tuple(name for name, there in have.items() if there)
