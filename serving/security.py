"""What a browser may do with our pages, and how large a request may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import flask
from werkzeug.exceptions import RequestEntityTooLarge, RequestURITooLarge

MAX_BODY = 32_000_000  # two cell sets of 5 MB each, every character of which a form may write as three
MAX_DRAINED = 100_000_000  # a body larger than this ends in a closed connection
MAX_REQUEST_LINE = 8190  # as in gunicorn.conf.py

CspHashes = Callable[[], Iterable[str]]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def register(server: flask.Flask, csp_hashes: CspHashes | None = None) -> None:
    """Set the headers on every answer and refuse requests that are too large.

    `csp_hashes` gives the hashes of the page's inline scripts ("'sha256-...'"). It is called once, for the
    first answer: the app's own warm-up request, after which it knows all its callbacks.
    """
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    server.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY  # Flask's own is 500 kB: less than a cell set
    policy = ""

    @server.before_request
    def refuse_too_large() -> None:
        environ = flask.request.environ
        target = environ.get("RAW_URI") or flask.request.full_path
        if len(f"{environ['REQUEST_METHOD']} {target} HTTP/1.1") > MAX_REQUEST_LINE:
            raise RequestURITooLarge(
                f"The request line is longer than {MAX_REQUEST_LINE} bytes; cell sets fit into a POST form."
            )
        if (flask.request.content_length or 0) > MAX_BODY:
            _drain(environ["wsgi.input"])
            raise RequestEntityTooLarge
        if flask.request.content_length is None:
            environ["wsgi.input"] = _Limited(environ["wsgi.input"])

    @server.after_request
    def set_headers(response: flask.Response) -> flask.Response:
        nonlocal policy
        if not policy:
            policy = content_security_policy(csp_hashes() if csp_hashes else ())
        response.headers.setdefault("Content-Security-Policy", policy)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class _Limited:
    """A body sent in chunks: fails at the limit, where Werkzeug hands on the beginning as if it were all."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = MAX_BODY

    def read(self, size: int = -1) -> bytes:
        return self._counted(self._stream.read(size))

    def readline(self, size: int = -1) -> bytes:
        return self._counted(self._stream.readline(size))

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left <= 0:
            _drain(self._stream)
            raise RequestEntityTooLarge
        return data


def _drain(stream: Any) -> None:
    """Read what the client still sends, up to MAX_DRAINED: only then does it read our answer."""
    drained = 0
    while drained < MAX_DRAINED and (data := stream.read(65536)):
        drained += len(data)


def content_security_policy(script_hashes: Iterable[str]) -> str:
    """Everything from this server only; inline scripts by hash; inline styles, which the components need."""
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *script_hashes]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        ]
    )
