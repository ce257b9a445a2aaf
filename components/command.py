"""A command for a terminal with a button that copies it."""

from __future__ import annotations

from dash import html

from components.icons import icon


def line(text: str) -> html.Div:
    """The command on one line or several, as it is typed."""
    return html.Div(
        [
            html.Pre(html.Code(text), tabIndex="0"),
            html.Button(
                icon("copy"), type="button", className="copy-button", title="Copy",
                **{"data-copy": text, "data-copy-what": "the command", "aria-label": f"Copy the command {text}"},
            ),
        ],
        className="command",
    )  # fmt: skip
