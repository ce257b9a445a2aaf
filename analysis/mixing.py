"""Whether Markov chains have forgotten where they began: R-hat, autocorrelation, effective sample size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pace:
    """Proposals and moves of a chain over its samples, and the connections of its graph."""

    proposals: int
    moves: int
    samples: int
    connections: int


@dataclass(frozen=True, eq=False)
class Mixing:
    """Of a statistic over chains; float64 (k,) each, NaN where the statistic never changes or chains are too short.

    lag1: correlation of a sample with the next of its chain. ess: number of independent samples worth as much. r_hat:
    1 where the chains agree. acceptance: moves per proposal; switches: moves per connection between two samples.
    """

    chains: int
    acceptance: float
    switches: float
    lag1: Float64
    ess: Float64
    r_hat: Float64


def summarise(chains: list[Float64], paces: list[Pace]) -> Mixing:
    """How well chains mix; each float64 (samples of the chain, k). Lengths may differ by one: the last is left out."""
    n = min(len(c) for c in chains)
    values = np.stack([c[:n] for c in chains])
    proposals, moves = sum(p.proposals for p in paces), sum(p.moves for p in paces)
    between = sum(p.samples * p.connections for p in paces)
    return Mixing(
        len(chains), moves / proposals if proposals else 0.0, moves / between if between else 0.0,
        lag1(values), ess(values), r_hat(values),
    )  # fmt: skip


def lag1(values: Float64) -> Float64:
    """Autocorrelation at lag 1, over chains pooled about their common mean; values (chains, n, k) -> (k,)."""
    if values.shape[1] < 3:
        return np.full(values.shape[2], np.nan)
    centred = values - values.mean(axis=(0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (centred[:, 1:] * centred[:, :-1]).mean(axis=(0, 1)) / (centred**2).mean(axis=(0, 1))
    return np.asarray(found)


def r_hat(values: Float64) -> Float64:
    """Split R-hat of chains (chains, n, k) -> (k,).

    Each chain is cut into halves; sqrt(((n - 1) / n W + B / n) / W), W the mean variance within them, B / n the
    variance of their means (Gelman et al., Bayesian Data Analysis, 3rd ed., 11.4).
    """
    half = values.shape[1] // 2
    if half < 2:
        return np.full(values.shape[2], np.nan)
    parts = np.concatenate([values[:, :half], values[:, -half:]])
    within = parts.var(axis=1, ddof=1).mean(axis=0)
    between = parts.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt(((half - 1) / half * within + between) / within))


def ess(values: Float64) -> Float64:
    """Effective sample size of chains (chains, n, k) -> (k,), at most the number of samples.

    chains n / (1 + 2 sum of autocorrelations), summed in pairs while they are positive and falling (Geyer, Stat. Sci.
    7, 473 (1992)), with the variance of R-hat's numerator as denominator.
    """
    chains, n, k = values.shape
    if n < 4:
        return np.full(k, np.nan)
    means = values.mean(axis=1)
    centred = values - means[:, None]
    size = 1 << int(2 * n - 1).bit_length()
    power = np.abs(np.fft.rfft(centred, size, axis=1)) ** 2
    covariance = np.fft.irfft(power, size, axis=1)[:, :n].mean(axis=0) / n
    within = covariance[0] * n / (n - 1)
    total = within * (n - 1) / n + (means.var(axis=0, ddof=1) if chains > 1 else 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = 1 - (within - covariance) / total
    correlation[0] = 1.0
    pairs = correlation[: n // 2 * 2].reshape(n // 2, 2, k).sum(axis=1)
    pairs = np.where(np.logical_and.accumulate(pairs > 0, axis=0), np.minimum.accumulate(pairs, axis=0), 0.0)
    time = np.maximum(2 * pairs.sum(axis=0) - 1, 1.0)
    return np.where(total > 0, chains * n / time, np.nan)
