"""Compressed answers: text on the way out, scripts once a process."""

from __future__ import annotations

import flask
from flask_compress import Compress

TEXT = [
    "text/html",
    "text/css",
    "text/plain",
    "text/csv",
    "text/javascript",
    "application/javascript",
    "application/json",
    "application/problem+json",
    "application/manifest+json",
    "image/svg+xml",
]  # PNG, Parquet, Arrow and fonts are compressed already
SCRIPTS = "_dash-component-suites/"
SCRIPT_BYTES = 32_000_000


def register(server: flask.Flask, prefix: str) -> None:
    """Compress text of 1 kB and more with what the client takes of zstd, brotli and gzip, at fast levels.

    Streams are compressed as they go.
    """
    scripts = prefix + SCRIPTS
    server.config.update(
        COMPRESS_MIMETYPES=TEXT,
        COMPRESS_ALGORITHM=["zstd", "br", "gzip"],
        COMPRESS_ALGORITHM_STREAMING=["zstd", "br", "gzip"],
        COMPRESS_ZSTD_LEVEL=3,
        COMPRESS_BR_LEVEL=4,
        COMPRESS_LEVEL=5,
        COMPRESS_MIN_SIZE=1000,
        COMPRESS_CACHE_BACKEND=_Scripts,
        COMPRESS_CACHE_KEY=lambda request: request.path if request.path.startswith(scripts) else "",
    )
    Compress(server)


class _Scripts:
    """The components' scripts, compressed: the same for as long as the process lives. Nothing else is kept.

    Keys are "algorithm;path", with an empty path for everything that is no script.
    """

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self._kept.get(key)

    def set(self, key: str, value: bytes) -> None:
        size = sum(map(len, self._kept.values()))
        if not key.endswith(";") and key not in self._kept and size + len(value) <= SCRIPT_BYTES:
            self._kept[key] = value
