"""Two cells in space: what the page draws in 3D (JSON for Plotly), and the same as a drawing in vectors from any side.

These routes serve the page /pair; scripts want `pair_synapses.FMT`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request

from components import pair_space, pair_svg
from components.colours import Theme
from data_access.dataset import Dataset, open_dataset
from data_access.errors import SynaptoscopeError
from views import pair_scene, schema
from views.pair import PairView
from views.pair_scene import Scene

blueprint = Blueprint("pair", __name__)
LARGEST = 4096
DRAWN = ("all", "plain", "notes")


@dataclass(frozen=True)
class PairDrawing(PairView):
    """Parameters of drawing.svg: those of the page, and the drawing's."""

    width: int = schema.whole(900, "width in pixels", low=50, high=LARGEST)
    height: int = schema.whole(640, "height in pixels", low=50, high=LARGEST)
    theme: str = schema.choice(("light", "dark"), "on a light or a dark ground")
    draw: str = schema.choice(
        DRAWN, "all; plain: without the legend; notes: scale bar, letters and legend alone, on no ground"
    )


@blueprint.get("/datasets/<dataset_id>/pair/scene.json")
def figure(dataset_id: str) -> Response:
    """The scene as Plotly reads it: {"data", "layout", "meta"}; where there is none {"problem": text}, status 200."""
    given = {k: v for k, v in request.args.items() if k != "theme"}
    theme: Theme = "dark" if request.args.get("theme") == "dark" else "light"
    dataset = open_dataset(current_app.config["SETTINGS"].data, dataset_id)
    try:
        content: dict[str, Any] = pair_space.figure(_scene(dataset, schema.parse(PairView, given)), theme)
    except SynaptoscopeError as error:
        content = {"problem": error.message}
    return Response(orjson.dumps(content), content_type="application/json")


@blueprint.get("/datasets/<dataset_id>/pair/drawing.svg")
def drawing(dataset_id: str) -> Response:
    """Both cells and their synapses in vectors, as a camera sees them."""
    dataset = open_dataset(current_app.config["SETTINGS"].data, dataset_id)
    view = schema.parse(PairDrawing, request.args, strict=True)
    scene = _scene(dataset, view)
    camera = scene.camera(view.cam, view.width / view.height)
    theme: Theme = "dark" if view.theme == "dark" else "light"
    text = pair_svg.svg(scene, camera, view.width, view.height, theme, view.draw, view.syn)
    response = Response(text, content_type="image/svg+xml; charset=utf-8")
    response.headers["Cache-Control"] = "private, max-age=300"
    return response


def _scene(dataset: Dataset, view: PairView) -> Scene:
    return pair_scene.scene(dataset, view)
