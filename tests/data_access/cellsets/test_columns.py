"""Columns in every form in which pandas may hold them, missing values, and tables read in pieces."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data_access.cellsets import CellSetError, Schema, SeenValues, UnknownValuesError, evaluate, parse

BIG = 2**53


def source_of(series: pd.Series):
    class One:
        def column(self, name: str) -> pd.Series:
            return series

        def codes_of(self, ids):
            return np.full(len(ids), -1)

    return One()


def rows(text: str, series: pd.Series, kind: str) -> list[int]:
    mask = evaluate(parse(text, Schema({"x": kind})), source_of(series), len(series))
    return np.flatnonzero(mask).tolist()


TEXT_FORMS = {
    "categorical": lambda values: pd.Series(values, dtype="category"),
    "object": lambda values: pd.Series(values, dtype=object),
    "object with nan": lambda values: pd.Series([np.nan if v is None else v for v in values], dtype=object),
    "string": lambda values: pd.Series(values, dtype="string"),
    "arrow string": lambda values: pd.Series(values, dtype="string[pyarrow]"),
    "categorical of string": lambda values: pd.Series(values, dtype="string").astype("category"),
    "mixed": lambda values: pd.Series([5 if v == "5" else v for v in values], dtype=object),
}


@pytest.mark.parametrize("form", TEXT_FORMS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x == 'a'", [0, 3]),
        ("x != 'a'", [1, 2, 4]),
        ("x in ['a', 'b']", [0, 1, 3]),
        ("x not in ['a', 'b']", [2, 4]),
        ("not x in ['a', 'b']", [2, 4]),
        ("x < 'b'", [0, 3, 4]),
        ("not x < 'b'", [1, 2]),
        ("x >= 'a'", [0, 1, 3]),
        ("x == x", [0, 1, 3, 4]),
        ("x <= x", [0, 1, 3, 4]),
        ("x != x", [2]),
        ("x.isna()", [2]),
        ("x.notna()", [0, 1, 3, 4]),
        ("x.str.startswith('a')", [0, 3]),
        ("~x.str.startswith('a')", [1, 2, 4]),
        ("x.str.contains('[ab]')", [0, 1, 3]),
        ("x.str.upper() == 'A'", [0, 3]),
        ("x.str.upper() < x", [0, 1, 3]),
    ],
)
def test_text_in_every_form(form, text, expected):
    assert rows(text, TEXT_FORMS[form](["a", "b", None, "a", "5"]), "text") == expected


NUMBER_FORMS = {
    "float64": lambda: pd.Series([1.0, 2.0, np.nan, -3.0]),
    "float32": lambda: pd.Series([1.0, 2.0, np.nan, -3.0], dtype="float32"),
    "Int64": lambda: pd.Series([1, 2, None, -3], dtype="Int64"),
    "Int8": lambda: pd.Series([1, 2, None, -3], dtype="Int8"),
    "Float64": lambda: pd.Series([1, 2, None, -3], dtype="Float64"),
    "arrow": lambda: pd.Series([1, 2, None, -3], dtype="int64[pyarrow]"),
    "object": lambda: pd.Series([1, 2, None, -3], dtype=object),
    "categorical": lambda: pd.Series([1, 2, None, -3], dtype=object).astype("category"),
}


@pytest.mark.parametrize("form", NUMBER_FORMS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x == 1", [0]),
        ("x != 1", [1, 2, 3]),
        ("x < 2", [0, 3]),
        ("not x < 2", [1, 2]),
        ("x >= 1.5", [1]),
        ("x > -3", [0, 1]),
        ("x in [1, -3, 1.5]", [0, 3]),
        ("x not in [1, -3]", [1, 2]),
        ("x.isna()", [2]),
        ("(x + x).isna()", [2]),
        ("x * 1000 - x == 1998", [1]),
        ("x / 2 < 1", [0, 3]),
        ("-x == 3", [3]),
        ("x == x", [0, 1, 3]),
        ("x + 1 != x", [0, 1, 2, 3]),
        ("0 < x < 2", [0]),
        ("x.between(-3, 1)", [0, 3]),
        ("x < 99999999999999999999999", [0, 1, 3]),
    ],
)
def test_numbers_in_every_form(form, text, expected):
    assert rows(text, NUMBER_FORMS[form](), "number") == expected


TRUTH_FORMS = {
    "boolean": lambda: pd.Series([True, False, None], dtype="boolean"),
    "object": lambda: pd.Series([True, False, None], dtype=object),
    "object with nan": lambda: pd.Series([True, False, np.nan], dtype=object),
    "arrow": lambda: pd.Series([True, False, None], dtype="bool[pyarrow]"),
}


@pytest.mark.parametrize("form", TRUTH_FORMS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", [0]),
        ("not x", [1, 2]),
        ("~x", [1, 2]),
        ("x == True", [0]),
        ("x == False", [1]),
        ("x != True", [1, 2]),
        ("x != False", [0, 2]),
        ("x in [False]", [1]),
        ("x == x", [0, 1]),
        ("x.isna()", [2]),
    ],
)
def test_truths_in_every_form(form, text, expected):
    assert rows(text, TRUTH_FORMS[form](), "boolean") == expected


@pytest.mark.parametrize("dtype", ["int64", "Int64", "uint64", "UInt64", "int64[pyarrow]", object])
def test_whole_numbers_stay_exact_in_every_form(dtype):
    ids = pd.Series([BIG, BIG + 1, BIG + 2], dtype=dtype)
    assert rows(f"x == {BIG + 1}", ids, "number") == [1]
    assert rows(f"x > {BIG}", ids, "number") == [1, 2]
    assert rows(f"x in [{BIG + 1}, 5]", ids, "number") == [1]
    assert rows(f"x - {BIG} == 1", ids, "number") == [1]
    assert rows(f"x == {BIG + 1}", ids, "id") == [1]
    assert rows(f"x in ['{BIG + 1}', {BIG + 2}]", ids, "id") == [1, 2]


def test_whole_numbers_with_gaps_stay_exact():
    ids = pd.Series([BIG, None, BIG + 1], dtype="Int64")
    assert rows(f"x == {BIG}", ids, "number") == [0]
    assert rows(f"x != {BIG}", ids, "number") == [1, 2]
    assert rows("x == 0", ids, "number") == []


def test_unsigned_numbers_beyond_int64():
    ids = pd.Series([2**63 - 1, 2**63, 2**64 - 1], dtype="uint64")
    assert rows(f"x >= {2**63}", ids, "number") == [1, 2]
    assert rows(f"x == {2**64 - 1}", ids, "number") == [2]
    assert rows("x > -1", ids, "number") == [0, 1, 2]
    assert rows(f"x in [{2**63}, -1]", ids, "number") == [1]


def test_arithmetic_does_not_wrap_round():
    numbers = pd.Series([2**62, 2**40, -(2**62)])
    assert rows("x * 4 > 0", numbers, "number") == [0, 1]
    assert rows("x + x < 0", numbers, "number") == [2]
    assert rows("x * x > 1", numbers, "number") == [0, 1, 2]
    assert rows("x + 99999999999999999999 > 1", numbers, "number") == [0, 1, 2]
    assert rows("x * 1000 > 0", pd.Series([100, -100], dtype="int8"), "number") == [0]


def test_a_float32_column_equals_the_number_that_it_shows():
    assert rows("x == 0.1", pd.Series([0.1, 0.2], dtype="float32"), "number") == [0]


def test_a_column_that_is_not_what_the_schema_says_is_refused():
    with pytest.raises(CellSetError, match="values of x are not all of kind number"):
        rows("x > 1", pd.Series(["a", "b"], dtype=object), "number")
    with pytest.raises(CellSetError, match="values of x are not all of kind boolean"):
        rows("x", pd.Series([1, 2]), "boolean")


@pytest.mark.parametrize("series", [pd.Series([5, 12, 7]), pd.Series(["5", "12", "7"], dtype="category")])
def test_an_id_column_is_numbers_or_texts_as_it_is_stored(series):
    assert rows("x == 12", series, "id") == [1]
    assert rows("x == '12'", series, "id") == [1]
    assert rows("x in [12, 99]", series, "id") == [1]
    assert rows("x in ['12', '7']", series, "id") == [1, 2]
    assert rows("x != 12", series, "id") == [0, 2]


def test_an_id_column_of_numbers_takes_no_text():
    with pytest.raises(CellSetError, match="x holds whole-number ids, 'a' is none"):
        rows("x == 'a'", pd.Series([1, 2]), "id")
    with pytest.raises(CellSetError, match="holds numbers here, not text"):
        rows("x.str.startswith('1')", pd.Series([1, 2]), "id")


def test_a_column_without_any_value():
    empty = pd.Series([None, None], dtype="category")
    assert rows("x.isna()", empty, "text") == [0, 1]
    assert rows("x < 'a'", empty, "text") == []
    with pytest.raises(UnknownValuesError, match="x is empty in every cell"):
        rows("x == 'a'", empty, "text")


def test_a_table_without_rows():
    assert rows("x > 3", pd.Series([], dtype="int64"), "number") == []
    assert rows("x * 2 > 3 or x in [1]", pd.Series([], dtype="int64"), "number") == []
    assert rows("x.isna()", pd.Series([], dtype=object), "text") == []


def test_the_answer_is_the_callers_own_array():
    flags = pd.Series([True, False])
    schema = Schema({"x": "boolean"})
    for text in ["x", "x or x", "x.isna()", ""]:
        evaluate(parse(text, schema), source_of(flags), 2)[:] = False
    assert flags.tolist() == [True, False]


def test_a_table_in_pieces_refuses_only_what_no_piece_has():
    schema = Schema({"x": "text"})
    pieces = [pd.Series(values, dtype="category") for values in (["a", "b"], ["c", None], ["b", "d"])]

    def read(text: str) -> list[list[bool]]:
        tree, seen = parse(text, schema), SeenValues()
        masks = [evaluate(tree, source_of(piece), 2, seen).tolist() for piece in pieces]
        seen.check()
        return masks

    assert read("x in ['a', 'd']") == [[True, False], [False, False], [False, True]]
    assert read("x == 'c'") == [[False, False], [True, False], [False, False]]
    assert read("x != 'a'") == [[False, True], [True, True], [True, True]]
    with pytest.raises(UnknownValuesError, match="x has no value 'cc'") as refused:
        read("x in ['cc', 'd'] or x == 'a'")
    assert "'c'" in refused.value.hint


def test_122000_cells_are_read_by_column():
    n = 122_000
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "cell_type": pd.Categorical.from_codes(rng.integers(0, 40, n), [f"type {i}" for i in range(40)]),
            "depth_um": rng.random(n) * 900,
            "status_axon": rng.random(n) < 0.2,
        }
    )
    reads: list[str] = []

    class Counting:
        def column(self, name: str) -> pd.Series:
            reads.append(name)
            return frame[name]

        def codes_of(self, ids):
            raise AssertionError("no ids are named")

    schema = Schema({"cell_type": "text", "depth_um": "number", "status_axon": "boolean"})
    text = "cell_type in ['type 3', 'type 17'] and depth_um < 300 or not status_axon and depth_um / 3 > 250"
    mask = evaluate(parse(text, schema), Counting(), n)
    types, depth = frame["cell_type"].astype(str), frame["depth_um"]
    expected = types.isin(["type 3", "type 17"]) & (depth < 300) | ~frame["status_axon"] & (depth / 3 > 250)
    assert 0 < mask.sum() < n
    assert (mask == expected.to_numpy()).all()
    assert sorted(reads) == ["cell_type", "depth_um", "status_axon"]
