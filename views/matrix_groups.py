"""Orders of the groups of a grouped matrix."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis import order as orders
from analysis.matrix import Grouped
from data_access.dataset import CellSet, Dataset
from views import axes
from views.axes import Groups


def group_orders(
    dataset: Dataset,
    wanted: tuple[str, str],
    sets: tuple[CellSet, CellSet],
    groups: tuple[Groups, Groups],
    sums: Grouped,
) -> tuple[Groups, Groups]:
    """The groups of both sides in the orders asked for (of rows, of columns); 'other' follows the other side."""
    made: list[Groups | None] = [None, None]
    for side in (0, 1):
        if wanted[side] != axes.OTHER:
            made[side] = _group_order(dataset, sets[side], groups[side], sums, side, wanted[side])
    for side in (0, 1):
        if made[side] is None:
            leader, leading = made[1 - side], wanted[1 - side]
            assert leader is not None
            if leading in ("cluster", "degree", "position"):
                place = {name: i for i, name in enumerate(leader.names)}
                order = np.array(
                    sorted(range(len(groups[side])), key=lambda i: (place.get(groups[side].names[i], 10**9), i)),
                    np.int64,
                )
                made[side] = groups[side].reordered(order, f"like the other axis ({leader.how})")
            else:
                made[side] = _group_order(dataset, sets[side], groups[side], sums, side, leading)
    first, second = made
    assert first is not None
    assert second is not None
    return first, second


def _group_order(dataset: Dataset, cells: CellSet, groups: Groups, sums: Grouped, side: int, order: str) -> Groups:
    counts = sums.n_synapses.astype(np.float64)
    if order == "degree":
        return groups.reordered(np.argsort(-counts.sum(axis=1 - side), kind="stable"), "by number of synapses")
    if order == "position":
        name = axes.vertical(dataset)
        values = pd.Series(dataset.column(name).to_numpy(dtype=np.float64, na_value=np.nan)[cells.codes])
        mean = values.groupby(groups.of).mean().reindex(range(len(groups))).to_numpy()
        return groups.reordered(np.argsort(mean, kind="stable"), f"by mean {name}")
    if order == "cluster":
        profiles = np.log1p(counts if side == 0 else counts.T)
        found = orders.cluster_profiles(profiles)
        return groups.reordered(found.order, f"by cluster: {found.method}, {found.distance}")
    return groups
