"""The ledger under a figure: one line that opens to all of it."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from views.result import Ledger


def ledger_line(ledger: Ledger) -> Component:
    """Dataset, version, what was read and kept; opened: what was left out and why, notes, time."""
    name = ledger.dataset + (f" {ledger.version}" if ledger.version else "")
    name += f", fetched {ledger.fetched}" if ledger.fetched else ""
    gone = sum(1 for _ in ledger.left_out)
    marks = [html.Span("synthetic", className="mark synthetic")] if ledger.synthetic else []
    marks += [html.Span("partial", className="mark partial")] if ledger.partial else []
    summary = f"{name}: {ledger.kept:,} of {ledger.read:,} {ledger.unit} shown" + (
        f", {ledger.read - ledger.kept:,} left out" if gone else ", none left out"
    )
    rows = [
        html.Tr([html.Td(item.reason), _count(item.connections, "connections"), _count(item.synapses, "synapses"),
                 _count(item.cells, "cells")])
        for item in ledger.left_out
    ]  # fmt: skip
    if ledger.cut:
        rows.append(html.Tr([html.Td(f"cut by a limit of {ledger.limit:,}"), html.Td(f"of {ledger.total:,}")]))
    body = [html.Table(html.Tbody(rows))] if rows else []
    body.append(html.Ul([html.Li(note) for note in ledger.notes]))
    body.append(html.P(f"generation {ledger.generation} of the dataset, {ledger.milliseconds:,.0f} ms"))
    return html.Details([html.Summary([summary, *marks]), *body], className="ledger")


def _count(value: int | None, unit: str) -> html.Td:
    return html.Td("" if value is None else f"{value:,} {unit}")
