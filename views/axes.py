"""The two axes of a matrix: which cells or groups, in which order, and why in that order."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from analysis import order as orders
from analysis.matrix import Selection
from data_access.cache import ResultKey, remember
from data_access.dataset import CellSet, Dataset
from data_access.errors import InputError, did_you_mean

ORDERS = ("type", "degree", "position", "cluster", "given", "id")
OTHER = "other"
MAX_GROUPS = 3_000
_LAYER_2_3 = re.compile(r"^(L?)(23|2/3)(?=[A-Za-z_ ])")


@dataclass(frozen=True, eq=False)
class Axis:
    """Cells of one side in display order: codes int32; how they were ordered, in words; the column that makes blocks.

    `blocks` is a column name where the order is by a column of the cell table, else empty.
    """

    codes: np.ndarray
    how: str
    blocks: str = ""

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of one side in display order.

    names: text of each, None = untyped (missing); of: int32, the group of each cell of the side (in code order);
    sizes: int64 cells in each group, those without connections included.
    """

    names: tuple[str | None, ...]
    of: np.ndarray
    sizes: np.ndarray
    how: str = "by name"

    def __len__(self) -> int:
        return len(self.names)

    def reordered(self, order: np.ndarray, how: str) -> Groups:
        """The same groups in another order."""
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return Groups(tuple(self.names[i] for i in order), rank[self.of], self.sizes[order], how)


@lru_cache(maxsize=64)
def group_column(dataset: Dataset, name: str) -> pd.Categorical:
    """A column as categories in the order in which they are shown.

    Types of cells come excitatory first, then inhibitory, then others, where the dataset has a `broad_type`; within
    that, and for any other column, digits count as numbers (layer 2/3 as 2). Raises InputError for a column with a
    value of its own for nearly every cell.
    """
    column = dataset.column(name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = column.array
    else:
        kinds = column.nunique(dropna=True)
        if kinds > MAX_GROUPS:
            raise InputError(
                f"'{name}' has {kinds:,} different values, too many to group by (at most {MAX_GROUPS:,})",
                "group by a column of kinds, such as cell_type",
            )
        values = pd.Categorical(column.astype("object").map(_spelled, na_action="ignore"))  # numbers and yes/no as text
    if len(values.categories) > MAX_GROUPS:
        raise InputError(
            f"'{name}' has {len(values.categories):,} different values, too many to group by (at most {MAX_GROUPS:,})",
            "group by a column of kinds, such as cell_type",
        )
    ranks = _broad_ranks(dataset, values) if dataset.meta.aliases.get(name, name) == "cell_type" else {}
    return values.reorder_categories(sorted(values.categories, key=lambda v: (ranks.get(v, 0), natural(v))))


def _broad_ranks(dataset: Dataset, types: pd.Categorical) -> dict[str, int]:
    """0 excitatory, 1 inhibitory, 2 other, for each type by the broad type of most of its cells."""
    if "broad_type" not in dataset.meta.columns:
        return {}
    broad = dataset.column("broad_type").astype("object").fillna("").astype(str)
    counts = pd.crosstab(np.asarray(types.codes), broad.to_numpy())
    order = {"excitatory": 0, "inhibitory": 1}
    return {
        str(types.categories[int(str(code))]): order.get(str(row.idxmax()), 2)
        for code, row in counts.iterrows()
        if int(str(code)) >= 0
    }


def _spelled(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key that counts digits as numbers: L2 before L10, and 23P (layer 2/3) before 4P."""
    parts: list[tuple[int, int | str]] = []
    word = ""
    for ch in _LAYER_2_3.sub(r"\g<1>2", str(text)) + "\0":
        if word and ch.isdigit() != word[-1].isdigit():
            parts.append((0, int(word)) if word.isdecimal() else (1, word.lower()))
            word = ""
        word += ch
    if word.strip("\0"):
        parts.append((1, word.lower()))
    return tuple(parts)


def groups_of(dataset: Dataset, name: str, cells: CellSet) -> Groups:
    """The groups of a set of cells, by name; cells without a value form a group of their own, last."""
    values = group_column(dataset, name)
    codes = np.asarray(values.codes)[cells.codes]
    present = np.unique(codes[codes >= 0])
    untyped = bool((codes < 0).any())
    position = np.full(len(values.categories) + 1, len(present), np.int32)
    position[present] = np.arange(len(present), dtype=np.int32)
    of = np.where(codes < 0, np.int32(len(present)), position[codes])
    names: list[str | None] = [str(values.categories[i]) for i in present]
    if untyped:
        names.append(None)
    sizes = np.bincount(of, minlength=len(names)).astype(np.int64)
    return Groups(tuple(names), of.astype(np.int32), sizes)


def check_order(dataset: Dataset, order: str) -> None:
    """InputError unless `order` is one we know or a column of the dataset."""
    if order in (*ORDERS, OTHER) or dataset.meta.aliases.get(order, order) in dataset.columns:
        return
    raise InputError(f"no order '{order[:60]}'", did_you_mean(order, [*ORDERS, OTHER, *dataset.columns]))


def ordered(dataset: Dataset, cells: CellSet, others: CellSet, side: str, order: str) -> Axis:
    """The cells of one side ('pre' or 'post') in the order asked for; `others` is the set of the other side."""
    codes = cells.codes
    if order == "id":
        return Axis(codes, "by id")
    if order == "given":
        if cells.given is None:
            return Axis(codes, "by id (the set lists no cells in an order of its own)")
        return Axis(cells.given, "as given")
    if order == "degree":
        found = orders.by_degree(dataset.graph, codes, side, others.codes)  # type: ignore[arg-type]
        return Axis(found, "by number of partners in the other set")
    if order == "position":
        return _by_position(dataset, codes)
    if order == "type":
        return _by_column(dataset, codes, "cell_type")
    return _by_column(dataset, codes, order)


def _by_column(dataset: Dataset, codes: np.ndarray, name: str) -> Axis:
    column = dataset.column(name)
    name = dataset.meta.aliases.get(name, name)
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(column.dtype):
        many = isinstance(column.dtype, pd.CategoricalDtype) and len(column.cat.categories) > MAX_GROUPS
        keys = np.asarray((column.array if many else group_column(dataset, name)).codes)[codes].astype(np.float64)
        keys[keys < 0] = np.nan
        return Axis(orders.by_value(codes, keys), f"by {name}", "" if many else name)
    if column.dtype == object:
        return Axis(codes, f"by {name}")
    return Axis(
        orders.by_value(codes, np.asarray(column.iloc[codes].astype("Float64").fillna(np.nan), dtype=np.float64)),
        f"by {name}",
    )


def _by_position(dataset: Dataset, codes: np.ndarray) -> Axis:
    name = vertical(dataset)
    values = dataset.column(name).to_numpy(dtype=np.float64, na_value=np.nan)[codes]
    return Axis(orders.by_value(codes, values), f"by {name}")


def vertical(dataset: Dataset) -> str:
    """The column along the vertical axis, where the dataset has positions; InputError where it has none."""
    for name in (dataset.meta.vertical, "depth_um", "y_um", "y_nm"):
        if name and name in dataset.columns:
            return name
    raise InputError(f"{dataset.meta.id} has no cell positions to order by", "order by type or degree")


def clustered(dataset: Dataset, selection: Selection, side: str, sets: str) -> Axis:
    """Order of one side by the likeness of its connection profiles; which method and distance is in `how`.

    The order of a large set takes seconds, so it is kept for all workers; `sets` is the text of what is clustered.
    """
    meta = dataset.meta
    key = ResultKey(meta.id, meta.generation, meta.fingerprint, sets, f"cluster-{side}")
    kept = remember(key, lambda: _packed(orders.cluster(dataset.graph, selection, "rows" if side == "pre" else "cols")))
    head, _, codes = kept.partition(b"\n")
    found = orders.Clustering(np.frombuffer(codes, np.int32), **json.loads(head))
    alone = f"; {found.n_isolated:,} without a connection last" if found.n_isolated else ""
    return Axis(found.order, f"by cluster: {found.method}, {found.distance}{alone}")


def _packed(found: orders.Clustering) -> bytes:
    said = {name: getattr(found, name) for name in ("method", "distance", "exact", "n_isolated")}
    return json.dumps(said).encode() + b"\n" + found.order.astype(np.int32).tobytes()


def like_other(axis: Axis, codes: np.ndarray) -> Axis:
    """The cells of `codes` in the order that the other axis gives them; those it does not hold follow, by id."""
    order = orders.same_as(axis.codes, codes, codes)
    return Axis(order, f"like the other axis ({axis.how})", axis.blocks if len(order) == len(axis) else "")
