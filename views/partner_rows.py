"""What one row of a partner table is made of: counts and sizes each way, shares, kind, distance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from data_access.dataset import Dataset
from data_access.graph import Graph
from views.tables import arrow_column, fractional_sizes
from views.testability import what_is_tested

UNTYPED, FRAGMENT = "untyped", "fragment"
COLUMNS = (
    "partner_id", "cell_type", "n_in", "n_out", "sum_size_in", "sum_size_out", "fraction_in", "fraction_out",
    "kind", "known", "reciprocal", "distance_um", "cumulative_in", "cumulative_out",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Partners:
    """All partners of the cell `code`, itself too where it has autapses; codes int32 ascending.

    n_in, n_out: int64 synapses from and onto the partner. size_in, size_out: summed sizes, NaN = none measured.
    total_in, total_out: all synapses of the cell. known: bool, the partner is a cell and no fragment. kinds: text of
    each. A partner that is left out (`without`) stays in the arrays with no synapses.
    """

    code: int
    codes: np.ndarray
    n_in: np.ndarray
    n_out: np.ndarray
    size_in: np.ndarray
    size_out: np.ndarray
    total_in: int
    total_out: int
    complete_in: bool
    complete_out: bool
    known: np.ndarray
    kinds: pd.Categorical
    whole_sizes: bool

    def without(self, gone: np.ndarray) -> Partners:
        """The same with no synapses of these."""
        return replace(self, n_in=np.where(gone, 0, self.n_in), n_out=np.where(gone, 0, self.n_out))

    def of_kind(self, kind: str) -> np.ndarray:
        """bool: the partners of one kind."""
        names = list(self.kinds.categories)
        return np.asarray(self.kinds.codes == (names.index(kind) if kind in names else -2))

    @cached_property
    def cumulative_in(self) -> np.ndarray:
        """Share of this partner and the stronger ones in all input; NaN for no input and where not all is known."""
        return _cumulative(self.n_in, self.complete_in)

    @cached_property
    def cumulative_out(self) -> np.ndarray:
        """The same for output."""
        return _cumulative(self.n_out, self.complete_out)

    def within_in(self, share: float) -> np.ndarray:
        """bool: the fewest strongest partners that make up this share of the input; all where it is not known."""
        return _within(self.n_in, share) if self.complete_in else self.n_in > 0

    def within_out(self, share: float) -> np.ndarray:
        """The same for output."""
        return _within(self.n_out, share) if self.complete_out else self.n_out > 0


def _cumulative(counts: np.ndarray, complete: bool) -> np.ndarray:
    if not complete or not counts.any():
        return np.full(len(counts), np.nan)
    order = np.argsort(-counts, kind="stable")
    found = np.empty(len(counts))
    found[order] = np.cumsum(counts[order]) / counts.sum()
    return np.where(counts > 0, found, np.nan)


def _within(counts: np.ndarray, share: float) -> np.ndarray:
    order = np.argsort(-counts, kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    found = np.zeros(len(counts), bool)
    found[order] = before < share * counts.sum()
    return found & (counts > 0)


def read(dataset: Dataset, code: int, group: str = "cell_type") -> Partners:
    """All partners of a cell; InputError for a `group` that is no column."""
    graph = dataset.graph
    into, out = graph.into.row(code), graph.out.row(code)
    codes = np.union1d(graph.into.idx[into], graph.out.idx[out])
    n_in, size_in = _one_direction(graph, "into", into, codes)
    n_out, size_out = _one_direction(graph, "out", out, codes)
    known = what_is_tested(dataset).is_cell[codes]
    return Partners(
        code, codes, n_in, n_out, size_in, size_out, int(n_in.sum()), int(n_out.sum()),
        bool(graph.complete_in[code]), bool(graph.complete_out[code]), known, kinds(dataset, codes, known, group),
        not fractional_sizes(graph.out),
    )  # fmt: skip


def _one_direction(graph: Graph, name: str, at: slice, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    side = graph.into if name == "into" else graph.out
    place = np.searchsorted(codes, side.idx[at])
    counts, sizes = np.zeros(len(codes), np.int64), np.zeros(len(codes))
    counts[place] = side.n_synapses[at]
    if side.sum_size is None:
        sizes[:] = np.nan
    else:
        unsized = np.zeros(at.stop - at.start, bool) if side.n_sized is None else side.n_sized[at] == 0
        sizes[place] = np.where(unsized, np.nan, side.sum_size[at])
    return counts, sizes


def kinds(dataset: Dataset, codes: np.ndarray, known: np.ndarray, group: str = "cell_type") -> pd.Categorical:
    """What each partner is: its value in the column, "untyped" without one, "fragment" where it is no known cell.

    Only the kinds that occur are categories.
    """
    values = dataset.column(group).iloc[codes]
    words = values.cat.codes.to_numpy() if isinstance(values.dtype, pd.CategoricalDtype) else None
    if words is None:
        values = values.astype("object").map(_word)
        values = pd.Series(pd.Categorical(values))
        words = values.cat.codes.to_numpy()
    used = np.unique(words[words >= 0])
    categories = values.cat.categories.to_numpy(dtype=object)
    occur = [str(name) for name in categories[used]]
    # a value that is itself called untyped or fragment falls together with those
    shown = {name: i for i, name in enumerate(dict.fromkeys([*occur, UNTYPED, FRAGMENT]))}
    place = np.zeros(len(categories) + 1, np.int64)
    place[used] = [shown[name] for name in occur]
    found = np.where(words >= 0, place[words], np.where(known, shown[UNTYPED], shown[FRAGMENT]))
    return pd.Categorical.from_codes(found, pd.Index(list(shown), dtype=object)).remove_unused_categories()


def _word(value: object) -> str | None:
    if value is None or value is pd.NA or value != value:
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)


def positions_um(dataset: Dataset, codes: np.ndarray) -> np.ndarray | None:
    """Soma positions, float64 (n, 3), NaN where there is none; None where the dataset has no positions."""
    if not all(f"{axis}_nm" in dataset.columns and dataset.columns[f"{axis}_nm"].kind == "number" for axis in "xyz"):
        return None
    places = [dataset.column(f"{axis}_nm").iloc[codes].to_numpy(dtype=np.float64, na_value=np.nan) for axis in "xyz"]
    return np.stack(places, axis=1) / 1000.0


def distances_um(dataset: Dataset, found: Partners, at: np.ndarray) -> np.ndarray:
    """Soma to soma, um; NaN where a position is missing."""
    places = positions_um(dataset, np.append(found.codes[at], found.code))
    if places is None:
        return np.full(len(at), np.nan)
    return np.asarray(np.linalg.norm(places[:-1] - places[-1], axis=1))


def reciprocal(found: Partners) -> np.ndarray:
    """bool: connected both ways with another cell."""
    return (found.n_in > 0) & (found.n_out > 0) & (found.codes != found.code)


def holding(dataset: Dataset, found: Partners, text: str) -> np.ndarray:
    """bool: the partners whose id or kind holds the text, whatever its case."""
    wanted = text.strip().lower()
    of_kind = np.array([wanted in str(name).lower() for name in found.kinds.categories], bool)[found.kinds.codes]
    by_id = np.fromiter((wanted in cell.lower() for cell in dataset.index.text(found.codes)), bool, len(found.codes))
    return np.asarray(of_kind | by_id)


def sortable(dataset: Dataset, found: Partners, name: str, at: np.ndarray) -> np.ndarray:
    """A column of the table as numbers in its order, float64 (len(at),), NaN where a value is missing."""
    if name == "partner_id":
        return at.astype(np.float64)
    if name in ("cell_type", "kind"):
        words = found.kinds if name == "kind" else pd.Categorical(dataset.column(name).iloc[found.codes])
        order = np.argsort(np.argsort([str(c).lower() for c in words.categories], kind="stable"))
        place = np.append(order, 0).astype(np.float64)[words.codes]
        return np.where(words.codes[at] >= 0, place[at], np.nan)
    return _numbers(dataset, found, name, at)


def _numbers(dataset: Dataset, found: Partners, name: str, at: np.ndarray) -> np.ndarray:
    if name == "distance_um":
        return distances_um(dataset, found, at)
    if name == "reciprocal":
        return reciprocal(found)[at].astype(np.float64)
    same = {"sum_size_in": "size_in", "sum_size_out": "size_out", "fraction_in": "n_in", "fraction_out": "n_out"}
    return np.asarray(getattr(found, same.get(name, name))[at], dtype=np.float64)


def table(dataset: Dataset, found: Partners, at: np.ndarray) -> pa.Table:
    """The rows `at` as Arrow, in the order of COLUMNS."""
    size = pa.int64() if found.whole_sizes else pa.float64()

    def fraction(counts: np.ndarray, total: int, complete: bool) -> pa.Array:
        return pa.array(counts[at] / total) if complete and total else pa.nulls(len(at), pa.float64())

    def number(values: np.ndarray, kind: pa.DataType) -> pa.Array:
        return pa.array(values, mask=np.isnan(values)).cast(kind)

    picked = found.kinds[at]
    columns = {
        "partner_id": dataset.index.arrow(found.codes[at]),
        "cell_type": arrow_column(dataset.column("cell_type").iloc[found.codes[at]]),
        "n_in": pa.array(found.n_in[at]),
        "n_out": pa.array(found.n_out[at]),
        "sum_size_in": number(found.size_in[at], size),
        "sum_size_out": number(found.size_out[at], size),
        "fraction_in": fraction(found.n_in, found.total_in, found.complete_in),
        "fraction_out": fraction(found.n_out, found.total_out, found.complete_out),
        "kind": pa.array(np.asarray(picked.categories, dtype=object)[picked.codes], pa.string()),
        "known": pa.array(found.known[at]),
        "reciprocal": pa.array(reciprocal(found)[at]),
        "distance_um": number(distances_um(dataset, found, at), pa.float64()),
        "cumulative_in": number(found.cumulative_in[at], pa.float64()),
        "cumulative_out": number(found.cumulative_out[at], pa.float64()),
    }
    return pa.table({name: columns[name] for name in COLUMNS})
