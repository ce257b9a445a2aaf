"""Numba kernels on the connection graph: loops over the partners of chosen cells, straight from CSR or CSC.

In all of them one orientation is given as `indptr` int64 (n_nodes + 1,), `idx` int32 (E,) and aligned
arrays; a "line" is a cell whose partners are walked (a row of that orientation). An absent array is passed
with length 0. Inputs go through `readonly`, so that each kernel is compiled once, whether its arrays are
memory-mapped or not. Compiled code is kept on disk; nothing here runs in parallel, because web workers are
forked.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt32 = npt.NDArray[np.uint32]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

MAX, COUNT, SUM = 0, 1, 2


def readonly(array: np.ndarray | None, dtype: type | None = None) -> np.ndarray:
    """A read-only view in C order (a copy only where dtype or order demand it); None becomes length 0."""
    if array is None:
        return readonly(np.zeros(0, dtype or np.uint32))
    view = np.ascontiguousarray(array, dtype=dtype).view()
    view.flags.writeable = False
    return view


@njit(cache=True)
def walk(
    indptr: Int64,
    idx: Int32,
    n_synapses: UInt32,
    lines: Int32,
    position: Int32,
    min_synapses: int,
    keep_autapses: bool,
) -> tuple[Int32, Int32, Int64, Int64]:
    """Connections of `lines` whose partner has a `position` (int32 (n_nodes,), -1 = none).

    Returns per connection the line number, the partner's position and the slot in `idx`; then int64 (4,):
    autapses left out, their synapses, connections below the threshold, their synapses.
    """
    bound = 0
    for r in range(lines.size):
        bound += indptr[lines[r] + 1] - indptr[lines[r]]
    line = np.empty(bound, np.int32)
    other = np.empty(bound, np.int32)
    slot = np.empty(bound, np.int64)
    dropped = np.zeros(4, np.int64)
    k = 0
    for r in range(lines.size):
        i = lines[r]
        for e in range(indptr[i], indptr[i + 1]):
            at = position[idx[e]]
            if at < 0:
                continue
            if idx[e] == i and not keep_autapses:
                dropped[0] += 1
                dropped[1] += n_synapses[e]
            elif n_synapses[e] < min_synapses:
                dropped[2] += 1
                dropped[3] += n_synapses[e]
            else:
                line[k] = r
                other[k] = at
                slot[k] = e
                k += 1
    return line[:k], other[:k], slot[:k], dropped


@njit(cache=True)
def slots_of(indptr: Int64, idx: Int32, lines: Int32, others: Int32) -> Int64:
    """Slot of each (line, other) pair of codes, int64, -1 where the pair has no connection. Binary search."""
    found = np.full(lines.size, -1, np.int64)
    for k in range(lines.size):
        low, high = indptr[lines[k]], indptr[lines[k] + 1]
        end = high
        while low < high:
            middle = (low + high) // 2
            if idx[middle] < others[k]:
                low = middle + 1
            else:
                high = middle
        if low < end and idx[low] == others[k]:
            found[k] = low
    return found


@njit(cache=True)
def line_totals(indptr: Int64, n_synapses: UInt32, codes: Int32) -> Int64:
    """Synapses of each cell among `codes`, over all its connections: int64 (n_nodes,), -1 for other cells."""
    totals = np.full(indptr.size - 1, -1, np.int64)
    for k in range(codes.size):
        totals[codes[k]] = 0
    for i in range(totals.size):
        if totals[i] == 0:
            total = 0
            for e in range(indptr[i], indptr[i + 1]):
                total += n_synapses[e]
            totals[i] = total
    return totals


@njit(cache=True)
def line_partners(
    indptr: Int64,
    idx: Int32,
    n_synapses: UInt32,
    lines: Int32,
    position: Int32,
    min_synapses: int,
    keep_autapses: bool,
) -> Int64:
    """Number of partners with a `position` of each line; int64, aligned with `lines`."""
    partners = np.zeros(lines.size, np.int64)
    for r in range(lines.size):
        i = lines[r]
        for e in range(indptr[i], indptr[i + 1]):
            if position[idx[e]] >= 0 and n_synapses[e] >= min_synapses and (keep_autapses or idx[e] != i):
                partners[r] += 1
    return partners


@njit(cache=True)
def group_sums(
    indptr: Int64,
    idx: Int32,
    n_synapses: UInt32,
    sum_size: np.ndarray,
    n_sized: UInt32,
    own: Float64,
    lines: Int32,
    line_group: Int32,
    other_group: Int32,
    k_line: int,
    k_other: int,
    min_synapses: int,
    keep_autapses: bool,
) -> tuple[Int64, Int64, Float64, Int64, Float64, Int64, Int64]:
    """Sums over the connections of each pair of groups; `other_group` int32 (n_nodes,), -1 = not in the set.

    Returns (k_line, k_other) arrays: connections, synapses, summed size, synapses with a size, sum of `own`
    (NaN left out), connections with an `own` value; those of an absent input have shape (0, 0). Then what
    was dropped, as in `walk`.
    """
    sizes, some_unsized, measured = sum_size.size > 0, n_sized.size > 0, own.size > 0
    connections = np.zeros((k_line, k_other), np.int64)
    synapses = np.zeros((k_line, k_other), np.int64)
    size = np.zeros((k_line, k_other) if sizes else (0, 0), np.float64)
    sized = np.zeros((k_line, k_other) if some_unsized else (0, 0), np.int64)
    own_sum = np.zeros((k_line, k_other) if measured else (0, 0), np.float64)
    own_count = np.zeros((k_line, k_other) if measured else (0, 0), np.int64)
    dropped = np.zeros(4, np.int64)
    for r in range(lines.size):
        i = lines[r]
        a = line_group[r]
        for e in range(indptr[i], indptr[i + 1]):
            b = other_group[idx[e]]
            if b < 0:
                continue
            if idx[e] == i and not keep_autapses:
                dropped[0] += 1
                dropped[1] += n_synapses[e]
                continue
            if n_synapses[e] < min_synapses:
                dropped[2] += 1
                dropped[3] += n_synapses[e]
                continue
            connections[a, b] += 1
            synapses[a, b] += n_synapses[e]
            if sizes:
                size[a, b] += sum_size[e]
            if some_unsized:
                sized[a, b] += n_sized[e]
            if measured and own[e] == own[e]:
                own_sum[a, b] += own[e]
                own_count[a, b] += 1
    return connections, synapses, size, sized, own_sum, own_count, dropped


@njit(cache=True)
def bin_window(
    indptr: Int64,
    idx: Int32,
    n_synapses: UInt32,
    values: np.ndarray,
    lines: Int32,
    other_bin: Int32,
    height: int,
    width: int,
    min_synapses: int,
    keep_autapses: bool,
    how: int,
) -> tuple[Float32, Int32]:
    """Bin the connections of `lines` into (height, width) pixels; `other_bin` int32 (n_nodes,), -1 = outside.

    `values` (E,) of any number type, not read for COUNT. Returns float32 values, NaN where no connection
    has one, and int32 numbers of connections. Sums are formed in float64, one line of pixels at a time.
    """
    value = np.full((height, width), np.nan, np.float32)
    count = np.zeros((height, width), np.int32)
    empty = -np.inf if how == MAX else np.nan
    row = np.full(width, empty, np.float64)
    for r in range(lines.size):
        y = r * height // lines.size
        i = lines[r]
        for e in range(indptr[i], indptr[i + 1]):
            x = other_bin[idx[e]]
            if x < 0 or n_synapses[e] < min_synapses or (idx[e] == i and not keep_autapses):
                continue
            count[y, x] += 1
            if how == MAX:
                v = np.float64(values[e])
                row[x] = v if v > row[x] else row[x]
            elif how == SUM:
                v = np.float64(values[e])
                if v == v:
                    row[x] = row[x] + v if row[x] == row[x] else v
        if r + 1 == lines.size or (r + 1) * height // lines.size != y:
            for x in range(width):
                if how != COUNT:
                    value[y, x] = row[x] if row[x] != -np.inf else np.nan
                    row[x] = empty
                elif count[y, x] > 0:
                    value[y, x] = count[y, x]
    return value, count


@njit(cache=True)
def strongest(
    indptr: Int64,
    idx: Int32,
    n_synapses: UInt32,
    values: np.ndarray,
    lines: Int32,
    position: Int32,
    min_synapses: int,
    keep_autapses: bool,
) -> tuple[int, int, int, int]:
    """Number of connections in a window; slot, line and position of the highest value (NaN is the lowest).

    Of equal ones the first by line, then by position. Slot -1 where there is none.
    """
    n, slot, line, best_at = 0, -1, -1, -1
    best = -np.inf
    for r in range(lines.size):
        i = lines[r]
        for e in range(indptr[i], indptr[i + 1]):
            at = position[idx[e]]
            if at < 0 or n_synapses[e] < min_synapses or (idx[e] == i and not keep_autapses):
                continue
            n += 1
            v = np.float64(values[e])
            if v != v:
                v = np.float64(-np.inf)
            if slot < 0 or v > best or (v == best and line == r and at < best_at):
                best = v
                slot, line, best_at = e, r, at
    return n, slot, line, best_at


@njit(cache=True)
def color_codes(values: np.ndarray, low: float, high: float, levels: int, logarithmic: bool) -> npt.NDArray[np.uint8]:
    """uint8 codes 1..levels of values between low and high, 0 for NaN; same shape as `values` (2D)."""
    codes = np.zeros(values.shape, np.uint8)
    base = np.log(low) if logarithmic else low
    span = np.log(high) - base if logarithmic else high - low
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            v = np.float64(values[y, x])
            if v != v:
                continue
            if v <= low:
                codes[y, x] = 1 if high > low else levels
            elif v >= high:
                codes[y, x] = levels
            else:
                share = ((np.log(v) if logarithmic else v) - base) / span
                codes[y, x] = min(levels, 1 + int(share * levels))
    return codes


@njit(cache=True)
def row_products(
    indptr: Int64,
    idx: Int64,
    weight: Float64,
    turned_indptr: Int64,
    turned_idx: Int64,
    turned_weight: Float64,
) -> Float64:
    """Scalar products of each two rows of a sparse matrix given with its transpose: float64 (n, n)."""
    n = indptr.size - 1
    products = np.zeros((n, n))
    for i in range(n):
        for e in range(indptr[i], indptr[i + 1]):
            w = weight[e]
            for f in range(turned_indptr[idx[e]], turned_indptr[idx[e] + 1]):
                products[i, turned_idx[f]] += w * turned_weight[f]
    return products
