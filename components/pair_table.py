"""The synapses of a pair as a table; a row that is picked is where the scene is centred."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import grid
from components.grid import GridColumn
from data_access.dataset import Dataset
from views.cell_synapses import WORDS
from views.pair import ARROWS, PairView
from views.pair_synapses import PairSynapses

MOST_ROWS = 5_000
ID = "pair-synapses"


def table(dataset: Dataset, view: PairView, found: PairSynapses) -> Component:
    """All synapses of both directions, sorted as the address says."""
    columns = _columns(found)
    by = view.by.removeprefix("-")
    columns = [replace(c, sort="desc" if view.by.startswith("-") else "asc") if c.field == by else c for c in columns]
    rows = [_row(found, i, [c.field for c in columns]) for i in range(min(len(found), MOST_ROWS))]
    parts: list[Component] = [
        grid.table(
            ID, columns, rows=rows, row_id="key", height=f"{min(420, 64 + 28 * max(2, len(rows)))}px",
            label="Synapses of both directions", empty="No synapse between these two cells", one=True,
        )
    ]  # fmt: skip
    if len(found) > MOST_ROWS:
        said = f"The first {MOST_ROWS:,} of {len(found):,} synapses; the export has them all."
        parts.append(html.P(said, className="hint"))
    return html.Div(parts)


def _columns(found: PairSynapses) -> list[GridColumn]:
    columns = [
        GridColumn("way", "Direction", width=92, pinned=False),
        GridColumn("id", "Synapse", "id", width=150),
    ]
    if np.isfinite(found.size).any():
        columns.append(GridColumn("size", "Size", "number", width=92, help="in the source's unit"))
    if found.has_compartments:
        columns.append(GridColumn("onto", "Onto", width=92, help="part of the postsynaptic cell, as the source says"))
    for side, word, letter in ((found.pre, "presynaptic", "pre"), (found.post, "postsynaptic", "post")):
        if np.isfinite(side.attached_um).any():
            columns += [
                GridColumn(
                    f"path_{letter}", f"Path {letter}, µm", "number", width=112, digits=1,
                    help=f"along the skeleton of the {word} cell, from its soma",
                ),
                GridColumn(f"part_{letter}", f"On {letter}", width=110,
                           help=f"what the skeleton of the {word} cell calls the nearest node"),
                GridColumn(
                    f"off_{letter}", f"Off {letter}, µm", "number", width=104, digits=2,
                    help=f"from the synapse to the nearest node of the {word} cell's skeleton",
                ),
            ]  # fmt: skip
    if found.placed.any():
        columns += [GridColumn(axis, f"{axis}, µm", "number", width=96, digits=1) for axis in "xyz"]
    return columns


def _row(found: PairSynapses, i: int, fields: list[str]) -> dict[str, object]:
    way = "ab" if found.forward[i] else "ba"
    row: dict[str, object] = {
        "key": f"{way} {found.ids[i]}", "way": ARROWS[way], "id": found.ids[i], "size": _number(found.size[i]),
        "onto": found.compartment[i],
    }  # fmt: skip
    for side, letter in ((found.pre, "pre"), (found.post, "post")):
        row |= {
            f"path_{letter}": _number(side.path_um[i]), f"off_{letter}": _number(side.attached_um[i]),
            f"part_{letter}": WORDS.get(int(side.part[i])),
        }  # fmt: skip
    row |= {axis: _number(found.at_um[i, k]) for k, axis in enumerate("xyz")}
    return {name: row[name] for name in ("key", *fields)}


def _number(value: float) -> float | int | None:
    if not np.isfinite(value):
        return None
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else round(number, 3)
