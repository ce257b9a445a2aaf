"""`python -m bench`: measure, print the report, write docs/performance.md."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import datasets, drawing, engine, machine, page, pairs, report, routes, tables
from bench.datasets import ROOT
from bench.report import Section
from bench.server import serving
from bench.tables import M, S, Tables
from data_access.dataset import open_dataset

PARTS = ("engine", "pairs", "server", "browser")
DOCUMENT = ROOT / "docs" / "performance.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what was asked for; a whole run is written to docs/performance.md."""
    given = _parser().parse_args(argv)
    parts = given.only or list(PARTS)
    load = machine.load()
    made = [tables.make(size) for size in (S, M)]
    sections: list[Section] = []
    if "engine" in parts:
        _say("rows to connections" + ("" if given.quick else " (the recipe takes half a minute or more on M)"))
        sections.append(engine.section(made, not given.quick, 5 if given.quick else 15))
    if "pairs" in parts:
        _say("reciprocal pairs of a large graph (half a minute to draw it)")
        with tempfile.TemporaryDirectory(prefix="synaptoscope-bench-", ignore_cleanup_errors=True) as folder:
            sections.append(pairs.section(Path(folder), 5 if given.quick else 15))
    if set(parts) & {"server", "browser"}:
        with tempfile.TemporaryDirectory(prefix="synaptoscope-bench-", ignore_cleanup_errors=True) as folder:
            sections += _on_datasets(Path(folder), made, parts, 3 if given.quick else 9)
    text = report.markdown(machine.describe(page.version()), machine.today(), machine.conditions(load), sections)
    print(text)
    if not given.quick and set(parts) == set(PARTS):
        DOCUMENT.write_text(text, encoding="utf-8")
        _say(f"written to {DOCUMENT.relative_to(ROOT)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs, no recipe on M; nothing is written")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part alone; nothing is written")
    return parser


def _on_datasets(folder: Path, made: Sequence[Tables], parts: Sequence[str], runs: int) -> list[Section]:
    """The parts that need the tables as datasets."""
    sections = []
    data_dir, raw_dir = folder / "data", folder / "raw"
    data_dir.mkdir()
    raw_dir.mkdir()
    _say("importing")
    small, large = made
    datasets.build(small, data_dir, raw_dir)
    imports = []
    for _ in range(max(1, runs // 3) if "server" in parts else 1):
        shutil.rmtree(data_dir / datasets.dataset_id("M"), ignore_errors=True)
        imports.append(datasets.build(large, data_dir, raw_dir))
    if "server" in parts:
        sections.append(datasets.section(large, imports))
        _say("drawing on the server")
        sections.append(drawing.section(data_dir, (S, M), runs))
    with serving(data_dir, folder / "cache") as base:
        if "server" in parts:
            _say("the HTTP API")
            sections.append(routes.section(base, data_dir, runs))
        if "browser" in parts:
            _say("the page in the browser (some minutes)")
            cell = open_dataset(data_dir, datasets.dataset_id("M")).index.text([0])[0]
            sections += page.sections(base, cell, runs)
    return sections


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
