"""Reciprocal pairs and reciprocated connections of each pair of groups, over tested pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from analysis import reciprocal
from analysis.kernels import Int32, Int64, UInt32, readonly
from analysis.matrix import positions
from analysis.tested import Testability, Tested, classes, connection_is_tested, n_tested_both_ways
from data_access.graph import Graph, Orientation

Int8 = npt.NDArray[np.int8]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reciprocity:
    """Counts of each pair of groups, int64 (k, k): row A = group of the pre cell, column B = of the post cell.

    n_tested: unordered pairs of an A of one set and a B of the other of which both orders are tested; n_reciprocal:
    those of them that are connected both ways. n_connections: connections A -> B whose reverse is a tested pair;
    n_reciprocated: those of them whose reverse is a connection. n_pairs: all reciprocal pairs between the sets;
    n_untested: those of them that are not tested in both orders, and so are none of n_reciprocal; n_below: pairs left
    out for the threshold.
    """

    n_tested: Int64
    n_reciprocal: Int64
    n_connections: Int64
    n_reciprocated: Int64
    n_pairs: int
    n_untested: int
    n_below: int

    @property
    def fraction(self) -> Float64:
        """n_reciprocated / n_connections, float64 (k, k), NaN where there is no connection with a tested reverse."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.n_reciprocated / np.where(self.n_connections, self.n_connections, np.nan))


def grouped(
    graph: Graph,
    known: Testability,
    pre: Int32,
    post: Int32,
    pre_group: Int32,
    post_group: Int32,
    k: int,
    mode: Tested = "proofread",
    min_synapses: int = 1,
) -> Reciprocity:
    """Count by group; a connection has at least `min_synapses`. Autapses never count.

    `pre`, `post`: int32 codes, ascending, within a set no code repeats; groups 0..k-1, numbered alike on both sides.
    Linear in cells and connections. Raises InputError for an unknown mode.
    """
    n_tested = n_tested_both_ways(known, pre, post, pre_group, post_group, k, mode)
    n_connections = _with_tested_reverse(graph, known, pre, post, pre_group, post_group, k, mode, min_synapses)
    pairs = reciprocal.pairs(graph, pre, post, min_synapses)
    at_pre, at_post = positions(pre, graph.n_nodes), positions(post, graph.n_nodes)
    forth = connection_is_tested(known, pairs.a, pairs.b, mode)
    back = connection_is_tested(known, pairs.b, pairs.a, mode)
    n_reciprocal, n_reciprocated = np.zeros((2, k, k), np.int64)
    counted = np.zeros(len(pairs), bool)  # on the diagonal, from the other end
    for a, b, reverse in ((pairs.a, pairs.b, back), (pairs.b, pairs.a, forth)):
        here = (at_pre[a] >= 0) & (at_post[b] >= 0)
        g = np.where(here, pre_group[at_pre[a]] if len(pre) else 0, 0)
        h = np.where(here, post_group[at_post[b]] if len(post) else 0, 0)
        _add(n_reciprocated, g, h, here & reverse)
        _add(n_reciprocal, g, h, here & forth & back & ~(counted & (g == h)))
        counted = here
    n_untested = int((~(forth & back)).sum())
    return Reciprocity(n_tested, n_reciprocal, n_connections, n_reciprocated, len(pairs), n_untested, pairs.n_below)


def _add(counts: Int64, g: Int64, h: Int64, chosen: npt.NDArray[np.bool_]) -> None:
    k = len(counts)
    counts += np.bincount(g[chosen].astype(np.int64) * k + h[chosen], minlength=k * k).reshape(k, k)


def _with_tested_reverse(
    graph: Graph,
    known: Testability,
    pre: Int32,
    post: Int32,
    pre_group: Int32,
    post_group: Int32,
    k: int,
    mode: Tested,
    min_synapses: int,
) -> Int64:
    """Connections of each pair of groups whose reverse is a tested pair, int64 (k, k), from the cheaper side."""
    post_class, pre_class, tested = classes(known, post, pre, mode)  # of the reverse: post sends, pre receives
    by_row = _n_slots(graph.out, pre) <= _n_slots(graph.into, post)
    pre_side, post_side = (pre, pre_group, pre_class), (post, post_group, post_class)
    lines, others = (pre_side, post_side) if by_row else (post_side, pre_side)
    side = graph.out if by_row else graph.into
    counts = _walk(
        readonly(side.indptr),
        readonly(side.idx),
        readonly(side.n_synapses),
        readonly(lines[0], np.int32),
        readonly(lines[1], np.int32),
        readonly(lines[2]),
        readonly(positions(others[0], graph.n_nodes)),
        readonly(others[1], np.int32),
        readonly(others[2]),
        readonly(tested.T if by_row else tested),
        k,
        int(min_synapses),
    )
    return np.asarray(counts if by_row else counts.T)


def _n_slots(side: Orientation, codes: Int32) -> int:
    return int((side.indptr[codes + np.int64(1)] - side.indptr[codes]).sum())


@njit(cache=True)
def _walk(
    indptr: Int64,
    idx: Int32,
    n_synapses: UInt32,
    lines: Int32,
    line_group: Int32,
    line_class: Int8,
    position: Int32,
    other_group: Int32,
    other_class: Int8,
    tested: npt.NDArray[np.bool_],
    k: int,
    min_synapses: int,
) -> Int64:
    """Connections of the lines by (group of the line, group of the other), where tested[class, class]."""
    counts = np.zeros((k, k), np.int64)
    for r in range(lines.size):
        i, g, kind = lines[r], line_group[r], line_class[r]
        if kind < 0:
            continue
        for e in range(indptr[i], indptr[i + 1]):
            at = position[idx[e]]
            if at < 0 or idx[e] == i or n_synapses[e] < min_synapses or other_class[at] < 0:
                continue
            if tested[kind, other_class[at]]:
                counts[g, other_group[at]] += 1
    return counts
