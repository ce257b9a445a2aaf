"""Dyads and triads of a set of cells: how many of each class, and how many there would be by chance."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np
import pyarrow as pa

from analysis import census as censuses
from analysis import chance, nulls
from analysis.matrix import Dropped, Selection, entries
from analysis.tested import TESTED
from data_access.dataset import CellSet, Dataset
from data_access.errors import TooLargeError
from views import null_models, schema
from views.long_run import Check, Estimate, Long, Progress
from views.result import Ledger, Omitted, TableResult, ledger_of
from views.tables import AUTAPSES, Resolve, in_memory

SIZES = ("3", "2")
MOST_CELLS = 200_000
MOST_CONNECTIONS = 2_000_000
CLASSES = {"3": censuses.TRIADS, "2": censuses.DYADS}
EDGES = {"3": censuses.TRIAD_EDGES, "2": censuses.DYAD_EDGES}

SUMMARY = ("expected", "sd", "ratio", "z", "p")


@dataclass(frozen=True)
class Words:
    """What a motif of a size is called, and what it is found in."""

    motifs: str
    cells: str


WORDS = {"3": Words("triads", "triples"), "2": Words("dyads", "pairs")}


@dataclass(frozen=True)
class CensusView:
    """Which cells are counted, and what a connection is."""

    ds: str = schema.text("", "dataset id")
    cells: str = schema.text("", "cell set; empty = all cells")
    size: str = schema.choice(SIZES, "3: triads, the 16 classes of three cells; 2: dyads, the 3 classes of two")
    min: int = schema.whole(1, "least number of synapses of a connection", low=1)
    autapses: str = schema.choice(AUTAPSES, "has no effect: a connection of a cell to itself is part of no motif")


@dataclass(frozen=True)
class MotifsView(CensusView):
    """The census of a set of cells against a null model."""

    null: str = schema.choice(nulls.NULLS, "what sampled graphs have in common with the observed one")
    tested: str = schema.choice(TESTED, "ordered pairs that count as tested: connections are dealt among these only")
    group: str = schema.text("cell_type", "column whose values the nulls type and distance take as types")
    samples: int = schema.whole(100, "sampled graphs", low=1, high=100_000)
    seed: int = schema.whole(0, "seed of the sampling: the same seed gives the same numbers", low=0)


@dataclass(frozen=True, eq=False)
class Census:
    """What there is: cells, their connections in positions of `codes`, and the count of each class, int64."""

    view: CensusView
    cells: CellSet
    pre: np.ndarray
    post: np.ndarray
    edge: np.ndarray
    dropped: Dropped
    counts: np.ndarray

    @property
    def n_cells(self) -> int:
        """Cells of the set."""
        return len(self.cells)

    def of(self, motif: str) -> int:
        """The count of one class."""
        return int(self.counts[CLASSES[self.view.size].index(motif)])


def counting(view: CensusView) -> CensusView:
    """The part of a view that says what is counted."""
    return CensusView(**{f.name: getattr(view, f.name) for f in fields(CensusView)})


def census(dataset: Dataset, view: CensusView, resolve: Resolve | None = None) -> Census:
    """The count of each class; the last few are kept.

    Raises TooLargeError above MOST_CELLS cells or MOST_CONNECTIONS connections.
    """
    if resolve is not None and "set:" in view.cells:
        dataset.select(view.cells, resolve)  # the caller wants to hear of a set that is not stored in its own way
    return _census(dataset, replace(counting(view), ds="", autapses="drop"))


@lru_cache(maxsize=16)
def _census(dataset: Dataset, view: CensusView) -> Census:
    cells = dataset.select(view.cells)
    refuse(len(cells), "cells", MOST_CELLS)
    found = entries(dataset.graph, Selection(cells.codes, cells.codes, view.min))
    refuse(len(found), "connections", MOST_CONNECTIONS)
    counts = counted(view.size, found.row, found.col, len(cells))
    return Census(view, cells, found.row, found.col, found.edge, found.dropped, counts)


def refuse(n: int, what: str, most: int) -> None:
    """TooLargeError where a set holds more than can be counted."""
    if n > most:
        hint = "choose fewer cells" + (", or a larger least number of synapses" if what == "connections" else "")
        raise TooLargeError(f"motifs are counted among up to {most:,} {what}; this set has {n:,}", hint)


def counted(size: str, pre: np.ndarray, post: np.ndarray, n: int) -> np.ndarray:
    """The census of pairs or triples, int64 as in CLASSES."""
    return (censuses.triad_census if size == "3" else censuses.dyad_census)(pre, post, n)


def motifs(
    dataset: Dataset, view: MotifsView, resolve: Resolve | None = None, progress: Progress | None = None,
    check: Check | None = None,
) -> TableResult:  # fmt: skip
    """Each class with its count and what sampled graphs of the null hold.

    Connections fall on tested ordered pairs only; observed ones on others stay where they are. p is two-sided,
    p_adjusted over the classes (Benjamini-Hochberg). Raises TooLargeError for what cannot be counted or sampled.
    """
    found = census(dataset, view, resolve)
    n, codes = found.n_cells, found.cells.codes
    model = null_models.prepare(dataset, codes, codes, view.null, view.tested, view.min, view.group, both_ways=False)

    def statistic(pre: np.ndarray, post: np.ndarray, edge: np.ndarray) -> np.ndarray:
        return counted(view.size, pre, post, n).astype(np.float64)

    sampled = nulls.sampled(model, view.samples, view.seed, statistic, progress, check)
    summary = chance.summarise(found.counts.astype(np.float64), sampled.values)
    numbers = {name: getattr(summary, name) for name in SUMMARY} | {"p_adjusted": chance.adjusted(summary.p)}
    table = pa.table(
        {"class": pa.array(CLASSES[view.size]), "count": pa.array(found.counts)}
        | {name: finite(values) for name, values in numbers.items()}
    )
    return in_memory(
        table,
        ledger(dataset, found, (*said(model, view.samples, view.seed, sampled), *_reach(view))),
        schema.encode(view),
        (),
    )


def finite(values: np.ndarray) -> pa.Array:
    """float64 with null for what is no number, such as a ratio to nothing."""
    known = np.asarray(values, np.float64)
    return pa.array(known, pa.float64(), mask=~np.isfinite(known))


def said(model: nulls.Model, samples: int, seed: int, sampled: nulls.Sampled) -> tuple[str, ...]:
    """What a null model did with the connections, for a ledger."""
    kept = len(model.kept_pre)
    text = f"{model.n_connections:,} connections are dealt anew in each sample"
    text += f"; {kept:,} on pairs that are not tested stay as they are" if kept else ""
    drawn = f"null model {model.null}: {samples:,} samples, seed {seed}; the smallest p is {1 / (1 + samples):.2g}"
    mixed = sampled.mixing
    if mixed is None or not np.isfinite(mixed.r_hat).any():
        return text, drawn
    agree = f"{mixed.chains} chains from different starts, R-hat at most {np.nanmax(mixed.r_hat):.3f} (1 = they agree)"
    return text, drawn, f"{agree}; samples worth at least {np.nanmin(mixed.ess):,.0f} independent ones"


def _reach(view: MotifsView) -> tuple[str, ...]:
    classes = len(CLASSES[view.size])
    if chance.can_reach(view.samples, classes):
        return ()
    needed = chance.samples_needed(classes)
    return (f"too few samples for one class alone to reach an adjusted p of 0.05: that takes {needed:,}",)


def _estimate(dataset: Dataset, view: MotifsView, resolve: Resolve | None = None) -> Estimate:
    """Sampling and counting, by one core; raises what `motifs` would raise before it samples."""
    found = census(dataset, view, resolve)
    sampling = sampling_seconds(dataset, found.cells.codes, view.null, view.tested, view.min, view.group, view.samples)
    counting = censuses.seconds(found.pre, found.post, found.n_cells) if view.size == "3" else 1e-8 * len(found.edge)
    return Estimate(sampling + view.samples * counting, len(found.edge), view.samples)


def sampling_seconds(
    dataset: Dataset, codes: np.ndarray, null: str, tested: str, least: int, group: str, samples: int
) -> float:
    """How long the samples of a null take by themselves; raises what stands against it."""
    null_models.require(dataset, null, group)
    # the distance null lists its pairs, which is part of the work and not of an estimate
    model = null_models.prepare(dataset, codes, codes, "er" if null == "distance" else null, tested, least, group)
    if null == "distance":
        null_models.check_size(dataset, model)
    return null_models.seconds(null, model.n_connections, samples, model.universe.n_pairs)


def _title(view: MotifsView) -> str:
    return f"{WORDS[view.size].motifs.capitalize()} against {null_models.title(view.null).lower()}"


def ledger(dataset: Dataset, found: Census, notes: tuple[str, ...] = ()) -> Ledger:
    """Where all connections of the dataset went."""
    meta, gone = dataset.meta, found.dropped
    n = len(found.edge)
    outside = meta.n_connections - n - gone.n_autapses - gone.n_below_min
    left = [
        Omitted("a cell outside the set", outside),
        Omitted("autapse", gone.n_autapses, gone.n_autapse_synapses),
        Omitted(f"fewer than {found.view.min} synapses", gone.n_below_min, gone.n_below_min_synapses),
    ]
    return ledger_of(
        meta, "connections", meta.n_connections, n, left_out=tuple(o for o in left if o.connections),
        notes=(found.cells.echo, *notes),
    )  # fmt: skip


LONG = Long(MotifsView, motifs, _estimate, _title)
