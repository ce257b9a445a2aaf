"""Pasted ids, in any form, and what is said about those that cannot be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data_access.cellsets import CellSetError, Schema, UnknownIdsError, describe, parse
from data_access.cellsets.tree import Ids

A, B, C = 864691135000000002, 864691135000000003, 864691135000000004

NUMBER_FORMS = [
    f"{A}, {B}, {C}",
    f"{A},{B},{C}",
    f"{A} {B} {C}",
    f"{A}\n{B}\n{C}\n",
    f"{A}\r\n{B}\r\n{C}\r\n",
    f"{A}\t{B}\t{C}",
    f"{A}, {B}\n{C},",
    f",{A},,{B} ; {C};",
    f"[{A}, {B}, {C}]",
    f"[{A}, {B}, {C},]",
    f"({A}, {B}, {C})",
    f"{{{A}, {B}, {C}}}",
    f"[{A} {B} {C}]",
    f"[[{A}, {B}, {C}]]",
    f"'{A}', '{B}', '{C}'",
    f'"{A}" "{B}" "{C}"',
    f"[\"{A}\", {B}, '{C}']",
    f"“{A}”, ‘{B}’, {C}",
    f"array([{A}, {B},\n       {C}])",
    f"array([{A}, {B}, {C}], dtype=int64)",
    f"Index([{A}, {B}, {C}], dtype='int64')",
    f"[np.int64({A}), np.int64({B}), np.int64({C})]",
    f"pt_root_id\n{A}\n{B}\n{C}",
    f"cell_id,{A},{B},{C}",
    f"\ufeff{A}\u00a0{B}\u200b{C}",
    f"{A} {B} {C} {A} {A}",
    f"cell_id in [{A}, {B}, {C}]",
    f"pt_root_id.isin([{A}, {B}, '{C}'])",
    f"{A} or {B} or {C}",
    f"cell_id == {A} | cell_id == '{B}' | {C}",
]


@pytest.mark.parametrize("text", NUMBER_FORMS)
def test_every_pasted_form_selects_the_same_three_cells(table, text):
    assert table.select(text) == [1, 2, 3]


@pytest.mark.parametrize("text", NUMBER_FORMS[:-2])
def test_the_echo_counts_the_cells(table, text):
    assert describe(parse(text, table.schema), table.schema) == "3 cells by id"


def test_one_id_is_echoed_whole(table):
    assert describe(parse(f" {A}\n", table.schema), table.schema) == f"cell {A}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("AVAL", ["AVAL"]),
        ("AVAL AVAR", ["AVAL", "AVAR"]),
        ("AVAL, I1L,\nSMDDL", ["AVAL", "I1L", "SMDDL"]),
        ("hyp exc_cell", ["hyp", "exc_cell"]),
        ("DD-1, VB.2", ["DD-1", "VB.2"]),
        ("DD-1", ["DD-1"]),
        ("VB.2", ["VB.2"]),
        ("007", ["007"]),
        ("['007', AVAL]", ["007", "AVAL"]),
        ("'M 3'", ["M 3"]),
        ("'M 3' AVAL", ["M 3", "AVAL"]),
        ('"it\'s"', ["it's"]),
        ("'it\\'s'", ["it's"]),
        ("ümlaut", ["ümlaut"]),
        ("(AVAL)", ["AVAL"]),
        ("AVAL;AVAR;", ["AVAL", "AVAR"]),
        ("“AVAL” “I1L”", ["AVAL", "I1L"]),
        ("AVAL or AVAR", ["AVAL", "AVAR"]),
        ("AVAL | 'DD-1'", ["AVAL", "DD-1"]),
        ("[AVAL, 'DD-1', 007] and n_out > -9", ["AVAL", "DD-1", "007"]),
        ("cell_id == AVAL", ["AVAL"]),
        ("AVAL == cell_id", ["AVAL"]),
        ("cell_id == 'AVAL' or cell_id == 007", ["AVAL", "007"]),
        ("cell_id in [AVAL, 'hyp', 007]", ["AVAL", "hyp", "007"]),
        ("cell_id.str.startswith('AV')", ["AVAL", "AVAR"]),
        ("cell_id.str.contains('^[A-Z]{4}$')", ["AVAL", "AVAR"]),
        ("cell_id >= 'hyp'", ["hyp", "it's", "ümlaut"]),
    ],
)
def test_cells_with_names(named_table, text, names):
    ids = named_table.frame["cell_id"].tolist()
    assert [ids[row] for row in named_table.select(text)] == sorted(names, key=ids.index)


def test_not_of_a_name_is_all_others(named_table):
    assert named_table.select("not AVAL") == list(range(1, 12))


def test_a_bare_word_is_a_column_first_and_quotes_make_it_an_id(named_table, make_table):
    frame = named_table.frame.assign(cell_id=["status_axon", *named_table.frame["cell_id"].tolist()[1:]])
    odd = make_table(frame, named_table.schema)
    assert odd.select("status_axon") == np.flatnonzero(frame["status_axon"]).tolist()
    assert odd.select("'status_axon'") == [0]
    assert odd.select("'status_axon', AVAR") == [0, 1]
    with pytest.raises(CellSetError, match="expected an operator"):
        odd.select("status_axon, AVAR")


def test_a_word_that_is_neither_gets_the_nearest_of_both(named_table):
    with pytest.raises(UnknownIdsError, match="'status_axn' is neither a column nor a cell") as refused:
        named_table.select("status_axn")
    assert "'status_axon'" in refused.value.hint
    with pytest.raises(UnknownIdsError) as refused:
        named_table.select("AVA")
    assert "did you mean 'AVAR' or 'AVAL'?" in refused.value.hint


def test_upper_case_and_is_no_cell(named_table):
    with pytest.raises(CellSetError, match="write 'and' in lower case"):
        named_table.select("AVAL AND AVAR")


def test_an_unknown_id_is_named(table):
    with pytest.raises(UnknownIdsError) as refused:
        table.select(f"{A}, 864691135999999999")
    assert refused.value.message == "cell 864691135999999999 is not in this dataset"
    assert refused.value.unknown_ids == ("864691135999999999",)


def test_of_many_unknown_ids_three_are_named_and_all_are_kept(table):
    unknown = tuple(str(864691135999999000 + i) for i in range(500))
    with pytest.raises(UnknownIdsError) as refused:
        table.select(" ".join([str(A), *unknown, str(B)]))
    assert refused.value.unknown_ids == unknown
    assert "500 cells are not in this dataset" in refused.value.message
    assert all(name in refused.value.message for name in unknown[:3])
    assert len(str(refused.value)) < 300


def test_an_id_beyond_int64_is_unknown_and_not_rounded(table):
    for text in ["864691135000000002864691135000000002", "18446744073709551615", "9223372036854775808"]:
        with pytest.raises(UnknownIdsError, match="not in this dataset"):
            table.select(text)


@pytest.mark.parametrize("first", [0, 864691135000000000])
@pytest.mark.parametrize("form", ["{}", "cell_id in [{}]", "not [{}]", "(n_out > 3) & ({})"])
def test_lists_of_hundreds_of_thousands_of_ids_parse_whole(table, first, form):
    ids = [str(first + i) for i in range(250_000)]
    text = form.format(", ".join(ids))
    tree = parse(text, table.schema)
    named = [node for node in (tree, *vars(tree).get("parts", ()), vars(tree).get("part")) if isinstance(node, Ids)]
    assert named[0].ids == tuple(ids)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_long_lists_of_quoted_ids_parse_whole(table, quote):
    ids = [str(A + i) for i in range(200_000)]
    joined = f"{quote}, {quote}".join(ids)
    for text in (f"{quote}{joined}{quote}", f"[{quote}{joined}{quote}]", f"cell_id in [{quote}{joined}{quote}]"):
        assert parse(text, table.schema) == parse(" ".join(ids), table.schema)


def test_a_million_ids_are_read(table):
    numbers = [str(i % 1000) for i in range(1_000_000)]
    tree = parse(",".join(numbers), table.schema)
    assert isinstance(tree, Ids)
    assert tree.ids == tuple(numbers)


def test_more_than_a_million_ids_are_refused(table):
    with pytest.raises(CellSetError, match="at most 1,000,000"):
        parse("1 " * 1_000_001, table.schema)


def test_every_published_worm_name_can_be_pasted(real_data, make_table):
    nodes = pd.read_csv(real_data / "real" / "celegans_hermaphrodite" / "nodes.csv.gz", dtype=str)
    worm = make_table(nodes.rename(columns={"node_id": "cell_id"}), Schema({"pair": "text"}, {}, "cell_id", True))
    names = worm.frame["cell_id"].tolist()
    assert len(names) > 400
    for form in (", ".join(names), "\n".join(names), str(names), " ".join(f'"{name}"' for name in names)):
        assert worm.select(form) == list(range(len(names)))
    for row, name in enumerate(names):
        assert worm.select(name) == [row]


def test_every_published_root_id_can_be_pasted(real_data, make_table):
    file = real_data / "real" / "microns_l23_v185" / "soma_valence_v185.csv"
    ids = pd.read_csv(file)["pt_root_id"].drop_duplicates().to_numpy()
    cortex = make_table(pd.DataFrame({"cell_id": ids}), Schema({}, {"pt_root_id": "cell_id"}, "cell_id"))
    for form in (str(ids.tolist()), repr(ids), "pt_root_id\n" + "\n".join(map(str, ids)), str(list(ids))):
        assert cortex.select(form) == list(range(len(ids)))
    with pytest.raises(CellSetError, match="the list was shortened when it was printed"):
        cortex.select(str(np.resize(ids, 5000)))


@pytest.mark.parametrize("heading", ["root_id", "segment", '"Segment ID"', "bodyId", "pre.id"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_heading_of_a_pasted_column_is_passed_over_and_told(table, heading, end):
    text = end.join([heading, str(A), str(B), f'"{C}"', ""])
    assert table.select(text) == [1, 2, 3]
    assert describe(parse(text, table.schema), table.schema).startswith("3 cells by id, under the heading ")


@pytest.mark.parametrize(
    "text",
    [f"BC {A}", f"BC, {A}\n{B}", f"{A}\nBC\n{B}", f"BC\n{A}\nMC", "BC\n", f"not\n{A}", f"n_out\n{A}", f"is\n{A}"],
)
def test_what_is_no_heading_stays_a_mistake_or_an_expression(table, text):
    try:
        assert table.select(text) == [row for row in range(60) if row != 1]  # not A
    except CellSetError:
        assert not text.startswith("not")
