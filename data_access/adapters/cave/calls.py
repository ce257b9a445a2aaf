"""One call to CAVE: tried again while that can help, every request of it in the log."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import tenacity

from data_access.adapters.cave.patches import Exchange, Wire, listening, wired
from data_access.adapters.cave.problems import CaveError, classify, host_of
from data_access.secret import Secret

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """How long and how often to try: seconds to connect, to wait for bytes and for one answer in all; attempts.

    Waits between attempts double from `backoff_s` to `backoff_most_s`; a service that asks for a longer wait than
    `patience_s` is given up.
    """

    connect_s: float = 10
    read_s: float = 120
    attempts: int = 6
    backoff_s: float = 0.5
    backoff_most_s: float = 30
    total_s: float = 900
    patience_s: float = 300
    connections: int = 16


QUICK = Limits(
    connect_s=5, read_s=15, attempts=2, backoff_s=0.3, backoff_most_s=2, total_s=20, patience_s=3, connections=4
)


@dataclass(frozen=True)
class Request:
    """One request that was sent: what for, of what, rows and bytes that came, seconds, HTTP status (0: no answer)."""

    what: str
    detail: str
    rows: int | None
    seconds: float
    status: int
    n_bytes: int = 0


@dataclass
class RequestLog:
    """Every request of a client, in the order they ended; no token and no ids in it. Threads may share it."""

    requests: list[Request] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, what: str, detail: str, exchanges: list[Exchange], rows: int | None) -> None:
        """Write down what one attempt sent; `rows` belong to its last request."""
        last = len(exchanges) - 1
        entries = [
            Request(what, detail, rows if i == last else None, round(e.seconds, 4), e.status, e.n_bytes)
            for i, e in enumerate(exchanges)
        ]
        with self._lock:
            self.requests.extend(entries)


@dataclass(frozen=True)
class Heard(tenacity.wait.wait_base):
    """The wait before the next attempt: what the service asked for, else twice as long as before, with some chance."""

    limits: Limits

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        """Seconds."""
        grown = min(self.limits.backoff_s * 2 ** (retry_state.attempt_number - 1), self.limits.backoff_most_s)
        grown *= random.uniform(0.5, 1.0)  # so that workers that failed together do not come back together
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.again_after if isinstance(error, CaveError) else None
        return max(grown, asked or 0.0)


class Calls:
    """The one layer of retries, for one client: its limits, its wire, its log, its way to be cancelled."""

    def __init__(
        self, server: str, limits: Limits, cancelled: threading.Event | None, secrets: tuple[Secret, ...]
    ) -> None:
        self.server, self.limits, self.cancelled, self.secrets = server, limits, cancelled, secrets
        self.wire = Wire(limits.connect_s, limits.read_s, limits.total_s, limits.connections)
        self.log = RequestLog()

    def __call__(
        self,
        what: str,
        detail: str,
        work: Callable[[list[Exchange]], T],
        rows: Callable[[T], int] | None = None,
        look_closer: Callable[[CaveError], CaveError] | None = None,
    ) -> T:
        """The result of `work`, which gets the list that its requests are noted in; raises CaveError alone.

        `look_closer` may replace a problem by the cause behind it before it is decided whether to try again.
        """
        label = f"{what} ({detail})" if detail else what

        def attempt() -> T:
            self.check(label)
            problem: CaveError
            with wired(self.wire), listening() as heard:
                try:
                    result = work(heard)
                except Exception as error:
                    self.log.add(what, detail, heard, None)
                    problem = classify(error, self.server, label, self.secrets)
                else:
                    self.log.add(what, detail, heard, rows(result) if rows else None)
                    return result
            self.check(label)
            problem = look_closer(problem) if look_closer else problem
            raise problem  # outside the except clause: the first error, which may hold the token, is let go

        retrying = tenacity.Retrying(
            stop=self._give_up, wait=Heard(self.limits), sleep=self._sleep, retry=_can_help, reraise=True
        )
        return retrying(attempt)

    def check(self, label: str) -> None:
        """Raise CaveError of kind "cancelled" once the caller has cancelled."""
        if self.wire.stopped.is_set() or (self.cancelled is not None and self.cancelled.is_set()):
            raise CaveError("cancelled", f"{label}: cancelled")

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.check(host_of(self.server))
            (self.cancelled or self.wire.stopped).wait(min(left, 0.25))

    def _give_up(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        asked = error.again_after if isinstance(error, CaveError) else None
        most = 2 if isinstance(error, CaveError) and error.only_once else self.limits.attempts
        return state.attempt_number >= min(most, self.limits.attempts) or (asked or 0.0) > self.limits.patience_s


def _can_help(state: tenacity.RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, CaveError) and error.transient
