"""What a null model is, and its samples: what they would cost, how far they are, that they are there."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from components.format import counted
from components.icons import icon
from data_access.errors import SynaptoscopeError
from data_access.progress import duration
from views import null_models
from views.long_run import Absent, Ready, Running, State


def bar(null: str, state: State | SynaptoscopeError | None) -> Component:
    """The explanation of a null model beside the state of its samples; None where there is nothing to sample for."""
    text = [html.Strong(f"{null_models.title(null)}. "), null_models.explain(null)]
    parts = [html.P(text, className="motifs-chance-words"), html.Div(_state(state), className="motifs-chance-state")]
    return html.Div(parts, className="motifs-chance-bar")


def _state(state: State | SynaptoscopeError | None) -> list[Component | None]:
    if state is None:
        return []
    if isinstance(state, SynaptoscopeError):
        hint = f" {state.hint[:1].upper()}{state.hint[1:]}." if state.hint else ""
        return [html.P([icon("warning"), html.Span(f"{state.message}.{hint}")], className="wrong")]
    if isinstance(state, Ready):
        return [html.P(f"Sampled in {duration(state.result.ledger.milliseconds / 1000)}.", className="hint")]
    if isinstance(state, Running):
        return _running(state)
    return _absent(state)


def _running(state: Running) -> list[Component | None]:
    job = state.job
    share = min(1.0, job.done / job.total) if job.total else 0.0
    said = [job.stage or "Waits for its turn", f"{job.done:,} of {job.total:,} {job.unit}" if job.total else ""]
    said.append(f"{duration(job.seconds_left)} left" if job.seconds_left is not None else "")
    words = " · ".join(part for part in said if part)
    progress = html.Div(
        html.Div(style={"width": f"{100 * share:.1f}%"}), role="progressbar",
        className="job-bar" if job.total else "job-bar unknown",
        **{"aria-label": "Samples", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": f"{100 * share:.0f}",
           "aria-valuetext": words},
    )  # fmt: skip
    cancel = html.Button(
        "Cancel", type="button", className="button", **{"data-motifs-do": "cancel", "data-job": job.id}
    )
    return [html.P(words, className="job-stage"), progress, cancel]


_ENDED = {"failed": "failed", "cancelled": "was cancelled", "interrupted": "was interrupted"}


def _absent(state: Absent) -> list[Component | None]:
    cost = state.estimate
    failed = None
    if state.last is not None and state.last.state != "done":
        why = f": {state.last.message}" if state.last.state == "failed" else ""
        failed = html.P(f"The last run {_ENDED.get(state.last.state, 'ended')}{why}.", className="hint")
    return [
        html.Button(f"Run {counted(cost.samples, 'sample')}", type="button", className="button primary",
                    **{"data-motifs-do": "run"}),
        html.Span(f"takes about {duration(max(1.0, cost.seconds))}", className="hint"),
        failed,
    ]  # fmt: skip
