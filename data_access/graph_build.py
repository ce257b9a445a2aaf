"""A graph from connections that arrive sorted: each array is filled in place, and nothing else is held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from data_access.errors import SynaptoscopeError
from data_access.graph import Graph, Orientation, row_blocks

COUNTED_AT_ONCE = 1 << 20


def build(
    n_nodes: int, n_connections: int, batches: Iterable[Mapping[str, np.ndarray]], measures: Sequence[str] = ()
) -> Graph:
    """Make a graph from connections that arrive sorted by (pre, post), in batches of any length.

    Each batch maps pre, post (codes), n_synapses and, where there are sizes, sum_size and (where some are missing)
    n_sized, and each name in `measures`, to arrays of one length. Completeness is set to True for every cell: the
    importer knows better. Raises SynaptoscopeError for a code that no cell has.
    """
    kinds = {"post": np.int32, "n_synapses": np.uint32, "sum_size": np.float64, "n_sized": np.uint32}
    kinds |= dict.fromkeys(measures, np.float64)
    columns = {name: np.empty(n_connections, kinds[name]) for name in ("post", "n_synapses", *measures)}
    counts = np.zeros(n_nodes, np.int64)
    at, whole = 0, True
    for batch in batches:
        pre = batch["pre"]
        here = slice(at, at + len(pre))
        at = here.stop
        if len(pre) == 0:
            continue
        if min(pre.min(), batch["post"].min()) < 0 or max(pre.max(), batch["post"].max()) >= n_nodes:
            raise SynaptoscopeError(f"graph: a connection of a cell that is not among the {n_nodes:,}")
        counts[pre[0] : pre[-1] + 1] += np.bincount(pre - pre[0])
        for name in batch.keys() - {"pre"}:
            if name not in columns:
                columns[name] = np.empty(n_connections, kinds[name])
            columns[name][here] = batch[name]
        sums = batch.get("sum_size", np.zeros(0))
        whole = whole and float(sums.max(initial=0)) < 2**32 and bool((sums == np.floor(sums)).all())
    if at != n_connections:
        raise SynaptoscopeError(f"graph: {at:,} connections came where {n_connections:,} were announced")
    if "sum_size" in columns and whole:
        columns["sum_size"] = columns["sum_size"].astype(np.uint32)
    if "n_sized" in columns and np.array_equal(columns["n_sized"], columns["n_synapses"]):
        del columns["n_sized"]
    indptr = _pointers(counts)
    del counts
    out = Orientation(
        indptr, columns["post"], columns["n_synapses"], columns.get("sum_size"), columns.get("n_sized")
    )  # fmt: skip
    complete = np.ones(n_nodes, dtype=bool)
    return Graph(out, transpose(out), complete, complete.copy(), {name: columns[name] for name in measures})


def transpose(out: Orientation) -> Orientation:
    """The same connections by post; a stable counting sort, so partners stay ascending within a row."""
    counts = np.zeros(len(out.indptr) - 1, np.int64)
    for start in range(0, len(out.idx), COUNTED_AT_ONCE):
        post, n = np.unique(out.idx[start : start + COUNTED_AT_ONCE], return_counts=True)
        counts[post] += n
    indptr = _pointers(counts)
    free = counts
    free[:] = indptr[:-1]
    named = (("n_synapses", out.n_synapses), ("sum_size", out.sum_size), ("n_sized", out.n_sized))
    turned = {name: np.empty_like(have) for name, have in named if have is not None}
    idx = np.empty_like(out.idx)
    for first, last in row_blocks(out.indptr):
        rows, here = out.rows(first, last)
        post = out.idx[here]
        order = np.argsort(post, kind="stable")
        post = post[order]
        begins = np.flatnonzero(np.diff(post, prepend=-1))
        lengths = np.diff(begins, append=len(post))
        slots = free[post] + np.arange(len(post)) - np.repeat(begins, lengths)
        free[post[begins]] += lengths
        idx[slots] = rows[order]
        for name, target in turned.items():
            target[slots] = getattr(out, name)[here][order]
    return Orientation(indptr, idx, **turned)


def _pointers(counts: np.ndarray) -> np.ndarray:
    """Row pointers of rows of these lengths, int64."""
    indptr = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=indptr[1:])
    return indptr
