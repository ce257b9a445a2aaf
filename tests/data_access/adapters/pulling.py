"""Pulls from the stand-in, and what they should have brought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from data_access.adapters.cave import pull
from data_access.adapters.cave.client import Limits
from data_access.adapters.cave.report import Unreported
from data_access.dataset import Dataset, open_dataset
from data_access.metadata import DatasetMeta
from data_access.secret import Secret
from tests.cave_server.fixtures import AnyCave
from tests.cave_server.stack import TruthOfVersion

STACK, VERSION = "minnie65_public", 1718
BASKET = "cell_type == 'BC'"
HASTY = Limits(connect_s=5, read_s=5, attempts=4, backoff_s=0.01, backoff_most_s=0.05)
ROW = ["synapse_id", "pre_id", "post_id", "size", "x_nm", "y_nm", "z_nm"]


@dataclass
class Pulls:
    """Pulls into one data folder."""

    data: Path
    cave: AnyCave
    limits: Limits = HASTY

    def __call__(
        self, cells: str = BASKET, id: str = "x", report: Any = None, token: str = "", **more: Any
    ) -> DatasetMeta:
        secret = Secret(token or self.cave.token)
        return pull.pull(self.data, self.request(cells, id, **more), secret, report or Unreported(), self.limits)

    def request(self, cells: str = BASKET, id: str = "x", **more: Any) -> pull.PullRequest:
        plain = pull.PullRequest(id, STACK, cells, self.cave.address, VERSION, other_versions=False)
        return replace(plain, **more)

    def open(self, id: str = "x") -> Dataset:
        return open_dataset(self.data, id)

    @property
    def truth(self) -> TruthOfVersion:
        return self.cave.truth[STACK][VERSION]


def expected(truth: TruthOfVersion, out: Iterable[int] = (), into: Iterable[int] = ()) -> pd.DataFrame:
    """The synapses of these cells as the stand-in holds them, in our columns and order."""
    rows = truth.synapses
    rows = rows[rows.pre_pt_root_id.isin(list(out)) | rows.post_pt_root_id.isin(list(into))]
    rows = rows[(rows.pre_pt_root_id != 0) & (rows.post_pt_root_id != 0)]
    frame = pd.DataFrame(
        {"synapse_id": rows.id, "pre_id": rows.pre_pt_root_id, "post_id": rows.post_pt_root_id, "size": rows["size"]}
    )
    for axis, voxel in zip("xyz", (4.0, 4.0, 40.0), strict=True):
        frame[f"{axis}_nm"] = rows[f"ctr_pt_position_{axis}"] * voxel
    return _plain(frame).sort_values(["pre_id", "post_id", "synapse_id"], ignore_index=True)


def stored(dataset: Dataset) -> pd.DataFrame:
    """All synapse rows of a dataset, in the order in which it gives them."""
    frame = pa.Table.from_batches(list(dataset.synapse_batches(None, None)), schema=dataset.synapse_schema).to_pandas()
    return _plain(frame[ROW])


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = {name: "int64" if name.endswith("_id") else "float64" for name in frame.columns}
    return frame.astype(kinds).reset_index(drop=True)


def of_type(truth: TruthOfVersion, *words: str) -> np.ndarray:
    """Roots whose every nucleus is of one of these types."""
    cells = truth["aibs_cell_info"]
    cells = cells[cells.pt_root_id != 0]
    other = cells[~cells.cell_type.isin(words)].pt_root_id
    return np.setdiff1d(cells[cells.cell_type.isin(words)].pt_root_id.to_numpy(np.int64), other.to_numpy(np.int64))
