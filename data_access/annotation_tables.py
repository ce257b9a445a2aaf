"""A table that somebody brings along becomes an annotation: one row a key, by an explicit rule where it has more."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from data_access import annotation_columns, staging
from data_access.annotation_columns import RULES, Annotation, Kept
from data_access.errors import InputError, did_you_mean
from data_access.ids import is_id_name
from data_access.layouts import CELL_IDS, Roles
from data_access.metadata import DatasetMeta, Kind, LeftOut
from data_access.settling import KINDS, quoted, relation, settle
from data_access.sources import TableFile, open_table
from data_access.staging import OWN, Part

NUCLEUS_IDS = ("nucleus_id", "target_id")
N_ROWS = "n_rows"
MOST_NAMED = 3
SEPARATOR = ", "
_NUMBERING = re.compile(r"Unnamed: \d+")  # what pandas calls the row numbers that it wrote


@dataclass(frozen=True)
class Wish:
    """A table to bring in. `key` "": found by its name; `on` "": cell_id, or nucleus_id for a key of that kind.

    `columns` empty: all of them. `prefix` stands before their names. `rule`: one of RULES. `source`: what to call it,
    and `name`: under what name to keep it, where the file's is no good.
    """

    file: Path
    key: str = ""
    on: str = ""
    columns: tuple[str, ...] = ()
    prefix: str = ""
    rule: str = "refuse"
    name: str = ""
    source: str = ""

    @property
    def words(self) -> str:
        """What to call the table."""
        return self.source or self.file.name


@dataclass(frozen=True)
class Columns:
    """The columns of a table that may be brought in: name -> kind, and those that cannot be and why."""

    key: str
    on: str
    kinds: dict[str, Kind]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class _Staged:
    """The table in a database: SQL of its rows (cell_id = the key, own.NAME, row_number), types by staged name."""

    con: duckdb.DuckDBPyConnection
    part: Part
    types: dict[str, str]
    left_out: tuple[LeftOut, ...]
    key: str
    on: str

    @property
    def rows(self) -> str:
        return f"({relation([self.part], self.types)})"

    def own(self, name: str) -> str:
        """The staged name of one of the file's columns."""
        return OWN + name


def key_of(table: TableFile, meta: DatasetMeta, key: str, on: str) -> tuple[str, str]:
    """The column of the table that holds the keys, and the dataset's column that they are values of.

    InputError where nothing tells.
    """
    if on:
        on = annotation_columns.column_name(meta, on)
    if key:
        found = table.column(key)
        return found, on or ("nucleus_id" if found in NUCLEUS_IDS and "nucleus_id" in meta.columns else "cell_id")
    if on == "nucleus_id":
        likely: Sequence[str] = NUCLEUS_IDS
    else:
        likely = (on,) if on and on != "cell_id" else CELL_IDS
    for name in likely:
        if name in table.names:
            return name, on or "cell_id"
    if not on and "nucleus_id" in meta.columns and (name := next((n for n in NUCLEUS_IDS if n in table.names), "")):
        return name, "nucleus_id"
    raise InputError(
        f"{table.path.name}: which column holds the keys? It has {table.listed()}",
        "name it with --key, and with --on the column of the dataset that it matches",
    )


def columns(wish: Wish, meta: DatasetMeta) -> Columns:
    """What a table holds. Raises InputError as `read` does, but not for its keys' repeats."""
    with _staged(wish, meta) as staged:
        kinds = {name: KINDS[kind] for name, kind in _own(staged).items()}
        return Columns(staged.key, staged.on, kinds, staged.left_out)


def read(wish: Wish, meta: DatasetMeta, values_of_on: pa.ChunkedArray) -> Kept:
    """The table as an annotation; whole numbers stay whole (int64), text stays text.

    `values_of_on`: the dataset's column that keys are matched with, by which a key 0 is told from "none". Rows without
    a key are counted and left out. Raises InputError for what is no table, for ids stored as floats, for unknown
    columns and for a key on several rows, naming the first, unless a rule says what to make of them.
    """
    check_rule(wish.rule)
    with _staged(wish, meta) as staged:
        chosen = _chosen(staged, wish)
        zero = staged.types["cell_id"] == "BIGINT" and not _has_zero(values_of_on)
        is_zero = "cell_id = 0" if zero else "false"
        counted = f"SELECT count(*), count(cell_id), count(*) FILTER (WHERE {is_zero}) FROM {staged.rows}"
        rows, with_key, zeros = staged.con.execute(counted).fetchall()[0]
        if with_key - zeros == 0:
            raise InputError(f"{wish.words}: no row has a key in column '{staged.key}'")
        there = f"(SELECT * FROM {staged.rows} WHERE cell_id IS NOT NULL AND NOT ({is_zero}))"
        if wish.rule == "refuse":
            _refuse_repeats(staged, there, wish)
        chosen, unfit = _fit(chosen, wish)
        table = _one_row_a_key(staged.con, there, chosen, wish.rule)
        names = {wish.prefix + name: name for name in chosen} if wish.rule != "count" else {wish.prefix + N_ROWS: ""}
        annotation = Annotation(
            name=wish.name, source=wish.words, key=staged.key, on=staged.on, rule=wish.rule, columns=names,
            rows=rows, no_key=rows - with_key, zero_key=zeros, keys=len(table),
            left_out=(*([] if wish.columns else _left_out(staged)), *unfit),
        )  # fmt: skip
        values = table.drop_columns(["cell_id"]).rename_columns(list(names))
        return Kept(annotation, table.column("cell_id").combine_chunks(), values)


def check_rule(rule: str) -> None:
    """InputError for a rule that is none."""
    if rule not in RULES:
        raise InputError(f"no rule is called '{rule[:40]}'", did_you_mean(rule, RULES))


@contextmanager
def _staged(wish: Wish, meta: DatasetMeta) -> Iterator[_Staged]:
    table = open_table(wish.file)
    key, on = key_of(table, meta, wish.key, wish.on)
    with tempfile.TemporaryDirectory(prefix="annotation-") as scratch, duckdb.connect() as con:
        con.execute("SET memory_limit = '700MB'")
        con.execute("SET threads = 2")
        roles = Roles("annotation", cell_id=key)
        part = staging.stage(table, roles, Path(scratch) / "rows.parquet", lambda n: None)
        try:
            settled = settle(con, [part])
            left_out = [LeftOut(why, 0, name) for name, why in part.left_out.items()]
            yield _Staged(con, part, dict(settled.types), (*left_out, *settled.left_out), key, on)
        except duckdb.Error as error:
            said = " ".join(str(error).split())[:200]
            raise InputError(f"{wish.words} could not be read: {said}") from error


def _own(staged: _Staged) -> dict[str, str]:
    """The file's columns but the key, by their names."""
    return {name.removeprefix(OWN): kind for name, kind in staged.types.items() if name.startswith(OWN)}


def _chosen(staged: _Staged, wish: Wish) -> dict[str, str]:
    """SQL type of each column to bring in. InputError for one that is not there, or cannot be kept."""
    own = _own(staged)
    if not wish.columns:
        if not own and wish.rule != "count":
            raise InputError(
                f"{wish.words} has no column that can be kept beside its key '{staged.key}'",
                "--rule count makes one of how often a key stands in it",
            )
        return {name: kind for name, kind in own.items() if not _NUMBERING.fullmatch(name)}
    if wish.rule == "count":
        raise InputError("the rule 'count' counts the rows of a key: it takes no columns", "leave out --columns")
    for name in wish.columns:
        why = next((item.reason for item in staged.left_out if item.column == name), "")
        if why:
            raise InputError(f"{wish.words}: column '{name}' cannot be kept: it {why}")
        if name not in own:
            hint = did_you_mean(name, own)
            raise InputError(f"{wish.words} has no column '{name[:60]}' beside its key '{staged.key}'", hint)
    return {name: own[name] for name in dict.fromkeys(wish.columns)}


def _left_out(staged: _Staged) -> tuple[LeftOut, ...]:
    numbering = [LeftOut("it numbers the rows", 0, name) for name in _own(staged) if _NUMBERING.fullmatch(name)]
    return (*staged.left_out, *numbering)


def _has_zero(values: pa.ChunkedArray) -> bool:
    return pa.types.is_integer(values.type) and bool(pc.any(pc.equal(values, 0)).as_py())


def _refuse_repeats(staged: _Staged, there: str, wish: Wish) -> None:
    found = staged.con.execute(
        f"SELECT cell_id, list(row_number ORDER BY row_number)[1:2], count(*) OVER () FROM {there} "
        f"GROUP BY cell_id HAVING count(*) > 1 ORDER BY min(row_number) LIMIT {MOST_NAMED}"
    ).fetchall()
    if not found:
        return
    n = found[0][2]
    named = [f"{key} (rows {a:,} and {b:,})" for key, (a, b), _ in found]
    stand = "key stands" if n == 1 else "keys stand"
    raise InputError(
        f"{wish.words}: {n:,} {stand} on several rows of column '{staged.key}': {', '.join(named)}"
        + (" ..." if n > len(named) else ""),
        "a rule says what to make of them: " + ", ".join(rule for rule in RULES if rule != "refuse"),
    )


def _fit(chosen: dict[str, str], wish: Wish) -> tuple[dict[str, str], list[LeftOut]]:
    """The columns that the rule can be applied to; of named ones none may be unfit."""
    if wish.rule not in ("mean", "sum"):
        return chosen, []
    unfit = {
        name: "is text" if kind == "VARCHAR" else "holds ids"
        for name, kind in chosen.items()
        if kind == "VARCHAR" or (kind == "BIGINT" and is_id_name(name))
    }
    fit = {name: kind for name, kind in chosen.items() if name not in unfit}
    if unfit and (wish.columns or not fit):
        name, why = next(iter(unfit.items()))
        raise InputError(f"{wish.words}: column '{name}' {why}: it has no {wish.rule}", "choose others with --columns")
    return fit, [LeftOut(f"{why}: it has no {wish.rule}", 0, name) for name, why in unfit.items()]


def _one_row_a_key(con: duckdb.DuckDBPyConnection, there: str, chosen: dict[str, str], rule: str) -> pa.Table:
    """cell_id and the columns, ascending by cell_id."""
    if rule in ("most", "list"):
        con.execute(f"CREATE TEMP TABLE rows AS SELECT * FROM {there}")
        parts = [f"LEFT JOIN ({_VALUES[rule].format(c=quoted(OWN + c))}) AS v{i} USING (cell_id)"
                 for i, c in enumerate(chosen)]  # fmt: skip
        picked = [f"v{i}.v AS {quoted(c)}" for i, c in enumerate(chosen)]
        sql = f"SELECT cell_id, {', '.join(picked)} FROM (SELECT DISTINCT cell_id FROM rows) {' '.join(parts)}"
    elif rule in ("refuse", "first"):
        picked = [f"{quoted(OWN + c)} AS {quoted(c)}" for c in chosen]
        sql = f"SELECT cell_id, {', '.join(picked)} FROM {there} "
        sql += "QUALIFY row_number() OVER (PARTITION BY cell_id ORDER BY row_number) = 1"
    else:
        picked = [f"{_aggregate(rule, OWN + c, kind)} AS {quoted(c)}" for c, kind in chosen.items()]
        picked = ["count(*) AS n_rows"] if rule == "count" else picked
        sql = f"SELECT cell_id, {', '.join(picked)} FROM {there} GROUP BY cell_id"
    return con.sql(f"SELECT * FROM ({sql}) ORDER BY cell_id").to_arrow_table()


# The most common value, of equally common ones that which comes first; all different values in the order of the rows.
_VALUES = {
    "most": "SELECT cell_id, {c} AS v FROM rows WHERE {c} IS NOT NULL GROUP BY cell_id, {c} "
    "QUALIFY row_number() OVER (PARTITION BY cell_id ORDER BY count(*) DESC, min(row_number)) = 1",
    "list": f"SELECT cell_id, string_agg(w, '{SEPARATOR}' ORDER BY r) AS v FROM (SELECT cell_id, "
    "CAST({c} AS VARCHAR) AS w, min(row_number) AS r FROM rows WHERE {c} IS NOT NULL GROUP BY cell_id, {c}) "
    "GROUP BY cell_id",
}


def _aggregate(rule: str, name: str, kind: str) -> str:
    c = quoted(name) if kind != "BOOLEAN" else f"CAST({quoted(name)} AS BIGINT)"
    if rule == "mean":
        return f"avg({c})"
    return f"CAST(sum({c}) AS {'DOUBLE' if kind == 'DOUBLE' else 'BIGINT'})"
