"""Finished results (PNG, Arrow, gzip bytes), kept on disk or in Redis and computed once at a time.

A key names everything that a result depends on, so a result never goes stale and never expires; the least
recently used leave when the directory is full. The cache is never needed: where it cannot be read or written,
results are computed, and one log line says so.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

import redis

from data_access.cache_stores import open_store

log = logging.getLogger(__name__)

CODE = ("data_access", "analysis", "views", "components", "api")
LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "duckdb", "numba", "pillow", "plotly")
REST_S = 30.0  # how long a cache that failed is left alone


class ResultKey(NamedTuple):
    """Everything that a result depends on, except the code, which ResultCache adds.

    `view` is the canonical text of the view, `kind` what is made of it ("png", "csv", ...); `other` is the
    fingerprint of a second dataset where one takes part.
    """

    dataset: str
    generation: int
    fingerprint: str
    view: str
    kind: str
    other: str = ""


class ResultCache:
    """Results by key; see the module. Safe to share between threads and to carry over a fork."""

    def __init__(
        self,
        cache_dir: Path,
        redis_url: str | None = None,
        limit_mb: int = 2000,
        wait_s: float = 120.0,
        version: str | None = None,
    ) -> None:
        """Open the cache; a directory that cannot be used gives a warning and a cache that keeps nothing.

        `wait_s` is how long another process that computes the same key is waited for; `limit_mb` 0 keeps
        nothing, and Redis has its own limit; `version` replaces the code version in tests.
        """
        self.version = code_version() if version is None else version
        self._wait_s = wait_s
        self._store, self._exclusive = open_store(cache_dir, redis_url, limit_mb * 1_000_000, wait_s)
        self._reading = _Rest("read")
        self._writing = _Rest("written")
        self._forget_flights()
        _caches.add(self)

    def digest(self, key: ResultKey) -> str:
        """The sha256 (hex) of code version and key: the name of the result, and a good entity tag for it."""
        return hashlib.sha256(json.dumps([self.version, *key]).encode()).hexdigest()

    def get_or_compute(self, key: ResultKey, compute: Callable[[], bytes]) -> bytes:
        """The stored result, else that of `compute()`, which runs once however many ask at the same time.

        Threads that ask meanwhile get the same bytes or the same exception; other processes wait (at most
        `wait_s`) and then read what was stored. An exception is never stored.
        """
        name = self.digest(key)
        found = self._read(name)
        if found is not None:
            return found
        flight, first = self._join(name)
        if not first:
            return flight.result()
        try:
            value = self._compute_exclusively(name, compute)
        except BaseException as error:
            self._leave(name)
            ours = isinstance(error, Exception)
            flight.set_exception(error if ours else RuntimeError("the computation was interrupted"))
            raise
        self._leave(name)
        flight.set_result(value)
        return value

    def _compute_exclusively(self, name: str, compute: Callable[[], bytes]) -> bytes:
        with contextlib.nullcontext() if self._reading.resting else self._exclusive(name):
            found = self._read(name)  # by another process, while this one waited
            if found is not None:
                return found
            value = compute()
            if not isinstance(value, bytes):
                raise TypeError(f"a result must be bytes, not {type(value).__name__}")
            self._write(name, value)
            return value

    def _read(self, name: str) -> bytes | None:
        if self._reading.resting:
            return None
        try:
            found: bytes | None = self._store.get(name)
        except (OSError, redis.RedisError) as error:
            self._reading.failed(error)
            return None
        self._reading.worked()
        return found

    def _write(self, name: str, value: bytes) -> None:
        if self._writing.resting:
            return
        try:
            self._store.set(name, value)
        except (OSError, redis.RedisError) as error:
            self._writing.failed(error)
        else:
            self._writing.worked()

    def _join(self, name: str) -> tuple[Future[bytes], bool]:
        with self._mutex:
            flight = self._flights.get(name)
            if flight is None:
                self._flights[name] = flight = Future()
                self._leaders[name] = threading.get_ident()
                return flight, True
            if self._leaders[name] == threading.get_ident():
                raise RuntimeError("a computation asked for its own result")
            return flight, False

    def _leave(self, name: str) -> None:
        with self._mutex:
            self._flights.pop(name, None)
            self._leaders.pop(name, None)

    def _forget_flights(self) -> None:
        """Start with no computation under way: a forked child has none of its parent's threads."""
        self._mutex = threading.Lock()
        self._flights: dict[str, Future[bytes]] = {}
        self._leaders: dict[str, int] = {}


_caches: weakref.WeakSet[ResultCache] = weakref.WeakSet()


def _after_fork() -> None:
    for cache in _caches:
        cache._forget_flights()


os.register_at_fork(after_in_child=_after_fork)


@functools.cache
def code_version() -> str:
    """A hash of the source that results come from and of the versions of the libraries below it."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent
    for path in sorted(p for name in CODE for end in ("py", "sql") for p in (root / name).rglob(f"*.{end}")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            digest.update(f"{name}=={importlib.metadata.version(name)}\n".encode())
    return digest.hexdigest()[:16]


class _Rest:
    """Leaves a failing cache alone for a while, and says so once until it works again."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._until = 0.0
        self._told = False

    @property
    def resting(self) -> bool:
        return time.monotonic() < self._until

    def failed(self, error: Exception) -> None:
        self._until = time.monotonic() + REST_S
        if not self._told:
            log.warning("the results cache cannot be %s: %s; results are computed instead", self._what, error)
        self._told = True

    def worked(self) -> None:
        self._told = False


_shared: list[ResultCache] = []


def share(cache: ResultCache | None) -> None:
    """Make one cache the one that every part of this process uses (None: no cache)."""
    _shared[:] = [] if cache is None else [cache]


def remember(key: ResultKey, compute: Callable[[], bytes]) -> bytes:
    """From the shared cache, or computed where there is none (scripts, tests)."""
    return _shared[0].get_or_compute(key, compute) if _shared else compute()
