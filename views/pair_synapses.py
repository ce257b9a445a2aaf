"""The synapses between two cells: how large, onto what, where along the skeleton of either."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import skeleton as trees
from data_access.dataset import Dataset
from views import cell_synapses, pair_axon, schema
from views.cell_synapses import WORDS, Body
from views.pair import DIRECTIONS, codes_of
from views.pair_axon import Parts
from views.result import Ledger, Omitted, TableResult, ledger_of
from views.tables import Resolve, id_type, in_memory

NEAR_UM = 10.0  # a synapse farther from a skeleton has no place along it


@dataclass(frozen=True, eq=False)
class Side:
    """Where synapses lie on the skeleton of one of their cells; arrays of one length.

    attached_um: to the nearest node; path_um: from the soma along the skeleton, NaN on loose pieces and for synapses
    farther than NEAR_UM; part: int16, SWC type of that node (`views.pair_axon`), -1 for none.
    """

    attached_um: np.ndarray
    path_um: np.ndarray
    part: np.ndarray


@dataclass(frozen=True, eq=False)
class PairSynapses:
    """All synapses between two cells, those of a onto b first, by id; arrays of one length.

    ids: as text; forward: bool, of a onto b; size: float64, NaN = not measured; at_um: float64 (n, 3), NaN = no
    position; compartment: object, part of the postsynaptic cell, None = not given; pre, post: on the skeleton of the
    presynaptic and of the postsynaptic cell. bodies: of a and b, None without a skeleton, then no_body says why.
    """

    codes: tuple[int, int]
    ids: tuple[str, ...]
    forward: np.ndarray
    size: np.ndarray
    at_um: np.ndarray
    compartment: np.ndarray
    has_compartments: bool
    pre: Side
    post: Side
    bodies: tuple[Body | None, Body | None]
    no_body: tuple[str, str]
    arrow_ids: pa.ChunkedArray

    def __len__(self) -> int:
        return len(self.forward)

    def of(self, name: str) -> np.ndarray:
        """int64 rows of a direction, "ab" or "ba"."""
        return np.flatnonzero(self.forward == (name == "ab"))

    @property
    def placed(self) -> np.ndarray:
        """bool: have a position."""
        return np.asarray(np.isfinite(self.at_um).all(axis=1))


@lru_cache(maxsize=16)
def between(dataset: Dataset, a: int, b: int) -> PairSynapses:
    """The synapses between two cells. InputError where the dataset holds connections only."""
    form = dataset.synapse_schema
    tables = [
        pa.Table.from_batches(list(dataset.synapse_batches(np.array([pre]), np.array([post]))), form)
        for pre, post in ((a, b), (b, a))
    ]
    table = pa.concat_tables(tables)
    n = table.num_rows

    def number(name: str) -> np.ndarray:
        if name not in table.column_names:
            return np.full(n, np.nan)
        return pd.to_numeric(table.column(name).to_pandas()).to_numpy(dtype=np.float64, na_value=np.nan)

    forward = np.arange(n) < tables[0].num_rows
    at_um = np.stack([number(f"{axis}_nm") for axis in "xyz"], axis=1) / 1000.0
    have = "compartment" in table.column_names
    words = table.column("compartment").to_pylist() if have else [None] * n
    compartment = np.array([word if isinstance(word, str) and word else None for word in words], dtype=object)
    found = [cell_synapses.body_of(dataset, code) for code in (a, b)]
    on_a, on_b = (
        _side(body, pair_axon.parts(dataset, code), at_um) for code, (body, _) in zip((a, b), found, strict=True)
    )
    ids = table.column("synapse_id")
    return PairSynapses(
        (a, b), tuple(str(i) for i in ids.to_pylist()), forward, number("size"), at_um, compartment, have,
        _chosen(forward, on_a, on_b), _chosen(forward, on_b, on_a), (found[0][0], found[1][0]),
        (found[0][1], found[1][1]), ids,
    )  # fmt: skip


def _side(body: Body | None, parts: Parts | None, at_um: np.ndarray) -> Side:
    nothing = np.full(len(at_um), np.nan)
    if body is None or parts is None:
        return Side(nothing, nothing, np.full(len(at_um), -1, np.int16))
    attached = trees.attach(body.nodes_um, at_um)
    near = attached.distance <= NEAR_UM  # False for NaN
    path = np.where(near, body.path_um[attached.node], np.nan)
    return Side(attached.distance, path, np.where(near, parts.kind[attached.node], -1).astype(np.int16))


def _chosen(first: np.ndarray, yes: Side, no: Side) -> Side:
    return Side(
        np.where(first, yes.attached_um, no.attached_um), np.where(first, yes.path_um, no.path_um),
        np.where(first, yes.part, no.part),
    )  # fmt: skip


# ---- the same as a table


@dataclass(frozen=True)
class PairSynapsesView:
    """The synapses between two cells."""

    ds: str = schema.text("", "dataset id")
    a: str = schema.text("", "id of one cell")
    b: str = schema.text("", "id of the other cell")
    direction: str = schema.choice(DIRECTIONS, "ab: of a onto b; ba: of b onto a")
    limit: int | None = schema.whole(None, "at most so many rows", low=0)


def table(dataset: Dataset, view: PairSynapsesView, resolve: Resolve | None = None) -> TableResult:
    """The synapses between two cells, those of a onto b first, each with its place on both skeletons.

    attached_pre_um: from the synapse's position to the nearest node of the presynaptic cell's skeleton; path_pre_um:
    from its soma to that node along the skeleton, null farther than 10 um from it and on loose pieces; part_pre: what
    the skeleton calls that node, or where it does not say, what the cell's synapses tell. Likewise of the postsynaptic
    cell. Null without a skeleton.
    """
    a, b = codes_of(dataset, view.a, view.b)
    found = between(dataset, a, b)
    rows = np.arange(len(found)) if view.direction == "both" else found.of(view.direction)
    kept = rows if view.limit is None else rows[: view.limit]

    def number(values: np.ndarray) -> pa.Array:
        return pa.array(values[kept], pa.float64(), mask=np.isnan(values[kept]))

    def part(side: Side) -> pa.Array:
        return pa.array([WORDS.get(p) for p in side.part[kept].tolist()], pa.string())

    forward = found.forward[kept]
    content = pa.table({
        "synapse_id": found.arrow_ids.take(pa.array(kept)),
        "direction": pa.array(np.where(forward, "ab", "ba"), pa.string()),
        "pre_id": pa.array(dataset.index.arrow(np.where(forward, a, b)), id_type(dataset)),
        "post_id": pa.array(dataset.index.arrow(np.where(forward, b, a)), id_type(dataset)),
        "size": number(found.size),
        **{f"{axis}_nm": number(found.at_um[:, i] * 1000.0) for i, axis in enumerate("xyz")},
        "compartment": pa.array(found.compartment[kept].tolist(), pa.string()),
        "attached_pre_um": number(found.pre.attached_um), "path_pre_um": number(found.pre.path_um),
        "part_pre": part(found.pre),
        "attached_post_um": number(found.post.attached_um), "path_post_um": number(found.post.path_um),
        "part_post": part(found.post),
    })  # fmt: skip
    left = [
        Omitted("of the other direction", synapses=len(found) - len(rows)),
        Omitted(f"beyond the limit of {view.limit}", synapses=len(rows) - len(kept)),
    ]
    ledger = ledger_between(dataset, found)
    ledger = replace(
        ledger, kept=len(kept), left_out=tuple(o for o in left if o.synapses), limit=view.limit, total=len(rows)
    )
    return in_memory(content, ledger, schema.encode(view), ("synapse_id", "pre_id", "post_id"))


def ledger_between(dataset: Dataset, found: PairSynapses) -> Ledger:
    """What was read of the synapses between two cells, and how well their places on the skeletons are known."""
    notes = []
    placeless = int((~found.placed).sum())
    if placeless:
        notes.append(f"{placeless:,} of {len(found):,} synapses without a position are counted and not drawn")
    unsized = int(np.isnan(found.size).sum())
    if unsized and unsized < len(found):
        notes.append(f"{unsized:,} of {len(found):,} synapses without a size")
    names = dataset.index.text(found.codes)
    for number, (name, body, why) in enumerate(zip(names, found.bodies, found.no_body, strict=True)):
        if body is None:
            notes.append(f"cell {'AB'[number]}, {name}: {why.rstrip('.')}")
        elif len(found) > placeless:
            notes.append(_attachment(found, number, name, len(body.skeleton)))
    if any(body is not None for body in found.bodies) and len(found) > placeless:
        notes.append(f"a synapse farther than {NEAR_UM:g} µm from a skeleton has no place along it")
    return ledger_of(dataset.meta, "synapses", len(found), len(found), notes=tuple(notes))


def _attachment(found: PairSynapses, number: int, name: str, n_nodes: int) -> str:
    own = found.forward if number == 0 else ~found.forward
    distance = np.where(own, found.pre.attached_um, found.post.attached_um)
    parts = []
    for word, here in (("outputs", own), ("inputs", ~own)):
        known = distance[here & np.isfinite(distance)]
        if len(known):
            parts.append(f"{word} {float(np.median(known)):.2f} µm, at most {float(known.max()):.2f} µm")
    nearest = f"cell {'AB'[number]}, {name}: from the nearest of {n_nodes:,} skeleton nodes, in the median "
    return nearest + "; ".join(parts)


def lacking(dataset: Dataset) -> str:
    """Why a dataset cannot show synapses in space, in words; "" where it can."""
    return cell_synapses.lacking(dataset)
