"""Fetch one file over HTTP: streamed, resumed after a break, checked, and put in place in one step.

While a file is on its way it is called `<name>.part`; `<name>.source.json` beside it says where it comes
from and what the server called its version (ETag), so that a later try continues the same file or starts
afresh. Under its own name there is only ever a whole file.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from filelock import FileLock, Timeout
from tqdm import tqdm

from data_access.errors import InputError, SynaptoscopeError
from data_access.http_answers import (
    Origin,
    TryAgainError,
    WrongFile,
    ask,
    content_range,
    origin_of,
    refuse_page,
)

Progress = Callable[[int, int | None], None]
T = TypeVar("T")
# What a break can cost: the network layer gives whole blocks only.
BLOCK_BYTES = 1 << 16
# An attempt that brought this much earns all retries again: a large file arrives over a poor line.
HEADWAY_BYTES = 1 << 20
LONGEST_WAIT_SECONDS = 60.0


def download(
    url: str,
    target: Path,
    progress: Progress | None = None,
    *,
    expected_size: int | None = None,
    sha256: str | None = None,
    timeout: float = 30.0,
    retries: int = 4,
    backoff: float = 1.0,
) -> Path:
    """Bring the file at `url` to `target` and return `target`.

    Continues a part that an earlier try left; keeps a whole `target` that is still the file at the address
    (by `sha256` where given, else by asking the server). `progress(bytes so far, total or None)` is called
    as it goes; without it a bar is drawn on stderr when that is a terminal. timeout, backoff: seconds; the
    wait doubles with each failure in a row.

    Raises, with one line: NotFoundError (404, 410), WrongFile (a web page instead of data, wrong size or
    checksum), InputError (no http address, refused, disk full, another process downloads it),
    SynaptoscopeError when the server stays away or keeps breaking off.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError(f"not an http or https address: {url[:120]}")
    target.parent.mkdir(parents=True, exist_ok=True)
    job = _Job(url, target, expected_size, sha256, timeout)
    with _only_one(target), _shown(target.name, progress) as tell:
        if not _persist(job.is_here, job.held, retries, backoff):
            job.bring(lambda: _persist(lambda: job.attempt(tell), job.held, retries, backoff))
    return target


def sha256_of(path: Path) -> str:
    """Checksum of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _only_one(target: Path) -> Iterator[None]:
    lock = FileLock(target.with_name(target.name + ".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"{target.name} is being downloaded by another process at this moment") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _shown(name: str, progress: Progress | None) -> Iterator[Progress]:
    if progress is not None:
        yield progress
        return
    with tqdm(desc=name, unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def tell(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield tell


def _persist(attempt: Callable[[], T], held: Callable[[], int], retries: int, backoff: float) -> T:
    """Repeat what may succeed later; `held` tells how many bytes are here, to see headway."""
    failures = 0
    while True:
        before = held()
        try:
            return attempt()
        except TryAgainError as reason:
            failures = 1 if held() - before >= HEADWAY_BYTES else failures + 1
            if failures > retries:
                hint = "what has arrived is kept: repeat the command to continue" if held() else ""
                raise SynaptoscopeError(f"the download failed {failures} times: {reason}", hint) from reason
            time.sleep(min(max(backoff * 2 ** (failures - 1), reason.wait), LONGEST_WAIT_SECONDS))


def _of(size: int | None) -> str:
    return "" if size is None else f" of {size:,}"


@dataclass(frozen=True)
class _Job:
    """One download: the address, where the file goes, and what is expected of its bytes."""

    url: str
    target: Path
    expected_size: int | None
    sha256: str | None
    timeout: float

    @property
    def part(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    @property
    def record(self) -> Path:
        return self.target.with_name(self.target.name + ".source.json")

    def held(self) -> int:
        """Bytes of the part that is here."""
        return self.part.stat().st_size if self.part.is_file() else 0

    def is_here(self) -> bool:
        """Whether the whole file is in place already and is still the one at the address."""
        if not self.target.is_file():
            return False
        if self.sha256:
            return sha256_of(self.target) == self.sha256
        origin = self._origin()
        if origin is None or origin.size != self.target.stat().st_size or not origin.unless_changed():
            return False
        with ask(self.url, origin.unless_changed(), self.timeout) as response:
            return response.status_code == 304

    def bring(self, fill: Callable[[], None]) -> None:
        """Fill the part until it is whole, check it, and give it its name."""
        continued = self.held() > 0
        fill()
        try:
            self._check()
        except WrongFile:
            self.part.unlink()
            if not continued:
                raise
            # What an earlier try left may not have been of this file: once more, from the start.
            self.bring(fill)
            return
        self.part.replace(self.target)

    def attempt(self, tell: Progress) -> None:
        """One request: the rest of the part, or all of it where the server can't or won't continue."""
        held, origin = self.held(), self._origin()
        with ask(self.url, origin.continuation(held) if origin and held else {}, self.timeout) as response:
            first, total = content_range(response)
            if response.status_code == 416 and total == held:
                return
            found = origin_of(self.url, response)
            continues = response.status_code == 206
            fits = origin is not None and origin.same_version(found) and first == held
            if response.status_code == 416 or (continues and not fits):
                self.part.unlink()
                raise TryAgainError("the file is not the one that this download was begun with")
            start = held if continues else 0
            self._expect(found.size, self.expected_size, "the catalogue says")
            to_come = (found.size or 0) - start
            if to_come > shutil.disk_usage(self.part.parent).free:
                raise self._full(f"{to_come:,} bytes to come")
            self._write_record(found)
            self._stream(response, start, found.size, tell)

    def _stream(self, response: requests.Response, start: int, size: int | None, tell: Progress) -> None:
        done = start
        try:
            with self.part.open("r+b" if start else "wb") as file:
                file.seek(start)
                file.truncate()
                for block in response.iter_content(BLOCK_BYTES):
                    if done == 0:
                        refuse_page(self.url, response, block, self.target.name)
                    file.write(block)
                    done += len(block)
                    tell(done, size)
                file.flush()
                os.fsync(file.fileno())
        except requests.RequestException as error:
            raise TryAgainError(f"the connection broke after {done:,} bytes{_of(size)}") from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise self._full(f"stopped after {done:,} bytes") from error
            raise
        if size is not None and done < size:
            raise TryAgainError(f"the connection ended after {done:,} bytes{_of(size)}")

    def _check(self) -> None:
        origin = self._origin()
        self._expect(self.held(), origin.size if origin else None, "the server announced")
        self._expect(self.held(), self.expected_size, "the catalogue says")
        if self.sha256 and (found := sha256_of(self.part)) != self.sha256:
            raise WrongFile(
                f"{self.target.name} has the wrong checksum: {found[:16]}..., not {self.sha256[:16]}...",
                f"what {self.url} gives is not the file that was expected; nothing of it was kept",
            )

    def _expect(self, size: int | None, wanted: int | None, who: str) -> None:
        if size is not None and wanted is not None and size != wanted:
            hint = f"from {self.url}"
            raise WrongFile(f"{self.target.name} has {size:,} bytes, but {who} {wanted:,}", hint)

    def _full(self, what: str) -> InputError:
        folder = self.part.parent
        free = shutil.disk_usage(folder).free
        return InputError(
            f"the disk is full: {self.target.name}: {what}, {free:,} free in {folder}",
            "make room and repeat the command: it continues where it stopped",
        )

    def _origin(self) -> Origin | None:
        """What is known of the part or file that is here, if it is of this address."""
        try:
            origin = Origin(**json.loads(self.record.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return origin if origin.url == self.url else None

    def _write_record(self, origin: Origin) -> None:
        temporary = self.record.with_name(self.record.name + ".new")
        temporary.write_text(json.dumps(asdict(origin), indent=1) + "\n", encoding="utf-8")
        temporary.replace(self.record)
