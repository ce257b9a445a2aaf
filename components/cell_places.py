"""Where the synapses of a cell lie: figures, their controls, their key and their words."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from components import cell_dots, cell_profiles, scene, scene_space
from components.cell_kinds import drawn
from components.colours import Theme
from components.format import counted, thousands
from components.url_state import Control, PageUrl, Query
from data_access.dataset import Dataset
from views.cell import BINS, MASKS
from views.cell_synapses import PARTS, Body, CellSynapses

CONTROLS = [
    Control("view", "cell-view", default="flat"),
    Control("colour", "cell-colour", default="kind"),
    Control("mask", "cell-mask", default="all"),
    Control("bin", "cell-bin", default="25"),
]
VIEWS = {"flat": "Projections", "3d": "3D"}
COLOURS = {"kind": "partner type", "size": "size", "compartment": "target compartment", "path": "path to the soma"}
MASK_WORDS = {"all": "whole cell", "axon": "axon", "dendrite": "dendrite", "soma": "soma"}
CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "scrollZoom": True,
    "modeBarButtonsToRemove": [
        "sendChartToCloud",
        "select2d",
        "lasso2d",
        "autoScale2d",
        "toImage",
        "resetCameraLastSave3d",
        "hoverClosest3d",
        "hoverClosestCartesian",
        "hoverCompareCartesian",
        "toggleSpikelines",
    ],
}
STILL = CONFIG | {"displayModeBar": False, "scrollZoom": False}
EMPTY: dict[str, Any] = {
    "data": [],
    "layout": {
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    },
}


def section(dataset: Dataset, url: PageUrl, query: Query, lacking: str, body: tuple[Body | None, str]) -> Component:
    """The whole part of the page; without synapse rows or positions what would be needed instead."""
    head = html.H2("Where its synapses are")
    if lacking:  # the controls stay, unseen: the address is wired to them
        unseen = html.Div(_controls(url, query, None, False), hidden=True)
        parts: list[Component] = [head, html.P(lacking, className="note"), unseen]
        return html.Section(parts, className="cell-space", **{"aria-label": "Where its synapses are"})
    skeleton, why = body
    depth = dataset.meta.vertical or "depth_um" in dataset.meta.synapse_columns
    figures = [
        _figure("cell-shape", "The cell and its synapses in space", CONFIG, "shape"),
        _figure("cell-depth", "Inputs and outputs by depth", STILL, "depth")
        if depth
        else _missing("cell-depth", "No depth profile: this dataset does not say which axis is vertical."),
    ]
    path = (
        _figure("cell-path", "Inputs and outputs by path distance to the soma", STILL, "path")
        if skeleton is not None
        else _missing("cell-path", "No path distances: " + why[:1].lower() + why[1:])
    )
    return html.Section(
        [
            head,
            _controls(url, query, skeleton, "compartment" in dataset.meta.synapse_columns, bool(depth)),
            html.Div(
                [
                    html.P(id="cell-places-said", className="sentence", **{"aria-live": "polite"}),
                    html.Div(id="cell-places-export"),
                ],
                className="figure-head",
            ),
            html.Div(figures, className="cell-figures"),
            html.Div(id="cell-places-key", className="cell-key"),
            path,
            html.Div(id="cell-places-ledger"),
        ],
        className="cell-space",
        id="cell-places",
        **{"aria-label": "Where its synapses are"},
    )


def _figure(id: str, label: str, config: dict[str, Any], kind: str) -> Component:
    title = {
        "shape": "",
        "depth": "inputs | outputs by depth",
        "path": "inputs above, outputs below, by path to the soma",
    }[kind]
    return html.Div(
        [
            html.P(title, className="figure-title") if title else None,
            html.Div(
                dcc.Graph(id=id, figure=EMPTY, config=config, className="cell-graph", responsive=True),
                className="graph-box",
            ),
        ],
        className=f"cell-figure {kind}",
        role="group",
        **{"aria-label": label},
    )


def _missing(id: str, why: str) -> Component:
    """What stands in a figure's place; the figure is there, hidden, so that a callback finds it."""
    return html.Div(
        [html.P(why, className="note"), html.Div(dcc.Graph(id=id, figure=EMPTY, config=STILL), hidden=True)],
        className="cell-figure none",
    )


def _controls(url: PageUrl, query: Query, body: Body | None, compartments: bool, depth: bool = False) -> Component:
    have = {k for k in COLOURS if (k != "compartment" or compartments) and (k != "path" or body is not None)}
    parts = ["all"]
    why = "" if body is None else "The skeleton does not say what is axon and what dendrite."
    if body is not None:
        there = {name for name, kinds in PARTS.items() if np.isin(body.skeleton.kind, kinds).any()}
        if body.skeleton.labelled:
            parts += [m for m in MASKS[1:] if m in there]
            why = ""
    drop = {"transitionProps": {"duration": 0}, "shadow": "none", "width": "max-content", "position": "bottom-start"}

    def select(key: str, label: str, data: list[dict[str, str]], **more: Any) -> Component:
        return dmc.Select(
            id=f"cell-{key}",
            label=label,
            data=data,
            value=url.value(key, query),
            size="xs",
            allowDeselect=False,
            className="control",
            comboboxProps=drop,
            **more,
        )

    return html.Div(
        [
            dmc.SegmentedControl(
                id="cell-view",
                data=[{"value": k, "label": w} for k, w in VIEWS.items()],
                size="xs",
                value=url.value("view", query),
                className="segments",
                **{"aria-label": "Projections or 3D"},
            ),
            select("colour", "Colour by", [{"value": k, "label": w} for k, w in COLOURS.items() if k in have]),
            html.Div(
                select(
                    "mask", "On its", [{"value": m, "label": MASK_WORDS[m]} for m in parts], disabled=len(parts) == 1
                ),
                hidden=body is None,
                className="control",
            ),
            html.Div(
                select("bin", "Bins of depth", [{"value": b, "label": f"{b} µm"} for b in sorted(BINS, key=int)]),
                hidden=not depth,
                className="control",
            ),
            html.P(why, className="hint why") if why else None,
        ],
        className="cell-controls",
        role="group",
        **{"aria-label": "How the synapses are shown"},
    )


def figures(dataset: Dataset, made: CellSynapses, theme: Theme) -> tuple[dict[str, Any], ...]:
    """Shape, depth profile, path histogram."""
    depth, path = cell_profiles.depth(dataset, made, theme), cell_profiles.path(dataset, made, theme)
    shape = scene_space.space if made.view.view == "3d" else scene.flat
    return shape(dataset, made, theme), depth or EMPTY, path or EMPTY


def key(dataset: Dataset, made: CellSynapses) -> list[Component]:
    """What the colours and the signs mean, with how many synapses each has."""
    found = cell_dots.dots(dataset, made)
    note = cell_dots.unavailable(made)
    parts: list[Component] = []
    if all(part.values is None for part in found):
        kinds = list(reversed(found))
        parts.append(
            html.Ul(
                [
                    html.Li(
                        [
                            html.Span(className="swatch", style={"background": part.hex}),
                            html.Span(part.name),
                            html.Span(thousands(len(part.at)), className="n"),
                        ]
                    )
                    for part in kinds
                ],
                className="key-list",
            )
        )
    if made.view.view == "flat" and len(made.rows) > cell_dots.MARKERS:
        parts.append(html.P(f"More than {cell_dots.MARKERS:,} synapses: all are drawn as dots.", className="hint"))
    elif made.view.side == "both" and len(made.rows):
        signs = ("●", "◆") if made.view.view == "3d" else ("●", "▲")
        parts.append(html.P(f"{signs[0]} input  {signs[1]} output", className="hint"))
    if made.body is not None and made.body.skeleton.labelled:
        parts.append(html.P("skeleton: axon lighter than dendrite", className="hint"))
    if any(part.values is not None for part in found):
        names = drawn(dataset, made.view.group, made.kinds)
        parts.append(
            html.P(f"The profiles stay coloured by partner type ({len(names.names)} kinds).", className="hint")
        )
    if note:
        parts.append(html.P(note, className="hint"))
    return parts


def sentence(made: CellSynapses) -> str:
    """How many synapses are shown, how near they lie to the skeleton, how far along it."""
    if not len(made.rows):
        return f"No synapse is left of {counted(made.ledger.read, 'synapse')}: {_why(made)}."
    incoming = made.rows.incoming
    shown = [counted(int(n), word) for n, word in ((incoming.sum(), "input"), ((~incoming).sum(), "output")) if n]
    text = f"{' and '.join(shown)} of {counted(made.ledger.read, 'synapse')}"
    if made.attached is not None and made.path_um is not None and np.isfinite(made.attached.distance).any():
        sides = [("inputs", incoming), ("outputs", ~incoming)]
        medians = [
            f"{word} {float(np.nanmedian(made.attached.distance[here])):.2f} µm"
            for word, here in sides
            if np.isfinite(made.attached.distance[here]).any()
        ]
        text += f"; in the median {' and '.join(medians)} from the nearest skeleton node"
        path = made.path_um[incoming] if incoming.any() else made.path_um
        if np.isfinite(path).any():
            word = "inputs" if incoming.any() else "outputs"
            text += f", and {word} {float(np.nanmedian(path)):,.0f} µm along the cell from the soma"
    return text + "."


def _why(made: CellSynapses) -> str:
    most = max(made.ledger.left_out, key=lambda o: o.synapses or 0, default=None)
    return "there is none" if most is None else most.reason
