"""One CAVE datastack as one token sees it: versions, tables, rows, roots and skeletons, through caveclient."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import pandas as pd
from caveclient import CAVEclient  # type: ignore[import-untyped]

from data_access.adapters.cave import causes, ranges
from data_access.adapters.cave.calls import QUICK, Calls, Limits, Request, RequestLog
from data_access.adapters.cave.causes import datastacks
from data_access.adapters.cave.described import StackInfo, TableInfo, stack_info, table_info, view_info, voxel
from data_access.adapters.cave.patches import Exchange, probe_failure
from data_access.adapters.cave.problems import CaveError, no_access
from data_access.adapters.cave.queries import Answer, Query, plain_values, tidy
from data_access.adapters.cave.skeletons import Skeleton, from_service
from data_access.adapters.cave.versions import Version, from_metadata, not_there
from data_access.secret import Secret

__all__ = [
    "QUICK", "Answer", "Cave", "CaveError", "Limits", "Query", "Request", "RequestLog", "Skeleton", "StackInfo",
    "TableInfo", "datastacks",
]  # fmt: skip

T = TypeVar("T")
IDS_A_CALL = 10_000
SKELETONS_A_CALL = 500
LIMITED = re.compile(r"Limited query to (\d+) rows")


class Cave:
    """One datastack on one server with one token; nothing is shared with another one.

    Talks to the service when made (bounded by `limits`) and may be used from many threads afterwards. Every method
    raises CaveError and nothing else. `cancelled` ends a call within a quarter of a second, `stop()` at once.
    """

    def __init__(
        self,
        server: str,
        datastack: str,
        token: Secret | None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        cancelled: threading.Event | None = None,
    ) -> None:
        self.server = server if "://" in server else f"https://{server}"
        self.datastack = datastack
        self._calls = Calls(self.server, limits, cancelled, (token,) if token else ())
        self._tables: dict[int, list[TableInfo]] = {}
        self._answered: set[tuple[int, str]] = set()
        if token is None or not token.reveal().strip():
            raise no_access(f"there is no token for {self.server}", self.server)
        clean = token.reveal().strip()
        look = causes.once(partial(causes.of_connecting, self.server, datastack, token, limits))
        self._client = self._call("connect", datastack, lambda _: self._connect(clean), None, look)
        self.info = stack_info(datastack, self._client.info.get_datastack_info(datastack))
        if cancelled is not None:
            _stop_when(cancelled, self)

    def __repr__(self) -> str:
        return f"Cave({self.server!r}, {self.datastack!r})"

    @property
    def log(self) -> RequestLog:
        """Every request that was sent, with rows, bytes, seconds and status."""
        return self._calls.log

    def stop(self) -> None:
        """End every call now, even one that waits for the service; the object is of no use afterwards."""
        self._calls.wire.stop()

    def versions(self, expired: bool = False) -> list[Version]:
        """The versions that can be asked, newest first; with `expired` also those that have gone."""
        ask = type(self._materialize).get_versions_metadata.__wrapped__
        entries = self._call("versions", "", lambda _: ask(self._materialize, expired=expired))
        return from_metadata(entries)

    def version(self, number: int) -> Version:
        """One version; raises CaveError "expired" or "unknown" with the versions that are there."""
        everything = self.versions(expired=True)
        for version in everything:
            if version.version == number and not version.expired:
                return version
        raise not_there(number, everything, self.datastack)

    def tables(self, version: int) -> list[TableInfo]:
        """The tables and views of a version with what their owners say about them; asked once."""
        if version not in self._tables:
            look = causes.once(partial(causes.of_asking, self, version, None))
            self._tables[version] = self._call(
                "tables", f"version {version}", lambda _: self._list_tables(version), len, look
            )
        return self._tables[version]

    def count(self, version: int, query: Query) -> int:
        """How many rows meet the conditions; the row limit of the server does not touch it."""
        counted = self._ask(version, replace(query, columns=(), limit=None), "count", counting=True).frame
        return int(counted.to_numpy()[0, 0]) if len(counted) else 0

    def rows(self, version: int, query: Query) -> Answer:
        """The rows that meet the conditions, in any order, as far as the server's limit lets them through.

        Ids are Int64; a position NAME comes as NAME_x_nm, NAME_y_nm, NAME_z_nm (float64). Autapses and root 0 are in.
        `limited` is the server's limit where the answer was cut (or is exactly as long as the limit).
        """
        return self._ask(version, query, "rows")

    def whole(self, version: int, query: Query, key: str = "id") -> pd.DataFrame:
        """All rows that meet the conditions, each once, whatever the server's limit; sorted by the whole numbers `key`.

        Raises CaveError "protocol" where the rows that come are not those that the server counted.
        """
        return ranges.whole(self, version, query, key)

    def roots_at(self, ids: Iterable[int], when: datetime) -> dict[int, bool]:
        """For each id whether it is a root at that moment."""
        wanted = [int(i) for i in plain_values(ids)]
        answer: dict[int, bool] = {}
        for start in range(0, len(wanted), IDS_A_CALL):
            some = wanted[start : start + IDS_A_CALL]
            ask = partial(self._graph.is_latest_roots, some, timestamp=_utc(when))
            latest = self._call("roots", f"{len(some):,} ids", _alone(ask))
            answer.update(zip(some, (bool(flag) for flag in latest), strict=True))
        return answer

    def suggest(self, ids: Iterable[int], when: datetime) -> dict[int, int | None]:
        """For each id the root of that moment that holds most of it (None: none); itself where it is a root then.

        The rest of a cell that was split is under other roots. `when` must be later than the ids.
        """
        valid = self.roots_at(ids, when)
        suggested: dict[int, int | None] = {}
        for old, holds in valid.items():
            ask = partial(self._suggest, old, _utc(when))
            suggested[old] = old if holds else self._call("suggest", "1 id", _alone(ask))
        return suggested

    def skeletons(self, ids: Iterable[int]) -> dict[int, Skeleton]:
        """The skeletons that the service has made already; ids without one are absent."""
        wanted = [int(i) for i in plain_values(ids)]
        found: dict[int, Skeleton] = {}
        for start in range(0, len(wanted), SKELETONS_A_CALL):
            some = wanted[start : start + SKELETONS_A_CALL]
            ask = partial(self._fetch_skeletons, some)
            answer = self._call("skeletons", f"{len(some):,} ids", _alone(ask), len)
            found.update({int(root): from_service(parts) for root, parts in answer.items()})
        return found

    # -- how it is asked

    def _connect(self, token: str) -> Any:
        client = CAVEclient(
            self.datastack, self.server, auth_token=token, write_server_cache=False, max_retries=0,
            pool_maxsize=self._calls.limits.connections,
        )  # fmt: skip
        self._materialize = client.materialize
        if self._materialize.api_version != 3:
            failure = probe_failure()
            raise failure if failure else CaveError("protocol", f"{self.server} has no materialize API of version 3")
        self._graph = client.chunkedgraph
        self._skeletons_lock = threading.Lock()
        return client

    def _fetch_skeletons(self, ids: list[int]) -> dict[str, dict[str, Any]]:
        with self._skeletons_lock:  # the part is made at first use, since a datastack may have none
            service = self._client.skeleton
        return service.fetch_skeletons(ids)

    def _call(
        self,
        what: str,
        detail: str,
        work: Callable[[list[Exchange]], T],
        rows: Callable[[T], int] | None = None,
        look_closer: Callable[[CaveError], CaveError] | None = None,
    ) -> T:
        return self._calls(what, detail, work, rows, look_closer)

    def _ask(self, version: int, query: Query, what: str, counting: bool = False) -> Answer:
        """One question; the thread's own record of the answer's headers says whether it was cut."""
        settings: dict[str, Any] = {
            "materialization_version": int(version), "split_positions": True, "metadata": False, "get_counts": counting,
        }  # fmt: skip
        if query.limit is not None:
            settings["limit"] = int(query.limit)
        ask = self._materialize.query_view if query.view else self._materialize.query_table
        if not query.view:
            settings |= {"merge_reference": False, "log_warning": False}

        def work(heard: list[Exchange]) -> Answer:
            frame = ask(query.table, **query.filters(), **settings)
            if counting:
                return Answer(frame)
            cut = LIMITED.search(heard[-1].warnings)
            size = _triple(heard[-1].resolution)
            return Answer(tidy(frame, size), int(cut.group(1)) if cut else None, size)

        rows = None if counting else (lambda answer: len(answer.frame))
        answered = (version, query.table) in self._answered
        look = causes.once(partial(causes.of_asking, self, version, query, answered=answered))
        answer = self._call(what, query.describe(), work, rows, look)
        self._answered.add((version, query.table))
        return answer

    def _list_tables(self, version: int) -> list[TableInfo]:
        materialize = self._materialize
        described = type(materialize).get_tables_metadata.__wrapped__.__wrapped__
        tables = described(materialize, version=version, log_warning=False)
        views = materialize.get_views(version=version)
        schemas = materialize.get_view_schemas(materialization_version=version) if views else {}
        return sorted(
            [table_info(entry) for entry in tables]
            + [view_info(name, views[name] or {}, schemas.get(name) or {}) for name in views],
            key=lambda table: (table.kind, table.name),
        )

    def _suggest(self, old: int, when: datetime) -> int | None:
        try:
            return int(self._graph.suggest_latest_roots(old, timestamp=when)) or None
        except IndexError:  # it had no part to look for
            return None


def _alone(work: Callable[[], T]) -> Callable[[list[Exchange]], T]:
    return lambda _: work()


def _triple(header: str) -> tuple[float, float, float] | None:
    try:
        return voxel([float(part) for part in header.strip("[]() ").split(",")])
    except ValueError:
        return None


def _utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _stop_when(cancelled: threading.Event, cave: Cave) -> None:
    """Watch the event for as long as the Cave is in use, so that a cancel also reaches a call that waits."""
    alive = weakref.ref(cave)

    def watch() -> None:
        while not cancelled.wait(0.2):
            if alive() is None:
                return
        if (still := alive()) is not None:
            still.stop()

    threading.Thread(target=watch, name="cave-cancel", daemon=True).start()
