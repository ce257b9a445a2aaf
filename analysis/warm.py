"""Compile every kernel ahead of the first request."""

from __future__ import annotations

import numpy as np

from analysis import census, motif_instances, node_search, nulls, points, reciprocal, reciprocal_groups
from analysis.aggregate import connections_of
from analysis.matrix import Selection, entries, grouped, in_totals
from analysis.mutual import MutualPairs
from analysis.order import by_degree, cluster
from analysis.raster import indexed, pixel, raster, whole
from analysis.tally import tally
from analysis.tested import Testability
from data_access.graph import Graph, Orientation


def warm() -> None:
    """Run every kernel once for each type it meets; under a second when the compiled code is on disk.

    Call it in the parent of the web workers, or once after installing: some 20 s where nothing was compiled.
    """
    ids = np.arange(8, dtype=np.int64)
    connections_of(ids, ids[::-1], ids)
    connections_of(ids, ids[::-1], ids.astype(np.float64))
    for size in (np.uint32, np.float64):
        graph = _ring(size)
        cells = np.arange(graph.n_nodes, dtype=np.int32)
        selection = Selection(cells, cells)
        entries(graph, selection)
        entries(graph, Selection(cells, cells[:0]))
        grouped(graph, selection, cells, cells, len(cells), len(cells), "mean_size")
    in_totals(graph)
    known = Testability(*[graph.complete_in] * 7)
    tally(graph, selection, known)
    reciprocal.pairs(graph)
    reciprocal.slots(graph.out, cells, cells)
    reciprocal_groups.grouped(graph, known, cells, cells, cells, cells, len(cells))
    by_degree(graph, cells, "pre", cells)
    cluster(graph, selection, "rows")
    for kind in (np.uint32, np.float32, np.float64):
        values = np.ones(graph.n_connections, kind)
        picture = raster(graph, selection, whole(selection), 4, 4, values)
        pixel(graph, selection, whole(selection), values)
    indexed(picture.value, 0.0, 1.0)
    indexed(picture.value.astype(np.float64), 0.0, 1.0)
    places = np.linspace(0, 1, 4, dtype=np.float32)
    points.discs(places, places, np.ones(4, np.uint8), np.arange(4, dtype=np.int32), (0, 1, 0, 1), 4, 4, 1.0)
    points.counts(places, places, (0, 1, 0, 1), 4, 4)
    points.inside(places, places, np.array([[0, 0], [1, 0], [1, 1]], np.float64))
    _motifs()
    _nulls()


def _nulls() -> None:
    """A ring of few cells, dealt anew in every way."""
    pre, group = np.arange(6, dtype=np.int32), np.zeros(6, np.int32)
    everything = nulls.Universe(group, np.ones((1, 1), bool))
    count = MutualPairs(group, np.zeros((1, 1), np.int32), 1)
    for null in nulls.NULLS:
        model = nulls.model(null, everything, group, ("one",), pre, np.roll(pre, 1), position=np.zeros((6, 3)))
        nulls.run(model, 4, 0, count)


def _motifs() -> None:
    """Three cells, each connected to both others."""
    pre, post = (np.array(side, np.int32) for side in ([0, 0, 1, 1, 2, 2], [1, 2, 0, 2, 0, 1]))
    ones = np.ones(6, np.int64)
    census.triad_census(pre, post, 3)
    for name in ("012", "021C", "300"):
        motif_instances.triads(pre, post, ones, 3, name, 1)
    least = node_search.Constraint(1)
    question = node_search.Question(np.full(3, 7, np.uint8), {"ab": least, "bc": least})
    node_search.count(node_search.Edges(pre, post, ones), 3, question)
    node_search.examples(node_search.Edges(pre, post, ones), 3, question, 1)


def _ring(size: type) -> Graph:
    """Five cells, each connected to its two neighbours."""
    n = 5
    indptr = 2 * np.arange(n + 1, dtype=np.int64)
    idx = np.sort([[(i - 1) % n, (i + 1) % n] for i in range(n)], axis=1).ravel().astype(np.int32)
    ones = np.ones(2 * n, np.uint32)
    side = Orientation(indptr, idx, ones, ones.astype(size), ones)
    known = np.ones(n, bool)
    return Graph(side, side, known, known)


if __name__ == "__main__":
    warm()
