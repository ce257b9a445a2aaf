"""The registry of built-in datasets: what is missing is built, what is there is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data_access import builtin
from data_access.catalog import load_catalog
from data_access.errors import NotFoundError, SynaptoscopeError
from data_access.metadata import DatasetMeta


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Builders that write an empty dataset.json; the ids in the order they were built."""
    log: list[str] = []

    def builder(dataset_id: str) -> builtin.Builder:
        def build(data_dir: Path, progress: builtin.Progress | None) -> DatasetMeta:
            (data_dir / dataset_id).mkdir()
            (data_dir / dataset_id / "dataset.json").write_text(json.dumps({"id": dataset_id}))
            log.append(dataset_id)
            return DatasetMeta(id=dataset_id, title=dataset_id)

        return build

    monkeypatch.setattr(builtin, "BUILTIN", {name: builder(name) for name in ("one", "two", "three")})
    return log


def test_what_is_missing_is_built_once(built: list[str], tmp_path: Path) -> None:
    builtin.build("two", tmp_path)
    assert builtin.ensure_builtin(tmp_path) == ["one", "three"]
    assert builtin.ensure_builtin(tmp_path) == []
    assert built == ["two", "one", "three"]


def test_one_that_fails_keeps_no_other_back(built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(data_dir: Path, progress: builtin.Progress | None) -> DatasetMeta:
        raise SynaptoscopeError("no network", "plug it in")

    monkeypatch.setattr(builtin, "BUILTIN", {"first": offline, **builtin.BUILTIN})
    with pytest.raises(SynaptoscopeError, match="first: no network") as error:
        builtin.ensure_builtin(tmp_path)
    assert error.value.hint == "plug it in"
    assert built == ["one", "two", "three"]


def test_an_unknown_name_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no built-in dataset 'demo-colum'") as error:
        builtin.build("demo-colum", tmp_path)
    assert "demo-column" in error.value.hint


def test_the_catalogue_lists_every_built_in_dataset() -> None:
    listed = {entry.dataset for entry in load_catalog().values() if entry.builtin}
    assert listed == set(builtin.BUILTIN)
