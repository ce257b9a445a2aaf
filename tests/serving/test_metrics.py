"""Prometheus metrics, for this machine only."""

from __future__ import annotations

import flask
import pytest

from serving import metrics


def sample(server: flask.Flask, start: str) -> float:
    text = server.test_client().get("/metrics").text
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(start))


def test_requests_are_counted_by_route_not_by_path(server: flask.Flask) -> None:
    wanted = 'synaptoscope_requests_total{method="GET",route="/api/v1/file.<kind>",status="200"}'
    timed = 'synaptoscope_request_seconds_count{route="/api/v1/file.<kind>"}'
    before, timed_before = sample(server, wanted), sample(server, timed)
    for kind in ("png", "parquet", "png"):
        server.test_client().get(f"/api/v1/file.{kind}", buffered=True)
    assert sample(server, wanted) - before == 3
    assert sample(server, timed) - timed_before == 3


def test_invented_methods_and_paths_make_no_new_lines(server: flask.Flask) -> None:
    client = server.test_client()
    client.get("/nowhere/0", buffered=True)
    client.open("/x", method="BREW0", buffered=True)
    before = client.get("/metrics").text.count("synaptoscope_requests_total{")
    for number in range(1, 20):
        client.get(f"/nowhere/{number}", buffered=True)
        client.open("/x", method=f"BREW{number}", buffered=True)
    # the look before counted itself since
    assert client.get("/metrics").text.count("synaptoscope_requests_total{") <= before + 1


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_may_look(server: flask.Flask, address: str) -> None:
    response = server.test_client().get("/metrics", environ_overrides={"REMOTE_ADDR": address})
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain")


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.5", "8.8.8.8", "2001:db8::1", "", "unix"])
def test_for_others_it_does_not_exist(server: flask.Flask, address: str) -> None:
    response = server.test_client().get("/metrics", environ_overrides={"REMOTE_ADDR": address})
    assert response.status_code == 404
    assert "synaptoscope_requests" not in response.text


@pytest.mark.parametrize("header", metrics.FORWARDED)
@pytest.mark.parametrize("trust_proxy", [0, 1])
def test_a_proxy_on_this_machine_opens_it_to_nobody(make_server, header: str, trust_proxy: int) -> None:
    client = make_server(trust_proxy=trust_proxy).test_client()
    for value in ("8.8.8.8", "127.0.0.1"):
        assert client.get("/metrics", headers={header: value}).status_code == 404


def test_a_trusted_proxy_says_who_the_client_is(make_server) -> None:
    def client_address(trust_proxy: int) -> str:
        server = make_server(trust_proxy=trust_proxy)
        server.add_url_rule("/who", view_func=lambda: flask.request.remote_addr)
        return server.test_client().get("/who", headers={"X-Forwarded-For": "6.6.6.6, 8.8.8.8"}).text

    assert client_address(0) == "127.0.0.1"
    assert client_address(1) == "8.8.8.8"
    assert client_address(2) == "6.6.6.6"
