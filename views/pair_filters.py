"""Why reciprocal pairs of two sets are not listed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data_access.errors import InputError, did_you_mean
from views import pair_compartments, pair_features, pair_warnings
from views.pair_features import PairSet
from views.partner_rows import FRAGMENT, UNTYPED
from views.testability import knows_proofreading

PROOFREAD = ("any", "both", "one", "none")
_NOT_PROOFREAD = {
    "both": (2, "not both axons proofread"), "one": (1, "not exactly one axon proofread"),
    "none": (0, "an axon is proofread"),
}  # fmt: skip


def filters(
    pairs: PairSet,
    group: str,
    kinds: tuple[str, str],
    proofread: str,
    compartment: str,
    warning: str,
    counts: tuple[str, str] = ("", ""),
) -> Iterator[tuple[str, np.ndarray]]:
    """Each reason in the order in which it counts, and which pairs (bool) it leaves out; "" and any filter nothing.

    Raises InputError that names the value, TooLargeError where compartments cannot be looked at.
    """
    wanted = [kind for kind in kinds if kind]
    if wanted:
        yield _not_between(wanted), ~_of_kinds(pairs, group, wanted)
    if proofread != "any":
        if not knows_proofreading(pairs.dataset):
            message = f"{pairs.dataset.meta.id} does not say which axons are proofread"
            raise InputError(message, "leave proofread= out")
        n, reason = _NOT_PROOFREAD[proofread]
        yield reason, pairs.proofread_a.astype(np.int8) + pairs.proofread_b != n
    if compartment:
        yield f"no synapse on {compartment}", ~pair_compartments.some_on(pairs, compartment)
    if warning:
        yield pair_warnings.without(warning), ~pair_warnings.chosen(pairs, warning)
    for key, text, made in zip(("nab", "nba"), counts, (pairs.n_ab, pairs.n_ba), strict=True):
        if text:
            low, high = _range(key, text)
            yield f"not {text} synapses {'a -> b' if key == 'nab' else 'b -> a'}", (made < low) | (made > high)


def _range(key: str, text: str) -> tuple[int, int]:
    """'14' -> (14, 14); '10-19' -> (10, 19)."""
    first, dash, last = text.partition("-")
    ends = (first, last) if dash else (first, first)
    if not all(end.isdecimal() and len(end) < 16 for end in ends):
        raise InputError(f"{key}={text[:60]} is no number of synapses", "give one such as 14, or a range such as 10-19")
    return int(ends[0]), int(ends[1])


def _not_between(wanted: list[str]) -> str:
    return f"no cell of kind {wanted[0]}" if len(wanted) == 1 else f"not between {wanted[0]} and {wanted[1]}"


def _of_kinds(pairs: PairSet, group: str, wanted: list[str]) -> np.ndarray:
    """bool: the pairs with a cell of each of these one or two kinds."""
    kinds = pair_features.kinds(pairs.dataset, group)
    names = [str(name) for name in kinds.categories]
    for kind in wanted:
        if kind not in (*names, UNTYPED, FRAGMENT):
            raise InputError(f"{pairs.dataset.meta.id} has no {group} '{kind[:60]}'", did_you_mean(kind, names))
    of_a, of_b = kinds.codes[pairs.a], kinds.codes[pairs.b]
    first, last = (names.index(kind) if kind in names else -2 for kind in (wanted[0], wanted[-1]))
    if len(wanted) == 1:
        return np.asarray((of_a == first) | (of_b == first))
    return np.asarray(((of_a == first) & (of_b == last)) | ((of_a == last) & (of_b == first)))
