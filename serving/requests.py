"""A name for every request, one JSON log line for it, and the numbers that /metrics adds up."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO

import flask
import structlog

from serving import metrics

REQUEST_ID = "synaptoscope.request_id"
ROUTE = "synaptoscope.route"
SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
QUIET = ("healthz", "readyz", "metrics")  # asked every few seconds by machines: logged at level debug

access_log = structlog.stdlib.get_logger("synaptoscope.access")

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


def request_id() -> str:
    """The id of the request being answered, for messages; "" outside a request."""
    return flask.request.environ.get(REQUEST_ID, "") if flask.has_request_context() else ""


def register(server: flask.Flask) -> None:
    """Name, time and log every request of the server. The last WSGI layer to wrap it should be this one."""

    @server.before_request
    def remember_route() -> None:
        flask.g.request_id = request_id()
        rule = flask.request.url_rule
        flask.request.environ[ROUTE] = rule.rule if rule else "none"

    server.wsgi_app = RequestLog(server.wsgi_app)  # type: ignore[method-assign]


class RequestLog:
    """WSGI layer outside everything else, so that streams are timed to their end and failures are seen too.

    A sane X-Request-ID of the client is kept, else one is made; the response carries it. The log line has
    method, path, status, ms, bytes and request_id; never the query, which may hold anything.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        name = given if SANE.fullmatch(given) else uuid.uuid4().hex[:16]
        environ[REQUEST_ID] = name
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=name)
        record = _Record(environ)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            record.status = int(status[:3])
            return start_response(status, [*headers, ("X-Request-ID", name)], exc_info)

        try:
            return _Counted(self._app(environ, start), record)
        except BaseException:
            record.status = 500
            record.write()
            raise


class _Record:
    def __init__(self, environ: Environ) -> None:
        self.environ = environ
        self.started = time.perf_counter()
        self.status = 0
        self.sent = 0

    def write(self) -> None:
        seconds = time.perf_counter() - self.started
        method, route = self.environ["REQUEST_METHOD"], self.environ.get(ROUTE, "none")
        raw = self.environ.get("SCRIPT_NAME", "") + self.environ.get("PATH_INFO", "")
        path = raw.encode("latin-1", "replace").decode("utf-8", "replace")
        level = logging.DEBUG if path.rsplit("/", 1)[-1] in QUIET else logging.INFO
        access_log.log(
            level,
            "request",
            method=method,
            path=path,
            status=self.status,
            ms=round(seconds * 1000, 1),
            bytes=self.sent,
        )
        metrics.observe(method, route, self.status, seconds)


class _Counted:
    """The body, counted as it is sent; closing it writes the record."""

    def __init__(self, body: Iterable[bytes], record: _Record) -> None:
        self._body = body
        self._record = record

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            self._record.sent += len(part)
            yield part

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close:
                close()
        finally:
            self._record.write()


class _Stdout(logging.StreamHandler[TextIO]):
    """Writes to what sys.stdout is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stdout

    @stream.setter
    def stream(self, value: TextIO) -> None:
        raise AttributeError("follows sys.stdout")


def configure_logging(level: str) -> None:
    """JSON lines on stdout for what structlog and logging log, from `level` on. Safe to repeat."""
    common: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *common,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    root = logging.getLogger()
    root.setLevel(level.upper())
    if not any(isinstance(handler, _Stdout) for handler in root.handlers):
        handler = _Stdout()
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=common,
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(serializer=json.dumps, default=str),
                ],
            )
        )
        root.addHandler(handler)
    for noisy in ("werkzeug", "numba", "urllib3"):  # werkzeug's lines hold the query
        logging.getLogger(noisy).setLevel(logging.WARNING)
