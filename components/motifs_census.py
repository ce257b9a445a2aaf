"""The census as a table: each class with its picture, its count and, once sampled, what a null model expects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from components.format import NARROW, thousands
from components.motifs_picture import picture, spelled
from views.motifs import EDGES, Census
from views.result import TableResult

EMPTY = ("003", "null")  # nothing to list
MOST_DOUBLINGS = 8.0


@dataclass(frozen=True)
class Row:
    """One class: what there is, and what sampled graphs hold; None where that is not known."""

    name: str
    count: int
    expected: float | None = None
    sd: float | None = None
    ratio: float | None = None
    z: float | None = None
    p: float | None = None
    p_adjusted: float | None = None


def rows(found: Census, sampled: TableResult | None) -> list[Row]:
    """The rows of the table."""
    if sampled is None:
        return [Row(name, found.of(name)) for name in EDGES[found.view.size]]
    return [Row(name=row.pop("class"), **row) for row in sampled.table().to_pylist()]


def table(found: Census, listed: Sequence[Row], chosen: str) -> Component:
    """The table; a class that has connections is a button that lists its instances (assets/motifs.js)."""
    known = any(row.expected is not None for row in listed)
    span = _span(listed)
    head = {"Class": "", "Count": "number"}
    if known:
        head |= {"Expected ± sd": "number", "Ratio": "number"} | dict.fromkeys(
            ("z", "p", "p adjusted"), "number detail"
        )
    cells = [html.Th(word, scope="col", className=name) for word, name in head.items()]
    if known:
        cells.append(html.Th(_axis(span), scope="col", className="plot"))
    body = [_row(row, found.view.size, row.name == chosen, known, span) for row in listed]
    bare = "" if known else " bare"
    return html.Div(
        html.Table([html.Thead(html.Tr(cells)), html.Tbody(body)], className=f"motif-table{bare}"),
        className="motif-classes", tabIndex="0", role="region", **{"aria-label": "Motif classes"},
    )  # fmt: skip


def _row(row: Row, size: str, chosen: bool, known: bool, span: float) -> html.Tr:
    edges = EDGES[size][row.name]
    words = spelled(edges)
    named = [picture(edges, int(size)), html.Span(row.name, className="motif-name")]
    if row.name in EMPTY or not row.count:
        head: Component = html.Span(named, className="motif-class")
    else:
        head = html.Button(
            named, type="button", className="motif-class", title=f"{words}: list them",
            **{"data-motif-pick": row.name, "aria-pressed": "true" if chosen else "false"},
        )  # fmt: skip
    cells = [html.Th(head, scope="row"), _number(thousands(row.count))]
    if known:
        cells += [
            html.Td([value(row.expected), html.Span(f" ± {value(row.sd)}", className="motif-sd")], className="number"),
            _number(f"×{NARROW}{value(row.ratio)}" if row.ratio is not None else "–"),
            _number(f"{row.z:+,.1f}" if row.z is not None else "–", "number detail"),
            _number(f"{row.p:.2g}" if row.p is not None else "–", "number detail"),
            _number(f"{row.p_adjusted:.2g}" if row.p_adjusted is not None else "–", "number detail"),
            html.Td(_plot(row, span), className="plot"),
        ]
    return html.Tr(cells, className="chosen-row" if chosen else "")


def _number(text: str, class_name: str = "number") -> html.Td:
    return html.Td(text, className=class_name)


def value(number: float | None) -> str:
    """A mean or a spread: whole above 100, else three significant digits."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


# ---- the plot: observed / expected on a scale of doublings, with the range of 2 sd of the null around 1


def _span(listed: Sequence[Row]) -> float:
    """Doublings shown to either side of 1."""
    seen = [1.0]
    for row in listed:
        if row.ratio:
            seen.append(abs(math.log2(row.ratio)))
        if row.expected and row.sd:
            seen.append(math.log2(1 + 2 * row.sd / row.expected))
    return min(MOST_DOUBLINGS, float(math.ceil(max(seen))))


def _place(ratio: float, span: float) -> float:
    """Percent of the width at which a ratio lies, kept inside."""
    doublings = math.log2(ratio) if ratio > 0 else -math.inf
    return 50 + 50 * max(-1.0, min(1.0, doublings / span))


def _axis(span: float) -> Component:
    """Ticks above the plots: quarter, half, once, twice ..."""
    step = 1 if span <= 3 else 2 if span <= 6 else 4
    ticks = range(-int(span) // step * step, int(span) + 1, step)
    marks = [
        html.Span(f"{2**t}×" if t >= 0 else f"1/{2**-t}", className="tick", style={"left": f"{_place(2.0**t, span)}%"})
        for t in ticks
        if abs(t) <= span
    ]
    return html.Div(
        [
            html.Span("observed / expected, and ± 2 sd of the null", className="plot-title"),
            html.Div(marks, className="ticks"),
        ]
    )


def _plot(row: Row, span: float) -> Component:
    """A dot where the observed count lies, on the band of what the null makes of it."""
    if not row.expected:
        return html.Div(
            html.Span("none expected" if row.expected == 0 else "", className="plot-none"), className="plot-row"
        )
    spread = 2 * (row.sd or 0) / row.expected
    low, high = _place(max(0.0, 1 - spread), span), _place(1 + spread, span)
    ratio = row.ratio or 0.0
    outside = ratio == 0 or abs(math.log2(ratio)) > span
    inside = low <= _place(ratio, span) <= high
    dot = "motif-dot" + (" inside" if inside else "") + (" outside" if outside else "")
    return html.Div(
        [
            html.Span(className="band", style={"left": f"{low:.2f}%", "width": f"{high - low:.2f}%"}),
            html.Span(className="one"),
            html.Span(className=dot, style={"left": f"{_place(ratio, span):.2f}%"}),
        ],
        className="plot-row", role="img",
        **{"aria-label": f"{ratio:.3g} times as many as expected"},
    )  # fmt: skip
