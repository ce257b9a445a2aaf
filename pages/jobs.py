"""`/jobs`: long work that runs, waits or has ended; `?job=ID` points one out."""

from __future__ import annotations

from typing import Any

import dash
from dash import html
from dash.development.base_component import Component

from components import jobs, shell, url_state

dash.register_page(__name__, path="/jobs", title="Jobs · Synaptoscope", nav=shell.Nav("Jobs", order=90, icon="jobs"))


def layout(job: str = "", **_: Any) -> Component:
    """The list as it is at this moment."""
    shown = jobs.listed(shell.data_dir())
    return html.Article(
        [
            html.H1("Jobs"),
            _gone() if job and all(job != s.job.id for s in shown) else None,
            html.Div(jobs.board(shown, job), className="jobs-board"),
            _empty(),
        ],
        className="page jobs-page",
    )


def _gone() -> Component:
    return html.P("The job of this link is no longer in the list.", className="note", role="status")


def _empty() -> Component:
    """Stands under the list, and is seen only as long as that is empty (jobs.css)."""
    return html.Section(
        [
            html.H2("No job yet"),
            html.P(
                "What takes longer than a click runs as a job, such as pulling a dataset from a service. It goes on "
                "when this page is closed or the server restarts, and can be watched, stopped and resumed here."
            ),
            html.P(["Start one with ", html.A("Connect a source", href=url_state.href("/"), **{"data-go": ""}),
                    " on the page Datasets, or in a terminal: what a command pulls is listed here too."]),
        ],
        className="jobs-empty",
    )  # fmt: skip
