"""The controls above a matrix: fill, groups, orders, colours; only what a dataset can serve."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components.matrix_key import MEASURE_WORDS
from components.url_state import PageUrl
from data_access.dataset import Dataset
from data_access.errors import InputError, did_you_mean
from views import axes, matrix

ORDER_WORDS = {
    "type": "type", "degree": "number of partners", "position": "position", "cluster": "cluster", "given": "as given",
    "id": "id",
}  # fmt: skip
TESTED_WORDS = {"proofread": "proofread axons", "complete": "complete axons", "all": "all axons"}
SCALE_WORDS = {"log": "log", "linear": "linear", "binary": "one colour"}
FEW = 40  # different numbers up to which a column of numbers is offered for grouping
Option = dict[str, Any]


def controls(dataset: Dataset, url: PageUrl, query: Mapping[str, Any]) -> Component:
    """All controls but the two cell sets, with what the query says as their values."""
    kinds, columns = kind_columns(dataset), order_columns(dataset)
    other: Option = {"value": axes.OTHER, "label": "like the other axis"}
    orders = [{"value": k, "label": ORDER_WORDS[k]} for k in order_words(dataset)]
    by_column = {"group": "columns", "items": [_named(n) for n in columns]}

    def select(key: str, label: str, data: list[Any], small: str = "") -> Component:
        many = len(data) > 12 or any("items" in option for option in data)
        return dmc.Select(
            id=f"matrix-{key.replace('_', '-')}", label=label, data=data, value=url.value(key, query), size="xs",
            searchable=many, allowDeselect=False, checkIconPosition="right", className=f"control {small}".strip(),
            comboboxProps={"transitionProps": {"duration": 0}, "shadow": "none", "width": "max-content",
                           "position": "bottom-start"},
            nothingFoundMessage="no such column", maxDropdownHeight=320,
        )  # fmt: skip

    def number(key: str, label: str, empty: str, low: float | None = None) -> Component:
        return dmc.NumberInput(
            id=f"matrix-{key}", label=label, value=url.value(key, query), size="xs", hideControls=True, debounce=True,
            min=low, allowDecimal=key != "min", className="control number", placeholder=empty,
        )  # fmt: skip

    return html.Div(
        [
            select("measure", "Fill", [_named(n, w) for n, w in measures(dataset).items()]),
            select("group", "Group by", [_named("", "cell by cell"), *(_named(n) for n in kinds)]),
            select("order", "Rows by", [*orders, other, by_column]),
            select("order_post", "Columns by", [other, *orders, by_column]),
            select("bar", "Colour bars", [_named("none"), *(_named(n) for n in kinds)]),
            select("scale", "Colours", [_named(k, w) for k, w in SCALE_WORDS.items()], "small"),
            number("lo", "from", "auto"),
            number("hi", "to", "auto"),
            number("min", "Synapses ≥", "1", low=1),
            select("tested", "Tested pairs", [_named(k, w) for k, w in TESTED_WORDS.items()]),
            dmc.Switch(
                id="matrix-autapses", label="Autapses", checked=url.value("autapses", query), size="xs",
                className="control switch",
            ),
        ],
        id="matrix-controls", className="controls", role="group", **{"aria-label": "What the matrix shows"},
    )  # fmt: skip


def _named(value: str, label: str = "") -> Option:
    return {"value": value, "label": label or value}


def measures(dataset: Dataset) -> dict[str, str]:
    """Measures that the dataset can fill a matrix with, and their words."""
    sized = "sizes" in dataset.meta.capabilities
    names = [m for m in matrix.MEASURES if sized or "size" not in m] + list(dataset.meta.measures)
    words = MEASURE_WORDS | {"binary": "connected or not", "input_fraction": "fraction of input",
                             "output_fraction": "fraction of output"}  # fmt: skip
    return {name: words.get(name, name.replace("_", " ")) for name in names}


def order_words(dataset: Dataset) -> list[str]:
    """Orders by something else than a column; by position only where there are positions."""
    try:
        axes.vertical(dataset)
    except InputError:
        return [word for word in ORDER_WORDS if word != "position"]
    return list(ORDER_WORDS)


def order_columns(dataset: Dataset) -> list[str]:
    """Columns to order by, first the type by the name that the source gives it.

    A column that bears the name of an order (`id`, say) cannot be asked for: the order is meant.
    """
    taken = {*ORDER_WORDS, axes.OTHER, "cell_id"}
    return [name for name in dict.fromkeys((*_own_names(dataset), *dataset.columns)) if name not in taken]


@lru_cache(maxsize=16)
def kind_columns(dataset: Dataset) -> tuple[str, ...]:
    """Columns to group and colour by: texts, yes and no, and numbers of which there are few different ones."""
    kinds = [n for n, c in dataset.columns.items() if c.kind in ("text", "boolean")]
    few = [n for n, c in dataset.columns.items() if c.kind == "number" and 0 < dataset.column(n).nunique() <= FEW]
    return tuple(n for n in dict.fromkeys((*kinds[:1], *_own_names(dataset), *kinds[1:], *few)) if n != "none")


def _own_names(dataset: Dataset) -> list[str]:
    return [old for old, new in dataset.meta.aliases.items() if new == "cell_type"]


def misfits(dataset: Dataset, query: Mapping[str, Any]) -> dict[str, str]:
    """Keys of a query whose value this dataset has no use for, each with the reason in words."""
    columns = [*dataset.columns, *dataset.meta.aliases]
    orders = [*order_words(dataset), axes.OTHER]
    allowed = {
        "measure": (list(measures(dataset)), "measure"), "group": (columns, "column to group by"),
        "order": ([*orders, *columns], "order"), "order_post": ([*orders, *columns], "order"),
        "bar": (["none", *columns], "column for colour bars"),
    }  # fmt: skip
    found = {}
    for key, (known, what) in allowed.items():
        value = str(query.get(key) or "")
        if value and value not in known:
            hint = did_you_mean(value, known)
            found[key] = f"No {what} '{value[:60]}' here." + (f" {hint[:1].upper()}{hint[1:]}" if hint else "")
    return found
