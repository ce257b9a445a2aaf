"""Loops of the three-node search (`analysis.node_search`): pairs of two nodes, matches around a hub, examples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from analysis.census import Int32, Int64

Float64 = npt.NDArray[np.float64]
UInt8 = npt.NDArray[np.uint8]
PER_CELL = 3  # examples with the same cell in the same role before others are shown


@njit(cache=True, nogil=True)
def _holds(edge: int, least: int, size: float, synapses: Int64, sizes: Float64) -> bool:
    if least < 0:
        return edge < 0
    if least == 0:
        return True
    return edge >= 0 and synapses[edge] >= least and (size <= 0 or (sizes.size > 0 and sizes[edge] >= size))


@njit(cache=True, nogil=True)
def fitting(
    indptr: Int64, other: Int32, edge: Int64, synapses: Int64, sizes: Float64, member: UInt8, bit_x: int, bit_y: int,
    forth: tuple[int, float], back: tuple[int, float], wanted: bool, n: int,
) -> tuple[UInt8, Int64, Int64]:  # fmt: skip
    """Dyads whose cells are an x and a y for which the constraints hold (wanted) or do not.

    uint8 (dyads,): bit 0 if its first cell can be x, bit 1 if its second can; then int64 (n,): how many y each x has,
    and how many x each y.
    """
    bits = np.zeros(other.size, np.uint8)
    of_x = np.zeros(n, np.int64)
    of_y = np.zeros(n, np.int64)
    for i in range(n):
        for s in range(indptr[i], indptr[i + 1]):
            for turned in range(2):
                x, y = (other[s], i) if turned else (i, other[s])
                if not (member[x] & bit_x and member[y] & bit_y):
                    continue
                good = _holds(edge[turned, s], forth[0], forth[1], synapses, sizes)
                good = good and _holds(edge[1 - turned, s], back[0], back[1], synapses, sizes)
                if good == wanted:
                    bits[s] |= 1 << turned
                    of_x[x] += 1
                    of_y[y] += 1
    return bits, of_x, of_y


@njit(cache=True, nogil=True)
def gathered(
    indptr: Int64, other: Int32, edge: Int64, synapses: Int64, bits: UInt8, length: Int64, forth: bool, back: bool,
    by_y: bool, n: int,
) -> tuple[Int64, Int32, Int64, Int64]:  # fmt: skip
    """The pairs of `fitting` by x, or by y: indptr, partner, weakest and total of the connections asked for.

    length: of its rows; forth, back: which of the two connections are required.
    """
    start = np.zeros(n + 1, np.int64)
    for i in range(n):
        start[i + 1] = start[i] + length[i]
    at = start[:-1].copy()
    partner = np.empty(start[n], np.int32)
    weakest = np.empty(start[n], np.int64)
    total = np.empty(start[n], np.int64)
    for i in range(n):
        for s in range(indptr[i], indptr[i + 1]):
            for turned in range(2):
                if not bits[s] >> turned & 1:
                    continue
                row, cell = (i, other[s]) if by_y == (turned == 1) else (other[s], i)
                k = at[row]
                at[row] += 1
                partner[k] = cell
                e, f = edge[turned, s], edge[1 - turned, s]
                strong = synapses[e] if forth and e >= 0 else -1
                behind = synapses[f] if back and f >= 0 else -1
                weakest[k] = min(strong, behind) if min(strong, behind) >= 0 else max(strong, behind)
                total[k] = max(strong, 0) + max(behind, 0)
    return start, partner, weakest, total


@njit(cache=True, nogil=True)
def count(
    left_ptr: Int64, left: Int32, right_ptr: Int64, right: Int32, third_ptr: Int64, third: Int32, mode: int, n: int
) -> int:
    """Number of matches around the cells of the hub; arguments as in `node_search._Plan`."""
    found = 0
    mark = np.zeros(n, np.bool_)
    for x in range(n):
        l0, l1, r0, r1 = left_ptr[x], left_ptr[x + 1], right_ptr[x], right_ptr[x + 1]
        if l0 == l1 or r0 == r1:
            continue
        for s in range(l0, l1):
            mark[left[s]] = True
        hits, same = 0, 0
        for t in range(r0, r1):
            z = right[t]
            same += mark[z]
            if mode:
                for k in range(third_ptr[z], third_ptr[z + 1]):
                    hits += mark[third[k]]
        found += hits if mode == 1 else (l1 - l0) * (r1 - r0) - same - hits
        for s in range(l0, l1):
            mark[left[s]] = False
    return found


@njit(cache=True, nogil=True)
def walk(
    left_ptr: Int64, left: Int32, left_weak: Int64, left_total: Int64,
    right_ptr: Int64, right: Int32, right_weak: Int64, right_total: Int64,
    third_ptr: Int64, third: Int32, third_weak: Int64, third_total: Int64,
    mode: int, n: int, most: int, kept: Int32, strength: Int64, best: Int32, key: Int64,
) -> int:  # fmt: skip
    """Look at every match; returns the steps, `most` = stopped."""
    slot = np.full(n, -1, np.int64)
    barred = np.full(n, -1, np.int64)
    lowest, steps = 0, 0
    for x in range(n):
        l0, l1, r0, r1 = left_ptr[x], left_ptr[x + 1], right_ptr[x], right_ptr[x + 1]
        if l0 == l1 or r0 == r1:
            continue
        for s in range(l0, l1):
            slot[left[s]] = s
        for t in range(r0, r1):
            z = right[t]
            if mode != 1:
                for k in range(third_ptr[z], third_ptr[z + 1]):
                    barred[third[k]] = t
            first, last = (third_ptr[z], third_ptr[z + 1]) if mode == 1 else (l0, l1)
            for k in range(first, last):
                steps += 1
                if steps >= most:
                    return most
                y = third[k] if mode == 1 else left[k]
                s = slot[y]
                if s < 0 or y == z or (mode != 1 and barred[y] == t):
                    continue
                weak, total = min(left_weak[s], right_weak[t]), left_total[s] + right_total[t]
                if mode == 1:
                    weak, total = min(weak, third_weak[k]), total + third_total[k]
                worth = weak << 32 | total
                _keep(kept[0, x], strength[0, x], worth, x, y, z)
                _keep(kept[1, y], strength[1, y], worth, x, y, z)
                _keep(kept[2, z], strength[2, z], worth, x, y, z)
                if worth > key[lowest]:
                    key[lowest] = worth
                    best[lowest, 0], best[lowest, 1], best[lowest, 2] = x, y, z
                    lowest = int(np.argmin(key))
        for s in range(l0, l1):
            slot[left[s]] = -1
    return steps


@njit(cache=True, nogil=True)
def _keep(kept: Int32, strength: Int64, worth: int, x: int, y: int, z: int) -> None:
    """Into a short list, the strongest first, where it belongs there."""
    last = strength.size - 1
    if worth <= strength[last]:
        return
    k = last
    while k > 0 and strength[k - 1] < worth:
        strength[k] = strength[k - 1]
        kept[k] = kept[k - 1]
        k -= 1
    strength[k] = worth
    kept[k, 0], kept[k, 1], kept[k, 2] = x, y, z


@njit(cache=True, nogil=True)
def diverse(cells: Int32, n: int, limit: int) -> Int64:
    """Places of up to `limit` triples, given the strongest first: a second round takes what the first passed over."""
    used = np.zeros((3, n), np.int64)
    taken = np.zeros(len(cells), np.bool_)
    chosen = np.empty(min(limit, len(cells)), np.int64)
    got = 0
    for sparing in (True, False):
        for k in range(len(cells)):
            if got == chosen.size or taken[k]:
                continue
            a, b, c = cells[k]
            if sparing and max(used[0, a], used[1, b], used[2, c]) >= PER_CELL:
                continue
            used[0, a] += 1
            used[1, b] += 1
            used[2, c] += 1
            taken[k] = True
            chosen[got] = k
            got += 1
    return chosen
