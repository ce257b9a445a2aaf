"""Arrow columns as pandas columns without loss: whole numbers stay whole, missing stays missing."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa


def series(values: pa.Array | pa.ChunkedArray, name: str) -> pd.Series:
    """Text as categories, int64 (Int64 where some are missing), float64, bool (boolean where some are missing)."""
    if pa.types.is_string(values.type):
        return pd.Series(pd.Categorical(values.to_pandas()), name=name)
    if pa.types.is_integer(values.type) and values.null_count:
        return pd.Series(values.to_pandas(integer_object_nulls=True), name=name).astype("Int64")
    if pa.types.is_boolean(values.type) and values.null_count:
        return pd.Series(values.to_pandas(), name=name).astype("boolean")
    return pd.Series(values.to_pandas(), name=name)
