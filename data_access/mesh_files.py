"""Meshes in PLY or OBJ files: their positions scaled to nm, everything else as it was.

PLY: the header names elements (vertex, face ...) and their properties; text or binary, either byte order. OBJ: lines
that begin with v are positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_access.errors import InputError

SUFFIXES = (".ply", ".obj")
MAX_BYTES = 2_000_000_000
MAX_HEADER = 65_536
_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass(frozen=True)
class Scaled:
    """A file with its positions in nm, how many there are, and their lower and upper corner (nm)."""

    content: bytes
    n: int
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Element:
    """One element of a PLY header: its lines there, and (name, type) of its properties; a list has type ""."""

    name: str
    count: int
    properties: tuple[tuple[str, str], ...]
    lists: tuple[tuple[str, str], ...] = ()


def scaled(path: Path, nm_per_unit: tuple[float, float, float]) -> Scaled:
    """The mesh of a file in nm. Raises InputError, naming the file and the line, for what is no such mesh."""
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path.name} is larger than {MAX_BYTES / 1e9:g} GB")
    content = path.read_bytes()
    factor = np.asarray(nm_per_unit, dtype=np.float64)
    return _ply(path.name, content, factor) if path.suffix.lower() == ".ply" else _obj(path.name, content, factor)


def _obj(name: str, content: bytes, factor: np.ndarray) -> Scaled:
    lines = content.split(b"\n")
    at = [i for i, line in enumerate(lines) if line.startswith((b"v ", b"v\t"))]
    points = np.empty((len(at), 3), dtype=np.float64)
    for row, i in enumerate(at):
        parts = lines[i].split()
        try:
            points[row] = [float(part) for part in parts[1:4]]
        except ValueError:
            raise InputError(f"{name}: line {i + 1:,} holds no position: {_shown(lines[i])}") from None
        rest = parts[4:]
        x, y, z = points[row] * factor
        lines[i] = f"v {x:.10g} {y:.10g} {z:.10g}".encode() + b"".join(b" " + part for part in rest)
    return _result(name, b"\n".join(lines), points * factor)


def _ply(name: str, content: bytes, factor: np.ndarray) -> Scaled:
    form, elements, end, header = read_header(name, content)
    place = next((i for i, element in enumerate(elements) if element.name == "vertex"), None)
    if place is None:
        raise InputError(f"{name}: its header names no vertices")
    vertex = elements[place]
    missing = [axis for axis in "xyz" if axis not in dict(vertex.properties)]
    if missing or any(element.lists for element in elements[: place + 1]):
        raise InputError(f"{name}: its vertices have no plain x, y and z, which is needed")
    if form == "ascii":
        return _ply_text(name, content, end, elements, place, factor)
    order = ORDERS[form]
    start = end + sum(row_type(e, order).itemsize * e.count for e in elements[:place])
    row = row_type(vertex, order)
    stop = start + row.itemsize * vertex.count
    if stop > len(content):
        raise InputError(f"{name} is cut short: {vertex.count:,} vertices need {stop - len(content):,} bytes more")
    _check_faces(name, content, stop, elements[place + 1 :], order, vertex.count)
    rows = np.frombuffer(content, dtype=row, count=vertex.count, offset=start)
    points = np.column_stack([rows[axis].astype(np.float64) for axis in "xyz"]) * factor
    exact = all(kind.startswith("f") for axis, kind in vertex.properties if axis in "xyz")
    wide = Element("vertex", vertex.count, tuple((p, k if exact or p not in ("x", "y", "z") else "f8")
                                                  for p, k in vertex.properties))  # fmt: skip
    changed = np.empty(vertex.count, dtype=row_type(wide, order))
    for prop in changed.dtype.names or ():
        changed[prop] = points[:, "xyz".index(prop)] if prop in ("x", "y", "z") else rows[prop]
    if not exact:
        header = _with_doubles(header)
    return _result(name, header + content[end:start] + changed.tobytes() + content[stop:], points)


def read_header(name: str, content: bytes) -> tuple[str, list[Element], int, bytes]:
    """Format, elements, where the data begin, and the header itself of a PLY file; InputError for a damaged one."""
    if not content.startswith(b"ply"):
        raise InputError(f"{name} is no PLY file: it does not begin with 'ply'")
    at = content.find(b"end_header", 0, MAX_HEADER)
    end = content.find(b"\n", at) + 1 if at >= 0 else 0
    if not end:
        raise InputError(f"{name}: its header does not end")
    form, elements = "", list[Element]()
    for number, line in enumerate(content[:at].decode("latin-1").splitlines(), 1):
        words = line.split()
        try:
            if words[:1] == ["format"]:
                form = words[1]
            elif words[:1] == ["element"]:
                elements.append(Element(words[1], int(words[2]), ()))
            elif words[:1] == ["property"]:
                elements[-1] = _with_property(elements[-1], words[1:])
        except (IndexError, ValueError, KeyError):
            raise InputError(f"{name}: line {number} of its header cannot be read: {line[:60]}") from None
    if form != "ascii" and form not in ORDERS:
        raise InputError(f"{name}: its format is '{form[:40]}'", "known are ascii and binary, little or big endian")
    if any(element.count < 0 for element in elements):
        raise InputError(f"{name}: its header counts less than nothing")
    return form, elements, end, content[:end]


def _with_property(element: Element, words: list[str]) -> Element:
    if words[0] == "list":
        lists = (*element.lists, (_TYPES[words[1]], _TYPES[words[2]]))
        return Element(element.name, element.count, (*element.properties, (words[3], "")), lists)
    return Element(element.name, element.count, (*element.properties, (words[1], _TYPES[words[0]])), element.lists)


def row_type(element: Element, order: str) -> np.dtype:
    """The bytes of one row of an element without lists; `order`: < or >."""
    return np.dtype([(prop, order + kind) for prop, kind in element.properties])


def _with_doubles(header: bytes) -> bytes:
    """The header where x, y and z are doubles: whole voxels do not stay whole in nm."""
    lines = header.split(b"\n")
    for i, line in enumerate(lines):
        words = line.split()
        if len(words) == 3 and words[0] == b"property" and words[2] in (b"x", b"y", b"z"):
            lines[i] = b"property double " + words[2]
    return b"\n".join(lines)


def _check_faces(name: str, content: bytes, start: int, elements: list[Element], order: str, n: int) -> None:
    """InputError where the faces are cut short or name a vertex that is not there; triangles alone are quick."""
    faces = elements[0] if elements else None
    if faces is None or faces.count == 0 or len(faces.properties) != 1 or len(faces.lists) != 1:
        return
    size, kind = (order + t for t in faces.lists[0])
    triangle = np.dtype([("n", size), ("at", kind, (3,))])
    whole = start + triangle.itemsize * faces.count <= len(content)
    if whole:
        rows = np.frombuffer(content, dtype=triangle, count=faces.count, offset=start)
        if (rows["n"] == 3).all():
            if int(rows["at"].max()) >= n or int(rows["at"].min()) < 0:
                raise InputError(f"{name}: a face names a vertex that is not there")
            return
    wide, at = np.dtype(kind).itemsize, start
    for number in range(faces.count):
        if at + np.dtype(size).itemsize > len(content):
            raise InputError(f"{name} is cut short: face {number + 1:,} of {faces.count:,} is missing")
        corners = int(np.frombuffer(content, dtype=size, count=1, offset=at)[0])
        at += np.dtype(size).itemsize + corners * wide
    if at > len(content):
        raise InputError(f"{name} is cut short in its last face")


def _ply_text(name: str, content: bytes, end: int, elements: list[Element], place: int, factor: np.ndarray) -> Scaled:
    first = content[:end].count(b"\n")
    lines = content[end:].split(b"\n")
    start = sum(element.count for element in elements[:place])
    vertex = elements[place]
    names = [prop for prop, _ in vertex.properties]
    where = [names.index(axis) for axis in "xyz"]
    if len(lines) < sum(element.count for element in elements):
        raise InputError(f"{name} is cut short: it has {len(lines):,} lines of data")
    points = np.empty((vertex.count, 3), dtype=np.float64)
    for row in range(vertex.count):
        parts = lines[start + row].split()
        try:
            points[row] = [float(parts[i]) for i in where]
        except (ValueError, IndexError):
            said = _shown(lines[start + row])
            raise InputError(f"{name}: line {first + start + row + 1:,} holds no position: {said}") from None
        for i, value in zip(where, points[row] * factor, strict=True):
            parts[i] = f"{value:.10g}".encode()
        lines[start + row] = b" ".join(parts)
    return _result(name, _with_doubles(content[:end]) + b"\n".join(lines), points * factor)


def _shown(line: bytes) -> str:
    return line[:40].decode("utf-8", "replace")


def _result(name: str, content: bytes, points: np.ndarray) -> Scaled:
    if not len(points):
        raise InputError(f"{name} holds no vertices")
    if not np.isfinite(points).all():
        at = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        raise InputError(f"{name}: vertex {at + 1:,} has no position")
    return Scaled(content, len(points), points.min(axis=0), points.max(axis=0))
