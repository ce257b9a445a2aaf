"""What went wrong, in one line with a remedy, whatever words the service finds for it; and never the token."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pyarrow as pa
import pytest
import requests
import tenacity
from caveclient.base import AuthException, ServerIncompatibilityError

from data_access.adapters.cave.calls import Calls, Heard, Limits
from data_access.adapters.cave.client import QUICK, Cave, CaveError, Query
from data_access.adapters.cave.patches import CutShort, SentElsewhere, Stopped, TooSlow
from data_access.adapters.cave.problems import classify, host_of
from data_access.secret import Secret
from tests.cave_server.fixtures import MINNIE, cave_server
from tests.data_access.adapters.raw_server import answer, raw_server

SERVER = "https://cave.example.org"
HTML = {"Content-Type": "text/html; charset=utf-8"}


def refused(status: int, body: Any = b"", headers: dict[str, str] | None = None) -> requests.HTTPError:
    """The HTTPError that caveclient raises for such an answer."""
    response = requests.Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response.headers.update(headers or {"Content-Type": "application/json"})
    response.url = f"{SERVER}/materialize/api/v3/x"
    return requests.HTTPError(f"{status} Error: {response.content!r}", response=response)


TERMS = {"error": "missing_tos", "data": {"tos_form_url": "https://forms.example.org/tos/2"}}
CASES = [
    (refused(401, {"error": "invalid_token"}), "token", False),
    (refused(401, {"error": "no_token"}), "token", False),
    (AuthException("You have not setup a token"), "token", False),
    (SentElsewhere(), "token", False),
    (refused(403, TERMS), "terms", False),
    (refused(403, {"error": "missing_permission"}), "permission", False),
    (refused(403, b"<html>Forbidden</html>", HTML), "permission", False),
    (refused(500, {"message": "401 Unauthorized: you do not have permission to read x"}), "permission", False),
    (refused(500, {"message": "404 Not Found: version 12 of x not found"}), "expired", False),
    (refused(404, {"message": "table x not found for version 3"}), "unknown", False),
    (refused(410, b""), "unknown", False),
    (refused(400, b"<html>Bad Request</html>", HTML), "unknown", False),
    (refused(500, {"message": "type object 'synapses' has no attribute 'pre_root'"}), "unknown", False),
    (refused(500, {"message": '(psycopg2.errors.UndefinedColumn) column "x" does not exist'}), "unknown", False),
    (refused(500, {"message": "canceling statement due to statement timeout: SELECT column x"}), "server", True),
    (refused(500, {"message": "Internal Server Error"}), "server", True),
    (refused(500, b"<html>oops</html>", HTML), "server", True),
    (refused(502, b"<html>nginx</html>", HTML), "server", True),
    (refused(503, b""), "server", True),
    (refused(504, b""), "server", True),
    (refused(429, b""), "rate", True),
    (refused(500, {"message": "429 Too Many Requests: 10 per 1 minute"}), "rate", True),
    (requests.ConnectionError("refused"), "network", True),
    (requests.exceptions.ChunkedEncodingError("broken"), "network", True),
    (requests.exceptions.SSLError("certificate"), "network", False),
    (requests.exceptions.InvalidURL("x"), "network", False),
    (ConnectionResetError("reset"), "network", True),
    (requests.ReadTimeout(), "timeout", True),
    (requests.ConnectTimeout(), "timeout", True),
    (TooSlow(), "timeout", True),
    (requests.ConnectionError("HTTPConnectionPool(...): Read timed out."), "timeout", True),
    (ValueError("Unknown response type: text/html"), "protocol", True),
    (requests.exceptions.JSONDecodeError("x", "y", 0), "protocol", True),
    (CutShort(), "protocol", True),
    (pa.ArrowInvalid("x"), "protocol", True),
    (ServerIncompatibilityError("x"), "protocol", False),
    (KeyError("local_server"), "protocol", False),
    (Stopped(), "cancelled", False),
]  # fmt: skip


@pytest.mark.parametrize(("error", "kind", "transient"), CASES)
def test_kind_and_whether_trying_again_can_help(error: Exception, kind: str, transient: bool) -> None:
    found = classify(error, SERVER, "rows (x)")
    assert (found.kind, found.transient) == (kind, transient), found
    assert "\n" not in str(found)
    assert found.hint or kind in ("cancelled", "protocol")


def test_the_remedies_name_where_to_go() -> None:
    token = classify(refused(401, {"error": "invalid_token"}), SERVER, "x")
    assert "SYNAPTOSCOPE_CAVE_TOKEN" in token.hint and "https://cave.example.org/sticky_auth" in token.hint
    terms = classify(refused(403, TERMS), SERVER, "x")
    assert terms.address == "https://forms.example.org/tos/2" and terms.address in terms.hint
    assert "cave.example.org" in terms.message


@pytest.mark.parametrize("address", ["javascript:alert(1)", None, 7])
def test_an_address_of_a_form_that_is_none_is_not_given(address: object) -> None:
    found = classify(refused(403, {"error": "missing_tos", "data": {"tos_form_url": address}}), SERVER, "x")
    assert found.kind == "terms" and found.address == "" and "javascript" not in str(found)


def test_a_long_or_wild_answer_is_one_short_line() -> None:
    found = classify(refused(500, {"message": "x\n\x1b[31m" * 5000}), SERVER, "rows")
    assert len(found.message) < 500 and found.message.isprintable()


def test_a_server_is_named_without_a_password() -> None:
    assert host_of("https://me:secret@cave.example.org:8443/path") == "cave.example.org:8443"


# -- waiting


def state_after(error: CaveError, attempt: int = 1) -> tenacity.RetryCallState:
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    state.attempt_number = attempt
    state.set_exception((type(error), error, None))
    return state


def test_the_wait_is_what_the_service_asks_for() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90))
    for text, low, high in (("7", 7, 7), (later, 60, 91), ("soon", 0, 1), ("", 0, 1)):
        error = classify(refused(429, b"", {"Retry-After": text}), SERVER, "x")
        assert low <= Heard(Limits(backoff_s=0.5))(state_after(error)) <= high


def test_waits_grow_up_to_the_most() -> None:
    error = classify(refused(503), SERVER, "x")
    wait = Heard(Limits(backoff_s=1, backoff_most_s=8))
    for attempt, most in ((1, 1), (2, 2), (3, 4), (4, 8), (9, 8)):
        assert most / 2 <= wait(state_after(error, attempt)) <= most


def tries(limits: Limits, *errors: Exception) -> tuple[int, CaveError | None]:
    """How often a call was made that fails with these errors one after the other, then goes well."""
    left, made = list(errors), 0

    def work(_: object) -> int:
        nonlocal made
        made += 1
        if left:
            raise left.pop(0)
        return 1

    try:
        Calls(SERVER, limits, None, ())("x", "", work)
    except CaveError as error:
        return made, error
    return made, None


def test_how_often_a_call_is_made() -> None:
    fast = Limits(attempts=4, backoff_s=0.001)
    assert tries(fast, refused(503), refused(500)) == (3, None)
    made, error = tries(fast, *[refused(503)] * 9)
    assert made == 4 and error is not None and error.kind == "server"
    assert tries(fast, refused(401, {"error": "invalid_token"}))[0] == 1
    assert tries(fast, *[ValueError("Unknown response type: text/html")] * 9)[0] == 2
    assert tries(fast, ValueError("Unknown response type: text/html")) == (2, None)


def test_a_wait_beyond_patience_is_not_begun() -> None:
    made, error = tries(QUICK, refused(429, b"", {"Retry-After": "3600"}))
    assert made == 1 and error is not None and error.kind == "rate"
    assert tries(QUICK, refused(429, b"", {"Retry-After": "0"})) == (2, None)


# -- the token stays where it is

TOKEN = "0123456789abcdef0123456789abcdef"


def everything_of(error: BaseException, text: str) -> str:
    """All that a log or a debugger would show of an error and of those it came from."""
    seen = [text, str(error), repr(error), repr(vars(error))]
    for other in (error.__cause__, error.__context__):
        if other is not None:
            seen += [repr(other), repr(vars(other)), everything_of(other, "")]
    return "\n".join(seen)


def echo(head: str) -> bytes:
    """The answer of a service that repeats what it was sent, the token with it."""
    return json.dumps(
        {"message": f"failed for {head}", "error": head, "data": {"tos_form_url": f"https://x/{TOKEN}"}}
    ).encode()


@pytest.mark.parametrize(
    "status", ["200 OK", "302 Found", "400 Bad Request", "401 x", "403 x", "404 x", "429 x", "500 x", "503 x"]
)
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_no_error_shows_the_token(status: str, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    goes = f"Location: /login?t={TOKEN}"
    with (
        raw_server(lambda head, c: answer(c, status, echo(head), goes, kind=kind)) as raw,
        pytest.raises(CaveError) as caught,
    ):
        Cave(raw.address, MINNIE, Secret(TOKEN), Limits(attempts=2, backoff_s=0.001))
    error = caught.value
    assert error.__cause__ is None and error.__context__ is None
    shown = everything_of(error, "".join(traceback.format_exception(error)))
    assert any(TOKEN in head for head in raw.heads), "it was sent"
    assert TOKEN not in shown
    assert TOKEN not in caplog.text


def test_no_part_of_a_client_shows_the_token(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with cave_server() as server:
        cave = Cave(server.address, MINNIE, Secret(server.token), Limits(attempts=2, backoff_s=0.001))
        cave.rows(1718, Query("nucleus_detection_v0"))
        cave.skeletons([1])
        shown = [repr(cave), str(cave), repr(cave.log), repr(cave.info), repr(cave._calls.secrets)]
        for fault in ("token", "terms", "permission", "expired", "html", "drop", "close", "rate"):
            server.clear_faults()
            server.fault(fault, path="query")  # type: ignore[arg-type]
            try:
                cave.rows(1718, Query("nucleus_detection_v0"))
            except CaveError as error:
                shown.append(everything_of(error, traceback.format_exc()))
        assert len(shown) == 5 + 8
        assert server.token not in "\n".join(shown)
        assert server.token not in caplog.text + "".join(capfd.readouterr())


def test_without_a_token_nothing_is_sent() -> None:
    with raw_server(lambda _, c: answer(c, "200 OK", b"{}")) as raw:
        for token in (None, Secret(""), Secret("  ")):
            with pytest.raises(CaveError) as caught:
                Cave(raw.address, MINNIE, token)
            assert caught.value.kind == "token" and "SYNAPTOSCOPE_CAVE_TOKEN" in caught.value.hint
        assert raw.heads == []
