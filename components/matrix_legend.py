"""The legend of a matrix: what its colour bars mean, cells of each kind, the tint of untested pairs."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from components import matrix_figure
from components.matrix_axes import bar_column, why_no_bar
from views.matrix import Matrix


def legend(made: Matrix) -> list[Component]:
    """One line a kind, as few components as can be: each costs the browser at every change of the page."""
    found: list[Component] = []
    if made.view.bar not in ("", "none"):
        found.append(html.H2(made.view.bar))
        missing = why_no_bar(made.dataset, bar_column(made))
        if missing:
            found.append(html.P(f"No colour bars: {missing}.", className="hint"))
        else:
            found += _kinds(made)
    found.append(html.P("pairs that were not tested", className="hint untested-key"))
    return found


def _kinds(made: Matrix) -> list[Component]:
    kinds = matrix_figure.legend(made)
    lines = [
        html.Li(name, title=name, style={"--swatch": colour}, **{"data-count": f"{count:,}"})
        for name, colour, count in kinds
    ]
    shown: list[Component] = [
        html.Div(
            html.Ul(lines), className="kinds", tabIndex="0" if len(kinds) > 40 else None, role="region",
            **{"aria-label": f"Colours of {made.view.bar}"},
        )
    ]  # fmt: skip
    if made.grouped is not None and bar_column(made) != made.dataset.meta.aliases.get(made.view.group, made.view.group):
        shown.append(html.P("A group has the colour of the kind that most of its cells are.", className="hint"))
    return shown
