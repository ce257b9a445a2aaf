"""Skeletons and meshes from a folder: in nm afterwards, on their cells, or refused with the numbers."""

from __future__ import annotations

import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_access import skeletons
from data_access.dataset import open_dataset
from data_access.errors import InputError
from data_access.mesh_files import scaled
from tests.data_access.command_line import CommandLine, contents, says

VOXEL = (4.0, 4.0, 40.0)
# two cells of 10 um around (20, 20, 20) and (60, 60, 60) um; the synapse lies at the first one's tip
ROWS = "pre_id,post_id,size,x_nm,y_nm,z_nm\n12,13,5,29000,20000,20000\n"
CELLS = "cell_id,x_nm,y_nm,z_nm\n12,20000,20000,20000\n13,60000,60000,60000\n14,,,\n"
SWC = "# of cell 12\n1 1 20 20 20 1.5 -1\n2 3 25 20.5 20 0.2 1\n3 2 30 20 21 0.1 2\n"  # um
TRIANGLE = [[20.0, 20.0, 20.0], [25.0, 20.0, 20.0], [30.0, 21.0, 20.0]]


@pytest.fixture
def x(command: CommandLine) -> CommandLine:
    rows, cells = command.file("s.csv", ROWS), command.file("c.csv", CELLS)
    command.imported("x", "--synapses", rows, "--cells", cells)
    (command.work / "in").mkdir()
    return command


def put(command: CommandLine, name: str, content: str | bytes = SWC) -> Path:
    command.file(f"in/{name}", content)
    return command.work / "in"


def refused(command: CommandLine, kind: str, *words: object, status: int = 1) -> str:
    before = contents(command.data)
    done = command(kind, "x", command.work / "in", *words)
    assert (done.status, done.out) == (status, "")
    assert contents(command.data) == before
    assert len(done.err.splitlines()) == 1
    return done.err


def test_skeletons_are_kept_in_nm(x: CommandLine) -> None:
    done = x("skeletons", "x", put(x, "12.swc"), "--unit", "um", "--json")
    assert done.status == 0, done.err
    assert (done.json["added"], done.json["replaced"], done.json["total"], done.json["unknown"]) == (1, 0, 1, 0)
    opened = open_dataset(x.data, "x")
    assert "skeletons" in opened.meta.capabilities
    skeleton = skeletons.read(opened.place, "12")
    assert skeleton.nodes_nm.tolist() == [[20_000, 20_000, 20_000], [25_000, 20_500, 20_000], [30_000, 20_000, 21_000]]
    assert skeleton.radius_nm.tolist() == [1500, 200, 100]
    assert (skeleton.kind.tolist(), skeleton.parent.tolist()) == ([1, 3, 2], [-1, 0, 1])
    assert x("verify", "x").status == 0
    again = x("skeletons", "x", put(x, "12.swc", SWC.replace("30 20 21", "31 20 21")), "--unit", "um", "--json")
    assert (again.json["replaced"], again.json["total"]) == (1, 1)
    assert skeletons.read(open_dataset(x.data, "x").place, "12").nodes_nm[2, 0] == 31_000


def test_voxels_have_a_size_of_their_own(x: CommandLine) -> None:
    voxels = "1 1 5000 5000 500 2 -1\n2 3 7500 5000 500 1 1\n"
    put(x, "12.swc", voxels)
    says(refused(x, "skeletons", "--unit", "voxel"), "how large is a voxel", "--voxel-nm")
    assert x("skeletons", "x", x.work / "in", "--unit", "voxel", "--voxel-nm", "4,4,40").status == 0
    skeleton = skeletons.read(open_dataset(x.data, "x").place, "12")
    assert skeleton.nodes_nm.tolist() == [[20_000, 20_000, 20_000], [30_000, 20_000, 20_000]]


def test_a_file_that_misses_its_cell_is_refused_with_the_numbers(x: CommandLine) -> None:
    put(x, "12.swc")
    line = refused(x, "skeletons", "--unit", "nm")
    says(
        line, "12.swc: it spans x 0.0 to 0.0", "misses its cell's soma (20.0, 20.0, 20.0 um)", "its only synapse",
        "x 29.0 to 29.0", "with --unit um it would lie on the cell",
    )  # fmt: skip
    (x.work / "in" / "12.swc").unlink()  # one of another place: no unit mends that
    far = SWC.replace("20", "900").replace("25", "910").replace("30", "920")
    put(x, "13.swc", far)
    says(refused(x, "skeletons", "--unit", "um"), "13.swc", "soma (60.0, 60.0, 60.0 um)", "whether the file is of this")


def test_the_soma_or_one_synapse_is_enough(x: CommandLine) -> None:
    soma_only, synapse_only = "1 1 20 20 20 1 -1\n", "1 2 29 20 20 1 -1\n"
    for content in (soma_only, synapse_only):
        assert x("skeletons", "x", put(x, "12.swc", content), "--unit", "um").status == 0
    put(x, "12.swc", "1 2 24.5 20 20 1 -1\n")  # between them, more than a micrometre from each
    refused(x, "skeletons", "--unit", "um")


def test_what_cannot_be_checked_is_taken_and_told(x: CommandLine) -> None:
    done = x("skeletons", "x", put(x, "14.swc"), "--unit", "um", "--json")
    assert done.status == 0
    says(" ".join(done.json["notes"]), "1 could not be checked")


def test_files_of_no_cell_are_counted(x: CommandLine) -> None:
    for name in ("12.swc", "99.swc", "readme.swc", "notes.txt"):
        put(x, name)
    done = x("skeletons", "x", x.work / "in", "--unit", "um")
    assert done.status == 0
    says(done.out, "1 skeletons added", "left out: 2 files: no cell of that id (99.swc, readme.swc)")
    (x.work / "in" / "12.swc").unlink()
    says(refused(x, "skeletons", "--unit", "um"), "none of the 2 files", "such as 12.swc")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("1 1 20 20 20 1 -1\n2 3 25 20\n", ["line 2 has 4 of the 7 values"]),
        ("# comment\n\n1 1 20 20 20 1 -1\n2 3 25 x 20 1 1\n", ["line 4 holds a value that is no number"]),
        ("1 1 20 20 20 1 -1\n1 3 25 20 20 1 1\n", ["node 1 is there twice"]),
        ("1 1 20 20 20 1 2\n2 3 25 20 20 1 1\n", ["their own ancestors"]),
        ("# nothing\n", ["holds no node"]),
        ("", ["holds no node"]),
    ],
)
def test_a_damaged_skeleton_is_named(x: CommandLine, content: str, parts: list[str]) -> None:
    put(x, "13.swc", content)
    put(x, "12.swc")
    says(refused(x, "skeletons", "--unit", "um"), "13.swc: ", *parts)


def test_wrong_words_are_a_usage_error(x: CommandLine) -> None:
    put(x, "12.swc")
    says(refused(x, "skeletons", "--unit", "mm", status=2), "expected nm, um or voxel")
    says(refused(x, "skeletons", "--unit", "nm", "--voxel-nm", "4,4,40", status=2), "goes with --unit voxel")
    says(refused(x, "skeletons", "--unit", "voxel", "--voxel-nm", "4,4", status=2), "three numbers")
    says(refused(x, "skeletons", status=2), "--unit")
    says(refused(x, "meshes", "--unit", "nm"), "holds no files that end in .ply or .obj")
    assert x("skeletons", "x", x.work / "nowhere", "--unit", "nm").err.startswith("error: no such folder")
    assert x("skeletons", "y", x.work / "in", "--unit", "nm").err.startswith("error: no dataset 'y'")


def test_names_of_cells_that_are_text(command: CommandLine) -> None:
    rows = command.file("s.csv", ROWS.replace("12,13", "AV/L,B..x"))
    command.imported("x", "--synapses", rows)
    (command.work / "in").mkdir()
    put(command, "AV%2FL.swc")
    put(command, "B..x.swc")
    assert command("skeletons", "x", command.work / "in", "--unit", "um").status == 0
    opened = open_dataset(command.data, "x")
    assert [len(skeletons.read(opened.place, name)) for name in ("AV/L", "B..x")] == [3, 3]


# -- meshes


def ply(form: str, kind: str = "float", extra: bool = True) -> bytes:
    """A triangle in um, with a colour and a list of faces."""
    names = [f"property {kind} {axis}" for axis in "xyz"] + (["property uchar red"] if extra else [])
    head = ["ply", f"format {form} 1.0", "comment of a cell", "element vertex 3", *names, "element face 1",
            "property list uchar int vertex_indices", "end_header"]  # fmt: skip
    start = ("\n".join(head) + "\n").encode()
    if form == "ascii":
        rows = [" ".join(map(str, p)) + (" 7" if extra else "") for p in TRIANGLE]
        return start + ("\n".join([*rows, "3 0 1 2"]) + "\n").encode()
    order = "<" if "little" in form else ">"
    code = {"float": "f", "double": "d", "int": "i"}[kind]
    whole = [tuple(int(v) if code == "i" else v for v in p) for p in TRIANGLE]
    rows = [struct.pack(f"{order}3{code}" + ("B" if extra else ""), *p, *([7] if extra else [])) for p in whole]
    return start + b"".join(rows) + struct.pack(f"{order}B3i", 3, 0, 1, 2)


OBJ = b"# of a cell\nv 20 20 20 0.5 0.5 0.5\nv 25 20 20\r\nvn 0 0 1\nv 30 21 20\nf 1 2 3\n"
MESHES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "ascii": ("ply", lambda: ply("ascii")),
    "little": ("ply", lambda: ply("binary_little_endian")),
    "big": ("ply", lambda: ply("binary_big_endian", "double")),
    "whole": ("ply", lambda: ply("binary_little_endian", "int", extra=False)),
    "obj": ("obj", lambda: OBJ),
}


def vertices(content: bytes) -> list[list[float]]:
    """Read again by a reader of its own, as far as these small files need one."""
    if not content.startswith(b"ply"):
        return [[float(v) for v in line.split()[1:4]] for line in content.decode().splitlines() if line[:2] == "v "]
    head, _, data = content.partition(b"end_header\n")
    names = re.findall(r"property (\w+) (\w+)\n", head.decode())
    if b"ascii" in head:
        return [[float(v) for v in line.split()[:3]] for line in data.decode().splitlines()[:3]]
    order = "<" if b"little" in head else ">"
    row = order + "".join({"float": "f", "double": "d", "int": "i", "uchar": "B"}[kind] for kind, _ in names)
    return [list(struct.unpack_from(row, data, i * struct.calcsize(row))[:3]) for i in range(3)]


@pytest.mark.parametrize("name", MESHES)
def test_meshes_are_kept_in_nm(x: CommandLine, name: str) -> None:
    ending, content = MESHES[name]
    put(x, f"12.{ending}", content())
    done = x("meshes", "x", x.work / "in", "--unit", "um", "--json")
    assert done.status == 0, done.err
    opened = open_dataset(x.data, "x")
    assert "meshes" in opened.meta.capabilities
    kept = (opened.place / "meshes" / f"12.{ending}").read_bytes()
    assert vertices(kept) == [[v * 1000 for v in p] for p in TRIANGLE]
    if ending == "ply":
        assert kept.count(b"\x07" if name in ("little", "big") else b" 7") >= (3 if name != "whole" else 0)
        assert kept.endswith(content()[-13:] if name != "ascii" else b"3 0 1 2\n"), "faces are as they were"
        assert b"comment of a cell" in kept
    else:
        assert b"v 20000 20000 20000 0.5 0.5 0.5\n" in kept and b"vn 0 0 1\n" in kept and b"f 1 2 3\n" in kept
    assert x("verify", "x").status == 0


def test_a_mesh_takes_the_place_of_another_kind(x: CommandLine) -> None:
    put(x, "12.obj", OBJ)
    assert x("meshes", "x", x.work / "in", "--unit", "um").status == 0
    (x.work / "in" / "12.obj").unlink()
    put(x, "12.ply", ply("ascii"))
    done = x("meshes", "x", x.work / "in", "--unit", "um", "--json")
    assert (done.json["replaced"], done.json["total"]) == (1, 1)
    assert [p.name for p in (open_dataset(x.data, "x").place / "meshes").iterdir()] == ["12.ply"]
    put(x, "12.obj", OBJ)
    says(refused(x, "meshes", "--unit", "um"), "two files are of one cell: 12.obj and 12.ply")


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("12.ply", b"solid x\n", ["no PLY file"]),
        ("12.ply", b"ply\nformat ascii 1.0\nelement vertex 3\n", ["its header does not end"]),
        ("12.ply", b"ply\nformat ascii 1.0\nelement vertex three\nend_header\n", ["line 3 of its header"]),
        ("12.ply", b"ply\nformat packed 1.0\nelement vertex 0\nend_header\n", ["its format is 'packed'"]),
        ("12.ply", b"ply\nformat ascii 1.0\nelement face 0\nend_header\n", ["names no vertices"]),
        ("12.ply", ply("binary_little_endian")[:-30], ["cut short"]),
        ("12.ply", ply("binary_little_endian")[:-2], ["cut short"]),
        ("12.ply", ply("ascii").replace(b"25.0", b"much"), ["line 13 holds no position"]),
        ("12.ply", ply("binary_little_endian")[:-4] + struct.pack("<i", 9), ["a vertex that is not there"]),
        ("12.obj", OBJ.replace(b"v 25", b"v zz"), ["line 3 holds no position: v zz"]),
        ("12.obj", b"f 1 2 3\n", ["holds no vertices"]),
        ("12.obj", OBJ.replace(b"v 25", b"v nan"), ["vertex 2 has no position"]),
    ],
)
def test_a_damaged_mesh_is_named(x: CommandLine, name: str, content: bytes, parts: list[str]) -> None:
    put(x, name, content)
    says(refused(x, "meshes", "--unit", "um"), name, *parts)


# -- real files


def test_the_skeletons_of_minnie65_lie_on_their_cells_in_nm_only(command: CommandLine, real_data: Path) -> None:
    folder = real_data / "real" / "minnie65_cells_a"
    command.imported("x", "--synapses", folder / "synapses.parquet", "--cells", folder / "cells.csv")
    for words in (["um"], ["voxel"], ["voxel", "--voxel-nm", "8,8,8"]):
        done = command("skeletons", "x", folder / "skeletons", "--unit", *words)
        assert done.status == 1
        says(done.err, "42 of 42 files miss their cells", "with --unit nm it would lie on the cell")
    assert command("skeletons", "x", folder / "skeletons", "--unit", "nm", "--json").json["added"] == 42
    opened = open_dataset(command.data, "x")
    cells = pd.read_csv(folder / "cells.csv")
    row = cells.iloc[7]
    skeleton = skeletons.read(opened.place, str(row.pt_root_id))
    source = np.loadtxt(folder / "skeletons" / f"{row.pt_root_id}.swc")
    assert np.array_equal(skeleton.nodes_nm, source[:, 2:5])
    assert len(skeleton) == row.swc_nodes


def test_hemibrain_skeletons_and_meshes_are_in_voxels_of_8_nm(command: CommandLine, real_data: Path) -> None:
    folder = real_data / "real" / "hemibrain_DA1"
    tables = []
    for path in sorted((folder / "synapses").glob("*.csv")):
        rows = pd.read_csv(path)
        is_pre = rows["type"] == "pre"
        other = pd.Series(range(len(rows))) + 1
        rows["pre_id"] = other.where(~is_pre, int(path.stem))
        rows["post_id"] = other.where(is_pre, int(path.stem))
        tables.append(rows.assign(**{f"{axis}_nm": rows[axis] * 8.0 for axis in "xyz"}))
    rows = pd.concat(tables)[["pre_id", "post_id", "x_nm", "y_nm", "z_nm"]]
    command.imported("x", "--synapses", command.table("s.parquet", rows))
    right = ["--unit", "voxel", "--voxel-nm", "8,8,8"]
    for kind, name in (("skeletons", "swc"), ("meshes", "ply")):
        for wrong in (["--unit", "nm"], ["--unit", "um"]):
            done = command(kind, "x", folder / name, *wrong)
            assert done.status == 1
            says(done.err, "3 of 3 files miss their cells", "with --unit voxel --voxel-nm 8,8,8")
        assert command(kind, "x", folder / name, *right, "--json").json["added"] == 3
    opened = open_dataset(command.data, "x")
    path = next((folder / "ply").glob("*.ply"))
    kept, source = ((p / path.name) for p in (opened.place / "meshes", folder / "ply"))
    shutil.copy(kept, command.work / "kept.ply")
    before, after = scaled(source, (1, 1, 1)), scaled(kept, (1, 1, 1))
    assert after.n == before.n
    assert after.low == pytest.approx(before.low * 8) and after.high == pytest.approx(before.high * 8)
    assert kept.stat().st_size == source.stat().st_size


def test_an_unknown_ending_is_no_mesh(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_bytes(b"")
    with pytest.raises(InputError, match="holds no vertices"):
        scaled(tmp_path / "a.obj", (1, 1, 1))
