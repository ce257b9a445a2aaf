"""Who a cell talks to, by type: inputs to the left, outputs to the right, one line a type."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from components.cell_kinds import kind_colours
from components.format import counted, percent, thousands
from data_access.dataset import Dataset
from views.cell import CellView, Company, OneKind
from views.partner_rows import FRAGMENT, UNTYPED

MOST = 14


def bars(dataset: Dataset, found: Company, view: CellView) -> Component:
    """The table with its bars; each type is a button that lists its partners. Untyped cells and fragments stand apart.

    Bars are as long as the synapses of a type, on one scale for both sides; the grey rows have none, since they would
    dwarf all others.
    """
    typed = [k for k in found.kinds if k.kind not in (UNTYPED, FRAGMENT)]
    last = [k for k in found.kinds if k.kind in (UNTYPED, FRAGMENT)]
    shown, rest = (typed[:MOST], typed[MOST:]) if len(typed) > MOST + 1 else (typed, [])
    scale = max((max(k.n_in, k.n_out) for k in shown), default=1) or 1
    colours = kind_colours(dataset, view.group, [k.kind for k in [*shown, *last]])
    lines = [_line(k, found, view, colours[k.kind], scale) for k in shown]
    if rest:
        lines.append(_sum(rest, found, f"{len(rest):,} other types"))
    lines += [_line(k, found, view, colours[k.kind], 0) for k in last]
    if not lines:
        return html.P("This cell has no partner in this dataset.", className="hint")
    head = html.Thead(
        html.Tr(
            [
                html.Th("inputs from", scope="col", colSpan=2, className="end"),
                html.Th("type", scope="col", className="kind-head"),
                html.Th("outputs onto", scope="col", colSpan=2),
            ]
        )
    )
    return html.Table([head, html.Tbody(lines)], className="company")


def _line(kind: OneKind, found: Company, view: CellView, colour: str, scale: int) -> html.Tr:
    chosen = view.type == kind.kind
    button = html.Button(
        [html.Span(className="swatch", style={"background": colour}), html.Span(kind.kind)],
        type="button",
        className="kind-button",
        title=f"{kind.kind}: list these partners only" if not chosen else "list all partners",
        **{
            "data-cell-pick": "cell-type",
            "data-value": "" if chosen else kind.kind,
            "aria-pressed": str(chosen).lower(),
        },
    )
    return html.Tr(
        [
            *_side(kind.n_in, kind.partners_in, found, "in", colour, scale),
            html.Th(button, scope="row"),
            *reversed(_side(kind.n_out, kind.partners_out, found, "out", colour, scale)),
        ],
        className="apart" if kind.kind in (UNTYPED, FRAGMENT) else "",
    )


def _side(n: int, partners: int, found: Company, side: str, colour: str, scale: int) -> list[html.Td]:
    whole = found.partners.total_in if side == "in" else found.partners.total_out
    complete = found.partners.complete_in if side == "in" else found.partners.complete_out
    share = f", {percent(n, whole)} of its {thousands(whole)}" if complete and whole else ""
    said = f"{counted(n, 'synapse')} {'from' if side == 'in' else 'onto'} {counted(partners, 'partner')}{share}"
    text = [html.Span(thousands(n), className="n")] if n else []
    if n and complete and whole:
        text.append(html.Span(percent(n, whole), className="share"))
    bar = (
        html.Span(className="bar-fill", style={"width": f"{100 * n / scale:.2f}%", "background": colour})
        if scale and n
        else None
    )
    return [
        html.Td(text, className=f"count {side}", title=said if n else "none"),
        html.Td(bar, className=f"bar-cell {side}"),
    ]


def _sum(rest: list[OneKind], found: Company, words: str) -> html.Tr:
    one = OneKind(
        words,
        sum(k.partners_in for k in rest),
        sum(k.n_in for k in rest),
        sum(k.partners_out for k in rest),
        sum(k.n_out for k in rest),
    )
    return html.Tr(
        [
            *_side(one.n_in, one.partners_in, found, "in", "", 0),
            html.Th(words, scope="row", className="others"),
            *reversed(_side(one.n_out, one.partners_out, found, "out", "", 0)),
        ],
        className="apart",
    )


def sentence(found: Company) -> str:
    """Inputs and outputs with their numbers, and how many of them are from and onto known cells."""
    parts = []
    for side, verb, way in (("in", "receives", "from"), ("out", "makes", "onto")):
        partners, synapses = found.count(side)
        if not synapses:
            parts.append(f"{verb} no synapse")
            continue
        known, known_synapses = found.count(side, known=True)
        text = f"{verb} {counted(synapses, 'synapse')} {way} {counted(partners, 'partner')}"
        if known < partners:
            text += f", {thousands(known_synapses)} of them {way} {counted(known, 'known cell')}"
        elif found.typed(side)[0] < known:
            text += f", {thousands(found.typed(side)[0])} of them typed"
        parts.append(text)
    end = f"; {counted(found.n_reciprocal, 'partner')} both ways" if found.n_reciprocal else ""
    autapses = f"; {counted(found.n_autapses, 'autapse')} besides" if found.n_autapses else ""
    return f"It {parts[0]}, and {parts[1]}{end}{autapses}."
