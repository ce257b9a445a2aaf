"""Files that somebody sends to the server to look at before they become part of a dataset: kept for a day."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from pathlib import Path

from data_access.errors import InputError, NotFoundError, TooLargeError

FOLDER = ".uploads"
MAX_BYTES = 22_000_000  # what a browser sends is a third longer, and a request holds 32 MB
MAX_TOGETHER = 2_000_000_000
KEPT_S = 24 * 3600
_KEY = re.compile(r"[0-9a-f]{32}")
_NOT_IN_NAMES = re.compile(r"[^\w .()+-]")


def keep(data_dir: Path, name: str, content: bytes) -> str:
    """Keep a file under its name; the key by which `find` gives it back. What is older than a day goes.

    Raises TooLargeError, and InputError for a name without a letter.
    """
    if len(content) > MAX_BYTES:
        raise TooLargeError(
            f"the file is larger than {MAX_BYTES // 1_000_000} MB", "larger ones go by the command line"
        )
    safe = _NOT_IN_NAMES.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")[-100:]
    if not safe:
        raise InputError("the file has no name")
    folder = data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    key = hashlib.sha256(safe.encode() + b"\0" + content).hexdigest()[:32]
    (folder / key).mkdir(exist_ok=True)
    half = folder / key / f".{os.getpid()}.half"
    half.write_bytes(content)
    half.replace(folder / key / safe)
    return key


def find(data_dir: Path, key: str) -> Path:
    """A file that was kept. NotFoundError once it has gone."""
    folder = data_dir / FOLDER / key
    if _KEY.fullmatch(key) and folder.is_dir():
        found = [path for path in folder.iterdir() if not path.name.startswith(".")]
        if found:
            return found[0]
    raise NotFoundError("the file is no longer here", "choose it once more")


def _clear(folder: Path) -> None:
    """Without what is old; and if that is still too much, without what is oldest."""
    there = sorted((path.stat().st_mtime, path) for path in folder.iterdir() if path.is_dir())
    sizes = {path: sum(f.stat().st_size for f in path.iterdir()) for _, path in there}
    total = sum(sizes.values())
    for mtime, path in there:
        if mtime < time.time() - KEPT_S or total > MAX_TOGETHER:
            shutil.rmtree(path, ignore_errors=True)
            total -= sizes[path]
