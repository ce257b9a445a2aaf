"""The results cache: one computation at a time, survives damage, never needed."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import cache as module
from data_access import cache_stores
from data_access.cache import ResultCache, ResultKey, code_version

KEY = ResultKey("worm", 1, "worm.g1.2026", "measure=binary", "png")


@pytest.fixture(autouse=True)
def _warnings_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever level an app that was made in this process has left behind."""
    caplog.set_level(logging.WARNING)


class Counted:
    """A computation that knows how often it ran."""

    def __init__(self, value: bytes = b"picture", seconds: float = 0.0) -> None:
        self.value, self.seconds, self.runs = value, seconds, 0
        self._mutex = threading.Lock()

    def __call__(self) -> bytes:
        with self._mutex:
            self.runs += 1
        time.sleep(self.seconds)
        return self.value


@pytest.fixture
def cache(tmp_path: Path) -> ResultCache:
    return ResultCache(tmp_path, version="v")


def result_files(folder: Path) -> list[Path]:
    return sorted((folder / "results").iterdir())


# What is kept, and under which name


def test_a_result_is_computed_once_and_read_again_also_by_another_process(tmp_path: Path) -> None:
    compute = Counted(os.urandom(200_000))
    assert ResultCache(tmp_path, version="v").get_or_compute(KEY, compute) == compute.value
    assert ResultCache(tmp_path, version="v").get_or_compute(KEY, compute) == compute.value
    assert compute.runs == 1


@pytest.mark.parametrize(
    "other",
    [
        KEY._replace(dataset="fly"),
        KEY._replace(generation=2),
        KEY._replace(fingerprint="worm.g1.2027"),
        KEY._replace(view="measure=n_synapses"),
        KEY._replace(kind="csv"),
        KEY._replace(other="fly.g1.2026"),
        # the same letters, divided differently
        KEY._replace(view="measure=binar", kind="ypng"),
    ],
)
def test_every_part_of_the_key_counts(cache: ResultCache, other: ResultKey) -> None:
    assert cache.get_or_compute(KEY, lambda: b"one") == b"one"
    assert cache.get_or_compute(other, lambda: b"two") == b"two"


def test_another_version_of_the_code_finds_nothing(tmp_path: Path) -> None:
    ResultCache(tmp_path, version="old").get_or_compute(KEY, lambda: b"old")
    assert ResultCache(tmp_path, version="new").get_or_compute(KEY, lambda: b"new") == b"new"


def test_the_code_version_changes_with_a_source_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "analysis" / "order.py"
    source.parent.mkdir()
    (tmp_path / "data_access").mkdir()
    monkeypatch.setattr(module, "__file__", str(tmp_path / "data_access" / "cache.py"))
    versions = []
    for text in ("a = 1", "a = 2", "a = 1"):
        source.write_text(text)
        code_version.cache_clear()
        versions.append(code_version())
    code_version.cache_clear()
    assert versions[0] == versions[2] != versions[1]


def test_only_bytes_are_results(cache: ResultCache) -> None:
    with pytest.raises(TypeError, match="must be bytes, not str"):
        cache.get_or_compute(KEY, lambda: "text")  # type: ignore[arg-type,return-value]


@given(st.binary(max_size=2000), st.data())
def test_a_packed_value_comes_back_and_no_damaged_one_does(value: bytes, data: st.DataObject) -> None:
    blob = cache_stores.pack(value)
    assert cache_stores.unpack(blob) == value
    at = data.draw(st.integers(0, len(blob) - 1))
    flipped = blob[:at] + bytes([blob[at] ^ data.draw(st.integers(1, 255))]) + blob[at + 1 :]
    assert cache_stores.unpack(flipped) is None
    assert cache_stores.unpack(blob[:at]) is None
    assert cache_stores.unpack(blob + b"x") is None


# Single flight


def test_threads_that_ask_together_share_one_computation(cache: ResultCache) -> None:
    compute = Counted(seconds=0.1)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: cache.get_or_compute(KEY, compute), range(16)))
    assert found == [b"picture"] * 16
    assert compute.runs == 1


def test_different_keys_are_computed_side_by_side(cache: ResultCache) -> None:
    together = threading.Barrier(2, timeout=10)

    def compute() -> bytes:
        together.wait()  # passes only when both run at once
        return b"x"

    with ThreadPoolExecutor(2) as pool:
        keys = [KEY, KEY._replace(kind="csv")]
        assert list(pool.map(lambda key: cache.get_or_compute(key, compute), keys)) == [b"x", b"x"]


def test_an_error_reaches_everyone_who_waited_and_is_not_kept(cache: ResultCache) -> None:
    runs = Counted(seconds=0.1)

    def fail() -> bytes:
        runs()
        raise KeyError("no such column")

    def ask(_: int) -> str:
        with pytest.raises(KeyError) as caught:
            cache.get_or_compute(KEY, fail)
        return str(caught.value)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {"'no such column'"}
    assert runs.runs == 1
    assert cache.get_or_compute(KEY, lambda: b"now it works") == b"now it works"


def test_a_computation_that_needs_its_own_result_is_told_so(cache: ResultCache) -> None:
    with pytest.raises(RuntimeError, match="its own result"):
        cache.get_or_compute(KEY, lambda: cache.get_or_compute(KEY, lambda: b""))


def _ask(folder: Path, redis_url: str | None, start: float, seconds: float) -> None:
    def compute() -> bytes:
        with (folder / "runs.txt").open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(seconds)
        return b"picture"

    cache = ResultCache(folder, redis_url, version="v")
    time.sleep(max(0.0, start - time.time()))
    assert cache.get_or_compute(KEY, compute) == b"picture"


def _ask_from_processes(folder: Path, redis_url: str | None = None) -> int:
    """How many of four processes that ask at the same moment computed."""
    context = multiprocessing.get_context("fork")
    start = time.time() + 0.3
    processes = [context.Process(target=_ask, args=(folder, redis_url, start, 0.3)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0] * 4
    return len((folder / "runs.txt").read_text().splitlines())


def test_processes_that_ask_together_share_one_computation(tmp_path: Path) -> None:
    assert _ask_from_processes(tmp_path) == 1
    assert list((tmp_path / "locks").iterdir()) == []


def test_a_holder_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    holder = multiprocessing.get_context("fork").Process(target=_ask, args=(tmp_path, None, 0.0, 60.0))
    holder.start()
    deadline = time.time() + 10
    while not (tmp_path / "runs.txt").exists() and time.time() < deadline:
        time.sleep(0.01)
    holder.kill()
    holder.join(10)
    started = time.time()
    assert ResultCache(tmp_path, version="v").get_or_compute(KEY, lambda: b"mine") == b"mine"
    assert time.time() - started < 5


def test_a_wait_for_another_process_ends(tmp_path: Path) -> None:
    holder = multiprocessing.get_context("fork").Process(target=_ask, args=(tmp_path, None, 0.0, 60.0))
    holder.start()
    deadline = time.time() + 10
    while not (tmp_path / "runs.txt").exists() and time.time() < deadline:
        time.sleep(0.01)
    cache = ResultCache(tmp_path, version="v", wait_s=0.1)
    assert cache.get_or_compute(KEY, lambda: b"mine") == b"mine"
    assert holder.is_alive()
    holder.kill()
    holder.join(10)


def test_a_child_forked_during_a_computation_does_not_wait_for_it(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path, version="v", wait_s=0.1)
    running, finish = threading.Event(), threading.Event()

    def compute() -> bytes:
        running.set()
        finish.wait(20)
        return b"parent"

    leader = threading.Thread(target=cache.get_or_compute, args=(KEY, compute))
    leader.start()
    assert running.wait(10)
    child = multiprocessing.get_context("fork").Process(target=cache.get_or_compute, args=(KEY, lambda: b"child"))
    child.start()
    child.join(10)
    alive = child.is_alive()
    child.kill()
    finish.set()
    leader.join(10)
    assert not alive


# Privacy, size, damage


def test_nobody_else_can_look_inside(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir(mode=0o755)
    ResultCache(tmp_path).get_or_compute(KEY, lambda: b"private")
    assert (tmp_path / "results").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "locks").stat().st_mode & 0o777 == 0o700
    assert [f.stat().st_mode & 0o777 for f in result_files(tmp_path)] == [0o600]


def test_the_directory_stays_below_its_limit_and_keeps_what_was_used_last(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path, limit_mb=1, version="v")
    favourite = Counted(os.urandom(50_000))
    for number in range(60):
        cache.get_or_compute(KEY, favourite)
        cache.get_or_compute(KEY._replace(view=str(number)), lambda: os.urandom(50_000))
        for file in result_files(tmp_path):  # two minutes pass
            used = file.stat().st_mtime
            os.utime(file, (used - 120, used - 120))
        total = sum(file.stat().st_size for file in result_files(tmp_path))
        assert total <= 1_000_000 * (1 + 2 / cache_stores.SWEEP_PART)
    assert favourite.runs == 1
    assert len(result_files(tmp_path)) >= 12


def test_a_result_larger_than_the_limit_is_given_but_not_kept(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path, limit_mb=1)
    big = bytes(1_100_000)
    assert cache.get_or_compute(KEY, lambda: big) == big
    assert result_files(tmp_path) == []


def test_what_a_dead_process_left_half_written_is_removed(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path, version="v")
    left = tmp_path / "results" / (cache_stores.TEMPORARY + "dead")
    left.write_bytes(b"half")
    os.utime(left, (time.time() - 3600, time.time() - 3600))
    cache.get_or_compute(KEY, lambda: b"x")
    assert not left.exists()


def test_limit_zero_keeps_nothing_and_still_shares_a_computation(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path, limit_mb=0)
    compute = Counted(seconds=0.1)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: cache.get_or_compute(KEY, compute), range(4))) == [b"picture"] * 4
    assert compute.runs == 1
    assert list(tmp_path.iterdir()) == []


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])


def _change(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"!")


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("damage", [_cut, _change, _empty, _directory])
def test_a_damaged_result_is_computed_again(cache: ResultCache, tmp_path: Path, damage: Callable) -> None:
    cache.get_or_compute(KEY, lambda: b"picture")
    damage(result_files(tmp_path)[0])
    compute = Counted(b"again")
    assert cache.get_or_compute(KEY, compute) == b"again"
    assert compute.runs == 1


def test_a_directory_that_cannot_be_made_is_told_once_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    cache = ResultCache(tmp_path / "file" / "cache")
    compute = Counted()
    assert [cache.get_or_compute(KEY, compute) for _ in range(3)] == [b"picture"] * 3
    assert compute.runs == 3
    assert len([r for r in caplog.records if "cannot be used" in r.message]) == 1


def _compute_on_a_full_disk(folder: Path, answer: multiprocessing.SimpleQueue) -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    cache = ResultCache(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # a longer file cannot be written
    compute = Counted(bytes(50_000))
    right = [cache.get_or_compute(KEY, compute) == compute.value for _ in range(3)]
    answer.put((all(right), compute.runs, [r.getMessage() for r in records]))


def test_a_full_disk_is_told_once_and_leaves_no_pieces(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    answer = context.SimpleQueue()
    process = context.Process(target=_compute_on_a_full_disk, args=(tmp_path, answer))
    process.start()
    right, runs, messages = answer.get()
    process.join(10)
    assert right
    assert runs == 3
    assert len(messages) == 1
    assert "cannot be written" in messages[0]
    assert result_files(tmp_path) == []


# Redis, against a stand-in that speaks as much of its protocol as the cache uses


class _Redis(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Commands)
        self.values: dict[bytes, bytes] = {}
        self.expiring: set[bytes] = set()
        self.mutex = threading.Lock()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.server_address[1]}/0"

    def answer(self, command: bytes, words: list[bytes]) -> bytes:
        with self.mutex:
            if command == b"GET":
                value = self.values.get(words[0])
                return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)
            if command == b"SET":
                options = [w.upper() for w in words[2:]]
                if b"NX" in options and words[0] in self.values:
                    return b"$-1\r\n"
                self.values[words[0]] = words[1]
                if {b"PX", b"EX"} & set(options):
                    self.expiring.add(words[0])
                return b"+OK\r\n"
            if command == b"EVALSHA":  # the client's only script here: release a lock that is mine
                key, token = words[2], words[3]
                return b":%d\r\n" % (self.values.get(key) == token and self.values.pop(key) == token)
        return b"+OK\r\n"


class _Commands(socketserver.StreamRequestHandler):
    server: _Redis

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                length = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(length + 2)[:-2])
            self.wfile.write(self.server.answer(words[0].upper(), words[1:]))


@pytest.fixture
def redis_server() -> Iterator[_Redis]:
    with _Redis() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_redis_keeps_results_for_ever_and_as_they_are(tmp_path: Path, redis_server: _Redis) -> None:
    compute = Counted(b"12345")  # digits stay text
    for _ in range(2):
        cache = ResultCache(tmp_path, redis_server.url, version="v")
        assert cache.get_or_compute(KEY, compute) == b"12345"
    assert compute.runs == 1
    name = f"synaptoscope:{cache.digest(KEY)}".encode()
    assert list(redis_server.values) == [name]
    assert name not in redis_server.expiring
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_result_in_redis_is_computed_again(tmp_path: Path, redis_server: _Redis) -> None:
    cache = ResultCache(tmp_path, redis_server.url)
    cache.get_or_compute(KEY, lambda: b"picture")
    for name in redis_server.values:
        redis_server.values[name] = b"!" + b"cos\nsystem\n(S'true'\ntR."  # a pickle: must not be run
    assert cache.get_or_compute(KEY, lambda: b"again") == b"again"


def test_processes_share_one_computation_through_redis(tmp_path: Path, redis_server: _Redis) -> None:
    assert _ask_from_processes(tmp_path, redis_server.url) == 1
    assert [name for name in redis_server.values if b"lock" in name] == []


@pytest.mark.parametrize("rest_s", [module.REST_S, 0.0])
def test_a_redis_that_is_down_is_told_once_and_done_without(
    tmp_path: Path,
    redis_server: _Redis,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    rest_s: float,
) -> None:
    monkeypatch.setattr(module, "REST_S", rest_s)  # 0: it is tried again every time
    url = redis_server.url
    redis_server.shutdown()
    redis_server.server_close()
    cache = ResultCache(tmp_path, url)
    compute = Counted()
    started = time.time()
    assert [cache.get_or_compute(KEY, compute) for _ in range(5)] == [b"picture"] * 5
    assert compute.runs == 5
    assert time.time() - started < 5
    messages = [r.getMessage() for r in caplog.records if "results cache" in r.getMessage()]
    assert len([m for m in messages if "cannot be read" in m]) == 1
    assert len([m for m in messages if "cannot be written" in m]) <= 1
