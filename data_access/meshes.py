"""Meshes of a dataset: one PLY or OBJ file a cell, in nm, in `meshes/` of its folder. Reading only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_access import skeletons
from data_access.errors import InputError, NotFoundError, TooLargeError
from data_access.mesh_files import ORDERS, SUFFIXES, Element, read_header, row_type

FOLDER = "meshes"
MAX_BYTES = 150_000_000  # of a file that is read to be drawn


@dataclass(frozen=True, eq=False)
class Mesh:
    """The surface of one cell: vertices_nm float64 (n, 3) and faces int32 (m, 3), triangles of rows of the vertices."""

    vertices_nm: np.ndarray
    faces: np.ndarray


def file_of(place: Path, cell_id: str) -> Path | None:
    """The file of a cell's mesh in a dataset's folder; None where there is none."""
    stem = skeletons.file_of(Path(), cell_id).name.removesuffix(".swc")
    return next((path for s in SUFFIXES if (path := place / FOLDER / f"{stem}{s}").is_file()), None)


def read(place: Path, cell_id: str) -> Mesh:
    """The mesh of a cell; polygons become fans of triangles.

    NotFoundError where there is none, TooLargeError above MAX_BYTES, InputError where the file is damaged.
    """
    path = file_of(place, cell_id)
    if path is None:
        raise NotFoundError(
            f"there is no mesh of {cell_id[:60]} in this dataset",
            "meshes are PLY or OBJ files, one a cell, that are added to a dataset",
        )
    if path.stat().st_size > MAX_BYTES:
        raise TooLargeError(f"the mesh of {cell_id[:60]} is larger than {MAX_BYTES / 1e6:,.0f} MB: it is not drawn")
    name = f"the mesh of {cell_id[:60]}"
    try:
        vertices, corners = (_ply if path.suffix == ".ply" else _obj)(name, path.read_bytes())
    except (ValueError, IndexError, OverflowError):
        raise InputError(f"{name} is damaged: it holds something else than numbers") from None
    if not len(corners):
        raise InputError(f"{name} has no faces")
    if int(corners.min()) < 0 or int(corners.max()) >= len(vertices):
        raise InputError(f"{name} is damaged: a face names a vertex that is not there")
    if not np.isfinite(vertices).all():
        raise InputError(f"{name} is damaged: a vertex has no position")
    return Mesh(vertices, corners.astype(np.int32))


def _obj(name: str, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    points: list[list[float]] = []
    triangles: list[tuple[int, int, int]] = []
    for line in content.split(b"\n"):
        if line.startswith((b"v ", b"v\t")):
            points.append([float(part) for part in line.split()[1:4]])
        elif line.startswith((b"f ", b"f\t")):
            named = [int(part.split(b"/")[0]) for part in line.split()[1:]]
            corners = [at - 1 if at > 0 else len(points) + at for at in named]  # counted from 1, or from the last one
            triangles += [(corners[0], corners[i], corners[i + 1]) for i in range(1, len(corners) - 1)]
    return np.array(points, np.float64).reshape(-1, 3), np.array(triangles, np.int64).reshape(-1, 3)


def _ply(name: str, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    form, elements, start, _ = read_header(name, content)
    names = [element.name for element in elements]
    if "vertex" not in names or "face" not in names or names.index("vertex") > names.index("face"):
        raise InputError(f"{name} has no faces")
    before = elements[: names.index("face")]
    if any(element.lists for element in before) or len(elements[names.index("face")].lists) != 1:
        raise InputError(f"{name} is damaged: its faces cannot be told from other lists")
    if form == "ascii":
        return _ply_text(content[start:], elements, before)
    order, vertices = ORDERS[form], np.zeros((0, 3))
    for element in before:
        row = row_type(element, order)
        if start + row.itemsize * element.count > len(content):
            raise InputError(f"{name} is damaged: it is cut short")
        if element.name == "vertex":
            rows = np.frombuffer(content, row, element.count, start)
            vertices = np.column_stack([rows[axis].astype(np.float64) for axis in "xyz"])
        start += row.itemsize * element.count
    return vertices, _faces(name, content, start, elements[names.index("face")], order)


def _faces(name: str, content: bytes, start: int, face: Element, order: str) -> np.ndarray:
    """Faces with the same number of corners at once, else one by one."""
    if face.count == 0:
        return np.zeros((0, 3), np.int64)
    at = next(i for i, (_, kind) in enumerate(face.properties) if not kind)
    lead = np.dtype([(f"a{i}", order + kind) for i, (_, kind) in enumerate(face.properties[:at])])
    tail = np.dtype([(f"b{i}", order + kind) for i, (_, kind) in enumerate(face.properties[at + 1 :])])
    size, kind = (np.dtype(order + t) for t in face.lists[0])
    if start + lead.itemsize + size.itemsize > len(content):
        raise InputError(f"{name} is damaged: it is cut short")
    corners = int(np.frombuffer(content, size, 1, start + lead.itemsize)[0])
    row = np.dtype([("lead", lead), ("n", size), ("at", kind, (corners,)), ("tail", tail)])
    if start + row.itemsize * face.count <= len(content):
        rows = np.frombuffer(content, row, face.count, start)
        if (rows["n"] == corners).all():
            return _fans(rows["at"].astype(np.int64))
    found: list[np.ndarray] = []
    for _ in range(face.count):
        start += lead.itemsize
        if start + size.itemsize > len(content):
            raise InputError(f"{name} is damaged: it is cut short")
        corners = int(np.frombuffer(content, size, 1, start)[0])
        start += size.itemsize
        if start + corners * kind.itemsize + tail.itemsize > len(content):
            raise InputError(f"{name} is damaged: it is cut short")
        found.append(_fans(np.frombuffer(content, kind, corners, start).astype(np.int64)[None]))
        start += corners * kind.itemsize + tail.itemsize
    return np.concatenate(found)


def _fans(polygons: np.ndarray) -> np.ndarray:
    """Polygons (n, k) as triangles (n * (k - 2), 3); none for fewer than three corners."""
    pieces = [polygons[:, [0, i, i + 1]] for i in range(1, polygons.shape[1] - 1)]
    return np.stack(pieces, axis=1).reshape(-1, 3) if pieces else np.zeros((0, 3), np.int64)


def _ply_text(content: bytes, elements: list[Element], before: list[Element]) -> tuple[np.ndarray, np.ndarray]:
    lines = content.split(b"\n")
    start, vertices = 0, np.zeros((0, 3))
    for element in before:
        if element.name == "vertex":
            where = [[name for name, _ in element.properties].index(axis) for axis in "xyz"]
            rows = [line.split() for line in lines[start : start + element.count]]
            vertices = np.array([[float(row[i]) for i in where] for row in rows], np.float64).reshape(-1, 3)
        start += element.count
    face = elements[len(before)]
    at = next(i for i, (_, kind) in enumerate(face.properties) if not kind)
    found = []
    for line in lines[start : start + face.count]:
        parts = line.split()[at:]
        corners = [int(part) for part in parts[1 : 1 + int(parts[0])]]
        if len(corners) != int(parts[0]):
            raise ValueError("a face is cut short")
        found.append(_fans(np.array([corners], np.int64)))
    return vertices, np.concatenate(found) if found else np.zeros((0, 3), np.int64)
