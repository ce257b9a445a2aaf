"""What a cell is, on its page: id, types, proofreading, position, and where to go from here."""

from __future__ import annotations

from typing import Any

import dash
from dash import html
from dash.development.base_component import Component

from components import format, url_state
from components.cell_kinds import kind_colours
from components.cell_link import quoted
from components.format import copyable
from components.icons import icon
from data_access import neuroglancer
from data_access.dataset import Dataset
from views.cell import Identity
from views.partner_rows import FRAGMENT, UNTYPED


def heading(dataset: Dataset, who: Identity) -> Component:
    """The line above everything: the type with its colour, the whole id, what to doubt."""
    kind = next((v for n, v in who.classes if n == "cell_type" and v), None)
    word = kind or (UNTYPED if who.known else FRAGMENT)
    colour = kind_colours(dataset, "cell_type", [word])[word]
    marks = []
    if who.outdated:
        marks.append(html.Span("outdated", className="mark", title=who.outdated))
    return html.Div(
        [
            html.Span(className="swatch", style={"background": colour}),
            html.H1([html.Span(word, className="cell-kind"), " ", html.Span(who.cell_id, className="mono")]),
            html.Button(
                icon("copy"),
                type="button",
                className="tool",
                title="Copy the id",
                **{"data-copy": who.cell_id, "data-copy-what": "cell id", "aria-label": f"Copy cell id {who.cell_id}"},
            ),
            *marks,
        ],
        className="cell-heading",
    )


def facts(dataset: Dataset, who: Identity) -> Component:
    """Types by each classification, proofreading in words, position, completeness, links."""
    rows: list[tuple[str, Any]] = [(n, v or html.Span("not given", className="hint")) for n, v in who.classes[:8]]
    if not who.known:
        rows.insert(0, ("", "A fragment: no cell of the cell table, or without nucleus and proofread axon."))
    rows += [("proofreading", said[:1].upper() + said[1:] + ".") for said in who.proofreading]
    if who.outdated:
        rows.append(("outdated", who.outdated[:1].upper() + who.outdated[1:] + "."))
    if who.place_um is not None:
        text = ", ".join(f"{v:,.1f}" for v in who.place_um)
        nm = ", ".join(f"{v * 1000:.0f}" for v in who.place_um)
        rows.append(("soma, µm", copyable(nm, text, "position in nm")))
    rows.append(("inputs", _complete(who.complete_in, "inputs")))
    rows.append(("outputs", _complete(who.complete_out, "outputs")))
    parts: list[Component | None] = [
        html.Dl([part for name, value in rows for part in (html.Dt(name), html.Dd(value))], className="facts"),
        _more(who),
        _links(dataset, who),
    ]
    return html.Section(parts, className="cell-facts", **{"aria-label": "What this cell is"})


def _complete(whole: bool, what: str) -> str:
    return (
        f"all {what} of this cell are in the dataset" if whole else f"not all {what} are in the dataset: no fractions"
    )


def _more(who: Identity) -> Component | None:
    rest = [*who.classes[8:], *who.others]
    if not rest:
        return None
    body = [html.Tr([html.Th(name, scope="row"), html.Td("–" if value is None else value)]) for name, value in rest]
    table = html.Div(
        html.Table(html.Tbody(body)),
        className="table-scroll",
        tabIndex="0",
        role="region",
        **{"aria-label": "Further columns of the cell table"},
    )
    return html.Details(
        [html.Summary(f"{format.counted(len(rest), 'further column')} of the cell table"), table], className="cell-more"
    )


def _links(dataset: Dataset, who: Identity) -> Component:
    ds, me = dataset.meta.id, quoted(dataset, who.cell_id)
    inside = [
        ("Matrix: its inputs onto its outputs", "/matrix", {"pre": f"inputs_of({me})", "post": f"outputs_of({me})"}),
        ("Matrix: its inputs among themselves", "/matrix", {"pre": f"inputs_of({me})", "post": f"inputs_of({me})"}),
        ("Its inputs as pre set", "/matrix", {"pre": f"inputs_of({me})", "post": me}),
        ("Its outputs as post set", "/matrix", {"pre": me, "post": f"outputs_of({me})"}),
        ("All its partners in the cell table", "/cells", {"cells": f"inputs_of({me}) or outputs_of({me})"}),
    ]
    links = [
        html.Li(html.A(text, href=url_state.href(path, ds=ds, **query), **{"data-go": ""}))
        for text, path, query in inside
    ]
    parts: list[Component] = [html.Ul(links, className="links")]
    out = (
        []
        if neuroglancer.lacking(dataset.meta)
        else [
            ("This cell", {"cells": me}),
            ("with its inputs by type", {"partners_of": who.cell_id, "direction": "in"}),
            ("with its outputs by type", {"partners_of": who.cell_id, "direction": "out"}),
        ]
    )
    path = f"/api/v1/datasets/{ds}/neuroglancer"
    away = [
        html.Li(html.A([text, icon("leave")], href=url_state.href(path, **query), target="_blank", rel="noopener"))
        for text, query in out
    ]
    if away:
        parts.append(html.Div([html.H3("In Neuroglancer"), html.Ul(away, className="links")], className="elsewhere"))
    if "skeletons" in dataset.meta.capabilities:
        swc = dash.get_relative_path(f"/api/v1/datasets/{ds}/skeletons/{who.cell_id}.swc")
        parts.append(html.A("Skeleton (SWC)", href=swc, download="", className="swc"))
    return html.Div(parts)
