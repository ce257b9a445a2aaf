"""What columns hold is settled over all rows of all files, never guessed from the first."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import staging
from data_access.conversion import bracketed, is_triple, plain
from data_access.errors import InputError
from data_access.layouts import Roles
from data_access.settling import Settled, relation, settle
from data_access.sources import open_table
from data_access.staging import Part
from tests.data_access.command_line import CommandLine


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


ROLES = Roles("synapses", pre="pre", post="post")


def staged(command: CommandLine, *tables: tuple[str, dict[str, object]]) -> list[Part]:
    parts = []
    for i, (suffix, columns) in enumerate(tables):
        n = len(next(iter(columns.values())))  # type: ignore[call-overload]
        path = command.table(f"t{i}.{suffix}", {"pre": range(1, n + 1), "post": range(1, n + 1), **columns})
        parts.append(staging.stage(open_table(path), ROLES, command.work / f"part-{i}.parquet", lambda n: None))
    return parts


def values(con: duckdb.DuckDBPyConnection, parts: list[Part], settled: Settled) -> list[object]:
    sql = f'SELECT "own.v" FROM ({relation(parts, settled.types)}) ORDER BY part_number, row_number'
    return [row[0] for row in con.execute(sql).fetchall()]


@pytest.mark.parametrize(
    ("tables", "kind", "expected"),
    [
        ([("csv", ["1", "2"]), ("csv", ["3", "x"])], "VARCHAR", ["1", "2", "3", "x"]),
        ([("csv", ["1", "2"]), ("csv", ["3", "4.5"])], "DOUBLE", [1, 2, 3, 4.5]),
        ([("parquet", [1, 2]), ("csv", ["3", "NA"])], "BIGINT", [1, 2, 3, None]),
        ([("parquet", [1, 2]), ("parquet", [0.5, None])], "DOUBLE", [1, 2, 0.5, None]),
        ([("parquet", [1, 2]), ("parquet", ["a", None])], "VARCHAR", ["1", "2", "a", None]),
        ([("parquet", ["1", "2"])], "VARCHAR", ["1", "2"]),
        ([("csv", ["true", "F"]), ("parquet", [True, None])], "BOOLEAN", [True, False, True, None]),
        ([("csv", ["", "NaN"]), ("csv", ["7", ""])], "BIGINT", [None, None, 7, None]),
        ([("csv", ["9007199254740993", "-1"])], "BIGINT", [2**53 + 1, -1]),
        ([("csv", ["99999999999999999999", "1"])], "DOUBLE", [1e20, 1]),
        ([("csv", ["1e3", ".5", "1."])], "DOUBLE", [1000, 0.5, 1]),
    ],
)
def test_the_kind_of_an_own_column(
    tables: list[tuple[str, list[object]]], kind: str, expected: list[object], con: duckdb.DuckDBPyConnection,
    command: CommandLine,
) -> None:  # fmt: skip
    parts = staged(command, *((suffix, {"v": column}) for suffix, column in tables))
    settled = settle(con, parts)
    assert settled.types["own.v"] == kind
    assert values(con, parts, settled) == expected


def test_the_file_with_float_ids_is_named(con: duckdb.DuckDBPyConnection, command: CommandLine) -> None:
    parts = staged(command, ("csv", {"v": ["1"]}), ("csv", {"pre": ["8", "9.0"], "v": ["1", "2"]}))
    with pytest.raises(InputError, match=r"t1\.csv: row 2: 9\.0: presynaptic ids in column 'pre'"):
        settle(con, parts)


def test_numbers_in_one_file_and_text_in_another(con: duckdb.DuckDBPyConnection, command: CommandLine) -> None:
    sized = Roles("synapses", pre="pre", post="post", size="size")
    parts = []
    for i, values in enumerate(([1, 2], ["3", "big"])):
        path = command.table(f"t{i}.parquet", {"pre": [1, 2], "post": [1, 2], "size": values})
        parts.append(staging.stage(open_table(path), sized, command.work / f"p{i}.parquet", lambda n: None))
    with pytest.raises(InputError, match=r"t1\.parquet: row 2: 'big' in column 'size' is not a number"):
        settle(con, parts)


def test_both_ends_are_of_one_kind(con: duckdb.DuckDBPyConnection, command: CommandLine) -> None:
    parts = staged(command, ("csv", {"post": ["hyp", "2"], "v": ["1", "2"]}))
    settled = settle(con, parts)
    assert (settled.types["pre"], settled.types["post"]) == ("VARCHAR", "VARCHAR")
    with pytest.raises(InputError, match=r"'hyp' in column 'post'.*is not a whole number"):
        settle(con, parts, segments=True)


def test_a_staged_part_knows_the_names_of_the_file(command: CommandLine) -> None:
    columns = {"pre": [1], "post": [2], "Size": [3], "size": [4], "xyz": [[1, 2, 3]]}
    path = command.table("t.parquet", columns)
    sized = Roles("synapses", pre="pre", post="post", size="size")
    part = staging.stage(open_table(path), sized, command.work / "p.parquet", lambda n: None, ("size", "pre_id"))
    assert dict(part.origin) == {"pre": "pre", "post": "post", "size": "size"}
    assert dict(part.own) == {"Size_file": "Size", "xyz_x": "xyz_x", "xyz_y": "xyz_y", "xyz_z": "xyz_z"}
    assert [part.file_name(name) for name in ("size", "own.Size_file", "own.xyz_y")] == ["size", "Size", "xyz_y"]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))))
def test_whole_numbers_stay_whole(numbers: list[int | None]) -> None:
    for kind in (pa.int64(), pa.decimal128(38, 0)):
        column, why = plain(pa.array(numbers, kind))
        assert (column.to_pylist(), why) == (numbers, "")


@given(st.lists(st.floats(width=32) | st.none()))
def test_nan_is_missing(numbers: list[float | None]) -> None:
    for kind in (pa.float32(), pa.float64()):
        column, _ = plain(pa.array(numbers, kind))
        assert column.type == pa.float64()
        assert column.to_pylist() == [None if v is None or v != v else v for v in numbers]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (pa.array([2**64 - 1], pa.uint64()), "numbers beyond int64"),
        (pa.array([b"x"]), "nested or binary values"),
        (pa.array([{"a": 1}]), "nested or binary values"),
    ],
)
def test_what_cannot_be_kept_says_why(values: pa.Array, why: str) -> None:
    column, said = plain(values)
    assert column is None
    assert why in said


TRIPLE = st.tuples(*[st.integers(-(10**6), 10**6)] * 3)


@given(
    st.lists(TRIPLE | st.none(), min_size=1),
    st.sampled_from(["[{} {} {}]", "[{}, {}, {}]", "({},{},{})", " [{}   {}  {} ] "]),
)
def test_positions_written_as_text(triples: list[tuple[int, int, int] | None], form: str) -> None:
    text = pa.array([None if t is None else form.format(*t) for t in triples], pa.string())
    axes, bad = bracketed(text)
    assert bad is None
    for i, axis in enumerate("xyz"):
        assert axes[axis].to_pylist() == [None if t is None else str(t[i]) for t in triples]


@pytest.mark.parametrize("text", ["", "[1 2]", "[1 2 3 4]", "x y z", "[1; 2; 3]"])
def test_text_that_is_no_position(text: str) -> None:
    assert bracketed(pa.array(["[1 2 3]", text]))[1] == text


def test_triples() -> None:
    assert is_triple(pa.array([[1, 2, 3], None]))
    assert is_triple(pa.array([[0.5, 2, 3]], pa.list_(pa.float32(), 3)))
    assert not is_triple(pa.array([[1, 2, 3], [1]]))
    assert not is_triple(pa.array([["a", "b", "c"]]))
    assert not is_triple(pa.array([1, 2, 3]))
