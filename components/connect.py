"""'Connect a source': from a CAVE server to a dataset on this machine, on the page Datasets.

The form is the address (components/connect_form.py); components/connect_calls.py wires it, assets/connect.js has the
browser half. Nothing is asked of a service before a click, and no token leaves the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from components import connect_cells, connect_form, connect_parts, jobs, url_state
from components.connect_form import URL, Form
from components.jobs import Shown
from data_access.adapters.cave import local, stacks

DIRECTIONS = {"out": "Outputs", "in": "Inputs", "both": "Both"}
MEANS = {
    "out": "Every synapse that these cells make, onto whatever partner. Their outputs are then complete, and fractions "
    "of output can be given; of their inputs only those from one another are in.",
    "in": "Every synapse onto these cells, from whatever partner. Their inputs are then complete, and fractions of "
    "input can be given; of their outputs only those to one another are in.",
    "both": "Every synapse that these cells make or receive, each once. They are then complete both ways. Inputs are "
    "usually many more than outputs.",
}
COMMAND = "python -m data_access pull cave --datastack minnie65_public --cells \"cell_type == 'BC'\" --id my-cells"


def section(query: Mapping[str, Any], data_dir: Path) -> html.Section:
    """The whole section; with `add` in the query it adds cells to that dataset."""
    head = [
        html.H2("Connect a source", id="connect-title-line"),
        html.P(
            "Pull the synapses of chosen cells from a CAVE datastack. They become a dataset on this machine that opens "
            "while it fills, can be stopped and resumed, and is never fetched twice.",
            className="lede",
        ),
    ]
    if not connect_form.is_on():
        return html.Section([*head, *_off()], className="home-section connect", id="connect")
    form = connect_form.read(query)
    adding = str(query.get("add") or "")
    record = local.record_of(data_dir, adding) if _is_id(adding) else None
    fixed = record is not None
    shown = jobs.listed(data_dir)
    return html.Section(
        [
            *URL.components(query),
            *head,
            _adding(adding, query) if fixed else None,
            html.Div(
                [
                    _where(query, form, fixed),
                    html.Div(id="connect-message", **{"aria-live": "assertive"}),
                    _version(query, form, fixed),
                    _cells(query, form, data_dir),
                    _direction(query),
                    _dataset(query, form, fixed),
                    _go(shown, form),
                ],
                className="connect-form", role="group", **{"aria-labelledby": "connect-title-line"},
            ),
            html.P(id="connect-told", className="visually-hidden", role="status"),
            dcc.Interval(id="connect-tick", interval=jobs.EVERY_MS, disabled=not any(s.job.alive for s in shown)),
            dcc.Store(id="connect-do"),
            dcc.Store(id="connect-known"),
            dcc.Store(id="connect-seen", data=seen(shown, form)),
        ],
        className="home-section connect", id="connect", **({"data-adding": adding} if fixed else {}),
    )  # fmt: skip


def seen(shown: list[Shown], form: Form) -> dict[str, Any]:
    """What the browser shows of the jobs, so that only what changed is sent."""
    mine = [s for s in shown if s.job.kind in connect_parts.OURS]
    return {
        "form": repr(form),
        "cards": [s.form for s in mine if s.job.alive or s.job.dataset == form.dataset],
        "rows": [[s.job.id, s.job.state, s.job.dataset, s.generation] for s in mine],
        "states": {s.job.id: s.job.state for s in mine},
    }


def _is_id(text: str) -> bool:
    return bool(text) and not text.startswith(".") and "/" not in text and len(text) <= 100


def _off() -> list[Component]:
    return [
        html.P(
            ["Pulling from this page is switched off on this server (", html.Code("SYNAPTOSCOPE_CONNECT"), "). Its "
             "operator can pull with a command; the dataset then stands in the list above."],
            className="note",
        ),
        html.Pre(html.Code(COMMAND), tabIndex="0", className="connect-command"),
    ]  # fmt: skip


def _adding(dataset_id: str, query: Mapping[str, Any]) -> html.P:
    other = url_state.href("/", **({"ds": query["ds"]} if query.get("ds") else {}))
    link = html.A("start another dataset instead", href=other, **{"data-go": ""})
    return html.P(["More cells for ", html.Strong(dataset_id), ": its source is fixed. Or ", link, "."],
                  className="note", role="status")  # fmt: skip


def _step(label: str, content: list[Component | None], class_name: str = "") -> html.Div:
    return html.Div(
        [html.H3(label, className="step-name"), html.Div(content, className="step-body")],
        className=f"step {class_name}".strip(),
    )


def _where(query: Mapping[str, Any], form: Form, fixed: bool) -> html.Div:
    fields = html.Div(
        [
            dmc.TextInput(
                id="connect-server", label="Server", value=URL.value("server", query), debounce=True, size="xs",
                placeholder=connect_form.own_server(), readOnly=fixed, spellCheck=False, autoComplete="off",
            ),
            dmc.Autocomplete(
                id="connect-datastack", label="Datastack", value=URL.value("datastack", query), data=stacks.known(),
                placeholder="minnie65_public, or any other", debounce=True, size="xs", readOnly=fixed, limit=50,
            ),
            html.Button("Show versions", id="connect-look", type="button", className="button", n_clicks=0,
                        hidden=fixed, title="Asks the server which versions of the datastack there are"),
            html.Button("List datastacks", id="connect-list", type="button", className="quiet", n_clicks=0,
                        hidden=fixed, title="Asks the server which datastacks it has"),
        ],
        className="fields where",
    )  # fmt: skip
    listed = html.Div(id="connect-stacks", className="ready stacks")
    busy = html.P(id="connect-busy", className="hint", role="status")
    token = html.P(connect_parts.token_line(form.access()), id="connect-token", className="token")
    return _step("Source", [fields, listed, token, busy])


def _version(query: Mapping[str, Any], form: Form, fixed: bool) -> html.Div:
    said = html.P(f"Version {form.version}.", className="hint") if fixed else not_asked(form.version)
    group = dmc.RadioGroup(
        html.Div(said, id="connect-versions"), id="connect-version", value=URL.value("version", query), size="xs",
        **{"aria-label": "Version"},
    )  # fmt: skip
    choices = html.Div(
        [
            dmc.Select(
                id="connect-cell-table", label="Cells from", value=URL.value("cell_table", query) or None,
                data=_kept(URL.value("cell_table", query)), placeholder="as guessed", clearable=True, searchable=True,
                size="xs",
            ),
            dmc.Select(
                id="connect-type-column", label="Types from its column", size="xs", clearable=True, searchable=True,
                value=URL.value("type_column", query) or None, data=_kept(URL.value("type_column", query)),
                placeholder="as guessed",
            ),
        ],
        id="connect-choices", className="fields", hidden=not URL.value("cell_table", query),
    )  # fmt: skip
    return _step("Version", [group, html.Div(id="connect-tables"), choices])


def not_asked(version: int | None) -> html.P:
    """In place of the versions while the server was not asked for them."""
    chosen = f"Version {version} is chosen. " if version is not None else ""
    return html.P(f"{chosen}'Show versions' asks the server for those it has.", className="hint")


def _kept(value: str) -> list[str]:
    return [value] if value else []


def _cells(query: Mapping[str, Any], form: Form, data_dir: Path) -> html.Div:
    rows = connect_cells.rows_of(data_dir, form)
    said, wrong = connect_cells.echo(rows, form)
    box = dmc.Textarea(
        id="connect-cells", label="Cells whose synapses are pulled", value=URL.value("cells", query),
        placeholder=connect_cells.PLACEHOLDER, autosize=True, minRows=1, maxRows=6, debounce=True, size="xs",
        className="set-box", spellCheck=False, error=wrong,
        **{"aria-describedby": "connect-cells-echo", "data-cell-set": "connect"},
    )  # fmt: skip
    ready = html.Div(
        [
            html.Div(connect_cells.examples(rows, form), id="connect-examples", className="ready"),
            html.Button(
                "get the cell table now", type="button", id="connect-get-cells", className="quiet", n_clicks=0,
                hidden=rows is not None or form.version is None,
            ),
        ],
        className="ready",
    )  # fmt: skip
    under = html.Div(
        [html.P(said, id="connect-cells-echo", className="echo", **{"aria-live": "polite"}), ready],
        className="under-set",
    )
    return _step("Cells", [box, under, html.Div(connect_cells.columns(rows), id="connect-columns")])


def _direction(query: Mapping[str, Any]) -> html.Div:
    control = dmc.SegmentedControl(
        id="connect-direction", value=URL.value("direction", query) or "out", size="xs",
        data=[{"value": value, "label": words} for value, words in DIRECTIONS.items()],
        **{"aria-label": "Which synapses of these cells"},
    )  # fmt: skip
    means = [html.P(words, className=f"hint means {value}") for value, words in MEANS.items()]
    return _step("Synapses", [html.Div([control, *means], className="direction")])


def _dataset(query: Mapping[str, Any], form: Form, fixed: bool) -> html.Div:
    fields = html.Div(
        [
            dmc.TextInput(
                id="connect-id", label="Id", value=URL.value("id", query), placeholder=form.suggested or "suggested",
                debounce=True, size="xs", readOnly=fixed, spellCheck=False, autoComplete="off",
                **{"aria-describedby": "connect-id-said"},
            ),
            dmc.TextInput(
                id="connect-title", label="Title", value=URL.value("title", query), debounce=True, size="xs",
                placeholder="datastack and version", autoComplete="off",
            ),
        ],
        className="fields",
    )  # fmt: skip
    boxes = html.Div(
        [
            dmc.Checkbox(id="connect-compartments", label="Target compartments of the synapses", size="xs",
                         checked=URL.value("compartments", query)),
            dmc.Checkbox(id="connect-skeletons", label="Skeletons of the cells", size="xs",
                         checked=URL.value("skeletons", query)),
        ],
        className="boxes",
    )  # fmt: skip
    return _step("Dataset", [fields, html.P(id="connect-id-said", className="echo"), boxes])


def _go(shown: list[Shown], form: Form) -> html.Div:
    return _step(
        "Pull",
        [
            html.Div(
                [
                    html.Button("Estimate", id="connect-estimate", type="button", className="button", n_clicks=0,
                                title="Counts how much it is, and fetches no synapse"),
                    html.Button("Start", id="connect-start", type="button", className="button primary", n_clicks=0),
                    html.Span("The estimate counts first: rows, requests, minutes. A pull goes on when this page is "
                              "closed.", className="hint"),
                ],
                className="ways",
            ),
            html.Div(connect_parts.outcome(shown, form), id="connect-outcome", className="connect-outcome"),
        ],
    )  # fmt: skip
