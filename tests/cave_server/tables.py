"""Tables and views of a stand-in datastack, in the column names and types that CAVE answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tests.cave_server.history import NOWHERE, History, Ints, supervoxels

NEVER = 1_000_000


@dataclass(frozen=True)
class BoundPoint:
    """A point bound to the segmentation: columns NAME_position_x/_y/_z, NAME_supervoxel_id and NAME_root_id.

    voxel: int64 (n, 3), position in the table's voxels. piece: int64 (n,), where it lies (NOWHERE: outside the
    segmentation); None: not bound, the position only. lost_at: int64 (n,), the first state in which the point lies on
    nothing any more (NEVER: stays).
    """

    voxel: Ints
    piece: Ints | None = None
    lost_at: Ints | None = None

    def pieces(self, state: int) -> Ints:
        """Where the points lie in a state; NOWHERE where they were lost."""
        assert self.piece is not None
        return self.piece if self.lost_at is None else np.where(self.lost_at <= state, NOWHERE, self.piece)


@dataclass(frozen=True)
class Table:
    """A table or view. columns: in the order they are answered in, pandas arrays in CAVE's types or BoundPoints.

    Rows lie in the order of the disk, which is none. since: first state in whose version the table is there.
    """

    name: str
    schema_type: str
    description: str
    columns: Mapping[str, Any]
    voxel_nm: tuple[float, float, float] = (4.0, 4.0, 40.0)
    kind: Literal["table", "view"] = "table"
    reference_table: str | None = None
    notice: str | None = None
    since: int = 0

    def frame(self, history: History, state: int) -> Frame:
        """All rows of the table in a state, as the server holds them."""
        columns: dict[str, Any] = {}
        points = []
        for name, values in self.columns.items():
            if not isinstance(values, BoundPoint):
                columns[name] = values
                continue
            if values.piece is not None:
                pieces = values.pieces(state)
                columns[f"{name}_supervoxel_id"] = whole(supervoxels(pieces, np.arange(len(pieces))))
                columns[f"{name}_root_id"] = whole(history.roots(state, pieces))
            points.append((f"{name}_position", values.voxel))
        for name, voxel in points:
            for axis, letter in enumerate("xyz"):
                columns[f"{name}_{letter}"] = pd.array(voxel[:, axis], dtype="Int32")
        return Frame(pd.DataFrame(columns), tuple(name for name, _ in points), self.voxel_nm)

    def column_types(self) -> dict[str, str]:
        """Type of each column by the names that schemas have for them (integer, float, string ...)."""
        types: dict[str, str] = {}
        for name, values in self.columns.items():
            if not isinstance(values, BoundPoint):
                types[name] = _TYPE_NAMES[str(values.dtype)]
                continue
            if values.piece is not None:
                types |= {f"{name}_supervoxel_id": "integer", f"{name}_root_id": "integer"}
            types[f"{name}_position"] = "SpatialPoint"
        return types


_TYPE_NAMES = {
    "Int64": "integer",
    "Int32": "integer",
    "Float32": "float",
    "boolean": "boolean",
    "string": "string",
    "datetime64[ns, UTC]": "DateTime",
}


@dataclass
class Frame:
    """Rows as the server holds them: `data` in CAVE's types, positions split, in voxels of `voxel_nm`."""

    data: pd.DataFrame
    points: tuple[str, ...]
    voxel_nm: tuple[float, float, float]
    _values: dict[str, NDArray[Any]] = field(default_factory=dict)
    _batches: dict[tuple[str, ...], pa.RecordBatch] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.data)

    def values(self, column: str) -> NDArray[Any]:
        """A column to compare with: int64 (missing: the smallest), bool, float or object with None."""
        if column not in self._values:
            values = self.data[column]
            kind = str(values.dtype)
            if kind.startswith("Int"):
                result = values.to_numpy(dtype=np.int64, na_value=np.iinfo(np.int64).min)
            elif kind == "Float32":
                result = values.to_numpy(dtype=np.float64, na_value=np.nan)
            else:
                result = values.astype(object).where(values.notna(), None).to_numpy(dtype=object)
            self._values[column] = result
        return self._values[column]

    def batch(self, columns: tuple[str, ...]) -> pa.RecordBatch:
        """These columns of all rows as an Arrow batch whose metadata name the pandas types."""
        if columns not in self._batches:
            self._batches[columns] = pa.RecordBatch.from_pandas(self.data[list(columns)], preserve_index=False)
        return self._batches[columns]


def whole(values: Any, missing: NDArray[np.bool_] | None = None) -> Any:
    """An Int64 array; `missing` says where there is no value."""
    result = pd.array(np.asarray(values, dtype=np.int64), dtype="Int64")
    if missing is not None:
        result[missing] = pd.NA
    return result


def text(values: Any) -> Any:
    """A string array, None missing."""
    return pd.array(list(values), dtype="string")


def truth_values(values: Any) -> Any:
    """A boolean array, None missing."""
    return pd.array(list(values), dtype="boolean")


def real(values: Any) -> Any:
    """A Float32 array."""
    return pd.array(np.asarray(values, dtype=np.float32), dtype="Float32")


def created(n: int) -> Any:
    """When annotations were made."""
    first = pd.Timestamp("2020-11-04T08:13:21.412337", tz="UTC")
    return pd.Series(first + pd.to_timedelta(np.arange(n), unit="us")).dt.as_unit("ns").array


def bookkeeping(ids: Ints) -> dict[str, Any]:
    """The columns every annotation has: id, created, superceded_id, valid."""
    n = len(ids)
    return {
        "id": whole(ids),
        "created": created(n),
        "superceded_id": whole(np.zeros(n), np.ones(n, dtype=bool)),
        "valid": truth_values([True] * n),
    }
