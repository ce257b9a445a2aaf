"""The triples of one triad class, the strongest first, with their cells in the order of the roles of the class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numba import njit

from analysis.census import (
    BACK,
    CLASS_OF,
    DYAD_EDGES,
    OPEN_CLASS,
    ROLE_OF,
    SEEN,
    TRIADS,
    Int8,
    Int32,
    Int64,
    dyads,
)
from analysis.kernels import readonly
from data_access.errors import InputError, did_you_mean

STEPS = 200_000_000  # pairs of partners looked at before an enumeration stops: about a second


@dataclass(frozen=True, eq=False)
class Instances:
    """cells: int32 (k, 3), or (k, 2) of dyads, by role; total: int64 (k,), synapses of all their connections.

    whole: every instance was looked at, so that these are the strongest.
    """

    cells: Int32
    total: Int64
    whole: bool


def triads(pre: Int32, post: Int32, synapses: Int64, n: int, name: str, limit: int) -> Instances:
    """Up to `limit` triples of a class: most synapses in all their connections first, then by their cells.

    pre, post int32 (m,) local numbers, each pair once, autapses ignored; synapses int64 (m,). Cells of equal roles are
    given by ascending number. Of 012 and 102 each connected pair is given once, with the first third cell.
    Raises InputError for 003, of which there is nothing to show, and for an unknown class.
    """
    if name not in TRIADS:
        raise InputError(f"'{name[:20]}' is no class of triads", did_you_mean(name, TRIADS) or _listed(TRIADS))
    if name == "003":
        raise InputError("class 003 is three cells without a connection", "choose a class with a connection")
    indptr, other, code, edge = dyads(readonly(pre, np.int32), readonly(post, np.int32), n)
    weight = _weights(edge, synapses)
    kind = TRIADS.index(name)
    if name in ("012", "102"):
        return _single(indptr, other, code, weight, n, name == "102", limit)
    best, key = np.zeros((limit, 3), np.int32), np.full(limit, -1, np.int64)
    if limit == 0:
        return Instances(best, key, True)
    if name in ("021D", "021U", "021C", "111D", "111U", "201"):
        full = _both_ends(indptr, other, code, weight, n)
        steps = _open(indptr, other, *full, n, kind, STEPS, best, key)
    else:
        steps = _triangles(indptr, other, code, weight, n, kind, best, key)
    order = np.lexsort((best[:, 2], best[:, 1], best[:, 0], -key))
    order = order[key[order] >= 0]
    return Instances(best[order], key[order], steps < STEPS)


def pairs(pre: Int32, post: Int32, synapses: Int64, n: int, name: str, limit: int) -> Instances:
    """Up to `limit` dyads of a class, most synapses first, then by their cells.

    An asymmetric one is (pre, post), a mutual one has the cell with more synapses onto the other first.
    Raises InputError for null dyads and for an unknown class.
    """
    if name not in DYAD_EDGES:
        raise InputError(f"'{name[:20]}' is no class of dyads", did_you_mean(name, DYAD_EDGES) or _listed(DYAD_EDGES))
    if name == "null":
        raise InputError("a null dyad is two cells without a connection", "choose a class with a connection")
    indptr, other, code, edge = dyads(readonly(pre, np.int32), readonly(post, np.int32), n)
    weight = _weights(edge, synapses)
    at = np.flatnonzero((code == 3) == (name == "mutual"))
    a, b = np.repeat(np.arange(n, dtype=np.int32), np.diff(indptr))[at], other[at]
    forth, back = (np.append(synapses, 0)[edge[k, at]] for k in (0, 1))
    turn = (back > forth) | ((back == forth) & (b < a))
    cells = np.stack([np.where(turn, b, a), np.where(turn, a, b)], axis=1).astype(np.int32)
    order = np.lexsort((cells[:, 1], cells[:, 0], -weight[at]))[:limit]
    return Instances(cells[order], weight[at][order], True)


def _listed(names: Iterable[str]) -> str:
    return "the classes are " + " ".join(names)


def _weights(edge: Int64, synapses: Int64) -> Int64:
    """Synapses of each dyad, both ways."""
    with_none = np.append(np.asarray(synapses, np.int64), 0)
    return np.asarray(with_none[edge[0]] + with_none[edge[1]])


def _single(indptr: Int64, other: Int32, code: Int8, weight: Int64, n: int, mutual: bool, limit: int) -> Instances:
    """Connected pairs, each with the first cell that is connected to neither."""
    at = np.flatnonzero((code == 3) == mutual)
    a, b = np.repeat(np.arange(n, dtype=np.int32), np.diff(indptr))[at], other[at]
    turn = code[at] == 2 if not mutual else b < a
    cells = np.stack([np.where(turn, b, a), np.where(turn, a, b)], axis=1).astype(np.int32)
    order = np.lexsort((cells[:, 1], cells[:, 0], -weight[at]))
    third = _thirds(indptr, other, cells[order], n, limit)
    order, third = order[third >= 0], third[third >= 0]
    return Instances(np.column_stack([cells[order], third]).astype(np.int32), weight[at][order], True)


@njit(cache=True, nogil=True)
def _thirds(indptr: Int64, other: Int32, cells: Int32, n: int, limit: int) -> Int32:
    """Per pair the first cell that is connected to neither, -1 = none or not looked for: `limit` are enough."""
    found = np.full(len(cells), -1, np.int32)
    taken = np.full(n, -1, np.int64)
    start = np.zeros(n + 1, np.int64)
    for k in range(other.size):
        start[other[k] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    at = start[:-1].copy()
    back = np.empty(other.size, np.int32)
    for i in range(n):
        for s in range(indptr[i], indptr[i + 1]):
            back[at[other[s]]] = i
            at[other[s]] += 1
    got = 0
    for k in range(len(cells)):
        if got == limit:
            break
        for i in cells[k]:
            taken[i] = k
            for s in range(indptr[i], indptr[i + 1]):
                taken[other[s]] = k
            for s in range(start[i], start[i + 1]):
                taken[back[s]] = k
        for w in range(n):
            if taken[w] != k:
                found[k] = w
                got += 1
                break
    return found


def _both_ends(indptr: Int64, other: Int32, code: Int8, weight: Int64, n: int) -> tuple[Int64, Int32, Int8, Int64]:
    """Each dyad in the rows of both its cells, the strongest of a row first: indptr, other, what is seen, weight."""
    owner = np.repeat(np.arange(n, dtype=np.int32), np.diff(indptr))
    end, partner = np.concatenate([owner, other]), np.concatenate([other, owner])
    seen, strength = np.concatenate([SEEN[code], SEEN[BACK[code]]]), np.concatenate([weight, weight])
    order = np.lexsort((-strength, end))
    start = np.searchsorted(end[order], np.arange(n + 1)).astype(np.int64)
    return start, partner[order], seen[order], strength[order]


@njit(cache=True, nogil=True)
def _connected(indptr: Int64, other: Int32, i: int, j: int) -> bool:
    for s in range(indptr[i], indptr[i + 1]):
        if other[s] == j:
            return True
    for s in range(indptr[j], indptr[j + 1]):  # noqa: SIM110, compiled code has no generators
        if other[s] == i:
            return True
    return False


@njit(cache=True, nogil=True)
def _open(
    indptr: Int64, other: Int32, start: Int64, partner: Int32, seen: Int8, strength: Int64, n: int, kind: int,
    most: int, best: Int32, key: Int64,
) -> int:  # fmt: skip
    """Two dyads that share a cell while the ends are not connected; returns the steps, `most` = stopped."""
    steps, worst = 0, 0
    code_of_seen = np.array([1, 2, 3], np.int8)
    for v in range(n):
        for s in range(start[v], start[v + 1]):
            if s + 1 < start[v + 1] and strength[s] + strength[s + 1] < key[worst]:
                break
            for t in range(s + 1, start[v + 1]):
                total = strength[s] + strength[t]
                if total < key[worst]:
                    break
                steps += 1
                if steps >= most:
                    return most
                if OPEN_CLASS[seen[s], seen[t]] == kind and not _connected(indptr, other, partner[s], partner[t]):
                    vu, vw = code_of_seen[seen[s]], code_of_seen[seen[t]]
                    worst = _offer(best, key, worst, total, v, partner[s], partner[t], vu, vw, 0)
    return steps


@njit(cache=True, nogil=True)
def _triangles(
    indptr: Int64, other: Int32, code: Int8, weight: Int64, n: int, kind: int, best: Int32, key: Int64
) -> int:
    """Three dyads among three cells: all are looked at."""
    mark = np.full(n, -1, np.int64)
    worst = 0
    for u in range(n):
        for s in range(indptr[u], indptr[u + 1]):
            mark[other[s]] = s
        for s in range(indptr[u], indptr[u + 1]):
            v = other[s]
            for t in range(indptr[v], indptr[v + 1]):
                at = mark[other[t]]
                if at < 0 or CLASS_OF[code[s] | code[at] << 2 | code[t] << 4] != kind:
                    continue
                total = weight[s] + weight[at] + weight[t]
                if total >= key[worst]:
                    worst = _offer(best, key, worst, total, u, v, other[t], code[s], code[at], code[t])
        for s in range(indptr[u], indptr[u + 1]):
            mark[other[s]] = -1
    return 0


@njit(cache=True, nogil=True)
def _offer(best: Int32, key: Int64, worst: int, total: int, u: int, v: int, w: int, uv: int, uw: int, vw: int) -> int:
    """Keep the triple where it is better than the worst kept; returns the place of the worst."""
    if u > v:
        u, v, uv, uw, vw = v, u, BACK[uv], vw, uw
    if v > w:
        v, w, uv, uw, vw = w, v, uw, uv, BACK[vw]
    if u > v:
        u, v, uv, uw, vw = v, u, BACK[uv], vw, uw
    role = ROLE_OF[uv | uw << 2 | vw << 4]
    a = u if role[0] == 0 else (v if role[0] == 1 else w)
    b = u if role[1] == 0 else (v if role[1] == 1 else w)
    c = u if role[2] == 0 else (v if role[2] == 1 else w)
    if not _before(total, a, b, c, key[worst], best[worst, 0], best[worst, 1], best[worst, 2]):
        return worst
    key[worst] = total
    best[worst, 0], best[worst, 1], best[worst, 2] = a, b, c
    last = 0
    for k in range(1, key.size):
        if _before(key[last], best[last, 0], best[last, 1], best[last, 2], key[k], best[k, 0], best[k, 1], best[k, 2]):
            last = k
    return last


@njit(cache=True, nogil=True)
def _before(total: int, a: int, b: int, c: int, other: int, x: int, y: int, z: int) -> bool:
    """Whether a triple stands before another: more synapses, then smaller cells."""
    if total != other:
        return total > other
    if a != x:
        return a < x
    if b != y:
        return b < y
    return c < z
