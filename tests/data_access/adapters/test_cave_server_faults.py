"""The stand-in CAVE going wrong: what the official client makes of each fault, and that the stand-in itself survives."""

from __future__ import annotations

import time
import webbrowser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.cave_server.clients import client, official
from tests.cave_server.faults import Fault
from tests.cave_server.fixtures import DEMO, AnyCave, cave_server


@pytest.fixture(scope="module")
def shared() -> Iterator[AnyCave]:
    with cave_server(row_limit=1_000) as running:
        yield running


@pytest.fixture
def cave(shared: AnyCave) -> Iterator[AnyCave]:
    """Without faults and with an empty log."""
    shared.clear_faults()
    shared.forget_requests()
    yield shared
    shared.clear_faults()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were opened in a browser."""
    addresses: list[str] = []
    monkeypatch.setattr(webbrowser, "open", addresses.append)
    return addresses


def ask(caller: Any, cave: AnyCave, role: str = "unchanged") -> Any:
    return caller.materialize.synapse_query(pre_ids=cave.truth[DEMO].newest.who(role), metadata=False)


def ready(cave: AnyCave) -> Any:
    """A client whose lazy parts are there."""
    caller = client(cave)
    assert caller.materialize.version
    return caller


def statuses(cave: AnyCave) -> list[int]:
    return [seen.status for seen in cave.requests if seen.table == "synapses_v3" or seen.path.endswith("query")]


def test_a_bad_token_is_refused_where_the_client_is_made(cave: AnyCave) -> None:
    with pytest.raises(requests.HTTPError) as error:
        client(cave, token=cave.bad_token)
    assert error.value.response.status_code == 401 and error.value.response.json()["error"] == "invalid_token"
    assert cave.requests[-1].user == "nobody"


def test_without_a_token_there_is_a_redirect_to_a_login_page(cave: AnyCave) -> None:
    with pytest.raises(official().base.AuthException):
        client(cave, token="")
    answer = requests.get(f"{cave.address}/info/api/v2/datastacks", allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    empty = requests.get(f"{cave.address}/info/api/v2/datastacks", headers={"Authorization": "Bearer "}, timeout=10)
    assert (empty.status_code, empty.json()["error"]) == (401, "no_token")


def test_terms_that_were_not_accepted_are_a_403_with_the_form(cave: AnyCave, opened: list[str]) -> None:
    with pytest.raises(requests.HTTPError) as error:
        client(cave, token=cave.token_without_terms)
    assert error.value.response.status_code == 403
    told = error.value.response.json()
    assert told["error"] == "missing_tos" and opened == [told["data"]["tos_form_url"]]


def test_a_user_without_permission_gets_a_403(cave: AnyCave, opened: list[str]) -> None:
    with pytest.raises(requests.HTTPError) as error:
        client(cave, token=cave.token_without_permission)
    assert (error.value.response.status_code, opened) == (403, [])
    assert error.value.response.json()["error"] == "missing_permission"


def test_the_first_n_answers_can_be_wrong(cave: AnyCave) -> None:
    caller = ready(cave)
    cave.fault("status", status=500, path="query$", first=2)
    for _ in range(2):
        with pytest.raises(requests.HTTPError, match="500"):
            ask(caller, cave)
    assert len(ask(caller, cave)) and statuses(cave) == [500, 500, 200]


def test_a_503_is_retried_by_the_client_itself_and_a_429_is_not(cave: AnyCave) -> None:
    caller = ready(cave)
    cave.fault("status", status=503, path="query$", first=2)
    assert len(ask(caller, cave)) and statuses(cave) == [503, 503, 200]
    cave.fault("status", status=429, path="query$", first=1)
    with pytest.raises(requests.HTTPError, match="429"):
        ask(caller, cave)


@pytest.mark.parametrize(
    ("kind", "said"), [("rate", "429 Too Many Requests"), ("expired", "404 Not Found"), ("private", "401 Unauthorized")]
)
def test_what_the_query_routes_trap_comes_as_a_500(cave: AnyCave, kind: str, said: str) -> None:
    caller = ready(cave)
    cave.fault(kind, path="query$", first=1)
    with pytest.raises(requests.HTTPError) as error:
        ask(caller, cave)
    assert error.value.response.status_code == 500 and error.value.response.json()["message"].startswith(said)


def test_a_connection_that_drops_in_mid_body_is_not_retried_by_the_client(cave: AnyCave) -> None:
    caller = ready(cave)
    cave.fault("drop", path="query$", first=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(caller, cave)
    assert len(ask(caller, cave)) and statuses(cave) == [200, 200]
    assert [seen.fault for seen in cave.requests[-2:]] == ["drop", None]


def test_a_connection_that_is_closed_unanswered_is_retried_by_the_client(cave: AnyCave) -> None:
    caller = ready(cave)
    cave.fault("close", path="query$", first=2)
    assert len(ask(caller, cave))
    cave.fault("close", path="query$")
    with pytest.raises(requests.exceptions.ConnectionError):
        ask(caller, cave)


def test_a_page_of_html_with_status_200_is_an_unknown_answer(cave: AnyCave) -> None:
    caller = ready(cave)
    cave.fault("html", path="query$", first=1)
    with pytest.raises(ValueError, match="Unknown response type"):
        ask(caller, cave)


def test_faults_of_the_token_can_begin_later(cave: AnyCave, opened: list[str]) -> None:
    caller = ready(cave)
    for kind, status in (("token", 401), ("terms", 403), ("permission", 403)):
        cave.fault(kind, path="query$", first=1)
        with pytest.raises(requests.HTTPError) as error:
            ask(caller, cave)
        assert error.value.response.status_code == status
    assert len(opened) == 1


def test_a_slow_answer_comes_in_the_end(cave: AnyCave) -> None:
    caller = ready(cave)
    cave.fault("slow", path="query$", seconds=0.2, first=1)
    assert len(ask(caller, cave))
    (seen,) = [s for s in cave.requests if s.fault == "slow"]
    assert seen.ended - seen.began >= 0.19


def test_a_hanging_answer_ends_when_faults_are_cleared_and_does_not_block_others(cave: AnyCave) -> None:
    caller = ready(cave)
    cave.fault("hang", path="query$", first=1)
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(ask, caller, cave)
        wait_for(lambda: cave.waiting == 1)
        assert len(ask(client(cave), cave)) and not hanging.done()
        cave.clear_faults()
        assert len(hanging.result(30))  # closed unanswered, then retried by the client


def test_a_silent_truncation_has_no_warning(cave: AnyCave, caplog: pytest.LogCaptureFixture) -> None:
    caller = ready(cave)
    whole = len(ask(caller, cave, "hub_in")) + len(ask(caller, cave, "unchanged"))
    caplog.clear()
    cave.fault("truncate", path="query$", rows=5, first=1)
    assert len(ask(caller, cave, "unchanged")) <= 5 < whole
    assert "Limited" not in caplog.text


def test_a_fault_can_let_some_requests_through_first(cave: AnyCave) -> None:
    caller = ready(cave)
    cave.fault("status", status=500, path="query$", skip=2, first=1)
    assert len(ask(caller, cave)) and len(ask(caller, cave))
    with pytest.raises(requests.HTTPError):
        ask(caller, cave)
    assert len(ask(caller, cave))


def test_faults_are_written_on_the_command_line() -> None:
    assert Fault.parse("503:first=3,path=query$") == Fault("status", path="query$", first=3, status=503)
    assert Fault.parse("slow:seconds=0.5") == Fault("slow", seconds=0.5)
    with pytest.raises(ValueError, match="no fault 'sloow'"):
        Fault.parse("sloow")
    with pytest.raises(ValueError, match="no option 'times'"):
        Fault.parse("slow:times=3")


def test_parallel_queries_run_at_the_same_time(cave: AnyCave) -> None:
    caller = ready(cave)
    cave.fault("slow", path="query$", seconds=0.3)
    with ThreadPoolExecutor(4) as pool:
        assert all(len(rows) for rows in pool.map(lambda _: ask(caller, cave), range(4)))
    spans = [(s.began, s.ended) for s in cave.requests if s.fault == "slow"]
    assert len(spans) == 4 and max(a for a, _ in spans) < min(b for _, b in spans)


def test_a_stopped_server_answers_nothing_even_to_an_open_connection() -> None:
    with cave_server(faults=("hang:path=query$",)) as cave:
        caller = ready(cave)
        with ThreadPoolExecutor(1) as pool:
            hanging = pool.submit(ask, caller, cave)
            wait_for(lambda: cave.waiting == 1)
            cave.stop()
            with pytest.raises(requests.exceptions.ConnectionError):
                hanging.result(30)
        with pytest.raises(requests.exceptions.ConnectionError):
            caller.materialize.get_versions()


def test_as_a_process_of_its_own_it_has_the_same_face() -> None:
    with cave_server(process=True, row_limit=1_000, faults=("503:first=1,path=query$",)) as cave:
        caller = ready(cave)
        truth = cave.truth[DEMO].newest
        hub = truth.who("hub")
        got = caller.materialize.synapse_query(pre_ids=hub, metadata=False)
        assert len(got) and set(got["id"]) <= set(truth.synapses["id"])
        last = cave.requests[-1]
        assert (last.rows, last.ids, last.limited, statuses(cave)) == (1_000, 1, True, [503, 200])
        cave.fault("expired", path="query$")
        with pytest.raises(requests.HTTPError, match="404 Not Found"):
            ask(caller, cave)
        cave.clear_faults()
        assert len(ask(caller, cave))
        cave.expire(DEMO, 17)
        assert caller.materialize.get_versions() == [12, 11]
        cave.forget_requests()
        assert cave.requests == []
        cave.stop()
        with pytest.raises(requests.exceptions.ConnectionError):
            caller.materialize.get_versions()


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "waited for 30 s"
        time.sleep(0.01)
