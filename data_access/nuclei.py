"""Which cell each nucleus lies in, version by version: what carries a cell from one version to another.

Of a version are known the nuclei in the cell tables of its datasets and, where a pull has stored them, two files in
the folder of any of its siblings:

    other_versions.parquet   nucleus_id, version, root_id: all nuclei of other versions, root 0 where there is none
    carried.parquet          old_id, version, new_id: cells without a nucleus, from another version to this one
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.columns import reading

OTHER_VERSIONS = "other_versions.parquet"
CARRIED = "carried.parquet"


@dataclass(frozen=True, eq=False)
class Nuclei:
    """Which root each nucleus of a version lies in, 0 for none; `gaps`: some nuclei of cells may be missing here."""

    nucleus: np.ndarray
    root: np.ndarray
    gaps: bool

    def by_root(self, roots: Iterable[int]) -> dict[int, set[int]]:
        """The nuclei in each of these roots; a root without one is left out."""
        wanted = np.isin(self.root, np.fromiter(roots, np.int64)) & (self.root != 0)
        found: defaultdict[int, set[int]] = defaultdict(set)
        for nucleus, root in zip(self.nucleus[wanted].tolist(), self.root[wanted].tolist(), strict=True):
            found[root].add(nucleus)
        return dict(found)

    def by_nucleus(self, nuclei: Iterable[int]) -> dict[int, int]:
        """The root of each of these nuclei, 0 where it lies in none; a nucleus that nothing names is left out."""
        wanted = np.isin(self.nucleus, np.fromiter(nuclei, np.int64))
        return dict(zip(self.nucleus[wanted].tolist(), self.root[wanted].tolist(), strict=True))


class VersionFiles:
    """What the files of a dataset (`own`) and of its siblings say; `versions`: folder -> version, of all of them."""

    def __init__(self, own: Path, versions: Mapping[Path, int]) -> None:
        self._own = own
        self._versions = versions

    def nuclei(self, version: int) -> Nuclei:
        """All nuclei known of a version; a list of all of them outweighs what a cell table says."""
        parts, gaps, listed = [], False, False
        for place, of in self._versions.items():
            if of == version:
                table, folded = _cell_table(place)
                parts.append(table)
                gaps = gaps or folded
        for place in self._versions:
            table = _rows(place / OTHER_VERSIONS, ("nucleus_id", "root_id"), "version", [version])
            listed = listed or len(table) > 0
            parts.append(table)
        nucleus = np.concatenate([part.column("nucleus_id").to_numpy() for part in parts])
        root = np.concatenate([part.column("root_id").to_numpy() for part in parts])
        return Nuclei(nucleus, root, gaps and not listed)

    def versions_with(self, root: int) -> set[int]:
        """The versions in which this id is known as a root or as a cell that was carried."""
        found: set[int] = set()
        for place in self._versions:
            for name, column in ((OTHER_VERSIONS, "root_id"), (CARRIED, "old_id")):
                found |= set(_rows(place / name, ("version",), column, [root]).column("version").to_pylist())
        return found

    def mapped(self, version: int, old_ids: Sequence[int]) -> dict[int, list[int]]:
        """Cells without a nucleus, as a pull has carried them to the dataset's own version."""
        if not old_ids:
            return {}
        found: defaultdict[int, list[int]] = defaultdict(list)
        table = _rows(self._own / CARRIED, ("old_id", "version", "new_id"), "old_id", old_ids)
        for old, of, new in zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True):
            if of == version and new and new not in found[old]:
                found[old].append(new)
        return dict(found)


def _cell_table(place: Path) -> tuple[pa.Table, bool]:
    """nucleus_id and root_id of the cells that have one, and whether some cells have several (those are not named)."""
    path = place / "cells.parquet"
    with reading(path):
        names = pq.read_schema(path).names
        wanted = [name for name in ("cell_id", "nucleus_id", "n_table_rows") if name in names]
        table = pq.read_table(path, columns=wanted)
    folded = "n_table_rows" in names and bool(pc.any(pc.greater(table.column("n_table_rows"), 1)).as_py())
    if "nucleus_id" not in names or not pa.types.is_integer(table.schema.field("nucleus_id").type):
        return pa.table({"nucleus_id": pa.array([], pa.int64()), "root_id": pa.array([], pa.int64())}), True
    named = table.filter(pc.is_valid(table.column("nucleus_id")))
    nucleus = pc.cast(named.column("nucleus_id"), pa.int64())
    return pa.table({"nucleus_id": nucleus, "root_id": named.column("cell_id")}), folded


def _rows(path: Path, columns: Sequence[str], key: str, values: Sequence[int]) -> pa.Table:
    """Rows of a Parquet file of whole numbers where `key` has one of the values; none where there is no such file."""
    if not path.is_file():
        return pa.table({name: pa.array([], pa.int64()) for name in columns})
    with reading(path):
        table = pq.read_table(path, columns=list(columns), filters=pc.field(key).isin(list(values)))
    return pa.table({name: pc.fill_null(pc.cast(table.column(name), pa.int64()), 0) for name in columns})


def holds(place: Path, cell_id: int) -> bool:
    """Whether a dataset has a cell or partner of this id."""
    return len(_rows(place / "cells.parquet", ("cell_id",), "cell_id", [cell_id])) > 0
