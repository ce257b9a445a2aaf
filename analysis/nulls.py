"""Graphs sampled under a null model, and a statistic of each of them.

Four null models, each holding more than a plain shuffle would:
- er: the number of connections; they fall uniformly on the pairs of the universe.
- type: the number of connections of every ordered pair of types.
- distance: that of every ordered pair of types in every bin of soma distance, so that probability depends on types
  and distance in whatever way it does.
- degree: the number of outputs and of inputs of every cell.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from analysis import mixing, null_degree, null_model, null_strata
from analysis.mixing import Mixing
from analysis.null_degree import MUTUAL, ONE_WAY, RANDOM
from analysis.null_model import NULLS, Float64, Int32, Int64, Model, Null, Universe
from data_access.errors import InputError, TooLargeError

__all__ = ["MAX_CONNECTIONS", "NULLS", "Model", "Null", "Sampled", "Universe", "model", "run", "sampled"]

T = TypeVar("T")
Statistic = Callable[[Int32, Int32, Int64], Float64]
MAX_CONNECTIONS = 5_000_000  # dealt anew in each sampled graph
CHAINS = (RANDOM, RANDOM, MUTUAL, ONE_WAY)
BURN_IN, BETWEEN, AWAY = 10, 3, 5  # moves per connection: before the first sample, between two; proposals to the start
MOST_PROPOSALS = 100  # per connection between two samples, however few are accepted
STEP = 500_000  # proposals between two looks whether somebody wants to stop
LOOK_S = 0.25


@dataclass(frozen=True, eq=False)
class Sampled:
    """values float64 (samples, k): the statistic of each sampled graph; mixing: of the degree null's chains, or None.

    Samples of the degree null stand in the order 0, 1, 2, ... of their chains in turn.
    """

    values: Float64
    mixing: Mixing | None


def model(
    null: str,
    universe: Universe,
    group: Int32,
    names: tuple[str | None, ...],
    pre: Int32,
    post: Int32,
    edge: Int64 | None = None,
    position: Float64 | None = None,
    codes: Int32 | None = None,
) -> Model:
    """The null model of an observed graph, given as connections pre, post int32 (m,) in positions 0..n-1.

    Autapses must not be among them; what lies outside of the universe is kept as it is. group int32 (n,) in
    0..len(names)-1; position float64 (n, 3), for the distance null: pairs of cells without one leave the universe.
    Raises InputError for an unknown null or missing positions, TooLargeError beyond MAX_CONNECTIONS, or
    `null_strata.MAX_PAIRS` pairs under distance.
    """
    null = null_model.check(null)
    n = universe.n_cells
    codes = np.arange(n, dtype=np.int32) if codes is None else codes
    edge = np.arange(len(pre), dtype=np.int64) if edge is None else edge
    if null == "distance":
        if position is None:
            raise InputError("the distance null needs positions of the cells")
        universe = placed(universe, position)
    inside = universe.holds(pre, post)
    if inside.sum() > MAX_CONNECTIONS:
        raise TooLargeError(
            f"null models are sampled for up to {MAX_CONNECTIONS:,} connections; these sets have {inside.sum():,}",
            "choose smaller sets, or a larger least number of synapses",
        )
    made = Model(
        null, codes, universe, group, names, pre[inside], post[inside], edge[inside], pre[~inside], post[~inside],
        edge[~inside],
    )  # fmt: skip
    if null == "er":
        together = np.zeros(n, np.int32)
        return replace(made, strata=null_strata.by_blocks(universe, together, 1, made.pre, made.post))
    if null == "type":
        return replace(made, strata=null_strata.by_blocks(universe, group, len(names), made.pre, made.post))
    if null == "distance":
        assert position is not None
        return replace(made, strata=null_strata.by_distance(universe, group, len(names), position, made.pre, made.post))
    return made


def run(
    model: Model,
    samples: int,
    seed: int,
    statistic: Statistic,
    progress: Callable[[int], None] | None = None,
    check: Callable[[], None] | None = None,
) -> Float64:
    """The statistic of each of so many sampled graphs, float64 (samples, k). See `sampled`."""
    return sampled(model, samples, seed, statistic, progress, check).values


def sampled(
    model: Model,
    samples: int,
    seed: int,
    statistic: Statistic,
    progress: Callable[[int], None] | None = None,
    check: Callable[[], None] | None = None,
) -> Sampled:
    """Sample graphs of a null model and compute a statistic of each; the same seed gives the same numbers.

    statistic(pre int32 (m,), post int32 (m,), edge int64 (m,)) -> float64 (k,): a whole graph in positions of
    `model.codes`, the kept connections last; edge is the number of the observed connection that a sampled one carries
    with its counts and sizes. It is called from several threads at once, with arrays of its own. progress(samples so
    far) is called from this thread, and so is check(), which may raise to stop the work. ValueError for no samples.
    """
    if samples < 1:
        raise ValueError("no samples")
    done = _Done()
    if model.strata is None:
        chains = [
            partial(_chain, model, _share(samples, k), seed, k, towards, statistic, done)
            for k, towards in enumerate(CHAINS[:samples])
        ]
        parts = _together(chains, done, progress, check)
        values = np.empty((samples, parts[0].values.shape[1]))
        for k, part in enumerate(parts):
            values[k :: len(CHAINS)] = part.values
        return Sampled(values, mixing.summarise([p.values for p in parts], [p.pace for p in parts]))
    workers = _threads()
    dealt = [
        partial(_dealt, model, range(first, samples, workers), seed, statistic, done)
        for first in range(min(workers, samples))
    ]
    found = _together(dealt, done, progress, check)
    values = np.empty((samples, found[0].shape[1]))
    for first, rows in enumerate(found):
        values[first::workers] = rows
    return Sampled(values, None)


class _Done:
    """How many samples there are by now, and whether to go on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.n = 0
        self.stop = threading.Event()

    def one(self) -> None:
        """One more."""
        with self._lock:
            self.n += 1


class _Stopped(Exception):  # noqa: N818 (no error: the thread that waits raises the reason)
    pass


def _together(
    parts: Sequence[Callable[[], T]],
    done: _Done,
    progress: Callable[[int], None] | None,
    check: Callable[[], None] | None,
) -> list[T]:
    """The results of functions that run in threads; the first exception, or that of check(), stops all."""
    with ThreadPoolExecutor(_threads(), "null-model") as pool:
        futures: list[Future[T]] = [pool.submit(part) for part in parts]
        try:
            while True:
                over, open_ = wait(futures, LOOK_S, FIRST_EXCEPTION)
                if progress:
                    progress(done.n)
                if check:
                    check()
                if not open_ or any(f.exception() for f in over):
                    return [f.result() for f in futures]
        except BaseException:
            done.stop.set()
            raise


def _threads() -> int:
    return max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))


def _share(samples: int, chain: int) -> int:
    """Samples of one chain: those with numbers chain, chain + CHAINS, ..."""
    return len(range(chain, samples, len(CHAINS)))


def _random(seed: int, *key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def _dealt(model: Model, numbers: range, seed: int, statistic: Statistic, done: _Done) -> Float64:
    assert model.strata is not None
    rows = []
    for number in numbers:
        if done.stop.is_set():
            raise _Stopped
        pre, post, of = null_strata.deal(model.strata, model.universe.n_cells, _random(seed, number))
        rows.append(statistic(*_whole(model, pre, post, model.edge[of])))
        done.one()
    return np.array(rows, np.float64)


def _whole(model: Model, pre: Int32, post: Int32, edge: Int64) -> tuple[Int32, Int32, Int64]:
    if not len(model.kept_pre):
        return pre, post, edge
    return (
        np.concatenate([pre, model.kept_pre]),
        np.concatenate([post, model.kept_post]),
        np.concatenate([edge, model.kept_edge]),
    )


@dataclass(frozen=True, eq=False)
class _Walked:
    values: Float64
    pace: mixing.Pace


def _chain(
    model: Model, samples: int, seed: int, number: int, towards: int, statistic: Statistic, done: _Done
) -> _Walked:
    """One chain: away from the observed graph where asked to, burn-in, then samples at equal numbers of proposals."""
    chain = null_degree.start(model.universe, model.pre, model.post, _random(seed, number))
    m = model.n_connections

    def walk(proposals: int, towards: int = RANDOM) -> int:
        made = 0
        for begin in range(0, proposals, STEP):
            if done.stop.is_set():
                raise _Stopped
            made += chain.walk(min(STEP, proposals - begin), towards)
        return made

    if towards != RANDOM:
        walk(AWAY * m, towards)
    proposals = moves = 0
    while moves < BURN_IN * m and proposals < MOST_PROPOSALS * m:
        moves += walk(m)
        proposals += m
    # At least one, so that an empty or frozen graph comes to an end too.
    step = max(1, min(MOST_PROPOSALS * m, round(BETWEEN * m * proposals / max(1, moves))))
    edge = model.edge[chain.order]
    rows = []
    sampled_moves = 0
    for _ in range(samples):
        sampled_moves += walk(step)
        rows.append(statistic(*_whole(model, chain.pre.copy(), chain.post.copy(), edge.copy())))
        done.one()
    return _Walked(np.array(rows, np.float64), mixing.Pace(samples * step, sampled_moves, samples, m))


def placed(universe: Universe, position: Float64) -> Universe:
    """The universe without the pairs of cells that have no position."""
    placed = np.isfinite(position).all(axis=1)
    k = len(universe.allowed)
    allowed = np.zeros((k + 1, k + 1), bool)
    allowed[:k, :k] = universe.allowed
    return Universe(np.where(placed, universe.kind, k).astype(np.int32), allowed)
