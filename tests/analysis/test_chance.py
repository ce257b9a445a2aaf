"""Expected values, p values and their correction, each by a second route."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import kstest

from analysis import chance


def test_the_summary_is_that_of_plain_python() -> None:
    observed = np.array([7.0, 2.0, 0.0, 5.0, 1.0])
    sampled = np.array([[3, 2, 0, 5, 0], [4, 1, 0, 5, 0], [5, 3, 0, 5, 0], [8, 4, 0, 5, 0]], float)
    found = chance.summarise(observed, sampled)
    for k, column in enumerate(sampled.T.tolist()):
        mean = sum(column) / 4
        sd = (sum((x - mean) ** 2 for x in column) / 3) ** 0.5
        centre = Fraction(int(sum(column) + observed[k]), 5)
        beyond = sum(abs(int(x) - centre) >= abs(int(observed[k]) - centre) for x in column)
        assert found.expected[k] == pytest.approx(mean)
        assert found.sd[k] == pytest.approx(sd)
        assert found.p[k] == (1 + beyond) / 5
        np.testing.assert_equal(found.ratio[k], observed[k] / mean if mean else np.nan)
        assert found.z[k] == pytest.approx((observed[k] - mean) / sd if sd else np.nan, nan_ok=True)
    with pytest.raises(ValueError, match="no sample"):
        chance.summarise(observed, sampled[:0])


def test_one_sample_gives_no_sd_and_no_z() -> None:
    found = chance.summarise(np.array([3.0]), np.array([[2.0]]))
    assert np.isnan(found.z[0])
    assert found.p[0] == 1.0


@pytest.mark.parametrize("values", [(0, 0, 1, 2, 5), (0.1, 0.2, 0.3, 0.1, 0.4), (1, 1, 1, 1, 1)], ids=str)
def test_p_is_never_too_small_whichever_value_was_the_observed_one(values: tuple[float, ...]) -> None:
    """Exchangeable values: each order is equally likely, so P(p <= x) over all of them must not exceed x."""
    p = np.array([
        chance.p_values(np.array(order[:1], float), np.array(order[1:], float)[:, None])[0]
        for order in permutations(values)
    ])  # fmt: skip
    for x in np.unique(p):
        assert (p <= x).mean() <= x + 1e-12


def test_ties_split_at_random_make_p_uniform_where_plain_p_is_not() -> None:
    random = np.random.default_rng(0)
    values = random.poisson(0.7, (3_000, 20)).astype(float)
    split = [chance.randomised_p(row[:1], row[1:, None], random)[0] for row in values]
    plain = [chance.p_values(row[:1], row[1:, None])[0] for row in values]
    assert kstest(split, "uniform").pvalue > 0.01
    assert kstest(plain, "uniform").pvalue < 1e-6


def test_adjusted_p_is_benjamini_and_hochbergs_and_missing_ones_count_not() -> None:
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.5, np.nan])
    known = sorted(x for x in p if x == x)
    expected = {x: min(min(1.0, y * len(known) / (known.index(y) + 1)) for y in known if y >= x) for x in known}
    found = chance.adjusted(p)
    np.testing.assert_allclose(found, [expected.get(x, np.nan) for x in p])
    assert np.isnan(chance.adjusted(np.array([np.nan]))).all()
    assert len(chance.adjusted(np.zeros(0))) == 0


@pytest.mark.parametrize("comparisons", [1, 3, 66, 1_000])
def test_with_the_samples_needed_one_comparison_alone_can_be_found(comparisons: int) -> None:
    needed = chance.samples_needed(comparisons)
    for samples, reaches in ((needed, True), (needed - 1, False)):
        p = np.ones(comparisons)
        p[0] = 1 / (1 + samples)
        assert bool(chance.adjusted(p)[0] <= 0.05 + 1e-12) is reaches
        assert chance.can_reach(samples, comparisons) is reaches
