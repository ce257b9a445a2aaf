"""The environment is built from pinned, hashed files, once, and again exactly when one of them changes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts import debian, environment
from scripts.debian import SetupError


def wheel(folder: Path, version: str) -> str:
    """A package of one line, as a requirement with its hash."""
    path = folder / f"tiny-{version}-py3-none-any.whl"
    info = f"tiny-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", f"VERSION = '{version}'\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return f"{path} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def installed(folder: Path) -> str:
    command = [folder / "bin" / "python", "-c", "import tiny; print(tiny.VERSION)"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def test_environment_follows_the_content_of_its_files(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder, pins = tmp_path / ".venv", tmp_path / "requirements.txt"
    pins.write_text(wheel(tmp_path, "1.0"))

    assert environment.prepare(folder, [pins])
    assert installed(folder) == "1.0"
    capfd.readouterr()

    pins.touch()
    assert not environment.prepare(folder, [pins])
    assert capfd.readouterr().out == ""

    pins.write_text(wheel(tmp_path, "2.0"))
    assert environment.prepare(folder, [pins])
    assert installed(folder) == "2.0"

    pins.write_text(wheel(tmp_path, "3.0").replace("sha256:", "sha256:0000")[:-5] + "\n")
    for _ in range(2):  # a failure is not remembered as done
        with pytest.raises(SetupError, match="pip could not install"):
            environment.prepare(folder, [pins])
    assert installed(folder) == "2.0"

    pins.write_text(wheel(tmp_path, "3.0"))
    (folder / "bin" / "python").unlink()  # what an upgrade of the system's Python leaves behind
    assert environment.prepare(folder, [pins])
    assert installed(folder) == "3.0"


def test_without_ensurepip_debian_is_asked_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(environment, "has_ensurepip", lambda: bool(asked))
    monkeypatch.setattr(environment, "apt_install", lambda packages, purpose: asked.extend(packages))
    environment.create(tmp_path / ".venv")
    assert asked == [f"python3.{sys.version_info[1]}-venv"]
    assert environment.answers(tmp_path / ".venv" / "bin" / "python", *environment.PIP, "--version")


def test_without_any_way_the_message_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(environment, "has_ensurepip", lambda: False)
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(debian.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(debian.os, "geteuid", lambda: 1000)
    assert environment.main([]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "apt-get install python3." in error


def test_a_python_that_is_too_old_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "OLDEST", (3, 99))
    with pytest.raises(SetupError, match=rf"Python {sys.version_info[0]}\.{sys.version_info[1]}.* is too old"):
        environment.create(tmp_path / ".venv")
