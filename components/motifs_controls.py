"""The controls of /motifs: what is counted or searched for, and against which null model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components import cellset_box
from components.matrix_controls import TESTED_WORDS, kind_columns
from components.url_state import Control, PageUrl
from data_access.dataset import Dataset
from views import null_models
from views.node_search import EDGES

PARTS = {"census": "Census", "search": "Three-node search"}
PICKED = ("motif",)
CONTROLS = [
    Control("find", "motifs-find", default="census"),
    Control("cells", "motifs-cells"),
    Control("size", "motifs-size", default="3", drops=PICKED),
    Control("min", "motifs-min", number=True, default="1"),
    *(Control(node, f"motifs-{node}") for node in "abc"),
    *(Control(way, f"motifs-{way}") for way in EDGES),
    Control("null", "motifs-null", default="er"),
    Control("group", "motifs-group", default="cell_type"),
    Control("tested", "motifs-tested", default="proofread"),
    Control("samples", "motifs-samples", number=True, default="100"),
    Control("seed", "motifs-seed", number=True, default="0"),
    Control("limit", "motifs-limit", number=True, default="10"),
]
HINT = "Least synapses; none: no connection; 3/1000: sizes that sum to 1000, too."
SUGGESTED = ("1", "2", "3", "5", "10", "20", "none")
# what often is asked for: title -> texts of the edges
SHAPES: dict[str, dict[str, str]] = {
    "Chain": {"ab": "1", "bc": "1"},
    "Feed-forward": {"ab": "1", "bc": "1", "ac": "1"},
    "Cycle": {"ab": "1", "bc": "1", "ca": "1"},
    "Convergent": {"ac": "1", "bc": "1"},
    "Open chain": {"ab": "1", "bc": "1", "ac": "none", "ca": "none"},
}
Option = dict[str, Any]


def tabs(url: PageUrl, query: Mapping[str, Any]) -> Component:
    """Census or search."""
    return dmc.SegmentedControl(
        id="motifs-find", data=[{"value": k, "label": w} for k, w in PARTS.items()], value=url.value("find", query),
        size="xs", className="segments", **{"aria-label": "What is asked"},
    )  # fmt: skip


def census(dataset: Dataset, url: PageUrl, query: Mapping[str, Any]) -> Component:
    """The cells whose motifs are counted."""
    return html.Div(
        [
            html.Div(cellset_box.single("motifs", "cells", "Cells", url.value("cells", query), dataset),
                     className="motifs-cells"),
            html.Div(
                [
                    _select("size", "Motifs of", [_option("3", "three cells"), _option("2", "two cells")], url, query),
                    _number("min", "Synapses ≥", url, query),
                ],
                className="motifs-row",
            ),
        ],
        className="motifs-census-controls",
    )  # fmt: skip


def search(dataset: Dataset, url: PageUrl, query: Mapping[str, Any]) -> Component:
    """Three sets of cells, six connections between them, and the diagram that assets/motifs.js draws of these."""
    boxes = [
        cellset_box.single("motifs", node, f"Node {node.upper()}", url.value(node, query), dataset) for node in "abc"
    ]
    edges = [
        dmc.Autocomplete(
            id=f"motifs-{way}", label=f"{way[0].upper()} → {way[1].upper()}", data=list(SUGGESTED), size="xs",
            value=url.value(way, query), placeholder="any", debounce=400, className="control motif-edge",
            filter={"function": "motifsAll"},
            comboboxProps={"transitionProps": {"duration": 0}, "shadow": "none", "withinPortal": False},
        )
        for way in EDGES
    ]  # fmt: skip
    shapes = [
        html.Button(title, type="button", className="quiet", **{"data-motif-shape": "&".join(
            f"{way}={edges_of.get(way, '')}" for way in EDGES)})
        for title, edges_of in SHAPES.items()
    ]  # fmt: skip
    return html.Div(
        [
            html.Div(boxes, className="motif-nodes"),
            html.Div(
                [
                    html.Div(edges, className="motif-edges", role="group", **{"aria-label": "Connections asked for"}),
                    html.Div([html.P(HINT, className="hint"), _number("limit", "Examples", url, query)],
                             className="motif-more"),
                    html.Div(shapes, className="motif-shapes"),
                ]
            ),
            html.Div(id="motifs-diagram", className="motif-diagram", role="img",
                     **{"aria-label": "What is searched for"}),
        ],
        className="motifs-search-controls",
    )  # fmt: skip


def chance(dataset: Dataset, url: PageUrl, query: Mapping[str, Any]) -> Component:
    """The null model and how it is sampled."""
    group = url.value("group", query)
    refused = null_models.available(dataset, group if group in dataset.columns else "cell_type")
    nulls = [
        _option(name, null_models.title(name))
        | ({"disabled": True} if why and name != url.value("null", query) else {})
        for name, why in refused.items()
    ]
    columns = [_option(name) for name in dict.fromkeys((*kind_columns(dataset), group))]
    return html.Div(
        [
            _select("null", "Against chance", nulls, url, query),
            _select("group", "Types by", columns, url, query),
            _select("tested", "Tested pairs", [_option(k, w) for k, w in TESTED_WORDS.items()], url, query),
            _number("samples", "Samples", url, query),
            _number("seed", "Seed", url, query, least=0),
        ],
        className="motifs-row motifs-chance-controls", role="group", **{"aria-label": "Null model"},
    )  # fmt: skip


def _select(key: str, label: str, data: Sequence[Option], url: PageUrl, query: Mapping[str, Any]) -> Component:
    return dmc.Select(
        id=f"motifs-{key}", label=label, data=list(data), value=url.value(key, query), size="xs",
        searchable=len(data) > 12, allowDeselect=False, checkIconPosition="right", className="control",
        nothingFoundMessage="none of that name", maxDropdownHeight=320,
        comboboxProps={"transitionProps": {"duration": 0}, "shadow": "none", "width": "max-content",
                       "position": "bottom-start"},
    )  # fmt: skip


def _number(key: str, label: str, url: PageUrl, query: Mapping[str, Any], least: int = 1) -> Component:
    return dmc.NumberInput(
        id=f"motifs-{key}", label=label, value=url.value(key, query), size="xs", hideControls=True, debounce=True,
        min=least, allowDecimal=False, className="control number",
    )  # fmt: skip


def _option(value: str, label: str = "") -> Option:
    return {"value": value, "label": label or value}
