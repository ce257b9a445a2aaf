"""The list of datasets on the page Datasets: what each holds, where it is from, and the ways into it."""

from __future__ import annotations

from pathlib import Path

from dash import html
from dash.development.base_component import Component

from components import annotate, command, datasets, format, pulled, url_state
from components.datasets import Listed
from components.icons import icon
from components.pulled import Pulled
from data_access.dataset import Broken
from data_access.metadata import DatasetMeta

PREVIEW = 144  # side of the preview in CSS pixels
CLUSTERED = 5_000  # a larger matrix takes long to cluster: no link that invites to it


def found(listed: list[Listed], ds: str, data_dir: Path) -> Component:
    """The list, `ds` pointed out (or the default where it is empty); without a dataset the ways to get one."""
    if not listed:
        return _empty()
    pulls = pulled.of_datasets(data_dir, listed)
    current = ds or datasets.default_id(listed)
    rows = [_broken(d) if isinstance(d, Broken) else _row(d, d.id == current, pulls.get(d.id)) for d in listed]
    return html.Ul(rows, className="dataset-list")


def summary(found: list[Listed]) -> str:
    """How many there are, in words."""
    synthetic = sum(1 for d in found if isinstance(d, DatasetMeta) and d.synthetic)
    broken = sum(1 for d in found if isinstance(d, Broken))
    parts = [format.counted(len(found), "dataset")]
    if synthetic:
        parts.append(f"{synthetic} of them synthetic")
    if broken:
        parts.append(f"{broken} cannot be read")
    return ", ".join(parts)


def _row(meta: DatasetMeta, current: bool, pull: Pulled | None) -> html.Li:
    matrix = url_state.href("/matrix", ds=meta.id, **_cells_only(meta))
    warning = _warning(meta, pull)
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
                    html.P(warning, className="dataset-warning") if warning else None,
                    _facts(meta, pull),
                    html.P(_links(meta, matrix, pull), className="dataset-links"),
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
    # a browser does not ask again for a picture whose address it has: each generation has a size of its own
    width = 2 * PREVIEW + (meta.generation - 1) % 8
    picture = url_state.href(
        f"/api/v1/datasets/{meta.id}/matrix.png",
        group="cell_type" if typed else None, width=width, height=2 * PREVIEW, theme="light",
        **_cells_only(meta),
    )  # fmt: skip
    what = "by cell type" if typed else "cell by cell"
    return html.Div(
        html.Img(
            alt=f"Matrix of {meta.title or meta.id}, {what}",
            width=PREVIEW,
            height=PREVIEW,
            key=picture,
            **{"data-lazy": picture},
        ),
        className="preview",
    )


def _origin(meta: DatasetMeta) -> list[Component | str]:
    parts: list[Component | str] = [format.copyable(meta.id, meta.id, "dataset id", "id-chip")]
    for text in (meta.version, meta.source, datasets.KINDS.get(meta.kind, meta.kind)):
        if text:
            parts += [html.Span(" · ", className="dot"), text]
    return parts


def _warning(meta: DatasetMeta, pull: Pulled | None) -> str:
    if meta.synthetic:
        return "Made by a program, not measured: for trying things out, not for findings."
    if pull is not None:
        return pulled.warning(meta, pull)
    if meta.partial:
        return "Not everything was fetched yet; pairs that were not fetched count as untested."
    return ""


def _facts(meta: DatasetMeta, pull: Pulled | None) -> html.Dl:
    words = datasets.capability_words(meta)
    facts: list[tuple[str, Component | str]] = [("Has", ", ".join(["connections", *words]))]
    if pull is not None:
        facts += pulled.facts(meta, pull)
    elif meta.n_complete < meta.n_cells:
        complete = (
            f"{format.counted(meta.n_complete, 'cell')} of {format.thousands(meta.n_cells)}: all inputs and outputs"
        )
        facts.append(("Complete", complete))
    facts.append(("Licence", meta.licence or "not stated"))
    if meta.citation:
        facts.append(("Cite", format.copyable(meta.citation, meta.citation, "the citation", "copyable citation")))
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts], className="dataset-facts")


def _links(meta: DatasetMeta, matrix: str, pull: Pulled | None) -> list[Component]:
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
    return [*links, annotate.link(meta), *(pulled.ways(meta, pull) if pull is not None else [])]


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
                    command.line(f"python -m data_access remove {item.id}"),
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
            command.line("make data"),
            html.P("Or import a synapse table of your own, then reload this page:"),
            command.line("python -m data_access import --id my-data --synapses FILE"),
        ],
        className="home-empty",
    )  # fmt: skip
