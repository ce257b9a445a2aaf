"""Generated synapse tables with the exact sizes of a published tutorial's two matrices.

Seeded; 64-bit ids of the form 864691135...; lognormal numbers of partners on both sides, lognormal synapse sizes,
skewed numbers of synapses a connection. There is no structure by cell type: a picture of such a matrix compresses
worse than one of real tissue, so sizes in bytes are on the safe side.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

FIRST_ID = 864_691_135_000_000_000
TYPES = [f"type {number}" for number in range(1, 23)]
N_GROUPS = 300


@dataclass(frozen=True)
class Size:
    """What a table must come to, exactly."""

    name: str
    n_synapses: int
    n_pre: int
    n_post: int
    n_connections: int
    n_both: int  # cells that are on both sides

    @property
    def n_cells(self) -> int:
        """Distinct cells of both sides."""
        return self.n_pre + self.n_post - self.n_both

    def words(self) -> str:
        """For the report."""
        return (
            f"{self.n_synapses:,} synapses, {self.n_pre:,} x {self.n_post:,} cells, {self.n_connections:,} connections"
        )


S = Size("S", 146_711, 1_355, 1_355, 78_928, 1_355)
M = Size("M", 2_088_830, 2_275, 63_718, 1_257_392, 2_214)


@dataclass(frozen=True, eq=False)
class Tables:
    """synapses: synapse_id, pre_id, post_id, size, x_nm, y_nm, z_nm in random order; cells: one row a cell."""

    size: Size
    synapses: pd.DataFrame
    cells: pd.DataFrame

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Both as Parquet: the paths of the synapse and the cell table."""
        paths = folder / f"{self.size.name}_synapses.parquet", folder / f"{self.size.name}_cells.parquet"
        self.synapses.to_parquet(paths[0], index=False)
        self.cells.to_parquet(paths[1], index=False)
        return paths


def make(size: Size, seed: int = 0) -> Tables:
    """The tables of a size; the same for the same seed. Every pre and every post cell has a synapse; no autapses."""
    rng = np.random.default_rng(seed)
    ids = _ids(rng, size.n_cells)
    pre, post = _pairs(rng, size)
    per_connection = _counts(rng, size.n_connections, size.n_synapses)
    rows = rng.permutation(np.repeat(np.arange(size.n_connections), per_connection))
    # cells that only send come first, then those on both sides, then those that only receive
    post_cell = post + (size.n_pre - size.n_both)
    place = rng.uniform(0, 1_000_000, (size.n_synapses, 3)).astype(np.int64)
    synapses = pd.DataFrame({
        "synapse_id": rng.permutation(size.n_synapses).astype(np.int64) + 1,
        "pre_id": ids[pre[rows]],
        "post_id": ids[post_cell[rows]],
        "size": np.maximum(1, rng.lognormal(7.2, 1.0, size.n_synapses)).astype(np.int64),
        **{f"{axis}_nm": place[:, i] for i, axis in enumerate("xyz")},
    })  # fmt: skip
    return Tables(size, synapses, _cells(rng, size, ids))


def _ids(rng: np.random.Generator, n: int) -> np.ndarray:
    """n distinct ids in no order."""
    found = _distinct(rng.integers(0, 999_999_999, 2 * n + 100))
    return FIRST_ID + rng.permutation(found)[:n]


def _pairs(rng: np.random.Generator, size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Exactly `n_connections` distinct pairs of different cells, in which every pre and every post occurs."""
    out_weight, in_weight = rng.lognormal(0, 0.7, size.n_pre), rng.lognormal(0, 0.9, size.n_post)
    every_post = np.arange(size.n_post)
    pre_of_post = rng.permutation(np.resize(np.arange(size.n_pre), size.n_post))
    # an autapse among these: hand it to the next pre cell
    same = _is_autapse(size, pre_of_post, every_post)
    pre_of_post[same] = (pre_of_post[same] + 1) % size.n_pre
    kept = pre_of_post.astype(np.int64) * size.n_post + every_post
    needed = size.n_connections - len(kept)
    drawn = np.zeros(0, np.int64)
    while len(drawn) < needed:
        pre = _weighted(rng, out_weight, size.n_connections)
        post = _weighted(rng, in_weight, size.n_connections)
        good = ~_is_autapse(size, pre, post)
        drawn = _distinct(np.concatenate([drawn, pre[good].astype(np.int64) * size.n_post + post[good]]))
        drawn = drawn[~_is_in(drawn, np.sort(kept))]
    pairs = np.sort(np.concatenate([kept, rng.permutation(drawn)[:needed]]))
    return pairs // size.n_post, pairs % size.n_post


def _distinct(values: np.ndarray) -> np.ndarray:
    ascending = np.sort(values)
    return ascending[np.concatenate([[True], ascending[1:] != ascending[:-1]])]


def _is_in(values: np.ndarray, ascending: np.ndarray) -> np.ndarray:
    at = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return ascending[at] == values


def _weighted(rng: np.random.Generator, weight: np.ndarray, n: int) -> np.ndarray:
    edges = np.cumsum(weight)
    return np.minimum(np.searchsorted(edges, rng.uniform(0, edges[-1], n), side="right"), len(weight) - 1)


def _is_autapse(size: Size, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    """The first `n_both` posts are the last `n_both` pres."""
    return post == pre - (size.n_pre - size.n_both)


def _counts(rng: np.random.Generator, n: int, total: int) -> np.ndarray:
    """n whole numbers of at least 1 that add up to total, a few of them large."""
    share = rng.lognormal(0, 1.0, n)
    return 1 + rng.multinomial(total - n, share / share.sum())


def _cells(rng: np.random.Generator, size: Size, ids: np.ndarray) -> pd.DataFrame:
    n = len(ids)
    share = rng.lognormal(0, 0.8, len(TYPES))
    kind = np.array(TYPES, dtype=object)[_weighted(rng, share, n)]
    kind[rng.random(n) < 0.05] = None
    place = rng.uniform(0, 1_000_000, (n, 3)).astype(np.int64)
    at = np.arange(n)
    return pd.DataFrame({
        "cell_id": ids,
        "cell_type": kind,
        "sends": at < size.n_pre,
        "receives": at >= size.n_pre - size.n_both,
        "tile": [f"T{k:03d}" for k in at % N_GROUPS],
        **{f"{axis}_nm": place[:, i] for i, axis in enumerate("xyz")},
    })  # fmt: skip
