"""Tables that may take long: found where they were stored, computed at once where that is quick, else by a job.

    state = long_run.state(data_dir, dataset, "reciprocity", view)      Ready, Running or Absent
    job = long_run.start(data_dir, dataset, "reciprocity", view)

A table of this kind is an entry of LONG. It is stored by dataset, generation, view and code version, so that the page,
the API and another visitor find the same one.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from data_access import stored_sets
from data_access.cache import ResultKey
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, SynaptoscopeError, did_you_mean
from data_access.jobs import RESUMABLE, Job, Jobs, Reporter, lock
from data_access.results import FOLDER, packed, results_of, unpacked
from data_access.secret import Secret
from views import schema
from views.result import Ledger, Omitted, TableResult
from views.tables import Resolve

KIND = "null-model"
AT_ONCE_S = 20.0  # estimated to take no longer: computed in the request
PATIENCE_S = 25.0  # and handed to a job after all when it does
# name -> "module:attribute" of its Long
LONG = {
    "reciprocity": "views.reciprocity:LONG",
    "motifs": "views.motifs:LONG",
    "node_search": "views.node_search:LONG",
}

Progress = Callable[[int], None]
Check = Callable[[], None]


@dataclass(frozen=True)
class Estimate:
    """What a table is about to cost: seconds, connections that are dealt, samples (0 where none are drawn)."""

    seconds: float
    connections: int
    samples: int


@dataclass(frozen=True)
class Long:
    """A table that may take long.

    make(dataset, view, resolve, progress, check) -> TableResult: progress(samples so far) may be called as it goes on,
    check() must be called every second or so, and raises to stop it. estimate(dataset, view, resolve) -> Estimate,
    quickly; it raises what `make` would raise about the view. title(view) -> what the list of jobs calls it.
    """

    view: type[Any]
    make: Callable[[Dataset, Any, Resolve | None, Progress | None, Check | None], TableResult]
    estimate: Callable[[Dataset, Any, Resolve | None], Estimate]
    title: Callable[[Any], str]
    unit: str = "samples"


@dataclass(frozen=True)
class Ready:
    """It is there."""

    result: TableResult


@dataclass(frozen=True)
class Running:
    """A job computes it."""

    job: Job


@dataclass(frozen=True)
class Absent:
    """Nobody computes it. `last`: the job that tried and failed, was cancelled or interrupted, if there was one."""

    estimate: Estimate
    last: Job | None = None


State = Ready | Running | Absent


class _Slow(Exception):  # noqa: N818 (no error: a job takes over)
    pass


def find(name: str) -> Long:
    """The entry of LONG; InputError with the nearest names."""
    if name not in LONG:
        raise InputError(f"no long table is called '{name[:60]}'", did_you_mean(name, LONG))
    module, _, attribute = LONG[name].partition(":")
    found: Long = getattr(importlib.import_module(module), attribute)
    return found


def state(data_dir: Path, dataset: Dataset, name: str, view: Any, resolve: Resolve | None = None) -> State:
    """Whether the table is there, on its way, or what it would cost. Raises what is wrong with the view."""
    digest = _digest(data_dir, dataset, name, view)
    stored = results_of(data_dir).find(digest)
    if stored is not None:
        return Ready(_opened(stored))
    job = _job_of(data_dir, digest)
    if job is not None and job.alive:
        return Running(job)
    estimate = find(name).estimate(dataset, view, resolve)
    # A job stores its table before it ends: one that ended between the two looks left it there.
    stored = results_of(data_dir).find(digest) if job is not None and job.state == "done" else None
    return Ready(_opened(stored)) if stored is not None else Absent(estimate, job)


def start(data_dir: Path, dataset: Dataset, name: str, view: Any, resolve: Resolve | None = None) -> Job:
    """A job that computes the table; the one that is at it already, where there is one.

    Raises what is wrong with the view, and SynaptoscopeError where no job can be kept.
    """
    long = find(name)
    long.estimate(dataset, view, resolve)
    digest = _digest(data_dir, dataset, name, view)
    jobs = Jobs(data_dir)
    request = {"table": name, "dataset": dataset.meta.id, "fingerprint": dataset.meta.fingerprint,
               "view": schema.encode(view), "result": digest}  # fmt: skip
    (data_dir / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.alone(data_dir / FOLDER / "start.lock"):
        job = _job_of(data_dir, digest)
        if job is not None and job.alive:
            return job
        if job is not None and job.state in RESUMABLE:
            return jobs.again(job.id)
        return jobs.start(KIND, f"{long.title(view)} · {dataset.meta.id}", "", request, {})


def get(data_dir: Path, dataset: Dataset, name: str, view: Any, resolve: Resolve | None = None) -> Ready | Running:
    """The table, computed at once if that is quick; else the job that computes it, started if need be.

    Raises what is wrong with the view, and SynaptoscopeError with the message of a job that failed at it.
    """
    found = state(data_dir, dataset, name, view, resolve)
    if not isinstance(found, Absent):
        return found
    if found.last is not None and found.last.state == "failed":
        message = f"this was tried by job {found.last.id}, which failed: {found.last.message}"
        raise SynaptoscopeError(message, found.last.hint or "the page Jobs can start it again")
    if found.estimate.seconds <= AT_ONCE_S:
        try:
            return Ready(compute(data_dir, dataset, name, view, resolve, PATIENCE_S))
        except _Slow:
            pass
    return Running(start(data_dir, dataset, name, view, resolve))


def compute(
    data_dir: Path, dataset: Dataset, name: str, view: Any, resolve: Resolve | None = None, patience: float = math.inf
) -> TableResult:
    """The table from the store, or computed here and now, however long that takes, and stored.

    By one thread, however many ask at the same time. With a `patience` in seconds it is given up after that: for `get`,
    which hands it to a job then.
    """
    long = find(name)
    until = time.monotonic() + patience

    def check() -> None:
        if time.monotonic() > until:
            raise _Slow

    def make() -> bytes:
        return _closed(_timed(lambda: long.make(dataset, view, resolve, None, check)))

    return _opened(results_of(data_dir).get_or_compute(_key(dataset, name, view), make))


def work(data_dir: Path, request: Mapping[str, Any], reporter: Reporter, secrets: Mapping[str, Secret]) -> str:
    """The work of a job: compute the table and store it under the name that was asked for."""
    long = find(request["table"])
    dataset = open_dataset(data_dir, request["dataset"])
    view = schema.parse(long.view, request["view"])
    resolve = stored_sets.resolver(data_dir)
    reporter.stage("Preparing")
    cost = long.estimate(dataset, view, resolve)
    reporter.stage("Sampling" if cost.samples else "Searching", cost.samples or None, long.unit)
    result = _timed(lambda: long.make(dataset, view, resolve, reporter.advance, reporter.check))
    reporter.check()
    content = _closed(result)
    # Whoever asked looks under the name of the request, unless the dataset has grown meanwhile.
    same = dataset.meta.fingerprint == request["fingerprint"]
    digest = request["result"] if same else _digest(data_dir, dataset, request["table"], view)
    results_of(data_dir).keep(digest, content)
    if results_of(data_dir).find(digest) is None:
        raise SynaptoscopeError("the result could not be stored in the data folder", "make room, or make it writable")
    return f"{result.rows:,} rows in {result.ledger.milliseconds / 1000:.0f} s"


def _timed(make: Callable[[], TableResult]) -> TableResult:
    started = time.perf_counter()
    return make().timed(1000 * (time.perf_counter() - started))


def _key(dataset: Dataset, name: str, view: Any) -> ResultKey:
    meta = dataset.meta
    return ResultKey(meta.id, meta.generation, meta.fingerprint, schema.cache_key(view), name)


def _digest(data_dir: Path, dataset: Dataset, name: str, view: Any) -> str:
    return results_of(data_dir).digest(_key(dataset, name, view))


def _job_of(data_dir: Path, digest: str) -> Job | None:
    """The last job that was to compute a result."""
    return next((j for j in Jobs(data_dir).all() if j.kind == KIND and j.request.get("result") == digest), None)


def _closed(result: TableResult) -> bytes:
    """A result as bytes: the table, and all that stands beside it in the schema metadata."""
    beside = {"ledger": result.ledger.to_dict(), "view": result.view, "ids": result.ids, "extra": result.extra}
    told = orjson.dumps(beside, option=orjson.OPT_SERIALIZE_NUMPY)
    return packed(result.table().replace_schema_metadata({"synaptoscope": told}))


def _opened(content: bytes) -> TableResult:
    table = unpacked(content)
    beside = orjson.loads(table.schema.metadata[b"synaptoscope"])
    table = table.replace_schema_metadata(None)
    return TableResult(
        table.schema, lambda: iter(table.to_batches()), _ledger(beside["ledger"]), beside["view"], table.num_rows,
        tuple(beside["ids"]), beside["extra"],
    )  # fmt: skip


def _ledger(told: Mapping[str, Any]) -> Ledger:
    """The ledger of `Ledger.to_dict`."""
    left = tuple(Omitted(**omitted) for omitted in told["left_out"])
    plain = {k: v for k, v in told.items() if k not in ("cut", "left_out", "notes", "fetched")}
    return Ledger(**plain, fetched=told["fetched"] or "", left_out=left, notes=tuple(told["notes"]))
