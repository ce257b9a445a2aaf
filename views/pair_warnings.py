"""What makes a reciprocal pair doubtful, drawn from the data; each warning with its explanation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from data_access import carry
from data_access.dataset import Dataset
from data_access.errors import InputError, did_you_mean
from views import pair_places, pair_versions
from views.carried import versions
from views.pair_features import PairSet
from views.testability import knows_proofreading, what_is_tested


@dataclass(frozen=True)
class Warning:
    """One reason to doubt a pair: its name in URLs and tables, its title on screen, and what it means."""

    name: str
    title: str
    explanation: str


WARNINGS = (
    Warning(
        "fragment",
        "A partner is a fragment",
        "One of the two has no nucleus in the dataset and no proofread axon: it may be a piece of another cell, or of "
        "the same one.",
    ),
    Warning(
        "two_nuclei",
        "Several nuclei on one id",
        "The cell table lists one of the two more than once, so several cells may be merged under its id.",
    ),
    Warning(
        "axon_not_proofread",
        "An axon is not proofread",
        "The axon of at least one of the two has not been corrected: synapses may be missing or belong to other cells.",
    ),
    Warning(
        "close_synapses",
        "Both directions in one place",
        f"A synapse of each direction lie within {pair_places.NEAR_UM:g} µm of each other and a partner is a fragment: "
        "likely one cell that was cut in two, or a piece with its direction mistaken.",
    ),
    Warning(
        "one_version",
        "Not reciprocal in another version",
        "Carried over by their nuclei, the two cells are not connected both ways in another version in the data "
        "folder, though there it could have been seen.",
    ),
)
NAMES = tuple(warning.name for warning in WARNINGS)
ANY, NONE = "any", "none"


@dataclass(frozen=True, eq=False)
class Warned:
    """uint8, one bit a warning in the order of WARNINGS, for each pair; and what could not be looked at."""

    bits: np.ndarray
    notes: tuple[str, ...]


def of(pairs: PairSet) -> Warned:
    """The warnings of pairs; those of the last few sets of pairs are kept."""
    return _of(pairs, depends(pairs.dataset))


def depends(dataset: Dataset) -> str:
    """A text that changes with any of the other datasets that a warning compares with."""
    return versions(dataset) if carry.family(dataset.meta) else ""


@lru_cache(maxsize=6)
def _of(pairs: PairSet, others: str) -> Warned:
    dataset = pairs.dataset
    fragment = ~what_is_tested(dataset).is_cell
    either = fragment[pairs.a] | fragment[pairs.b]
    close, about_places = pair_places.close(pairs, either)
    gone, about_versions = pair_versions.not_reciprocal_elsewhere(pairs)
    signs = (either, _several_nuclei(pairs), _not_proofread(pairs), close, gone)
    bits = np.zeros(len(pairs), np.uint8)
    for number, sign in enumerate(signs):
        bits |= sign.astype(np.uint8) << np.uint8(number)
    return Warned(bits, tuple(note for note in (about_places, about_versions) if note))


def _several_nuclei(pairs: PairSet) -> np.ndarray:
    if "n_table_rows" not in pairs.dataset.meta.columns:
        return np.zeros(len(pairs), bool)
    several = pairs.dataset.numbers("n_table_rows") > 1
    return np.asarray(several[pairs.a] | several[pairs.b])


def _not_proofread(pairs: PairSet) -> np.ndarray:
    if not knows_proofreading(pairs.dataset):
        return np.zeros(len(pairs), bool)
    return np.asarray(~(pairs.proofread_a & pairs.proofread_b))


def chosen(pairs: PairSet, warning: str) -> np.ndarray:
    """bool: pairs with the warning; with any; with none. InputError for an unknown name."""
    bits = of(pairs).bits
    if warning in (ANY, NONE):
        return np.asarray((bits > 0) == (warning == ANY))
    if warning not in NAMES:
        raise InputError(f"no warning '{warning[:60]}'", did_you_mean(warning, (ANY, NONE, *NAMES)))
    return np.asarray(bits >> NAMES.index(warning) & 1).astype(bool)


def without(warning: str) -> str:
    """Why a pair that `chosen` does not choose is left out."""
    words = {ANY: "no warning", NONE: "with a warning"}
    return words.get(warning, f"without the warning {warning}")


def number(pairs: PairSet) -> np.ndarray:
    """int64: how many warnings each pair has."""
    bits = of(pairs).bits
    return np.asarray(sum((bits >> k & 1).astype(np.int64) for k in range(len(NAMES))))


def names(bits: int) -> tuple[str, ...]:
    """The names of the warnings of one pair."""
    return tuple(name for k, name in enumerate(NAMES) if bits >> k & 1)


def words(bits: np.ndarray) -> list[str]:
    """Names separated by commas, for each pair; "" for none."""
    texts = [", ".join(names(k)) for k in range(1 << len(NAMES))]
    return [texts[k] for k in bits.tolist()]
