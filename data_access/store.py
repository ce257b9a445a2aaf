"""The data folder: which datasets it holds, and how one becomes visible whole or not at all.

A dataset is built in a hidden folder beside its final place, checked, and renamed. A lock a dataset id keeps two
builds apart; it is released by the operating system when its holder dies, and whoever takes it next clears away
what a killed build left behind.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from data_access import exchange, holding, metadata
from data_access.errors import InputError, NotFoundError, SynaptoscopeError, did_you_mean
from data_access.metadata import DatasetMeta, FileRecord

_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
BUILDING = ".building-"
GROWING = ".growing"
TURN = "@link"
HELD_S = 600.0  # caches keep generations open that nobody looks at any more


def check_id(dataset_id: str) -> str:
    """The id, if it can name a folder and stand in a URL; InputError otherwise."""
    if not _ID.fullmatch(dataset_id):
        raise InputError(
            f"'{dataset_id[:60]}' cannot be a dataset id",
            "use letters, digits, dot, dash and underscore, starting with a letter or digit, at most 100",
        )
    return dataset_id


def ids(data_dir: Path) -> list[str]:
    """Ids of the visible datasets, sorted."""
    if not data_dir.is_dir():
        return []
    for link in data_dir.glob(f"{BUILDING}*{TURN}"):
        _finish_turn(link)
    return sorted(p.parent.name for p in data_dir.glob("*/dataset.json") if _ID.fullmatch(p.parent.name))


def folder(data_dir: Path, dataset_id: str) -> Path:
    """Folder of a visible dataset; NotFoundError with the nearest ids."""
    place = data_dir / dataset_id
    if _ID.fullmatch(dataset_id) and not place.exists():
        _finish_turn(data_dir / f"{BUILDING}{dataset_id}{TURN}")
    if not _ID.fullmatch(dataset_id) or not (place / "dataset.json").is_file():
        known = ids(data_dir)
        hint = did_you_mean(dataset_id, known) if known else "the data folder holds no dataset yet"
        raise NotFoundError(f"no dataset '{dataset_id[:60]}'", hint)
    return place


def read_meta(data_dir: Path, dataset_id: str) -> DatasetMeta:
    """dataset.json of a visible dataset."""
    return metadata.read(folder(data_dir, dataset_id) / "dataset.json")


@contextmanager
def claimed(data_dir: Path, dataset_id: str) -> Iterator[None]:
    """Hold a dataset id against every other process; InputError when one builds it at this moment.

    What a killed build of it left behind is cleared away.
    """
    check_id(dataset_id)
    (data_dir / ".locks").mkdir(parents=True, exist_ok=True)
    lock = FileLock(data_dir / ".locks" / f"{dataset_id}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"'{dataset_id}' is being built by another process at this moment") from None
    try:
        _finish_turn(data_dir / f"{BUILDING}{dataset_id}{TURN}")
        for stale in data_dir.glob(f"{BUILDING}{dataset_id}@*"):
            if stale.is_symlink():
                stale.unlink()
            shutil.rmtree(stale, ignore_errors=True)
        yield
    finally:
        lock.release()


@contextmanager
def building(data_dir: Path, dataset_id: str) -> Iterator[Path]:
    """A hidden folder to build a dataset in; on leaving without an error it becomes the dataset.

    Raises InputError when the id is taken or another process builds it at this moment.
    """
    with claimed(data_dir, dataset_id):
        place = data_dir / dataset_id
        if place.exists() and not (place / "dataset.json").is_file():
            raise InputError(f"{place} exists already, but is no dataset", "choose another --id, or move it away")
        if place.exists():
            raise InputError(
                f"a dataset '{dataset_id}' exists already",
                f"choose another --id, or remove it first: python -m data_access remove {dataset_id}",
            )
        with _temporary(data_dir, dataset_id) as temporary:
            yield temporary
            _sync(temporary)
            temporary.rename(place)
            _sync_folder(data_dir)


def growing(data_dir: Path, dataset_id: str) -> Path:
    """Folder of a dataset that grows: its generations, and whatever its source keeps to make the next one."""
    return data_dir / GROWING / check_id(dataset_id)


@contextmanager
def next_generation(data_dir: Path, dataset_id: str, number: int, imported: bool = False) -> Iterator[Path]:
    """A hidden folder to build a generation in; on leaving without an error the dataset is that generation.

    The caller holds the claim. The dataset is a link that is turned in one step: there is no moment without it, and
    whoever reads the generation before goes on reading it. That one is deleted with the first generation after this
    that is made when nobody reads it any more, or when it has been out of date for HELD_S.
    `imported`: a dataset that was imported, an ordinary folder so far, may become one that grows.
    """
    folder = growing(data_dir, dataset_id)
    place = data_dir / dataset_id
    if place.exists() and not place.is_symlink() and not imported:
        raise InputError(f"a dataset '{dataset_id}' exists already, and is not one that grows", "choose another --id")
    with _temporary(data_dir, dataset_id) as temporary:
        yield temporary
        _sync(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"generation-{number}"
        shutil.rmtree(target, ignore_errors=True)  # of a build that was killed before it was turned to
        temporary.rename(target)
        before = _turn(data_dir, dataset_id, target, folder / f"generation-{number - 1}")
        _sync_folder(data_dir)
    made = {old: _made(old) for old in folder.glob("generation-*")}
    for old, moment in made.items():
        outdated = min((later for later in made.values() if later > moment), default=0.0)
        read = holding.is_held(old) and time.time() - outdated < HELD_S
        if old.resolve() not in (before, target.resolve()) and not read:
            shutil.rmtree(old, ignore_errors=True)


def _made(generation: Path) -> float:
    """When a generation was finished, seconds; 0 for one that was not."""
    try:
        return (generation / "dataset.json").stat().st_mtime
    except OSError:
        return 0.0


def _turn(data_dir: Path, dataset_id: str, target: Path, former: Path) -> Path:
    """The dataset is `target` from here on; where the one before lies now. A folder that was imported goes to `former`.

    Link and imported folder change places in one step. Where the file system cannot do that there is a moment with the
    finished link beside an empty place: whoever looks next turns it.
    """
    place, link = data_dir / dataset_id, data_dir / f"{BUILDING}{dataset_id}{TURN}"
    link.unlink(missing_ok=True)
    link.symlink_to(target.relative_to(data_dir), target_is_directory=True)
    if not place.is_dir() or place.is_symlink():
        before = place.resolve()
        _replace(link, place)
        return before
    shutil.rmtree(former, ignore_errors=True)
    if exchange.exchanged(link, place):
        link.rename(former)
    else:
        place.rename(former)
        _replace(link, place)
    return former.resolve()


def _replace(link: Path, place: Path) -> None:
    try:
        link.replace(place)
    except FileNotFoundError:  # whoever looked has turned it already
        if not place.is_symlink():
            raise


def _finish_turn(link: Path) -> None:
    """Turn the dataset to a whole generation where a build was killed between the two steps that this can take."""
    place = link.with_name(link.name.removeprefix(BUILDING).removesuffix(TURN))
    if link.is_symlink() and not os.path.lexists(place) and (link / "dataset.json").is_file():
        with suppress(OSError):  # somebody else did it, or nothing may be written here
            link.replace(place)


@contextmanager
def _temporary(data_dir: Path, dataset_id: str) -> Iterator[Path]:
    temporary = data_dir / f"{BUILDING}{dataset_id}@{os.getpid()}"
    temporary.mkdir()
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def remove(data_dir: Path, dataset_id: str) -> None:
    """Delete a dataset: it vanishes at once, its files after that; of one that grows, what it was made from too.

    InputError while it is being built or filled.
    """
    place = folder(data_dir, dataset_id)
    with claimed(data_dir, dataset_id):
        gone = data_dir / f"{BUILDING}{dataset_id}@removed-{os.getpid()}"
        if place.is_symlink():
            place.unlink()
            growing(data_dir, dataset_id).rename(gone)
        else:
            place.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def records(place: Path, known: Mapping[str, FileRecord] | None = None) -> dict[str, FileRecord]:
    """Size and sha256 of every file of a dataset but dataset.json itself, by relative path; not read where `known`."""
    found = {}
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if known and name in known:
            found[name] = known[name]
        elif path.is_file() and name != "dataset.json":
            with path.open("rb") as file:
                found[name] = FileRecord(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)
    return found


def check_files(place: Path, meta: DatasetMeta) -> None:
    """Compare every file with its record; SynaptoscopeError names the first that differs."""
    found = records(place)
    for name, record in meta.files.items():
        if name not in found:
            raise SynaptoscopeError(f"{meta.id}: file {name} is missing")
        if found[name] != record:
            raise SynaptoscopeError(f"{meta.id}: file {name} is not as it was written (size or checksum differs)")
    extra = sorted(set(found) - set(meta.files))
    if extra:
        raise SynaptoscopeError(f"{meta.id}: unexpected file {extra[0]}")
