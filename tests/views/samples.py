"""Small datasets with everything that is awkward, and the source rows they were made from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.importer import ImportSpec, import_dataset

FIRST_ID = 864691135808473885  # root ids lie this far above 2**53
MISSING = -1
TYPES = ["BC", "MC", "23P", 'odd, "quoted"\nname', None]


@dataclass(frozen=True)
class Source:
    """A dataset and the rows behind it, autapses included: pre_id, post_id, n (synapses of the row), size."""

    id: str
    rows: pd.DataFrame
    cells: pd.DataFrame
    sized: bool


def write(table: pd.DataFrame, path: Path) -> Path:
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path)
    return path


def synapses(seed: int, ids: list[Any], n: int, n_targets: int) -> pd.DataFrame:
    """Random synapses among ids; a third of the sizes is missing, and some cells only receive."""
    random = np.random.default_rng(seed)
    pre = random.integers(0, max(1, len(ids) - n_targets), n)
    post = np.where(random.random(n) < 0.1, pre, random.integers(0, len(ids), n))
    return pd.DataFrame({
        "synapse_id": random.permutation(n).astype(np.int64) + 2**60,
        "pre_id": [ids[i] for i in pre],
        "post_id": [ids[i] for i in post],
        "size": np.where(random.random(n) < 0.3, MISSING, random.integers(0, 5000, n)),
        "x_nm": random.integers(0, 10**6, n) * 4.0,
        "y_nm": random.random(n) * 1e6,
        "z_nm": np.where(random.random(n) < 0.1, np.nan, random.random(n) * 1e6),
        "supervoxel_id": random.integers(2**55, 2**60, n),
        "counter": random.integers(2**50, 2**58, n),
        "note": random.choice(["", "plain", "a,b", 'say "hi"', "two\nlines", "Größe"], n),
    })  # fmt: skip


def cell_table(seed: int, ids: list[Any]) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    n = len(ids)
    nucleus = pd.array(random.integers(2**55, 2**60, n), "Int64")
    nucleus[random.random(n) < 0.3] = pd.NA
    return pd.DataFrame({
        "cell_id": ids,
        "cell_type": random.choice(np.array(TYPES, dtype=object), n),
        "x_nm": random.random(n) * 1e6, "y_nm": random.random(n) * 1e6, "z_nm": random.random(n) * 1e6,
        "nucleus": nucleus,
        "ratio": np.where(random.random(n) < 0.3, np.nan, random.normal(size=n)),
        "axon": random.random(n) < 0.5,
    })  # fmt: skip


def big(data: Path, scratch: Path, seed: int = 0, n: int = 600, n_cells: int = 40) -> Source:
    """Ids above 2**53, fragments (cells beyond the table), sizes of which some are missing, gap junctions."""
    ids = [FIRST_ID + 37 * i for i in range(n_cells)]
    rows, cells = synapses(seed, ids, n, n_cells // 3), cell_table(seed, ids[: max(1, n_cells - 8)])
    pairs = [*pairwise(ids[:6]), (ids[7], ids[7])]
    known = {*cells.cell_id, *rows.pre_id, *rows.post_id}
    gaps = pd.DataFrame([(a, b, i + 1) for i, (a, b) in enumerate(pairs) if {a, b} <= known],
                        columns=["cell_a", "cell_b", "weight"])  # fmt: skip
    spec = ImportSpec(
        id="big", title="Big ids", version="v1718",
        synapses=(write(rows, scratch / "big_synapses.parquet"),),
        cells=(write(cells, scratch / "big_cells.parquet"),),
        gap_junctions=(write(gaps, scratch / "big_gaps.parquet"),) if len(gaps) else (),
        missing_size=(str(MISSING),),
    )  # fmt: skip
    import_dataset(data, spec)
    return Source("big", rows.assign(n=1), cells, sized=True)


def words(data: Path, scratch: Path, seed: int = 1, n: int = 400) -> Source:
    """Text ids, some of which a careless writer of CSV breaks; synapses without sizes."""
    ids = ["ADAL", "ADAR", "AVAL", 'quo"te', "com,ma", "blank id", "Größe", "007", "1e5", "N/A-like", "zz"]
    rows = synapses(seed, ids, n, 3)[["synapse_id", "pre_id", "post_id", "note"]]
    cells = pd.DataFrame({"cell_id": ids[:7], "cell_type": ["sensory", "sensory", "inter", "motor", None, "a", "b"]})
    spec = ImportSpec(
        id="words", synapses=(write(rows, scratch / "words.parquet"),),
        cells=(write(cells, scratch / "words_cells.parquet"),),
    )  # fmt: skip
    import_dataset(data, spec)
    return Source("words", rows.assign(n=1, size=MISSING), cells, sized=False)


def edges(data: Path, scratch: Path, seed: int = 2, n: int = 300) -> Source:
    """Connection rows only, with a measure of their own; no cell table, and small ids that are no positions."""
    ids = [3 * i + 1 for i in range(30)]
    random = np.random.default_rng(seed)
    rows = pd.DataFrame({
        "pre_id": random.choice(ids, n), "post_id": random.choice(ids, n),
        "weight": random.integers(0, 9, n), "latency": random.random(n),
    })  # fmt: skip
    spec = ImportSpec(
        id="edges", connections=(write(rows, scratch / "edges.parquet"),), weight="weight", measures=("latency",)
    )
    import_dataset(data, spec)
    kept = rows[rows.weight > 0].rename(columns={"weight": "n"}).assign(size=MISSING)
    return Source("edges", kept, pd.DataFrame({"cell_id": ids}), sized=False)


def all_sources(data: Path, scratch: Path) -> dict[str, Source]:
    """The three of them, by id."""
    scratch.mkdir(parents=True, exist_ok=True)
    return {made.id: made for made in (big(data, scratch), words(data, scratch), edges(data, scratch))}
