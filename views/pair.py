"""The page of two cells as a view: its parameters, the connection each way, how far apart they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.tested import connection_is_tested
from data_access import cellsets
from data_access.dataset import Dataset
from data_access.errors import InputError
from views import cell, pair_features, pair_warnings, partner_rows, schema
from views.cell import Identity
from views.pair_warnings import WARNINGS, Warning
from views.testability import knows_proofreading, what_is_tested

YES_NO = ("yes", "no")
DIRECTIONS = ("both", "ab", "ba")
ARROWS = {"ab": "A → B", "ba": "B → A"}


@dataclass(frozen=True)
class PairView:
    """Parameters of /pair/<a>/<b>; those of the ranking that it steps through are the ranking's own."""

    ds: str = schema.text("", "dataset id")
    a: str = schema.text("", "id of one cell")
    b: str = schema.text("", "id of the other cell")
    meshes: str = schema.choice(YES_NO, "whether surfaces are drawn, where the dataset has them")
    cam: str = schema.text("", "where the scene is seen from; empty = both cells whole")
    syn: str = schema.text("", "id of the synapse that is pointed at")
    by: str = schema.text("", "column by which the synapses are sorted; a minus sign in front sorts descending")


@dataclass(frozen=True)
class Way:
    """One direction: codes, its synapses, their summed size (None: none measured) and other measures.

    tested: whether a connection could have been seen; why: if not, why not, as part of a sentence.
    """

    name: str
    pre: int
    post: int
    n: int
    sum_size: float | None
    measures: tuple[tuple[str, float], ...]
    tested: bool
    why: str


@dataclass(frozen=True)
class Pair:
    """Two different cells: what each is, the connection each way, soma distance in um, a gap junction's weight.

    warnings: reasons to doubt that they are connected both ways; none where they are not.
    """

    a: Identity
    b: Identity
    ab: Way
    ba: Way
    distance_um: float | None
    junction: float | None
    warnings: tuple[Warning, ...]

    @property
    def reciprocal(self) -> bool:
        """Whether they are connected both ways."""
        return self.ab.n > 0 and self.ba.n > 0

    @property
    def ways(self) -> tuple[Way, Way]:
        """Both directions."""
        return self.ab, self.ba


def codes_of(dataset: Dataset, a: str, b: str) -> tuple[int, int]:
    """Codes of the two cells. InputError for one and the same, NotFoundError for an unknown one."""
    if not a.strip() or not b.strip():
        raise InputError("a pair is two cells", "add a=ID and b=ID")
    first, second = dataset.code_of(a), dataset.code_of(b)
    if first == second:
        raise InputError(
            f"{a.strip()[:60]} is named twice: a pair is two different cells",
            "what a cell does with itself (autapses) is on the page of the cell",
        )
    return first, second


def pair(dataset: Dataset, view: PairView) -> Pair:
    """The two cells of a view, in the order of its address. Raises as `codes_of`."""
    a, b = codes_of(dataset, view.a, view.b)
    places = partner_rows.positions_um(dataset, np.array([a, b]))
    apart = float("nan") if places is None else float(np.linalg.norm(places[0] - places[1]))
    return Pair(
        cell.identity(dataset, a), cell.identity(dataset, b), _way(dataset, "ab", a, b), _way(dataset, "ba", b, a),
        None if np.isnan(apart) else apart, _junction(dataset, a, b), _warnings(dataset, a, b),
    )  # fmt: skip


def _warnings(dataset: Dataset, a: int, b: int) -> tuple[Warning, ...]:
    both = ", ".join(cellsets.quoted(i) if dataset.index.is_text else i for i in dataset.index.text([a, b]))
    found = pair_features.find(dataset, both, "", "", 1, "").pairs
    bits = pair_warnings.of(found).bits.tolist()
    return tuple(warning for k, warning in enumerate(WARNINGS) if bits and bits[0] >> k & 1)


def _way(dataset: Dataset, name: str, pre: int, post: int) -> Way:
    graph = dataset.graph
    edge = graph.edge(pre, post)
    tested, why = _tested(dataset, name, pre, post)
    if edge < 0:
        return Way(name, pre, post, 0, None, (), tested, why)
    sizes, n = graph.out.sum_size, int(graph.out.n_synapses[edge])
    sized = sizes is not None and (graph.out.n_sized is None or int(graph.out.n_sized[edge]) > 0)
    own = tuple((name, float(values[edge])) for name, values in graph.measures.items())
    return Way(name, pre, post, n, float(sizes[edge]) if sizes is not None and sized else None, own, tested, why)


def _tested(dataset: Dataset, name: str, pre: int, post: int) -> tuple[bool, str]:
    known = what_is_tested(dataset)
    if bool(connection_is_tested(known, np.array([pre]), np.array([post]))[0]):
        return True, ""
    first, second = ("A", "B") if name == "ab" else ("B", "A")
    for code, letter in ((pre, first), (post, second)):
        if not known.is_cell[code]:
            return False, f"{letter} is a fragment, no cell"
    if knows_proofreading(dataset) and not known.proofread[pre]:
        return False, f"the axon of {first} is not proofread"
    return False, f"neither all outputs of {first} nor all inputs of {second} are in the dataset"


def _junction(dataset: Dataset, a: int, b: int) -> float | None:
    """Weight of the gap junction between two cells; None where there is none."""
    if not dataset.meta.n_gap_junctions:
        return None
    table = dataset.gap_junctions
    sides = [
        dataset.index.codes(table.column(n).to_pylist() if dataset.index.is_text else table.column(n).to_numpy())
        for n in ("cell_a", "cell_b")
    ]
    here = np.flatnonzero((np.minimum(*sides) == min(a, b)) & (np.maximum(*sides) == max(a, b)))
    if not len(here):
        return None
    weight = table.column("weight").to_pylist()[int(here[0])]
    return float("nan") if weight is None else float(weight)
