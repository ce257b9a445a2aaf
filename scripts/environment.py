"""Puts the pinned requirements into .venv; quick and silent when they are there already.

Run by any Python 3.11 or later with its standard library alone, from the checkout:
    python3 -m scripts.environment          what the dashboard needs
    python3 -m scripts.environment --dev    what the tests need as well
pip runs under the machine's own configuration, so a mirror set in pip.conf or PIP_INDEX_URL is used.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from scripts.debian import SetupError, apt_install, run

OLDEST = (3, 11)
PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input"]


def main(arguments: list[str]) -> int:
    """Make the environment of the checkout in the working directory ready; 0, or 1 with one clear line."""
    names = ["requirements.txt", "requirements-dev.txt"] if "--dev" in arguments else ["requirements.txt"]
    try:
        prepare(Path(".venv"), [Path(name) for name in names])
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def prepare(folder: Path, requirements: list[Path]) -> bool:
    """Create the environment in `folder` where needed, install `requirements`; True when anything was done.

    A copy of each installed requirements file is kept in the environment: equal content means nothing to do,
    whatever the time stamps say. The copies are written after pip has succeeded, so an interrupted
    installation is repeated.
    """
    python = folder / "bin" / "python"
    changed = [file for file in requirements if not is_installed(folder, file)]
    if not changed and answers(python):
        return False
    if not answers(python, *PIP, "--version"):
        create(folder)
        changed = requirements
    install(python, changed)
    for file in changed:
        shutil.copyfile(file, installed_copy(folder, file))
    return True


def installed_copy(folder: Path, requirements: Path) -> Path:
    """Where the environment remembers what it was made from."""
    return folder / f"installed-{requirements.name}"


def is_installed(folder: Path, requirements: Path) -> bool:
    """Whether the environment was made from the present content of `requirements`."""
    copy = installed_copy(folder, requirements)
    return copy.is_file() and copy.read_bytes() == requirements.read_bytes()


def answers(python: Path, *words: str) -> bool:
    """Whether an interpreter is there, works (its base may have been upgraded away) and can run `words`."""
    words = words or ("-c", f"import sys; sys.exit(sys.version_info < {OLDEST})")
    try:
        return subprocess.run([python, *words], capture_output=True).returncode == 0
    except OSError:
        return False


def create(folder: Path) -> None:
    """A new environment with pip; Debian keeps the part of Python that brings pip in a package of its own."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(f"Python {found} is too old: 3.11 or later is needed (PYTHON=... names another)")
    print(f"Creating {folder} with Python {sys.version.split()[0]} ...", flush=True)
    if has_ensurepip():
        venv.create(folder, clear=True, symlinks=True, with_pip=True)
        return
    reason = ""
    try:
        apt_install([f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"], "Python's venv module")
    except SetupError as error:
        reason = str(error)
    importlib.invalidate_caches()
    if has_ensurepip():
        venv.create(folder, clear=True, symlinks=True, with_pip=True)
    else:
        create_with_outer_pip(folder, reason)


def has_ensurepip() -> bool:
    """Whether this Python can put pip into a new environment."""
    return importlib.util.find_spec("ensurepip") is not None


def create_with_outer_pip(folder: Path, reason: str) -> None:
    """An environment whose pip comes from the pip of this Python; `reason` says why the usual way failed."""
    if importlib.util.find_spec("pip") is None:
        raise SetupError(reason or "this Python has neither ensurepip nor pip to make an environment with")
    venv.create(folder, clear=True, symlinks=True, with_pip=False)
    command = [sys.executable, *PIP, "--python", str(folder / "bin" / "python"), "install", "--quiet", "pip"]
    outcome = run(command)
    if outcome.returncode != 0:
        print(outcome.stdout, end="", flush=True)
        shutil.rmtree(folder)
        raise SetupError(f"pip could not be installed into {folder} (pip's words are above)")


def install(python: Path, requirements: list[Path]) -> None:
    """Install pinned packages, each checked against its hashes."""
    count = sum(len(re.findall(r"^[A-Za-z0-9]", file.read_text(), re.MULTILINE)) for file in requirements)
    names = " and ".join(file.name for file in requirements)
    print(f"Installing {count} packages of {names} (a minute or two the first time) ...", flush=True)
    files = [word for file in requirements for word in ("--requirement", str(file))]
    # pip warns of harmless things (a mirror without some package), so its words are kept for when it fails.
    outcome = run([str(python), *PIP, "install", "--quiet", "--require-hashes", *files])
    if outcome.returncode != 0:
        print(outcome.stdout, end="", flush=True)
        raise SetupError(f"pip could not install {names} (its words are above)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
