"""Chains that agree and chains that don't."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import mixing


def autoregressive(correlation: float, chains: int = 4, n: int = 4_000) -> np.ndarray:
    random = np.random.default_rng(1)
    noise = random.standard_normal((chains, n, 1))
    values = noise.copy()
    for k in range(1, n):
        values[:, k] = correlation * values[:, k - 1] + (1 - correlation**2) ** 0.5 * noise[:, k]
    return values


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_the_effective_sample_size_of_an_autoregressive_chain_is_known(correlation: float) -> None:
    values = autoregressive(correlation)
    samples = values.shape[0] * values.shape[1]
    assert mixing.ess(values)[0] == pytest.approx(samples * (1 - correlation) / (1 + correlation), rel=0.12)
    assert mixing.lag1(values)[0] == pytest.approx(correlation, abs=0.03)
    assert mixing.r_hat(values)[0] == pytest.approx(1, abs=0.02)


def test_chains_that_stayed_apart_or_drift_are_seen() -> None:
    values = autoregressive(0.0, n=200)
    apart = values + np.arange(4)[:, None, None]
    drifting = values + np.linspace(0, 3, 200)[None, :, None]
    assert mixing.r_hat(apart)[0] > 1.3
    assert mixing.r_hat(drifting)[0] > 1.1
    assert mixing.ess(apart)[0] < 20


def test_what_never_changes_or_is_too_short_is_not_judged() -> None:
    for values in (np.zeros((4, 50, 1)), autoregressive(0.0, n=2)):
        for judge in (mixing.lag1, mixing.ess, mixing.r_hat):
            assert np.isnan(judge(values)).all()
