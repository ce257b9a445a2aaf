"""Two names of one folder change places in one step, as far as the system can do that."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS


def exchanged(one: Path, other: Path) -> bool:
    """Whether what the two paths name has changed places; False where the file system cannot, and nothing happened."""
    names = os.fsencode(one), os.fsencode(other)
    try:
        system = ctypes.CDLL(None)
        if sys.platform == "darwin":
            status = system.renamex_np(*names, _EXCHANGE)
        else:
            status = system.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE)
    except (OSError, AttributeError, TypeError):  # a C library without the call
        return False
    return bool(status == 0)
