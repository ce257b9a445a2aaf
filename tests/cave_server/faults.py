"""Faults: what goes wrong, for which requests, how often."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from tests.cave_server.answers import Request

Kind = Literal[
    "slow",  # answer after `seconds`
    "hang",  # never answer
    "status",  # `status` (500, 503, 429 ...) instead of the answer
    "rate",  # the rate limit of the query routes: 500 with "429 Too Many Requests" in its message
    "drop",  # close the connection in mid-body
    "close",  # close the connection without a word
    "terms",  # 403 missing_tos
    "token",  # 401 invalid_token
    "permission",  # 403 missing_permission
    "private",  # a table that others may read: 500 with "401 Unauthorized" in its message
    "expired",  # the version is not there any more: 500 with "404 Not Found" in its message
    "html",  # a proxy's page with status 200
    "probe",  # 500 for /materialize/api/versions: the client falls back to API version 2
    "truncate",  # at most `rows` rows, and no Warning header
]


@dataclass(frozen=True)
class Fault:
    """What goes wrong.

    path: regular expression that is searched in "METHOD /path"; empty: every request (but `probe`: the probe).
    first: how many matching requests it meets (None: all). skip: how many matching requests go well before.
    """

    kind: Kind
    path: str = ""
    first: int | None = None
    skip: int = 0
    seconds: float = 1.0
    status: int = 500
    rows: int = 10

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"no fault {self.kind!r}: {', '.join(get_args(Kind))}")
        re.compile(self.path)

    def meets(self, request: Request) -> bool:
        """Whether this request is one that it is about."""
        pattern = self.path or (r"^GET /materialize/api/versions$" if self.kind == "probe" else "")
        return re.search(pattern, f"{request.method} {request.path}") is not None

    def as_dict(self) -> dict[str, Any]:
        """For a control request."""
        return asdict(self)

    @classmethod
    def parse(cls, text: str) -> Fault:
        """From the command line: KIND[:name=value,...], or a status for KIND (`503:first=3,path=query`)."""
        kind, _, rest = text.partition(":")
        options: dict[str, Any] = {}
        for part in filter(None, rest.split(",")):
            name, _, value = part.partition("=")
            if name not in ("path", "first", "skip", "seconds", "status", "rows"):
                raise ValueError(f"no option {name!r} of a fault: path, first, skip, seconds, status, rows")
            options[name] = value if name == "path" else float(value) if name == "seconds" else int(value)
        if kind.isdigit():
            kind, options["status"] = "status", int(kind)
        return cls(kind, **options)  # type: ignore[arg-type]


class Faults:
    """The faults in force. A request meets the first one that is about it."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self._lock = threading.Lock()
        self._faults = list(faults)
        self.cleared = threading.Event()

    def add(self, fault: Fault) -> None:
        """From now on."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Everything goes well again; requests that hang are let go."""
        with self._lock:
            self._faults.clear()
            self.cleared.set()
            self.cleared = threading.Event()

    def meet(self, request: Request) -> Fault | None:
        """The fault that this request meets, counted."""
        with self._lock:
            for k, fault in enumerate(self._faults):
                if not fault.meets(request):
                    continue
                if fault.skip > 0:
                    self._faults[k] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.first is not None:
                    if fault.first <= 0:
                        continue
                    self._faults[k] = replace(fault, first=fault.first - 1)
                return fault
        return None
