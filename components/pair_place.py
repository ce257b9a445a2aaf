"""The scene of a pair on its page: its box, its buttons, its key and its words. assets/pair_scene.js draws it."""

from __future__ import annotations

import dash
import dash_mantine_components as dmc
import numpy as np
from dash import html
from dash.development.base_component import Component

from components import pair_look
from components.format import counted
from components.url_state import Control, PageUrl, Query
from data_access import capabilities
from data_access.dataset import Dataset
from views.pair import ARROWS, Pair
from views.pair_scene import Scene

CONTROLS = [Control("meshes", "pair-meshes", prop="checked", words=("no", "yes"), default="yes")]
CAMERAS = {
    "": ("Both cells", "Both cells whole, as at first (0)"),
    "close": ("Close-up", "Around the synapses, or the one that is picked (c)"),
    "side": ("From the side", "Both cells whole, from the other horizontal direction (s)"),
}
FIGURE = "pair-scene"


def section(dataset: Dataset, url: PageUrl, query: Query, pair: Pair, scene: Scene | None, lacking: str) -> Component:
    """The scene with its buttons; where there is none, why, and the switch that the address is wired to, unseen."""
    head = html.H2("In space")
    if scene is None:
        parts: list[Component] = [head, html.P(lacking, className="note"), html.Div(_meshes(url, query), hidden=True)]
        return html.Section(parts, className="pair-space", **{"aria-label": "In space"})
    has_meshes = capabilities.MESHES in dataset.meta.capabilities
    route = dash.get_relative_path(f"/api/v1/datasets/{dataset.meta.id}/pair")
    buttons = [
        html.Button(word, type="button", className="button", title=title, **{"data-cam": name})
        for name, (word, title) in CAMERAS.items()
        if name != "close" or len(scene.synapse_points)
    ]
    return html.Section(
        [
            html.Div(
                [
                    head,
                    html.Div(
                        [html.Div(_meshes(url, query), hidden=not has_meshes), *buttons],
                        className="pair-tools",
                        role="group",
                        **{"aria-label": "What is seen"},
                    ),
                ],
                className="pair-space-head",
            ),
            html.Div(
                [
                    html.Img(id="pair-poster", alt=""),
                    html.Div(id="pair-graph"),
                    html.Div(id="pair-over", **{"aria-hidden": "true"}),
                ],
                id=FIGURE,
                className="pair-scene",
                tabIndex="0",
                role="application",
                **{
                    "data-route": route,
                    "data-a": pair.a.cell_id,
                    "data-b": pair.b.cell_id,
                    "data-ds": dataset.meta.id,
                    "aria-label": f"{_said(scene)} Arrow keys turn the scene, plus and minus zoom, Escape leaves it.",
                    "aria-roledescription": "3D scene",
                },
            ),
            html.Div(key(pair, scene), className="pair-key"),
            html.Details(
                [
                    html.Summary("Orthographic: the scale bar holds everywhere in the picture. How it is drawn"),
                    html.Ul([html.Li(text) for text in words(scene)]),
                ],
                className="pair-how",
            ),
        ],
        className="pair-space",
        **{"aria-label": "In space"},
    )


def _meshes(url: PageUrl, query: Query) -> Component:
    return dmc.Switch(id="pair-meshes", label="Surfaces", checked=url.value("meshes", query), size="xs")


def _said(scene: Scene) -> str:
    n = int(scene.synapses.placed.sum())
    return f"Both cells and {counted(n, 'synapse')} between them in space."


def key(pair: Pair, scene: Scene) -> list[Component]:
    """What lines and signs mean, with how many synapses each direction has."""
    items: list[Component] = []
    for name, shape in zip("ab", scene.shapes, strict=True):
        for part, word in pair_look.lines(shape.labelled, bool(len(shape.axon)), bool(len(shape.rest))):
            line = html.Span(className=f"pair-line {name} {part}", **{"aria-hidden": "true"})
            items.append(html.Li([line, f"{name.upper()} {word}".strip()]))
    for way in pair.ways:
        sign = html.Span(pair_look.SIGNS[way.name], className=f"pair-mark {way.name}", **{"aria-hidden": "true"})
        items.append(html.Li([sign, f"{ARROWS[way.name]} ", html.Span(f"{way.n:,}", className="n")]))
    return [html.Ul(items, className="key-list")]


def words(scene: Scene) -> list[str]:
    """How to read the scene, and what is drawn less finely than it is or missing."""
    found = []
    if np.isfinite(scene.synapses.size).any():
        found.append("The area of a sign follows the size of its synapse, on one scale for both directions.")
    if any(shape.soma is not None for shape in scene.shapes):
        found.append("Discs mark the somata, not their size.")
    if not scene.vertical_is_known:
        found.append("The dataset does not say which axis is vertical: y is drawn downwards.")
    a, b = (shape.notes for shape in scene.shapes)
    found += [note for note in a if note in b]
    found += [f"{name}: {note}" for name, own, other in (("A", a, b), ("B", b, a)) for note in own if note not in other]
    placeless = int((~scene.synapses.placed).sum())
    if placeless:
        found.append(f"{counted(placeless, 'synapse')} without a position: counted, not drawn.")
    found.append("Drag to turn, with Ctrl to move, the wheel zooms; a click on a synapse centres it.")
    if any(shape.mesh is not None for shape in scene.shapes):
        found.append("In a drawing saved as SVG surfaces are outlines.")
    return found
