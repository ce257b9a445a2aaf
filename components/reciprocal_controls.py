"""The controls of /reciprocal: how pairs are ranked, which are listed, by which column types are meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import html
from dash.development.base_component import Component

from components import cellset_box
from components.matrix_controls import TESTED_WORDS, kind_columns
from components.url_state import Control, PageUrl
from data_access.dataset import Dataset
from data_access.errors import InputError
from views import pair_compartments, pair_features, pair_warnings, schema
from views.pair_filters import PROOFREAD
from views.reciprocal import RANKS, ReciprocalView
from views.testability import knows_proofreading

PICKED = ("nab", "nba")  # counts that a click into the scatter chose
CONTROLS = [
    *cellset_box.controls("reciprocal", drops=PICKED),
    Control("rank", "reciprocal-rank", default="total", drops=("sort",)),
    Control("min", "reciprocal-min", number=True, default="1", drops=PICKED),
    Control("group", "reciprocal-group", default="cell_type", drops=("type_a", "type_b")),
    Control("type_a", "reciprocal-type-a"),
    Control("type_b", "reciprocal-type-b"),
    Control("tested", "reciprocal-tested", default="proofread"),
    Control("compartment", "reciprocal-compartment"),
    Control("proofread", "reciprocal-proofread", default="any"),
    Control("warning", "reciprocal-warning"),
    Control("cell", "reciprocal-cell"),
]
MOST_TYPES = 400  # offered in a list; any other may stand in the address
RANK_WORDS = {
    "total": "total", "smaller": "smaller direction", "balance": "balance", "size": "size", "distance": "distance",
}  # fmt: skip
PROOFREAD_WORDS = {"any": "of any", "both": "of both", "one": "of just one", "none": "of none"}
Option = dict[str, Any]


@dataclass(frozen=True)
class Looks:
    """What the page shows of the pairs, beside which they are."""

    panel: str = schema.choice(("auto", "counts", "types", "cell"), "picture beside the list; auto: as fits")
    scale: str = schema.choice(("auto", "log", "linear"), "axes of the scatter; auto: log where counts are large")
    fill: str = schema.choice(("pairs", "fraction"), "what fills the matrix of types")


def without_picked(view: ReciprocalView) -> ReciprocalView:
    """The same pairs whatever their counts."""
    kept = schema.encode(view, PICKED)
    return schema.parse(ReciprocalView, kept)


def controls(dataset: Dataset, url: PageUrl, query: Mapping[str, Any]) -> Component:
    """All controls but the two cell sets; one that this dataset cannot serve is not seen, but keeps its key."""
    types = type_options(dataset, url.value("group", query), url.value("type_a", query), url.value("type_b", query))
    ranks = [option(k, RANK_WORDS[k]) for k in RANKS if k in ranks_of(dataset)]
    columns = list(kind_columns(dataset)) or ["cell_type"]
    parts = pair_compartments.names(dataset)
    known = knows_proofreading(dataset)
    warned: list[Option] = [
        option("", "with or without"), option(pair_warnings.NONE, "without any"), option(pair_warnings.ANY, "with any"),
    ]  # fmt: skip
    warned += [{"group": "only with", "items": [option(w.name, w.title) for w in pair_warnings.WARNINGS]}]

    def select(key: str, label: str, data: Sequence[Option], small: str = "", hidden: bool = False) -> Component:
        many = len(data) > 12
        return dmc.Select(
            id=f"reciprocal-{key.replace('_', '-')}", label=label, data=list(data), value=url.value(key, query),
            size="xs", searchable=many, allowDeselect=False, checkIconPosition="right", limit=MOST_TYPES + 10,
            className=f"control {small}".strip(), nothingFoundMessage="none of that name", maxDropdownHeight=320,
            comboboxProps={"transitionProps": {"duration": 0}, "shadow": "none", "width": "max-content",
                           "position": "bottom-start"},
            wrapperProps={"hidden": True} if hidden else {},
        )  # fmt: skip

    return html.Div(
        [
            select("rank", "Ranked by", ranks),
            dmc.NumberInput(
                id="reciprocal-min", label="Each way ≥", value=url.value("min", query), size="xs", hideControls=True,
                debounce=True, min=1, allowDecimal=False, className="control number", placeholder="1",
            ),
            select("type_a", "Type of one", types),
            select("type_b", "Type of the other", types),
            select("group", "Types by", [option(n) for n in columns]),
            select("compartment", "Compartment", [option("", "any"), *(option(p) for p in parts)], "small", not parts),
            select("proofread", "Proofread axons", [option(p, PROOFREAD_WORDS[p]) for p in PROOFREAD], "", not known),
            select("tested", "Tested pairs", [option(k, w) for k, w in TESTED_WORDS.items()], "", not known),
            select("warning", "Warnings", warned),
            dmc.TextInput(
                id="reciprocal-cell", label="Pairs of one cell", value=url.value("cell", query), size="xs",
                debounce=True, placeholder="id of a cell", spellCheck=False, className="control cell-id",
            ),
        ],
        id="reciprocal-controls", className="controls", role="group", **{"aria-label": "Which pairs are listed"},
    )  # fmt: skip


def option(value: str, label: str = "") -> Option:
    """One choice of a list."""
    return {"value": value, "label": label or value.replace("_", " ")}


def ranks_of(dataset: Dataset) -> list[str]:
    """Rankings that this dataset can serve."""
    lacking = {"size": "sizes", "distance": "cell_positions"}
    return [rank for rank in RANKS if lacking.get(rank, "sizes") in dataset.meta.capabilities or rank not in lacking]


def type_options(dataset: Dataset, group: str, *also: str) -> list[Option]:
    """The types of a column, only the largest where there are many; what the address names is always among them."""
    names = list(dict.fromkeys([*(name for name in also if name), *types(dataset, group)]))
    return [option("", "any type"), *({"value": n, "label": n} for n in names)]


@lru_cache(maxsize=32)
def types(dataset: Dataset, group: str) -> tuple[str, ...]:
    """The kinds of cells by a column in alphabetical order, the largest `MOST_TYPES`; () for an unknown column."""
    try:
        kinds = pair_features.kinds(dataset, group)
    except InputError:
        return ()
    counts = np.bincount(np.asarray(kinds.codes), minlength=len(kinds.categories))
    largest = np.argsort(-counts, kind="stable")[:MOST_TYPES]
    return tuple(sorted((str(kinds.categories[k]) for k in largest if counts[k]), key=str.lower))
