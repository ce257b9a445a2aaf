"""Entries and group sums of a matrix, against the dense matrix of the whole graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import matrix
from analysis.matrix import MEASURES, Selection, edges_of, entries, grouped, measure_values
from data_access.errors import InputError, TooLargeError
from data_access.graph import Graph
from tests.analysis.graphs import dense, make_graph, random_graph

N = 12
axes = st.lists(st.integers(0, N - 1), unique=True, max_size=N).map(lambda c: np.array(c, dtype=np.int32))
selections = st.builds(Selection, axes, axes, st.integers(1, 4), st.booleans())
graphs = st.builds(
    random_graph, st.integers(0, 10**6), st.just(N), st.just(120), st.sampled_from(["all", "some", "none"])
)
walks = pytest.mark.parametrize("lookup_cost", [0, 20, 10**9], ids=["by column", "cheaper", "by row"])


def shown(graph: Graph, selection: Selection) -> np.ndarray:
    """Synapse counts of the selected matrix in display order, NaN where no connection is shown."""
    counts = dense(graph)[np.ix_(selection.rows, selection.cols)]
    if not selection.keep_autapses:
        counts[selection.rows[:, None] == selection.cols[None, :]] = np.nan
    counts[counts < selection.min_synapses] = np.nan
    return counts


@walks
@settings(deadline=None)
@given(graph=graphs, selection=selections)
def test_entries_are_the_filled_cells_of_the_dense_matrix(lookup_cost: int, graph: Graph, selection: Selection) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix, "_LOOKUP_COST", lookup_cost)
        found = entries(graph, selection)
    expected = shown(graph, selection)
    assert len(found) == np.isfinite(expected).sum()
    assert graph.out.n_synapses[found.edge].tolist() == expected[found.row, found.col].tolist()
    assert graph.out.idx[found.edge].tolist() == selection.cols[found.col].tolist()
    assert graph.edge_rows(found.edge).tolist() == selection.rows[found.row].tolist()
    assert (found.row.dtype, found.col.dtype, found.edge.dtype) == (np.int32, np.int32, np.int64)
    assert np.lexsort((found.edge, found.row)).tolist() == list(range(len(found)))


@walks
@settings(deadline=None)
@given(graph=graphs, selection=selections)
def test_what_is_left_out_is_counted(lookup_cost: int, graph: Graph, selection: Selection) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix, "_LOOKUP_COST", lookup_cost)
        found = entries(graph, selection)
    everything = dense(graph)[np.ix_(selection.rows, selection.cols)]
    kept, dropped = graph.out.n_synapses[found.edge], found.dropped
    assert len(kept) + dropped.n_autapses + dropped.n_below_min == np.isfinite(everything).sum()
    synapses = kept.sum() + dropped.n_autapse_synapses + dropped.n_below_min_synapses
    assert synapses == np.nansum(everything)
    same = selection.rows[:, None] == selection.cols[None, :]
    assert dropped.n_autapses == (0 if selection.keep_autapses else np.isfinite(everything[same]).sum())


@settings(deadline=None)
@given(graphs, selections, st.integers(0, 10**6))
def test_another_order_shows_the_same_connections(graph: Graph, selection: Selection, seed: int) -> None:
    rng = np.random.default_rng(seed)
    turned = replace(selection, rows=rng.permutation(selection.rows), cols=rng.permutation(selection.cols))
    assert sorted(entries(graph, turned).edge) == sorted(entries(graph, selection).edge)
    assert entries(graph, turned).dropped == entries(graph, selection).dropped


def test_the_extent_comes_from_the_sets_even_where_a_cell_only_receives() -> None:
    graph = make_graph([0, 0, 1], [2, 3, 2], n_nodes=5)
    found = entries(graph, Selection(np.array([0, 1, 4]), np.array([4, 3, 2])))
    assert sorted(zip(found.row.tolist(), found.col.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]


def test_a_cell_twice_on_one_axis_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="twice"):
        entries(random_graph(1), Selection(np.array([1, 2]), np.array([3, 3])))


@settings(deadline=None)
@given(graphs)
def test_edges_of_finds_every_pair_and_only_connections(graph: Graph) -> None:
    pre, post = (part.ravel() for part in np.meshgrid(np.arange(N), np.arange(N), indexing="ij"))
    found = edges_of(graph, pre, post)
    assert (found >= 0).tolist() == np.isfinite(dense(graph)).ravel().tolist()
    assert graph.out.idx[found[found >= 0]].tolist() == post[found >= 0].tolist()
    assert found.tolist() == [graph.edge(int(a), int(b)) for a, b in zip(pre, post, strict=True)]


def group_by_hand(
    graph: Graph, selection: Selection, row_group: np.ndarray, col_group: np.ndarray, measure: str
) -> np.ndarray:
    """Each pair of groups from its single connections, one measure at a time."""
    found = entries(graph, selection)
    value = np.full((3, 2), np.nan)
    for a in range(3):
        for b in range(2):
            inside = (row_group[found.row] == a) & (col_group[found.col] == b)
            edges, row, col = found.edge[inside], found.row[inside], found.col[inside]
            n = graph.out.n_synapses[edges].astype(float)
            cells = {"input_fraction": selection.cols[col_group == b]}.get(measure, selection.rows[row_group == a])
            if measure in ("input_fraction", "output_fraction"):
                onto = measure == "input_fraction"
                whole = cells[(graph.complete_in if onto else graph.complete_out)[cells]]
                of_cell = selection.cols[col] if onto else selection.rows[row]
                total = np.nansum(dense(graph)[:, whole] if onto else dense(graph)[whole])
                value[a, b] = n[np.isin(of_cell, whole)].sum() / total if total else np.nan
            elif measure == "binary":
                value[a, b] = len(edges)
            elif measure == "n_synapses":
                value[a, b] = n.sum()
            elif measure == "latency":
                value[a, b] = np.nanmean(graph.measures["latency"][edges]) if len(edges) else np.nan
            else:
                assert graph.out.sum_size is not None
                size = graph.out.sum_size[edges].sum(dtype=float)
                sized = n.sum() if graph.out.n_sized is None else graph.out.n_sized[edges].sum(dtype=float)
                nothing_measured = np.nan if len(edges) or measure != "sum_size" else 0.0
                by_name = {"sum_size": size, "mean_size": size / sized if sized else 0, "log_sum_size": 0}
                by_name["log_sum_size"] = np.log(size) if size else np.nan
                value[a, b] = by_name[measure] if sized else nothing_measured
    return value


@pytest.mark.parametrize("measure", [*MEASURES, "latency"])
@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 10**6),
    selection=selections,
    sizes=st.sampled_from(["all", "some"]),
    few=st.booleans(),
)
def test_group_sums_agree_with_adding_up_the_connections(
    measure: str, seed: int, selection: Selection, sizes: str, few: bool
) -> None:
    rng = np.random.default_rng(seed)
    graph = random_graph(seed, N, 40 if few else 120, sizes)
    graph = replace(
        graph,
        complete_in=rng.random(N) < 0.7,
        complete_out=rng.random(N) < 0.7,
        measures={"latency": rng.random(graph.n_connections)},
    )
    row_group = rng.integers(0, 3, len(selection.rows)).astype(np.int32)
    col_group = rng.integers(0, 2, len(selection.cols)).astype(np.int32)
    found = grouped(graph, selection, row_group, col_group, 3, 2, measure)
    expected = group_by_hand(graph, selection, row_group, col_group, measure)
    assert found.value == pytest.approx(expected, nan_ok=True)
    single = entries(graph, selection)
    assert found.n_connections.sum() == len(single)
    assert found.n_synapses.sum() == graph.out.n_synapses[single.edge].sum()
    assert found.dropped == single.dropped
    incomplete = {
        "input_fraction": (~graph.complete_in[selection.cols]).sum(),
        "output_fraction": (~graph.complete_out[selection.rows]).sum(),
    }
    assert found.n_incomplete == incomplete.get(measure, 0)


def test_groups_of_one_cell_each_give_the_matrix_itself() -> None:
    graph = random_graph(3, N)
    cells = np.arange(N, dtype=np.int32)
    found = grouped(graph, Selection(cells, cells, 1, True), cells, cells, N, N, "mean_size")
    assert found.value == pytest.approx(dense(graph, measure_values(graph, None, "mean_size")), nan_ok=True)


def test_a_graph_without_sizes_has_no_group_sums_of_them() -> None:
    graph = random_graph(3, N, sizes="none")
    cells, one = np.arange(N, dtype=np.int32), np.zeros(N, np.int32)
    assert grouped(graph, Selection(cells, cells), one, one, 1, 1, "n_synapses").sum_size is None
    with pytest.raises(InputError, match="needs synapse sizes"):
        grouped(graph, Selection(cells, cells), one, one, 1, 1, "mean_size")


def test_more_groups_than_can_be_drawn_are_refused_and_so_is_a_wrong_group() -> None:
    graph, cells = random_graph(3, N), np.arange(N, dtype=np.int32)
    with pytest.raises(TooLargeError, match="5,000 x 5,000"):
        grouped(graph, Selection(cells, cells), cells, cells, 5000, 5000, "binary")
    with pytest.raises(ValueError, match="one group in"):
        grouped(graph, Selection(cells, cells), cells - 1, cells, N, N, "binary")
