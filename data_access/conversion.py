"""Columns of a file in the few forms that an import handles: int64, float64, true/false, text, and triples."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_XYZ = r"^\s*[\[\(]?\s*(?P<x>[-+0-9.eE]+)[\s,]+(?P<y>[-+0-9.eE]+)[\s,]+(?P<z>[-+0-9.eE]+)\s*[\]\)]?\s*$"


def bracketed(text: pa.Array) -> tuple[dict[str, pa.Array], str | None]:
    """The x, y and z (still text) of positions written as [1 2 3] or (1, 2, 3), and the first text that is none."""
    parsed = pc.extract_regex(text, pattern=_XYZ)
    bad = text.filter(pc.and_(pc.is_valid(text), pc.is_null(parsed)))
    return {axis: pc.struct_field(parsed, i) for i, axis in enumerate("xyz")}, bad[0].as_py() if len(bad) else None


def is_list(kind: pa.DataType) -> bool:
    """Whether each row is a list."""
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def is_triple(values: pa.Array) -> bool:
    """Whether every row that is there holds three numbers."""
    if not is_list(values.type):
        return False
    kind = values.type.value_type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return False
    return not pc.any(pc.not_equal(pc.list_value_length(values), 3)).as_py()


def elements(values: pa.Array) -> dict[str, pa.Array]:
    """The x, y and z of a column of triples; float64 where a missing row needs it."""
    lists = values.cast(pa.list_(values.type.value_type)) if pa.types.is_fixed_size_list(values.type) else values
    if lists.null_count:
        # A missing row becomes [null, null, null], so that its elements can be taken.
        lists = pc.if_else(pc.is_valid(lists), lists, pa.scalar([None, None, None], type=lists.type))
    parts = {axis: pc.list_element(lists, i) for i, axis in enumerate("xyz")}
    return {axis: _numbers(part) if _is_float(part) else part.cast(pa.int64()) for axis, part in parts.items()}


def _is_float(values: pa.Array) -> bool:
    return pa.types.is_floating(values.type)


def _numbers(values: pa.Array) -> pa.Array:
    """A column as float64. NaN becomes missing: it means that, and DuckDB loses NaN where it skips by statistics."""
    numbers = values.cast(pa.float64())
    return pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)


def plain(values: pa.Array, trim: bool = False) -> tuple[pa.Array | None, str]:
    """A column as int64, float64, bool or text (`trim`: no blanks at its ends); or None and why it can't be kept."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return plain(values.dictionary_decode(), trim)
    if pa.types.is_string(kind):
        # Blanks beside a comma belong to the way a text file is written, not to an id.
        return pc.utf8_trim_whitespace(values) if trim else values, ""
    if pa.types.is_floating(kind):
        return _numbers(values), ""
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= 0):
        try:
            return values.cast(pa.int64()), ""
        except pa.ArrowInvalid:
            return None, "holds numbers beyond int64"
    if pa.types.is_boolean(kind):
        return values, ""
    if pa.types.is_decimal(kind):
        return _numbers(values), ""
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_temporal(kind):
        return values.cast(pa.string()), ""
    if pa.types.is_null(kind):
        return values.cast(pa.string()), ""
    return None, f"holds nested or binary values ({kind})"
