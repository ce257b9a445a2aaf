"""Long work on screen: a card a job, and a list of them that follows what they do.

`board(...)` goes into a page's layout, once; it asks the server once a second as long as something runs. The browser
half (buttons, focus, local time) is assets/jobs.js, which hands a click on to the store `jobs-do`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dash
from dash import Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component
from flask import current_app

from components import datasets, shell, url_state
from components.icons import icon
from data_access import store
from data_access.adapters.cave import job as cave
from data_access.adapters.cave.access import access
from data_access.errors import InputError, SynaptoscopeError
from data_access.jobs import RESUMABLE, Job, Jobs, kinds
from data_access.metadata import DatasetMeta
from data_access.progress import counted, duration, paced
from data_access.secret import Secret

EVERY_MS = 1000


@dataclass(frozen=True)
class Shown:
    """A job and the dataset that it fills, where that can be opened already."""

    job: Job
    dataset: DatasetMeta | None

    @property
    def form(self) -> str:
        """Differs when the card has other parts than before, not only other figures."""
        job, known = self.job, self.job.total is not None
        parts = [_state(job), bool(job.stage), known, job.title, job.message, job.hint, job.notes, self.generation]
        return json.dumps([*parts, str(job.queued)])

    @property
    def generation(self) -> list[Any] | None:
        """Differs when the dataset appeared, grew or became whole."""
        return [self.dataset.id, self.dataset.generation, self.dataset.partial] if self.dataset else None


def listed(data_dir: Path) -> list[Shown]:
    """All jobs, the last started first."""
    jobs = Jobs(data_dir).all()
    found = {name: _meta(data_dir, name) for name in {job.dataset for job in jobs if job.dataset}}
    return [Shown(job, found.get(job.dataset)) for job in jobs]


def _meta(data_dir: Path, name: str) -> DatasetMeta | None:
    try:
        return store.read_meta(data_dir, name)
    except SynaptoscopeError:
        return None


def card(job: Job, dataset: DatasetMeta | None = None) -> html.Article:
    """One job: what it is, how far, how it ended, and what can be done with it.

    dataset: the one that it fills, once that can be opened.
    """
    return html.Article(
        [
            html.Div(
                [
                    html.Div(
                        [html.H2(job.title), html.Span(_state(job), className=f"mark job-state {job.state}")],
                        className="job-name",
                    ),
                    html.P(_origin(job, dataset), className="job-origin"),
                    html.Div(_progress(job), className="job-progress"),
                    html.Div(_outcome(job), className="job-outcome"),
                    html.Ul([html.Li(note) for note in job.notes], className="job-notes", hidden=not job.notes),
                ],
                className="job-body",
            ),
            html.Div(_buttons(job), className="job-buttons"),
        ],
        className=f"job {job.state}",
    )


def _state(job: Job) -> str:
    return "stopping" if job.cancelling else job.state


def _origin(job: Job, dataset: DatasetMeta | None) -> list[Component]:
    parts: list[Component] = []
    if dataset:
        link = url_state.href("/matrix", ds=dataset.id)
        name = dataset.title or dataset.id
        parts.append(html.A(name, href=link, **{"data-go": "", "aria-label": f"Open matrix of {name}"}))
        if dataset.partial:
            parts.append(html.Span("partial so far" if job.alive else "partial", className="mark partial"))
    elif job.dataset:
        parts.append(html.Code(job.dataset))
    return parts + _when(job)


def _when(job: Job) -> list[Component]:
    began = html.Span(["asked for " if job.started is None else "started ", _time(job)])
    return [began, html.Span(_spent(job), id=_part("spent", job))]


def _spent(job: Job) -> str:
    if job.seconds is None:
        return ""
    words = {"running": "runs for", "done": "took"}
    return f"{words.get(job.state, 'ended after')} {duration(job.seconds)}"


def _time(job: Job) -> html.Time:
    when = job.started or job.queued
    return html.Time(f"{when:%-d %b %H:%M} UTC", dateTime=when.isoformat(timespec="seconds"), **{"data-local": ""})


def _progress(job: Job) -> list[Component]:
    """The bar and what it stands for; nothing for what is done or never began."""
    if job.state == "waiting":
        return [html.P("Waits until another job has ended.", className="job-stage")]
    if job.state == "done" or not job.stage:
        return []
    bar = html.Div(
        html.Div(id=_part("fill", job), **_fill(job)), id=_part("bar", job), role="progressbar",
        className="job-bar" if job.total is not None else "job-bar unknown", **_bar(job),
        **{"aria-label": f"Progress of {job.title}", "aria-valuemin": "0", "aria-valuemax": "100"},
    )  # fmt: skip
    return [
        html.Div(
            [
                html.P(_stage(job), id=_part("stage", job), className="job-stage"),
                html.P(_figures(job), id=_part("figures", job), className="job-figures"),
            ],
            className="job-now",
        ),
        *([bar] if job.alive or job.total is not None else []),
    ]


def _part(name: str, job: Job) -> dict[str, str]:
    return {"type": f"job-{name}", "job": job.id}


def _stage(job: Job) -> str:
    return job.stage if job.alive else f"Last stage: {job.stage}"


def _figures(job: Job) -> str:
    left = f"{duration(job.seconds_left)} left" if job.seconds_left is not None else ""
    parts = (counted(job.done, job.total, job.unit), paced(job.rate, job.unit), left)
    return " · ".join(part for part in parts if part)


def _share(job: Job) -> float:
    return min(1.0, job.done / job.total) if job.total else 1.0


def _fill(job: Job) -> dict[str, Any]:
    return {"style": {"width": f"{100 * _share(job):.2f}%" if job.total is not None else "0"}}


def _bar(job: Job) -> dict[str, str]:
    now = {"aria-valuenow": f"{int(100 * _share(job))}"} if job.total is not None else {}
    return now | {"aria-valuetext": ": ".join(filter(None, (job.stage, _figures(job))))}


def move(job: Job) -> None:
    """New figures into the parts of a card: Dash would draw a card that is sent as a whole anew, each second."""
    moving = {
        "spent": {"children": _spent(job)}, "stage": {"children": _stage(job)}, "figures": {"children": _figures(job)},
        "fill": _fill(job), "bar": _bar(job),
    }  # fmt: skip
    for name, props in moving.items():
        dash.set_props(_part(name, job), props)


def _outcome(job: Job) -> list[Component]:
    if job.alive or not job.message:
        return []
    message, hint = _sentence(job.message), _sentence(job.hint)
    if job.state == "failed":
        return [html.P([icon("warning"), html.Span(message)], className="error-message"), html.P(hint)]
    return [html.P(message), *([html.P(hint, className="hint")] if hint else [])]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _buttons(job: Job) -> list[Component]:
    """Always the same ones in the same places: a list that follows its jobs must not move what has the focus."""
    resumable = job.state in RESUMABLE and job.kind in kinds()
    return [
        _button("Cancel", "cancel", job, hidden=not job.alive, busy=job.cancelling),
        _button("Resume", "again", job, hidden=not resumable),
        _button("Remove from list", "forget", job, hidden=job.alive),
    ]


def _button(words: str, what: str, job: Job, hidden: bool, busy: bool = False) -> html.Button:
    marks = {"data-job-do": what, "data-job": job.id, "aria-label": f"{words}: {job.title}"}
    if busy:
        marks["aria-disabled"] = "true"
    return html.Button(words, type="button", className="button", hidden=hidden, **marks)


def board(shown: Sequence[Shown], chosen: str = "") -> list[Component]:
    """The list, and what keeps it up to date; for the layout of a page, once. `chosen`: id of a job to point out."""
    return [
        html.P(_summary(shown), id="jobs-summary", className="lede"),
        html.Ul(_items(shown, chosen), id="jobs-list", className="jobs", **{"data-chosen": chosen}),
        html.P(id="jobs-told", className="visually-hidden", role="status"),
        dcc.Interval(id="jobs-tick", interval=EVERY_MS, disabled=not _any_alive(shown)),
        dcc.Store(id="jobs-do"),
        dcc.Store(id="jobs-seen", data=_seen(shown) | {"chosen": chosen}),
    ]


def _items(shown: Sequence[Shown], chosen: str) -> list[html.Li]:
    return [
        html.Li(
            card(s.job, s.dataset), id=_part("item", s.job), tabIndex="-1",
            className="job-item" + (" pointed-out" if s.job.id == chosen else ""), **{"data-job-item": s.job.id},
        )
        for s in shown
    ]  # fmt: skip


def _any_alive(shown: Sequence[Shown]) -> bool:
    return any(s.job.alive for s in shown)


def _seen(shown: Sequence[Shown]) -> dict[str, Any]:
    """What the browser shows at the moment, so that only what changed is sent."""
    return {
        "order": [s.job.id for s in shown],
        "forms": {s.job.id: s.form for s in shown},
        "states": {s.job.id: _state(s.job) for s in shown},
        "generations": [s.generation for s in shown if s.generation],
    }


def _summary(shown: Sequence[Shown]) -> str:
    states = [s.job.state for s in shown]
    running, waiting = states.count("running"), states.count("waiting")
    ended = len(states) - running - waiting
    parts = [f"{n} {word}" for n, word in ((running, "running"), (waiting, "waiting"), (ended, "ended")) if n]
    return ", ".join(parts)


@callback(
    Output("jobs-list", "children"),
    Output("jobs-summary", "children"),
    Output("jobs-tick", "disabled"),
    Output("jobs-seen", "data"),
    Output("jobs-told", "children"),
    Input("jobs-tick", "n_intervals"),
    Input("jobs-do", "data"),
    State("jobs-seen", "data"),
    prevent_initial_call=True,
)
def follow(_: int | None, asked: dict[str, str] | None, seen: dict[str, Any]) -> tuple[Any, ...]:
    """What changed since the browser last asked, after doing what a button says."""
    data_dir = shell.data_dir()
    if asked and ctx.triggered_id == "jobs-do":
        try:
            _do(Jobs(data_dir), asked.get("what", ""), asked.get("job", ""))
        except SynaptoscopeError as error:
            shell.on_error(error)
    shown = listed(data_dir)
    now = _seen(shown) | {"chosen": seen["chosen"]}
    if now["generations"] != seen["generations"]:
        dash.set_props("datasets", {"data": datasets.for_shell(datasets.listed(data_dir))})
    items: Any = _items(shown, seen["chosen"])
    if now["order"] == seen["order"]:
        items = no_update
        for s in shown:
            if now["forms"][s.job.id] != seen["forms"][s.job.id]:
                dash.set_props(_part("item", s.job), {"children": card(s.job, s.dataset)})
            elif s.job.state == "running":
                move(s.job)
    return items, _summary(shown), not _any_alive(shown), now, _told(shown, seen["states"])


def _do(jobs: Jobs, what: str, job_id: str) -> None:
    if what == "cancel":
        jobs.cancel(job_id)
    elif what == "again":
        jobs.again(job_id, _secrets(jobs.get(job_id)))
    elif what == "forget":
        jobs.forget(job_id)


def _secrets(job: Job) -> dict[str, Secret]:
    """The token that a job wants, where one may be sent to its server; it was not kept with the job.

    InputError where this server lets nobody spend its token from a page.
    """
    if cave.TOKEN not in job.secrets:
        return {}
    settings = current_app.config["SETTINGS"]
    if settings.connect != "on":
        raise InputError("this server pulls nothing from its pages", "give the same command again where it was given")
    found = access(str(job.request.get("server", "")), settings.cave_token, settings.cave_server)
    return {cave.TOKEN: found.need()}


def _told(shown: Sequence[Shown], before: dict[str, str]) -> Any:
    """For screen readers: jobs that are in another state than before."""
    news = [f"{s.job.title}: {_state(s.job)}" for s in shown if before.get(s.job.id, _state(s.job)) != _state(s.job)]
    return ". ".join(news) if news else no_update
