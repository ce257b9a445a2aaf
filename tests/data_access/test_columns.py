"""Arrow text as pandas categories: as pandas itself makes them."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.columns import series

CASES = [[], ["b", "a", None, "é", "z", "𝔸", "\uffff", "a", ""], [None, None], ["x"]]


@pytest.mark.parametrize("values", CASES)
def test_text_becomes_the_categories_that_pandas_makes(values: list[str | None]) -> None:
    for column in (
        pa.array(values, pa.string()),
        pa.chunked_array([pa.array(values[:2], pa.string()), pa.array(values[2:], pa.string())]),
    ):
        expected = pd.Series(pd.Categorical(column.to_pandas()), name="n")
        pd.testing.assert_series_equal(series(column, "n"), expected)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=4)), max_size=20))
def test_any_texts_do(values: list[str | None]) -> None:
    column = pa.array(values, pa.string())
    pd.testing.assert_series_equal(series(column, "n"), pd.Series(pd.Categorical(column.to_pandas()), name="n"))
