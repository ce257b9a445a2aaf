"""The page of one cell as a view: its parameters, what the cell is, and how its partners divide by kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from data_access.dataset import Dataset
from data_access.errors import InputError
from views import partner_rows, schema
from views.partner_rows import FRAGMENT, UNTYPED, Partners
from views.partners import DIRECTIONS, PartnersView
from views.result import Omitted, TableResult, ledger_of
from views.tables import AUTAPSES, Resolve, in_memory
from views.testability import what_is_tested

COLOURS = ("kind", "size", "compartment", "path")
PROJECTIONS = ("flat", "3d")
MASKS = ("all", "axon", "dendrite", "soma")
BINS = ("25", "10", "50")


@dataclass(frozen=True)
class CellView:
    """Parameters of /cell/<id>, and of the synapse table of a cell."""

    ds: str = schema.text("", "dataset id")
    cell: str = schema.text("", "id of the cell")
    side: str = schema.choice(DIRECTIONS, "in: its inputs; out: its outputs")
    known: str = schema.choice(("no", "yes"), "yes: only partners that are cells, fragments left out")
    top: float = schema.number(
        100.0, "only the strongest partners that make up this percentage of the input or output", low=0.1, high=100
    )
    group: str = schema.text("cell_type", "column of the cell table by which partners are told apart")
    type: str = schema.text("", "only partners of this kind: a value of that column, untyped or fragment")
    find: str = schema.text("", "only partners whose id or kind holds this text")
    sort: str = schema.text("", "column by which partners are sorted; a minus sign in front sorts descending")
    mask: str = schema.choice(MASKS, "only synapses on this part of the cell, by the type of the nearest skeleton node")
    colour: str = schema.choice(COLOURS, "what the colour of a synapse means")
    view: str = schema.choice(PROJECTIONS, "the cell in two projections or in 3D")
    bin: str = schema.choice(BINS, "width of the bins of the depth profile, um")
    autapses: str = schema.choice(AUTAPSES, "whether the cell may be its own partner")

    def partners(self) -> PartnersView:
        """The partners that this view lists: of one side its strongest first, unless sorted otherwise."""
        strongest = {"in": "-n_in", "out": "-n_out"}.get(self.side, "")
        return PartnersView(
            ds=self.ds, cell=self.cell, direction=self.side, autapses=self.autapses, known=self.known, top=self.top,
            group=self.group, type=self.type, find=self.find, sort=self.sort or strongest,
        )  # fmt: skip


@dataclass(frozen=True)
class PartnerTypesView:
    """The partners of one cell by kind."""

    ds: str = schema.text("", "dataset id")
    cell: str = schema.text("", "id of the cell")
    group: str = schema.text("cell_type", "column of the cell table whose values are the kinds")
    autapses: str = schema.choice(AUTAPSES, "whether the cell may be its own partner")


@dataclass(frozen=True)
class OneKind:
    """Partners of one kind: how many give input and take output, and with how many synapses."""

    kind: str
    partners_in: int
    n_in: int
    partners_out: int
    n_out: int


@dataclass(frozen=True, eq=False)
class Company:
    """Whom a cell talks to: its partners without autapses, and those by kind.

    kinds: most synapses first, then untyped cells, then fragments. n_autapses: synapses of the cell onto itself.
    """

    partners: Partners
    kinds: tuple[OneKind, ...]
    n_autapses: int

    @property
    def n_reciprocal(self) -> int:
        """Partners connected both ways."""
        return int(partner_rows.reciprocal(self.partners).sum())

    def count(self, side: str, known: bool = False) -> tuple[int, int]:
        """Partners and synapses of a side ("in" or "out"), of known cells only or of all."""
        counts = self.partners.n_in if side == "in" else self.partners.n_out
        counts = counts[self.partners.known] if known else counts
        return int((counts > 0).sum()), int(counts.sum())

    def typed(self, side: str) -> tuple[int, int]:
        """Partners and synapses of a side that have a type."""
        found = [k for k in self.kinds if k.kind not in (UNTYPED, FRAGMENT)]
        if side == "in":
            return sum(k.partners_in for k in found), sum(k.n_in for k in found)
        return sum(k.partners_out for k in found), sum(k.n_out for k in found)


def company(dataset: Dataset, cell: str, group: str = "cell_type", autapses: str = "drop") -> Company:
    """Whom a cell talks to. NotFoundError for an unknown cell, InputError for an unknown column."""
    found = partner_rows.read(dataset, dataset.code_of(cell), group)
    itself = found.codes == found.code
    n_autapses = int(found.n_in[itself].sum())
    if autapses == "drop":
        found = found.without(itself)
    n = len(found.kinds.categories)
    sums = [
        np.bincount(found.kinds.codes, weights, n).astype(np.int64)
        for weights in (found.n_in > 0, found.n_in, found.n_out > 0, found.n_out)
    ]
    rows = [
        OneKind(str(kind), *(int(part[i]) for part in sums))
        for i, kind in enumerate(found.kinds.categories)
        if sums[0][i] or sums[2][i]
    ]
    last = {UNTYPED: 1, FRAGMENT: 2}
    rows.sort(key=lambda k: (last.get(k.kind, 0), -k.n_in - k.n_out, k.kind))
    return Company(found, tuple(rows), n_autapses)


def partner_types(dataset: Dataset, view: PartnerTypesView, resolve: Resolve | None = None) -> TableResult:
    """Partners of one cell by kind: most synapses first, untyped cells and fragments last.

    fraction_in = n_in / all synapses onto the cell, autapses counted; null where not all of them are in the dataset.
    """
    if not view.cell.strip():
        raise InputError("no cell given", "add cell=ID")
    found = company(dataset, view.cell, view.group, view.autapses)
    whole = found.partners

    def fraction(counts: list[int], total: int, complete: bool) -> pa.Array:
        return pa.array([n / total if complete and total else None for n in counts], pa.float64())

    n_in, n_out = [k.n_in for k in found.kinds], [k.n_out for k in found.kinds]
    table = pa.table({
        "kind": pa.array([k.kind for k in found.kinds], pa.string()),
        "partners_in": pa.array([k.partners_in for k in found.kinds], pa.int64()),
        "n_in": pa.array(n_in, pa.int64()),
        "fraction_in": fraction(n_in, whole.total_in, whole.complete_in),
        "partners_out": pa.array([k.partners_out for k in found.kinds], pa.int64()),
        "n_out": pa.array(n_out, pa.int64()),
        "fraction_out": fraction(n_out, whole.total_out, whole.complete_out),
    })  # fmt: skip
    read, kept = whole.total_in + whole.total_out, sum(n_in) + sum(n_out)
    left = (Omitted("autapse", synapses=read - kept),) if read > kept else ()
    ledger = ledger_of(dataset.meta, "synapses", read, kept, left_out=left)
    return in_memory(table, ledger, schema.encode(view), ())


# ---- what the cell is

_CLASSES = ("cell_type", "cell_type_manual", "cell_type_auto", "broad_type", "mtype", "class", "group", "region")
_CLASS_PARTS = ("type", "class", "instance", "name", "lineage", "transmitter", "area", "region", "layer", "side",
                "hemisphere", "group")  # fmt: skip
_OWN = ("is_cell", "n_table_rows", "cell_id")


@dataclass(frozen=True)
class Identity:
    """One cell in words.

    classes: (column, value) of each classification, None = not given there. proofreading: sentences. outdated: in
    which way its status is of another state of the cell, "" if it is not. others: the rest of its row.
    """

    cell_id: str
    code: int
    known: bool
    classes: tuple[tuple[str, str | None], ...]
    proofreading: tuple[str, ...]
    outdated: str
    place_um: tuple[float, float, float] | None
    others: tuple[tuple[str, str | None], ...]
    complete_in: bool
    complete_out: bool


def identity(dataset: Dataset, code: int) -> Identity:
    """What the dataset says about one cell."""
    row = {name: _cell_value(dataset.column(name), code) for name in dataset.meta.columns if name not in _OWN}
    text = {n for n in row if dataset.meta.columns[n].kind == "text"}
    status = {n for n in row if n.startswith(("status_", "strategy_", "proofreading"))} | {"valid_id", "outdated"}
    first = [n for n in _CLASSES if n in text]
    more = [n for n in text if n not in first and n not in status and any(p in n.lower() for p in _CLASS_PARTS)]
    classes = [*first, *sorted(more)]
    if dataset.meta.columns["cell_type"].meaning == "not given":
        classes = [n for n in classes if n != "cell_type"]
    places = partner_rows.positions_um(dataset, np.array([code]))
    place = None
    if places is not None and not np.isnan(places).any():
        place = (places[0, 0].item(), places[0, 1].item(), places[0, 2].item())
    shown = {*classes, *status, "cell_type", *(f"{axis}_nm" for axis in "xyz")}
    cell_id = dataset.index.text([code])[0]
    return Identity(
        cell_id, code, bool(what_is_tested(dataset).is_cell[code]),
        tuple((n, row[n]) for n in classes), tuple(_proofreading(row)), _outdated(row, cell_id), place,
        tuple((n, value) for n, value in row.items() if n not in shown),
        bool(dataset.graph.complete_in[code]), bool(dataset.graph.complete_out[code]),
    )  # fmt: skip


def _cell_value(column: pd.Series, code: int) -> str | None:
    value: Any = column.iloc[code]
    if value is None or bool(pd.isna(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        number = float(value)
        return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"
    return str(value)


_STRATEGIES = (
    ("fully_extended", "followed to its ends, so that nearly all its outputs are known"),
    ("partially_extended", "extended in part: its outputs are a sample"),
    ("interareal", "followed into other areas: its outputs are a sample"),
    ("column_truncated", "followed inside the column only: its outputs onto cells outside are missing"),
    ("dendrite_extended", "extended to its ends"),
    ("dendrite_clean", "false branches removed, not extended"),
    ("clean", "false branches removed, not extended"),
    ("extended", "extended"),
)
_NO = ("", "none", "no", "false", "f", "0", "non", "nan")


def _proofreading(row: dict[str, str | None]) -> list[str]:
    """Status and strategy of axon and dendrite in plain words; empty where the dataset has neither column."""
    found = []
    for part, lacking in (
        ("axon", "outputs are those of the automatic segmentation, few of the true ones"),
        ("dendrite", "inputs are those of the automatic segmentation"),
    ):
        status, strategy = f"status_{part}", f"strategy_{part}"
        if status not in row and strategy not in row:
            continue
        said = (row.get(status) or "").strip().lower()
        how = (row.get(strategy) or "").strip()
        if said in _NO and (status in row or how.lower() in _NO):
            found.append(f"{part} not proofread: its {lacking}")
            continue
        words = next((text for name, text in _STRATEGIES if name in how.lower()), "")
        plain = words or (how.replace("_", " ") if how.lower() not in _NO else "no strategy given")
        found.append(f"{part} proofread: {plain}" + (f" ({how})" if words else ""))
    return found


def _outdated(row: dict[str, str | None], cell_id: str) -> str:
    valid = row.get("valid_id")
    if valid and valid not in ("0", cell_id):
        return f"proofread as {valid}, an older state of this cell: its proofreading status does not count"
    if row.get("outdated") == "yes":
        return "proofread in another state of this cell: its proofreading status does not count"
    return ""
