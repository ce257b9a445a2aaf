"""The built-in dataset `celegans-cook2019`: the C. elegans hermaphrodite connectome of Cook et al. 2019.

The tables are read straight out of the wheel of the PyPI package cect (MIT), pinned by hash. Nothing is
unpacked to disk and none of the package's code runs.

Of the copies in the package we take "SI 5 Connectome adjacency matrices, corrected July 2020": the authors'
own workbook with their corrections. Its chemical matrix equals that of the published supplement; its gap
junctions are made consistent there. The plainer `herm_full_edgelist.csv` in the package is another, earlier
processing (4,681 chemical connections instead of 4,879, other muscle names) and is not used.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from data_access.builtin import celegans_cells
from data_access.builtin.spreadsheet import Sheet, read_sheets
from data_access.download import sha256_of
from data_access.errors import InputError, SynaptoscopeError

if TYPE_CHECKING:
    from data_access.importer import ImportSpec

DATASET_ID = "celegans-cook2019"
MATRICES_FILE = "cect/data/SI 5 Connectome adjacency matrices, corrected July 2020.xlsx"
CHEMICAL_SHEET = "hermaphrodite chemical"
GAP_SHEET = "hermaphrodite gap jn symmetric"
# Names in row 3 and column 3, headings in the two rows and columns before, numbers from (4, 4) on.
HEADER = 3
PIP_SECONDS = 900


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package index, pinned by the hash of its bytes."""

    name: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        """The file's name, the same on every index."""
        return f"{self.name}-{self.version}-py3-none-any.whl"


WHEEL = Wheel("cect", "0.3.5", "ea47f7a6b0d69a8d0bd3b0ade4037b7cc32d31ad0449f823d7ec153d6fd25057")

WEIGHT = (
    "number of EM serial sections of connectivity: it takes in the number of synapses and their sizes "
    "(a synapse seen in three sections counts three)"
)
MEANINGS: Mapping[str, str] = {**celegans_cells.MEANINGS, "weight": WEIGHT, "n_synapses": WEIGHT}


@dataclass(frozen=True)
class CElegans:
    """The connectome as tables.

    cells: see MEANINGS, one row a cell, ids text. connections: pre_id, post_id (text), weight (int64, > 0),
    autapses included. gap_junctions: cell_a <= cell_b (text), weight (int64), one row an unordered pair.
    Weights count EM serial sections. All are sorted by id. notes: what was merged, left out or deserves
    care.
    """

    cells: pa.Table
    connections: pa.Table
    gap_junctions: pa.Table
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Matrix:
    """The non-zero entries by (row name, column name), and each column's section and group headings."""

    entries: Mapping[tuple[str, str], int]
    sections: Mapping[str, str]
    groups: Mapping[str, str]


def obtain_wheel(cache_dir: Path) -> Path:
    """The wheel in `cache_dir`, downloaded by pip (with pip's own configuration) where it is not there yet.

    Raises SynaptoscopeError when pip cannot get it, or gets other bytes than the pinned ones.
    """
    target = cache_dir / WHEEL.filename
    if target.is_file() and sha256_of(target) == WHEEL.sha256:
        return target
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir, prefix=".wheel-") as scratch:
        _pip_download(Path(scratch))
        fetched = Path(scratch) / WHEEL.filename
        if not fetched.is_file() or sha256_of(fetched) != WHEEL.sha256:
            raise SynaptoscopeError(f"pip did not bring the file {WHEEL.filename} with the pinned checksum")
        fetched.replace(target)
    return target


def _pip_download(folder: Path) -> None:
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{WHEEL.name}=={WHEEL.version} --hash=sha256:{WHEEL.sha256}\n", encoding="ascii")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check",
        "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(requirement), "-d", str(folder),
    ]  # fmt: skip
    hint = (
        f"see that this machine reaches its package index (pip config list), or put {WHEEL.filename} into "
        f"{folder.parent}"
    )
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise SynaptoscopeError(f"pip took over {PIP_SECONDS} s for {WHEEL.filename}", hint) from error
    if run.returncode:
        said = [line.strip() for line in run.stderr.splitlines() if line.strip()]
        errors = [line for line in said if line.startswith("ERROR")] or said or ["it gave no reason"]
        raise SynaptoscopeError(f"pip could not download {WHEEL.name}=={WHEEL.version}: {errors[-1][:300]}", hint)


def read_wheel(path: Path) -> CElegans:
    """Read the connectome out of the wheel; SynaptoscopeError when its bytes are not the pinned ones."""
    if sha256_of(path) != WHEEL.sha256:
        raise SynaptoscopeError(f"{path.name} is not the pinned {WHEEL.filename}: its checksum differs")
    with zipfile.ZipFile(path) as wheel:
        sheets = read_sheets(wheel.read(MATRICES_FILE), (CHEMICAL_SHEET, GAP_SHEET))
        chemical, gap = (_matrix(sheet) for sheet in sheets)
        # The gap junction sheet lists 19 more cells, the chemical one 4; where both list a cell, the
        # latter's heading is the finer one.
        cells = celegans_cells.cell_table(wheel, {**gap.sections, **chemical.groups})
    pairs, unequal = unordered(gap.entries)
    return CElegans(
        cells=cells,
        connections=_table(chemical.entries, ("pre_id", "post_id")),
        gap_junctions=_table(pairs, ("cell_a", "cell_b")),
        notes=_notes(cells, chemical, gap, pairs, unequal),
    )


def _matrix(sheet: Sheet) -> _Matrix:
    """Entries and headings of one sheet; the names repeated behind its last row and column are no cells."""
    names = {place: str(text).strip() for place, text in sheet.items()}
    rows = {row: name for (row, column), name in names.items() if column == HEADER and row > HEADER}
    columns = {column: name for (row, column), name in names.items() if row == HEADER and column > HEADER}
    entries: dict[tuple[str, str], int] = {}
    for (row, column), value in sheet.items():
        if row in rows and column in columns and value not in ("", 0):
            entries[rows[row], columns[column]] = _sections_seen(value, rows[row], columns[column])
    sections, groups, section, group = {}, {}, "", ""
    for column in sorted(columns):
        if heading := names.get((1, column), "").lower():
            section = group = heading
        if (sub := sheet.get((2, column))) is not None:
            group = f"{section} {sub:g}" if isinstance(sub, float) else sub.strip().lower()
        sections[columns[column]], groups[columns[column]] = section, group
    if len(sections) != len(columns) or len(set(rows.values())) != len(rows):
        raise InputError("the connectome matrix names a cell twice")
    return _Matrix(entries, sections, groups)


def _sections_seen(value: str | float, row: str, column: str) -> int:
    if isinstance(value, str) or value < 0 or value != int(value):
        raise InputError(f"the connectome matrix holds {value!r} from {row} to {column}, not a whole number")
    return int(value)


def unordered(entries: Mapping[tuple[str, str], int]) -> tuple[dict[tuple[str, str], int], int]:
    """Both directions of a pair as one row (the larger weight), and how many pairs differ in weight."""
    pairs: dict[tuple[str, str], int] = {}
    unequal = set()
    for (a, b), weight in entries.items():
        pair = (a, b) if a <= b else (b, a)
        if entries.get((b, a)) != weight:
            unequal.add(pair)
        pairs[pair] = max(weight, pairs.get(pair, 0))
    return pairs, len(unequal)


def _table(entries: Mapping[tuple[str, str], int], names: tuple[str, str]) -> pa.Table:
    ordered = sorted(entries.items())
    return pa.table(
        {
            names[0]: pa.array([a for (a, _), _ in ordered], pa.string()),
            names[1]: pa.array([b for (_, b), _ in ordered], pa.string()),
            "weight": pa.array([weight for _, weight in ordered], pa.int64()),
        }
    )


def _notes(
    cells: pa.Table, chemical: _Matrix, gap: _Matrix, pairs: Mapping[tuple[str, str], int], unequal: int
) -> tuple[str, ...]:
    itself = sum(a == b for a, b in pairs)
    placed = cells.num_rows - cells["x_nm"].null_count
    chemically = {name for entry in chemical.entries for name in entry}
    only_coupled = {name for pair in pairs for name in pair} - chemically
    return (
        "weights count EM serial sections, not synapses",
        "assembled by the authors from several animals, with extrapolation where no data were available",
        f"{len(gap.entries):,} gap junction entries, both directions, became {len(pairs):,} unordered pairs; "
        f"{unequal:,} differed in weight (the larger would count); {itself} join a cell to itself",
        f"{len(only_coupled)} of {cells.num_rows} cells have gap junctions only",
        "hyp, int and bm stand for a tissue (hypodermis, intestine, basement membrane), as in the source",
        f"{placed} of {cells.num_rows} cells have a position, from a model of the worm",
    )


def write_sources(worm: CElegans, folder: Path) -> ImportSpec:
    """Write cells, connections and gap_junctions (.parquet) into `folder` and say how to import them."""
    from data_access.importer import ImportSpec

    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.parquet" for name in ("cells", "connections", "gap_junctions")}
    for name, path in paths.items():
        pq.write_table(getattr(worm, name), path, compression="zstd")
    return ImportSpec(
        id=DATASET_ID,
        title="C. elegans hermaphrodite, whole animal",
        connections=(paths["connections"],),
        cells=(paths["cells"],),
        gap_junctions=(paths["gap_junctions"],),
        source=f"Cook et al. 2019, SI 5 corrected July 2020, from the package {WHEEL.name} {WHEEL.version}",
        version="SI 5, corrected July 2020",
        licence=f"MIT (package {WHEEL.name} {WHEEL.version})",
        citation=(
            "Cook SJ, Jarrell TA, Brittin CA, et al. Whole-animal connectomes of both Caenorhabditis elegans "
            "sexes. Nature 571, 63-71 (2019). doi:10.1038/s41586-019-1352-7"
        ),
        description=(
            "Chemical synapses between the neurons, muscles and other cells of the adult hermaphrodite; gap "
            "junctions are a table of their own. " + "; ".join(worm.notes) + "."
        ),
        meanings=MEANINGS,
    )
