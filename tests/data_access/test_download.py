"""Downloads over bad lines: what is kept, what is asked again, what is refused, and in which words."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access import download as module
from data_access.download import download
from data_access.errors import InputError, NotFoundError, SynaptoscopeError
from data_access.http_answers import Origin, WrongFile
from tests.data_access.file_server import FileServer, serving

DATA = random.Random(1).randbytes(300_000)
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving({"data.bin": DATA}) as state:
        yield state


def fetch(server: FileServer, folder: Path, **options: object) -> Path:
    given_ = {"backoff": 0.0, "timeout": 5.0} | options
    return download(f"{server.url}/data.bin", folder / "data.bin", **given_)  # type: ignore[arg-type]


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.endswith((".lock", ".source.json")))


def test_a_file_arrives_whole_and_tells_its_progress(server: FileServer, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    target = fetch(server, tmp_path, progress=lambda done, total: told.append((done, total)), sha256=SHA)
    assert target.read_bytes() == DATA
    assert told[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert leftovers(tmp_path) == ["data.bin"]


def test_no_bar_is_drawn_where_stderr_is_no_terminal(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(server, tmp_path)
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out == ""


def test_a_broken_connection_is_continued_where_it_stopped(server: FileServer, tmp_path: Path) -> None:
    server.drop_after = [100_000, 90_000]
    target = fetch(server, tmp_path, sha256=SHA)
    assert target.read_bytes() == DATA
    assert server.statuses == [200, 206, 206]
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for _, asked, _ in server.seen if asked]
    assert 0 < starts[0] <= 100_000
    assert starts[0] < starts[1] <= 190_000


def test_a_later_call_continues_what_an_earlier_one_left(server: FileServer, tmp_path: Path) -> None:
    server.drop_after = [120_000]
    with pytest.raises(SynaptoscopeError, match="download failed 1 times") as stopped:
        fetch(server, tmp_path, retries=0)
    assert "repeat the command to continue" in stopped.value.hint
    held = (tmp_path / "data.bin.part").stat().st_size
    assert not (tmp_path / "data.bin").exists()
    fetch(server, tmp_path)
    assert server.seen[-1][1:] == (f"bytes={held}-", 206)
    assert (tmp_path / "data.bin").read_bytes() == DATA


def test_a_server_without_ranges_is_asked_for_everything(server: FileServer, tmp_path: Path) -> None:
    server.ranges = False
    server.drop_after = [100_000]
    assert fetch(server, tmp_path).read_bytes() == DATA
    assert server.statuses == [200, 200]


@pytest.mark.parametrize("setting", ["etag", "weak_etag", "neither"])
def test_a_file_that_changed_meanwhile_is_fetched_from_the_start(
    server: FileServer, tmp_path: Path, setting: str
) -> None:
    server.weak_etag = setting == "weak_etag"
    server.etag = setting != "neither"
    server.drop_after = [100_000]
    with pytest.raises(SynaptoscopeError):
        fetch(server, tmp_path, retries=0)
    changed = DATA[::-1] + b"and more"
    server.files["data.bin"] = changed
    assert fetch(server, tmp_path).read_bytes() == changed


def test_a_part_of_another_address_is_not_continued(server: FileServer, tmp_path: Path) -> None:
    server.files["other.bin"] = b"x" * len(DATA)
    server.drop_after = [100_000]
    with pytest.raises(SynaptoscopeError):
        download(f"{server.url}/other.bin", tmp_path / "data.bin", retries=0, backoff=0.0)
    assert fetch(server, tmp_path).read_bytes() == DATA


def test_a_part_with_foreign_bytes_is_thrown_away_when_the_checksum_tells(server: FileServer, tmp_path: Path) -> None:
    server.drop_after = [100_000]
    with pytest.raises(SynaptoscopeError):
        fetch(server, tmp_path, retries=0)
    part = tmp_path / "data.bin.part"
    part.write_bytes(b"?" * part.stat().st_size)
    assert fetch(server, tmp_path, sha256=SHA).read_bytes() == DATA


def test_a_part_that_is_whole_already_only_needs_its_name(server: FileServer, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    (tmp_path / "data.bin").rename(tmp_path / "data.bin.part")
    server.seen.clear()
    assert fetch(server, tmp_path).read_bytes() == DATA
    assert server.statuses == [416]


def test_trouble_at_the_server_passes(server: FileServer, tmp_path: Path) -> None:
    server.fail_first = 3
    assert fetch(server, tmp_path).read_bytes() == DATA
    assert server.statuses == [500, 500, 500, 200]


def test_trouble_that_stays_is_told_in_one_line(server: FileServer, tmp_path: Path) -> None:
    server.fail_first = 99
    with pytest.raises(SynaptoscopeError, match=r"download failed 3 times: .*answers 500") as error:
        fetch(server, tmp_path, retries=2)
    assert "\n" not in str(error.value)
    assert len(server.seen) == 3
    assert leftovers(tmp_path) == []


def test_the_server_may_ask_for_patience(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    server.fail_first, server.fail_status, server.retry_after = 2, 429, "7"
    fetch(server, tmp_path, backoff=1.0)
    assert waits == [7.0, 7.0]


def test_waits_grow_and_end(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    server.fail_first = 99
    with pytest.raises(SynaptoscopeError):
        fetch(server, tmp_path, backoff=1.0, retries=8)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_headway_earns_new_retries(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEADWAY_BYTES", 10_000)
    server.drop_after = [70_000] * 4
    assert fetch(server, tmp_path, retries=1, sha256=SHA).read_bytes() == DATA


def test_no_file_there(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no file at http://127.*nosuch.csv \(404\)"):
        download(f"{server.url}/nosuch.csv", tmp_path / "nosuch.csv")
    assert len(server.seen) == 1


def test_a_refusal_is_not_asked_twice(server: FileServer, tmp_path: Path) -> None:
    server.fail_first, server.fail_status = 9, 403
    with pytest.raises(InputError, match="403 Forbidden"):
        fetch(server, tmp_path)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "application/octet-stream"),
        (b"\n <html><body>proxy</body></html>", "application/octet-stream"),
        (b"anything", "text/html; charset=utf-8"),
    ],
)
def test_a_web_page_is_not_data(server: FileServer, tmp_path: Path, body: bytes, kind: str) -> None:
    server.files["data.bin"], server.content_type = body, kind
    with pytest.raises(WrongFile, match=r"gives a web page, not the file data\.bin"):
        fetch(server, tmp_path)
    assert not (tmp_path / "data.bin").exists()


def test_a_git_lfs_pointer_is_not_data(server: FileServer, tmp_path: Path) -> None:
    server.files["data.bin"] = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
    with pytest.raises(WrongFile, match="Git LFS pointer"):
        fetch(server, tmp_path)


def test_a_body_shorter_than_announced_is_refused(server: FileServer, tmp_path: Path) -> None:
    server.lie_about_length = 1_000
    server.etag = False
    server.ranges = False
    with pytest.raises(SynaptoscopeError, match=r"connection (broke|ended) after .* of 301,000"):
        fetch(server, tmp_path, retries=1)
    assert not (tmp_path / "data.bin").exists()


def test_a_wrong_size_is_seen_before_the_body_is_read(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(WrongFile, match="has 300,000 bytes, but the catalogue says 299,999"):
        fetch(server, tmp_path, expected_size=299_999)
    assert leftovers(tmp_path) == []


def test_a_wrong_checksum_leaves_nothing(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(WrongFile, match="wrong checksum") as error:
        fetch(server, tmp_path, sha256="0" * 64)
    assert SHA[:16] in error.value.message
    assert leftovers(tmp_path) == []
    assert len(server.seen) == 1


def test_a_file_that_is_here_with_its_checksum_needs_no_network(server: FileServer, tmp_path: Path) -> None:
    fetch(server, tmp_path, sha256=SHA)
    server.seen.clear()
    fetch(server, tmp_path, sha256=SHA)
    assert server.seen == []


def test_a_file_that_is_here_is_fetched_again_only_if_it_changed(server: FileServer, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    fetch(server, tmp_path)
    assert server.statuses == [200, 304]
    server.files["data.bin"] = b"a new release"
    assert fetch(server, tmp_path).read_bytes() == b"a new release"


def test_a_file_of_another_address_is_not_taken_for_this_one(server: FileServer, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    with serving({"data.bin": b"the mirror's own"}) as mirror:
        assert fetch(mirror, tmp_path).read_bytes() == b"the mirror's own"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "data.csv", ""])
def test_only_http_addresses(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="not an http or https address"):
        download(url, tmp_path / "x")


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with serving() as state:
        url = state.url
    with pytest.raises(SynaptoscopeError, match=r"no answer from 127.0.0.1:\d+: .*Connection refused") as error:
        download(f"{url}/x", tmp_path / "x", retries=1, backoff=0.0)
    assert "\n" not in str(error.value)


def test_a_disk_without_room_is_noticed_before(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1_000)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(InputError, match=r"the disk is full: data\.bin: 300,000 bytes to come, 1,000 free"):
        fetch(server, tmp_path)


def test_a_disk_that_fills_up_keeps_what_has_arrived(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(module.os, "fsync", full)
        with pytest.raises(InputError, match="the disk is full") as error:
            fetch(server, tmp_path)
    assert "continues where it stopped" in error.value.hint
    assert leftovers(tmp_path) == ["data.bin.part"]
    assert fetch(server, tmp_path, sha256=SHA).read_bytes() == DATA


def test_two_processes_do_not_write_one_file(server: FileServer, tmp_path: Path) -> None:
    with FileLock(tmp_path / "data.bin.lock"), pytest.raises(InputError, match="by another process"):
        fetch(server, tmp_path)


def _download_until_killed(url: str, target: str) -> None:
    download(url, Path(target), retries=1_000_000, backoff=0.01)


def test_a_killed_download_is_continued(server: FileServer, tmp_path: Path) -> None:
    # The first answer breaks off and every later one is trouble, until the process is killed.
    server.drop_after, server.fail_after = [100_000], 1
    target = tmp_path / "data.bin"
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_download_until_killed, args=(f"{server.url}/data.bin", str(target)))
    child.start()
    deadline = time.monotonic() + 60
    while len(server.seen) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    child.join()
    assert not target.exists()
    server.fail_after = 1_000_000
    server.seen.clear()
    assert fetch(server, tmp_path, sha256=SHA).read_bytes() == DATA
    assert server.statuses == [206]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_breaks_the_bytes_are_right(data: st.DataObject) -> None:
    """Any file, any breaks, any kind of server: the same bytes, or an error and no file."""
    # The first byte keeps it from being a web page, which is refused.
    body = b"\x01" + data.draw(st.binary(max_size=3_000))
    drops = data.draw(st.lists(st.integers(0, 3_000), max_size=4))
    with serving({"data.bin": body}) as server, pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "BLOCK_BYTES", 256)
        server.ranges = data.draw(st.booleans())
        server.etag = data.draw(st.booleans())
        server.weak_etag = data.draw(st.booleans())
        server.reset = data.draw(st.booleans())
        server.drop_after = drops
        with tempfile.TemporaryDirectory() as folder:
            target = download(f"{server.url}/data.bin", Path(folder) / "data.bin", retries=6, backoff=0.0)
            assert target.read_bytes() == body


def test_what_is_known_of_two_versions_decides() -> None:
    one = Origin("u", '"a"', "", 5)
    assert one.same_version(Origin("u", '"a"', "Mon", 5))
    assert not one.same_version(Origin("u", '"b"', "", 5))
    assert not one.same_version(Origin("u", '"a"', "", 6))
    assert not Origin("u").same_version(Origin("u"))
    assert Origin("u", 'W/"a"', "Mon").continuation(3) == {"Range": "bytes=3-", "If-Range": "Mon"}
