"""What dataset.json says: the description, the counts and the import ledger of one generation of a dataset."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from data_access.errors import SynaptoscopeError

Kind = Literal["text", "number", "boolean", "id"]
FORMAT = 1
COUNTS = (
    "generation", "n_cells", "n_cells_connected", "n_table_cells", "n_connections", "n_synapses", "n_autapses",
    "n_reciprocal_pairs", "n_gap_junctions", "n_complete",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column of a table: what it holds and what it means (unit included)."""

    kind: Kind
    meaning: str = ""


@dataclass(frozen=True)
class LeftOut:
    """Rows or columns that an import did not keep, and why."""

    reason: str
    rows: int = 0
    column: str = ""


@dataclass(frozen=True)
class ImportLedger:
    """Every row of the source files is either kept or listed here.

    `rows_read` counts synapse or connection rows of the files; `rows_kept` those in the dataset.
    """

    rows_read: int = 0
    rows_kept: int = 0
    rows_left_out: tuple[LeftOut, ...] = ()
    cell_rows_read: int = 0
    cell_rows_left_out: tuple[LeftOut, ...] = ()
    columns_left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class FileRecord:
    """A file of the dataset: its size and checksum."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class DatasetMeta:
    """The content of dataset.json. Counts include autapses; n_autapses counts autapse connections.

    `origin` is what a pull knows of where its data come from: {"kind": "cave", "server", "datastack", "version",
    "time_stamp", "expires_on", "fetched" (ISO 8601), ...}; empty for imported files. `layers`: name, top and bottom of
    each cortical layer along the vertical axis, um; empty where nobody has drawn them.
    """

    id: str
    title: str
    kind: str = "em"
    source: str = ""
    version: str = ""
    description: str = ""
    synthetic: bool = False
    partial: bool = False
    generation: int = 1
    created: str = ""
    origin: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""
    citation: str = ""
    ids: Literal["int64", "text"] = "int64"
    units: Mapping[str, str] = field(default_factory=dict)
    voxel_nm: tuple[float, float, float] | None = None
    vertical: str = ""
    layers: tuple[tuple[str, float, float], ...] = ()
    n_cells: int = 0
    n_cells_connected: int = 0
    n_table_cells: int = 0
    n_connections: int = 0
    n_synapses: int = 0
    n_autapses: int = 0
    n_reciprocal_pairs: int = 0
    n_gap_junctions: int = 0
    n_complete: int = 0
    capabilities: tuple[str, ...] = ()
    columns: Mapping[str, Column] = field(default_factory=dict)
    synapse_columns: Mapping[str, Column] = field(default_factory=dict)
    measures: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    ledger: ImportLedger = field(default_factory=ImportLedger)
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def fetched(self) -> str:
        """The day on which a pull last brought data in, as YYYY-MM-DD; "" for imported files."""
        return str(self.origin.get("fetched", ""))[:10]

    @property
    def fingerprint(self) -> str:
        """Changes whenever the data do: part of every cache key and entity tag."""
        return f"{self.id}.g{self.generation}.{self.created}"

    def summary(self) -> dict[str, Any]:
        """The dataset's entry of GET /datasets."""
        names = (
            "id", "title", "kind", "source", "version", "synthetic", "partial", "n_cells", "n_cells_connected",
            "n_connections", "n_synapses", "capabilities", "licence", "citation",
        )  # fmt: skip
        return {name: _plain(getattr(self, name)) for name in names}

    def full(self) -> dict[str, Any]:
        """The summary with autapses, reciprocal pairs, columns and the import ledger (`show --json`)."""
        more = (
            "description", "generation", "created", "origin", "ids", "n_table_cells", "n_autapses",
            "n_reciprocal_pairs", "n_gap_junctions", "n_complete", "voxel_nm", "vertical", "layers", "measures",
            "columns", "synapse_columns", "aliases", "ledger",
        )  # fmt: skip
        return self.summary() | {name: _plain(getattr(self, name)) for name in more}


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def write(meta: DatasetMeta, path: Path) -> None:
    """Write dataset.json."""
    path.write_text(json.dumps(_plain(meta), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> DatasetMeta:
    """Read dataset.json; SynaptoscopeError where it is missing, damaged or of a later format."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw.get("format", 0) > FORMAT:
            raise SynaptoscopeError(
                f"{path.parent.name} was written by a later version (format {raw['format']}, this one reads {FORMAT})"
            )
        known = {f.name for f in fields(DatasetMeta)}
        raw = {k: v for k, v in raw.items() if k in known}
        raw["columns"] = {k: Column(**v) for k, v in raw.get("columns", {}).items()}
        raw["synapse_columns"] = {k: Column(**v) for k, v in raw.get("synapse_columns", {}).items()}
        raw["files"] = {k: FileRecord(**v) for k, v in raw.get("files", {}).items()}
        raw["ledger"] = _ledger(raw.get("ledger", {}))
        for name in ("capabilities", "measures"):
            raw[name] = tuple(raw.get(name, ()))
        raw["layers"] = tuple((str(n), float(top), float(bottom)) for n, top, bottom in raw.get("layers", ()))
        raw["voxel_nm"] = tuple(raw["voxel_nm"]) if raw.get("voxel_nm") else None
        if not isinstance(raw.get("origin", {}), dict):
            raise ValueError("origin is no table")
        wrong = next((name for name in COUNTS if type(raw.get(name, 0)) is not int), None)
        if wrong:
            raise ValueError(f"{wrong} is not a whole number")
        return DatasetMeta(**raw)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SynaptoscopeError(f"{path.parent.name}/{path.name} cannot be read: {error}") from error


def _ledger(raw: dict[str, Any]) -> ImportLedger:
    lists: dict[str, Any] = {
        name: tuple(LeftOut(**item) for item in raw.pop(name, ()))
        for name in ("rows_left_out", "cell_rows_left_out", "columns_left_out")
    }
    texts: dict[str, Any] = {name: tuple(raw.pop(name, ())) for name in ("notes", "files")}
    return ImportLedger(**raw, **lists, **texts)
