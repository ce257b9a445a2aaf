"""A datastack of the stand-in: what it says of itself, its versions, its tables in each, its roots, its skeletons."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pandas as pd

from tests.cave_server.history import History, Ints
from tests.cave_server.tables import Frame, Table

LONG_TERM = datetime(2121, 11, 10, 7, 10, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True)
class Version:
    """A materialization version: the tables as they stood at `time_stamp`, in state `state` of the history."""

    number: int
    state: int
    time_stamp: datetime
    expires_on: datetime
    expired: bool = False


@dataclass
class Stack:
    """One datastack.

    cast: what the tests look for, as object numbers of the history ("hub", "split", ...); `who` gives their roots.
    skeletons: rows id, type, x, y, z, radius, parent in nm by object number.
    """

    name: str
    description: str
    synapse_table: str
    nucleus_table: str
    viewer_nm: tuple[float, float, float]
    history: History
    versions: tuple[Version, ...]
    tables: Mapping[str, Table]
    cast: Mapping[str, tuple[int, ...]]
    skeletons: Mapping[int, Ints]
    _frames: dict[tuple[str, int], Frame] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def segmentation(self) -> str:
        """Name of the chunked graph table."""
        return f"{self.name}_graph"

    def version(self, number: int) -> Version | None:
        """The version of that number, expired or not."""
        return next((v for v in self.versions if v.number == number), None)

    def tables_in(self, state: int, kind: str) -> dict[str, Table]:
        """Tables or views there are in a state."""
        return {name: t for name, t in self.tables.items() if t.kind == kind and t.since <= state}

    def frame(self, table: str, state: int) -> Frame:
        """The rows of a table in a state; made once."""
        with self._lock:
            key = (table, state)
            if key not in self._frames:
                self._frames[key] = self.tables[table].frame(self.history, state)
            return self._frames[key]

    def who(self, role: str, version: int) -> list[int]:
        """Root ids, in a version, of the objects that play a role (see `cast`): of their larger piece."""
        found = self.version(version)
        assert found is not None, f"{self.name} has no version {version}"
        return [int(self.history.root_of[found.state][2 * one]) for one in self.cast[role]]

    def skeleton(self, root: int) -> Ints | None:
        """The skeleton in the cache for a root: that of the first object in it which has one."""
        if not self.history.known(root):
            return None
        pieces = self.history.pieces_of(root)
        return next((self.skeletons[p // 2] for p in pieces.tolist() if p // 2 in self.skeletons and p % 2 == 0), None)


@dataclass(frozen=True)
class TruthOfVersion(Mapping[str, pd.DataFrame]):
    """What a version holds: DataFrames by table name, every row, positions split and in the table's voxels.

    Root ids and other whole numbers are int64 where none is missing.
    """

    stack: Stack
    number: int

    @property
    def version(self) -> Version:
        """Its number, time stamp, expiry."""
        found = self.stack.version(self.number)
        assert found is not None
        return found

    def __getitem__(self, table: str) -> pd.DataFrame:
        if table not in list(self):
            raise KeyError(f"no {table} in version {self.number} of {self.stack.name}: {', '.join(self)}")
        data = self.stack.frame(table, self.version.state).data
        plain: dict[str, pd.Series] = {
            str(c): data[c].astype("int64")
            for c in data
            if str(data[c].dtype).startswith("Int") and not data[c].isna().any()
        }
        return data.assign(**plain)

    def __iter__(self) -> Iterator[str]:
        state = self.version.state
        return iter([*self.stack.tables_in(state, "table"), *self.stack.tables_in(state, "view")])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def synapses(self) -> pd.DataFrame:
        """The synapse table."""
        return self[self.stack.synapse_table]

    @property
    def nuclei(self) -> pd.DataFrame:
        """The nucleus table."""
        return self[self.stack.nucleus_table]

    def who(self, role: str) -> list[int]:
        """Root ids of the objects that play a role in the tests, see `Stack.cast`."""
        return self.stack.who(role, self.number)


@dataclass(frozen=True)
class TruthOfStack(Mapping[int, TruthOfVersion]):
    """What a datastack holds, by version number."""

    stack: Stack

    def __getitem__(self, version: int) -> TruthOfVersion:
        if self.stack.version(version) is None:
            raise KeyError(f"{self.stack.name} has no version {version}")
        return TruthOfVersion(self.stack, version)

    def __iter__(self) -> Iterator[int]:
        return iter([v.number for v in self.stack.versions])

    def __len__(self) -> int:
        return len(self.stack.versions)

    @property
    def live(self) -> list[int]:
        """Numbers of the versions that are not expired, oldest first."""
        return sorted(v.number for v in self.stack.versions if not v.expired)

    @property
    def newest(self) -> TruthOfVersion:
        """The newest version."""
        return self[self.live[-1]]

    @property
    def oldest(self) -> TruthOfVersion:
        """The oldest version that is not expired."""
        return self[self.live[0]]


def versions(numbers: tuple[int, int, int, int], stamps: tuple[datetime, ...]) -> tuple[Version, ...]:
    """Four versions, one a state, the first of them expired; told in no order, as the service does.

    The newest expires within weeks, the one before it within days, the older one is kept long.
    """
    now = datetime.now(UTC)
    expiry = (stamps[0] + timedelta(days=30), LONG_TERM, now + timedelta(days=3), now + timedelta(days=25))
    made = [
        Version(number, state, stamp, end.replace(microsecond=end.microsecond or 1), expired=state == 0)
        for state, (number, stamp, end) in enumerate(zip(numbers, stamps, expiry, strict=True))
    ]
    return tuple(made[k] for k in (2, 0, 3, 1))
