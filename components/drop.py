"""A button that opens a panel of choices under it; assets/shell.js closes it and moves the focus by arrow keys."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component


def drop(shown: list[Component], content: Component, *, id: str, class_name: str, right: bool = False) -> html.Details:
    """The button with what it shows, and its panel; `right`: the panel ends where the button ends."""
    return html.Details(
        [html.Summary(shown, id=id, className=class_name), html.Div(content, className="menu" + " right" * right)],
        className="drop",
    )


def choice(children: list[Component | str], key: str, value: str) -> html.Button:
    """An entry of a panel; a click on it is seen by its attribute data-KEY."""
    return html.Button(children, type="button", className="menu-item", **{f"data-{key}": value})
