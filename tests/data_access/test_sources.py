"""Table files: columns by name or number, batches in file order, one clear line for what cannot be read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.errors import InputError
from data_access.sources import BATCH_ROWS, open_table
from tests.data_access.command_line import CommandLine

SUFFIXES = ["parquet", "feather", "arrow", "csv", "csv.gz", "tsv", "tsv.gz"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_columns_by_name_and_by_number(suffix: str, command: CommandLine) -> None:
    table = open_table(command.table(f"t.{suffix}", {"pre": [1], "2": [5], " post ": [2], "": [3]}))
    assert table.names == ("pre", "2", "post", "column_4")
    assert [table.column(name) for name in ("pre", "1", "2", "3", "post", "4")] == [
        "pre", "pre", "2", "post", "post", "column_4",
    ]  # fmt: skip
    for wrong in ("0", "5", "-1", "pst", ""):
        with pytest.raises(InputError, match="no column"):
            table.column(wrong)
    batch = next(table.batches(("column_4", "pre", "post")))
    assert batch.schema.names == ["column_4", "pre", "post"], "in the order asked for"
    assert [str(column[0]) for column in batch.columns] == ["3", "1", "2"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_batches_hold_all_rows_in_file_order(
    suffix: str, command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_access.sources.CSV_BLOCK_BYTES", 1 << 20)
    n = BATCH_ROWS * 2 + 3
    path = command.table(f"t.{suffix}", {"a": np.arange(n), "b": np.arange(n)[::-1]})
    batches = list(open_table(path).batches(("b",)))
    assert len(batches) > 1
    found = pa.chunked_array([batch.column(0) for batch in batches]).cast(pa.int64())
    assert found.equals(pa.chunked_array([np.arange(n)[::-1]]))


@given(
    st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6)] * 2), min_size=1)
)
def test_any_text_in_quotes_comes_back(cells: list[tuple[str, str]]) -> None:
    quoted = ["".join(f'"{cell.replace(chr(34), chr(34) * 2)}",' for cell in row) + '"end"' for row in cells]
    with TemporaryDirectory() as name:
        path = Path(name) / "t.csv"
        path.write_text('"a","b ""c""\nd",end\n' + "\n".join(quoted), encoding="utf-8", newline="")
        table = open_table(path)
        assert table.names == ("a", 'b "c"\nd', "end")
        rows = [row for batch in table.batches() for row in batch.to_pylist()]
    assert [(row["a"] or "", row['b "c"\nd'] or "") for row in rows] == cells
    assert {row["end"] for row in rows} == {"end"}


def test_text_files_come_as_text(command: CommandLine) -> None:
    table = open_table(command.file("t.csv", "a,b,c\n007,1e5,\n"))
    assert table.is_text
    assert next(table.batches()).to_pylist() == [{"a": "007", "b": "1e5", "c": None}]


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
@pytest.mark.parametrize("header", [True, False])
def test_line_ends(end: str, header: bool, command: CommandLine) -> None:
    first = f"pre,post{end or chr(10)}" if header else ""
    table = open_table(command.file("t.csv", f"{first}1,2{end}"), header)
    assert table.names == (("pre", "post") if header else ("column_1", "column_2"))
    assert [list(row.values()) for batch in table.batches() for row in batch.to_pylist()] == [["1", "2"]]


def test_a_header_longer_than_a_block(command: CommandLine) -> None:
    names = [f"gene_{i}_{'x' * 40}" for i in range(5_000)]
    table = open_table(command.file("t.csv", ",".join(names) + "\n" + ",".join("1" * 5_000) + "\n"))
    assert table.names == tuple(names)
    assert next(table.batches((names[-1],))).to_pylist() == [{names[-1]: "1"}]


def test_a_file_that_may_not_be_read(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = command.file("t.csv", "a\n1\n")
    monkeypatch.setattr("pyarrow.input_stream", refused)
    with pytest.raises(InputError, match=r"t\.csv cannot be read: no permission"):
        open_table(path)
