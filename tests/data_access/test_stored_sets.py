"""The store of cell sets: named by content, whole or not there, never outside its folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from data_access import stored_sets
from data_access.errors import InputError, NotFoundError, SynaptoscopeError, TooLargeError
from data_access.stored_sets import normalised, resolver, store


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1))
def test_what_is_stored_comes_back(tmp_path: Path, text: str) -> None:
    assume(normalised(text))
    name = store(tmp_path, text)
    assert resolver(tmp_path)(name) == normalised(text)
    assert store(tmp_path, resolver(tmp_path)(name)) == name


def test_line_ends_and_blanks_around_do_not_matter(tmp_path: Path) -> None:
    names = {store(tmp_path, text) for text in ("1\n2", "1\r\n2", "1\r2", "\n 1\n2 \r\n")}
    assert len(names) == 1
    assert store(tmp_path, "1 2") not in names


@pytest.mark.parametrize("name", ["", "..", "../x", "0" * 23, "0" * 25, "G" * 24, "A" * 24, "0" * 24, "a/b", "\0" * 24])
def test_a_name_that_is_none_finds_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.txt").write_text("outside")
    store(tmp_path, "1")
    with pytest.raises(NotFoundError, match="no stored set"):
        resolver(tmp_path)(name)


def test_empty_broken_and_huge_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="empty"):
        store(tmp_path, " \r\n\t")
    with pytest.raises(InputError, match="half of a character"):
        store(tmp_path, "a\ud800b")
    with pytest.raises(TooLargeError, match="5,000,000"):
        store(tmp_path, "1" * 5_000_001)
    assert not (tmp_path / ".sets").exists()


def test_a_full_store_refuses_new_sets_and_keeps_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = store(tmp_path, "1, 2, 3")
    monkeypatch.setattr(stored_sets, "MAX_TOTAL_BYTES", 10)
    with pytest.raises(TooLargeError, match="full"):
        store(tmp_path, "4, 5, 6")
    assert store(tmp_path, "1, 2, 3") == name
    assert resolver(tmp_path)(name) == "1, 2, 3"


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / ".sets").write_text("a file in the way")
    with pytest.raises(SynaptoscopeError, match="this server cannot store cell sets"):
        store(tmp_path, "1")


def test_nothing_but_whole_sets_lies_in_the_store(tmp_path: Path) -> None:
    names = {store(tmp_path, str(i)) for i in range(20)}
    assert {path.name for path in (tmp_path / ".sets").iterdir()} == {f"{name}.txt" for name in names}
