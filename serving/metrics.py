"""Request counts and times for Prometheus, added up over all worker processes."""

from __future__ import annotations

import ipaddress
import os

import flask
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")

# With PROMETHEUS_MULTIPROC_DIR set (gunicorn.conf.py does) the values lie in files there, one set a process.
_registry = CollectorRegistry()
_requests = Counter("synaptoscope_requests", "Requests answered.", ("method", "route", "status"), registry=_registry)
_seconds = Histogram(
    "synaptoscope_request_seconds",
    "Time from the request to the last byte of the answer.",
    ("route",),
    buckets=SECONDS,
    registry=_registry,
)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. `route` is the route's pattern, never the path: there are few of them."""
    _requests.labels(method if method in METHODS else "other", route, str(status)).inc()
    _seconds.labels(route).observe(seconds)


def register(server: flask.Flask, prefix: str) -> None:
    """Serve <prefix>metrics to clients on this machine; to everyone else it does not exist."""

    @server.get(prefix + "metrics", endpoint="serving_metrics")
    def metrics() -> flask.Response:
        if not from_this_machine(flask.request):
            flask.abort(404)
        registry = _registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return flask.Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def from_this_machine(request: flask.Request) -> bool:
    """Is the client itself on a loopback address, and no proxy between that speaks for someone else?"""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
