"""Colours and places of kinds on the page of a cell: few enough to tell apart, untyped and fragments last and grey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from components import colours
from components.matrix_axes import bar
from data_access.dataset import Dataset
from views.partner_rows import FRAGMENT, UNTYPED

MOST = 9
OTHERS = "other types"
OTHERS_HEX = "#a5937c"  # neither a type's colour nor the grey of what has none


@dataclass(frozen=True, eq=False)
class Kinds:
    """Names to draw with their colours, and for each synapse the place of its name: int64."""

    names: tuple[str, ...]
    hexes: tuple[str, ...]
    of: np.ndarray


def kind_colours(dataset: Dataset, group: str, names: Iterable[str]) -> dict[str, str]:
    """The colour of each kind, as in the bars of a matrix."""
    found = bar(dataset, dataset.meta.aliases.get(group, group))
    known: Mapping[str, str] = dict(zip(found.names, found.hexes, strict=True)) if found is not None else {}
    return {name: known.get(name) or colours.type_colour(name, group) for name in names}


def drawn(dataset: Dataset, group: str, kinds: pd.Categorical, most: int = MOST) -> Kinds:
    """The kinds with most synapses one by one, the rest as "other types"; untyped and fragments always apart."""
    names = [str(c) for c in kinds.categories]
    codes = np.asarray(kinds.codes, dtype=np.int64)
    counts = np.bincount(codes, minlength=len(names))
    typed = [
        i for i in np.argsort(-counts, kind="stable").tolist() if counts[i] and names[i] not in (UNTYPED, FRAGMENT)
    ]
    alone = typed[:most] if len(typed) > most + 1 else typed
    rest = typed[len(alone) :]
    shown = [names[i] for i in alone] + ([OTHERS] if rest else [])
    shown += [name for name in (UNTYPED, FRAGMENT) if name in names and counts[names.index(name)]]
    at = {name: i for i, name in enumerate(shown)}
    place = np.array([at.get(name, at.get(OTHERS, 0)) for name in names] or [0], np.int64)
    table = kind_colours(dataset, group, shown) | {OTHERS: OTHERS_HEX}
    return Kinds(tuple(shown), tuple(table[name] for name in shown), place[codes])
