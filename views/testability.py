"""What a dataset knows about which pairs of cells could have been seen connected (design: tested pair)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.tested import Testability
from data_access.dataset import Dataset

CLEAN = {"true", "t", "clean", "extended", "proofread", "1", "1.0"}
SAMPLES_ALL = ("fully_extended",)
SAMPLES_COLUMN = ("column_truncated",)


@lru_cache(maxsize=16)
def what_is_tested(dataset: Dataset) -> Testability:
    """The flags of every cell.

    Proofread: `status_axon` is clean and, where there is a `valid_id`, it equals the cell's id (else the status is of
    an older state of the cell); all True where the dataset has no `status_axon`. A cell of the table without a nucleus
    and without a proofread axon is a fragment.
    """
    graph = dataset.graph
    everywhere, nowhere = np.ones(graph.n_nodes, bool), np.zeros(graph.n_nodes, bool)
    knows = "status_axon" in dataset.meta.columns
    proofread = _proofread(dataset) if knows else everywhere
    is_cell = dataset.is_cell.copy()
    if knows and "nucleus_id" in dataset.meta.columns:
        is_cell &= dataset.column("nucleus_id").notna().to_numpy() | proofread
    strategy = _words(dataset, "strategy_axon")
    complete = everywhere if strategy is None else _contains(strategy, SAMPLES_ALL)
    column_only = nowhere if strategy is None else _contains(strategy, SAMPLES_COLUMN)
    in_column = _truth(dataset, "is_column") if "is_column" in dataset.meta.columns else nowhere
    return Testability(
        is_cell, np.asarray(graph.complete_in), np.asarray(graph.complete_out), proofread, complete, column_only,
        in_column,
    )  # fmt: skip


def knows_proofreading(dataset: Dataset) -> bool:
    """Whether the dataset tells proofread axons from others."""
    return "status_axon" in dataset.meta.columns


def axons_by_strategy(dataset: Dataset, codes: np.ndarray) -> dict[str, int]:
    """How many of these cells have a proofread axon, by strategy (most first; "no strategy given" where none is)."""
    strategy = _words(dataset, "strategy_axon")
    chosen = codes[what_is_tested(dataset).proofread[codes] & what_is_tested(dataset).is_cell[codes]]
    words = pd.Series(np.full(len(chosen), "") if strategy is None else strategy[chosen])
    counts = words.replace("", "no strategy given").value_counts()
    return {str(name): int(n) for name, n in counts.items()}


def _proofread(dataset: Dataset) -> np.ndarray:
    clean = _truth(dataset, "status_axon")
    if "valid_id" in dataset.meta.columns and dataset.meta.columns["valid_id"].kind == "number":
        valid = pd.Series(dataset.column("valid_id")).astype("Int64")
        clean &= (valid == pd.Series(dataset.index.ids).astype("Int64")).fillna(False).to_numpy(dtype=bool)
    return clean


def _truth(dataset: Dataset, name: str) -> np.ndarray:
    words = dataset.column(name).astype("object").map(lambda v: str(v).strip().lower() in CLEAN)
    return np.asarray(words, dtype=bool)


def _words(dataset: Dataset, name: str) -> np.ndarray | None:
    if name not in dataset.meta.columns:
        return None
    return np.asarray(dataset.column(name).astype("object").fillna("").astype(str))


def _contains(words: np.ndarray, parts: tuple[str, ...]) -> np.ndarray:
    return np.array([any(part in word for part in parts) for word in words.tolist()], dtype=bool)
