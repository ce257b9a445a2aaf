"""The partners of a cell in one table, with what narrows it down and what makes a cell set of it."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components import grid
from components.cell_kinds import kind_colours
from components.format import counted, percent, thousands
from components.grid import GridColumn
from components.url_state import Control, PageUrl, Query
from data_access.dataset import Dataset
from views import schema
from views.cell import CellView, Company
from views.result import Ledger

GRID = "cell-partners"
DROPPED = ("top", "type", "group", "find", "sort", "mask", "colour")
CONTROLS = [
    Control("side", "cell-side", default="both"),
    Control("known", "cell-known", prop="checked", words=("no", "yes"), default="no"),
    Control("top", "cell-top", number=True, default="100", history="replace"),
    Control("find", "cell-find"),
    Control("type", "cell-type"),
    Control("group", "cell-group", default="cell_type", drops=("type",)),
]
SIDES = {"both": "Both", "in": "Inputs", "out": "Outputs"}


def route(dataset: Dataset, view: CellView) -> str:
    """Address of the rows of the table; assets/cell.js makes the same from the address of the page."""
    query = schema.query(view.partners(), ("ds", "sort"))
    return dash.get_relative_path(f"/api/v1/datasets/{dataset.meta.id}/partners.json") + f"?{query}"


def table(dataset: Dataset, view: CellView, found: Company) -> Component:
    """The table; columns that this dataset cannot fill are left out."""
    sized = "sizes" in dataset.meta.capabilities
    placed = "cell_positions" in dataset.meta.capabilities
    complete_in, complete_out = found.partners.complete_in, found.partners.complete_out
    sort = view.partners().sort
    name, down = sort.removeprefix("-"), sort.startswith("-")

    def column(field: str, title: str, kind: str = "number", width: int = 0, help: str = "", **more: Any) -> GridColumn:
        way = ("desc" if down else "asc") if field == name else ""
        return GridColumn(field, title, kind, width, help=help, sort=way, **more)  # type: ignore[arg-type]

    columns = [
        column("partner_id", "Partner", "link", 150, href=_template(dataset)),
        column("kind", "Type", "text", 128, "untyped: a cell without a type; fragment: no known cell"),
        column("n_in", "In", width=76, help="synapses from the partner onto this cell"),
        *([column("fraction_in", "of input", width=92, help="of all synapses onto this cell")] if complete_in else []),
        *(
            [
                column(
                    "cumulative_in",
                    "Σ in",
                    width=84,
                    help="this partner and the stronger ones, of the input from those that are admitted",
                )
            ]
            if complete_in
            else []
        ),
        *([column("sum_size_in", "Size in", width=92, help="summed size of those synapses")] if sized else []),
        column("n_out", "Out", width=76, help="synapses of this cell onto the partner"),
        *([column("fraction_out", "of output", width=96, help="of all synapses of this cell")] if complete_out else []),
        *(
            [
                column(
                    "cumulative_out",
                    "Σ out",
                    width=84,
                    help="this partner and the stronger ones, of the output to those that are admitted",
                )
            ]
            if complete_out
            else []
        ),
        *([column("sum_size_out", "Size out", width=96, help="summed size of those synapses")] if sized else []),
        column("reciprocal", "Both ways", "bool", 100, "connected both ways"),
        *([column("distance_um", "Distance, µm", width=118, digits=0, help="from soma to soma")] if placed else []),
    ]
    made = grid.table(
        GRID,
        columns,
        route=route(dataset, view),
        row_id="partner_id",
        height="min(440px, 60vh)",
        empty="No partner is left",
        label="Partners",
    )
    # Tab leaves the table (the arrows walk through it), else it would take thousands of them to pass
    made.children.dashGridOptions["tabToNextCell"] = {"function": "cellTabOut(params)"}
    kinds = kind_colours(dataset, view.group, [k.kind for k in found.kinds])
    for definition in made.children.columnDefs:
        field = definition["field"]
        if field == "kind":
            definition |= {"cellRenderer": "CellKind", "cellRendererParams": {"colours": kinds}}
        elif field.startswith(("fraction", "cumulative")):
            definition["valueFormatter"] = {"function": "cellShare(params.value, params.data)"}
        elif field == "reciprocal":
            definition["valueFormatter"] = {"function": "cellBoth(params.value, params.data)"}
        if field.startswith(("n_", "fraction", "cumulative", "sum")):
            definition["sortingOrder"] = ["desc", "asc", None]
    return made


def _template(dataset: Dataset) -> str:
    return dash.get_relative_path("/cell/").rstrip("/") + f"/{{partner_id}}?ds={dataset.meta.id}"


def controls(dataset: Dataset, url: PageUrl, query: Query, found: Company, columns: list[str]) -> Component:
    """What narrows the table down, and the buttons that make a cell set of its first rows."""
    share = found.partners.complete_in or found.partners.complete_out
    why = None if share else "Not all inputs or outputs of this cell are in the dataset: their shares are not known."
    kinds = [{"value": "", "label": "all types"}, *({"value": k.kind, "label": k.kind} for k in found.kinds)]
    known = url.value("type", query)
    if known and known not in {k["value"] for k in kinds}:
        kinds.append({"value": known, "label": known})
    drop = {"transitionProps": {"duration": 0}, "shadow": "none", "width": "max-content", "position": "bottom-start"}
    return html.Div(
        [
            dmc.SegmentedControl(
                id="cell-side",
                data=[{"value": k, "label": w} for k, w in SIDES.items()],
                value=url.value("side", query),
                size="xs",
                className="segments",
                **{"aria-label": "Which partners"},
            ),
            dmc.Select(
                id="cell-type",
                label="Type",
                data=kinds,
                value=known,
                size="xs",
                searchable=len(kinds) > 12,
                allowDeselect=False,
                className="control",
                comboboxProps=drop,
                maxDropdownHeight=320,
                nothingFoundMessage="no such type",
            ),
            dmc.Select(
                id="cell-group",
                label="Types by",
                data=columns,
                value=url.value("group", query),
                size="xs",
                allowDeselect=False,
                searchable=len(columns) > 12,
                className="control",
                comboboxProps=drop,
                maxDropdownHeight=320,
            ),
            dmc.TextInput(
                id="cell-find",
                label="Find",
                placeholder="id or type",
                value=url.value("find", query),
                size="xs",
                debounce=300,
                className="control",
            ),
            dmc.Switch(
                id="cell-known",
                label="Known partners only",
                checked=url.value("known", query),
                size="xs",
                className="control switch",
                **{"aria-describedby": "cell-known-counts"},
            ),
            html.Div(
                [
                    html.Span("Strongest that make up", id="cell-top-label", className="slider-label"),
                    dmc.Slider(
                        id="cell-top",
                        value=url.value("top", query),
                        min=1,
                        max=100,
                        step=1,
                        size="sm",
                        updatemode="mouseup",
                        thumbSize=14,
                        disabled=not share,
                        className="slider",
                        thumbLabel="Strongest partners, percent of input or output",
                        label={"function": "cellPercent"},
                        **{"aria-labelledby": "cell-top-label"},
                    ),
                    html.Span(id="cell-top-said", className="slider-value"),
                ],
                className="slider-box",
                title=why,
            ),
        ],
        className="cell-controls",
        role="group",
        **{"aria-label": "Which partners are listed"},
    )


def type_options(found: Company, view: CellView) -> list[dict[str, str]]:
    """The kinds that can be chosen, that of the address among them."""
    names = [k.kind for k in found.kinds]
    names += [view.type] if view.type and view.type not in names else []
    return [{"value": "", "label": "all types"}, *({"value": n, "label": n} for n in names)]


def maker() -> Component:
    """Make the first rows of the table a cell set: the boxes of every page know it then."""
    return html.Div(
        [
            html.Span("Make the first", id="cell-take-label"),
            dmc.NumberInput(
                id="cell-take",
                value=10,
                min=1,
                allowDecimal=False,
                size="xs",
                hideControls=True,
                className="take",
                **{"aria-label": "How many partners from the top of the table"},
            ),
            html.Span("rows the"),
            html.Button("pre set", id="cell-make-pre", type="button", className="button", n_clicks=0),
            html.Button("post set", id="cell-make-post", type="button", className="button", n_clicks=0),
            html.Span(id="cell-made-say", className="made", **{"aria-live": "polite"}),
        ],
        className="maker",
        role="group",
        **{"aria-label": "Make a cell set of the table"},
    )


def known_counts(found: Company) -> str:
    """'383 outputs, 45 to known cells · ...': what the toggle leaves."""
    parts = []
    for side, word, way in (("in", "input", "from"), ("out", "output", "to")):
        n, known = found.count(side)[1], found.count(side, known=True)[1]
        if n:
            parts.append(f"{counted(n, word)} total, {thousands(known)} {way} known cells")
    return " · ".join(parts)


def sentence(ledger: Ledger, view: CellView, found: Company, synapses: tuple[int, int]) -> str:
    """How many partners are listed, of how many, with how many of the synapses."""
    listed = ledger.total if ledger.total is not None else ledger.kept
    text = f"{thousands(listed)} of {counted(ledger.read, 'partner')} listed"
    shares = []
    for side, word, n in (("in", "inputs", synapses[0]), ("out", "outputs", synapses[1])):
        total = found.count(side)[1]
        if view.side in (side, "both") and total:
            shares.append(f"{thousands(n)} of {thousands(total)} {word} ({percent(n, total)})")
    return f"{text}: {' and '.join(shares)}." if shares else f"{text}."
