"""Names for stored cell sets, one list a dataset, shared by everyone who uses the data folder.

They lie in <data dir>/.sets/names/<dataset id>/, a small file a name. Taking a name away leaves the set itself, so a
link that holds its `set:HASH` stays good.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from data_access import stored_sets
from data_access.errors import InputError, NotFoundError, SynaptoscopeError, TooLargeError, did_you_mean

MAX_LENGTH = 80
MAX_NAMES = 1_000


@dataclass(frozen=True)
class NamedSet:
    """A stored cell set of a dataset. `set`: what follows `set:`; `n`: cells in it when it was named; UTC."""

    name: str
    set: str
    n: int
    created: str


def save(data_dir: Path, dataset_id: str, name: str, text: str, n: int) -> NamedSet:
    """Store a cell set under a name; a name that is there already then stands for the new one.

    Raises InputError for a name that cannot be, TooLargeError where there are too many, and what `stored_sets.store`
    raises.
    """
    name = checked(name)
    place = _file(data_dir, dataset_id, name)
    if not place.is_file() and len(listed(data_dir, dataset_id)) >= MAX_NAMES:
        raise TooLargeError(f"{dataset_id} has {MAX_NAMES:,} named cell sets", "delete some of them first")
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return _write(place, NamedSet(name, stored_sets.store(data_dir, text), n, created))


def listed(data_dir: Path, dataset_id: str) -> list[NamedSet]:
    """The named sets of a dataset by name; a file that cannot be read is passed over."""
    found = []
    for path in _folder(data_dir, dataset_id).glob("*.json"):
        try:
            found.append(NamedSet(**json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):
            continue
    return sorted(found, key=lambda s: (s.name.casefold(), s.name))


def rename(data_dir: Path, dataset_id: str, name: str, to: str) -> NamedSet:
    """Another name for a named set. NotFoundError where there is none, InputError where the new name is taken."""
    old, to = find(data_dir, dataset_id, name), checked(to)
    place, before = _file(data_dir, dataset_id, to), _file(data_dir, dataset_id, old.name)
    if place != before and place.is_file():
        raise InputError(f"there is a cell set {to!r} already", "choose another name, or delete that one first")
    renamed = _write(place, NamedSet(to, old.set, old.n, old.created))
    if place != before:
        before.unlink(missing_ok=True)
    return renamed


def delete(data_dir: Path, dataset_id: str, name: str) -> None:
    """Take a name away. NotFoundError where there is none."""
    _file(data_dir, dataset_id, find(data_dir, dataset_id, name).name).unlink(missing_ok=True)


def find(data_dir: Path, dataset_id: str, name: str) -> NamedSet:
    """The named set of this name, in any case. NotFoundError with the nearest names."""
    known = listed(data_dir, dataset_id)
    for one in known:
        if one.name.casefold() == name.strip().casefold():
            return one
    raise NotFoundError(
        f"{dataset_id} has no cell set named {name[:60]!r}", did_you_mean(name, [s.name for s in known])
    )


def checked(name: str) -> str:
    """A name without blanks around it; InputError for one that is empty, too long or does not print."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_LENGTH or not name.isprintable():
        raise InputError(f"a name has 1 to {MAX_LENGTH} characters that print", "such as chandelier targets")
    return name


def _folder(data_dir: Path, dataset_id: str) -> Path:
    return data_dir / ".sets" / "names" / dataset_id


def _file(data_dir: Path, dataset_id: str, name: str) -> Path:
    return _folder(data_dir, dataset_id) / f"{hashlib.sha256(name.casefold().encode()).hexdigest()[:24]}.json"


def _write(place: Path, named: NamedSet) -> NamedSet:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=place.parent, prefix=".new-", delete=False, encoding="utf-8") as file:
            json.dump(vars(named), file)
        temporary = Path(file.name)
        temporary.chmod(0o644)
        temporary.replace(place)
    except OSError as error:
        raise SynaptoscopeError(f"this server cannot store cell sets ({error.strerror})") from error
    return named
