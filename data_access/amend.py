"""A dataset gains something after it was made (columns, skeletons, meshes): as its next generation.

The files of the generation before are shared by hard links, and only what is new is written and checked. A dataset
that was imported becomes one that grows with its first amendment.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from data_access import capabilities, metadata, store, verification
from data_access.metadata import DatasetMeta, FileRecord

MADE_ANEW = "dataset.json"


@dataclass
class Amendment:
    """A generation in the making: `place` holds the files of the one before, `meta` is what it is going to say.

    The files are shared with the generation that readers have open: never write into one. `new` gives the path to
    write, `remove` takes a file away. Generation, capabilities and file records of `meta` are set at the end.
    """

    place: Path
    before: Path
    meta: DatasetMeta

    def new(self, name: str) -> Path:
        """Path of a file to be created, such as skeletons/12.swc; the shared one of that name is out of the way."""
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        return path

    def remove(self, name: str) -> None:
        """Without a file of the generation before; an empty folder goes with its last file."""
        path = self.place / name
        path.unlink(missing_ok=True)
        if path.parent != self.place and path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()


@contextmanager
def amended(data_dir: Path, dataset_id: str) -> Iterator[Amendment]:
    """The next generation of a dataset, to add to; on leaving without an error the dataset is that generation.

    Killed at any moment the generation before or the new one is there, whole. Raises NotFoundError for an unknown id,
    InputError where another process builds it at this moment, SynaptoscopeError where the result does not fit together.
    """
    store.folder(data_dir, dataset_id)
    with store.claimed(data_dir, dataset_id):
        before = store.folder(data_dir, dataset_id).resolve()
        meta = metadata.read(before / MADE_ANEW)
        with store.next_generation(data_dir, dataset_id, meta.generation + 1, imported=True) as place:
            share(before, place)
            amendment = Amendment(place, before, meta)
            yield amendment
            _finish(amendment, meta.generation + 1)


def share(source: Path, target: Path) -> None:
    """Every file of a folder but dataset.json stands in another too, as the same file where that is possible."""
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_dir():
            (target / name).mkdir(parents=True, exist_ok=True)
        elif name.as_posix() != MADE_ANEW and not (target / name).exists():
            link(path, target / name)


def link(source: Path, target: Path) -> None:
    """The same file under a second name; a copy where the file system has no such links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _finish(amendment: Amendment, generation: int) -> None:
    place, meta = amendment.place, amendment.meta
    meta = replace(
        meta,
        generation=generation,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        capabilities=capabilities.found(place, meta),
        files=_records(amendment),
    )
    metadata.write(meta, place / MADE_ANEW)
    verification.check_amended(amendment.before, place, meta)


def _records(amendment: Amendment) -> dict[str, FileRecord]:
    """The records of shared files as they were, and new ones of new files."""
    known: dict[str, FileRecord] = {}
    for name, record in amendment.meta.files.items():
        path, old = amendment.place / name, amendment.before / name
        if path.is_file() and old.is_file() and path.samefile(old):
            known[name] = record
    return store.records(amendment.place, known)
