"""What caveclient lacks, put in once at import: time limits everywhere, no second layer of retries, never a browser.

caveclient sets no time limit on any request, asks for the API versions outside its session, opens a web browser when
terms of service are not accepted, and only logs that an answer was cut. Sessions that it makes while `wired` holds
belong to that wire: its limits, its list of what went over it.
"""

from __future__ import annotations

import contextvars
import logging
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import caveclient.auth  # type: ignore[import-untyped]
import caveclient.base  # type: ignore[import-untyped]
import pyarrow as pa
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.retry import Retry

ARROW_TYPE = "data.arrow"
ARROW_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
NEEDED = {"_patch_session": caveclient.base, "_api_versions": caveclient.base, "webbrowser": caveclient.base}


class SentElsewhere(requests.RequestException):
    """The service answered with a redirect: that is how it asks for a login."""


class CutShort(requests.RequestException):
    """An Arrow stream that lacks its end."""


class TooSlow(requests.Timeout):
    """The whole answer took longer than the wire allows."""


class Stopped(requests.RequestException):
    """The wire was stopped while the answer came in."""


@dataclass(frozen=True)
class Wire:
    """How the sessions of one client talk: seconds to connect, to wait for bytes, for all of one request."""

    connect_s: float = 10
    read_s: float = 120
    total_s: float = 900
    connections: int = 16
    stopped: threading.Event = field(default_factory=threading.Event)
    sockets: weakref.WeakSet[socket.socket] = field(default_factory=weakref.WeakSet, compare=False)

    def stop(self) -> None:
        """End everything that goes over this wire now, even while it waits; nothing can be sent afterwards."""
        self.stopped.set()
        for open_socket in list(self.sockets):
            with suppress(OSError, ValueError):
                open_socket.shutdown(socket.SHUT_RDWR)


@dataclass
class Exchange:
    """One request as it went: seconds, status (0: no answer), and the headers that matter."""

    started: float
    seconds: float = 0.0
    status: int = 0
    n_bytes: int = 0
    warnings: str = ""
    resolution: str = ""


class _Heard(threading.local):
    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.probe_failure: Exception | None = None


_wire: contextvars.ContextVar[Wire | None] = contextvars.ContextVar("synaptoscope_cave_wire", default=None)
_heard = _Heard()


@contextmanager
def wired(wire: Wire) -> Iterator[None]:
    """Sessions that caveclient makes inside belong to `wire`; only in this thread."""
    token = _wire.set(wire)
    try:
        yield
    finally:
        _wire.reset(token)


@contextmanager
def listening() -> Iterator[list[Exchange]]:
    """What this thread sends and gets inside, in order; threads may share a client."""
    before, _heard.exchanges = _heard.exchanges, []
    _heard.probe_failure = None
    try:
        yield _heard.exchanges
    finally:
        _heard.exchanges = before


def probe_failure() -> Exception | None:
    """Why the question for the API versions failed in this `listening` block; caveclient drops the reason."""
    return _heard.probe_failure


class TimedAdapter(HTTPAdapter):
    """Sends with the wire's time limits and no retries of its own; a body that never ends is given up too."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        super().__init__(
            pool_maxsize=wire.connections, max_retries=Retry(total=0, redirect=False, raise_on_status=False)
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As requests does, with connections that the wire knows."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _known_to(self.wire)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request; `timeout` is the wire's unless the caller gave one."""
        kwargs["timeout"] = kwargs.get("timeout") or (self.wire.connect_s, self.wire.read_s)
        exchange = Exchange(time.monotonic())
        _heard.exchanges.append(exchange)
        if self.wire.stopped.is_set():
            raise Stopped(request=request)
        try:
            response = super().send(request, *args, **kwargs)
        finally:
            exchange.seconds = time.monotonic() - exchange.started
        exchange.status = response.status_code
        exchange.warnings = response.headers.get("Warning", "")
        exchange.resolution = response.headers.get("dataframe_resolution", "")
        _limit_body(response, self.wire, exchange)
        return response


def _known_to(wire: Wire) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            wire.sockets.add(self.sock)

    class Encrypted(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            wire.sockets.add(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


def _limit_body(response: requests.Response, wire: Wire, exchange: Exchange) -> None:
    """Read the body piece by piece as it comes, so that a trickle of bytes meets the limit too."""
    raw: Any = response.raw
    in_chunks = raw.stream if raw.chunked else None

    def pieces(amt: int = 65536, decode_content: bool | None = None) -> Iterator[bytes]:
        for piece in in_chunks(amt, decode_content) if in_chunks else _as_it_comes(raw, amt, decode_content):
            exchange.n_bytes += len(piece)
            exchange.seconds = time.monotonic() - exchange.started
            if wire.stopped.is_set():
                raise Stopped(request=response.request)
            if exchange.seconds > wire.total_s:
                raise TooSlow(request=response.request)
            yield piece

    raw.stream = pieces


def _as_it_comes(raw: Any, amt: int, decode_content: bool | None) -> Iterator[bytes]:
    while piece := raw.read1(max(amt, 65536), decode_content=decode_content):
        yield piece


def _note_answer(response: requests.Response, **_: Any) -> None:
    if response.is_redirect:
        raise SentElsewhere(response=response, request=response.request)
    if response.headers.get("Content-Type") == ARROW_TYPE and not _is_whole(response.content):
        raise CutShort(response=response, request=response.request)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep the header with the token: without this a .netrc of the machine would replace it."""
    return request


def _is_whole(stream: bytes) -> bool:
    """Whether an Arrow stream has its end mark, or at least its one batch: else its rows could be fewer than sent."""
    if stream.endswith(ARROW_END):
        return True
    try:
        with pa.ipc.open_stream(stream) as reader:
            return sum(1 for _ in reader) == 1
    except pa.ArrowException:
        return False


def install() -> None:
    """Put the three parts in; raises AttributeError where a newer caveclient has moved one of them."""
    for name, module in NEEDED.items():
        getattr(module, name)
    if getattr(caveclient.base._patch_session, "is_synaptoscope", False):
        return
    original = caveclient.base._patch_session

    def patch_session(session: requests.Session, *args: Any, **kwargs: Any) -> None:
        original(session, *args, **kwargs)
        adapter = TimedAdapter(_wire.get() or Wire())
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        session.hooks["response"].append(_note_answer)
        session.auth = _as_it_is

    def api_versions(
        server_name: str,
        server_address: str,
        endpoints_common: dict[str, str],
        auth_header: dict[str, str],
        verify: bool = True,
    ) -> Any:
        template = endpoints_common.get("get_api_versions")
        if template is None:
            return None
        try:
            with requests.Session() as session:
                patch_session(session)
                session.verify = verify
                response = session.get(template.format_map({server_name: server_address}), headers=auth_header)
                caveclient.base._raise_for_status(response)
                return response.json()
        except Exception as error:
            _heard.probe_failure = error
            raise

    patch_session.is_synaptoscope = True  # type: ignore[attr-defined]
    caveclient.base._patch_session = patch_session
    caveclient.base._api_versions = api_versions
    caveclient.base.webbrowser = NoBrowser()
    caveclient.auth.webbrowser = NoBrowser()
    logging.getLogger("caveclient.base").setLevel(logging.ERROR)  # cut answers are told apart by the header


class NoBrowser:
    """Stands where caveclient has the module webbrowser: a server must not open windows."""

    def open(self, *_: Any, **__: Any) -> bool:
        """Open nothing."""
        return False


install()
