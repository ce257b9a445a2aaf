"""The panel beside a matrix: one connection with its synapses, or one pair of groups with its denominators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from analysis.tested import n_tested_grouped
from components import cell_link, colours, format, pair_link, url_state
from components.icons import icon
from components.matrix_axes import UNTYPED, bar
from components.matrix_key import measure_words, number
from data_access import cellsets, neuroglancer
from data_access.dataset import Dataset
from data_access.errors import InputError, SynaptoscopeError, did_you_mean
from views import schema
from views.matrix import Matrix, MatrixView
from views.testability import what_is_tested

SHOWN_SYNAPSES = 50
SEPARATOR = ">"


def empty() -> Component:
    """What stands there before anything is chosen."""
    return html.P("Click an entry of the matrix to see what it is made of.", className="hint")


def panel(matrix: Matrix, view: MatrixView) -> Component:
    """The panel of view.pair; InputError or NotFoundError where it names nothing of this dataset."""
    if matrix.row_groups is not None and matrix.col_groups is not None:
        groups = (matrix.row_groups.names, matrix.col_groups.names)
        return _group_panel(matrix, view, *_split(view.pair, *(_known_group(names) for names in groups)))
    known = _known_cell(matrix.dataset)
    pre, post = (matrix.dataset.code_of(cell) for cell in _split(view.pair, known, known))
    return _pair_panel(matrix, view, pre, post)


def _split(pair: str, known_pre: Callable[[str], bool], known_post: Callable[[str], bool]) -> tuple[str, str]:
    """The two names of `pre>post`; a name may itself hold the separator."""
    at = [i for i, character in enumerate(pair) if character == SEPARATOR]
    if not at:
        raise InputError(f"'{pair[:60]}' names no pair", f"a pair is written pre{SEPARATOR}post")
    splits = [(pair[:i], pair[i + 1 :]) for i in at]
    return next((s for s in splits if known_pre(s[0]) and known_post(s[1])), splits[0])


def _known_group(names: tuple[str | None, ...]) -> Callable[[str], bool]:
    shown = {name or UNTYPED for name in names}
    return lambda name: name in shown


def _known_cell(dataset: Dataset) -> Callable[[str], bool]:
    def known(cell: str) -> bool:
        try:
            dataset.code_of(cell)
        except SynaptoscopeError:
            return False
        return True

    return known


def _framed(title: str, at: tuple[int, int] | None, parts: list[Component | None]) -> Component:
    """A panel with its way out; `at` is the row and column that assets/matrix.js marks in the figure."""
    mark = {"data-row": str(at[0]), "data-col": str(at[1])} if at is not None else {}
    close = html.Button("×", type="button", className="close", **{"data-close-pair": "", "aria-label": "Close"})
    return html.Div([html.Div([html.H2(title), close], className="panel-head"), *parts], **mark)


def _pair_panel(matrix: Matrix, view: MatrixView, pre: int, post: int) -> Component:
    dataset = matrix.dataset
    graph = dataset.graph
    edge, back = graph.edge(pre, post), graph.edge(post, pre)
    pre_id, post_id = dataset.index.text([pre])[0], dataset.index.text([post])[0]
    synapses = int(graph.out.n_synapses[edge]) if edge >= 0 else 0
    reverse = int(graph.out.n_synapses[back]) if back >= 0 else 0
    title = "Autapse" if pre == post else "Connection" if edge >= 0 else "No connection"
    rows: list[tuple[str, Any]] = [
        ("pre", _cell(dataset, pre)),
        ("post", _cell(dataset, post)),
        ("synapses", f"{synapses:,}"),
    ]
    if edge >= 0 and graph.out.sum_size is not None:
        rows.append(("summed size", number(float(graph.out.sum_size[edge]))))
    rows += [
        (name.replace("_", " "), number(float(values[edge]))) for name, values in graph.measures.items() if edge >= 0
    ]
    if pre != post:
        rows.append(("the other way", f"{reverse:,} synapses" if reverse else "none"))
    distance = _distance(dataset, pre, post)
    if distance is not None and pre != post:
        rows.append(("soma distance", f"{distance:,.0f} µm"))
    junction = _junction(dataset, pre_id, post_id)
    if junction:
        rows.append(("gap junction", f"weight {junction:g}"))
    only = {"ds": view.ds, "measure": view.measure if view.measure != "n_synapses" else None}
    alone = [
        ("Its row alone: all that pre sends to", {"pre": cell_link.quoted(dataset, pre_id)}),
        ("Its column alone: all that post hears from", {"post": cell_link.quoted(dataset, post_id)}),
    ]
    links = [(text, url_state.href("/matrix", **only, **cell)) for text, cell in alone]
    if pre != post:
        links.insert(0, ("Both cells, and their synapses in space", pair_link.href(view.ds, pre_id, post_id)))
        links.append(("The other way round", _other_way(view, post_id, pre_id)))
    at = tuple(np.flatnonzero(codes == code) for codes, code in ((matrix.rows.codes, pre), (matrix.cols.codes, post)))
    shown = (int(at[0][0]), int(at[1][0])) if len(at[0]) and len(at[1]) else None
    outside = None if shown else html.P("This pair lies outside the two sets of cells.", className="hint")
    return _framed(
        title, shown,
        [outside, _definitions(rows), _synapse_table(dataset, pre, post, synapses), _links(links),
         _in_neuroglancer(dataset, pre_id, post_id)],
    )  # fmt: skip


def _links(links: list[tuple[str, str]]) -> Component:
    return html.Ul([html.Li(html.A(text, href=href, **{"data-go": ""})) for text, href in links], className="links")


def _in_neuroglancer(dataset: Dataset, pre: str, post: str) -> Component | None:
    """Links to the pair and to the partners of each of its cells, where the dataset knows a viewer."""
    if neuroglancer.lacking(dataset.meta):
        return None
    wanted: list[tuple[str, dict[str, str]]] = [
        ("This pair with its synapses", {"pair": f"{pre},{post}"}),
        ("pre with all it sends to, by type", {"partners_of": pre, "direction": "out"}),
        ("post with all it hears from, by type", {"partners_of": post, "direction": "in"}),
    ]
    if pre == post:
        wanted[0] = ("This cell with its autapses", {"pair": f"{pre},{post}"})
    path = f"/api/v1/datasets/{dataset.meta.id}/neuroglancer"
    links = [
        html.Li(html.A([text, icon("leave")], href=url_state.href(path, **query), target="_blank", rel="noopener"))
        for text, query in wanted
    ]
    return html.Div([html.H3("In Neuroglancer"), html.Ul(links, className="links")], className="elsewhere")


def _other_way(view: MatrixView, pre: str, post: str) -> str:
    return url_state.href("/matrix", **(schema.encode(view) | {"pair": f"{pre}{SEPARATOR}{post}"}))


def type_colours(dataset: Dataset) -> dict[str, str]:
    """The colour of each type, as in the bars and the legend."""
    found = bar(dataset, "cell_type")
    return dict(zip(found.names, found.hexes, strict=True)) if found is not None else {}


def _cell(dataset: Dataset, code: int) -> Component:
    kind = dataset.column("cell_type").iloc[code]
    kind = kind if isinstance(kind, str) else None
    grey = colours.type_colour(UNTYPED)
    word = kind or ("untyped" if dataset.is_cell[code] else "fragment")
    cell_id = dataset.index.text([code])[0]
    page = {"data-go": "", "aria-label": f"The page of {cell_id}", "title": "The page of this cell"}
    return html.Span([
        html.Span(className="swatch", style={"background": type_colours(dataset).get(kind or "", grey)}),
        html.Span(word, className="kind"), format.id_chip(cell_id, "cell id"),
        html.A(icon("arrow"), href=cell_link.href(dataset.meta.id, cell_id), className="to-cell", **page),
    ])  # fmt: skip


def _definitions(rows: list[tuple[str, Any]]) -> Component:
    return html.Dl([part for name, value in rows for part in (html.Dt(name), html.Dd(value))], className="facts")


def _distance(dataset: Dataset, pre: int, post: int) -> float | None:
    if "x_nm" not in dataset.columns:
        return None
    at = [dataset.column(f"{axis}_nm").iloc[[pre, post]].to_numpy(dtype=float, na_value=np.nan) for axis in "xyz"]
    distance = float(np.sqrt(sum((a[0] - a[1]) ** 2 for a in at)) / 1000)
    return None if distance != distance else distance


def _junction(dataset: Dataset, a: str, b: str) -> float | None:
    if not dataset.meta.n_gap_junctions:
        return None
    table = dataset.gap_junctions
    low, high = sorted((a, b)) if dataset.index.is_text else sorted((a, b), key=int)
    for x, y, weight in zip(*(table.column(n).to_pylist() for n in ("cell_a", "cell_b", "weight")), strict=True):
        if (str(x), str(y)) == (low, high):
            return float(weight)
    return None


def _synapse_table(dataset: Dataset, pre: int, post: int, total: int) -> Component | None:
    if not dataset.has_synapses or total == 0:
        return None
    batches = list(dataset.synapse_batches(np.array([pre]), np.array([post]), SHOWN_SYNAPSES))
    rows = [row for batch in batches for row in batch.to_pylist()]
    names = [n for n in ("size", "compartment", "roi") if n in rows[0]]
    placed = "x_nm" in rows[0]
    head = ["synapse", *names, *(["x, y, z (µm)"] if placed else [])]
    body = []
    for row in rows:
        cells: list[Any] = [format.id_chip(str(row["synapse_id"]), "synapse id", whole=True)]
        cells += [
            "–" if row[n] is None else number(row[n]) if isinstance(row[n], int | float) else str(row[n]) for n in names
        ]
        if placed:
            cells.append(", ".join(f"{row[f'{a}_nm'] / 1000:.1f}" for a in "xyz") if row["x_nm"] is not None else "–")
        body.append(html.Tr([html.Td(c) for c in cells]))
    note = html.P(f"The first {SHOWN_SYNAPSES} of {total:,} synapses.", className="hint") if total > len(rows) else None
    table = html.Table([html.Thead(html.Tr([html.Th(h, scope="col") for h in head])), html.Tbody(body)])
    return html.Div([html.Div(table, className="table-scroll", tabIndex="0", role="region",
                              **{"aria-label": "Synapses of the connection"}), note])  # fmt: skip


def _group_panel(matrix: Matrix, view: MatrixView, pre: str, post: str) -> Component:
    rows, cols, grouped = matrix.row_groups, matrix.col_groups, matrix.grouped
    assert rows is not None
    assert cols is not None
    assert grouped is not None
    i, j = (_position(groups.names, name) for groups, name in ((rows, pre), (cols, post)))
    tested = int(
        n_tested_grouped(
            what_is_tested(matrix.dataset), matrix.pre.codes[rows.of == i], matrix.post.codes[cols.of == j],
            np.zeros(int(rows.sizes[i]), np.int32), np.zeros(int(cols.sizes[j]), np.int32), 1, 1,
            view.tested,  # type: ignore[arg-type]
        )[0, 0]
    )  # fmt: skip
    connections, synapses = int(grouped.n_connections[i, j]), int(grouped.n_synapses[i, j])
    facts: list[tuple[str, Any]] = [
        ("pre", f"{pre} ({format.counted(int(rows.sizes[i]), 'cell')})"),
        ("post", f"{post} ({format.counted(int(cols.sizes[j]), 'cell')})"),
        ("connections", f"{connections:,}"), ("synapses", f"{synapses:,}"), ("tested pairs", f"{tested:,}"),
    ]  # fmt: skip
    if connections:
        facts.append(("synapses each", f"{synapses / connections:.2f}"))
    if view.measure not in ("binary", "n_synapses"):
        facts.append((measure_words(matrix), number(float(grouped.value[i, j]))))
    inside = {
        side: _and(matrix.dataset, getattr(view, side), view.group, name)
        for side, name in (("pre", rows.names[i]), ("post", cols.names[j]))
    }
    detail = url_state.href(
        "/matrix", **(schema.encode(view, ("group", "pair", "x0", "x1", "y0", "y1", "lo", "hi")) | inside)
    )
    links = [("These connections cell by cell", detail)]
    return _framed("Pair of groups", (i, j), [_definitions(facts), _links(links)])


def _position(names: tuple[str | None, ...], name: str) -> int:
    shown = [n or UNTYPED for n in names]
    if name not in shown:
        raise InputError(f"no group '{name[:60]}' in this matrix", did_you_mean(name, shown))
    return shown.index(name)


def _and(dataset: Dataset, text: str, column: str, value: str | None) -> str:
    """A cell set narrowed to one group."""
    kind = dataset.columns[dataset.meta.aliases.get(column, column)].kind
    name = cellsets.column_name(column)
    if value is None:
        condition = f"{name}.isna()"
    elif kind == "boolean":
        condition = f"{name} == {value.capitalize()}"
    elif kind == "number":
        condition = f"{name} == {value}"
    else:
        condition = f"{name} == {cellsets.quoted(value)}"
    return f"({text}) and {condition}" if text.strip() else condition
