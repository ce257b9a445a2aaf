"""A stand-in CAVE for each test, and pulls into an empty data folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cave_server.fixtures import AnyCave, cave_server
from tests.data_access.adapters.pulling import Pulls


@pytest.fixture
def cave() -> Iterator[AnyCave]:
    """Answers at most 1,000 rows, each time in another order."""
    with cave_server(row_limit=1000, shuffle=True) as running:
        yield running


@pytest.fixture
def pulls(tmp_path: Path, cave: AnyCave) -> Pulls:
    return Pulls(tmp_path, cave)
