"""The chunked graph of a stand-in datastack: which root a piece of segmentation belongs to, at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

NOWHERE = -1
"""The piece of a point that lies on no segment: supervoxel 0, root 0."""

_FIRST_SUPERVOXEL, _SUPERVOXELS_PER_PIECE = 72_000_000_000_000_000, 1 << 16
_FIRST_LEAF, _LEAVES_PER_PIECE = 150_000_000_000_000_000, 1 << 6
N_LAYERS = 12
LEAVES_OF_MAJOR, LEAVES_OF_MINOR = 7, 3


def supervoxels(piece: Ints, number: Ints) -> Ints:
    """Supervoxel id of each point: `number` (any integers) tells points of one piece apart."""
    ids = _FIRST_SUPERVOXEL + piece * _SUPERVOXELS_PER_PIECE + number % _SUPERVOXELS_PER_PIECE
    return np.where(piece == NOWHERE, 0, ids)


@dataclass(frozen=True)
class History:
    """Root ids over time.

    Everything in the volume is an object of two pieces: object i has the major piece 2 i and the minor piece 2 i + 1.
    root_of: int64 (n_states, n_pieces), the root of each piece in each state. begins: when each state began, ascending;
    the last state lasts until now. A root that appears in two states does so in neighbouring ones.
    """

    root_of: Ints
    begins: tuple[datetime, ...]

    def state_at(self, when: datetime | float | None) -> int:
        """The state at a time (None: now); NOWHERE before the first one began."""
        if when is None:
            return len(self.begins) - 1
        seconds = when.timestamp() if isinstance(when, datetime) else float(when)
        return int(np.searchsorted(self._starts, seconds, side="right")) - 1

    def roots(self, state: int, pieces: Ints) -> Ints:
        """Root of each piece in a state, int64; 0 for NOWHERE."""
        inside = (pieces >= 0) & (pieces < self.root_of.shape[1]) & (state >= 0)
        return np.where(inside, self.root_of[max(state, 0)][np.where(inside, pieces, 0)], 0)

    def pieces_of_nodes(self, nodes: Ints) -> Ints:
        """The piece that each supervoxel or leaf belongs to, NOWHERE where it is neither."""
        result = np.full(len(nodes), NOWHERE, dtype=np.int64)
        n_pieces = self.root_of.shape[1]
        for first, each in ((_FIRST_SUPERVOXEL, _SUPERVOXELS_PER_PIECE), (_FIRST_LEAF, _LEAVES_PER_PIECE)):
            piece = (nodes - first) // each
            here = (nodes >= first) & (piece < n_pieces)
            result[here] = piece[here]
        return result

    def leaves(self, root: int) -> list[int]:
        """The nodes below a root, as suggest_latest_roots counts them: 7 of a major piece, 3 of a minor one."""
        return [
            _FIRST_LEAF + piece * _LEAVES_PER_PIECE + number
            for piece in self.pieces_of(root).tolist()
            for number in range(LEAVES_OF_MINOR if piece % 2 else LEAVES_OF_MAJOR)
        ]

    def known(self, root: int) -> bool:
        """Whether this was ever a root."""
        return self._row(root) is not None

    def exists(self, root: int, state: int) -> bool:
        """Whether this is a root in that state."""
        row = self._row(root)
        return row is not None and int(self._first[row]) <= state <= int(self._last[row])

    def lifetime(self, root: int) -> tuple[float, float | None]:
        """Epoch seconds when a root came to be and when it ceased to be (None: still there)."""
        row = self._known_row(root)
        last = int(self._last[row])
        end = self._starts[last + 1] if last + 1 < len(self._starts) else None
        return float(self._starts[int(self._first[row])]), None if end is None else float(end)

    def pieces_of(self, root: int) -> Ints:
        """All pieces of a root."""
        return np.flatnonzero(self.root_of[int(self._first[self._known_row(root)])] == root)

    def related(self, root: int, state: int) -> list[int]:
        """The roots of another state that share a piece with this one."""
        return np.unique(self.roots(state, self.pieces_of(root))).tolist()

    def parents(self, root: int) -> list[int]:
        """The roots that this one was made from, in the state before its first."""
        first = int(self._first[self._known_row(root)])
        return self.related(root, first - 1) if first else []

    def children(self, root: int) -> list[int]:
        """The roots that this one was made into, in the state after its last."""
        last = int(self._last[self._known_row(root)])
        return self.related(root, last + 1) if last + 1 < len(self.begins) else []

    @cached_property
    def _starts(self) -> NDArray[np.float64]:
        return np.array([b.timestamp() for b in self.begins])

    @cached_property
    def _ids(self) -> Ints:
        return np.unique(self.root_of)

    @cached_property
    def _presence(self) -> NDArray[np.bool_]:
        return np.stack([np.isin(self._ids, state) for state in self.root_of])

    @cached_property
    def _first(self) -> Ints:
        return self._presence.argmax(axis=0)

    @cached_property
    def _last(self) -> Ints:
        return len(self.begins) - 1 - self._presence[::-1].argmax(axis=0)

    def _row(self, root: int) -> int | None:
        row = int(np.searchsorted(self._ids, root))
        return row if row < len(self._ids) and int(self._ids[row]) == root else None

    def _known_row(self, root: int) -> int:
        row = self._row(root)
        if row is None:
            raise KeyError(root)
        return row


class Editing:
    """Writes a History: states one after the other, each made from the last by edits."""

    def __init__(self, roots: Ints, first_new: int) -> None:
        """roots: id of each object in the first state. first_new: new roots get ids from here on."""
        self._states = [np.repeat(roots, 2)]
        self._next = first_new

    @property
    def roots(self) -> Ints:
        """The root of each piece in the state being edited."""
        return self._states[-1]

    def next_state(self) -> None:
        """What follows happens after what was edited so far."""
        self._states.append(self._states[-1].copy())

    def become(self, roots: Ints) -> None:
        """Each object gets this id, the two pieces of it together."""
        self._states[-1] = np.repeat(roots, 2)

    def rename(self, *objects: int) -> None:
        """An edit elsewhere in the cell: the same pieces under a new id."""
        for one in objects:
            self.roots[self._pieces(one)] = self._new()

    def split(self, one: int) -> None:
        """Major and minor piece part: two new roots."""
        self.roots[2 * one], self.roots[2 * one + 1] = self._new(), self._new()

    def merge(self, objects: Sequence[int]) -> None:
        """Objects grow into one: one new root."""
        self.roots[np.concatenate([self._pieces(one) for one in objects])] = self._new()

    def finish(self, begins: Sequence[datetime]) -> History:
        """The history, with the time at which each state began."""
        return History(np.stack(self._states), tuple(begins))

    def _pieces(self, one: int) -> Ints:
        return np.flatnonzero(self.roots == self.roots[2 * one])

    def _new(self) -> int:
        self._next += 1_009
        return self._next
