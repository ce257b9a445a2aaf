"""Installs packages of Debian and its relatives, as root or through sudo; standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess

# Another apt may be at work, on a machine that has just started for instance.
LOCK_WAIT = "DPkg::Lock::Timeout=180"


class SetupError(Exception):
    """This machine lacks something the project cannot install by itself; the message says what to do."""


def apt_install(packages: list[str], purpose: str) -> None:
    """Install `packages` with apt; a SetupError names the command to type where that is not possible."""
    by_hand = f"apt-get install {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise SetupError(f"{purpose} is missing and this machine has no apt-get to install it with")
    root = as_root()
    if root is None:
        raise SetupError(f"{purpose} is missing; install it as root: {by_hand}")
    print(f"Installing {' '.join(packages)} ({purpose}) ...", flush=True)
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", LOCK_WAIT]
    # One unreachable third-party source fails the update while Debian's own lists are fresh; install decides.
    update = run([*apt, "update"])
    install = run([*apt, "install", "--yes", "--no-install-recommends", *packages])
    if install.returncode != 0:
        print(f"{update.stdout if update.returncode != 0 else ''}{install.stdout}", end="", flush=True)
        raise SetupError(f"{purpose} could not be installed (apt's words are above); by hand: {by_hand}")


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it says, errors included, in `stdout`."""
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def as_root() -> list[str] | None:
    """What to put before a command so that root runs it: nothing, sudo, or None where there is no way."""
    if os.geteuid() == 0:
        return []
    return ["sudo"] if shutil.which("sudo") else None
