"""Dyad and triad census of a directed graph, and the triples of one class.

A graph is given as `pre`, `post` int32 (m,), local numbers 0..n-1 of n cells, each ordered pair at most once. Autapses
are ignored. A dyad is an unordered pair of cells: mutual, asymmetric or null. A triad is an unordered triple, of one of
the 16 classes of Holland & Leinhardt (1970): numbers of mutual, asymmetric and null dyads, then a letter.

Counting (after Batagelj & Mrvar 2001, Soc. Networks 23:237, and Ortmann & Brandes 2017, Appl. Netw. Sci. 2:13): only
triples with three connected dyads are walked, each once, from the cell of lowest degree; that is O(m ** 1.5). Those
with two follow from what each cell sees of its dyads, those with one from the number of dyads, 003 by subtraction.
Compiled code releases the interpreter's lock, so that graphs can be counted in threads.
"""

from __future__ import annotations

from itertools import permutations
from math import comb

import numpy as np
import numpy.typing as npt
from numba import njit

from analysis.kernels import readonly

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

DYADS = ("mutual", "asymmetric", "null")

# the connections of each class between the roles 0, 1 and 2, in which its instances are given and drawn
TRIAD_EDGES: dict[str, tuple[tuple[int, int], ...]] = {
    "003": (),
    "012": ((0, 1),),
    "102": ((0, 1), (1, 0)),
    "021D": ((0, 1), (0, 2)),
    "021U": ((0, 2), (1, 2)),
    "021C": ((0, 1), (1, 2)),
    "111D": ((0, 1), (1, 0), (2, 1)),
    "111U": ((0, 1), (1, 0), (1, 2)),
    "030T": ((0, 1), (0, 2), (1, 2)),
    "030C": ((0, 1), (1, 2), (2, 0)),
    "201": ((0, 1), (1, 0), (1, 2), (2, 1)),
    "120D": ((0, 1), (0, 2), (1, 2), (2, 1)),
    "120U": ((0, 1), (1, 0), (0, 2), (1, 2)),
    "120C": ((0, 1), (1, 0), (0, 2), (2, 1)),
    "210": ((0, 1), (1, 0), (1, 2), (2, 1), (0, 2)),
    "300": ((0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)),
}
TRIADS = tuple(TRIAD_EDGES)
DYAD_EDGES: dict[str, tuple[tuple[int, int], ...]] = {"mutual": ((0, 1), (1, 0)), "asymmetric": ((0, 1),), "null": ()}

_PAIRS = ((0, 1), (0, 2), (1, 2))


def _code(edges: tuple[tuple[int, int], ...] | set[tuple[int, int]]) -> int:
    """A triple as a number below 64: per pair (0,1), (0,2), (1,2) bit 1 forth and bit 2 back."""
    return sum(((i, j) in edges) << 2 * k | ((j, i) in edges) << (2 * k + 1) for k, (i, j) in enumerate(_PAIRS))


def _tables() -> tuple[Int8, Int8]:
    """Class of each code, int8 (64,); and which cell of the triple has each role, int8 (64, 3)."""
    kind, role = np.full(64, -1, np.int8), np.zeros((64, 3), np.int8)
    for number, edges in enumerate(TRIAD_EDGES.values()):
        for cells in permutations(range(3)):
            code = _code({(cells[i], cells[j]) for i, j in edges})
            if kind[code] < 0:  # permutations come in order: cells of equal roles stay as given
                kind[code], role[code] = number, cells
    return kind, role


CLASS_OF, ROLE_OF = _tables()
_AT = {name: number for number, name in enumerate(TRIADS)}
# the class of two dyads that share a cell, by what that cell sees of each: 0 it sends, 1 it receives, 2 both
OPEN_CLASS = np.array(
    [
        [_AT["021D"], _AT["021C"], _AT["111U"]],
        [_AT["021C"], _AT["021U"], _AT["111D"]],
        [_AT["111U"], _AT["111D"], _AT["201"]],
    ],
    np.int8,
)
_MUTUAL = np.array([int(name[0]) for name in TRIADS], np.int64)
_ASYMMETRIC = np.array([int(name[1]) for name in TRIADS], np.int64)
SEEN = np.array([-1, 0, 1, 2], np.int8)  # dyad code (1 forth, 2 back) -> what the cell at its start sees
BACK = np.array([0, 2, 1, 3], np.int8)  # the same dyad seen from its other end


def dyad_census(pre: Int32, post: Int32, n: int) -> Int64:
    """Mutual, asymmetric and null dyads of n cells: int64 (3,), as in DYADS; they add up to n (n - 1) / 2."""
    _, _, code, _ = dyads(_int32(pre), _int32(post), n)
    mutual = int((code == 3).sum())
    return np.array([mutual, len(code) - mutual, n * (n - 1) // 2 - len(code)], np.int64)


def triad_census(pre: Int32, post: Int32, n: int) -> Int64:
    """Triples of each class: int64 (16,), as in TRIADS; they add up to n (n - 1) (n - 2) / 6.

    Exact for n up to 3,800,000 (int64).
    """
    indptr, other, code, _ = dyads(_int32(pre), _int32(post), n)
    found = _census(indptr, other, code, n)
    found[0] = comb(n, 3) - int(found[1:].sum())
    return found


def seconds(pre: Int32, post: Int32, n: int) -> float:
    """About how long a triad census takes on one core: by the partners that its walk looks at."""
    indptr, other, _, _ = dyads(_int32(pre), _int32(post), n)
    return 1e-3 + 8e-8 * len(pre) + 2.5e-9 * int(np.diff(indptr)[other].sum())


def _int32(values: Int32) -> Int32:
    return readonly(values, np.int32)


@njit(cache=True, nogil=True)
def dyads(pre: Int32, post: Int32, n: int) -> tuple[Int64, Int32, Int8, Int64]:
    """Connected dyads, each in the row of its cell of lower degree: indptr (n + 1,), other, code (1 forth, 2 back).

    The last array, int64 (2, dyads), has the number of the connection forth and back, -1 = none.
    """
    degree = np.zeros(n, np.int64)
    for k in range(pre.size):
        if pre[k] != post[k]:
            degree[pre[k]] += 1
            degree[post[k]] += 1
    start = np.zeros(n + 1, np.int64)
    for k in range(pre.size):
        if pre[k] != post[k]:
            start[_owner(pre[k], post[k], degree) + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    at = start[:-1].copy()
    mine = np.empty(start[n], np.int64)
    for k in range(pre.size):
        if pre[k] != post[k]:
            i = _owner(pre[k], post[k], degree)
            mine[at[i]] = k
            at[i] += 1
    indptr = np.zeros(n + 1, np.int64)
    other = np.empty(start[n], np.int32)
    code = np.empty(start[n], np.int8)
    edge = np.full((2, start[n]), -1, np.int64)
    place = np.full(n, -1, np.int64)
    filled = 0
    for i in range(n):
        first = filled
        for s in range(start[i], start[i + 1]):
            k = mine[s]
            forth = pre[k] == i
            j = post[k] if forth else pre[k]
            if place[j] < first:
                place[j] = filled
                other[filled] = j
                code[filled] = 0
                filled += 1
            code[place[j]] |= 1 if forth else 2
            edge[0 if forth else 1, place[j]] = k
        indptr[i + 1] = filled
    return indptr, other[:filled], code[:filled], edge[:, :filled]


@njit(cache=True, nogil=True)
def _owner(i: int, j: int, degree: Int64) -> int:
    """The cell of lower degree, of two equal ones that of the lower number."""
    return i if degree[i] < degree[j] or (degree[i] == degree[j] and i < j) else j


@njit(cache=True, nogil=True)
def _census(indptr: Int64, other: Int32, code: Int8, n: int) -> Int64:
    """All classes but 003."""
    found = np.zeros(16, np.int64)
    seen = np.zeros((n, 3), np.int64)
    of_code = np.zeros(4, np.int64)
    for i in range(n):
        for s in range(indptr[i], indptr[i + 1]):
            of_code[code[s]] += 1
            seen[i, SEEN[code[s]]] += 1
            seen[other[s], SEEN[BACK[code[s]]]] += 1
    for i in range(n):
        for x in range(3):
            found[OPEN_CLASS[x, x]] += seen[i, x] * (seen[i, x] - 1) // 2
            for y in range(x):
                found[OPEN_CLASS[x, y]] += seen[i, x] * seen[i, y]
    closed = _closed(indptr, other, code, n)
    for c in range(64):
        if closed[c] == 0:
            continue
        uv, uw, vw = c & 3, c >> 2 & 3, c >> 4 & 3
        # each of the three cells had taken its two dyads for an open triple
        found[OPEN_CLASS[SEEN[uv], SEEN[uw]]] -= closed[c]
        found[OPEN_CLASS[SEEN[BACK[uv]], SEEN[vw]]] -= closed[c]
        found[OPEN_CLASS[SEEN[BACK[uw]], SEEN[BACK[vw]]]] -= closed[c]
        found[CLASS_OF[c]] += closed[c]
    mutual, asymmetric = of_code[3], of_code[1] + of_code[2]
    found[1] = asymmetric * (n - 2) - (found[3:] * _ASYMMETRIC[3:]).sum()
    found[2] = mutual * (n - 2) - (found[3:] * _MUTUAL[3:]).sum()
    return found


@njit(cache=True, nogil=True)
def _closed(indptr: Int64, other: Int32, code: Int8, n: int) -> Int64:
    """Triples whose three dyads are all connected, by code: int64 (64,)."""
    found = np.zeros(64, np.int64)
    mark = np.zeros(n, np.int8)
    for u in range(n):
        for s in range(indptr[u], indptr[u + 1]):
            mark[other[s]] = code[s]
        for s in range(indptr[u], indptr[u + 1]):
            v, uv = other[s], code[s]
            for t in range(indptr[v], indptr[v + 1]):
                uw = mark[other[t]]
                if uw:
                    found[uv | uw << 2 | code[t] << 4] += 1
        for s in range(indptr[u], indptr[u + 1]):
            mark[other[s]] = 0
    return found
