"""Skeletons of a dataset: one SWC file a cell, lengths in nm, in `skeletons/` of the dataset's folder.

SWC (Cannon et al. 1998, J Neurosci Methods 84:49): a line a node with id, type, x, y, z, radius and parent, -1 = none.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd

from data_access.errors import InputError, NotFoundError, TooLargeError

FOLDER = "skeletons"
SOMA, AXON, DENDRITE, APICAL = 1, 2, 3, 4
MAX_BYTES = 200_000_000
_COLUMNS = ("id", "type", "x", "y", "z", "radius", "parent")


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The nodes of one cell, in file order.

    nodes_nm: float64 (n, 3); radius_nm: float64 (n,), 0 where the source has none; kind: int16 (n,), SWC type (0
    unknown, 1 soma, 2 axon, 3 dendrite, 4 apical dendrite); parent: int64 (n,), index of the parent, -1 for a root.
    notes: what of the file is not as it should be, in words.
    """

    nodes_nm: np.ndarray
    radius_nm: np.ndarray
    kind: np.ndarray
    parent: np.ndarray
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.nodes_nm)

    @property
    def n_trees(self) -> int:
        """How many pieces it has: more than one where parts of the cell are not joined."""
        return int((self.parent < 0).sum())

    @property
    def labelled(self) -> bool:
        """Whether it tells axon from dendrite."""
        return bool(np.isin(self.kind, (AXON, DENDRITE, APICAL)).any())


def file_of(place: Path, cell_id: str) -> Path:
    """The file of a cell's skeleton in a dataset's folder. Text ids are quoted as in a URL: a name, never a path."""
    return place / FOLDER / f"{quote(cell_id, safe=' +,()[]').replace('..', '%2E%2E')}.swc"


def read_bytes(place: Path, cell_id: str) -> bytes:
    """The file of a cell as it is; NotFoundError where the dataset has none for it."""
    path = file_of(place, cell_id)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TooLargeError(f"the skeleton of {cell_id[:60]} is larger than {MAX_BYTES / 1e6:,.0f} MB")
        return path.read_bytes()
    except OSError:
        raise NotFoundError(
            f"there is no skeleton of {cell_id[:60]} in this dataset",
            "skeletons are SWC files, one a cell, that are added to a dataset"
        ) from None  # fmt: skip


def read(place: Path, cell_id: str) -> Skeleton:
    """The skeleton of a cell; NotFoundError where there is none, InputError where the file is damaged."""
    try:
        return parse(read_bytes(place, cell_id))
    except InputError as error:
        raise InputError(f"the skeleton of {cell_id[:60]} is damaged: {error.message}", error.hint) from None


def parse(content: bytes) -> Skeleton:
    """SWC text (nm) as arrays; comments and further columns are left out, nodes may come in any order.

    A parent that is not in the file makes its child the root of a piece of its own, which is noted. Raises InputError
    that names the line for one that cannot be read, an id given twice, a position that is no number, and for nodes that
    are their own ancestors.
    """
    table = _table(content)
    ids, parents = table["id"].to_numpy(), table["parent"].to_numpy()
    nodes = table[["x", "y", "z"]].to_numpy(dtype=np.float64)
    if not np.isfinite(nodes).all():
        at = int(np.flatnonzero(~np.isfinite(nodes).all(axis=1))[0])
        raise InputError(f"node {ids[at]:.0f} has no position")
    twice = table["id"].duplicated().to_numpy()
    if twice.any():
        raise InputError(f"node {ids[twice][0]:.0f} is there twice")
    parent = pd.Index(ids).get_indexer(pd.Index(parents)).astype(np.int64)
    lost = int(((parent < 0) & (parents >= 0)).sum())
    if _has_circle(parent):
        raise InputError("some of its nodes are their own ancestors")
    radius = np.nan_to_num(table["radius"].to_numpy(dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    kind = np.nan_to_num(table["type"].to_numpy(dtype=np.float64), nan=0.0)
    kind = np.where((kind >= 0) & (kind < 1000), kind, 0).astype(np.int16)
    notes = (f"{lost:,} nodes name a parent that is not in the file: each begins a piece of its own",) if lost else ()
    return Skeleton(nodes, np.maximum(radius, 0.0), kind, parent, notes)


def _table(content: bytes) -> pd.DataFrame:
    """The seven columns as float64 (node ids of a file are small), at least one row."""
    text = content.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b" ").replace(b",", b" ").decode("utf-8", "replace")
    lines = [line.partition("#")[0] for line in text.splitlines()]
    rows = "\n".join(line for line in lines if line.strip())
    if not rows:
        raise InputError("it holds no node")
    try:
        table = pd.read_csv(
            io.StringIO(rows), sep=r"\s+", header=None, names=_COLUMNS, usecols=range(7), dtype=np.float64,
            index_col=False, na_values=["nan", "NaN"], engine="c",
        )  # fmt: skip
        whole = table[["id", "parent"]]
        if whole.notna().all(axis=None) and (whole == whole.round()).all(axis=None):
            return table
    except (ValueError, OverflowError):  # pandas' ParserError is a ValueError; which line it was is told below
        pass
    raise InputError(_wrong_line(lines))


def _wrong_line(lines: list[str]) -> str:
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) < len(_COLUMNS):
            return f"line {number} has {len(parts)} of the 7 values of a node"
        try:
            values = [float(part) for part in parts[:7]]
        except ValueError:
            return f"line {number} holds a value that is no number"
        if not (values[0].is_integer() and values[6].is_integer()):
            return f"line {number} names a node or a parent by something else than a whole number"
    return "it is no table of seven columns"


def _has_circle(parent: np.ndarray) -> bool:
    """Whether following parents never ends: after doubling the stride often enough, all must have reached a root."""
    stride = np.append(parent, -1)  # the last place stands for "beyond the root"
    stride[stride < 0] = len(parent)
    for _ in range(max(1, len(parent)).bit_length()):
        stride = stride[stride]
    return bool((stride != len(parent)).any())
