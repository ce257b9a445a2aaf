"""The data folder: a dataset is visible whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_access import metadata, store
from data_access.errors import InputError, NotFoundError, SynaptoscopeError
from data_access.metadata import Column, DatasetMeta, ImportLedger, LeftOut


def build(data: Path, dataset_id: str, title: str = "t") -> None:
    with store.building(data, dataset_id) as place:
        (place / "graph").mkdir()
        (place / "graph" / "a.npy").write_bytes(b"12345")
        meta = DatasetMeta(id=dataset_id, title=title, files=store.records(place))
        metadata.write(meta, place / "dataset.json")
        assert dataset_id not in store.ids(data)


def test_a_dataset_becomes_visible_at_the_end(tmp_path: Path) -> None:
    assert store.ids(tmp_path / "none") == []
    build(tmp_path / "new" / "data", "x")
    assert store.ids(tmp_path / "new" / "data") == ["x"]
    assert sorted(path.name for path in (tmp_path / "new" / "data").iterdir()) == [".locks", "x"]


def test_ids_are_sorted_and_other_folders_are_none(tmp_path: Path) -> None:
    for name in ("b", "a", "C.1-2_3"):
        build(tmp_path, name)
    for other in (".building-z@1", "no json", "é"):
        (tmp_path / other).mkdir()
        (tmp_path / other / "dataset.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    assert store.ids(tmp_path) == ["C.1-2_3", "a", "b"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def fail(place: Path) -> None:
        (place / "half").write_text("written")
        raise RuntimeError

    with pytest.raises(RuntimeError), store.building(tmp_path, "x") as place:
        fail(place)
    assert [path.name for path in tmp_path.iterdir()] == [".locks"]
    build(tmp_path, "x")


def test_what_a_killed_build_left_behind_goes_with_the_next(tmp_path: Path) -> None:
    left, other = tmp_path / ".building-x@4711", tmp_path / ".building-xx@4711"
    for folder in (left, other):
        folder.mkdir()
        (folder / "half").write_text("written")
    build(tmp_path, "x")
    assert not left.exists()
    assert other.exists(), "another dataset's is not ours to clear"


def test_a_taken_id_is_refused(tmp_path: Path) -> None:
    build(tmp_path, "x", "first")
    with pytest.raises(InputError, match="exists already"):
        build(tmp_path, "x", "second")
    assert store.read_meta(tmp_path, "x").title == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".locks", "x"]


def grow(data: Path, number: int, dataset_id: str = "x") -> None:
    with store.claimed(data, dataset_id), store.next_generation(data, dataset_id, number) as place:
        metadata.write(DatasetMeta(dataset_id, f"generation {number}", generation=number), place / "dataset.json")


def test_the_next_generation_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        grow(tmp_path, number)
        assert store.read_meta(tmp_path, "x").generation == number
        assert store.ids(tmp_path) == ["x"]
    kept = sorted(p.name for p in store.growing(tmp_path, "x").iterdir())
    assert kept == ["generation-2", "generation-3"], "whoever reads the one before goes on reading it"


def test_a_generation_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    grow(tmp_path, 1)

    def fail() -> None:
        with store.claimed(tmp_path, "x"), store.next_generation(tmp_path, "x", 2) as place:
            (place / "half").write_text("written")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.read_meta(tmp_path, "x").generation == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [".growing", ".locks", "x"]
    (store.growing(tmp_path, "x") / "generation-2").mkdir()  # killed between the rename and the turn of the link
    grow(tmp_path, 2)
    assert store.read_meta(tmp_path, "x").generation == 2


def test_an_imported_dataset_does_not_grow(tmp_path: Path) -> None:
    build(tmp_path, "x", "imported")
    with pytest.raises(InputError, match="not one that grows"):
        grow(tmp_path, 1)
    assert store.read_meta(tmp_path, "x").title == "imported"


def test_a_dataset_that_grows_is_removed_with_what_it_was_made_from(tmp_path: Path) -> None:
    grow(tmp_path, 1)
    (store.growing(tmp_path, "x") / "piece").write_text("rows")
    with store.claimed(tmp_path, "x"), pytest.raises(InputError, match="at this moment"):
        store.remove(tmp_path, "x")
    store.remove(tmp_path, "x")
    assert store.ids(tmp_path) == []
    assert not store.growing(tmp_path, "x").exists()


def test_an_unknown_dataset_gets_the_nearest_ids(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="holds no dataset yet"):
        store.folder(tmp_path, "minie")
    build(tmp_path, "minnie65")
    with pytest.raises(NotFoundError, match="did you mean 'minnie65'"):
        store.folder(tmp_path, "minie65")
    with pytest.raises(NotFoundError):
        store.folder(tmp_path, "../minnie65")


def test_a_removed_dataset_is_gone(tmp_path: Path) -> None:
    build(tmp_path, "x")
    store.remove(tmp_path, "x")
    assert [path.name for path in tmp_path.iterdir()] == [".locks"]
    with pytest.raises(NotFoundError):
        store.remove(tmp_path, "x")


@pytest.mark.parametrize("good", ["a", "minnie65_public-v1718", "hemibrain-v1.2.1", "0", "x" * 100])
def test_ids_that_can_name_a_dataset(good: str) -> None:
    assert store.check_id(good) == good


@pytest.mark.parametrize("bad", ["", ".", "..", "-a", "_a", "a/b", "a b", "a\n", "x" * 101, "ä"])
def test_ids_that_cannot(bad: str) -> None:
    with pytest.raises(InputError, match="cannot be a dataset id"):
        store.check_id(bad)


def test_a_description_comes_back_as_it_was(tmp_path: Path) -> None:
    meta = DatasetMeta(
        id="x", title="Ä title", voxel_nm=(4, 4, 40), capabilities=("matrix",), measures=("latency",),
        columns={"cell_id": Column("id", "meaning")}, synapse_columns={"size": Column("number")},
        aliases={"root": "cell_id"}, n_cells=3,
        ledger=ImportLedger(3, 2, (LeftOut("why", 1),), columns_left_out=(LeftOut("why", 0, "a"),), notes=("n",)),
        files={"cells.parquet": metadata.FileRecord("ab", 12)},
    )  # fmt: skip
    metadata.write(meta, tmp_path / "dataset.json")
    assert metadata.read(tmp_path / "dataset.json") == meta


def test_a_description_may_hold_more_than_we_know_but_no_later_format(tmp_path: Path) -> None:
    path = tmp_path / "dataset.json"
    path.write_text('{"id": "x", "title": "t", "colour": "red"}')
    assert metadata.read(path).title == "t"
    path.write_text('{"id": "x", "title": "t", "format": 2}')
    with pytest.raises(SynaptoscopeError, match="written by a later version"):
        metadata.read(path)


def test_the_fingerprint_changes_with_the_data() -> None:
    first = DatasetMeta(id="x", title="t", created="2026-01-01T00:00:00Z")
    assert first.fingerprint != DatasetMeta(id="x", title="t", created="2026-01-01T00:00:01Z").fingerprint
    assert first.fingerprint != DatasetMeta(id="x", title="t", created=first.created, generation=2).fingerprint
