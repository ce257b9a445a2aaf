"""Stored results: whole or not at all, read again as they were."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from data_access import results
from data_access.results import packed, results_of, unpacked


def test_a_table_is_read_again_as_it_was(tmp_path: Path) -> None:
    table = pa.table({"a": [2**60, None], "b": ["x", None]}).replace_schema_metadata({"about": "é"})
    kept = results_of(tmp_path)
    assert kept.find("0" * 64) is None
    kept.keep("0" * 64, packed(table))
    found = kept.find("0" * 64)
    assert found is not None
    assert unpacked(found).equals(table, check_metadata=True)


def test_a_damaged_or_half_written_result_is_none(tmp_path: Path) -> None:
    kept = results_of(tmp_path)
    kept.keep("0" * 64, packed(pa.table({"a": [1, 2, 3]})))
    (path,) = (p for p in (tmp_path / results.FOLDER).rglob("0" * 64) if p.is_file())
    path.write_bytes(path.read_bytes()[:-5])
    assert kept.find("0" * 64) is None


def test_results_do_not_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "LIMIT_MB", 1)
    results.results_of.cache_clear()
    kept = results_of(tmp_path)
    for k in range(20):
        kept.keep(f"{k:064d}", bytes(200_000))
    files = [p for p in (tmp_path / results.FOLDER).rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= 1_300_000
    results.results_of.cache_clear()


def test_where_nothing_can_be_stored_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = results_of(tmp_path / "file")
    kept.keep("0" * 64, b"x")
    assert kept.find("0" * 64) is None
