"""Synapse and connection rows of an import as SQL: which are valid, under which names they are kept, and summed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access import cellsets
from data_access.columns import series
from data_access.errors import InputError, UsageError
from data_access.layouts import Roles
from data_access.metadata import Column
from data_access.settling import KINDS, first_word, literal, quoted
from data_access.sources import BATCH_ROWS
from data_access.staging import OWN, Part

# The one aggregation from synapse rows to connections; plain SQL that other engines run too.
SYNAPSES_TO_CONNECTIONS = """
SELECT pre_id, post_id, count(*) AS n_synapses{sizes}
FROM {source}
GROUP BY pre_id, post_id
ORDER BY pre_id, post_id
"""
SUMMED_SIZES = ", coalesce(sum(CAST(size AS DOUBLE)), 0) AS sum_size"
COUNTED_SIZES = ", count(size) AS n_sized"
GENERATED = ("synapse_id", "pre_id", "post_id")
POSITIONS = ("x_nm", "y_nm", "z_nm")
EVERY_DATASET_HAS = (
    "binary", "n_synapses", "sum_size", "mean_size", "log_sum_size", "input_fraction", "output_fraction",
)  # fmt: skip
REPEATED = "repeated_rows"


def reserved(roles: Roles) -> tuple[str, ...]:
    """Names that the synapse table of a file with these roles uses itself."""
    sizes = ("size",) if roles.size else ()
    return (*GENERATED, *sizes, *(POSITIONS if roles.position else ()))


@dataclass(frozen=True)
class Rows:
    """The staged rows as SQL, and how to read them.

    `has_repeated`: the table `repeated_rows` lists rows whose synapse stands on an earlier row already.
    """

    con: duckdb.DuckDBPyConnection
    source: str
    types: Mapping[str, str]
    parts: Sequence[Part]
    roles: Roles
    missing_size: tuple[str, ...]
    are_synapses: bool
    has_repeated: bool = False

    @property
    def others(self) -> list[str]:
        """The files' own columns as staged, in order."""
        return [name for name in self.types if name.startswith(OWN)]

    @property
    def has_positions(self) -> bool:
        """Whether each row has a place."""
        return self.roles.position is not None and "x" in self.types

    def file_name(self, column: str) -> str:
        """What the files call a staged column."""
        return next((p.file_name(column) for p in self.parts if column in p.kinds), column)

    def measures(self) -> dict[str, str]:
        """Staged column of each measure the user named. InputError where one holds no numbers or has no free name."""
        found: dict[str, str] = {}
        for name in self.roles.measures:
            column = next((c for c in self.others if self.file_name(c) == name), None)
            if name in found:
                raise UsageError(f"--measures names '{name}' twice")
            if column is None:
                raise UsageError(f"--measures: column '{name}' is in use already, or is not kept")
            if name.lower() in EVERY_DATASET_HAS:
                raise InputError(f"--measures: '{name}' is a measure that every dataset has", "rename the column")
            if self.types[column] not in ("BIGINT", "DOUBLE"):
                raise first_word(self.con, self.parts, column)
            found[name] = column
        return found

    @property
    def drops_zero(self) -> bool:
        """Whether id 0 stands for no cell."""
        return self.roles.zero_is_background and self.types["pre"] == "BIGINT"

    def identified(self) -> str:
        """SQL condition: both cells are known."""
        zero = " AND pre <> 0 AND post <> 0" if self.drops_zero else ""
        return f"(pre IS NOT NULL AND post IS NOT NULL{zero})"

    def no_weight(self) -> str:
        """SQL condition: no synapse, by the weight."""
        return "(weight IS NULL OR weight = 0)"

    def valid(self) -> str:
        """SQL of the rows that are synapses or connections between two identified cells."""
        weighted = "" if self.are_synapses else f" AND NOT {self.no_weight()}"
        return f"SELECT * FROM ({self.source}) WHERE {self.identified()}{weighted}"

    def size(self) -> str:
        """SQL of the size of a row, missing where the user said so."""
        values = [float(word) for word in self.missing_size if word]
        tests = [f"size = {value!r}" for value in values if value == value]
        return f"(CASE WHEN {' OR '.join(tests)} THEN NULL ELSE size END)" if tests else "size"

    def sizes_may_be_blank(self) -> bool:
        """Whether the user declared that a blank or NaN stands for a size that was not measured."""
        return any(not word or float(word) != float(word) for word in self.missing_size)

    def kept(self) -> str:
        """SQL of the rows of a synapse table under their final names; each synapse once."""
        columns = ["synapse_id" if "synapse_id" in self.types else f"{self._number()} AS synapse_id"]
        columns += ["pre AS pre_id", "post AS post_id"]
        if "size" in self.types:
            columns.append(f"{self.size()} AS size")
        if self.roles.position and self.has_positions:
            pairs = zip("xyz", self.roles.position.nm_per_unit, strict=True)
            columns += [f"CAST({axis} AS DOUBLE) * {factor!r} AS {axis}_nm" for axis, factor in pairs]
        columns += [f"{quoted(name)} AS {quoted(name.removeprefix(OWN))}" for name in self.others]
        once = f" ANTI JOIN {REPEATED} USING (part_number, row_number)" if self.has_repeated else ""
        return f"SELECT {', '.join(columns)} FROM ({self.valid()}) AS valid{once}"

    def _number(self) -> str:
        """Rows without an id are numbered by their place in the files, so that the numbers do not change."""
        before = [0, *accumulate(part.rows for part in self.parts)]
        cases = " ".join(f"WHEN {i} THEN {start}" for i, start in enumerate(before[:-1]))
        return f"(CASE part_number {cases} END + row_number)"

    def summed_weights(self) -> str:
        """SQL of the connections of connection rows, ordered by (pre_id, post_id); rows of one pair add up."""
        sums = "".join(f", CAST(sum({quoted(c)}) AS DOUBLE) AS {quoted(name)}" for name, c in self.measures().items())
        return (
            f"SELECT pre AS pre_id, post AS post_id, CAST(sum(weight) AS BIGINT) AS n_synapses{sums} "
            f"FROM ({self.valid()}) GROUP BY pre, post ORDER BY pre, post"
        )

    def columns(self, given: Mapping[str, str]) -> dict[str, Column]:
        """What each column of the synapse table holds and means; `given` meanings win."""
        numbered = "id of the synapse" if "synapse_id" in self.types else "row number in the source files"
        own = {
            "synapse_id": Column("id", numbered),
            "pre_id": Column("id", "presynaptic cell"),
            "post_id": Column("id", "postsynaptic cell"),
        }
        if "size" in self.types:
            own["size"] = Column("number", f"size of the synapse ({self.file_name('size')} of the source)")
        if self.has_positions:
            own |= {name: Column("number", "position of the synapse, nm") for name in POSITIONS}
        own |= {name.removeprefix(OWN): Column(KINDS[self.types[name]]) for name in self.others}
        return {name: Column(c.kind, given.get(name, c.meaning)) for name, c in own.items()}


def filtered(
    con: duckdb.DuckDBPyConnection, source: str, types: Mapping[str, str], parts: Sequence[Part], expression: str,
    target: Path,
) -> str:  # fmt: skip
    """SQL of the rows that match a --rows expression (all when it is empty).

    The expression speaks of the files' own column names; a column in a role is known by its role's name too.
    """
    if not expression.strip():
        return source
    try:
        return _chosen(con, source, types, parts, expression, target)
    except cellsets.CellSetError as error:
        raise InputError(f"--rows {expression[:200]}: {error.message}", error.hint) from error


def _chosen(
    con: duckdb.DuckDBPyConnection, source: str, types: Mapping[str, str], parts: Sequence[Part], expression: str,
    target: Path,
) -> str:  # fmt: skip
    places = _names_in_files(types, parts)
    kinds = {name: KINDS[types[place]] for name, place in places.items()}
    roles = {"pre_id": "pre", "post_id": "post"} | {role: role for role in types if not role.startswith(OWN)}
    for name, role in roles.items():
        if role in types and name not in kinds:
            places[name], kinds[name] = role, KINDS[types[role]]
    tree = cellsets.parse(expression, cellsets.Schema(columns=kinds, id_column=None, ids_are_text=False))
    seen = cellsets.SeenValues()
    writer: pq.ParquetWriter | None = None
    cursor = con.cursor()
    try:
        for batch in cursor.sql(source).to_arrow_reader(BATCH_ROWS):
            mask = cellsets.evaluate(tree, _BatchColumns(batch, places), batch.num_rows, seen)
            piece = pa.Table.from_batches([batch]).filter(pa.array(mask))
            writer = writer or pq.ParquetWriter(target, piece.schema, compression="lz4")
            writer.write_table(piece)
    finally:
        cursor.close()
        if writer is not None:
            writer.close()
    seen.check()
    return f"SELECT * FROM read_parquet({literal(str(target))})"


def _names_in_files(types: Mapping[str, str], parts: Sequence[Part]) -> dict[str, str]:
    """The files' column names, and the staged column of each; a list of positions is NAME_x, NAME_y and NAME_z."""
    places: dict[str, str] = {}
    for part in parts:
        for final, name in part.own.items():
            places.setdefault(name, OWN + final)
        lists = {name for name in part.origin.values() if list(part.origin.values()).count(name) == 3}
        for role, name in part.origin.items():
            places.setdefault(f"{name}_{role}" if name in lists else name, role)
    return {name: place for name, place in places.items() if place in types}


class _BatchColumns:
    """The columns of one batch, as the cell-set language wants them."""

    def __init__(self, batch: pa.RecordBatch, places: Mapping[str, str]) -> None:
        self._batch = batch
        self._places = places

    def column(self, name: str) -> pd.Series:
        return series(self._batch.column(self._places[name]), name)

    def codes_of(self, ids: Sequence[str]) -> np.ndarray:
        raise InputError("--rows takes a condition on columns, not a list of ids", "such as size > 100")
