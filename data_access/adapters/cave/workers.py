"""The threads of a pull: each takes some cells, fetches all their synapses, and stores them as a piece."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np

from data_access.adapters.cave import tables
from data_access.adapters.cave.fetch import Fetch
from data_access.adapters.cave.pieces import Direction, Pieces
from data_access.adapters.cave.problems import CaveError
from data_access.adapters.cave.report import Report
from data_access.adapters.cave.tags import Tags
from data_access.errors import SynaptoscopeError


class Workers:
    """The threads that fetch, and what is left to fetch. The first error stops all of them."""

    def __init__(
        self, fetch: Fetch, pieces: Pieces, missing: dict[Direction, np.ndarray], tags: Tags | None,
        depth: tables.Depth | None, report: Report,
    ) -> None:  # fmt: skip
        self.fetch, self.pieces, self.tags, self.depth, self.report = fetch, pieces, tags, depth, report
        self.error: SynaptoscopeError | OSError | None = None
        self._left: list[tuple[Direction, list[int]]] = [(side, ids.tolist()) for side, ids in missing.items()]
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, n: int) -> None:
        """Begin with n threads; they end with the process, a hanging request does not hold it."""
        self._threads = [threading.Thread(target=self._run, name=f"fetch-{i}", daemon=True) for i in range(n)]
        for thread in self._threads:
            thread.start()

    def alive(self) -> bool:
        """Whether any still works."""
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, seconds: float) -> None:
        """Until all are done, at most so long."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _take(self) -> tuple[Direction, list[int]] | None:
        with self._lock:
            while self._left:
                side, ids = self._left[0]
                if ids:
                    n = self.fetch.width()
                    taken, self._left[0] = ids[:n], (side, ids[n:])
                    return side, taken
                self._left.pop(0)
        return None

    def _run(self) -> None:
        try:
            while not (self._stop.is_set() or self.report.cancelled.is_set()) and (todo := self._take()):
                self._piece(*todo)
        except CaveError as error:
            if error.kind != "cancelled":
                self._failed(error)
        except (SynaptoscopeError, OSError) as error:  # a full disk, for one
            self._failed(error)
        except Exception as error:  # a thread must not die in silence: the pull would count as done
            self._failed(SynaptoscopeError(f"unexpected {type(error).__name__} while fetching: {error}"))

    def _failed(self, error: SynaptoscopeError | OSError) -> None:
        with self._lock:
            self.error = self.error or error
        self._stop.set()

    def _piece(self, side: Direction, ids: Sequence[int]) -> None:
        for part, rows in self.fetch.whole(side, ids):
            if self.depth is not None:
                rows = rows.assign(depth_um=self.depth(rows["x_nm"], rows["y_nm"], rows["z_nm"]))
            if self.tags is not None:
                rows = rows.assign(compartment=self.tags.of(rows["synapse_id"]))
            self.pieces.add(side, part, rows)
            if self._stop.is_set() or self.report.cancelled.is_set():
                return
