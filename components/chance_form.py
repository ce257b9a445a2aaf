"""The section Chance of /reciprocal: which null model, how many samples, what that takes, and the job while it runs."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from components.format import counted
from components.icons import icon
from components.reciprocal_words import put
from components.url_state import Control, PageUrl, Query
from data_access.dataset import Dataset
from data_access.jobs import Job
from data_access.progress import duration
from views import null_models, schema
from views.long_run import Absent, Estimate
from views.reciprocity import ReciprocityView

CONTROLS = [
    Control("samples", "chance-samples", number=True, default="100"),
    Control("seed", "chance-seed", number=True, default="0"),
]
EVERY_MS = 700
NULLS = next(p.choices for p in schema.params(ReciprocityView) if p.key == "null")  # the first is the default


def section(url: PageUrl, query: Query) -> Component:
    """The whole section; components/chance_calls.py fills it once the list has its rows."""
    return html.Section(
        [
            html.Div([html.H2("Chance"), html.Div(id="chance-export")], className="figure-head chance-head"),
            html.P(id="chance-said", className="sentence", **{"aria-live": "polite"}),
            html.Div(id="chance-nulls", className="nulls", role="group", **{"aria-label": "Compared with"}),
            html.Div(
                [
                    _number(url, query, "samples", "Samples", 10),
                    _number(url, query, "seed", "Seed", 0),
                    _button("Run", "chance-run", "button primary"),
                    _button("Cancel", "chance-cancel", "button"),
                    html.Div([html.P(id="chance-estimate"), _bar()], className="chance-cost"),
                ],
                className="chance-run",
            ),
            html.Div(id="chance-message", **{"aria-live": "assertive"}),
            html.Div(id="chance-result"),
            html.Div(id="chance-ledger"),
            dcc.Store(id="chance-at"),
            dcc.Store(id="chance-told"),
            dcc.Interval(id="chance-tick", interval=EVERY_MS, disabled=True),
        ],
        className="chance", id="chance", **{"aria-label": "Chance"},
    )  # fmt: skip


def _number(url: PageUrl, query: Query, key: str, label: str, low: int) -> Component:
    return dmc.NumberInput(
        id=f"chance-{key}", label=label, value=url.value(key, query), size="xs", hideControls=True, debounce=True,
        min=low, allowDecimal=False, className="control number chance-number",
    )  # fmt: skip


def _button(words: str, id: str, class_name: str) -> Component:
    return html.Button(words, id=id, type="button", className=class_name, n_clicks=0, hidden=True)


def _bar() -> Component:
    fill = html.Div(id="chance-fill", style={"width": "0"})
    return html.Div(
        fill, id="chance-bar", className="job-bar", hidden=True, role="progressbar",
        **{"aria-label": "Samples", "aria-valuemin": "0", "aria-valuemax": "100"},
    )  # fmt: skip


def nulls(dataset: Dataset, view: ReciprocityView) -> list[Component]:
    """Each null model with what it holds and what is left over; one that cannot be run is grey and says why."""
    lacking = null_models.available(dataset, view.group)
    return [_null(view, name, lacking[name]) for name in NULLS]


def _null(view: ReciprocityView, name: str, lacks: str) -> Component:
    chosen = name == view.null
    said = null_models.explain(name)
    if lacks:
        why = f"Cannot be run here: {lacks}."
        return html.Div(
            [html.Strong(null_models.title(name)), html.P(said), html.P([icon("warning"), why], className="null-why")],
            className="null lacks",
        )  # fmt: skip
    button = put(null_models.title(name), {"null": None if name == NULLS[0] else name}, "null-name",
                 pressed=chosen)  # fmt: skip
    return html.Div([button, html.P(said)], className="null chosen" if chosen else "null")


def cost(view: ReciprocityView, estimate: Estimate) -> str:
    """'About 4 s for 100 samples of 78,000 connections.'"""
    took = "less than a second" if estimate.seconds < 1 else f"about {duration(estimate.seconds)}"
    text = f"{took} for {counted(view.samples, 'sample')} of {counted(estimate.connections, 'connection')}"
    return f"{text[:1].upper()}{text[1:]}."


def ended(found: Absent) -> str:
    """How the job that was at it before ended, where it did not get there."""
    last = found.last
    if last is None or last.state not in ("failed", "cancelled", "interrupted"):
        return ""
    return f" The last run was {last.state}{': ' + last.message if last.state == 'failed' else ''}."


def moving(job: Job) -> None:
    """How far a job is, into the parts that are there: nothing is drawn anew while it runs."""
    share = 100 * min(1.0, job.done / job.total) if job.total else 0.0
    dash.set_props("chance-fill", {"style": {"width": f"{share:.1f}%"}})
    dash.set_props("chance-bar", {"aria-valuenow": f"{share:.0f}", "aria-valuetext": running(job)})


def running(job: Job) -> str:
    """'Sampling: 40 of 100 · 3 s left'."""
    if job.state == "waiting":
        return "Waits until another job has ended."
    parts: list[Any] = [job.stage or "Starting"]
    if job.total:
        parts = [f"{job.stage}: {job.done:,} of {job.total:,} {job.unit}"]
    if job.seconds_left is not None:
        parts.append(f"{duration(job.seconds_left)} left")
    return " · ".join(parts)
