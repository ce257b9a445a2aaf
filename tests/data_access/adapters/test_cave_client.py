"""One datastack through the real caveclient: what comes back is right, whole or known to be cut, and bounded in time."""

from __future__ import annotations

import importlib
import pkgutil
import socket
import threading
import time
import webbrowser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import caveclient
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import requests

from data_access.adapters.cave import patches
from data_access.adapters.cave.client import QUICK, Cave, CaveError, Limits, Query, datastacks
from data_access.secret import Secret
from tests.cave_server.fixtures import DEMO, MINNIE, AnyCave, cave_server
from tests.data_access.adapters.raw_server import answer, raw_server

LIMIT = 1_000
PATIENT = Limits(read_s=60, attempts=6, backoff_s=0.01, backoff_most_s=0.05)


@pytest.fixture(scope="module")
def running() -> Iterator[AnyCave]:
    with cave_server(row_limit=LIMIT, shuffle=True) as server:
        yield server


@pytest.fixture
def server(running: AnyCave) -> Iterator[AnyCave]:
    """The stand-in with a row limit of 1,000, rows in another order each time, and no fault left over."""
    running.clear_faults()
    running.forget_requests()
    yield running
    running.clear_faults()


@pytest.fixture
def cave(server: AnyCave) -> Cave:
    return connect(server)


def connect(server: AnyCave, datastack: str = MINNIE, token: str | None = None, **more: object) -> Cave:
    options = {"limits": PATIENT, **more}
    return Cave(server.address, datastack, Secret(token or server.token), **options)  # type: ignore[arg-type]


def newest(cave: Cave) -> int:
    return cave.versions()[0].version


def problem_of(work: object) -> CaveError:
    with pytest.raises(CaveError) as caught:
        work()  # type: ignore[operator]
    return caught.value


def outputs(cave: Cave, *ids: int, **more: object) -> Query:
    return Query(cave.info.synapse_table, within={"pre_pt_root_id": list(ids)}, **more)  # type: ignore[arg-type]


# -- what is put into caveclient


def test_caveclient_still_has_the_parts_that_are_replaced() -> None:
    for name, module in patches.NEEDED.items():
        assert hasattr(module, name), f"caveclient has moved {module.__name__}.{name}"
    assert caveclient.base._patch_session.is_synaptoscope
    assert caveclient.base.webbrowser.open("https://example.org") is False


def test_no_module_of_caveclient_goes_around_the_replaced_parts() -> None:
    around: list[str] = []
    for found in pkgutil.walk_packages(caveclient.__path__, "caveclient."):
        if found.name.endswith(("__main__", "tools.testing")):
            continue
        module = importlib.import_module(found.name)
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        if found.name not in ("caveclient.base", "caveclient.auth"):  # auth asks only when told to by hand
            around += [
                f"{found.name}: {call}" for call in ("requests.get(", "requests.post(", "Session()") if call in text
            ]
        if found.name not in ("caveclient.base", "caveclient.session_config"):
            around += [f"{found.name}: {n}" for n in ("_patch_session", "_api_versions") if n in vars(module)]
    assert around == []


def test_every_session_has_the_limits_of_its_own_client(server: AnyCave) -> None:
    slow, quick = connect(server), connect(server, limits=QUICK)
    for cave, limits in ((slow, PATIENT), (quick, QUICK)):
        cave.skeletons([1])
        parts = [cave._client.info, cave._client.materialize, cave._client.chunkedgraph, cave._client.skeleton]
        for part in parts:
            adapter = part.session.get_adapter("https://x.org")
            assert isinstance(adapter, patches.TimedAdapter)
            assert (adapter.wire.connect_s, adapter.wire.read_s) == (limits.connect_s, limits.read_s)
            assert adapter.max_retries.total == 0  # retries are in one place


def test_no_browser_is_opened_where_terms_are_not_accepted(server: AnyCave, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    error = problem_of(lambda: connect(server, token=server.token_without_terms))
    assert error.kind == "terms"
    assert opened == []
    assert error.address.startswith(f"{server.address}/sticky_auth") and error.address in error.hint


def test_nothing_is_written_into_the_home_folder(
    server: AnyCave, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    newest(connect(server))
    assert list(tmp_path.iterdir()) == []


# -- what it says of itself


def test_info_of_the_datastack(cave: Cave, server: AnyCave) -> None:
    assert cave.info.datastack == MINNIE
    assert (cave.info.synapse_table, cave.info.soma_table) == ("synapses_pni_2", "nucleus_detection_v0")
    assert cave.info.local_server == server.address
    assert cave.info.viewer_resolution_nm == (4.0, 4.0, 40.0)
    assert cave.info.image_source.startswith("precomputed://")


def test_versions_come_newest_first_with_their_time_and_expiry(cave: Cave) -> None:
    live, everything = cave.versions(), cave.versions(expired=True)
    assert [v.version for v in live] == [1718, 1507, 1181]
    assert [(v.version, v.expired) for v in everything] == [(1718, False), (1507, False), (1181, False), (1078, True)]
    assert all(v.time_stamp.utcoffset() == UTC.utcoffset(None) for v in everything)
    assert live[0].time_stamp.date().isoformat() == "2025-07-28"
    assert live[0].days_left is not None and 0 < live[0].days_left < 60
    assert everything[-1].days_left is not None and everything[-1].days_left < 0 < everything[-1].age_days


def test_a_long_lived_client_sees_that_a_version_expires() -> None:
    with cave_server() as server:
        cave = connect(server)
        assert 1507 in [v.version for v in cave.versions()]
        server.expire(MINNIE, 1507)
        assert 1507 not in [v.version for v in cave.versions()]
        error = problem_of(lambda: cave.rows(1507, Query("nucleus_detection_v0")))
    assert error.kind == "expired"
    assert "1718, 1181" in error.hint


def test_tables_with_their_notices_and_references(cave: Cave) -> None:
    tables = {table.name: table for table in cave.tables(newest(cave))}
    types = tables["aibs_metamodel_celltypes_v661"]
    assert (types.kind, types.schema_type) == ("table", "cell_type_reference")
    assert types.reference_table == "nucleus_detection_v0"
    assert "Trained on an earlier version" in types.notice
    view = tables["aibs_cell_info"]
    assert view.kind == "view" and "cell_type" in view.columns and view.voxel_nm == (4.0, 4.0, 40.0)


def test_datastacks_of_a_server(server: AnyCave) -> None:
    assert datastacks(server.address, Secret(server.token)) == sorted([DEMO, MINNIE])
    assert problem_of(lambda: datastacks(server.address, None)).kind == "token"


def test_one_token_does_not_see_what_another_has_fetched(server: AnyCave) -> None:
    cave = connect(server)
    cave.tables(1718)
    cave.versions()
    error = problem_of(lambda: connect(server, token=server.token_without_permission))
    assert error.kind == "permission"
    server.forget_requests()
    connect(server, token=server.second_token).tables(1718)
    asked = [seen for seen in server.requests if "metadata" in seen.path]
    assert asked and {seen.user for seen in asked} == {"second user"}


# -- rows


def test_rows_are_those_of_the_table_with_exact_ids_and_positions_in_nm(cave: Cave, server: AnyCave) -> None:
    truth = server.truth[MINNIE][1718]["nucleus_detection_v0"].sort_values("id", ignore_index=True)
    frame = cave.rows(1718, Query("nucleus_detection_v0")).frame.sort_values("id", ignore_index=True)
    for name in ("id", "pt_root_id", "pt_supervoxel_id"):
        assert frame[name].dtype == "Int64"
        assert frame[name].tolist() == truth[name].tolist()
    assert frame["pt_root_id"].max() > 2**53
    assert frame["pt_position_x_nm"].dtype == np.float64
    assert frame["pt_position_z_nm"].tolist() == (truth["pt_position_z"].astype(float) * 40).tolist()
    assert not [name for name in frame.columns if name.endswith(("_x", "_y", "_z"))]


def test_positions_use_the_voxels_of_their_own_table(server: AnyCave) -> None:
    cave = connect(server, DEMO)
    truth = server.truth[DEMO][17]["soma_detection"].sort_values("id")
    answered = cave.rows(17, Query("soma_detection", columns=("id", "pt_position")))
    assert answered.voxel_nm == (16.0, 16.0, 33.0)
    assert answered.frame.sort_values("id")["pt_position_y_nm"].tolist() == (truth["pt_position_y"] * 16.0).tolist()


def test_no_rows_have_the_types_of_rows(cave: Cave) -> None:
    some = cave.rows(1718, Query(cave.info.synapse_table, limit=3)).frame
    none = cave.rows(1718, outputs(cave, 1)).frame
    assert len(none) == 0
    assert none.dtypes.to_dict() == some.dtypes.to_dict()
    assert len(cave.rows(1718, Query("nucleus_detection_v0", within={"id": []})).frame) == 0


def test_conditions_select_what_they_say(cave: Cave, server: AnyCave) -> None:
    truth = server.truth[MINNIE][1718]["nucleus_detection_v0"]
    low, high = (int(v) for v in truth["id"].quantile([0.3, 0.7]))
    between = Query("nucleus_detection_v0", at_least={"id": low}, below={"id": high})
    assert set(cave.rows(1718, between).frame["id"]) == set(truth["id"][(truth["id"] >= low) & (truth["id"] < high)])
    one = int(truth["id"].iloc[7])
    assert cave.rows(1718, Query("nucleus_detection_v0", equal={"id": one})).frame["id"].tolist() == [one]
    x, y, z = (truth[f"pt_position_{axis}"].astype(int) for axis in "xyz")
    corner = (int(x.median()), int(y.min()) - 1, int(z.min()) - 1)
    box = Query(
        "nucleus_detection_v0", box=("pt_position", corner, (int(x.max()) + 1, int(y.max()) + 1, int(z.max()) + 1))
    )
    assert set(cave.rows(1718, box).frame["id"]) == set(truth["id"][x >= int(x.median())])


def test_ids_may_come_as_any_whole_numbers_but_not_as_floats_or_one_text(cave: Cave, server: AnyCave) -> None:
    root = server.truth[MINNIE][1718].who("hub")[0]
    counts = {
        kind: cave.count(1718, Query(cave.info.synapse_table, within={"pre_pt_root_id": ids}))
        for kind, ids in {
            "list": [root], "set": {root}, "numpy": np.array([root]), "series": pd.Series([root]), "int64": [np.int64(root)],
            "generator": (r for r in [root]),
        }.items()
    }  # fmt: skip
    assert set(counts.values()) == {counts["list"]} and counts["list"] > LIMIT
    for wrong in (str(root), np.array([float(root)])):
        with pytest.raises(TypeError):
            cave.count(1718, Query(cave.info.synapse_table, within={"pre_pt_root_id": wrong}))


def test_a_cut_answer_says_so_although_autapses_are_in_it(cave: Cave, server: AnyCave) -> None:
    truth = server.truth[MINNIE][1718]
    table = truth[cave.info.synapse_table]
    for role, there in (("hub", "more"), ("exact", "as many")):
        root = truth.who(role)[0]
        n = int((table["pre_pt_root_id"] == root).sum())
        assert (n > LIMIT) if there == "more" else (n == LIMIT)
        answered = cave.rows(1718, outputs(cave, root))
        assert (answered.limited, len(answered.frame)) == (LIMIT, LIMIT)
        assert cave.count(1718, outputs(cave, root)) == n
    exact = cave.rows(1718, outputs(cave, truth.who("exact")[0])).frame
    assert (exact["pre_pt_root_id"] == exact["post_pt_root_id"]).sum() == 3


def test_an_answer_below_the_limit_is_not_called_cut(cave: Cave, server: AnyCave) -> None:
    table = server.truth[MINNIE][1718][cave.info.synapse_table]
    counts = table["pre_pt_root_id"].value_counts()
    root = int(counts[(counts < LIMIT) & (counts > 20)].index[0])
    assert cave.rows(1718, outputs(cave, root)).limited is None
    assert cave.rows(1718, outputs(cave, root, limit=10)).limited == 10


def test_threads_do_not_take_each_others_warnings(cave: Cave, server: AnyCave) -> None:
    truth = server.truth[MINNIE][1718]
    counts = truth[cave.info.synapse_table]["pre_pt_root_id"].value_counts()
    small = [int(i) for i in counts[counts < 200].index[:20]]
    cut = truth.who("hub")[0]
    ids = [i for one in small for i in (one, cut)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: cave.rows(1718, outputs(cave, i)), ids))
    assert [a.limited for a in answers] == [LIMIT if i == cut else None for i in ids]
    for i, answered in zip(ids, answers, strict=True):
        assert set(answered.frame["pre_pt_root_id"]) <= {i}


def test_a_whole_table_comes_whole_whatever_the_limit(cave: Cave, server: AnyCave) -> None:
    truth = server.truth[MINNIE][1718][cave.info.synapse_table].sort_values("id", ignore_index=True)
    assert len(truth) > 5 * LIMIT
    server.forget_requests()
    frame = cave.whole(1718, Query(cave.info.synapse_table, columns=("pre_pt_root_id", "post_pt_root_id")))
    assert frame["id"].tolist() == truth["id"].tolist()
    assert frame["pre_pt_root_id"].tolist() == truth["pre_pt_root_id"].tolist()
    needed = len(truth) / LIMIT
    assert len(server.requests) < 12 * needed, "far more requests than pieces"


def test_a_whole_view_and_a_whole_of_nothing(cave: Cave, server: AnyCave) -> None:
    truth = server.truth[MINNIE][1718]["aibs_cell_info"]
    assert sorted(cave.whole(1718, Query("aibs_cell_info", view=True))["id"]) == sorted(truth["id"])
    none = cave.whole(1718, Query("aibs_cell_info", view=True, within={"id": [1]}))
    assert len(none) == 0 and none["pt_root_id"].dtype == "Int64"


def test_an_answer_that_was_cut_without_a_word_is_noticed(cave: Cave, server: AnyCave) -> None:
    truth = server.truth[MINNIE][1718]["nucleus_detection_v0"]
    server.fault("truncate", path="query", rows=40)
    assert sorted(cave.whole(1718, Query("nucleus_detection_v0"))["id"]) == sorted(truth["id"])


# -- roots and skeletons


def test_roots_at_a_time_and_what_became_of_old_ones(cave: Cave, server: AnyCave) -> None:
    old, new = server.truth[MINNIE][1507], server.truth[MINNIE][1718]
    when = cave.version(1718).time_stamp
    renamed, same = old.who("renamed_3"), old.who("unchanged")
    assert cave.roots_at([*renamed, *same], when) == dict.fromkeys(renamed, False) | dict.fromkeys(same, True)
    suggested = cave.suggest([*renamed, *same], when)
    assert [suggested[i] for i in renamed] == new.who("renamed_3")
    assert [suggested[i] for i in same] == same


def test_skeletons_that_are_there(cave: Cave, server: AnyCave) -> None:
    roots = [int(r) for r in server.truth[MINNIE][1718].nuclei["pt_root_id"].unique() if r][:60]
    found = cave.skeletons([*roots, 12345])
    assert found and 12345 not in found and set(found) <= set(roots)
    skeleton = next(iter(found.values()))
    lines = [line.split() for line in skeleton.swc().splitlines() if not line.startswith("#")]
    assert len(lines) == len(skeleton.vertices_nm)
    assert [int(line[6]) for line in lines].count(-1) == 1
    assert all(int(line[6]) < int(line[0]) for line in lines)
    assert float(lines[0][2]) == pytest.approx(skeleton.vertices_nm[skeleton.root][0], abs=0.1)
    written = sorted((float(x), float(y), float(z)) for _, _, x, y, z, _, _ in lines)
    assert written == pytest.approx(np.array(sorted(map(tuple, skeleton.vertices_nm))), abs=0.1)


# -- faults


FAULTS = [
    {"kind": "status", "status": 500}, {"kind": "status", "status": 503}, {"kind": "status", "status": 502},
    {"kind": "status", "status": 429}, {"kind": "rate"}, {"kind": "drop"}, {"kind": "close"},
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f['kind']}{f.get('status', '')}")
def test_what_goes_over_is_tried_again(server: AnyCave, fault: dict[str, object]) -> None:
    cave = connect(server)
    truth = server.truth[MINNIE][1718]["nucleus_detection_v0"]
    before = len(cave.log.requests)
    server.fault(path="nucleus_detection_v0/query", first=2, **fault)  # type: ignore[arg-type]
    assert len(cave.rows(1718, Query("nucleus_detection_v0")).frame) == len(truth)
    statuses = [r.status for r in cave.log.requests[before:] if r.what == "rows"]
    assert len(statuses) == 3 and statuses[-1] == 200


@pytest.mark.parametrize(
    "path", ["/info/version", "datastack/full", "api/versions", "/materialize/version", "metadata"]
)
def test_connecting_outlives_a_bad_moment(server: AnyCave, path: str) -> None:
    server.fault("status", path=path, status=503, first=2)
    assert newest(connect(server)) == 1718


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "token"}, "token"), ({"kind": "terms"}, "terms"), ({"kind": "permission"}, "permission"),
        ({"kind": "expired"}, "expired"),
    ],
)  # fmt: skip
def test_what_does_not_go_over_is_not_tried_again(server: AnyCave, fault: dict[str, str], kind: str) -> None:
    cave = connect(server)
    server.fault(path="nucleus_detection_v0/query", **fault)  # type: ignore[arg-type]
    error = problem_of(lambda: cave.rows(1718, Query("nucleus_detection_v0")))
    assert error.kind == kind and error.hint
    assert len([seen for seen in server.requests if seen.fault]) == 1


def test_a_page_of_a_proxy_is_tried_once_more_and_then_named(server: AnyCave) -> None:
    cave = connect(server)
    server.fault("html", path="nucleus_detection_v0/query")
    error = problem_of(lambda: cave.rows(1718, Query("nucleus_detection_v0")))
    assert error.kind == "protocol" and "other than CAVE" in error.message and "proxy" in error.hint
    assert len([seen for seen in server.requests if seen.fault]) == 2
    server.clear_faults()
    server.fault("html", path="metadata", first=1)
    assert newest(cave) == 1718


@pytest.mark.parametrize("fault", ["probe", "hang"])
def test_it_does_not_fall_back_to_an_older_api(server: AnyCave, fault: str) -> None:
    server.fault(fault, path="/materialize/api/versions", first=1)  # type: ignore[arg-type]
    cave = connect(server, limits=Limits(read_s=1, attempts=4, backoff_s=0.01))
    assert "aibs_cell_info" in [table.name for table in cave.tables(1718)]
    server.clear_faults()
    server.fault(fault, path="/materialize/api/versions")  # type: ignore[arg-type]
    error = problem_of(lambda: connect(server, limits=Limits(read_s=1, attempts=2, backoff_s=0.01)))
    assert error.kind == ("server" if fault == "probe" else "timeout")


def test_a_server_without_the_newer_api_is_named() -> None:
    with cave_server(api_versions=(2,)) as server:
        error = problem_of(lambda: connect(server))
    assert error.kind == "protocol" and "version 3" in error.message


@pytest.mark.parametrize(
    "path", ["/info/version", "datastack/full", "materialize", "segmentation", "query", "skeleton"]
)
def test_a_server_that_hangs_is_given_up(server: AnyCave, path: str) -> None:
    server.fault("hang", path=path)
    began = time.monotonic()

    def everything() -> None:
        cave = connect(server, limits=Limits(connect_s=2, read_s=0.5, attempts=2, backoff_s=0.01))
        cave.rows(1718, Query("nucleus_detection_v0"))
        cave.skeletons([1])

    assert problem_of(everything).kind == "timeout"
    assert time.monotonic() - began < 30


def test_an_answer_that_trickles_is_given_up() -> None:
    def trickle(_: str, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b"1")
            time.sleep(0.02)

    limits = Limits(read_s=30, total_s=0.3, attempts=1)
    with raw_server(trickle) as raw:
        error = problem_of(lambda: Cave(raw.address, MINNIE, Secret("x"), limits))
    assert error.kind == "timeout"


@pytest.mark.parametrize("batches", [1, 2])
def test_an_arrow_answer_that_lost_its_end_is_noticed(batches: int) -> None:
    sink = pa.BufferOutputStream()
    batch = pa.record_batch({"id": pa.array([1, 2, 3])})
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        for _ in range(batches):
            writer.write_batch(batch)
    stream = sink.getvalue().to_pybytes()
    only_names = stream[: len(batch.schema.serialize().to_pybytes())]
    assert patches._is_whole(stream)
    assert not patches._is_whole(only_names), "it reads as a table without rows"
    assert not patches._is_whole(stream[:-40])
    assert patches._is_whole(stream[:-8]) == (batches == 1)


def test_an_unreachable_server_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = problem_of(lambda: Cave(f"http://127.0.0.1:{port}", MINNIE, Secret("x"), QUICK))
    assert error.kind == "network" and f"127.0.0.1:{port}" in error.message


def test_a_redirect_to_a_login_does_not_take_the_token_along() -> None:
    with raw_server(lambda _, c: answer(c, "200 OK", b'"4.3.3"')) as elsewhere:
        goes = f"Location: {elsewhere.address}/login"
        with raw_server(lambda _, c: answer(c, "302 Found", b"", goes)) as raw:
            error = problem_of(lambda: Cave(raw.address, MINNIE, Secret("x"), QUICK))
        assert error.kind == "token"
        assert elsewhere.heads == []


def test_a_netrc_of_the_machine_does_not_replace_the_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with raw_server(lambda _, c: answer(c, "401 Unauthorized", b'{"error": "invalid_token"}')) as raw:
        problem_of(lambda: Cave(raw.address, MINNIE, Secret("my-token"), QUICK))
    assert "authorization: bearer my-token" in raw.heads[0].lower()


# -- wrong questions


@pytest.mark.parametrize(
    ("version", "query", "kind", "words"),
    [
        (1078, Query("nucleus_detection_v0"), "expired", ("version 1078", "1718, 1507, 1181")),
        (9999, Query("nucleus_detection_v0"), "unknown", ("no version 9999", "1718, 1507, 1181")),
        (1718, Query("nucleus_detection_v1"), "unknown", ("nucleus_detection_v1", "'nucleus_detection_v0'")),
        (1718, Query("aibs_cell_inf", view=True), "unknown", ("no view", "'aibs_cell_info'")),
        (1718, Query("nucleus_detection_v0", columns=("id", "pt_root")), "unknown", ("'pt_root'", "'pt_root_id'")),
        (1718, Query("nucleus_detection_v0", within={"pt_rootid": [1]}), "unknown", ("pt_rootid", "'pt_root_id'")),
    ],
)
def test_a_wrong_question_is_answered_with_the_nearest_right_one(
    server: AnyCave, version: int, query: Query, kind: str, words: tuple[str, str]
) -> None:
    cave = connect(server)
    server.forget_requests()
    error = problem_of(lambda: cave.rows(version, query))
    assert error.kind == kind
    assert words[0] in error.message and words[1] in error.hint
    assert len([seen for seen in server.requests if seen.path.endswith("/query")]) <= 2, "asked in vain again"


def test_an_unknown_version_is_named_when_tables_are_asked(cave: Cave) -> None:
    assert problem_of(lambda: cave.tables(1078)).kind == "expired"
    assert problem_of(lambda: cave.version(4)).kind == "unknown"


def test_an_unknown_datastack_gets_the_nearest(server: AnyCave) -> None:
    error = problem_of(lambda: connect(server, "minnie65_publi"))
    assert error.kind == "unknown" and "minnie65_publi" in error.message and "'minnie65_public'" in error.hint


# -- cancelling


def test_a_cancel_reaches_a_call_that_waits_for_the_service(server: AnyCave) -> None:
    cancelled = threading.Event()
    cave = connect(server, cancelled=cancelled, limits=Limits(read_s=100))
    server.fault("hang", path="query")
    timer = threading.Timer(0.3, cancelled.set)
    timer.start()
    began = time.monotonic()
    assert problem_of(lambda: cave.rows(1718, Query("nucleus_detection_v0"))).kind == "cancelled"
    assert time.monotonic() - began < 20
    assert problem_of(lambda: cave.versions()).kind == "cancelled"


def test_a_cancel_ends_the_wait_between_two_attempts(server: AnyCave) -> None:
    cancelled = threading.Event()
    cave = connect(server, cancelled=cancelled, limits=Limits(backoff_s=100, backoff_most_s=100))
    server.fault("status", path="query", status=503)
    threading.Timer(0.3, cancelled.set).start()
    began = time.monotonic()
    assert problem_of(lambda: cave.rows(1718, Query("nucleus_detection_v0"))).kind == "cancelled"
    assert time.monotonic() - began < 20


# -- the log


def test_the_log_lists_every_request_and_no_id(server: AnyCave) -> None:
    cave = connect(server)
    root = server.truth[MINNIE][1718].who("hub")[0]
    answered = cave.rows(1718, outputs(cave, root))
    cave.suggest([root], datetime.now(UTC))
    cave.skeletons([root])
    assert len(cave.log.requests) == len(server.requests)
    rows = next(r for r in cave.log.requests if r.what == "rows")
    assert (rows.rows, rows.status, rows.detail) == (
        len(answered.frame),
        200,
        "synapses_pni_2, 1 values of pre_pt_root_id",
    )
    assert rows.n_bytes > 1000
    text = repr(cave.log)
    assert str(root) not in text and server.token not in text


def test_sessions_outside_of_a_client_have_limits_too() -> None:
    session = requests.Session()
    caveclient.base._patch_session(session)
    assert session.get_adapter("https://x.org").wire.read_s == patches.Wire().read_s  # type: ignore[attr-defined]
