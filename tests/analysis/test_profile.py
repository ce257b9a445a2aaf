"""Profiles: each value in the bin that holds it, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.profile import bin_width, profile


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(0, 200), width=st.sampled_from([1.0, 10.0, 25.0]))
def test_each_value_counts_once_in_the_bin_that_holds_it(seed: int, n: int, width: float) -> None:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(n) < 0.1, np.nan, np.round(rng.normal(20, 90, n)))
    incoming, kinds = rng.random(n) < 0.5, rng.integers(0, 3, n)
    found = profile(values, incoming, kinds, 3, width)
    assert found.placed == int((~np.isnan(values)).sum()) == found.n_in.sum() + found.n_out.sum()
    for counts, way in ((found.n_in, True), (found.n_out, False)):
        for kind in range(3):
            for i, low in enumerate(found.edges[:-1]):
                here = [v for v, w, k in zip(values, incoming, kinds, strict=True) if w == way and k == kind]
                assert counts[kind, i] == sum(low <= v < low + width for v in here)


@pytest.mark.parametrize(("span", "width"), [(40, 1), (41, 2), (399, 10), (401, 20), (0.4, 0.01), (0, 1), (660, 20)])
def test_bins_are_the_finest_round_ones(span: float, width: float) -> None:
    assert bin_width(span) == pytest.approx(width)
