"""The catalogue of public datasets, and `fetch`: download what an entry names and import it.

catalog.toml describes the entries; its head says what each field means. Files stay in `<data
folder>/.downloads`, so that a broken download continues and entries share files.
"""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from data_access import store
from data_access.download import download, sha256_of
from data_access.errors import InputError, NotFoundError, did_you_mean
from data_access.http_answers import WrongFile
from data_access.ids import text_ids
from data_access.layouts import synapse_roles
from data_access.metadata import DatasetMeta
from data_access.sources import open_table

Progress = Callable[[str, int], None]
CATALOG = Path(__file__).with_name("catalog.toml")
BASE_VARIABLE = "SYNAPTOSCOPE_CATALOG_BASE"
DOWNLOADS = ".downloads"
TABLE_ROLES = ("synapses", "connections", "cells", "gap_junctions")
ROLES = (*TABLE_ROLES, "synphys")
COMPLETE = ("", "outputs", "both")


@dataclass(frozen=True)
class CatalogFile:
    """A file of an entry; `also`: other names it goes by; size in bytes and sha256 where known."""

    name: str
    role: str
    also: tuple[str, ...] = ()
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class CatalogEntry:
    """One public dataset: what it is, whose it is, where its files are and how to import them."""

    name: str
    title: str
    licence: str
    citation: str
    home: str
    description: str
    dataset: str
    version: str = ""
    builtin: bool = False
    base: tuple[str, ...] = ()
    complete: str = ""
    files: tuple[CatalogFile, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """Files that were downloaded but make no dataset in this version."""

    name: str
    files: tuple[Path, ...]

    def __str__(self) -> str:
        listed = ", ".join(str(path) for path in self.files)
        return f"{self.name}: stored {listed}; this version only downloads it and makes no dataset of it"


def load_catalog(path: Path | None = None) -> dict[str, CatalogEntry]:
    """The entries by name, in the order of the file; InputError names what is wrong with an entry."""
    source = path or CATALOG
    try:
        document = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"the catalogue {source} cannot be read: {error}") from error
    entries: dict[str, CatalogEntry] = {}
    for item in document.get("dataset", []):
        entry = _entry(item)
        if entry.name in entries:
            raise InputError(f"the catalogue has two entries '{entry.name}'")
        entries[entry.name] = entry
    return entries


def _entry(item: Mapping[str, Any]) -> CatalogEntry:
    where = f"catalogue entry '{item.get('name', '?')}'"
    files = tuple(_filled(CatalogFile, file, where) for file in item.get("files", []))
    entry = _filled(CatalogEntry, {**item, "files": files}, where)
    for file in entry.files:
        if file.role not in ROLES:
            raise InputError(f"{where}: unknown role '{file.role}'", did_you_mean(file.role, ROLES))
        for name in (file.name, *file.also):
            if Path(name).name != name or name.startswith("."):
                raise InputError(f"{where}: '{name}' is not a plain file name")
    if entry.complete not in COMPLETE:
        raise InputError(f"{where}: unknown complete = '{entry.complete}'", did_you_mean(entry.complete, COMPLETE))
    if not entry.builtin and not (entry.base and entry.files):
        raise InputError(f"{where} needs base and files, or builtin = true")
    if entry.dataset:
        store.check_id(entry.dataset)
    return replace(entry, options={k: _tupled(v) for k, v in entry.options.items()})


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _filled(kind: type[Any], values: Mapping[str, Any], where: str) -> Any:
    """A dataclass from a TOML table; lists become tuples, unknown and missing fields are errors."""
    known = [f.name for f in fields(kind)]
    for name in values:
        if name not in known:
            raise InputError(f"{where}: unknown field '{name}'", did_you_mean(name, known))
    try:
        return kind(**{name: _tupled(value) for name, value in values.items()})
    except TypeError as error:
        raise InputError(f"{where}: {str(error).partition(')')[2].strip() or error}") from error


def fetch(
    name: str, data_dir: Path, base_override: str | None = None, progress: Progress | None = None
) -> DatasetMeta | Stored:
    """Put the dataset of a catalogue entry into `data_dir` and return what its dataset.json says.

    A dataset that is there already is returned as it is. Downloads continue where an earlier try stopped;
    they draw a bar on stderr when that is a terminal, else they tell `progress`. `base_override` (default:
    the environment's SYNAPTOSCOPE_CATALOG_BASE) replaces the address of every file, for a mirror; its files
    may differ from those the catalogue describes, and the dataset's description then says so. Returns
    Stored where this version cannot import.

    Raises NotFoundError for an unknown name and InputError or SynaptoscopeError for what the download or
    import meets.
    """
    entries = load_catalog()
    if name not in entries:
        raise NotFoundError(f"the catalogue has no '{name}'", did_you_mean(name, entries))
    entry = entries[name]
    if entry.dataset in store.ids(data_dir):
        return store.read_meta(data_dir, entry.dataset)
    if entry.builtin:
        from data_access import builtin

        return builtin.build(entry.dataset, data_dir, progress)
    override = base_override or os.environ.get(BASE_VARIABLE) or None
    brought = [_bring(entry, file, data_dir / DOWNLOADS, override, progress) for file in entry.files]
    if not entry.dataset:
        return Stored(entry.name, tuple(path for path, _ in brought))
    return _import(entry, brought, data_dir, override, progress)


def _bring(
    entry: CatalogEntry, file: CatalogFile, folder: Path, override: str | None, progress: Progress | None
) -> tuple[Path, str]:
    """Download one file from the first address that has it as described; its place and a remark, if any."""
    target = folder / file.name
    bases = (override,) if override else entry.base
    refused: NotFoundError | WrongFile | None = None
    for url in [f"{base.rstrip('/')}/{name}" for base in bases for name in (file.name, *file.also)]:
        try:
            download(
                url,
                target,
                _teller(file.name, progress),
                expected_size=None if override else file.size,
                sha256=None if override else file.sha256,
            )
        except (NotFoundError, WrongFile) as error:
            # "There is something else" says more than "there is nothing".
            if refused is None or (isinstance(refused, NotFoundError) and isinstance(error, WrongFile)):
                refused = error
            continue
        same = file.size in (None, target.stat().st_size) and file.sha256 in (None, sha256_of(target))
        return target, "" if same else f"{file.name} is not the file that the catalogue describes"
    assert refused is not None
    raise refused


def _teller(name: str, progress: Progress | None) -> Callable[[int, int | None], None] | None:
    """Where a terminal shows the download's own bar, the caller's progress waits for the import."""
    if progress is None or sys.stderr.isatty():
        return None
    return lambda done, total: progress(f"download {name}", done)


def _import(
    entry: CatalogEntry,
    brought: list[tuple[Path, str]],
    data_dir: Path,
    override: str | None,
    progress: Progress | None,
) -> DatasetMeta:
    from data_access.importer import ImportSpec, import_dataset

    paths: dict[str, tuple[Path, ...]] = dict.fromkeys(TABLE_ROLES, ())
    for (path, _), file in zip(brought, entry.files, strict=True):
        paths[file.role] += (path,)
    remarks = [remark for _, remark in brought if remark]
    with tempfile.TemporaryDirectory(dir=data_dir / DOWNLOADS, prefix=".ids-") as scratch:
        told: dict[str, Any] = {**paths, **entry.options}
        told |= _completeness(entry, paths["synapses"], Path(scratch))
        spec = ImportSpec(
            id=entry.dataset,
            title=entry.title,
            source=f"{entry.home}, files from {override or entry.base[0]}",
            version=entry.version,
            licence=entry.licence,
            citation=entry.citation,
            description=". ".join([entry.description.rstrip("."), *remarks]) + ".",
            **told,
        )
        return import_dataset(data_dir, spec, progress)


def _completeness(entry: CatalogEntry, synapses: tuple[Path, ...], folder: Path) -> dict[str, tuple[Path, ...]]:
    """The ImportSpec field that says whose synapses are whole in these files, with a file of those ids."""
    if not entry.complete:
        return {}
    found: set[object] = set()
    for path in synapses:
        table = open_table(path)
        roles = synapse_roles(table, entry.options.get("pre"), entry.options.get("post"), None, None, None, None)
        ends = [roles.pre] if entry.complete == "outputs" else [roles.pre, roles.post]
        for batch in table.batches(tuple(end for end in ends if end)):
            for column in batch.columns:
                found.update(column.unique().to_pylist())
    listed = folder / f"{entry.complete}.txt"
    listed.write_text("\n".join(sorted(text_ids(found - {None, 0}))), encoding="utf-8")
    return {"complete_outputs" if entry.complete == "outputs" else "complete": (listed,)}
