"""An observed statistic against its values in graphs sampled under a null model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control

Float64 = npt.NDArray[np.float64]
ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class Summary:
    """Of each statistic, float64 (k,).

    expected, sd: mean and standard deviation (n - 1) of the samples; ratio: observed / expected, NaN where nothing is
    expected; z: (observed - expected) / sd, NaN where the samples are all the same; p: two-sided, see `p_values`.
    """

    expected: Float64
    sd: Float64
    ratio: Float64
    z: Float64
    p: Float64


def summarise(observed: Float64, sampled: Float64) -> Summary:
    """Observed (k,) against sampled (samples, k). Raises ValueError without a sample."""
    if not len(sampled):
        raise ValueError("no sample")
    expected = sampled.mean(axis=0)
    sd = sampled.std(axis=0, ddof=1) if len(sampled) > 1 else np.full(len(observed), np.nan)
    sd = np.where(sampled.min(axis=0) == sampled.max(axis=0), sd * 0, sd)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(expected != 0, observed / expected, np.nan)
        z = np.where(sd > 0, (observed - expected) / sd, np.nan)
    return Summary(expected, sd, ratio, z, p_values(observed, sampled))


def p_values(observed: Float64, sampled: Float64) -> Float64:
    """Two-sided empirical p = (1 + exceedances) / (1 + samples), float64 (k,); its smallest value is 1 / (1 + samples).

    An exceedance is a sample at least as far from the centre as the observed value, the centre being the mean of all
    samples and the observed value together. Under the null these are exchangeable and the centre treats them alike, so
    that P(p <= x) <= x holds exactly, whatever the distribution (A. C. Davison & D. V. Hinkley, Bootstrap Methods and
    their Application, 4.2). The statistic must be finite.
    """
    beyond, _ = _farther(observed, sampled)
    return (1 + beyond) / (1 + len(sampled))


def randomised_p(observed: Float64, sampled: Float64, random: np.random.Generator) -> Float64:
    """As `p_values`, but samples exactly as far out are put before or behind the observed value at random.

    Uniform on (0, 1) under the null, even for a statistic that takes few values: for testing the tester.
    """
    beyond, ties = _farther(observed, sampled)
    return (beyond - ties + random.random(len(observed)) * (1 + ties)) / (1 + len(sampled))


def _farther(observed: Float64, sampled: Float64) -> tuple[Float64, Float64]:
    """Samples at least as far from the centre as the observed value, and those exactly as far."""
    n = len(sampled) + 1
    total = sampled.sum(axis=0) + observed
    # Times n, so that counts stay whole numbers and ties are ties; other statistics get some room for rounding.
    mine, theirs = np.abs(n * observed - total), np.abs(n * sampled - total)
    room = 1e-12 * n * np.maximum(np.abs(sampled).max(axis=0), np.abs(observed))
    return (theirs >= mine - room).sum(axis=0), (np.abs(theirs - mine) <= room).sum(axis=0)


def adjusted(p: Float64) -> Float64:
    """p values adjusted for the number of comparisons by Benjamini & Hochberg (1995); NaN stays NaN and counts not."""
    known = np.isfinite(p)
    found = np.full(len(p), np.nan)
    if known.any():
        found[known] = false_discovery_control(p[known], method="bh")
    return found


def samples_needed(comparisons: int, alpha: float = ALPHA) -> int:
    """Samples after which the smallest of so many p values can be `alpha` when adjusted, even if it alone is small."""
    return math.ceil(round(max(1, comparisons) / alpha, 9)) - 1


def can_reach(samples: int, comparisons: int, alpha: float = ALPHA) -> bool:
    """Whether a single one of so many comparisons can be found different with so many samples."""
    return samples >= samples_needed(comparisons, alpha)
