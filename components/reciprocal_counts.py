"""The scatter of counts both ways: whole numbers overlap, so pairs are counted in squares; histograms on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from components.reciprocal_drawing import Json, sequential

SINGLE = 48  # whole numbers along an axis up to which each has a square of its own on linear axes
GROWTH = 1.17  # a square on logarithmic axes is at least so much wider than it starts


@dataclass(frozen=True, eq=False)
class Squares:
    """Pairs counted in squares: edges halfway between whole numbers, float64; counts int64 (n_x, n_y)."""

    edges_x: np.ndarray
    edges_y: np.ndarray
    counts: np.ndarray


def edges(most: int, log: bool) -> np.ndarray:
    """Edges from 0.5 to past `most`, float64, each square of whole numbers only."""
    if log:
        ends = [1]
        while ends[-1] < most:
            ends.append(max(ends[-1] + 1, int(ends[-1] * GROWTH)))
        return np.array([0.5, *(end + 0.5 for end in ends)])
    step = max(1, -(-most // SINGLE))
    return np.arange(0.5, most + step + 0.5, step)


def squares(x: np.ndarray, y: np.ndarray, log: bool) -> Squares:
    """Count the pairs (x[i], y[i]), whole numbers from 1, in squares; both axes share their edges as far as they go."""
    least = 5  # an axis with fewer steps than that says little
    ends = edges(max(least, int(x.max(initial=1)), int(y.max(initial=1))), log)
    along_x = ends[: int(np.searchsorted(ends, max(least, int(x.max(initial=1))))) + 1]
    along_y = ends[: int(np.searchsorted(ends, max(least, int(y.max(initial=1))))) + 1]
    at_x, at_y = np.searchsorted(along_x, x) - 1, np.searchsorted(along_y, y) - 1
    shape = len(along_x) - 1, len(along_y) - 1
    counts = np.bincount(at_x * shape[1] + at_y, minlength=shape[0] * shape[1]).reshape(shape)
    return Squares(along_x, along_y, counts)


def spec(found: Squares, log: bool, words: tuple[str, str], picked: tuple[str, str], either: bool) -> Json:
    """What is drawn. words: the two directions, such as 'a → b'; picked: the larger and the smaller count that are
    listed, "" for all; either: x may be the smaller count too."""
    counts = found.counts
    at = np.argwhere(counts > 0)
    cells: list[Any] = [[int(i), int(j), int(counts[i, j])] for i, j in at]
    chosen = [_square(found, picked)] + ([_square(found, picked[::-1])] if either else [])
    return {
        "kind": "counts", "scale": "log" if log else "linear", "edges_x": found.edges_x.tolist(),
        "edges_y": found.edges_y.tolist(), "cells": cells, "margin_x": counts.sum(1).tolist(),
        "margin_y": counts.sum(0).tolist(), "most": int(counts.max(initial=1)),
        "chosen": [square for square in chosen if square],
        "label_x": f"synapses {words[0]}", "label_y": f"synapses {words[1]}", "short_x": words[0],
        "short_y": words[1], "colours": sequential(),
    }  # fmt: skip


def _square(found: Squares, picked: tuple[str, str]) -> list[int] | None:
    """The square that holds exactly the chosen counts, where there is one."""
    at = []
    for text, ends in zip(picked, (found.edges_x, found.edges_y), strict=True):
        low, _, high = text.partition("-")
        if not low.isdigit():
            return None
        i = int(np.searchsorted(ends, int(low))) - 1
        same = 0 <= i < len(ends) - 1 and ends[i] + 0.5 == int(low) and ends[i + 1] - 0.5 == int(high or low)
        if not same:
            return None
        at.append(i)
    return at
