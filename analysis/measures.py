"""What fills a matrix: the value of each connection under a measure.

An edge number is an index into `graph.out.idx`. Totals are over everything the dataset holds of a cell,
whatever the matrix shows of it.
"""

from __future__ import annotations

import numpy as np

from analysis import kernels
from analysis.kernels import Float64, Int32, Int64, readonly
from data_access.errors import InputError, did_you_mean
from data_access.graph import Graph, Orientation

MEASURES = (
    "binary",
    "n_synapses",
    "sum_size",
    "mean_size",
    "log_sum_size",
    "input_fraction",
    "output_fraction",
)
SIZE_MEASURES = ("sum_size", "mean_size", "log_sum_size")


def in_totals(graph: Graph) -> Int64:
    """Synapses onto each cell that the dataset holds, fragments and autapses included: int64 (n_nodes,)."""
    return totals_of(graph.into, np.arange(graph.n_nodes, dtype=np.int32))


def out_totals(graph: Graph) -> Int64:
    """Synapses from each cell that the dataset holds, fragments and autapses included: int64 (n_nodes,)."""
    return totals_of(graph.out, np.arange(graph.n_nodes, dtype=np.int32))


def require_measure(graph: Graph, measure: str) -> None:
    """Raise InputError unless `measure` can be computed from this graph."""
    if measure in SIZE_MEASURES and graph.out.sum_size is None:
        raise InputError(f"{measure} needs synapse sizes, which this dataset does not have", "use n_synapses")
    if measure not in MEASURES and measure not in graph.measures:
        raise InputError(f"unknown measure {measure!r}", did_you_mean(measure, [*MEASURES, *graph.measures]))


def edge_values(graph: Graph, measure: str) -> np.ndarray:
    """The measure of every connection, aligned with `graph.out.idx`; the graph's own array if it has one."""
    require_measure(graph, measure)
    if measure == "n_synapses":
        return graph.out.n_synapses
    if measure == "sum_size" and graph.out.n_sized is None and graph.out.sum_size is not None:
        return graph.out.sum_size
    if measure in graph.measures:
        return graph.measures[measure]
    return measure_values(graph, None, measure)


def measure_values(
    graph: Graph,
    edges: Int64 | None,
    measure: str,
    pre_codes: Int32 | None = None,
    post_codes: Int32 | None = None,
) -> Float64:
    """Values of a measure, float64, aligned with the edge numbers `edges` (None: all connections).

    binary = 1; n_synapses; sum_size; mean_size = sum_size / synapses with a size; log_sum_size = natural
    log of sum_size; input_fraction = n_synapses / all synapses onto the post cell that the dataset holds,
    fragments and autapses included; output_fraction likewise for the pre cell; or one of the dataset's own
    measures. NaN: sizes where no synapse of the connection has one, the log of a sum of 0, and fractions of
    a cell whose inputs (outputs) are not complete in the dataset. Codes of the cells may be given to save
    looking them up. Raises InputError for a measure that this graph does not have.
    """
    require_measure(graph, measure)
    n_synapses = _take(graph.out.n_synapses, edges)
    if measure in graph.measures:
        return _take(graph.measures[measure], edges).astype(np.float64)
    if measure == "binary":
        return np.ones(len(n_synapses))
    if measure == "n_synapses":
        return n_synapses.astype(np.float64)
    if measure == "input_fraction":
        post = _take(graph.out.idx, edges) if post_codes is None else post_codes
        return _fraction(n_synapses, graph.into, graph.complete_in, post)
    if measure == "output_fraction":
        pre = _pre_codes(graph, edges) if pre_codes is None else pre_codes
        return _fraction(n_synapses, graph.out, graph.complete_out, pre)
    assert graph.out.sum_size is not None
    n_sized = n_synapses if graph.out.n_sized is None else _take(graph.out.n_sized, edges)
    return size_measure(_take(graph.out.sum_size, edges).astype(np.float64), n_sized, measure)


def size_measure(sum_size: Float64, n_sized: np.ndarray, measure: str) -> Float64:
    """sum_size, mean_size or log_sum_size of summed sizes; NaN where nothing was measured."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "mean_size":
            return np.where(n_sized > 0, sum_size / n_sized, np.nan)
        if measure == "log_sum_size":
            return np.where((n_sized > 0) & (sum_size > 0), np.log(sum_size), np.nan)
        return np.where(n_sized > 0, sum_size, np.nan)


def _fraction(n_synapses: np.ndarray, side: Orientation, complete: np.ndarray, codes: Int32) -> Float64:
    share = divide(n_synapses, totals_of(side, codes)[codes])
    share[~np.asarray(complete[codes], dtype=bool)] = np.nan
    return share


def divide(above: np.ndarray, below: np.ndarray) -> Float64:
    """above / below as float64, NaN where below is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)


def totals_of(side: Orientation, codes: Int32) -> Int64:
    """Synapses of each cell among `codes` on one side: int64 (n_nodes,), -1 for the other cells."""
    return kernels.line_totals(readonly(side.indptr), readonly(side.n_synapses), readonly(codes, np.int32))


def _take(array: np.ndarray, edges: Int64 | None) -> np.ndarray:
    return array if edges is None else array[edges]


def _pre_codes(graph: Graph, edges: Int64 | None) -> Int32:
    if edges is not None:
        return graph.edge_rows(edges)
    return np.repeat(np.arange(graph.n_nodes, dtype=np.int32), np.diff(graph.out.indptr))
