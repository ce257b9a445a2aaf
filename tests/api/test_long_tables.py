"""A table that takes long: answered at once where it can be, else by a job that is named."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from flask.testing import FlaskClient

from api import jobs, openapi
from data_access.jobs import Job
from tests.api.answers import V1
from tests.api.conftest import MakeClient
from tests.views import samples
from views import long_run

WANTED = "datasets/big/reciprocity"


@pytest.fixture
def client(make_client: MakeClient, tmp_path: Path) -> FlaskClient:
    samples.big(tmp_path / "data", tmp_path)
    return make_client(data=tmp_path / "data", url_prefix="/lab/")


def test_the_answer_is_a_table_or_the_job_that_makes_it(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/lab{V1}/{WANTED}"
    job = Job("20261121-050203-9f86d0", "null-model", "Reciprocity")
    monkeypatch.setattr(long_run, "AT_ONCE_S", -1.0)
    monkeypatch.setattr(long_run, "start", lambda *given: job)
    for suffix in ("json", "parquet"):
        later = client.get(f"{path}.{suffix}?samples=10")
        assert later.status_code == 202
        assert later.headers["Location"] == f"/lab{V1}/jobs/{job.id}"
        assert "ETag" not in later.headers
        assert json.loads(later.data)["state"] == "waiting"
        jsonschema.validate(json.loads(later.data), jobs.SCHEMA)
    monkeypatch.undo()
    found = client.get(f"{path}.json?samples=10")
    assert found.status_code == 200
    body = json.loads(found.data)
    assert {"data", "ledger", "view", "samples"} <= set(body)
    assert body["view"] == {"ds": "big", "samples": "10"}
    unchanged = client.get(f"{path}.json?samples=10", headers={"If-None-Match": found.headers["ETag"]})
    assert unchanged.status_code == 304
    refused = client.get(f"{path}.json?samples=10&null=distance&group=counter")
    assert refused.status_code == 400


def test_both_answers_are_described() -> None:
    answers = openapi.document("/api/v1")["paths"]["/datasets/{id}/reciprocity.{format}"]["get"]["responses"]
    assert "Location" in answers["202"]["headers"]
    assert "202" not in openapi.document("")["paths"]["/datasets/{id}/cells.{format}"]["get"]["responses"]
