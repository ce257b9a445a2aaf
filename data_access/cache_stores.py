"""Where finished results are kept: Flask-Caching backends that hold bytes, and locks between processes."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import stat
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import redis
from flask_caching.backends.base import BaseCache
from flask_caching.backends.nullcache import NullCache
from flask_caching.backends.rediscache import RedisCache
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

MAGIC = b"SYN1"
TEMPORARY = ".tmp-"
ABANDONED_S = 600.0  # a temporary file this old was left by a process that died
TOUCH_S = 60.0  # how exactly the last use of a file is known
SWEEP_PART = 20  # look at the directory's size after each 1/20 of the limit written
KEEP_PART = 0.8  # and leave this much of the limit after a sweep

Exclusive = Callable[[str], contextlib.AbstractContextManager[None]]


def open_store(cache_dir: Path, redis_url: str | None, limit: int, wait_s: float) -> tuple[BaseCache, Exclusive]:
    """The Flask-Caching backend, and a context manager that keeps a name from other processes.

    `limit` is in bytes and only for the directory; 0, or a directory that cannot be used, keeps nothing.
    """
    if redis_url:
        client = redis.Redis.from_url(
            redis_url, socket_connect_timeout=1, socket_timeout=5, retry=Retry(NoBackoff(), 0), protocol=2
        )
        return PackedRedis(client, default_timeout=0, key_prefix="synaptoscope:"), functools.partial(
            _held_in_redis, client, wait_s
        )
    if limit > 0:
        try:
            locks = private_directory(cache_dir / "locks")
            results = ResultFiles(private_directory(cache_dir / "results"), limit)
            return results, functools.partial(_held_on_disk, locks, wait_s)
        except OSError as error:
            log.warning("the cache directory %s cannot be used: %s; every result is computed", cache_dir, error)
    return NullCache(), lambda name: contextlib.nullcontext()


def private_directory(path: Path) -> Path:
    """Make the directory, or take an own one, and close it to others. OSError where it is someone else's."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.stat()
    if found.st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to another user")
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)
    return path


def pack(value: bytes) -> bytes:
    """The value with a header that tells a whole one from a damaged one."""
    return MAGIC + zlib.crc32(value).to_bytes(4, "big") + len(value).to_bytes(8, "big") + value


def unpack(blob: bytes | None) -> bytes | None:
    """The value that was packed; None where it is missing, cut short or changed."""
    if blob is None or blob[:4] != MAGIC or int.from_bytes(blob[8:16], "big") != len(blob) - 16:
        return None
    value = blob[16:]
    return value if zlib.crc32(value).to_bytes(4, "big") == blob[4:8] else None


class ResultFiles(BaseCache):
    """One file a result in a directory of its own, at most `limit` bytes, least recently used removed first.

    Flask-Caching's FileSystemCache pickles (a damaged or planted file could run code), limits the number of
    files and not their size, waits 16 s on a file it may not read, and leaves parts behind on a full disk.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        super().__init__(default_timeout=0)
        self._folder = folder
        self._limit = limit
        self._unswept = limit  # so that the first result looks at what is there

    def get(self, key: str) -> bytes | None:
        """The bytes, or None where there are none or they are damaged."""
        path = self._folder / key
        try:
            with path.open("rb") as file:
                used = os.fstat(file.fileno()).st_mtime
                value = unpack(file.read())
        except OSError:
            return None
        with contextlib.suppress(OSError):
            if value is None:
                log.warning("the cached result %s was damaged and is removed", key)
                path.unlink()
            elif time.time() - used > TOUCH_S:
                os.utime(path)
        return value

    def set(self, key: str, value: bytes, timeout: int | None = None) -> bool:
        """Store the bytes whole, or OSError and nothing is stored. Never expires: `timeout` is ignored."""
        blob = pack(value)
        if len(blob) > self._limit:
            return False
        handle, temporary = tempfile.mkstemp(prefix=TEMPORARY, dir=self._folder)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(blob)
            Path(temporary).replace(self._folder / key)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        self._unswept += len(blob)  # threads may lose a count: the next sweep is then a little later
        if self._unswept > self._limit / SWEEP_PART:
            self._unswept = 0
            with contextlib.suppress(OSError):
                self._remove_oldest(keep=self._limit)
        return True

    def delete(self, key: str) -> bool:
        """Remove one result; true also where there was none."""
        (self._folder / key).unlink(missing_ok=True)
        return True

    def clear(self) -> bool:
        """Remove every result."""
        self._remove_oldest(keep=0)
        return True

    def _remove_oldest(self, keep: int) -> None:
        """If the files hold more than `keep` bytes, remove the least recently used, to KEEP_PART of it."""
        files = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # another process sweeps too
                    found = entry.stat(follow_symlinks=False)
                    files.append((found.st_mtime_ns, found.st_size, Path(entry.path)))
        abandoned = (time.time() - ABANDONED_S) * 1e9
        total = sum(size for _, size, _ in files)
        target = keep * KEEP_PART if total > keep else keep
        for used, size, path in sorted(files):
            temporary = path.name.startswith(TEMPORARY)
            if (temporary and used < abandoned) or (not temporary and total > target):
                path.unlink(missing_ok=True)
                total -= size


class _Packed:
    """What RedisCache calls to make bytes of a value: it is bytes already, so nothing is pickled."""

    dumps = staticmethod(pack)
    loads = staticmethod(unpack)


class PackedRedis(RedisCache):
    """Flask-Caching's Redis backend for bytes. Nothing expires; maxmemory and its policy are set in Redis."""

    serializer = _Packed()


@contextlib.contextmanager
def _held_on_disk(folder: Path, wait_s: float, name: str) -> Iterator[None]:
    """Keep `name` from other processes; go on without where that takes longer than `wait_s` or fails."""
    path = folder / name
    lock = filelock.FileLock(path, mode=0o600, fallback_to_soft=False)
    try:
        lock.acquire(timeout=wait_s, poll_interval=0.01)
    except OSError:  # filelock.Timeout is one
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()  # while held: those who wait for it see that the name is free and take a new file
        lock.release()


@contextlib.contextmanager
def _held_in_redis(client: redis.Redis, wait_s: float, name: str) -> Iterator[None]:
    """The same in Redis, where the lock frees itself after `wait_s` if its holder dies."""
    lock = client.lock(f"synaptoscope:lock:{name}", timeout=wait_s, blocking_timeout=wait_s, sleep=0.02)
    try:
        held = lock.acquire()
    except redis.RedisError:
        held = False
    try:
        yield
    finally:
        if held:
            with contextlib.suppress(redis.RedisError):  # LockError: it freed itself meanwhile
                lock.release()
