"""Small parts of 'Connect a source': errors with their links, the state of the token, the jobs of the form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component
from flask import g

from components import jobs, shell, url_state
from components.connect_cells import fill
from components.connect_form import Form
from components.format import counted
from components.icons import icon
from components.jobs import Shown
from data_access.adapters.cave import access, estimating, job
from data_access.adapters.cave.pull import as_json
from data_access.errors import SynaptoscopeError
from data_access.jobs import Job
from data_access.metadata import DatasetMeta

OURS = (job.KIND, estimating.KIND)
_ADDRESS = re.compile(r"https?://[^\s,;()\"'<>]+")


def linked(text: str) -> list[Component | str]:
    """The text with each web address as a link that opens beside the page."""
    parts: list[Component | str] = []
    at = 0
    for found in _ADDRESS.finditer(text):
        where = found[0].rstrip(".:")
        link = html.A([where, icon("leave")], href=where, target="_blank", rel="noopener", className="elsewhere-link")
        parts += [text[at : found.start()], link]
        at = found.start() + len(where)
    return [*parts, text[at:]]


def problem(error: SynaptoscopeError) -> html.Div:
    """The page's error panel with addresses that can be followed."""
    said = SynaptoscopeError(error.message[:1].upper() + error.message[1:])
    panel = shell.error_panel(said, g.get("request_id", ""))
    panel.children[1] = html.P(linked(error.hint[:1].upper() + error.hint[1:])) if error.hint else None
    return panel


def token_line(found: access.Access) -> list[Component | str]:
    """Whether there is a token and where it is from, and without one how to get it; never the token."""
    if found.token is not None:
        return [icon("check"), html.Span(f"{found.words[:1].upper()}{found.words[1:]}; it stays on the server.")]
    words = f"{found.words[:1].upper()}{found.words[1:]}."
    return [
        icon("warning"),
        html.Span([html.Strong(words), " ", *linked(found.how)]),
    ]


def stacks_line(names: Sequence[str]) -> list[Component]:
    """The datastacks of a server, each put into the form by a click."""
    count = html.Span(f"{counted(len(names), 'datastack')}:", className="hint")
    return [count, *(fill("connect-datastack", name, name, f"Choose datastack {name}") for name in names)]


def of_form(shown: Sequence[Shown], form: Form) -> tuple[Shown | None, Shown | None]:
    """The last estimate of what the form asks for and the last pull into its dataset, as far as they still matter."""
    mine = [s for s in shown if s.job.dataset and s.job.dataset == form.dataset and s.job.kind in OURS]
    pull = next((s for s in mine if s.job.kind == job.KIND), None)
    guess = next((s for s in mine if s.job.kind == estimating.KIND), None)
    if guess and pull and pull.job.order > guess.job.order:
        guess = None  # what it counted is being fetched
    if guess and not guess.job.alive and not _same(guess.job, form):
        guess = None
    if pull and not pull.job.alive and (guess or not _same(pull.job, form)):
        pull = None  # of an earlier wish
    return guess, pull


def _same(one: Job, form: Form) -> bool:
    """Whether a job was asked for what the form says now; the title changes nothing."""
    try:
        wanted = as_json(form.request())
    except SynaptoscopeError:
        return False
    return {**one.request, "title": ""} == {**wanted, "title": ""}


def outcome(shown: Sequence[Shown], form: Form) -> list[Component]:
    """Under the form: its estimate, its pull, and other pulls that run."""
    guess, pulls = _shown(shown, form)
    return [*([_estimate(guess)] if guess else []), *map(_pull, pulls)]


def move(shown: Sequence[Shown], form: Form) -> None:
    """New figures into the cards that `outcome` drew, which stay as they are."""
    guess, pulls = _shown(shown, form)
    for one in [*([guess] if guess else []), *pulls]:
        if one.job.state == "running":
            jobs.move(one.job)


def _shown(shown: Sequence[Shown], form: Form) -> tuple[Shown | None, list[Shown]]:
    guess, pull = of_form(shown, form)
    others = [s for s in shown if s.job.alive and s.job.kind == job.KIND and s is not pull]
    return guess, ([pull] if pull else []) + others


def _estimate(shown: Shown) -> Component:
    one = shown.job
    if one.state == "done":
        return html.P(one.message[:1].upper() + one.message[1:] + ".", className="sentence connect-estimate")
    if one.state == "failed":
        return problem(SynaptoscopeError(one.message, one.hint))
    return _card(shown)


def _pull(shown: Shown) -> Component:
    meta = shown.dataset
    told = problem(SynaptoscopeError(shown.job.message, shown.job.hint)) if _has_address(shown.job) else None
    return html.Div([_card(shown), told, open_link(meta, shown.job.alive) if meta else None], className="connect-pull")


def _has_address(one: Job) -> bool:
    return one.state == "failed" and bool(_ADDRESS.search(one.hint))


def _card(shown: Shown) -> Component:
    marks = {"data-job-item": shown.job.id}
    return html.Div(jobs.card(shown.job, shown.dataset), tabIndex="-1", className="connect-job", **marks)


def open_link(meta: DatasetMeta, filling: bool) -> html.P:
    """The way into the dataset."""
    words = "Open what is there so far" if filling or meta.partial else "Open matrix"
    link = url_state.href("/matrix", ds=meta.id, pre="is_cell", post="is_cell")
    label = {"aria-label": f"{words}: {meta.title or meta.id}", "data-go": ""}
    return html.P(html.A([icon("matrix"), words], href=link, className="button primary", **label), className="opens")


def dataset_line(form: Form, known: DatasetMeta | None) -> tuple[str, bool]:
    """What stands under the dataset's id, and whether it is wrong."""
    name = form.dataset
    if not name:
        return "Made of datastack and version where this is empty.", False
    try:
        form.request()
    except SynaptoscopeError as error:
        return f"{error.message}. {error.hint[:1].upper()}{error.hint[1:]}.".replace("..", "."), bool(form.id)
    if known is None:
        return f"A new dataset {name}." if form.id else f"A new dataset {name}; another id may be given.", False
    origin = known.origin
    mine = (form.server, form.datastack, form.version)
    if (origin.get("server"), origin.get("datastack"), origin.get("version")) == mine:
        return f"Adds to {known.title or name}, which is here: only what is missing is fetched.", False
    return f"{name} holds something else. Choose another id.", True
