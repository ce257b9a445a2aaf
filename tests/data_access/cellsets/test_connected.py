"""inputs_of, outputs_of and reciprocal_with against matrices, cell by cell."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.cellsets import CellSetError, Schema, describe, evaluate, following, parse
from data_access.errors import InputError
from data_access.graph import Graph, Orientation
from tests.data_access.cellsets.conftest import FIRST_ID, ROWS, SCHEMA, Table, cells

CONNECTED = replace(SCHEMA, connected=True)


@dataclass(frozen=True)
class Wired(Table):
    """The table of 60 cells with connections between them; `counts`: synapses, row = pre, column = post."""

    counts: np.ndarray

    @property
    def graph(self) -> Graph:
        return graph_of(self.counts)


def graph_of(counts: np.ndarray) -> Graph:
    """The graph of a matrix of synapse counts."""
    sides = []
    for matrix in (counts, counts.T):
        rows = sp.csr_array(matrix)
        sides.append(
            Orientation(rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data.astype(np.uint32))
        )
    whole = np.ones(len(counts), dtype=bool)
    return Graph(sides[0], sides[1], whole, whole)


def random_counts(seed: int, n: int = ROWS, share: float = 0.08) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random((n, n)) < share, rng.integers(1, 7, (n, n)), 0)


@pytest.fixture(scope="module")
def wired() -> Wired:
    """60 cells; cell 5 has only an autapse, 7 sends to none and receives from none."""
    counts = random_counts(4)
    counts[np.arange(0, ROWS, 3), np.arange(0, ROWS, 3)] = 4
    counts[5, :] = counts[:, 5] = counts[7, :] = counts[:, 7] = 0
    counts[5, 5] = 9
    return Wired(cells(), CONNECTED, counts)


def cell(number: int) -> int:
    return FIRST_ID + number


def brute(follow: str, counts: np.ndarray, chosen: set[int], least: int) -> set[int]:
    """Cell by cell and pair by pair."""
    found = set()
    for a in range(len(counts)):
        for b in chosen - {a}:
            forth, back = counts[a, b] >= least, counts[b, a] >= least
            if {"inputs_of": forth, "outputs_of": back, "reciprocal_with": forth and back}[follow]:
                found.add(a)
    return found


FOLLOWS = ["inputs_of", "outputs_of", "reciprocal_with"]
WHOSE = {
    "cell_type == 'MC'": lambda table: set(table.queried("cell_type == 'MC'")),
    "depth_um > 300 and not status_axon": lambda table: set(table.queried("depth_um > 300 and not status_axon")),
    "cell_id.notna()": lambda table: set(range(ROWS)),
    f"{cell(3)}": lambda table: {3},
    f"'{cell(3)}'": lambda table: {3},
    f"{cell(3)}, {cell(5)}, {cell(9)}": lambda table: {3, 5, 9},
    f"{cell(3)} {cell(5)}\n{cell(9)};": lambda table: {3, 5, 9},
    f"'{cell(3)}', \"{cell(9)}\"": lambda table: {3, 9},
    f"[{cell(3)}, {cell(5)}]": lambda table: {3, 5},
    f"({cell(3)}, {cell(5)})": lambda table: {3, 5},
    f"{cell(3)},": lambda table: {3},
    f"cell_id\n{cell(3)}\n{cell(9)}": lambda table: {3, 9},
    f"cell_id in [{cell(3)}, {cell(9)}]": lambda table: {3, 9},
    f"{cell(3)} or cell_type == 'BC'": lambda table: {3, *table.queried("cell_type == 'BC'")},
    "n_out > 100": lambda table: set(),
    "set:mc": lambda table: set(table.queried("cell_type == 'MC'")),
}  # fmt: skip


@pytest.mark.parametrize("least", [None, 1, 3, 7, 10**12])
@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("follow", FOLLOWS)
def test_follows_connections_as_the_matrix_has_them(wired: Wired, follow: str, whose: str, least: int | None) -> None:
    text = f"{follow}({whose}{'' if least is None else f', min_synapses={least}'})"
    expected = brute(follow, wired.counts, WHOSE[whose](wired), least or 1)
    assert wired.select(text, {"mc": "cell_type == 'MC'"}.__getitem__) == sorted(expected)


def test_the_cases_are_no_trivial_ones(wired: Wired) -> None:
    for follow in FOLLOWS:
        assert 0 < len(wired.select(f"{follow}(cell_type == 'MC', min_synapses=2)")) < ROWS


def test_an_autapse_makes_no_cell_its_own_partner(wired: Wired) -> None:
    for follow in FOLLOWS:
        assert wired.select(f"{follow}({cell(5)})") == []
        assert 5 not in wired.select(f"{follow}(n_out < 100)")


def test_nested_and_joined_with_everything_else(wired: Wired) -> None:
    counts, of = wired.counts, wired.queried
    two = brute("inputs_of", counts, brute("outputs_of", counts, set(of("cell_type == 'MC'")), 1), 4)
    assert wired.select("inputs_of(outputs_of(cell_type == 'MC'), min_synapses=4)") == sorted(two)
    both = brute("inputs_of", counts, {3}, 1) & brute("outputs_of", counts, {3}, 1)
    assert set(wired.select(f"inputs_of({cell(3)}) and outputs_of({cell(3)})")) == both
    assert set(wired.select(f"inputs_of({cell(3)}) & ~outputs_of({cell(3)})")) == brute(
        "inputs_of", counts, {3}, 1
    ) - brute("outputs_of", counts, {3}, 1)
    assert set(wired.select(f"not inputs_of({cell(3)}) or status_axon")) == (
        set(range(ROWS)) - brute("inputs_of", counts, {3}, 1) | set(of("status_axon"))
    )
    assert wired.select(f"inputs_of({cell(3)}) == status_axon") == [
        row for row in range(ROWS) if (row in brute("inputs_of", counts, {3}, 1)) == (row in of("status_axon"))
    ]


def test_names_as_ids(named_table: Table) -> None:
    n = len(named_table.frame)
    counts = random_counts(9, n, 0.3)
    wired = Wired(named_table.frame, replace(named_table.schema, connected=True), counts)
    row = named_table.frame["cell_id"].tolist().index
    for inside in ["AVAL, DD-1, 007", "'AVAL' \"DD-1\" 007", "AVAL\nDD-1\n007", "['AVAL', 'DD-1', '007']"]:
        chosen = {row("AVAL"), row("DD-1"), row("007")}
        assert wired.select(f"outputs_of({inside})") == sorted(brute("outputs_of", counts, chosen, 1))
        assert wired.select(f"inputs_of({inside}, min_synapses=3)") == sorted(brute("inputs_of", counts, chosen, 3))
    assert wired.select("inputs_of(AVAL)") == sorted(brute("inputs_of", counts, {0}, 1))
    assert wired.select("inputs_of(AVAL or AVAR)") == sorted(brute("inputs_of", counts, {0, 1}, 1))
    assert wired.select("inputs_of('M 3', \"it's\")") == sorted(
        brute("inputs_of", counts, {row("M 3"), row("it's")}, 1)
    )


REFUSED = [
    ("inputs_of()", "inputs_of() needs cells", 1),
    ("status_axon and inputs_of(  )", "needs cells", 17),
    ("inputs_of(min_synapses=3)", "needs cells", 1),
    ("inputs_of", "no column 'inputs_of'", 1),
    ("inputs_of == 3", "no column 'inputs_of'", 1),
    ("inputs_off(3)", "did you mean inputs_of(...)?", 1),
    ("Inputs_Of(3)", "did you mean inputs_of(...)?", 1),
    ("reciprocal(3)", "did you mean reciprocal_with(...)?", 1),
    ("inputs_of(status_axon, 3)", "write min_synapses=3", 24),
    ("inputs_of(status_axon, status_dendrite)", "join conditions with and or or", 24),
    ("inputs_of(status_axon", "is not closed", 10),
    ("inputs_of(status_axon status_dendrite)", "expected ) or an operator", 23),
    ("inputs_of(status_axn)", "did you mean 'status_axon'", 11),
    ("inputs_of(cell_type)", "needs a comparison", 11),
    ("inputs_of(True)", "alone is no condition", 11),
    ("inputs_of(status_axon, min_synapses=0)", "a whole number of at least 1", 37),
    ("inputs_of(status_axon, min_synapses=-1)", "a whole number of at least 1", 37),
    ("inputs_of(status_axon, min_synapses=1.5)", "a whole number of at least 1", 37),
    ("inputs_of(status_axon, min_synapses='3')", "a whole number of at least 1", 37),
    ("inputs_of(status_axon, min_synapses=n_out)", "a whole number of at least 1", 37),
    ("inputs_of(status_axon, min_synapses=[3])", "a whole number of at least 1", 37),
    ("inputs_of(status_axon, min=3)", "it takes min_synapses", 28),
    ("inputs_of(status_axon, min_synapses=)", "expected a column", 37),
    ("inputs_of(status_axon).isna()", "stands behind a column", 1),
    ("inputs_of(status_axon) > 3", "is true or false", 26),
    ("inputs_of(status_axon) + 1 > 3", "+ needs a number", 1),
    ("inputs_of(8.64691135000000003e17)", "rounded it", 11),
    (f"inputs_of({cell(3)}, BC)", "'BC' is no cell id", None),
    ("n_out in inputs_of(status_axon)", "expected a list of values", 10),
    ("inputs_of(" * 21 + "status_axon" + ")" * 21, "at most 20", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "part", "position"), REFUSED)
def test_refused_with_what_was_expected_and_where(text: str, part: str, position: int | None) -> None:
    with pytest.raises(CellSetError) as refused:
        parse(text, CONNECTED)
    assert part in str(refused.value)
    assert refused.value.position == position


def test_an_unknown_id_inside_is_named(wired: Wired) -> None:
    with pytest.raises(CellSetError, match="cell 12 is not in this dataset"):
        wired.select("inputs_of(12)")


def test_tables_without_connections_refuse(table: Table, make_table: Callable[..., Table]) -> None:
    rows = make_table(pd.DataFrame({"size": [1, 2]}), Schema({"size": "number"}))
    for some in (table, rows):
        with pytest.raises(CellSetError, match="needs connections, and this table has none"):
            some.select("outputs_of(size > 3)" if some is rows else "outputs_of(status_axon)")


WORDS = [
    (f"inputs_of({cell(1)})", f"sends to cell {cell(1)}"),
    (f"inputs_of({cell(1)}, {cell(2)}, min_synapses=3)", "sends at least 3 synapses to one of 2 cells by id"),
    ("outputs_of(cell_type == 'MC')", "receives from a cell where cell_type is MC"),
    ("reciprocal_with(status_axon)", "is connected both ways with a cell where status_axon is true"),
    (
        "reciprocal_with(status_axon, min_synapses=2)",
        "is connected both ways (at least 2 synapses each way) with a cell where status_axon is true",
    ),
    ("not outputs_of(cell_type == 'MC')", "does not receive from any cell where cell_type is MC"),
    (f"not reciprocal_with({cell(1)})", f"is not connected both ways with cell {cell(1)}"),
    (f"inputs_of(outputs_of({cell(1)}))", f"sends to a cell that receives from cell {cell(1)}"),
    (
        "inputs_of(status_axon or n_out > 1) and status_axon",
        "sends to a cell where (status_axon is true or n_out is above 1) and status_axon is true",
    ),
]


@pytest.mark.parametrize(("text", "words"), WORDS)
def test_says_it_in_plain_words(text: str, words: str) -> None:
    assert describe(parse(text, CONNECTED), CONNECTED) == words


LOGIC: dict[str, Callable[[set[int], set[int]], set[int]]] = {
    "and": operator.and_, "or": operator.or_, "and not": operator.sub,
}  # fmt: skip
Tree = tuple[str, Callable[[np.ndarray], set[int]]]
leaves: st.SearchStrategy[Tree] = st.one_of(
    st.integers(0, 11).map(lambda i: (str(i + 1), lambda counts: {i})),
    st.lists(st.integers(0, 11), min_size=1, max_size=3).map(
        lambda some: ("cell_id in [" + ", ".join(str(i + 1) for i in some) + "]", lambda counts: set(some))
    ),
    st.integers(0, 12).map(lambda k: (f"cell_id.notna() and rank < {k}", lambda counts: set(range(k)))),
)


def _grow(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    follows = st.tuples(st.sampled_from(FOLLOWS), inner, st.integers(1, 5)).map(
        lambda t: (
            f"{t[0]}({t[1][0]}, min_synapses={t[2]})",
            lambda counts: brute(t[0], counts, t[1][1](counts), t[2]),
        )
    )
    joined = st.tuples(inner, st.sampled_from(["and", "or", "and not"]), inner).map(
        lambda t: (f"({t[0][0]}) {t[1]} ({t[2][0]})", lambda counts: LOGIC[t[1]](t[0][1](counts), t[2][1](counts)))
    )
    negated = inner.map(lambda t: (f"not ({t[0]})", lambda counts: set(range(len(counts))) - t[1](counts)))
    return st.one_of(follows, follows, joined, negated)


@settings(max_examples=200, deadline=None)
@given(st.recursive(leaves, _grow, max_leaves=6), st.integers(0, 20))
def test_random_trees_select_what_the_matrix_says(tree: Tree, seed: int) -> None:
    text, expected = tree
    counts = random_counts(seed, 12, 0.2)
    frame = pd.DataFrame({"cell_id": np.arange(1, 13), "rank": np.arange(12)})
    wired = Wired(frame, Schema({"rank": "number"}, {}, "cell_id", False, True), counts)
    assert set(wired.select(text)) == expected(counts)


@pytest.mark.parametrize("slots", [1, 7, 50])
@pytest.mark.parametrize("follow", FOLLOWS)
def test_reading_in_blocks_changes_nothing(
    wired: Wired, monkeypatch: pytest.MonkeyPatch, follow: str, slots: int
) -> None:
    texts = [f"{follow}(status_axon, min_synapses=2)", f"{follow}(n_out < 100)"]
    whole = [wired.select(text) for text in texts]
    monkeypatch.setattr(following, "SLOTS", slots)
    assert [wired.select(text) for text in texts] == whole


def test_an_empty_graph_has_no_partners(make_table: Callable[..., Table]) -> None:
    frame = pd.DataFrame({"cell_id": np.array([1, 2])})
    wired = Wired(frame, Schema({}, {}, "cell_id", False, True), np.zeros((2, 2), dtype=int))
    for follow in FOLLOWS:
        assert not evaluate(parse(f"{follow}(1, 2)", wired.schema), wired, 2).any()


pieces = st.lists(
    st.sampled_from([*FOLLOWS, "(", ")", ",", "min_synapses", "=", "1", "3", "12", "cell_id", "in", "[", "]", "not", "and",
                     "or", "rank", "<", "'x'", "set:a", "\n", " ", "-", "True", "nonsense"]),
    max_size=14,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(pieces, st.sampled_from(["", " "]))
def test_whatever_is_written_is_answered_or_refused(parts: list[str], between: str) -> None:
    frame = pd.DataFrame({"cell_id": np.arange(1, 13), "rank": np.arange(12)})
    wired = Wired(frame, Schema({"rank": "number"}, {}, "cell_id", False, True), random_counts(1, 12, 0.2))
    text = between.join(parts)
    try:
        found = wired.select(text, {"a": "1, 2"}.__getitem__)
    except InputError:
        return
    assert set(found) <= set(range(12))
