"""Sparse seriation: an order of many rows in which similar rows are near, without comparing all pairs.

The second singular vector of the degree-normalised matrix, divided by the first, orders the rows so that
heavy entries join near neighbours: Atkins, Boman and Hendrickson (1998) "A spectral algorithm for seriation
and the consecutive ones problem", SIAM J. Comput. 28, 297-310; Ding and He (2004) "Linearized cluster
assignment via spectral ordering", ICML; for rows and columns at once Dhillon (2001), KDD. Degrees are
raised by a tenth of their mean before they divide, else the vector settles on a few poorly connected cells
(Qin and Rohe 2013, NeurIPS 26). Connected components are ordered one by one, largest first: across
components the vector says nothing.
"""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, lobpcg

from analysis.kernels import Float64, Int64

_SMALL = 256  # rows up to which a dense decomposition is quicker
_BLOCK = 4
_STEPS = 100
_STEP_WORK = 200_000_000  # entries touched per vector of the block, in all steps: about 10 s on one core


def spectral_order(weights: sp.csr_array) -> Int64:
    """Positions int64 (n,) of the rows of a matrix (n, m) of weights > 0 in spectral order.

    Every row must have an entry. Deterministic: the start is seeded, the end with more weight comes first
    (with equal weight the one with the lower row), ties go by row.
    """
    n = weights.shape[0]
    both = sp.block_array([[None, weights], [weights.T, None]], format="csr")
    _, label = connected_components(both, directed=False)
    component = label[:n]
    size = np.bincount(component, minlength=label.max(initial=-1) + 1)
    first_row = np.full(len(size), n, np.int64)
    np.minimum.at(first_row, component, np.arange(n))
    by_size = np.lexsort((first_row[component], -size[component]))
    parts = []
    start = 0
    while start < n:
        rows = by_size[start : start + size[component[by_size[start]]]]
        start += len(rows)
        parts.append(rows[_component_order(weights, rows)] if len(rows) > 2 else rows)
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def light_end_first(order: Int64, weight: Float64) -> bool:
    """Whether an order should be turned round, so that its half with more weight comes first.

    order int64 (n,): positions in weight float64 (n,). Where both halves weigh the same, the end with the
    lower position.
    """
    half = len(order) // 2
    ahead = weight[order[:half]].sum() - weight[order[len(order) - half :]].sum()
    if abs(ahead) <= 1e-9 * weight.sum():
        return bool(order[-1] < order[0])
    return bool(ahead < 0)


def _component_order(weights: sp.csr_array, rows: Int64) -> Int64:
    """Spectral order of the rows of one connected component, as positions in `rows`."""
    part = weights if len(rows) == weights.shape[0] else weights[rows]
    used, cols = np.unique(part.indices, return_inverse=True)
    part = sp.csr_array((part.data, cols, part.indptr), shape=(len(rows), len(used)))
    out_weight, in_weight = np.asarray(part.sum(axis=1)), np.asarray(part.sum(axis=0))
    normal = (
        sp.diags_array(1 / np.sqrt(out_weight + 0.1 * out_weight.mean()))
        @ part
        @ sp.diags_array(1 / np.sqrt(in_weight + 0.1 * in_weight.mean()))
    ).tocsr()
    place = _second_over_first(normal, out_weight)
    order = np.lexsort((np.arange(len(rows)), place))
    return np.lexsort((np.arange(len(rows)), -place)) if light_end_first(order, out_weight) else order


def _second_over_first(normal: sp.csr_array, out_weight: Float64) -> Float64:
    """Second left singular vector / first, float64 (n,); rounded, so that equal rows tie."""
    n = normal.shape[0]
    turned = normal.T.tocsr()
    if n <= _SMALL:
        _, vectors = np.linalg.eigh((normal @ turned).toarray())
        first, second = vectors[:, -1], vectors[:, -2]
    else:
        seed = np.random.default_rng(0).standard_normal((n, _BLOCK - 1))
        start = np.sqrt(out_weight)[:, None] * np.column_stack([np.ones(n), seed])
        product = LinearOperator(
            (n, n),
            matvec=lambda x: normal @ (turned @ x),
            matmat=lambda x: normal @ (turned @ x),
            dtype=float,
        )
        steps = int(np.clip(_STEP_WORK // normal.nnz, 20, _STEPS))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a rough vector still gives an order
            values, vectors = lobpcg(product, start, largest=True, tol=1e-5, maxiter=steps)
        descending = np.argsort(-values, kind="stable")
        first, second = vectors[:, descending[0]], vectors[:, descending[1]]
    place = second / np.where(np.abs(first) > 1e-300, first, 1e-300)
    scale = np.abs(place).max(initial=0.0)
    return np.round(place / scale, 10) if scale > 0 else place
