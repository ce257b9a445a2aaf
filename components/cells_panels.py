"""Summary panels of /cells: each bar is a link to the filter it stands for; a histogram is brushed, or typed."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import cells_map, url_state
from components.cells_controls import words
from components.colours import UNTYPED, Theme
from components.format import counted
from components.matrix_key import number
from data_access import stored_sets
from data_access.dataset import Dataset
from data_access.errors import InputError
from views import cells_conditions, cells_summary, schema, soma_map_colours
from views.cells_page import CellsPage
from views.cells_summary import Bar, Panel
from views.soma_map_colours import Colouring

LONGEST = 1_800  # characters of a filter in a link; longer ones are stored
SHOWN = 60  # kinds of a panel


def panels(dataset: Dataset, view: CellsPage, theme: Theme) -> list[Component]:
    """The panels that a view asks for."""
    found: list[Component] = []
    for made in cells_summary.panels(dataset, view):
        if isinstance(made, tuple):
            column, error = made
            found.append(_framed(column, [html.P(_sentence(error), className="hint")]))
        else:
            found.append(_numbers(dataset, view, made) if made.is_number else _kinds(dataset, view, made, theme))
    return found


def _sentence(error: InputError) -> str:
    return f"{error.message[:1].upper()}{error.message[1:]}."


def _framed(column: str, content: list[Any], active: str = "", **marks: str) -> Component:
    head = [html.H2(words(column), title=column)]
    if active:
        head.append(html.A("clear", href=active, className="quiet", **{"data-go": "", "aria-label": f"Clear {column}"}))
    head.append(
        html.Button("×", type="button", className="close", title="Take this panel away",
                    **{"data-panel-off": column, "aria-label": f"Take the panel of {column} away"})
    )  # fmt: skip
    return html.Section([html.Div(head, className="cells-panel-head"), *content], className="cells-panel",
                        **{"aria-label": f"Counts by {column}"}, **marks)  # fmt: skip


def link(dataset: Dataset, view: CellsPage, cells: str) -> str:
    """The page with another filter; everything else, the selection first of all, stays."""
    if len(cells) > LONGEST:
        cells = f"set:{stored_sets.store(dataset.data_dir, cells)}"
    query = schema.encode(view, ("cells",)) | ({"cells": cells} if cells else {})
    return url_state.href("/cells", **query)


def _kinds(dataset: Dataset, view: CellsPage, panel: Panel, theme: Theme) -> Component:
    most = max((b.n for b in panel.bars), default=0) or 1
    inks = _inks(dataset, view, panel.column, theme)
    some = any(b.chosen for b in panel.bars)
    rows = [html.Li(_row(dataset, view, panel, bar, most, inks, some)) for bar in panel.bars[:SHOWN]]
    empty = html.P("No cell passes the other conditions of the filter.", className="hint")
    content: list[Any] = [html.Ul(rows, className="bars") if rows else empty]
    if len(panel.bars) > SHOWN:
        rest = panel.bars[SHOWN:]
        content.append(
            html.P(f"{len(rest):,} more kinds, {counted(sum(b.n for b in rest), 'cell')}.", className="hint")
        )
    return _framed(panel.column, content, link(dataset, view, panel.others) if some else "")


def _row(dataset: Dataset, view: CellsPage, panel: Panel, bar: Bar, most: int, inks: dict[str, str], some: bool) -> Any:
    missing = UNTYPED if "type" in panel.column else "missing"
    name = missing if bar.kind is None else bar.kind
    style = {"--share": f"{100 * bar.n / most:.2f}%", "--selected": f"{100 * bar.n_selected / most:.2f}%"}
    ink = inks.get(name)
    parts = [
        html.Span(className="swatch", style={"background": ink}) if ink else None,
        html.Span(name, className="bar-name"),
        html.Span([html.B(f"{bar.n_selected:,}"), " of "], className="bar-of") if view.sel and bar.n_selected else None,
        html.Span(f"{bar.n:,}", className="bar-count"),
    ]
    state = {"aria-current": "true"} if bar.chosen else {}
    does = "shown only with others chosen; take it out" if bar.chosen else "add it" if some else "show only these"
    return html.A(
        [p for p in parts if p is not None], href=link(dataset, view, bar.cells), className="bar-row", style=style,
        title=f"{name}: {counted(bar.n, 'cell')}. Click: {does}", **{"data-go": ""}, **state,
    )  # fmt: skip


def _inks(dataset: Dataset, view: CellsPage, column: str, theme: Theme) -> dict[str, str]:
    """Colours of the kinds where the map is coloured by this column, or the column is one of types."""
    coloured = soma_map_colours.column_of(dataset, view.colour)
    if column not in (coloured, "cell_type", "broad_type"):
        return {}
    found: Colouring = soma_map_colours.colouring(dataset, column)
    return dict(zip(found.names, cells_map.hexes(found, theme), strict=True))


def _numbers(dataset: Dataset, view: CellsPage, panel: Panel) -> Component:
    most = max((b.n for b in panel.bars), default=0) or 1
    some = panel.low is not None or panel.high is not None
    edge = cells_conditions.number
    bins = [
        html.Span(
            html.Span(style={"height": f"{100 * b.n_selected / most:.2f}%"}),
            className="bin" + (" off" if some and not b.chosen else ""),
            style={"--h": f"{100 * b.n / most:.2f}%"}, title=_bin_title(b, i == len(panel.bars) - 1, bool(view.sel)),
            **{"data-left": edge(b.left or 0.0), "data-right": edge(b.right or 0.0)},
        )
        for i, b in enumerate(panel.bars)
    ]  # fmt: skip
    first, last = panel.bars[0].left, panel.bars[-1].right
    summary = f"Histogram of {panel.column}: {counted(panel.n, 'cell')}" + (
        f", {panel.missing:,} without a value" if panel.missing else ""
    )
    content = [
        html.Div(
            html.Div(bins, className="bins", role="img", **{"aria-label": summary}), className="brush",
            **{"data-brush": panel.column},
        ),
        html.Div([html.Span(number(first or 0.0)), html.Span(number(last or 0.0))], className="bin-ends"),
        html.Div(
            [_limit("from", panel.low, panel.column), html.Span("to", className="hint"),
             _limit("to", panel.high, panel.column)], className="limits",
        ),
    ]  # fmt: skip
    if panel.missing:
        content.append(html.P(f"{panel.missing:,} without a value", className="hint"))
    beside = " and ".join(cells_conditions.parts(panel.others))
    marks = {"data-others": panel.others, "data-beside": beside, "data-name": cells_conditions.name(panel.column)}
    return _framed(panel.column, content, link(dataset, view, panel.others) if some else "", **marks)


def _bin_title(bar: Bar, last: bool, selecting: bool) -> str:
    ends = f"{number(bar.left or 0.0)} to {'' if last else 'below '}{number(bar.right or 0.0)}"
    return f"{ends}: {counted(bar.n, 'cell')}" + (f", {bar.n_selected:,} selected" if selecting else "")


def _limit(which: str, value: float | None, column: str) -> Component:
    return html.Label(
        [
            html.Span(f"{column} {which}", className="visually-hidden"),
            dcc.Input(type="text", inputMode="decimal", value="" if value is None else cells_conditions.number(value),
                      placeholder="least" if which == "from" else "below", className="limit"),
        ],
        **{"data-limit": which},
    )  # fmt: skip
