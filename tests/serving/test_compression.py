"""Compressed answers."""

from __future__ import annotations

import gzip
import zlib

import brotli
import flask
import pytest
from backports import zstd

from serving import compression

DECODE = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}


@pytest.mark.parametrize("encoding", DECODE)
@pytest.mark.parametrize("path", ["/api/v1/text.json", "/api/v1/stream.csv"])
def test_text_is_sent_small_and_arrives_whole(server: flask.Flask, path: str, encoding: str) -> None:
    client = server.test_client()
    plain = client.get(path).data
    response = client.get(path, headers={"Accept-Encoding": encoding})
    assert response.headers["Content-Encoding"] == encoding
    assert "Accept-Encoding" in response.headers["Vary"]
    assert len(response.data) < len(plain) / 2
    content = (
        zlib.decompressobj(31).decompress(response.data) if encoding == "gzip" else DECODE[encoding](response.data)
    )
    assert content == plain


def test_a_browser_gets_the_fastest(server: flask.Flask) -> None:
    response = server.test_client().get("/api/v1/text.json", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    assert response.headers["Content-Encoding"] == "zstd"


@pytest.mark.parametrize("path", ["/api/v1/file.png", "/api/v1/file.parquet", "/api/v1/text.json?size=500"])
def test_what_gains_nothing_is_left_alone(server: flask.Flask, path: str) -> None:
    response = server.test_client().get(path, headers={"Accept-Encoding": "gzip, br, zstd"})
    assert "Content-Encoding" not in response.headers


def test_a_script_is_compressed_once_and_nothing_else_is_kept(
    server: flask.Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressed = []
    right = zstd.compress

    def compress(data: bytes, *args: int) -> bytes:
        compressed.append(len(data))
        return right(data, *args)

    monkeypatch.setattr(zstd, "compress", compress)
    client = server.test_client()
    for path in ("/_dash-component-suites/dcc/dcc.js", "/api/v1/text.json"):
        answers = {client.get(path, headers={"Accept-Encoding": "zstd"}).data for _ in range(3)}
        assert len(answers) == 1
    assert sorted(compressed) == [100_002] * 3 + [200_000]


def test_the_kept_scripts_have_a_limit() -> None:
    kept = compression._Scripts()
    for number in range(10):
        kept.set(f"zstd;/{number}", bytes(compression.SCRIPT_BYTES // 4))
    assert [kept.get(f"zstd;/{n}") is not None for n in range(10)] == [True] * 4 + [False] * 6
