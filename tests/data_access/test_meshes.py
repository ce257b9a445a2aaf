"""Meshes read to be drawn: PLY in its three forms and OBJ, polygons as triangles, damage told in words."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from data_access import meshes
from data_access.errors import InputError, NotFoundError

POINTS = [(0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (10.0, 10.0, 0.0), (0.0, 10.0, 0.0), (5.0, 5.0, 8.0)]
POLYGONS = {
    "triangles": [(0, 1, 2), (0, 2, 3), (3, 2, 4)],
    "squares": [(0, 1, 2, 3), (1, 2, 4, 3)],
    "mixed": [(0, 1, 2, 3), (3, 2, 4), (0, 1)],
}


def fans(polygons: list[tuple[int, ...]]) -> list[list[int]]:
    return [[p[0], p[i], p[i + 1]] for p in polygons for i in range(1, len(p) - 1)]


def ply(form: str, polygons: list[tuple[int, ...]], more: bool = False) -> bytes:
    """A PLY file; `more`: further properties before and behind the lists of the faces, and an element between."""
    lines = ["ply", f"format {form} 1.0", f"element vertex {len(POINTS)}", "property float x", "property uchar red",
             "property float y", "property float z"]  # fmt: skip
    lines += ["element edge 2", "property int at"] if more else []
    lines += [f"element face {len(polygons)}"]
    lines += ["property uchar flag"] if more else []
    lines += ["property list uchar int vertex_indices"] + (["property float area"] if more else [])
    head = ("\n".join([*lines, "end_header"]) + "\n").encode()
    if form == "ascii":
        rows = [f"{x} 7 {y} {z}" for x, y, z in POINTS] + (["1", "2"] if more else [])
        flag, area = ("9 ", " 0.5") if more else ("", "")
        rows += [f"{flag}{len(p)} {' '.join(map(str, p))}{area}" for p in polygons]
        return head + "\n".join(rows).encode() + b"\n"
    order = "<" if form == "binary_little_endian" else ">"
    body = b"".join(struct.pack(f"{order}fBff", x, 7, y, z) for x, y, z in POINTS)
    body += struct.pack(f"{order}ii", 1, 2) if more else b""
    for p in polygons:
        body += struct.pack(f"{order}B", 9) if more else b""
        body += struct.pack(f"{order}B{len(p)}i", len(p), *p)
        body += struct.pack(f"{order}f", 0.5) if more else b""
    return head + body


def put(place: Path, name: str, content: bytes) -> Path:
    (place / "meshes").mkdir(exist_ok=True)
    (place / "meshes" / name).write_bytes(content)
    return place


@pytest.mark.parametrize("more", [False, True], ids=["plain", "further properties"])
@pytest.mark.parametrize("kind", list(POLYGONS))
@pytest.mark.parametrize("form", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_polygons_become_fans_of_triangles(tmp_path: Path, form: str, kind: str, more: bool) -> None:
    found = meshes.read(put(tmp_path, "12.ply", ply(form, POLYGONS[kind], more)), "12")
    assert found.vertices_nm.tolist() == [list(p) for p in POINTS]
    assert found.faces.tolist() == fans(POLYGONS[kind])


def test_obj_counts_from_one_or_from_the_end(tmp_path: Path) -> None:
    vertices = "".join(f"v {x} {y} {z} 0.5\nvn 0 0 1\n" for x, y, z in POINTS)
    faces = "f 1/1/1 2/2 3//3 4\nf -1 1 2\nl 1 2\n"
    found = meshes.read(put(tmp_path, "ADAL.obj", (vertices + faces).encode()), "ADAL")
    assert found.vertices_nm.tolist() == [list(p) for p in POINTS]
    assert found.faces.tolist() == [[0, 1, 2], [0, 2, 3], [4, 0, 1]]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("12.ply", ply("binary_little_endian", POLYGONS["triangles"])[:-3], "cut short"),
        ("12.ply", ply("binary_little_endian", POLYGONS["mixed"])[:-3], "damaged"),
        ("12.ply", ply("ascii", POLYGONS["squares"])[:-6], "something else than numbers"),
        ("12.ply", ply("ascii", [(0, 1, 9)]), "a vertex that is not there"),
        ("12.ply", ply("ascii", []), "has no faces"),
        ("12.ply", b"solid\n", "no PLY file"),
        ("12.obj", b"v 0 0 0\nf 1 2 3\n", "a vertex that is not there"),
        ("12.obj", b"v 0 0 x\nf 1 1 1\n", "something else than numbers"),
        ("12.obj", b"v 0 0 nan\nv 1 1 1\nf 1 2 2\n", "a vertex has no position"),
        ("12.obj", b"v 0 0 0\n", "has no faces"),
    ],
)
def test_damage_is_told_in_one_line(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        meshes.read(put(tmp_path, name, content), "12")
    assert "12" in caught.value.message


def test_a_cell_without_a_mesh_and_ids_that_are_no_file_names(tmp_path: Path) -> None:
    put(tmp_path, "a%2Fb.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    assert len(meshes.read(tmp_path, "a/b").faces) == 1
    for cell in ("b", "../meshes/a%2Fb", "12"):
        with pytest.raises(NotFoundError, match="there is no mesh of"):
            meshes.read(tmp_path, cell)


def test_published_meshes(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "real" / "hemibrain_DA1" / "ply"
    (tmp_path / "meshes").symlink_to(folder)
    for path in sorted(folder.glob("*.ply")):
        header = path.read_bytes()[:2_000].split(b"end_header")[0].decode()
        counts = {w[1]: int(w[2]) for line in header.splitlines() if (w := line.split())[0] == "element"}
        found = meshes.read(tmp_path, path.stem)
        assert (len(found.vertices_nm), len(found.faces)) == (counts["vertex"], counts["face"])
        used = np.unique(found.faces)
        assert (used[0], used[-1]) == (0, counts["vertex"] - 1)
