"""The connection graph: both orientations hold the same connections, on disk as in memory, and damage is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import graph as graphs
from data_access.errors import SynaptoscopeError
from data_access.graph import Graph, Orientation, row_blocks
from data_access.graph_build import build
from data_access.graph_check import check

Edges = dict[tuple[int, int], tuple[int, float, int]]

EDGES = st.dictionaries(
    st.tuples(st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.integers(1, 5), st.integers(0, 2**33) | st.just(0.5), st.integers(0, 5)),
    max_size=30,
)  # fmt: skip
SAMPLE: Edges = {(0, 1): (2, 10, 2), (0, 3): (1, 20, 0), (1, 0): (3, 5, 3), (2, 2): (1, 7, 1), (3, 1): (4, 2.5, 4)}


def built(edges: Edges, n_nodes: int = 7, batch: int = 4) -> Graph:
    ordered = sorted(edges.items())

    def batches() -> Iterator[dict[str, np.ndarray]]:
        for start in range(0, len(ordered), batch):
            piece = ordered[start : start + batch]
            yield {
                "pre": np.array([pair[0] for pair, _ in piece], np.int32),
                "post": np.array([pair[1] for pair, _ in piece], np.int32),
                "n_synapses": np.array([n for _, (n, _, _) in piece], np.uint32),
                "sum_size": np.array([size for _, (_, size, _) in piece], np.float64),
                "n_sized": np.array([min(n, sized) for _, (n, _, sized) in piece], np.int64),
                "latency": np.array([-size for _, (_, size, _) in piece], np.float64),
            }

    return build(n_nodes, len(ordered), batches(), ("latency",) if ordered else ())


def listed(side: Orientation) -> list[tuple[int, int, int]]:
    return [
        (row, int(side.idx[slot]), int(side.n_synapses[slot]))
        for row in range(len(side.indptr) - 1)
        for slot in range(side.row(row).start, side.row(row).stop)
    ]


@given(EDGES)
def test_both_orientations_hold_the_same_connections(edges: Edges) -> None:
    graph = built(edges)
    assert listed(graph.out) == [(*pair, n) for pair, (n, _, _) in sorted(edges.items())]
    assert sorted((pre, post, n) for post, pre, n in listed(graph.into)) == listed(graph.out)
    assert listed(graph.into) == sorted(listed(graph.into)), "partners ascend within a row"
    check(graph)
    assert graph.n_nodes == 7
    assert graph.n_connections == len(edges)
    assert graph.n_synapses == sum(n for n, _, _ in edges.values())


@given(st.lists(st.integers(0, 5)), st.integers(1, 7))
def test_blocks_of_rows_cover_all_of_them_once(lengths: list[int], slots: int) -> None:
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    blocks = list(row_blocks(indptr, slots))
    assert [row for first, last in blocks for row in range(first, last)] == list(range(len(lengths)))
    assert all(indptr[last] - indptr[first] <= slots or last == first + 1 for first, last in blocks)


@given(EDGES, st.integers(1, 9))
def test_working_in_blocks_changes_nothing(edges: Edges, slots: int) -> None:
    graph = built(edges)
    with pytest.MonkeyPatch.context() as patched:
        for module in ("graph", "graph_build", "graph_check"):
            patched.setattr(f"data_access.{module}.row_blocks", partial(row_blocks, slots=slots))
        again = built(edges)
        check(again)
        assert again.n_reciprocal_pairs() == graph.n_reciprocal_pairs()
        assert again.autapses().tolist() == graph.autapses().tolist()
    assert listed(again.into) == listed(graph.into)


@given(EDGES)
def test_counts_of_the_graph(edges: Edges) -> None:
    graph = built(edges)
    ordered = sorted(edges)
    assert [ordered[edge] for edge in graph.autapses()] == [pair for pair in ordered if pair[0] == pair[1]]
    assert graph.n_reciprocal_pairs() == sum((b, a) in edges for a, b in edges if a < b)
    assert graph.n_connected() == len({cell for pair in edges for cell in pair})
    assert graph.edge_rows(np.arange(len(ordered))).tolist() == [pre for pre, _ in ordered]
    for pre in range(7):
        for post in range(7):
            expected = ordered.index((pre, post)) if (pre, post) in edges else -1
            assert graph.edge(pre, post) == expected


@given(EDGES)
def test_sizes_are_exact_and_say_where_they_are_missing(edges: Edges) -> None:
    side = built(edges).out
    if not edges:
        return
    sizes = [size for _, (_, size, _) in sorted(edges.items())]
    assert side.sum_size is not None
    assert side.sum_size.tolist() == sizes
    small = all(float(size).is_integer() and size < 2**32 for size in sizes)
    assert side.sum_size.dtype == (np.uint32 if small else np.float64)
    sized = [min(n, k) for _, (n, _, k) in sorted(edges.items())]
    if sized == side.n_synapses.tolist():
        assert side.n_sized is None
    else:
        assert side.n_sized is not None
        assert side.n_sized.tolist() == sized


def test_a_graph_comes_back_from_disk(tmp_path: Path) -> None:
    graph = replace(built(SAMPLE), complete_in=np.array([True, False] * 3 + [True]))
    graphs.save(graph, tmp_path / "graph")
    again = graphs.load(tmp_path / "graph", ["latency"])
    for side in ("out", "into"):
        for part in graphs.PARTS:
            have, expected = getattr(getattr(again, side), part), getattr(getattr(graph, side), part)
            assert np.array_equal(have, expected)
            assert have.dtype == expected.dtype
    assert again.complete_in.tolist() == graph.complete_in.tolist()
    assert again.complete_out.all()
    assert again.measures["latency"].tolist() == [-10, -20, -5, -7, -2.5]
    check(again)


def test_a_graph_without_sizes_has_none(tmp_path: Path) -> None:
    batch = {"pre": np.array([0]), "post": np.array([1]), "n_synapses": np.array([3])}
    graph = build(2, 1, [batch])
    graphs.save(graph, tmp_path)
    assert graphs.load(tmp_path).out.sum_size is None
    assert graph.out.n_synapses.dtype == np.uint32


@pytest.mark.parametrize("name", ["out_idx", "in_indptr", "complete_out", "measure_0"])
@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY", b"junk"])
def test_a_missing_or_damaged_file_is_named(name: str, content: bytes | None, tmp_path: Path) -> None:
    graphs.save(built(SAMPLE), tmp_path)
    path = tmp_path / f"{name}.npy"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SynaptoscopeError, match=f"{name}.npy is missing or damaged"):
        graphs.load(tmp_path, ["latency"])


def _out(graph: Graph, **parts: object) -> Graph:
    return replace(graph, out=replace(graph.out, **parts))


HARMS: dict[str, Callable[[Graph], Graph]] = {
    "row pointers": lambda g: _out(g, indptr=g.out.indptr + 1),
    "do not match": lambda g: _out(g, indptr=g.out.indptr[::-1].copy()),
    "different lengths": lambda g: _out(g, n_synapses=g.out.n_synapses[:-1]),
    "outside the 7 cells": lambda g: _out(g, idx=np.where(g.out.idx == 3, 7, g.out.idx)),
    "without a synapse": lambda g: _out(g, n_synapses=g.out.n_synapses * 0),
    "n_synapses differs": lambda g: _out(g, n_synapses=g.out.n_synapses[::-1].copy()),
    "idx differs": lambda g: _out(g, idx=g.out.idx[[0, 1, 3, 2, 4]]),
    "sum_size differs": lambda g: _out(g, sum_size=g.out.sum_size + 1 if g.out.sum_size is not None else None),
    "n_sized differs": lambda g: _out(g, n_sized=None),
    "complete_in has 6 values": lambda g: replace(g, complete_in=g.complete_in[1:]),
    "latency has 4 values": lambda g: replace(g, measures={"latency": g.measures["latency"][1:]}),
}


@pytest.mark.parametrize("said", HARMS)
def test_orientations_that_do_not_agree_are_found(said: str) -> None:
    graph = built(SAMPLE)
    check(graph)
    with pytest.raises(SynaptoscopeError, match=said):
        check(HARMS[said](graph))


@pytest.mark.parametrize("cell", [-1, 7])
def test_a_connection_of_a_cell_that_is_none(cell: int) -> None:
    batch = {"pre": np.array([0]), "post": np.array([cell]), "n_synapses": np.array([1])}
    with pytest.raises(SynaptoscopeError, match="not among the 7"):
        build(7, 1, [batch])


def test_fewer_connections_than_announced() -> None:
    batch = {"pre": np.array([0]), "post": np.array([1]), "n_synapses": np.array([1])}
    with pytest.raises(SynaptoscopeError, match="1 connections came where 2 were announced"):
        build(7, 2, [batch])
