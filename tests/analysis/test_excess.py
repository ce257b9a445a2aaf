"""The interval of the reciprocal excess: against exact laws, and against the truth of the synthetic column."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from analysis import excess, nulls
from analysis.excess import Margins
from analysis.mutual import MutualPairs
from analysis.null_model import Universe
from data_access.builtin.demo_cells import draw_somata
from data_access.builtin.demo_connections import draw_connections
from data_access.builtin.demo_types import N_NEURONS, NEURON_TYPES, reciprocal_matrix

SEEDS = range(50)


def between(n_pairs: int, n_ab: int, n_ba: int) -> Margins:
    return Margins(*(np.array([v], np.int64) for v in (0, n_pairs, n_ab, n_ba)), np.array([False]))


@pytest.mark.parametrize(("n", "ab", "ba"), [(200, 30, 20), (50, 25, 40), (10_000, 40, 900)])
def test_without_an_excess_the_moments_are_those_of_a_shuffle(n: int, ab: int, ba: int) -> None:
    mean, variance = excess.moments(between(n, ab, ba), np.ones(1))
    exact = hypergeom(n, ab, ba)
    assert mean[0] == pytest.approx(exact.mean())
    assert variance[0] == pytest.approx(exact.var())


def test_within_one_type_the_mean_is_that_of_all_graphs_with_so_many_connections() -> None:
    held = Margins(np.array([0]), np.array([20]), np.array([9]), np.array([0]), np.array([True]))
    random = np.random.default_rng(0)
    pairs = [random.permutation(40)[:9] % 20 for _ in range(20_000)]
    mutual = [9 - len(np.unique(p)) for p in pairs]
    mean, variance = excess.moments(held, np.ones(1))
    assert mean[0] == pytest.approx(np.mean(mutual), rel=0.02)
    assert variance[0] == pytest.approx(np.var(mutual), rel=0.1)


@pytest.mark.parametrize("r", [0.5, 1.0, 2.5])
def test_mean_and_variance_of_observed_minus_expected_are_those_of_drawn_pairs(r: float) -> None:
    n, p, q = 400, 0.15, 0.25
    random = np.random.default_rng(4)
    both, only_ab, only_ba = r * p * q, p - r * p * q, q - r * p * q
    counts = random.multinomial(n, [both, only_ab, only_ba, 1 - both - only_ab - only_ba], 20_000)
    a, ab, ba = counts[:, 0], counts[:, 0] + counts[:, 1], counts[:, 0] + counts[:, 2]
    difference = a - r * ab * ba / (n - 1 + r)
    assert difference.mean() == pytest.approx(0, abs=0.1)
    _, variance = excess.moments(between(n, round(n * p), round(n * q)), np.array([r]))
    assert variance[0] == pytest.approx(difference.var(), rel=0.06)


def test_the_limits_are_where_the_mid_p_says() -> None:
    held = between(10_000, 500, 400)
    low, high = excess.interval(held, np.array([30.0]))
    for limit, wanted in ((low, 0.975), (high, 0.025)):
        mean, variance = (float(v[0]) for v in excess.moments(held, limit))
        n = mean / (1 - variance / mean)
        law = binom(round(n), mean / round(n))
        assert law.cdf(29) + law.pmf(30) / 2 == pytest.approx(wanted, abs=0.002)
    wide = excess.interval(held, np.array([30.0]), 0.9999)
    assert wide[0][0] < low[0] < 1.5 < high[0] < wide[1][0]


def test_nothing_observed_has_no_lower_limit_and_all_that_is_possible_no_upper_one() -> None:
    low, high = excess.interval(between(100, 10, 8), np.array([0.0]))
    assert low[0] == 0
    assert 1 < high[0] < 10
    low, high = excess.interval(between(100, 10, 8), np.array([8.0]))
    assert low[0] > 1
    assert np.isinf(high[0])
    low, high = excess.interval(between(100, 10, 0), np.array([0.0]))
    assert (low[0], high[0]) == (0, np.inf)


def test_without_strata_the_limits_are_binomial() -> None:
    observed, n, probability = np.array([3.0, 0.0]), np.array([100, 50]), 0.2
    low, high = excess.binomial(observed, n, probability)
    for k in range(2):
        upper = binom(n[k], high[k] * probability**2)
        assert upper.cdf(observed[k] - 1) + upper.pmf(observed[k]) / 2 == pytest.approx(0.025, abs=1e-6)
    lower = binom(100, low[0] * probability**2)
    assert lower.cdf(2) + lower.pmf(3) / 2 == pytest.approx(0.975, abs=1e-6)
    assert low[1] == 0


@pytest.mark.slow
def test_the_intervals_hold_the_true_excess_of_the_synthetic_column() -> None:
    """50 columns, 66 pairs of types each, distance null over all pairs: 93-97 % hold, and none misses by far.

    An interval without an upper limit holds what lies above its lower one. The 99.99 % interval holds the truth where
    the mid-P at the truth lies between its two tails: that saves looking for its ends.
    """
    k = len(NEURON_TYPES)
    first, second = np.triu_indices(k)
    column = np.zeros((k, k), np.int32)
    column[first, second] = column[second, first] = np.arange(len(first))
    truth = reciprocal_matrix()[first, second]
    held, held_wide, missed_low, missed_high = [], [], [], []
    for seed in SEEDS:
        streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)]
        somata = draw_somata(streams[0])
        types, position = somata.type_code[:N_NEURONS].astype(np.int32), somata.position_nm[:N_NEURONS] / 1000
        pre, post, _ = draw_connections(streams[3], types.astype(np.int64), position)
        universe = Universe(np.zeros(N_NEURONS, np.int32), np.ones((1, 1), bool))
        names = tuple(t.name for t in NEURON_TYPES)
        model = nulls.model(
            "distance", universe, types, names, pre.astype(np.int32), post.astype(np.int32), position=position
        )
        assert model.strata is not None
        margins = excess.margins(model.strata, column)
        observed = MutualPairs(types, column, len(first))(*model.observed)[1:]
        low, high = excess.interval(margins, observed)
        held.append((low <= truth) & (truth <= high))
        missed_low.append(truth < low)
        missed_high.append(truth > high)
        p = excess.mid_p(margins, observed, truth)
        held_wide.append((p > 0.00005) & (p < 0.99995))
    assert 0.93 <= np.mean(held) <= 0.97
    assert np.all(held_wide)
    assert 0.01 < np.mean(missed_low) < 0.04
    assert 0.01 < np.mean(missed_high) < 0.04
    with_excess = np.array(held)[:, truth != 1]
    assert 0.91 <= with_excess.mean() <= 0.98
