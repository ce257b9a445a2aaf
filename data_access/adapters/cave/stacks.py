"""Which table of a datastack holds what: described by a file in data_access/datastacks, guessed, or chosen."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TypeVar

from data_access.adapters.cave.client import Cave, TableInfo
from data_access.adapters.cave.exploring import Choice, Offer, chosen, explore
from data_access.adapters.cave.schema import (
    CellSource,
    Compartments,
    Flag,
    Lookup,
    Nuclei,
    Proofreading,
    StackConfig,
    Transform,
    TypeWords,
    parse,
)
from data_access.errors import InputError

__all__ = [
    "CellSource", "Choice", "Compartments", "Flag", "Lookup", "Nuclei", "Offer", "Proofreading", "StackConfig",
    "Transform", "TypeWords", "available", "config_for", "explore", "known", "load",
]  # fmt: skip

FOLDER = Path(__file__).resolve().parents[2] / "datastacks"
Part = TypeVar("Part", Nuclei, CellSource, Lookup, Flag, Proofreading)


def known() -> list[str]:
    """Names of the datastacks that are described, those of the same volume included."""
    return sorted({name for config in _described().values() for name in (config.datastack, *config.also)})


def load(datastack: str) -> StackConfig | None:
    """The description of a datastack; None where there is none."""
    for config in _described().values():
        if datastack in (config.datastack, *config.also):
            return replace(config, datastack=datastack)
    return None


def config_for(cave: Cave, version: int, cell_table: str = "", type_column: str = "") -> StackConfig:
    """What to use for a version: its description, else a guess, with the table and column that the user chose.

    Tables that the version does not have are left out of it, which its `notes` say. Raises InputError where nobody
    knows where the cells are, naming the tables to choose from.
    """
    config = load(cave.datastack)
    if config is None:
        offer = explore(cave, version)
        config = offer.guess or StackConfig(cave.datastack)
        if offer.guess is None and not cell_table:
            names = ", ".join(choice.name for choice in offer.cell_tables() or offer.choices)
            raise InputError(
                f"nothing is known about {cave.datastack}, and its tables do not tell where its cells are",
                f"choose one with --cell-table: {names}" if names else "it has no tables",
            )
    if cell_table:
        config = chosen(cave, version, config, cell_table, type_column)
    elif type_column:
        raise InputError("a type column needs the table that it is in", "give --cell-table too")
    return available(config, cave.tables(version), version)


def available(config: StackConfig, tables: Sequence[TableInfo], version: int) -> StackConfig:
    """The description with one table for each purpose, the first that is there; what has none is None, and noted."""
    names = {(table.name, table.kind == "view") for table in tables}
    notes: list[str] = []

    def there(part: Part | None, purpose: str, view: bool = False) -> Part | None:
        if part is None:
            return None
        for name in part.table:
            if (name, view) in names:
                return replace(part, table=(name,))
        notes.append(f"no {purpose}: version {version} has no {' or '.join(part.table)}")
        return None

    cells = there(config.cells, "view of cells", config.cells.view) if config.cells else None
    nuclei = there(config.nuclei, "nuclei")
    flags = {name: there(flag, name) for name, flag in config.flags.items()}
    compartments = config.compartments
    if compartments is not None:
        of_version = [name for name in (compartments.table, *compartments.older) if (name, False) in names]
        if not of_version:
            notes.append(f"no compartments: version {version} has no {compartments.table}")
        compartments = replace(compartments, table=of_version[0]) if of_version else None
    if cells is None and nuclei is None:
        raise InputError(
            f"version {version} of {config.datastack} has none of the tables that its cells come from",
            "choose another version, or a table with --cell-table",
        )
    return replace(
        config,
        cells=cells,
        nuclei=nuclei,
        cell_type=there(config.cell_type, "cell types"),
        manual=there(config.manual, "manual types"),
        automatic=there(config.automatic, "automatic types"),
        flags={name: flag for name, flag in flags.items() if flag is not None},
        proofreading=there(config.proofreading, "proofreading status"),
        compartments=compartments,
        notes=tuple(notes),
    )


@cache
def _described() -> dict[str, StackConfig]:
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        found[path.stem] = read(path)
    return found


def read(path: Path) -> StackConfig:
    """The description in a file; InputError says what is wrong with it."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is no TOML: {error}", "see docs of the format at toml.io") from None
    return parse(path.stem, table, path.name)
