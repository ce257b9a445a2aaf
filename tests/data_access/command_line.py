"""The command line in a data folder of its own, and small table files to import with it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from data_access.cli import main
from data_access.dataset import Dataset, open_dataset


@dataclass(frozen=True)
class Outcome:
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class CommandLine:
    """`python -m data_access ...` on one data folder; `work` is where table files are written."""

    data: Path
    work: Path

    def __call__(self, *words: object) -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([*map(str, words), "--data", str(self.data)])
        return Outcome(status, out.getvalue(), err.getvalue())

    def imported(self, dataset_id: str, *words: object) -> Dataset:
        """Import, verify, and open."""
        done = self("import", "--id", dataset_id, *words)
        assert (done.status, done.err) == (0, "")
        checked = self("verify", dataset_id)
        assert (checked.status, checked.err) == (0, "")
        return open_dataset(self.data, dataset_id)

    def show(self, dataset_id: str) -> Any:
        return self("show", dataset_id, "--json").json

    def refused(self, *words: object) -> str:
        """The one line with which an import is refused; the data folder must be as it was."""
        before = contents(self.data)
        done = self("import", *words)
        assert done.status in (1, 2), done
        assert done.out == ""
        lines = done.err.splitlines()
        assert len(lines) == 1, done.err
        assert lines[0].startswith("error: ")
        assert "Traceback" not in lines[0]
        assert lines[0].isprintable()
        assert contents(self.data) == before
        return lines[0].removeprefix("error: ")

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.work / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def table(self, name: str, columns: Mapping[str, object] | pa.Table | pd.DataFrame, **options: Any) -> Path:
        """Write columns in the form that the file's name says."""
        path = self.work / name
        table = columns if isinstance(columns, pa.Table) else pa.table(_arrow(columns))
        if name.endswith(".parquet"):
            pq.write_table(table, path, **options)
        elif name.endswith((".feather", ".arrow")):
            feather.write_feather(table, path, **options)
        else:
            tab = ".tsv" in name
            table.to_pandas(integer_object_nulls=True).to_csv(path, index=False, sep="\t" if tab else ",", **options)
        return path


def _arrow(columns: Mapping[str, object] | pd.DataFrame) -> dict[str, pa.Array]:
    if isinstance(columns, pd.DataFrame):
        columns = {str(name): columns[name] for name in columns}
    return {name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}


def contents(folder: Path) -> dict[str, str]:
    """Every file and folder but the locks, with a digest of its content."""
    if not folder.exists():
        return {}
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
        if path.relative_to(folder).parts[0] != ".locks"
    }


def edges(dataset: Dataset) -> list[tuple[Any, Any, int]]:
    """(pre id, post id, synapses) of every connection, in the order of the graph."""
    graph, ids = dataset.graph, dataset.index.ids.tolist()
    pre = graph.edge_rows(range(graph.n_connections)) if graph.n_connections else []
    return [(ids[a], ids[b], int(n)) for a, b, n in zip(pre, graph.out.idx.tolist(), graph.out.n_synapses, strict=True)]


def rows(dataset: Dataset, folder: str = "synapses") -> pd.DataFrame:
    """The stored synapse rows of a small dataset, in their order."""
    files: Sequence[Path] = sorted((dataset.place / folder).glob("*.parquet"))
    return pa.concat_tables([pq.read_table(file) for file in files]).to_pandas(integer_object_nulls=True)


def says(line: str, *parts: str) -> None:
    """Each part stands in the line."""
    missing = [part for part in parts if part not in line]
    assert not missing, f"{missing} not in: {line}"
