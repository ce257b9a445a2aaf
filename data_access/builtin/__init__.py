"""The datasets that are there from the first start, and how each is built."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from data_access import store
from data_access.errors import NotFoundError, SynaptoscopeError, did_you_mean
from data_access.metadata import DatasetMeta

Progress = Callable[[str, int], None]
Builder = Callable[[Path, Progress | None], DatasetMeta]
DOWNLOADS = ".downloads"


def _celegans(data_dir: Path, progress: Progress | None) -> DatasetMeta:
    from data_access.builtin import celegans
    from data_access.importer import import_dataset

    if progress is not None:
        progress(f"download {celegans.WHEEL.filename}", 0)
    worm = celegans.read_wheel(celegans.obtain_wheel(data_dir / DOWNLOADS))
    with tempfile.TemporaryDirectory() as folder:
        return import_dataset(data_dir, celegans.write_sources(worm, Path(folder)), progress)


def _demo_column(data_dir: Path, progress: Progress | None) -> DatasetMeta:
    from data_access.builtin import demo_column
    from data_access.importer import import_dataset

    if progress is not None:
        progress("generate demo-column", 0)
    column = demo_column.generate()
    with tempfile.TemporaryDirectory() as folder:
        spec = demo_column.write_sources(column, Path(folder))
        return import_dataset(data_dir, spec, progress, prepare=lambda place: demo_column.write_extras(column, place))


BUILTIN: Mapping[str, Builder] = {"celegans-cook2019": _celegans, "demo-column": _demo_column}


def build(dataset_id: str, data_dir: Path, progress: Progress | None = None) -> DatasetMeta:
    """Build one built-in dataset; NotFoundError for another name, InputError when it is there already."""
    if dataset_id not in BUILTIN:
        raise NotFoundError(f"no built-in dataset '{dataset_id}'", did_you_mean(dataset_id, BUILTIN))
    return BUILTIN[dataset_id](data_dir, progress)


def ensure_builtin(data_dir: Path, progress: Progress | None = None) -> list[str]:
    """Build the built-in datasets that `data_dir` lacks and return their ids.

    One that cannot be built (no network, say) keeps none of the others back; its error is raised at the end.
    """
    there = store.ids(data_dir)
    made: list[str] = []
    failed: SynaptoscopeError | None = None
    for dataset_id in BUILTIN:
        if dataset_id in there:
            continue
        try:
            build(dataset_id, data_dir, progress)
            made.append(dataset_id)
        except SynaptoscopeError as error:
            failed = failed or type(error)(f"{dataset_id}: {error.message}", error.hint)
    if failed is not None:
        raise failed
    return made
