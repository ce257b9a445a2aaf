"""Views worth a first look, for any dataset that can serve them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from data_access.metadata import DatasetMeta

CLUSTERED = 5_000  # cells above which clustering takes long


@dataclass(frozen=True)
class Page:
    """A page of the app; `requires`: a capability without which it cannot serve a dataset, and `reason` why."""

    path: str
    label: str
    requires: str = ""
    reason: str = ""

    def served(self, capabilities: Collection[str]) -> bool:
        """Whether a dataset with these capabilities can be shown."""
        return not self.requires or self.requires in capabilities


@dataclass(frozen=True)
class Example:
    """A view with its words: path and query are its address."""

    title: str
    path: str
    query: Mapping[str, str]
    detail: str = ""


def of(meta: DatasetMeta, paths: Collection[str]) -> list[Example]:
    """The examples of a dataset on pages that are there."""
    have = set(meta.capabilities)
    fragments = 0 < meta.n_table_cells < meta.n_cells
    ds = {"ds": meta.id} | ({"pre": "is_cell", "post": "is_cell"} if fragments else {})
    n_cells = meta.n_table_cells or meta.n_cells
    made: list[Example] = []
    if "cell_types" in have:
        made.append(Example("Matrix by cell type", "/matrix", ds | {"group": "cell_type"}, "types in place of cells"))
    if n_cells <= CLUSTERED:
        made.append(Example("Matrix in clustered order", "/matrix", ds | {"order": "cluster"}, "alike side by side"))
    if "proofreading" in have and "status_axon" in meta.columns and meta.columns["status_axon"].kind == "boolean":
        proofread = {"ds": meta.id, "pre": "status_axon", "post": "is_cell"}
        made.append(Example("Matrix of proofread axons", "/matrix", proofread, "all they send to other cells"))
        made.append(Example("Cells with a proofread axon", "/cells", {"ds": meta.id, "cells": "status_axon"}))
    if meta.n_reciprocal_pairs:
        made.append(Example("Pairs that connect both ways", "/reciprocal", {"ds": meta.id}, "and how many by chance"))
    if n_cells <= CLUSTERED:
        cells = {"ds": meta.id} | ({"cells": "is_cell"} if fragments else {})
        made.append(Example("Triads against chance", "/motifs", cells))
    if "cell_positions" in have:
        made.append(
            Example(
                "Map of the somata", "/cells", {"ds": meta.id, "cells": "is_cell"} if fragments else {"ds": meta.id}
            )
        )
    return [example for example in made if example.path in paths]
