"""Reciprocal pairs: unordered {a, b}, a != b, connected both ways, straight from both orientations of the graph.

Whom a cell synapses onto is noted in an array by cell, then those that synapse onto it are looked up in it. Of a whole
graph only partners with a higher code than the cell are walked (they stand in ascending order), which meets every pair
once; between two sets the cells of the cheaper one are walked.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from analysis.kernels import Int32, Int64, UInt32, readonly, slots_of
from data_access.graph import Graph, Orientation

UInt8 = npt.NDArray[np.uint8]

THREADS = 2
FEW = 200_000  # connections that one thread walks faster than a second one starts
_OWN, _OTHER = np.uint8(1), np.uint8(2)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Reciprocal pairs, each once, by the smaller code and then by the larger; arrays of one length.

    a, b: int32 codes; of one set with itself a < b. slot_ab: int64, slot of a -> b in `out`; back: int64, slot of
    b -> a in `into` (a stands among the rows there), so that counts and sizes of both directions are read from the row
    of a. n_below: pairs of the sets with fewer than `min_synapses` in one of the directions, left out.
    """

    a: Int32
    b: Int32
    slot_ab: Int64
    back: Int64
    n_below: int = 0

    def __len__(self) -> int:
        return len(self.a)

    def slot_ba(self, out: Orientation) -> Int64:
        """Slot of b -> a in `out`, int64: searched for, so ask for few pairs."""
        return slots(out, self.b, self.a)


def slots(side: Orientation, lines: Int32, others: Int32) -> Int64:
    """Slot of each (line, other) pair of codes, int64, -1 where the pair has no connection."""
    codes = [readonly(np.asarray(part, np.int32)) for part in (lines, others)]
    return slots_of(readonly(side.indptr), readonly(side.idx), *codes)


def pairs(graph: Graph, pre: Int32 | None = None, post: Int32 | None = None, min_synapses: int = 1) -> Pairs:
    """All reciprocal pairs with one cell in `pre` and the other in `post`, at least `min_synapses` in each direction.

    `pre`, `post`: int32 codes, each at most once, in any order; None = all cells. Each unordered pair comes once, also
    where the sets overlap; autapses never. Linear in the connections of the cheaper set; two threads share them.
    """
    found = _walked(graph, pre, post, min_synapses, listed=True)
    a, b, slot, back = (np.concatenate([part[k] for part in found]) for k in range(4))
    if not _is_one_set(pre, post):
        order = np.lexsort((np.maximum(a, b), np.minimum(a, b)))
        a, b, slot, back = a[order], b[order], slot[order], back[order]
    return Pairs(a, b, slot, back, sum(part[5] for part in found))


def count(graph: Graph, pre: Int32 | None = None, post: Int32 | None = None, min_synapses: int = 1) -> int:
    """How many `pairs` finds, without listing them."""
    return sum(part[4] for part in _walked(graph, pre, post, min_synapses, listed=False))


def _is_one_set(pre: Int32 | None, post: Int32 | None) -> bool:
    if pre is None or post is None:
        return pre is post
    return pre is post or (len(pre) == len(post) and bool(np.array_equal(np.sort(pre), np.sort(post))))


def _walked(graph: Graph, pre: Int32 | None, post: Int32 | None, min_synapses: int, listed: bool) -> list[tuple]:
    """What `_walk` finds in each block of lines."""
    n = graph.n_nodes
    everyone = np.arange(n, dtype=np.int32)
    sets = [everyone if codes is None else np.asarray(codes, np.int32) for codes in (pre, post)]
    walked = [_cost(graph, codes) for codes in sets]
    own, other = (0, 1) if walked[0].sum() <= walked[1].sum() else (1, 0)
    order = np.argsort(sets[own], kind="stable")
    lines, cost = sets[own][order], walked[own][order]
    member = np.zeros(n, np.uint8)
    member[lines] |= _OWN
    member[sets[other]] |= _OTHER
    sides = [readonly(part) for side in (graph.out, graph.into) for part in (side.indptr, side.idx, side.n_synapses)]
    fixed = (readonly(member), _is_one_set(pre, post), len(sets[other]) < n, int(min_synapses), listed)

    def work(block: Int32) -> tuple:
        return _walk(*sides, readonly(block), *fixed)

    n_threads = min(THREADS, os.cpu_count() or 1) if cost.sum() > FEW else 1
    if n_threads == 1:
        return [work(lines)]
    blocks = _blocks(lines, cost, 4 * n_threads)
    # Threads of this call alone: a pool that outlived a fork would hang in the worker.
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(work, blocks))


def _cost(graph: Graph, codes: Int32) -> Int64:
    """Slots to walk of each cell, both orientations, int64."""
    last = codes + np.int64(1)
    return sum(side.indptr[last] - side.indptr[codes] for side in (graph.out, graph.into))


def _blocks(lines: Int32, cost: Int64, n: int) -> list[Int32]:
    """Consecutive lines in n parts of about the same cost."""
    total = np.cumsum(cost)
    cuts = np.searchsorted(total, total[-1] * np.arange(1, n) / n)
    return np.split(lines, cuts)


@njit(cache=True, nogil=True)
def _above(idx: Int32, low: int, high: int, code: int) -> int:
    """First slot from low to high whose partner is above `code`; high where there is none."""
    while low < high:
        middle = (low + high) // 2
        if idx[middle] <= code:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _walk(
    out_indptr: Int64,
    out_idx: Int32,
    out_synapses: UInt32,
    in_indptr: Int64,
    in_idx: Int32,
    in_synapses: UInt32,
    lines: Int32,
    member: UInt8,
    one_set: bool,
    some: bool,
    min_synapses: int,
    listed: bool,
) -> tuple[Int32, Int32, Int64, Int64, int, int]:
    """Pairs of a line and a partner that lies in both its rows: line, partner, slot in out, slot in into.

    `member`: bit 1 the cells that are walked, bit 2 those of the other set; `some`: that one is not all cells. Then the
    number of pairs, and of pairs below the threshold. Arrays are empty unless `listed`.
    """
    longest = 1
    for r in range(lines.size):
        longest = max(longest, in_indptr[lines[r] + 1] - in_indptr[lines[r]] + 1)
    met, met_back = np.empty(longest, np.int32), np.empty(longest, np.int64)
    room = 1024 if listed else 0
    a, b = np.empty(room, np.int32), np.empty(room, np.int32)
    slot, back = np.empty(room, np.int64), np.empty(room, np.int64)
    seen = np.full(out_indptr.size - 1, -1, np.int32)  # the walk at which a partner was last met in `out`
    walked, n, below = 0, 0, 0
    for r in range(lines.size):
        i = lines[r]
        e, e_end, f, f_end = out_indptr[i], out_indptr[i + 1], in_indptr[i], in_indptr[i + 1]
        if one_set:
            e, f = _above(out_idx, e, e_end, i), _above(in_idx, f, f_end, i)
        for k in range(e, e_end):
            seen[out_idx[k]] = walked + k - e
        k = 0
        # No branch depends on the data: what is no match is overwritten by the next.
        for m in range(f, f_end):
            at = seen[in_idx[m]]
            met[k] = at
            met_back[k] = m
            k += at >= walked
        if listed and n + k > room:
            room = 2 * room + k
            a, b, slot, back = _grown(a, room), _grown(b, room), _grown(slot, room), _grown(back, room)
        n, weak = _keep(
            i, e - walked, met, met_back, k, out_synapses, in_idx, in_synapses, member, one_set, some, min_synapses,
            listed, a, b, slot, back, n,
        )  # fmt: skip
        below += weak
        walked += e_end - e
    kept = n if listed else 0
    return a[:kept], b[:kept], slot[:kept], back[:kept], n, below


@njit(cache=True, nogil=True)
def _keep(
    i: int,
    first: int,
    met: Int32,
    met_back: Int64,
    k: int,
    out_synapses: UInt32,
    in_idx: Int32,
    in_synapses: UInt32,
    member: UInt8,
    one_set: bool,
    some: bool,
    min_synapses: int,
    listed: bool,
    a: Int32,
    b: Int32,
    slot: Int64,
    back: Int64,
    n: int,
) -> tuple[int, int]:
    """Write the pairs of line i that count from place n on: the place behind the last, and how many are too weak.

    Kept apart from the growing so that the loop touches no array that may be replaced.
    """
    below = 0
    for m in range(k):
        slot_ab, slot_back = first + met[m], met_back[m]
        j = in_idx[slot_back]
        if j == i or (some and not member[j] & _OTHER):
            continue
        if not one_set and j < i and member[j] & _OWN and member[i] & _OTHER:
            continue  # met from j already
        if min_synapses > 1 and (out_synapses[slot_ab] < min_synapses or in_synapses[slot_back] < min_synapses):
            below += 1
            continue
        if listed:
            a[n] = i
            b[n] = j
            slot[n] = slot_ab
            back[n] = slot_back
        n += 1
    return n, below


@njit(cache=True, nogil=True)
def _grown(array: np.ndarray, room: int) -> np.ndarray:
    larger = np.empty(room, array.dtype)
    larger[: array.size] = array
    return larger
