"""Null models that deal connections within strata: all pairs, pairs of types, pairs of types at a distance.

Each sampled graph takes, in every stratum, a uniformly random set of ordered pairs of the size observed there. Given
these sizes every such graph is equally likely, so a test against them is an exact conditional (permutation) test.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from analysis.null_model import Float32, Float64, Int32, Int64, Strata, Universe
from data_access.errors import TooLargeError

MAX_PAIRS = (
    30_000_000  # ordered pairs that are listed one by one; 8 bytes each, and as much again while they are sorted
)
MOST_BINS, LEAST_IN_BIN = 25, 50


def by_blocks(universe: Universe, group: Int32, n_groups: int, pre: Int32, post: Int32) -> Strata:
    """A stratum for each ordered pair of groups that has a connection; pairs are counted, never listed.

    group int32 (n,); one group makes the uniform null. pre, post int32 (m,): connections within the universe.
    """
    n_kinds = len(universe.allowed)
    label = group.astype(np.int64) * n_kinds + universe.kind
    parts, part_of = np.unique(label, return_inverse=True)
    member = np.argsort(part_of, kind="stable").astype(np.int32)
    part_first = np.concatenate([[0], np.cumsum(np.bincount(part_of, minlength=len(parts)))]).astype(np.int64)
    group_parts = np.searchsorted(parts, np.arange(n_groups + 1) * n_kinds)
    stratum_key = group[pre].astype(np.int64) * n_groups + group[post]
    strata, of = np.unique(stratum_key, return_inverse=True)
    blocks: list[tuple[int, int, int, int]] = []
    for s, key in enumerate(strata.tolist()):
        a, b = divmod(key, n_groups)
        for p in range(group_parts[a], group_parts[a + 1]):
            for q in range(group_parts[b], group_parts[b + 1]):
                if universe.allowed[parts[p] % n_kinds, parts[q] % n_kinds]:
                    n_p, n_q = part_first[p + 1] - part_first[p], part_first[q + 1] - part_first[q]
                    blocks.append((s, p, q, int(n_p * (n_q - (p == q)))))
    table = np.array(blocks, np.int64).reshape(-1, 4)
    block_first = np.concatenate([[0], np.cumsum(table[:, 3])]).astype(np.int64)
    first = block_first[np.searchsorted(table[:, 0], np.arange(len(strata) + 1))]
    return Strata(
        first, (strata // n_groups).astype(np.int32), (strata % n_groups).astype(np.int32),
        np.zeros(len(strata), np.int32), *_held(of, len(strata)), np.zeros(0, np.int64), block_first,
        table[:, 1].astype(np.int32), table[:, 2].astype(np.int32), member, part_first,
    )  # fmt: skip


def check_size(universe: Universe) -> None:
    """TooLargeError where the pairs are too many to be listed."""
    n_pairs = universe.n_pairs
    if n_pairs > MAX_PAIRS:
        raise TooLargeError(
            f"the distance null lists every tested pair: {n_pairs:,} ordered pairs are more than {MAX_PAIRS:,}",
            "choose fewer cells, or another null",
        )


def by_distance(
    universe: Universe, group: Int32, n_groups: int, position: Float64, pre: Int32, post: Int32,
    most_bins: int = MOST_BINS, least_in_bin: int = LEAST_IN_BIN,
) -> Strata:  # fmt: skip
    """A stratum for each ordered pair of groups and bin of distance; every pair of the universe is listed.

    position float64 (n, 3), all finite for the cells of the universe. The bins of A->B are those of B->A: quantiles of
    the distances of all unordered pairs {a, b} that belong to the universe in either order, as many bins as leave
    `least_in_bin` pairs in each, and at most `most_bins`. Raises TooLargeError above MAX_PAIRS ordered pairs.
    """
    check_size(universe)
    n = universe.n_cells
    n_types = n_groups * (n_groups + 1) // 2
    where = universe.kind, universe.allowed, group, n_groups
    counts = _count_by_types(*where)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    distance = _distances(*where, np.ascontiguousarray(position, np.float64), start)
    edges, edge_first = _quantiles(distance, start, most_bins, least_in_bin)
    n_strata = 2 * (len(edges) + n_types)
    bins, of, sizes = _strata_of(
        *where, start, distance, edges, edge_first, _by_end(pre, post, n), _by_end(post, pre, n), n_strata
    )
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    pairs = _listed(*where, start, bins, edge_first, first)
    a, b = np.triu_indices(n_groups)
    n_bins = np.diff(edge_first) + 1
    type_of = np.repeat(np.arange(n_types), n_bins)
    number = np.arange(len(type_of)) - np.repeat(edge_first[:-1] + np.arange(n_types), n_bins)
    forth = np.stack([a[type_of], b[type_of]], 1)
    ends = np.stack([forth, forth[:, ::-1]], 1).reshape(-1, 2).astype(np.int32)
    none, zero = np.zeros(0, np.int32), np.zeros(1, np.int64)
    return Strata(
        first, ends[:, 0], ends[:, 1], np.repeat(number, 2).astype(np.int32), *_held(of, len(ends)), pairs,
        zero, none, none, none, zero,
    )  # fmt: skip


def _by_end(end: Int32, partner: Int32, n: int) -> tuple[Int64, Int64, Int32]:
    """Connections by one end: indptr int64 (n + 1,), their numbers int64 (m,), their other ends int32 (m,)."""
    order = np.argsort(end, kind="stable").astype(np.int64)
    return np.searchsorted(end[order], np.arange(n + 1)).astype(np.int64), order, partner[order]


def _held(of: Int64, n_strata: int) -> tuple[Int64, Int64]:
    """Connections by stratum, and where each stratum begins."""
    counts = np.bincount(of, minlength=n_strata)
    return np.argsort(of, kind="stable").astype(np.int64), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _quantiles(distance: Float32, start: Int64, most_bins: int, least_in_bin: int) -> tuple[Float32, Int64]:
    """Inner edges of the bins of each pair of types, one after the other, and where each begins."""
    n_bins = np.clip(np.diff(start) // least_in_bin, 1, most_bins)
    edges = [np.zeros(0, np.float32)]
    for t in np.flatnonzero(n_bins > 1):
        here = np.sort(distance[start[t] : start[t + 1]])
        edges.append(here[np.arange(1, n_bins[t]) * len(here) // n_bins[t]])
    return np.concatenate(edges), np.concatenate([[0], np.cumsum(n_bins - 1)]).astype(np.int64)


@njit(nogil=True, cache=True)
def _types(a: int, b: int, n_groups: int) -> int:
    """Number of an unordered pair of groups, in the order of np.triu_indices."""
    low, high = min(a, b), max(a, b)
    return low * n_groups - low * (low - 1) // 2 + high - low


@njit(nogil=True, cache=True)
def _count_by_types(kind: Int32, allowed: np.ndarray, group: Int32, n_groups: int) -> Int64:
    """Unordered pairs of the universe (in either order) of each unordered pair of groups."""
    counts = np.zeros(n_groups * (n_groups + 1) // 2, np.int64)
    for i in range(kind.size):
        for j in range(i + 1, kind.size):
            if allowed[kind[i], kind[j]] or allowed[kind[j], kind[i]]:
                counts[_types(group[i], group[j], n_groups)] += 1
    return counts


@njit(nogil=True, cache=True)
def _distances(
    kind: Int32, allowed: np.ndarray, group: Int32, n_groups: int, position: Float64, start: Int64
) -> Float32:
    """Distance of each unordered pair, by pair of groups; within one in the order (i, j), i < j."""
    at = start[:-1].copy()
    found = np.empty(start[-1], np.float32)
    for i in range(kind.size):
        for j in range(i + 1, kind.size):
            if allowed[kind[i], kind[j]] or allowed[kind[j], kind[i]]:
                t = _types(group[i], group[j], n_groups)
                square = 0.0
                for axis in range(3):
                    square += (position[i, axis] - position[j, axis]) ** 2
                found[at[t]] = np.sqrt(square)
                at[t] += 1
    return found


@njit(nogil=True, cache=True)
def _strata_of(
    kind: Int32, allowed: np.ndarray, group: Int32, n_groups: int, start: Int64, distance: Float32, edges: Float32,
    edge_first: Int64, out: tuple[Int64, Int64, Int32], into: tuple[Int64, Int64, Int32], n_strata: int,
) -> tuple[np.ndarray, Int64, Int64]:  # fmt: skip
    """Bin of each unordered pair, uint8; stratum of each connection; ordered pairs of each stratum.

    Stratum 2 u is the pairs a->b, a <= b by group, and 2 u + 1 the pairs b->a of the u-th pair of groups and bin; both
    orders of a pair of one group belong to the first. out, into: indptr, connection numbers, partners by pre (post).
    """
    at = start[:-1].copy()
    bins = np.empty(start[-1], np.uint8)
    of = np.full(out[1].size, -1, np.int64)
    sizes = np.zeros(n_strata, np.int64)
    forth = np.full(kind.size, -1, np.int64)
    back = np.full(kind.size, -1, np.int64)
    for i in range(kind.size):
        for e in range(out[0][i], out[0][i + 1]):
            forth[out[2][e]] = out[1][e]
        for e in range(into[0][i], into[0][i + 1]):
            back[into[2][e]] = into[1][e]
        for j in range(i + 1, kind.size):
            there, here = allowed[kind[i], kind[j]], allowed[kind[j], kind[i]]
            if not (there or here):
                continue
            t = _types(group[i], group[j], n_groups)
            d = distance[at[t]]
            b = np.searchsorted(edges[edge_first[t] : edge_first[t + 1]], d, side="right")
            bins[at[t]] = b
            at[t] += 1
            u = 2 * (edge_first[t] + t + b)
            if there:
                sizes[u + (group[i] > group[j])] += 1
                if forth[j] >= 0:
                    of[forth[j]] = u + (group[i] > group[j])
            if here:
                sizes[u + (group[j] > group[i])] += 1
                if back[j] >= 0:
                    of[back[j]] = u + (group[j] > group[i])
        for e in range(out[0][i], out[0][i + 1]):
            forth[out[2][e]] = -1
        for e in range(into[0][i], into[0][i + 1]):
            back[into[2][e]] = -1
    return bins, of, sizes


@njit(nogil=True, cache=True)
def _listed(
    kind: Int32, allowed: np.ndarray, group: Int32, n_groups: int, start: Int64, bins: np.ndarray, edge_first: Int64,
    first: Int64,
) -> Int64:  # fmt: skip
    """The ordered pairs pre * n + post by stratum."""
    at, to = start[:-1].copy(), first[:-1].copy()
    pairs = np.empty(first[-1], np.int64)
    n = kind.size
    for i in range(n):
        for j in range(i + 1, n):
            there, here = allowed[kind[i], kind[j]], allowed[kind[j], kind[i]]
            if not (there or here):
                continue
            t = _types(group[i], group[j], n_groups)
            u = 2 * (edge_first[t] + t + bins[at[t]])
            at[t] += 1
            if there:
                s = u + (group[i] > group[j])
                pairs[to[s]] = i * n + j
                to[s] += 1
            if here:
                s = u + (group[j] > group[i])
                pairs[to[s]] = j * n + i
                to[s] += 1
    return pairs


def deal(strata: Strata, n_cells: int, random: np.random.Generator) -> tuple[Int32, Int32, Int64]:
    """One sampled graph: pre, post int32 (m,) and the number of the observed connection that each one carries.

    In each stratum pairs are drawn one after the other, taken pairs again, so that the order of the drawn ones is
    uniformly random and the observed connections can be handed out in theirs. Where more than half of the pairs are
    connected, those that are not are drawn instead.
    """
    return _deal(
        random, n_cells, strata.first, strata.held, strata.held_first, strata.pairs, strata.block_first,
        strata.block_pre, strata.block_post, strata.member, strata.part_first,
    )  # fmt: skip


@njit(nogil=True, cache=True)
def _deal(
    random: np.random.Generator, n_cells: int, first: Int64, held: Int64, held_first: Int64, pairs: Int64,
    block_first: Int64, block_pre: Int32, block_post: Int32, member: Int32, part_first: Int64,
) -> tuple[Int32, Int32, Int64]:  # fmt: skip
    m = held.size
    pre, post, edge = np.empty(m, np.int32), np.empty(m, np.int32), np.empty(m, np.int64)
    size = 16
    while size < 2 * m:
        size *= 2
    taken = np.full(size, -1, np.int64)
    k = 0
    for s in range(first.size - 1):
        n, wanted = first[s + 1] - first[s], held_first[s + 1] - held_first[s]
        sparse = 2 * wanted <= n
        drawn, begin = 0, k
        while drawn < (wanted if sparse else n - wanted):
            number = first[s] + np.int64(random.random() * n)
            if _take(taken, number):
                drawn += 1
                if sparse:
                    edge[k] = number
                    k += 1
        if not sparse:
            for number in range(first[s], first[s + 1]):
                if _take(taken, number):
                    edge[k] = number
                    k += 1
            for last in range(k - 1, begin, -1):
                other = begin + np.int64(random.random() * (last - begin + 1))
                edge[last], edge[other] = edge[other], edge[last]
        _decode(edge[begin:k], n_cells, pairs, block_first, block_pre, block_post, member, part_first,
                pre[begin:k], post[begin:k])  # fmt: skip
        edge[begin:k] = held[held_first[s] : held_first[s + 1]]
    return pre, post, edge


@njit(nogil=True, cache=True)
def _take(taken: Int64, number: int) -> bool:
    """Put a number into a hash set (open addressing, -1 = free); False if it was there."""
    at = (number * 0x9E3779B97F4A7C1) >> 20 & (taken.size - 1)
    while taken[at] >= 0:
        if taken[at] == number:
            return False
        at = (at + 1) & (taken.size - 1)
    taken[at] = number
    return True


@njit(nogil=True, cache=True)
def _decode(
    number: Int64, n_cells: int, pairs: Int64, block_first: Int64, block_pre: Int32, block_post: Int32, member: Int32,
    part_first: Int64, pre: Int32, post: Int32,
) -> None:  # fmt: skip
    """Write pre and post of pair numbers; see `Strata`."""
    for k in range(number.size):
        if pairs.size:
            pre[k], post[k] = pairs[number[k]] // n_cells, pairs[number[k]] % n_cells
            continue
        b = np.searchsorted(block_first, number[k], side="right") - 1
        p, q = block_pre[b], block_post[b]
        width = part_first[q + 1] - part_first[q] - (p == q)
        i, j = divmod(number[k] - block_first[b], width)
        pre[k] = member[part_first[p] + i]
        post[k] = member[part_first[q] + j + (p == q and j >= i)]
