"""A table of CAVE as extra columns of a dataset that was pulled: asked at the version of the dataset."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access import store
from data_access.adapters.cave import job, stacks, tokens
from data_access.adapters.cave.client import Cave, Limits, Query, TableInfo
from data_access.adapters.cave.report import Report
from data_access.annotation_tables import Wish, check_rule
from data_access.annotations import Joined
from data_access.annotations import annotate as add_columns
from data_access.errors import InputError, SynaptoscopeError, did_you_mean
from data_access.jobs import Reporter
from data_access.secret import Secret

KIND = "annotate-cave"
TOKEN = job.TOKEN
MOST_ROWS = 5_000_000
BOOKKEEPING = {"id", "valid", "created", "superceded_id", "deleted"}
LONG = Limits()


@dataclass(frozen=True)
class Source:
    """The version of a datastack that a dataset was pulled from."""

    server: str
    datastack: str
    version: int


def source(data_dir: Path, dataset_id: str) -> Source:
    """Where a dataset was pulled from. InputError for one that was not pulled from CAVE."""
    origin = store.read_meta(data_dir, dataset_id).origin
    if origin.get("kind") != "cave":
        raise InputError(f"'{dataset_id}' was not pulled from CAVE", "bring the table in as a file")
    return Source(str(origin.get("server", "")), str(origin.get("datastack", "")), int(origin.get("version", 0)))


def request(dataset_id: str, table: str, wish: Wish) -> dict[str, Any]:
    """What a job is asked to do. Raises InputError for what cannot be asked."""
    if not table.strip():
        raise InputError("which table?", "such as nucleus_functional_area_assignment")
    check_rule(wish.rule)
    return {
        "id": store.check_id(dataset_id), "table": table.strip(), "key": wish.key, "on": wish.on,
        "columns": list(wish.columns), "prefix": wish.prefix, "rule": wish.rule, "name": wish.name,
    }  # fmt: skip


def title(asked: Mapping[str, Any]) -> str:
    """What it is called in lists of jobs."""
    return f"columns of the CAVE table {str(asked['table'])[:80]}"


def run(data_dir: Path, asked: dict[str, Any], reporter: Reporter, secrets: Mapping[str, Secret]) -> str:
    """Do what a job's record asks for; what to say once it is done."""
    where = source(data_dir, str(asked["id"]))
    joined = annotate(data_dir, asked, tokens.find(secrets.get(TOKEN), where.server), reporter)
    return joined.sentence()


def annotate(
    data_dir: Path, asked: Mapping[str, Any], token: Secret | None, report: Report, limits: Limits = LONG
) -> Joined:
    """Bring a table in whole, whatever the row limit of the server.

    Its key is target_id where it refers to the nuclei, else the root id. Raises CaveError for what goes wrong with the
    service, InputError for a table that holds no cells; then nothing has changed.
    """
    dataset_id, name = str(asked["id"]), str(asked["table"])
    where = source(data_dir, dataset_id)
    report.stage(f"connect to {where.datastack}")
    cave = Cave(where.server, where.datastack, token, limits, report.cancelled)
    table = _table(cave, where.version, name)
    query = Query(name, view=table.kind == "view")
    n = cave.count(where.version, query)
    if n > MOST_ROWS:
        raise InputError(f"{name} has {n:,} rows: columns are made of tables of cells, up to {MOST_ROWS:,} rows")
    report.stage(f"table {name}", n, "rows")
    frame = cave.whole(where.version, query, key=_row_key(table))
    report.advance(len(frame))
    report.check()
    given = {field: asked.get(field) or "" for field in ("key", "on", "prefix", "rule", "name")}
    wish = Wish(Path(), **given, columns=tuple(asked.get("columns", ())))
    if not wish.key:
        key, on = _key(cave, where.version, table, frame)
        wish = replace(wish, key=key, on=wish.on or on)
    frame = frame if wish.columns else _carried(frame, wish.key)
    report.stage("build")
    return _joined(data_dir, dataset_id, table, frame, replace(wish, name=wish.name or name), where)


def _joined(
    data_dir: Path, dataset_id: str, table: TableInfo, frame: pd.DataFrame, wish: Wish, where: Source
) -> Joined:
    with tempfile.TemporaryDirectory(prefix="cave-table-") as folder:
        path = Path(folder) / "table.parquet"
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)
        words = f"CAVE {table.kind} {table.name} of {where.datastack} version {where.version}"
        return add_columns(data_dir, dataset_id, replace(wish, file=path, source=words))


def _table(cave: Cave, version: int, name: str) -> TableInfo:
    tables = {table.name: table for table in cave.tables(version)}
    if name not in tables:
        raise InputError(
            f"version {version} of {cave.datastack} has no table '{name[:80]}'", did_you_mean(name, tables)
        )
    table = tables[name]
    if name == cave.info.synapse_table or table.reference_table == cave.info.synapse_table:
        raise InputError(f"{name} is a table of synapses: columns are made of tables of cells")
    return table


def _row_key(table: TableInfo) -> str:
    """What tells the rows apart: id, but some views have none."""
    if table.kind != "view" or "id" in table.columns:
        return "id"
    return next((name for name in table.columns if name.endswith("_id")), "id")


def _key(cave: Cave, version: int, table: TableInfo, frame: pd.DataFrame) -> tuple[str, str]:
    """The column of the ids, and that of the dataset that it matches."""
    if "target_id" in frame:
        nuclei = _nuclei(cave, version)
        if table.reference_table in nuclei:
            return "target_id", "nucleus_id"
        raise InputError(
            f"{table.name} refers to {table.reference_table or 'another table'}, which holds no nuclei",
            "name its column of root or nucleus ids with --key",
        )
    if "pt_root_id" in frame:
        return "pt_root_id", "cell_id"
    raise InputError(
        f"{table.name} has no pt_root_id and no target_id; it has {', '.join(map(str, frame.columns[:12]))}",
        "name its column of root or nucleus ids with --key",
    )


def _nuclei(cave: Cave, version: int) -> set[str]:
    """Names that a table of nuclei has in this datastack."""
    try:
        config = stacks.config_for(cave, version)
        described = set(config.nuclei.table) if config.nuclei else set()
    except SynaptoscopeError:
        described = set()
    return described | {cave.info.soma_table}


def _carried(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Without what is bookkeeping of the service: ids of rows and supervoxels, time stamps, positions."""
    names = [str(name) for name in frame.columns]
    kept = [n for n in names if n == key or not (n in BOOKKEEPING or n.endswith(("_id", "_id_ref", "_nm")))]
    return frame[kept]
