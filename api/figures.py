"""What a figure in the browser asks for while a user zooms and points: JSON made to be drawn, not to be read.

These routes serve the page /matrix; scripts want `matrix.FMT` and `matrix.png`.
"""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request

from analysis.raster import Window
from components import matrix_figure
from components.colours import Theme
from components.matrix_axes import UNTYPED
from data_access.dataset import open_dataset
from data_access.errors import InputError
from views import matrix, matrix_picture, schema
from views.matrix import Matrix, MatrixView
from views.testability import what_is_tested

blueprint = Blueprint("figures", __name__)
EXTRA = ("width", "height", "theme")


def _matrix(dataset_id: str) -> tuple[Matrix, dict[str, str]]:
    given = {k: v for k, v in request.args.items() if k not in EXTRA}
    view = schema.parse(MatrixView, given | {"ds": dataset_id})
    dataset = open_dataset(current_app.config["SETTINGS"].data, dataset_id)
    return matrix.build(dataset, view), {k: request.args[k] for k in EXTRA if k in request.args}


def _screen(extra: dict[str, str]) -> tuple[int, int, Theme]:
    """Pixels of the plot area and colour scheme."""
    try:
        width, height = int(extra.get("width", 760)), int(extra.get("height", 620))
    except ValueError:
        raise InputError("width and height are whole numbers of pixels") from None
    return width, height, "dark" if extra.get("theme") == "dark" else "light"


@blueprint.get("/datasets/<dataset_id>/matrix/figure.json")
def figure(dataset_id: str) -> Any:
    """The whole figure as Plotly reads it: {"data": [...], "layout": {...}}."""
    made, extra = _matrix(dataset_id)
    width, height, theme = _screen(extra)
    return _json(matrix_figure.figure(made, theme, width, height))


@blueprint.get("/datasets/<dataset_id>/matrix/window.json")
def window(dataset_id: str) -> Any:
    """Picture, colour bars and labels of the window x0, x1, y0, y1 on width x height pixels."""
    made, extra = _matrix(dataset_id)
    width, height, theme = _screen(extra)
    seen = made.window(made.view)
    parts = matrix_figure.window_parts(made, seen, theme, width, height)
    parts["shapes"] = matrix_figure.lines(parts, theme)
    return _json(parts)


@blueprint.get("/datasets/<dataset_id>/matrix/at.json")
def at(dataset_id: str) -> Any:
    """What the pairs x0..x1-1, y0..y1-1 hold: counts, and the strongest connection (or the only pair) by name."""
    made, _ = _matrix(dataset_id)
    seen = made.window(made.view)
    return _json(_group_at(made, seen) if made.grouped is not None else _cells_at(made, seen))


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), content_type="application/json")


def _group_at(made: Matrix, seen: Window) -> dict[str, Any]:
    rows, cols, grouped = made.row_groups, made.col_groups, made.grouped
    assert rows is not None
    assert cols is not None
    assert grouped is not None
    i, j = seen.y0, seen.x0
    tested = int(matrix_picture.group_tested(made)[i, j])
    connections = int(grouped.n_connections[i, j])
    value = float(grouped.value[i, j])
    return {
        "pre": {"id": rows.names[i] or UNTYPED, "kind": f"{int(rows.sizes[i]):,} cells"},
        "post": {"id": cols.names[j] or UNTYPED, "kind": f"{int(cols.sizes[j]):,} cells"},
        "n_pairs": 1, "n_connections": connections,
        "lines": [
            f"{matrix_figure.number(value)} {matrix_figure.measure_words(made)}" if connections else "no connection",
            f"{connections:,} connections, {int(grouped.n_synapses[i, j]):,} synapses",
            f"{tested:,} tested pairs" if tested else "no tested pair",
        ],
    }  # fmt: skip


def _cells_at(made: Matrix, seen: Window) -> dict[str, Any]:
    found = matrix_picture.at(made, seen)
    single = found.n_connections == 0
    row, col = (seen.y0, seen.x0) if single else (found.row, found.col)
    pre, post = int(made.rows.codes[row]), int(made.cols.codes[col])
    lines = []
    if found.n_connections:
        lines.append(f"{matrix_figure.number(found.value)} {matrix_figure.measure_words(made)}")
        if made.view.measure != "n_synapses":
            lines.append(f"{int(made.dataset.graph.out.n_synapses[found.edge]):,} synapses")
    elif found.n_pairs > 1 or (seen.n_rows * seen.n_cols > 1):
        lines.append(f"no connection among {found.n_pairs:,} pairs")
    else:
        lines.append(_nothing(made, pre, post))
    if found.n_connections and seen.n_rows * seen.n_cols > 1:
        lines.append(f"the strongest of {found.n_connections:,} in {found.n_pairs:,} pairs under this pixel")
    named = found.n_connections > 0 or seen.n_rows * seen.n_cols == 1
    return {
        "pre": _cell(made, pre) if named else None, "post": _cell(made, post) if named else None,
        "n_pairs": found.n_pairs, "n_connections": found.n_connections, "lines": lines,
    }  # fmt: skip


def _nothing(made: Matrix, pre: int, post: int) -> str:
    if pre == post:
        return "the same cell" if made.view.autapses == "drop" else "no autapse"
    import numpy as np

    from analysis.tested import connection_is_tested

    known = what_is_tested(made.dataset)
    pair = connection_is_tested(known, np.array([pre]), np.array([post]), made.view.tested)  # type: ignore[arg-type]
    return "not connected" if pair[0] else "no connection seen, and the pair was not tested"


def _cell(made: Matrix, code: int) -> dict[str, str]:
    kind = made.dataset.column("cell_type").iloc[code]
    word = kind if isinstance(kind, str) else UNTYPED if made.dataset.is_cell[code] else "fragment"
    return {"id": made.dataset.index.text([code])[0], "kind": word}
