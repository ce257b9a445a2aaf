"""Reading the files of a dataset, and Arrow columns as pandas columns without loss."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
        return pd.Series(_categories(values), name=name)
    if pa.types.is_integer(values.type) and values.null_count:
        return pd.Series(values.to_pandas(integer_object_nulls=True), name=name).astype("Int64")
    if pa.types.is_boolean(values.type) and values.null_count:
        return pd.Series(values.to_pandas(), name=name).astype("boolean")
    return pd.Series(values.to_pandas(), name=name)


def _categories(values: pa.Array | pa.ChunkedArray) -> pd.Categorical:
    """Text as categories in ascending order; sorted as bytes by Arrow, which is the order of code points."""
    chunked = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    coded = chunked.dictionary_encode().unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # of no rows
        return pd.Categorical(values.to_pandas())
    order = pc.sort_indices(coded.dictionary).to_numpy()
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = -1
    codes = rank[pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)]
    return pd.Categorical.from_codes(codes, categories=pd.Index(coded.dictionary.take(order).to_pandas()))
