"""What of a dataset to show in Neuroglancer: cells, a pair with its synapses, a cell with its partners by type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from data_access import neuroglancer
from data_access.dataset import Dataset
from data_access.errors import InputError
from data_access.neuroglancer import Link, Partner, Point, Synapse
from views import partners, schema
from views.tables import Resolve

COLOURED = 500  # cells that get the colour of their type; of more only the ids go into the address
MOST_SYNAPSES = 2_000
SIDES = {"in": "inputs", "out": "outputs", "both": "partners"}
FRAGMENT = "fragment"
PLACES = ("{side}_pt_position_{axis}_nm", "{side}_{axis}_nm", "{side}_position_{axis}_nm")


@dataclass(frozen=True)
class NeuroglancerView:
    """What to show: exactly one of cells, pair and partners_of."""

    ds: str = schema.text("", "dataset id")
    cells: str = schema.text("", "cell set: its cells, coloured by type")
    pair: str = schema.text("", "two ids, A,B: both cells, and the synapses of each direction")
    partners_of: str = schema.text("", "id of a cell: it and its partners, one layer a type")
    direction: str = schema.choice(partners.DIRECTIONS, "which partners; in: cells that synapse onto it")
    autapses: str = schema.choice(("drop", "keep"), "has no effect: a pair of a cell with itself shows its autapses")


def link(dataset: Dataset, view: NeuroglancerView, colours: Mapping[str, str], resolve: Resolve | None = None) -> Link:
    """The link that a view asks for; `colours`: type -> '#rrggbb', with those for "untyped" and "fragment".

    Raises InputError where the dataset does not know what a link needs, or where not one thing is asked for;
    NotFoundError for an unknown cell, TooLargeError where an address cannot hold the answer.
    """
    lacking = neuroglancer.lacking(dataset.meta)
    if lacking:
        raise InputError(
            f"{dataset.meta.id} cannot be shown in Neuroglancer: it does not say {lacking}",
            "a dataset pulled from CAVE knows it; imported files do not",
        )
    asked = [name for name in ("cells", "pair", "partners_of") if getattr(view, name).strip()]
    if len(asked) != 1:
        said = f"{' and '.join(asked)} together" if asked else "nothing to show"
        raise InputError(said, "give exactly one of cells=SET, pair=A,B and partners_of=ID")
    if view.cells.strip():
        return _cells(dataset, view.cells, colours, resolve)
    return _pair(dataset, view.pair) if view.pair.strip() else _partners(dataset, view, colours)


def _cells(dataset: Dataset, text: str, colours: Mapping[str, str], resolve: Resolve | None) -> Link:
    chosen = dataset.select(text, resolve)
    codes = chosen.codes if chosen.given is None else chosen.given
    if not len(codes):
        raise InputError(f"no cell matches: {chosen.echo}", "change the cell set")
    ids = dataset.index.text(codes)
    own = {}
    if len(codes) <= COLOURED:
        kinds = _kinds(dataset, codes)
        own = {cell: colours[kind] for cell, kind in zip(ids, kinds, strict=True) if kind in colours}
    return neuroglancer.cells(dataset.meta, ids, own, _soma(dataset, int(codes[0])))


def _pair(dataset: Dataset, text: str) -> Link:
    parts = [part.strip() for part in text.replace(">", ",").split(",")]
    if len(parts) != 2 or not all(parts):
        raise InputError(f"pair={text[:60]} is no pair", "two ids with a comma between: pair=A,B")
    a, b = (dataset.code_of(part) for part in parts)
    ids = dataset.index.text([a, b])
    found: list[Synapse] = []
    cut: list[str] = []
    if dataset.has_synapses:
        for pre, post in [(a, b), (b, a)][: 1 if a == b else 2]:
            some = _synapses(dataset, pre, post)
            if len(some) > MOST_SYNAPSES:
                pair = f"{some[0].pre_id} onto {some[0].post_id}"
                cut.append(f"only the first {MOST_SYNAPSES:,} synapses of {pair} are shown")
            found += some[:MOST_SYNAPSES]
    made = neuroglancer.pair(dataset.meta, ids[0], ids[1], found, _soma(dataset, a))
    return replace(made, notes=(*made.notes, *cut))


def _synapses(dataset: Dataset, pre: int, post: int) -> list[Synapse]:
    rows = [row for batch in dataset.synapse_batches(np.array([pre]), np.array([post]), MOST_SYNAPSES + 1)
            for row in batch.to_pylist()]  # fmt: skip
    if not rows:
        return []
    at = {side: _columns(rows[0], side) for side in ("pre", "post")}
    own = ("x_nm", "y_nm", "z_nm") if "x_nm" in rows[0] else ()
    return [
        Synapse(
            str(row["synapse_id"]), str(row["pre_id"]), str(row["post_id"]), _point(row, own), row.get("size"),
            _point(row, at["pre"]), _point(row, at["post"]),
        )
        for row in rows
    ]  # fmt: skip


def _columns(row: Mapping[str, object], side: str) -> tuple[str, ...]:
    """The columns with the position of one side of a synapse, () where the source has none."""
    for form in PLACES:
        names = tuple(form.format(side=side, axis=axis) for axis in "xyz")
        if all(name in row for name in names):
            return names
    return ()


def _point(row: Mapping[str, float | None], names: tuple[str, ...]) -> Point | None:
    values = [row[name] for name in names]
    if len(values) != 3 or any(v is None or v != v for v in values):
        return None
    x, y, z = (float(v) for v in values if v is not None)
    return x, y, z


def _partners(dataset: Dataset, view: NeuroglancerView, colours: Mapping[str, str]) -> Link:
    code = dataset.code_of(view.partners_of)
    listed = partners.PartnersView(view.ds, cell=view.partners_of, direction=view.direction)
    table = partners.partners(dataset, listed).table()
    n_in, n_out = (table.column(name).to_numpy() for name in ("n_in", "n_out"))
    strength = {"in": n_in, "out": n_out, "both": n_in + n_out}[view.direction]
    order = np.argsort(-strength, kind="stable")
    ids = [str(cell) for cell in table.column("partner_id").to_pylist()]
    kinds = _kinds(dataset, dataset.codes_of(ids)) if ids else []
    found = [Partner(ids[i], kinds[i]) for i in order.tolist()]
    cell = dataset.index.text([code])[0]
    return neuroglancer.partners(
        dataset.meta, cell, SIDES[view.direction], found, colours, _soma(dataset, code)
    )  # fmt: skip


def _kinds(dataset: Dataset, codes: np.ndarray) -> list[str]:
    """The type of each cell, "untyped" without one; a partner that is no cell is a fragment."""
    kinds = dataset.column("cell_type").iloc[codes].astype("object").tolist()
    cells = dataset.is_cell[codes].tolist()
    return [
        kind if isinstance(kind, str) else neuroglancer.UNTYPED if cell else FRAGMENT
        for kind, cell in zip(kinds, cells, strict=True)
    ]


def _soma(dataset: Dataset, code: int) -> Point | None:
    if "x_nm" not in dataset.columns:
        return None
    values = [dataset.column(f"{axis}_nm").iloc[[code]].to_numpy(dtype=float, na_value=np.nan)[0] for axis in "xyz"]
    if any(v != v for v in values):
        return None
    x, y, z = (float(v) for v in values)
    return x, y, z
