"""`/`: the datasets of the data folder, how to add one, and what can be fetched."""

from __future__ import annotations

from typing import Any

import dash
from dash import dcc, html
from dash.development.base_component import Component

from components import annotate, annotate_calls, command, connect, connect_calls, dataset_list, datasets, format, shell
from data_access.catalog import CatalogEntry, load_catalog

dash.register_page(
    __name__, path="/", title="Datasets · Synaptoscope", nav=shell.Nav("Datasets", order=0, icon="datasets")
)

_CALLS = (connect_calls, annotate_calls)  # their callbacks are registered by being imported
_IMPORT_SYNAPSES = """python -m data_access import --id my-data --title "My volume" \\
    --synapses synapses.parquet --cells cells.csv \\
    --pre pre_pt_root_id --post post_pt_root_id --size size"""
_IMPORT_CONNECTIONS = """python -m data_access import --id my-edges --connections edges.csv \\
    --pre source --post target --weight n_synapses"""


def layout(ds: str = "", **query: Any) -> Component:
    """The list as it is on disk at this moment."""
    data_dir = shell.data_dir()
    found = datasets.listed(data_dir)
    return html.Article(
        [
            dcc.Store(id="home-datasets", data=datasets.for_shell(found)),
            html.Header(
                [html.H1("Datasets"), html.P(dataset_list.summary(found), id="home-summary", className="lede")],
                className="home-head",
            ),
            annotate.section(query, data_dir),
            html.Div(dataset_list.found(found, ds, data_dir), id="home-found"),
            connect.section(query | ({"ds": ds} if ds else {}), data_dir),
            _own_file(),
            _catalogue({d.id for d in found}),
        ],
        className="page home",
    )


def _own_file() -> html.Section:
    return html.Section(
        [
            html.H2("Add your own file"),
            html.P("Parquet, Feather, Arrow, CSV or TSV. Layouts of CAVE and neuPrint need no column options.",
                   className="lede"),
            html.Div(
                [
                    html.Div([html.P("One synapse a row, and a table of cells"), command.line(_IMPORT_SYNAPSES)]),
                    html.Div([html.P("One weighted connection a row"), command.line(_IMPORT_CONNECTIONS)]),
                ],
                className="home-columns",
            ),
            html.P([html.Code("python -m data_access import --help"), " names every option."], className="hint"),
        ],
        className="home-section",
    )  # fmt: skip


def _catalogue(present: set[str]) -> html.Section:
    rows = [_entry(entry, present) for entry in load_catalog().values()]
    return html.Section(
        [
            html.H2("Public datasets"),
            html.P("One command fetches the files from their publisher and imports them; a broken download continues.",
                   className="lede"),
            html.Ul(rows, className="catalogue"),
        ],
        className="home-section",
    )  # fmt: skip


def _entry(entry: CatalogEntry, present: set[str]) -> html.Li:
    title = html.A(entry.title, href=entry.home, target="_blank", rel="noopener") if entry.home else entry.title
    return html.Li(
        [
            html.Div([html.H3(title), html.P(entry.description) if entry.description else None]),
            html.Div([html.P(_weight(entry)), html.P(entry.licence)], className="catalogue-terms"),
            html.P("in the data folder", className="catalogue-have")
            if entry.dataset in present
            else command.line(f"python -m data_access fetch {entry.name}"),
        ]
    )


def _weight(entry: CatalogEntry) -> str:
    known = sum(file.size or 0 for file in entry.files)
    if entry.builtin:
        return "built in"
    if not known:
        return "size not stated"
    return format.size(known) if all(file.size for file in entry.files) else f"more than {format.size(known)}"
