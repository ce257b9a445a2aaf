"""Ids keep every digit: from the text of a user, in arrays, and on the way into JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.ids import SAFE_INTEGER, IdIndex, id_columns, integer_id, is_id_name, json_columns, text_ids

INT64 = st.integers(-(2**63), 2**63 - 1)
NAMES = st.text(min_size=1, max_size=8)


@given(INT64)
def test_a_whole_number_is_read_to_the_digit(value: int) -> None:
    assert integer_id(str(value)) == value


@pytest.mark.parametrize("text", ["", " 1", "1.0", "1e5", "9223372036854775808", "-", "0x1", "1_000", "abc", "١٢"])
def test_what_is_no_int64_is_no_integer_id(text: str) -> None:
    assert integer_id(text) is None


@given(st.lists(INT64))
def test_ids_become_text_to_the_digit(values: list[int]) -> None:
    assert text_ids(np.array(values, dtype=np.int64)) == [str(v) for v in values]
    assert text_ids(values) == [str(v) for v in values]


def test_an_id_that_came_as_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="its digits are already lost"):
        text_ids([864691135808473885.0])
    assert text_ids([None, math.nan, 1]) == ["", "", "1"]


@given(st.sets(INT64, min_size=1), st.lists(INT64))
def test_codes_are_places_in_the_ascending_ids(ids: set[int], others: list[int]) -> None:
    ordered = sorted(ids)
    index = IdIndex(np.array(ordered, dtype=np.int64))
    wanted = [*ordered, *others]
    codes = [ordered.index(v) if v in ids else -1 for v in wanted]
    assert index.codes(np.array(wanted, dtype=np.int64)).tolist() == codes
    assert index.codes_of_text([str(v) for v in wanted]).tolist() == codes
    assert index.text(np.arange(len(ordered))) == [str(v) for v in ordered]
    assert index.arrow(np.arange(len(ordered))).to_pylist() == ordered


@given(st.sets(NAMES, min_size=1), st.lists(NAMES))
def test_codes_of_text_ids_likewise(ids: set[str], others: list[str]) -> None:
    ordered = sorted(ids)
    index = IdIndex(np.array(ordered, dtype=object))
    wanted = [*ordered, *others]
    assert index.codes_of_text(wanted).tolist() == [ordered.index(v) if v in ids else -1 for v in wanted]
    assert index.arrow(np.arange(len(ordered))).to_pylist() == ordered


def test_an_empty_dataset_has_no_codes() -> None:
    assert IdIndex(np.zeros(0, np.int64)).codes_of_text(["1", "x"]).tolist() == [-1, -1]


@pytest.mark.parametrize(
    "name", ["id", "cell_id", "pt_root_id", "supervoxel_id", "pre_pt_supervoxel_id", "bodyId", "Root"]
)
def test_names_of_id_columns(name: str) -> None:
    assert is_id_name(name)


@pytest.mark.parametrize("name", ["width", "valid", "n_synapses", "size", "identity", "grid", "idx"])
def test_names_that_only_look_like_it(name: str) -> None:
    assert not is_id_name(name)


@given(st.lists(INT64 | st.none(), min_size=1))
def test_a_column_is_text_in_json_as_soon_as_a_browser_would_round_it(values: list[int | None]) -> None:
    batch = pa.record_batch({"count": pa.array(values, pa.int64())})
    large = any(abs(v) > SAFE_INTEGER for v in values if v is not None)
    assert id_columns(batch) == (("count",) if large else ())
    found = json.loads(orjson.dumps(json_columns(batch)["count"]))
    assert found == [None if v is None else str(v) if large else v for v in values]


@given(st.lists(INT64 | st.none()))
def test_a_column_named_as_ids_is_always_text(values: list[int | None]) -> None:
    batch = pa.record_batch({"who": pa.array(values, pa.int64()), "cell_id": pa.array(values, pa.int64())})
    wanted = [None if v is None else str(v) for v in values]
    assert json_columns(batch, ["who"]) == {"who": wanted, "cell_id": wanted}


@given(st.lists(st.floats() | st.none()))
def test_a_number_that_json_has_no_word_for_is_null(values: list[float | None]) -> None:
    found = json_columns(pa.record_batch({"value": pa.array(values, pa.float64())}))["value"]
    assert found == [v if v is not None and math.isfinite(v) else None for v in values]


def test_texts_and_flags_pass_as_they_are() -> None:
    batch = pa.record_batch({"name": ["a", None, ""], "flag": [True, None, False]})
    assert json_columns(batch) == {"name": ["a", None, ""], "flag": [True, None, False]}
