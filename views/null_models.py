"""Null models of a dataset: what each holds fixed, which can be run and why not, and how long that takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis import null_strata, nulls
from analysis import tested as tests
from analysis.matrix import Selection, entries
from analysis.null_model import check
from analysis.nulls import MAX_CONNECTIONS, Model, Universe
from data_access.dataset import CellSet, Dataset
from data_access.errors import InputError, TooLargeError
from views.axes import groups_of
from views.tables import count
from views.testability import what_is_tested

MOST_READ = 20_000_000  # connections among the chosen cells, tested or not
TITLES = {
    "er": "Uniform density",
    "degree": "Degrees held",
    "type": "Types",
    "distance": "Types and distance",
}
EXPLAINED = {
    "er": (
        "The observed number of connections is dealt uniformly over the tested pairs. Any structure at all, a type or"
        " a hub that connects more than others, shows up as a difference from it."
    ),
    "degree": (
        "Graphs in which every cell keeps its number of outputs and of inputs, without autapses or double connections,"
        " all equally likely; they are sampled by exchanging targets between connections until the start is forgotten."
        " What remains is not explained by some cells making or receiving many connections."
    ),
    "type": (
        "Within every ordered pair of types the observed number of connections is dealt uniformly over its tested"
        " pairs. What remains is not explained by which types connect how often."
    ),
    "distance": (
        "Within every ordered pair of types, and within bins of the distance between the somata, the observed number"
        " of connections is dealt uniformly, so that probability depends on types and distance in whatever way it does."
        " What remains is not explained by near cells of these types connecting more often, in both directions."
    ),
}
# Seconds of one core for a million connections dealt once: counted on a 2-core server, statistic included. A job
# that runs measures its own.
_PER_MILLION = {"er": 0.03, "type": 0.03, "distance": 0.05, "degree": 0.7}
_AT_START = {"er": 0.0, "type": 0.0, "distance": 0.0, "degree": 6.0}
_PER_MILLION_PAIRS = 0.05


def explain(null: str) -> str:
    """What a null model holds fixed and what a difference from it means, in two sentences. InputError if unknown."""
    return EXPLAINED[check(null)]


def title(null: str) -> str:
    """Its name on screen."""
    return TITLES[check(null)]


def available(dataset: Dataset, group: str = "cell_type") -> dict[str, str]:
    """For every null model why this dataset can't run it, "" where it can."""
    no_types = "" if _has_groups(dataset, group) else f"{dataset.meta.id} has no cell types"
    no_places = "" if "cell_positions" in dataset.meta.capabilities else f"{dataset.meta.id} has no soma positions"
    return {"er": "", "degree": "", "type": no_types, "distance": no_types or no_places}


def refused(dataset: Dataset, null: str, group: str = "cell_type") -> str:
    """Why this dataset can't run a null model, "" where it can. InputError for an unknown one."""
    return available(dataset, group)[check(null)]


def require(dataset: Dataset, null: str, group: str = "cell_type") -> None:
    """InputError with the reason where this dataset can't run a null model."""
    if reason := refused(dataset, null, group):
        raise InputError(f"the null model '{null}' can't be run: {reason}", _instead(dataset, group))


def prepare(
    dataset: Dataset,
    pre: np.ndarray,
    post: np.ndarray,
    null: str,
    tested: str = "proofread",
    min: int = 1,
    group: str = "cell_type",
    both_ways: bool = False,
) -> Model:
    """The null model of the connections of two sets of cells, int32 codes in ascending order, which may overlap.

    The universe is the tested pairs from `pre` to `post`; connections outside of it stay as they are. With `both_ways`
    it is the pairs tested in both orders of which one leads from `pre` to `post`, connections of both orders are
    observed, and those outside of it are left out (`Model.n_left_out`); cells in no such pair are no part of the model.
    Connections of fewer than `min` synapses are none; autapses never count. Raises InputError with the reason where it
    can't be run, TooLargeError beyond MAX_CONNECTIONS (or `analysis.null_strata.MAX_PAIRS` pairs under distance).
    """
    require(dataset, null, group)
    codes = np.union1d(pre, post).astype(np.int32)
    universe = _universe(dataset, codes, np.isin(codes, pre), np.isin(codes, post), tested, both_ways)
    if both_ways:  # of large sets most cells may be fragments, whose connections need not be read
        in_a_pair = np.asarray(universe.allowed.any(axis=1))[universe.kind]
        codes, universe = codes[in_a_pair], Universe(universe.kind[in_a_pair], universe.allowed)
    if universe.n_pairs == 0:
        both = " in both orders" if both_ways else ""
        raise InputError(f"no pair of these cells is tested{both}", "choose other cells, or tested=all")
    rows, cols = (codes, codes) if both_ways else (pre, post)
    found = _connections(dataset, codes, rows, cols, min)
    groups = groups_of(dataset, group, CellSet("", codes, "")) if _has_groups(dataset, group) else None
    of, names = (groups.of, groups.names) if groups else (np.zeros(len(codes), np.int32), (None,))
    position = _positions(dataset, codes) if null == "distance" else None
    made = nulls.model(null, universe, of, names, *found, position=position, codes=codes)
    if made.universe.n_pairs == 0:
        raise InputError("no tested pair of these cells has soma positions", "choose another null model")
    if both_ways:
        none = made.kept_pre[:0], made.kept_post[:0], made.kept_edge[:0]
        made = replace(made, kept_pre=none[0], kept_post=none[1], kept_edge=none[2], n_left_out=len(made.kept_pre))
    return made


def check_size(dataset: Dataset, model: Model) -> None:
    """TooLargeError where the distance null can't list the pairs of a model; InputError where none has positions."""
    universe = nulls.placed(model.universe, _positions(dataset, model.codes))
    null_strata.check_size(universe)
    if universe.n_pairs == 0:
        raise InputError("no tested pair of these cells has soma positions", "choose another null model")


def seconds(null: str, connections: int, samples: int, pairs: int = 0) -> float:
    """About how long so many samples take; pairs: tested ordered pairs, which the distance null lists."""
    rounds = samples * _PER_MILLION[null] + _AT_START[null]
    listed = pairs / 1e6 * _PER_MILLION_PAIRS if null == "distance" else 0.0
    return 0.05 + rounds * connections / 1e6 + samples * 1e-4 + listed


def _instead(dataset: Dataset, group: str) -> str:
    names = [null for null, reason in available(dataset, group).items() if not reason]
    return "it can run " + ", ".join(names)


def _has_groups(dataset: Dataset, group: str) -> bool:
    """Whether the column says anything; InputError where there is none of that name."""
    if dataset.meta.aliases.get(group, group) == "cell_type" and "cell_types" not in dataset.meta.capabilities:
        return False
    return bool(dataset.column(group).notna().any())


def _universe(
    dataset: Dataset, codes: np.ndarray, in_pre: np.ndarray, in_post: np.ndarray, mode: str, both_ways: bool
) -> Universe:
    """Kinds of cells by what is known of them as pre and as post and by the sets they are in."""
    pre_kind, post_kind, table = tests.classes(what_is_tested(dataset), codes, codes, mode)  # type: ignore[arg-type]
    traits = np.stack([pre_kind, post_kind, in_pre, in_post], axis=1).astype(np.int64)
    kinds, of = np.unique(traits, axis=0, return_inverse=True)
    a, b, from_pre, to_post = kinds.T
    allowed = table[a[:, None], b[None, :]] & (a[:, None] >= 0) & (b[None, :] >= 0)
    asked = (from_pre[:, None] > 0) & (to_post[None, :] > 0)
    if both_ways:
        allowed, asked = allowed & allowed.T, asked | asked.T
    return Universe(of.reshape(-1).astype(np.int32), allowed & asked)


def _connections(
    dataset: Dataset, codes: np.ndarray, pre: np.ndarray, post: np.ndarray, least: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """pre, post as positions in `codes`, and edge numbers; no autapses."""
    selection = Selection(pre, post, least)
    n = count(dataset.graph, selection).n_connections
    if n > MOST_READ:
        raise TooLargeError(
            f"null models read up to {MOST_READ:,} connections; these sets have {n:,}",
            f"choose smaller sets: up to {MAX_CONNECTIONS:,} connections are dealt anew",
        )
    found = entries(dataset.graph, selection)
    rows, cols = (np.searchsorted(codes, side).astype(np.int32) for side in (pre, post))
    return rows[found.row], cols[found.col], found.edge


def _positions(dataset: Dataset, codes: np.ndarray) -> np.ndarray:
    return np.stack([dataset.numbers(f"{axis}_um")[codes] for axis in "xyz"], axis=1)
