"""The API described as OpenAPI 3.1, generated from the same tables of parameters that parse the requests."""

from __future__ import annotations

from typing import Any

from api import jobs, neuroglancer
from api.formats import FORMATS, MAX_JSON_ROWS
from api.openapi_parts import LEDGER_EXAMPLE, NOT_MODIFIED, SCHEMAS, Json, problem
from api.params import FORMS
from api.tables import PICTURE, TABLES, Column, Picture, Table
from views import schema
from views.neuroglancer import NeuroglancerView
from views.schema import Param

TYPES = {"text": "string", "choice": "string", "int": "integer", "float": "number"}
COLUMN_TYPES = {"id": "string", "text": "string", "integer": "integer", "number": "number", "boolean": "boolean"}
SETS = (
    "A cell set is a filter over the cell table in the syntax of DataFrame.query (cell_type in ['BC', 'MC'] and "
    "depth_um < 300), ids separated by commas or blanks, or set:HASH for a stored one; empty means all cells."
)
ABOUT = f"""Synaptic connectivity as tidy tables. Rows are presynaptic, columns postsynaptic. Ids are text in JSON and
int64 (or text) elsewhere. JSON answers carry the rows, a ledger (what was read, what was left out and why, whether a
limit cut) and the view (the parameters as understood); Parquet and Arrow carry both as JSON in the schema metadata
under `ledger` and `view`; CSV is the bare table, texts exactly as in the source, nothing escaped for spreadsheets.
JSON holds at most {MAX_JSON_ROWS:,} rows.

{SETS}

Every table and picture can also be asked for by POST with the parameters as form fields (sets up to 5 MB each); a
field wins over a query parameter of the same name. Answers to GET carry an ETag; If-None-Match gets a 304."""


def document(server: str) -> Json:
    """The whole description; `server` is the path under which the API is served."""
    paths: Json = {
        "/datasets": {"get": _datasets()},
        "/datasets/{id}": {"parameters": [_dataset_id()], "get": _dataset()},
    }
    for table in TABLES:
        path = f"/datasets/{{id}}/{table.name}.{{format}}"
        parameters = [_dataset_id(), {"$ref": "#/components/parameters/format"}]
        paths[path] = {"parameters": parameters} | _both(table, _table_answers(table))
    png = {"200": {"description": "the picture", "content": {"image/png": {}}}}
    paths["/datasets/{id}/matrix.png"] = {"parameters": [_dataset_id()]} | _both(PICTURE, png)
    paths["/datasets/{id}/neuroglancer"] = {"parameters": [_dataset_id()]} | _neuroglancer()
    paths["/sets"] = {"post": _post_set()}
    paths |= _jobs()
    paths["/openapi.json"] = {"get": _operation("openapi", "This description", {"200": _json("OpenAPI 3.1", {})})}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Synaptoscope", "version": "1", "description": ABOUT, "license": {"name": "MIT"}},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "parameters": {"format": _format()},
            "schemas": SCHEMAS | {"job": jobs.SCHEMA} | {f"{t.name}_row": _row(t) for t in TABLES},
            "responses": {"problem": problem()},
        },
    }


def _operation(name: str, summary: str, answers: Json, **more: Any) -> Json:
    errors = {"4XX": {"$ref": "#/components/responses/problem"}}
    return {"operationId": name, "summary": summary, **more, "responses": answers | errors}


def _both(route: Table | Picture, answers: Json) -> Json:
    """GET with query parameters and POST with the same as form fields."""
    name = route.name if isinstance(route, Table) else "matrix_png"
    return _ways(name, route.summary, route.view, route.unused, answers, {}, NOT_MODIFIED)


def _ways(name: str, summary: str, view: type, unused: tuple[str, ...], answers: Json, more: Json,
          of_get: Json | None = None) -> Json:  # fmt: skip
    wanted = [p for p in schema.params(view) if p.key != "ds"]
    query = [_parameter(p, p.key in unused) for p in wanted]
    query += [{"name": key, "in": "query", "schema": form} for key, form in more.items()]
    fields = {p.key: _schema(p) | {"description": p.doc} for p in wanted} | more
    form: Json = {"type": "object", "properties": fields, "additionalProperties": False}
    body = {"content": {kind: {"schema": form} for kind in FORMS}}
    return {
        "get": _operation(name, summary, answers | (of_get or {}), parameters=query),
        "post": _operation(f"{name}_by_form", summary, answers, requestBody=body),
    }


def _parameter(param: Param, unused: bool) -> Json:
    doc = f"{param.doc} (accepted, no effect here)" if unused else param.doc
    required = {"required": True} if param.key == "cell" else {}
    return {"name": param.key, "in": "query", "description": doc, "schema": _schema(param), **required}


def _schema(param: Param) -> Json:
    found: Json = {"type": TYPES[param.kind]}
    if param.choices:
        found["enum"] = list(param.choices)
    if param.low is not None:
        found["minimum"] = param.low
    if param.high is not None:
        found["maximum"] = param.high
    return found if param.optional else found | {"default": param.default}


def _row(table: Table) -> Json:
    return {
        "type": "object",
        "description": f"Also: {table.more}." if table.more else "",
        "properties": {column.name: _cell(column) for column in table.columns},
        "required": [column.name for column in table.columns] if table.name != "cells" else ["cell_id"],
        "additionalProperties": bool(table.more),
    }


def _cell(column: Column) -> Json:
    kind = COLUMN_TYPES[column.kind]
    return {
        "type": [kind, "null"] if column.nullable else kind,
        "description": column.meaning,
        "examples": [column.example],
    }


def _table_answers(table: Table) -> Json:
    row = {"$ref": f"#/components/schemas/{table.name}_row"}
    body = {
        "type": "object",
        "required": ["data", "ledger", "view"],
        "properties": {
            "data": {"type": "array", "items": row},
            "ledger": {"$ref": "#/components/schemas/ledger"},
            "view": {"$ref": "#/components/schemas/view"},
        },
    }
    example = {
        "data": [{c.name: c.example for c in table.columns}],
        "ledger": LEDGER_EXAMPLE,
        "view": {"ds": "minnie"},
    }
    content: Json = {"application/json": {"schema": body, "example": example}}
    content |= {form.media_type.split(";")[0]: {} for form in FORMATS if form.suffix != "json"}
    return {"200": {"description": "the table", "content": content}}


def _json(description: str, body: Json, example: Any = None) -> Json:
    media = {"schema": body} | ({} if example is None else {"example": example})
    return {"description": description, "content": {"application/json": media}}


def _dataset_id() -> Json:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": "id of a dataset",
    }


def _format() -> Json:
    names = [form.suffix for form in FORMATS]
    return {"name": "format", "in": "path", "required": True, "schema": {"type": "string", "enum": names},
            "description": "how the table is written"}  # fmt: skip


def _datasets() -> Json:
    entry = {"$ref": "#/components/schemas/dataset"}
    damaged = "only where a dataset is damaged: its id and the error"
    properties = {
        "data": {"type": "array", "items": entry},
        "unreadable": {"type": "array", "items": {"type": "object"}, "description": damaged},
    }
    body = {"type": "object", "required": ["data"], "properties": properties}
    return _operation("datasets", "All datasets", {"200": _json("datasets by id", body)} | NOT_MODIFIED)


def _dataset() -> Json:
    body = {"$ref": "#/components/schemas/dataset"}
    summary = "One dataset: its entry, columns with meanings, and the ledger of its import"
    return _operation("dataset", summary, {"200": _json("the dataset", body)} | NOT_MODIFIED)


def _neuroglancer() -> Json:
    body = {
        "type": "object",
        "required": ["url", "state", "notes"],
        "properties": {
            "url": {"type": "string", "format": "uri"},
            "state": {"type": "object", "description": "a Neuroglancer state; ids as text"},
            "notes": {"type": "array", "items": {"type": "string"}, "description": "what the link does not show"},
        },
    }
    there = {"description": "on to the viewer that the dataset's origin names"}
    answers = {"200": _json("with as=json", body), "302": there, "303": there}
    way = {"as": {"type": "string", "enum": list(neuroglancer.WAYS), "default": neuroglancer.WAYS[0],
                  "description": neuroglancer.AS}}  # fmt: skip
    summary = "Cells, a pair with its synapses, or a cell with its partners by type, in Neuroglancer"
    return _ways("neuroglancer", summary, NeuroglancerView, ("autapses",), answers, way)


def _post_set() -> Json:
    fields = {
        "cells": {"type": "string", "description": SETS},
        "ds": {"type": "string", "description": "a dataset to try the set on; without it only the text is kept"},
    }
    form = {"schema": {"type": "object", "required": ["cells"], "properties": fields}}
    content = dict.fromkeys(FORMS, form) | {"text/plain": {"schema": {"type": "string"}}}
    answer = {
        "type": "object",
        "required": ["set", "n", "echo"],
        "properties": {
            "set": {"type": "string", "pattern": "^set:[0-9a-f]{24}$", "description": "stands for the cell set"},
            "n": {"type": ["integer", "null"], "description": "cells that it names in ds"},
            "echo": {"type": "string", "description": "the set in plain words"},
        },
    }
    example = {"set": "set:9f86d081884c7d659a2feaa0", "n": 210, "echo": "cell_type is one of BC, MC"}
    return _operation(
        "store_set", "Keep a cell set under a short name", {"200": _json("its name", answer, example)},
        requestBody={"required": True, "content": content},
    )  # fmt: skip


def _jobs() -> Json:
    job = {"$ref": "#/components/schemas/job"}
    job_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "id of a job"}
    body = {"type": "object", "required": ["data"], "properties": {"data": {"type": "array", "items": job}}}
    listed = {"200": _json("the last started first", body, {"data": [jobs.EXAMPLE]})}
    one = {"200": _json("the job at this moment", job, jobs.EXAMPLE)}
    asked = {"200": _json("the job; `cancelling` until it has ended", job, jobs.EXAMPLE | {"cancelling": True})}
    cancel = "Ask a job to stop, which it does within seconds; one that has ended stays as it is"
    return {
        "/jobs": {"get": _operation("jobs", "Long work that waits, runs or has ended", listed)},
        "/jobs/{id}": {"parameters": [job_id], "get": _operation("job", "One job and how far it is", one)},
        "/jobs/{id}/cancel": {"parameters": [job_id], "post": _operation("cancel_job", cancel, asked)},
    }
