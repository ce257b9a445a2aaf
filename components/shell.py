"""The frame around every page: rail, bar, dataset menu, share, colour scheme. A page adds itself by registering.

    dash.register_page(__name__, path="/matrix", title="Matrix",
                       nav=Nav("Matrix", order=2, icon="matrix", requires="connections",
                               reason="has no connections"))

The browser half is assets/shell.js and assets/theme.js. Stores that pages may read: "theme" ("light" or "dark",
None until known), "here" (path, ds, pre, post) and "datasets".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, set_props
from dash.development.base_component import Component
from flask import current_app, g

from components import datasets, format, palette, versions
from components.drop import choice, drop
from components.icons import icon
from data_access.errors import SynaptoscopeError

log = logging.getLogger(__name__)
PRODUCT = "Synaptoscope"
_THEMES = (("light", "Light"), ("dark", "Dark"), ("auto", "As the system"))
_VIOLET = ["#f3f2fd", "#e3e1f9", "#cbc7f3", "#b3aefc", "#958de9", "#7a70d6", "#5f54bd", "#45399b", "#37307c", "#2b2466"]

_DARK = ["#e8e9ec", "#b0b5be", "#9297a1", "#6d727c", "#3a3e47", "#2c2f36", "#191b20", "#121317", "#0d0e11", "#08090b"]


@dataclass(frozen=True)
class Nav:
    """How a page stands in the rail.

    requires: a capability of dataset.json without which the page cannot serve a dataset; it is then greyed.
    reason: why, as the end of a sentence that starts with the dataset's title.
    """

    label: str
    order: int
    icon: str = "page"
    requires: str = ""
    reason: str = "cannot be shown here"


def data_dir() -> Path:
    """The data folder of the running app."""
    return Path(current_app.config["SETTINGS"].data)


def pages() -> list[tuple[str, Nav]]:
    """Path (with the app's prefix) and rail entry of the registered pages that have one, in order."""
    found = [(p["relative_path"], p["nav"]) for p in dash.page_registry.values() if p.get("nav")]
    return sorted(found, key=lambda item: (item[1].order, item[1].label))


def layout() -> dmc.MantineProvider:
    """The shell; Dash calls this once a page load."""
    known = datasets.for_shell(datasets.listed(data_dir()))
    return dmc.MantineProvider(
        defaultColorScheme="auto",
        theme={
            "primaryColor": "violet",
            "colors": {"violet": _VIOLET, "dark": _DARK},
            "primaryShade": {"light": 7, "dark": 3},
            "fontFamily": "var(--font)",
            "fontFamilyMonospace": "var(--mono)",
            "fontSizes": {
                "xs": "var(--text-xs)", "sm": "var(--text-s)", "md": "var(--text)", "lg": "var(--text-l)",
                "xl": "var(--text-xl)",
            },
            "defaultRadius": 3,
            "cursorType": "pointer",
            "respectReducedMotion": True,
        },
        children=[
            dcc.Store(id="theme"),
            dcc.Store(id="here"),
            dcc.Store(id="datasets", data=known),
            dcc.Store(
                id="pages",
                data=[{"path": p, "requires": nav.requires, "reason": nav.reason} for p, nav in pages()],
            ),
            *versions.parts(),
            palette.dialog(),
            dmc.NotificationContainer(id="notify", position="bottom-right", limit=4),
            html.A("Skip to content", href="#main", className="skip-link"),
            dmc.AppShell(
                id="shell",
                padding=0,
                header={"height": 46},
                navbar={"width": 184, "breakpoint": "sm", "collapsed": {"mobile": True}},
                transitionDuration=0,
                children=[
                    dmc.AppShellHeader(_bar(known), className="bar"),
                    dmc.AppShellNavbar(_rail(), className="rail", **{"aria-label": "Pages"}),
                    dmc.AppShellMain(
                        html.Div(dash.page_container, id="main", tabIndex="-1"), className="stage"
                    ),
                ],
            ),
        ],
    )  # fmt: skip


def _bar(known: dict[str, Any]) -> list[Component]:
    return [
        dmc.Burger(
            id="burger", size=18, lineSize=1.5, hiddenFrom="sm", opened=False, **{"aria-label": "Show the pages"}
        ),
        html.A(
            [html.Img(src=dash.get_asset_url("favicon.svg"), alt="", width=20, height=20), html.Span(PRODUCT)],
            href=dash.get_relative_path("/"), className="product", **{"data-go": "", "aria-label": PRODUCT},
        ),
        drop(
            [
                html.Span(id="dataset-title", className="dataset-title"),
                html.Span(id="dataset-version", className="badge"),
                html.Span("synthetic", id="dataset-synthetic", className="mark synthetic", hidden=True),
                html.Span("partial", id="dataset-partial", className="mark partial", hidden=True),
                icon("chevron"),
            ],
            html.Div(dataset_menu(known), id="dataset-menu"),
            id="dataset-switch", class_name="dataset-switch",
        ),
        versions.switch(known),
        html.Div(className="spring"),
        palette.button(),
        html.Button(
            [icon("share"), html.Span("Share", className="wide-only")],
            id="share", type="button", className="tool", title="Copy a link to exactly this view",
            **{"aria-label": "Share: copy a link to this view"},
        ),
        drop(
            [icon("theme"), html.Span("Colour scheme", className="visually-hidden")],
            html.Ul(
                [
                    html.Li(choice([icon(name), label, icon("check", f"check check-{name}")], "choose-theme", name))
                    for name, label in _THEMES
                ]
            ),
            id="theme-switch", class_name="tool", right=True,
        ),
    ]  # fmt: skip


def _rail() -> list[Component]:
    links = [
        html.A(
            [
                icon(nav.icon),
                html.Span(nav.label, className="rail-label"),
                html.Span(id={"type": "rail-reason", "path": path}, className="rail-reason"),
            ],
            id={"type": "rail-link", "path": path},
            href=path, className="rail-link", **{"data-go": "", "tabIndex": "0"},
        )
        for path, nav in pages()
    ]  # fmt: skip
    toggle = html.Button(
        [icon("collapse"), html.Span("Narrow", className="rail-label")],
        id="rail-toggle", type="button", className="rail-link", **{"aria-label": "Narrow or widen the list of pages"},
    )  # fmt: skip
    return [html.Div(links, className="rail-links"), toggle]


def dataset_menu(known: dict[str, Any]) -> list[Component]:
    """The entries of the dataset menu, or the way to get a dataset where there is none."""
    if not known["list"]:
        return [html.P("The data folder is empty: the page Datasets says how to fill it.", className="menu-note")]
    return [html.Ul([html.Li(_dataset_choice(d)) for d in known["list"]])]


def _dataset_choice(d: dict[str, Any]) -> html.Button:
    name = [html.Span(d["title"], className="menu-title")]
    name += [html.Span(mark, className=f"mark {mark}") for mark in ("synthetic", "partial") if d[mark]]
    counts = f"{format.counted(d['n_cells'], 'cell')}, {format.counted(d['n_connections'], 'connection')}"
    detail = counts + (f" · {d['version']}" if d["version"] else "")
    return choice(
        [html.Span(name, className="menu-line"), html.Span(detail, className="menu-detail")], "choose-dataset", d["id"]
    )


def error_panel(error: SynaptoscopeError, request_id: str = "") -> html.Div:
    """What went wrong, what to do about it, and the id under which the log has it."""
    return html.Div(
        [
            html.P([icon("warning"), html.Span(error.message)], className="error-message"),
            html.P(error.hint[:1].upper() + error.hint[1:]) if error.hint else None,
            html.P(["Request ", html.Code(request_id)], className="hint") if request_id else None,
        ],
        className="error-panel",
        role="alert",
    )


def on_error(error: Exception) -> Any:
    """What a failed callback leaves on screen: an error panel for a page, else a notification. Dash's `on_error`."""
    request_id = g.get("request_id", "")
    if not isinstance(error, SynaptoscopeError):
        log.exception("a callback failed", exc_info=error)
        error = SynaptoscopeError("Something went wrong on the server", "the log of the server has the details")
    wanted = ctx.outputs_list if isinstance(ctx.outputs_list, list) else [ctx.outputs_list]
    single = [output for output in wanted if isinstance(output, dict)]  # a pattern with ALL is a list of its own
    if any(output["id"] == "_pages_content" for output in single):
        return html.Div(error_panel(error, request_id), className="page"), {"title": PRODUCT}
    note = {
        "action": "show", "id": f"error-{request_id}", "title": error.message, "withBorder": True, "autoClose": False,
        "message": " · ".join(part for part in (error.hint, f"request {request_id}") if part), "color": "red",
        "closeButtonProps": {"aria-label": "Dismiss this message"},
    }  # fmt: skip
    set_props("notify", {"sendNotifications": [note]})
    return None


def register(app: Dash) -> None:
    """The shell's callbacks; nearly all run in the browser."""

    def browser(name: str, *wires: Any) -> None:
        app.clientside_callback(ClientsideFunction("shell", name), *wires, prevent_initial_call=True)

    link = {"type": "rail-link", "path": ALL}
    browser(
        "rail",
        Output(link, "href"), Output(link, "className"), Output(link, "aria-current"),
        Output(link, "aria-disabled"), Output({"type": "rail-reason", "path": ALL}, "children"),
        Input("here", "data"), Input("datasets", "data"), State("pages", "data"), State(link, "id"),
    )  # fmt: skip
    browser(
        "dataset",
        Output("dataset-title", "children"), Output("dataset-version", "children"),
        Output("dataset-synthetic", "hidden"), Output("dataset-partial", "hidden"),
        Output("dataset-switch", "title"), Output("dataset-switch", "data-current"),
        Input("here", "data"), Input("datasets", "data"),
    )  # fmt: skip
    browser("fresh", Output("datasets", "data"), Input("home-datasets", "data"), State("datasets", "data"))
    browser("burger", Output("shell", "navbar"), Input("burger", "opened"), State("shell", "navbar"))
    browser("closeBurger", Output("burger", "opened"), Input("here", "data"))

    versions.register(app, data_dir)

    @app.callback(Output("dataset-menu", "children"), Input("datasets", "data"), prevent_initial_call=True)
    def menu(known: dict[str, Any]) -> list[Component]:
        return dataset_menu(known)
