"""The synapses of a pull as pieces: all outputs, or all inputs, of some cells. A piece on disk is whole.

A piece is one Parquet file, written beside its place and renamed. Its footer says of which cells it is and in which
direction, so the folder of files is all there is to know about what was fetched.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.errors import DamagedError

Direction = Literal["out", "in"]
SIDES: dict[Direction, str] = {"out": "pre_id", "in": "post_id"}
_NOTE = b"synaptoscope"
_WRITING = ".writing"


@dataclass(frozen=True)
class Piece:
    """All synapses of some cells in one direction: where they are, of which cells, and how many rows."""

    path: Path
    direction: Direction
    ids: np.ndarray
    rows: int


def schema(compartments: bool, depth: bool) -> pa.Schema:
    """Columns of a piece: positions in nm, depth_um below the pia, compartment of the postsynaptic side."""
    fields = [
        ("synapse_id", pa.int64()), ("pre_id", pa.int64()), ("post_id", pa.int64()), ("size", pa.float64()),
        ("x_nm", pa.float64()), ("y_nm", pa.float64()), ("z_nm", pa.float64()),
        *([("depth_um", pa.float32())] if depth else []), *([("compartment", pa.string())] if compartments else []),
    ]  # fmt: skip
    return pa.schema(fields)


class Pieces:
    """The pieces in a folder. Safe to share between the threads that fetch.

    Files that are no whole piece are deleted, so that their cells count as missing; `damaged` says how many.
    """

    def __init__(self, folder: Path, columns: pa.Schema) -> None:
        self.folder = folder
        self.columns = columns
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        for half in folder.glob(f"*{_WRITING}"):
            half.unlink()
        self._pieces: list[Piece] = []
        self.damaged = 0
        for path in sorted(folder.glob("*.parquet")):
            try:
                self._pieces.append(read(path))
            except DamagedError:  # it holds nothing that cannot be fetched again
                path.unlink()
                self.damaged += 1

    def all(self) -> list[Piece]:
        """Every piece that is whole."""
        with self._lock:
            return sorted(self._pieces, key=lambda piece: piece.path.name)

    def covered(self, direction: Direction) -> np.ndarray:
        """int64 ids of the cells whose synapses in this direction are here, ascending."""
        return covered(self.all(), direction)

    @property
    def rows(self) -> int:
        """Rows of all pieces; a synapse between two cells asked for in both directions stands in two of them."""
        return sum(piece.rows for piece in self.all())

    def add(self, direction: Direction, ids: Sequence[int], rows: pd.DataFrame) -> Piece:
        """Store the whole answer for these cells. `rows` has the columns of the schema."""
        numbers = np.sort(np.asarray(ids, dtype=np.int64))
        name = f"{direction}-{hashlib.sha256(numbers.tobytes()).hexdigest()[:20]}.parquet"
        path = self.folder / name
        note = json.dumps({"direction": direction, "ids": [str(i) for i in numbers.tolist()], "rows": len(rows)})
        arrow = pa.Table.from_pandas(rows[self.columns.names], schema=self.columns, preserve_index=False)
        half = path.with_suffix(_WRITING)
        pq.write_table(arrow.replace_schema_metadata({_NOTE: note.encode()}), half, compression="zstd")
        with half.open("rb") as file:
            os.fsync(file.fileno())
        half.replace(path)
        piece = Piece(path, direction, numbers, len(rows))
        with self._lock:
            self._pieces.append(piece)
        return piece


def covered(pieces: Sequence[Piece], direction: Direction) -> np.ndarray:
    """int64 ids of the cells whose synapses in a direction some pieces hold, ascending."""
    ids = [piece.ids for piece in pieces if piece.direction == direction]
    return np.unique(np.concatenate(ids)) if ids else np.empty(0, dtype=np.int64)


def read(path: Path) -> Piece:
    """What a piece says of itself. DamagedError where its footer does not fit its rows."""
    try:
        footer = pq.read_metadata(path)
        note = json.loads(footer.metadata[_NOTE])
        ids = np.array([int(i) for i in note["ids"]], dtype=np.int64)
        if footer.num_rows == note["rows"] and note["direction"] in SIDES:
            return Piece(path, note["direction"], ids, footer.num_rows)
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        pass
    raise DamagedError(f"{path.name}, a piece of a pull, is damaged")
