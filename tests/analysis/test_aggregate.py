"""Synapse rows become connections: against pandas, and much faster than the pivot in use today."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.aggregate import Connections, connections_of
from data_access.errors import InputError

BASE = 864_691_135_000_000_000  # root ids: above 2**53, where floats skip numbers
ids = st.one_of(
    st.integers(BASE, BASE + 5), st.integers(-(2**63), 2**63 - 1), st.sampled_from([0, -1, 2**53, 2**53 + 1])
)
rows = st.lists(st.tuples(ids, ids, st.integers(-1, 10**9)), max_size=60)


def by_pandas(pre: np.ndarray, post: np.ndarray, size: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame({"pre": pre, "post": post, "size": size})
    return frame.groupby(["pre", "post"])["size"].agg(["count", "sum"]).reset_index()


def columns(table: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    array = np.array(table, dtype=np.int64).reshape(-1, 3)
    return array[:, 0], array[:, 1], array[:, 2]


def assert_same(found: Connections, expected: pd.DataFrame) -> None:
    assert found.pre_id.tolist() == expected["pre"].tolist()
    assert found.post_id.tolist() == expected["post"].tolist()
    assert found.n_synapses.tolist() == expected["count"].tolist()
    assert found.sum_size is not None
    assert found.sum_size.tolist() == expected["sum"].tolist()


@settings(deadline=None)
@given(rows)
def test_connections_are_those_that_pandas_counts(table: list[tuple[int, int, int]]) -> None:
    pre, post, size = columns(table)
    assert_same(connections_of(pre, post, size), by_pandas(pre, post, size))


@settings(deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(table: list[tuple[int, int, int]], random: object) -> None:
    shuffled = list(table)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = connections_of(*columns(table)), connections_of(*columns(shuffled))
    for a, b in zip(vars(first).values(), vars(second).values(), strict=True):
        assert np.array_equal(a, b)


def test_many_cells_and_heavy_hitters() -> None:
    rng = np.random.default_rng(5)
    pre = BASE + rng.integers(0, 30_000, 200_000)
    post = np.where(rng.random(200_000) < 0.2, BASE, BASE + rng.integers(0, 150_000, 200_000))
    size = rng.integers(0, 10**6, 200_000)
    assert_same(connections_of(pre, post, size), by_pandas(pre, post, size))


def test_dtypes_and_neighbouring_ids_above_2_to_53() -> None:
    found = connections_of([BASE + 1, BASE, BASE + 1], [BASE, BASE + 1, BASE])
    assert found.pre_id.tolist() == [BASE, BASE + 1]
    assert found.n_synapses.tolist() == [1, 2]
    assert (found.pre_id.dtype, found.n_synapses.dtype, found.sum_size) == (np.int64, np.uint32, None)


def test_float_sizes_add_as_floats_and_a_missing_one_is_not_hidden() -> None:
    found = connections_of([1, 1, 2, 2], [5, 5, 5, 5], [0.25, 0.5, 1.0, np.nan])
    assert found.sum_size is not None
    assert found.sum_size.dtype == np.float64
    assert found.sum_size[0] == 0.75
    assert np.isnan(found.sum_size[1])


def test_no_rows_give_no_connections() -> None:
    empty = np.zeros(0, np.int64)
    assert len(connections_of(empty, empty, empty)) == 0


def test_read_only_and_strided_columns_work() -> None:
    table = np.array([[BASE, 7, 1], [BASE, 7, 2], [3, 7, 4]])
    table.flags.writeable = False
    assert connections_of(table[:, 0], table[:, 1], table[:, 2]).n_synapses.tolist() == [1, 2]


@pytest.mark.parametrize("ids", [np.array([1.0, 2.0]), np.array(["a", "b"]), np.array([True, False])])
def test_ids_that_are_no_integers_are_refused(ids: np.ndarray) -> None:
    with pytest.raises(InputError, match="expected 64-bit integers"):
        connections_of(ids, np.array([1, 2]))
    with pytest.raises(InputError, match="post ids"):
        connections_of(np.array([1, 2]), ids)


def test_ids_beyond_int64_columns_of_different_lengths_and_text_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="exceed"):
        connections_of(np.array([2**63], np.uint64), [1])
    with pytest.raises(InputError, match=r"different lengths: \[1, 2\]"):
        connections_of([1, 2], [1])
    with pytest.raises(InputError, match="sizes"):
        connections_of([1], [1], ["large"])


def test_a_hundred_times_less_cpu_than_the_pivot() -> None:
    rng = np.random.default_rng(2)
    weight = rng.lognormal(0, 1, 1355)
    pre, post = BASE + rng.choice(1355, (2, 146_711), p=weight / weight.sum())
    size = rng.integers(1, 10**4, len(pre))
    connections_of(pre, post, size)
    ours = []
    for _ in range(5):
        start = time.process_time()
        found = connections_of(pre, post, size)
        ours.append(time.process_time() - start)
    frame = pd.DataFrame({"pre": pre, "post": post, "size": size})
    start = time.process_time()
    pivot = frame.pivot_table(index="pre", columns="post", values="size", aggfunc=lambda x: np.sum(x) > 0)
    recipe = time.process_time() - start
    assert int(pivot.notna().sum().sum()) == len(found)
    assert recipe / min(ours) >= 100
