"""How often connections go both ways, type by type: reciprocal pairs and reciprocated connections over tested pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import beta

from analysis.reciprocal_groups import Reciprocity, grouped
from data_access.dataset import Dataset
from data_access.errors import InputError, did_you_mean
from views import axes, pair_features, schema
from views.reciprocal import PairsView
from views.result import Omitted, TableResult, ledger_of
from views.tables import Resolve, in_memory
from views.testability import what_is_tested

CONFIDENCE = 0.95


@dataclass(frozen=True)
class ReciprocalTypesView(PairsView):
    """Reciprocal pairs of a set, or between two sets, by groups of cells: the values of `group`."""


@dataclass(frozen=True, eq=False)
class TypePairs:
    """Groups in display order (None = untyped, last), their counts, and the sets in words.

    low, high: float64 (k, k), ends of the 95 % interval of `counts.fraction` (Clopper-Pearson), NaN without one.
    """

    names: tuple[str | None, ...]
    counts: Reciprocity
    low: np.ndarray
    high: np.ndarray
    said: tuple[str, ...]


def type_pairs(dataset: Dataset, view: PairsView, resolve: Resolve | None = None) -> TypePairs:
    """The matrix of a view; of the pairs page's parameters those that choose sets, threshold, group and testing count.

    Raises InputError for a wrong set and for a column that does not group.
    """
    for text in (view.cells, view.pre, view.post):
        if resolve is not None and "set:" in text:
            dataset.select(text, resolve)
    core = (view.cells, view.pre, view.post, view.min, view.group, view.tested)
    return _type_pairs(dataset, *core)


@lru_cache(maxsize=6)
def _type_pairs(
    dataset: Dataset, cells: str, pre_text: str, post_text: str, least: int, group: str, tested: str
) -> TypePairs:
    if dataset.meta.aliases.get(group, group) not in dataset.columns:
        raise InputError(f"no column '{group[:60]}' to group by", did_you_mean(group, dataset.columns))
    pre, post = pair_features.sets(dataset, cells, pre_text, post_text)
    values = _kinds(dataset, group, np.union1d(pre.codes, post.codes))
    of = np.asarray(values.codes).astype(np.int64)
    of[of < 0] = len(values.categories)
    present = np.unique(np.concatenate([of[pre.codes], of[post.codes]]))
    place = np.zeros(len(values.categories) + 1, np.int32)
    place[present] = np.arange(len(present), dtype=np.int32)
    names = tuple(str(values.categories[g]) if g < len(values.categories) else None for g in present.tolist())
    counts = grouped(
        dataset.graph, what_is_tested(dataset), pre.codes, post.codes, place[of[pre.codes]],
        place[of[post.codes]], len(names), tested, least,  # type: ignore[arg-type]
    )  # fmt: skip
    low, high = interval(counts.n_reciprocated, counts.n_connections)
    return TypePairs(names, counts, low, high, pair_features.said(pre, post))


def _kinds(dataset: Dataset, group: str, codes: np.ndarray) -> pd.Categorical:
    """A column as categories in the dataset's order. Where it has too many to group by, those of these cells alone."""
    column = dataset.column(group)
    if not isinstance(column.dtype, pd.CategoricalDtype) or len(column.cat.categories) <= axes.MAX_GROUPS:
        return axes.group_column(dataset, group)
    there = np.unique(column.cat.codes.to_numpy()[codes])
    names = column.cat.categories[there[there >= 0]]
    if len(names) > axes.MAX_GROUPS:
        raise InputError(
            f"these cells have {len(names):,} different values of '{group}', at most {axes.MAX_GROUPS:,} are grouped",
            "choose fewer cells, such as cells=reciprocal_with(...), or another group",
        )
    return pd.Categorical(column, categories=sorted(names, key=axes.natural))


def interval(k: np.ndarray, n: np.ndarray, confidence: float = CONFIDENCE) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the exact interval of a binomial proportion k / n; NaN where n is 0.

    Clopper and Pearson, Biometrika 26 (1934) 404: quantiles of beta distributions with k and n - k + 1, and with k + 1
    and n - k.
    """
    tail = (1 - confidence) / 2
    low, high = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    some = n > 0
    k, n = k[some].astype(np.float64), n[some].astype(np.float64)
    low[some] = np.where(k > 0, beta.ppf(tail, np.maximum(k, 1), n - k + 1), 0.0)
    high[some] = np.where(k < n, beta.ppf(1 - tail, k + 1, np.maximum(n - k, 1)), 1.0)
    return low, high


def table(dataset: Dataset, view: ReciprocalTypesView, resolve: Resolve | None = None) -> TableResult:
    """A row for each ordered pair of groups with a pair tested in both orders, or a connection with a tested reverse.

    With one set for both sides the rows (A, B) and (B, A) count the same pairs. The fraction is null where no
    connection of the row has a tested reverse.
    """
    made = type_pairs(dataset, view, resolve)
    counts = made.counts
    rows, cols = np.nonzero((counts.n_tested > 0) | (counts.n_connections > 0))
    names = np.array([*made.names, None], dtype=object)

    def number(values: np.ndarray) -> pa.Array:
        return pa.array(values[rows, cols], mask=np.isnan(values[rows, cols]))

    content = pa.table({
        "pre_group": pa.array(names[rows], pa.string()),
        "post_group": pa.array(names[cols], pa.string()),
        "n_pairs_tested": pa.array(counts.n_tested[rows, cols]),
        "n_reciprocal": pa.array(counts.n_reciprocal[rows, cols]),
        "n_connections": pa.array(counts.n_connections[rows, cols]),
        "n_reciprocated": pa.array(counts.n_reciprocated[rows, cols]),
        "fraction": number(counts.fraction),
        "ci_low": number(made.low),
        "ci_high": number(made.high),
    })  # fmt: skip
    meta = dataset.meta
    left = [
        Omitted("not a pair between the sets", pairs=meta.n_reciprocal_pairs - counts.n_pairs - counts.n_below),
        Omitted(f"fewer than {view.min} synapses in a direction", pairs=counts.n_below),
        Omitted("not tested in both orders", pairs=counts.n_untested),
    ]
    notes = (
        *made.said, f"{CONFIDENCE:.0%} intervals by Clopper and Pearson",
        "reciprocal pairs are what read and kept count",
    )  # fmt: skip
    ledger = ledger_of(
        meta, "pairs", meta.n_reciprocal_pairs, counts.n_pairs - counts.n_untested,
        left_out=tuple(o for o in left if o.pairs), notes=notes,
    )  # fmt: skip
    return in_memory(content, ledger, schema.encode(view), ())
