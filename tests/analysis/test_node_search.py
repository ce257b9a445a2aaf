"""Three-node search: against all assignments by hand, on small random graphs with every kind of constraint."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis import node_search
from analysis.node_search import ABSENT, EDGES, FREE, NODES, PER_CELL, Constraint, Edges, Question
from data_access.errors import InputError

SETTINGS = settings(deadline=None, max_examples=120)
CONSTRAINTS = st.one_of(
    st.just(FREE), st.just(ABSENT), st.builds(Constraint, st.integers(1, 4), st.sampled_from([0.0, 30.0]))
)


def random_edges(seed: int, n: int, m: int, sizes: bool = True) -> Edges:
    rng = np.random.default_rng(seed)
    pairs = rng.choice(n * n, m, replace=False)
    size = 100 * rng.random(m) if sizes else None
    return Edges((pairs // n).astype(np.int32), (pairs % n).astype(np.int32), rng.integers(1, 6, m), size)


def by_hand(edges: Edges, question: Question) -> list[tuple[int, int, tuple[int, ...]]]:
    """(-weakest, -total, (a, b, c)) of every match, sorted."""
    sizes = np.zeros(len(edges.pre)) if edges.size is None else edges.size
    there = {
        (int(a), int(b)): (int(s), float(z))
        for a, b, s, z in zip(edges.pre, edges.post, edges.synapses, sizes, strict=True)
    }
    found = []
    for cells in permutations(range(len(question.member)), 3):
        if not all(question.member[cells[i]] >> i & 1 for i in range(3)):
            continue
        strengths, good = [], True
        for way, wanted in question.edges.items():
            edge = there.get((cells[NODES.index(way[0])], cells[NODES.index(way[1])]))
            if wanted.absent:
                good &= edge is None
            elif wanted.least:
                good &= edge is not None and edge[0] >= wanted.least and edge[1] >= wanted.size
                strengths += [edge[0]] if edge else []
        if good:
            found.append((-min(strengths), -sum(strengths), cells))
    return sorted(found)


def asked(member: np.ndarray, edges: dict[str, Constraint]) -> Question | None:
    try:
        return Question(member, edges)
    except InputError:
        return None


@SETTINGS
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 7), min_size=9, max_size=9),
    st.fixed_dictionaries(dict.fromkeys(EDGES, CONSTRAINTS)),
)
def test_count_and_examples_are_those_of_all_assignments(
    seed: int, member: list[int], wanted: dict[str, Constraint]
) -> None:
    question = asked(np.array(member, np.uint8), wanted)
    assume(question is not None)
    assert question is not None
    edges = random_edges(seed, 9, 40)
    expected = by_hand(edges, question)
    assert node_search.count(edges, 9, question) == len(expected)
    all_of = node_search.examples(edges, 9, question, 600)
    assert sorted(map(tuple, all_of.cells.tolist())) == sorted(cells for _, _, cells in expected)
    best = node_search.examples(edges, 9, question, 3)
    assert len(best.cells) == min(3, len(expected))
    if expected:
        assert (best.weakest[0], best.total[0]) == (-expected[0][0], -expected[0][1])


def test_overlapping_sets_count_ordered_assignments() -> None:
    """All cells in all three nodes: a cycle of three is met three times, once for each start."""
    edges = Edges(np.array([0, 1, 2], np.int32), np.array([1, 2, 0], np.int32), np.array([1, 1, 1]))
    question = Question(np.full(4, 7, np.uint8), {"ab": Constraint(1), "bc": Constraint(1), "ca": Constraint(1)})
    assert node_search.count(edges, 4, question) == 3


def test_the_same_cell_is_never_two_nodes() -> None:
    """a -> b -> a is no match of a -> b -> c, and an autapse is no connection."""
    edges = Edges(np.array([0, 1, 1], np.int32), np.array([1, 0, 1], np.int32), np.array([5, 5, 9]))
    assert (
        node_search.count(edges, 3, Question(np.full(3, 7, np.uint8), {"ab": Constraint(1), "bc": Constraint(1)})) == 0
    )


def test_examples_are_strong_and_do_not_repeat_one_cell() -> None:
    """One strong a with 40 chains, and 40 weak chains of other cells: both are shown."""
    n = 1 + 40 + 40 + 40 + 1
    strong = [(0, 1 + i, 9) for i in range(40)] + [(1 + i, n - 1, 9) for i in range(40)]
    weak = [(41 + i, 81 + i, 4) for i in range(40)] + [(81 + i, n - 1, 4) for i in range(40)]
    pre, post, synapses = (np.array(v) for v in zip(*(strong + weak), strict=True))
    question = Question(np.full(n, 7, np.uint8), {"ab": Constraint(1), "bc": Constraint(1)})
    edges = Edges(pre.astype(np.int32), post.astype(np.int32), synapses)
    found = node_search.examples(edges, n, question, 10)
    assert len(found.cells) == 10
    assert found.weakest[0] == 9
    first = node_search.examples(edges, n, question, PER_CELL)
    assert Counter(first.cells[:, 0].tolist())[0] == PER_CELL
    assert list(found.weakest) == sorted(found.weakest, reverse=True)


@pytest.mark.parametrize("wanted", [{}, {"ab": Constraint(1)}, {"ab": Constraint(1), "ba": Constraint(2)},
                                    {"ab": Constraint(1), "bc": ABSENT, "ac": ABSENT}])  # fmt: skip
def test_nodes_that_nothing_links_are_refused(wanted: dict[str, Constraint]) -> None:
    with pytest.raises(InputError, match="do not link all three") as error:
        Question(np.full(3, 7, np.uint8), wanted)
    assert "at least two" in error.value.hint


def test_no_match_and_no_size() -> None:
    edges = random_edges(1, 9, 40, sizes=False)
    question = Question(np.full(9, 7, np.uint8), {"ab": Constraint(1), "bc": Constraint(99)})
    assert node_search.count(edges, 9, question) == 0
    assert len(node_search.examples(edges, 9, question, 5).cells) == 0
    sized = Question(question.member, {"ab": Constraint(1), "bc": Constraint(1, 10.0)})
    assert node_search.count(edges, 9, sized) == 0
