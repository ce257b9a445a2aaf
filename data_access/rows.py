"""Synapse and connection rows of an import: filtered, checked, sorted, and aggregated to connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access import cellsets
from data_access.columns import series
from data_access.errors import InputError
from data_access.layouts import Roles
from data_access.metadata import Column, Kind, LeftOut
from data_access.staging import ROLE_WORDS, Part, batches, literal, quoted

ROW_GROUP = 131_072
KINDS: dict[str, Kind] = {"BIGINT": "number", "DOUBLE": "number", "BOOLEAN": "boolean", "VARCHAR": "text"}
ROLES = ("pre", "post", "synapse_id", "size", "weight", "x", "y", "z")
INTERNAL = (*ROLES, "part_number", "row_number")

# The one aggregation from synapse rows to connections; plain SQL that other engines run too.
SYNAPSES_TO_CONNECTIONS = """
SELECT pre_id, post_id, count(*) AS n_synapses{sizes}
FROM {source}
GROUP BY pre_id, post_id
ORDER BY pre_id, post_id
"""


@dataclass(frozen=True)
class Counted:
    """How many rows fall out, by reason, and whether synapse ids repeat."""

    read: int = 0
    chosen: int = 0
    no_id: int = 0
    zero_id: int = 0
    no_weight: int = 0
    repeated: int = 0
    missing_sizes: int = 0
    columns: tuple[LeftOut, ...] = ()

    def left_out(self, expression: str) -> list[LeftOut]:
        """The rows left out, one entry a reason."""
        reasons = [
            (self.read - self.chosen, f"not chosen by --rows {expression}"),
            (self.no_id, "no pre or post id"),
            (self.zero_id, "id 0 (background)"),
            (self.no_weight, "no synapses: weight missing or zero"),
            (self.repeated, "synapse id seen before with the same partners"),
        ]
        return [LeftOut(reason, count) for count, reason in reasons if count]


@dataclass(frozen=True)
class Rows:
    """The staged rows as SQL, and how to read them."""

    con: duckdb.DuckDBPyConnection
    source: str
    types: Mapping[str, str]
    parts: Sequence[Part]
    roles: Roles
    missing_size: tuple[str, ...]
    are_synapses: bool
    repeated: list[bool] = field(default_factory=lambda: [False])

    @property
    def others(self) -> list[str]:
        """The files' own columns, in order."""
        return [name for name in self.types if name not in INTERNAL]

    def own_names(self, wanted: Sequence[str]) -> list[str]:
        """Names under which the files' measure columns were staged."""
        names = []
        for want in wanted:
            name = self.parts[0].source.column(want)
            names.append(name if name in self.types else name + "_file")
        for name in names:
            if self.types.get(name) not in ("BIGINT", "DOUBLE"):
                raise InputError(f"--measures: column '{name}' does not hold numbers")
        return names

    def own_name(self, name: str) -> str:
        """What the file calls a column that was staged as `name`."""
        return name if name in self.parts[0].source.names else name.removesuffix("_file")

    def size(self) -> str:
        """SQL of the size of a row, missing where the user said so."""
        if not self.missing_size:
            return "size"
        words = [w for w in self.missing_size if w.lower() not in ("nan", "")]
        tests = [f"size = {number_literal(word)}" for word in words] + ["isnan(CAST(size AS DOUBLE))"]
        return f"CASE WHEN {' OR '.join(tests)} THEN NULL ELSE size END"

    def valid(self) -> str:
        """SQL of the rows that are synapses or connections between two identified cells."""
        tests = ["pre IS NOT NULL", "post IS NOT NULL"]
        if self._zero():
            tests += ["pre <> 0", "post <> 0"]
        if not self.are_synapses:
            tests.append("weight IS NOT NULL AND weight <> 0")
        return f"SELECT * FROM ({self.source}) WHERE {' AND '.join(tests)}"

    def _zero(self) -> bool:
        return self.roles.zero_is_background and self.types["pre"] == "BIGINT"

    def kept(self) -> str:
        """SQL of the rows of the dataset under their final names; each synapse once."""
        once = ""
        if self.repeated[0]:
            once = " QUALIFY row_number() OVER (PARTITION BY synapse_id ORDER BY part_number, row_number) = 1"
        columns = ["synapse_id" if "synapse_id" in self.types else f"{self._number()} AS synapse_id"]
        columns += ["pre AS pre_id", "post AS post_id"]
        if "size" in self.types:
            columns.append(f"{self.size()} AS size")
        position = self.roles.position
        if position and "x" in self.types:
            pairs = zip("xyz", position.nm_per_unit, strict=True)
            columns += [f"CAST({axis} AS DOUBLE) * {factor!r} AS {axis}_nm" for axis, factor in pairs]
        columns += [quoted(name) for name in self.others]
        return f"SELECT {', '.join(columns)} FROM ({self.valid()}){once}"

    def _number(self) -> str:
        """Rows without an id are numbered by their place in the files, so that the numbers do not change."""
        before = np.cumsum([0] + [p.rows for p in self.parts])[:-1]
        cases = " ".join(f"WHEN {i} THEN {start}" for i, start in enumerate(before))
        return f"(CASE part_number {cases} END + row_number)"

    def connections_sql(self, measures: Sequence[str]) -> str:
        """SQL of the connections, ordered by (pre_id, post_id)."""
        if self.are_synapses:
            sizes = ", sum(CAST(size AS DOUBLE)) AS sum_size, count(size) AS n_sized" if "size" in self.types else ""
            if sizes:
                sizes = ", coalesce(sum(CAST(size AS DOUBLE)), 0) AS sum_size, count(size) AS n_sized"
            return SYNAPSES_TO_CONNECTIONS.format(sizes=sizes, source=f"({self.kept()})")
        sums = "".join(f", sum({quoted(m)}) AS {quoted(m)}" for m in measures)  # no value at all: missing
        return (
            f"SELECT pre AS pre_id, post AS post_id, CAST(sum(weight) AS BIGINT) AS n_synapses{sums} "
            f"FROM ({self.valid()}) GROUP BY pre, post ORDER BY pre, post"
        )


def number_literal(word: str) -> str:
    """A number a user gave, as SQL; InputError where it is none."""
    try:
        return repr(float(word))
    except ValueError:
        raise InputError(f"--missing-size {word}: not a number") from None


def filtered(
    con: duckdb.DuckDBPyConnection, source: str, types: Mapping[str, str], parts: Sequence[Part], expression: str,
    target: Path,
) -> str:  # fmt: skip
    """SQL of the rows that match a --rows expression (all when it is empty).

    The expression speaks of the file's own column names; a column in a role is known by its role name too.
    """
    if not expression.strip():
        return source
    kinds = {name: KINDS[kind] for name, kind in types.items()}
    aliases = {"pre_id": "pre", "post_id": "post"}
    aliases |= {old: role for role, old in parts[0].origin.items() if old not in kinds and role not in "xyz"}
    schema = cellsets.Schema(columns=kinds, aliases=aliases, id_column=None, ids_are_text=False)
    tree = cellsets.parse(expression, schema)
    seen = cellsets.SeenValues()
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches(con, source):
            mask = cellsets.evaluate(tree, _BatchColumns(batch), batch.num_rows, seen)
            piece = pa.Table.from_batches([batch]).filter(pa.array(mask))
            writer = writer or pq.ParquetWriter(target, piece.schema, compression="zstd", compression_level=1)
            writer.write_table(piece)
    finally:
        if writer is not None:
            writer.close()
    seen.check()
    return f"SELECT * FROM read_parquet({literal(str(target))})"


class _BatchColumns:
    """The columns of one batch, as the cell-set language wants them."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    def column(self, name: str) -> pd.Series:
        return series(self._batch.column(name), name)

    def codes_of(self, ids: Sequence[str]) -> np.ndarray:
        raise InputError("--rows takes a condition on columns, not a list of ids", "such as size > 100")


def checked(table: Rows) -> Counted:
    """Count what falls out, and refuse what no synapse can be; InputError names the first bad row."""
    con, types = table.con, table.types
    zero = "pre = 0 OR post = 0" if table._zero() else "false"
    tests = [
        "count(*)",
        "count(*) FILTER (WHERE pre IS NULL OR post IS NULL)",
        f"count(*) FILTER (WHERE pre IS NOT NULL AND post IS NOT NULL AND ({zero}))",
    ]
    row = con.execute(f"SELECT {', '.join(tests)} FROM ({table.source})").fetchone()
    assert row is not None
    counted = Counted(sum(p.rows for p in table.parts), row[0], row[1], row[2])
    if not table.are_synapses:
        return _checked_weights(table, counted)
    missing = _checked_sizes(table) if "size" in types else 0
    repeated = _checked_ids(table) if "synapse_id" in types else 0
    table.repeated[0] = repeated > 0
    return Counted(counted.read, counted.chosen, counted.no_id, counted.zero_id, 0, repeated, missing)


def _checked_weights(table: Rows, counted: Counted) -> Counted:
    _refuse(table, "weight", "weight < 0", "is negative")
    _refuse(table, "weight", "isnan(CAST(weight AS DOUBLE)) OR isinf(CAST(weight AS DOUBLE))", "is not a number")
    _refuse(table, "weight", "weight <> floor(weight)",
            "is not a whole number of synapses", "give such a column with --measures")  # fmt: skip
    zero = "AND pre <> 0 AND post <> 0" if table._zero() else ""
    row = table.con.execute(
        f"SELECT count(*) FROM ({table.source}) WHERE pre IS NOT NULL AND post IS NOT NULL {zero} "
        "AND (weight IS NULL OR weight = 0)"
    ).fetchone()
    assert row is not None
    dropped = tuple(
        LeftOut("a column of edge rows; --measures keeps columns of numbers, summed for each connection", 0, own)
        for name in table.others
        if (own := table.own_name(name)) not in table.roles.measures
    )
    return Counted(counted.read, counted.chosen, counted.no_id, counted.zero_id, row[0], columns=dropped)


def _checked_sizes(table: Rows) -> int:
    size = table.size()
    _refuse(
        table,
        "size",
        f"({size}) < 0",
        "is negative",
        "if that stands for a missing size: --missing-size VALUE",
    )
    bad = f"({size}) IS NULL OR isnan(CAST(({size}) AS DOUBLE)) OR isinf(CAST(({size}) AS DOUBLE))"
    if not table.missing_size:
        _refuse(table, "size", bad, "is missing or not a number", "if sizes may be missing: --missing-size nan")
        return 0
    if not any(w.lower() in ("nan", "") for w in table.missing_size):
        _refuse(table, "size", "size IS NULL OR isnan(CAST(size AS DOUBLE))", "is missing or not a number",
                "if sizes may be missing too, repeat the option: --missing-size nan")  # fmt: skip
    row = table.con.execute(f"SELECT count(*) FROM ({table.valid()}) WHERE ({size}) IS NULL").fetchone()
    assert row is not None
    return int(row[0])


def _refuse(table: Rows, role: str, bad: str, what: str, hint: str = "") -> None:
    row = table.con.execute(
        f"SELECT part_number, row_number, {role} FROM ({table.valid()}) WHERE {bad} "
        "ORDER BY part_number, row_number LIMIT 1"
    ).fetchone()
    if row is None:
        return
    part = table.parts[row[0]]
    shown = "no value" if row[2] is None else f"{row[2]:g}" if isinstance(row[2], float) else str(row[2])
    raise InputError(
        f"{part.source.path.name}: row {row[1]:,}: {shown} in column '{part.origin[role]}' {what} ({ROLE_WORDS[role]})",
        hint,
    )


def _checked_ids(table: Rows) -> int:
    """Rows that repeat a synapse; InputError where one synapse id stands for two pairs of partners."""
    valid = table.valid()
    name = table.parts[0].origin["synapse_id"]
    row = table.con.execute(f"SELECT count(*) - count(synapse_id) FROM ({valid})").fetchone()
    assert row is not None
    if row[0]:
        raise InputError(f"{row[0]:,} rows have no synapse id in column '{name}'",
                         "leave the column out of the file, or give another with --synapse-id")  # fmt: skip
    clash = table.con.execute(
        f"SELECT synapse_id, count(*) FROM ({valid}) GROUP BY synapse_id "
        "HAVING count(*) > 1 AND (min(pre) <> max(pre) OR min(post) <> max(post)) ORDER BY synapse_id LIMIT 1"
    ).fetchone()
    if clash is not None:
        raise InputError(
            f"synapse id {clash[0]} in column '{name}' stands for two different pairs of cells",
            "if the column does not identify rows, name another with --synapse-id; it then stays as an attribute",
        )
    row = table.con.execute(
        f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM ({valid}) GROUP BY synapse_id HAVING n > 1)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def write(table: Rows, counted: Counted, place: Path) -> int:
    """Write the sorted synapse files; returns the number of source rows kept."""
    kept = counted.chosen - counted.no_id - counted.zero_id - counted.no_weight - counted.repeated
    if kept == 0:
        raise InputError("no row is left to import", "see what --rows chooses, and which columns hold the ids")
    if not table.are_synapses:
        return kept
    narrow = ["post_id", "pre_id", "synapse_id", *[n for n in ("size", "x_nm") if n in _final_names(table)]]
    if "x_nm" in narrow:
        narrow += ["y_nm", "z_nm"]
    for folder, columns, order in (
        ("synapses", "*", "pre_id, post_id, synapse_id"),
        ("synapses_by_post", ", ".join(narrow), "post_id, pre_id, synapse_id"),
    ):
        (place / folder).mkdir()
        target = place / folder / "part-0.parquet"
        table.con.execute(
            f"COPY (SELECT {columns} FROM ({table.kept()}) ORDER BY {order}) TO {literal(str(target))} "
            f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP})"
        )
    return kept


def _final_names(table: Rows) -> list[str]:
    names = ["synapse_id", "pre_id", "post_id"]
    if "size" in table.types:
        names.append("size")
    if table.roles.position and "x" in table.types:
        names += ["x_nm", "y_nm", "z_nm"]
    return names + table.others


def column_meanings(parts: Sequence[Part], types: Mapping[str, str], given: Mapping[str, str]) -> dict[str, Column]:
    """What each column of the synapse table holds and means."""
    own = {
        "synapse_id": Column("id", "id of the synapse" if "synapse_id" in types else "row number in the source files"),
        "pre_id": Column("id", "presynaptic cell"),
        "post_id": Column("id", "postsynaptic cell"),
    }
    if "size" in types:
        own["size"] = Column("number", f"size of the synapse ({parts[0].origin['size']} of the source)")
    if "x" in types:
        own |= {f"{a}_nm": Column("number", "position of the synapse, nm") for a in "xyz"}
    own |= {n: Column(KINDS[k]) for n, k in types.items() if n not in INTERNAL}
    return {n: Column(c.kind, given.get(n, c.meaning)) for n, c in own.items()}
