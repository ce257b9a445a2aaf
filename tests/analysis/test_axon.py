"""The axon told from where synapses lie: by hand, against brute force over all edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.axon import split

# 0 soma - 1 - 2 - 3 axon with a branch 4; 5 - 6 dendrite; 7 - 8 loose
PARENT = np.array([-1, 0, 1, 2, 2, 0, 5, -1, 7])
INPUTS = np.array([2, 0, 0, 0, 1, 4, 5, 9, 0])
OUTPUTS = np.array([0, 0, 0, 6, 3, 0, 1, 0, 9])


def test_the_axon_begins_where_the_paths_to_outputs_part() -> None:
    found = split(PARENT, 0, INPUTS, OUTPUTS)
    assert np.flatnonzero(found.axon).tolist() == [1, 2, 3, 4], "nearest to the soma of equal edges"
    assert (found.n_axon, found.n_rest) == ((1, 9), (11, 1)), "loose pieces are no part of it"
    p = np.array([1, 9]) / 10, np.array([11, 1]) / 12, np.array([12, 10]) / 22
    entropy = [-(q * np.log(q)).sum() for q in p]
    assert found.segregation == pytest.approx(1 - (10 * entropy[0] + 12 * entropy[1]) / 22 / entropy[2])


def test_without_a_soma_the_axon_may_be_on_the_side_of_the_root() -> None:
    other_way = np.array([1, 2, 5, 2, 2, 6, -1, -1, 7])  # the same tree from the tip of the dendrite, 0 in the axon
    inputs, outputs = np.zeros(9, int), np.zeros(9, int)
    inputs[[6, 5]], outputs[[3, 4, 0]] = 5, 4
    assert np.flatnonzero(split(other_way, 6, inputs, outputs, False).axon).tolist() == [0, 1, 2, 3, 4]
    swapped = split(other_way, 6, outputs, inputs, False)
    assert np.flatnonzero(swapped.axon).tolist() == [5, 6]
    assert swapped.n_axon == (0, 10)


def test_nothing_to_tell_from() -> None:
    none = np.zeros(9, int)
    for inputs, outputs in ((none, OUTPUTS), (INPUTS, none), (none, none)):
        found = split(PARENT, 0, inputs, outputs)
        assert not found.axon.any()
        assert np.isnan(found.segregation)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_other_edge_has_more_flow(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 25))
    parent = np.array([-1, *(data.draw(st.integers(0, i - 1)) for i in range(1, n))])
    inputs, outputs = (np.array(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))) for _ in range(2))
    found = split(parent, 0, inputs, outputs)

    def beyond(node: int) -> set[int]:
        return {node}.union(*(beyond(int(c)) for c in np.flatnonzero(parent == node)))

    flows = {}
    for node in range(1, n):
        there = sorted(beyond(node))
        flows[node] = (inputs.sum() - inputs[there].sum()) * outputs[there].sum()
    best = max(flows.values())
    chosen = set(np.flatnonzero(found.axon).tolist())
    if best == 0:
        assert not chosen
        return
    assert chosen in [beyond(node) for node, flow in flows.items() if flow == best]
    assert sum(found.n_axon) + sum(found.n_rest) == inputs.sum() + outputs.sum()
