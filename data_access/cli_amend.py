"""`python -m data_access annotate`, `annotations`, `skeletons`, `meshes`: what a dataset gains after it was made."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_access.cli_options import add_common, data_dir, voxel
from data_access.errors import UsageError
from data_access.progress import Stages

if TYPE_CHECKING:
    from data_access.annotations import Joined
    from data_access.placed_files import Placed

RULES = ("refuse", "first", "most", "mean", "sum", "count", "list")


def add_annotate(command: argparse.ArgumentParser) -> None:
    """The options of `annotate`."""
    command.description = (
        "Bring a table into a dataset as extra columns of its cells. Files: .parquet .feather .arrow .csv .csv.gz "
        ".tsv. The key is a column of cell ids or nucleus ids; cells without a row stay missing."
    )
    add = command.add_argument
    add("id", metavar="ID")
    add("file", metavar="FILE", nargs="?", type=Path)
    add("--key", default="", metavar="COLUMN", help="column of the table that holds the keys, by name or number")
    add("--on", default="", metavar="COLUMN", help="column of the dataset to match: cell_id (default), nucleus_id, ...")
    add("--columns", default="", metavar="A,B", help="columns to bring in (default: all)")
    add("--prefix", default="", metavar="P", help="stands before the names of the new columns")
    add(
        "--rule",
        default="refuse",
        help="a key on several rows: refuse (default), first row, most common value, mean, sum, count of rows, list",
    )
    add("--name", default="", help="name of the annotation (default: that of the file)")
    add("--cave-table", default="", metavar="NAME", help="instead of FILE: a table of the CAVE version of the dataset")
    add("--remove", default="", metavar="NAME", help="take an annotation away")
    add_common(command)
    command.set_defaults(run=_annotate)


def add_annotations(command: argparse.ArgumentParser) -> None:
    """The options of `annotations`."""
    command.description = "The annotations of a dataset: where their columns come from, and how many cells have them."
    command.add_argument("id", metavar="ID")
    add_common(command)
    command.set_defaults(run=_annotations)


def add_files(command: argparse.ArgumentParser, kind: str) -> None:
    """The options of `skeletons` and `meshes`."""
    what = {"skeletons": "skeletons, SWC files", "meshes": "meshes, PLY or OBJ files"}[kind]
    command.description = (
        f"Add {what} named after their cells (864691135012345678.swc). They are kept in nm. A file that misses its "
        "cell's soma and all its synapses is refused: its unit is another, or it is another cell."
    ).replace(".swc", ".swc" if kind == "skeletons" else ".ply")
    add = command.add_argument
    add("id", metavar="ID")
    add("folder", metavar="DIR", type=Path)
    add("--unit", required=True, metavar="U", help="unit of the files: nm, um or voxel")
    add("--voxel-nm", default=None, metavar="X,Y,Z", help="size of a voxel (default: that of the dataset)")
    add_common(command)
    command.set_defaults(run=_files, kind=kind)


def _annotate(options: argparse.Namespace) -> int:
    from data_access.annotation_tables import Wish, check_rule
    from data_access.annotations import annotate, remove

    given = [w for w in ("file", "cave_table", "remove") if getattr(options, w)]
    if len(given) != 1:
        words = "a FILE, --cave-table NAME or --remove NAME"
        raise UsageError(f"annotate needs {words}" if not given else f"annotate takes one of {words}, not several")
    if options.remove:
        gone = remove(data_dir(options), options.id, options.remove)
        names = list(gone.columns)
        print(json.dumps({"id": options.id, "removed": gone.name, "columns": names}) if options.json else
              f"{gone.name} removed from {options.id}: {', '.join(names)}")  # fmt: skip
        return 0
    check_rule(options.rule)
    wish = Wish(
        file=options.file or Path(), key=options.key, on=options.on, prefix=options.prefix, rule=options.rule,
        columns=tuple(c.strip() for c in options.columns.split(",") if c.strip()), name=options.name,
    )  # fmt: skip
    joined = _of_cave(options, wish) if options.cave_table else annotate(data_dir(options), options.id, wish)
    report(joined, options.json)
    return 0


def _of_cave(options: argparse.Namespace, wish: Any) -> Joined:
    from data_access import cli_cave
    from data_access.adapters.cave import annotating
    from data_access.jobs import Jobs

    folder = data_dir(options)
    request = annotating.request(options.id, options.cave_table, wish)
    server = annotating.source(folder, options.id).server
    token = cli_cave.find_token(server)
    secrets = {annotating.TOKEN: token} if token else {}
    with Jobs(folder).here(annotating.KIND, annotating.title(request), options.id, request, secrets) as reporter:
        return annotating.annotate(folder, request, token, reporter)


def as_json(joined: Joined) -> dict[str, Any]:
    """What a JSON summary says of an annotation."""
    a, m = joined.annotation, joined.match
    return asdict(a) | {
        "meaning": a.meaning, "matched_cells": m.cells, "n_cells": m.n_cells, "matched_keys": m.found,
        "unmatched_keys": m.lost,
        "columns": {ours: {"from": theirs, "kind": joined.kinds[ours]} for ours, theirs in a.columns.items()},
    }  # fmt: skip


def report(joined: Joined, in_json: bool) -> None:
    """Print how an annotation meets its dataset."""
    if in_json:
        print(json.dumps({"id": joined.meta.id} | as_json(joined), ensure_ascii=False))
        return
    a = joined.annotation
    print(f"{joined.meta.id}: {joined.sentence()}")
    if a.no_key:
        print(f"  left out: {a.no_key:,} rows: no key")
    if a.zero_key:
        print(f"  left out: {a.zero_key:,} rows: key 0")
    for item in a.left_out:
        print(f"  left out: column {item.column}: {item.reason}")


def _annotations(options: argparse.Namespace) -> int:
    from data_access.annotations import listed

    found = listed(data_dir(options), options.id)
    if options.json:
        print(json.dumps({"data": [as_json(joined) for joined in found]}, ensure_ascii=False))
        return 0
    for joined in found:
        m = joined.match
        print(
            f"{joined.annotation.name:24} {m.cells:>9,} of {m.n_cells:,} cells  {', '.join(joined.annotation.columns)}"
        )
        print(f"{'':24} {joined.annotation.meaning}")
    if not found:
        print(f"{options.id} has no annotations")
    return 0


def _files(options: argparse.Namespace) -> int:
    from data_access import placed_files

    unit = _unit(options.unit)
    size = voxel("--voxel-nm", options.voxel_nm)
    if size and unit != "voxel":
        raise UsageError(f"--voxel-nm goes with --unit voxel, not with --unit {unit}")
    with Stages() as stages:
        placed = placed_files.add(data_dir(options), options.id, options.kind, options.folder, unit, size, stages)
    if options.json:
        print(json.dumps({"id": options.id} | asdict(placed), ensure_ascii=False))
    else:
        print("\n".join(_lines(options.id, placed)))
    return 0


def _lines(dataset_id: str, placed: Placed) -> list[str]:
    lines = [f"{dataset_id}: {placed.added:,} {placed.kind} added, {placed.total:,} there now"]
    if placed.replaced:
        lines.append(f"  {placed.replaced:,} of them in place of another")
    if placed.unknown:
        more = " ..." if placed.unknown > len(placed.unknown_names) else ""
        names = ", ".join(placed.unknown_names)
        lines.append(f"  left out: {placed.unknown:,} files: no cell of that id ({names}{more})")
    return lines + [f"  note: {note}" for note in placed.notes]


def _unit(word: str) -> str:
    words = {"nm": "nm", "um": "um", "µm": "um", "μm": "um", "voxel": "voxel", "voxels": "voxel"}
    if word not in words:
        raise UsageError(f"--unit {word}: expected nm, um or voxel")
    return words[word]
