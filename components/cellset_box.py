"""Boxes for cell sets: pre and post in the same place on every page, or a single one; the URL keeps them.

A box completes while one types, counts, says in plain words what is meant, and offers a form, the named sets and, where
ids are unknown, the known ones. The browser half is assets/cellset*.js; it works on every textarea in `data-cell-set`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Output, html
from dash.development.base_component import Component

from components.cellset_ids import about_ids
from components.format import counted, thousands
from components.icons import icon
from components.url_state import Control, PageUrl, Query
from data_access.cellsets import UnknownIdsError
from data_access.dataset import CellSet, Dataset
from data_access.errors import SynaptoscopeError

SIDES = {"pre": "Presynaptic cells", "post": "Postsynaptic cells"}
PLACEHOLDER = "all cells, or cell_type == 'MC', or ids"


def controls(page: str, drops: tuple[str, ...] = ()) -> list[Control]:
    """The URL controls of both boxes."""
    return [Control(side, f"{page}-{side}", drops=drops) for side in SIDES]


def boxes(page: str, url: PageUrl, query: Query, dataset: Dataset) -> Component:
    """Both boxes with the line under each that says what was meant, and what is often put into them at hand."""
    same = _ready("same as pre", "Use the presynaptic cells", **{"data-same-as": f"{page}-pre {page}-post"})
    return html.Div(
        [
            single(page, side, label, url.value(side, query), dataset, ready=[same] if side == "post" else ())
            for side, label in SIDES.items()
        ],
        className="sets",
    )


def single(
    page: str, key: str, label: str, value: Any, dataset: Dataset, *, placeholder: str = PLACEHOLDER,
    ready: Sequence[Component] = (),
) -> Component:  # fmt: skip
    """One box, its textarea `{page}-{key}`, the line under it `{page}-{key}-echo`. `ready`: further buttons under it.

    `value`: what the URL says; wire it with Control(key, f"{page}-{key}"), fill the line with `outputs_of`, `said_of`.
    """
    box = f"{page}-{key}"
    buttons = [
        _ready("form", "Choose columns and values", **{"data-set-form": box, "aria-expanded": "false"}),
        _ready("saved sets", "Cell sets with a name", **{"data-set-saved": box, "aria-expanded": "false"}),
    ]  # fmt: skip
    if not bool(dataset.is_cell.all()):
        title = "Leave out partners that are no cells: no nucleus and no proofread axon"
        buttons.append(_ready("cells only", title, **{"data-cells-only": box}))
    return html.Div(
        [
            dmc.Textarea(
                id=box, label=label, value=value, placeholder=placeholder, autosize=True, minRows=1,
                maxRows=4, debounce=True, size="xs", className="set-box", spellCheck=False,
                **{"data-cell-set": key, "aria-describedby": f"{box}-echo"},
            ),
            html.Div(
                [
                    html.Div(
                        [html.P(id=f"{box}-echo", className="echo", **{"aria-live": "polite"}),
                         html.P(className="echo live", role="status")],
                        className="echoes",
                    ),
                    html.Div([*buttons, *ready], className="ready"),
                ],
                className="under-set",
            ),
            html.Div(className="set-panel", id=f"{box}-panel", hidden=True),
        ],
        className="set", **{"data-set-ds": dataset.meta.id, "data-set-of": str(dataset.n_cells)},
    )  # fmt: skip


def _ready(text: str, title: str, **marks: str) -> Component:
    return html.Button(text, type="button", className="quiet", title=title, **marks)


def outputs(page: str) -> list[Output]:
    """What `said` fills: the line under each box, and whether the box is marked as wrong."""
    return [output for side in SIDES for output in outputs_of(page, side)]


def outputs_of(page: str, key: str) -> list[Output]:
    """What `said_of` fills for a single box."""
    return [Output(f"{page}-{key}-echo", "children"), Output(f"{page}-{key}", "error")]


def said(cells: Mapping[str, CellSet | SynaptoscopeError]) -> list[Any]:
    """For `outputs`: what each set means, or what is wrong with it."""
    return [part for side in SIDES for part in said_of(cells[side])]


def said_of(cells: CellSet | SynaptoscopeError) -> tuple[Any, bool]:
    """For `outputs_of`: what the set means, or what is wrong with it and what can be done about it."""
    if isinstance(cells, CellSet):
        return echo(cells), False
    hint = f" {cells.hint[:1].upper()}{cells.hint[1:]}" if cells.hint else ""
    end = "" if cells.message.endswith((".", ")", "?")) else "."
    words: list[Component] = [icon("warning"), html.Span(cells.message + end + hint)]
    if isinstance(cells, UnknownIdsError) and cells.report is not None:
        words.append(about_ids(cells.report, cells.elsewhere))
    return html.Span(words, className="wrong"), True


def read(dataset: Dataset, texts: Mapping[str, str]) -> dict[str, CellSet | SynaptoscopeError]:
    """Each side's set, or why its text names none."""
    found: dict[str, CellSet | SynaptoscopeError] = {}
    for side in SIDES:
        try:
            found[side] = dataset.select(texts[side])
        except SynaptoscopeError as error:
            found[side] = error
    return found


def echo(cells: CellSet, of: int | None = None) -> str:
    """How many cells a text names (of how many), and what it means."""
    n = counted(len(cells), "cell")
    if of is not None and cells.text.strip():
        n = f"{thousands(len(cells))} of {counted(of, 'cell')}"
    if not cells.text.strip() or cells.echo.startswith(f"{counted(len(cells), 'cell')} "):
        return cells.echo if cells.text.strip() else n
    return f"{n}: {cells.echo}" if cells.echo != n else n
