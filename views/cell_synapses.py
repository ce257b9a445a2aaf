"""The synapses of one cell in space: whose they are, where on the cell they lie, how far along it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import skeleton as trees
from analysis.skeleton import Attached
from data_access.dataset import Dataset
from data_access.errors import InputError, NotFoundError
from data_access.skeletons import APICAL, AXON, DENDRITE, SOMA, Skeleton
from views import schema
from views.cell import CellView
from views.partners import Chosen, chosen
from views.result import Ledger, Omitted, TableResult, ledger_of
from views.tables import Resolve, id_type, in_memory

PARTS = {"axon": (AXON,), "dendrite": (DENDRITE, APICAL), "soma": (SOMA,)}
WORDS = {0: None, SOMA: "soma", AXON: "axon", DENDRITE: "dendrite", APICAL: "apical dendrite"}


@dataclass(frozen=True, eq=False)
class Rows:
    """Synapse rows of a cell, inputs first; arrays of one length.

    incoming: bool; partner: int64 codes; size: float64, NaN = not measured; at_um: float64 (n, 3), NaN = no position;
    depth_um: float64; compartment: None or pd.Categorical, the part of the postsynaptic cell; ids: Arrow.
    """

    incoming: np.ndarray
    partner: np.ndarray
    size: np.ndarray
    at_um: np.ndarray
    depth_um: np.ndarray
    compartment: pd.Categorical | None
    ids: pa.ChunkedArray

    def __len__(self) -> int:
        return len(self.incoming)


@dataclass(frozen=True, eq=False)
class Body:
    """The skeleton of a cell in um and what follows from it; path_um float64 (nodes,), NaN for loose pieces."""

    skeleton: Skeleton
    nodes_um: np.ndarray
    root: int
    path_um: np.ndarray


@dataclass(frozen=True, eq=False)
class CellSynapses:
    """What of a cell's synapses a view shows, and where they lie.

    rows: those that are shown. body: None where there is no skeleton, then `no_body` says why. attached, path_um
    (float64) and part (int16, SWC type of the nearest node): of each row, None without a skeleton.
    """

    view: CellView
    code: int
    chosen: Chosen
    rows: Rows
    kinds: pd.Categorical
    body: Body | None
    no_body: str
    attached: Attached | None
    path_um: np.ndarray | None
    part: np.ndarray | None
    ledger: Ledger


@lru_cache(maxsize=16)
def _read(dataset: Dataset, code: int, compartments: bool) -> Rows:
    """All synapses of a cell, autapses twice (as input and as output)."""
    me = np.array([code])
    have = compartments and "compartment" in dataset.synapse_schema.names
    # the copy by postsynaptic cell holds a cell's inputs in one place, but not their compartments
    inputs = (dataset.synapses if have else dataset.synapses_by_post).batches(None, me)
    outputs = dataset.synapses.batches(me, None)
    names = ("pre_id", "post_id", "synapse_id", "size", "x_nm", "y_nm", "z_nm", "depth_um", "compartment")
    tables = []
    for batches, form in ((inputs, dataset.synapse_schema if have else dataset.synapses_by_post.schema),
                          (outputs, dataset.synapse_schema)):  # fmt: skip
        found = pa.Table.from_batches(list(batches), form)
        tables.append(found.select([name for name in names if name in found.column_names]))
    n_in, n_out = (t.num_rows for t in tables)

    def number(name: str) -> np.ndarray:
        parts = [
            t.column(name).to_numpy().astype(np.float64) if name in t.column_names else np.full(t.num_rows, np.nan)
            for t in tables
        ]
        return np.concatenate(parts)

    partners = [tables[0].column("pre_id"), tables[1].column("post_id")]
    codes = [dataset.index.codes(p.to_pylist() if dataset.index.is_text else p.to_numpy()) for p in partners]
    compartment = None
    if have:
        words = [t.column("compartment").to_pandas().astype("object") for t in tables]
        compartment = pd.Categorical(pd.concat(words, ignore_index=True))
    at_um = np.stack([number(f"{axis}_nm") for axis in "xyz"], axis=1) / 1000.0
    return Rows(
        np.repeat([True, False], [n_in, n_out]), np.concatenate(codes), number("size"), at_um,
        _depth(dataset, at_um, number("depth_um")), compartment,
        pa.concat_tables([t.select(["synapse_id"]) for t in tables], promote_options="permissive").column("synapse_id"),
    )  # fmt: skip


def vertical_axis(dataset: Dataset) -> int | None:
    """0, 1 or 2 for x, y or z where the dataset names its vertical axis."""
    name = dataset.meta.vertical.removesuffix("_nm").removesuffix("_um")
    return "xyz".index(name) if name in ("x", "y", "z") else None


def _depth(dataset: Dataset, at_um: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The source's own depth where it has one, else the coordinate along the vertical axis; NaN without either."""
    axis = vertical_axis(dataset)
    if not np.isnan(own).all() or axis is None:
        return own
    return at_um[:, axis]


@lru_cache(maxsize=32)
def body_of(dataset: Dataset, code: int) -> tuple[Body | None, str]:
    """The skeleton of a cell; without one None and why, in words."""
    if "skeletons" not in dataset.meta.capabilities:
        return None, "This dataset has no skeletons: with SWC files added to it, the cell's shape would be drawn here."
    try:
        skeleton = dataset.skeleton(dataset.index.text([code])[0])
    except NotFoundError:
        return None, "This dataset has skeletons, but none of this cell."
    except InputError as error:
        return None, f"{error.message[:1].upper()}{error.message[1:]}."
    nodes = skeleton.nodes_nm / 1000.0
    root = trees.root_of(skeleton.parent, skeleton.kind)
    return Body(skeleton, nodes, root, trees.path_distance(nodes, skeleton.parent, root)), ""


@lru_cache(maxsize=16)
def _attached(dataset: Dataset, code: int, compartments: bool) -> Attached | None:
    body, _ = body_of(dataset, code)
    if body is None:
        return None
    return trees.attach(body.nodes_um, _read(dataset, code, compartments).at_um)


def lacking(dataset: Dataset) -> str:
    """Why a dataset cannot show synapses in space, in words; "" where it can."""
    if not dataset.has_synapses:
        return "This dataset holds connections, not single synapses: where they lie on the cell is not known."
    if "synapse_positions" not in dataset.meta.capabilities:
        return "The synapses of this dataset have no positions."
    return ""


def synapses_of(dataset: Dataset, view: CellView) -> CellSynapses:
    """The synapses between a cell and the partners that the view lists, on the part of the cell that it names.

    Raises InputError where the dataset has no synapse rows, NotFoundError for an unknown cell.
    """
    if missing := lacking(dataset):
        raise InputError(missing.rstrip("."), "the table of partners needs none")
    listed = chosen(dataset, view.partners())
    code = listed.partners.code
    compartments = view.colour == "compartment"
    rows, (body, no_body) = _read(dataset, code, compartments), body_of(dataset, code)
    attached = _attached(dataset, code, compartments)
    part = None
    if body is not None and attached is not None:
        part = np.where(attached.node >= 0, body.skeleton.kind[attached.node], -1)
    keep, left = np.ones(len(rows), bool), []
    for reason, gone in _filters(view, listed, rows, part):
        left.append(Omitted(reason, synapses=int((keep & gone).sum())))
        keep &= ~gone
    shown = np.flatnonzero(keep)
    path = None
    if body is not None and attached is not None and part is not None:
        attached, part = Attached(attached.node[shown], attached.distance[shown]), part[shown]
        path = np.where(attached.node >= 0, body.path_um[attached.node], np.nan)
    taken = _taken(rows, shown)
    ledger = ledger_of(
        dataset.meta, "synapses", len(rows), len(shown), left_out=tuple(o for o in left if o.synapses),
        notes=_notes(taken, body, attached, path, listed),
    )  # fmt: skip
    place = np.searchsorted(listed.partners.codes, taken.partner)
    return CellSynapses(
        view, code, listed, taken, listed.partners.kinds[place], body, no_body, attached, path, part, ledger
    )


def _filters(view: CellView, listed: Chosen, rows: Rows, part: np.ndarray | None) -> list[tuple[str, np.ndarray]]:
    itself = rows.partner == listed.partners.code
    reasons = [("autapse, as its output", itself & ~rows.incoming)]
    if view.autapses == "drop":
        reasons = [("autapse", itself)]
    if view.side != "both":
        reasons.append((f"not in this direction ({view.side})", rows.incoming != (view.side == "in")))
    reasons.append(("of partners that are not listed", ~np.isin(rows.partner, listed.codes)))
    if view.mask != "all":
        gone = np.ones(len(rows), bool) if part is None else ~np.isin(part, PARTS[view.mask])
        reasons.append((f"nearest skeleton node is no {view.mask}", gone))
    return reasons


def _taken(rows: Rows, at: np.ndarray) -> Rows:
    compartment = None if rows.compartment is None else rows.compartment[at]
    return Rows(
        rows.incoming[at], rows.partner[at], rows.size[at], rows.at_um[at], rows.depth_um[at], compartment,
        rows.ids.take(pa.array(at)),
    )  # fmt: skip


def _notes(
    rows: Rows, body: Body | None, attached: Attached | None, path: np.ndarray | None, listed: Chosen
) -> tuple[str, ...]:
    notes = list(listed.notes)
    placeless = int(np.isnan(rows.at_um).any(axis=1).sum())
    if placeless:
        notes.append(f"{placeless:,} synapses without a position are counted and not drawn")
    if body is None or attached is None or path is None:
        return tuple(notes)
    if len(rows) > placeless:
        far = float(np.nanquantile(attached.distance, 0.95))
        notes.append(
            f"each synapse is attached to the nearest of {len(body.skeleton):,} skeleton nodes: "
            f"median {attached.median:.2f} µm away, 95 % within {far:.2f} µm"
        )
    loose = int(np.isnan(path).sum()) - placeless
    if loose > 0:
        notes.append(f"{loose:,} synapses lie on pieces of the skeleton that are not joined to its root: no path")
    return (*notes, *body.skeleton.notes)


# ---- the same as a table


@dataclass(frozen=True)
class CellSynapsesView(CellView):
    """Parameters of the synapse table of a cell: those of its page."""

    limit: int | None = schema.whole(None, "at most so many rows", low=0)


def table(dataset: Dataset, view: CellSynapsesView, resolve: Resolve | None = None) -> TableResult:
    """The synapses that the page of a cell draws, inputs first, each with its place on the skeleton.

    attached_um: distance to the nearest skeleton node; path_um: from the soma to that node along the skeleton; part:
    what the skeleton calls it. Null without a skeleton, path_um also on loose pieces.
    """
    if not view.cell.strip():
        raise InputError("no cell given", "add cell=ID")
    made = synapses_of(dataset, replace(view, colour="compartment"))
    rows = made.rows
    n = len(rows) if view.limit is None else min(view.limit, len(rows))

    def number(values: np.ndarray | None) -> pa.Array:
        if values is None:
            return pa.nulls(n, pa.float64())
        return pa.array(values[:n], mask=np.isnan(values[:n]))

    def words(values: pd.Categorical | None) -> pa.Array:
        if values is None:
            return pa.nulls(n, pa.string())
        return pa.array(values[:n].astype(object), pa.string(), from_pandas=True)

    at = number(None) if made.attached is None else number(made.attached.distance)
    part = [None] * n if made.part is None else [WORDS.get(p) for p in made.part[:n].tolist()]
    content = pa.table({
        "synapse_id": rows.ids.slice(0, n),
        "direction": pa.array(np.where(rows.incoming[:n], "in", "out"), pa.string()),
        "partner_id": pa.array(dataset.index.arrow(rows.partner[:n]), id_type(dataset)),
        "kind": words(made.kinds),
        "size": number(rows.size),
        **{f"{axis}_nm": number(rows.at_um[:, i] * 1000.0) for i, axis in enumerate("xyz")},
        "depth_um": number(rows.depth_um),
        "compartment": words(rows.compartment),
        "attached_um": at,
        "path_um": number(made.path_um),
        "part": pa.array(part, pa.string()),
    })  # fmt: skip
    ledger = made.ledger
    if n < len(rows):
        gone = Omitted(f"beyond the limit of {view.limit}", synapses=len(rows) - n)
        ledger = replace(ledger, kept=n, left_out=(*ledger.left_out, gone), limit=view.limit, total=len(rows))
    return in_memory(content, ledger, schema.encode(view), ("synapse_id", "partner_id"))
