"""What colours the cells of a map: a column of kinds or of numbers, or how far each axon is proofread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from data_access.dataset import Dataset
from data_access.errors import InputError, did_you_mean
from views import axes
from views.testability import knows_proofreading, what_is_tested

NONE, PROOFREADING = "none", "proofreading"
MOST_KINDS = 119  # beside missing; the rest share a grey
LEVELS = 119
OTHER = "other kinds"
PROOFREAD = ("none", "proofread", "proofread, in the column")


@dataclass(frozen=True, eq=False)
class Colouring:
    """Which colour every cell has.

    kind: "none", "kinds" or "numbers". of: int16 (n_cells,), the kind of each cell or its level 0..LEVELS-1 from
    `low` to `high`; -1 = missing. names: the kinds as they are called; ranked: whether later kinds lie over earlier
    ones (else no kind is drawn over another on purpose).
    """

    column: str
    kind: str
    of: np.ndarray
    names: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    ranked: bool = False


def options(dataset: Dataset) -> list[str]:
    """What the map can be coloured by: none, proofreading where it is known, columns of kinds and of numbers."""
    found = [NONE, *([PROOFREADING] if knows_proofreading(dataset) else [])]
    known = {n: c for n, c in dataset.columns.items() if c.kind in ("text", "boolean", "number")}
    hidden = {n for n in known if n.endswith("_nm") and n.replace("_nm", "_um") in known}
    return found + [n for n in known if n not in hidden and n not in found]


def default(dataset: Dataset) -> str:
    """Types where there are some, else none."""
    return "cell_type" if "cell_types" in dataset.meta.capabilities else NONE


def column_of(dataset: Dataset, asked: str) -> str:
    """The column that an address asks for, by its name in the dataset."""
    asked = asked or default(dataset)
    return dataset.meta.aliases.get(asked, asked)


@lru_cache(maxsize=24)
def colouring(dataset: Dataset, column: str) -> Colouring:
    """The colours of a column. Raises InputError for an unknown one, or one with a value of its own for each cell."""
    if column == NONE:
        return Colouring(column, "none", np.zeros(dataset.n_cells, np.int16))
    if column == PROOFREADING and PROOFREADING not in dataset.columns:
        return _proofreading(dataset)
    if column not in dataset.columns:
        raise InputError(f"no column '{column[:60]}' to colour by", did_you_mean(column, options(dataset)))
    if dataset.columns[column].kind == "number":
        return _numbers(dataset, column)
    return _kinds(dataset, column)


def _proofreading(dataset: Dataset) -> Colouring:
    if not knows_proofreading(dataset):
        hint = "colour by a column of the cell table; proofreading needs a column status_axon"
        raise InputError(f"{dataset.meta.id} does not say which axons are proofread", hint)
    known = what_is_tested(dataset)
    of = known.proofread.astype(np.int16) + (known.proofread & known.in_column)
    return Colouring(PROOFREADING, "kinds", of.astype(np.int16), PROOFREAD, ranked=True)


def _kinds(dataset: Dataset, column: str) -> Colouring:
    values = axes.group_column(dataset, column)
    names, codes = [str(c) for c in values.categories], np.asarray(values.codes, dtype=np.int16)
    if len(names) > MOST_KINDS:
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        kept = np.sort(np.argsort(-counts, kind="stable")[: MOST_KINDS - 1])
        place = np.full(len(names) + 1, len(kept), np.int16)
        place[kept] = np.arange(len(kept))
        place[-1] = -1
        names, codes = [*(names[i] for i in kept), OTHER], place[codes]
    return Colouring(column, "kinds", codes, tuple(names))


def _numbers(dataset: Dataset, column: str) -> Colouring:
    values = dataset.numbers(column)
    good = np.isfinite(values)
    if not good.any():
        raise InputError(f"no cell of {dataset.meta.id} has a {column}", "colour by another column")
    low, high = limits(values[good])
    share = np.clip((values - low) / ((high - low) or 1.0), 0.0, 1.0)
    of = np.where(good, np.round(np.where(good, share, 0.0) * (LEVELS - 1)), -1)
    return Colouring(column, "numbers", of.astype(np.int16), low=low, high=high)


def limits(values: np.ndarray) -> tuple[float, float]:
    """Ends of a scale for finite values: all of them, or the 99th percentile where a few lie far above the rest."""
    low, high = float(values.min()), float(values.max())
    top = float(np.quantile(values, 0.99))
    return (low, top) if top > low and high - low > 2 * (top - low) else (low, high)
