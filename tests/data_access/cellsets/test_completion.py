"""What is suggested where the cursor (|) stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.cellsets import Schema, parse
from data_access.cellsets.completion import LONGEST, MOST, Completion, complete
from tests.data_access.cellsets.conftest import SCHEMA

VALUES = {
    "cell_type": [("BC", 63), ("MC", 47), ("23P", 9), ("it's", 2), ("L2/3 (a)", 1)],
    "layer": [("1", 4), ("2", 3)],
    "from type": [("x", 1)],
    "n_out": [("-1", 3), ("4", 2)],
}


@dataclass(frozen=True)
class Words:
    schema: Schema
    names: Sequence[str] = ("AVAL", "AVAR", "DD-1", "status_axon")

    def meaning(self, column: str) -> str:
        return f"meaning of {column}"

    def values(self, column: str) -> Sequence[tuple[str, int]]:
        return VALUES.get(column, [])

    def sets(self) -> Sequence[tuple[str, str]]:
        return [("a1b2", "baskets of layer 2"), ("ffee", "mine")]

    def ids(self, start: str, most: int) -> Sequence[str]:
        return [n for n in self.names if n.casefold().startswith(start.casefold())][:most]


CORTEX = Words(replace(SCHEMA, connected=True))
WORM = Words(replace(SCHEMA, connected=True, ids_are_text=True))


def at(text: str, words: Words = CORTEX) -> Completion:
    place = text.index("|")
    return complete(text.replace("|", ""), place, words)


def texts(text: str, words: Words = CORTEX) -> list[str]:
    return [item.text for item in at(text, words).items]


def taken(text: str, label: str, words: Words = CORTEX) -> str:
    """The text after the suggestion was taken."""
    found = at(text, words)
    item = next(item for item in found.items if item.label == label)
    whole = text.replace("|", "")
    return whole[: found.start] + item.text + whole[found.end :]


FIRST = [
    ("|", "cell_id "),
    ("cell|", "cell_id "),
    ("TYP|", "type "),
    ("status_axon and |", "cell_id "),
    ("not |", "cell_id "),
    ("(|", "cell_id "),
    ("`from|", "`from type` "),
    ("from|", "`from type` "),
    ("cell_type |", "== "),
    ("cell_type =|", "== "),
    ("cell_type !|", "!= "),
    ("n_out <|", "< "),
    ("n_out |", "== "),
    ("n_out.|", "between("),
    ("cell_type.|", "str.startswith('"),
    ("cell_type.str.|", "startswith('"),
    ("cell_type.str.con|", "contains('"),
    ("cell_type == |", "'BC'"),
    ("cell_type == M|", "'MC'"),
    ("cell_type == 'm|", "'MC'"),
    ('cell_type == "m|', '"MC"'),
    ("cell_type == it|", '"it\'s"'),
    ("cell_type == 2/|", ""),
    ("type == 'B|", "'BC'"),
    ("`from type` == |", "'x'"),
    ("cell_type in [|", "'BC'"),
    ("cell_type in ['BC', |", "'MC'"),
    ("cell_type not in ['BC', 'M|", "'MC'"),
    ("cell_type.isin(['BC', |", "'MC'"),
    ("cell_type.str.startswith('|", "'BC')"),
    ("cell_type in ['BC'|", ", "),
    ("cell_type in ['BC' |", ", "),
    ("n_out == |", "-1"),
    ("n_out in [-1, |", "4"),
    ("status_axon == |", "True"),
    ("status_axon |", "== False"),
    ("cell_type == 'BC' |", "and "),
    ("cell_type == 'BC' o|", "or "),
    ("(cell_type == 'BC' |", "and "),
    ("inp|", "inputs_of("),
    ("inputs_of(|", "cell_id "),
    ("inputs_of(status_axon, |", "min_synapses="),
    ("inputs_of(cell_type == 'BC' and inputs_of(cell_type == |", "'BC'"),
    ("set:|", "set:a1b2"),
    ("bask|", "set:a1b2"),
    ("864691, |", ""),
    ("n_out > 3 + |", ""),
]


@pytest.mark.parametrize(("text", "first"), FIRST)
def test_the_first_suggestion(text: str, first: str) -> None:
    assert next(iter(texts(text)), "") == first


def test_values_come_with_their_counts_and_columns_with_their_meaning() -> None:
    assert [(i.label, i.detail) for i in at("cell_type == |").items][:2] == [("BC", "63"), ("MC", "47")]
    column = next(i for i in at("cell_t|").items if i.label == "cell_type")
    assert column.detail == "meaning of cell_type"
    alias = next(i for i in at("pt_|").items)
    assert (alias.text, alias.detail) == ("pt_root_id ", "= cell_id")


def test_what_is_closed_can_be_closed() -> None:
    assert ")" in texts("(status_axon |")
    assert "]" in texts("cell_type in ['BC' |")
    assert ")" not in texts("status_axon |")


def test_a_value_already_in_the_list_is_not_offered_again() -> None:
    assert "'BC'" not in texts("cell_type in ['BC', |")


@pytest.mark.parametrize(
    ("text", "label", "result"),
    [
        ("cell|", "cell_type", "cell_type "),
        ("cell_type == 'M|", "MC", "cell_type == 'MC'"),
        ("cell_type == '|C' and status_axon", "MC", "cell_type == 'MC' and status_axon"),
        ("cell_type in ['BC', 'M|'] and status_axon", "MC", "cell_type in ['BC', 'MC'] and status_axon"),
        ("cell_type == 'M| and status_axon", "MC", "cell_type == 'MC' and status_axon"),
        ("sta|tus_axon and n_out > 1", "status_dendrite", "status_dendrite  and n_out > 1"),
        ("cell_type.str.starts|", "startswith", "cell_type.str.startswith('"),
        ("cell_type.str.startswith('|", "BC", "cell_type.str.startswith('BC')"),
        ("not mine|", "mine", "not set:ffee"),
        ("cell_type == L|", "L2/3 (a)", "cell_type == 'L2/3 (a)'"),
        ("ümlaut 𝔸 cell_type == |", "BC", "ümlaut 𝔸 cell_type == 'BC'"),
    ],
)
def test_taking_a_suggestion(text: str, label: str, result: str) -> None:
    assert taken(text, label) == result


def test_names_of_cells() -> None:
    assert texts("AV|", WORM)[:2] == ["AVAL", "AVAR"]
    assert texts("AVAL, av|", WORM)[:2] == ["AVAL", "AVAR"]
    assert texts("inputs_of(dd|", WORM)[:1] == ["'DD-1'"]
    assert texts("cell_id == AV|", WORM)[:1] == ["'AVAL'"]
    assert texts("cell_id in ['AV|", WORM)[:1] == ["'AVAL'"]
    assert "'status_axon'" in texts("status|", WORM)  # a column of that name: the cell needs quotes
    assert texts("AV|") == []


def test_no_connectivity_where_there_are_no_connections() -> None:
    assert not [t for t in texts("|", Words(SCHEMA)) if "puts_of" in t]


def test_nothing_for_what_is_whole_already() -> None:
    assert texts("status_axon|") == []
    assert texts("status_axon == True|") == []


def test_long_lists_are_cut_and_say_so() -> None:
    many = Words(replace(SCHEMA, columns={f"c{i}": "number" for i in range(100)}))
    found = at("|", many)
    assert len(found.items) == MOST
    assert found.total > 100
    assert complete("x" * (LONGEST + 1), 5, CORTEX).items == ()


SPELLED = [
    "cell_type == 'BC' and status_axon",
    "cell_type in ['BC', 'MC'] or n_out == -1",
    "not status_dendrite",
    "inputs_of(cell_type == 'MC', min_synapses=3)",
    "cell_type.str.startswith('BC')",
    "`from type` == 'x'",
]


@pytest.mark.parametrize("text", SPELLED)
def test_a_whole_set_can_be_written_by_taking_suggestions(text: str) -> None:
    """Taking suggestions alone leads to every right text, but for digits and what closes behind them."""
    parse(text, CORTEX.schema)
    wanted, reached = text.replace(" ", ""), ""
    for _ in range(40):
        whole = reached.replace(" ", "")
        if whole == wanted:
            return
        if wanted[len(whole)].isdigit() or whole[-1:].isdigit():
            reached += wanted[len(whole)]
            continue
        found = at(reached + "|")
        results = [reached[: found.start] + item.text for item in found.items]
        fits = [r for r in results if wanted.startswith(r.replace(" ", "")) and len(r.replace(" ", "")) > len(whole)]
        assert fits, (reached, [item.text for item in found.items])
        reached = max(fits, key=len)
    raise AssertionError(reached)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abc_typel 'BC\"`()[].,=!<>&|~+-:0123456789\n\\é𝔸", max_size=60), st.integers(0, 70))
def test_any_text_gets_suggestions_that_fit_into_it(text: str, place: int) -> None:
    found = complete(text, place, WORM)
    assert 0 <= found.start <= found.end <= len(text)
    assert found.start <= min(place, len(text)) <= found.end
