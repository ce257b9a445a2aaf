"""The description says what is served: routes, parameters, and answers that match their schemas."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient

from api.tables import PICTURE, TABLES
from tests.api.answers import V1, get, json_of
from tests.api.conftest import MakeClient
from tests.data_access import versions
from tests.views.samples import FIRST_ID
from views import schema

pytest_plugins = ("tests.views.sample_fixtures",)


@pytest.fixture(scope="module")
def described(client: FlaskClient) -> dict[str, Any]:
    content: dict[str, Any] = json_of(client, "openapi.json")
    return content


def valid(described: dict[str, Any], name: str, value: Any) -> None:
    """Check a value against a schema of the description."""
    whole = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


def operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [way for path in described["paths"].values() for verb, way in path.items() if verb in ("get", "post")]


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert {"title", "version"} <= set(described["info"])
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(described)):
        found: Any = described
        for part in reference.split("/"):
            found = found[part]
    names = [way["operationId"] for way in operations(described)]
    assert len(set(names)) == len(names)
    for way in operations(described):
        assert way["summary"]
        assert "200" in way["responses"]
        assert "4XX" in way["responses"]


def test_every_schema_is_a_json_schema(described: dict[str, Any]) -> None:
    for content in described["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(content)


def test_path_parameters_are_declared(described: dict[str, Any]) -> None:
    for path, item in described["paths"].items():
        declared = [
            p if "name" in p else described["components"]["parameters"]["format"] for p in item.get("parameters", [])
        ]
        assert {p["name"] for p in declared if p["in"] == "path"} == set(re.findall(r"{(\w+)}", path))
        assert all(p["required"] for p in declared)


def test_every_described_path_is_served_and_every_served_path_is_described(
    client: FlaskClient, described: dict[str, Any]
) -> None:
    served = set()
    for rule in client.application.url_map.iter_rules():
        if rule.endpoint.startswith("api."):
            path = rule.rule.removeprefix(V1).replace("<dataset_id>", "{id}").replace("<suffix>", "{format}")
            path = path.replace("<job_id>", "{id}").replace("<path:cell>", "{cell}").replace("<set_name>", "{name}")
            served.add(path)
    assert served - {"/datasets/{id}/<name>"} == set(described["paths"])


@pytest.mark.parametrize("route", [*TABLES, PICTURE], ids=lambda route: getattr(route, "name", "matrix.png"))
def test_parameters_are_those_of_the_view(described: dict[str, Any], route: Any) -> None:
    name = f"{route.name}.{{format}}" if route in TABLES else "matrix.png"
    item = described["paths"][f"/datasets/{{id}}/{name}"]
    wanted = [p for p in schema.params(route.view) if p.key != "ds"]
    assert [p["name"] for p in item["get"]["parameters"]] == [p.key for p in wanted]
    form = item["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert list(form["properties"]) == [p.key for p in wanted]
    by_name = {p["name"]: p for p in item["get"]["parameters"]}
    for param in wanted:
        described_as = by_name[param.key]["schema"]
        assert described_as.get("default") == param.default
        assert tuple(described_as.get("enum", ())) == param.choices
        assert set(route.unused) <= {p.key for p in wanted}


QUERIES = {
    "cells": {}, "connections": {"limit": "50"}, "synapses": {"limit": "50"}, "partners": {"cell": str(FIRST_ID)},
    "matrix": {"group": "cell_type"}, "gap_junctions": {}, "carried": {"to": f"tiny_public-v{versions.NEW}"},
    "summary": {"columns": "cell_type"}, "partner_types": {"cell": str(FIRST_ID)},
    "cell_synapses": {"cell": str(FIRST_ID), "limit": "50"},
    "pair_synapses": {"a": str(FIRST_ID), "b": str(FIRST_ID + 37)},
    "reciprocal": {}, "reciprocal_types": {}, "reciprocity": {"samples": "10"}, "motifs": {"samples": "5"}, "motif_instances": {"motif": "021C"},
    "node_search": {"ab": "1", "bc": "1", "samples": "5"},
}  # fmt: skip


@pytest.fixture(scope="module")
def two_versions(make_client: MakeClient, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder = tmp_path_factory.mktemp("two_versions")
    for version in (versions.OLD, versions.NEW):
        versions.make(folder / "data", folder / "files", version)
    return make_client(data=folder / "data")


@pytest.fixture
def served(client: FlaskClient, two_versions: FlaskClient, table: Any) -> tuple[FlaskClient, str]:
    """Who answers for a table, and the dataset that has it."""
    return (two_versions, f"tiny_public-v{versions.OLD}") if table.name == "carried" else (client, "big")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_answers_match_their_schemas_and_so_do_the_examples(
    served: tuple[FlaskClient, str], described: dict[str, Any], table: Any
) -> None:
    body = json_of(served[0], f"datasets/{served[1]}/{table.name}.json", **QUERIES[table.name])
    answer = described["paths"][f"/datasets/{{id}}/{table.name}.{{format}}"]["get"]["responses"]["200"]["content"]
    assert set(answer) == {
        "application/json", "text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream",
    }  # fmt: skip
    for content in (body, answer["application/json"]["example"]):
        valid(described, "ledger", content["ledger"])
        valid(described, "view", content["view"])
        assert content["data"]
        for row in content["data"]:
            valid(described, f"{table.name}_row", row)
    assert list(body["data"][0])[: len(table.columns)] == [column.name for column in table.columns]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_media_types_are_those_described(
    served: tuple[FlaskClient, str], described: dict[str, Any], table: Any
) -> None:
    answer = described["paths"][f"/datasets/{{id}}/{table.name}.{{format}}"]["get"]["responses"]["200"]["content"]
    served = {
        get(served[0], f"datasets/{served[1]}/{table.name}.{suffix}", **QUERIES[table.name]).mimetype
        for suffix in described["components"]["parameters"]["format"]["schema"]["enum"]
    }
    assert served == set(answer)


def test_datasets_and_problems_match_their_schemas(client: FlaskClient, described: dict[str, Any]) -> None:
    for entry in json_of(client, "datasets")["data"]:
        valid(described, "dataset", entry)
        valid(described, "dataset", json_of(client, f"datasets/{entry['id']}"))
    problem = described["components"]["responses"]["problem"]["content"]["application/problem+json"]
    for content in (problem["example"], json.loads(client.get(f"{V1}/nothing").data)):
        jsonschema.validate(content, problem["schema"])


def test_a_stored_set_matches_its_schema(client: FlaskClient, described: dict[str, Any]) -> None:
    answer = described["paths"]["/sets"]["post"]["responses"]["200"]["content"]["application/json"]
    for content in (answer["example"], json.loads(client.post(f"{V1}/sets", data={"cells": "1"}).data)):
        jsonschema.validate(content, answer["schema"])
