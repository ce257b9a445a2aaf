"""The version badge in the bar: where a dataset has siblings it is a menu that carries the view to another version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from components import export_menu, format, url_state
from components.drop import choice, drop
from components.icons import icon
from data_access.carry import Carried, Row, What
from data_access.dataset import Dataset, open_dataset
from views import carried

CELL_PATH = "/cell/"
LISTED = 100
TOLD: dict[What, tuple[str, str]] = {
    "split": ("Split", "Their nuclei lie in several cells there; in a list of ids all parts are now in the view."),
    "merged": ("Merged", "Their cell there holds nuclei of other cells too."),
    "vanished": ("Vanished", "Their nuclei lie in no cell there; they fell out of the lists of ids."),
    "unknown": ("Not known", "Nothing tells which cell there they are; they fell out of the lists of ids."),
}


def families(known: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Of the shell's datasets those with other versions: family -> its datasets, the newest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in known["list"]:
        if entry["family"]:
            found.setdefault(entry["family"], []).append(entry)
    return {
        family: sorted(entries, key=lambda d: (d["time_stamp"], d["id"]), reverse=True)
        for family, entries in found.items()
        if len(entries) > 1
    }


def switch(known: Mapping[str, Any]) -> Component:
    """The badge with its menu; hidden while the dataset in use has no siblings."""
    shown = [html.Span(id="version-shown", className="version-shown"), icon("chevron")]
    menu = html.Div(lists(known), id="version-menu")
    box = drop(shown, menu, id="version-switch", class_name="dataset-switch version-switch")
    return html.Div(box, id="version-box", hidden=True)


def lists(known: Mapping[str, Any]) -> list[Component]:
    """One list of versions a datastack; the browser shows that of the dataset in use."""
    return [
        html.Ul(
            [html.Li(_entry(d, alike=[o for o in entries if o["version"] == d["version"]])) for d in entries],
            id={"type": "version-family", "family": family},
            hidden=True,
        )
        for family, entries in families(known).items()
    ]


def _entry(entry: Mapping[str, Any], alike: list[Any]) -> html.Button:
    name = entry["version"] or entry["id"]
    line: list[Component] = [html.Span(name if len(alike) == 1 else entry["id"], className="menu-title")]
    line += [html.Span("partial", className="mark partial")] if entry["partial"] else []
    dates = [entry["time_stamp"][:10], f"fetched {entry['fetched']}" if entry["fetched"] else ""]
    detail = " · ".join(part for part in dates if part)
    return choice(
        [html.Span(line, className="menu-line"), html.Span(detail, className="menu-detail")],
        "choose-version", entry["id"],
    )  # fmt: skip


def parts() -> list[Component]:
    """What the shell holds for it: the question to the server, its answer, and the dialog that tells what changed."""
    return [
        dcc.Store(id="version-asked"),
        dcc.Store(id="version-carried"),
        html.Dialog(
            html.Div(id="carried-report"), id="carried", className="carried", **{"aria-labelledby": "carried-title"}
        ),
    ]


def register(app: Dash, data_dir: Any) -> None:
    """The callbacks; `data_dir()` is the data folder of the running app."""
    app.clientside_callback(
        ClientsideFunction("shell", "versions"),
        Output({"type": "version-family", "family": ALL}, "hidden"),
        Output("version-box", "hidden"), Output("version-shown", "children"), Output("version-switch", "title"),
        Input("here", "data"), Input("datasets", "data"), Input("version-menu", "children"),
        State({"type": "version-family", "family": ALL}, "id"),
        prevent_initial_call=True,
    )  # fmt: skip
    app.clientside_callback(
        ClientsideFunction("shell", "carried"), Input("version-carried", "data"), prevent_initial_call=True
    )

    @app.callback(Output("version-menu", "children"), Input("datasets", "data"), prevent_initial_call=True)
    def menu(known: dict[str, Any]) -> list[Component]:
        return lists(known)

    @app.callback(
        Output("version-carried", "data"), Output("carried-report", "children"),
        Input("version-asked", "data"), prevent_initial_call=True,
    )  # fmt: skip
    def asked(question: dict[str, str]) -> tuple[dict[str, Any], Any]:
        return answer(data_dir(), question)


def answer(data_dir: Path, question: Mapping[str, str]) -> tuple[dict[str, Any], Any]:
    """The address in the other version, and what there is to tell about its cells (None: nothing).

    `question`: from, to (dataset ids), search, the query string of the page, and path; a cell in it (/cell/ID) is
    carried as those of the query are, to the first of its parts where it was split.
    """
    source, target = (open_dataset(data_dir, question[key]) for key in ("from", "to"))
    query = url_state.parse(question["search"])
    single = {key: value for key, value in query.items() if isinstance(value, str)}
    before, mark, own = question.get("path", "").rpartition(CELL_PATH)
    params, result = carried.carry_query(source, target, single | ({"cell": unquote(own)} if mark else {}))
    cell = params.pop("cell", "").split(",")[0].strip() if mark else ""
    told = bool(result.to_tell())
    path = f"{before}{mark}{quote(cell, safe='')}" if cell else question.get("path", "")
    done = {"path": path, "search": url_state.search(query | params), "told": told, "said": _said(result, target),
            "asked": question.get("asked", "")}  # fmt: skip
    return done, report(source, target, result) if told else None


def _said(result: Carried, target: Dataset) -> str:
    if not result.rows:
        return f"Now in {_version(target)}"
    return f"Now in {_version(target)}: {carried.in_words(result)}"


def _version(dataset: Dataset) -> str:
    return dataset.meta.version or dataset.meta.id


def report(source: Dataset, target: Dataset, result: Carried) -> Component:
    """The cells that are not simply the same cell under another id: counts, lists to copy, the table."""
    n = sum(result.counts().values())
    there, here = _version(target), _version(source)
    cells = carried.set_text(source, [row.old_id for row in result.rows])
    query = url_state.search({"cells": cells, "to": target.meta.id}).removeprefix("?")
    table = export_menu.table_url(source.meta.id, "carried", "csv", query)
    return html.Div([
        html.H2(f"Not every cell is the same in {there}", id="carried-title"),
        html.P(f"{format.counted(n, 'cell')} of this view: {carried.in_words(result)}."),
        *(part for what in TOLD for part in _section(what, result)),
        html.P(f"Back in the browser returns to {here}, with its cells.", className="hint"),
        html.Div([
            html.A([icon("arrow"), "All as a table (CSV)"], href=table, download="", className="button"),
            html.Button("Close", type="button", className="button primary", **{"data-close-dialog": ""}),
        ], className="carried-ways"),
    ])  # fmt: skip


def _section(what: What, result: Carried) -> list[Component]:
    rows = [row for row in result.rows if row.what == what]
    if not rows:
        return []
    olds = list(dict.fromkeys(str(row.old_id) for row in rows))
    title, meaning = TOLD[what]
    copy = format.copyable("\n".join(olds), "Copy the ids", f"{len(olds):,} ids", "button")
    more = html.P(f"The first {LISTED} of {len(rows):,}.", className="hint") if len(rows) > LISTED else None
    return [
        html.Div([html.H3(f"{title}: {len(olds):,}"), copy], className="carried-head"),
        html.P(meaning, className="hint"),
        html.Ul([html.Li(_line(row)) for row in rows[:LISTED]], className="carried-list", tabIndex="0"),
        *([more] if more else []),
    ]


def _line(row: Row) -> list[Component | str]:
    old = format.id_chip(row.old_id, "cell id", whole=True)
    return [old, *(([" → ", format.id_chip(row.new_id, "cell id", whole=True)]) if row.new_id is not None else [])]
