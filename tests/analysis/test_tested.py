"""Tested pairs, counted pair by pair, against the counting by classes."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import tested
from data_access.errors import InputError

N = 9
MODES = ("proofread", "complete", "all")
bits = st.lists(st.booleans(), min_size=N, max_size=N).map(np.array)
cells = st.builds(tested.Testability, **{f.name: bits for f in fields(tested.Testability)})
sets = st.lists(st.integers(0, N - 1), unique=True, max_size=N).map(lambda c: np.array(c, dtype=np.int32))


def known(**given_: list[bool]) -> tested.Testability:
    """Cells about which everything is known and good, except as given."""
    n = len(next(iter(given_.values())))
    parts = {f.name: np.ones(n, bool) for f in fields(tested.Testability)}
    parts |= {name: np.array(values) for name, values in given_.items()}
    return tested.Testability(**parts)


def one_by_one(t: tested.Testability, a: int, b: int, mode: str) -> bool:
    if a == b or not (t.is_cell[a] and t.is_cell[b]):
        return False
    if not (t.complete_out[a] or t.complete_in[b]):
        return False
    if mode == "all":
        return True
    if mode == "proofread":
        return bool(t.proofread[a])
    everywhere = bool(t.strategy_complete[a])
    return bool(t.proofread[a]) and (everywhere or bool(t.in_column_only[a] and t.in_column[b]))


@settings(deadline=None)
@given(cells, sets, sets, st.sampled_from(MODES))
def test_counts_agree_with_going_through_all_pairs(
    t: tested.Testability, pre: np.ndarray, post: np.ndarray, mode: tested.Tested
) -> None:
    expected = sum(one_by_one(t, a, b, mode) for a in pre for b in post)
    assert tested.n_tested(t, pre, post, mode) == expected


@settings(deadline=None)
@given(cells, sets, sets, st.sampled_from(MODES), st.data())
def test_grouped_counts_agree_with_going_through_all_pairs(
    t: tested.Testability, pre: np.ndarray, post: np.ndarray, mode: tested.Tested, data: st.DataObject
) -> None:
    pre_group = np.array([data.draw(st.integers(0, 2)) for _ in pre], dtype=np.int32)
    post_group = np.array([data.draw(st.integers(0, 3)) for _ in post], dtype=np.int32)
    expected = np.zeros((3, 4), int)
    for a, g in zip(pre, pre_group, strict=True):
        for b, h in zip(post, post_group, strict=True):
            expected[g, h] += one_by_one(t, a, b, mode)
    found = tested.n_tested_grouped(t, pre, post, pre_group, post_group, 3, 4, mode)
    assert found.dtype == np.int64
    assert found.tolist() == expected.tolist()
    assert found.sum() == tested.n_tested(t, pre, post, mode)


@settings(deadline=None)
@given(cells, st.sampled_from(MODES))
def test_single_pairs(t: tested.Testability, mode: tested.Tested) -> None:
    pre, post = (part.ravel() for part in np.meshgrid(np.arange(N), np.arange(N), indexing="ij"))
    found = tested.connection_is_tested(t, pre, post, mode)
    assert found.tolist() == [one_by_one(t, a, b, mode) for a, b in zip(pre, post, strict=True)]


@settings(deadline=None)
@given(cells, sets, sets)
def test_stricter_modes_never_test_more(t: tested.Testability, pre: np.ndarray, post: np.ndarray) -> None:
    complete, proofread, every = (tested.n_tested(t, pre, post, mode) for mode in ("complete", "proofread", "all"))
    assert complete <= proofread <= every <= len(pre) * len(post)


def test_a_hundred_thousand_cells_are_counted_without_a_matrix() -> None:
    n = 120_000
    t = known(is_cell=[True] * n)
    codes = np.arange(n, dtype=np.int32)
    assert tested.n_tested(t, codes, codes) == n * (n - 1)


def test_the_column_cells_of_the_course_make_1834670_pairs() -> None:
    codes = np.arange(1355, dtype=np.int32)
    assert tested.n_tested(known(is_cell=[True] * 1355), codes, codes) == 1_834_670


def test_a_column_truncated_axon_tests_the_column_only() -> None:
    t = known(strategy_complete=[False] * 3, in_column=[True, True, False])
    codes = np.arange(3, dtype=np.int32)
    assert tested.n_tested(t, codes[:1], codes, "complete") == 1
    assert tested.n_tested(t, codes[:1], codes, "proofread") == 2


@settings(deadline=None)
@given(cells, sets, sets, st.sampled_from(MODES), st.integers(1, 5), st.integers(1, 5))
def test_a_pixel_is_tested_where_any_of_its_pairs_is(
    t: tested.Testability, rows: np.ndarray, cols: np.ndarray, mode: tested.Tested, height: int, width: int
) -> None:
    height, width = min(height, len(rows)), min(width, len(cols))
    expected = np.zeros((height, width), bool)
    for r, a in enumerate(rows):
        for c, b in enumerate(cols):
            # the pair of a cell with itself is judged like a pair with another cell that is just the same
            pair = bool(tested.connection_is_tested(doubled(t), np.array([a]), np.array([b + N]), mode)[0])
            expected[r * height // len(rows), c * width // len(cols)] |= pair
    assert tested.tested_bins(t, rows, cols, height, width, mode).tolist() == expected.tolist()


def doubled(t: tested.Testability) -> tested.Testability:
    """The same cells and a copy of each behind them."""
    return tested.Testability(**{f.name: np.tile(getattr(t, f.name), 2) for f in fields(t)})


def test_an_unknown_mode_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'proofread'"):
        tested.n_tested(known(is_cell=[True]), np.array([0]), np.array([0]), "proofred")  # type: ignore[arg-type]


@settings(deadline=None)
@given(cells, sets, sets, st.sampled_from(MODES), st.data())
def test_pairs_tested_both_ways_are_counted_once(
    t: tested.Testability, pre: np.ndarray, post: np.ndarray, mode: tested.Tested, data: st.DataObject
) -> None:
    group = np.array([data.draw(st.integers(0, 2)) for _ in range(N)], dtype=np.int32)
    expected = np.zeros((3, 3), int)
    for g, h in np.ndindex(3, 3):
        pairs = {frozenset((a, b)) for a in pre for b in post if group[a] == g and group[b] == h}
        expected[g, h] = sum(
            one_by_one(t, *pair, mode) and one_by_one(t, *pair[::-1], mode)
            for pair in (tuple(p) for p in pairs if len(p) == 2)
        )
    found = tested.n_tested_both_ways(t, pre, post, group[pre], group[post], 3, mode)
    assert found.dtype == np.int64
    assert found.tolist() == expected.tolist()
    of_one_set = tested.n_tested_both_ways(t, pre, pre, group[pre], group[pre], 3, mode)
    assert of_one_set.tolist() == of_one_set.T.tolist()
