"""Cells keep their nuclei from version to version: same, renamed, split, merged, vanished, unknown."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data_access import carry
from data_access.carry import Row
from data_access.dataset import Dataset, open_dataset
from data_access.errors import DamagedError, InputError, NotFoundError
from tests.data_access import versions
from tests.data_access.versions import FRAGMENT_GONE, FRAGMENT_SAME, NEW, NUCLEI, OLD, new, old

V1507, V1718 = "tiny_public-v1507", "tiny_public-v1718"
ROOTLESS = versions.ROOT + 902


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both versions, and nothing but their cell tables to carry by."""
    folder = tmp_path_factory.mktemp("bare")
    for version in (OLD, NEW):
        versions.make(folder / "data", folder / "files", version)
    return folder / "data"


@pytest.fixture(scope="module")
def data(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same where the pulls have stored the nuclei of the other version."""
    folder = tmp_path_factory.mktemp("versions") / "data"
    shutil.copytree(bare, folder)
    versions.write_others(folder, V1718, OLD)
    versions.write_others(folder, V1507, NEW)
    return folder


def both(folder: Path) -> tuple[Dataset, Dataset]:
    return open_dataset(folder, V1507), open_dataset(folder, V1718)


def fates(source: Dataset, target: Dataset, *ids: int) -> list[Row]:
    return list(carry.carry(source, target, ids).rows)


class TestCarry:
    def test_every_fate_is_told_apart(self, data: Path) -> None:
        rows = fates(*both(data), *(old(i) for i in (1, 2, 3, 4, 5, 6)))
        assert rows == [
            Row(old(1), 10, old(1), "same"),
            Row(old(2), 20, new(2), "renamed"),
            Row(old(3), 30, None, "vanished"),
            Row(old(4), 40, new(4), "merged"),
            Row(old(5), 50, new(4), "merged"),
            Row(old(6), 60, new(6), "split"),
            Row(old(6), 61, new(66), "split"),
        ]

    def test_by_a_second_route_every_nucleus_lies_where_the_tables_say(self, data: Path) -> None:
        source, target = both(data)
        for row in fates(source, target, *set(NUCLEI[OLD].values())):
            if row.nucleus_id is not None:
                assert NUCLEI[OLD][row.nucleus_id] == row.old_id
                assert (NUCLEI[NEW][row.nucleus_id] or None) == row.new_id

    def test_the_way_back_undoes_what_was_only_renamed(self, data: Path) -> None:
        source, target = both(data)
        there = {r.old_id: r.new_id for r in fates(source, target, *(old(i) for i in (1, 2, 7, 8)))}
        back = {r.old_id: r.new_id for r in fates(target, source, *(n for n in there.values() if n))}
        assert {back[new_id]: new_id for new_id in back} == there
        assert [r.what for r in fates(target, source, new(4))] == ["split", "split"]
        assert [r.what for r in fates(target, source, new(6), new(66))] == ["merged", "merged"]

    def test_a_fragment_is_the_same_while_its_id_lives(self, data: Path) -> None:
        rows = fates(*both(data), FRAGMENT_SAME, FRAGMENT_GONE)
        assert rows == [Row(FRAGMENT_SAME, None, FRAGMENT_SAME, "same"), Row(FRAGMENT_GONE, None, None, "unknown")]

    def test_a_fragment_is_carried_by_what_a_pull_has_stored(self, data: Path, tmp_path: Path) -> None:
        shutil.copytree(data, tmp_path / "data")
        rows = [(FRAGMENT_GONE, OLD, FRAGMENT_SAME), (FRAGMENT_GONE, 1400, new(2)), (ROOTLESS, OLD, 5)]
        versions.write_carried(tmp_path / "data", V1718, rows)
        found = fates(*both(tmp_path / "data"), FRAGMENT_GONE, ROOTLESS)
        assert found == [Row(FRAGMENT_GONE, None, FRAGMENT_SAME, "renamed"), Row(ROOTLESS, None, None, "unknown")]

    def test_where_a_cell_table_cannot_tell_nothing_is_said_to_have_vanished(self, bare: Path) -> None:
        """A table keeps a cell of several nuclei under none of them: a nucleus that it lacks may lie in such a cell."""
        whats = {row.old_id: row.what for row in fates(*both(bare), *(old(i) for i in (1, 2, 3, 4, 6)))}
        assert whats == {old(1): "same", old(2): "renamed", old(3): "unknown", old(4): "unknown", old(6): "unknown"}

    def test_without_cells_of_several_nuclei_a_table_does_tell(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(NUCLEI, OLD, {20: old(2), 30: old(3), 70: old(7)})
        monkeypatch.setitem(NUCLEI, NEW, {20: new(2), 30: 0, 70: new(7)})
        for version in (OLD, NEW):
            versions.make(tmp_path / "data", tmp_path / "files", version)
        rows = fates(*both(tmp_path / "data"), old(2), old(3))
        assert rows == [Row(old(2), 20, new(2), "renamed"), Row(old(3), 30, None, "vanished")]

    def test_each_cell_counts_once_and_only_changes_of_more_than_the_id_are_told(self, data: Path) -> None:
        result = carry.carry(*both(data), [old(6), old(6), old(2), old(1), old(3)])
        assert result.counts() == {"same": 1, "renamed": 1, "split": 1, "vanished": 1}
        assert [row.old_id for row in result.to_tell()] == [old(6), old(6), old(3)]

    def test_other_datastacks_servers_and_files_are_no_siblings(self, data: Path, tmp_path: Path) -> None:
        shutil.copytree(data, tmp_path / "data")
        folder = tmp_path / "data"
        versions.make(folder, tmp_path, OLD, "elsewhere", server="https://other.example.org")
        versions.make(folder, tmp_path, OLD, "other-stack", datastack="huge")
        versions.make(folder, tmp_path, OLD, "files-only", kind=None)
        versions.make(
            folder, tmp_path, NEW, "newest", version=1800, server="https://global.example.org/", time_stamp="2026-05-01"
        )
        (folder / "torn").mkdir()
        (folder / "torn" / "dataset.json").write_text("{")
        found = [m.id for m in carry.siblings(folder, open_dataset(folder, V1507).meta)]
        assert found == ["newest", V1718]
        assert carry.siblings(folder, open_dataset(folder, "files-only").meta) == []
        with pytest.raises(InputError, match="not versions of one datastack"):
            carry.carry(open_dataset(folder, V1507), open_dataset(folder, "elsewhere"), [old(1)])

    def test_a_damaged_file_is_one_line(self, data: Path, tmp_path: Path) -> None:
        shutil.copytree(data, tmp_path / "data")
        (tmp_path / "data" / V1718 / "other_versions.parquet").write_bytes(b"torn")
        with pytest.raises(DamagedError, match=r"other_versions\.parquet is missing or damaged"):
            carry.carry(*both(tmp_path / "data"), [old(2)])


class TestWhereIs:
    @pytest.mark.parametrize(
        ("cell", "message", "hint"),
        [
            (2, f"{old(2)} is from version 1507; its cell in {V1718} is {new(2)}", f"use {new(2)} here"),
            (6, f"{old(6)} is from version 1507; in {V1718} it is split into {new(6)} and {new(66)}",
             f"use {new(6)}, {new(66)} here"),
            (4, f"{old(4)} is from version 1507; in {V1718} it is merged with another cell into {new(4)}",
             f"use {new(4)} here"),
            (3, f"{old(3)} is from version 1507; its nucleus lies in no cell of {V1718}",
             f"it can be looked at in {V1507}"),
        ],
    )  # fmt: skip
    def test_an_id_of_another_version_says_where_it_is_from_and_what_it_is_here(
        self, data: Path, cell: int, message: str, hint: str
    ) -> None:
        dataset = open_dataset(data, V1718)
        with pytest.raises(NotFoundError) as one:
            dataset.code_of(str(old(cell)))
        assert (one.value.message, one.value.hint) == (message, hint)
        with pytest.raises(InputError) as alone:
            dataset.select(str(old(cell)))
        assert (alone.value.message, alone.value.hint) == (message, hint)

    def test_a_list_names_its_first_ids_from_elsewhere(self, data: Path) -> None:
        with pytest.raises(InputError) as caught:
            open_dataset(data, V1718).select(f"{old(1)}, {old(2)}, {old(7)}, 5")
        assert caught.value.message.startswith("3 cells are not in this dataset")
        assert f"its cell in {V1718} is {new(7)}" in caught.value.message
        assert caught.value.hint == f"use {new(2)} here; use {new(7)} here"

    def test_an_id_that_nothing_knows_is_only_not_there(self, data: Path) -> None:
        dataset = open_dataset(data, V1718)
        with pytest.raises(NotFoundError, match=f"no cell {versions.ROOT + 77} in"):
            dataset.code_of(str(versions.ROOT + 77))
        for odd in ("x", "", "9" * 30, "-1", "0", "1.5"):
            assert carry.where_is(data, dataset, odd) is None

    def test_a_version_that_was_never_pulled_is_known_by_its_nuclei(self, data: Path, tmp_path: Path) -> None:
        shutil.copytree(data, tmp_path / "data")
        shutil.rmtree(tmp_path / "data" / V1507)
        dataset = open_dataset(tmp_path / "data", V1718)
        found = carry.where_is(tmp_path / "data", dataset, str(old(2)))
        assert found is not None
        assert (found.version, found.known_in, found.rows) == (OLD, "", (Row(old(2), 20, new(2), "renamed"),))

    def test_a_fragment_that_nothing_carries_is_shown_the_way_back(self, data: Path) -> None:
        with pytest.raises(NotFoundError, match="which cell of tiny_public-v1718 it is, is not known") as caught:
            open_dataset(data, V1718).code_of(str(FRAGMENT_GONE))
        assert V1507 in caught.value.hint

    def test_a_cell_of_another_dataset_of_the_same_version_is_shown_the_way(self, data: Path, tmp_path: Path) -> None:
        shutil.copytree(data, tmp_path / "data")
        versions.make(tmp_path / "data", tmp_path, OLD, "twin", version=NEW)
        with pytest.raises(NotFoundError, match=f"{old(2)} is a cell of twin, not of {V1718}") as caught:
            open_dataset(tmp_path / "data", V1718).code_of(str(old(2)))
        assert "twin" in caught.value.hint

    def test_imported_files_have_no_versions(self, data: Path, tmp_path: Path) -> None:
        shutil.copytree(data, tmp_path / "data")
        versions.make(tmp_path / "data", tmp_path, NEW, "plain", kind=None)
        with pytest.raises(NotFoundError, match="no cell") as caught:
            open_dataset(tmp_path / "data", "plain").code_of(str(old(2)))
        assert caught.value.hint == ""
