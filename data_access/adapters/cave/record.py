"""What a pull remembers beside its pieces: what it is of, what was asked for, and how it went."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from data_access.adapters.cave.access import address
from data_access.errors import DamagedError, InputError

FILE = "pull.json"


@dataclass(frozen=True)
class Ask:
    """One wish: a cell set, in which direction, and how many cells that were."""

    cells: str
    direction: str
    n: int


@dataclass(frozen=True)
class Record:
    """The source of a growing dataset, fixed with its first pull, and its history.

    Moments are texts in ISO 8601. `rate`: rows per second of the last pull. `requests`: of all pulls together.
    """

    server: str
    datastack: str
    version: int
    time_stamp: str
    expires_on: str = ""
    compartments: bool = True
    depth: bool = True
    skeletons: bool = False
    cell_table: str = ""
    type_column: str = ""
    title: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    asks: tuple[Ask, ...] = ()
    cell_notes: tuple[str, ...] = ()
    generation: int = 0
    built: tuple[str, ...] = ()
    fetched: str = ""
    requests: int = 0
    rate: float = 0.0

    def asked(self, ask: Ask) -> Record:
        """The same with one wish more; a repeated one counts once."""
        others = tuple(a for a in self.asks if (a.cells, a.direction) != (ask.cells, ask.direction))
        return replace(self, asks=(*others, ask))

    def check_same(self, dataset_id: str, server: str, datastack: str, version: int | None) -> None:
        """InputError where somebody wants to put another source into this dataset."""
        given = {"server": server, "datastack": datastack, "version": version}
        for name, value in given.items():
            mine = getattr(self, name)
            if value is not None and value != mine:
                raise InputError(
                    f"'{dataset_id}' holds version {self.version} of {self.datastack} ({self.server}), not {value}",
                    "give another --id: a dataset has one source and one version",
                )


def load(folder: Path) -> Record | None:
    """The record of a pull; None where there is none. DamagedError where it cannot be read."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        known = {f.name for f in fields(Record)}
        raw = {k: v for k, v in raw.items() if k in known}
        raw["server"] = address(raw["server"])
        raw["asks"] = tuple(Ask(**a) for a in raw.get("asks", ()))
        for name in ("built", "cell_notes"):
            raw[name] = tuple(raw.get(name, ()))
        return Record(**raw)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        cause = f"the record of the pull '{folder.name}' is damaged ({type(error).__name__})"
        raise DamagedError(cause, "remove the dataset and pull it again") from error


def save(record: Record, folder: Path) -> None:
    """Replace the record as a whole."""
    write_text(folder / FILE, json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """A small file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
