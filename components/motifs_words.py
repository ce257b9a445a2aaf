"""The sentences of /motifs: what was counted, what a null model expects, what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.format import counted, percent, thousands
from components.motifs_census import Row, value
from views import null_models
from views.motifs import Census
from views.node_search import Search

UNLINKED = ("003", "012", "102")


def census(found: Census) -> str:
    """What there is among the cells."""
    where = f"{counted(len(found.edge), 'connection')} among {counted(found.n_cells, 'cell')}"
    if found.view.size == "2":
        mutual, one_way = found.of("mutual"), found.of("asymmetric")
        linked = mutual + one_way
        return (
            f"{where}: {counted(linked, 'pair')} of {thousands(linked + found.of('null'))} connected,"
            f" {thousands(mutual)} of them both ways ({percent(mutual, linked)})."
        )
    total = int(found.counts.sum())
    linked = total - sum(found.of(name) for name in UNLINKED)
    return f"{where}: {counted(linked, 'connected triple')}, {percent(linked, total)} of all {thousands(total)}."


def most_unlike(rows: Sequence[Row], null: str, samples: int) -> str:
    """The connected class that stands out most; "" before anything was sampled."""
    known = [row for row in rows if row.z is not None and row.name not in (*UNLINKED, "null")]
    if not known:
        return ""
    row = max(known, key=lambda r: abs(r.z or 0))
    return (
        f"Against {null_models.title(null).lower()}, {row.name} stands out most: {value(row.ratio)} times the expected"
        f" {value(row.expected)} (p\u00a0{row.p:.2g}, {thousands(samples)} samples)."
    )


def search(total: int, chance: dict[str, Any] | None) -> str:
    """'12,345 matches; 8,901 ± 120 expected if ... (ratio 1.39, p 0.0099, 100 samples).'"""
    found = counted(total, "match", "matches")
    if chance is None or chance.get("expected") is None:
        return f"{found}."
    ratio = f"ratio {chance['ratio']:.3g}, " if chance["ratio"] is not None else ""
    return (
        f"{found}; {value(chance['expected'])} ± {value(chance['sd'])} expected {_IF[chance['null']]} "
        f"({ratio}p {chance['p']:.2g}, {thousands(chance['samples'])} samples)."
    )


_IF = {
    "er": "if connections fell anywhere",
    "degree": "if only the cells' numbers of partners mattered",
    "type": "if only the types mattered",
    "distance": "if only types and distance mattered",
}


def nodes(found: Search) -> str:
    """How many cells each node may be."""
    sizes = ", ".join(f"{node.upper()} {counted(len(cells), 'cell')}" for node, cells in found.sets.items())
    return f"{sizes}; {counted(len(found.edge), 'connection')} among them."


def nothing(found: Search) -> str:
    """Why a search finds nothing, as far as it can be told."""
    empty = [f"{node.upper()} ({cells.echo})" for node, cells in found.sets.items() if not len(cells)]
    if empty:
        return f"No cell is in {' or '.join(empty)}."
    return "No three cells are connected like this: lower a least number of synapses, or set a connection to any."
