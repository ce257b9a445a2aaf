"""Which cells have all their inputs and outputs in a dataset: from files of ids, or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from data_access.errors import InputError
from data_access.graph import Graph
from data_access.ids import IdIndex, text_ids
from data_access.layouts import CELL_IDS
from data_access.sources import SUFFIXES, open_table
from data_access.staging import float_ids


@dataclass(frozen=True)
class IdList:
    """The ids of one file, and the option that named it. `header`: a first line that may be an id or a heading."""

    option: str
    file: str
    ids: tuple[str, ...]
    header: str = ""


def read(option: str, files: Sequence[Path]) -> list[IdList]:
    """The ids in files: a table with a cell id column (else its first column), or a text file with one id a line."""
    return [_read(option, path) for path in files]


def _read(option: str, path: Path) -> IdList:
    if path.is_file() and not path.name.lower().endswith(SUFFIXES):
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{option} {path.name} cannot be read: {error}") from error
        ids = [line.strip().strip(",\"'") for line in lines]
        return _some(IdList(option, path.name, tuple(i for i in ids if i)))
    table = open_table(path)
    known = next((name for name in CELL_IDS if name in table.names), table.names[0])
    # A file of ids alone need not have a heading.
    header = known if table.is_text and len(table.names) == 1 and known not in CELL_IDS else ""
    found: list[str] = []
    for batch in table.batches((known,)):
        column = batch.column(0)
        if pa.types.is_floating(column.type):
            raise float_ids(path.name, known, "cell_id")
        found += [i.strip() for i in text_ids(column.to_pylist()) if i.strip()]
    return _some(IdList(option, path.name, tuple(found), header))


def _some(listed: IdList) -> IdList:
    if not listed.ids:
        raise InputError(f"{listed.option} {listed.file}: it holds no id")
    return listed


def apply(graph: Graph, index: IdIndex, both: list[IdList], inputs: list[IdList], outputs: list[IdList]) -> Graph:
    """All cells are complete unless lists say which are: of both sides, of the inputs, of the outputs."""
    if not (both or inputs or outputs):
        return graph
    whole = _mask(index, both)
    return replace(graph, complete_in=whole | _mask(index, inputs), complete_out=whole | _mask(index, outputs))


def notes(index: IdIndex, lists: Sequence[IdList]) -> list[str]:
    """How many of the ids the dataset does not hold. InputError where it holds none of a file's."""
    told = []
    for listed in lists:
        unknown = int((index.codes_of_text(listed.ids) < 0).sum())
        if unknown == len(listed.ids):
            raise InputError(
                f"{listed.option} {listed.file}: none of its {unknown:,} ids is in the dataset",
                f"it starts with '{listed.ids[0][:40]}'",
            )
        if unknown:
            told.append(
                f"{listed.option} {listed.file}: {unknown:,} of its {len(listed.ids):,} ids are not in the dataset"
            )
    return told


def _mask(index: IdIndex, lists: Sequence[IdList]) -> np.ndarray:
    mask = np.zeros(len(index), dtype=bool)
    for listed in lists:
        codes = index.codes_of_text([*listed.ids, listed.header])
        mask[codes[codes >= 0]] = True
    return mask
