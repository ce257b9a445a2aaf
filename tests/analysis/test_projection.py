"""The camera of a pair: lengths, directions, what fits, nothing mirrored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from analysis.projection import Camera, broadest, fitted, project, seen

DOWN = np.array([0.0, -1.0, 0.0])  # up, where y runs downwards
number = st.floats(-100, 100)
triple = st.tuples(number, number, number)


def test_seen_from_the_front_x_runs_right_and_y_down() -> None:
    camera = Camera((10.0, 20.0, 30.0), (0.0, 0.0, -1.0), (0.0, -1.0, 0.0), 50.0)
    at = project(camera, np.array([[10.0, 20, 30], [15, 20, 30], [10, 25, 30], [10, 20, 20], [np.nan, 0, 0]]), 800, 500)
    assert at[:4].tolist() == [[400, 250, 0], [450, 250, 0], [400, 300, 0], [400, 250, 10]]
    assert np.isnan(at[4]).all()


@settings(max_examples=60, deadline=None)
@given(triple, triple, triple, st.floats(0.1, 1000), triple)
def test_a_projection_is_a_rotation_and_a_scale(
    centre: tuple[float, float, float], towards: tuple[float, float, float], up: tuple[float, float, float],
    height: float, point: tuple[float, float, float],
) -> None:  # fmt: skip
    t, u = np.array(towards), np.array(up)
    assume(np.linalg.norm(t) > 0.1 and np.linalg.norm(u) > 0.1)
    assume(np.linalg.norm(np.cross(t, u)) > 0.05 * np.linalg.norm(t) * np.linalg.norm(u))
    camera = Camera(centre, towards, up, height)
    assert Rotation.from_matrix(camera.axes).as_matrix() == pytest.approx(camera.axes, abs=1e-9), "nothing is mirrored"
    at = project(camera, np.array([point, centre]), 300, 200)
    um = (at[0] - at[1]) * [height / 200, height / 200, 1]
    far = np.linalg.norm(np.array(point) - np.array(centre))
    assert np.linalg.norm(um) == pytest.approx(far, abs=1e-6 * max(1, far))


@settings(max_examples=40, deadline=None)
@given(st.lists(triple, min_size=1, max_size=30), st.floats(0.3, 4.0))
def test_what_is_fitted_lies_inside_the_picture(points: list[tuple[float, float, float]], ratio: float) -> None:
    cloud = np.array(points)
    towards = np.array([-0.6, 0.0, -0.8])
    camera = fitted(seen(cloud, towards, DOWN), towards, DOWN, ratio)
    at = project(camera, cloud, 600 * ratio, 600)
    assert (at[:, 0] >= 0).all() and (at[:, 0] <= 600 * ratio).all()
    assert (at[:, 1] >= 0).all() and (at[:, 1] <= 600).all()


def test_the_broadest_side_is_shown_upright() -> None:
    rng = np.random.default_rng(3)
    flat = np.stack([rng.normal(0, 100, 500), rng.normal(0, 300, 500), rng.normal(0, 5, 500)], axis=1)
    turn = Rotation.from_euler("y", 40, degrees=True)
    found = broadest(turn.apply(flat), 1)
    assert found[1] == 0, "horizontal, although the vertical spread is the widest"
    assert abs(found @ turn.apply([0, 0, 1])) == pytest.approx(1, abs=0.01)
    assert found[2] < 0, "the last axis leads away"
    assert np.linalg.norm(broadest(np.zeros((1, 3)), 1)) == 1


def test_a_camera_that_looks_along_what_is_up_has_no_axes() -> None:
    with pytest.raises(ValueError, match="points to the eye"):
        _ = Camera((0, 0, 0), (0, 2, 0), (0, -1, 0), 10).axes
