"""What an unknown datastack offers: what each of its tables probably is, and a description guessed from that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from data_access.adapters.cave.client import Cave, Query, TableInfo
from data_access.adapters.cave.schema import (
    CellSource,
    Compartments,
    Lookup,
    Nuclei,
    Proofreading,
    StackConfig,
)
from data_access.errors import InputError, did_you_mean

Role = Literal["nuclei", "cells", "cell types", "proofreading", "compartments", "synapses", "other"]
BY_MACHINE = re.compile(r"auto|model|predict|classif|svm|mlp", re.IGNORECASE)
TYPE_COLUMNS = ("cell_type", "tag", "type", "classification_system")
OF_SCHEMA = {"cell_type": ("cell_type", "classification_system"), "tag": ("tag",)}
BOOKKEEPING = {"id", "valid", "created", "superceded_id", "deleted", "target_id", "id_ref", "created_ref", "valid_ref"}


@dataclass(frozen=True)
class Choice:
    """A table or view: what it probably is, and the columns that may hold cell types (as far as the metadata tell)."""

    table: TableInfo
    role: Role
    type_columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.table.name


@dataclass(frozen=True)
class Offer:
    """All tables of a version, those that cells may come from first; `guess`: the best description (None: no idea)."""

    choices: tuple[Choice, ...]
    guess: StackConfig | None

    def cell_tables(self) -> list[Choice]:
        """Where cells or their types may come from."""
        return [choice for choice in self.choices if choice.role in {"cells", "nuclei", "cell types"}]


def explore(cave: Cave, version: int) -> Offer:
    """What each table of a version probably is, from its schema type, its columns and what it refers to."""
    tables = cave.tables(version)
    choices = [_choice(table, cave.info.synapse_table) for table in tables]
    order = ["cells", "cell types", "nuclei", "proofreading", "compartments", "other", "synapses"]
    choices.sort(key=lambda choice: (order.index(choice.role), choice.name))
    return Offer(tuple(choices), _guess(cave, choices))


def chosen(cave: Cave, version: int, config: StackConfig, cell_table: str, type_column: str) -> StackConfig:
    """The description with its cells, or their types, taken from the table that the user named.

    A table with root ids gives the cells themselves; one that refers to nuclei gives the type of each nucleus. Raises
    InputError for a table or column that is not there, or that holds neither.
    """
    known = {table.name: table for table in cave.tables(version)}
    if cell_table not in known:
        cause = f"version {version} of {cave.datastack} has no table {cell_table!r}"
        raise InputError(cause, did_you_mean(cell_table, known))
    table = known[cell_table]
    frame = cave.rows(version, Query(table.name, view=table.kind == "view", limit=1)).frame
    columns = [str(name) for name in frame.columns]
    texts = [name for name in columns if _is_text(frame[name]) and name not in BOOKKEEPING]
    if type_column and type_column not in columns:
        raise InputError(f"{cell_table} has no column {type_column!r}", did_you_mean(type_column, texts))
    kind = type_column or next((name for name in TYPE_COLUMNS if name in texts), "")
    roots = sorted((name for name in columns if name.endswith("_root_id")), key=lambda name: name != "pt_root_id")
    if roots:
        return replace(config, cells=_cell_source(table, columns, roots[0], kind), cell_type=None)
    if "target_id" in columns and config.nuclei is not None and kind:
        of_same = table.reference_table in ("", *config.nuclei.table)
        if of_same:
            return replace(config, cells=None, cell_type=Lookup((cell_table,), kind))
    raise InputError(
        f"{cell_table} holds no cells: it has no root ids and does not refer to the nuclei",
        "choose a view or table of cells, or of cell types",
    )


def _is_text(values: pd.Series) -> bool:
    return pd.api.types.is_string_dtype(values) or pd.api.types.is_object_dtype(values)


def _cell_source(table: TableInfo, columns: list[str], root: str, kind: str) -> CellSource:
    stem = root.removesuffix("_root_id")
    position = f"{stem}_position" if f"{stem}_position_x_nm" in columns else ""
    of_nucleus = table.kind == "view" or "nucleus" in table.schema_type
    own = "id" if of_nucleus and "id" in columns else ""
    nucleus = next((name for name in ("nucleus_id", "target_id") if name in columns), own)
    broad = "broad_type" if "broad_type" in columns and kind != "broad_type" else ""
    volume = tuple(name for name in ("volume", "nuc_volume") if name in columns)[:1]
    return CellSource((table.name,), table.kind == "view", nucleus, root, position, kind, broad, volume)


def _choice(table: TableInfo, synapse_table: str) -> Choice:
    schema = table.schema_type.lower()
    if table.kind == "view":
        words = tuple(name for name in table.columns if _may_be_type(name))
        has_root = any(name.endswith("root_id") for name in table.columns)
        return Choice(table, "cells" if has_root and words else "other", words)
    if table.name == synapse_table or schema == "synapse":
        return Choice(table, "synapses")
    if "proofread" in schema or "proofread" in table.name:
        return Choice(table, "proofreading")
    if table.reference_table and table.reference_table == synapse_table:
        return Choice(table, "compartments" if "tag" in schema or "compartment" in table.name else "other")
    if "nucleus_detection" in schema or schema == "nucleus":
        return Choice(table, "nuclei")
    for part, columns in OF_SCHEMA.items():
        if part in schema:
            return Choice(table, "cell types", columns)
    return Choice(table, "other")


def _may_be_type(name: str) -> bool:
    return name not in BOOKKEEPING and not name.endswith(("_id", "_position", "_x", "_y", "_z", "volume", "_source"))


def _guess(cave: Cave, choices: Iterable[Choice]) -> StackConfig | None:
    by_role: dict[str, list[Choice]] = {}
    for choice in choices:
        by_role.setdefault(choice.role, []).append(choice)
    nuclei = _first(by_role.get("nuclei", []), cave.info.soma_table)
    views = [choice for choice in by_role.get("cells", []) if "cell_type" in choice.type_columns]
    types = [choice for choice in by_role.get("cell types", []) if "cell_type" in choice.type_columns]
    of_nuclei = [choice for choice in types if nuclei and choice.table.reference_table == nuclei.name]
    local = [choice for choice in types if not choice.table.reference_table]
    sorted_out = [*of_nuclei, *local]
    automatic = next((choice for choice in sorted_out if BY_MACHINE.search(choice.name)), None)
    manual = next((choice for choice in sorted_out if not BY_MACHINE.search(choice.name)), None)
    cells: CellSource | None = None
    if views:
        columns = list(views[0].table.columns)
        columns += [f"{name}_x_nm" for name in columns if name.endswith("_position")]
        root = next(name for name in sorted(columns, key=lambda c: c != "pt_root_id") if name.endswith("root_id"))
        cells = _cell_source(views[0].table, columns, root, "cell_type")
    elif nuclei is None and local:
        cells = CellSource((local[0].name,), type="cell_type")
    if nuclei is None and cells is None:
        return None
    proofread = _first(by_role.get("proofreading", []), "")
    tags = _first(by_role.get("compartments", []), "")
    return StackConfig(
        datastack=cave.datastack,
        title=cave.info.description.split("\n")[0][:100] or cave.datastack,
        nuclei=Nuclei((nuclei.name,)) if nuclei else None,
        cells=cells,
        manual=_lookup(manual),
        automatic=_lookup(automatic),
        proofreading=Proofreading((proofread.name,)) if proofread else None,
        compartments=Compartments(tags.name) if tags else None,
    )


def _lookup(choice: Choice | None) -> Lookup | None:
    if choice is None:
        return None
    by_root = not choice.table.reference_table
    key, by = ("pt_root_id", "root") if by_root else ("target_id", "nucleus")
    return Lookup((choice.name,), key=key, by=by, broad_column="classification_system")


def _first(choices: list[Choice], preferred: str) -> Choice | None:
    return next((choice for choice in choices if choice.name == preferred), choices[0] if choices else None)
