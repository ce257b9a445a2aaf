"""The pictures beside the list: counts both ways, types, the partners of one cell; one at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import reciprocal_cell, reciprocal_counts, reciprocal_types
from components.format import counted, percent, thousands
from components.reciprocal_controls import Looks, without_picked
from components.reciprocal_drawing import drawing
from components.reciprocal_words import put
from data_access.dataset import Dataset
from data_access.errors import InputError
from views import pair_features
from views.reciprocal import Ranked, ReciprocalView, cell_view, ranked

PANELS = {"counts": "Counts", "types": "Types", "cell": "This cell"}


@dataclass(frozen=True)
class Shown:
    """A picture: the sentence over it, its switches, itself, what stands under it, the id under which it is saved.

    `route`, `view`: the table of the API that holds its numbers.
    """

    said: str
    switches: list[Component]
    body: Component
    note: str
    figure: str
    route: str
    view: Any


def shown(view: ReciprocalView, looks: Looks) -> str:
    """Which picture an address shows: the partners of a cell where one is named, unless another was asked for."""
    first = "cell" if view.cell else "counts"
    return first if looks.panel == "auto" or (looks.panel == "cell" and not view.cell) else looks.panel


def tabs(view: ReciprocalView, now: str) -> list[Component]:
    """Buttons that choose the picture."""
    names = [name for name in PANELS if name != "cell" or view.cell]
    return [put(PANELS[n], {"panel": None if n == shown(view, Looks()) else n}, "toggle", pressed=n == now)
            for n in names]  # fmt: skip


def make(dataset: Dataset, view: ReciprocalView, looks: Looks) -> Shown:
    """The picture that is shown. Raises what `ranked` raises."""
    name = shown(view, looks)
    if name == "types":
        return _types(dataset, view, looks)
    return _cell(dataset, view) if name == "cell" else _counts(dataset, view, looks)


# ---- counts


def _counts(dataset: Dataset, view: ReciprocalView, looks: Looks) -> Shown:
    listed = ranked(dataset, without_picked(view))
    x, y, words, either = _oriented(listed, view)
    fits = "log" if int(listed.n_ab.max(initial=0)) > reciprocal_counts.SINGLE else "linear"
    scale = fits if looks.scale == "auto" else looks.scale
    switches = [put(word, {"scale": None if word == fits else word}, "toggle", pressed=word == scale)
                for word in ("log", "linear")]  # fmt: skip
    if not len(listed):
        return _without("No pair is listed, so there is nothing to draw.", view)
    picked = (getattr(view, "nab", ""), getattr(view, "nba", ""))
    found = reciprocal_counts.squares(x, y, scale == "log")
    spec = reciprocal_counts.spec(found, scale == "log", words, picked, either)
    same = int((listed.n_ab == listed.n_ba).sum())
    single = int((listed.n_ab == 1).sum())
    said = (
        f"{counted(len(listed), 'pair')}: {percent(same, len(listed))} have as many synapses both ways, "
        f"{percent(single, len(listed))} a single one each way."
    )
    label = f"Scatter of {words[0]} against {words[1]}, counted in squares."
    note = "A square stands for the pairs with these counts; a click lists them. Dashed: as many both ways."
    return Shown(
        said, switches, drawing("reciprocal-counts", spec, label), note, "reciprocal-counts", "reciprocal", view
    )


def _oriented(listed: Ranked, view: ReciprocalView) -> tuple[np.ndarray, np.ndarray, tuple[str, str], bool]:
    """Both counts, how they are called, and whether either may be the larger one: by type where two are asked for."""
    one, other = view.type_a, view.type_b
    if not one or not other or one == other:
        return listed.n_ab, listed.n_ba, ("a → b (the larger count)", "b → a"), False
    kinds = pair_features.kinds(listed.dataset, view.group)
    first = kinds.codes[listed.a] == list(kinds.categories).index(one)
    x = np.where(first, listed.n_ab, listed.n_ba)
    return x, np.where(first, listed.n_ba, listed.n_ab), (f"{one} → {other}", f"{other} → {one}"), True


def _without(why: str, view: ReciprocalView) -> Shown:
    return Shown("", [], html.P(why, className="hint"), "", "", "reciprocal", view)


# ---- types


def _types(dataset: Dataset, view: ReciprocalView, looks: Looks) -> Shown:
    switches = [put(words, {"fill": None if name == "pairs" else name}, "toggle", pressed=name == looks.fill)
                for name, words in reciprocal_types.FILLS.items()]  # fmt: skip
    try:
        made = reciprocal_types.make(dataset, view, looks.fill)
    except InputError as error:
        return _without(f"{error.message}. Another column may be chosen under 'Types by'.", view)
    if made.spec is None:
        return Shown(made.said, [], html.P(made.note, className="hint"), "", "", made.route, made.view)
    body = drawing("reciprocal-types", made.spec, made.said)
    return Shown(made.said, switches, body, made.note, "reciprocal-types", made.route, made.view)


# ---- one cell


def _cell(dataset: Dataset, view: ReciprocalView) -> Shown:
    found = cell_view(dataset, without_picked(view), view.cell)
    rest = len(found) - reciprocal_cell.MOST
    note = "Bars are synapses, on one scale for both sides; a count opens the pair."
    note += f" {thousands(rest)} more partners are in the list." if rest > 0 else ""
    body = reciprocal_cell.bars(dataset, found, view)
    said = reciprocal_cell.sentence(dataset, found, view.group)
    return Shown(said, [], body, note, "", "reciprocal", replace(view))
