"""A file server on 127.0.0.1 for the tests: byte ranges, ETags, and faults on demand."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """The files by path, how the server behaves, and the requests seen (path, Range header, status)."""

    files: dict[str, bytes] = field(default_factory=dict)
    url: str = ""
    ranges: bool = True
    etag: bool = True
    weak_etag: bool = False
    content_type: str = "application/octet-stream"
    fail_first: int = 0
    fail_after: int = 1_000_000
    """Requests that are served before every later one fails."""
    fail_status: int = 500
    retry_after: str = ""
    drop_after: list[int] = field(default_factory=list)
    """For each of the next answers with a body: hang up after so many bytes of it."""
    reset: bool = False
    lie_about_length: int = 0
    seen: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def statuses(self) -> list[int]:
        return [status for _, _, status in self.seen]

    def tag(self, body: bytes) -> str:
        strong = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        return f"W/{strong}" if self.weak_etag else strong


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: FileServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        state, path = self.state, self.path.lstrip("/")
        asked = self.headers.get("Range", "")
        if state.fail_first > 0 or len(state.seen) >= state.fail_after:
            state.fail_first -= 1
            extra = {"Retry-After": state.retry_after} if state.retry_after else {}
            self._answer(state.fail_status, b"trouble", extra)
            return
        if path not in state.files:
            self._answer(404, b"nothing here", {})
            return
        body = state.files[path]
        headers = {"Content-Type": state.content_type}
        if state.etag:
            headers["ETag"] = state.tag(body)
            if self.headers.get("If-None-Match") == state.tag(body):
                self._answer(304, b"", headers)
                return
        match = re.fullmatch(r"bytes=(\d+)-", asked)
        unchanged = self.headers.get("If-Range") in (None, state.tag(body))
        if match and state.ranges and unchanged:
            start = int(match[1])
            if start >= len(body):
                self._answer(416, b"", headers | {"Content-Range": f"bytes */{len(body)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            self._answer(206, body[start:], headers)
            return
        self._answer(200, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        state = self.state
        state.seen.append((self.path, self.headers.get("Range", ""), status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body) + (state.lie_about_length if status == 200 else 0)))
        self.end_headers()
        if status in (200, 206) and state.drop_after:
            self.wfile.write(body[: state.drop_after.pop(0)])
            self.wfile.flush()
            if state.reset:
                # A client may lose bytes that had arrived already.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()
            return
        self.wfile.write(body)
        if state.lie_about_length:
            self.close_connection = True


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up, or that we hung up on, is no news."""


@contextmanager
def serving(files: dict[str, bytes] | None = None) -> Iterator[FileServer]:
    """Serve `files` (path -> bytes) until the block ends."""
    state = FileServer(dict(files or {}))
    handler = type("Handler", (_Handler,), {"state": state})
    with _Quiet(("127.0.0.1", 0), handler) as server:
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
