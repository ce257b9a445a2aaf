"""Real root ids (about 8.6e17) come out of every format as they went in."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from flask.testing import FlaskClient

from data_access.importer import ImportSpec, import_dataset
from tests.api.answers import arrow_of, csv_of, get, json_of, parquet_of
from tests.api.conftest import MakeClient

Pair = tuple[str, str, int]


@pytest.fixture(scope="module")
def rows(real_data: Path) -> pd.DataFrame:
    file = real_data / "real" / "minnie65_cells_a" / "synapses.parquet"
    return pd.read_parquet(file, columns=["id", "pre_pt_root_id", "post_pt_root_id"])


@pytest.fixture(scope="module")
def minnie(real_data: Path, make_client: MakeClient, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    data = tmp_path_factory.mktemp("minnie")
    folder = real_data / "real" / "minnie65_cells_a"
    import_dataset(data, ImportSpec(id="minnie65_cells_a", synapses=(folder / "synapses.parquet",)))
    return make_client(data=data)


def test_ids_of_a_real_dataset_survive_to_the_digit(minnie: FlaskClient, rows: pd.DataFrame) -> None:
    counts = rows.groupby(["pre_pt_root_id", "post_pt_root_id"]).size()
    wanted: list[Pair] = sorted((str(a), str(b), int(n)) for (a, b), n in counts.items())  # type: ignore[misc]
    assert (len(rows), len(wanted)) == (138_046, 123_599)
    path = "datasets/minnie65_cells_a/connections"
    body = json_of(minnie, path + ".json", autapses="keep")
    assert sorted((r["pre_id"], r["post_id"], r["n_synapses"]) for r in body["data"]) == wanted
    text = csv_of(minnie, path + ".csv", autapses="keep")
    assert sorted((r["pre_id"], r["post_id"], int(r["n_synapses"])) for r in text) == wanted
    for table in (
        parquet_of(minnie, path + ".parquet", autapses="keep"),
        arrow_of(minnie, path + ".arrow", autapses="keep"),
    ):
        columns = [table[name].to_pylist() for name in ("pre_id", "post_id", "n_synapses")]
        assert sorted((str(a), str(b), n) for a, b, n in zip(*columns, strict=True)) == wanted


def test_the_busiest_cell_has_the_partners_of_the_source(minnie: FlaskClient, rows: pd.DataFrame) -> None:
    cell = 864691136266561524
    onto = rows[rows.post_pt_root_id == cell]
    assert onto.pre_pt_root_id.nunique() == 6546
    body = json_of(minnie, "datasets/minnie65_cells_a/partners.json", cell=cell, direction="in")
    assert {r["partner_id"]: r["n_in"] for r in body["data"]} == {
        str(i): n for i, n in onto.groupby("pre_pt_root_id").size().items()
    }
    zipped = minnie.get(
        f"/api/v1/datasets/minnie65_cells_a/partners.json?cell={cell}&limit=500", headers={"Accept-Encoding": "gzip"}
    )
    assert len(zipped.data) < 33_000
    again = [json.loads(get(minnie, f"datasets/minnie65_cells_a/partners.json?cell={cell}").data) for _ in range(5)]
    assert min(body["ledger"]["milliseconds"] for body in again) < 37
