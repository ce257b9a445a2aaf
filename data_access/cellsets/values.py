"""Columns as arrays that comparisons work on: texts as codes into their distinct values, numbers, truths.

Nothing passes through float that was whole, and a missing value is kept apart from every value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from data_access.cellsets.problems import CellSetError
from data_access.cellsets.tree import Column


@dataclass(frozen=True)
class Texts:
    """`codes`: integer (n,), -1 where missing. `distinct`: pandas Index of the different texts."""

    codes: np.ndarray
    distinct: pd.Index

    @property
    def missing(self) -> np.ndarray:
        """Bool (n,)."""
        return self.codes < 0

    def spread(self, chosen: np.ndarray) -> np.ndarray:
        """From bool (number of distinct texts,) to bool (n,), False where missing."""
        return np.append(chosen, False)[self.codes]

    @cached_property
    def arrow(self) -> pa.Array:
        """The distinct texts as an Arrow array."""
        return pa.array(self.distinct.to_numpy(dtype=object), type=pa.large_string())


@dataclass(frozen=True)
class Numbers:
    """`values`: int64, uint64 or float (n,), or one number. `absent`: bool (n,) where no NaN can be."""

    values: np.ndarray | int | float
    absent: np.ndarray | None = None

    @property
    def missing(self) -> np.ndarray:
        """Bool (n,), or () for one number: without a value."""
        values = np.asarray(self.values)
        nan = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, dtype=bool)
        return nan if self.absent is None else nan | self.absent

    @property
    def whole(self) -> bool:
        """Whether the values are whole numbers by type."""
        return isinstance(self.values, int) or (isinstance(self.values, np.ndarray) and self.values.dtype.kind in "iu")


@dataclass(frozen=True)
class Truths:
    """`values`: bool (n,), False where missing. `missing`: bool (n,)."""

    values: np.ndarray
    missing: np.ndarray


Values: TypeAlias = Texts | Numbers | Truths


def read_column(series: pd.Series, column: Column) -> Values:
    """The values of a column by its declared kind; ids are numbers or texts by what they are stored as.

    Raises CellSetError where the values do not have the kind.
    """
    try:
        if column.kind == "boolean":
            return _truths(series)
        if column.kind == "number" or (column.kind == "id" and pd.api.types.is_numeric_dtype(series.dtype)):
            return _numbers(series)
        return _texts(series)
    except (TypeError, ValueError, OverflowError):
        raise CellSetError(f"the values of {column.name} are not all of kind {column.kind}") from None


def _texts(series: pd.Series) -> Texts:
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes, distinct = np.asarray(series.cat.codes), series.cat.categories
    else:
        codes, distinct = pd.factorize(series)
    if not isinstance(distinct, pd.Index):
        distinct = pd.Index(distinct)
    if len(distinct) and pd.api.types.infer_dtype(distinct, skipna=False) != "string":
        # Texts mixed with other objects: each as it prints; what prints alike is one value.
        again, printed = pd.factorize(np.array([str(value) for value in distinct], dtype=object))
        codes, distinct = np.append(again, -1)[codes], pd.Index(printed)
    return Texts(codes, distinct)


def _numbers(series: pd.Series) -> Numbers:
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes, distinct = np.asarray(series.cat.codes), _numbers(pd.Series(series.cat.categories)).values
        assert isinstance(distinct, np.ndarray)
        return Numbers(np.append(distinct, distinct.dtype.type(0))[codes], codes < 0)
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iu":
        return Numbers(_wide(series.to_numpy()))
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        return Numbers(series.to_numpy())
    if isinstance(dtype, np.dtype):
        return _number_objects(series.to_numpy(dtype=object))
    absent = series.isna().to_numpy(dtype=bool)
    if pd.api.types.is_integer_dtype(dtype):
        kind = np.uint64 if pd.api.types.is_unsigned_integer_dtype(dtype) else np.int64
        return Numbers(_wide(series.fillna(0).to_numpy(dtype=kind)), absent)
    return Numbers(series.to_numpy(dtype=np.float64, na_value=np.nan), absent)


def _number_objects(objects: np.ndarray) -> Numbers:
    absent = np.asarray(pd.isna(objects), dtype=bool)
    given = objects[~absent]
    if any(isinstance(value, str | bool | np.bool_) for value in given):
        raise TypeError("text or a truth among numbers")
    whole = all(isinstance(value, int | np.integer) for value in given)
    values = np.zeros(len(objects), dtype=np.int64 if whole else np.float64)
    values[~absent] = given
    return Numbers(values, absent)


def _wide(values: np.ndarray) -> np.ndarray:
    if values.dtype == np.uint64 and values.size and values.max() > np.iinfo(np.int64).max:
        return values
    return values.astype(np.int64, copy=False)


def _truths(series: pd.Series) -> Truths:
    if isinstance(series.dtype, np.dtype) and series.dtype.kind == "b":
        values = series.to_numpy()
        return Truths(values, np.zeros(len(values), dtype=bool))
    missing = series.isna().to_numpy(dtype=bool)
    if pd.api.types.is_bool_dtype(series.dtype) and not isinstance(series.dtype, pd.CategoricalDtype):
        return Truths(series.fillna(False).to_numpy(dtype=bool), missing)
    objects: Any = series.to_numpy(dtype=object)
    given = objects[~missing]
    if not all(isinstance(value, bool | np.bool_) for value in given):
        raise TypeError("something else among truths")
    values = np.zeros(len(objects), dtype=bool)
    values[~missing] = given.astype(bool)
    return Truths(values, missing)
