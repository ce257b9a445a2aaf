"""`/cell/<id>`: one neuron. Who it talks to, all its partners in one table, where its synapses lie."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import unquote

import dash
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from components import (
    cell_company,
    cell_identity,
    cell_link,
    cell_partners,
    cell_places,
    datasets,
    export_menu,
    shell,
    url_state,
)
from components.colours import Theme
from components.format import counted
from components.ledger import ledger_line
from components.matrix_controls import kind_columns
from data_access import stored_sets
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, SynaptoscopeError
from serving.requests import request_id
from views import cell, cell_synapses, partners, schema
from views.cell import CellView

dash.register_page(
    __name__, path_template="/cell/<cell_id>", title=lambda cell_id="": f"{unquote(cell_id)} · Synaptoscope"
)

URL = url_state.wire("cell", [*cell_partners.CONTROLS, *cell_places.CONTROLS], drops=(*cell_partners.DROPPED, "view"))
IN_ADDRESS = 20  # ids of a set up to which it stands in the address itself


def layout(cell_id: str = "", ds: str = "", **query: Any) -> Component:
    """The page of one cell; what needs no figure is in it from the start."""
    try:
        meta = datasets.in_use(datasets.listed(shell.data_dir()), ds or None)
        dataset = open_dataset(shell.data_dir(), meta.id)
        code = dataset.code_of(unquote(cell_id))
    except SynaptoscopeError as error:
        return html.Article(
            [html.H1("Cell"), shell.error_panel(error, request_id()), _elsewhere(ds, unquote(cell_id))],
            className="page",
        )
    name = dataset.index.text([code])[0]
    texts = {k: v if isinstance(v, str) else v[0] for k, v in query.items()}
    view, wrong = _fitting(dataset, texts | {"ds": meta.id, "cell": name})
    company = cell.company(dataset, name, view.group)
    who = cell.identity(dataset, code)
    return html.Article(
        [
            *URL.components(query | ({"ds": ds} if ds else {})),
            dcc.Store(id="cell-about", data={"ds": meta.id, "cell": name}),
            dcc.Store(id="cell-made"),
            dcc.Store(id="cell-told"),
            cell_identity.heading(dataset, who),
            shell.error_panel(wrong, request_id()) if wrong else None,
            html.Div(id="cell-message", **{"aria-live": "assertive"}),
            html.Div(
                [
                    html.Section(
                        [
                            html.Div(
                                [
                                    html.P(
                                        [cell_company.sentence(company), *_both_ways(meta.id, name, company)],
                                        className="sentence",
                                        id="cell-sentence",
                                    ),
                                    html.Div(id="cell-types-export"),
                                ],
                                className="figure-head",
                            ),
                            html.Div(
                                cell_company.bars(dataset, company, view),
                                id="cell-company",
                                tabIndex="0",
                                role="region",
                                className="company-box",
                                **{"aria-label": "Partners by type"},
                            ),
                        ],
                        className="cell-company",
                        **{"aria-label": "Who it talks to"},
                    ),
                    cell_identity.facts(dataset, who),
                ],
                className="cell-top",
            ),
            html.Section(
                [
                    html.H2("Partners"),
                    cell_partners.controls(dataset, URL, query, company, _columns(dataset)),
                    html.P(cell_partners.known_counts(company), id="cell-known-counts", className="hint"),
                    html.Div(
                        [
                            html.P(id="cell-listed", className="sentence", **{"aria-live": "polite"}),
                            html.Div(id="cell-partners-export"),
                        ],
                        className="figure-head",
                    ),
                    html.Div(cell_partners.table(dataset, view, company), id="cell-table"),
                    cell_partners.maker(),
                    html.Div(id="cell-partners-ledger"),
                ],
                className="cell-partners",
                **{"aria-label": "Partners"},
            ),
            cell_places.section(
                dataset, URL, query, cell_synapses.lacking(dataset), cell_synapses.body_of(dataset, code)
            ),
        ],
        className="page cell-page",
        id="cell-page",
        **{
            "data-ds": meta.id,
            "data-cell": name,
            "data-route": cell_partners.route(dataset, CellView(ds=meta.id, cell=name)),
        },
    )


def _both_ways(ds: str, cell_id: str, company: cell.Company) -> list[Any]:
    """The way to its reciprocal pairs."""
    if not company.n_reciprocal:
        return []
    return [" ", html.A("See the pairs", href=url_state.href("/reciprocal", ds=ds, cell=cell_id), **{"data-go": ""})]


def _elsewhere(ds: str, cell_id: str) -> Component:
    """Where to look for a cell that is not there: those of nearly its name, and the table of cells."""
    near: list[str] = []
    try:
        meta = datasets.in_use(datasets.listed(shell.data_dir()), ds or None)
        ds, near = meta.id, open_dataset(shell.data_dir(), meta.id).index.nearest(cell_id)
    except SynaptoscopeError:  # then the panel says so
        pass
    links = [html.A(name, href=cell_link.href(ds, name), **{"data-go": ""}) for name in near]
    table = url_state.href("/cells", **({"ds": ds} if ds else {}))
    links.append(html.A("all cells of this dataset", href=table, **{"data-go": ""}))
    return html.Ul([html.Li(link) for link in links], className="links")


def _columns(dataset: Dataset) -> list[str]:
    return [n for n in kind_columns(dataset) if n in dataset.columns and n != "is_cell"] or ["cell_type"]


def _fitting(dataset: Dataset, texts: dict[str, str]) -> tuple[CellView, InputError | None]:
    """The view of an address; what does not fit this dataset is left out and said."""
    try:
        view = schema.parse(CellView, texts)
        partners.chosen(dataset, view.partners())
    except InputError as error:
        return CellView(ds=texts["ds"], cell=texts["cell"]), error
    return view, None


def view_of(search: str | None, about: dict[str, str]) -> tuple[Dataset, CellView]:
    """Dataset and view that a query string means on the page of a cell."""
    query = {k: v if isinstance(v, str) else v[0] for k, v in url_state.parse(search).items()}
    view = schema.parse(CellView, query | {"ds": about["ds"], "cell": about["cell"]})
    return open_dataset(shell.data_dir(), view.ds), view


@callback(
    Output("cell-company", "children"),
    Output("cell-types-export", "children"),
    Output("cell-listed", "children"),
    Output("cell-partners-export", "children"),
    Output("cell-partners-ledger", "children"),
    Output("cell-top-said", "children"),
    Output("cell-message", "children"),
    Output("cell-type", "data"),
    Output("cell-told", "data"),
    Input(URL.location, "search"),
    State("cell-about", "data"),
    State("cell-told", "data"),
)
def words(search: str | None, about: dict[str, str], before: dict[str, str] | None) -> tuple[Any, ...]:
    """Everything about partners that is no row of the table; parts that are as before are not sent again."""
    started = time.perf_counter()
    try:
        dataset, view = view_of(search, about)
        company = cell.company(dataset, view.cell, view.group)
        listed = partners.chosen(dataset, view.partners())
        result = partners.partners(dataset, view.partners())
    except SynaptoscopeError as error:
        return (*[no_update] * 6, shell.error_panel(error, request_id()), no_update, no_update)
    query = schema.query(view.partners(), ("ds",))
    told = {"types": f"{view.group}|{view.type}", "listed": query}
    same = {name for name, key in told.items() if before and before.get(name) == key}
    types: list[Any] = [no_update, no_update, no_update]
    if "types" not in same:
        by_type = schema.query(cell.PartnerTypesView(cell=view.cell, group=view.group))
        types = [
            cell_company.bars(dataset, company, view),
            _menu(dataset, "partner_types", by_type, ""),
            cell_partners.type_options(company, view),
        ]
    rest: list[Any] = [no_update] * 4
    if "listed" not in same:
        counts = listed.partners.n_in[listed.at].sum(), listed.partners.n_out[listed.at].sum()
        ledger = result.ledger.after((time.perf_counter() - started) * 1000)
        rest = [
            cell_partners.sentence(ledger, view, company, (int(counts[0]), int(counts[1]))),
            _menu(dataset, "partners", query, ""),
            ledger_line(ledger),
            f"{view.top:g} %" if view.top < 100 else "all",
        ]
    return types[0], types[1], *rest, None, types[2], told


def _menu(dataset: Dataset, route: str, query: str, figure: str) -> Component:
    snippet = export_menu.python(dataset.meta, route, query)
    return export_menu.menu(dataset.meta, route, query, snippet, figure)


@callback(
    Output("cell-shape", "figure"),
    Output("cell-depth", "figure"),
    Output("cell-path", "figure"),
    Output("cell-places-said", "children"),
    Output("cell-places-key", "children"),
    Output("cell-places-export", "children"),
    Output("cell-places-ledger", "children"),
    Output("cell-places", "data-told"),
    Input(URL.location, "search"),
    Input("theme", "data"),
    State("cell-about", "data"),
    State("cell-places", "data-told"),
)
def places(search: str | None, theme: str | None, about: dict[str, str], before: str | None) -> tuple[Any, ...]:
    """Where the synapses lie: figures, key, words; nothing where none of it has changed."""
    if theme is None:
        raise dash.exceptions.PreventUpdate
    started = time.perf_counter()
    try:
        dataset, view = view_of(search, about)
        told = f"{theme}|{schema.query(view, ('sort',))}"
        if told == before:
            raise dash.exceptions.PreventUpdate
        made = cell_synapses.synapses_of(dataset, view)
    except SynaptoscopeError:  # said elsewhere on the page
        raise dash.exceptions.PreventUpdate from None
    colours: Theme = "dark" if theme == "dark" else "light"
    figures = cell_places.figures(dataset, made, colours)
    ledger = made.ledger.after((time.perf_counter() - started) * 1000)
    return (
        *figures,
        cell_places.sentence(made),
        cell_places.key(dataset, made),
        _menu(dataset, "cell_synapses", schema.query(view, ("ds", "sort")), "cell-shape"),
        ledger_line(ledger),
        told,
    )


@callback(
    Output("cell-made-say", "children"),
    Output("cell-made", "data"),
    Input("cell-make-pre", "n_clicks"),
    Input("cell-make-post", "n_clicks"),
    State("cell-take", "value"),
    State(URL.location, "search"),
    State("cell-about", "data"),
    prevent_initial_call=True,
)
def make_set(pre: int, post: int, take: Any, search: str | None, about: dict[str, str]) -> tuple[Any, Any]:
    """The first rows of the table, in its order, as the pre or the post set; many of them under a short name."""
    side = "pre" if ctx.triggered_id == "cell-make-pre" else "post"
    if not (pre or post):
        raise dash.exceptions.PreventUpdate
    try:
        dataset, view = view_of(search, about)
        if not isinstance(take, int) or take < 1:
            raise InputError(f"'{take}' is no number of rows", "give a whole number from 1")
        codes = partners.chosen(dataset, view.partners()).codes[:take]
        if not len(codes):
            raise InputError("no partner is listed, so there is none to take", "widen what is listed")
        text = ", ".join(cell_link.quoted(dataset, cell_id) for cell_id in dataset.index.text(codes))
        if len(codes) > IN_ADDRESS:
            text = f"set:{stored_sets.store(dataset.data_dir, text)}"
    except SynaptoscopeError as error:
        return html.Span(f"{error.message}. {error.hint[:1].upper()}{error.hint[1:]}.", className="wrong"), no_update
    said = f"{counted(len(codes), 'cell')} {'are' if len(codes) > 1 else 'is'} the {side} set now. "
    matrix = url_state.href("/matrix", **({"ds": view.ds} | _sets(search) | {side: text}))
    link = html.A("See the matrix", href=matrix, id="cell-see-matrix", **{"data-go": ""})
    return [said, link], {"side": side, "text": text}


def _sets(search: str | None) -> dict[str, Any]:
    found = url_state.parse(search)
    return {key: found[key] for key in ("pre", "post") if key in found}


clientside_callback(ClientsideFunction("cellPage", "made"), Input("cell-made", "data"), prevent_initial_call=True)
