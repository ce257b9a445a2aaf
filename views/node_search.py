"""Three-node search: how often three sets of cells are connected as asked, how often by chance, and examples.

Each of the six ordered pairs of nodes has a text: "" says nothing of it, "none" that there is no connection, "3" that
there is one of at least 3 synapses, "3/1000" one of at least 3 synapses whose sizes sum to at least 1000, in the
source's unit.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from analysis import chance, node_search, nulls
from analysis.matrix import Selection, entries
from analysis.node_search import ABSENT, EDGES, FREE, NODES, PER_CELL, Constraint, Edges, Question
from analysis.tested import TESTED
from data_access.dataset import CellSet, Dataset
from data_access.errors import InputError
from views import motifs, null_models, schema
from views.long_run import Check, Estimate, Long, Progress
from views.motif_instances import CELLS, triples
from views.result import Omitted, TableResult, ledger_of
from views.tables import AUTAPSES, Resolve, in_memory

NONE = "none"
MOST_SYNAPSES = 1_000_000_000
_CONSTRAINT = re.compile(r"(\d{1,10})(?:/(\d{1,15}(?:\.\d{1,9})?))?")
_EDGE = 'connection from {0} to {1}: empty = as it may be, "none" = absent, "3" = at least 3 synapses, "3/1000" = and '
_EDGE += "sizes that sum to at least 1000"


def _edge(way: str) -> Any:
    return schema.text("", _EDGE.format(*way.upper()))


@dataclass(frozen=True)
class NodesView:
    """Which cells may be a, b and c, and how they are connected."""

    ds: str = schema.text("", "dataset id")
    a: str = schema.text("", "cell set of node A; empty = all cells")
    b: str = schema.text("", "cell set of node B; empty = all cells")
    c: str = schema.text("", "cell set of node C; empty = all cells")
    ab: str = _edge("ab")
    ba: str = _edge("ba")
    ac: str = _edge("ac")
    ca: str = _edge("ca")
    bc: str = _edge("bc")
    cb: str = _edge("cb")
    autapses: str = schema.choice(AUTAPSES, "has no effect: the three cells differ")


@dataclass(frozen=True)
class NodeSearchView(NodesView):
    """Parameters of the three-node search and its null model."""

    null: str = schema.choice((*nulls.NULLS, NONE), "what sampled graphs have in common with the observed one, or none")
    tested: str = schema.choice(TESTED, "ordered pairs that count as tested: connections are dealt among these only")
    group: str = schema.text("cell_type", "column whose values the nulls type and distance take as types")
    samples: int = schema.whole(100, "sampled graphs", low=1, high=100_000)
    seed: int = schema.whole(0, "seed of the sampling: the same seed gives the same numbers", low=0)
    limit: int = schema.whole(10, "at most so many examples", low=0, high=1000)


@dataclass(frozen=True, eq=False)
class Search:
    """The graph among the cells of three sets, in positions of `codes`, and what is asked of it."""

    dataset: Dataset
    sets: dict[str, CellSet]
    codes: np.ndarray
    edges: Edges
    edge: np.ndarray
    question: Question

    @property
    def n_cells(self) -> int:
        """Cells of the three sets together."""
        return len(self.codes)

    @cached_property
    def total(self) -> int:
        """How many (a, b, c) there are."""
        return self.count()

    def count(self) -> int:
        """The same, counted anew."""
        return node_search.count(self.edges, self.n_cells, self.question)


def constraint(way: str, text: str) -> Constraint:
    """What the text of an ordered pair of nodes asks; InputError that says how it is written."""
    text = text.strip().lower()
    if not text:
        return FREE
    if text == NONE:
        return ABSENT
    found = _CONSTRAINT.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= MOST_SYNAPSES:
        raise InputError(
            f"{way}={text[:40]} is no condition on a connection",
            "leave it empty, or write none, a least number of synapses such as 3, or 3/1000 for sizes that sum to 1000",
        )
    return Constraint(int(found[1]), float(found[2] or 0))


def build(dataset: Dataset, view: NodesView, resolve: Resolve | None = None) -> Search:
    """The graph and the question of a view.

    Raises InputError for a wrong set or condition, for sizes where the dataset has none, and unless required
    connections link all three nodes; TooLargeError for more than motifs are counted among.
    """
    for node in NODES:
        if resolve is not None and "set:" in getattr(view, node):
            dataset.select(getattr(view, node), resolve)  # the caller wants to hear of a set that is not stored
    return _build(dataset, NodesView(**{f.name: getattr(view, f.name) for f in fields(NodesView)}))


@lru_cache(maxsize=8)
def _build(dataset: Dataset, view: NodesView) -> Search:
    wanted = {way: constraint(way, getattr(view, way)) for way in EDGES}
    out = dataset.graph.out
    if out.sum_size is None and any(c.size for c in wanted.values()):
        way = next(way for way, c in wanted.items() if c.size)
        raise InputError(f"{way}={getattr(view, way)[:40]} asks for sizes, and synapses of {dataset.meta.id} have none",
                         "leave out the slash and what is behind it")  # fmt: skip
    sets = {node: dataset.select(getattr(view, node)) for node in NODES}
    codes = np.unique(np.concatenate([sets[node].codes for node in NODES]))
    motifs.refuse(len(codes), "cells", motifs.MOST_CELLS)
    member = np.zeros(len(codes), np.uint8)
    for bit, node in enumerate(NODES):
        member[np.searchsorted(codes, sets[node].codes)] |= np.uint8(1 << bit)
    question = Question(member, wanted)
    found = entries(dataset.graph, Selection(codes, codes))
    motifs.refuse(len(found), "connections", motifs.MOST_CONNECTIONS)
    edges = _edges(dataset, found.row, found.col, found.edge)
    return Search(dataset, sets, codes, edges, found.edge, question)


def _edges(dataset: Dataset, pre: np.ndarray, post: np.ndarray, edge: np.ndarray) -> Edges:
    out = dataset.graph.out
    size = None if out.sum_size is None else out.sum_size[edge].astype(np.float64)
    return Edges(pre, post, out.n_synapses[edge].astype(np.int64), size)


def search(
    dataset: Dataset, view: NodeSearchView, resolve: Resolve | None = None,
    progress: Progress | None = None, check: Check | None = None,
) -> TableResult:  # fmt: skip
    """Examples, the strongest weakest connection first; the ledger's total is the number of all (a, b, c).

    `extra`: total, and what sampled graphs of the null model hold: expected, sd, ratio, z, p (two-sided), null, samples
    and seed.
    The graph that is sampled is that among all cells of the three sets.
    """
    found = build(dataset, view, resolve)
    total = found.total
    got = node_search.examples(found.edges, found.n_cells, found.question, view.limit)
    table = triples(dataset, found.codes[got.cells])
    table = table.append_column("weakest", pa.array(got.weakest)).append_column("total", pa.array(got.total))
    notes = [f"{node.upper()}: {found.sets[node].echo}" for node in NODES]
    notes.append(f"the strongest weakest connection first; no cell more than {PER_CELL} times in a role before others")
    if not got.whole:
        notes.append("examples are the strongest of those that were looked at: there are too many to look at them all")
    extra: dict[str, float | int | str | None] = {"total": total}
    if view.null != NONE:
        by_chance, said = against(found, view, total, progress, check)
        extra |= by_chance
        notes += said
    shown = table.num_rows
    left = Omitted(f"{total - shown:,} matches not listed")
    made = ledger_of(
        dataset.meta, "matches", total, shown, limit=view.limit, total=total, left_out=(left,) * (total > shown),
        notes=tuple(notes),
    )  # fmt: skip
    return replace(in_memory(table, made, schema.encode(view), CELLS), extra=extra)


def against(
    found: Search, view: NodeSearchView, total: int, progress: Progress | None = None, check: Check | None = None
) -> tuple[dict[str, float | int | str | None], tuple[str, ...]]:
    """What sampled graphs hold, and notes about them."""
    dataset, codes, n = found.dataset, found.codes, found.n_cells
    model = null_models.prepare(dataset, codes, codes, view.null, view.tested, 1, view.group, both_ways=False)

    def statistic(pre: np.ndarray, post: np.ndarray, edge: np.ndarray) -> np.ndarray:
        return np.array([node_search.count(_edges(dataset, pre, post, edge), n, found.question)], np.float64)

    sampled = nulls.sampled(model, view.samples, view.seed, statistic, progress, check)
    summary = chance.summarise(np.array([total], np.float64), sampled.values)
    numbers = {name: motifs.finite(getattr(summary, name))[0].as_py() for name in motifs.SUMMARY}
    told = {"null": view.null, "samples": view.samples, "seed": view.seed}
    return numbers | told, motifs.said(model, view.samples, view.seed, sampled)


def _estimate(dataset: Dataset, view: NodeSearchView, resolve: Resolve | None = None) -> Estimate:
    """Sampling and searching; raises what `search` would raise before it samples."""
    found = build(dataset, view, resolve)
    once = _seconds(found)
    if once < 0.5:  # which may have been spent on waiting for compiled code
        once = min(once, _seconds(found))
    if view.null == NONE:
        return Estimate(once, len(found.edge), 0)
    sampling = motifs.sampling_seconds(dataset, found.codes, view.null, view.tested, 1, view.group, view.samples)
    return Estimate(sampling + view.samples * once, len(found.edge), view.samples)


def _seconds(found: Search) -> float:
    started = time.perf_counter()
    found.count()
    return time.perf_counter() - started


def _title(view: NodeSearchView) -> str:
    chance_of = f" against {null_models.title(view.null).lower()}" if view.null != NONE else ""
    return f"Three-node search{chance_of}"


LONG = Long(NodeSearchView, search, _estimate, _title)
