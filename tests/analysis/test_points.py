"""Points as pictures: where a disc lies, what covers what, and that the fast ways agree with slow ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import points

NAN = float("nan")


def at(*places: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(places, np.float32).reshape(-1, 2)
    return table[:, 0].copy(), table[:, 1].copy()


def drawn(x: np.ndarray, y: np.ndarray, window: points.Window, size: int, radius: float = 0.5) -> np.ndarray:
    codes = np.arange(1, len(x) + 1, dtype=np.uint8)
    return points.discs(x, y, codes, np.arange(len(x), dtype=np.int32), window, size, size, radius)


def test_a_point_paints_the_pixel_it_lies_in() -> None:
    picture = drawn(*at((0.5, 0.5), (9.5, 0.5), (9.5, 9.5)), (0, 10, 0, 10), 10)
    assert {(r, c): int(picture[r, c]) for r, c in zip(*picture.nonzero(), strict=True)} == {
        (0, 0): 1,
        (0, 9): 2,
        (9, 9): 3,
    }


def test_a_window_from_high_to_low_draws_upwards() -> None:
    x, y = at((0.5, 0.5), (5.5, 8.5))
    upwards = drawn(x, y, (0, 10, 10, 0), 10)
    assert np.array_equal(upwards, drawn(x, y, (0, 10, 0, 10), 10)[::-1])


def test_a_disc_is_round_and_is_cut_at_the_edge() -> None:
    picture = drawn(*at((10, 10)), (0, 20, 0, 20), 20, radius=4) > 0
    assert picture.sum() == sum(a * a + b * b <= 16 for a in range(-4, 5) for b in range(-4, 5))
    assert np.array_equal(picture[6:15, 6:15], picture[6:15, 6:15].T)
    outside = drawn(*at((-1.5, 10)), (0, 20, 0, 20), 20, radius=4) > 0
    assert outside.any()
    assert outside[:, 3:].sum() == 0


def test_later_points_of_the_order_lie_over_earlier_ones() -> None:
    x, y = at((5, 5), (5, 5))
    codes = np.array([7, 9], np.uint8)
    for order, top in (([0, 1], 9), ([1, 0], 7), ([0], 7)):
        picture = points.discs(x, y, codes, np.array(order, np.int32), (0, 10, 0, 10), 10, 10, 1)
        assert picture[5, 5] == top


def test_points_without_a_place_lie_nowhere() -> None:
    x, y = at((NAN, 5), (5, NAN), (NAN, NAN))
    assert not drawn(x, y, (0, 10, 0, 10), 10, radius=3).any()
    assert points.counts(x, y, (0, 10, 0, 10), 10, 10).sum() == 0
    assert not points.inside(x, y, np.array([[0, 0], [10, 0], [10, 10], [0, 10]])).any()
    assert len(points.near(x, y, (5, 5), 100)) == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_counts_are_those_of_a_histogram(seed: int, width: int, height: int) -> None:
    random = np.random.default_rng(seed)
    x, y = (random.uniform(-5, 15, 300).astype(np.float32) for _ in range(2))
    found = points.counts(x, y, (0, 10, 0, 10), width, height)
    expected = np.zeros((height, width), int)
    for px, py in zip(x.astype(float) * width / 10, y.astype(float) * height / 10, strict=True):
        if 0 <= px < width and 0 <= py < height:
            expected[int(py), int(px)] += 1
    assert np.array_equal(found, expected)


@given(st.integers(0, 2**32 - 1), st.integers(3, 12))
@settings(max_examples=60, deadline=None)
def test_inside_a_polygon_as_the_angles_around_a_point_say(seed: int, corners: int) -> None:
    random = np.random.default_rng(seed)
    angles = np.sort(random.uniform(0, 2 * np.pi, corners))
    reach = random.uniform(1, 4, corners)
    polygon = np.c_[reach * np.cos(angles), reach * np.sin(angles)]
    x, y = (random.uniform(-4, 4, 200).astype(np.float32) for _ in range(2))
    found = points.inside(x, y, polygon)
    for i in range(len(x)):
        seen = polygon - [float(x[i]), float(y[i])]
        around = np.arctan2(seen[:, 1], seen[:, 0])
        steps = (np.diff(np.append(around, around[0])) + np.pi) % (2 * np.pi) - np.pi
        turns = steps.sum() / (2 * np.pi)
        assert found[i] == (abs(turns) > 0.5)


def test_a_line_of_two_corners_holds_nothing() -> None:
    assert not points.inside(*at((1, 1)), np.array([[0.0, 0.0], [2.0, 2.0]])).any()


def test_near_gives_the_nearest_first() -> None:
    x, y = at((0, 0), (3, 0), (1, 0), (9, 9))
    assert points.near(x, y, (0, 0), 3).tolist() == [0, 2, 1]


def test_the_drawing_order_goes_by_tier_and_is_always_the_same() -> None:
    tiers = np.array([2, -1, 0, 2, 1, 0, -1, 2])
    order = points.drawing_order(tiers)
    assert sorted(order.tolist()) == [0, 2, 3, 4, 5, 7]
    assert tiers[order].tolist() == [0, 0, 1, 2, 2, 2]
    assert np.array_equal(order, points.drawing_order(tiers))


def test_within_a_tier_the_order_is_not_that_of_the_ids() -> None:
    order = points.drawing_order(np.zeros(1000, np.int16))
    assert abs(np.corrcoef(order, np.arange(1000))[0, 1]) < 0.1


@pytest.mark.parametrize("radius", [0.0, 0.3, 0.5, 0.9])
def test_a_small_disc_is_one_pixel(radius: float) -> None:
    assert (drawn(*at((5.5, 5.5)), (0, 10, 0, 10), 10, radius) > 0).sum() == 1
