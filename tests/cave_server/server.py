"""The stand-in on a socket: threads, faults, a log of what was asked, control requests."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.cave_server.answers import (
    PROXY_PAGE,
    REASONS,
    Answer,
    Request,
    as_json,
    missing_permission,
    missing_tos,
    trapped,
    unauthorized,
)
from tests.cave_server.faults import Fault, Faults
from tests.cave_server.routes import USERS, Options, Service
from tests.cave_server.stack import TruthOfStack


@dataclass(frozen=True)
class Seen:
    """One request in the log.

    ids: entries of its in-filters, or ids in its body. rows: in the answer. limited: the answer stopped at a limit.
    fault: the fault it met. user: whose token. began, ended: seconds of a clock that only goes forward.
    """

    method: str
    path: str
    status: int
    table: str | None
    ids: int | None
    rows: int | None
    limited: bool
    fault: str | None
    user: str
    began: float
    ended: float


class CaveServer:
    """The stand-in, running in threads of this process since it was made."""

    def __init__(self, options: Options | None = None, faults: tuple[Fault, ...] = (), port: int = 0) -> None:
        self.service = Service(options or Options())
        self.faults = Faults(faults)
        self.stopped = threading.Event()
        self._log: list[Seen] = []
        self._waiting = 0
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._socket = _Sockets(("127.0.0.1", port), type("Bound", (_Connection,), {"cave": self}))
        self.address = f"http://127.0.0.1:{self._socket.server_address[1]}"
        self.service.address = self.address
        self._thread = threading.Thread(target=self._socket.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def truth(self) -> dict[str, TruthOfStack]:
        """What is served: truth[datastack][version][table] is a DataFrame."""
        return self.service.truth

    @property
    def waiting(self) -> int:
        """How many requests wait now, because of a fault, for their answer or their end."""
        with self._lock:
            return self._waiting

    @property
    def requests(self) -> list[Seen]:
        """What was asked so far, control requests left out."""
        with self._lock:
            return list(self._log)

    def forget_requests(self) -> None:
        """Begin the log anew."""
        with self._lock:
            self._log.clear()

    def fault(self, kind: str | Fault, **options: Any) -> None:
        """From now on this goes wrong; options as in Fault."""
        self.faults.add(kind if isinstance(kind, Fault) else Fault(kind, **options))  # type: ignore[arg-type]

    def clear_faults(self) -> None:
        """Everything goes well again."""
        self.faults.clear()

    def expire(self, datastack: str, version: int) -> None:
        """The version expires now."""
        self.service.materialize.expired.add((datastack, version))

    def stop(self) -> None:
        """Refuse connections and close those that are open; requests that hang end too."""
        if self.stopped.is_set():
            return
        self.stopped.set()
        self._socket.shutdown()
        self._socket.server_close()
        with self._lock:
            open_now = list(self._connections)
        for connection in open_now:
            _hang_up(connection)
        self.faults.clear()
        self._thread.join(5)

    def wait(self, fault: Fault) -> None:
        """Until a slow answer is due; for ever with one that hangs; at most until the faults are cleared."""
        cleared = self.faults.cleared
        with self._lock:
            self._waiting += 1
        cleared.wait(fault.seconds if fault.kind == "slow" else None)
        with self._lock:
            self._waiting -= 1

    def note(self, seen: Seen) -> None:
        """Add to the log."""
        with self._lock:
            self._log.append(seen)

    def joined(self, connection: socket.socket) -> None:
        """A connection was opened."""
        with self._lock:
            self._connections.add(connection)

    def left(self, connection: socket.socket) -> None:
        """A connection was closed."""
        with self._lock:
            self._connections.discard(connection)

    def control(self, request: Request) -> Answer:
        """What the fixture asks of a server in another process."""
        task = request.path.removeprefix("/_control/")
        if task == "requests":
            return as_json([asdict(seen) for seen in self.requests])
        if task == "forget":
            self.forget_requests()
        elif task == "fault":
            self.fault(Fault(**request.json()))
        elif task == "clear":
            self.clear_faults()
        elif task == "expire":
            self.expire(**request.json())
        elif task != "stop":
            return as_json({"message": f"no control {task}"}, 404)
        return as_json("done")


class _Sockets(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that hangs up, or that we hung up on, is no news."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    cave: CaveServer

    def setup(self) -> None:
        super().setup()
        self.cave.joined(self.connection)

    def finish(self) -> None:
        self.cave.left(self.connection)
        super().finish()

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        began = time.monotonic()
        request = self._read()
        if request.path.startswith("/_control/"):
            self._write(self.cave.control(request))
            if request.path == "/_control/stop":
                threading.Thread(target=self.cave.stop, daemon=True).start()
            return
        fault = self.cave.faults.meet(request)
        if fault is not None and fault.kind in ("hang", "slow"):
            self.cave.wait(fault)
        if fault is not None and fault.kind == "truncate":
            request.most_rows = fault.rows
        silent = self.cave.stopped.is_set() or (fault is not None and fault.kind in ("hang", "close"))
        answer = Answer(0) if silent else _wrong(fault, request, self.cave) or self.cave.service.answer(request)
        user = USERS.get(request.headers.get("authorization", "").removeprefix("Bearer").strip(), "nobody")
        kind = fault.kind if fault is not None else None
        seen = Seen(
            request.method, request.path, answer.status, request.table, request.ids, request.rows, request.limited,
            kind, user, began, time.monotonic(),
        )  # fmt: skip
        # Noted before it is sent: whoever has the answer finds it in the log.
        self.cave.note(seen)
        if silent:
            self._hang_up()
        elif kind == "drop":
            self._write(answer, part=max(1, len(answer.body) // 2))
        else:
            self._write(answer)

    def _read(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        where = urlsplit(self.path)
        return Request(
            method=self.command,
            path=where.path,
            query=dict(parse_qsl(where.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
        )

    def _write(self, answer: Answer, part: int | None = None) -> None:
        """Send the answer, or `part` bytes of its body before hanging up."""
        reason = REASONS.get(answer.status, "")
        head = [f"HTTP/1.1 {answer.status} {reason}", f"Content-Type: {answer.content_type}"]
        head += [f"Content-Length: {len(answer.body)}", *(f"{name}: {value}" for name, value in answer.headers)]
        self.wfile.write("\r\n".join(head).encode("latin-1", "replace") + b"\r\n\r\n" + answer.body[:part])
        if part is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        _hang_up(self.connection)


def _wrong(fault: Fault | None, request: Request, cave: CaveServer) -> Answer | None:
    """The answer a fault gives in place of the true one; None: the true one."""
    kind = fault.kind if fault is not None else None
    stack = re.search(r"/(?:datastack|full)/(\w+)", request.path)
    if fault is not None and kind in ("status", "probe"):
        return as_json({"message": f"{fault.status} {REASONS.get(fault.status, 'Server Error')}"}, fault.status)
    if kind == "rate":
        return trapped(429, "1 per 1 second").answer
    if kind == "terms":
        return missing_tos(cave.service.terms_form)
    if kind == "token":
        return unauthorized("invalid_token")
    if kind == "permission":
        return missing_permission(stack[1] if stack else "")
    if kind == "private":
        return trapped(401, "you do not have permission to read this table").answer
    if kind == "expired":
        return trapped(404, "Analysis version not found").answer
    if kind == "html":
        return PROXY_PAGE
    return None


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def parse_log(text: str) -> list[Seen]:
    """The log as `/_control/requests` tells it."""
    return [Seen(**entry) for entry in json.loads(text)]
