"""Names for stored cell sets: saved, listed, renamed, deleted, one list a dataset."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_access import set_names, stored_sets
from data_access.errors import InputError, NotFoundError, TooLargeError


def test_a_set_is_saved_listed_renamed_and_deleted(tmp_path: Path) -> None:
    made = set_names.save(tmp_path, "minnie", " my   baskets ", "cell_type == 'BC'", 63)
    assert made.name == "my baskets"
    assert stored_sets.resolver(tmp_path)(made.set) == "cell_type == 'BC'"
    set_names.save(tmp_path, "minnie", "Apples", "1, 2", 2)
    assert [s.name for s in set_names.listed(tmp_path, "minnie")] == ["Apples", "my baskets"]
    assert set_names.listed(tmp_path, "worm") == []
    assert set_names.rename(tmp_path, "minnie", "MY baskets", "Baskets").set == made.set
    assert [s.name for s in set_names.listed(tmp_path, "minnie")] == ["Apples", "Baskets"]
    set_names.rename(tmp_path, "minnie", "Baskets", "baskets")
    set_names.delete(tmp_path, "minnie", "BASKETS")
    assert [s.name for s in set_names.listed(tmp_path, "minnie")] == ["Apples"]
    assert stored_sets.resolver(tmp_path)(made.set) == "cell_type == 'BC'"  # links to it stay good


def test_a_name_that_is_there_stands_for_the_new_set(tmp_path: Path) -> None:
    set_names.save(tmp_path, "minnie", "mine", "1", 1)
    second = set_names.save(tmp_path, "minnie", "Mine", "1, 2", 2)
    assert set_names.listed(tmp_path, "minnie") == [second]


def test_a_new_name_must_be_free_and_an_old_one_there(tmp_path: Path) -> None:
    set_names.save(tmp_path, "minnie", "one", "1", 1)
    set_names.save(tmp_path, "minnie", "two", "2", 1)
    with pytest.raises(InputError, match="'two' already"):
        set_names.rename(tmp_path, "minnie", "one", "two")
    with pytest.raises(NotFoundError, match="no cell set named 'thre'") as missing:
        set_names.delete(tmp_path, "minnie", "thre")
    assert "two" in missing.value.hint or "one" in missing.value.hint
    assert [s.name for s in set_names.listed(tmp_path, "minnie")] == ["one", "two"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x07b", "\u202eabc"])
def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="1 to 80 characters"):
        set_names.save(tmp_path, "minnie", name, "1", 1)
    assert not (tmp_path / ".sets").exists()


@pytest.mark.parametrize("name", ["../../etc", "a/b", "CON", ".", "naïve 集合", "'; DROP TABLE"])
def test_no_name_is_a_path(tmp_path: Path, name: str) -> None:
    set_names.save(tmp_path, "minnie", name, "1", 1)
    assert [s.name for s in set_names.listed(tmp_path, "minnie")] == [name]
    assert all(path.name.endswith(".json") for path in (tmp_path / ".sets" / "names" / "minnie").iterdir())
    assert {p.name for p in tmp_path.iterdir()} == {".sets"}


def test_there_are_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_names, "MAX_NAMES", 2)
    for name in ("a", "b", "a"):
        set_names.save(tmp_path, "minnie", name, "1", 1)
    with pytest.raises(TooLargeError):
        set_names.save(tmp_path, "minnie", "c", "1", 1)


def test_a_damaged_file_hides_only_itself(tmp_path: Path) -> None:
    set_names.save(tmp_path, "minnie", "a", "1", 1)
    (tmp_path / ".sets" / "names" / "minnie" / "bad.json").write_text("{")
    assert [s.name for s in set_names.listed(tmp_path, "minnie")] == ["a"]
