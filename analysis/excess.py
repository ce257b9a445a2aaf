"""How much more often cells connect both ways than two independent directions would: an interval for the excess.

The excess is r = P(a->b and b->a) / (P(a->b) P(b->a)), the same at every distance; r = 1 where directions are
independent. It is estimated given how many connections each stratum (a pair of types in a bin of distance) holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from analysis.null_model import Bool, Float64, Int64, Strata

LOWEST, HIGHEST, STEPS = 1e-6, 1e6, 70


@dataclass(frozen=True, eq=False)
class Margins:
    """What is held in each stratum; int64 (s,) each.

    of: number of the comparison it belongs to; n_pairs: unordered pairs tested both ways; n_ab, n_ba: connections in
    either direction. within: pairs of one type, whose directions can't be told apart; then n_ab counts both, n_ba is 0.
    """

    of: Int64
    n_pairs: Int64
    n_ab: Int64
    n_ba: Int64
    within: Bool


Law = Callable[[Margins, Float64], tuple[Float64, Float64]]


def margins(strata: Strata, column: np.ndarray) -> Margins:
    """The margins of a universe that holds each pair in both orders; column (k, k): comparison of a pair of groups.

    Strata of the pairs (a, b) and (b, a) in one bin belong together. Those of column -1 are left out.
    """
    low, high = np.minimum(strata.group_a, strata.group_b), np.maximum(strata.group_a, strata.group_b)
    key = (low.astype(np.int64) * len(column) + high) * (int(strata.bin.max(initial=0)) + 1) + strata.bin
    keys, first, at = np.unique(key, return_index=True, return_inverse=True)
    within = low[first] == high[first]
    forth = strata.group_a <= strata.group_b
    n_ab = np.bincount(at[forth], strata.n_held[forth], len(keys)).astype(np.int64)
    n_ba = np.bincount(at[~forth], strata.n_held[~forth], len(keys)).astype(np.int64)
    ordered = np.zeros(len(keys), np.int64)
    np.maximum.at(ordered, at, strata.n_pairs)
    of = column[low[first], high[first]].astype(np.int64)
    kept = (of >= 0) & (ordered > 0)
    n_pairs = np.where(within, ordered // 2, ordered)
    return Margins(of[kept], n_pairs[kept], n_ab[kept], n_ba[kept], within[kept])


def moments(held: Margins, excess: Float64) -> tuple[Float64, Float64]:
    """Mean and variance of the number of reciprocal pairs of each comparison at an excess r; float64 (k,) each.

    A stratum of N pairs with n_ab and n_ba connections has a = r n_ab n_ba / (N - 1 + r) reciprocal pairs in the mean:
    the a that makes a (N - 1) / (n_ab n_ba - a), an unbiased ratio, equal to r. Within one type, where m connections
    fall on 2 N ordered pairs, a = r m (m - 1) / (4 (N - 1) + 2 r). At r = 1 both are the exact means of a shuffle.
    The variance is that of the difference between reciprocal pairs and r E, both drawn anew, by the delta method:
    N s (1 - s - r (p + q - 2 p q) + 2 r p q (r - 1)) N / (N - 1), with p = n_ab / N, q = n_ba / N (within one type both
    m / 2 N) and s = r p q; at r = 1 it is N p q (1 - p) (1 - q) N / (N - 1), that of a shuffle.
    No stratum counts more reciprocal pairs than its margins allow.
    """
    r, n = excess[held.of], held.n_pairs.astype(np.float64)
    ab, ba = held.n_ab.astype(np.float64), held.n_ba.astype(np.float64)
    p, q = np.where(held.within, ab / (2 * n), ab / n), np.where(held.within, ab / (2 * n), ba / n)
    highest = np.where(held.within, np.floor(ab / 2), np.minimum(ab, ba))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = r * ab * ba / (n - 1 + r)
        one_type = r * ab * (ab - 1) / (4 * (n - 1) + 2 * r)
        a = np.nan_to_num(np.where(held.within, one_type, between))
        r = np.minimum(r, np.nan_to_num(1 / np.maximum(p, q), posinf=1.0))
    s = r * p * q
    variance = n * s * (1 - s - r * (p + q - 2 * p * q) + 2 * r * p * q * (r - 1)) * n / np.maximum(n - 1, 1)
    a = np.minimum(a, highest)
    k = len(excess)
    return _sums(held.of, a, k), _sums(held.of, np.clip(variance, 0, a), k)


def _sums(of: Int64, values: Float64, k: int) -> Float64:
    """Sum of the values of each of k groups, float64 (k,)."""
    return np.bincount(of, values, k).astype(np.float64)


def scaled(held: Margins, ratio: Float64) -> tuple[Float64, Float64]:
    """Mean and variance as `moments`, of a number of reciprocal pairs that is `ratio` times the expected one.

    For strata that need not share one excess: in the mean no stratum has a largest number of its own.
    """
    expected, _ = moments(held, np.ones(len(ratio)))
    _, variance = moments(held, ratio)
    return ratio * expected, np.minimum(variance, ratio * expected)


def interval(held: Margins, observed: Float64, level: float = 0.95, law: Law = moments) -> tuple[Float64, Float64]:
    """Lower and upper limit of the excess of each comparison, float64 (k,); observed: its reciprocal pairs.

    Mid-P limits: the r at which P(X < observed) + P(X = observed) / 2 is 1 - tail or tail, X a binomial variable with
    the mean and variance of `law`: `moments` for the excess, `scaled` for observed / expected. Lower limit 0 where
    nothing is observed; upper limit inf where the margins allow no more than what is observed, such as no reciprocal
    pair at all. Over 200 synthetic columns the 95 % limits held the truth in 96 % of pairs of types: 95 % where more
    than five reciprocal pairs are expected, more where fewer are.
    """
    tail = (1 - level) / 2
    low = np.where(observed > 0, _solve(held, observed, 1 - tail, law), 0.0)
    high = _solve(held, observed, tail, law)
    return low, high


def _solve(held: Margins, observed: Float64, wanted: float, law: Law) -> Float64:
    """The excess at which the mid-P is `wanted`, by bisection of its logarithm; inf where it never falls so low."""
    low, high = np.full(len(observed), np.log(LOWEST)), np.full(len(observed), np.log(HIGHEST))
    never = mid_p(held, observed, np.exp(high), law) > wanted
    for _ in range(STEPS):
        middle = (low + high) / 2
        above = mid_p(held, observed, np.exp(middle), law) > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(never, np.inf, np.exp((low + high) / 2))


def mid_p(held: Margins, observed: Float64, excess: Float64, law: Law = moments) -> Float64:
    """P(X < observed) + P(X = observed) / 2 at an excess, float64 (k,)."""
    mean, variance = law(held, excess)
    return (_cumulative(observed, mean, variance) + _cumulative(observed - 1, mean, variance)) / 2


def _cumulative(x: Float64, mean: Float64, variance: Float64) -> Float64:
    """P(X <= x) of a binomial variable of this mean and variance, its n any positive number."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip(1 - variance / mean, 1e-6, 1.0)
        n = mean / share
        inside = (x >= 0) & (x < n) & (mean > 0)
        found = betainc(np.where(inside, n - x, 1.0), np.where(inside, x + 1, 1.0), 1 - share)
    return np.where(inside, found, (x >= 0).astype(np.float64))


def binomial(observed: Float64, n_pairs: Int64, probability: float, level: float = 0.95) -> tuple[Float64, Float64]:
    """Mid-P limits of observed / expected where every pair is reciprocal with the same probability^2, float64 (k,)."""
    n, expected = n_pairs.astype(np.float64), n_pairs * probability**2

    def solve(wanted: float) -> Float64:
        low, high = np.zeros(len(n)), np.ones(len(n))
        for _ in range(STEPS):
            middle = (low + high) / 2
            at = (_cumulative(observed, n * middle, n * middle * (1 - middle))
                  + _cumulative(observed - 1, n * middle, n * middle * (1 - middle))) / 2  # fmt: skip
            low, high = np.where(at > wanted, middle, low), np.where(at > wanted, high, middle)
        return (low + high) / 2

    tail = (1 - level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(observed > 0, solve(1 - tail) * n / expected, 0.0)
        return low, solve(tail) * n / expected
