"""The connectivity matrix of two cell sets: its entries, what fills them, and its sums by group.

Rows are presynaptic, columns postsynaptic. The extent is given by the two sets, never by which cells happen
to have synapses. Nothing is made dense except group by group. Codes are node codes of the graph; an edge
number is an index into `graph.out.idx`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis import kernels
from analysis.kernels import Float64, Int32, Int64, readonly
from analysis.measures import (
    MEASURES,
    SIZE_MEASURES,
    divide,
    edge_values,
    in_totals,
    measure_values,
    out_totals,
    require_measure,
    size_measure,
    totals_of,
)
from data_access.errors import TooLargeError
from data_access.graph import Graph, Orientation

__all__ = [
    "MEASURES",
    "Dropped",
    "Entries",
    "Grouped",
    "Selection",
    "edge_values",
    "edges_of",
    "entries",
    "grouped",
    "in_totals",
    "measure_values",
    "out_totals",
    "positions",
    "require_measure",
]
MAX_GROUP_PAIRS = 10_000_000
_LOOKUP_COST = 20  # walking so many connections costs as much as finding one edge number by binary search


@dataclass(frozen=True, eq=False)
class Selection:
    """Which matrix: pre codes `rows` and post codes `cols` in display order, int32, each code once.

    Connections of fewer than `min_synapses` synapses are left out, and autapses unless `keep_autapses`.
    """

    rows: Int32
    cols: Int32
    min_synapses: int = 1
    keep_autapses: bool = False


@dataclass(frozen=True)
class Dropped:
    """Connections inside a selection that were left out; a dropped autapse counts as nothing else."""

    n_autapses: int
    n_autapse_synapses: int
    n_below_min: int
    n_below_min_synapses: int


@dataclass(frozen=True, eq=False)
class Entries:
    """The filled cells of a matrix, by row, within a row by ascending post code.

    row, col int32 (k,): positions in the selection; edge int64 (k,): edge numbers.
    """

    row: Int32
    col: Int32
    edge: Int64
    dropped: Dropped

    def __len__(self) -> int:
        return len(self.edge)


@dataclass(frozen=True, eq=False)
class Grouped:
    """A matrix summed by group, all arrays (k_row, k_col).

    value float64: the measure; n_connections, n_synapses int64; sum_size float64, None where synapses have
    no size. n_incomplete: cells that a fraction leaves out, because not all their inputs (outputs) are in
    the dataset.
    """

    value: Float64
    n_connections: Int64
    n_synapses: Int64
    sum_size: Float64 | None
    dropped: Dropped
    n_incomplete: int = 0


def positions(codes: Int32, n_nodes: int) -> Int32:
    """Position of each node in `codes`, int32 (n_nodes,), -1 = not there. ValueError if a code repeats."""
    position = np.full(n_nodes, -1, np.int32)
    order = np.arange(len(codes), dtype=np.int32)
    position[codes] = order
    if not np.array_equal(position[codes], order):
        raise ValueError("a cell occurs twice in one axis of the matrix")
    return position


def entries(graph: Graph, selection: Selection) -> Entries:
    """All connections from the rows to the columns of `selection`.

    Walks the outputs of the rows, or the inputs of the columns when that is cheaper; the answer is the same.
    Linear in the connections of the side that is walked.
    """
    rows, cols = readonly(selection.rows, np.int32), readonly(selection.cols, np.int32)
    limits = (int(selection.min_synapses), bool(selection.keep_autapses))
    if _degree_sum(graph.out, rows) <= _LOOKUP_COST * _degree_sum(graph.into, cols):
        position = readonly(positions(cols, graph.n_nodes))
        row, col, edge, dropped = kernels.walk(*_arrays(graph.out), rows, position, *limits)
        return Entries(row, col, edge, _dropped(dropped))
    position = readonly(positions(rows, graph.n_nodes))
    col, row, _, dropped = kernels.walk(*_arrays(graph.into), cols, position, *limits)
    edge = edges_of(graph, rows[row], cols[col])
    order = np.lexsort((edge, row))
    return Entries(row[order], col[order], edge[order], _dropped(dropped))


def edges_of(graph: Graph, pre_codes: Int32, post_codes: Int32) -> Int64:
    """Edge number int64 (k,) of each (pre, post) pair of codes, -1 where there is no connection."""
    pre, post = readonly(pre_codes, np.int32), readonly(post_codes, np.int32)
    return kernels.slots_of(readonly(graph.out.indptr), readonly(graph.out.idx), pre, post)


def grouped(
    graph: Graph,
    selection: Selection,
    row_group: Int32,
    col_group: Int32,
    k_row: int,
    k_col: int,
    measure: str,
) -> Grouped:
    """Sum the matrix by groups: `row_group` int32 (n_rows,) in 0..k_row-1, `col_group` likewise.

    n_synapses and sum_size add; binary counts connections; mean_size = sum_size / synapses with a size;
    log_sum_size = natural log of the summed size; input_fraction = synapses / all synapses onto the post
    group's cells of the selection that the dataset holds, over those cells whose inputs are complete, NaN
    where none is; output_fraction likewise over the pre group; a dataset's own measure is the mean over the
    connections that have it. NaN where there is nothing to divide by. Straight from the graph, without
    entries. Raises TooLargeError above ten million pairs of groups.
    """
    require_measure(graph, measure)
    if k_row * k_col > MAX_GROUP_PAIRS:
        raise TooLargeError(
            f"{k_row:,} x {k_col:,} groups are more than {MAX_GROUP_PAIRS:,} pairs",
            "group by a coarser column",
        )
    for group, cells, k in ((row_group, selection.rows, k_row), (col_group, selection.cols, k_col)):
        if len(group) != len(cells) or (len(group) and (group.min() < 0 or group.max() >= k)):
            raise ValueError(f"expected one group in 0..{k - 1} for each of {len(cells)} cells")
    groups = _Groups(row_group, col_group, int(k_row), int(k_col))
    sums = _group_sums(graph, selection, groups, graph.measures.get(measure))
    n_incomplete = 0
    if measure in graph.measures:
        value = divide(sums.own_sum, sums.own_count)
    elif measure == "binary":
        value = sums.connections.astype(np.float64)
    elif measure == "n_synapses":
        value = sums.synapses.astype(np.float64)
    elif measure in SIZE_MEASURES:
        value = size_measure(sums.size, sums.sized, measure)
        if measure == "sum_size":
            value[sums.synapses == 0] = 0.0
    else:
        value, n_incomplete = _group_fraction(graph, selection, groups, measure == "input_fraction")
    size = sums.size if graph.out.sum_size is not None else None
    return Grouped(value, sums.connections, sums.synapses, size, sums.dropped, n_incomplete)


@dataclass(frozen=True, eq=False)
class _Groups:
    row: Int32
    col: Int32
    k_row: int
    k_col: int


@dataclass(frozen=True, eq=False)
class _GroupSums:
    connections: Int64
    synapses: Int64
    size: Float64
    sized: Int64
    own_sum: Float64
    own_count: Int64
    dropped: Dropped


def _group_sums(graph: Graph, selection: Selection, groups: _Groups, own: np.ndarray | None) -> _GroupSums:
    """Sums by pair of groups, walking the side with fewer connections; `own` is aligned with `graph.out`."""
    rows, cols = readonly(selection.rows, np.int32), readonly(selection.cols, np.int32)
    by_row = own is not None or _degree_sum(graph.out, rows) <= _degree_sum(graph.into, cols)
    side, lines, others = (graph.out, rows, cols) if by_row else (graph.into, cols, rows)
    line_group, other_group = (groups.row, groups.col) if by_row else (groups.col, groups.row)
    k_line, k_other = (groups.k_row, groups.k_col) if by_row else (groups.k_col, groups.k_row)
    group_of_node = np.append(other_group, -1)[positions(others, graph.n_nodes)]
    *sums, dropped = kernels.group_sums(
        *_arrays(side),
        readonly(side.sum_size),
        readonly(side.n_sized, np.uint32),
        readonly(own, np.float64),
        lines,
        readonly(line_group, np.int32),
        readonly(group_of_node, np.int32),
        k_line,
        k_other,
        int(selection.min_synapses),
        bool(selection.keep_autapses),
    )
    connections, synapses, size, sized, own_sum, own_count = (
        part if by_row else np.ascontiguousarray(part.T) for part in sums
    )
    sized = synapses if graph.out.n_sized is None else sized
    return _GroupSums(connections, synapses, size, sized, own_sum, own_count, _dropped(dropped))


def _group_fraction(graph: Graph, selection: Selection, groups: _Groups, onto: bool) -> tuple[Float64, int]:
    """Share of the input of the post groups (`onto`) or of the output of the pre groups; cells left out."""
    if onto:
        known = np.asarray(graph.complete_in[selection.cols], dtype=bool)
        cells, group, k = selection.cols[known], groups.col[known], groups.k_col
        whole = replace(selection, cols=cells)
        of_whole = replace(groups, col=group)
        totals = totals_of(graph.into, cells)
    else:
        known = np.asarray(graph.complete_out[selection.rows], dtype=bool)
        cells, group, k = selection.rows[known], groups.row[known], groups.k_row
        whole = replace(selection, rows=cells)
        of_whole = replace(groups, row=group)
        totals = totals_of(graph.out, cells)
    synapses = _group_sums(graph, whole, of_whole, None).synapses
    total = np.bincount(group, weights=totals[cells], minlength=k)
    return divide(synapses, total[None, :] if onto else total[:, None]), int((~known).sum())


def _arrays(side: Orientation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return readonly(side.indptr), readonly(side.idx), readonly(side.n_synapses)


def _degree_sum(side: Orientation, codes: Int32) -> int:
    return int((side.indptr[codes.astype(np.int64) + 1] - side.indptr[codes]).sum())


def _dropped(counts: Int64) -> Dropped:
    return Dropped(*(int(n) for n in counts))
