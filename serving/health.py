"""Is the process up, and are its data there?"""

from __future__ import annotations

import logging
from pathlib import Path

import flask
import orjson

from data_access.errors import NotFoundError, SynaptoscopeError
from serving.problems import problem

log = logging.getLogger(__name__)


def register(server: flask.Flask, prefix: str, data: Path) -> None:
    """Serve <prefix>healthz (the process answers) and <prefix>readyz (every dataset of the folder opens)."""

    @server.get(prefix + "healthz", endpoint="serving_health")
    def healthz() -> flask.Response:
        return _uncached(flask.Response("OK\n", mimetype="text/plain"))

    @server.get(prefix + "readyz", endpoint="serving_ready")
    def readyz() -> flask.Response:
        names, broken = look_at(data)
        if broken:
            detail = "; ".join(f"{name}: {why}" for name, why in broken.items())
            hint = f"python -m data_access verify {next(iter(broken))} says more"
            return _uncached(problem(503, detail=detail, hint=hint))
        content = orjson.dumps({"status": "ready", "datasets": names})
        return _uncached(flask.Response(content, mimetype="application/json"))


def look_at(data: Path) -> tuple[list[str], dict[str, str]]:
    """Ids of the datasets that open, and why each other one does not. A missing folder holds none."""
    from data_access import dataset  # brings pandas and DuckDB, which gunicorn.conf.py need not load

    whole, broken = [], {}
    for found in dataset.survey(data):
        if isinstance(found, dataset.Broken):
            broken[found.id] = found.error
            continue
        try:
            dataset.touch(data, found.id)
            whole.append(found.id)
        except NotFoundError:
            continue  # removed since the survey
        except SynaptoscopeError as error:
            broken[found.id] = error.message
        except Exception as error:
            log.error("dataset %s does not open", found.id, exc_info=error)
            broken[found.id] = f"it does not open ({type(error).__name__})"
    return whole, broken


def _uncached(response: flask.Response) -> flask.Response:
    response.headers["Cache-Control"] = "no-store"
    return response
