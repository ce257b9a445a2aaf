"""A result is a table plus a ledger: what was read, what was left out and why, and whether it was cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from data_access.metadata import DatasetMeta


@dataclass(frozen=True)
class Omitted:
    """Connections, synapses, cells or unordered pairs that a result does not hold, and why."""

    reason: str
    connections: int | None = None
    synapses: int | None = None
    cells: int | None = None
    pairs: int | None = None


@dataclass(frozen=True)
class Ledger:
    """Travels with every result, on screen and in every export. No number is ever silently cut.

    `unit` says what read and kept count, and read = kept + everything left out in that unit. Rows that a limit (or an
    offset) took away are left out too; then `total` is the number of rows without it. `fetched`: the day on which the
    data were brought in from a service, YYYY-MM-DD; "" for imported files.
    """

    dataset: str
    version: str
    generation: int
    unit: str
    read: int
    kept: int
    synthetic: bool = False
    partial: bool = False
    fetched: str = ""
    left_out: tuple[Omitted, ...] = ()
    limit: int | None = None
    total: int | None = None
    notes: tuple[str, ...] = ()
    milliseconds: float = 0.0

    @property
    def cut(self) -> bool:
        """Whether a limit or an offset took rows away."""
        return self.total is not None and self.total > self.kept

    def after(self, milliseconds: float) -> Ledger:
        """The same with the time it took."""
        return replace(self, milliseconds=milliseconds)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        left = [
            {k: v for k, v in (("reason", o.reason), ("connections", o.connections), ("synapses", o.synapses),
                               ("cells", o.cells), ("pairs", o.pairs)) if v is not None}
            for o in self.left_out
        ]  # fmt: skip
        return {
            "dataset": self.dataset, "version": self.version, "generation": self.generation,
            "synthetic": self.synthetic, "partial": self.partial,
            "fetched": self.fetched or None, "unit": self.unit, "read": self.read,
            "kept": self.kept, "left_out": left, "limit": self.limit, "total": self.total, "cut": self.cut,
            "notes": list(self.notes), "milliseconds": round(self.milliseconds, 2),
        }  # fmt: skip


def ledger_of(meta: DatasetMeta, unit: str, read: int, kept: int, **more: Any) -> Ledger:
    """A ledger that names the dataset."""
    return Ledger(
        meta.id,
        meta.version,
        meta.generation,
        unit,
        read,
        kept,
        synthetic=meta.synthetic,
        partial=meta.partial,
        fetched=meta.fetched,
        **more,
    )


@dataclass(frozen=True)
class TableResult:
    """A tidy table as a stream of Arrow batches of one schema, its ledger and the view's parameters.

    `ids` names the columns that hold ids (text in JSON). `rows` is known before the first batch is made.
    """

    schema: pa.Schema
    batches: Callable[[], Iterator[pa.RecordBatch]]
    ledger: Ledger
    view: dict[str, str]
    rows: int
    ids: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def table(self) -> pa.Table:
        """All rows at once."""
        return pa.Table.from_batches(list(self.batches()), schema=self.schema)

    def timed(self, milliseconds: float) -> TableResult:
        """The same with the time it took."""
        return replace(self, ledger=self.ledger.after(milliseconds))
