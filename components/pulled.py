"""The row of a dataset that was pulled: where it is from, how much of it is whole, and the ways to more of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import connect_form, url_state
from components.datasets import Listed
from components.format import counted, thousands
from data_access.adapters.cave import job as pulling
from data_access.adapters.cave import local
from data_access.adapters.cave.local import Standing
from data_access.adapters.cave.problems import host_of
from data_access.jobs import RESUMABLE, Job, Jobs
from data_access.metadata import DatasetMeta

Fact = tuple[str, Component | str]


@dataclass(frozen=True)
class Pulled:
    """A pulled dataset: how far it is (None: not known) and the last job that filled it (None: not in the list)."""

    standing: Standing | None
    job: Job | None


def of_datasets(data_dir: Path, listed: Sequence[Listed]) -> dict[str, Pulled]:
    """Of the datasets those that were pulled from CAVE."""
    ours = [d.id for d in listed if isinstance(d, DatasetMeta) and d.origin.get("kind") == "cave"]
    if not ours:
        return {}
    last: dict[str, Job] = {}
    for job in Jobs(data_dir).all():
        if job.kind == pulling.KIND:
            last.setdefault(job.dataset, job)
    return {name: Pulled(local.standing(data_dir, name), last.get(name)) for name in ours}


def facts(meta: DatasetMeta, pulled: Pulled) -> list[Fact]:
    """Source, state and what was asked for, for the list of facts."""
    origin = meta.origin
    version = f"{origin.get('datastack')} version {origin.get('version')}"
    source = (
        f"{version} at {host_of(str(origin.get('server', '')))}, state of {_day(origin, 'time_stamp')}{_kept(origin)}"
    )
    told = [part for part in (_day(origin, "fetched"), _whole(pulled.standing)) if part]
    return [("From", source), ("Fetched", ", ".join(told))]


def _whole(standing: Standing | None) -> str:
    if standing is None:
        return ""
    if standing.whole == standing.asked:
        return f"{counted(standing.asked, 'cell')}, all whole"
    return f"{thousands(standing.whole)} of {counted(standing.asked, 'cell')} whole"


def _day(origin: Any, name: str) -> str:
    return str(origin.get(name) or "")[:10]


def _kept(origin: Any) -> str:
    """When the version goes away at its source; the dataset here stays."""
    day = _day(origin, "expires_on")
    if not day:
        return ""
    gone = day < f"{datetime.now(UTC):%Y-%m-%d}"
    return f", expired there {day}; this copy stays" if gone else f", kept there until {day}"


def warning(meta: DatasetMeta, pulled: Pulled) -> str:
    """How far a dataset is that is not whole; "" for one that is."""
    if not meta.partial:
        return ""
    job = pulled.job
    doing = {"running": "It is being filled at this moment.", "waiting": "Its job waits for another one."}
    state = doing.get(job.state if job else "", f"Its last pull {_ended(job)}." if job else "Nothing fills it now.")
    return f"Partial: pairs that were not fetched count as untested. {state}"


def _ended(job: Job) -> str:
    return {"failed": "failed", "cancelled": "was cancelled", "interrupted": "was interrupted"}.get(job.state, "ended")


def ways(meta: DatasetMeta, pulled: Pulled) -> list[Component]:
    """More cells, its job, and going on with what was broken off."""
    found: list[Component] = []
    job = pulled.job
    name = meta.title or meta.id
    if not connect_form.is_on():
        return found
    if job is not None and job.state in RESUMABLE:
        marks = {"data-job-do": "again", "data-job": job.id, "aria-label": f"Resume the pull of {name}"}
        found.append(html.Button("Resume", type="button", className="button", **marks))
    if job is not None and job.alive:
        link = url_state.href("/jobs", job=job.id)
        found.append(html.A("its job", href=link, **{"data-go": "", "aria-label": f"Its job: {name}"}))
        return found
    label = {"aria-label": f"Add cells to {name}", "data-go": "", "data-add-cells": ""}
    return [*found, html.A("add cells", href=add_link(meta), **label)]


def add_link(meta: DatasetMeta) -> str:
    """The form with source and id of the dataset."""
    origin = meta.origin
    asks = [a for a in origin.get("asked", []) if isinstance(a, dict)]
    direction = str(asks[-1].get("direction", "out")) if asks else "out"
    server = str(origin.get("server", ""))
    return url_state.href(
        "/", add=meta.id, server=server if server != connect_form.own_server() else None,
        datastack=origin.get("datastack"), version=origin.get("version"), id=meta.id,
        direction=direction if direction != "out" else None,
    )  # fmt: skip
