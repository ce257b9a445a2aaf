"""What a matrix holds in numbers: connections, synapses, how many lie in tested pairs, and what was left out.

One walk over the connections of the cheaper side; no entry of the matrix is made, so that memory stays bounded on the
largest graphs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from analysis.kernels import Int32, Int64, UInt32, readonly
from analysis.matrix import Dropped, Selection, positions
from analysis.tested import Testability, Tested, classes
from data_access.graph import Graph, Orientation

Int8 = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Tally:
    """Connections of a selection, their synapses, those of them in tested pairs, and what the selection leaves out.

    A shown autapse counts as tested where an autapse of that cell could have been seen.
    """

    n_connections: int
    n_synapses: int
    n_tested: int
    dropped: Dropped


def tally(graph: Graph, selection: Selection, known: Testability, mode: Tested = "proofread") -> Tally:
    """Count a selection; linear in the connections of its rows or of its columns, whichever are fewer.

    Raises InputError for an unknown mode.
    """
    rows, cols = readonly(selection.rows, np.int32), readonly(selection.cols, np.int32)
    row_class, col_class, tested = classes(known, rows, cols, mode)
    by_row = _n_connections(graph.out, rows) <= _n_connections(graph.into, cols)
    side, lines, others = (graph.out, rows, cols) if by_row else (graph.into, cols, rows)
    kinds = (row_class, col_class, tested) if by_row else (col_class, row_class, tested.T)
    found = _walk(
        readonly(side.indptr),
        readonly(side.idx),
        readonly(side.n_synapses),
        lines,
        readonly(positions(others, graph.n_nodes)),
        readonly(kinds[0]),
        readonly(kinds[1]),
        readonly(kinds[2]),
        int(selection.min_synapses),
        bool(selection.keep_autapses),
    )
    n_connections, n_synapses, n_tested, *left = (int(n) for n in found)
    return Tally(n_connections, n_synapses, n_tested, Dropped(*left))


def _n_connections(side: Orientation, codes: Int32) -> int:
    return int((side.indptr[codes + np.int64(1)] - side.indptr[codes]).sum())


@njit(cache=True)
def _walk(
    indptr: Int64,
    idx: Int32,
    n_synapses: UInt32,
    lines: Int32,
    position: Int32,
    line_class: Int8,
    other_class: Int8,
    tested: npt.NDArray[np.bool_],
    min_synapses: int,
    keep_autapses: bool,
) -> Int64:
    """int64 (7,): connections, synapses, tested connections, then what was dropped, as in `kernels.walk`."""
    n = np.zeros(7, np.int64)
    for r in range(lines.size):
        i, kind = lines[r], line_class[r]
        for e in range(indptr[i], indptr[i + 1]):
            at = position[idx[e]]
            if at < 0:
                continue
            if idx[e] == i and not keep_autapses:
                n[3] += 1
                n[4] += n_synapses[e]
            elif n_synapses[e] < min_synapses:
                n[5] += 1
                n[6] += n_synapses[e]
            else:
                n[0] += 1
                n[1] += n_synapses[e]
                if kind >= 0 and other_class[at] >= 0 and tested[kind, other_class[at]]:
                    n[2] += 1
    return n
