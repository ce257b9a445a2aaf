"""A tree written as text, and forms: what is written reads as the same again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.cellsets import CellSetError, parse
from data_access.cellsets import form as forms
from data_access.cellsets.form import ColumnRow, FollowRow, Form
from data_access.cellsets.writing import quoted, write
from tests.data_access.cellsets.conftest import SCHEMA
from tests.data_access.cellsets.test_cellsets import AS_PANDAS, BEYOND_PANDAS
from tests.data_access.cellsets.test_properties import conditions

CONNECTED = replace(SCHEMA, connected=True)
NAMES = replace(CONNECTED, ids_are_text=True)


def again(text: str, schema: object = CONNECTED) -> str:
    return write(parse(text, schema, {"ab": "status_axon"}.__getitem__), schema)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [*AS_PANDAS, *(text for text, _ in BEYOND_PANDAS)])
def test_every_accepted_text_is_written_as_the_same_tree(text: str) -> None:
    tree = parse(text, CONNECTED)
    assert parse(write(tree, CONNECTED), CONNECTED) == tree


@settings(max_examples=200, deadline=None)
@given(conditions)
def test_random_trees_are_written_as_the_same(text: str) -> None:
    tree = parse(text, CONNECTED)
    assert parse(write(tree, CONNECTED), CONNECTED) == tree


@given(st.text(max_size=20))
def test_any_text_survives_its_quotes(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    tree = parse(f"cell_type == {quoted(text)}", CONNECTED)
    assert write(tree, CONNECTED) == f"cell_type == {quoted(text)}"
    assert forms.form_of(tree, CONNECTED) == Form((ColumnRow("cell_type", "is", (text,)),))
    if text:
        assert parse(write(parse(f"cell_id == {quoted(text)}", NAMES), NAMES), NAMES).ids == (text,)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "inputs_of(864691135000000003)",
        "outputs_of(864691135000000003, 864691135000000004, min_synapses=3) and status_axon",
        "not reciprocal_with(cell_type == 'BC' or status_axon)",
        "inputs_of(outputs_of(5, 6) and cell_type != 'MC')",
        "set:ab and not set:ab",
        "",
        "864691135000000003, 864691135000000004",
        "cell_id not in [5, 6]",
        "cell_type.str.contains('a.c', regex=False)",
        "cell_type.str.contains('a.c', case=False)",
    ],
)
def test_operators_sets_and_lists_come_back_as_they_were(text: str) -> None:
    assert again(text) == text


ROWS: list[tuple[forms.Row, str]] = [
    (ColumnRow("cell_type", "is", ("BC", "MC")), "cell_type in ['BC', 'MC']"),
    (ColumnRow("cell_type", "is not", ("it's",)), 'cell_type not in ["it\'s"]'),
    (ColumnRow("cell_type", "contains", ("L2/3 (",)), "cell_type.str.contains('L2/3 (', regex=False)"),
    (ColumnRow("cell_type", "does not contain", ("x",)), "not cell_type.str.contains('x')"),
    (ColumnRow("cell_type", "starts with", ("2",)), "cell_type.str.startswith('2')"),
    (ColumnRow("cell_type", "is missing"), "cell_type.isna()"),
    (ColumnRow("depth_um", "is given"), "depth_um.notna()"),
    (ColumnRow("depth_um", "≤", ("1.5",)), "depth_um <= 1.5"),
    (ColumnRow("n_out", "≠", ("−3",)), "n_out != -3"),
    (ColumnRow("depth_um", "between", ("1", "2e2")), "depth_um >= 1 and depth_um <= 200.0"),
    (ColumnRow("status_axon", "is true"), "status_axon"),
    (ColumnRow("status_axon", "is not true"), "not status_axon"),
    (ColumnRow("from type", "is", ("a",)), "`from type` in ['a']"),
    (ColumnRow("cell_id", "is", ("5, 6", "7")), "5, 6, 7"),
    (FollowRow("outputs_of", "cell_type == 'MC'", 3), "outputs_of(cell_type == 'MC', min_synapses=3)"),
    (FollowRow("inputs_of", "set:3f", 1), "inputs_of(set:3f)"),
    (FollowRow("inputs_of", "5 6", 1), "inputs_of(5, 6)"),
]


@pytest.mark.parametrize(("row", "text"), ROWS)
def test_a_row_of_the_form_as_text(row: forms.Row, text: str) -> None:
    assert forms.text_of(Form((row,)), CONNECTED) == text
    parse(text, CONNECTED, lambda name: "")


@pytest.mark.parametrize("joined", ["and", "or"])
def test_rows_together_and_back(joined: forms.Joined) -> None:
    rows = tuple(row for row, _ in ROWS)
    text = forms.text_of(Form(rows, joined), CONNECTED)
    found = forms.form_of(parse(text, CONNECTED, lambda name: ""), CONNECTED)
    assert found is not None
    assert found.joined == joined
    assert len(found.rows) == len(rows)
    assert forms.text_of(found, CONNECTED) == text
    assert forms.read(forms.as_json(found)) == found


@pytest.mark.parametrize(
    "row",
    [
        ColumnRow("cell_type", "is"),
        ColumnRow("cell_type", "contains", (" ",)),
        ColumnRow("depth_um", "between", ("1",)),
        ColumnRow("depth_um", "<", ("",)),
        FollowRow("inputs_of", " "),
    ],
)
def test_rows_that_are_not_filled_in_are_passed_over(row: forms.Row) -> None:
    assert forms.text_of(Form((row, ColumnRow("status_axon", "is true"))), CONNECTED) == "status_axon"
    assert forms.text_of(Form((row,)), CONNECTED) == ""


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (ColumnRow("cell_typ", "is", ("a",)), "row 1: no column 'cell_typ'"),
        (ColumnRow("cell_type", "<", ("a",)), "row 1: cell_type has no test '<'"),
        (ColumnRow("depth_um", "<", ("1 or True",)), "row 1: depth_um needs a number"),
        (ColumnRow("depth_um", "<", ("inf",)), "row 1: depth_um needs a number"),
        (ColumnRow("cell_id", "is", ("AVAL",)), "row 1: cell_id needs whole-number ids"),
        (FollowRow("inputs_of", "cell_typ == 'a'"), "row 1: at character 1: no column 'cell_typ'"),
        (FollowRow("inputs_of", "5", 0), "row 1: at least 1 synapse"),
    ],
)
def test_rows_that_cannot_be_are_refused(row: forms.Row, message: str) -> None:
    with pytest.raises(CellSetError) as refused:
        forms.text_of(Form((row,)), CONNECTED)
    assert message in refused.value.message


@pytest.mark.parametrize(
    "text", ["cell_type == broad_type", "n_out + 1 > 3", "not (status_axon and n_out > 1)", "cell_type > 'A'"]
)
def test_a_set_that_needs_more_than_rows_has_no_form(text: str) -> None:
    assert forms.form_of(parse(text, CONNECTED), CONNECTED) is None


@pytest.mark.parametrize("content", [{"rows": 3}, {"rows": ["x"]}, {"joined": "xor"}, {"rows": [{"column": 1}]},
                                     {"rows": [{"follow": "all_of", "cells": "5", "min_synapses": 1}]}])  # fmt: skip
def test_what_is_no_form_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(CellSetError):
        forms.read(content)
