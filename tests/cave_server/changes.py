"""How the roots of a stand-in datastack change between its versions, and which cells that befalls."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from tests.cave_server.history import Editing, History, Ints
from tests.cave_server.sources import Source

STAMPS = (
    datetime(2023, 6, 5, 10, 10, 1, 203215, tzinfo=UTC),
    datetime(2024, 9, 16, 10, 10, 1, 121167, tzinfo=UTC),
    datetime(2025, 2, 10, 10, 10, 1, 167230, tzinfo=UTC),
    datetime(2025, 7, 28, 10, 10, 1, 514912, tzinfo=UTC),
)
"""When the four versions were made."""
BEGINS = (
    datetime(2022, 1, 4, 12, 0, 0, 1, tzinfo=UTC),
    datetime(2024, 1, 9, 18, 30, 0, 250_000, tzinfo=UTC),
    datetime(2024, 12, 3, 18, 30, 0, 250_000, tzinfo=UTC),
    datetime(2025, 5, 20, 18, 30, 0, 250_000, tzinfo=UTC),
    datetime(2025, 8, 19, 18, 30, 0, 250_000, tzinfo=UTC),
)
"""When the states began that the versions show; the last one is the present, which no version shows."""


def choose_cast(source: Source) -> dict[str, tuple[int, ...]]:
    """Who changes, chosen among typed neurons that have synapses and play no other role.

    split: in two, the nucleus stays with the larger part; split_nucleus_small: with the smaller. merged: two cells
    become one. vanished: the nucleus is on nothing any more. renamed_N: a new id, nothing else, in the Nth version
    (renamed_0: before the oldest live version; renamed_4: after the newest). two_nuclei: in every version.
    """
    n_synapses = np.bincount(
        np.concatenate([source.synapses[s][source.synapses[s] >= 0] for s in ("pre", "post")]),
        minlength=len(source.roots),
    )
    neurons = source.cells[source.cells["broad_type"].isin(["excitatory", "inhibitory"])]["object"].unique()
    taken = {one for group in source.cast.values() for one in group}
    free = [int(one) for one in neurons if one not in taken and n_synapses[one] >= 6]
    roles = {
        "split": 1, "split_nucleus_small": 1, "merged": 2, "vanished": 1, "renamed_2": 6, "renamed_0": 3, "merged_0": 2,
        "renamed_3": 4, "split_3": 1, "merged_3": 2, "vanished_3": 1, "renamed_4": 2, "split_4": 1, "two_nuclei": 2,
        "unchanged": 3,
    }  # fmt: skip
    step = max(1, len(free) // (sum(roles.values()) + 1))
    chosen = iter(free[::step])
    cast = dict(source.cast)
    for role, n in roles.items():
        cast[role] = tuple(one for _, one in zip(range(n), chosen, strict=False))
    return cast


def make_history(roots: Ints, cast: dict[str, tuple[int, ...]], first_new: int) -> tuple[History, dict[int, int]]:
    """The history, and the state from which on an object's nucleus lies on nothing."""
    old = roots.copy()
    for k, one in enumerate(cast["renamed_0"]):
        old[one] = first_new - 900_000 + 11 * k
    old[list(cast["merged_0"])] = first_new - 800_000
    edits = Editing(old, first_new)

    edits.next_state()
    edits.become(roots)

    edits.next_state()
    edits.rename(*cast["renamed_2"], *cast["vanished"])
    for one in (*cast["split"], *cast["split_nucleus_small"]):
        edits.split(one)
    edits.merge(cast["merged"])

    edits.next_state()
    edits.rename(*cast["renamed_3"], *cast["vanished_3"], cast["renamed_2"][0])
    for one in cast["split_3"]:
        edits.split(one)
    edits.merge(cast["merged_3"])

    edits.next_state()
    edits.rename(*cast["renamed_4"])
    for one in cast["split_4"]:
        edits.split(one)
    lost_at = {**dict.fromkeys(cast["vanished"], 2), **dict.fromkeys(cast["vanished_3"], 3)}
    return edits.finish(BEGINS), lost_at
