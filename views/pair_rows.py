"""What one row of the table of reciprocal pairs is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from data_access.dataset import Dataset
from data_access.errors import InputError, did_you_mean
from views import pair_compartments, pair_features, pair_warnings
from views.pair_features import PairSet
from views.tables import arrow_column, fractional_sizes, id_type
from views.testability import knows_proofreading

IDS = ("cell_a", "cell_b")
NUMBERS = {
    "n_ab": "n_ab", "n_ba": "n_ba", "sum_size_ab": "size_ab", "sum_size_ba": "size_ba", "total": "total",
    "smaller": "smaller", "balance": "balance", "sum_size": "size", "distance_um": "distance_um",
}  # fmt: skip
PROOFREAD = ("proofread_a", "proofread_b")
WORDS = {"type": "cell_type", "broad_type": "broad_type"}


def form(dataset: Dataset) -> pa.Schema:
    """Columns of the table: those of the contract first.

    sum_size: of both directions; balance: smaller / larger count; tested: both orders are tested pairs; proofread: null
    where nothing tells; kind: value of the view's `group`, untyped or fragment; warnings: names separated by commas.
    Broad types and compartments stand there only where the dataset has them.
    """
    size = pa.float64() if fractional_sizes(dataset.graph.out) else pa.int64()
    text, number, truth = pa.string(), pa.float64(), pa.bool_()
    columns = [
        ("cell_a", id_type(dataset)), ("cell_b", id_type(dataset)), ("n_ab", pa.int64()), ("n_ba", pa.int64()),
        ("sum_size_ab", size), ("sum_size_ba", size), ("type_a", text), ("type_b", text),
        ("total", pa.int64()), ("smaller", pa.int64()), ("balance", number), ("sum_size", size),
        ("distance_um", number), ("tested", truth), ("proofread_a", truth), ("proofread_b", truth),
        ("kind_a", text), ("kind_b", text), ("warnings", text),
    ]  # fmt: skip
    if "broad_type" in dataset.columns:
        columns += [("broad_type_a", text), ("broad_type_b", text)]
    if "compartments" in dataset.meta.capabilities:
        columns += [("compartments_ab", text), ("compartments_ba", text)]
    return pa.schema(columns)


def batch(rows: PairSet, bits: np.ndarray, group: str, tested: str, n_rows: int) -> pa.RecordBatch:
    """Some rows of the table; `n_rows`: of the whole table, `bits`: the warnings of these rows."""
    dataset, n = rows.dataset, len(rows)
    columns = form(dataset)
    kinds = pair_features.kinds(dataset, group)
    made: dict[str, pa.Array] = {}
    for side, codes in (("a", rows.a), ("b", rows.b)):
        made[f"cell_{side}"] = dataset.index.arrow(codes)
        for name, column in WORDS.items():
            if f"{name}_{side}" in columns.names:
                made[f"{name}_{side}"] = arrow_column(dataset.column(column).iloc[codes]).cast(pa.string())
        kind = kinds[codes]
        made[f"kind_{side}"] = pa.array(np.asarray(kind.categories, dtype=object)[kind.codes], pa.string())
    for name, source in NUMBERS.items():
        values = getattr(rows, source)
        mask = np.isnan(values) if values.dtype.kind == "f" else None
        made[name] = pa.array(values, mask=mask).cast(columns.field(name).type)
    for name in PROOFREAD:
        unknown = np.full(n, not knows_proofreading(dataset))
        made[name] = pa.array(getattr(rows, name), mask=unknown)
    made["tested"] = pa.array(rows.tested(tested))  # type: ignore[arg-type]
    made["warnings"] = pa.array(pair_warnings.words(bits), pa.string())
    if "compartments_ab" in columns.names:
        texts: tuple[list, list] = ([None] * n, [None] * n)
        if pair_compartments.told(dataset) and n_rows <= pair_compartments.MOST_ROWS:
            texts = pair_compartments.words(rows)
        made["compartments_ab"], made["compartments_ba"] = (pa.array(text, pa.string()) for text in texts)
    return pa.RecordBatch.from_arrays([made[name] for name in columns.names], schema=columns)


def notes(dataset: Dataset, n_rows: int) -> tuple[str, ...]:
    """What the rows lack though the dataset has it."""
    said = pair_compartments.note(dataset, n_rows)
    return (said,) if said else ()


def sortable(pairs: PairSet, name: str, group: str, tested: str) -> np.ndarray:
    """A column of the table as numbers in its order, float64, NaN where a value is missing.

    InputError for a column that is not there, or by which nothing is sorted (compartments).
    """
    if name in NUMBERS:
        return np.asarray(getattr(pairs, NUMBERS[name]), dtype=np.float64)
    if name in PROOFREAD:
        return np.asarray(getattr(pairs, name), dtype=np.float64)
    if name == "tested":
        return pairs.tested(tested).astype(np.float64)  # type: ignore[arg-type]
    column, _, side = name.rpartition("_")
    codes = pairs.a if side == "a" else pairs.b
    if name in IDS:
        return codes.astype(np.float64)
    if name not in form(pairs.dataset).names or name.startswith("compartments"):
        known = [n for n in form(pairs.dataset).names if not n.startswith("compartments")]
        raise InputError(f"reciprocal pairs are not sorted by '{name[:60]}'", did_you_mean(name, known))
    if column == "kind":
        return _places(pair_features.kinds(pairs.dataset, group))[codes]
    return _places(pd.Categorical(pairs.dataset.column(WORDS[column])))[codes]


def _places(values: pd.Categorical) -> np.ndarray:
    """Place of each value among the values in alphabetical order, float64, NaN where missing."""
    order = np.argsort(np.argsort([str(name).lower() for name in values.categories], kind="stable"))
    place = np.append(order, 0).astype(np.float64)[values.codes]
    return np.where(values.codes >= 0, place, np.nan)
