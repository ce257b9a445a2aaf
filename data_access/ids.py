"""Cell and synapse ids: int64 or text inside, always text at the edge.

Root ids exceed 2**53, so one pass through a float or a JavaScript number changes them. This module is the
only place where ids change their form: text from a user becomes an id here, and an id becomes text here before
it reaches JSON or a browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

SAFE_INTEGER = 2**53
SORTED_FROM = 500_000
INTEGER_PATTERN = r"^-?[0-9]{1,19}$"
FLOAT_PATTERN = r"^-?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][+-]?[0-9]+)?$"
INT64 = np.iinfo(np.int64)

_INTEGER = re.compile(INTEGER_PATTERN)
_ID_NAME = re.compile(r"(^|_)(id|ids|roots?|supervoxel)$|root_id|supervoxel_id|superce+ded_id|body_?id", re.IGNORECASE)


def integer_id(text: str) -> int | None:
    """The int64 that `text` spells exactly, or None (floats, names and numbers beyond int64 are none)."""
    if not _INTEGER.match(text):
        return None
    value = int(text)
    return value if INT64.min <= value <= INT64.max else None


def text_ids(ids: Iterable[object]) -> list[str]:
    """Ids as text, digit for digit; a missing id becomes the empty string."""
    values = ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
    if any(isinstance(v, float) and v == v for v in values):
        raise TypeError("an id arrived as a float: its digits are already lost")
    return ["" if v is None or v != v else str(v) for v in values]


def text_column(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """An Arrow id column (int64 or text) as text."""
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def is_id_name(name: str) -> bool:
    """Whether a column of this name is taken to hold ids."""
    return _ID_NAME.search(name) is not None


def id_columns(table: pa.Table | pa.RecordBatch) -> tuple[str, ...]:
    """Whole-number columns that become text in JSON: named like ids, or holding |value| > 2**53."""
    return tuple(
        name
        for name, column in zip(table.schema.names, table.columns, strict=True)
        if pa.types.is_integer(column.type) and (is_id_name(name) or _exceeds_json(column))
    )


def json_columns(batch: pa.RecordBatch, ids: Iterable[str] = ()) -> dict[str, list[object]]:
    """The columns of a batch as lists for JSON: ids as text digit for digit, missing and not finite as None.

    Text become the columns in `ids` and every whole-number column that `id_columns` names, so that no number
    leaves which a browser would round. Of a stream all such columns stand in `ids`: what is large in one batch
    may be small in the next.
    """
    texts = {*ids, *id_columns(batch)}
    return {
        name: _json_values(column, name in texts)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }


def _exceeds_json(column: pa.Array | pa.ChunkedArray) -> bool:
    ends = pc.min_max(column).as_py()
    return ends["min"] is not None and (ends["min"] < -SAFE_INTEGER or ends["max"] > SAFE_INTEGER)


def _json_values(column: pa.Array, as_text: bool) -> list[object]:
    if as_text:
        column = text_column(column)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    return column.to_pylist()


class IdIndex:
    """Ids of a dataset in ascending order, and the way from an id to its code (position).

    `ids`: int64 (n,) ndarray, memory-mapped where it can be, or an object ndarray of text.
    """

    def __init__(self, ids: np.ndarray) -> None:
        self.ids = ids
        self.is_text = ids.dtype == object
        self._lookup = pd.Index(ids) if self.is_text else None

    def __len__(self) -> int:
        return len(self.ids)

    def codes(self, wanted: np.ndarray | Sequence[object]) -> np.ndarray:
        """int64 codes of ids in the dataset's own form (int64 or text), -1 where there is none."""
        if self._lookup is not None:
            return np.asarray(self._lookup.get_indexer(pd.Index(wanted, dtype=object)), dtype=np.int64)
        values = np.asarray(wanted, dtype=np.int64)
        if len(self.ids) == 0:
            return np.full(len(values), -1, dtype=np.int64)
        if len(values) > SORTED_FROM < len(self.ids) and not bool((values[1:] > values[:-1]).all()):
            # In order, the search walks through memory once instead of jumping about in it.
            distinct, back = np.unique(values, return_inverse=True)
            return self.codes(distinct)[back]
        at = np.searchsorted(self.ids, values)
        at[at == len(self.ids)] = 0
        return np.where(self.ids[at] == values, at, -1).astype(np.int64)

    def codes_of_text(self, wanted: Sequence[str]) -> np.ndarray:
        """int64 codes of ids as a user writes them, -1 where the dataset has none."""
        if self.is_text:
            return self.codes(list(wanted))
        numbers = [integer_id(w) for w in wanted]
        codes = self.codes(np.array([0 if n is None else n for n in numbers], dtype=np.int64))
        codes[[n is None for n in numbers]] = -1
        return codes

    def text(self, codes: np.ndarray | Sequence[int] | None = None) -> list[str]:
        """Ids of these codes (default: all) as text."""
        return text_ids(self.ids if codes is None else self.ids[np.asarray(codes, dtype=np.int64)])

    def arrow(self, codes: np.ndarray) -> pa.Array:
        """Ids of these codes as an Arrow column, int64 or text."""
        picked = self.ids[codes]
        return pa.array(picked, pa.string()) if self.is_text else pa.array(np.ascontiguousarray(picked))

    def nearest(self, text: str) -> list[str]:
        """Up to three ids that resemble `text` (text ids only; a near number means nothing)."""
        from data_access.errors import nearest

        return nearest(text, self.ids) if self.is_text and len(self.ids) < 200_000 else []
