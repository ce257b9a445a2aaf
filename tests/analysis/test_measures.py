"""What fills a matrix, computed again from the synapses themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.measures import MEASURES, edge_values, in_totals, measure_values, out_totals
from data_access.errors import InputError
from tests.analysis.graphs import dense, make_graph, random_graph

SYNAPSES = [(0, 1, 100), (0, 1, 300), (0, 2, -1), (1, 1, 50), (2, 1, -1), (2, 1, 400), (3, 0, 7)]
PRE, POST, SIZE = (np.array(column) for column in zip(*SYNAPSES, strict=True))
PAIRS = sorted({(a, b) for a, b, _ in SYNAPSES})


def by_hand(measure: str, pre: int, post: int) -> float:
    """One value from the synapse rows; a size of -1 was not measured."""
    sizes = [s for a, b, s in SYNAPSES if (a, b) == (pre, post)]
    measured = [s for s in sizes if s != -1]
    everything_onto_post = sum(b == post for _, b, _ in SYNAPSES)
    everything_from_pre = sum(a == pre for a, _, _ in SYNAPSES)
    match measure:
        case "binary":
            return 1.0
        case "n_synapses":
            return len(sizes)
        case "sum_size":
            return sum(measured) if measured else np.nan
        case "mean_size":
            return sum(measured) / len(measured) if measured else np.nan
        case "log_sum_size":
            return np.log(sum(measured)) if measured else np.nan
        case "input_fraction":
            return len(sizes) / everything_onto_post
        case _:
            return len(sizes) / everything_from_pre


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_agrees_with_the_synapse_rows(measure: str) -> None:
    graph = make_graph(PRE, POST, SIZE)
    expected = [by_hand(measure, *pair) for pair in PAIRS]
    everything = np.arange(graph.n_connections)
    assert measure_values(graph, everything, measure) == pytest.approx(expected, nan_ok=True)
    assert measure_values(graph, None, measure) == pytest.approx(expected, nan_ok=True)
    assert np.asarray(edge_values(graph, measure), float) == pytest.approx(expected, nan_ok=True)
    chosen = np.array([3, 0, 3])
    codes = {"pre_codes": np.array([p for p, _ in PAIRS])[chosen], "post_codes": graph.out.idx[chosen]}
    assert measure_values(graph, chosen, measure, **codes) == pytest.approx([expected[k] for k in chosen], nan_ok=True)


def test_the_graphs_own_arrays_are_not_copied() -> None:
    graph = random_graph(1)
    assert edge_values(graph, "n_synapses") is graph.out.n_synapses
    assert edge_values(graph, "sum_size") is graph.out.sum_size


def test_fractions_are_given_only_where_all_inputs_or_outputs_are_known() -> None:
    whole = make_graph(PRE, POST, SIZE)
    graph = replace(whole, complete_in=np.array([1, 0, 1, 1], bool), complete_out=np.array([0, 1, 1, 1], bool))
    unknown = np.isnan(measure_values(graph, None, "input_fraction"))
    assert unknown.tolist() == [post == 1 for _, post in PAIRS]
    unknown = np.isnan(measure_values(graph, None, "output_fraction"))
    assert unknown.tolist() == [pre == 0 for pre, _ in PAIRS]


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_totals_are_the_margins_of_the_dense_matrix(seed: int) -> None:
    graph = random_graph(seed, n_synapses=80)
    counts = np.nan_to_num(dense(graph))
    assert in_totals(graph).tolist() == counts.sum(axis=0).tolist()
    assert out_totals(graph).tolist() == counts.sum(axis=1).tolist()


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_the_fractions_of_a_cell_add_up_to_one(seed: int) -> None:
    graph = random_graph(seed, n_synapses=80)
    into = np.nansum(dense(graph, measure_values(graph, None, "input_fraction")), axis=0)
    assert into[in_totals(graph) > 0] == pytest.approx(1.0)
    out = np.nansum(dense(graph, measure_values(graph, None, "output_fraction")), axis=1)
    assert out[out_totals(graph) > 0] == pytest.approx(1.0)


def test_a_datasets_own_measure() -> None:
    own = {"latency": np.array([1.5, np.nan, 2.5])}
    graph = make_graph([0, 0, 1], [1, 2, 0], measures=own)
    assert measure_values(graph, np.array([2, 1]), "latency") == pytest.approx([2.5, np.nan], nan_ok=True)


def test_an_unknown_measure_names_the_nearest_and_sizes_need_sizes() -> None:
    with pytest.raises(InputError, match="did you mean 'n_synapses'"):
        measure_values(random_graph(1), None, "n_synapse")
    with pytest.raises(InputError, match="sum_size needs synapse sizes"):
        edge_values(random_graph(1, sizes="none"), "sum_size")
