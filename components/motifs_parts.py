"""What /motifs shows of a census, a search, or the instances of a class: sentence, figure, ledger, menu."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import export_menu, motifs_census, motifs_instances, motifs_words
from components.format import counted, thousands
from components.ledger import ledger_line
from components.motifs_picture import picture, spelled
from data_access.dataset import Dataset
from views import motifs, node_search, schema
from views.long_run import Ready, State
from views.motif_instances import WAYS, InstancesView
from views.motifs import MotifsView
from views.node_search import NodeSearchView
from views.result import TableResult


@dataclass(frozen=True)
class Part:
    """What stands on the page."""

    sentence: Any
    export: Component
    body: Any
    ledger: Component


def census(dataset: Dataset, view: MotifsView, state: State | None, chosen: str, started: float) -> Part:
    """The count of each class, with what a null model expects once that was sampled."""
    found = motifs.census(dataset, view)
    sampled = state.result if isinstance(state, Ready) else None
    rows = motifs_census.rows(found, sampled)
    said = [html.Span(motifs_words.census(found))]
    if sampled is not None:
        said.append(html.Span(" " + motifs_words.most_unlike(rows, view.null, view.samples)))
    ledger = sampled.ledger if sampled else motifs.ledger(dataset, found).after(1000 * (time.perf_counter() - started))
    table = motifs_census.table(found, rows, chosen)
    return Part(said, _menu(dataset, "motifs", schema.query(view, ("ds", "autapses"))), table, ledger_line(ledger))


def search(dataset: Dataset, view: NodeSearchView, state: State | None, chosen: str, started: float) -> Part:
    """All matches counted, examples, and what a null model expects once that was sampled."""
    found = node_search.build(dataset, view)
    if isinstance(state, Ready):
        result, chance = state.result, state.result.extra
    else:
        result, chance = node_search.search(dataset, replace(view, null=node_search.NONE)), None
        result = result.timed(1000 * (time.perf_counter() - started))
    total = int(result.extra["total"])
    said = [html.Span(motifs_words.search(total, chance)), html.Span(f" {motifs_words.nodes(found)}", className="hint")]
    body: Component = html.P(motifs_words.nothing(found), className="motifs-none")
    if result.rows:
        there = [way for way in WAYS if not node_search.constraint(way, getattr(view, way)).absent]
        body = motifs_instances.table(dataset, result, there, 3, "Examples")
    return Part(said, _menu(dataset, "node_search", schema.query(view, ("ds", "autapses"))), body,
                ledger_line(result.ledger))  # fmt: skip


def instances(dataset: Dataset, view: InstancesView, result: TableResult, grid: Component) -> list[Component]:
    """The triples (pairs) of a class, under its picture."""
    edges = motifs.EDGES[view.size][view.motif]
    total = result.ledger.total or 0
    what = motifs.WORDS[view.size].cells
    listed = f"the {thousands(result.rows)} with most synapses of " if result.rows < total else ""
    sentence = f"{view.motif}: {listed}{counted(total, what[:-1], what)}"
    return [
        html.Div(
            [
                html.H2([picture(edges, int(view.size), lettered=True), html.Span(sentence)]),
                _menu(dataset, "motif_instances", schema.query(view, ("ds", "autapses"))),
                html.Button("×", type="button", className="close", title="Close the list",
                            **{"data-motif-pick": view.motif, "aria-label": "Close the list"}),
            ],
            className="instances-head",
        ),
        html.P(f"{spelled(edges)}. Counts lead to the page of the pair.", className="hint"),
        grid,
        ledger_line(result.ledger),
    ]  # fmt: skip


def unasked() -> Component:
    """In place of examples, before any connection is asked for."""
    return html.P("Say which connections must be there: between at least two of the three pairs of nodes. A shape above"
                  " is a start.", className="motifs-none")  # fmt: skip


def unanswered() -> Component:
    """In place of a figure, where what is wrong is said above it."""
    return html.P("The answer follows once what is said above is mended.", className="motifs-none")


def _menu(dataset: Dataset, route: str, query: str) -> Component:
    return export_menu.menu(dataset.meta, route, query, export_menu.python(dataset.meta, route, query), "")
