"""Two cells and the synapses between them in space: lines, surfaces, somata, and from where they are seen best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis import decimate, projection
from analysis import skeleton as trees
from analysis.decimate import Reduced
from analysis.projection import Camera, Seen
from data_access import capabilities, meshes
from data_access.dataset import Dataset
from data_access.errors import InputError, NotFoundError, TooLargeError, did_you_mean
from data_access.skeletons import AXON, SOMA
from views import cell_synapses, pair_axon, pair_synapses, partner_rows
from views.pair import PairView, codes_of
from views.pair_synapses import PairSynapses

MOST_POINTS = 20_000  # of the lines of one cell
MOST_FACES = 20_000  # of one surface
CLOSE_UM = 20.0  # a close-up shows at least so much
SCENES = ("whole", "close", "side", "close-side")
SEPARATOR = "_"


@dataclass(frozen=True, eq=False)
class Shape:
    """One cell as it is drawn, um. axon, rest: lines (k, 3), pieces separated by NaN; rest is all of it where
    axon and dendrite are not told apart (then `labelled` is False). soma: (3,) or None; mesh: None where there is none
    or it is off. notes: what is drawn less finely than it is, and what is missing, in words.
    """

    cell_id: str
    axon: np.ndarray
    rest: np.ndarray
    labelled: bool
    soma: np.ndarray | None
    mesh: Reduced | None
    notes: tuple[str, ...]

    @property
    def points(self) -> np.ndarray:
        """All places that are drawn: (k, 3)."""
        parts = [self.axon, self.rest, self.mesh.vertices if self.mesh is not None else np.zeros((0, 3))]
        parts.append(np.zeros((0, 3)) if self.soma is None else self.soma[None])
        whole = np.concatenate(parts)
        return np.asarray(whole[np.isfinite(whole).all(axis=1)])


@dataclass(frozen=True, eq=False)
class Scene:
    """What is drawn of a pair: both shapes, the synapses, the vertical axis (0-2; known: the dataset names it).

    towards: from the midst to the eye, unit vector; side: the other horizontal direction; up: unit vector.
    """

    shapes: tuple[Shape, Shape]
    synapses: PairSynapses
    vertical: int
    vertical_is_known: bool
    towards: np.ndarray
    side: np.ndarray
    up: np.ndarray

    @property
    def synapse_points(self) -> np.ndarray:
        """Where the synapses lie: (k, 3)."""
        return np.asarray(self.synapses.at_um[self.synapses.placed])

    @property
    def points(self) -> np.ndarray:
        """Everything that is drawn: (k, 3)."""
        return np.concatenate([*(shape.points for shape in self.shapes), self.synapse_points])

    def box(self, name: str) -> Seen:
        """What a named camera shows: all, or the surroundings of the synapses, from the front or from the side."""
        close = name.startswith("close") and len(self.synapse_points)
        points = self.synapse_points if close else self.points
        return projection.seen(points, self._eye(name), self.up, CLOSE_UM if close else 1.0)

    def _eye(self, name: str) -> np.ndarray:
        return self.side if name.endswith("side") else self.towards

    def camera(self, text: str, ratio: float) -> Camera:
        """The camera that an address names: a word of SCENES, or ten numbers. InputError for anything else."""
        name = text or SCENES[0]
        if name in SCENES:
            return projection.fitted(self.box(name), self._eye(name), self.up, ratio)
        return parse_camera(text)


def parse_camera(text: str) -> Camera:
    """Ten numbers: centre (um), towards the eye, up, and the height of the picture (um)."""
    parts = text.split(SEPARATOR)
    if len(parts) != 10:
        hint = did_you_mean(text[:60], SCENES)
        raise InputError(f"cam={text[:60]} is no camera", hint or "a word, or ten numbers as the page writes them")
    try:
        values = [float(part) for part in parts]
        if not np.isfinite(values).all() or max(abs(v) for v in values) > 1e9 or values[9] < projection.NARROWEST:
            raise ValueError
        camera = Camera((values[0], values[1], values[2]), (values[3], values[4], values[5]),
                        (values[6], values[7], values[8]), values[9])  # fmt: skip
        _ = camera.axes
    except ValueError:
        raise InputError(f"cam={text[:60]} is no camera", "its numbers are not those of a direction") from None
    return camera


def scene(dataset: Dataset, view: PairView) -> Scene:
    """What is drawn of a pair. InputError where synapses have no positions, and as `views.pair.codes_of`."""
    if missing := pair_synapses.lacking(dataset):
        raise InputError(missing.rstrip("."), "the counts and the table need none")
    a, b = codes_of(dataset, view.a, view.b)
    found = pair_synapses.between(dataset, a, b)
    shapes = shape(dataset, a, view.meshes == "yes"), shape(dataset, b, view.meshes == "yes")
    axis = cell_synapses.vertical_axis(dataset)
    vertical = 1 if axis is None else axis
    up, points = np.zeros(3), np.concatenate([*(s.points for s in shapes), found.at_um[found.placed]])
    up[vertical] = -1.0
    if not len(points):
        raise InputError("nothing of this pair has a position", "neither its somata nor synapses between them")
    towards = projection.broadest(points, vertical)
    return Scene(shapes, found, vertical, axis is not None, towards, np.cross(up, towards), up)


@lru_cache(maxsize=16)
def shape(dataset: Dataset, code: int, with_mesh: bool) -> Shape:
    """One cell as it is drawn."""
    name, notes = dataset.index.text([code])[0], list[str]()
    body, why = cell_synapses.body_of(dataset, code)
    axon, rest, labelled = np.zeros((0, 3)), np.zeros((0, 3)), False
    if body is None:
        notes.append(why)
    else:
        told = pair_axon.parts(dataset, code)
        assert told is not None
        kind, parent = told.kind, body.skeleton.parent
        labelled = told.known
        notes += [told.said] if told.said else []
        axon, rest = (trees.lines(body.nodes_um, parent, here) for here in (kind == AXON, kind != AXON))
        whole = len(axon) + len(rest)
        if whole > MOST_POINTS:
            shares = [max(100, round(MOST_POINTS * len(line) / whole)) for line in (axon, rest)]
            axon, rest = (decimate.thinned(line, n) for line, n in zip((axon, rest), shares, strict=True))
            notes.append(f"The skeleton's {len(parent):,} nodes are drawn as {len(axon) + len(rest):,} points.")
    places = partner_rows.positions_um(dataset, np.array([code]))
    soma = None if places is None or np.isnan(places).any() else places[0]
    if soma is None and body is not None and body.skeleton.kind[body.root] == SOMA:
        soma = body.nodes_um[body.root]
    mesh, said = _mesh(dataset, name) if with_mesh else (None, "")
    notes += [said] if said else []
    return Shape(name, axon, rest, labelled, soma, mesh, tuple(notes))


def _mesh(dataset: Dataset, name: str) -> tuple[Reduced | None, str]:
    """The surface, reduced to what is drawn, and how much; none and "" where the dataset has no meshes."""
    if capabilities.MESHES not in dataset.meta.capabilities:
        return None, ""
    try:
        mesh = meshes.read(dataset.place, name)
    except NotFoundError:
        return None, "This dataset has meshes, but none of this cell."
    except (InputError, TooLargeError) as error:
        return None, f"{error.message[:1].upper()}{error.message[1:]}."
    found = decimate.clustered(mesh.vertices_nm / 1000.0, mesh.faces, MOST_FACES)
    if not found.width:
        return found, ""
    return found, (
        f"The mesh's {len(mesh.faces):,} faces are drawn as {len(found.faces):,}: "
        f"corners within a cube of {found.width:.2g} µm fall together, and finer parts with them."
    )
