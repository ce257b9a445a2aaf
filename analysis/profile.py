"""Profiles along one axis: how many inputs and outputs of each kind lie in each bin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Profile:
    """Counts along an axis. edges: float64 (b + 1,); n_in, n_out: int64 (kinds, b); placed: values with a place."""

    edges: np.ndarray
    n_in: np.ndarray
    n_out: np.ndarray
    placed: int

    @property
    def centres(self) -> np.ndarray:
        """float64 (b,): the middle of each bin."""
        return np.asarray((self.edges[:-1] + self.edges[1:]) / 2)


def profile(values: np.ndarray, incoming: np.ndarray, kinds: np.ndarray, n_kinds: int, width: float) -> Profile:
    """Count values in bins of `width` that start at multiples of it: bin i holds edges[i] <= value < edges[i + 1].

    values: float64 (n,), NaN = no place, counted nowhere; incoming: bool (n,); kinds: int (n,), 0 <= kind < n_kinds.
    """
    placed = ~np.isnan(values)
    if not placed.any():
        empty = np.zeros((n_kinds, 0), np.int64)
        return Profile(np.zeros(1), empty, empty, 0)
    bins = np.floor(values[placed] / width).astype(np.int64)
    first, n = int(bins.min()), int(bins.max() - bins.min()) + 1
    place = kinds[placed].astype(np.int64) * n + bins - first
    sides = [
        np.bincount(place[chosen], minlength=n_kinds * n).reshape(n_kinds, n).astype(np.int64)
        for chosen in (incoming[placed], ~incoming[placed])
    ]
    return Profile((first + np.arange(n + 1)) * width, sides[0], sides[1], int(placed.sum()))


def bin_width(span: float, most: int = 40) -> float:
    """The finest of 1, 2, 5, 10, 20, 50 ... that cuts a span into at most `most` bins."""
    if not span > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(span / most))
    return float(next(step * power for step in (1, 2, 5, 10) if span / (step * power) <= most))
