"""Small graphs for the tests of analysis, built with SciPy from (pre, post, size) triples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from data_access.graph import Graph, Orientation


def make_graph(
    pre: np.ndarray,
    post: np.ndarray,
    size: np.ndarray | None = None,
    n_nodes: int | None = None,
    missing: int = -1,
    measures: Mapping[str, np.ndarray] | None = None,
) -> Graph:
    """A graph from synapse triples of node codes; a size equal to `missing` was not measured."""
    pre, post = np.asarray(pre, np.int64), np.asarray(post, np.int64)
    n = n_nodes if n_nodes is not None else int(max(pre.max(initial=-1), post.max(initial=-1))) + 1

    def summed(values: np.ndarray) -> sp.csr_array:
        matrix = sp.coo_array((values, (pre, post)), shape=(n, n)).tocsr()
        matrix.sort_indices()
        return matrix

    counts = summed(np.ones(len(pre), np.int64))
    sums = sized = None
    if size is not None:
        measured = np.asarray(size) != missing
        sums = summed(np.where(measured, size, 0))
        sized = summed(measured.astype(np.int64))
    out = _orientation(counts, sums, sized)
    into = _orientation(
        counts.T.tocsr(), None if sums is None else sums.T.tocsr(), None if sized is None else sized.T.tocsr()
    )
    if size is not None and bool((out.n_sized == out.n_synapses).all()):
        out, into = replace(out, n_sized=None), replace(into, n_sized=None)
    return Graph(out, into, np.ones(n, bool), np.ones(n, bool), dict(measures or {}))


def random_graph(seed: int, n_nodes: int = 30, n_synapses: int = 200, sizes: str = "all", clumps: bool = True) -> Graph:
    """A random graph; sizes: all, some (a third missing) or none; `clumps` puts many synapses on few."""
    rng = np.random.default_rng(seed)
    pre, post = rng.integers(0, n_nodes, (2, n_synapses))
    if clumps:
        pre = np.where(rng.random(n_synapses) < 0.3, pre[0], pre)
        post = np.where(rng.random(n_synapses) < 0.3, post[0], post)
    size = None if sizes == "none" else rng.integers(1, 5000, n_synapses)
    if size is not None and sizes == "some":
        size = np.where(rng.random(n_synapses) < 0.33, -1, size)
    return make_graph(pre, post, size, n_nodes)


def dense(graph: Graph, values: np.ndarray | None = None) -> np.ndarray:
    """float64 (n, n): values of the connections (synapse counts unless given), NaN where there is none."""
    full = np.full((graph.n_nodes, graph.n_nodes), np.nan)
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.out.indptr))
    full[rows, graph.out.idx] = graph.out.n_synapses if values is None else values
    return full


def _orientation(counts: sp.csr_array, sums: sp.csr_array | None, sized: sp.csr_array | None) -> Orientation:
    def aligned(matrix: sp.csr_array | None, dtype: type) -> np.ndarray | None:
        """Data of a matrix of the same connections; explicit zeros (nothing measured) are kept."""
        if matrix is None:
            return None
        matrix.sort_indices()
        assert np.array_equal(matrix.indices, counts.indices)
        return matrix.data.astype(dtype)

    counts.sort_indices()
    return Orientation(
        counts.indptr.astype(np.int64),
        counts.indices.astype(np.int32),
        counts.data.astype(np.uint32),
        aligned(sums, np.uint32),
        aligned(sized, np.uint32),
    )
