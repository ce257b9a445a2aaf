"""Skeletons and meshes, a file a cell, brought into a dataset: converted to nm, refused where they miss the cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from data_access import amend, mesh_files, skeletons, store
from data_access.amend import Amendment
from data_access.dataset import Dataset
from data_access.errors import InputError
from data_access.metadata import DatasetMeta
from data_access.placing import Box, Found, look
from data_access.skeletons import Skeleton

SUFFIXES = {"skeletons": (".swc",), "meshes": mesh_files.SUFFIXES}
UNITS = {"nm": (1.0, 1.0, 1.0), "um": (1000.0, 1000.0, 1000.0)}
USUAL_VOXELS = ((4.0, 4.0, 40.0), (8.0, 8.0, 8.0), (8.0, 8.0, 40.0))
MOST_NAMED = 5
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Placed:
    """What became of a folder of files: how many were added, in place of how many, and files of no cell."""

    kind: str
    added: int
    replaced: int
    total: int
    unknown: int
    unknown_names: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Named:
    """A file and the cell that it is named after."""

    path: Path
    code: int
    cell: str


def add(
    data_dir: Path, dataset_id: str, kind: str, folder: Path, unit: str, voxel_nm: Triple | None = None,
    progress: Callable[[str, int], None] = lambda stage, done: None,
) -> Placed:  # fmt: skip
    """Add the skeletons or meshes of a folder, whose files are named after their cells, as the next generation.

    unit: nm, um or voxel (of `voxel_nm`, else of the dataset). Files of no cell are counted. Raises InputError, and
    adds nothing, for a damaged file and where the box around one holds neither its cell's soma nor any of its synapses.
    """
    nm_per_unit = _scale(unit, voxel_nm, store.read_meta(data_dir, dataset_id))
    files = _files(folder, kind)
    with amend.amended(data_dir, dataset_id) as amendment:
        dataset = Dataset(amendment.before, amendment.meta, data_dir)
        named, unknown = _named(dataset, files)
        if not named:
            raise InputError(
                f"none of the {len(files):,} files in {folder.name} is named after a cell of {dataset_id}",
                f"such as {dataset.index.text([0])[0]}{SUFFIXES[kind][0]}",
            )
        boxes, replaced, notes = {}, 0, list[str]()
        for done, file in enumerate(named):
            progress(kind, done)
            replaced += _is_there(amendment, kind, file.cell)
            box, told = _skeleton(amendment, file, nm_per_unit) if kind == "skeletons" else (
                _mesh(amendment, file, nm_per_unit), ()
            )  # fmt: skip
            boxes[file.code] = box
            notes += [f"{file.path.name}: {text}" for text in told]
        progress("check", 0)
        notes = [*_short(notes), *_checked(dataset, named, boxes, nm_per_unit)]
        words = " x ".join(f"{side:g}" for side in nm_per_unit)
        note = f"{kind}: {len(named):,} files of {folder.name} added, 1 unit = {words} nm"
        ledger = replace(amendment.meta.ledger, notes=(*amendment.meta.ledger.notes, note))
        amendment.meta = replace(amendment.meta, ledger=ledger)
        total = sum(1 for path in (amendment.place / kind).iterdir() if path.suffix in SUFFIXES[kind])
    return Placed(kind, len(named), replaced, total, len(unknown), tuple(unknown[:MOST_NAMED]), tuple(notes))


def _scale(unit: str, voxel_nm: Triple | None, meta: DatasetMeta) -> Triple:
    if unit in UNITS:
        return UNITS[unit]
    if unit != "voxel":
        raise InputError(f"unit '{unit[:20]}' is none", "expected nm, um or voxel")
    size = voxel_nm or meta.voxel_nm
    if size is None:
        raise InputError(f"how large is a voxel? {meta.id} does not say", "give it in nm, such as --voxel-nm 8,8,8")
    return size


def _files(folder: Path, kind: str) -> list[Path]:
    endings = SUFFIXES[kind]
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder" if folder.exists() else f"no such folder: {folder}")
    found = sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in endings)
    if not found:
        raise InputError(f"{folder.name} holds no files that end in {' or '.join(endings)}")
    return found


def _named(dataset: Dataset, files: Sequence[Path]) -> tuple[list[_Named], list[str]]:
    """The files with the cells that they are named after, and the names of those of no cell."""
    stems = [path.stem for path in files]
    codes = dataset.codes_of(stems)
    lost = codes < 0
    codes[lost] = dataset.codes_of([unquote(stem) for stem, gone in zip(stems, lost, strict=True) if gone])
    found: dict[int, _Named] = {}
    for path, code in zip(files, codes.tolist(), strict=True):
        if code in found:
            raise InputError(f"two files are of one cell: {found[code].path.name} and {path.name}")
        if code >= 0:
            found[code] = _Named(path, code, dataset.index.text([code])[0])
    return list(found.values()), [path.name for path, code in zip(files, codes, strict=True) if code < 0]


def _name(cell: str, kind: str, suffix: str) -> str:
    """Where the file of a cell stands in a dataset."""
    stem = skeletons.file_of(Path(), cell).name.removesuffix(".swc")
    return f"{kind}/{stem}{suffix}"


def _is_there(amendment: Amendment, kind: str, cell: str) -> bool:
    """Whether the dataset has one of this cell, which is taken away."""
    names = [_name(cell, kind, suffix) for suffix in SUFFIXES[kind]]
    there = [name for name in names if (amendment.place / name).is_file()]
    for name in there:
        amendment.new(name)
    return bool(there)


def _skeleton(amendment: Amendment, file: _Named, nm_per_unit: Triple) -> tuple[Box, tuple[str, ...]]:
    try:
        skeleton = skeletons.parse(file.path.read_bytes())
    except InputError as error:
        raise InputError(f"{file.path.name}: {error.message}", error.hint) from None
    nodes = skeleton.nodes_nm * np.asarray(nm_per_unit)
    radius = skeleton.radius_nm * nm_per_unit[0]  # across the plane of the image, where voxels are not cubes
    amendment.new(_name(file.cell, "skeletons", ".swc")).write_text(
        swc(replace(skeleton, nodes_nm=nodes, radius_nm=radius))
    )
    return Box(nodes.min(axis=0), nodes.max(axis=0)), skeleton.notes


def swc(skeleton: Skeleton) -> str:
    """SWC text of a skeleton in nm: a line a node, numbered from 1 in its order."""
    rows = zip(
        skeleton.kind.tolist(), skeleton.nodes_nm.tolist(), skeleton.radius_nm.tolist(), skeleton.parent.tolist(),
        strict=True,
    )  # fmt: skip
    lines = [
        f"{i} {kind} {x:.10g} {y:.10g} {z:.10g} {radius:.7g} {parent + 1 if parent >= 0 else -1}"
        for i, (kind, (x, y, z), radius, parent) in enumerate(rows, 1)
    ]
    return "\n".join(["# unit nm", *lines]) + "\n"


def _mesh(amendment: Amendment, file: _Named, nm_per_unit: Triple) -> Box:
    mesh = mesh_files.scaled(file.path, nm_per_unit)
    amendment.new(_name(file.cell, "meshes", file.path.suffix.lower())).write_bytes(mesh.content)
    return Box(mesh.low, mesh.high)


def _short(notes: list[str]) -> list[str]:
    return notes if len(notes) <= MOST_NAMED else [*notes[:MOST_NAMED], f"and {len(notes) - MOST_NAMED:,} more notes"]


def _checked(dataset: Dataset, named: Sequence[_Named], boxes: dict[int, Box], nm_per_unit: Triple) -> list[str]:
    """What to tell of how the files lie on their cells. InputError where one misses its cell."""
    found = look(dataset, boxes)
    missed = [file for file in named if found[file.code].misses]
    if missed:
        first = missed[0]
        said = found[first.code].told(boxes[first.code])
        count = f"{len(missed):,} of {len(named):,} files miss their cells" if len(missed) > 1 else ""
        hint = _unit_hint(dataset, first.code, boxes[first.code], nm_per_unit)
        raise InputError(f"{first.path.name}: {said}", "; ".join(part for part in (count, hint) if part))
    notes = []
    unchecked = sum(1 for file in named if found[file.code].nothing)
    if unchecked:
        notes.append(f"{unchecked:,} could not be checked: no soma and no synapse of theirs has a position here")
    few = [found[file.code] for file in named if 2 * found[file.code].inside < found[file.code].synapses]
    if few:
        notes.append(f"{len(few):,} hold less than half of their cell's synapses: {_worst(few)}")
    return notes


def _worst(few: Sequence[Found]) -> str:
    least = min(few, key=lambda f: f.inside / f.synapses)
    return f"{least.inside:,} of {least.synapses:,} in the least"


def _unit_hint(dataset: Dataset, code: int, box: Box, nm_per_unit: Triple) -> str:
    """The unit with which the file would lie on its cell."""
    voxels = [v for v in (dataset.meta.voxel_nm, *USUAL_VOXELS) if v]
    likely = {"--unit nm": UNITS["nm"], "--unit um": UNITS["um"]}
    likely |= {f"--unit voxel --voxel-nm {','.join(f'{side:g}' for side in v)}": v for v in voxels}
    for words, scale in likely.items():
        factor = np.asarray(scale) / np.asarray(nm_per_unit)
        other = Box(box.low * factor, box.high * factor)
        found = look(dataset, {code: other})[code]
        if scale != nm_per_unit and 2 * found.inside >= max(1, found.synapses):
            return f"with {words} it would lie on the cell"
    return "see --unit and --voxel-nm, and whether the file is of this cell"
