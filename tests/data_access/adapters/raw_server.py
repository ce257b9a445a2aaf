"""A server that answers with exactly the bytes a test wants, to be asked through requests or caveclient."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Talk = Callable[[str, socket.socket], None]


@dataclass
class Raw:
    """Where it listens, and the head of every request it got."""

    address: str
    heads: list[str] = field(default_factory=list)


@contextmanager
def raw_server(talk: Talk) -> Iterator[Raw]:
    """Call `talk` with the head of each request and the connection, which is closed after it."""
    listening = socket.create_server(("127.0.0.1", 0))
    raw = Raw(f"http://127.0.0.1:{listening.getsockname()[1]}")
    ending = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            got = b""
            while b"\r\n\r\n" not in got and (piece := connection.recv(65536)):
                got += piece
            if got:
                raw.heads.append(got.decode("latin-1"))
                talk(raw.heads[-1], connection)

    def accept() -> None:
        while not ending.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield raw
    finally:
        ending.set()
        listening.close()


def answer(connection: socket.socket, status: str, body: bytes, *headers: str, kind: str = "application/json") -> None:
    """Send a whole answer."""
    head = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
