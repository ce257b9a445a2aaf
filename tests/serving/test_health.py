"""Health and readiness."""

from __future__ import annotations

from pathlib import Path

import flask
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access.importer import ImportSpec, import_dataset


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of `server`, with two small datasets in it."""
    ids = np.arange(864691135000000001, 864691135000000009)
    rows = {"pre_id": ids, "post_id": np.roll(ids, 1), "n_synapses": np.arange(1, 9)}
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table(rows), file)
    for name in ("ant", "bee"):
        import_dataset(tmp_path, ImportSpec(id=name, connections=(file,), weight="n_synapses"))
    return tmp_path


def test_the_process_is_up(server: flask.Flask) -> None:
    response = server.test_client().get("/healthz")
    assert (response.status_code, response.text) == (200, "OK\n")
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("folder", ["", "not-there-yet"])
def test_an_empty_data_folder_is_ready(make_server, tmp_path: Path, folder: str) -> None:
    response = make_server(data=tmp_path / folder).test_client().get("/readyz")
    assert response.status_code == 200
    assert response.get_json() == {"status": "ready", "datasets": []}


def test_health_lies_below_the_prefix(make_server) -> None:
    client = make_server(url_prefix="/connect/").test_client()
    for name in ("healthz", "readyz", "metrics"):
        assert client.get(f"/connect/{name}").status_code == 200
        assert client.get(f"/{name}").status_code == 404


def test_ready_when_every_dataset_opens(server: flask.Flask, data: Path) -> None:
    response = server.test_client().get("/readyz")
    assert response.status_code == 200
    assert response.get_json()["datasets"] == ["ant", "bee"]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("dataset.json", cut),
        ("graph/out_idx.npy", cut),
        ("graph/out_idx.npy", Path.unlink),
        ("cells.parquet", cut),
        ("cells.parquet", Path.unlink),
    ],
)
def test_the_broken_dataset_is_named(server: flask.Flask, data: Path, name: str, damage) -> None:
    damage(data / "bee" / name)
    response = server.test_client().get("/readyz")
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    content = response.get_json()
    assert content["detail"].startswith("bee: ")
    assert "ant" not in content["detail"]
    assert "verify bee" in content["hint"]
