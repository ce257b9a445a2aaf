"""From synapse rows to connections: per ordered pair of cells the number of synapses and their summed size.

The rows may come in any order and need no sorting: ids are hashed to codes (one pass), the rows are dealt
out to their presynaptic cell (a counting sort), and within one cell each synapse is added to its partner's
running sum. A bitmap with a summary level remembers which partners were met, so that they come out in
ascending order without a sort. The cost is linear in the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from data_access.errors import InputError

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]

_PHI = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: Fibonacci hashing
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)


def _bit_numbers() -> npt.NDArray[np.uint8]:
    """uint8 (64,): number of the only bit set in a word, looked up under (word * _DE_BRUIJN) >> 58."""
    numbers = np.zeros(64, np.uint8)
    for bit in range(64):
        numbers[((int(_DE_BRUIJN) << bit) & (2**64 - 1)) >> 58] = bit
    return numbers


_BIT_NUMBER = _bit_numbers()


@dataclass(frozen=True)
class Connections:
    """Connections in ascending order of (pre_id, post_id), each ordered pair once, autapses included.

    pre_id, post_id int64 (E,); n_synapses uint32 (E,); sum_size int64 or float64 (E,), None without sizes.
    """

    pre_id: Int64
    post_id: Int64
    n_synapses: npt.NDArray[np.uint32]
    sum_size: Int64 | npt.NDArray[np.float64] | None

    def __len__(self) -> int:
        return len(self.pre_id)


def connections_of(pre: npt.ArrayLike, post: npt.ArrayLike, size: npt.ArrayLike | None = None) -> Connections:
    """Add up synapse rows (n,) into connections.

    `pre`, `post`: integer ids (n,), any order, any value of int64; `size` (n,): integers are summed as
    int64, floats as float64 in row order (a NaN makes its connection's sum NaN). Nothing is left out:
    autapses and id 0 are ordinary. Raises InputError for ids that are not integers (a float has lost digits
    above 2**53) and for columns of different lengths.
    """
    pre_ids, post_ids = _ids(pre, "pre"), _ids(post, "post")
    sizes = None if size is None else _sizes(size)
    lengths = {len(pre_ids), len(post_ids)} | (set() if sizes is None else {len(sizes)})
    if len(lengths) > 1:
        raise InputError(f"synapse columns of different lengths: {sorted(lengths)}")
    pre_codes, pre_unique = _ranks(pre_ids)
    post_codes, post_unique = _ranks(post_ids)
    summed = _readonly(np.zeros(0, np.int64)) if sizes is None else sizes
    start, dealt, dealt_size = _deal(pre_codes, post_codes, summed, len(pre_unique))
    pre_id, post_id, n_synapses, sums = _add_up(start, dealt, dealt_size, pre_unique, post_unique, _BIT_NUMBER)
    return Connections(pre_id, post_id, n_synapses, None if sizes is None else sums)


def _ids(values: npt.ArrayLike, name: str) -> Int64:
    array = np.asarray(values)
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise InputError(f"{name} ids exceed the largest 64-bit integer: {array.max()}")
    if array.dtype.kind not in "iu":
        hint = "read the column as int64: a float has already lost digits of ids above 2**53"
        raise InputError(f"{name} ids are {array.dtype}, expected 64-bit integers", hint)
    return _readonly(array.astype(np.int64, copy=False))


def _sizes(values: npt.ArrayLike) -> npt.NDArray[np.int64] | npt.NDArray[np.float64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise InputError(f"synapse sizes are {array.dtype}, expected numbers")
    return _readonly(array.astype(np.float64 if array.dtype.kind == "f" else np.int64, copy=False))


def _readonly(array: np.ndarray) -> np.ndarray:
    """A read-only view in C order: kernels are compiled once, whether the array is memory-mapped or not."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _ranks(ids: Int64) -> tuple[Int32, Int64]:
    """Codes int32 (n,) into the distinct ids int64 (k,), which ascend."""
    codes, distinct = _number(ids)
    order = np.argsort(distinct)
    rank = np.empty(len(distinct), np.int32)
    rank[order] = np.arange(len(distinct), dtype=np.int32)
    _renumber(codes, rank)
    return codes, distinct[order]


@njit(cache=True)
def _number(ids: Int64) -> tuple[Int32, Int64]:
    """Number ids by first appearance: codes int32 (n,), ids int64 (k,); open addressing, half full."""
    codes = np.empty(ids.size, np.int32)
    bits, row, k = 12, 0, 0
    distinct = np.empty(0, np.int64)
    while True:
        table = np.full(1 << bits, -1, np.int32)
        keys = np.empty(1 << bits, np.int64)
        grown = np.empty(1 << (bits - 1), np.int64)
        _number_until_full(distinct[:k], 0, np.empty(k, np.int32), table, keys, grown, 0, bits)
        distinct = grown
        row, k = _number_until_full(ids, row, codes, table, keys, distinct, k, bits)
        if row == ids.size:
            return codes, distinct[:k].copy()
        bits += 2


@njit(cache=True)
def _number_until_full(
    ids: Int64, row: int, codes: Int32, table: Int32, keys: Int64, distinct: Int64, k: int, bits: int
) -> tuple[int, int]:
    """Number ids from `row` on until `distinct` is full: the row it stopped at and how many ids there are.

    Kept apart from the growing so that the loop touches no array that may be replaced.
    """
    mask, shift, one = np.uint64(table.size - 1), np.uint64(64 - bits), np.uint64(1)
    while row < ids.size:
        value = ids[row]
        slot = (np.uint64(value ^ (value >> 32)) * _PHI) >> shift
        while table[slot] >= 0 and keys[slot] != value:
            slot = (slot + one) & mask
        code = table[slot]
        if code < 0:
            if k == distinct.size:
                break
            code = k
            table[slot] = k
            keys[slot] = value
            distinct[k] = value
            k += 1
        codes[row] = code
        row += 1
    return row, k


@njit(cache=True)
def _renumber(codes: Int32, rank: Int32) -> None:
    for row in range(codes.size):
        codes[row] = rank[codes[row]]


@njit(cache=True)
def _deal(pre: Int32, post: Int32, size: np.ndarray, n_pre: int) -> tuple[Int64, Int32, np.ndarray]:
    """Deal rows out to their pre cell, keeping their order: start int64 (n_pre + 1,), post and size."""
    start = np.zeros(n_pre + 1, np.int64)
    for row in range(pre.size):
        start[pre[row] + 1] += 1
    for i in range(n_pre):
        start[i + 1] += start[i]
    at = start.copy()
    dealt = np.empty(post.size, np.int32)
    dealt_size = np.empty(size.size, size.dtype)
    for row in range(pre.size):
        k = at[pre[row]]
        at[pre[row]] = k + 1
        dealt[k] = post[row]
        if size.size > 0:
            dealt_size[k] = size[row]
    return start, dealt, dealt_size


@njit(cache=True)
def _add_up(
    start: Int64,
    post: Int32,
    size: np.ndarray,
    pre_ids: Int64,
    post_ids: Int64,
    bit_number: npt.NDArray[np.uint8],
) -> tuple[Int64, Int64, npt.NDArray[np.uint32], np.ndarray]:
    """Per pre cell: add synapses to their post's running sums, then read these out in ascending order."""
    one, six, low = np.uint64(1), np.uint64(6), np.uint64(63)
    n_words = (post_ids.size + 63) >> 6
    met = np.zeros(n_words, np.uint64)
    words_met = np.zeros((n_words + 63) >> 6, np.uint64)
    count = np.zeros(post_ids.size, np.uint32)
    total = np.zeros(post_ids.size if size.size > 0 else 0, size.dtype)
    pre_id = np.empty(post.size, np.int64)
    post_id = np.empty(post.size, np.int64)
    n_synapses = np.empty(post.size, np.uint32)
    sums = np.empty(size.size, size.dtype)
    k = 0
    for i in range(pre_ids.size):
        for row in range(start[i], start[i + 1]):
            j = np.uint64(post[row])
            met[j >> six] |= one << (j & low)
            words_met[j >> (six + six)] |= one << ((j >> six) & low)
            count[j] += np.uint32(1)
            if size.size > 0:
                total[j] += size[row]
        for block in range(words_met.size):
            words = words_met[block]
            words_met[block] = 0
            while words:
                lowest = words & (~words + one)
                words ^= lowest
                word = (np.uint64(block) << six) + np.uint64(bit_number[(lowest * _DE_BRUIJN) >> np.uint64(58)])
                bits = met[word]
                met[word] = 0
                while bits:
                    lowest = bits & (~bits + one)
                    bits ^= lowest
                    j = (word << six) + np.uint64(bit_number[(lowest * _DE_BRUIJN) >> np.uint64(58)])
                    pre_id[k] = pre_ids[i]
                    post_id[k] = post_ids[j]
                    n_synapses[k] = count[j]
                    count[j] = 0
                    if size.size > 0:
                        sums[k] = total[j]
                        total[j] = 0
                    k += 1
    return pre_id[:k], post_id[:k], n_synapses[:k], sums[: k if size.size > 0 else 0]
