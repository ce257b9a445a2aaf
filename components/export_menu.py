"""The menu at a figure's corner: the table, the picture, the Python, the link and the citation."""

from __future__ import annotations

import json
from typing import Any

import dash
from dash import html
from dash.development.base_component import Component
from flask import request

from components.icons import icon
from data_access.metadata import DatasetMeta

FORMATS = {"csv": "CSV", "parquet": "Parquet", "arrow": "Arrow", "json": "JSON"}


def table_url(ds: str, route: str, fmt: str, query: str, absolute: bool = False) -> str:
    """Address of a table of the API."""
    path = dash.get_relative_path(f"/api/v1/datasets/{ds}/{route}.{fmt}") + (f"?{query}" if query else "")
    return request.host_url.rstrip("/") + path if absolute else path


def python(meta: DatasetMeta, route: str, query: str, after: str = "") -> str:
    """Python that fetches the table behind the figure, with its ledger."""
    url = table_url(meta.id, route, "parquet", query, absolute=True)
    version = f" {meta.version}" if meta.version else ""
    mark = " (synthetic)" if meta.synthetic else ""
    lines = [
        "import io, json, urllib.request",
        "import pyarrow.parquet as pq",
        "",
        "# " + " ".join(f"{meta.title}{version}, generation {meta.generation}".split()) + mark,
        f"url = {json.dumps(url)}",
        "arrow = pq.read_table(io.BytesIO(urllib.request.urlopen(url).read()))",
        'ledger = json.loads(arrow.schema.metadata[b"ledger"])  # what was left out, and why',
        "table = arrow.to_pandas()",
    ]
    return "\n".join([*lines, *([after] if after else [])]) + "\n"


def menu(meta: DatasetMeta, route: str, query: str, snippet: str, figure: str) -> Component:
    """The menu of one figure; `figure` is the id of its graph, "" for a table alone."""
    tables = [
        html.Li(html.A([icon("arrow"), f"Table as {word}"], href=table_url(meta.id, route, fmt, query), download="",
                       className="menu-item"))
        for fmt, word in FORMATS.items()
    ]  # fmt: skip
    pictures = [
        html.Li(_button(f"Figure as {fmt.upper()}", **{"data-save-figure": figure, "data-format": fmt}))
        for fmt in ("svg", "png")
        if figure
    ]
    copies = [
        html.Li(_button("Copy as Python", **{"data-copy": snippet, "data-copy-what": "Python"})),
        html.Li(_button("Copy link", **{"data-copy-link": ""})),
    ]
    if meta.citation:
        copies.append(html.Li(_button("Copy citation", **{"data-copy": meta.citation, "data-copy-what": "citation"})))
    items = html.Ul([*tables, *pictures, *copies])
    return html.Details(
        [
            html.Summary("Export", className="tool", title="Table, figure, Python, link, citation"),
            html.Div(items, className="menu right"),
        ],
        className="drop export",
    )


def _button(text: str, **marks: Any) -> html.Button:
    return html.Button(
        [icon("copy" if "data-save-figure" not in marks else "arrow"), text],
        type="button",
        className="menu-item",
        **marks,
    )
