"""Who reads a generation of a dataset holds it, and one that is held is not deleted when newer ones are made.

The hold is a shared lock on its dataset.json. The operating system gives it back when the reader dies.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from contextlib import suppress
from pathlib import Path


def hold(place: Path, reader: object) -> None:
    """Hold the generation in a folder as long as `reader` lives; where a file system has no locks nothing is held."""
    with suppress(OSError):
        handle = os.open(place / "dataset.json", os.O_RDONLY)
        weakref.finalize(reader, os.close, handle)
        fcntl.flock(handle, fcntl.LOCK_SH)


def is_held(place: Path) -> bool:
    """Whether somebody reads the generation in a folder, in this process or another."""
    try:
        handle = os.open(place / "dataset.json", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
