"""The reciprocal partners of one cell: synapses made to the left, received to the right, one line a partner."""

from __future__ import annotations

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import cell_link
from components.cell_kinds import kind_colours
from components.format import counted, short_id, thousands
from data_access.dataset import Dataset
from views import pair_features
from views.reciprocal import CellPairs, ReciprocalView

MOST = 150


def sentence(dataset: Dataset, found: CellPairs, group: str) -> str:
    """'MC 864...: 117 reciprocal synapses onto 27 partners, 88 received from them.'"""
    name = dataset.index.text([found.code])[0]
    kind = _kinds(dataset, group, np.array([found.code]))[0]
    if not len(found):
        return f"{kind} {name}: no reciprocal pair is listed with it."
    return (
        f"{kind} {name} makes {counted(found.total_made, 'reciprocal synapse')} onto "
        f"{counted(len(found), 'partner')} and receives {thousands(found.total_received)} from them."
    )


def bars(dataset: Dataset, found: CellPairs, view: ReciprocalView) -> Component:
    """The partners, most synapses made first; each line leads to its pair, the id to the partner."""
    from components.reciprocal_list import pair_href

    partners = found.partner[:MOST]
    names, kinds = dataset.index.text(partners), _kinds(dataset, view.group, partners)
    inks = kind_colours(dataset, view.group, sorted(set(kinds)))
    most = max(1, int(found.n_made.max(initial=1)), int(found.n_received.max(initial=1)))
    me = dataset.index.text([found.code])[0]
    head = html.Thead(html.Tr([
        html.Th("made onto", scope="col", colSpan=2, className="end"), html.Th("partner", scope="col", className="who"),
        html.Th("received from", scope="col", colSpan=2),
    ]))  # fmt: skip
    rows = [
        html.Tr([
            html.Td(_bar(int(made), most, inks[kind]), className="bar-cell end"),
            html.Td(_count(int(made), pair_href(dataset, view, me, name), f"pair with {name}"), className="n end"),
            html.Th(
                html.A([html.Span(className="swatch", style={"background": inks[kind]}), f"{kind} {short_id(name)}"],
                       href=cell_link.href(dataset.meta.id, name), title=name, **{"data-go": ""}),
                scope="row", className="who",
            ),
            html.Td(thousands(int(received)), className="n"),
            html.Td(_bar(int(received), most, inks[kind]), className="bar-cell"),
        ])
        for made, received, name, kind in zip(found.n_made, found.n_received, names, kinds, strict=False)
    ]  # fmt: skip
    widths = [html.Col(), html.Col(className="n"), html.Col(className="who"), html.Col(className="n"), html.Col()]
    table = html.Table([html.Colgroup(widths), head, html.Tbody(rows)])
    return html.Div(table, className="both-ways", tabIndex="0", role="region", **{"aria-label": "Reciprocal partners"})


def _bar(n: int, most: int, ink: str) -> Component:
    return html.Span(className="bar-fill", style={"width": f"{100 * n / most:.1f}%", "background": ink})


def _count(n: int, href: str, title: str) -> Component:
    return html.A(thousands(n), href=href, title=f"Open the {title}", **{"data-go": ""})


def _kinds(dataset: Dataset, group: str, codes: np.ndarray) -> list[str]:
    found = pair_features.kinds(dataset, group)
    return [str(found.categories[c]) for c in found.codes[codes]]
