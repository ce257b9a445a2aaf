"""All rows of a table although each answer is cut: split by ranges of a key, every part held against a count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data_access.adapters.cave.problems import CaveError
from data_access.adapters.cave.queries import Query

if TYPE_CHECKING:
    from data_access.adapters.cave.client import Cave

SAMPLE = 1_000  # rows that show where to split


def whole(cave: Cave, version: int, query: Query, key: str) -> pd.DataFrame:
    """All rows that meet the conditions, each once, sorted by the whole-number column `key`.

    Splits at the median of what a cut answer showed, until every part has as many rows as the server counts. An answer
    is held against the count and not against the limit, so one that was cut without a word is noticed too.
    """
    columns = (*query.columns, key) if query.columns and key not in query.columns else query.columns
    asked = replace(query, columns=columns)
    parts = _parts(cave, version, asked, key, cave.count(version, asked), None)
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True).sort_values(key, kind="stable", ignore_index=True)


def _parts(cave: Cave, version: int, query: Query, key: str, expected: int, limit: int | None) -> list[pd.DataFrame]:
    """The `expected` rows of a range of the key, in parts that are whole; `limit`: rows in one answer, if known."""
    too_many = limit is not None and expected > limit
    answer = cave.rows(version, replace(query, limit=min(limit or SAMPLE, SAMPLE)) if too_many else query)
    if len(answer.frame) == expected:
        return [answer.frame]
    if len(answer.frame) > expected:
        raise _disagree(query, len(answer.frame), expected)
    shown = np.unique(answer.frame[key].dropna().to_numpy(dtype="int64"))
    if len(shown) < 2:
        raise _disagree(query, len(answer.frame), expected)
    middle = int(shown[len(shown) // 2])
    halves = (
        replace(query, below={**query.below, key: middle}),
        replace(query, at_least={**query.at_least, key: middle}),
    )
    counts = [cave.count(version, half) for half in halves]
    if sum(counts) != expected or 0 in counts:  # rows without a key, or a table that changes
        raise _disagree(query, sum(counts), expected)
    known = limit if too_many else len(answer.frame)
    return [part for half, n in zip(halves, counts, strict=True) for part in _parts(cave, version, half, key, n, known)]


def _disagree(query: Query, came: int, counted: int) -> CaveError:
    cause = f"{query.table}: {came:,} rows can be had, but {counted:,} were counted"
    return CaveError("protocol", cause, "the version may be changing, or its rows have no ids: try another version")
