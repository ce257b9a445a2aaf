"""What stands around pages and API: request ids, logs, headers, compression, errors, health, metrics."""

from __future__ import annotations

import logging
import secrets

import flask
from werkzeug.middleware.proxy_fix import ProxyFix

from serving import compression, health, metrics, problems, requests, security
from serving.secret_key import shared_secret
from settings import Settings

log = logging.getLogger(__name__)


def install(server: flask.Flask, settings: Settings, csp_hashes: security.CspHashes | None = None) -> None:
    """Wire the serving layer into a Flask server, once, before its first request.

    `csp_hashes` is Dash's `app.csp_hashes`. The server gets its secret key, and under the URL prefix the
    routes healthz, readyz, metrics and a 404 problem for every unknown path below api/. Dash must be left
    without `health_endpoint` and `compress`.
    """
    prefix = settings.url_prefix
    requests.configure_logging(settings.log_level)
    server.secret_key = _secret_key(settings)
    # Flask runs what follows an answer in reverse order: compression comes first, then the headers.
    security.register(server, csp_hashes)
    compression.register(server, prefix)
    problems.register(server, prefix)
    health.register(server, prefix, settings.data)
    metrics.register(server, prefix)
    if settings.trust_proxy:
        n = settings.trust_proxy
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=n, x_proto=n, x_host=0)  # type: ignore[method-assign]
    requests.register(server)


def _secret_key(settings: Settings) -> str:
    try:
        return shared_secret(settings)
    except OSError as error:
        log.warning(
            "no secret key can be kept in %s: %s; this process has its own (set SYNAPTOSCOPE_SECRET_KEY)",
            settings.cache_dir,
            error,
        )
        return secrets.token_hex(32)
