"""Comparisons and arithmetic on whole columns; False wherever a value is missing, exact on whole numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data_access.cellsets.tree import TextTest
from data_access.cellsets.values import Numbers, Texts, Truths

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARE_ARROW: dict[str, Callable[[Any, Any], Any]] = {
    "==": pc.equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": np.true_divide,
}
_INT64 = np.iinfo(np.int64)


def compare_numbers(comparator: str, left: Numbers, right: Numbers, n: int) -> np.ndarray:
    """Bool (n,). Whole numbers are compared with a fraction without turning them into floats."""
    ours, theirs = left.values, right.values
    if left.whole and isinstance(theirs, float):
        if math.isnan(theirs) or (comparator == "==" and not theirs.is_integer()):
            return np.zeros(n, dtype=bool)
        if math.isinf(theirs):
            found = np.full(n, _COMPARE[comparator](0, theirs), dtype=bool)
            return found & ~left.missing
        if comparator in ("<=", ">"):
            theirs = math.floor(theirs)
        elif comparator in ("<", ">="):
            theirs = math.ceil(theirs)
        else:
            theirs = int(theirs)
    found = np.broadcast_to(np.asarray(_COMPARE[comparator](ours, theirs), dtype=bool), (n,))
    for absent in (left.absent, right.absent):
        if absent is not None:
            found = found & ~absent
    return found


def numbers_in(numbers: Numbers, values: Sequence[int | float], n: int) -> np.ndarray:
    """Bool (n,): the number is one of `values`."""
    ours = np.broadcast_to(np.asarray(numbers.values), (n,))
    if numbers.whole:
        limits = np.iinfo(ours.dtype)
        exact = [int(v) for v in values if v == v and float(v).is_integer()]
        found = np.isin(ours, np.array([v for v in exact if limits.min <= v <= limits.max], dtype=ours.dtype))
    else:
        found = np.isin(ours, np.array(values, dtype=np.float64).astype(ours.dtype))
    return found if numbers.absent is None else found & ~numbers.absent


def arithmetic(sign: str, left: Numbers, right: Numbers) -> Numbers:
    """left + right and so on: whole while that surely fits int64, else float64; x / 0 is infinite or NaN."""
    ours, theirs = left.values, right.values
    if sign == "/" or not (left.whole and right.whole and _fits(sign, ours, theirs)):
        ours, theirs = _as_float(ours), _as_float(theirs)
    with np.errstate(all="ignore"):
        result = _ARITHMETIC[sign](ours, theirs)
    absent = (
        left.absent if right.absent is None else right.absent if left.absent is None else left.absent | right.absent
    )
    if isinstance(result, np.ndarray):
        return Numbers(result, absent)
    return Numbers(int(result) if isinstance(result, int | np.integer) else float(result), absent)


def _as_float(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return values.astype(np.float64) if values.dtype.kind in "iu" else values
    return np.float64(values)


def _fits(sign: str, left: np.ndarray | int | float, right: np.ndarray | int | float) -> bool:
    ours, theirs = _largest(left), _largest(right)
    return max(ours, theirs, ours * theirs if sign == "*" else ours + theirs) <= _INT64.max


def _largest(values: np.ndarray | int | float) -> int:
    if isinstance(values, np.ndarray):
        return max(abs(int(values.min())), abs(int(values.max()))) if values.size else 0
    return abs(int(values))


def compare_text(comparator: str, texts: Texts, value: str) -> np.ndarray:
    """Bool (n,): texts against one text, in the order of code points."""
    one = pa.scalar(value, type=texts.arrow.type)
    return texts.spread(np.asarray(_COMPARE_ARROW[comparator](texts.arrow, one), dtype=bool))


def compare_texts(comparator: str, left: Texts, right: Texts) -> np.ndarray:
    """Bool (n,): row by row two columns whose codes compare as their texts do (`aligned`)."""
    return _COMPARE[comparator](left.codes, right.codes) & ~left.missing & ~right.missing


def aligned(left: Texts, right: Texts, ordered: bool) -> tuple[Texts, Texts]:
    """Both columns coded into the same distinct texts, in ascending order where `ordered`."""
    together = left.distinct.union(right.distinct, sort=False)
    if ordered:
        together = pd.Index(sorted(together), dtype=object)
    ours = np.append(together.get_indexer(left.distinct), -1)[left.codes]
    theirs = np.append(together.get_indexer(right.distinct), -1)[right.codes]
    return Texts(ours, together), Texts(theirs, together)


def compare_truths(left: Truths, right: Truths) -> np.ndarray:
    """Bool (n,): both are given and the same."""
    return (left.values == right.values) & ~left.missing & ~right.missing


def places_of(texts: Texts, wanted: Sequence[str]) -> np.ndarray:
    """The code of each wanted text, -1 for one that occurs nowhere."""
    return np.asarray(texts.distinct.get_indexer(pd.Index(wanted, dtype=object)), dtype=np.int64)


def change_case(texts: Texts, to: str) -> Texts:
    """The same texts in lower or upper case."""
    changed = [text.lower() if to == "lower" else text.upper() for text in texts.distinct]
    again, distinct = pd.factorize(np.array(changed, dtype=object))
    return Texts(np.append(again, -1)[texts.codes], pd.Index(distinct))


def passes(texts: Texts, test: TextTest) -> np.ndarray:
    """Bool (n,): the text begins, ends, contains or matches as `test` says."""
    chosen = np.zeros(len(texts.arrow), dtype=bool)
    for pattern in test.patterns:
        chosen |= np.asarray(_passing(texts.arrow, pattern, test), dtype=bool)
    return texts.spread(chosen)


def _passing(distinct: pa.Array, pattern: str, test: TextTest) -> pa.Array:
    if test.test == "startswith":
        return pc.starts_with(distinct, pattern)
    if test.test == "endswith":
        return pc.ends_with(distinct, pattern)
    if not test.regex:
        return pc.match_substring(distinct, pattern, ignore_case=test.ignore_case)
    if test.test == "match":
        pattern = rf"\A(?:{pattern})"
    elif test.test == "fullmatch":
        pattern = rf"\A(?:{pattern})\z"
    return pc.match_substring_regex(distinct, pattern, ignore_case=test.ignore_case)
