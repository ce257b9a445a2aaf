"""What a cell set selects: the same as DataFrame.query where pandas can say it, and what is refused otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data_access.cellsets import (
    CellSetError,
    Schema,
    UnknownIdsError,
    UnknownValuesError,
    columns_of,
    describe,
    parse,
)
from data_access.errors import InputError

FIRST = 864691135000000001

AS_PANDAS = [
    "cell_type == 'BC'",
    'cell_type == "BC"',
    "cell_type != 'BC'",
    "'BC' == cell_type",
    "'BC' != cell_type",
    "cell_type in ['BC', 'MC']",
    "cell_type in ('BC', 'MC')",
    "cell_type in ['BC', 'MC',]",
    "cell_type in ['BC']",
    "cell_type in ('BC',)",
    "cell_type not in ['BC', 'MC']",
    "cell_type == ['BC', 'MC']",
    "['BC', 'MC'] == cell_type",
    "cell_type != ['BC', 'MC']",
    "cell_type == 'L2/3 (a)'",
    "cell_type in ['BC', \"5P-ET\"] and status_axon",
    "not cell_type == 'BC'",
    "not cell_type in ['BC', 'MC']",
    "not not status_axon",
    "status_axon",
    "not status_axon",
    "~status_axon",
    "~~status_axon",
    "(status_axon)",
    "((status_axon))",
    "status_axon == True",
    "status_axon == False",
    "status_axon != True",
    "status_axon != False",
    "True == status_axon",
    "status_axon == status_dendrite",
    "status_axon != status_dendrite",
    "status_axon and status_dendrite",
    "status_axon or status_dendrite",
    "status_axon & status_dendrite",
    "status_axon | status_dendrite",
    "status_axon & ~status_dendrite",
    "~status_axon & ~status_dendrite",
    "~(status_axon | status_dendrite)",
    "not status_axon and status_dendrite",
    "not (status_axon and status_dendrite)",
    "status_axon or status_dendrite and n_out > 0",
    "(status_axon or status_dendrite) and n_out > 0",
    "status_axon | status_dendrite & n_out > 0",
    "n_out > 0 & status_axon",
    "n_out > 0 | status_axon & depth_um < 300",
    "not n_out > 0 & status_axon",
    "~(n_out > 0) & status_axon",
    "n_out > 0 and n_out < 3 or cell_type == 'MC' and not status_axon",
    "depth_um < 300",
    "depth_um <= 303",
    "depth_um > 300",
    "depth_um >= 303.0",
    "depth_um == 303",
    "depth_um == 50.5",
    "depth_um != 50.5",
    "depth_um == depth_um",
    "depth_um != depth_um",
    "300 > depth_um",
    "300.5<=depth_um",
    "depth_um in [0, 50.5, 101]",
    "depth_um not in [0, 50.5, 101]",
    "n_out in [-5, 0, 2]",
    "n_out in [1.0, 2.5]",
    "n_out not in (1, 2)",
    "n_out == [1, 2]",
    "[1, 2] == n_out",
    "n_out == -3",
    "n_out == +3",
    "n_out > -1.5",
    "n_out < 1e3",
    "n_out < 1.5e-3",
    "n_out < .5",
    "n_out >= 2.",
    "n_out == 2.0",
    "n_out == 2.5",
    "n_out != 2.5",
    "n_out < 2.5",
    "n_out <= 2.5",
    "n_out >= 2.5",
    "n_out < -2.5",
    "n_out < 99999999999999999999",
    "n_out > 99999999999999999999",
    "0 < n_out < 3",
    "0 <= n_out <= 3 < 5 + n_out",
    "-3 < n_out <= depth_um",
    "0 < n_out < 3 and status_axon",
    "n_out == n_out",
    "n_out < depth_um",
    "x_nm / 1000 > 500",
    "x_nm/1000 - depth_um > 100",
    "x_nm + n_out * 2 > 500000",
    "(x_nm + n_out) * 2 > 500000",
    "x_nm - n_out - 5 > 400000",
    "x_nm / 10 / 10 > 5000",
    "-n_out > 2",
    "-n_out * 2 > 2",
    "--n_out > 2",
    "n_out * -1 > 2",
    "2 - n_out > 2 * 1",
    "n_out / 0 > 1",
    "n_out * n_out == 4",
    "(x_nm / 1000) in [1, 2]",
    "(n_out > 0) == status_axon",
    "(n_out > 0) != (depth_um > 300)",
    "broad_type < 'f'",
    "broad_type >= 'excitatory'",
    "'f' > broad_type",
    "broad_type == `from type`",
    "`from type` != broad_type",
    "broad_type <= `from type`",
    "`from type` == 'inhibitory'",
    "`from type` in ['inhibitory']",
    "cell_type == cell_type",
    "cell_type != cell_type",
    "cell_type.isna()",
    "cell_type.isnull()",
    "cell_type.notna()",
    "cell_type.notnull()",
    "not cell_type.isna()",
    "~cell_type.isna()",
    "~cell_type.isna() & status_axon",
    "depth_um.isna()",
    "depth_um.notna() and depth_um > 300",
    "n_out.isna()",
    "cell_type.isin(['BC', 'MC'])",
    "cell_type.isin(('BC', 'MC'))",
    "~cell_type.isin(['BC', 'MC'])",
    "n_out.isin([1, 2])",
    "depth_um.between(50.5, 303)",
    "depth_um.between(left=50.5, right=303)",
    "depth_um.between(50.5, 303, inclusive='neither')",
    "depth_um.between(50.5, 303, inclusive='left')",
    "depth_um.between(50.5, 303, 'right')",
    "n_out.between(-1, n_out)",
    "broad_type.str.startswith('ex')",
    "broad_type.str.endswith('tory')",
    "not broad_type.str.endswith('atory')",
    "broad_type.str.contains('hib')",
    "broad_type.str.contains('HIB', case=False)",
    "broad_type.str.contains('^ex.*ory$')",
    "broad_type.str.contains('.', regex=False)",
    "broad_type.str.contains('in|zz')",
    "broad_type.str.match('ex|hib')",
    "broad_type.str.fullmatch('in.*')",
    "broad_type.str.fullmatch('in')",
    "broad_type.str.upper() == 'EXCITATORY'",
    "broad_type.str.upper().str.lower() in ['excitatory']",
    "broad_type.str.upper().str.startswith('EX')",
    "cell_type.str.contains('P', na=False)",
    "cell_type.str.contains(r'^\\d+P', na=False)",
    "cell_type.str.startswith('L', na=False)",
    "cell_type.str.contains('(', regex=False, na=False)",
    "layer == '2'",
    "layer in ['1', '4']",
    "cell_id == 864691135000000003",
    "cell_id != 864691135000000003",
    "cell_id in [864691135000000003, 864691135000000005]",
    "cell_id not in [864691135000000003, 864691135000000005]",
    "cell_id > 864691135000000003",
    "864691135000000003 >= cell_id",
    "cell_id == partner_id",
    "cell_id < partner_id",
    "partner_id == 864691135000000003",
    "partner_id in [864691135000000002, 864691135000000004]",
    "  status_axon\tand\tn_out>0  ",
    "cell_type=='BC'and status_axon",
]

BEYOND_PANDAS = [
    ("cell_type in ('BC')", "cell_type == 'BC'"),
    ("cell_type == “BC”", "cell_type == 'BC'"),
    ("cell_type == „BC“", "cell_type == 'BC'"),
    ("cell_type in [‘BC’, ’MC’]", "cell_type in ['BC', 'MC']"),
    ("cell_type\u00a0==\u200b'BC'\ufeff", "cell_type == 'BC'"),
    ("type == 'BC'", "cell_type == 'BC'"),
    ("`type` == 'BC'", "cell_type == 'BC'"),
    ("pt_root_id == 864691135000000003", "cell_id == 864691135000000003"),
    ("864691135000000003 or cell_type == 'BC'", "cell_id == 864691135000000003 or cell_type == 'BC'"),
    ("not 864691135000000003", "cell_id != 864691135000000003"),
    ("'864691135000000003' or n_out > 3", "cell_id == 864691135000000003 or n_out > 3"),
    ("[864691135000000003, 864691135000000004] and n_out > -9", "cell_id in [864691135000000003, 864691135000000004]"),
    ("(864691135000000003, 864691135000000003) | n_out > 3", "cell_id == 864691135000000003 or n_out > 3"),
    ("cell_id in [864691135000000003 864691135000000004]", "cell_id in [864691135000000003, 864691135000000004]"),
    ("cell_id in ['864691135000000003']", "cell_id == 864691135000000003"),
    ("cell_type in []", "n_out > 99"),
    ("cell_type not in []", "n_out < 99"),
    ("cell_type in ['B\\x43', 'M\\u0043']", "cell_type in ['BC', 'MC']"),
    ("status_axon in [True]", "status_axon"),
    ("(n_out + 1).isin([1, 2])", "n_out in [0, 1]"),
    ("(depth_um + n_out).isna()", "depth_um.isna()"),
    ("broad_type.str.startswith(('ex', 'zz'))", "broad_type == 'excitatory'"),
    ("cell_type\n  in ['BC',\n 'MC']", "cell_type in ['BC', 'MC']"),
    ("cell_type < 'C'", "cell_type == 'BC' or cell_type in ['23P', '5P-ET']"),
    ("cell_type.str.contains('\\bET')", "cell_type == '5P-ET'"),
]  # fmt: skip

# text, a part of the message or hint, the 1-based position or None
REFUSED = [
    ("cell_typ == 'BC'", "did you mean 'cell_type'", 1),
    ("cell_typ.isna()", "no column 'cell_typ'", 1),
    ("n_out > 1 and dept_um < 3", "did you mean 'depth_um'", 15),
    ("`from_type` == 'a'", "did you mean 'from type'", 1),
    ("nonsense", "no column 'nonsense'", 1),
    ("cell_type == BC", "text goes in quotes: cell_type == 'BC'", 14),
    ("BC == cell_type", "text goes in quotes: cell_type == 'BC'", 1),
    ("cell_type in [BC, MC]", "text goes in quotes", 14),
    ("cell_type in [layer]", "not layer", 15),
    ("cell_type < 5", "cell_type is a text column, 5 is a number", 13),
    ("layer == 2", "text goes in quotes: layer == '2'", 10),
    ("depth_um == 'a'", "depth_um is a number column, 'a' is text", 13),
    ("depth_um == '5'", "numbers stand without quotes", 13),
    ("depth_um in ['5']", "numbers stand without quotes", 13),
    ("cell_type in ['BC', 5]", "not every value of the list is", 14),
    ("cell_type == n_out", "n_out is a number column", 14),
    ("status_axon == 1", "write status_axon or not status_axon", 16),
    ("status_axon == 'yes'", "status_axon is a boolean column", 16),
    ("status_axon < True", "< compares numbers or text", 1),
    ("status_axon in [1]", "only True or False", 16),
    ("n_out == True", "n_out is a number column", 10),
    ("n_out in [1, True]", "only numbers", 10),
    ("cell_id == True", "cell_id is an id column", 12),
    ("cell_id in [True]", "no ids", 12),
    ("cell_type", "cell_type is a text column and needs a comparison", 1),
    ("n_out", "n_out is a number column and needs a comparison", 1),
    ("n_out + 1", "n_out + 1 is a number and needs a comparison", 1),
    ("not n_out", "needs a comparison", 5),
    ("n_out and status_axon", "needs a comparison", 1),
    ("~n_out > 3", "~ binds tighter than a comparison", 1),
    ("~cell_type == 'BC'", "~ needs a condition, not cell_type", 1),
    ("True", "True alone is no condition", 1),
    ("cell_type + 'a' == 'BCa'", "+ needs a number, cell_type is text", 1),
    ("cell_id + 1 == 5", "cell ids are names", 1),
    ("-cell_type == 'a'", "- needs a number", 2),
    ("status_axon * 2 > 1", "status_axon is true or false", 1),
    ("1 < 2", "neither side of < names a column", 1),
    ("cell_type = 'BC'", "write ==", 11),
    ("cell_type === 'BC'", "write ==", 11),
    ("cell_type := 'BC'", "write ==", 11),
    ("cell_type: 'BC'", "write ==", 10),
    ("cell_type <> 'BC'", "write !=", 11),
    ("n_out => 3", "write >=", 7),
    ("n_out =< 3", "write <=", 7),
    ("n_out ≥ 3", "write >=", 7),
    ("status_axon && n_out > 3", "write 'and'", 13),
    ("status_axon || n_out > 3", "write 'or'", 13),
    ("!status_axon", "write 'not'", 1),
    ("status_axon AND n_out > 3", "write 'and' in lower case", 13),
    ("cell_type IN ['BC']", "write 'in' in lower case", 11),
    ("cell_type LIKE 'B%'", ".str.startswith('...')", 11),
    ("cell_type is 'BC'", "write == to compare", 11),
    ("cell_type is not None", ".isna() for missing values", 11),
    ("cell_type == None", "COLUMN.isna()", 14),
    ("depth_um == nan", "COLUMN.isna()", 13),
    ("n_out between 1 and 3", ".between(low, high)", 7),
    ("n_out ** 2 > 3", "the arithmetic here is + - * /", 7),
    ("n_out // 2 > 3", "the arithmetic here is + - * /", 7),
    ("n_out % 2 == 1", "the arithmetic here is + - * /", 7),
    ("@limit < n_out", "write the value itself", 1),
    ("cell_type in {'BC'}", "a list stands in [ ] or ( )", 14),
    ("cell_type in 'BC'", "such as in ['BC']", 14),
    ("'BC' in cell_type", "write cell_type == 'BC'", 9),
    ("cell_type in layer", "expected a list of values", 14),
    ("cell_type in ['BC'] in ['MC']", "'in' cannot stand in a chain", 21),
    ("cell_type < ['BC']", "not with a list", 13),
    ("['BC'].isna()", "a list stands only behind", 1),
    ("n_out > 3 n_out < 5", "expected an operator", 11),
    ("cell_type 'BC'", "expected an operator", 11),
    ("n_out > 3, n_out < 5", "expected an operator such as ==, in, and, or, found ,", 10),
    ("status_axon, 864691135000000003", "ids go in brackets", 12),
    ("n_out >", "expected a column, a value or a condition, and the text ends", 8),
    ("and status_axon", "expected a column", 1),
    ("n_out > > 3", "expected a column", 9),
    ("n_out not 3", "'in' after 'not'", 11),
    ("n_out == not status_axon", "parentheses", 10),
    ("(n_out > 3", "the ( that opens here is not closed", 1),
    ("n_out in [1, 2", "the [ that opens here is not closed", 10),
    ("n_out in [1, 2)", ", or ]", 15),
    ("n_out in [1 x]", ", or ]", 13),
    ("n_out > 3)", "found )", 10),
    ("()", "an empty list", 1),
    ("[]", "an empty list names no cells", 1),
    ("cell_type == 'BC", "the quote ' that opens here is not closed", 14),
    ('cell_type == "BC\'', 'the quote " that opens here is not closed', 14),
    ("cell_type == 'B\nC'", "not closed", 14),
    ("`from type == 'a'", "the backtick that opens here is not closed", 1),
    ("f'{n_out}' == 'a'", "f-strings are not available", 2),
    ("cell_type == b'BC'", "b-strings are not available", 15),
    ("n_out > 5x", "'5x' is neither a number nor a name", 9),
    ("n_out > 0x10", "neither a number nor a name", 9),
    ("n_out > 1_000", "neither a number nor a name", 9),
    ("n_out > 1e400", "too large a number", 9),
    ("n_out.isna", "is called with parentheses", 6),
    ("n_out.size > 3", "there is no method .size", 6),
    ("n_out.isna(1)", "takes at most 0", 12),
    ("n_out.isin(1)", ".isin(...) takes a list", 12),
    ("n_out.between(1)", "needs right", 6),
    ("n_out.between(1, 2, inclusive='all')", "inclusive is 'both'", 31),
    ("n_out.between(1, 2, foo=3)", "takes no foo", 25),
    ("n_out.str.startswith('a')", ".str.startswith is for text, n_out is number", 1),
    ("cell_id.str.startswith('8')", "whole-number ids", 1),
    ("cell_type.startswith('a')", "write .str.startswith(...)", 10),
    ("cell_type.str.startswith(5)", "takes text in quotes", 26),
    ("cell_type.str.len() > 3", "there is no method .str.len", 10),
    ("cell_type.str == 'BC'", "there is no method .str", 10),
    ("cell_type.str.contains('a', flags=2)", "write case=False", 35),
    ("cell_type.str.contains('a', na=True)", "na=True is not available", None),
    ("cell_type.str.contains('(')", "is no regular expression", 24),
    ("cell_type.str.contains('(?=a)')", "look-around and back-references", 24),
    ("cell_type.str.contains('(a)\\\\1')", "look-around and back-references", 24),
    ("cell_type.str.match('a)|(b')", "is no regular expression", 21),
    ("(n_out > 3).isna()", "stands behind a column", 1),
    ("5 .isna()", "stands behind a column", 1),
    ("inputs_of(864691135000000003)", "inputs_of(...) needs connections, and this table has none", 1),
    ("status_axon and outputs_of(cell_type == 'MC', min_synapses=3)", "needs connections, and this table has none", 17),
    ("reciprocal_with(n_out > 3)", "reciprocal_with(...) needs connections, and this table has none", 1),
    ("len(cell_type) > 3", "there is no function 'len'", 1),
    ("set:abc", "stored sets cannot be used here", 1),
    ("set:", "needs the name of a stored set", 1),
    ("BC MC", "'BC' is no cell id: ids here are whole numbers", None),
    ("864691135000000003, BC", "'BC' is no cell id", None),
    ("8.64691135000000003e17", "a spreadsheet or a float column rounded it", 1),
    ("864691135000000003.0, 864691135000000004.0", "rounded it", None),
    ("cell_id == 864691135000000003.0", "rounded it", 12),
]  # fmt: skip


@pytest.mark.parametrize("text", AS_PANDAS)
def test_selects_what_dataframe_query_selects(table, text):
    assert table.select(text) == table.queried(text)


@pytest.mark.parametrize(("text", "same_as"), BEYOND_PANDAS)
def test_forms_that_pandas_lacks_mean_what_they_seem_to(table, text, same_as):
    assert table.select(text) == table.queried(same_as)


@pytest.mark.parametrize(("text", "part", "position"), REFUSED)
def test_refused_with_what_was_expected_and_where(table, text, part, position):
    with pytest.raises(CellSetError) as refused:
        parse(text, table.schema)
    assert part in str(refused.value)
    assert refused.value.position == position
    assert isinstance(refused.value, InputError)
    assert "\n" not in refused.value.message


def test_accepted_texts_select_some_and_leave_some_out(table):
    sizes = [len(table.select(text)) for text in AS_PANDAS]
    assert sum(0 < size < 60 for size in sizes) > 0.8 * len(sizes)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u00a0\ufeff"])
def test_an_empty_text_is_all_cells(table, text):
    assert table.select(text) == list(range(60))


@pytest.mark.parametrize(
    "text",
    ["== 'BX'", "!= 'BX'", "in ['BC', 'BX']", "not in ['BX']", ".isin(['BX'])"],
)
def test_an_unknown_value_is_named_with_the_nearest_right_one(table, text):
    with pytest.raises(UnknownValuesError, match="cell_type has no value 'BX'") as refused:
        table.select(f"cell_type {text}")
    assert "'BC'" in refused.value.hint
    assert refused.value.values == ("BX",)


def test_several_unknown_values_are_counted(table):
    with pytest.raises(UnknownValuesError, match="has no values 'a', 'b', 'c' and 2 more"):
        table.select("cell_type in ['a', 'b', 'BC', 'c', 'd', 'e']")


def test_an_unknown_value_in_changed_case_is_refused(table):
    with pytest.raises(UnknownValuesError, match="broad_type in upper case has no value 'excitatory'"):
        table.select("broad_type.str.upper() == 'excitatory'")


def test_numbers_that_occur_nowhere_are_no_mistake(table):
    assert table.select("n_out == 12345") == []
    assert table.select("partner_id in [5, 6]") == []


def test_neighbouring_ids_beyond_2_to_the_53_are_told_apart(table):
    assert float(FIRST) == float(FIRST + 1)
    assert table.select(f"cell_id == {FIRST + 1}") == [1]
    assert table.select(f"{FIRST + 1}") == [1]
    assert table.select(f"partner_id > {FIRST + 58}") == [59]
    assert table.select(f"partner_id - {FIRST} == 58") == [57, 58]
    assert table.select(f"partner_id == {FIRST - 1}.5") == []
    assert table.select("partner_id == cell_id") == list(range(0, 60, 2))


def test_whole_numbers_are_compared_exactly_with_fractions(make_table):
    frame = pd.DataFrame({"n": [2**53, 2**53 + 1, 2**53 + 2]})
    big = make_table(frame, Schema({"n": "number"}))
    assert big.select("n == 9007199254740992.0") == [0]
    assert big.select("n > 9007199254740992.0") == [1, 2]
    assert big.select("n in [9007199254740992.0, 9007199254740993]") == [0, 1]


def test_stored_sets_are_read_through_the_callable(table):
    stored = {"a1": "cell_type == 'BC'", "b2": "set:a1 or n_out > 3", "ids": f"{FIRST}, {FIRST + 1}", "all": " "}
    assert table.select("set:a1", stored.__getitem__) == table.queried("cell_type == 'BC'")
    assert table.select("not set:b2 & status_axon", stored.__getitem__) == table.queried(
        "not (cell_type == 'BC' or n_out > 3) and status_axon"
    )
    assert table.select("set:ids", stored.__getitem__) == [0, 1]
    assert table.select("set:all and set:ids", stored.__getitem__) == [0, 1]


def test_a_stored_set_is_looked_up_once(table):
    asked = []

    def resolve(name: str) -> str:
        asked.append(name)
        return "status_axon"

    assert table.select("set:x and set:x or set:x", resolve) == table.queried("status_axon")
    assert asked == ["x"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("set:nowhere", "there is no stored set nowhere"),
        ("set:loop", "names itself"),
        ("set:d1", "nested deeper than 4 levels"),
        ("status_axon and set:wrong", "at character 17: in set:wrong, at character 1: no column 'foo'"),
    ],
)
def test_stored_sets_that_cannot_be_read(table, text, part):
    stored = {"loop": "set:loop", "wrong": "foo > 3", **{f"d{i}": f"set:d{i + 1}" for i in range(1, 9)}}
    with pytest.raises(CellSetError, match=part):
        parse(text, table.schema, stored.__getitem__)


def test_columns_of_names_what_is_read(table):
    tree = parse("x_nm / 1000 > 5 and (type.isna() or not status_axon) or 864691135000000003", table.schema)
    assert columns_of(tree) == {"x_nm", "cell_type", "status_axon", "cell_id"}
    stored = parse("set:a", table.schema, {"a": "layer.str.lower() == '1'"}.__getitem__)
    assert columns_of(stored) == {"layer"}
    assert columns_of(parse("", table.schema)) == frozenset()


def test_rows_of_a_file_have_no_ids(make_table):
    frame = pd.DataFrame({"size": [1, 20, 300], "dataset": np.array(["a", "b", "a"], dtype=object)})
    rows = make_table(frame, Schema({"size": "number", "dataset": "text"}))
    assert rows.select("size > 10 and dataset == 'a'") == [2]
    for text in ["5, 6", "5", "'a'", "[1, 2] or size > 3"]:
        with pytest.raises(CellSetError, match="cannot be named by cell id"):
            rows.select(text)
    with pytest.raises(CellSetError, match="no column 'cell_id'"):
        rows.select("cell_id == 5")


def test_trees_are_the_same_whatever_the_spelling(table):
    spellings = ["cell_type in ['BC', 'MC'] and status_axon", "((type.isin((\"BC\",'MC'))) & status_axon == True)"]
    one, two = (parse(text, table.schema) for text in spellings)
    assert one == two
    assert hash(one) == hash(two)
    assert describe(one, table.schema) == "cell_type is one of BC, MC and status_axon is true"


def test_unknown_ids_are_an_input_error(table):
    with pytest.raises(UnknownIdsError, match="cell 5 is not in this dataset"):
        table.select("cell_id == 5 or status_axon")
