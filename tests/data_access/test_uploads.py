"""Files that a browser sends: given back by their key for a day, under a name that leads nowhere else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from data_access import uploads
from data_access.errors import InputError, NotFoundError, TooLargeError


def test_a_file_comes_back_under_its_name(tmp_path: Path) -> None:
    key = uploads.keep(tmp_path, "cells of mine.csv", b"a,b\n1,2\n")
    assert uploads.keep(tmp_path, "cells of mine.csv", b"a,b\n1,2\n") == key
    found = uploads.find(tmp_path, key)
    assert (found.name, found.read_bytes()) == ("cells of mine.csv", b"a,b\n1,2\n")
    assert uploads.keep(tmp_path, "other.csv", b"a,b\n1,2\n") != key


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\x\\t.csv", "t.csv"),
        ("a\n<b>.csv", "a__b_.csv"),
        ("x" * 300 + ".csv", None),
    ],
)
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str, kept: str | None) -> None:
    found = uploads.find(tmp_path, uploads.keep(tmp_path, name, b"1"))
    assert found.parent.parent == tmp_path / uploads.FOLDER
    assert found.name == kept if kept else len(found.name) == 100 and found.suffix == ".csv"


@pytest.mark.parametrize("key", ["", "..", "../datasets", "0" * 31, "0" * 32, "g" * 32])
def test_an_unknown_key_finds_nothing(tmp_path: Path, key: str) -> None:
    uploads.keep(tmp_path, "t.csv", b"1")
    with pytest.raises(NotFoundError, match="no longer here"):
        uploads.find(tmp_path, key)


def test_what_is_too_large_or_has_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match="larger than 22 MB"):
        uploads.keep(tmp_path, "t.csv", bytes(uploads.MAX_BYTES + 1))
    with pytest.raises(InputError, match="no name"):
        uploads.keep(tmp_path, "..", b"1")


def test_it_goes_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (uploads.keep(tmp_path, f"{name}.csv", b"1") for name in ("old", "new"))
    past = time.time() - uploads.KEPT_S - 60
    os.utime(tmp_path / uploads.FOLDER / old, (past, past))
    uploads.keep(tmp_path, "next.csv", b"1")
    assert uploads.find(tmp_path, new).name == "new.csv"
    with pytest.raises(NotFoundError):
        uploads.find(tmp_path, old)
    monkeypatch.setattr(uploads, "MAX_TOGETHER", 1)
    uploads.keep(tmp_path, "more.csv", b"12")
    with pytest.raises(NotFoundError):
        uploads.find(tmp_path, new)
