"""The configuration of gunicorn, with real workers and a small Dash app."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.xdist_group("gunicorn")  # one server for all of them
APP = """
import os

import dash
import flask
from dash import Input, Output, dcc, html

import serving
from settings import load_settings

settings = load_settings()
app = dash.Dash("small", url_base_pathname=settings.url_prefix)
app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])
app.clientside_callback("(x) => x", Output("out", "children"), Input("in", "value"))
server = app.server
serving.install(server, settings, app.csp_hashes)


@server.get(settings.url_prefix + "api/v1/worker")
def worker():
    return {"pid": os.getpid(), "key": server.secret_key}


@server.post(settings.url_prefix + "api/v1/form")
def form():
    return {"length": len(flask.request.form["cells"])}


server.test_client().get(settings.url_prefix + "healthz")
"""


def environment(folder: Path, **more: str) -> dict[str, str]:
    own = {
        "PYTHONPATH": str(CHECKOUT),
        "HOME": str(folder / "home"),
        "SYNAPTOSCOPE_DATA": str(folder / "data"),
    }
    kept = {k: v for k, v in os.environ.items() if k != "PROMETHEUS_MULTIPROC_DIR" and k != "XDG_RUNTIME_DIR"}
    return kept | own | more


def gunicorn(folder: Path, app: str = APP, **more: str) -> subprocess.Popen[str]:
    (folder / "small_app.py").write_text(app)
    (folder / "home").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "gunicorn", "-c", str(CHECKOUT / "gunicorn.conf.py"), "small_app:server"]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Served:
    def __init__(self, port: int, process: subprocess.Popen[str], folder: Path) -> None:
        self.port, self.process, self.folder = port, process, folder

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def workers(self, n: int) -> list[dict[str, Any]]:
        """What the workers say of themselves in `n` answers, eight requests at a time."""
        with ThreadPoolExecutor(8) as pool:
            return [json.loads(body) for _, _, body in pool.map(self.ask, ["/connect/api/v1/worker"] * n)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = gunicorn(folder, PORT=str(port), SYNAPTOSCOPE_URL_PREFIX="/connect/")
    served = Served(port, process, folder)
    try:
        deadline = time.time() + 30
        while time.time() < deadline and process.poll() is None:
            try:
                served.ask("/connect/healthz")
                break
            except OSError:
                time.sleep(0.05)
        else:
            process.kill()
            pytest.fail("".join(process.communicate()))
        yield served
    finally:
        process.kill()
        process.communicate()


def test_parallel_first_requests_find_a_whole_page(served: Served) -> None:
    status, headers, page = served.ask("/connect/")
    assert status == 200
    assert b"_dash-component-suites" in page
    scripts = [part.split('"')[0] for part in page.decode().split('<script src="')[1:]]
    assert len(scripts) > 3
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(served.ask, [*scripts, "/connect/_dash-layout", "/connect/_dash-dependencies"] * 2))
    assert [status for status, _, _ in answers] == [200] * len(answers)
    inline_callback = "sha256-"
    assert headers["Content-Security-Policy"].count(inline_callback) == 2  # the callback's and the renderer's
    assert all(h["X-Content-Type-Options"] == "nosniff" for _, h, _ in answers)


def test_two_workers_share_one_secret_key(served: Served) -> None:
    found = served.workers(60)
    assert len({answer["pid"] for answer in found}) == 2
    assert {answer["key"] for answer in found} == {(served.folder / "data/.cache/secret_key").read_text().strip()}


def test_metrics_add_up_both_workers(served: Served) -> None:
    def count() -> float:
        text = served.ask("/connect/metrics")[2].decode()
        name = 'synaptoscope_requests_total{method="GET",route="/connect/api/v1/worker",status="200"}'
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))

    before = count()
    assert len({answer["pid"] for answer in served.workers(60)}) == 2
    deadline = time.time() + 5  # the last request is counted just after its answer was sent
    while count() - before < 60 and time.time() < deadline:
        time.sleep(0.05)
    assert count() - before == 60


def test_the_api_is_never_the_page(served: Served) -> None:
    for method in ("GET", "POST", "DELETE"):
        status, headers, body = served.ask("/connect/api/v1/none", method)
        assert (status, headers["Content-Type"]) == (404, "application/problem+json")
        assert json.loads(body)["request_id"] == headers["X-Request-ID"]
    assert served.ask("/connect/api/v1/worker", "POST")[0] == 405


def test_eight_kilobytes_of_request_line_arrive_and_more_is_a_4xx(served: Served) -> None:
    assert served.ask("/connect/api/v1/worker?pre=" + "1" * 8000)[0] == 200
    for size in (8200, 20_000, 200_000):
        assert 400 <= served.ask("/connect/api/v1/worker?pre=" + "1" * size)[0] < 500


def test_five_megabytes_arrive_and_forty_are_a_readable_413(served: Served) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, body = served.ask("/connect/api/v1/form", "POST", b"cells=" + b"1" * 5_000_000, form)
    assert (status, json.loads(body)) == (200, {"length": 5_000_000})
    status, _, body = served.ask("/connect/api/v1/form", "POST", b"cells=" + b"1" * 40_000_000, form)
    assert status == 413
    assert "32 MB" in json.loads(body)["detail"]


def test_a_body_in_chunks_is_taken_whole_or_refused(served: Served) -> None:
    def post(size: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        chunks = (b"cells=" if i < 0 else b"1" * 100_000 for i in range(-1, size // 100_000))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request("POST", "/connect/api/v1/form", chunks, headers, encode_chunked=True)
            return connection.getresponse().status
        finally:
            connection.close()

    assert post(5_000_000) == 200
    assert post(40_000_000) == 413


def test_nothing_is_left_in_the_home_directory(served: Served) -> None:
    assert list((served.folder / "home").iterdir()) == []


def test_a_bad_setting_stops_the_start_with_one_line(tmp_path: Path) -> None:
    for more, says in (
        (
            {"SYNAPTOSCOPE_WORKRS": "3"},
            "SYNAPTOSCOPE_WORKRS is no setting (did you mean SYNAPTOSCOPE_WORKERS",
        ),
        ({"PORT": "http"}, "PORT is 'http'"),
    ):
        process = gunicorn(tmp_path, **more)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 1
        assert err.startswith(f"synaptoscope: {says}")
        assert (out, err.count("\n")) == ("", 1)


def test_an_app_that_fails_to_load_leaves_no_folder_of_metrics(tmp_path: Path) -> None:
    process = gunicorn(tmp_path, "raise ValueError('broken')")
    _, err = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "ValueError: broken" in err
    assert list(Path("/dev/shm").glob(f"synaptoscope-metrics-{process.pid}-*")) == []


# Stops the server: the last test of the module.
def test_a_stop_is_clean_and_the_log_is_json(served: Served) -> None:
    folders = set(Path("/dev/shm").glob(f"synaptoscope-metrics-{served.process.pid}-*"))
    assert folders or not Path("/dev/shm").exists()
    served.process.send_signal(signal.SIGTERM)
    out, err = served.process.communicate(timeout=20)
    assert served.process.returncode == 0
    assert "Traceback" not in err
    assert "SIGSEGV" not in err
    assert not any(folder.exists() for folder in folders)
    lines = [json.loads(line) for line in out.splitlines()]
    assert {"method", "path", "status", "ms", "bytes", "request_id"} <= set(lines[-1])
    assert any(line["path"] == "/connect/api/v1/worker" for line in lines)
