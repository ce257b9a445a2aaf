"""Whether a box around something of a cell holds what is known of the cell: its soma and its synapses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from data_access import synapse_files
from data_access.cells import POSITIONS
from data_access.dataset import Dataset
from data_access.settling import literal

MARGIN_NM = 1_000.0  # synapses sit on spines, which a skeleton or a coarse mesh may lack


@dataclass(frozen=True, eq=False)
class Box:
    """Lower and upper corner, float64 (3,), nm."""

    low: np.ndarray
    high: np.ndarray

    def holds(self, point: np.ndarray) -> bool:
        """Whether a point (nm) lies in it, or beside it by no more than the margin."""
        return bool(((point >= self.low - MARGIN_NM) & (point <= self.high + MARGIN_NM)).all())


@dataclass(frozen=True)
class Found:
    """What is known of a cell and how much of it a box holds. `soma` None: not known; corners of the synapses in nm."""

    soma: tuple[float, float, float] | None
    holds_soma: bool
    synapses: int = 0
    inside: int = 0
    corners: tuple[tuple[float, float], ...] = ()

    @property
    def nothing(self) -> bool:
        """Nothing of the cell has a position."""
        return self.soma is None and self.synapses == 0

    @property
    def misses(self) -> bool:
        """The box holds nothing of what is known."""
        return not self.nothing and not self.holds_soma and self.inside == 0

    def told(self, box: Box) -> str:
        """The numbers, in um, for a message."""
        have = []
        if self.soma is not None:
            have.append(f"its cell's soma ({', '.join(f'{v / 1000:,.1f}' for v in self.soma)} um)")
        if self.synapses:
            words = f"all its {self.synapses:,} synapses" if self.synapses > 1 else "its only synapse"
            have.append(f"{words} ({_spans(self.corners)})")
        return f"it spans {_spans(tuple(zip(box.low.tolist(), box.high.tolist(), strict=True)))}, and misses " + (
            " and ".join(have)
        )


def _spans(corners: tuple[tuple[float, float], ...]) -> str:
    spans = [f"{axis} {a / 1000:,.1f} to {b / 1000:,.1f}" for axis, (a, b) in zip("xyz", corners, strict=True)]
    return ", ".join(spans) + " um"


def look(dataset: Dataset, boxes: Mapping[int, Box]) -> dict[int, Found]:
    """For each code how its box lies on the cell; the synapse rows are read once, for all of them."""
    somas = _somas(dataset, list(boxes))
    counted = _synapses(dataset, boxes)
    found = {}
    for code, box in boxes.items():
        soma = somas.get(code)
        n, inside, *ends = counted.get(code, (0, 0))
        corners = ((ends[0], ends[1]), (ends[2], ends[3]), (ends[4], ends[5])) if n else ()
        holds = soma is not None and box.holds(np.array(soma))
        found[code] = Found(soma, holds, int(n), int(inside), corners)
    return found


def _somas(dataset: Dataset, codes: list[int]) -> dict[int, tuple[float, float, float]]:
    if not all(name in dataset.meta.columns for name in POSITIONS):
        return {}
    points = np.column_stack([dataset.column(n).to_numpy(dtype=np.float64, na_value=np.nan)[codes] for n in POSITIONS])
    return {c: (p[0], p[1], p[2]) for c, p in zip(codes, points.tolist(), strict=True) if np.isfinite(p).all()}


def _synapses(dataset: Dataset, boxes: Mapping[int, Box]) -> dict[int, tuple]:
    """Code -> synapses with a position, those in the box, and the ends of x, y and z."""
    if "synapse_positions" not in dataset.meta.capabilities:
        return {}
    codes = list(boxes)
    low = np.array([boxes[c].low for c in codes]) - MARGIN_NM
    high = np.array([boxes[c].high for c in codes]) + MARGIN_NM
    ends = {f"{axis}{side}": part[:, i] for side, part in enumerate((low, high)) for i, axis in enumerate("xyz")}
    table = pa.table({"code": codes, "id": dataset.index.arrow(np.array(codes)), **ends})
    files = ", ".join(literal(str(p)) for p in sorted((dataset.place / synapse_files.BY_PRE).glob("*.parquet")))
    inside = " AND ".join(f"{axis}_nm BETWEEN {axis}0 AND {axis}1" for axis in "xyz")
    spans = ", ".join(f"min({axis}_nm), max({axis}_nm)" for axis in "xyz")
    rows = "SELECT {side} AS id, x_nm, y_nm, z_nm FROM read_parquet([{files}]) WHERE x_nm IS NOT NULL"
    both = " UNION ALL ".join(rows.format(side=side, files=files) for side in ("pre_id", "post_id"))
    with duckdb.connect() as con:
        con.execute("SET threads = 2")
        con.register("boxes", table)
        sql = f"SELECT code, count(*), count(*) FILTER (WHERE {inside}), {spans} FROM ({both}) JOIN boxes USING (id)"
        return {row[0]: row[1:] for row in con.execute(sql + " GROUP BY code").fetchall()}
