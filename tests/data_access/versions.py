"""Two versions of one small datastack with every fate that a cell can meet between them, as imported datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from data_access.importer import import_dataset
from data_access.metadata import DatasetMeta
from data_access.spec import ImportSpec

ROOT = 864_691_135_000_000_000
OLD, NEW = 1507, 1718
ORIGIN = {
    "kind": "cave", "server": "https://global.example.org", "datastack": "tiny_public",
    "synapse_table": "synapses", "viewer_site": "https://viewer.example.org/",
    "segmentation_source": "graphene://https://local.example.org/segmentation/table/tiny",
    "image_source": "precomputed://https://images.example.org/em", "viewer_resolution_nm": [4, 4, 40],
    "direction": "both", "fetched": "2026-03-04T05:06:07+00:00", "expires_on": None,
}  # fmt: skip
STAMPS = {OLD: "2025-08-01T10:10:01+00:00", NEW: "2026-02-01T10:10:01+00:00"}


def old(n: int) -> int:
    """Root of cell n in version 1507."""
    return ROOT + n


def new(n: int) -> int:
    """Root of cell n in version 1718."""
    return ROOT + 50_000 + n


SAME, RENAMED, VANISHED, LEFT, RIGHT, DOUBLE = 1, 2, 3, 4, 5, 6
# nucleus -> root in each version. 4 and 5 become one cell; 60 and 61 lay in one and part.
NUCLEI = {
    OLD: {10: old(1), 20: old(2), 30: old(3), 40: old(4), 50: old(5), 60: old(6), 61: old(6), 70: old(7), 80: old(8)},
    NEW: {10: old(1), 20: new(2), 30: 0, 40: new(4), 50: new(4), 60: new(6), 61: new(66), 70: new(7), 80: new(8)},
}
FRAGMENT_SAME, FRAGMENT_GONE = ROOT + 900, ROOT + 901
TYPES = {10: "BC", 20: "MC", 30: "BC", 40: "23P", 50: "23P", 60: "4P", 61: "4P", 70: "MC", 80: None}


def cells_of(version: int) -> pd.DataFrame:
    """The cell table of a version: one row a nucleus, as upstream has it."""
    rows = [
        {"cell_id": root, "nucleus_id": nucleus, "cell_type": TYPES[nucleus], "x_nm": 4000.0 * nucleus,
         "y_nm": 8000.0 * nucleus, "z_nm": 40.0 * nucleus}
        for nucleus, root in NUCLEI[version].items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def synapses_of(version: int) -> pd.DataFrame:
    """A few synapses among the cells and two fragments; 2 and 7 are connected both ways."""
    roots = {nucleus: root for nucleus, root in NUCLEI[version].items() if root}
    pairs = [(20, 70, 3), (70, 20, 2), (10, 20, 1), (20, 40, 4), (40, 60, 1), (60, 10, 2), (80, 20, 1)]
    rows = [(roots[a], roots[b]) for a, b, n in pairs for _ in range(n) if a in roots and b in roots]
    rows += [(roots[20], FRAGMENT_SAME)] + ([(roots[20], FRAGMENT_GONE)] if version == OLD else [])
    table = pd.DataFrame(rows, columns=["pre_id", "post_id"])
    n = len(table)
    return table.assign(
        synapse_id=[5_000_000_000_000_000_000 + i for i in range(n)], size=[100 + i for i in range(n)],
        x_nm=[4000.0 + 4 * i for i in range(n)], y_nm=[8000.0] * n, z_nm=[400.0] * n,
    )  # fmt: skip


def make(data: Path, files: Path, like: int, dataset_id: str = "", **origin: Any) -> DatasetMeta:
    """Import one version as `tiny_public-vN`; `origin` replaces what the source said of itself."""
    dataset_id = dataset_id or f"tiny_public-v{like}"
    files.mkdir(parents=True, exist_ok=True)
    cells, synapses = files / f"{dataset_id}-cells.parquet", files / f"{dataset_id}-synapses.parquet"
    cells_of(like).to_parquet(cells, index=False)
    synapses_of(like).to_parquet(synapses, index=False)
    said = ORIGIN | {"version": like, "time_stamp": STAMPS[like]} | origin
    spec = ImportSpec(
        id=dataset_id, title="Tiny volume", version=f"v{said['version']}", synapses=(synapses,), cells=(cells,),
        origin={key: value for key, value in said.items() if value is not None},
    )  # fmt: skip
    return import_dataset(data, spec)


def write_others(data: Path, dataset_id: str, version: int) -> None:
    """What a pull may leave beside a dataset: all nuclei of another version, those without a segment too."""
    rows = [(nucleus, version, root) for nucleus, root in NUCLEI[version].items()]
    table = pd.DataFrame(rows, columns=["nucleus_id", "version", "root_id"]).astype({"version": "int32"})
    table.to_parquet(data / dataset_id / "other_versions.parquet", index=False)


def both(folder: Path) -> Path:
    """A data folder with both versions, each knowing the nuclei of the other."""
    data = folder / "data"
    for version, other in ((OLD, NEW), (NEW, OLD)):
        make(data, folder / "files", version)
        write_others(data, f"tiny_public-v{version}", other)
    return data


def write_carried(data: Path, dataset_id: str, rows: list[tuple[int, int, int]]) -> None:
    """The other file of a pull: old_id, version, new_id of cells without a nucleus."""
    table = pd.DataFrame(rows, columns=["old_id", "version", "new_id"])
    table.to_parquet(data / dataset_id / "carried.parquet", index=False)
