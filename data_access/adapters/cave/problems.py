"""What went wrong with CAVE: the cause in one line, the remedy, and whether trying again can help."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import pyarrow as pa
import requests
from caveclient.base import AuthException, ServerIncompatibilityError  # type: ignore[import-untyped]
from requests import exceptions as wire_errors

from data_access.adapters.cave import tokens
from data_access.adapters.cave.patches import CutShort, SentElsewhere, Stopped
from data_access.errors import SynaptoscopeError
from data_access.secret import Secret

Kind = Literal[
    "token",
    "terms",
    "permission",
    "expired",
    "unknown",
    "rate",
    "server",
    "network",
    "timeout",
    "protocol",
    "cancelled",
]
BUSY = {502, 503, 504}
INNER_STATUS = re.compile(r"^\W*(\d{3})\s+[A-Za-z]")
WRONG_QUESTION = re.compile(
    r"UndefinedColumn|UndefinedTable|has no attribute|KeyError|no such column|unknown column|bad column|"
    r"(column|relation|table)\b[^\n]{0,120}\b(does not exist|not found|not in|unknown)|NoSuchTable",
    re.IGNORECASE,
)
OVERLOADED = re.compile(r"statement timeout|QueuePool|too many (connections|clients)|deadlock", re.IGNORECASE)
LONGEST_TEXT = 300


class CaveError(SynaptoscopeError):
    """A call to CAVE failed: `kind` tells what, `transient` whether the same call may work later.

    `again_after` is the wait in seconds that the service asked for; `address` a page the user has to visit (the form of
    the terms); `only_once`: one more try is enough to know.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        hint: str = "",
        *,
        transient: bool = False,
        only_once: bool = False,
        again_after: float | None = None,
        address: str = "",
        status: int = 0,
    ) -> None:
        super().__init__(message, hint)
        self.kind: Kind = kind
        self.transient = transient
        self.only_once = only_once
        self.again_after = again_after
        self.address = address
        self.status = status


def classify(error: BaseException, server: str, what: str, secrets: Iterable[Secret] = ()) -> CaveError:
    """The CaveError for whatever caveclient, requests or pyarrow raised while it did `what` at `server`.

    The text of the answer is quoted, with every one of `secrets` blanked out. Holds no reference to `error`.
    """
    if isinstance(error, CaveError):
        return error
    found = _classify(error, server, what)
    for secret in secrets:
        if secret.reveal():
            found.message = found.message.replace(secret.reveal(), "***")
            found.hint = found.hint.replace(secret.reveal(), "***")
            found.address = found.address.replace(secret.reveal(), "***")
    found.args = (found.message,)
    return found


def _classify(error: BaseException, server: str, what: str) -> CaveError:
    host = host_of(server)
    if isinstance(error, Stopped):
        return CaveError("cancelled", f"{what}: cancelled")
    if isinstance(error, SentElsewhere | AuthException):
        return no_access(f"{host} asked for a login", server)
    if isinstance(error, wire_errors.JSONDecodeError | CutShort | pa.ArrowException):
        return unreadable(host, what)
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return _from_answer(error.response, server, what)
    if isinstance(error, wire_errors.ChunkedEncodingError | wire_errors.ContentDecodingError):
        return CaveError("network", f"{what}: the connection to {host} broke off in the answer", RETRY, transient=True)
    if isinstance(error, wire_errors.Timeout) or _says(error, "timed out"):
        hint = "the service is slow or busy: try again later, or ask for less at once"
        return CaveError("timeout", f"{what}: {host} did not answer in time", hint, transient=True)
    if isinstance(error, wire_errors.InvalidURL | wire_errors.InvalidSchema | wire_errors.MissingSchema):
        return CaveError("network", f"{server!r} is no address of a server", "an address looks like https://host.name")
    if isinstance(error, wire_errors.SSLError):
        return CaveError("network", f"the certificate of {host} was not accepted", "check the address and the proxy")
    if isinstance(error, wire_errors.RequestException | OSError):
        hint = "check the address and the network; datasets that are already here keep working"
        return CaveError("network", f"{what}: no connection to {host}", hint, transient=True)
    if isinstance(error, ServerIncompatibilityError):
        return CaveError("protocol", f"the CAVE server at {host} is too old for this client", "ask its administrators")
    if isinstance(error, ValueError) and _says(error, "Unknown response type"):
        return unreadable(host, what)
    short = type(error).__name__
    return CaveError(
        "protocol", f"{what}: {host} answered in a way we do not understand ({short}: {error})"[:LONGEST_TEXT]
    )


RETRY = "try again: what has arrived whole is kept"


def unreadable(host: str, what: str) -> CaveError:
    """The answer is no data: a page of a proxy or of a login, or a damaged stream."""
    hint = (
        f"open https://{host} in a browser from this machine: a proxy or login page between may have answered instead"
    )
    return CaveError(
        "protocol", f"{what}: something other than CAVE answered at {host}", hint, transient=True, only_once=True
    )


def no_access(cause: str, server: str) -> CaveError:
    """There is no token, or it is not taken."""
    page = tokens.token_page(server)
    return CaveError("token", cause, f"get a token at {page} and set {tokens.SETTING} to it", address=page)


def host_of(server: str) -> str:
    """The name of a server without scheme, path or credentials."""
    return server.split("://")[-1].split("/")[0].split("@")[-1]


def _from_answer(response: requests.Response, server: str, what: str) -> CaveError:
    body = _body(response)
    text = str(body.get("message") or body.get("error") or "").strip() or _first_line(response)
    inner = INNER_STATUS.match(text)
    status = int(inner.group(1)) if inner and response.status_code == 500 else response.status_code
    code = str(body.get("error") or "")
    found = _by_status(status, response, text[:LONGEST_TEXT], code, body, server, what)
    found.status = response.status_code
    return found


def _by_status(
    status: int, response: requests.Response, text: str, code: str, body: dict[str, Any], server: str, what: str
) -> CaveError:
    host = host_of(server)
    said = f": {text}" if text else ""
    if code == "missing_tos" or "missing_tos" in text:
        address = _web_address(body.get("data"))
        hint = f"accept them in a browser at {address or 'https://' + host}, then try again"
        return CaveError("terms", f"{host} wants its terms of service accepted first", hint, address=address)
    if response.status_code == 401 or code in {"invalid_token", "no_token"}:
        return no_access(f"{host} does not take this token" if code != "no_token" else f"{host} wants a token", server)
    if status in {401, 403}:
        hint = "ask the owners of the datastack to let the account of this token read it"
        return CaveError("permission", f"{what}: no permission at {host}{said}", hint)
    if status == 429:
        hint = "wait a few minutes, then go on: what has arrived is kept"
        wait = _again_after(response)
        return CaveError("rate", f"{host} answers no more requests for now", hint, transient=True, again_after=wait)
    if status in {404, 410}:
        kind: Kind = "expired" if "version" in text and not re.search("table|view", text) else "unknown"
        return CaveError(kind, f"{what}: {host} does not have it{said}", "look at the versions and tables it has now")
    if status in BUSY:
        hint = "the service is down or overloaded: try again later"
        wait = _again_after(response)
        return CaveError("server", f"{host} is not available now ({status})", hint, transient=True, again_after=wait)
    if status < 500 or (WRONG_QUESTION.search(text) and not OVERLOADED.search(text)):
        return CaveError(
            "unknown", f"{what}: {host} refused the question{said}", "check the names of table and columns"
        )
    hint = "try again later; if it stays so, tell its administrators"
    return CaveError("server", f"{what}: {host} failed ({status}){said}", hint, transient=True)


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        body = json.loads(response.content)
    except (ValueError, requests.RequestException):
        return {}
    return body if isinstance(body, dict) else {}


def _first_line(response: requests.Response) -> str:
    if "html" in response.headers.get("Content-Type", "").lower():
        return ""
    return response.text.strip().split("\n", 1)[0]


def _web_address(data: Any) -> str:
    address = str(data.get("tos_form_url") or "") if isinstance(data, dict) else ""
    return address if address.startswith(("https://", "http://")) else ""


def _again_after(response: requests.Response) -> float | None:
    """Seconds until the service wants to be asked again: a number or a date in the header Retry-After."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _says(error: BaseException, words: str) -> bool:
    return words.lower() in str(error).lower()
