"""The pieces of a pull become a dataset, again and again while it fills: each time one generation more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access import amend, store
from data_access.adapters.cave import record as records
from data_access.adapters.cave.pieces import Direction, Piece, Pieces, covered
from data_access.adapters.cave.record import Record
from data_access.importer import import_generation
from data_access.metadata import DatasetMeta
from data_access.spec import ImportSpec

CELLS = "cells.parquet"  # the cell table of the version, as the source has it
LISTED = "listed.parquet"  # the same with the asked fragments, as the dataset has it
ASKED = "asked.parquet"
OTHER_VERSIONS = "other_versions.parquet"
SKELETONS = "skeletons"
ADDED = ("annotations", SKELETONS, "meshes")  # they go from generation to generation
MEANINGS = {
    "size": "size of the synaptic cleft in voxels, as the synapse detection gives it",
    "compartment": "part of the postsynaptic cell that the synapse is on, as predicted; missing = no prediction",
    "depth_um": "depth below the pia, um",
    "nucleus_id": "id of the nucleus: the same in every version",
    "valid_id": "root id for which the proofreading status was given",
    "outdated": "the cell was changed after its proofreading status was given",
    "status_axon": "whether the axon is proofread",
    "status_dendrite": "whether the dendrite is proofread",
    "strategy_axon": "how far the axon was proofread",
    "strategy_dendrite": "how far the dendrite was proofread",
    "cell_type": "type of the cell; missing = untyped",
    "cell_type_auto": "type by an automatic classification",
    "cell_type_manual": "type given by experts",
    "broad_type": "excitatory, inhibitory or nonneuronal",
    "is_column": "in the densely proofread column",
    "lateral_x_um": "soma position across the cortical depth, um",
    "lateral_z_um": "soma position across the cortical depth, um",
    "volume_um3": "volume of the nucleus, um3",
    "volume": "volume of the nucleus, um3",
}


@dataclass(frozen=True)
class Wanted:
    """Ids of the cells whose outputs and inputs somebody asked for, int64 ascending."""

    out: np.ndarray
    into: np.ndarray

    def side(self, direction: Direction) -> np.ndarray:
        """The ids of one direction."""
        return self.out if direction == "out" else self.into

    def missing(self, pieces: Sequence[Piece]) -> dict[Direction, np.ndarray]:
        """What was asked for and is in none of these pieces."""
        sides: tuple[Direction, ...] = ("out", "in")
        return {side: np.setdiff1d(self.side(side), covered(pieces, side)) for side in sides}

    def is_whole(self, pieces: Sequence[Piece]) -> bool:
        """Whether these pieces hold all that was asked for."""
        return not any(len(ids) for ids in self.missing(pieces).values())


def read_wanted(folder: Path) -> Wanted:
    """What was asked for so far; nothing before the first pull."""
    path = folder / ASKED
    if not path.is_file():
        return Wanted(np.empty(0, np.int64), np.empty(0, np.int64))
    table = pq.read_table(path)
    ids, out, into = (table.column(name).to_numpy() for name in ("id", "out", "in"))
    return Wanted(ids[out], ids[into])


def write_wanted(folder: Path, wanted: Wanted) -> None:
    """Keep what was asked for."""
    ids = np.union1d(wanted.out, wanted.into)
    columns = {"id": ids, "out": np.isin(ids, wanted.out), "in": np.isin(ids, wanted.into)}
    write_table(pa.table(columns), folder / ASKED)


def write_table(table: pa.Table, path: Path) -> None:
    """A Parquet file that is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    pq.write_table(table, temporary, compression="zstd")
    temporary.replace(path)


def write_listed(folder: Path, strangers: np.ndarray) -> None:
    """The cell table with `is_cell`: the asked cells that it lacks are rows too, marked as fragments."""
    cells = pd.read_parquet(folder / CELLS, dtype_backend="numpy_nullable")
    fragments = np.setdiff1d(strangers, cells["cell_id"].to_numpy(dtype=np.int64))
    more = pd.DataFrame({"cell_id": pd.array(fragments, dtype="Int64")})
    listed = pd.concat([cells.assign(is_cell=True), more.assign(is_cell=False)], ignore_index=True)
    listed["is_cell"] = listed["is_cell"].astype("boolean")
    write_table(pa.Table.from_pandas(listed, preserve_index=False), folder / LISTED)


class Generations:
    """Builds the generations of one growing dataset. The caller holds the claim of its id."""

    def __init__(self, data_dir: Path, dataset_id: str, record: Record, pieces: Pieces) -> None:
        self.data_dir, self.id = data_dir, dataset_id
        self.folder = store.growing(data_dir, dataset_id)
        self.record, self.pieces = record, pieces

    def is_current(self, wanted: Wanted) -> bool:
        """Whether the dataset that is there holds every piece, and whether it is marked whole as it should be."""
        return self.record.built == _built(self.pieces.all(), wanted) and (self.data_dir / self.id).exists()

    def build(self, wanted: Wanted, requests: int, rate: float) -> DatasetMeta | None:
        """The next generation, of all pieces that are whole at this moment; None while no synapse was found."""
        pieces = self.pieces.all()
        if not any(piece.rows for piece in pieces):
            return None
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = replace(
            self.record, generation=1 + self._latest(), fetched=now, requests=requests, rate=rate,
            built=_built(pieces, wanted),
        )  # fmt: skip
        meta = import_generation(
            self.data_dir, self._spec(record, pieces, wanted), record.generation, prepare=self._extras
        )
        records.save(record, self.folder)
        self.record = record
        return meta

    def _latest(self) -> int:
        """Number of the generation that is there; columns or skeletons that were added made some of their own."""
        there = (self.data_dir / self.id / "dataset.json").is_file()
        return max(self.record.generation, store.read_meta(self.data_dir, self.id).generation if there else 0)

    def _spec(self, record: Record, pieces: Sequence[Piece], wanted: Wanted) -> ImportSpec:
        lists = {side: self._complete(side, pieces) for side in ("out", "in")}
        about = record.about
        return ImportSpec(
            id=self.id,
            title=record.title or f"{record.datastack} version {record.version}",
            synapses=tuple(piece.path for piece in pieces if piece.rows),  # some cells have none
            cells=(self.folder / LISTED,),
            missing_size=("nan",),
            complete_outputs=lists["out"],
            complete_inputs=lists["in"],
            source=f"CAVE {record.datastack}",
            version=f"v{record.version}",
            licence=str(about.get("licence", "")),
            citation=str(about.get("citation", "")),
            description=_described(record),
            vertical="depth_um" if record.depth else "",
            meanings=MEANINGS | {"size": str(about.get("size", MEANINGS["size"]))},
            origin=_origin(record) | {"whole": _whole(pieces, wanted)},
            partial=not wanted.is_whole(pieces),
        )

    def _complete(self, side: str, pieces: Sequence[Piece]) -> tuple[Path, ...]:
        ids = [piece.ids for piece in pieces if piece.direction == side]
        if not ids:
            return ()
        path = self.folder / f"complete-{side}.txt"
        records.write_text(path, "".join(f"{i}\n" for i in np.unique(np.concatenate(ids)).tolist()))
        return (path,)

    def _extras(self, place: Path) -> None:
        """Skeletons, the root ids of other versions, and what was added by hand become part of the generation.

        A skeleton that was added by hand stands in place of that of the service.
        """
        before = (self.data_dir / self.id).resolve()
        for name in ADDED:
            if (before / name).is_dir():
                amend.share(before / name, place / name)
        if (self.folder / OTHER_VERSIONS).is_file():
            amend.link(self.folder / OTHER_VERSIONS, place / OTHER_VERSIONS)
        files = sorted((self.folder / SKELETONS).glob("*.swc")) if (self.folder / SKELETONS).is_dir() else []
        for path in files:
            if not (place / SKELETONS / path.name).exists():
                amend.link(path, place / SKELETONS / path.name)


def _built(pieces: Sequence[Piece], wanted: Wanted) -> tuple[str, ...]:
    """What a generation of these pieces is known by."""
    return (*(piece.path.name for piece in pieces), f"whole: {wanted.is_whole(pieces)}")


def _whole(pieces: Sequence[Piece], wanted: Wanted) -> dict[str, dict[str, int]]:
    """How many of the cells asked for are whole, by direction."""
    missing = wanted.missing(pieces)
    counts = {side: (len(wanted.side(side)), len(missing[side])) for side in missing}
    return {side: {"asked": n, "whole": n - left} for side, (n, left) in counts.items() if n}


def _origin(record: Record) -> dict[str, object]:
    mine = {
        "kind": "cave", "server": record.server, "datastack": record.datastack, "version": record.version,
        "time_stamp": record.time_stamp, "expires_on": record.expires_on, "fetched": record.fetched,
        "asked": [{"cells": a.cells[:500], "direction": a.direction, "n": a.n} for a in record.asks],
        "requests": record.requests,
    }  # fmt: skip
    return dict(record.about.get("origin", {})) | mine


def _described(record: Record) -> str:
    asks = "; ".join(f"{_WORDS[a.direction]} of {a.n:,} cells ({a.cells[:200]})" for a in record.asks)
    return f"Pulled from CAVE: {asks}. State of {record.time_stamp[:10]}."


_WORDS = {"out": "outputs", "in": "inputs", "both": "inputs and outputs"}
