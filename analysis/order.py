"""Display orders of the cells along one axis of a matrix.

Every function takes and gives node codes, int32, each once, and is deterministic: ties go by ascending
code, and the order in which the cells arrive does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from analysis import kernels
from analysis.kernels import Float64, Int32, readonly
from analysis.leaf_order import optimal_leaf_order
from analysis.matrix import Selection, entries, positions
from analysis.seriation import light_end_first, spectral_order
from data_access.graph import Graph

MAX_HIERARCHICAL = 2_500  # optimal leaf order of so many cells takes 0.3 to 1.2 s, and 250 MB
_MAX_PRODUCTS = 1_000_000_000  # multiplications for all cosine distances: about 1 s


@dataclass(frozen=True, eq=False)
class Clustering:
    """An order by similarity of connections, and how it was made.

    order int32 (n,): codes; method, distance: in words, for the screen; exact: the order is optimal under
    the method (a dendrogram with optimal leaf order), not an approximation; n_isolated: cells without a
    connection in the set, last.
    """

    order: Int32
    method: str
    distance: str
    exact: bool
    n_isolated: int


def by_value(codes: Int32, *keys: npt.ArrayLike | pd.Series) -> Int32:
    """Codes by ascending keys, the first key first; a cell without a value comes after all that have one.

    keys: arrays or pandas columns (n,), aligned with `codes`: numbers, booleans, text (by code point) or
    categories (in their own order if they have one, else by text).
    """
    ranks: list[npt.NDArray[np.int64]] = [_rank(key) for key in keys]
    for rank in ranks:
        if len(rank) != len(codes):
            raise ValueError(f"expected a value for each of {len(codes)} cells, got {len(rank)}")
    return codes[np.lexsort(np.stack([codes, *reversed(ranks)]))].astype(np.int32)


def by_degree(
    graph: Graph,
    codes: Int32,
    side: Literal["pre", "post"],
    others: Int32,
    min_synapses: int = 1,
    keep_autapses: bool = False,
) -> Int32:
    """Codes by descending number of partners among `others`; `side`: where `codes` are at the synapse."""
    orientation = graph.out if side == "pre" else graph.into
    partners = kernels.line_partners(
        readonly(orientation.indptr),
        readonly(orientation.idx),
        readonly(orientation.n_synapses),
        readonly(codes, np.int32),
        readonly(positions(others, graph.n_nodes)),
        int(min_synapses),
        bool(keep_autapses),
    )
    return codes[np.lexsort((codes, -partners))].astype(np.int32)


def same_as(other_order: Int32, codes: Int32, fallback: Int32) -> Int32:
    """`codes` like the other axis: those on it in its order, then the rest in the order of `fallback`.

    fallback: the same cells as `codes`, in the order in which the rest should follow.
    """
    shared = other_order[np.isin(other_order, codes)]
    rest = fallback[~np.isin(fallback, other_order)]
    return np.concatenate([shared, rest]).astype(np.int32)


def cluster(
    graph: Graph,
    selection: Selection,
    axis: Literal["rows", "cols"],
    weights: Literal["log", "binary"] = "log",
) -> Clustering:
    """Order one axis so that cells with similar connections to the other axis are neighbours.

    weights: of a connection, log(1 + synapses) or 1. Up to MAX_HIERARCHICAL cells: average linkage on the
    cosine distance between the cells' connections, with optimal leaf order (Bar-Joseph et al. 2001).
    Beyond: spectral seriation (see `analysis.seriation`). The end with more weight comes first. Cells
    without connections in the set go last.
    """
    codes = np.sort(selection.rows if axis == "rows" else selection.cols).astype(np.int32)
    others = np.sort(selection.cols if axis == "rows" else selection.rows).astype(np.int32)
    profiles = _profiles(graph, selection, codes, others, axis, weights)
    connected = np.diff(profiles.indptr) > 0
    profiles = profiles[connected]
    inside, isolated = codes[connected], codes[~connected]
    shown = "log(1 + synapses)" if weights == "log" else "connected or not"
    products = int((np.bincount(profiles.indices).astype(np.int64) ** 2).sum())
    exact = len(inside) <= MAX_HIERARCHICAL and products <= _MAX_PRODUCTS
    if exact:
        order = _hierarchical_order(profiles)
        method = "hierarchical clustering, average linkage, optimal leaf order"
        distance = f"cosine distance of connections, {shown}"
    else:
        order = spectral_order(profiles)
        method = "spectral seriation (second singular vector of the degree-normalised matrix)"
        distance = f"shared partners, {shown}, weighted by degree"
    return Clustering(np.concatenate([inside[order], isolated]), method, distance, exact, len(isolated))


def cluster_profiles(profiles: Float64) -> Clustering:
    """Order the rows of a small dense matrix (n, m) of weights, such as groups by groups; as `cluster` does.

    `order` holds row numbers; rows of zeros go last.
    """
    connected = np.flatnonzero(profiles.any(axis=1))
    isolated = np.flatnonzero(~profiles.any(axis=1))
    order = _hierarchical_order(sp.csr_array(profiles[connected]))
    method = "hierarchical clustering, average linkage, optimal leaf order"
    distance = "cosine distance of connections, log(1 + synapses)"
    found = np.concatenate([connected[order], isolated]).astype(np.int32)
    return Clustering(found, method, distance, True, len(isolated))


def _profiles(graph: Graph, selection: Selection, codes: Int32, others: Int32, axis: str, weights: str) -> sp.csr_array:
    """Connections of each cell of the axis: CSR (len(codes), len(others)) of weights."""
    rows, cols = (codes, others) if axis == "rows" else (others, codes)
    found = entries(graph, Selection(rows, cols, selection.min_synapses, selection.keep_autapses))
    n_synapses = graph.out.n_synapses[found.edge]
    weight = np.ones(len(found)) if weights == "binary" else np.log1p(n_synapses.astype(np.float64))
    matrix = sp.coo_array((weight, (found.row, found.col)), shape=(len(rows), len(cols)))
    profiles = matrix.tocsr() if axis == "rows" else matrix.T.tocsr()
    profiles.sort_indices()
    return profiles


def _hierarchical_order(profiles: sp.csr_array) -> npt.NDArray[np.int64]:
    n = profiles.shape[0]
    if n < 3:
        return np.arange(n)
    distance = _cosine_distance(profiles)
    order = optimal_leaf_order(linkage(squareform(distance, checks=False), method="average"), distance)
    return order[::-1] if light_end_first(order, np.asarray(profiles.sum(axis=1))) else order


def _cosine_distance(profiles: sp.csr_array) -> Float64:
    """1 - cosine of each two rows, float64 (n, n), diagonal 0."""
    length = np.sqrt(np.asarray(profiles.multiply(profiles).sum(axis=1)))
    unit = sp.csr_array(sp.diags_array(1 / length) @ profiles)
    turned = unit.T.tocsr()
    similarity = kernels.row_products(
        *(readonly(part, np.int64) for part in (unit.indptr, unit.indices)),
        readonly(unit.data),
        *(readonly(part, np.int64) for part in (turned.indptr, turned.indices)),
        readonly(turned.data),
    )
    distance = np.maximum(1.0 - similarity, 0.0)
    np.fill_diagonal(distance, 0.0)
    return distance


def _rank(key: npt.ArrayLike | pd.Series) -> npt.NDArray[np.int64]:
    """Rank of each value among the distinct ones, missing values last."""
    column = pd.Series(key)
    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = column.cat.categories
        place = np.arange(len(categories))
        if not column.cat.ordered:
            place[np.argsort(categories.astype(str).to_numpy(), kind="stable")] = np.arange(len(categories))
        rank = np.append(place, -1)[column.cat.codes.to_numpy()]
    else:
        rank, _ = pd.factorize(column, sort=True)
    rank = np.asarray(rank, dtype=np.int64)
    return np.where(rank < 0, len(rank), rank)
