"""Two small pages that keep their state in the URL; the server counts how often each is laid out and drawn."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html

from components import url_state
from components.url_state import Control

app = Dash(
    __name__,
    use_pages=True,
    pages_folder="",
    assets_folder=str(Path(__file__).parents[2] / "assets"),
    suppress_callback_exceptions=True,
    update_title="",
)
server = app.server
laid_out: Counter[str] = Counter()
drawn: Counter[str] = Counter()


def add_page(name: str, path: str) -> None:
    url = url_state.wire(
        name,
        [
            Control("measure", f"{name}-measure", default="n", drops=("x0", "x1")),
            Control("pre", f"{name}-pre"),
            Control("autapses", f"{name}-autapses", prop="checked", default="drop", words=("drop", "keep")),
            Control("type", f"{name}-types", many=True),
            Control("min", f"{name}-min", default="1", number=True, history="replace"),
        ],
    )

    def layout(ds: str = "a", **query: Any) -> html.Div:
        laid_out[name] += 1
        query = {"ds": ds, **query} if ds != "a" else query
        return html.Div(
            [
                *url.components(query),
                html.H1(f"{name} of {ds}"),
                dmc.SegmentedControl(
                    id=f"{name}-measure", data=["n", "size", "log"], value=url.value("measure", query)
                ),
                dmc.TextInput(id=f"{name}-pre", label="Pre", value=url.value("pre", query), debounce=True),
                dmc.Checkbox(id=f"{name}-autapses", label="Autapses", checked=url.value("autapses", query)),
                dmc.MultiSelect(id=f"{name}-types", label="Types", data=["BC", "MC"], value=url.value("type", query)),
                dcc.Input(id=f"{name}-min", type="number", value=url.value("min", query), debounce=True),
                dcc.Link("same page, by link", href=f"{path}?measure=log", id=f"{name}-log"),
                dcc.Link("other dataset", href=f"{path}?ds=b", id=f"{name}-other-dataset"),
                html.Output(id=f"{name}-drawn"),
                html.Output(laid_out[name], id=f"{name}-laid-out"),
            ]
        )

    @dash.callback(Output(f"{name}-drawn", "children"), Input(url.location, "search"))
    def draw(search: str) -> str:
        drawn[name] += 1
        return f"{drawn[name]} {search}"

    dash.register_page(name, path=path, title=name, layout=layout)


add_page("first", "/")
add_page("second", "/second")
app.layout = dmc.MantineProvider(
    [
        dcc.Link("to first", href="/", id="to-first"),
        dcc.Link("to second", href="/second", id="to-second"),
        dash.page_container,
    ]
)
server.test_client().get("/_dash-dependencies")
