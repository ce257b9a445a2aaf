"""Tested pairs: the ordered pairs of cells in which a connection could have been seen.

They are the denominator of every probability. In electron microscopy an ordered pair (a, b), a != b, of
cells that are no fragments is tested when all outputs of a or all inputs of b are in the dataset and, by
mode,
- proofread: the axon of a is proofread;
- complete: it is so by a strategy that samples all partners: everywhere, or in a column and b lies in it;
- all: without a condition on proofreading.
Pairs are counted from the number of cells of each class, never one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from data_access.errors import InputError, did_you_mean

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Tested = Literal["proofread", "complete", "all"]
TESTED: tuple[Tested, ...] = get_args(Tested)

# Axons by reach (none, onto cells of the column, everywhere) and by whether all outputs are in the dataset.
_NOWHERE, _IN_COLUMN, _EVERYWHERE = 0, 1, 2
_N_PRE, _N_POST = 6, 4
_N_BOTH = _N_PRE * _N_POST


@dataclass(frozen=True, eq=False)
class Testability:
    """What is known of each cell, bool (n_nodes,) each.

    is_cell: no fragment. complete_in, complete_out: all its inputs, outputs are in the dataset. proofread:
    its axon is (all True where the dataset does not know). strategy_complete: its axon was extended so that
    all partners are sampled. in_column_only: so, but inside the column only. in_column: the cell lies in
    the column.
    """

    is_cell: Bool
    complete_in: Bool
    complete_out: Bool
    proofread: Bool
    strategy_complete: Bool
    in_column_only: Bool
    in_column: Bool


def n_tested(t: Testability, pre_codes: Int32, post_codes: Int32, mode: Tested = "proofread") -> int:
    """Number of tested ordered pairs from `pre_codes` to `post_codes`; sets may overlap, codes not repeat."""
    pre_group, post_group = np.zeros(len(pre_codes), np.int32), np.zeros(len(post_codes), np.int32)
    return int(n_tested_grouped(t, pre_codes, post_codes, pre_group, post_group, 1, 1, mode)[0, 0])


def n_tested_grouped(
    t: Testability,
    pre_codes: Int32,
    post_codes: Int32,
    pre_group: Int32,
    post_group: Int32,
    k_pre: int,
    k_post: int,
    mode: Tested = "proofread",
) -> Int64:
    """Number of tested ordered pairs of each pair of groups, int64 (k_pre, k_post).

    `pre_codes` int32 (n_pre,) and `pre_group` in 0..k_pre-1 belong together, as do those of post; the two
    sets may overlap, within a set no code repeats. Cells without connections count. Linear in the cells.
    Raises InputError for an unknown mode.
    """
    _check(mode)
    pre_class, post_class = _pre_class(t, pre_codes, mode), _post_class(t, post_codes)
    n_pre = _histogram(pre_group, pre_class, k_pre, _N_PRE)
    n_post = _histogram(post_group, post_class, k_post, _N_POST)
    pairs = n_pre @ _TESTED.astype(np.int64) @ n_post.T
    _, at_pre, at_post = np.intersect1d(pre_codes, post_codes, assume_unique=True, return_indices=True)
    with_itself = (pre_class[at_pre] >= 0) & (post_class[at_post] >= 0)
    at_pre, at_post = at_pre[with_itself], at_post[with_itself]
    itself = _TESTED[pre_class[at_pre], post_class[at_post]].astype(np.int64)
    np.subtract.at(pairs, (pre_group[at_pre], post_group[at_post]), itself)
    return pairs


def n_tested_both_ways(
    t: Testability,
    pre_codes: Int32,
    post_codes: Int32,
    pre_group: Int32,
    post_group: Int32,
    k: int,
    mode: Tested = "proofread",
) -> Int64:
    """Number of unordered pairs {a, b} of which both orders are tested, int64 (k, k).

    Entry (g, h) counts the pairs with one cell in group g of `pre_codes` and the other in group h of `post_codes`, each
    once, also where both cells lie in both sets; the groups of both sets are numbered alike. Codes, order and cost as
    in `n_tested_grouped`. With one set for both the entries (g, h) and (h, g) are the same pairs.
    """
    _check(mode)
    pre_class, post_class = _both_class(t, pre_codes, mode), _both_class(t, post_codes, mode)
    pairs = _pairs_both_ways(
        _histogram(pre_group, pre_class, k, _N_BOTH), _histogram(post_group, post_class, k, _N_BOTH)
    )
    _, at_pre, at_post = np.intersect1d(pre_codes, post_codes, assume_unique=True, return_indices=True)
    cells = pre_class[at_pre] >= 0
    shared_class, g, h = pre_class[at_pre][cells], pre_group[at_pre][cells], post_group[at_post][cells]
    np.subtract.at(pairs, (g, h), _TESTED_BOTH[shared_class, shared_class].astype(np.int64))
    # Within a group the pairs of two shared cells were counted from either end.
    shared = _histogram(g, shared_class, k, _N_BOTH)
    ordered = np.einsum("gc,cd,gd->g", shared, _TESTED_BOTH.astype(np.int64), shared)
    itself = np.bincount(g, _TESTED_BOTH[shared_class, shared_class], k).astype(np.int64)
    pairs[np.diag_indices(k)] -= (ordered - itself) // 2
    return pairs


def connection_is_tested(t: Testability, pre_code: Int32, post_code: Int32, mode: Tested = "proofread") -> Bool:
    """Whether each ordered pair (pre_code[k], post_code[k]) is tested, bool (k,)."""
    _check(mode)
    pre_class, post_class = _pre_class(t, pre_code, mode), _post_class(t, post_code)
    cells = (pre_class >= 0) & (post_class >= 0) & (np.asarray(pre_code) != np.asarray(post_code))
    return cells & _TESTED[pre_class, post_class]


def classes(
    t: Testability,
    pre_codes: Int32,
    post_codes: Int32,
    mode: Tested = "proofread",
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], Bool]:
    """Kind of each pre and each post cell, int8, -1 for a fragment, and which pairs of kinds are tested, bool."""
    _check(mode)
    return _pre_class(t, pre_codes, mode).astype(np.int8), _post_class(t, post_codes).astype(np.int8), _TESTED


def _check(mode: str) -> None:
    if mode not in TESTED:
        raise InputError(f"unknown kind of tested pairs {mode!r}", did_you_mean(mode, TESTED))


def _pre_class(t: Testability, codes: Int32, mode: Tested) -> Int64:
    """2 * reach + (outputs complete), -1 for a fragment."""
    proofread = t.proofread[codes]
    if mode == "all":
        reach = np.full(len(codes), _EVERYWHERE)
    elif mode == "proofread":
        reach = np.where(proofread, _EVERYWHERE, _NOWHERE)
    else:
        inside = np.where(t.in_column_only[codes], _IN_COLUMN, _NOWHERE)
        reach = np.where(proofread, np.where(t.strategy_complete[codes], _EVERYWHERE, inside), _NOWHERE)
    return np.where(t.is_cell[codes], 2 * reach + t.complete_out[codes], -1).astype(np.int64)


def _post_class(t: Testability, codes: Int32) -> Int64:
    """2 * (lies in the column) + (inputs complete), -1 for a fragment."""
    place = 2 * t.in_column[codes].astype(np.int64) + t.complete_in[codes]
    return np.where(t.is_cell[codes], place, -1)


def _tested_classes() -> Bool:
    """Whether a pair of classes is tested, bool (6, 4)."""
    pre, post = np.arange(_N_PRE)[:, None], np.arange(_N_POST)[None, :]
    reached = (pre // 2 == _EVERYWHERE) | ((pre // 2 == _IN_COLUMN) & (post // 2 == 1))
    return reached & ((pre % 2 == 1) | (post % 2 == 1))


_TESTED = _tested_classes()


def _both_class(t: Testability, codes: Int32, mode: Tested) -> Int64:
    """The class of a cell as pre and as post in one number, -1 for a fragment."""
    return np.where(t.is_cell[codes], _N_POST * _pre_class(t, codes, mode) + _post_class(t, codes), -1)


def _tested_both_classes() -> Bool:
    """Whether both orders of a pair of such classes are tested, bool (24, 24), symmetric."""
    pre, post = np.divmod(np.arange(_N_BOTH), _N_POST)
    forth = _TESTED[pre[:, None], post[None, :]]
    return forth & forth.T


_TESTED_BOTH = _tested_both_classes()


def _pairs_both_ways(n_pre: Int64, n_post: Int64) -> Int64:
    """Ordered pairs tested in both orders, from the cells by group and class, int64 (k, k)."""
    return np.asarray(n_pre @ _TESTED_BOTH.astype(np.int64) @ n_post.T)


def _histogram(group: Int32, kind: Int64, k: int, n_kinds: int) -> Int64:
    """Cells by group and class, int64 (k, n_kinds), without fragments."""
    cells = kind >= 0
    return np.bincount(group[cells].astype(np.int64) * n_kinds + kind[cells], minlength=k * n_kinds).reshape(k, n_kinds)


def tested_bins(
    t: Testability,
    rows: Int32,
    cols: Int32,
    height: int,
    width: int,
    mode: Tested = "proofread",  # noqa: PT028
) -> Bool:
    """Which pixels of a picture hold a tested pair, bool (min(height, n_rows), min(width, n_cols)).

    rows, cols: codes in display order, binned as in `analysis.raster`. Classes, not pairs, are compared, so
    the pair of a cell with itself counts like any other.
    """
    _check(mode)
    pre = _classes_in_bins(_pre_class(t, rows, mode), min(height, len(rows)), _N_PRE)
    post = _classes_in_bins(_post_class(t, cols), min(width, len(cols)), _N_POST)
    meets = np.zeros((1 << _N_PRE, 1 << _N_POST), dtype=bool)
    for a, b in zip(*np.nonzero(_TESTED), strict=True):
        has_a = (np.arange(1 << _N_PRE) >> a & 1).astype(bool)
        has_b = (np.arange(1 << _N_POST) >> b & 1).astype(bool)
        meets |= has_a[:, None] & has_b[None, :]
    return meets[pre][:, post]


def _classes_in_bins(kind: Int64, n_bins: int, n_kinds: int) -> Int64:
    """Bit k of a bin is set where it holds a cell of class k."""
    bins = np.arange(len(kind)) * n_bins // max(1, len(kind))
    cells = kind >= 0
    there = np.bincount(bins[cells] * n_kinds + kind[cells], minlength=n_bins * n_kinds).reshape(n_bins, n_kinds) > 0
    return there.astype(np.int64) @ (1 << np.arange(n_kinds, dtype=np.int64))


def autapse_is_tested(t: Testability, codes: Int32, mode: Tested = "proofread") -> Bool:
    """Whether an autapse of each cell could have been seen, by the conditions of a pair: bool (k,)."""
    _check(mode)
    pre_class, post_class = _pre_class(t, codes, mode), _post_class(t, codes)
    return (pre_class >= 0) & _TESTED[pre_class, post_class]
