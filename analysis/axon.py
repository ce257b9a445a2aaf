"""Which part of a cell is its axon, told from where its synapses lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order


@dataclass(frozen=True, eq=False)
class Split:
    """axon: bool (n,), the nodes on one side of the split. n_axon, n_rest: (inputs, outputs) on either side.

    segregation: 0 = inputs and outputs as mixed on both parts as on the whole, 1 = each part has only one of them; NaN
    where there is nothing to tell from.
    """

    axon: np.ndarray
    n_axon: tuple[int, int]
    n_rest: tuple[int, int]
    segregation: float


def split(parent: np.ndarray, root: int, inputs: np.ndarray, outputs: np.ndarray, from_soma: bool = True) -> Split:
    """The axon as the part beyond the point through which most paths lead from an input to an output.

    Synapse flow centrality (Schneider-Mizell et al. 2016, eLife 5:e12059): of the edge above a node, centrifugal =
    (inputs not beyond it) x (outputs beyond it), centripetal = (inputs beyond it) x (outputs not beyond it); of equal
    edges the one nearest to the root. from_soma: the root is at the soma, so that the axon leads away from it and only
    the centrifugal flow counts; without, the axon is on that side of the edge to which the larger flow leads.
    Segregation: 1 - H / H0, H the mean entropy of input and output on the two parts, weighted by their synapses, H0 the
    entropy on the whole. parent: int64 (n,), -1 for a root; inputs, outputs: int (n,), synapses attached to each node.
    Pieces that are not joined to the root's are no part of it.
    """
    n = len(parent)
    child = np.flatnonzero(parent >= 0)
    links = csr_array((np.ones(len(child)), (child, parent[child])), shape=(n, n))
    order, above = breadth_first_order(links, root, directed=False, return_predecessors=True)
    beyond_in, beyond_out = np.zeros(n, np.int64), np.zeros(n, np.int64)
    beyond_in[order], beyond_out[order] = inputs[order], outputs[order]
    for node, up in zip(order[:0:-1].tolist(), above[order[:0:-1]].tolist(), strict=True):
        beyond_in[up] += beyond_in[node]
        beyond_out[up] += beyond_out[node]
    total = int(beyond_in[root]), int(beyond_out[root])
    outwards = (total[0] - beyond_in[order]) * beyond_out[order]
    inwards = beyond_in[order] * (total[1] - beyond_out[order]) * (not from_soma)
    outwards[0] = inwards[0] = 0  # above the root there is nothing
    flow = np.maximum(outwards, inwards)
    if not flow.any():
        return Split(np.zeros(n, bool), (0, 0), total, float("nan"))
    best = int(np.argmax(flow))  # in breadth-first order: the first is the nearest
    start = int(order[best])
    beyond = np.zeros(n, bool)
    beyond[start] = True
    for node, up in zip(order[1:].tolist(), above[order[1:]].tolist(), strict=True):
        beyond[node] |= beyond[up]
    there = int(beyond_in[start]), int(beyond_out[start])
    here = total[0] - there[0], total[1] - there[1]
    axon, mine, rest = beyond, there, here
    if inwards[best] > outwards[best]:
        joined = np.zeros(n, bool)
        joined[order] = True
        axon, mine, rest = joined & ~beyond, here, there
    whole = _entropy(total)
    mixed = (sum(mine) * _entropy(mine) + sum(rest) * _entropy(rest)) / max(1, sum(total))
    return Split(axon, mine, rest, 1.0 - mixed / whole if whole > 0 else float("nan"))


def _entropy(counts: tuple[int, int]) -> float:
    share = np.array(counts, float) / max(1, sum(counts))
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())
