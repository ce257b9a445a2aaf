"""`pull cave`: synapses of chosen cells become a dataset that opens while it fills, and never fetches twice."""

from __future__ import annotations

import csv
import io
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_access import store
from data_access.adapters.cave import record as records
from data_access.adapters.cave import stacks, tables
from data_access.adapters.cave.access import address
from data_access.adapters.cave.asked import Asked, CellRows, choose
from data_access.adapters.cave.client import Cave, Limits
from data_access.adapters.cave.estimate import Estimate, estimate
from data_access.adapters.cave.extras import fetch_other_versions, fetch_skeletons
from data_access.adapters.cave.fetch import Fetch
from data_access.adapters.cave.generations import (
    CELLS,
    LISTED,
    Generations,
    Wanted,
    read_wanted,
    write_listed,
    write_wanted,
)
from data_access.adapters.cave.pieces import Direction, Pieces, schema
from data_access.adapters.cave.problems import CaveError
from data_access.adapters.cave.record import Ask, Record
from data_access.adapters.cave.report import Report
from data_access.adapters.cave.stacks import StackConfig
from data_access.adapters.cave.tags import Tags
from data_access.adapters.cave.workers import Workers
from data_access.errors import InputError, SynaptoscopeError
from data_access.metadata import DatasetMeta
from data_access.secret import Secret

DIRECTIONS: dict[str, tuple[Direction, ...]] = {"out": ("out",), "in": ("in",), "both": ("out", "in")}
LOOK_S = 0.5  # how often the main thread looks what has arrived
SOONEST_S = 3.0  # between two generations
BUILD_SHARE = 5  # a generation that took a second to build is followed by the next after five, at the soonest
MOST_NAMED = 3
PIECES = "pieces"
LONG = Limits()


@dataclass(frozen=True)
class PullRequest:
    """What to pull. `version` None = the newest; `cells`: a cell set over the cell table of that version.

    `cell_table` and `type_column` choose where cells and types come from in a datastack that is not described.
    """

    id: str
    datastack: str
    cells: str
    server: str
    version: int | None = None
    direction: str = "out"
    title: str = ""
    workers: int = 4
    compartments: bool = True
    skeletons: bool = False
    other_versions: bool = True
    cell_table: str = ""
    type_column: str = ""

    def check(self) -> None:
        """Raise InputError for what cannot be asked for."""
        store.check_id(self.id)
        if self.direction not in DIRECTIONS:
            raise InputError(f"direction '{self.direction[:40]}' is none", "expected out, in or both")
        if not 1 <= self.workers <= 32:
            raise InputError(f"{self.workers} workers: expected 1 to 32")


def as_json(request: PullRequest) -> dict[str, Any]:
    """The request for a job's record."""
    return asdict(request)


def from_json(raw: Mapping[str, Any]) -> PullRequest:
    """The request of a job's record. InputError for what is none."""
    try:
        return PullRequest(**raw)
    except TypeError as error:
        raise InputError(f"this is no request for a pull: {error}") from error


def pull(
    data_dir: Path, request: PullRequest, token: Secret | None, report: Report, limits: Limits = LONG
) -> DatasetMeta:
    """Fetch what is missing and return the description of the dataset, which then holds all that was asked for.

    Killed or cancelled at any moment it leaves the pieces that are whole, and the same call goes on from there; where
    nothing is missing it asks the service nothing. Raises InputError for a request that cannot be served, CaveError
    for what goes wrong with the service; what was whole by then is in the dataset.
    """
    request.check()
    with store.claimed(data_dir, request.id):
        return _Pull(data_dir, request, token, report, limits).run()


def preview(
    data_dir: Path, request: PullRequest, token: Secret | None, report: Report, limits: Limits = LONG
) -> Estimate:
    """What `pull` would fetch: cells, rows, requests and time, from a few counts."""
    request.check()
    with store.claimed(data_dir, request.id):
        return _Pull(data_dir, request, token, report, limits).estimated()


class _Pull:
    """One run. `folder` holds what is kept between runs."""

    def __init__(
        self, data_dir: Path, request: PullRequest, token: Secret | None, report: Report, limits: Limits
    ) -> None:
        request = replace(request, server=address(request.server))
        self.data_dir, self.request, self.token, self.report = data_dir, request, token, report
        self.limits = limits
        self.folder = store.growing(data_dir, request.id)
        self.record = records.load(self.folder)
        if self.record and not self._has_begun() and not self._is_of(self.record):
            shutil.rmtree(self.folder)  # of an estimate: it binds nobody
            self.record = None
        if self.record:
            self.record.check_same(request.id, request.server, request.datastack, request.version)
        elif (data_dir / request.id).exists():
            raise InputError(f"a dataset '{request.id}' exists already, and was not pulled", "choose another --id")
        self._cave: Cave | None = None
        self._config: StackConfig | None = None
        self.started = time.monotonic()

    def _has_begun(self) -> bool:
        return (self.data_dir / self.request.id).exists() or any((self.folder / PIECES).glob("*.parquet"))

    def _is_of(self, record: Record) -> bool:
        """Whether a record is of the source and the tables that this pull asks for."""
        mine = self.request
        same = (record.server, record.datastack, record.cell_table, record.type_column)
        return same == (mine.server, mine.datastack, mine.cell_table, mine.type_column) and mine.version in (
            None, record.version
        )  # fmt: skip

    # -- the service, asked only when something is missing

    @property
    def cave(self) -> Cave:
        """The datastack; connects at first use."""
        if self._cave is None:
            self.report.stage(f"connect to {self.request.datastack}")
            self._cave = Cave(
                self.request.server, self.request.datastack, self.token, self.limits, self.report.cancelled
            )
        return self._cave

    def config(self, version: int) -> StackConfig:
        """Which table holds what."""
        if self._config is None:
            chosen = self.record or self.request
            self._config = stacks.config_for(self.cave, version, chosen.cell_table, chosen.type_column)
        return self._config

    # -- the run

    def run(self) -> DatasetMeta:
        """All of it."""
        record = self.record = self.record or self._begun()
        asked = self._asked(record)
        wanted = self._wanted(asked)
        pieces = Pieces(self.folder / PIECES, schema(record.compartments, record.depth))
        if pieces.damaged:
            self.report.note(f"{pieces.damaged:,} damaged pieces are fetched again")
        record = self.record = record.asked(Ask(self.request.cells, self.request.direction, len(asked.ids)))
        record = self.record = replace(record, title=self.request.title or record.title)
        write_wanted(self.folder, wanted)
        records.save(record, self.folder)
        generations = Generations(self.data_dir, self.request.id, record, pieces)
        if not wanted.is_whole(pieces.all()):
            self._fetch(wanted, pieces, generations)
        try:
            self._fetch_extras(asked, record)
        except SynaptoscopeError:  # cancelled, for one
            self._keep(wanted, generations, pieces.rows)
            raise
        return self._finished(wanted, generations)

    def estimated(self) -> Estimate:
        """How much is missing."""
        record = self.record = self.record or self._begun()
        asked = self._asked(record)
        pieces = Pieces(self.folder / PIECES, schema(record.compartments, record.depth))
        missing = self._wanted(asked).missing(pieces.all())
        if not any(len(ids) for ids in missing.values()):
            return Estimate.nothing(len(asked.ids))
        return estimate(Fetch(self.cave, record.version), missing, len(asked.ids), record.rate, self.request.workers)

    def _begun(self) -> Record:
        """The record of a first pull, once the cell table is there."""
        cave, request = self.cave, self.request
        number = request.version if request.version is not None else cave.versions()[0].version
        version = cave.version(number)
        config = self.config(number)
        self.report.stage("cell table")
        self.folder.mkdir(parents=True, exist_ok=True)
        found = tables.cell_table(cave, number, config, self.folder, self.report.advance)
        record = Record(
            server=request.server,
            datastack=request.datastack,
            version=number,
            time_stamp=version.time_stamp.isoformat(),
            expires_on=version.expires_on.isoformat(timespec="seconds") if version.expires_on else "",
            compartments=request.compartments and config.compartments is not None,
            depth=config.transform is not None,
            cell_table=request.cell_table,
            type_column=request.type_column,
            title=request.title,
            about=_about(cave, config),
            cell_notes=tuple(found.notes),
        )
        records.save(record, self.folder)
        return record

    def _asked(self, record: Record) -> Asked:
        asked = choose(CellRows(self.folder / CELLS), self.request.cells)
        known = read_wanted(self.folder)
        unknown = np.setdiff1d(asked.strangers, np.union1d(known.out, known.into))
        if len(unknown):
            self._check_roots(record, unknown)
        return asked

    def _check_roots(self, record: Record, ids: np.ndarray) -> None:
        """InputError for ids that are no cells of this version: asked for they would have no synapse, and no error."""
        when = pd.Timestamp(record.time_stamp).to_pydatetime()
        holds = self.cave.roots_at(ids.tolist(), when)
        gone = [i for i in ids.tolist() if not holds.get(i, False)]
        if not gone:
            return
        now = {old: self._suggested(old, when) for old in gone[:MOST_NAMED]}
        here = [f"{old} is {new}" for old, new in now.items() if new]
        raise InputError(
            f"{len(gone):,} of the ids are no cells of version {record.version} of {record.datastack}: "
            f"{', '.join(map(str, gone[:MOST_NAMED]))}{' ...' if len(gone) > MOST_NAMED else ''}",
            f"they are from another version; here {', '.join(here)}" if here else "they may be from another datastack",
        )

    def _suggested(self, old: int, when: datetime) -> int | None:
        """The cell of this version that holds most of another version's cell; None for what is no cell at all."""
        try:
            return self.cave.suggest([old], when).get(old)
        except CaveError as error:
            if error.kind == "cancelled":
                raise
            return None

    def _wanted(self, asked: Asked) -> Wanted:
        before = read_wanted(self.folder)
        sides = DIRECTIONS[self.request.direction]
        out = np.union1d(before.out, asked.ids) if "out" in sides else before.out
        into = np.union1d(before.into, asked.ids) if "in" in sides else before.into
        return Wanted(out, into)

    # -- synapses

    def _fetch(self, wanted: Wanted, pieces: Pieces, generations: Generations) -> None:
        record = generations.record
        missing = wanted.missing(pieces.all())
        fetch = Fetch(self.cave, record.version, self.config(record.version).row_limit)
        guess = estimate(fetch, missing, len(wanted.out), record.rate, self.request.workers)
        write_listed(self.folder, np.union1d(wanted.out, wanted.into))
        before = pieces.rows
        self.report.stage("synapses", before + guess.rows, "synapses", done=before)
        tags = Tags(self.cave, record.version, self.config(record.version)) if record.compartments else None
        depth = tables.depth_of(self.config(record.version)) if record.depth else None
        work = Workers(fetch, pieces, missing, tags, depth, self.report)
        work.start(self.request.workers)
        built, took = time.monotonic(), 0.0
        known = len(pieces.all())
        while work.alive():
            work.wait(LOOK_S)
            self.report.advance(pieces.rows, max(before + guess.rows, pieces.rows))
            due = time.monotonic() - built > max(SOONEST_S, BUILD_SHARE * took)
            if due and len(pieces.all()) > known and not self.report.cancelled.is_set():
                known, begun = len(pieces.all()), time.monotonic()
                self._build(wanted, generations, before)
                built = time.monotonic()
                took = built - begun
        if work.error is not None:
            self._keep(wanted, generations, before)
            raise work.error
        if self.report.cancelled.is_set():
            self._keep(wanted, generations, before)
            self.report.check()

    def _keep(self, wanted: Wanted, generations: Generations, before: int) -> None:
        """Whatever is whole becomes visible even though the rest cannot be had now."""
        if not generations.is_current(wanted):
            self._build(wanted, generations, before)

    def _build(self, wanted: Wanted, generations: Generations, before: int = 0) -> DatasetMeta | None:
        if not (self.folder / LISTED).is_file():
            write_listed(self.folder, np.union1d(wanted.out, wanted.into))
        seconds = max(time.monotonic() - self.started, 1e-3)
        requests = (self.record.requests if self.record else 0) + (len(self._cave.log.requests) if self._cave else 0)
        rate = (generations.pieces.rows - before) / seconds if generations.pieces.rows > before else 0.0
        return generations.build(wanted, requests, rate or generations.record.rate)

    def _fetch_extras(self, asked: Asked, record: Record) -> None:
        """Root ids of other versions, and skeletons where they were asked for; without them the dataset is whole."""
        if self._cave is not None and self.request.other_versions:
            self.report.stage("root ids of other versions")
            fetch_other_versions(self.cave, self.config(record.version), self.folder, self.report)
        if self.request.skeletons:
            fetch_skeletons(lambda: self.cave, asked.ids, self.folder, self.report)

    def _finished(self, wanted: Wanted, generations: Generations) -> DatasetMeta:
        self.report.check()
        if self._cave is None and not self.request.skeletons and generations.is_current(wanted):
            return store.read_meta(self.data_dir, self.request.id)
        self.report.stage("build")
        meta = self._build(wanted, generations)
        if meta is None:
            words = {"out": "outputs", "in": "inputs", "both": "inputs or outputs"}[self.request.direction]
            raise InputError(
                f"none of the chosen cells has {words} in version {generations.record.version}",
                "nothing was made; choose other cells or the other direction",
            )
        if self._cave is not None:
            records.write_text(self.folder / "requests.csv", _listed(self._cave))
        return meta


def _about(cave: Cave, config: StackConfig) -> dict[str, object]:
    info = cave.info
    origin = {
        "synapse_table": info.synapse_table, "segmentation_source": info.segmentation_source,
        "image_source": info.image_source, "viewer_site": info.viewer_site,
        "viewer_resolution_nm": list(info.viewer_resolution_nm), "local_server": info.local_server,
    }  # fmt: skip
    return {"licence": config.licence, "citation": config.citation, "origin": origin}


def _listed(cave: Cave) -> str:
    """The requests of a run as CSV."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["what", "detail", "rows", "seconds", "status"])
    rows.writerows([r.what, r.detail, r.rows, round(r.seconds, 3), r.status] for r in cave.log.requests)
    return text.getvalue()
