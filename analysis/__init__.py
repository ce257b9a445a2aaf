"""Pure functions on arrays. Compiled kernels are kept beside this package, or elsewhere where it is read-only."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or in the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


# Numba refuses to compile at all where it finds no place for its cache: a read-only image, a user without a home.
_places = (Path(__file__).parent, Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()))
if "NUMBA_CACHE_DIR" not in os.environ and not any(map(_writable, _places)):
    os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="synaptoscope-kernels-")
    atexit.register(shutil.rmtree, os.environ["NUMBA_CACHE_DIR"], ignore_errors=True)
