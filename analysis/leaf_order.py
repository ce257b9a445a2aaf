"""Optimal leaf order of a dendrogram: of all ways to flip its branches, the one whose neighbours are nearest.

Dynamic programming of Bar-Joseph, Gifford and Jaakkola (2001) "Fast optimal leaf ordering for hierarchical
clustering", Bioinformatics 17, S22-S29. The best order of a branch for each pair of outermost leaves comes
from its two branches by two products of matrices in the (min, +) sense, which run over whole rows: about
n**3 / 6 steps.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.cluster.hierarchy import leaves_list

from analysis.kernels import Float64, Int64, readonly


def optimal_leaf_order(linkage: Float64, distance: Float64) -> Int64:
    """Positions int64 (n,) of the leaves in an order of least summed distance between neighbours.

    linkage (n - 1, 4): a dendrogram as SciPy gives it; distance float64 (n, n), symmetric. Of an order and
    its reverse, which are equally good, either may come. Takes two more (n, n) float64 arrays.
    """
    n = len(linkage) + 1
    if n < 2:
        return np.arange(n)
    leaves = leaves_list(linkage)
    branches = readonly(_branches(linkage))
    near = readonly(distance[np.ix_(leaves, leaves)])
    best = _best(near, branches)
    return leaves[_trace(near, readonly(best), branches)]


def _branches(linkage: Float64) -> Int64:
    """int64 (n - 1, 5), one row a merge: start, split, end in leaf order; its two branches, -1 for a leaf."""
    n = len(linkage) + 1
    size = np.concatenate([np.ones(n, np.int64), linkage[:, 3].astype(np.int64)])
    start = np.zeros(2 * n - 1, np.int64)
    branches = np.empty((n - 1, 5), np.int64)
    for merge in range(n - 2, -1, -1):
        left, right = (int(node) for node in linkage[merge, :2])
        first = start[n + merge]
        start[left], start[right] = first, first + size[left]
        ends = (first, first + size[left], first + size[n + merge])
        branches[merge] = (*ends, max(left - n, -1), max(right - n, -1))
    return branches


@njit(cache=True)
def _best(near: Float64, branches: Int64) -> Float64:
    """best[i, j]: least path through the smallest branch that holds leaves i and j, from i to j."""
    n = near.shape[0]
    best = np.full((n, n), np.inf)
    through = np.empty((n, n))
    for i in range(n):
        best[i, i] = 0.0
    for merge in range(branches.shape[0]):
        start, split, end = branches[merge, 0], branches[merge, 1], branches[merge, 2]
        left = branches[branches[merge, 3], 1] if branches[merge, 3] >= 0 else end
        right = branches[branches[merge, 4], 1] if branches[merge, 4] >= 0 else end
        width = end - split
        for i in range(start, split):
            row = through[i - start, :width]
            row[:] = np.inf
            # the path from i ends in the part of the left branch that does not hold i
            low, high = (i, i + 1) if left == end else ((left, split) if i < left else (start, left))
            for k in range(low, high):
                so_far = best[i, k]
                step = near[k, split:end]
                for m in range(width):
                    total = so_far + step[m]
                    row[m] = total if total < row[m] else row[m]
            if right == end:
                best[i, split] = row[0]
            else:
                _extend(row, best, i, split, right, right, end, split)
                _extend(row, best, i, right, end, split, right, split)
            for j in range(split, end):
                best[j, i] = best[i, j]
    return best


@njit(cache=True)
def _extend(row: Float64, best: Float64, i: int, low: int, high: int, via_low: int, via_high: int, offset: int) -> None:
    """best[i, low:high]: paths that enter the right branch in via_low..via_high-1, its other part."""
    to = best[i, low:high]
    for m in range(via_low, via_high):
        so_far = row[m - offset]
        step = best[m, low:high]
        for j in range(high - low):
            total = so_far + step[j]
            to[j] = total if total < to[j] else to[j]


@njit(cache=True)
def _trace(near: Float64, best: Float64, branches: Int64) -> Int64:
    """Read the best order out of `best`: int64 (n,), numbers in leaf order."""
    n = near.shape[0]
    order = np.empty(n, np.int64)
    todo = np.empty((n + 1, 3), np.int64)  # branch (-1: a leaf), first leaf, last leaf
    top = n - 2
    first, last, least = 0, 0, np.inf
    for i in range(branches[top, 0], branches[top, 1]):
        for j in range(branches[top, 1], branches[top, 2]):
            if best[i, j] < least:
                first, last, least = i, j, best[i, j]
    todo[0] = (top, first, last)
    n_todo, k = 1, 0
    while n_todo > 0:
        n_todo -= 1
        branch, first, last = todo[n_todo]
        if branch < 0:
            order[k] = first
            k += 1
            continue
        split = branches[branch, 1]
        near_side, far_side = branches[branch, 3], branches[branch, 4]
        if first >= split:
            near_side, far_side = far_side, near_side
        low, high = _other_part(branches, near_side, first)
        far_low, far_high = _other_part(branches, far_side, last)
        end, begin, least = first, last, np.inf
        for i in range(low, high):
            for j in range(far_low, far_high):
                total = best[first, i] + near[i, j] + best[j, last]
                if total < least:
                    end, begin, least = i, j, total
        todo[n_todo] = (far_side, begin, last)
        todo[n_todo + 1] = (near_side, first, end)
        n_todo += 2
    return order


@njit(cache=True)
def _other_part(branches: Int64, branch: int, leaf: int) -> tuple[int, int]:
    """Start and end of the part of a branch that does not hold `leaf`; the leaf itself if that is all."""
    if branch < 0:
        return leaf, leaf + 1
    if leaf < branches[branch, 1]:
        return branches[branch, 1], branches[branch, 2]
    return branches[branch, 0], branches[branch, 1]
