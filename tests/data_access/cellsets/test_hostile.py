"""Texts meant to harm: each is refused quickly with an InputError, or harmless."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data_access import cellsets
from data_access.cellsets import CellSetError, describe, parse
from data_access.errors import InputError

M = 500_000
# Far above what any of these takes (tenths of a second), far below what a blow-up would.
PATIENCE = 15.0

CODE = [
    "__import__('os').system('touch /tmp/x')",
    "().__class__.__bases__[0].__subclasses__()",
    "cell_type.__class__",
    "cell_type.__class__.__mro__[1] == 5",
    "cell_type.str.__init__.__globals__",
    "cell_type.values.tofile('x')",
    "cell_type.to_csv('x')",
    "cell_type.apply(print)",
    "cell_type.str.cat(['a'])",
    "n_out.pipe(exec)",
    "eval('1')",
    "exec('import os')",
    "open('/etc/passwd').read() == 'a'",
    "globals()['os']",
    "@pd.read_csv('/etc/passwd')",
    "@__builtins__",
    "lambda: 0",
    "(lambda x: x)(1)",
    "[x for x in (1, 2)]",
    "n_out if status_axon else x_nm",
    "(y := 5) > n_out",
    "import os",
    "n_out; import os",
    "n_out > 3 # comment",
    "f'{n_out}' == 'a'",
    "f\"{__import__('os')}\"",
    "'{0.__class__}'.format(n_out) == 'a'",
    "'a' % n_out == 'b'",
    "n_out[0] > 3",
    "n_out > 3; DROP TABLE cells",
    "cell_type == '' OR 1=1 --",
    "' OR '1'='1",
    "1) UNION SELECT * FROM cells",
    "SELECT * FROM cells WHERE 1",
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "%s%s%n",
    "../../etc/passwd",
    "set:../../etc/passwd",
    "10**10**10",
    "n_out > 10**10**10",
    "n_out > 9**99999999",
    "`n_out` `x_nm`",
    "``",
    "`__class__` == 1",
    "*",
    "n_out > *",
    "...",
    "n_out > ...",
    "\\",
    "cell_type == '\\ud800'",
    "cell_type == '\\U00110000'",
    "cell_type == '\ud800'",
    "\udfff",
    "n_out > 3\x00",
    "\x00",
    "\x1b[31mred",
    "\u202en_out > 3",
    "n_out \u2066> 3",
    "n_out > 3 \U0001f600",
    "\U0001f9e0 == 'BC'",
    "ｎ_ｏｕｔ > 3",
    "n_out > ３",
    "n_out > ٣",
    "ӏ_out > 3",
    "and and and",
    "not",
    "~",
    "- - -",
    "== ==",
    "in in in",
    "( ) ( )",
    ")(",
    "[(])",
    "'\"'\"",
    "set:set:set",
]

LARGE: dict[str, Callable[[], str]] = {
    "opening parentheses": lambda: "(" * 5_000_000,
    "nested parentheses": lambda: "(" * 2 * M + "status_axon" + ")" * 2 * M,
    "opening brackets": lambda: "[" * 5 * M,
    "mixed brackets": lambda: "([" * 2 * M,
    "lists in lists": lambda: "(1," * M,
    "not": lambda: "not " * M,
    "not a column": lambda: "not " * M + "status_axon",
    "tildes": lambda: "~" * 5 * M,
    "minuses": lambda: "-" * 5 * M,
    "minus a column": lambda: "-" * 4 * M + "n_out > 1",
    "ands": lambda: "status_axon and " * (M // 4) + "status_axon",
    "ors": lambda: " | ".join(["status_axon"] * (M // 4)),
    "a chain": lambda: "n_out" + " < n_out" * (M // 2),
    "a sum": lambda: "n_out" + " + n_out" * (M // 2) + " > 1",
    "a product of numbers": lambda: "n_out > " + " * ".join(["9999999999999999999999999"] * M)[: 4 * M] + "9",
    "methods": lambda: "cell_type" + ".str.lower()" * (M // 3),
    "attributes": lambda: "n_out" + ".a" * 2 * M,
    "between in between": lambda: "n_out.between(" * (M // 4),
    "text tests": lambda: " or ".join(["cell_type.str.contains('(B|C)+.*')"] * 50_000),
    "an open quote": lambda: "'" + "a" * 5 * M,
    "quotes": lambda: "'" * 5 * M,
    "both quotes": lambda: "\"'" * 2 * M,
    "backslashes": lambda: "'" + "\\" * 5 * M,
    "escapes": lambda: "cell_type == '" + "\\x41" * M + "'",
    "backticks": lambda: "`" * 5 * M,
    "an open backtick": lambda: "`" + "a" * 5 * M,
    "one long word": lambda: "a" * 5 * M,
    "one long value": lambda: "cell_type == '" + "a" * 4 * M + "'",
    "one long number": lambda: "n_out > " + "1" * 5 * M,
    "one long fraction": lambda: "n_out > 0." + "1" * 5 * M,
    "one long exponent": lambda: "n_out > 1e" + "9" * 5 * M,
    "numbers in pieces": lambda: "1." * 2 * M,
    "exponents": lambda: "1e" * 2 * M,
    "dots": lambda: "." * 5 * M,
    "commas": lambda: "," * 5 * M,
    "words": lambda: "AVAL " * M,
    "a list of words": lambda: "cell_type in [" + "BC, " * M + "]",
    "a list without an end": lambda: "cell_type in ['BC', " + "'BC', " * (M // 2),
    "a list of escaped texts": lambda: "cell_type in [" + "'\\x41'," * (M // 2) + "]",
    "sets": lambda: "set:a " * (M // 2),
    "different sets": lambda: " or ".join(f"set:a{i}" for i in range(100_000)),
    "a long set name": lambda: "set:" + "a" * 4 * M,
    "printed integers without an end": lambda: "np.int64(" * (M // 2),
    "arrays in arrays": lambda: "array([" * (M // 2),
    "a long pattern": lambda: "cell_type.str.contains('" + "(a+)+" * (M // 2) + "')",
    "null bytes": lambda: "\0" * 5 * M,
    "emoji": lambda: "\U0001f600" * 5 * M,
    "more than a million ids": lambda: "1 " * 3 * M,
    "more than five megabytes": lambda: "a" * 6_000_000,
    "braces": lambda: "{" * 5 * M,
    "equals": lambda: "=" * 5 * M,
}


@pytest.mark.parametrize("text", CODE)
def test_code_and_nonsense_is_refused(table, named_table, text):
    for some in (table, named_table):
        with pytest.raises(InputError) as refused:
            some.select(text, {}.__getitem__)
        said = str(refused.value)
        assert said.isprintable()
        assert len(said) < 700
        said.encode()


@pytest.mark.parametrize("name", LARGE)
def test_megabytes_of_nonsense_are_refused_quickly(table, named_table, name):
    text = LARGE[name]()
    for some in (table, named_table):
        if name == "words" and some is named_table:
            continue
        start = time.perf_counter()
        with pytest.raises(InputError) as refused:
            some.select(text, lambda name: "status_axon")
        assert time.perf_counter() - start < PATIENCE
        assert len(str(refused.value)) < 700


def test_depth_stops_long_before_the_interpreter_does(table):
    def deeper(frames: int, text: str) -> str:
        if frames:
            return deeper(frames - 1, text)
        return describe(parse(text, table.schema), table.schema)

    assert sys.getrecursionlimit() <= 3000
    deepest = "status_axon and (n_out < 5 or status_axon == (" * 22 + "status_axon" + "))" * 22
    assert "status_axon is true" in deeper(300, deepest)
    assert len(table.select(deepest)) > 0
    with pytest.raises(CellSetError, match="nested deeper than 50 levels"):
        deeper(300, "status_axon and (n_out < 5 or status_axon == (" * 60)


def test_limits_are_wide_enough_for_people(table):
    ors = " or ".join(f"n_out == {i}" for i in range(900))
    assert table.select(ors) == table.queried("n_out >= 0")
    ands = " and ".join(f"not (cell_type == 'BC' and n_out == {i})" for i in range(400))
    assert table.select(ands) == table.queried("not (cell_type == 'BC' and n_out >= 0)")
    assert table.select("(" * 49 + "status_axon" + ")" * 49) == table.queried("status_axon")


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*b", "(.*)*x", "(a|aa)+$", "(?:a?){50}a{50}", "([a-z]+)*=", "(x+x+)+y"],
)  # fmt: skip
def test_regular_expressions_cannot_blow_up(make_table, table, pattern):
    frame = table.frame.assign(cell_type=np.array(["a" * 5000 + "!"] * len(table.frame), dtype=object))
    bombed = make_table(frame, table.schema)
    start = time.perf_counter()
    assert bombed.select(f"cell_type.str.fullmatch('{pattern}')") == []
    bombed.select(f"cell_type.str.contains('{pattern}')")
    assert time.perf_counter() - start < PATIENCE


@pytest.mark.parametrize(
    "pattern", ["a{1000}{1000}", "((a{100}){100}){100}", "(?<=a)b", "(?!a)b", "(?P<x>a)(?P=x)", r"(a)\\1"]
)
def test_regular_expressions_that_could_are_refused(table, pattern):
    with pytest.raises(CellSetError, match="is no regular expression"):
        table.select(f"cell_type.str.contains('{pattern}')")


def test_a_value_that_would_turn_the_line_round_is_escaped_in_the_message(table):
    with pytest.raises(CellSetError) as refused:
        table.select("cell_type == '\u202eCB\x00'")
    assert "\\u202e" in str(refused.value)
    assert "\u202e" not in str(refused.value)


def test_the_package_runs_no_text():
    for module in Path(cellsets.__file__).parent.glob("*.py"):
        words = module.read_text()
        for name in ("eval(", "exec(", "getattr(", "compile(", ".query(", "duckdb", "__import__"):
            assert name not in words.replace("re.compile(", ""), (module.name, name)
