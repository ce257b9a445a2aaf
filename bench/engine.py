"""Synapse rows to connections: the published recipe and ours, on the same columns in the same run."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.aggregate import connections_of
from bench import recipe, tables
from bench.measure import Runs, Timed, timed
from bench.report import Budget, Section, Table, number, spread
from bench.tables import Tables

TIMES_LESS = 150.0
METHOD = """Generated tables with the exact sizes of a published tutorial. The recipe is its `pivot_table` with a
function that is called for every connection; ours is `analysis.aggregate.connections_of`, on the same columns in
memory, which also sums the sizes. Both must find the same number of connections. CPU is that of the process."""


def section(made: Sequence[Tables], recipe_on_m: bool, runs: int) -> Section:
    """Times, ratios and the budget of the aggregation; without the recipe on M no budget is judged."""
    rows, budgets = [], []
    for table in made:
        large = table.size is tables.M
        ours = _ours(table, runs)
        theirs = _recipe(table, 1 if large else 3) if recipe_on_m or not large else None
        rows.append(_row(table, "this project", ours, None))
        if theirs is not None:
            rows.append(_row(table, "the pandas recipe", theirs, ours))
        if theirs is not None and large:
            ratios = Runs.of(theirs.cpu.median / cpu for cpu in ours.cpu.values)
            what = "M: synapse columns to connections, against the pandas recipe, CPU"
            budgets.append(Budget(what, TIMES_LESS, ratios, "times less", at_least=True))
    sizes = Table(("table", "size"), tuple((t.size.name, t.size.words()) for t in made))
    times = Table(("table", "how", "wall", "CPU", "CPU, times ours"), tuple(rows))
    return Section("Synapse rows to connections", METHOD, (sizes, times), tuple(budgets))


def _row(table: Tables, how: str, time: Timed, ours: Timed | None) -> tuple[str, ...]:
    ratio = number(ours.times_less_cpu(time)) if ours else "1"
    return table.size.name, how, spread(time.wall, "ms"), spread(time.cpu, "ms"), ratio


def _ours(table: Tables, runs: int) -> Timed:
    pre, post, size = (table.synapses[name].to_numpy() for name in ("pre_id", "post_id", "size"))
    connections_of(pre[:100], post[:100], size[:100])  # compiled now, not in the first run
    found = len(connections_of(pre, post, size))
    _same(found, table, "this project")
    return timed(lambda: connections_of(pre, post, size), runs)


def _recipe(table: Tables, runs: int) -> Timed:
    made: list[pd.DataFrame] = []

    def work() -> None:
        made[:] = [recipe.binary_matrix(table.synapses)]

    time = timed(work, runs)
    _same(recipe.n_connections(made[0]), table, "the recipe")
    return time


def _same(found: int, table: Tables, who: str) -> None:
    if found != table.size.n_connections:
        wanted = table.size.n_connections
        raise AssertionError(f"{who} finds {found:,} connections in {table.size.name}, not {wanted:,}")
