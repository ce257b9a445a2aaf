"""Queries on tables and views: filters, joins, columns, limits, and the Arrow answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tests.cave_server.answers import Answer, Headers, Request, bad_request, failed, repeated
from tests.cave_server.tables import Frame

Mask = NDArray[np.bool_]

KNOWN_KEYS = frozenset(
    {
        "tables", "table", "timestamp", "join_tables", "filter_in_dict", "filter_notin_dict", "filter_out_dict",
        "filter_equal_dict", "filter_greater_dict", "filter_less_dict", "filter_greater_equal_dict",
        "filter_less_equal_dict", "filter_spatial_dict", "filter_regex_dict", "select_columns", "select_column_map",
        "offset", "limit", "suffixes", "suffix_map", "desired_resolution",
    }
)  # fmt: skip
CRUD_COLUMNS = ("superceded_id", "deleted")


@dataclass(frozen=True)
class Selection:
    """Rows to choose from: one table, or two joined. names: for each table its columns and what they are called here.

    warnings: what the answer's Warning headers say already (notices of the tables).
    """

    frame: Frame
    names: dict[str, dict[str, str]]
    warnings: tuple[str, ...] = ()

    def column(self, table: str, column: str) -> str:
        """The name here of a table's column; refused as the server fails."""
        if table not in self.names:
            raise failed(f"'{table}'")
        if column not in self.names[table]:
            raise failed(f"type object '{table}' has no attribute '{column}'")
        return self.names[table][column]


def single(name: str, frame: Frame, warnings: tuple[str, ...] = ()) -> Selection:
    """One table or view."""
    plain = {c: c for c in frame.data.columns if not c.endswith(("_position_x", "_position_y", "_position_z"))}
    return Selection(frame, {name: plain | {p: p for p in frame.points}}, warnings)


def joined(
    left: tuple[str, str, Frame],
    right: tuple[str, str, Frame],
    suffixes: dict[str, str],
    warnings: tuple[str, ...] = (),
) -> Selection:
    """Two tables, given as (name, column, rows), joined where the columns agree; those of the second come first.

    Columns that both have get the suffix of their table. superceded_id is left out.
    """
    frames, names, points = [], {}, []
    parts = [(n, c, f.data.drop(columns=[x for x in CRUD_COLUMNS if x in f.data]), f) for n, c, f in (right, left)]
    for k, (name, _, data, frame) in enumerate(parts):
        both = set(data.columns) & set(parts[1 - k][2].columns)
        suffix = suffixes.get(name, "")
        named = {c: c + suffix if c in both else c for c in data.columns}
        # A position is one column to a query, whatever becomes of its three parts in the answer.
        for point in frame.points:
            base = point + suffix if f"{point}_x" in both else point
            named |= {f"{point}_{letter}": f"{base}_{letter}" for letter in "xyz"} | {point: base}
            points.append(base)
        frames.append(data.rename(columns=named))
        names[name] = {c: n for c, n in named.items() if c[:-2] not in frame.points}
    keys = [names[name][column] for name, column, _, _ in parts]
    data = frames[0].merge(frames[1], left_on=keys[0], right_on=keys[1], how="inner")
    return Selection(Frame(data, tuple(points), right[2].voxel_nm), names, warnings)


def chosen(selection: Selection, body: dict[str, Any], request: Request) -> Mask:
    """Which rows the filters of a query let through. `filter_notin_dict` is not read, as on the server."""
    keep = np.ones(len(selection.frame), dtype=bool)
    request.ids = sum(
        len(values) for columns in (body.get("filter_in_dict") or {}).values() for values in columns.values()
    )
    for key, test in _TESTS.items():
        for table, columns in (body.get(key) or {}).items():
            for column, value in columns.items():
                keep &= test(selection.frame, selection.column(table, column), value)
    return keep


def _is_in(frame: Frame, column: str, wanted: Any) -> Mask:
    """A text in place of a list is taken for the list of its characters."""
    values, wanted = frame.values(column), list(wanted)
    if values.dtype == np.int64:
        return np.isin(values, np.array([w for w in map(_whole, wanted) if w is not None], dtype=np.int64))
    if values.dtype == object:
        known = {{"t": True, "f": False}.get(w, w) if _is_truth(values) else w for w in wanted}
        return np.array([v is not None and v in known for v in values], dtype=bool)
    return np.isin(values, np.array(wanted, dtype=np.float64))


def _whole(value: Any) -> int | None:
    """What a value is to a column of whole numbers; None where it equals none of them."""
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else None
    try:
        return int(str(value))
    except ValueError:
        raise failed(f'invalid input syntax for type bigint: "{value}"') from None


def _is_truth(values: NDArray[Any]) -> bool:
    return any(isinstance(v, bool | np.bool_) for v in values[:50])


def _not_in(frame: Frame, column: str, unwanted: list[Any]) -> Mask:
    return ~_is_in(frame, column, unwanted)


def _equal(frame: Frame, column: str, value: Any) -> Mask:
    return _is_in(frame, column, [value])


def _compared(compare: Callable[[Any, Any], Any]) -> Callable[[Frame, str, Any], Mask]:
    def test(frame: Frame, column: str, value: Any) -> Mask:
        values = frame.values(column)
        if values.dtype == object:
            return np.array([v is not None and bool(compare(v, value)) for v in values], dtype=bool)
        here = values != np.iinfo(np.int64).min if values.dtype == np.int64 else ~np.isnan(values)
        return np.asarray(compare(values, value) & here, dtype=bool)

    return test


def _matches(frame: Frame, column: str, pattern: str) -> Mask:
    expression = re.compile(pattern)
    return np.array([v is not None and expression.search(v) is not None for v in frame.values(column)], dtype=bool)


def _in_box(frame: Frame, column: str, box: list[list[float]]) -> Mask:
    """Positions within the box, its faces included, in voxels of the table."""
    if column not in frame.points:
        raise failed(f"column {column} is not a position")
    low, high = (np.array(corner, dtype=np.float64) for corner in box)
    if not (low < high).all():
        raise failed(f"min bounds: {low} must be less than max bounds: {high}")
    keep = np.ones(len(frame), dtype=bool)
    for axis, letter in enumerate("xyz"):
        place = frame.values(f"{column}_{letter}")
        keep &= (place >= low[axis]) & (place <= high[axis])
    return keep


_TESTS: dict[str, Callable[[Frame, str, Any], Mask]] = {
    "filter_in_dict": _is_in,
    "filter_out_dict": _not_in,
    "filter_equal_dict": _equal,
    "filter_greater_dict": _compared(lambda a, b: a > b),
    "filter_less_dict": _compared(lambda a, b: a < b),
    "filter_greater_equal_dict": _compared(lambda a, b: a >= b),
    "filter_less_equal_dict": _compared(lambda a, b: a <= b),
    "filter_spatial_dict": _in_box,
    "filter_regex_dict": _matches,
}


@dataclass(frozen=True)
class Rules:
    """How the server answers: its row limit, and whether each answer comes in an order of its own."""

    row_limit: int = 500_000
    shuffle: bool = False


def answer(
    selection: Selection, body: dict[str, Any], request: Request, rules: Rules, count: bool, live: bool = False
) -> Answer:
    """Answer a query: at most `limit` rows, which ones is nobody's promise, or their number where `count`."""
    unknown = set(body) - KNOWN_KEYS
    if unknown:
        raise bad_request(f"unknown field: {', '.join(sorted(unknown))}")
    resolution = _resolution(body, selection.frame)
    columns = _columns(selection, body)
    rows = np.flatnonzero(chosen(selection, body, request))
    if count:
        request.rows = 1
        counted = pa.RecordBatch.from_pandas(pd.DataFrame({"count": pd.array([len(rows)], dtype="Int64")}))
        return _arrow(counted, selection, list(selection.warnings), resolution)
    if rules.shuffle:
        rows = np.random.default_rng().permutation(rows)
    if "random_sample" in request.query:
        rows = np.random.default_rng().permutation(rows)[: int(request.query["random_sample"])]
    limit = min(int(body.get("limit") or rules.row_limit), rules.row_limit)
    rows = rows[int(body.get("offset") or 0) :][:limit]
    warnings = list(selection.warnings)
    if len(rows) >= limit:
        request.limited = True
        warnings.append(
            f'201 - "Limited query to {limit} rows'
            if not live
            else f"result has {len(rows)} entries, which is equal or more than limit of {limit} there may be more results"
        )
    if request.most_rows is not None and len(rows) > request.most_rows:
        rows, warnings = rows[: request.most_rows], list(selection.warnings)
    request.rows = len(rows)
    batch = _batch(selection.frame, columns, rows, resolution)
    if not request.flag("return_pyarrow"):
        return Answer(
            body=batch.to_pandas().to_json(orient="records").encode(), headers=_headers(selection, warnings, resolution)
        )
    return _arrow(batch, selection, warnings, resolution)


def _resolution(body: dict[str, Any], frame: Frame) -> tuple[float, ...]:
    asked = body.get("desired_resolution")
    if not asked:
        return frame.voxel_nm
    if not isinstance(asked, list) or len(asked) != 3 or not all(isinstance(a, int | float) and a > 0 for a in asked):
        raise bad_request(f"desired_resolution must be three numbers, not {asked}")
    return tuple(float(a) for a in asked)


def _columns(selection: Selection, body: dict[str, Any]) -> tuple[str, ...]:
    """The columns of the answer, positions split; a root id brings its supervoxel id."""
    asked, by_table = body.get("select_columns"), body.get("select_column_map")
    if not asked and not by_table:
        return tuple(selection.frame.data.columns)
    join = len(selection.names) > 1
    wanted: list[str] = []
    if asked:
        for column in asked:
            found = [names[column] for names in selection.names.values() if column in names]
            if not found:
                raise (
                    bad_request(f"column {column} not found in any table referenced")
                    if join
                    else failed(f"{column} not in model")
                )
            wanted.append(found[0])
    else:
        for table, columns in (by_table or {}).items():
            for column in columns:
                if column not in selection.names.get(table, {}):
                    raise (
                        bad_request(f"column {column} not found in {table}")
                        if join
                        else failed(f"{column} not in model")
                    )
                wanted.append(selection.names[table][column])
    result: list[str] = []
    have = set(selection.frame.data.columns)
    for column in wanted:
        voxel = column.replace("_root_id", "_supervoxel_id")
        parts = [f"{column}_{letter}" for letter in "xyz"] if column in selection.frame.points else [column]
        result += [
            part for part in ([voxel] if voxel != column and voxel in have else []) + parts if part not in result
        ]
    return tuple(result)


def _batch(
    frame: Frame, columns: tuple[str, ...], rows: NDArray[np.int64], resolution: tuple[float, ...]
) -> pa.RecordBatch:
    split = [(k, f"{p}_{letter}") for p in frame.points for k, letter in enumerate("xyz") if f"{p}_{letter}" in columns]
    if len(rows) == 0:
        # Without a row nothing tells the server that positions are whole numbers.
        empty = frame.data[list(columns)].iloc[:0].astype({name: "float64" for _, name in split})
        return pa.RecordBatch.from_pandas(empty, preserve_index=False)
    if resolution == frame.voxel_nm:
        return frame.batch(columns).take(pa.array(rows))
    data = frame.data[list(columns)].iloc[rows].reset_index(drop=True)
    for axis, name in split:
        scaled = data[name].to_numpy(dtype=np.float64) * frame.voxel_nm[axis] / resolution[axis]
        exact = np.rint(scaled)
        data[name] = pd.array(exact, dtype="Int32") if np.allclose(scaled, exact, atol=1e-6) else scaled
    return pa.RecordBatch.from_pandas(data, preserve_index=False)


def _headers(selection: Selection, warnings: list[str], resolution: tuple[float, ...]) -> Headers:
    return (
        *repeated("dataframe_resolution", resolution),
        ("column_names", str(selection.names)),
        *repeated("Warning", warnings),
    )


def _arrow(batch: pa.RecordBatch, selection: Selection, warnings: list[str], resolution: tuple[float, ...]) -> Answer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_batch(batch)
    return Answer(
        body=sink.getvalue().to_pybytes(),
        content_type="data.arrow",
        headers=_headers(selection, warnings, resolution),
    )
