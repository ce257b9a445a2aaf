"""Two workers that have just started, asked for everything at once: no error, no blank page."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from data_access.importer import ImportSpec, import_dataset
from tests.browser.live import ROOT, Open

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cold")
    edges = pd.DataFrame({"pre": list("aabbcd"), "post": list("bcadda"), "weight": [1, 2, 3, 4, 5, 6]})
    edges.to_csv(folder / "edges.csv", index=False)
    import_dataset(folder / "data", ImportSpec("tiny", connections=(folder / "edges.csv",)))
    return folder / "data"


@pytest.fixture
def cold_server(data: Path, tmp_path: Path) -> Iterator[str]:
    """gunicorn as `make run` starts it, the moment its port answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PORT": str(port), "SYNAPTOSCOPE_DATA": str(data),
        "SYNAPTOSCOPE_CACHE": str(tmp_path / "cache"), "SYNAPTOSCOPE_WORKERS": "2",
    }  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "app:server"], cwd=ROOT, env=environ, stdout=log, stderr=log
        )
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, (tmp_path / "log").read_text()[-3000:]
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
    assert "SIGSEGV" not in (tmp_path / "log").read_text()


def fetch(address: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_everything_asked_at_once_is_answered(cold_server: str) -> None:
    api = f"{cold_server}/api/v1/datasets/tiny"
    first = [
        f"{cold_server}/", f"{cold_server}/matrix?ds=tiny", f"{cold_server}/_dash-layout",
        f"{cold_server}/_dash-dependencies", f"{api}/matrix.png", f"{api}/matrix.json", f"{api}/connections.parquet",
        f"{api}/matrix/figure.json", f"{cold_server}/readyz",
    ]  # fmt: skip
    with ThreadPoolExecutor(36) as many:
        answers = list(many.map(fetch, first * 4))
        assert [(a, code) for a, (code, _) in zip(first * 4, answers, strict=True) if code != 200] == []
        page = answers[0][1].decode()
        parts = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css|svg)[^"]*)"', page)
        assert len(parts) > 8
        codes = list(many.map(lambda part: fetch(cold_server + part)[0], parts * 3))
    assert set(codes) == {200}


def test_the_first_page_is_not_blank(cold_server: str, open_page: Open) -> None:
    pages = [open_page(f"{cold_server}{path}") for path in ("/", "/matrix?ds=tiny")]
    pages[0].get_by_role("heading", name="Datasets", exact=True).wait_for()
    pages[1].locator("#matrix-graph .main-svg").first.wait_for()
    pages[1].get_by_text("6 connections (21 synapses) among 4 cells").wait_for()
