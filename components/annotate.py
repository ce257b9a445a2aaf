"""'Add columns': a table of one's own, or one of CAVE, becomes extra columns of a dataset, on the page Datasets.

`/?annotate=ID` shows it. A file is looked at before anything is changed: what matches, under which names it comes in.
components/annotate_calls.py wires it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from components import command, connect_form, shell, url_state
from components.format import counted, size, thousands
from components.icons import icon
from data_access import annotations as joins
from data_access import store
from data_access.annotation_columns import Annotation
from data_access.annotations import Joined
from data_access.errors import SynaptoscopeError
from data_access.metadata import DatasetMeta
from data_access.sources import SUFFIXES
from data_access.uploads import MAX_BYTES

RULES = (
    ("refuse", "is a mistake: refuse"),
    ("first", "take the first row"),
    ("most", "the most common value"),
    ("mean", "mean of numbers"),
    ("sum", "sum of numbers"),
    ("count", "count the rows"),
    ("list", "list all values"),
)
SHOWN = 8  # new columns that are named


def link(meta: DatasetMeta) -> html.A:
    """The way to the form, in the row of a dataset."""
    marks = {"aria-label": f"Add columns to {meta.title or meta.id}", "data-go": "", "data-add-columns": ""}
    return html.A("add columns", href=url_state.href("/", annotate=meta.id), **marks)


def section(query: Mapping[str, Any], data_dir: Path) -> html.Section | None:
    """The form for the dataset that `annotate` names; None where it names none."""
    name = query.get("annotate")
    if not isinstance(name, str) or not name:
        return None
    try:
        meta = store.read_meta(data_dir, name)
    except SynaptoscopeError as error:
        return html.Section([_head("Add columns"), shell.error_panel(error)], className="annotate", id="annotate")
    title = f"Add columns to {meta.title or meta.id}"
    form = _form(meta) if connect_form.is_on() else _off(meta)
    return html.Section(
        [
            _head(title),
            html.P(
                "A table with one row a cell, or a nucleus, becomes extra columns, which filter, colour and group at "
                "once. Cells without a row are missing in them.",
                className="lede",
            ),
            *form,
            html.H3("Columns added so far"),
            html.Div(added(data_dir, meta.id), id="annotate-added"),
            dcc.Store(id="annotate-dataset", data=meta.id),
        ],
        className="annotate", id="annotate", **{"aria-labelledby": "annotate-title"},
    )  # fmt: skip


def _head(title: str) -> html.Div:
    close = html.A("Close", href=url_state.href("/"), **{"data-go": "", "aria-label": "Close: add no columns"})
    return html.Div([html.H2(title, id="annotate-title", tabIndex="-1"), close], className="annotate-head")


def _off(meta: DatasetMeta) -> list[Component]:
    return [
        html.P(["Datasets are not changed from this page on this server (", html.Code("SYNAPTOSCOPE_CONNECT"),
                "). Its operator can do it with a command:"], className="note"),
        command.line(f"python -m data_access annotate {meta.id} FILE"),
    ]  # fmt: skip


def _form(meta: DatasetMeta) -> list[Component | None]:
    return [
        html.Div(
            [
                _step("Table", [_file(), *([_cave(meta)] if meta.origin.get("kind") == "cave" else [])]),
                _step("Match", [_match(meta)]),
                _step("Columns", [_columns()]),
                _step("Result", [html.Div(_nothing_yet(), id="annotate-preview", **{"aria-live": "polite"}), _go()]),
            ],
            className="annotate-form", role="group", **{"aria-labelledby": "annotate-title"},
        ),
        html.Div(id="annotate-message", **{"aria-live": "polite"}),
        dcc.Store(id="annotate-file"),
        dcc.Store(id="annotate-job"),
        dcc.Interval(id="annotate-tick", interval=1000, disabled=True),
    ]  # fmt: skip


def _step(label: str, content: Sequence[Component]) -> html.Div:
    return html.Div(
        [html.H3(label, className="step-name"), html.Div(list(content), className="step-body")], className="step"
    )


def _file() -> html.Div:
    upload = dcc.Upload(
        html.Div([
            html.Button("Choose a file", type="button", className="button", id="annotate-choose"),
            html.Span("or drop it here", className="hint"),
        ], className="drop-here"),
        id="annotate-upload", className="annotate-upload", className_active="annotate-upload over",
        accept=",".join(f".{s.rsplit('.', 1)[-1]}" for s in SUFFIXES),
    )  # fmt: skip
    formats = f"CSV, TSV, Parquet or Feather, up to {size(MAX_BYTES)}; larger ones with python -m data_access annotate."
    return html.Div(
        [
            upload,
            html.P(id="annotate-chosen", className="annotate-chosen", role="status"),
            html.P(formats, className="hint"),
        ],
        **{"data-most": str(MAX_BYTES)},
    )


def _cave(meta: DatasetMeta) -> html.Div:
    version = f"{meta.origin.get('datastack')} version {meta.origin.get('version')}"
    return html.Div(
        [
            html.Div(
                [
                    dmc.TextInput(
                        id="annotate-table", label="Or a CAVE table", size="xs", spellCheck=False, autoComplete="off",
                        placeholder="name of a table or view",
                    ),
                    html.Button("Fetch and add", id="annotate-fetch", type="button", className="button", n_clicks=0),
                ],
                className="fields",
            ),
            html.P(f"Of {version}, whole. Matched by the nucleus where it refers to nuclei, else by the root id; the "
                   "choices below hold for it too.", className="hint"),
        ]
    )  # fmt: skip


def _match(meta: DatasetMeta) -> html.Div:
    first = [name for name in ("cell_id", "nucleus_id") if name in meta.columns]
    likely = [name for name, column in meta.columns.items() if column.kind == "text" and name not in first]
    return html.Div(
        [
            dmc.Select(id="annotate-key", label="Key column of the table", data=[], size="xs", searchable=True,
                       placeholder="found by its name", nothingFoundMessage="no such column", clearable=True),
            dmc.Select(id="annotate-on", label="Column of the dataset that it matches", data=[*first, *likely],
                       value="", size="xs", searchable=True, clearable=True,
                       placeholder="cell_id, or found by the key"),
            dmc.Select(id="annotate-rule", label="A key that stands on several rows", value="refuse", size="xs",
                       data=[{"value": value, "label": label} for value, label in RULES], allowDeselect=False),
        ],
        className="fields",
    )  # fmt: skip


def _columns() -> html.Div:
    return html.Div(
        [
            dmc.MultiSelect(id="annotate-columns", label="Columns to bring in", data=[], value=[], size="xs",
                            placeholder="all of them", searchable=True, clearable=True),
            dmc.TextInput(id="annotate-prefix", label="Prefix of their names", value="", size="xs", debounce=True,
                          placeholder="nothing", spellCheck=False, autoComplete="off"),
        ],
        className="fields",
    )  # fmt: skip


def _go() -> html.Div:
    return html.Div(
        html.Button(
            "Add columns", id="annotate-apply", type="button", className="button primary", disabled=True, n_clicks=0
        ),
        className="ways",
    )


def _nothing_yet() -> html.P:
    return html.P("Choose a table: what matches is shown here before anything is changed.", className="hint")


def looked(joined: Joined) -> list[Component]:
    """What would become of a file: matched cells, keys that are not in the dataset, the new columns."""
    m, a = joined.match, joined.annotation
    cells = html.Strong(f"{thousands(m.cells)} of {counted(m.n_cells, 'cell')}")
    lost = f" {thousands(m.lost)} of its {thousands(m.keys)} keys are not in the dataset." if m.lost else ""
    left = [f"{counted(n, 'row')} without a key" if why == "no" else f"{counted(n, 'row')} with key 0"
            for n, why in ((a.no_key, "no"), (a.zero_key, "zero")) if n]  # fmt: skip
    gone = f" Left out: {' and '.join(left)}." if left else ""
    by = a.on if a.on == a.key else f"{a.key} = {a.on}"
    lines: list[Component] = [
        html.P([cells, f" have a row, by {by}.{lost}{gone}"], className="sentence"),
        html.P(["New columns: ", *_named(a, joined.kinds)], className="annotate-new"),
    ]  # fmt: skip
    if a.left_out:
        words = "; ".join(f"{item.column} ({item.reason})" for item in a.left_out[:SHOWN])
        lines.append(html.P(f"Not brought in: {words}", className="hint"))
    return lines


def _named(annotation: Annotation, kinds: Mapping[str, str]) -> list[Component | str]:
    parts: list[Component | str] = []
    for name in list(annotation.columns)[:SHOWN]:
        parts += [", " if parts else "", html.Code(name), f" ({kinds[name]})"]
    more = len(annotation.columns) - SHOWN
    return [*parts, f" and {more} more"] if more > 0 else parts


def done(joined: Joined) -> html.Div:
    """That it was done, and what can be done with it."""
    a, meta = joined.annotation, joined.meta
    groups = [name for name in a.columns if meta.columns[name].kind in ("text", "boolean")]
    ways: list[Component] = []
    if groups:
        by = groups[0]
        ways.append(_go_on(f"Matrix by {by}", url_state.href("/matrix", ds=meta.id, group=by)))
    ways.append(_go_on("Its cells", url_state.href("/cells", ds=meta.id, colour=groups[0] if groups else None)))
    return html.Div(
        [
            html.P([icon("check"), html.Span(f"Added: {joined.sentence()}.")], className="annotate-done"),
            html.P(ways, className="dataset-links"),
        ],
        role="status",
    )


def _go_on(words: str, href: str) -> html.A:
    return html.A(words, href=href, **{"data-go": ""})


def problem(error: SynaptoscopeError) -> html.Div:
    """What is in the way."""
    return shell.error_panel(error)


def added(data_dir: Path, dataset_id: str) -> list[Component]:
    """The annotations of a dataset, each with the way to take it away."""
    try:
        found = joins.listed(data_dir, dataset_id)
    except SynaptoscopeError as error:
        return [problem(error)]
    if not found:
        return [html.P("None.", className="hint")]
    return [html.Ul([_one(joined) for joined in found], className="annotate-list")]


def _one(joined: Joined) -> html.Li:
    a, m = joined.annotation, joined.match
    told = f"{thousands(m.cells)} of {counted(m.n_cells, 'cell')}; {a.meaning}; {a.added[:10]}"
    button = html.Button(
        f"Remove {counted(len(a.columns), 'column')}", type="button", className="button", n_clicks=0,
        id={"type": "annotate-remove", "name": a.name}, **{"aria-label": f"Remove the columns of {a.name}"},
    )  # fmt: skip
    away = html.Details([html.Summary("remove"), button]) if connect_form.is_on() else None
    return html.Li(
        [
            html.Div([html.P([html.Strong(a.name), ": ", *_named(a, joined.kinds)]), html.P(told, className="hint")]),
            away,
        ]
    )
