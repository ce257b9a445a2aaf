"""Links out: what Neuroglancer shows for cells, for a pair with its synapses, for a cell with its partners by type.

A state is plain JSON (https://neuroglancer-docs.web.app/json/api/), made here without the package nglui: that one
brings neuroglancer's own Python server and IPython along, for what is a dictionary with four kinds of layers.
Where the images and the segmentation lie is in the origin of a dataset; pasted links are read in neuroglancer_read.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from data_access.errors import InputError, TooLargeError
from data_access.metadata import DatasetMeta

Json: TypeAlias = dict[str, Any]
Point: TypeAlias = tuple[float, float, float]

MAX_URL = 100_000
PAIR_COLOURS = ("#f2a541", "#5b8ff9")
SYNAPSE_COLOURS = ("#ff5c39", "#35d0ba")
CELL_COLOUR = "#f4f1de"
UNTYPED = "untyped"
_PROJECTION_VOXELS = 50_000  # width of the 3D view: about a cell of cortex at 4 nm
_PAIR_VOXELS = 10_000
_SEGMENTATION = re.compile(r"https://[^/]+/segmentation/(?:table|api/v1/table)/")
_NEEDED = {
    "viewer_site": "the address of a Neuroglancer viewer",
    "segmentation_source": "where its segmentation lies",
    "viewer_resolution_nm": "the voxel size of the viewer",
}
# What may stand unquoted in the fragment of an address and in a Location header.
_PLAIN = "!$&()*+,;=:@/?-._~"


@dataclass(frozen=True)
class Link:
    """A view in Neuroglancer: its address, the state in it, and what it does not show."""

    url: str
    state: Json
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Synapse:
    """One synapse, positions in nm; `size` in the source's unit. With both sides placed it is drawn as a line."""

    synapse_id: str
    pre_id: str
    post_id: str
    at_nm: Point | None
    size: float | None = None
    pre_nm: Point | None = None
    post_nm: Point | None = None


@dataclass(frozen=True)
class Partner:
    """A cell on the other side; `kind` is its type, None for an untyped one."""

    cell_id: str
    kind: str | None


def lacking(meta: DatasetMeta) -> str:
    """What the origin of a dataset lacks for a link, as words; "" where a link can be made."""
    missing = [words for key, words in _NEEDED.items() if not meta.origin.get(key)]
    if not missing and _viewer(meta) is None:
        missing = ["the https address of its viewer"]
    return ", ".join(missing)


def cells(meta: DatasetMeta, ids: Sequence[str], colours: Mapping[str, str] | None = None,
          at_nm: Point | None = None) -> Link:  # fmt: skip
    """The cells as segments of one layer; `colours`: id -> '#rrggbb'; the view is centred on `at_nm`.

    Raises InputError without an origin that can (or without ids), TooLargeError where the address gets too long.
    """
    if not ids:
        raise InputError("no cell to show", "name at least one")
    layer = _segments(meta, "cells", ids, colours or {})
    said = f"{len(ids):,} cells"
    return _short(_link(meta, said, [layer], "3d", at_nm, _PROJECTION_VOXELS), said)


def pair(meta: DatasetMeta, a: str, b: str, synapses: Sequence[Synapse], at_nm: Point | None = None) -> Link:
    """Two cells, each in its colour, and one annotation layer for each direction that has synapses.

    Synapses of other pairs are no part of it; those without a position are counted in the notes. The view is centred
    on the synapse in the midst of them, else on `at_nm`. Raises as `cells`.
    """
    both = list(dict.fromkeys((a, b)))
    layers = [_segments(meta, "cells", both, dict(zip(both, PAIR_COLOURS, strict=False)))]
    shown: list[Synapse] = []
    notes: list[str] = []
    ways = [(a, b, SYNAPSE_COLOURS[0]), (b, a, SYNAPSE_COLOURS[1])][: len(both)]
    for pre, post, colour in ways:
        there = [s for s in synapses if (s.pre_id, s.post_id) == (pre, post)]
        placed = [s for s in there if s.at_nm is not None]
        if len(placed) < len(there):
            notes.append(f"{len(there) - len(placed):,} synapses of {pre} onto {post} have no position")
        if placed:
            layers.append(_annotations(meta, f"{pre} → {post}", placed, colour))
            shown += placed
    link = _link(meta, " and ".join(both), layers, "xy-3d", _midst(shown) or at_nm, _PAIR_VOXELS, tuple(notes))
    return _short(link, f"{len(shown):,} synapses")


def partners(meta: DatasetMeta, cell: str, side: str, found: Sequence[Partner], colours: Mapping[str, str],
             at_nm: Point | None = None) -> Link:  # fmt: skip
    """A cell and its partners, one segmentation layer a type in the type's colour.

    `found`: the strongest first; `side`: how they are called ("inputs", "outputs", "partners"). Where all of them make
    an address too long the strongest are kept; the notes and the title in the viewer say how many. Raises as `cells`.
    """
    everyone = [p for p in found if p.cell_id != cell]

    def made(n: int) -> Link:
        by_type: defaultdict[str, list[str]] = defaultdict(list)
        for partner in everyone[:n]:
            by_type[partner.kind or UNTYPED].append(partner.cell_id)
        layers = [_segments(meta, "cell", [cell], {cell: CELL_COLOUR})]
        for kind in sorted(by_type, key=lambda k: (k == UNTYPED, -len(by_type[k]), k)):
            name = f"{side}: {kind}"
            layers.append(_segments(meta, name, by_type[kind], {}) | _one_colour(colours.get(kind)))
        cut = f"the {n:,} strongest of {len(everyone):,} {side}: more make an address that no browser takes"
        notes = (cut,) if n < len(everyone) else ()
        title = f"{side} of {cell}" + (f": the {n:,} strongest of {len(everyone):,}" if notes else "")
        return _link(meta, title, layers, "3d", at_nm, _PROJECTION_VOXELS, notes)

    return made(_most(made, len(everyone)))


def _most(made: Callable[[int], Link], n: int) -> int:
    """The largest number of partners, at most n, whose address is short enough."""
    if len(made(n).url) <= MAX_URL:
        return n
    low, high = 0, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if len(made(middle).url) <= MAX_URL else (low, middle)
    return low


def _short(link: Link, what: str) -> Link:
    if len(link.url) > MAX_URL:
        hint = f"an address holds about {MAX_URL // 1000} kB; choose fewer cells"
        raise TooLargeError(f"{what} make an address of {len(link.url):,} characters, too long for a browser", hint)
    return link


def _link(meta: DatasetMeta, title: str, layers: list[Json], layout: str, at_nm: Point | None, width: int,
          notes: tuple[str, ...] = ()) -> Link:  # fmt: skip
    voxel, site = _voxel(meta), _viewer(meta)
    state: Json = {"title": f"{title} · {meta.id}", "dimensions": _dimensions(voxel)}
    if at_nm is not None:
        state["position"] = _voxels(at_nm, voxel)
    images = meta.origin.get("image_source")
    shown = [_image(str(images))] if images else []
    state |= {
        "crossSectionScale": 1, "projectionScale": width, "layers": [*shown, *layers],
        "selectedLayer": {"visible": True, "layer": layers[-1]["name"]}, "layout": layout,
    }  # fmt: skip
    text = json.dumps(state, separators=(",", ":"), ensure_ascii=False)
    return Link(f"{site}/#!{quote(text, safe=_PLAIN)}", state, notes)


def _viewer(meta: DatasetMeta) -> str | None:
    """The viewer's address if it is one to send a browser to: https, a host, nothing else."""
    site = str(meta.origin.get("viewer_site") or "")
    try:
        parts = urlsplit(site)
        plain = re.fullmatch(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?", site) is not None
    except ValueError:
        return None
    return site.rstrip("/") if plain and parts.hostname else None


def _voxel(meta: DatasetMeta) -> Point:
    wanted = lacking(meta)
    if wanted:
        raise InputError(
            f"{meta.id} cannot be shown in Neuroglancer: it does not say {wanted}",
            "a dataset pulled from CAVE knows it; imported files do not",
        )
    try:
        x, y, z = (float(v) for v in meta.origin["viewer_resolution_nm"])
    except (TypeError, ValueError):
        raise InputError(f"{meta.id}: its viewer_resolution_nm is no voxel size", "three numbers in nm") from None
    if not (0 < x < 1e6 and 0 < y < 1e6 and 0 < z < 1e6):
        raise InputError(f"{meta.id}: its viewer_resolution_nm is no voxel size", "three numbers in nm")
    return x, y, z


def _dimensions(voxel: Point) -> Json:
    return {axis: [float(f"{nm:g}e-9"), "m"] for axis, nm in zip("xyz", voxel, strict=True)}


def _voxels(at_nm: Point, voxel: Point) -> list[float]:
    return [round(nm / size, 2) for nm, size in zip(at_nm, voxel, strict=True)]


def _image(source: str) -> Json:
    return {"type": "image", "source": _precomputed(source), "name": "image"}


def _precomputed(source: str) -> str:
    return f"precomputed://{source}" if urlsplit(source).scheme in ("gs", "s3", "http", "https") else source


def _segmentation(source: str) -> str:
    """A source as today's Neuroglancer writes it: a proofreadable one goes through the viewer's own log-in."""
    bare = source.removeprefix("graphene://").removeprefix("middleauth+")
    if source.startswith("graphene://") or _SEGMENTATION.match(bare):
        return f"graphene://middleauth+{bare}"
    return _precomputed(source)


def _segments(meta: DatasetMeta, name: str, ids: Sequence[str], colours: Mapping[str, str]) -> Json:
    layer: Json = {
        "type": "segmentation", "source": _segmentation(str(meta.origin.get("segmentation_source", ""))),
        "segments": list(dict.fromkeys(map(str, ids))), "name": name,
    }  # fmt: skip
    own = {cell: colours[cell] for cell in layer["segments"] if cell in colours}
    return layer | ({"segmentColors": own} if own else {})


def _one_colour(colour: str | None) -> Json:
    return {"segmentDefaultColor": colour} if colour else {}


def _annotations(meta: DatasetMeta, name: str, synapses: Sequence[Synapse], colour: str) -> Json:
    voxel = _voxel(meta)
    source = {"url": "local://annotations", "transform": {"outputDimensions": _dimensions(voxel)}}
    return {
        "type": "annotation", "source": source, "annotationColor": colour,
        "annotations": [_annotation(s, voxel) for s in synapses], "name": name,
    }  # fmt: skip


def _annotation(synapse: Synapse, voxel: Point) -> Json:
    about = f"synapse {synapse.synapse_id}" + (f", size {synapse.size:,g}" if synapse.size is not None else "")
    shared = {"id": synapse.synapse_id, "description": about}
    if synapse.pre_nm is not None and synapse.post_nm is not None:
        ends = {"pointA": _voxels(synapse.pre_nm, voxel), "pointB": _voxels(synapse.post_nm, voxel)}
        return {"type": "line", **ends, **shared}
    assert synapse.at_nm is not None
    return {"type": "point", "point": _voxels(synapse.at_nm, voxel), **shared}


def _midst(synapses: Sequence[Synapse]) -> Point | None:
    """Where the synapse nearest to the mean of all lies: there is something to see there."""
    points = [s.at_nm for s in synapses if s.at_nm is not None]
    if not points:
        return None
    mean = [sum(axis) / len(points) for axis in zip(*points, strict=True)]
    return min(points, key=lambda p: sum((x - m) ** 2 for x, m in zip(p, mean, strict=True)))
