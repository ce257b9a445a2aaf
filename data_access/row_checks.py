"""The rows of an import counted by what falls out, and refused where they cannot be synapses or connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from data_access.errors import InputError
from data_access.layouts import NO_COLUMN
from data_access.metadata import LeftOut
from data_access.rows import REPEATED, Rows
from data_access.staging import ROLE_WORDS

LARGEST_COUNT = 2**32 - 1
EDGE_COLUMN = "a column of edge rows; --measures keeps columns of numbers, summed for each connection"


@dataclass(frozen=True)
class Counted:
    """How many rows of the files fall out, by reason."""

    read: int
    chosen: int
    no_id: int
    zero_id: int
    no_weight: int = 0
    repeated: int = 0
    missing_sizes: int = 0

    @property
    def kept(self) -> int:
        """Rows that stay."""
        return self.chosen - self.no_id - self.zero_id - self.no_weight - self.repeated

    def left_out(self, expression: str) -> tuple[LeftOut, ...]:
        """The rows left out, one entry a reason."""
        reasons = [
            (self.read - self.chosen, f"not chosen by --rows {expression}"),
            (self.no_id, "no pre or post id"),
            (self.zero_id, "id 0 (background)"),
            (self.no_weight, "no synapses: weight missing or zero"),
            (self.repeated, "synapse id seen before with the same partners"),
        ]
        return tuple(LeftOut(reason, count) for count, reason in reasons if count)


@dataclass(frozen=True)
class _Refusal:
    """A value that no synapse or connection can have: its role, the SQL condition, and what to say."""

    role: str
    bad: str
    what: str
    hint: str = ""


def checked(table: Rows) -> tuple[Rows, Counted]:
    """Count what falls out, and refuse what no synapse can be; InputError names file, row and value.

    The rows come back knowing which of them repeat a synapse. InputError where one synapse id stands for two pairs of
    cells, and where no row is left.
    """
    refusals = _size_refusals(table) if table.are_synapses else _weight_refusals()
    unsized = f"{table.size()} IS NULL" if table.are_synapses and "size" in table.types else "false"
    identified = table.identified()
    empty = "false" if table.are_synapses else table.no_weight()
    conditions = [
        "true",
        "pre IS NULL OR post IS NULL",
        f"pre IS NOT NULL AND post IS NOT NULL AND NOT {identified}",
        f"{identified} AND {empty}",
        f"{identified} AND {unsized}",
        *(f"{identified} AND NOT ({empty}) AND ({refusal.bad})" for refusal in refusals),
    ]
    counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)
    row = table.con.execute(f"SELECT {counts} FROM ({table.source})").fetchone()
    assert row is not None
    chosen, no_id, zero_id, no_weight, missing_sizes, *refused = row
    for refusal, count in zip(refusals, refused, strict=True):
        if count:
            raise _error(table, refusal)
    counted = Counted(sum(p.rows for p in table.parts), chosen, no_id, zero_id, no_weight, 0, missing_sizes)
    if counted.kept == 0:
        raise InputError("no row is left to import", "see what --rows chooses, and which columns hold the ids")
    if "synapse_id" not in table.types or not table.are_synapses:
        return table, counted
    repeated = _repeated_synapses(table)
    return replace(table, has_repeated=repeated > 0), replace(counted, repeated=repeated)


def dropped_columns(table: Rows) -> tuple[LeftOut, ...]:
    """Columns of connection rows that are not kept: all but the measures. Synapse rows keep all of theirs."""
    if table.are_synapses:
        return ()
    measures = table.measures().values()
    return tuple(LeftOut(EDGE_COLUMN, 0, table.file_name(name)) for name in table.others if name not in measures)


def _weight_refusals() -> list[_Refusal]:
    return [
        _Refusal("weight", "weight < 0", "is negative"),
        _Refusal("weight", "isinf(CAST(weight AS DOUBLE))", "is not a number"),
        _Refusal("weight", f"weight > {LARGEST_COUNT}", f"is above {LARGEST_COUNT:,}"),
        _Refusal(
            "weight", "weight <> floor(weight)", "is not a whole number of synapses",
            "give such a column with --measures",
        ),
    ]  # fmt: skip


def _size_refusals(table: Rows) -> list[_Refusal]:
    if "size" not in table.types:
        return []
    size = table.size()
    refusals = [
        _Refusal("size", f"{size} < 0", "is negative", "if that stands for a missing size: --missing-size {value}"),
        _Refusal("size", f"isinf(CAST({size} AS DOUBLE))", "is not a number"),
    ]
    if not table.sizes_may_be_blank():
        also = " too, repeat the option" if table.missing_size else ""
        hint = f"if sizes may be missing{also}: --missing-size nan"
        refusals.append(_Refusal("size", "size IS NULL", "is missing or not a number", hint))
    return refusals


def _error(table: Rows, refusal: _Refusal) -> InputError:
    role = refusal.role
    part_number, row_number, value = _first(table, f"({refusal.bad})", role)
    part = table.parts[part_number]
    shown = "no value" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return InputError(
        f"{part.source.path.name}: row {row_number:,}: {shown} in column '{part.origin[role]}' {refusal.what} "
        f"({ROLE_WORDS[role]})",
        refusal.hint.format(value=shown),
    )


def _first(table: Rows, where: str, *columns: str) -> Sequence:
    """Part, row and some columns of the first valid row that fulfils a condition."""
    row = table.con.execute(
        f"SELECT part_number, row_number, {', '.join(columns)} FROM ({table.valid()}) AS valid WHERE {where} "
        "ORDER BY part_number, row_number LIMIT 1"
    ).fetchone()
    assert row is not None
    return row


def _repeated_synapses(table: Rows) -> int:
    """List the rows that repeat a synapse in `repeated_rows`; how many. InputError for an id with two pairs of cells.

    Ids that occur once, the rule, cost one count of the id column; only the others are looked at with their cells.
    """
    con, name = table.con, table.parts[0].origin["synapse_id"]
    con.execute(
        f"CREATE TEMP TABLE repeated_ids AS SELECT synapse_id FROM ({table.valid()}) "
        "GROUP BY synapse_id HAVING count(*) > 1 OR synapse_id IS NULL"
    )
    missing, many = con.execute(
        "SELECT count(*) FILTER (synapse_id IS NULL), count(*) FROM repeated_ids"
    ).fetchone() or (0, 0)
    if missing:
        part, row, *_ = _first(table, "synapse_id IS NULL", "pre")
        file = table.parts[part].source.path.name
        raise InputError(f"{file}: row {row:,}: no synapse id in column '{name}'",
                         f"number the rows instead with --synapse-id {NO_COLUMN}, or name another column")  # fmt: skip
    if not many:
        return 0
    con.execute(
        f"CREATE TEMP TABLE repeats AS SELECT synapse_id, part_number, row_number, pre, post, "
        "row_number() OVER (PARTITION BY synapse_id ORDER BY part_number, row_number) AS place "
        f"FROM ({table.valid()}) SEMI JOIN repeated_ids USING (synapse_id)"
    )
    clash = con.execute(
        "SELECT a.synapse_id, a.part_number, a.row_number, a.pre, a.post, b.part_number, b.row_number, b.pre, b.post "
        "FROM repeats a JOIN repeats b USING (synapse_id) WHERE a.place = 1 AND (a.pre <> b.pre OR a.post <> b.post) "
        "ORDER BY b.part_number, b.row_number LIMIT 1"
    ).fetchone()
    if clash is not None:
        places = [
            f"{pre} -> {post} ({table.parts[part].source.path.name}, row {row:,})"
            for part, row, pre, post in (clash[1:5], clash[5:9])
        ]
        raise InputError(
            f"synapse id {clash[0]} in column '{name}' stands for two different pairs of cells: {' and '.join(places)}",
            f"if the column does not identify rows: --synapse-id {NO_COLUMN} numbers them and keeps it as an attribute",
        )
    con.execute(f"CREATE TEMP TABLE {REPEATED} AS SELECT part_number, row_number FROM repeats WHERE place > 1")
    row = con.execute(f"SELECT count(*) FROM {REPEATED}").fetchone()
    return int(row[0]) if row else 0
