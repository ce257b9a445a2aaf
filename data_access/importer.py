"""Files become a dataset: read, settle types, filter, check, sort, aggregate, verify, publish.

Rows never all stand in memory: files are staged as Parquet batch by batch, DuckDB sorts and aggregates them with a
memory limit and a spill folder, and only the graph (a few bytes a connection) is held whole.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from data_access import (
    annotation_columns,
    capabilities,
    completeness,
    connections,
    gap_junctions,
    metadata,
    staging,
    store,
    synapse_files,
    verification,
)
from data_access import cells as cell_tables
from data_access import graph as graphs
from data_access.errors import InputError
from data_access.graph import Graph
from data_access.layouts import Roles, cell_roles, connection_roles, synapse_roles
from data_access.metadata import DatasetMeta, ImportLedger, LeftOut
from data_access.row_checks import Counted, checked, dropped_columns
from data_access.rows import Rows, filtered, reserved
from data_access.settling import literal, relation, settle
from data_access.sources import TableFile, open_table
from data_access.spec import ImportSpec
from data_access.spec import check as check_spec
from data_access.staging import Part

__all__ = ["ImportSpec", "import_dataset", "import_generation"]

Progress = Callable[[str, int], None]
MEMORY_LIMIT = "700MB"


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
    check_spec(spec)
    with store.building(data_dir, spec.id) as place:
        return _import_into(place, spec, 1, progress, prepare)


def import_generation(
    data_dir: Path, spec: ImportSpec, generation: int, progress: Progress | None = None,
    prepare: Callable[[Path], None] | None = None,
) -> DatasetMeta:  # fmt: skip
    """The same for a dataset that grows: the files become its next generation. The caller holds its claim."""
    check_spec(spec)
    with store.next_generation(data_dir, spec.id, generation) as place:
        return _import_into(place, spec, generation, progress, prepare)


def _import_into(
    place: Path, spec: ImportSpec, generation: int, progress: Progress | None, prepare: Callable[[Path], None] | None
) -> DatasetMeta:
    started = time.monotonic()
    scratch = place / ".scratch"
    (scratch / "spill").mkdir(parents=True)
    work = _Work(spec, place, scratch, _connect(scratch), progress or (lambda stage, done: None))
    try:
        with _in_one_line():
            meta = _build(work)
    finally:
        work.con.close()
        shutil.rmtree(scratch, ignore_errors=True)
    if prepare is not None:
        prepare(place)
    meta = _finish(work, replace(meta, generation=generation), time.monotonic() - started)
    work.progress("check", 0)
    verification.check(place, meta, checksums=False)
    return meta


@contextmanager
def _in_one_line() -> Iterator[None]:
    """What the libraries raise, as the errors that a user understands."""
    try:
        yield
    except duckdb.Error as error:
        raise InputError(f"the import failed in the database: {' '.join(str(error).split())[:300]}") from error
    except pa.ArrowException as error:
        raise InputError(f"the import failed: {' '.join(str(error).split())[:300]}") from error
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # what DuckDB makes of Ctrl-C
            raise KeyboardInterrupt from error
        raise


def _connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    con.execute("SET threads = 2")
    con.execute("SET preserve_insertion_order = false")
    con.execute(f"SET temp_directory = {literal(str(scratch / 'spill'))}")
    return con


def _build(work: _Work) -> DatasetMeta:
    spec, con = work.spec, work.con
    lists = [
        completeness.read(option, files)
        for option, files in (
            ("--complete", spec.complete), ("--complete-inputs", spec.complete_inputs),
            ("--complete-outputs", spec.complete_outputs),
        )
    ]  # fmt: skip
    parts, roles = _staged(work, spec.synapses or spec.connections)
    pa.default_memory_pool().release_unused()  # Arrow keeps what it has read with; the database needs it
    settled = settle(con, parts, roles[0].segments)
    work.notes += [*staging.notes(parts, roles), *settled.notes]
    work.columns_left_out += [*staging.columns_left_out(parts), *settled.left_out]
    source = relation(parts, settled.types)
    source = filtered(con, source, settled.types, parts, spec.rows, work.scratch / "chosen.parquet")
    work.progress("check rows", 0)
    table = Rows(con, source, settled.types, parts, roles[0], spec.missing_size, bool(spec.synapses))
    table, counted = checked(table)
    work.columns_left_out += dropped_columns(table)
    work.progress("cells", 0)
    if counted.missing_sizes:
        work.notes.append(f"{counted.missing_sizes:,} synapses have no size")
    cells = cell_tables.staged(con, spec.cells, _cell_roles(spec, roles[0]), work.scratch, work.progress)
    work.notes += cells.notes
    index = cell_tables.write(con, table.valid(), table.types, cells, work.place / "cells.parquet")
    work.notes += completeness.notes(index, [listed for group in lists for listed in group])
    n_gaps, told = gap_junctions.write(con, spec.gap_junctions, index, work.place, work.scratch)
    work.notes += told
    if table.are_synapses:
        work.progress("sort", 0)
        synapse_files.write(table, work.place)
    work.progress("connections", 0)
    measures = tuple(table.measures())
    connections.aggregate(table, counted.missing_sizes > 0, work.place, work.scratch / "connections.parquet")
    con.close()  # the graph needs the memory
    graph = connections.graph_of(work.scratch / "connections.parquet", index, measures)
    graph = completeness.apply(graph, index, *lists)
    graphs.save(graph, work.place / "graph")
    meta = _describe(work, table, cells, graph, counted)
    return replace(meta, measures=measures, n_gap_junctions=n_gaps)


def _staged(work: _Work, files: tuple[Path, ...]) -> tuple[list[Part], list[Roles]]:
    spec, done = work.spec, 0
    parts: list[Part] = []
    roles: list[Roles] = []

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
        names = reserved(role) if spec.synapses else ()
        parts.append(staging.stage(table, role, work.scratch / f"part-{number}.parquet", tick, names))
        roles.append(role)
    staging.same_roles(parts, roles)
    return parts, roles


def _cell_roles(spec: ImportSpec, rows: Roles) -> Callable[[TableFile], Roles]:
    voxel = spec.cell_voxel_nm or spec.voxel_nm
    return lambda table: cell_roles(table, spec.cell_id, spec.cell_type, spec.cell_position, voxel, rows)


def _describe(
    work: _Work, table: Rows, cells: cell_tables.StagedCells, graph: Graph, counted: Counted
) -> DatasetMeta:  # fmt: skip
    spec, position = work.spec, table.roles.position
    ledger = ImportLedger(
        rows_read=counted.read,
        rows_kept=counted.kept,
        rows_left_out=counted.left_out(spec.rows),
        cell_rows_read=cells.rows_read,
        cell_rows_left_out=cells.left_out,
        columns_left_out=(*work.columns_left_out, *cells.columns_left_out),
        notes=tuple(work.notes),
        files=_names([p.source.path.name for p in table.parts]) + cells.files,
    )
    columns = cells.columns(work.place / "cells.parquet", spec.meanings)
    return DatasetMeta(
        id=spec.id,
        title=spec.title or spec.id,
        source=spec.source or "import",
        version=spec.version,
        description=spec.description,
        synthetic=spec.synthetic,
        licence=spec.licence,
        citation=spec.citation,
        origin=dict(spec.origin),
        partial=spec.partial,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        ids="text" if table.types["pre"] == "VARCHAR" else "int64",
        units=_units(spec),
        voxel_nm=position.nm_per_unit if position and position.voxels else spec.voxel_nm,
        vertical=spec.vertical,
        layers=spec.layers,
        n_cells=graph.n_nodes,
        n_cells_connected=graph.n_connected(),
        n_table_cells=verification.table_cells(work.place) if spec.cells else 0,
        n_connections=graph.n_connections,
        n_synapses=graph.n_synapses,
        n_autapses=len(graph.autapses()),
        n_reciprocal_pairs=graph.n_reciprocal_pairs(),
        n_complete=int((graph.complete_in & graph.complete_out).sum()),
        columns=columns,
        synapse_columns=table.columns(spec.meanings) if spec.synapses else {},
        aliases=cells.aliases,
        ledger=ledger,
    )


def _names(files: list[str]) -> tuple[str, ...]:
    """A pull makes many files: the first few and how many more."""
    return tuple(files) if len(files) <= 12 else (*files[:3], f"and {len(files) - 3:,} more")


def _units(spec: ImportSpec) -> dict[str, str]:
    """What a position, a size and a count stand for in this dataset, as far as the source says."""
    if spec.synapses:
        return {"position": "nm", "size": spec.meanings.get("size", "as in the source")}
    return {"n_synapses": spec.meanings["n_synapses"]} if "n_synapses" in spec.meanings else {}


def _finish(work: _Work, meta: DatasetMeta, seconds: float) -> DatasetMeta:
    """Columns of annotations that `prepare` brought, capabilities, checksums of every file, and dataset.json."""
    place = work.place
    meta = annotation_columns.rejoined(place, meta)
    meta = replace(
        meta,
        capabilities=capabilities.found(place, meta),
        ledger=replace(meta.ledger, seconds=round(seconds, 2)),
        files=store.records(place),
    )
    metadata.write(meta, place / "dataset.json")
    return meta
