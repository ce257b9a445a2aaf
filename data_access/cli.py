"""`python -m data_access COMMAND`: import, list, show, verify, remove, fetch, and the built-in datasets."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from data_access import cli_amend, cli_cave, store
from data_access.cli_options import add_common, data_dir, report, voxel
from data_access.errors import InputError, SynaptoscopeError, UsageError, did_you_mean
from data_access.metadata import DatasetMeta
from data_access.progress import Stages


class _Parser(argparse.ArgumentParser):
    """argparse with one clear line instead of a usage block."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"see python -m {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; exit status 0, 2 for a usage error, 1 for a failure (one line on stderr)."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        options = _parsed(words)
        return int(options.run(options) or 0)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except SynaptoscopeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing was changed", file=sys.stderr)
        return 1
    except (OSError, MemoryError) as error:
        print(f"error: {str(error) or 'not enough memory'}", file=sys.stderr)
        return 1


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = _parser()
    options, extra = parser.parse_known_args(words)
    if extra:
        known = options.parser._option_string_actions if extra[0].startswith("-") else ()
        hint = did_you_mean(extra[0].partition("=")[0], known)
        raise UsageError(f"unknown option or word {extra[0]!r}", hint or f"see python -m {parser.prog} --help")
    return options


def _parser() -> _Parser:
    parser = _Parser(prog="data_access", description="Bring data into Synaptoscope and look after it.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_import(commands.add_parser("import", help="files become a dataset"))
    simple = {
        "list": ("the datasets of the data folder", _list, ()),
        "show": ("one dataset: counts, columns, import ledger", _show, ("ID",)),
        "verify": ("re-read a dataset and compare counts and checksums", _verify, ("ID",)),
        "remove": ("delete a dataset", _remove, ("ID",)),
        "fetch": ("a public dataset of the catalogue (without NAME: list them)", _fetch, ("NAME",)),
        "builtin": ("put the built-in datasets in place", _builtin, ()),
    }
    for name, (text, run, positional) in simple.items():
        command = commands.add_parser(name, help=text, description=text)
        for word in positional:
            command.add_argument(word.lower(), metavar=word, nargs="?" if name == "fetch" else None)
        add_common(command)
        if name == "fetch":
            command.add_argument("--base", help="address that replaces the catalogue's (a mirror)")
        command.set_defaults(run=run)
    annotate = commands.add_parser("annotate", help="a table becomes extra columns of a dataset")
    cli_amend.add_annotate(annotate)
    listed = commands.add_parser("annotations", help="the annotations of a dataset")
    cli_amend.add_annotations(listed)
    for kind in ("skeletons", "meshes"):
        command = commands.add_parser(kind, help=f"{kind} of the cells of a dataset, from a folder of files")
        cli_amend.add_files(command, kind)
    cli_cave.add_look(commands.add_parser("cave", help="what there is to pull from a CAVE datastack"))
    pull = commands.add_parser("pull", help="fetch synapses from a service")
    sources = pull.add_subparsers(dest="source", metavar="SOURCE", required=True)
    cli_cave.add_pull(sources.add_parser("cave", help="from a CAVE datastack"))
    job = commands.add_parser("job", help="run a job that was set up by the pages (they call this)")
    job.add_argument("id", metavar="ID")
    add_common(job)
    job.set_defaults(run=_job)
    return parser


def _add_import(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Import synapse rows or an edge list, with a cell table. Known layouts (CAVE, neuPrint, edge lists) need no "
        "column options. A column is given by name or by number, the first is 1. Files: .parquet .feather .arrow "
        ".csv .csv.gz .tsv; every file option may be repeated."
    )
    add = command.add_argument
    add("--id", required=True, help="id of the new dataset")
    add("--title", default="")
    for name, text in _FILES.items():
        add(f"--{name}", type=Path, action="append", default=[], metavar="FILE", help=text)
    for name, text in _COLUMNS.items():
        add(f"--{name}", metavar="COLUMN", help=text)
    add(
        "--missing-size",
        action="append",
        default=[],
        metavar="V",
        help="a size that stands for 'not measured' (nan for blanks)",
    )
    add(
        "--measures",
        default="",
        metavar="A,B",
        help="columns of numbers to keep with each connection, summed",
    )
    add("--voxel-nm", metavar="X,Y,Z", help="size of a voxel, for positions in voxels")
    add("--cell-voxel-nm", metavar="X,Y,Z", help="the same for the cell table, where it differs")
    add("--rows", default="", metavar="EXPR", help="only rows that match, such as \"dataset == 'Dataset1'\"")
    add("--no-header", action="store_true", help="the synapse or connection files have no header line")
    for name in ("source", "version", "licence", "citation", "description"):
        add(f"--{name}", default="", help=f"{name} to show with the dataset")
    add_common(command)
    command.set_defaults(run=_import)


_FILES = {
    "synapses": "one synapse a row", "connections": "one weighted connection a row", "cells": "one cell a row",
    "gap-junctions": "one electrical pair a row (columns cell_a, cell_b, weight)",
    "complete": "ids of the cells whose inputs and outputs are whole in these files (default: all)",
    "complete-inputs": "ids of the cells whose inputs are whole",
    "complete-outputs": "ids of the cells whose outputs are whole",
}  # fmt: skip
_COLUMNS = {
    "pre": "presynaptic cell ids", "post": "postsynaptic cell ids", "size": "synapse sizes",
    "synapse-id": "synapse ids; none: no column identifies rows, number them",
    "position": "positions: one list column, or NAME for NAME_x, NAME_y, NAME_z", "weight": "number of synapses",
    "cell-id": "ids in the cell table", "cell-type": "types in the cell table",
    "cell-position": "positions in the cell table",
}  # fmt: skip


def _import(options: argparse.Namespace) -> int:
    from data_access.importer import ImportSpec, import_dataset

    files: dict[str, Any] = {name: tuple(getattr(options, name)) for name in (n.replace("-", "_") for n in _FILES)}
    plain = {
        name: getattr(options, name)
        for name in (
            "id", "title", "pre", "post", "synapse_id", "size", "position", "weight", "cell_id", "cell_type",
            "cell_position", "rows", "source", "version", "licence", "citation", "description",
        )
    }  # fmt: skip
    spec = ImportSpec(
        **plain, **files, header=not options.no_header, missing_size=_missing(options.missing_size),
        measures=tuple(m.strip() for m in options.measures.split(",") if m.strip()),
        voxel_nm=voxel("--voxel-nm", options.voxel_nm),
        cell_voxel_nm=voxel("--cell-voxel-nm", options.cell_voxel_nm),
    )  # fmt: skip
    with Stages() as stages:
        meta = import_dataset(data_dir(options), spec, stages)
    report(meta, options.json)
    return 0


def _missing(words: Sequence[str]) -> tuple[str, ...]:
    for word in words:
        try:
            number = float(word or "nan")
        except ValueError:
            number = math.inf
        if math.isinf(number):
            raise UsageError(f"--missing-size {word}: not a number", "such as -1; nan stands for blanks")
    return tuple(words)


def _job(options: argparse.Namespace) -> int:
    from data_access.jobs import main_of_job

    return main_of_job(data_dir(options), options.id)


def _list(options: argparse.Namespace) -> int:
    from data_access.dataset import Broken, survey

    found = survey(data_dir(options))
    if options.json:
        data: list[dict[str, Any]] = [asdict(m) if isinstance(m, Broken) else m.summary() for m in found]
        print(json.dumps({"data": data}, ensure_ascii=False))
        return 0
    for m in found:
        if isinstance(m, Broken):
            print(f"{m.id:32} broken: {m.error}")
        else:
            mark = " (synthetic)" if m.synthetic else ""
            print(
                f"{m.id:32} {m.n_cells:>10,} cells {m.n_connections:>12,} connections "
                f"{m.n_synapses:>12,} synapses{mark}"
            )
    if not found:
        print(f"no dataset in {data_dir(options)}: make data puts the built-in ones in place", file=sys.stderr)
    return 0


def _show(options: argparse.Namespace) -> int:
    report(store.read_meta(data_dir(options), options.id), options.json)
    return 0


def _verify(options: argparse.Namespace) -> int:
    from data_access import verification

    place = store.folder(data_dir(options), options.id)
    meta = store.read_meta(data_dir(options), options.id)
    verification.check(place, meta)
    if options.json:
        print(json.dumps({"id": meta.id, "ok": True, "files": len(meta.files)}))
    else:
        print(f"{meta.id}: {len(meta.files)} files and all counts are as they were written")
    return 0


def _remove(options: argparse.Namespace) -> int:
    store.remove(data_dir(options), options.id)
    print(json.dumps({"id": options.id, "removed": True}) if options.json else f"{options.id} removed")
    return 0


def _fetch(options: argparse.Namespace) -> int:
    from data_access import catalog

    entries = catalog.load_catalog()
    if not options.name:
        if options.json:
            listed = [{"name": e.name, "title": e.title, "licence": e.licence} for e in entries.values()]
            print(json.dumps({"data": listed}, ensure_ascii=False))
            return 0
        for entry in entries.values():
            print(f"{entry.name:28} {entry.title}")
        return 0
    if options.name not in entries:
        raise InputError(f"the catalogue has no '{options.name}'", did_you_mean(options.name, entries))
    with Stages() as stages:
        result = catalog.fetch(options.name, data_dir(options), base_override=options.base, progress=stages)
    if isinstance(result, DatasetMeta):
        report(result, options.json)
    else:
        print(json.dumps({"name": options.name, "result": str(result)}) if options.json else str(result))
    return 0


def _builtin(options: argparse.Namespace) -> int:
    from data_access import builtin

    with Stages() as stages:
        made = builtin.ensure_builtin(data_dir(options), stages)
    if options.json:
        print(json.dumps({"made": made}))
    elif made:
        print("made " + ", ".join(made))
    return 0
