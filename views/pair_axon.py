"""What is axon and what dendrite of a skeleton: as it says itself, or else as the cell's synapses tell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis import axon
from data_access.dataset import Dataset
from data_access.errors import SynaptoscopeError
from data_access.skeletons import AXON, DENDRITE, SOMA
from views import cell_synapses
from views.cell import CellView

LEAST_OUTPUTS = 10  # on what is taken for an axon
LEAST_SEGREGATION = 0.2


@dataclass(frozen=True, eq=False)
class Parts:
    """kind: int16 (n,), SWC type of each node. known: axon and dendrite are told apart; said: how, "" for labels."""

    kind: np.ndarray
    known: bool
    said: str


@lru_cache(maxsize=32)
def parts(dataset: Dataset, code: int) -> Parts | None:
    """The parts of a cell's skeleton; None where it has none.

    Labels of the file come first. Without them the axon is looked for by the flow from inputs to outputs
    (analysis.axon) and taken where it holds at least LEAST_OUTPUTS outputs, more of them than inputs, and the two
    parts differ.
    """
    body, _ = cell_synapses.body_of(dataset, code)
    if body is None:
        return None
    kind = body.skeleton.kind
    if body.skeleton.labelled:
        return Parts(kind, True, "")
    unknown = Parts(kind, False, "The skeleton does not say what is axon, and its synapses do not tell either.")
    try:
        made = cell_synapses.synapses_of(dataset, CellView(cell=dataset.index.text([code])[0]))
    except SynaptoscopeError:
        return unknown
    assert made.attached is not None
    at, incoming = made.attached.node, made.rows.incoming
    n = len(kind)
    counts = [np.bincount(at[(at >= 0) & side], minlength=n) for side in (incoming, ~incoming)]
    from_soma = bool(kind[body.root] == SOMA)
    found = axon.split(body.skeleton.parent, body.root, counts[0], counts[1], from_soma)
    n_in, n_out = found.n_axon
    if n_out < LEAST_OUTPUTS or n_in > n_out or not found.segregation >= LEAST_SEGREGATION:
        return unknown
    told = np.where(found.axon, AXON, DENDRITE).astype(np.int16)
    told[kind == SOMA] = SOMA
    joined = ~np.isnan(body.path_um)
    told[~joined] = kind[~joined]
    said = (
        f"The skeleton does not say what is axon: told from where its synapses lie ({n_out:,} of "
        f"{n_out + found.n_rest[1]:,} outputs and {n_in:,} of {n_in + found.n_rest[0]:,} inputs are on that part)."
    )
    return Parts(told, True, said)
