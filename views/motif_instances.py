"""The triples (pairs) of one motif class: which cells, of which types, with how many synapses each way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from analysis import census as censuses
from analysis import motif_instances as listing
from analysis.matrix import edges_of
from data_access.dataset import Dataset
from views import motifs, schema
from views.motifs import WORDS, CensusView
from views.result import Omitted, TableResult, ledger_of
from views.tables import Resolve, arrow_column, id_type, in_memory

WAYS = ("ab", "ba", "ac", "ca", "bc", "cb")
CELLS = ("cell_a", "cell_b", "cell_c")


@dataclass(frozen=True)
class InstancesView(CensusView):
    """The triples (pairs) of one class."""

    motif: str = schema.text("", "a class: " + ", ".join((*censuses.TRIADS, *censuses.DYADS)))
    limit: int = schema.whole(100, "at most so many rows", low=0, high=1000)


def instances(dataset: Dataset, view: InstancesView, resolve: Resolve | None = None) -> TableResult:
    """The triples (pairs) of a class, most synapses first; the cells in the order of the roles a, b, c of the class.

    Of 012 and 102 each connected pair is given with one third cell. total = synapses of all their connections.
    Raises InputError for a class of another size, and for one without a connection.
    """
    found = motifs.census(dataset, view, resolve)
    synapses = dataset.graph.out.n_synapses[found.edge].astype(np.int64)
    look = listing.triads if view.size == "3" else listing.pairs
    got = look(found.pre, found.post, synapses, found.n_cells, view.motif, view.limit)
    table = triples(dataset, found.cells.codes[got.cells]).append_column("total", pa.array(got.total))
    n, shown, what = found.of(view.motif), table.num_rows, WORDS[view.size].cells
    notes = [found.cells.echo, f"class {view.motif}: {n:,} {what}", "the most synapses among all of its cells first"]
    if view.motif in ("012", "102"):
        notes.append("each connected pair once, with the first cell that is connected to neither")
    if not got.whole:
        notes.append("the strongest of those that were looked at: there are too many to look at them all")
    left = Omitted(f"{n - shown:,} {what} not listed")
    made = ledger_of(
        dataset.meta, what, n, shown, limit=view.limit, total=n, left_out=(left,) * (n > shown), notes=tuple(notes)
    )
    return in_memory(table, made, schema.encode(view), CELLS)


def roles() -> str:
    """The connections of each class between its roles, in words."""
    return "; ".join(
        f"{name} " + ", ".join(f"{'abc'[i]}->{'abc'[j]}" for i, j in edges)
        for name, edges in censuses.TRIAD_EDGES.items()
        if edges
    )


def triples(dataset: Dataset, cells: np.ndarray) -> pa.Table:
    """int32 codes (k, 3), or (k, 2) of pairs, as ids with types and the synapses of the six ordered pairs.

    What belongs to the third cell is null for pairs.
    """
    k, wide = cells.shape
    at = dict(zip("abc"[:wide], cells.T, strict=True))
    types = dataset.column("cell_type")
    columns: dict[str, pa.Array] = {}
    for name in "abc":
        columns[f"cell_{name}"] = dataset.index.arrow(at[name]) if name in at else pa.nulls(k, id_type(dataset))
    for name in "abc":
        columns[f"type_{name}"] = arrow_column(types.iloc[at[name]]) if name in at else pa.nulls(k, pa.string())
    for way in WAYS:
        known = all(node in at for node in way)
        counts = pa.array(_synapses(dataset, at[way[0]], at[way[1]])) if known else pa.nulls(k, pa.int64())
        columns[f"n_{way}"] = counts
    return pa.table(columns)


def _synapses(dataset: Dataset, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    """Synapses of each ordered pair of codes, int64, 0 = not connected."""
    edge = edges_of(dataset.graph, pre.astype(np.int32), post.astype(np.int32))
    counts = dataset.graph.out.n_synapses
    return np.where(edge >= 0, counts[np.maximum(edge, 0)].astype(np.int64), 0) if len(counts) else 0 * edge
