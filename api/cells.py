"""What the page /cells asks for while a user scrolls, zooms, points and selects: JSON made to be drawn.

These routes serve the page; scripts want `cells.FMT`, `summary.FMT` and `POST /sets`.
"""

from __future__ import annotations

import math
from typing import Any

import flask
import numpy as np
import orjson

from api import formats, params
from components import cells_map
from components.colours import UNTYPED, Theme
from components.format import counted, thousands
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, SynaptoscopeError, did_you_mean
from views import cells_page, cells_rows, schema, soma_map, soma_map_picture
from views.cells_page import CellsPage

blueprint = flask.Blueprint("cells", __name__)
SCREEN = ("width", "height", "ratio", "theme", "at", "reach")
SHORT = 1_000  # characters of a cell set that stands in the address as it is
OPERATIONS = ("replace", "add", "remove", "keep")


def _opened(dataset_id: str) -> Dataset:
    return open_dataset(flask.current_app.config["SETTINGS"].data, dataset_id)


def _view(dataset_id: str, given: dict[str, str]) -> CellsPage:
    return schema.parse(CellsPage, given | {"ds": dataset_id})


def _json(content: dict[str, Any]) -> flask.Response:
    return flask.Response(
        orjson.dumps(content), content_type="application/json", headers={"Cache-Control": "private, no-cache"}
    )


@blueprint.get("/datasets/<dataset_id>/cells/rows.json")
def rows(dataset_id: str) -> flask.Response:
    """One page of the table: {"data": [...], "ledger": {...}, "view": {...}}, ids as text.

    {"problem": text, "hint": text} where the filter is wrong, with status 200: for the page that is an answer like
    another, and it says so where the filter stands.
    """
    dataset = _opened(dataset_id)
    try:
        view = schema.parse(cells_rows.RowsView, params.query() | {"ds": dataset_id})
        return formats.respond(cells_rows.rows(dataset, view), formats.find("json"), f"{dataset_id}-cells")
    except SynaptoscopeError as error:
        return _json({"problem": error.message, "hint": error.hint})


@blueprint.get("/datasets/<dataset_id>/cells/map.json")
def soma(dataset_id: str) -> flask.Response:
    """The map: pictures, window, axes, layers. {"problem": text, "hint": text} where there is nothing to draw."""
    given = params.query()
    width, height, ratio, theme = _screen(given)
    try:
        view = _view(dataset_id, given)
        drawn = soma_map.build(_opened(dataset_id), view)
        return _json(cells_map.figure(drawn, view, theme, width, height, ratio))
    except SynaptoscopeError as error:
        return _json({"problem": error.message, "hint": error.hint})


def _screen(given: dict[str, str]) -> tuple[int, int, float, Theme]:
    try:
        width, height = int(given.get("width", "640")), int(given.get("height", "480"))
        ratio = float(given.get("ratio", "1"))
    except ValueError:
        raise InputError("width and height are whole numbers of pixels, ratio a number") from None
    if not (0 < width <= 4096 and 0 < height <= 4096 and math.isfinite(ratio) and ratio > 0):
        raise InputError(f"a map of {width} x {height} pixels cannot be drawn", "at most 4,096 a side are served")
    return width, height, ratio, "dark" if given.get("theme") == "dark" else "light"


@blueprint.get("/datasets/<dataset_id>/cells/at.json")
def at(dataset_id: str) -> flask.Response:
    """What is shown within `reach` um of `at` = x,y: {"n": cells, "cell": {"id", "kind", "lines"} or null}."""
    given = params.query()
    try:
        x, y = (float(v) for v in given.get("at", "").split(","))
        reach = float(given.get("reach", ""))
    except ValueError:
        raise InputError("at is x,y and reach a number, in um") from None
    if not all(map(math.isfinite, (x, y, reach))):
        raise InputError("at and reach are finite numbers")
    dataset = _opened(dataset_id)
    drawn = soma_map.build(dataset, _view(dataset_id, given))
    found = soma_map_picture.at(drawn, (x, y), reach)
    return _json({"n": found.n, "cell": _cell(drawn, found.codes[0]) if found.n else None})


def _cell(drawn: soma_map.SomaMap, code: int) -> dict[str, Any]:
    dataset = drawn.dataset
    kind = dataset.column("cell_type").iloc[code]
    lines = [f"{_short(drawn.x_name)} {drawn.x[code]:,.1f}, {_short(drawn.y_name)} {drawn.y[code]:,.1f} µm"]
    colour = drawn.colouring
    if colour.kind != "none" and colour.column != "cell_type":
        lines.append(f"{colour.column}: {_value(drawn, code)}")
    if drawn.chosen.is_selected[code]:
        lines.append("selected")
    return {
        "id": dataset.index.text([code])[0], "kind": kind if isinstance(kind, str) else UNTYPED, "lines": lines,
        "x": float(drawn.x[code]), "y": float(drawn.y[code]),
    }  # fmt: skip


def _short(column: str) -> str:
    return column.removesuffix("_um")


def _value(drawn: soma_map.SomaMap, code: int) -> str:
    colour = drawn.colouring
    if colour.kind == "numbers":
        value = drawn.dataset.column(colour.column).iloc[code]
        return "missing" if value is None or value != value else thousands(float(value))
    level = int(colour.of[code])
    return colour.names[level] if level >= 0 else "missing"


@blueprint.post("/datasets/<dataset_id>/cells/selection.json")
def select(dataset_id: str) -> flask.Response:
    """The selection after a lasso, a box or a tick: {"sel": cell set, "n": cells, "said": text}.

    Form: the page's parameters; operation = replace | add | remove | keep (of the old selection what is in the new);
    and `polygon` = x,y x,y ... in um of the map (cells shown inside it), or `set`, a cell set. More than a few ids are
    stored and named set:HASH.
    """
    given = params.given()
    dataset, view = _opened(dataset_id), _view(dataset_id, given)
    operation = given.get("operation", "replace")
    if operation not in OPERATIONS:
        raise InputError(f"operation={operation[:60]} is not known", did_you_mean(operation, OPERATIONS))
    if given.get("polygon"):
        codes = soma_map_picture.inside(soma_map.build(dataset, view), given["polygon"])
    else:
        codes = cells_page.selection(dataset, given.get("set", "")).codes
    text = given.get("set", "").strip()
    if operation == "replace" and not given.get("polygon") and len(text) <= SHORT:
        return _selected(text, len(codes))  # a filter says more than its ids
    before = cells_page.selection(dataset, view.sel).codes
    after = {
        "replace": lambda: codes, "add": lambda: np.union1d(before, codes),
        "remove": lambda: np.setdiff1d(before, codes, assume_unique=True),
        "keep": lambda: np.intersect1d(before, codes, assume_unique=True),
    }[operation]()  # fmt: skip
    return _selected(cells_page.as_text(dataset, after), len(after))


def _selected(text: str, n: int) -> flask.Response:
    return _json({"sel": text, "n": n, "said": f"{counted(n, 'cell')} selected"})


@blueprint.get("/datasets/<dataset_id>/cells/ids.json")
def ids(dataset_id: str) -> flask.Response:
    """The ids of a cell set `cells` as texts, for the clipboard: {"ids": [...]}."""
    dataset = _opened(dataset_id)
    text = params.query().get("cells", "")
    return _json({"ids": dataset.index.text(cells_page.selection(dataset, text).codes)})
