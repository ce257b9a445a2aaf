"""The browser is the one that was named, else the one that is there; else the message says what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import browser
from scripts.debian import SetupError


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_named_browser_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "chromium")
    mine = program(tmp_path, "mine")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CHROMIUM", str(mine))
    assert browser.find() == mine
    monkeypatch.setenv("CHROMIUM", "mine")
    assert browser.find() == mine
    monkeypatch.delenv("CHROMIUM")
    assert browser.find() == tmp_path / "chromium"


def test_a_named_browser_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    with pytest.raises(SetupError, match="/no/such/browser"):
        browser.find()


@pytest.mark.parametrize(("system", "advice"), [("darwin", "Google Chrome"), ("linux", "CHROMIUM")])
def test_without_a_browser_the_message_says_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    system: str,
    advice: str,
) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(browser, "MAC_PROGRAMS", ("no such.app",))
    monkeypatch.setattr(browser, "driver_starts", lambda: True)
    assert browser.main() == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert advice in error


def test_the_driver_of_the_tests_starts_here() -> None:
    assert browser.driver_starts()
