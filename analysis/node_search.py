"""Three-node search: all (a, b, c) of three sets of cells whose six ordered pairs fulfil a constraint each.

A graph is given as `pre`, `post` int32 (m,), local numbers 0..n-1, each ordered pair at most once; autapses are ignored
and the three cells differ. A pair of nodes is linked where a connection is required between them, in either direction.
Two linked pairs share a node, the hub; its partners in both are walked, and the third pair is looked up, or, where
connections are only forbidden there, subtracted. Work is that of the hub's partners, never of all triples.
Compiled code releases the interpreter's lock, so that graphs can be searched in threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis import node_search_kernels as kernels
from analysis.census import Int32, Int64, dyads
from analysis.kernels import readonly
from analysis.node_search_kernels import PER_CELL
from data_access.errors import InputError

Float64 = npt.NDArray[np.float64]

NODES = "abc"
PAIRS = ("ab", "ac", "bc")
EDGES = ("ab", "ba", "ac", "ca", "bc", "cb")
STEPS = 100_000_000  # candidates for examples looked at before it is enough: about half a second
_POOL = 50  # matches per example asked for that are compared


@dataclass(frozen=True)
class Constraint:
    """On one ordered pair: least = 0 and not absent: free; absent: no connection; else at least so many synapses.

    size: least summed size of the connection, in the source's unit, 0 = any.
    """

    least: int = 0
    size: float = 0.0
    absent: bool = False

    @property
    def required(self) -> bool:
        """Whether a connection must be there."""
        return self.least > 0 and not self.absent

    @property
    def free(self) -> bool:
        """Whether anything goes."""
        return self.least == 0 and not self.absent


FREE, ABSENT = Constraint(), Constraint(absent=True)


@dataclass(frozen=True, eq=False)
class Question:
    """member: uint8 (n,), bit 0 in A, bit 1 in B, bit 2 in C; edges: constraint of each of EDGES, absent keys free."""

    member: npt.NDArray[np.uint8]
    edges: Mapping[str, Constraint]

    def __post_init__(self) -> None:
        """InputError unless required connections link all three nodes."""
        if len(self.linked) < 2:
            raise InputError(
                "the required connections do not link all three nodes",
                "at least two of the three pairs of nodes need a connection that must be there",
            )

    def constraint(self, pre: str, post: str) -> Constraint:
        """That of the connection from one node to another."""
        return self.edges.get(pre + post, FREE)

    @property
    def linked(self) -> list[str]:
        """The pairs of nodes between which a connection is required."""
        return [p for p in PAIRS if any(self.constraint(*way).required for way in (p, p[::-1]))]

    def bit(self, node: str) -> int:
        """Bit of a node in `member`."""
        return 1 << NODES.index(node)


@dataclass(frozen=True, eq=False)
class Edges:
    """The graph: pre, post int32 (m,); synapses int64 (m,); size float64 (m,), None where synapses have none."""

    pre: Int32
    post: Int32
    synapses: Int64
    size: Float64 | None = None


@dataclass(frozen=True, eq=False)
class Examples:
    """cells int32 (k, 3): a, b, c; weakest, total int64 (k,): synapses of the required connections.

    whole: every match of that strength was looked at.
    """

    cells: Int32
    weakest: Int64
    total: Int64
    whole: bool


@dataclass(frozen=True, eq=False)
class _Relation:
    """Pairs of cells of two nodes: row x holds its y; weakest and total synapses of the required connections."""

    indptr: Int64
    y: Int32
    weakest: Int64
    total: Int64


def count(edges: Edges, n: int, question: Question) -> int:
    """Number of ordered assignments (a, b, c), all different, that fulfil every constraint."""
    plan = _plan(_graph(edges, n), question)
    return 0 if plan is None else int(kernels.count(*plan.arrays, plan.third.indptr, plan.third.y, plan.mode, n))


def examples(edges: Edges, n: int, question: Question, limit: int) -> Examples:
    """Up to `limit` matches: those whose weakest required connection is strongest first, then by their total.

    No cell stands more than PER_CELL times in one role before others had their turn; what is left is filled by
    strength. Ties go by the numbers of a, b, c.
    """
    plan, graph, t = None, _graph(edges, n), 1 << max(0, int(edges.synapses.max(initial=1)).bit_length() - 1)
    while t >= 1 and limit > 0:  # only the strongest connections first: their matches are few and the ones wanted
        strong = replace(question, edges={k: _at_least(v, t) for k, v in question.edges.items()})
        plan = _plan(graph, strong)
        if t == 1 or (
            plan and kernels.count(*plan.arrays, plan.third.indptr, plan.third.y, plan.mode, n) >= _POOL * limit
        ):
            break
        t //= 2
    if plan is None:
        return Examples(np.zeros((0, 3), np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64), True)
    places = [NODES.index(node) for node in plan.nodes]
    found, strength, whole = _pool(plan, n, max(limit, PER_CELL))
    cells = np.empty_like(found)
    cells[:, places] = found
    order = np.lexsort((cells[:, 2], cells[:, 1], cells[:, 0], -strength))
    cells, strength = cells[order], strength[order]
    first = np.ones(len(cells), bool)
    first[1:] = (np.diff(cells, axis=0) != 0).any(axis=1)
    cells, strength = cells[first], strength[first]
    chosen = kernels.diverse(cells, n, limit)
    return Examples(cells[chosen], strength[chosen] >> 32, strength[chosen] & 0xFFFFFFFF, whole)


def _at_least(constraint: Constraint, synapses: int) -> Constraint:
    return replace(constraint, least=max(constraint.least, synapses)) if constraint.required else constraint


@dataclass(frozen=True, eq=False)
class _Plan:
    """hub, left, right = nodes. left and right: relations by cells of the hub; third: from right to left.

    mode: 0 nothing asked of the third pair, 1 third lists what is allowed, 2 what is forbidden.
    """

    nodes: str
    left: _Relation
    right: _Relation
    third: _Relation
    mode: int

    @property
    def arrays(self) -> tuple[Int64, Int32, Int64, Int32]:
        """Both relations of the hub."""
        return self.left.indptr, self.left.y, self.right.indptr, self.right.y


@dataclass(frozen=True, eq=False)
class _Graph:
    """The connected dyads, as `analysis.census.dyads` has them, and synapses and sizes of the connections."""

    indptr: Int64
    other: Int32
    edge: Int64
    synapses: Int64
    size: Float64
    n: int


def _graph(edges: Edges, n: int) -> _Graph:
    indptr, other, _, edge = dyads(readonly(edges.pre, np.int32), readonly(edges.post, np.int32), n)
    return _Graph(indptr, other, edge, readonly(edges.synapses, np.int64), readonly(edges.size, np.float64), n)


class _Between:
    """The pairs of cells of two nodes, as 'ab': of a linked pair those that fulfil both its constraints, else breakers.

    degree: int64 (n,) of each node, how many cells of the other a cell has.
    """

    def __init__(self, graph: _Graph, question: Question, pair: str) -> None:
        self._graph, self._pair = graph, pair
        asked = [question.constraint(*way) for way in (pair, pair[::-1])]
        self._forth, self._back = (c.required for c in asked)
        self._bits, *degrees = kernels.fitting(
            graph.indptr, graph.other, graph.edge, graph.synapses, graph.size, readonly(question.member, np.uint8),
            question.bit(pair[0]), question.bit(pair[1]), *((-1 if c.absent else c.least, c.size) for c in asked),
            self._forth or self._back, graph.n,
        )  # fmt: skip
        self.degree: dict[str, Int64] = dict(zip(pair, degrees, strict=True))

    def rows(self, node: str) -> _Relation:
        """The pairs by the cells of one of the nodes."""
        g = self._graph
        return _Relation(
            *kernels.gathered(
                g.indptr, g.other, g.edge, g.synapses, self._bits, self.degree[node], self._forth, self._back,
                node == self._pair[1], g.n,
            )
        )  # fmt: skip


def _plan(graph: _Graph, question: Question) -> _Plan | None:
    """The cheapest order of the nodes; None where a linked pair has no pair of cells."""
    linked = question.linked
    between = {
        pair: _Between(graph, question, pair)
        for pair in PAIRS
        if pair in linked or not all(question.constraint(*way).free for way in (pair, pair[::-1]))
    }
    if any(not between[pair].degree[pair[0]].any() for pair in linked):
        return None
    best, cheapest = None, None
    for hub in NODES:
        left, right = (node for node in NODES if node != hub)
        if not all(_named(hub, node) in linked for node in (left, right)):
            continue
        for y, z in ((left, right), (right, left)):
            third, onto_z = between.get(_named(y, z)), between[_named(hub, z)].degree
            walked = int(onto_z[z] @ third.degree[z]) if third else 0
            cost = walked + int(onto_z[hub].sum()) + int(between[_named(hub, y)].degree[hub].sum())
            if cheapest is None or cost < cheapest:
                best, cheapest = (hub, y, z), cost
    assert best is not None  # two linked pairs always share a node
    hub, y, z = best
    third, none = between.get(_named(y, z)), np.zeros(0, np.int64)
    nothing = _Relation(np.zeros(graph.n + 1, np.int64), none.astype(np.int32), none, none)
    mode = 0 if third is None else 1 if _named(y, z) in linked else 2
    left_rows, right_rows = (between[_named(hub, node)].rows(hub) for node in (y, z))
    return _Plan(hub + y + z, left_rows, right_rows, third.rows(z) if third else nothing, mode)


def _named(x: str, y: str) -> str:
    """The pair of two nodes."""
    return min(x, y) + max(x, y)


def _pool(plan: _Plan, n: int, limit: int) -> tuple[Int32, Int64, bool]:
    """The best matches of each cell in each role, and the best of all: cells int32 (k, 3) in the order of plan.nodes.

    Then strength int64 (k,), weakest << 32 | total; and whether all matches were looked at.
    """
    kept, strength = np.zeros((3, n, PER_CELL, 3), np.int32), np.full((3, n, PER_CELL), -1, np.int64)
    best, key = np.zeros((limit, 3), np.int32), np.full(limit, -1, np.int64)
    parts = [v for r in (plan.left, plan.right, plan.third) for v in (r.indptr, r.y, r.weakest, r.total)]
    steps = kernels.walk(*parts, plan.mode, n, STEPS, kept, strength, best, key)
    cells = np.concatenate([kept.reshape(-1, 3), best])
    keys = np.concatenate([strength.ravel(), key])
    return cells[keys >= 0], keys[keys >= 0], steps < STEPS
