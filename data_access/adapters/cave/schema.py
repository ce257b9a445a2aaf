"""The description of a datastack, and its check: what each key is, and what is wrong with a file."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any

from data_access.errors import InputError, did_you_mean

Names = tuple[str, ...]


@dataclass(frozen=True)
class Nuclei:
    """One row a nucleus: the ids stay the same from version to version, the root ids change."""

    table: Names
    id: str = "id"
    root: str = "pt_root_id"
    position: str = "pt_position"
    volume: str = ""


@dataclass(frozen=True)
class CellSource:
    """Where the rows of the cell table come from: a view or table of cells with root ids, or "" = the nuclei.

    `nucleus`, `type`, `broad_type`: columns, "" where there is none; `volume`: the first of these that is there.
    """

    table: Names
    view: bool = False
    nucleus: str = ""
    root: str = "pt_root_id"
    position: str = "pt_position"
    type: str = ""
    broad_type: str = ""
    volume: Names = ()


@dataclass(frozen=True)
class TypeWords:
    """Words of `cell_type` that mean another type, and words that mean none (any case)."""

    rename: Mapping[str, str] = field(default_factory=dict)
    missing: Names = ("unsure", "unclear", "error")


@dataclass(frozen=True)
class Lookup:
    """A column of a table that is read by nucleus id (`by = "nucleus"`) or by root id (`by = "root"`) in `key`."""

    table: Names
    column: str = "cell_type"
    key: str = "target_id"
    by: str = "nucleus"
    broad_column: str = ""


@dataclass(frozen=True)
class Flag:
    """A column that is true for the nuclei whose ids a table lists in `key`."""

    table: Names
    key: str = "target_id"


@dataclass(frozen=True)
class Proofreading:
    """The table of proofreading status; `valid` is the root id for which it was given. "" = no such column."""

    table: Names
    root: str = "pt_root_id"
    valid: str = "valid_id"
    position: str = "pt_position"
    status_axon: str = "status_axon"
    status_dendrite: str = "status_dendrite"
    strategy_axon: str = "strategy_axon"
    strategy_dendrite: str = "strategy_dendrite"


@dataclass(frozen=True)
class Compartments:
    """The table that says which part of a cell a synapse is on, by synapse id (`key`); `older` ones stand in for it."""

    table: str
    key: str = "target_id"
    column: str = "tag"
    older: Names = ()


@dataclass(frozen=True)
class Transform:
    """A frame in which the pia is flat at depth 0: a dataset of the package standard-transform and its version."""

    package: str
    dataset: str
    version: str = ""


@dataclass(frozen=True)
class StackConfig:
    """What Synaptoscope knows of a datastack. What is None is not there, or not known.

    `cell_type` of the cell table comes from [cell_type] if given, else from the type column of [cells], else it is the
    manual type and where that is missing the automatic one. `notes`: what a version lacks.
    """

    datastack: str
    title: str = ""
    licence: str = ""
    citation: str = ""
    home: str = ""
    row_limit: int | None = None
    also: Names = ()
    nuclei: Nuclei | None = None
    cells: CellSource | None = None
    types: TypeWords = TypeWords()
    cell_type: Lookup | None = None
    manual: Lookup | None = None
    automatic: Lookup | None = None
    flags: Mapping[str, Flag] = field(default_factory=dict)
    proofreading: Proofreading | None = None
    compartments: Compartments | None = None
    transform: Transform | None = None
    notes: Names = ()


NOT_IN_FILES = ("datastack", "notes")


def parse(datastack: str, table: Mapping[str, Any], file: str) -> StackConfig:
    """The description in a TOML table; InputError names the key that is wrong and the nearest right one."""
    config: StackConfig = _build(StackConfig, table, file, "", datastack=datastack)
    if config.nuclei is None and config.cells is None:
        raise InputError(f"{file}: neither [nuclei] nor [cells]", "one of them must say where the cells are")
    if config.transform and config.transform.package != "standard-transform":
        raise InputError(f"{file}: transform.package is {config.transform.package!r}", "expected 'standard-transform'")
    return config


def _build(kind: Any, table: Any, file: str, where: str, **given: Any) -> Any:
    """A dataclass of this kind out of a TOML table."""
    if not isinstance(table, Mapping):
        raise InputError(f"{file}: {where.rstrip('.')} is {table!r}", "expected a table with keys")
    hints = typing.get_type_hints(kind)
    known = [f.name for f in fields(kind) if kind is not StackConfig or f.name not in NOT_IN_FILES]
    for key in table:
        if key not in known:
            raise InputError(f"{file}: unknown key {where}{key}", did_you_mean(key, known))
    for f in fields(kind):
        if f.name not in {**table, **given} and f.default is MISSING and f.default_factory is MISSING:
            raise InputError(f"{file}: {where}{f.name} is missing", "it has no default")
    return kind(**given, **{key: _value(hints[key], table[key], file, f"{where}{key}") for key in table})


def _value(hint: Any, value: Any, file: str, where: str) -> Any:
    options = [o for o in typing.get_args(hint) if o is not types.NoneType] if _is_union(hint) else [hint]
    (wanted,) = options
    if is_dataclass(wanted):
        return _build(wanted, value, file, f"{where}.")
    if wanted == Names:
        value = [value] if isinstance(value, str) else value
        if isinstance(value, list) and all(isinstance(v, str) and v for v in value):
            return tuple(value)
        raise InputError(f"{file}: {where} is {value!r}", "expected a text or a list of texts")
    if typing.get_origin(wanted) is not None:  # Mapping[str, X]
        inner = typing.get_args(wanted)[1]
        if not isinstance(value, Mapping):
            raise InputError(f"{file}: {where} is {value!r}", "expected a table with keys")
        return {key: _value(inner, entry, file, f"{where}.{key}") for key, entry in value.items()}
    if type(value) is not wanted:
        raise InputError(f"{file}: {where} is {value!r}", f"expected {_WORDS[wanted]}")
    return value


_WORDS: dict[Any, str] = {str: "a text", int: "a whole number", bool: "true or false"}


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)
