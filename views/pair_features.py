"""Reciprocal pairs of two cell sets and what is known of each: counts, sizes, balance, distance, testing, proofreading.

In every pair a is the cell that makes more synapses onto the other; of equal ones the smaller id (codes ascend with
ids). Everything is computed for the pairs that are asked for, when first asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from analysis import reciprocal as pairing
from analysis.tested import Tested, connection_is_tested
from data_access.dataset import CellSet, Dataset
from data_access.errors import InputError
from data_access.graph import Orientation
from views import partner_rows
from views.testability import what_is_tested


@dataclass(frozen=True, eq=False)
class PairSet:
    """Pairs of a dataset in some order; arrays of one length.

    a, b: int32 codes; n_ab, n_ba: int64 synapses, n_ab >= n_ba. forth: int64 slots in `graph.out`, back: int64 slots in
    `graph.into`; turned: bool, False where forth is a -> b and back is b -> a, True where it is the other way round.
    """

    dataset: Dataset
    a: np.ndarray
    b: np.ndarray
    n_ab: np.ndarray
    n_ba: np.ndarray
    forth: np.ndarray
    back: np.ndarray
    turned: np.ndarray

    def __len__(self) -> int:
        return len(self.a)

    def take(self, at: np.ndarray | slice) -> PairSet:
        """The pairs at these places, in that order."""
        parts = (self.a, self.b, self.n_ab, self.n_ba, self.forth, self.back, self.turned)
        return PairSet(self.dataset, *(part[at] for part in parts))

    @cached_property
    def total(self) -> np.ndarray:
        """int64: synapses of both directions."""
        return np.asarray(self.n_ab + self.n_ba)

    @property
    def smaller(self) -> np.ndarray:
        """int64: synapses of the weaker direction."""
        return self.n_ba

    @cached_property
    def balance(self) -> np.ndarray:
        """float64: weaker / stronger direction, by synapses; 1 = equal."""
        return np.asarray(self.n_ba / self.n_ab)

    @cached_property
    def size_ab(self) -> np.ndarray:
        """float64: summed size of the synapses a -> b, NaN where none was measured."""
        return np.where(self.turned, self._size_back, self._size_forth)

    @cached_property
    def size_ba(self) -> np.ndarray:
        """float64: the same for b -> a."""
        return np.where(self.turned, self._size_forth, self._size_back)

    @cached_property
    def size(self) -> np.ndarray:
        """float64: summed size of both directions, NaN where one of them has none."""
        return np.asarray(self.size_ab + self.size_ba)

    @cached_property
    def _size_forth(self) -> np.ndarray:
        return _sizes(self.dataset.graph.out, self.forth)

    @cached_property
    def _size_back(self) -> np.ndarray:
        return _sizes(self.dataset.graph.into, self.back)

    @cached_property
    def distance_um(self) -> np.ndarray:
        """float64: from soma to soma, NaN where a position is missing."""
        places = soma_um(self.dataset)
        if places is None:
            return np.full(len(self), np.nan)
        return np.asarray(np.linalg.norm(places[self.a] - places[self.b], axis=1))

    def tested(self, mode: Tested) -> np.ndarray:
        """bool: both orders are tested pairs."""
        known = what_is_tested(self.dataset)
        forth = connection_is_tested(known, self.a, self.b, mode)
        return np.asarray(forth & connection_is_tested(known, self.b, self.a, mode))

    @property
    def proofread_a(self) -> np.ndarray:
        """bool: the axon of a is proofread; all True where the dataset does not know."""
        return what_is_tested(self.dataset).proofread[self.a]

    @property
    def proofread_b(self) -> np.ndarray:
        """bool: the same for b."""
        return what_is_tested(self.dataset).proofread[self.b]

    @cached_property
    def edge_ab(self) -> np.ndarray:
        """int64: slot of a -> b in `graph.out`; it is searched for where the pair is turned."""
        return self._edges(self.a, self.b, self.turned)

    @cached_property
    def edge_ba(self) -> np.ndarray:
        """int64: slot of b -> a in `graph.out`."""
        return self._edges(self.b, self.a, ~self.turned)

    def _edges(self, pre: np.ndarray, post: np.ndarray, searched: np.ndarray) -> np.ndarray:
        edges = self.forth.copy()
        edges[searched] = pairing.slots(self.dataset.graph.out, pre[searched], post[searched])
        return edges


def _sizes(side: Orientation, slots: np.ndarray) -> np.ndarray:
    if side.sum_size is None:
        return np.full(len(slots), np.nan)
    sizes = side.sum_size[slots].astype(np.float64)
    if side.n_sized is not None:
        sizes[side.n_sized[slots] == 0] = np.nan
    return sizes


@lru_cache(maxsize=8)
def soma_um(dataset: Dataset) -> np.ndarray | None:
    """Soma positions of all cells, float64 (n_cells, 3); None where the dataset has none."""
    return partner_rows.positions_um(dataset, np.arange(dataset.n_cells))


@lru_cache(maxsize=16)
def kinds(dataset: Dataset, group: str) -> pd.Categorical:
    """What each cell is: its value in the column, untyped without one, fragment where it is no cell."""
    everyone = np.arange(dataset.n_cells)
    return partner_rows.kinds(dataset, everyone, what_is_tested(dataset).is_cell, group)


# ---- which pairs


@dataclass(frozen=True, eq=False)
class Found:
    """All reciprocal pairs between two sets, strongest first; n_below: left out for `min`; `said`: the sets in words.

    `cell`: code of the cell that every pair must hold, None for any.
    """

    pairs: PairSet
    n_below: int
    cell: int | None
    said: tuple[str, ...]


def sets(dataset: Dataset, cells: str, pre: str, post: str) -> tuple[CellSet, CellSet]:
    """The two sets between which pairs are looked for: `cells` is both. InputError where both forms are given."""
    if cells.strip() and (pre.strip() or post.strip()):
        raise InputError("cells= stands for both sets: pre= and post= cannot be given with it", "leave one form out")
    if cells.strip() or pre.strip() == post.strip():
        one = dataset.select(cells.strip() or pre.strip())
        return one, one
    return dataset.select(pre), dataset.select(post)


@lru_cache(maxsize=4)
def find(dataset: Dataset, cells: str, pre: str, post: str, least: int, cell: str) -> Found:
    """The pairs between the sets with at least `least` synapses each way; `cell`: only those of this cell.

    Raises InputError for a wrong set, NotFoundError for an unknown cell.
    """
    first, second = sets(dataset, cells, pre, post)
    sides = [None if len(side) == dataset.n_cells else side.codes for side in (first, second)]
    code = None
    if cell.strip():
        code = dataset.code_of(cell)
        sides = [np.array([code], np.int32), _partners_of(code, first, second)]
    met = pairing.pairs(dataset.graph, sides[0], sides[1], least)
    return Found(_oriented(dataset, met), met.n_below, code, said(first, second))


def said(first: CellSet, second: CellSet) -> tuple[str, ...]:
    """The sets between which pairs are looked for, in words."""
    return (f"cells: {first.echo}",) if first is second else (f"pre: {first.echo}", f"post: {second.echo}")


def _partners_of(code: int, first: CellSet, second: CellSet) -> np.ndarray:
    """Cells with which this one may make a pair between the sets."""
    found = [theirs.codes for mine, theirs in ((first, second), (second, first)) if code in mine.codes]
    return np.unique(np.concatenate([np.zeros(0, np.int32), *found]))


def _oriented(dataset: Dataset, met: pairing.Pairs) -> PairSet:
    graph = dataset.graph
    forth = graph.out.n_synapses[met.slot_ab].astype(np.int64)
    back = graph.into.n_synapses[met.back].astype(np.int64)
    turned = (back > forth) | ((back == forth) & (met.b < met.a))
    a, b = np.where(turned, met.b, met.a), np.where(turned, met.a, met.b)
    n_ab, n_ba = np.maximum(forth, back), np.minimum(forth, back)
    order = strongest_first(n_ab + n_ba)
    return PairSet(dataset, a, b, n_ab, n_ba, met.slot_ab, met.back, turned).take(order)


def strongest_first(total: np.ndarray) -> np.ndarray:
    """Order by total descending, int64; equal ones stay as they are: by the smaller id, then by the larger."""
    weakness = int(total.max(initial=0)) - total
    few = int(weakness.max(initial=0)) < 2**16
    return np.argsort(weakness.astype(np.uint16) if few else weakness, kind="stable")  # of 16 bits: without comparing
