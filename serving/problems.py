"""Errors as answers: problem+json (RFC 9457) below <prefix>api/, one plain line elsewhere."""

from __future__ import annotations

import logging
from http import HTTPStatus

import flask
import orjson
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from data_access.errors import DamagedError, InputError, NotFoundError, SynaptoscopeError, TooLargeError, UsageError
from serving.requests import request_id

log = logging.getLogger(__name__)

STATUS = {InputError: 400, UsageError: 400, NotFoundError: 404, DamagedError: 404, TooLargeError: 413}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def problem(status: int, title: str = "", detail: str = "", hint: str = "") -> flask.Response:
    """A problem+json answer: type, title (default: the status' name), status, detail, hint, request_id."""
    content = {
        "type": "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "hint": hint,
        "request_id": request_id(),
    }
    return flask.Response(orjson.dumps(content), status=status, content_type="application/problem+json")


def register(server: flask.Flask, prefix: str) -> None:
    """Answer every error of the server, and every path below <prefix>api that has no route of its own."""
    api = prefix + "api"

    def in_api() -> bool:
        path = flask.request.path
        return path == api or path.startswith(api + "/")

    def answer(status: int, detail: str, hint: str) -> flask.Response:
        if in_api():
            return problem(status, detail=detail, hint=hint)
        lines = [line for line in (detail, hint, f"Request {request_id()}") if line]
        return flask.Response("\n".join(lines) + "\n", status=status, mimetype="text/plain")

    @server.errorhandler(SynaptoscopeError)
    def known(error: SynaptoscopeError) -> flask.Response:
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
        return answer(status, error.message, error.hint)

    @server.errorhandler(HTTPException)
    def http(error: HTTPException) -> flask.Response | HTTPException:
        if not in_api() or error.code is None or error.code < 400:
            return error
        response = problem(error.code, detail=_detail(error))
        for name, value in error.get_headers():  # Allow, Retry-After, WWW-Authenticate
            if name.lower() != "content-type":
                response.headers[name] = value
        return response

    @server.errorhandler(Exception)
    def unexpected(error: Exception) -> flask.Response:
        log.error("unexpected error", exc_info=error)
        detail = "The server met an error that it did not expect."
        return answer(500, detail, "Please report it with the request id.")

    # Dash answers every other GET with its page: these routes stand before it.
    @server.route(api, defaults={"path": ""}, methods=METHODS, endpoint="serving_no_api", strict_slashes=False)
    @server.route(api + "/<path:path>", methods=METHODS, endpoint="serving_no_api")
    def nothing_here(path: str) -> flask.Response:
        allowed = _methods_served(server, "serving_no_api")
        if allowed:
            raise MethodNotAllowed(valid_methods=allowed)
        detail = f"Nothing is served at {flask.request.path}."
        return problem(404, detail=detail, hint=f"{api}/v1/openapi.json lists every path.")


def _detail(error: HTTPException) -> str:
    if error.code == 413:
        limit = flask.current_app.config["MAX_CONTENT_LENGTH"]
        return f"The request body is larger than {limit // 1_000_000} MB."
    return error.description or ""


def _methods_served(server: flask.Flask, catch_all: str) -> list[str]:
    """The methods for which the path of the request has a route of its own."""
    adapter = server.create_url_adapter(flask.request)
    assert adapter is not None
    served = []
    for method in METHODS:
        try:
            endpoint, _ = adapter.match(method=method)
        except HTTPException:
            continue
        rule = next(server.url_map.iter_rules(endpoint))
        if endpoint != catch_all and rule.rule.rsplit("/", 1)[-1] != "<path:path>":
            served.append(method)
    return served
