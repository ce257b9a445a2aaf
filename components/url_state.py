"""The URL is the state: what a page shows is its query string, and nothing else remembers it.

A page declares its controls once:

    URL = url_state.wire("matrix", [
        Control("measure", "matrix-measure", default="n_synapses", drops=ZOOM),
        Control("autapses", "matrix-autapses", prop="checked", words=("drop", "keep"), default="drop"),
    ])

puts `*URL.components(query)` into its layout, gives each control `URL.value("measure", query)` as its first value,
and lets its server callbacks take `Input(URL.location, "search")` and `Input("theme", "data")`: no control. The
browser half is assets/url_state.js. Defaults are left out of the URL; keys that no control owns stay untouched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode

import dash
from dash import ClientsideFunction, Input, State, dcc, html
from dash.development.base_component import Component

Query = Mapping[str, Any]


@dataclass(frozen=True)
class Control:
    """One key of the query string and the component property that shows it.

    key: name in the URL; id, prop: the component; default: left out of the URL when it is the value.
    words: texts for False and True, where the property is a boolean (`checked`).
    many: the property is a list (MultiSelect); the key is repeated in the URL.
    number: the property is a number (NumberInput, Slider).
    drops: keys that leave the URL when this control changes, e.g. the zoom when the order does.
    history: "push" adds a step to Back, "replace" does not (sliders and the like).
    """

    key: str
    id: str
    prop: str = "value"
    default: str = ""
    words: tuple[str, str] | None = None
    many: bool = False
    number: bool = False
    drops: tuple[str, ...] = ()
    history: Literal["push", "replace"] = "push"

    def as_prop(self, value: Any) -> Any:
        """The component property for the value(s) of the key in a query string; None stands for the default."""
        if self.many:
            return [] if value is None else [value] if isinstance(value, str) else list(value)
        text = self.default if value is None else str(value[0] if isinstance(value, list) else value)
        if self.words is not None:
            return text == self.words[1]
        if self.number:
            return _number(text)
        return text

    def schema(self) -> dict[str, Any]:
        """What the browser half needs to know."""
        return {
            "id": self.id, "prop": self.prop, "key": self.key, "default": self.default,
            "words": list(self.words) if self.words else None, "many": self.many, "number": self.number,
            "drops": list(self.drops), "history": self.history,
        }  # fmt: skip


@dataclass(frozen=True)
class PageUrl:
    """The wiring of one page; made by `wire`."""

    page: str
    controls: tuple[Control, ...]
    rebuild: tuple[str, ...] = ("ds",)
    drops: tuple[str, ...] = ()

    @property
    def location(self) -> str:
        """Id of the page's own dcc.Location: server callbacks take its `search`."""
        return f"{self.page}-url"

    def components(self, query: Query) -> list[Component]:
        """What the layout must contain; `query` is what Dash hands to layout(**query)."""
        mark = {
            "data-page-url": self.location, "data-rebuild": " ".join(self.rebuild), "data-drops": " ".join(self.drops)
        }  # fmt: skip
        return [
            # without the empty texts it would report the whole address when it mounts, and push that again later
            dcc.Location(id=self.location, refresh=False, search=search(query), pathname="", href="", hash=""),
            dcc.Store(id=f"{self.page}-schema", data=[c.schema() for c in self.controls]),
            html.Div(hidden=True, **mark),
        ]

    def value(self, key: str, query: Query) -> Any:
        """First value of the control of `key`: what the URL says, or the default. KeyError for an unknown key."""
        control = next((c for c in self.controls if c.key == key), None)
        if control is None:
            raise KeyError(key)
        return control.as_prop(query.get(key))


def wire(
    page: str, controls: Sequence[Control], rebuild: Sequence[str] = ("ds",), drops: Sequence[str] = ()
) -> PageUrl:
    """Register the page's one clientside callback (controls <-> URL). Call once, when the page's module is imported.

    page: prefix of the ids `<page>-url` and `<page>-schema`.
    rebuild: keys whose change lays out the whole page anew; any other step through the history does not.
    drops: keys that leave the URL when the dataset is switched, e.g. the zoom.
    Raises ValueError when two controls share a key.
    """
    keys = [c.key for c in controls]
    if len(set(keys)) != len(keys) or set(keys) & set(rebuild):
        raise ValueError(f"page '{page}': a URL key has two owners among {keys} and {list(rebuild)}")
    url = PageUrl(page, tuple(controls), tuple(rebuild), tuple(drops))
    dash.clientside_callback(
        ClientsideFunction("urlState", "sync"),
        Input(url.location, "search"),
        *(Input(c.id, c.prop) for c in url.controls),
        State(url.location, "id"),
        State(f"{page}-schema", "data"),
        prevent_initial_call=True,
    )
    return url


def search(query: Query) -> str:
    """{'ds': 'a', 'type': ['x', 'y']} -> '?ds=a&type=x&type=y'; '' when nothing is left. None is left out."""
    kept = {k: v for k, v in query.items() if v is not None and v != []}
    return "?" + urlencode(kept, doseq=True) if kept else ""


def parse(text: str | None) -> dict[str, str | list[str]]:
    """'?ds=a&type=x&type=y' -> {'ds': 'a', 'type': ['x', 'y']}: what Dash hands to a layout, for callbacks."""
    found = parse_qs((text or "").removeprefix("?"), keep_blank_values=True)
    return {k: v[0] if len(v) == 1 else v for k, v in found.items()}


def href(path: str, **query: Any) -> str:
    """Link to a page of the app with its query string, under whatever prefix the app is served."""
    return f"{dash.get_relative_path(path)}{search(query)}"


def _number(text: str) -> float | int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else value
