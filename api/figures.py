"""What a figure in the browser asks for while a user zooms and points: JSON made to be drawn, not to be read.

These routes serve the page /matrix; scripts want `matrix.FMT` and `matrix.png`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson
from flask import Blueprint, Response, current_app, request

from analysis.raster import Window
from analysis.tested import connection_is_tested
from components import matrix_figure
from components.colours import Theme
from components.format import counted
from components.matrix_axes import UNTYPED
from components.matrix_frame import Frame
from components.matrix_key import measure_words, number
from data_access.dataset import open_dataset
from data_access.errors import InputError, SynaptoscopeError
from views import matrix, matrix_picture, schema
from views.matrix import Matrix, MatrixView
from views.testability import what_is_tested

blueprint = Blueprint("figures", __name__)
SCREEN = ("width", "height", "ratio", "theme", "first")


def _matrix(dataset_id: str) -> Matrix:
    given = {k: v for k, v in request.args.items() if k not in SCREEN}
    view = schema.parse(MatrixView, given | {"ds": dataset_id})
    return matrix.build(open_dataset(current_app.config["SETTINGS"].data, dataset_id), view)


def _frame() -> Frame:
    """The box of the figure in CSS pixels, and how many device pixels each has."""
    try:
        width, height = int(request.args.get("width", "960")), int(request.args.get("height", "720"))
        ratio = float(request.args.get("ratio", "1"))
    except ValueError:
        raise InputError("width and height are whole numbers of pixels, ratio a number") from None
    if not (0 < width <= 10_000 and 0 < height <= 10_000 and math.isfinite(ratio)):
        raise InputError(f"a figure of {width} x {height} pixels cannot be drawn", "at most 10,000 a side are served")
    return Frame(width, height, ratio)


def _theme() -> Theme:
    return "dark" if request.args.get("theme") == "dark" else "light"


@blueprint.get("/datasets/<dataset_id>/matrix/figure.json")
def figure(dataset_id: str) -> Response:
    """The whole figure as Plotly reads it: {"data": [...], "layout": {...}}.

    Where the view cannot be drawn {"problem": text, "empty": whether a set holds no cell}, with status 200: for the
    page that is an answer like another, and the browser need not log an error. With `first` also "picture", what lies
    in the plot area as one image.
    """
    frame, theme = _frame(), _theme()
    try:
        made = _matrix(dataset_id)
        if 0 in made.shape:
            return _json({"problem": made.why_empty(), "empty": True})
        content = matrix_figure.figure(made, theme, frame)
        if "first" in request.args:
            content["picture"] = matrix_figure.picture(made, made.window(made.view), theme, frame)
    except SynaptoscopeError as error:
        return _json({"problem": error.message, "empty": False})
    return _json(content)


@blueprint.get("/datasets/<dataset_id>/matrix/window.json")
def window(dataset_id: str) -> Response:
    """Picture, colour bars and labels of the window x0, x1, y0, y1 in a box of width x height pixels."""
    made = _matrix(dataset_id)
    return _json(matrix_figure.window_parts(made, made.window(made.view), _theme(), _frame()))


@blueprint.get("/datasets/<dataset_id>/matrix/at.json")
def at(dataset_id: str) -> Response:
    """What the pairs x0..x1-1, y0..y1-1 hold: counts, and the strongest connection (or the only pair) by name.

    `x`, `y`: column and row of the pair that `pre` and `post` name; without one `pre` is null.
    """
    made = _matrix(dataset_id)
    seen = made.window(made.view)
    return _json(_group_at(made, seen) if made.grouped is not None else _cells_at(made, seen))


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), content_type="application/json")


def _group_at(made: Matrix, seen: Window) -> dict[str, Any]:
    rows, cols, grouped = made.row_groups, made.col_groups, made.grouped
    assert rows is not None
    assert cols is not None
    assert grouped is not None
    assert made.group_tested is not None
    i, j = seen.y0, seen.x0
    tested = int(made.group_tested[i, j])
    connections, synapses = int(grouped.n_connections[i, j]), int(grouped.n_synapses[i, j])
    lines = ["no connection"]
    if connections:
        lines = [f"{number(float(grouped.value[i, j]))} {measure_words(made)}"]
        told = {"n_synapses": [counted(connections, "connection")], "binary": [counted(synapses, "synapse")]}
        both = [counted(connections, "connection"), counted(synapses, "synapse")]
        lines.append(", ".join(told.get(made.view.measure, both)))
    lines.append(counted(tested, "tested pair") if tested else "no tested pair")
    return {
        "pre": {"id": rows.names[i] or UNTYPED, "kind": counted(int(rows.sizes[i]), "cell")},
        "post": {"id": cols.names[j] or UNTYPED, "kind": counted(int(cols.sizes[j]), "cell")},
        "x": j, "y": i, "n_pairs": 1, "n_connections": connections, "lines": lines,
    }  # fmt: skip


def _cells_at(made: Matrix, seen: Window) -> dict[str, Any]:
    found = matrix_picture.at(made, seen)
    alone = seen.n_rows * seen.n_cols == 1
    row, col = (found.row, found.col) if found.n_connections else (seen.y0, seen.x0)
    pre, post = int(made.rows.codes[row]), int(made.cols.codes[col])
    if found.n_connections:
        lines = [f"{number(found.value)} {measure_words(made)}"]
        if made.view.measure == "binary":
            lines = ["connected"]
        if made.view.measure != "n_synapses":
            lines.append(counted(int(made.dataset.graph.out.n_synapses[found.edge]), "synapse"))
        if not alone:
            others = counted(found.n_connections, "connection")
            which = "the only connection" if found.n_connections == 1 else f"the strongest of {others}"
            lines.append(f"{which} in {counted(found.n_pairs, 'pair')} under this pixel")
    else:
        lines = [_nothing(made, pre, post) if alone else f"no connection in {counted(found.n_pairs, 'pair')}"]
    named = found.n_connections > 0 or alone
    return {
        "pre": _cell(made, pre) if named else None, "post": _cell(made, post) if named else None,
        "x": col, "y": row, "n_pairs": found.n_pairs, "n_connections": found.n_connections, "lines": lines,
    }  # fmt: skip


def _nothing(made: Matrix, pre: int, post: int) -> str:
    if pre == post:
        return "autapses are not shown" if made.view.autapses == "drop" else "no autapse"
    known = what_is_tested(made.dataset)
    pair = connection_is_tested(known, np.array([pre]), np.array([post]), made.view.tested)  # type: ignore[arg-type]
    return "not connected" if pair[0] else "no connection seen, and the pair was not tested"


def _cell(made: Matrix, code: int) -> dict[str, str]:
    kind = made.dataset.column("cell_type").iloc[code]
    word = kind if isinstance(kind, str) else UNTYPED if made.dataset.is_cell[code] else "fragment"
    return {"id": made.dataset.index.text([code])[0], "kind": word}
