"""The dashboard as it is served: gunicorn with the repository's configuration, over a data folder."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.datasets import ROOT

START_SECONDS = 90.0


@contextmanager
def serving(data_dir: Path, cache_dir: Path) -> Iterator[str]:
    """gunicorn on a free port; yields the base address, without a slash at the end. RuntimeError with its log."""
    port = _free_port()
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SYNAPTOSCOPE_")}
    environ |= {"SYNAPTOSCOPE_DATA": str(data_dir), "SYNAPTOSCOPE_CACHE": str(cache_dir)}
    environ |= {"HOST": "127.0.0.1", "PORT": str(port)}
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "app:server"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            if not _answers(base, process):
                log.seek(0)
                raise RuntimeError("the server did not start:\n" + log.read().decode(errors="replace")[-2000:])
            yield base
        finally:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(base: str, process: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if Client(base).get("/healthz").status == 200:
                return True
        except OSError:
            time.sleep(0.1)
    return False


@dataclass(frozen=True)
class Answer:
    """status; milliseconds from the first byte asked to the last byte received; bytes as they travelled."""

    status: int
    ms: float
    n_bytes: int


class Client:
    """One connection that stays open, as a browser's does, and takes gzip."""

    def __init__(self, base: str) -> None:
        address = urlsplit(base)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)

    def get(self, path: str) -> Answer:
        """The answer to a GET. RuntimeError with its beginning where the server finds an error."""
        start = time.perf_counter()
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        response = self._connection.getresponse()
        body = response.read()
        ms = 1000 * (time.perf_counter() - start)
        if response.status >= 400:
            raise RuntimeError(f"{response.status} for {path}: {body[:300]!r}")
        return Answer(response.status, ms, len(body))
