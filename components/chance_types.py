"""Chance type by type: a matrix of the ratio of observed to expected reciprocal pairs, and the table behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from components import grid
from components.cell_kinds import kind_colours
from components.chance_result import ALPHA, MEANINGS, Row, Rows, amount
from components.format import counted, thousands
from components.grid import GridColumn
from components.reciprocal_drawing import Json, diverging, drawing
from components.reciprocal_types import MOST, pick
from components.reciprocal_words import put
from data_access.dataset import Dataset
from views.reciprocal import ReciprocalView

FEW = 5  # pairs: fewer, observed and expected, say little
SCALE = 3.0  # the colours end at 1/8 and at 8 times the expected number
MOST_ROWS = 3_000


def matrix(dataset: Dataset, found: Rows, view: ReciprocalView) -> Json | None:
    """What is drawn of the types with most pairs; None without pairs of types."""
    weight: dict[str, float] = {}
    for row in found.types:
        for name in {row.group_a, row.group_b}:
            weight[name] = weight.get(name, 0.0) + row.observed + row.expected
    best = set(sorted(weight, key=lambda name: -weight[name])[:MOST])
    order = dict.fromkeys([*(row.group_a for row in found.types), *(row.group_b for row in found.types)])
    names = [name for name in order if name in best and weight[name] > 0]
    if not names:
        return None
    at = {name: i for i, name in enumerate(names)}
    inks = kind_colours(dataset, view.group, names)
    cells = []
    for row in (row for row in found.types if row.group_a in at and row.group_b in at):
        one = _cell(row) | pick(view, row.group_a, row.group_b)
        cells.append(one | {"i": at[row.group_a], "j": at[row.group_b]})
        if row.group_a != row.group_b:
            cells.append(one | {"i": at[row.group_b], "j": at[row.group_a]})
    side = [{"name": name, "colour": inks[name]} for name in names]
    return {
        "kind": "types", "rows": side, "columns": side, "cells": cells, "colours": diverging(),
        "key": ["1/8", "8 × expected"], "label_rows": "one cell", "label_columns": "the other",
        "words_from": 27,
    }  # fmt: skip


def _cell(row: Row) -> Json:
    ratio = math.inf if row.ratio is None and row.observed > 0 else row.ratio
    shift = math.log2(ratio) if ratio else -SCALE
    said = "none expected" if row.ratio is None else f"{amount(row.ratio)} times the expected number"
    tip = [
        f"{row.group_a} and {row.group_b}: {said}",
        f"{row.observed:,} observed, {amount(row.expected)} ± {amount(row.sd)} expected",
        f"adjusted p {amount(row.p_adjusted)}, of {counted(row.n_tested, 'tested pair')}",
    ]
    level = min(1.0, max(0.0, 0.5 + 0.5 * shift / SCALE))
    return {
        "level": None if ratio is None else level,
        "words": [] if ratio is None else ["∞" if math.isinf(ratio) else amount(ratio)], "tip": tip,
        "mark": row.differs, "faint": max(row.observed, row.expected) < FEW,
    }  # fmt: skip


def part(
    dataset: Dataset, found: Rows, view: ReciprocalView, chosen: Component | None, menu: Component
) -> Component:  # fmt: skip
    """Matrix with its export menu, table and the chosen pair of types."""
    spec = matrix(dataset, found, view)
    if spec is None:
        note = "No pairs of types: these cells have no types by this column, or a single one without pairs."
        return html.P(note, className="hint")
    rows = found.types
    sure = sum(row.differs for row in rows)
    said = f"{thousands(sure)} of {counted(len(rows), 'pair of types', 'pairs of types')} differ from chance at an "
    said += f"adjusted p of {ALPHA:g} (Benjamini and Hochberg)."
    enough, needed = None, found.samples["samples_needed"]
    if not found.samples["enough"]:
        why = f"{found.samples['n']:,} samples are too few for a single pair of types to reach that if all others "
        why += f"are as expected: it takes {thousands(needed)}. "
        enough = html.Div([why, put(f"Take {thousands(needed)} samples", {"samples": str(needed)}, "quiet")],
                          className="note")  # fmt: skip
    label = "Matrix of types: observed over expected reciprocal pairs."
    note = f"Dot: adjusted p ≤ {ALPHA:g}. Pale: fewer than {FEW} observed and expected. A click lists the pairs."
    return html.Div(
        [
            html.Div(
                [html.Div([html.H3("Types"), menu], className="side-head spread"),
                 html.P(said, className="side-said"), enough,
                 drawing("chance-types", spec, label, "chance-matrix"), html.P(note, className="side-note")],
                className="chance-part",
            ),
            html.Div([chosen, _table(rows)], className="chance-part chance-rows"),
        ],
        className="chance-types",
    )  # fmt: skip


def _excess() -> list[GridColumn]:
    return [
        GridColumn("ratio_low", "excess from", "number", 96, help=MEANINGS["excess, 95 % interval"]),
        GridColumn("ratio_high", "to", "number", 70, help="upper end of the interval; a dash where there is none"),
    ]


def _table(rows: Sequence[Row]) -> Component:
    farthest = sorted(rows, key=lambda row: -abs(row.z or 0.0))[:MOST_ROWS]
    columns = [
        GridColumn("group_a", "one type", width=100),
        GridColumn("group_b", "the other", width=100),
        GridColumn("observed", "observed", "number", 84),
        GridColumn("expected", "expected", "number", 86),
        GridColumn("ratio", "ratio", "number", 70),
        GridColumn("p_adjusted", "p, adjusted", "number", 94, help="over the pairs of types, Benjamini and Hochberg"),
        *(_excess() if any(row.ratio_low is not None for row in rows) else []),
        GridColumn("z", "z", "number", 66),
        GridColumn("p", "p", "number", 76, help="two-sided, (1 + exceedances) / (1 + samples)"),
        GridColumn("sd", "sd", "number", 66),
        GridColumn("n_tested", "tested", "number", 88, help="unordered pairs of cells tested both ways"),
    ]
    records = [{column.field: getattr(row, column.field) for column in columns} for row in farthest]
    made = grid.table("chance-rows", columns, rows=records, height="420px", label="Chance by pairs of types",
                      empty="No pair of types")  # fmt: skip
    made.children.getRowId = "params.data.group_a + ' \\u2013 ' + params.data.group_b"
    made.children.dashGridOptions["tabToNextCell"] = {"function": "cellTabOut(params)"}
    return made
