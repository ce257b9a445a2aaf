"""A question to one table or view, and the rows that answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

Corner = tuple[float, float, float]
MOST_EXACT = 2**53  # above this a float no longer tells whole numbers apart


@dataclass(frozen=True)
class Query:
    """Rows of one table (or view) that meet every condition; no condition means all of them.

    `within`: column -> the values allowed (an empty list allows none); `equal`, `at_least` (>=), `below` (<): column ->
    value; `box`: (position column, lower corner, upper corner) in the table's voxels; `limit`: at most so many rows.
    `columns` empty = all columns.
    """

    table: str
    view: bool = False
    columns: tuple[str, ...] = ()
    within: Mapping[str, Iterable[Any]] = field(default_factory=dict)
    equal: Mapping[str, Any] = field(default_factory=dict)
    at_least: Mapping[str, float] = field(default_factory=dict)
    below: Mapping[str, float] = field(default_factory=dict)
    box: tuple[str, Corner, Corner] | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "within", {name: plain_values(values) for name, values in self.within.items()})

    def filters(self) -> dict[str, Any]:
        """The conditions as caveclient's keyword arguments; whole numbers as Python ints."""
        wanted: dict[str, Any] = {}
        if self.within:
            wanted["filter_in_dict"] = {name: list(values) for name, values in self.within.items()}
        if self.equal:
            wanted["filter_equal_dict"] = {name: _plain(value) for name, value in self.equal.items()}
        if self.at_least:
            wanted["filter_greater_equal_dict"] = {name: _plain(value) for name, value in self.at_least.items()}
        if self.below:
            wanted["filter_less_dict"] = {name: _plain(value) for name, value in self.below.items()}
        if self.box:
            name, lower, upper = self.box
            wanted["filter_spatial_dict"] = {name: [[_plain(v) for v in lower], [_plain(v) for v in upper]]}
        if self.columns:
            wanted["select_columns"] = list(self.columns)
        return wanted

    def names(self) -> list[str]:
        """Every column that is named, in the answer or in a condition."""
        boxed = [self.box[0]] if self.box else []
        return list(dict.fromkeys([*self.columns, *self.within, *self.equal, *self.at_least, *self.below, *boxed]))

    def describe(self) -> str:
        """The table and how many values each condition has; never the values."""
        parts = [f"{len(list(values)):,} values of {name}" for name, values in self.within.items()]
        parts += [f"{name} fixed" for name in self.equal]
        parts += [f"{name} in a range" for name in sorted({*self.at_least, *self.below})]
        parts += ["in a box"] if self.box else []
        return ", ".join([self.table, *parts])


@dataclass(frozen=True)
class Answer:
    """The rows and, where the server cut them, at how many (`limited`; None = all rows are there).

    `voxel_nm` is the voxel size that the server sent with them, in which a `box` is given.
    """

    frame: pd.DataFrame
    limited: int | None = None
    voxel_nm: tuple[float, float, float] | None = None


def plain_values(values: Iterable[Any]) -> list[Any]:
    """A list that JSON can carry; a text alone is refused, since it would be read letter by letter."""
    if isinstance(values, str | bytes):
        raise TypeError("a list of values is needed, not one text")
    if isinstance(values, np.ndarray | pd.Series | pd.Index):
        if pd.api.types.is_float_dtype(values):
            raise TypeError("ids must be whole numbers, not floats")
        return [_plain(value) for value in values.tolist()]
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def tidy(frame: pd.DataFrame, voxel_nm: tuple[float, float, float] | None) -> pd.DataFrame:
    """The frame with whole-number ids (Int64) and positions in nm, whatever types an empty answer came with.

    A position NAME_x, NAME_y, NAME_z in voxels becomes NAME_x_nm, NAME_y_nm, NAME_z_nm (float64). Raises ValueError for
    ids that came as floats too large to be exact, and for positions without a known voxel size.
    """
    frame = frame.copy(deep=False)
    frame.attrs = {}
    for name in list(frame.columns):
        if _is_id(str(name)):
            frame[name] = _whole(frame[name], str(name))
    for name in position_columns(frame.columns):
        if voxel_nm is None:
            raise ValueError("positions came without a voxel size")
        for axis, size in zip("xyz", voxel_nm, strict=True):
            values = pd.to_numeric(frame[f"{name}_{axis}"], errors="coerce")
            frame[f"{name}_{axis}"] = values.to_numpy(dtype="float64", na_value=np.nan) * size
        frame = frame.rename(columns={f"{name}_{axis}": f"{name}_{axis}_nm" for axis in "xyz"})
    return frame


def position_columns(columns: Iterable[str]) -> list[str]:
    """Names of positions that come as NAME_x, NAME_y and NAME_z."""
    names = [str(c) for c in columns]
    stems = [name[:-2] for name in names if name.endswith("position_x")]
    return [stem for stem in stems if f"{stem}_y" in names and f"{stem}_z" in names]


def _is_id(name: str) -> bool:
    return name == "id" or name.endswith(("_id", "_id_ref", "id_ref"))


def _whole(values: pd.Series, name: str) -> pd.Series:
    if pd.api.types.is_integer_dtype(values):
        return values.astype("Int64")
    if values.isna().all():
        return pd.Series(pd.array([pd.NA] * len(values), dtype="Int64"), index=values.index, name=values.name)
    if not pd.api.types.is_float_dtype(values):
        return values  # text ids exist
    exact = values.dropna()
    if ((exact.abs() >= MOST_EXACT) | (exact % 1 != 0)).any():
        raise ValueError(f"the ids of {name!r} came as floats, which have lost digits")
    return values.astype("Float64").astype("Int64")
