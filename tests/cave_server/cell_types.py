"""Types of nuclei as three tables have them: a model's, an expert's, and the overview of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_CLASSES = {"excitatory": "excitatory_neuron", "inhibitory": "inhibitory_neuron", "nonneuronal": "nonneuron"}


def either(condition: Any, yes: Any, no: Any = None) -> NDArray[np.object_]:
    """`yes` where the condition holds, else `no`; None stays None."""
    one, other = (
        np.array(v, dtype=object) if v is None or isinstance(v, str) else np.asarray(v, dtype=object) for v in (yes, no)
    )
    return np.where(np.asarray(condition, dtype=bool), one, other)


@dataclass(frozen=True)
class Types:
    """Types per nucleus, None where unknown: of the model, of the expert, and the best known; with their classes."""

    auto: pd.Series
    auto_class: pd.Series
    manual: pd.Series
    manual_class: pd.Series
    best: pd.Series
    best_broad: pd.Series


def draw_types(cells: pd.DataFrame, rng: np.random.Generator) -> Types:
    """Types per nucleus: auto (some wrong, some missing), manual (column cells, some unsure), the overview of both."""
    n = len(cells)
    known = cells["cell_type"].notna().to_numpy()
    kinds = cells.loc[known, ["cell_type", "broad_type"]].drop_duplicates().to_numpy()
    auto = cells["cell_type"].to_numpy(dtype=object).copy()
    broad = cells["broad_type"].to_numpy(dtype=object).copy()
    wrong = np.flatnonzero(known & (rng.random(n) < 0.06))
    picked = kinds[rng.integers(0, len(kinds), len(wrong))]
    auto[wrong], broad[wrong] = picked[:, 0], picked[:, 1]
    missing = ~known | (rng.random(n) < 0.04)
    auto[missing], broad[missing] = None, None

    asked = known & cells["is_column"].to_numpy(dtype=bool) & (rng.random(n) < 0.6)
    manual = either(asked, cells["cell_type"])
    manual_broad = either(asked, cells["broad_type"])
    unsure = asked & (rng.random(n) < 0.05)
    letters = np.array(["Unsure E" if b == "excitatory" else "Unsure I" for b in manual_broad], dtype=object)
    manual[unsure] = letters[unsure]

    overview = either(pd.notna(manual), manual, auto)
    for k, name in zip(np.flatnonzero(pd.notna(auto) & ~asked)[:9:3].tolist(), ("WM-P", "6P-U", "error"), strict=False):
        overview[k] = name
    overview_broad = either(pd.notna(manual_broad), manual_broad, broad)
    overview_broad[overview_broad == "nonneuronal"] = "nonneuron"
    return Types(
        auto=pd.Series(auto, dtype=object),
        auto_class=pd.Series([_CLASSES.get(b) for b in broad], dtype=object),
        manual=pd.Series(manual, dtype=object),
        manual_class=pd.Series([None if b is None else f"aibs_coarse_{b}" for b in manual_broad], dtype=object),
        best=pd.Series(overview, dtype=object),
        best_broad=pd.Series(overview_broad, dtype=object),
    )
