"""Tables as extra columns of a dataset: add one, list them, take one away. Each makes the next generation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_access import amend, annotation_columns, annotation_tables, store
from data_access.annotation_columns import CELLS, Annotation, Kept, Match
from data_access.annotation_tables import Wish
from data_access.columns import reading
from data_access.errors import InputError, NotFoundError, did_you_mean
from data_access.metadata import DatasetMeta, Kind
from data_access.sources import SUFFIXES, open_table

_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Joined:
    """An annotation and how it meets the dataset; `kinds`: what its columns hold, by our names."""

    annotation: Annotation
    match: Match
    meta: DatasetMeta
    kinds: Mapping[str, Kind]

    def sentence(self) -> str:
        """What became of it, in words."""
        a, m = self.annotation, self.match
        names = ", ".join(a.columns)
        by = a.on if a.on == a.key else f"{a.on} = {a.key}"
        return (
            f"{m.cells:,} of {m.n_cells:,} cells have a row of {a.source}, by {by}: {names}; "
            f"{m.lost:,} of its {m.keys:,} keys are not in the dataset"
        )


def annotate(data_dir: Path, dataset_id: str, wish: Wish) -> Joined:
    """Bring the columns of a table into a dataset: its next generation has them.

    Cells without a row are missing in them; keys that the dataset does not have are kept with the table and counted,
    and find their cells once a pull brings these. Raises InputError and NotFoundError; then nothing has changed.
    """
    kept = _read(data_dir, dataset_id, wish)
    with amend.amended(data_dir, dataset_id) as amendment:
        others = annotation_columns.stored(amendment.place)
        annotation = replace(
            kept.annotation, name=_name(wish, others), order=1 + max((a.order for a in others), default=0),
            added=datetime.now(UTC).isoformat(timespec="seconds"),
        )  # fmt: skip
        kept = replace(kept, annotation=annotation)
        cells = annotation_columns.read_cells(amendment.place)
        cells, amendment.meta, match = annotation_columns.join(cells, amendment.meta, kept)
        if match.cells == 0:
            raise InputError(*_no_match(kept, amendment.meta))
        annotation_columns.write(kept, amendment.new(annotation.file))
        annotation_columns.write_cells(cells, amendment.place / CELLS)
    return Joined(annotation, match, store.read_meta(data_dir, dataset_id), kept.kinds)


def preview(data_dir: Path, dataset_id: str, wish: Wish) -> Joined:
    """What `annotate` would do, with the same errors; changes nothing."""
    place = store.folder(data_dir, dataset_id)
    kept = _read(data_dir, dataset_id, wish)
    name = _name(wish, annotation_columns.stored(place))
    meta = store.read_meta(data_dir, dataset_id)
    annotation_columns.check_new(kept.annotation.columns, meta)
    _, match = annotation_columns.rows_of(_column(place, kept.annotation.on), meta, kept.annotation.on, kept.keys)
    return Joined(replace(kept.annotation, name=name), match, meta, kept.kinds)


def listed(data_dir: Path, dataset_id: str) -> list[Joined]:
    """The annotations of a dataset as they meet it now, in the order in which they were added."""
    place = store.folder(data_dir, dataset_id).resolve()
    meta = store.read_meta(data_dir, dataset_id)
    found = []
    for annotation in annotation_columns.stored(place):
        kept = annotation_columns.read(place / annotation.file)
        _, match = annotation_columns.rows_of(_column(place, annotation.on), meta, annotation.on, kept.keys)
        found.append(Joined(annotation, match, meta, kept.kinds))
    return found


def remove(data_dir: Path, dataset_id: str, name: str) -> Annotation:
    """Take an annotation and its columns away.

    Raises NotFoundError with the nearest names, InputError where another annotation is matched with its columns.
    """
    with amend.amended(data_dir, dataset_id) as amendment:
        others = {a.name: a for a in annotation_columns.stored(amendment.place)}
        annotation = others.pop(name, None)
        if annotation is None:
            hint = did_you_mean(name, others) if others else "it has none"
            raise NotFoundError(f"{dataset_id} has no annotation '{name[:60]}'", hint)
        user = next((a.name for a in others.values() if a.on in annotation.columns), None)
        if user:
            raise InputError(f"annotation '{user}' is matched with a column of '{name}'", f"remove '{user}' first")
        cells = annotation_columns.read_cells(amendment.place)
        cells, amendment.meta = annotation_columns.without(cells, amendment.meta, annotation)
        amendment.remove(annotation.file)
        annotation_columns.write_cells(cells, amendment.place / CELLS)
    return annotation


def names_of(file: Path) -> tuple[str, ...]:
    """The columns of a table file. Raises InputError for what is none."""
    return open_table(file).names


def _read(data_dir: Path, dataset_id: str, wish: Wish) -> Kept:
    place = store.folder(data_dir, dataset_id)
    meta = store.read_meta(data_dir, dataset_id)
    _, on = annotation_tables.key_of(open_table(wish.file), meta, wish.key, wish.on)
    return annotation_tables.read(wish, meta, _column(place, on).column(on))


def _column(place: Path, name: str) -> pa.Table:
    """One column of the cell table, under its own name."""
    with reading(place / CELLS):
        return pq.read_table(place / CELLS, columns=[name])


def _no_match(kept: Kept, meta: DatasetMeta) -> tuple[str, str]:
    a = kept.annotation
    example = kept.keys[0].as_py()
    return (
        f"none of the {len(kept.keys):,} keys in column '{a.key}' of {a.source} (such as {example}) is a {a.on} of "
        f"{meta.id}",
        "--key and --on name other columns; ids of another version of the segmentation do not match",
    )


def _name(wish: Wish, others: Sequence[Annotation]) -> str:
    """Under what name the annotation is kept; InputError where another has it."""
    text = wish.name or wish.words
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        text = text.removesuffix(suffix)
    name = _NAME.sub("_", text).strip("._-")[:60] or "table"
    if any(name.lower() == other.name.lower() for other in others):
        raise InputError(
            f"an annotation '{name}' is there already",
            "give this one another --name, or take that away first with --remove",
        )
    return name
