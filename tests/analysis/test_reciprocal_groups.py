"""Reciprocity by groups against going through all pairs of cells."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import tested as tests
from analysis.reciprocal_groups import grouped
from tests.analysis.graphs import dense, random_graph

N, K = 10, 3
MODES = ("proofread", "complete", "all")
bits = st.lists(st.booleans(), min_size=N, max_size=N).map(np.array)
cells = st.builds(tests.Testability, **{f.name: bits for f in fields(tests.Testability)})
sets = st.lists(st.integers(0, N - 1), unique=True, max_size=N).map(lambda c: np.array(sorted(c), dtype=np.int32))


@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 10**6), cells, sets, sets, st.sampled_from(MODES), st.integers(1, 2), st.booleans(),
    st.lists(st.integers(0, K - 1), min_size=N, max_size=N),
)  # fmt: skip
def test_counts_are_those_of_going_through_all_pairs(
    seed: int, known: tests.Testability, pre: np.ndarray, post: np.ndarray, mode: tests.Tested, least: int, one: bool,
    groups: list[int],
) -> None:  # fmt: skip
    post = pre if one else post
    graph, group = random_graph(seed, N, 150), np.array(groups, np.int32)
    there = np.nan_to_num(dense(graph)) >= least
    sent, received = (part.ravel() for part in np.meshgrid(np.arange(N), np.arange(N), indexing="ij"))
    tested = tests.connection_is_tested(known, sent, received, mode).reshape(N, N)

    wanted = np.zeros((4, K, K), int)
    between = set()
    for g, h in np.ndindex(K, K):
        ordered = [(a, b) for a in pre for b in post if a != b and group[a] == g and group[b] == h]
        unordered = {(min(pair), max(pair)) for pair in ordered}
        wanted[0, g, h] = sum(tested[a, b] and tested[b, a] for a, b in unordered)
        wanted[1, g, h] = sum(tested[a, b] and tested[b, a] and there[a, b] and there[b, a] for a, b in unordered)
        wanted[2, g, h] = sum(there[a, b] and tested[b, a] for a, b in ordered)
        wanted[3, g, h] = sum(there[a, b] and tested[b, a] and there[b, a] for a, b in ordered)
        between |= {(a, b) for a, b in unordered if there[a, b] and there[b, a]}

    found = grouped(graph, known, pre, post, group[pre], group[post], K, mode, least)
    made = (found.n_tested, found.n_reciprocal, found.n_connections, found.n_reciprocated)
    assert np.array(made).tolist() == wanted.tolist()
    assert found.n_pairs == len(between)
    assert found.n_untested == sum(not (tested[a, b] and tested[b, a]) for a, b in between)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(found.fraction, wanted[3] / wanted[2])
    if one:
        assert found.n_reciprocal.tolist() == found.n_reciprocal.T.tolist()
