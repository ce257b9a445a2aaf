"""Graphs of given degrees: a Markov chain over all directed graphs without autapses and multiple connections.

A state is a graph within the universe in which every cell has its observed out- and in-degree. Every connection keeps
its presynaptic cell; a move exchanges postsynaptic cells:
- switch: a->b, c->d become a->d, c->b;
- rotation of three or four connections: a->b, c->d, e->f become a->d, c->f, e->b;
- reversal of a directed triangle: a->b, b->c, c->a become a->c, c->b, b->a (a rotation of three that chance rarely
  proposes, found by walking along connections).
A move that would make an autapse, a second connection of a pair or one outside of the universe is not made, and the
state counts once more. Each move and its inverse are proposed with the same probability, so the chain is symmetric and
its distribution uniform. Switches alone do not reach every graph when autapses are forbidden; with reversals they do
(A. R. Rao, R. Jana & S. Bandyopadhyay, Sankhya A 58, 225 (1996); P. L. Erdos, I. Miklos & Z. Toroczkai, Electron. J.
Combin. 17, R66 (2010); E. S. Roberts & A. C. C. Coolen, Phys. Rev. E 85, 046103 (2012)). Further forbidden pairs
can ask for rotations among other cells, hence those of three and four.
Samples are taken after a fixed number of proposals, not of moves made: states that are hard to leave would be missed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from analysis.null_model import Bool, Int32, Int64, Universe

# Proposals in thousandths; the rest are switches.
_TRIANGLES, _ROTATIONS = 60, 100
RANDOM, MUTUAL, ONE_WAY = 0, 1, -1


@dataclass(eq=False)
class Chain:
    """The state of one chain. Connections are in slots sorted by pre: pre int32 (m,) never changes, post does.

    first int64 (n + 1,): slots of each cell; slot_of int64 (m,): the slot of each connection given; keys: hash set of
    pre * n + post.
    """

    universe: Universe
    pre: Int32
    post: Int32
    order: Int64
    first: Int64
    keys: Int64
    random: np.random.Generator

    def walk(self, proposals: int, towards: int = RANDOM) -> int:
        """Make so many proposals; returns how many moves were made.

        towards MUTUAL or ONE_WAY: only moves that make no fewer (no more) reciprocal pairs; not symmetric, for a start
        far away only.
        """
        u = self.universe
        return int(
            _walk(self.random, proposals, towards, self.pre, self.post, self.first, self.keys, u.kind, u.allowed)
        )


def start(universe: Universe, pre: Int32, post: Int32, random: np.random.Generator) -> Chain:
    """A chain at the observed graph: pre, post int32 (m,), distinct pairs of the universe."""
    order = np.lexsort((post, pre)).astype(np.int64)
    n, m = universe.n_cells, len(pre)
    first = np.searchsorted(pre[order], np.arange(n + 1)).astype(np.int64)
    keys = np.full(1 << max(4, int(np.ceil(np.log2(max(1, 3 * m))))), -1, np.int64)
    _fill(keys, pre.astype(np.int64) * n + post)
    return Chain(universe, pre[order].copy(), post[order].copy(), order, first, keys, random)


@njit(nogil=True, cache=True)
def _slot(keys: Int64, key: int) -> int:
    return (key * 0x9E3779B97F4A7C1) >> 20 & (keys.size - 1)


@njit(nogil=True, cache=True)
def _has(keys: Int64, key: int) -> bool:
    at = _slot(keys, key)
    while keys[at] >= 0:
        if keys[at] == key:
            return True
        at = (at + 1) & (keys.size - 1)
    return False


@njit(nogil=True, cache=True)
def _add(keys: Int64, key: int) -> None:
    at = _slot(keys, key)
    while keys[at] >= 0:
        at = (at + 1) & (keys.size - 1)
    keys[at] = key


@njit(nogil=True, cache=True)
def _drop(keys: Int64, key: int) -> None:
    """Take a key out and close the gap: those behind it that would not be found any more move up."""
    mask = keys.size - 1
    gap = _slot(keys, key)
    while keys[gap] != key:
        gap = (gap + 1) & mask
    at = (gap + 1) & mask
    while keys[at] >= 0:
        if (at - _slot(keys, keys[at])) & mask >= (at - gap) & mask:
            keys[gap] = keys[at]
            gap = at
        at = (at + 1) & mask
    keys[gap] = -1


@njit(nogil=True, cache=True)
def _fill(keys: Int64, given: Int64) -> None:
    for k in range(given.size):
        _add(keys, given[k])


@njit(nogil=True, cache=True)
def _walk(
    random: np.random.Generator, proposals: int, towards: int, pre: Int32, post: Int32, first: Int64, keys: Int64,
    kind: Int32, allowed: Bool,
) -> int:  # fmt: skip
    n, m = np.int64(kind.size), pre.size
    made = 0
    slots = np.empty(4, np.int64)
    if m < 2:
        return 0
    for _ in range(proposals):
        choice = random.random() * 1000
        slots[0] = np.int64(random.random() * m)
        size = 2
        if choice < _TRIANGLES:
            size = _triangle(random, pre, post, first, slots)
        else:
            if choice < _TRIANGLES + _ROTATIONS:
                size = 3 if random.random() < 0.75 else 4
            for k in range(1, size):
                slots[k] = np.int64(random.random() * m)
        if size and _fits(slots, size, pre, post, keys, kind, allowed, n):
            gain = _mutual(slots, size, pre, post, keys, n) if towards else 0
            _turn(slots, size, pre, post, keys, n)
            if towards and towards * (_mutual(slots, size, pre, post, keys, n) - gain) < 0:
                _turn_back(slots, size, pre, post, keys, n)
            else:
                made += 1
    return made


@njit(nogil=True, cache=True)
def _triangle(random: np.random.Generator, pre: Int32, post: Int32, first: Int64, slots: Int64) -> int:
    """Walk two connections on from the first slot; 3 if that comes back to its pre, else 0.

    Reversed, the triangle is found with the same probability: the cells' out-degrees stay.
    """
    for k in range(1, 3):
        at = post[slots[k - 1]]
        degree = first[at + 1] - first[at]
        if degree == 0:
            return 0
        slots[k] = first[at] + np.int64(random.random() * degree)
    return 3 if post[slots[2]] == pre[slots[0]] else 0


@njit(nogil=True, cache=True)
def _fits(slots: Int64, size: int, pre: Int32, post: Int32, keys: Int64, kind: Int32, allowed: Bool, n: int) -> bool:
    """Whether each of the connections can have the post of the next one. No two new ones are the same:

    their pres differ, or those of one pre take posts that differ, as long as no pair of slots is equal.
    """
    for k in range(size):
        for other in range(k):
            if slots[k] == slots[other]:
                return False
    for k in range(size):
        i, j = pre[slots[k]], post[slots[(k + 1) % size]]
        if i == j or not allowed[kind[i], kind[j]] or _has(keys, i * n + j):
            return False
        for other in range(k):
            if pre[slots[other]] == i and post[slots[(other + 1) % size]] == j:
                return False
    return True


@njit(nogil=True, cache=True)
def _turn(slots: Int64, size: int, pre: Int32, post: Int32, keys: Int64, n: int) -> None:
    """Give each connection the post of the next one."""
    for k in range(size):
        _drop(keys, pre[slots[k]] * n + post[slots[k]])
    held = post[slots[0]]
    for k in range(size - 1):
        post[slots[k]] = post[slots[k + 1]]
    post[slots[size - 1]] = held
    for k in range(size):
        _add(keys, pre[slots[k]] * n + post[slots[k]])


@njit(nogil=True, cache=True)
def _turn_back(slots: Int64, size: int, pre: Int32, post: Int32, keys: Int64, n: int) -> None:
    for low in range(size // 2):
        slots[low], slots[size - 1 - low] = slots[size - 1 - low], slots[low]
    _turn(slots, size, pre, post, keys, n)


@njit(nogil=True, cache=True)
def _mutual(slots: Int64, size: int, pre: Int32, post: Int32, keys: Int64, n: int) -> int:
    """Connections of the slots that have their reverse; two that are each other's reverse count twice."""
    found = 0
    for k in range(size):
        found += _has(keys, post[slots[k]] * n + pre[slots[k]])
    return found
