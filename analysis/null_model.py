"""What a null model holds fixed: the cells, the ordered pairs that may connect, and the connections observed.

A universe is a set of ordered pairs of different cells, given by the kinds of cells: (i, j), i != j, belongs to it
where `allowed[kind[i], kind[j]]`. Sampled graphs place connections in it and nowhere else; what is observed outside of
it is not tested and stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from data_access.errors import InputError, did_you_mean

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Null = Literal["er", "degree", "type", "distance"]
NULLS: tuple[Null, ...] = get_args(Null)


@dataclass(frozen=True, eq=False)
class Universe:
    """Ordered pairs of n cells: kind int32 (n,), 0..k-1; allowed bool (k, k)."""

    kind: Int32
    allowed: Bool

    @property
    def n_cells(self) -> int:
        """Number of cells, those in no pair included."""
        return len(self.kind)

    @property
    def n_pairs(self) -> int:
        """Number of ordered pairs."""
        return int(self.pairs_of(np.zeros(self.n_cells, np.int32), 1)[0, 0])

    @property
    def is_symmetric(self) -> bool:
        """Whether each pair belongs to it in both orders or in none."""
        return bool((self.allowed == self.allowed.T).all())

    def holds(self, pre: Int32, post: Int32) -> Bool:
        """Whether each ordered pair belongs to it, bool (m,)."""
        return np.asarray(self.allowed[self.kind[pre], self.kind[post]] & (pre != post))

    def pairs_of(self, group: Int32, k: int) -> Int64:
        """Number of ordered pairs of each pair of groups, int64 (k, k); `group` int32 (n,) in 0..k-1."""
        n_kinds = len(self.allowed)
        sizes = np.bincount(group.astype(np.int64) * n_kinds + self.kind, minlength=k * n_kinds).reshape(k, n_kinds)
        pairs: Int64 = sizes @ self.allowed.astype(np.int64) @ sizes.T
        pairs[np.diag_indices(k)] -= sizes @ np.diag(self.allowed).astype(np.int64)
        return pairs

    def both_ways(self) -> Universe:
        """Only the pairs that belong to it in both orders."""
        return Universe(self.kind, self.allowed & self.allowed.T)


@dataclass(frozen=True, eq=False)
class Strata:
    """Disjoint sets of ordered pairs within which connections are dealt anew, their number held.

    The pairs are numbered so that stratum s owns first[s] .. first[s + 1] - 1: int64 (s + 1,). group_a, group_b, bin
    int32 (s,): groups of its pre and post cells and the number of its bin of distance; 0 where not used. held: int64
    (m,), numbers of the observed connections by stratum; held_first int64 (s + 1,) like `first`.
    The pair of a number is `pairs[number]` = pre * n + post where pairs are listed, int64 (P,); else it lies in the
    block of all pairs from one part of the cells to another, or within one part (self left out): block_first int64
    (b + 1,), block_pre, block_post int32 (b,) part numbers; part p is member[part_first[p] : part_first[p + 1]].
    """

    first: Int64
    group_a: Int32
    group_b: Int32
    bin: Int32
    held: Int64
    held_first: Int64
    pairs: Int64
    block_first: Int64
    block_pre: Int32
    block_post: Int32
    member: Int32
    part_first: Int64

    def __len__(self) -> int:
        return len(self.group_a)

    @property
    def n_pairs(self) -> Int64:
        """Ordered pairs in each stratum, int64 (s,)."""
        return np.diff(self.first)

    @property
    def n_held(self) -> Int64:
        """Connections in each stratum, int64 (s,)."""
        return np.diff(self.held_first)


@dataclass(frozen=True, eq=False)
class Model:
    """A null model of one observed graph.

    codes int32 (n,): the cells; all else is in their positions 0..n-1. pre, post int32 (m,), edge int64 (m,): the
    observed connections within the universe and their edge numbers; kept_*: those outside of it, the same in every
    sampled graph. group int32 (n,) in 0..len(names)-1. strata: where the null deals within strata (all but degree).
    n_left_out: observed connections that were left out instead of kept.
    """

    null: Null
    codes: Int32
    universe: Universe
    group: Int32
    names: tuple[str | None, ...]
    pre: Int32
    post: Int32
    edge: Int64
    kept_pre: Int32
    kept_post: Int32
    kept_edge: Int64
    strata: Strata | None = None
    n_left_out: int = 0

    @property
    def n_connections(self) -> int:
        """Connections that are dealt anew."""
        return len(self.pre)

    @property
    def observed(self) -> tuple[Int32, Int32, Int64]:
        """pre, post and edge of the observed graph as a statistic sees it: dealt ones, then kept ones."""
        return (
            np.concatenate([self.pre, self.kept_pre]),
            np.concatenate([self.post, self.kept_post]),
            np.concatenate([self.edge, self.kept_edge]),
        )


def check(null: str) -> Null:
    """The name of a null model; InputError with the nearest one otherwise."""
    for known in NULLS:
        if null == known:
            return known
    raise InputError(f"no null model '{null[:60]}'", did_you_mean(null, NULLS))
