"""Reciprocal pairs of a sampled graph, overall and by pair of groups: a statistic for `analysis.nulls`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from analysis.null_model import Float64, Int32, Int64


@dataclass(frozen=True, eq=False)
class MutualPairs:
    """Counts reciprocal pairs. group int32 (n,); column int32 (k, k): where a pair of groups is counted, symmetric.

    Called with the connections of a graph it gives float64 (1 + width,): all reciprocal pairs, then those of each
    column; column -1 is counted in the first only. Each pair counts once. Connections must be distinct.
    """

    group: Int32
    column: Int32
    width: int

    def __call__(self, pre: Int32, post: Int32, edge: Int64 | None = None) -> Float64:
        """The counts of one graph; autapses count as nothing."""
        return np.asarray(_count(pre, post, self.group, self.column, self.width))


@njit(nogil=True, cache=True)
def _count(pre: Int32, post: Int32, group: Int32, column: Int32, width: int) -> Float64:
    counts = np.zeros(1 + width)
    n = np.int64(group.size)
    size = 16
    while size < 2 * pre.size:
        size *= 2
    seen = np.full(size, -1, np.int64)
    for k in range(pre.size):
        i, j = np.int64(pre[k]), np.int64(post[k])
        if i == j:
            continue
        # One key for both orders: a pair met again is met the other way round.
        key = min(i, j) * n + max(i, j)
        at = (key * 0x9E3779B97F4A7C1) >> 20 & (size - 1)
        while seen[at] >= 0 and seen[at] != key:
            at = (at + 1) & (size - 1)
        if seen[at] < 0:
            seen[at] = key
            continue
        counts[0] += 1
        c = column[group[i], group[j]]
        if c >= 0:
            counts[1 + c] += 1
    return counts
