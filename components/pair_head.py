"""What a pair is: both cells, how they are connected in a sentence, reasons for doubt, the way to the next pair."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from components import cell_link, pair_link, url_state
from components.cell_kinds import kind_colours
from components.format import copyable, counted, short_id, thousands
from components.icons import icon
from data_access import neuroglancer
from data_access.dataset import Dataset
from views.cell import Identity
from views.pair import ARROWS, Pair, Way
from views.partner_rows import FRAGMENT, UNTYPED
from views.reciprocal import Around

Query = dict[str, str]


def kind(who: Identity) -> str:
    """The type of a cell, untyped, or fragment."""
    found = next((v for n, v in who.classes if n == "cell_type" and v), None)
    return found or (UNTYPED if who.known else FRAGMENT)


def heading(dataset: Dataset, pair: Pair) -> Component:
    """Both cells, short, and how they are connected."""
    sign = "⇄" if pair.reciprocal else "→" if pair.ab.n else "←" if pair.ba.n else "·"
    words = {"⇄": "connected both ways with", "→": "onto", "←": "with input from", "·": "not connected with"}[sign]

    def name(who: Identity) -> list[Component]:
        return [html.Span(kind(who), className="cell-kind"), html.Span(short_id(who.cell_id), className="mono")]

    between = html.Span([html.Span(sign, **{"aria-hidden": "true"}), html.Span(words, className="visually-hidden")])
    return html.H1([*name(pair.a), html.Span(between, className="pair-sign"), *name(pair.b)])


def cards(dataset: Dataset, pair: Pair) -> Component:
    """The two cells side by side: type, id, links, proofreading in words."""
    return html.Div([_card(dataset, who, name) for name, who in (("a", pair.a), ("b", pair.b))], className="pair-cells")


def _card(dataset: Dataset, who: Identity, name: str) -> Component:
    word = kind(who)
    colour = kind_colours(dataset, "cell_type", [word])[word]
    others = [f"{n.replace('_', ' ')}: {v}" for n, v in who.classes if n != "cell_type" and v][:3]
    said = [f"{text[:1].upper()}{text[1:]}." for text in who.proofreading]
    if not who.known:
        said.insert(0, "A fragment: no cell of the cell table, or without nucleus and proofread axon.")
    if who.outdated:
        said.append(f"{who.outdated[:1].upper()}{who.outdated[1:]}.")
    page = cell_link.href(dataset.meta.id, who.cell_id)
    return html.Section(
        [
            html.P(
                [
                    html.Span(name.upper(), className="pair-letter"),
                    html.Span(className="swatch", style={"background": colour}),
                    html.Span(word, className="cell-kind"),
                    copyable(who.cell_id, who.cell_id, "cell id", "id-chip"),
                    html.A(
                        icon("arrow"), href=page, className="to-cell", title="The page of this cell",
                        **{"data-go": "", "aria-label": f"The page of {who.cell_id}"},
                    ),
                ],
                className="pair-cell-name",
            ),
            html.P(" · ".join(others), className="hint") if others else None,
            *(html.P(text, className="hint") for text in said),
        ],
        className=f"pair-cell {name}",
        **{"aria-label": f"Cell {name.upper()}"},
    )  # fmt: skip


def sentence(dataset: Dataset, pair: Pair) -> str:
    """The pair in one sentence, with its numbers."""
    if not pair.ab.n and not pair.ba.n:
        text = "No synapse between these two cells is in this dataset"
    else:
        parts = [_way(way) for way in pair.ways]
        text = "; ".join(parts) if any(way.sum_size is not None for way in pair.ways) else ", ".join(parts)
    if pair.junction is not None:
        weight = "" if pair.junction != pair.junction else f" of weight {thousands(pair.junction)}"
        text += f"; coupled by a gap junction{weight}"
    if pair.distance_um is not None:
        text += f"; somata {pair.distance_um:,.0f} µm apart"
    text += {True: "; reciprocal", False: ""}[pair.reciprocal]
    if pair.warnings:
        text += f"; {counted(len(pair.warnings), 'warning')}"
    return text + "."


def _way(way: Way) -> str:
    if not way.n:
        return f"{ARROWS[way.name]} none"
    size = f" (summed size {thousands(way.sum_size)})" if way.sum_size is not None else ""
    return f"{ARROWS[way.name]} {counted(way.n, 'synapse')}{size}"


def doubts(pair: Pair) -> Component | None:
    """The warnings with their explanations; and which missing direction means nothing, since it was not tested."""
    lines = [(warning.title, warning.explanation) for warning in pair.warnings]
    for way in pair.ways:
        if not way.n:
            lines += [(f"{ARROWS[way.name]} was not tested", f"{way.why[:1].upper()}{way.why[1:]}: that none is seen "
                       "does not mean that there is none.")] if not way.tested else []  # fmt: skip
    if not lines:
        return None
    items = [html.Li([icon("warning"), html.Span([html.Strong(f"{title}. "), text])]) for title, text in lines]
    return html.Ul(items, className="pair-doubts", **{"aria-label": "Reasons for doubt"})


def steps(ds: str, around: Around, query: Query, told: str = "") -> list[Component]:
    """Previous and next pair of the ranking whose keys the address holds, where this one stands, and the list."""
    back = url_state.href("/reciprocal", ds=ds, **query)
    where = f"{around.position:,} of {around.total:,}" if around.position else f"not among {around.total:,} pairs"
    parts: list[Component] = []
    for word, other, key in (("Previous", around.previous, "Left"), ("Next", around.next, "Right")):
        if other is None:
            parts.append(html.Span(word, className="button", **{"aria-disabled": "true", "data-step": ""}))
            continue
        parts.append(
            html.A(
                word, href=pair_link.href(ds, *other, **query), className="button", title=f"{word} pair: arrow {key}",
                **{"data-go": "", "data-step": word.lower(), "aria-keyshortcuts": f"Arrow{key}"},
            )
        )  # fmt: skip
    place = html.A(where, href=back, className="pair-place", title="The list of reciprocal pairs", **{"data-go": ""})
    return [parts[0], place, parts[1], html.Span(told, className="hint") if told else None]


def elsewhere(dataset: Dataset, pair: Pair) -> Component | None:
    """Links to Neuroglancer with both cells and both directions, where the dataset knows a viewer."""
    if neuroglancer.lacking(dataset.meta):
        return None
    href = url_state.href(f"/api/v1/datasets/{dataset.meta.id}/neuroglancer", pair=f"{pair.a.cell_id},{pair.b.cell_id}")
    link = html.A(
        ["Both cells and their synapses in Neuroglancer", icon("leave")], href=href, target="_blank", rel="noopener"
    )
    return html.P(link, className="elsewhere")
