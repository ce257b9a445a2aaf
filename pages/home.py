"""`/`: the datasets of the data folder, how to add one, and what can be fetched."""

from __future__ import annotations

from typing import Any

import dash
from dash import dcc, html
from dash.development.base_component import Component

from components import datasets, format, shell, url_state
from components.icons import icon
from data_access.catalog import CatalogEntry, load_catalog
from data_access.dataset import Broken
from data_access.metadata import DatasetMeta

dash.register_page(
    __name__, path="/", title="Datasets · Synaptoscope", nav=shell.Nav("Datasets", order=0, icon="datasets")
)

PREVIEW = 144  # side of the preview in CSS pixels
CLUSTERED = 5_000  # a larger matrix takes long to cluster: no link that invites to it
_IMPORT_SYNAPSES = """python -m data_access import --id my-data --title "My volume" \\
    --synapses synapses.parquet --cells cells.csv \\
    --pre pre_pt_root_id --post post_pt_root_id --size size"""
_IMPORT_CONNECTIONS = """python -m data_access import --id my-edges --connections edges.csv \\
    --pre source --post target --weight n_synapses"""


def layout(ds: str = "", **_: Any) -> Component:
    """The list as it is on disk at this moment."""
    found = datasets.listed(shell.data_dir())
    return html.Article(
        [
            dcc.Store(id="home-datasets", data=datasets.for_shell(found)),
            html.Header([html.H1("Datasets"), html.P(_summary(found), className="lede")], className="home-head"),
            _list(found, ds or datasets.default_id(found)) if found else _empty(),
            _own_file(),
            _catalogue({d.id for d in found}),
        ],
        className="page home",
    )


def _summary(found: list[datasets.Listed]) -> str:
    synthetic = sum(1 for d in found if isinstance(d, DatasetMeta) and d.synthetic)
    broken = sum(1 for d in found if isinstance(d, Broken))
    parts = [format.counted(len(found), "dataset")]
    if synthetic:
        parts.append(f"{synthetic} of them synthetic")
    if broken:
        parts.append(f"{broken} cannot be read")
    return ", ".join(parts)


def _list(found: list[datasets.Listed], current: str) -> html.Ul:
    rows = [_broken(d) if isinstance(d, Broken) else _row(d, d.id == current) for d in found]
    return html.Ul(rows, className="dataset-list")


def _row(meta: DatasetMeta, current: bool) -> html.Li:
    matrix = url_state.href("/matrix", ds=meta.id, **_cells_only(meta))
    return html.Li(
        [
            _preview(meta),
            html.Div(
                [
                    html.Div(
                        [
                            html.Div(
                                [
                                    html.H2(html.A(meta.title or meta.id, href=matrix, **{"data-go": ""})),
                                    html.Span("synthetic", className="mark synthetic") if meta.synthetic else None,
                                    html.Span("partial", className="mark partial") if meta.partial else None,
                                    html.Span("in use", className="in-use") if current else None,
                                ],
                                className="dataset-name",
                            ),
                            html.P(_origin(meta), className="dataset-origin"),
                        ],
                        className="dataset-head",
                    ),
                    html.P(meta.description, className="dataset-text") if meta.description else None,
                    html.P(_warning(meta), className="dataset-warning") if _warning(meta) else None,
                    _facts(meta),
                    html.P(_links(meta, matrix), className="dataset-links"),
                ],
                className="dataset-body",
            ),
            _counts(meta),
        ],
        className="dataset" + (" synthetic" if meta.synthetic else ""),
        **({"aria-current": "true"} if current else {}),
    )


def _has_fragments(meta: DatasetMeta) -> bool:
    return 0 < meta.n_table_cells < meta.n_cells


def _cells_only(meta: DatasetMeta) -> dict[str, str]:
    """Both sets without fragments, where there are any: they would fill most of the first picture."""
    return {"pre": "is_cell", "post": "is_cell"} if _has_fragments(meta) else {}


def _preview(meta: DatasetMeta) -> html.Div:
    typed = "cell_types" in meta.capabilities
    picture = url_state.href(
        f"/api/v1/datasets/{meta.id}/matrix.png",
        group="cell_type" if typed else None, width=2 * PREVIEW, height=2 * PREVIEW, theme="light",
        **_cells_only(meta),
    )  # fmt: skip
    what = "by cell type" if typed else "cell by cell"
    return html.Div(
        html.Img(
            alt=f"Matrix of {meta.title or meta.id}, {what}", width=PREVIEW, height=PREVIEW, **{"data-lazy": picture}
        ),
        className="preview",
    )


def _origin(meta: DatasetMeta) -> list[Component | str]:
    parts: list[Component | str] = [format.copyable(meta.id, meta.id, "dataset id", "id-chip")]
    for text in (meta.version, meta.source, datasets.KINDS.get(meta.kind, meta.kind)):
        if text:
            parts += [html.Span(" · ", className="dot"), text]
    return parts


def _warning(meta: DatasetMeta) -> str:
    if meta.synthetic:
        return "Made by a program, not measured: for trying things out, not for findings."
    if meta.partial:
        return "Not everything was fetched yet; pairs that were not fetched count as untested."
    return ""


def _facts(meta: DatasetMeta) -> html.Dl:
    words = datasets.capability_words(meta)
    facts: list[tuple[str, Component | str]] = [("Has", ", ".join(["connections", *words]))]
    if meta.n_complete < meta.n_cells:
        complete = (
            f"{format.counted(meta.n_complete, 'cell')} of {format.thousands(meta.n_cells)}: all inputs and outputs"
        )
        facts.append(("Complete", complete))
    facts.append(("Licence", meta.licence or "not stated"))
    if meta.citation:
        facts.append(("Cite", format.copyable(meta.citation, meta.citation, "the citation", "copyable citation")))
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts], className="dataset-facts")


def _links(meta: DatasetMeta, matrix: str) -> list[Component]:
    def link(words: str, **query: str) -> html.A:
        label = {"aria-label": f"{words}: {meta.title}", "data-go": ""}
        return html.A(words, href=url_state.href("/matrix", ds=meta.id, **query), **label)

    cells = _cells_only(meta)

    button = {"aria-label": f"Open matrix of {meta.title}", "data-go": ""}
    links: list[Component] = [html.A([icon("matrix"), "Open matrix"], href=matrix, className="button", **button)]
    if "cell_types" in meta.capabilities:
        links.append(link("grouped by type", group="cell_type", **cells))
    if (meta.n_table_cells or meta.n_cells) <= CLUSTERED:
        links.append(link("clustered", order="cluster", **cells))
    if cells:
        links.append(link("with fragments"))
    return links


def _counts(meta: DatasetMeta) -> html.Dl:
    counts = [
        ("cells", meta.n_cells),
        *([("in the cell table", meta.n_table_cells)] if _has_fragments(meta) else []),
        ("with a connection", meta.n_cells_connected),
        ("connections", meta.n_connections),
        ("synapses", meta.n_synapses),
        ("reciprocal pairs", meta.n_reciprocal_pairs),
        *([("gap junctions", meta.n_gap_junctions)] if meta.n_gap_junctions else []),
    ]
    return html.Dl(
        [html.Div([html.Dd(format.thousands(n)), html.Dt(name)]) for name, n in counts], className="dataset-counts"
    )


def _broken(item: Broken) -> html.Li:
    return html.Li(
        [
            html.Div(className="preview missing"),
            html.Div(
                [
                    html.Div(
                        [html.H2(item.id), html.Span("cannot be read", className="mark broken")],
                        className="dataset-name dataset-head",
                    ),
                    html.P(item.error, className="dataset-error"),
                    html.P("The other datasets are not touched. To import it again, remove it first:"),
                    _command(f"python -m data_access remove {item.id}"),
                ],
                className="dataset-body",
            ),
        ],
        className="dataset",
    )


def _empty() -> html.Section:
    return html.Section(
        [
            html.H2("The data folder is empty"),
            html.P(["Put the built-in datasets in place: the ", html.I("C. elegans"),
                    " connectome and a synthetic cortical column."]),
            _command("make data"),
            html.P("Or import a synapse table of your own, then reload this page:"),
            _command("python -m data_access import --id my-data --synapses FILE"),
        ],
        className="home-empty",
    )  # fmt: skip


def _own_file() -> html.Section:
    return html.Section(
        [
            html.H2("Add your own file"),
            html.P("Parquet, Feather, Arrow, CSV or TSV. Layouts of CAVE and neuPrint need no column options.",
                   className="lede"),
            html.Div(
                [
                    html.Div([html.P("One synapse a row, and a table of cells"), _command(_IMPORT_SYNAPSES)]),
                    html.Div([html.P("One weighted connection a row"), _command(_IMPORT_CONNECTIONS)]),
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
            else _command(f"python -m data_access fetch {entry.name}"),
        ]
    )


def _weight(entry: CatalogEntry) -> str:
    known = sum(file.size or 0 for file in entry.files)
    if entry.builtin:
        return "built in"
    if not known:
        return "size not stated"
    return format.size(known) if all(file.size for file in entry.files) else f"more than {format.size(known)}"


def _command(text: str) -> html.Div:
    return html.Div(
        [
            html.Pre(html.Code(text), tabIndex="0"),
            html.Button(
                icon("copy"), type="button", className="copy-button", title="Copy",
                **{"data-copy": text, "data-copy-what": "the command", "aria-label": f"Copy the command {text}"},
            ),
        ],
        className="command",
    )  # fmt: skip
