"""Reciprocal pairs against chance: overall and for each pair of types, over pairs tested both ways only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from analysis import chance, excess, nulls
from analysis.chance import Summary
from analysis.mutual import MutualPairs
from analysis.null_model import Model
from analysis.tested import TESTED
from data_access.dataset import Dataset
from data_access.errors import InputError, TooLargeError
from views import null_models, schema
from views.long_run import Check, Estimate, Long, Progress
from views.result import Omitted, TableResult, ledger_of
from views.tables import AUTAPSES, Resolve, in_memory

MOST_VALUES = 50_000_000  # samples x pairs of types: each is kept until quantiles are taken
QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
LEVEL = 0.95


@dataclass(frozen=True)
class ReciprocityView:
    """Reciprocal pairs of a set, or between two sets, against a null model."""

    ds: str = schema.text("", "dataset id")
    cells: str = schema.text("", "cell set: pairs within it; empty = all cells. Stands for pre and post")
    pre: str = schema.text("", "one cell set; empty = all cells")
    post: str = schema.text("", "the other cell set: a pair has one cell in each; empty = all cells")
    group: str = schema.text("cell_type", "column of the cell table whose values are the types")
    null: str = schema.choice(nulls.NULLS, "what sampled graphs hold: number of connections, degrees, types, types and "
                              "distance")  # fmt: skip
    tested: str = schema.choice(TESTED, "which pairs count as tested")
    min: int = schema.whole(1, "least number of synapses in each direction", low=1)
    samples: int = schema.whole(100, "sampled graphs", low=10, high=100_000)
    seed: int = schema.whole(0, "start of the random numbers", low=0)
    autapses: str = schema.choice(AUTAPSES, "has no effect: a cell makes no pair with itself")


@dataclass(frozen=True, eq=False)
class Comparisons:
    """The pairs of types with tested pairs, in the dataset's order: first, second int32 (k,), group numbers.

    column int32 (groups, groups): which of them a pair of groups is, -1 = none. n_tested, n_connections int64 (1 + k,):
    unordered pairs tested both ways, and connections among them in both directions; those of all pairs first.
    """

    first: np.ndarray
    second: np.ndarray
    column: np.ndarray
    n_tested: np.ndarray
    n_connections: np.ndarray

    def __len__(self) -> int:
        return len(self.first)


def reciprocity(
    dataset: Dataset,
    view: ReciprocityView,
    resolve: Resolve | None = None,
    progress: Progress | None = None,
    check: Check | None = None,
) -> TableResult:
    """Observed and expected reciprocal pairs: first of all pairs (group_a, group_b null), then of each pair of types.

    p_adjusted is over the pairs of types, not the first row. ratio_low, ratio_high: 95 % interval of the excess, see
    `analysis.excess`; in the first row and under er that of observed / expected; null under degree, whose expectation
    has no margins. ratio_high is null where there is no upper limit. Raises InputError where the null can't be run.
    """
    model, pre_echo, post_echo = _model(dataset, view, resolve)
    compared = comparisons(model)
    if len(compared) * view.samples > MOST_VALUES:
        raise TooLargeError(
            f"{len(compared):,} pairs of types x {view.samples:,} samples are more than {MOST_VALUES:,}",
            "group by a coarser column, or take fewer samples",
        )
    statistic = MutualPairs(model.group, compared.column, len(compared))
    observed = statistic(*model.observed)
    sampled = nulls.sampled(model, view.samples, view.seed, statistic, progress, check)
    found = chance.summarise(observed, sampled.values)
    low, high = interval(model, compared, observed)
    table = _table(model, compared, observed, found, low, high)
    place = ", or a cell without soma position" if view.null == "distance" else ""
    rest = dataset.meta.n_connections - model.n_connections - model.n_left_out
    left = [
        Omitted(f"pair not tested both ways{place}", model.n_left_out),
        Omitted(
            f"outside the sets, fewer than {view.min} synapses, autapse, or a cell in no pair tested both ways", rest
        ),
    ]
    ledger = ledger_of(
        dataset.meta, "connections", dataset.meta.n_connections, model.n_connections,
        left_out=tuple(o for o in left if o.connections),
        notes=(f"pre: {pre_echo}", f"post: {post_echo}", null_models.explain(view.null), *_reach(view, compared)),
    )  # fmt: skip
    extra: dict[str, Any] = {"samples": _told(view, compared, observed, sampled.values)}
    if sampled.mixing is not None:
        mixed = sampled.mixing
        extra["mixing"] = {
            "chains": mixed.chains, "acceptance": mixed.acceptance, "switches_per_connection": mixed.switches,
            "lag1": _number(mixed.lag1[0]), "ess": _number(mixed.ess[0]), "r_hat": _number(mixed.r_hat[0]),
        }  # fmt: skip
    return TableResult(
        table.schema, in_memory(table, ledger, {}, ()).batches, ledger, schema.encode(view), table.num_rows, (), extra
    )


def estimate(dataset: Dataset, view: ReciprocityView, resolve: Resolve | None = None) -> Estimate:
    """What the table costs; raises what is wrong with the view."""
    null_models.require(dataset, view.null, view.group)
    # What is dealt within is the same, and listing pairs by their distance is part of the work.
    model, *_ = _model(dataset, view, resolve, "er")
    if view.null == "distance":
        null_models.check_size(dataset, model)
    cost = null_models.seconds(view.null, model.n_connections, view.samples, model.universe.n_pairs)
    return Estimate(cost, model.n_connections, view.samples)


def comparisons(model: Model) -> Comparisons:
    """The pairs of types of a model whose universe holds every pair in both orders."""
    k = len(model.names)
    pairs = model.universe.pairs_of(model.group, k)
    pairs[np.diag_indices(k)] //= 2
    first, second = np.nonzero(np.triu(pairs)) if model.names != (None,) else (np.zeros(0, int), np.zeros(0, int))
    column = np.full((k, k), -1, np.int32)
    column[first, second] = column[second, first] = np.arange(len(first))
    joined = np.bincount(column[model.group[model.pre], model.group[model.post]] + 1, minlength=len(first) + 1)
    return Comparisons(
        first.astype(np.int32), second.astype(np.int32), column,
        np.concatenate([[np.triu(pairs).sum()], pairs[first, second]]),
        np.concatenate([[model.n_connections], joined[1:]]),
    )  # fmt: skip


def interval(
    model: Model, compared: Comparisons, observed: np.ndarray, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the excess of all pairs and of each pair of types, float64 (1 + k,); inf = no upper limit, NaN = none.

    Those of all pairs are of observed / expected, as types need not share one excess. Under er a pair of types holds no
    number of its own: the share of its tested pairs that are reciprocal is a binomial one.
    """
    if model.strata is None:
        return np.full(len(observed), np.nan), np.full(len(observed), np.nan)
    everything = excess.margins(model.strata, np.zeros_like(compared.column))
    total = excess.interval(everything, observed[:1], level, excess.scaled)
    if model.null == "er":
        each = excess.binomial(observed[1:], compared.n_tested[1:], model.n_connections / model.universe.n_pairs, level)
    elif len(compared):
        each = excess.interval(excess.margins(model.strata, compared.column), observed[1:], level)
    else:
        each = observed[1:], observed[1:]
    return np.concatenate([total[0], each[0]]), np.concatenate([total[1], each[1]])


def _model(dataset: Dataset, view: ReciprocityView, resolve: Resolve | None, null: str = "") -> tuple[Model, str, str]:
    if view.cells.strip() and (view.pre.strip() or view.post.strip()):
        raise InputError("cells stands for pre and post: give either cells, or pre and post")
    pre = dataset.select(view.cells or view.pre, resolve)
    post = dataset.select(view.cells or view.post, resolve)
    made = null_models.prepare(
        dataset, pre.codes, post.codes, null or view.null, view.tested, view.min, view.group, both_ways=True
    )
    return made, pre.echo, post.echo


def _reach(view: ReciprocityView, compared: Comparisons) -> tuple[str, ...]:
    """What p values this number of samples can give."""
    least = f"smallest p that {view.samples:,} samples can give: {1 / (1 + view.samples):.2g}"
    if chance.can_reach(view.samples, len(compared)):
        return (least,)
    needed = chance.samples_needed(len(compared))
    return (
        least,
        f"too few for a single one of {len(compared):,} pairs of types to reach an adjusted p of 0.05: that takes "
        f"{needed:,} samples",
    )


def _told(view: ReciprocityView, compared: Comparisons, observed: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    """The sampled numbers, for drawing them beside the observed ones."""
    overall = values[:, 0].astype(np.int64)
    quantiles = np.quantile(values, QUANTILES, axis=0).T
    return {
        "n": view.samples, "seed": view.seed, "observed": int(observed[0]), "overall": overall.tolist(),
        "histogram": [[value, n] for value, n in sorted(Counter(overall.tolist()).items())],
        "quantiles": list(QUANTILES), "rows": quantiles.tolist(),
        "smallest_p": 1 / (1 + view.samples), "samples_needed": chance.samples_needed(len(compared)),
        "enough": chance.can_reach(view.samples, len(compared)),
    }  # fmt: skip


def _table(
    model: Model, compared: Comparisons, observed: np.ndarray, found: Summary, low: np.ndarray, high: np.ndarray
) -> pa.Table:
    groups = [[None, *(model.names[i] for i in side)] for side in (compared.first, compared.second)]
    adjusted = np.concatenate([[np.nan], chance.adjusted(found.p[1:])])
    numbers = {
        "expected": found.expected, "sd": found.sd, "ratio": found.ratio, "z": found.z, "p": found.p,
        "p_adjusted": adjusted, "ratio_low": low, "ratio_high": high,
    }  # fmt: skip
    columns = {
        "group_a": pa.array(groups[0], pa.string()), "group_b": pa.array(groups[1], pa.string()),
        "n_tested": pa.array(compared.n_tested, pa.int64()),
        "observed": pa.array(observed.astype(np.int64), pa.int64()),
        **{name: pa.array(v, pa.float64(), mask=~np.isfinite(v)) for name, v in numbers.items()},
        "n_connections": pa.array(compared.n_connections, pa.int64()),
    }  # fmt: skip
    return pa.table(columns)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


LONG = Long(
    ReciprocityView,
    reciprocity,
    estimate,
    lambda view: f"Reciprocity against {null_models.title(view.null).lower()}, {view.samples:,} samples",
)
