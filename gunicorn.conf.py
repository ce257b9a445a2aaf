"""How gunicorn serves Synaptoscope; HOST, PORT and the SYNAPTOSCOPE_ settings are read here.

The app is imported and warmed up before the workers fork: they share its memory, and no request ever meets a
half-built page. What does not survive a fork (DuckDB, HTTP clients, threads) each worker opens at first use.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from data_access.errors import SynaptoscopeError
from settings import bind_address, load_settings

_memory = "/dev/shm"
_in_memory = _memory if os.access(_memory, os.W_OK) else None
_METRICS = "synaptoscope-metrics-"


def _make_metrics_folder() -> None:
    """Each process writes its counts to files here, and /metrics adds them up."""
    given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not given or (Path(given).name.startswith(_METRICS) and not _is_mine(given)):
        folder = tempfile.mkdtemp(prefix=f"{_METRICS}{os.getpid()}-", dir=_in_memory)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        atexit.register(_remove_metrics_folder)  # even if the app fails to load, unlike a gunicorn hook


def _is_mine(folder: str) -> bool:
    return Path(folder).name.startswith(f"{_METRICS}{os.getpid()}-")


def _remove_metrics_folder() -> None:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
    if _is_mine(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _share_secret_key() -> None:
    from serving.secret_key import shared_secret  # imports prometheus_client, which must find its folder

    try:
        key = shared_secret(_settings)
    except OSError:  # nowhere to keep one: make it here, so that the workers at least agree
        key = secrets.token_hex(32)
    os.environ["SYNAPTOSCOPE_SECRET_KEY"] = key


try:
    _settings = load_settings()
    bind = bind_address()
    _make_metrics_folder()
    _share_secret_key()
except SynaptoscopeError as _error:
    sys.exit(f"synaptoscope: {_error}")

wsgi_app = "app:server"
worker_class = "gthread"
workers = _settings.workers
threads = _settings.threads
preload_app = True
worker_tmp_dir = _in_memory  # a heartbeat file on a slow disk can stall a worker
timeout = 60
graceful_timeout = 30
keepalive = 15
limit_request_line = 8190
control_socket_disable = True  # it would lie in $HOME, which may be read-only
accesslog = None  # serving.requests writes one
loglevel = _settings.log_level


def child_exit(server: Any, worker: Any) -> None:
    """Tell the metrics that the worker is gone; its counts stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
