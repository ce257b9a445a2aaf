"""Requests and answers of the stand-in, and the forms in which CAVE refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Headers = tuple[tuple[str, str], ...]


@dataclass
class Request:
    """What was asked. `rows`, `ids`, `table` and `limited` are filled in as it is answered, for the log."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    rows: int | None = None
    ids: int | None = None
    table: str | None = None
    limited: bool = False
    most_rows: int | None = None
    """At most so many rows, and no word about it: a fault that no real server is known to have."""

    def json(self) -> Any:
        """The body; {} where there is none."""
        return json.loads(self.body) if self.body else {}

    def flag(self, name: str) -> bool:
        """A true-or-false parameter of the address."""
        return self.query.get(name, "False").lower() in ("true", "1")


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Headers = ()


@dataclass
class Refused(Exception):
    """Ends the work on a request with this answer."""

    answer: Answer = field(default_factory=Answer)


def as_json(value: Any, status: int = 200, headers: Headers = ()) -> Answer:
    """A JSON answer."""
    return Answer(status, json.dumps(value).encode(), headers=headers)


def missing(what: str) -> Refused:
    """A true 404, as calls for metadata give it."""
    return Refused(as_json({"message": f"{what} not found"}, 404))


REASONS = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 406: "Not Acceptable", 429: "Too Many Requests"}


def trapped(status: int, text: str) -> Refused:
    """A refusal of the query routes: every status but 400 comes out as 500 with the true one in its message."""
    return Refused(as_json({"message": f"{status} {REASONS[status]}: {text}"}, 500))


def failed(text: str) -> Refused:
    """An exception inside the query routes: 500 with its text."""
    return Refused(as_json({"message": text}, 500))


def bad_request(text: str) -> Refused:
    """The one status that gets out of the query routes as it is, with a page of HTML."""
    page = f"<!doctype html>\n<html lang=en>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n<p>{text}</p>\n"
    return Refused(Answer(400, page.encode(), "text/html; charset=utf-8"))


def missing_tos(form: str) -> Answer:
    """403: the user has not accepted the terms of service."""
    data = {
        "tos_id": 2,
        "tos_name": "Stand-in terms of service",
        "tos_form_url": form,
    }
    return as_json({"error": "missing_tos", "message": "Need to accept Terms of Service", "data": data}, 403)


def missing_permission(datastack: str) -> Answer:
    """403: the user may not see this datastack."""
    message = f"Missing permission: view for dataset {datastack}"
    return as_json({"error": "missing_permission", "message": message, "data": {}}, 403)


def unauthorized(error: str) -> Answer:
    """401: `no_token` or `invalid_token`."""
    message = (
        "Unauthorized - Token is Invalid or Expired" if error == "invalid_token" else "Unauthorized - No Token Provided"
    )
    return as_json({"error": error, "message": message}, 401)


PROXY_PAGE = Answer(
    200,
    b"<!doctype html><html><head><title>Please wait</title></head><body>The service is being updated.</body></html>",
    "text/html; charset=utf-8",
)


def repeated(name: str, values: Sequence[object]) -> Headers:
    """A header once for each value."""
    return tuple((name, str(value)) for value in values)
