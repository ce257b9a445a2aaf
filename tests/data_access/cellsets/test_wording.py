"""The echo: a cell set in plain words."""

from __future__ import annotations

import pytest

from data_access.cellsets import Schema, describe, parse

WORDS = [
    ("", "all cells"),
    ("cell_type in ['BC', 'MC'] and status_axon", "cell_type is one of BC, MC and status_axon is true"),
    ("cell_type == 'BC'", "cell_type is BC"),
    ("cell_type != 'BC'", "cell_type is not BC"),
    ("not cell_type == 'BC'", "cell_type is not BC"),
    ("not not status_axon", "status_axon is true"),
    ("cell_type == 'L2/3 (a)'", "cell_type is 'L2/3 (a)'"),
    ("cell_type == ''", "cell_type is ''"),
    ("type in ['BC']", "cell_type is BC"),
    ("cell_type not in ['BC', 'MC']", "cell_type is none of BC, MC"),
    ("cell_type in []", "cell_type is one of an empty list"),
    ("depth_um < 300", "depth_um is below 300"),
    ("300 < depth_um", "depth_um is above 300"),
    ("0 <= depth_um <= 5.5", "depth_um is at least 0 and depth_um is at most 5.5"),
    ("not depth_um < 300", "depth_um is not below 300"),
    ("status_axon == False", "status_axon is false"),
    ("~status_axon | status_dendrite", "status_axon is not true or status_dendrite is true"),
    (
        "(status_axon or status_dendrite) and n_out > 3",
        "(status_axon is true or status_dendrite is true) and n_out is above 3",
    ),
    ("not (status_axon or n_out > 3)", "not (status_axon is true or n_out is above 3)"),
    ("x_nm / 1000 - 3 > n_out", "(x_nm / 1000) - 3 is above n_out"),
    ("-n_out == 3", "-n_out is 3"),
    ("broad_type == `from type`", "broad_type is the same as from type"),
    ("broad_type != `from type`", "broad_type differs from from type"),
    ("(n_out > 3) == status_axon", "(n_out is above 3) is the same as status_axon"),
    ("cell_type.isna()", "cell_type is missing"),
    ("cell_type.notna()", "cell_type is given"),
    ("cell_type.str.startswith('PEN')", "cell_type starts with PEN"),
    ("not cell_type.str.endswith('ET')", "cell_type does not end with ET"),
    ("cell_type.str.startswith(('a', 'b'))", "cell_type starts with a or b"),
    ("cell_type.str.contains('PEN')", "cell_type contains PEN"),
    ("cell_type.str.contains('pen', case=False)", "cell_type contains pen, in upper or lower case"),
    ("cell_type.str.contains('^L[23]')", "cell_type contains the pattern '^L[23]'"),
    ("cell_type.str.fullmatch('L.')", "cell_type as a whole is the pattern 'L.'"),
    ("cell_type.str.lower() == 'bc'", "cell_type in lower case is bc"),
    ("864691135000000001", "cell 864691135000000001"),
    ("cell_id == 864691135000000001", "cell 864691135000000001"),
    ("1, 2, 3, 3", "3 cells by id"),
    ("not [1, 2] and status_axon", "not 2 cells by id and status_axon is true"),
    ("n_out in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "n_out is one of 1, 2, 3, 4, 5, 6, 7, 8 and 2 more"),
]


@pytest.mark.parametrize(("text", "words"), WORDS)
def test_in_plain_words(table, text, words):
    assert describe(parse(text, table.schema), table.schema) == words


def test_all_rows_where_rows_are_not_cells():
    schema = Schema({"size": "number"})
    assert describe(parse("", schema), schema) == "all rows"


def test_a_stored_set_is_spelled_out_once(table):
    tree = parse("set:a1 or set:a1 and n_out > 3", table.schema, {"a1": "cell_type == 'BC'"}.__getitem__)
    words = describe(tree, table.schema)
    assert words == "the stored set a1 (cell_type is BC) or (the stored set a1 and n_out is above 3)"


def test_long_sets_have_short_echoes(table):
    for text in [
        " or ".join(f"n_out == {i}" for i in range(900)),
        "cell_type in [" + ",".join(f"'type {i}'" for i in range(100_000)) + "]",
        f"cell_type == '{'a' * 9_000}'",
        " ".join(str(i) for i in range(500_000)),
    ]:
        words = describe(parse(text, table.schema), table.schema)
        assert 0 < len(words) <= 1_000


def test_the_echo_prints_nothing_that_turns_the_line_round(table):
    words = describe(parse("cell_type == '\u202eCB\x07'", table.schema), table.schema)
    assert words.isprintable()
    assert "\\u202e" in words
