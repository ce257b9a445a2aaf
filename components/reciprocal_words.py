"""What /reciprocal says: its sentence, what narrows the list down, and the way out of an empty one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import orjson
from dash import html
from dash.development.base_component import Component

from components.format import counted, percent, thousands
from components.reciprocal_controls import PICKED
from data_access.dataset import CellSet
from data_access.errors import SynaptoscopeError
from views import reciprocal_types
from views.reciprocal import Ranked, ReciprocalView
from views.reciprocal_types import TypePairs

WHOLE = "is_cell"  # a column with few kinds: only sums over all of them are said


def chips(view: ReciprocalView) -> list[Component]:
    """What a click has chosen and no control shows, each with its way off."""
    found: list[Component] = []
    picked = [getattr(view, key, "") for key in PICKED]
    if any(picked):
        words = " and ".join(
            f"{text.replace('-', '–')} {way}" for text, way in zip(picked, ("a → b", "b → a"), strict=True) if text
        )
        found.append(_chip(f"only pairs with {words}", dict.fromkeys(PICKED)))
    return found


def put(
    words: str, changes: Mapping[str, str | None], class_name: str = "button", title: str = "",
    pressed: bool | None = None,
) -> Component:  # fmt: skip
    """A button that changes keys of the address; None takes a key out. assets/reciprocal.js does it."""
    state = {} if pressed is None else {"aria-pressed": str(pressed).lower()}
    return html.Button(
        words, type="button", className=class_name, title=title or None,
        **{"data-reciprocal-put": orjson.dumps(dict(changes)).decode()}, **state,
    )  # fmt: skip


def _chip(words: str, changes: Mapping[str, str | None]) -> Component:
    return put(f"{words} ×", changes, "chip", "Take this off")


def sentence(listed: Ranked, sets: Mapping[str, CellSet | SynaptoscopeError]) -> str:
    """How many pairs among how many cells, which share of connections is reciprocated, how many pairs were tested."""
    view, found = listed.view, listed.found
    n = counted(len(found.pairs), "reciprocal pair")
    if found.cell is not None:
        n += f" with {listed.dataset.index.text([found.cell])[0]}"
    n += f" with at least {view.min:,} synapses each way" if view.min > 1 else ""
    n = f"{thousands(len(listed))} of {n} listed," if len(listed) < len(found.pairs) else n
    text = f"{n} {_among(sets)}"
    if found.cell is not None:
        return f"{text}."
    by_type = reciprocal_types.type_pairs(listed.dataset, replace(view, group=WHOLE))
    k, of = int(by_type.counts.n_reciprocated.sum()), int(by_type.counts.n_connections.sum())
    if of:
        text += f"; {percent(k, of)} of {counted(of, 'connection')} with a tested reverse are reciprocated"
    else:
        text += "; no connection has a tested reverse"
    return f"{text}{_tested(by_type, sets)}."


def _among(sets: Mapping[str, CellSet | SynaptoscopeError]) -> str:
    pre, post = sets["pre"], sets["post"]
    if not isinstance(pre, CellSet) or not isinstance(post, CellSet):
        return ""
    if pre.text.strip() == post.text.strip():
        return f"among {counted(len(pre), 'cell')}"
    return f"between {thousands(len(pre))} and {counted(len(post), 'cell')}"


def _tested(by_type: TypePairs, sets: Mapping[str, CellSet | SynaptoscopeError]) -> str:
    """How many pairs were tested; only among one set, where the groups hold each pair once."""
    pre, post = sets["pre"], sets["post"]
    if not isinstance(pre, CellSet) or not isinstance(post, CellSet) or pre.text.strip() != post.text.strip():
        return ""
    n = int(np.triu(by_type.counts.n_tested).sum())
    untested = by_type.counts.n_untested
    known = by_type.counts.n_pairs - untested
    tested = f"{counted(n, 'pair')} tested both ways"
    some = f"{thousands(known)} of them reciprocal" if known else "none of them reciprocal"
    return f"; {tested}, {some}" if untested else f"; {tested}"


def empty(listed: Ranked, sets: Mapping[str, CellSet | SynaptoscopeError]) -> list[Component]:
    """In place of rows: which condition took the last pair away, and the way out."""
    if len(listed):
        return []
    view, everything = listed.view, listed.found.pairs
    if len(everything):
        last = listed.left_out[-1].reason if listed.left_out else ""
        filters = dict.fromkeys(("type_a", "type_b", "compartment", "proofread", "warning", *PICKED))
        said = f"{counted(len(everything), 'reciprocal pair')} here, none passes what is asked of the list ({last})."
        return [html.P(said), put("Ask nothing of the list", filters)]
    if listed.found.n_below:
        pairs = counted(listed.found.n_below, "reciprocal pair")
        said = f"{pairs} here, none with {view.min:,} synapses in each direction."
        return [html.P(said), put("Any number of synapses", {"min": None})]
    whole = listed.dataset.meta.n_reciprocal_pairs
    if listed.found.cell is not None:
        return [html.P("This cell has no reciprocal partner in these sets."), put("Pairs of all cells", {"cell": None})]
    if whole:
        said = (
            f"No reciprocal pair {_among(sets)}; the dataset has {thousands(whole)} with cells outside of these sets."
        )
        return [html.P(said), put("Pairs of all cells", dict.fromkeys(("pre", "post")))]
    return [html.P("No two cells of this dataset are connected both ways.")]
