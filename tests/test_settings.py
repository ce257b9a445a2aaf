"""Settings from the environment and the file."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import settings as module
from data_access.errors import InputError
from data_access.secret import Secret
from settings import Settings, bind_address, load_settings, table

DOC = Path(__file__).parent.parent / "docs" / "settings.md"


def load(cwd: Path, **names: str) -> Settings:
    return load_settings({f"SYNAPTOSCOPE_{name}": value for name, value in names.items()}, cwd)


def test_the_defaults(tmp_path: Path) -> None:
    s = load(tmp_path)
    assert s.data == tmp_path / "data"
    assert s.cache_dir == tmp_path / "data" / ".cache"
    assert s.redis_url is None
    assert (s.url_prefix, s.auth, s.log_level, s.trust_proxy) == ("/", "none", "info", 0)
    assert (s.secret_key, s.cave_token, s.neuprint_token) == (None, None, None)
    assert (s.workers, s.threads, s.cache_mb, s.connect) == (2, 8, 2000, "on")
    assert list(tmp_path.iterdir()) == []  # reading settings makes nothing


def test_values_of_the_environment(tmp_path: Path) -> None:
    s = load(tmp_path, DATA="sets", CACHE="/var/tmp/c", CAVE_TOKEN="t0ken", LOG_LEVEL="Debug", TRUST_PROXY="2")
    assert s.data == tmp_path / "sets"
    assert s.cache_dir == Path("/var/tmp/c")
    assert s.cave_token == Secret("t0ken")
    assert (s.log_level, s.trust_proxy) == ("debug", 2)


def test_redis_is_a_cache_and_leaves_a_directory_for_what_stays_here(tmp_path: Path) -> None:
    s = load(tmp_path, CACHE="redis://:pass@cache:6379/1")
    assert s.redis_url == "redis://:pass@cache:6379/1"
    assert s.cache_dir == tmp_path / "data" / ".cache"


@pytest.mark.parametrize(
    ("given_", "prefix"),
    [
        ("/", "/"),
        ("connect", "/connect/"),
        ("/connect", "/connect/"),
        ("/a//b/", "/a/b/"),
        ("/~lab_1/v1.2", "/~lab_1/v1.2/"),
    ],
)
def test_the_prefix_starts_and_ends_with_a_slash(tmp_path: Path, given_: str, prefix: str) -> None:
    assert load(tmp_path, URL_PREFIX=given_).url_prefix == prefix


@given(st.text(alphabet="/abz09._~-", max_size=20).filter(lambda t: not {".", ".."} & set(t.split("/"))))
def test_normalising_a_prefix_twice_changes_nothing(text: str) -> None:
    once = module._url_prefix(text, Path("/"))
    assert once.startswith("/")
    assert once.endswith("/")
    assert "//" not in once
    assert module._url_prefix(once, Path("/")) == once


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("URL_PREFIX", "/a?b=1", "expected a path such as / or /connect/"),
        ("URL_PREFIX", "/../etc", "expected a path"),
        ("CACHE", "memcached://x", "redis://host:6379/0"),
        ("CACHE", "redis://", "redis://host:6379/0"),
        ("CACHE", "redis://x:port", "redis://host:6379/0"),
        ("CACHE_MB", "-1", "expected a whole number from 0 to 10000000"),
        ("CACHE_MB", "1.5", "is '1.5'"),
        ("WORKERS", "0", "from 1 to 128"),
        ("THREADS", "many", "is 'many'"),
        ("TRUST_PROXY", "yes", "from 0 to 10"),
        ("LOG_LEVEL", "loud", "'debug' or 'info' or 'warning' or 'error'"),
        ("CAVE_SERVER", "global.daf-apis.com", "such as https://host"),
        ("NEUPRINT_SERVER", "https://me:pass@host", "no user name"),
        ("CATALOG_BASE", "ftp://x", "such as https://host"),
        ("SECRET_KEY", "short", "at least 16 characters"),
        ("AUTH", "oauth", "expected 'none'"),
        ("CONNECT", "maybe", "expected 'on' or 'off'"),
    ],
)
def test_a_bad_value_is_one_line_that_names_it_and_what_was_expected(
    tmp_path: Path, name: str, value: str, says: str
) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, **{name: value})
    assert caught.value.message.startswith(f"SYNAPTOSCOPE_{name} is ")
    assert says in caught.value.message
    assert "\n" not in str(caught.value)


def test_a_file_where_a_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    for names in ({}, {"DATA": "data"}):
        with pytest.raises(InputError, match="DATA is 'data'; expected a directory, and this is a file"):
            load(tmp_path, **names)
    assert load(tmp_path, DATA="sets").data == tmp_path / "sets"


def test_auth_by_a_proxy_is_refused_for_now(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this version serves only 'none'") as caught:
        load(tmp_path, AUTH="proxy")
    assert "reverse proxy" in caught.value.hint


def test_an_unknown_name_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="SYNAPTOSCOPE_CACH is no setting") as caught:
        load(tmp_path, CACH="x")
    assert caught.value.hint.startswith("did you mean SYNAPTOSCOPE_CACHE")
    with pytest.raises(InputError, match="no setting") as caught:
        load(tmp_path, ZZZ="")
    assert "docs/settings.md" in caught.value.hint
    with pytest.raises(InputError, match="SYNAPTOSCOPE_data is no setting"):
        load(tmp_path, data="x")


def test_other_names_are_none_of_ours(tmp_path: Path) -> None:
    names = {"SYNAPTOSCOPE_TEST_DATA": "/x", "PATH": "/bin", "SYNAPTOSCOPE": "1"}
    assert load_settings(names, tmp_path) == load_settings({}, tmp_path)


def test_an_empty_value_is_no_value(tmp_path: Path) -> None:
    assert load(tmp_path, DATA="", CAVE_TOKEN="", WORKERS="") == load(tmp_path)


# The file


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "synaptoscope.toml").write_text('data = "sets"\nworkers = 4\nthreads = 3\ncache = ""\n')
    s = load(tmp_path, WORKERS="5")
    assert (s.data, s.workers, s.threads) == (tmp_path / "sets", 5, 3)


def test_another_file_and_its_relative_paths(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "mine.toml").write_text('data = "../sets"\n')
    s = load(tmp_path, CONFIG="etc/mine.toml")
    assert s.data == tmp_path / "sets"
    assert s.config == tmp_path / "etc" / "mine.toml"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("datta = 'x'", "'datta' in .* is no setting"),
        ("datta = 'x'", "did you mean data"),
        ("config = 'x'", "'config' in .* is no setting"),
        ("workers = true", "workers in .* must be a text or a whole number"),
        ("workers = 2.0", "must be a text or a whole number"),
        ("[data]\nx = 1", "data in .* must be a text"),
        ("workers = 0", "workers in .* is '0'; expected a whole number from 1"),
        ("data = ", "is no TOML"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "synaptoscope.toml").write_text(text)
    with pytest.raises(InputError, match=says) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load(tmp_path, CONFIG="none.toml")


# Secrets


def test_no_secret_shows(tmp_path: Path) -> None:
    hidden = {
        "CAVE_TOKEN": "hush-cave-token",
        "NEUPRINT_TOKEN": "hush-neuprint-token",
        "SECRET_KEY": "hush-secret-key-0",
        "CACHE": "redis://:hush@cache:6379/1",
    }
    s = load(tmp_path, **hidden)
    shown = f"{s} {s!r} {s.cave_token} {s.cave_token!r} {s.secret_key:} {dataclasses.asdict(s)}"
    assert "hush" not in shown
    assert s.cave_token is not None
    assert s.cave_token.reveal() == "hush-cave-token"


@pytest.mark.parametrize(("name", "value"), [("SECRET_KEY", "hush"), ("CACHE", "redis://:hush@x:port")])
def test_a_bad_secret_is_not_repeated_in_the_error(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, **{name: value})
    assert "hush" not in str(caught.value)


# Address and documentation


@pytest.mark.parametrize(
    ("names", "address"),
    [
        ({}, "127.0.0.1:8050"),
        ({"HOST": "0.0.0.0", "PORT": "80"}, "0.0.0.0:80"),
        ({"HOST": "::1", "PORT": ""}, "[::1]:8050"),
        ({"HOST": "[::]"}, "[::]:8050"),
    ],
)
def test_host_and_port(names: dict[str, str], address: str) -> None:
    assert bind_address(names) == address


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "80 "])
def test_a_port_that_is_none(port: str) -> None:
    with pytest.raises(InputError, match=f"PORT is '{port}'; expected a whole number from 1 to 65535"):
        bind_address({"PORT": port})


def test_every_setting_is_documented() -> None:
    documented = DOC.read_text(encoding="utf-8")
    assert table() in documented, "run python -m settings and put its table into docs/settings.md"
    rows = re.findall(r"^\| `SYNAPTOSCOPE_([A-Z_]+)` \|.*\| (.+?) \|$", documented, re.MULTILINE)
    assert [name.lower() for name, _ in rows] == [f.name for f in dataclasses.fields(Settings)]
    assert all(meaning.endswith(".") for _, meaning in rows)


def test_every_token_and_key_is_marked_secret() -> None:
    secret = {f.name for f in dataclasses.fields(Settings) if f.metadata["secret"] == "yes"}
    assert secret == {f.name for f in dataclasses.fields(Settings) if re.search("token|key|password", f.name)}
