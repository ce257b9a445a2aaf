"""Random cell sets: what pandas selects, and nothing but an InputError whatever the text."""

from __future__ import annotations

import string

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.cellsets import CellSetError, describe, evaluate, parse

TYPES = ["BC", "MC", "23P", "5P-ET", "L2/3 (a)"]
FIRST = 864691135000000001

numbers = st.one_of(st.integers(-6, 6), st.sampled_from([0.5, 50.5, 101.0, -2.5, 303, 10**20, -(10**20)])).map(str)
number_columns = st.sampled_from(["n_out", "depth_um", "x_nm", "partner_id"])
comparators = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
spaces = st.sampled_from(["", " ", "  "])


def quoted(texts: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(texts), st.sampled_from("'\"")).map(lambda t: f"{t[1]}{t[0]}{t[1]}")


def listed(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=4).map(lambda v: f"[{', '.join(v)}]")


def spaced(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(spaces, *parts).map(lambda t: t[0].join(t[1:]))


arithmetic = st.recursive(
    st.one_of(st.sampled_from(["n_out", "depth_um"]), st.integers(-3, 9).map(str)),
    lambda inner: st.one_of(
        spaced(inner, st.sampled_from("+-*"), inner),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=5,
).map(lambda text: f"n_out + {text}")

ids = st.integers(FIRST, FIRST + 59).map(str)
atoms = st.one_of(
    st.sampled_from(["status_axon", "status_dendrite", "cell_type.isna()", "depth_um.notna()"]),
    st.sampled_from(["broad_type == `from type`", "status_axon == status_dendrite", "status_axon != False"]),
    spaced(st.just("cell_type"), st.sampled_from(["==", "!="]), quoted(TYPES)),
    spaced(quoted(TYPES), st.sampled_from(["==", "!="]), st.just("cell_type")),
    spaced(st.just("broad_type"), comparators, quoted(["excitatory", "inhibitory"])),
    st.tuples(st.just("cell_type"), st.sampled_from([" in ", " not in ", " == ", " != "]), listed(quoted(TYPES))).map(
        "".join
    ),
    spaced(number_columns, comparators, numbers),
    spaced(numbers, comparators, number_columns),
    spaced(number_columns, comparators, number_columns),
    spaced(numbers, comparators, number_columns, comparators, numbers),
    spaced(arithmetic, comparators, numbers),
    st.tuples(number_columns, st.sampled_from([" in ", " not in "]), listed(numbers)).map("".join),
    spaced(st.just("cell_id"), comparators, ids),
    listed(ids).map(lambda text: f"cell_id in {text}"),
    quoted(["ex", "in", "zz"]).map(lambda text: f"broad_type.str.startswith({text})"),
    listed(quoted(TYPES)).map(lambda text: f"cell_type.isin({text})"),
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or ", " & ", " | ", "&", "|"]), inner).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"~({text})"),
        inner.map(lambda text: f"not {text}"),
    ),
    max_leaves=8,
)


@settings(max_examples=250, deadline=None)
@given(text=conditions)
def test_random_conditions_select_what_pandas_selects(table, text):
    assert table.select(text) == table.queried(text)
    assert describe(parse(text, table.schema), table.schema)


@settings(max_examples=60, deadline=None)
@given(one=conditions, two=conditions)
def test_logic_holds(table, one, two):
    everything = set(range(60))
    ours, theirs = set(table.select(one)), set(table.select(two))
    assert set(table.select(f"({one}) and ({two})")) == ours & theirs
    assert set(table.select(f"({one}) or ({two})")) == ours | theirs
    assert set(table.select(f"not ({one})")) == everything - ours


TOKENS = """
    cell_type n_out depth_um status_axon cell_id `from` 'BC' 'MC' 1 -2 1.5 864691135000000003 == != < <= > >= in
    not and or & | ~ ( ) [ ] , + - * / .isna() .isin( .str.contains('B') .between(0,2) True False set:a = ! @ : ' "
    \\ AVAL DD-1 None lambda is like inputs_of( “ ”
"""
words = st.sampled_from([*TOKENS.split(), "`from type`", "\0", "\u202e", ""])
anything = st.one_of(
    st.lists(words, max_size=12).map(" ".join),
    st.lists(words, max_size=12).map("".join),
    st.text(max_size=40),
    st.text(alphabet=string.printable, max_size=40),
)


def outcome(table, text: str) -> tuple[CellSetError | None, str, np.ndarray]:
    try:
        tree = parse(text, table.schema, {"a": "status_axon", "b": "n_out >"}.__getitem__)
        return None, describe(tree, table.schema), evaluate(tree, table, len(table.frame))
    except CellSetError as error:
        return error, "", np.zeros(0, dtype=bool)


@settings(max_examples=600, deadline=None)
@given(text=anything)
def test_any_text_is_understood_or_an_input_error(table, named_table, text):
    for some in (table, named_table):
        refused, echo, mask = outcome(some, text)
        if refused is None:
            assert echo
            assert echo.isprintable()
            assert mask.shape == (len(some.frame),)
            assert mask.dtype == np.bool_
        else:
            assert refused.message.isprintable()
            assert refused.position is None or 1 <= refused.position <= len(text) + 1


names = st.text(alphabet=string.ascii_letters + string.digits + "_", min_size=1, max_size=6)


@settings(max_examples=200, deadline=None)
@given(
    picked=st.lists(st.integers(0, 59), min_size=1, max_size=10),
    separator=st.sampled_from([",", ", ", " ", "\n", ";", "\t", " , \n"]),
    quote=st.sampled_from(["", "'", '"']),
    around=st.sampled_from(["{}", "[{}]", "({})", " {} ", "{},", "cell_id\n{}"]),
)
def test_pasted_ids_come_back_as_their_cells(table, picked, separator, quote, around):
    text = around.format(separator.join(f"{quote}{FIRST + row}{quote}" for row in picked))
    assert table.select(text) == sorted(set(picked))
