"""The key that signs what the browser hands back: one for all workers of a host."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from pathlib import Path

from data_access.errors import InputError
from settings import Settings


def shared_secret(settings: Settings) -> str:
    """The given secret key, else the one kept in the cache directory, made there the first time.

    Raises OSError where there is neither and none can be stored, InputError where the stored one is damaged.
    """
    if settings.secret_key:
        return settings.secret_key.reveal()
    path = settings.cache_dir / "secret_key"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _store(path)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", key):
        raise InputError(f"the secret key in {path} is damaged", "delete the file: the next start makes a new one")
    return key


def _store(path: Path) -> None:
    """Make the file whole or not at all, and keep the first of several workers that start together."""
    handle, temporary = tempfile.mkstemp(prefix=".secret_key-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink(missing_ok=True)
