"""After warming up, a request on a dataset read from disk compiles nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[2]


def test_nothing_is_compiled_in_a_request(tmp_path: Path) -> None:
    """In a process of its own, since other tests compile what they need."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, __file__, str(tmp_path)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after = (line.split(": ", 1)[1] for line in done.stdout.splitlines())
    assert "walk 1" in before
    assert after == before


def main(folder: Path) -> None:
    """Print the number of compiled versions of each kernel after warming up, and after many requests."""
    from analysis import aggregate, kernels, leaf_order, reciprocal, reciprocal_groups, tally
    from analysis.warm import warm

    def compiled() -> str:
        modules = (aggregate, kernels, leaf_order, reciprocal, reciprocal_groups, tally)
        found = [item for module in modules for item in vars(module).items()]
        return ", ".join(f"{name} {len(k.signatures)}" for name, k in found if hasattr(k, "signatures"))

    warm()
    print("warm:", compiled())
    for sizes in ("all", "some", "none", "float"):
        requests(folder / sizes, sizes)
    print("after requests:", compiled())


def requests(folder: Path, sizes: str) -> None:
    """Everything that a page may ask of a graph, which is memory-mapped."""
    from analysis.aggregate import connections_of
    from analysis.matrix import MEASURES, Selection, edge_values, edges_of, entries, grouped
    from analysis.measures import SIZE_MEASURES
    from analysis.order import by_degree, cluster
    from analysis.raster import indexed, pixel, raster, whole
    from analysis.reciprocal import pairs, slots
    from analysis.reciprocal_groups import grouped as reciprocity
    from analysis.tally import tally
    from analysis.tested import Testability
    from data_access.graph import load, save
    from tests.analysis.graphs import random_graph

    graph = random_graph(1, 20, 200, "some" if sizes == "float" else sizes)
    if sizes == "float":
        out, into = (replace(side, sum_size=side.sum_size / 2) for side in (graph.out, graph.into))
        graph = replace(graph, out=out, into=into)
    save(replace(graph, measures={"latency": np.ones(graph.n_connections)}), folder)
    graph = load(folder, ["latency"])
    assert not graph.out.idx.flags.writeable
    cells = np.arange(20, dtype=np.int32)
    selection = Selection(cells[::-1], cells)
    entries(graph, selection)
    entries(graph, Selection(cells, cells[:1]))
    known = Testability(*[graph.complete_in] * 7)
    for columns in (cells, cells[:1]):
        tally(graph, Selection(cells, columns), known)
        for found in (pairs(graph), pairs(graph, cells[::-1], columns, 2)):
            slots(graph.out, found.b, found.a)
        reciprocity(graph, known, cells, columns, cells, cells[: len(columns)], 20)
    for measure in (*MEASURES, "latency"):
        if sizes == "none" and measure in SIZE_MEASURES:
            continue
        grouped(graph, selection, cells, cells // 2, 20, 10, measure)
        values = edge_values(graph, measure)
        picture = raster(graph, selection, whole(selection), 7, 9, values)
        pixel(graph, selection, whole(selection), values)
        indexed(picture.value, 1.0, 2.0, "log")
    edges_of(graph, cells, cells)
    by_degree(graph, cells.astype(np.int64), "post", cells)
    cluster(graph, selection, "cols")
    for size in (None, cells, cells / 2):
        connections_of(cells, cells, size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
