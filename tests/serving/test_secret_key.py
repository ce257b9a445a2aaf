"""One secret key for all workers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import flask
import pytest

import serving
from data_access.errors import InputError
from data_access.secret import Secret
from serving.secret_key import shared_secret
from settings import Settings


def test_the_first_start_makes_one_that_stays(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    key = shared_secret(settings)
    assert len(key) == 64
    assert shared_secret(settings) == key
    assert shared_secret(Settings(data=tmp_path / "other")) != key


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    shared_secret(settings)
    file = tmp_path / ".cache" / "secret_key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    file.chmod(0o644)
    shared_secret(settings)
    assert file.stat().st_mode & 0o777 == 0o600


def test_workers_that_start_together_agree(tmp_path: Path) -> None:
    for number in range(20):
        settings = Settings(data=tmp_path / str(number))
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(lambda _: shared_secret(settings), range(8)))) == 1  # noqa: B023
        assert [f.name for f in settings.cache_dir.iterdir()] == ["secret_key"]


def test_a_given_key_is_used_and_nothing_is_stored(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, secret_key=Secret("given-given-given"))
    assert shared_secret(settings) == "given-given-given"
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_key_stops_the_start_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "secret_key").write_text("")
    with pytest.raises(InputError, match="damaged") as caught:
        shared_secret(Settings(data=tmp_path))
    assert "delete the file" in caught.value.hint


def test_where_none_can_be_kept_the_server_starts_with_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    server = flask.Flask("small")
    serving.install(server, Settings(data=tmp_path, cache=tmp_path / "file" / "cache"))
    assert len(str(server.secret_key)) == 64
    assert "set SYNAPTOSCOPE_SECRET_KEY" in caplog.text
