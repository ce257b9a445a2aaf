"""Long work over HTTP: listed, watched and cancelled, and described as it is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from flask.testing import FlaskClient

from data_access.errors import InputError
from data_access.jobs import Jobs
from tests.api.answers import V1, get, json_of, numbers, problem
from tests.api.conftest import MakeClient

KIND = "test-count"
IDS = [864691135808473885, 864691135808473886]


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPTOSCOPE_TEST_JOB_KINDS", f"{KIND}=tests.data_access.counting_job:run")


@pytest.fixture
def client(make_client: MakeClient, tmp_path: Path) -> FlaskClient:
    return make_client(data=tmp_path)


def until(met: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not met():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_without_jobs_the_list_is_empty(client: FlaskClient, tmp_path: Path) -> None:
    assert json_of(client, "jobs") == {"data": []}
    assert not (tmp_path / ".jobs").exists()


def test_a_job_is_listed_watched_and_cancelled(client: FlaskClient, tmp_path: Path) -> None:
    job = Jobs(tmp_path).start(KIND, "Counting", "beans", {"wait": ["go"], "ids": IDS}, {})
    until(lambda: json_of(client, f"jobs/{job.id}")["stage"] == "counting")
    found = json_of(client, f"jobs/{job.id}")
    assert (found["state"], found["done"], found["total"], found["cancelling"]) == ("running", 0, 3, False)
    assert [entry["id"] for entry in json_of(client, "jobs")["data"]] == [job.id]
    assert max(numbers(json_of(client, "jobs"))) < 2**53
    assert str(IDS[0]) not in get(client, "jobs").get_data(as_text=True)
    assert get(client, "jobs").headers["Cache-Control"] == "private, no-cache"

    asked = client.post(f"{V1}/jobs/{job.id}/cancel")
    assert asked.status_code == 200
    assert json.loads(asked.data)["cancelling"] or json.loads(asked.data)["state"] == "cancelled"
    until(lambda: json_of(client, f"jobs/{job.id}")["state"] == "cancelled")
    again = client.post(f"{V1}/jobs/{job.id}/cancel")
    assert (again.status_code, json.loads(again.data)["state"]) == (200, "cancelled")


def test_all_workers_see_one_list(make_client: MakeClient, tmp_path: Path) -> None:
    job = Jobs(tmp_path).start(KIND, "Counting", "", {"to": 0}, {})
    first, second = make_client(data=tmp_path), make_client(data=tmp_path)
    until(lambda: json_of(first, f"jobs/{job.id}")["state"] == "done")
    assert json_of(first, "jobs") == json_of(second, "jobs")


@pytest.mark.parametrize("job_id", ["20261121-050203-abcdef", "x", "..%2F..%2Fqueue", "%00", "é" * 300])
def test_an_unknown_job_is_a_404(client: FlaskClient, job_id: str) -> None:
    for response in (client.get(f"{V1}/jobs/{job_id}"), client.post(f"{V1}/jobs/{job_id}/cancel")):
        problem(response, 404)


def test_a_get_cancels_nothing(client: FlaskClient) -> None:
    problem(client.get(f"{V1}/jobs/20261121-050203-abcdef/cancel"), 405)


def test_jobs_match_their_schema(client: FlaskClient, tmp_path: Path) -> None:
    described = json_of(client, "openapi.json")
    jobs = Jobs(tmp_path)
    with jobs.here(KIND, "Pulling", "beans", {}) as reporter:
        reporter.stage("Synapses", 10, "rows")
        reporter.note("one cell has no outputs")
        running = json_of(client, "jobs")["data"]
    with pytest.raises(InputError), jobs.here(KIND, "Pulling", "beans", {}):
        raise InputError("wrong", "right it")
    job = {"$ref": "#/components/schemas/job", "components": described["components"]}
    for path, verb in (("/jobs/{id}", "get"), ("/jobs/{id}/cancel", "post")):
        answer = described["paths"][path][verb]["responses"]["200"]["content"]["application/json"]
        for content in (answer["example"], *running, *json_of(client, "jobs")["data"]):
            jsonschema.Draft202012Validator(job).validate(content)
    assert [entry["state"] for entry in running] == ["running"]
