"""The sample datasets as fixtures, for a module that says pytest_plugins = ("tests.views.sample_fixtures",)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.views.samples import Source, all_sources


@pytest.fixture(scope="session")
def sample_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the sample datasets."""
    return tmp_path_factory.mktemp("sample_data")


@pytest.fixture(scope="session")
def sources(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    """The sample datasets, made once a session, by id."""
    return all_sources(sample_data, tmp_path_factory.mktemp("source_files"))
