"""A table of 60 cells with every kind of column, as the language reads it and as pandas does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from data_access.cellsets import Schema, SeenValues, evaluate, parse

FIRST_ID = 864691135000000001
ROWS = 60


@dataclass(frozen=True)
class Table:
    """A ColumnSource over a frame; object columns are handed out as Categorical, as a dataset does."""

    frame: pd.DataFrame
    schema: Schema

    def column(self, name: str) -> pd.Series:
        series = self.frame[name]
        return series.astype("category") if series.dtype == object else series

    def codes_of(self, ids: Sequence[str]) -> np.ndarray:
        known = [str(i) for i in self.frame[self.schema.id_column].tolist()]
        return np.array([known.index(i) if i in known else -1 for i in ids], dtype=np.int64)

    def select(
        self, text: str, resolve_set: Callable[[str], str] | None = None, seen: SeenValues | None = None
    ) -> list[int]:
        """Row numbers that the text selects."""
        mask = evaluate(parse(text, self.schema, resolve_set), self, len(self.frame), seen)
        assert mask.dtype == bool
        assert mask.shape == (len(self.frame),)
        return np.flatnonzero(mask).tolist()

    def queried(self, text: str) -> list[int]:
        """Row numbers that pandas selects."""
        numbered = self.frame.reset_index(drop=True)
        return numbered.query(text, engine="python").index.tolist()


def cells() -> pd.DataFrame:
    """60 rows; `cell_type` and `depth_um` have gaps, `partner_id` differs from `cell_id` by one in odd rows."""
    rng = np.random.default_rng(20)
    texts = np.array(["BC", "MC", "23P", "5P-ET", "L2/3 (a)", None], dtype=object)
    ids = FIRST_ID + np.arange(ROWS, dtype=np.int64)
    frame = pd.DataFrame(
        {
            "cell_id": ids,
            "cell_type": texts[rng.permutation(np.arange(ROWS) % 6)],
            "broad_type": np.array(["excitatory", "inhibitory"], dtype=object)[rng.integers(0, 2, ROWS)],
            "layer": np.array(["1", "2", "4"], dtype=object)[rng.integers(0, 3, ROWS)],
            "depth_um": np.where(rng.random(ROWS) < 0.2, np.nan, rng.integers(0, 16, ROWS) * 50.5),
            "n_out": rng.integers(-5, 6, ROWS),
            "x_nm": rng.integers(0, 1_000_000, ROWS),
            "partner_id": ids + np.arange(ROWS) % 2,
            "status_axon": rng.random(ROWS) < 0.5,
            "status_dendrite": rng.random(ROWS) < 0.5,
        }
    )
    frame["from type"] = frame["broad_type"].where(rng.random(ROWS) < 0.5, "excitatory")
    return frame


SCHEMA = Schema(
    columns={
        "cell_id": "id",
        "cell_type": "text",
        "broad_type": "text",
        "layer": "text",
        "depth_um": "number",
        "n_out": "number",
        "x_nm": "number",
        "partner_id": "number",
        "status_axon": "boolean",
        "status_dendrite": "boolean",
        "from type": "text",
    },
    aliases={"pt_root_id": "cell_id", "type": "cell_type"},
    id_column="cell_id",
    ids_are_text=False,
)


@pytest.fixture(scope="session")
def table() -> Table:
    """Cells with whole-number ids beyond 2**53."""
    return Table(cells(), SCHEMA)


@pytest.fixture(scope="session")
def named_table() -> Table:
    """Cells whose ids are names, some of them odd."""
    names = ["AVAL", "AVAR", "I1L", "SMDDL", "hyp", "exc_cell", "DD-1", "VB.2", "007", "M 3", "it's", "ümlaut"]
    frame = cells().head(len(names)).assign(cell_id=np.array(names, dtype=object))
    schema = Schema(SCHEMA.columns, SCHEMA.aliases, "cell_id", ids_are_text=True)
    return Table(frame, schema)


@pytest.fixture(scope="session")
def make_table() -> Callable[[pd.DataFrame, Schema], Table]:
    """Any frame as a table."""
    return Table
