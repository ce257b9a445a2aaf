"""A view and its URL say the same: both ways, for every view class."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.tables import PICTURE, TABLES
from data_access.errors import InputError
from views import schema
from views.matrix import MatrixView
from views.partners import PartnersView
from views.schema import Param
from views.tables import CellsView, ConnectionsView

VIEWS = sorted({t.view for t in TABLES} | {PICTURE.view}, key=lambda view: view.__name__)
SANE = 2**53


def values(param: Param) -> st.SearchStrategy[Any]:
    """What a field may hold. An empty text cannot be told from a default that is not empty, so it is never used."""
    if param.kind == "text":
        return st.text(min_size=0 if param.default == "" else 1)
    if param.kind == "choice":
        return st.sampled_from(param.choices)
    low = -SANE if param.low is None else param.low
    high = SANE if param.high is None else param.high
    number: st.SearchStrategy[Any] = (
        st.integers(int(low), int(high)) if param.kind == "int" else st.floats(low, high, allow_nan=False)
    )
    return number | st.none() if param.optional else number


def views(kind: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{param.key: values(param) for param in schema.params(kind)})


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.__name__)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_view_survives_its_url(kind: type[Any], data: st.DataObject) -> None:
    view = data.draw(views(kind))
    assert schema.parse(kind, schema.encode(view), strict=True) == view
    in_address = dict(parse_qsl(schema.query(view), keep_blank_values=True))
    assert schema.parse(kind, in_address, strict=True) == view


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.__name__)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_views_that_differ_in_one_field_have_different_cache_keys(kind: type[Any], data: st.DataObject) -> None:
    view, param = data.draw(views(kind)), data.draw(st.sampled_from(schema.params(kind)))
    other = dataclasses.replace(view, **{param.key: data.draw(values(param))})
    assert (schema.cache_key(view) == schema.cache_key(other)) == (view == other)


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.__name__)
def test_every_field_has_a_kind_a_doc_and_a_default(kind: type[Any]) -> None:
    assert [p.key for p in schema.params(kind)] == [f.name for f in dataclasses.fields(kind)]
    assert all(p.doc for p in schema.params(kind))
    assert schema.encode(kind()) == {}
    assert schema.query(kind()) == ""


def test_cache_keys_of_different_view_classes_differ() -> None:
    assert schema.cache_key(CellsView()) != schema.cache_key(ConnectionsView())


def test_an_empty_value_is_the_default() -> None:
    assert schema.parse(ConnectionsView, {"min": "", "pre": "", "autapses": ""}) == ConnectionsView()


def test_the_query_escapes_what_a_url_cannot_hold() -> None:
    view = ConnectionsView(pre="cell_type in ['a&b', 'c=d'] # Größe", min=3)
    assert schema.query(view) == "pre=cell_type+in+%5B%27a%26b%27%2C+%27c%3Dd%27%5D+%23+Gr%C3%B6%C3%9Fe&min=3"


def test_without_leaves_a_key_out() -> None:
    view = ConnectionsView(ds="worm", min=3)
    assert schema.encode(view, without=("ds",)) == {"min": "3"}
    assert schema.cache_key(view, without=("min",)) == schema.cache_key(ConnectionsView(ds="worm"), without=("min",))


@pytest.mark.parametrize(
    ("kind", "given_", "message", "hint"),
    [
        (ConnectionsView, {"prre": "1"}, "unknown parameter 'prre'", "did you mean 'pre'?"),
        (ConnectionsView, {"autapses": "kep"}, "autapses=kep is not known", "did you mean 'keep'"),
        (PartnersView, {"direction": "sideways"}, "direction=sideways is not known", "'both', 'in', 'out'"),
        (ConnectionsView, {"min": "three"}, "min=three is not a whole number", ""),
        (ConnectionsView, {"min": "1.5"}, "min=1.5 is not a whole number", ""),
        (ConnectionsView, {"min": "0"}, "min=0 is below 1", ""),
        (ConnectionsView, {"limit": "-1"}, "limit=-1 is below 0", ""),
        (ConnectionsView, {"limit": "9" * 30}, "of a sane size", ""),
        (ConnectionsView, {"limit": "9" * 5000}, "is not a whole number", ""),
        (MatrixView, {"lo": "nan"}, "lo=nan is not a number", ""),
        (MatrixView, {"hi": "1e999"}, "hi=1e999 is not a number", ""),
        (PICTURE.view, {"width": "100000"}, "width=100000 is above 4096", ""),
    ],
)
def test_a_wrong_parameter_is_named_with_what_was_expected(
    kind: type[Any], given_: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        schema.parse(kind, given_, strict=True)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert len(caught.value.message) < 200


def test_a_page_ignores_keys_that_it_does_not_know() -> None:
    assert schema.parse(ConnectionsView, {"utm_source": "talk", "min": "2"}) == ConnectionsView(min=2)


def test_a_text_beyond_five_megabytes_is_refused() -> None:
    with pytest.raises(InputError, match="longer than 5,000,000"):
        schema.parse(ConnectionsView, {"pre": "1" * 5_000_001})
