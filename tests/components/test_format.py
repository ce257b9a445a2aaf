"""Numbers and ids as they stand on screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import format

N = format.NARROW


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (78_928, 1_834_670, f"4.30{N}%"),
        (1, 2, f"50.0{N}%"),
        (0, 10, f"0{N}%"),
        (10, 10, f"100{N}%"),
        (1, 8_000, f"0.0125{N}%"),
        (1, 10_000_000, f"0.0000100{N}%"),
        (999_999, 1_000_000, f"99.9999{N}%"),
        (9_996, 10_000, f"99.96{N}%"),
        (3, 0, "–"),
        (12, 10, f"120{N}%"),
    ],
)
def test_percent(part: int, whole: int, text: str) -> None:
    assert format.percent(part, whole) == text


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_percent_is_never_all_or_nothing_unless_it_is(part: int, whole: int) -> None:
    part = min(part, whole)
    text = format.percent(part, whole)
    assert text != f"0{N}%"
    assert (text == f"100{N}%") == (part == whole)


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_percent_is_near_the_number(part: int, whole: int) -> None:
    text = format.percent(part, whole).removesuffix(f"{N}%")
    assert float(text.removeprefix("<")) == pytest.approx(100 * part / whole, rel=0.006, abs=2e-9)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (1506, "1,506"), (-1234567, "-1,234,567"), (2.5, "2.5"), (None, "–"), (float("nan"), "–")],
)
def test_thousands(number: float | None, text: str) -> None:
    assert format.thousands(number) == text


def test_counted() -> None:
    assert format.counted(1, "cell") == "1 cell"
    assert format.counted(1355, "cell") == "1,355 cells"
    assert format.counted(2, "fish", "fish") == "2 fish"


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0 B"), (999, "999 B"), (306_000, "306 kB"), (1_999_999, "2.0 MB"), (25_000_000, "25 MB")]
)
def test_size(n: int, text: str) -> None:
    assert format.size(n).replace(N, " ") == text


@pytest.mark.parametrize(
    ("cell_id", "text"), [(864691135808473885, "8646…3885"), ("AVAL", "AVAL"), (1234567890, "1234567890")]
)
def test_short_id(cell_id: int | str, text: str) -> None:
    assert format.short_id(cell_id) == text


def test_an_id_chip_copies_the_whole_id_and_shows_it_on_hover() -> None:
    chip = format.id_chip(864691135808473885, "cell id")
    properties = chip.to_plotly_json()["props"]
    assert properties["children"] == "8646…3885"
    assert properties["data-copy"] == "864691135808473885"
    assert properties["title"].startswith("864691135808473885")
