"""Small datasets made through the importer, as the views see them."""

from __future__ import annotations

import pandas as pd
import pytest

from data_access.dataset import Dataset
from tests.views import column as columns


@pytest.fixture(scope="session")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Synapse and cell rows of a small column."""
    return columns.tables()


@pytest.fixture(scope="session")
def column(tmp_path_factory: pytest.TempPathFactory, tables: tuple[pd.DataFrame, pd.DataFrame]) -> Dataset:
    """The small column as a dataset: 60 cells, 20 fragments; only the cells' synapses are complete."""
    return columns.imported(tmp_path_factory.mktemp("column"), *tables)
