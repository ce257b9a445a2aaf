"""The matrix of types on /reciprocal: reciprocal pairs, or the fraction of connections that are reciprocated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.cell_kinds import kind_colours
from components.colours import UNTYPED
from components.format import counted, percent, thousands
from components.reciprocal_drawing import Json, sequential
from data_access.dataset import Dataset
from data_access.errors import InputError
from views import pair_features, schema
from views.reciprocal import ReciprocalView, ranked
from views.reciprocal_types import ReciprocalTypesView, TypePairs, type_pairs

FILLS = {"pairs": "pairs", "fraction": "fraction"}
MOST = 28  # types a side; those with most reciprocal pairs
FEW = 10  # fewer than so many say little: drawn pale


@dataclass(frozen=True)
class TypeMatrix:
    """What is drawn (None where there is nothing to draw), the sentence over it and the note under it.

    `route`, `view`: the table of the API that holds its numbers.
    """

    spec: Json | None
    said: str
    note: str
    route: str
    view: Any


def make(dataset: Dataset, view: ReciprocalView, fill: str) -> TypeMatrix:
    """The matrix of a view; only sets, threshold and column count, not what narrows the list further.

    Where the column has too many kinds for denominators only the pairs are counted.
    """
    if dataset.meta.aliases.get(view.group, view.group) not in dataset.columns:
        type_pairs(dataset, view)  # says so
    try:
        found = type_pairs(dataset, view)
    except InputError as error:
        return _pairs_alone(dataset, view, error.message)
    names = [p.key for p in schema.params(ReciprocalTypesView)]
    by_type = ReciprocalTypesView(**{name: getattr(view, name) for name in names})
    if not found.counts.n_connections.any():
        note = "No connection between these sets has a reverse that was tested."
        return TypeMatrix(None, "", note, "reciprocal_types", by_type)
    if found.names == (None,):
        note = f"No cell of these sets has a {view.group.replace('_', ' ')}; 'Types by' offers other columns."
        return TypeMatrix(None, _sentence(found), note, "reciprocal_types", by_type)
    return _matrix(dataset, view, fill, found, by_type)


def _matrix(
    dataset: Dataset, view: ReciprocalView, fill: str, found: TypePairs, by_type: ReciprocalTypesView
) -> TypeMatrix:
    counts = found.counts
    rows, columns = chosen_types(counts.n_reciprocal, counts.n_connections)
    names = [UNTYPED if name is None else name for name in found.names]
    most = _most(found, rows, columns, fill)
    cells = [_cell(found, names, g, h, fill, most) | {"i": i, "j": j} | pick(view, names[g], names[h])
             for i, g in enumerate(rows) for j, h in enumerate(columns)]  # fmt: skip
    key = ["0", percent(most)] if fill == "fraction" else ["1", counted(int(most), "pair")]
    sides = ("presynaptic", "postsynaptic") if fill == "fraction" else ("one cell", "the other")
    spec = framed(dataset, view.group, [names[k] for k in rows], [names[k] for k in columns], cells, key, sides)
    of = "tested pairs" if fill == "pairs" else "connections whose reverse was tested"
    alone = "k alone" if fill == "pairs" else "percent"
    note = f"k/n: k of n {of}; {alone} where room is short. Pale: n < {FEW}. "
    rest = len(set(range(len(names))) - set(rows) - set(columns))
    note += f"{counted(rest, 'more type')} in the table only. " if rest else ""
    return TypeMatrix(spec, _sentence(found), note + "A click lists the pairs.", "reciprocal_types", by_type)


def framed(
    dataset: Dataset, group: str, rows: list[str], columns: list[str], cells: list[Json], key: list[str],
    sides: tuple[str, str],
) -> Json:  # fmt: skip
    """A matrix of types as it is drawn; `key`: the words at both ends of the colours; sides: what the axes are."""
    inks = kind_colours(dataset, group, [*rows, *columns])
    return {
        "kind": "types", "rows": [{"name": n, "colour": inks[n]} for n in rows],
        "columns": [{"name": n, "colour": inks[n]} for n in columns], "cells": cells, "colours": sequential(),
        "key": key, "label_rows": sides[0], "label_columns": sides[1],
    }  # fmt: skip


def pick(view: ReciprocalView, one: str, other: str) -> Json:
    """What a click on a cell of a matrix chooses, and whether it is chosen."""
    chosen = view.type_a != "" and sorted((view.type_a, view.type_b)) == sorted((one, other))
    return {"chosen": chosen, "pick": {"put": {"type_a": one, "type_b": other}}}


def chosen_types(n_reciprocal: np.ndarray, n_connections: np.ndarray) -> tuple[list[int], list[int]]:
    """Rows and columns of the picture in the order of the groups: those with most reciprocal pairs."""

    def best(weights: np.ndarray, filled: np.ndarray) -> list[int]:
        order = np.lexsort((-filled, -weights))
        return sorted(int(k) for k in order[:MOST] if filled[k])

    rows = best(n_reciprocal.sum(1), n_connections.sum(1))
    return rows, best(n_reciprocal.sum(0), n_connections.sum(0))


def _most(found: TypePairs, rows: Sequence[int], columns: Sequence[int], fill: str) -> float:
    at = np.ix_(rows, columns)
    counts = found.counts
    if fill == "pairs":
        return float(counts.n_reciprocal[at].max(initial=1))
    known = np.where(counts.n_connections[at] >= FEW, counts.fraction[at], 0.0)
    return float(np.nan_to_num(known).max(initial=0.0)) or 1.0


def _cell(found: TypePairs, names: list[str], g: int, h: int, fill: str, most: float) -> Json:
    counts = found.counts
    n_tested, n_pairs = int(counts.n_tested[g, h]), int(counts.n_reciprocal[g, h])
    n, k = int(counts.n_connections[g, h]), int(counts.n_reciprocated[g, h])
    said = f"{names[g]} → {names[h]}: {thousands(k)} of {counted(n, 'connection')} reciprocated"
    ends = f", {percent(k, n)} (95 %: {percent(found.low[g, h])} to {percent(found.high[g, h])})" if n else ""
    tip = [f"{names[g]} and {names[h]}: {counted(n_pairs, 'reciprocal pair')} of {thousands(n_tested)} tested",
           said + ends]  # fmt: skip
    if fill == "pairs":
        level, words = log_level(n_pairs, most), [f"{n_pairs:,}/{n_tested:,}", f"{n_pairs:,}", short(n_pairs)]
        there, faint = n_tested > 0, n_tested < FEW
    else:
        level, words = (min(1.0, k / n / most) if n else None), [f"{k:,}/{n:,}", f"{100 * k / n:.0f} %" if n else ""]
        there, faint = n > 0, n < FEW
    return {"level": level, "words": words if there else [], "faint": faint, "tip": tip, "mark": False}


def log_level(n: int, most: float) -> float | None:
    """How dark a count is drawn, 0 to 1 on a logarithmic scale; None for nothing."""
    return None if n == 0 else 0.12 + 0.88 * float(np.log(n) / np.log(max(2.0, most)))


def short(n: int) -> str:
    """'1.2k', '34k', '1.2M': for the cells of a matrix."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if n >= size:
            return f"{n / size:.1f}{unit}" if n < 9.95 * size else f"{n / size:.0f}{unit}"
    return str(n)


def _sentence(found: TypePairs) -> str:
    k, n = int(found.counts.n_reciprocated.sum()), int(found.counts.n_connections.sum())
    return f"{thousands(k)} of {counted(n, 'connection')} whose reverse was tested are reciprocated: {percent(k, n)}."


def _pairs_alone(dataset: Dataset, view: ReciprocalView, why: str) -> TypeMatrix:
    """Pairs by type without denominators; those types that take part in most pairs."""
    pairs = ranked(dataset, view).found.pairs
    kinds = pair_features.kinds(dataset, view.group)
    one, other = kinds.codes[pairs.a].astype(np.int64), kinds.codes[pairs.b].astype(np.int64)
    weights = np.bincount(np.concatenate([one, other]), minlength=len(kinds.categories))
    best = [int(k) for k in np.argsort(-weights, kind="stable")[:MOST] if weights[k]]
    if not best:
        return TypeMatrix(None, "", "No pair, so no matrix of types.", "reciprocal", view)
    place = np.full(len(kinds.categories), -1)
    place[best] = np.arange(len(best))
    both = (place[one] >= 0) & (place[other] >= 0)
    counts = np.zeros((len(best), len(best)), np.int64)
    np.add.at(counts, (place[one[both]], place[other[both]]), 1)
    counts += counts.T - np.diag(np.diag(counts))
    names, most = [str(kinds.categories[k]) for k in best], float(counts.max(initial=1))
    cells = [
        {"i": i, "j": j, "level": log_level(n, most), "words": [f"{n:,}", short(n)] if n else [], "faint": False,
         "tip": [f"{names[i]} and {names[j]}: {counted(n, 'reciprocal pair')}"], "mark": False}
        | pick(view, names[i], names[j])
        for i in range(len(best)) for j in range(len(best)) for n in [int(counts[i, j])]
    ]  # fmt: skip
    spec = framed(
        dataset, view.group, names, names, cells, ["1", counted(int(most), "pair")], ("one cell", "the other")
    )
    said = f"{counted(len(pairs), 'reciprocal pair')} between {counted(int((weights > 0).sum()), 'type')}."
    note = f"{why}: pairs are counted here without the number of tested ones. The {len(best)} types with most pairs."
    return TypeMatrix(spec, said, note, "reciprocal", view)
