"""Finds the browser that the tests drive, and installs Debian's Chromium where there is none.

    .venv/bin/python -m scripts.browser       installs what is missing; silent when nothing is
The variable CHROMIUM names a browser of one's own choice: any Chromium or Google Chrome.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.debian import SetupError, apt_install

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_PROGRAMS = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium")


def main() -> int:
    """Make sure that a browser is there and can be driven; 0, or 1 with one clear line."""
    try:
        install(missing_packages())
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def find() -> Path | None:
    """The browser to drive: CHROMIUM if set, else one on the PATH, else a macOS application, else None."""
    chosen = os.environ.get("CHROMIUM", "")
    if chosen:
        command = shutil.which(chosen)
        if command is None:
            raise SetupError(f"CHROMIUM={chosen} is no program that can be run")
        return Path(command)
    for name in COMMANDS:
        command = shutil.which(name)
        if command:
            return Path(command)
    if sys.platform == "darwin":
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            for program in MAC_PROGRAMS:
                if os.access(folder / program, os.X_OK):
                    return folder / program
    return None


def missing_packages() -> list[str]:
    """Debian packages without which no browser can be driven here."""
    browser = [] if find() else ["chromium"]
    return browser if driver_starts() else [*browser, "libatomic1"]


def driver_starts() -> bool:
    """Whether Playwright's own Node can run: it is linked to libatomic, which a small Debian lacks."""
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return subprocess.run([sys.executable, "-m", "playwright", "--version"], capture_output=True).returncode == 0
    return True


def install(packages: list[str]) -> None:
    """Install Debian packages; elsewhere a SetupError says which browsers serve."""
    if not packages:
        return
    if sys.platform == "darwin":
        raise SetupError("the tests need Google Chrome or Chromium; install one, or name it in CHROMIUM")
    try:
        apt_install(packages, "the browser of the tests")
    except SetupError as error:
        raise SetupError(f"{error}; or name a Chromium or Google Chrome in CHROMIUM") from error


if __name__ == "__main__":
    sys.exit(main())
