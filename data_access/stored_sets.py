"""Cell sets kept on the server under a short name, so that a long list of ids fits into a link.

The name is a hash of the text: the same text always has the same name, a name never changes its meaning, and
every worker and every dataset of one data folder shares them. They lie in <data dir>/.sets as plain text files.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from data_access.errors import InputError, NotFoundError, SynaptoscopeError, TooLargeError

MAX_CHARACTERS = 5_000_000
MAX_TOTAL_BYTES = 2_000_000_000
_DIGITS = 24
_NAME = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")


def normalised(text: str) -> str:
    """The text whose hash is the name: line ends as \\n, no blanks around."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def store(data_dir: Path, text: str) -> str:
    """Keep a cell set and return its name (what follows `set:`). Storing it again changes nothing.

    Raises InputError for an empty text, TooLargeError above 5 MB or where the store is full, SynaptoscopeError
    where the data folder cannot be written.
    """
    text = normalised(text)
    if not text:
        raise InputError("an empty cell set cannot be stored", "leave the parameter out to mean all cells")
    if len(text) > MAX_CHARACTERS:
        raise TooLargeError(f"a cell set has at most {MAX_CHARACTERS:,} characters, this one {len(text):,}")
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise InputError("the cell set holds half of a character (a lone surrogate)") from None
    name = hashlib.sha256(content).hexdigest()[:_DIGITS]
    folder = data_dir / ".sets"
    try:
        if not (folder / f"{name}.txt").is_file():
            _write(folder, name, content)
    except OSError as error:
        raise SynaptoscopeError(
            f"this server cannot store cell sets ({error.strerror})",
            "send the set as a form field with each request",
        ) from error
    return name


def _write(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with os.scandir(folder) as entries:
        total = sum(entry.stat().st_size for entry in entries if entry.is_file())
    if total + len(content) > MAX_TOTAL_BYTES:
        raise TooLargeError("the server's store of cell sets is full", "send the set as a form field instead")
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as file:
        file.write(content)
    temporary = Path(file.name)
    temporary.chmod(0o644)
    temporary.replace(folder / f"{name}.txt")


def resolver(data_dir: Path) -> Callable[[str], str]:
    """What `Dataset.select` calls with the name behind `set:`; NotFoundError where nothing has that name."""

    def resolve(name: str) -> str:
        path = data_dir / ".sets" / f"{name}.txt"
        if not _NAME.fullmatch(name) or not path.is_file():
            raise NotFoundError(f"no stored set 'set:{name[:60]}'", "POST its text to /api/v1/sets to store it again")
        return path.read_text(encoding="utf-8")

    return resolve
