"""Reading the files of a dataset, and Arrow columns as pandas columns without loss."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from data_access.errors import DamagedError


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file of a dataset is read into one DamagedError that names dataset and file."""
    try:
        yield
    except (OSError, pa.ArrowException, duckdb.IOException, duckdb.InvalidInputException, StopIteration) as error:
        hint = f"python -m data_access verify {path.parent.name} says more"
        raise DamagedError(f"{path.parent.name}: {path.name} is missing or damaged", hint) from error


def series(values: pa.Array | pa.ChunkedArray, name: str) -> pd.Series:
    """Whole numbers stay whole, missing stays missing.

    Text as categories, int64 (Int64 where some are missing), float64, bool (boolean where some are missing).
    """
    if pa.types.is_string(values.type):
        return pd.Series(pd.Categorical(values.to_pandas()), name=name)
    if pa.types.is_integer(values.type) and values.null_count:
        return pd.Series(values.to_pandas(integer_object_nulls=True), name=name).astype("Int64")
    if pa.types.is_boolean(values.type) and values.null_count:
        return pd.Series(values.to_pandas(), name=name).astype("boolean")
    return pd.Series(values.to_pandas(), name=name)
