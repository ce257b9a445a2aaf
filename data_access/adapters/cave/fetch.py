"""All synapses of some cells, however small the server's limit: split by cells, then by box, and counted.

A server answers at most so many rows and says so only in a header. Here no answer is believed for that: each is held
against a count of the same question, and split until both agree.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from data_access.adapters.cave.client import Cave
from data_access.adapters.cave.pieces import Direction
from data_access.adapters.cave.problems import CaveError
from data_access.adapters.cave.queries import Answer, Query

ENDS: dict[Direction, str] = {"out": "pre_pt_root_id", "in": "post_pt_root_id"}
POSITION = "ctr_pt_position"
COLUMNS = ("id", "pre_pt_root_id", "post_pt_root_id", "size", POSITION)
WIDEST = 500  # ids in one question
FIRST = 8  # ids in the first question, before anything is known of this datastack
PIECE_ROWS = 150_000  # a piece of this size is fetched in about a minute, and lost when the process is killed
ROOM = 0.9  # of the limit: counts of later questions are guessed from earlier ones
FAR = 2**24  # voxels; no volume is as wide
DEEPEST = 60  # halvings; a volume of 2**24 voxels a side is a single voxel after 72


class Fetch:
    """Questions to one synapse table at one version; what is learned of limit and cells is shared by all threads."""

    def __init__(self, cave: Cave, version: int, limit: int | None = None) -> None:
        self.cave, self.version = cave, version
        self._lock = threading.Lock()
        self._limit = limit
        self._cells = 0
        self._rows = 0

    @property
    def limit(self) -> int | None:
        """Rows that the server answers at most, as far as it is known."""
        with self._lock:
            return self._limit

    def width(self) -> int:
        """How many cells to ask for at once so that the answer fits, from what the cells so far had."""
        with self._lock:
            if not self._cells:
                return FIRST
            most = PIECE_ROWS if self._limit is None else min(PIECE_ROWS, int(self._limit * ROOM))
            return int(np.clip(most / max(self._rows / self._cells, 1), 1, WIDEST))

    def count(self, direction: Direction, ids: Sequence[int]) -> int:
        """Synapses of these cells in this direction, autapses included."""
        return self.cave.count(self.version, self._query(direction, ids))

    def whole(self, direction: Direction, ids: Sequence[int]) -> Iterator[tuple[Sequence[int], pd.DataFrame]]:
        """Cells and all their synapses, in one or several parts; each part is whole.

        The frame has the columns synapse_id, pre_id, post_id, size and x_nm, y_nm, z_nm. Raises CaveError where the
        answers and counts of the server cannot be brought to agree.
        """
        query = self._query(direction, ids)
        expected = self.cave.count(self.version, query)
        if self._fits(expected):
            answer = self._asked(query)
            if self._is_whole(answer, expected):
                self._learn(len(ids), expected)
                yield ids, _named(answer.frame)
                return
        if len(ids) > 1:
            middle = len(ids) // 2
            yield from self.whole(direction, ids[:middle])
            yield from self.whole(direction, ids[middle:])
        else:
            frame = self._by_box(query, expected)
            self._learn(1, expected)
            yield ids, _named(frame)

    def _query(self, direction: Direction, ids: Sequence[int]) -> Query:
        table = self.cave.info.synapse_table
        return Query(table, columns=COLUMNS, within={ENDS[direction]: [int(i) for i in ids]})

    def _fits(self, expected: int) -> bool:
        limit = self.limit
        return limit is None or expected <= limit

    def _asked(self, query: Query) -> Answer:
        answer = self.cave.rows(self.version, query)
        if answer.limited is not None:
            with self._lock:
                self._limit = min(answer.limited, self._limit or answer.limited)
        return answer

    def _is_whole(self, answer: Answer, expected: int) -> bool:
        """Whether an answer holds every row that the server counted. An answer of exactly the limit may, or may not."""
        got = len(answer.frame)
        if got > expected:
            raise _disagree(got, expected)
        if got == expected:
            return True
        with self._lock:  # cut without a word: the limit is what came
            self._limit = min(got, self._limit or got)
        if got == 0:
            raise _disagree(got, expected)
        return False

    def _learn(self, cells: int, rows: int) -> None:
        with self._lock:
            self._cells += cells
            self._rows += rows

    def _by_box(self, query: Query, expected: int) -> pd.DataFrame:
        """The synapses of one cell that has more of them than one answer holds."""
        whole = replace(query, box=(POSITION, (-FAR,) * 3, (FAR,) * 3))
        frame = self._in_box(whole, expected, 0).drop_duplicates("id", ignore_index=True)
        if len(frame) != expected:
            raise _disagree(len(frame), expected)
        return frame

    def _in_box(self, query: Query, expected: int, depth: int) -> pd.DataFrame:
        answer = self._asked(query)
        if self._is_whole(answer, expected):
            return answer.frame
        if depth >= DEEPEST:
            raise CaveError(
                "protocol", f"{expected:,} synapses lie in one voxel; the server answers {self.limit:,} rows"
            )
        found = []
        for half in _halves(query, answer):
            inside = self.cave.count(self.version, half)
            if inside:
                found.append(self._in_box(half, inside, depth + 1))
        return pd.concat(found, ignore_index=True) if found else answer.frame.iloc[:0]


def _halves(query: Query, answer: Answer) -> tuple[Query, Query]:
    """Two boxes that cover the box, cut where the rows that came are halved. They share the plane of the cut.

    So no row is lost whether the server counts the faces of a box as inside or not; what stands in both is dropped
    later, by its id.
    """
    assert query.box is not None
    _, lower, upper = query.box
    voxel = answer.voxel_nm or (1.0, 1.0, 1.0)
    seen = [answer.frame[f"{POSITION}_{axis}_nm"].to_numpy() / size for axis, size in zip("xyz", voxel, strict=True)]
    widths = [min(upper[i], float(places.max())) - max(lower[i], float(places.min())) for i, places in enumerate(seen)]
    axis = int(np.argmax(np.array(widths) * np.array(voxel)))
    cut = float(np.floor(np.median(seen[axis])))
    if not lower[axis] < cut < upper[axis]:
        cut = float(np.floor((max(lower[axis], seen[axis].min()) + min(upper[axis], seen[axis].max())) / 2))
    if not lower[axis] < cut < upper[axis]:
        axis = int(np.argmax([upper[i] - lower[i] for i in range(3)]))
        cut = (lower[axis] + upper[axis]) / 2
    below = tuple(cut if i == axis else upper[i] for i in range(3))
    above = tuple(cut if i == axis else lower[i] for i in range(3))
    return replace(query, box=(POSITION, lower, below)), replace(query, box=(POSITION, above, upper))  # type: ignore[arg-type]


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """An answer under our names."""
    ends = {"id": "synapse_id", "pre_pt_root_id": "pre_id", "post_pt_root_id": "post_id"}
    axes = {f"{POSITION}_{axis}_nm": f"{axis}_nm" for axis in "xyz"}
    return frame.rename(columns=ends | axes)[[*ends.values(), "size", *axes.values()]]


def _disagree(got: int, expected: int) -> CaveError:
    return CaveError(
        "protocol", f"the server counted {expected:,} synapses and answered {got:,}",
        "the version may be changing: try again later, or choose a version that is finished",
    )  # fmt: skip
