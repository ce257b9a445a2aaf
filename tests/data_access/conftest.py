"""The command line in a data folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data_access.command_line import CommandLine


@pytest.fixture
def command(tmp_path: Path) -> CommandLine:
    data, work = tmp_path / "data", tmp_path / "files"
    data.mkdir()
    work.mkdir()
    return CommandLine(data, work)
