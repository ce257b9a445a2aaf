"""The API described as OpenAPI 3.1, generated from the same tables of parameters that parse the requests."""

from __future__ import annotations

from typing import Any

from api import jobs, neuroglancer, search, sets
from api.formats import FORMATS, MAX_JSON_ROWS
from api.openapi_parts import LEDGER_EXAMPLE, NOT_MODIFIED, SCHEMAS, Json, problem
from api.params import FORMS
from api.tables import PICTURE, TABLES, Column, Picture, Table
from views import schema
from views.long_run import LONG
from views.neuroglancer import NeuroglancerView
from views.reciprocal import ReciprocalView
from views.schema import Param
from views.search import SearchView

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
    paths["/datasets/{id}/skeletons/{cell}.swc"] = _skeleton()
    paths |= _sets()
    paths["/search"] = {"get": _search()}
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
    query = [_parameter(p, p.key in unused, p.key == "cell" and view is not ReciprocalView) for p in wanted]
    query += [{"name": key, "in": "query", "schema": form} for key, form in more.items()]
    fields = {p.key: _schema(p) | {"description": p.doc} for p in wanted} | more
    form: Json = {"type": "object", "properties": fields, "additionalProperties": False}
    body = {"content": {kind: {"schema": form} for kind in FORMS}}
    return {
        "get": _operation(name, summary, answers | (of_get or {}), parameters=query),
        "post": _operation(f"{name}_by_form", summary, answers, requestBody=body),
    }


def _parameter(param: Param, unused: bool, required: bool = False) -> Json:
    doc = f"{param.doc} (accepted, no effect here)" if unused else param.doc
    needed = {"required": True} if required else {}
    return {"name": param.key, "in": "query", "description": doc, "schema": _schema(param), **needed}


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
    answers: Json = {"200": {"description": "the table", "content": content}}
    if table.name in LONG:
        answers["202"] = _later()
    return answers


def _later() -> Json:
    """The answer while a job makes the table."""
    job = {"$ref": "#/components/schemas/job"}
    found = _json("it takes longer than a request may: the job that makes it. Ask again once it is done", job)
    where = {"description": "the job", "schema": {"type": "string", "format": "uri-reference"}}
    return found | {"headers": {"Location": where}}


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


def _skeleton() -> Json:
    found = {"200": {"description": "SWC text, lengths in nm", "content": {"text/plain": {}}}} | NOT_MODIFIED
    cell = {"name": "cell", "in": "path", "required": True, "schema": {"type": "string"}, "description": "id of a cell"}
    summary = "The skeleton of one cell as SWC (id, type, x, y, z, radius, parent)"
    return {"parameters": [_dataset_id(), cell], "get": _operation("skeleton", summary, found)}


def _sets() -> Json:
    ds = {"name": "ds", "in": "query", "schema": {"type": "string"}, "description": "id of a dataset"}
    wanted = ds | {"required": True}
    name, to = (
        {"name": key, "in": "query", "required": True, "schema": {"type": "string"}, "description": about}
        for key, about in (("name", "name of a set, in upper or lower case"), ("to", "its new name"))
    )
    listed = {"200": _json("the named sets by name", sets.NAMES, {"data": [sets.NAMED_EXAMPLE]})}
    renamed = {"200": _json("the set under its new name", sets.NAMED, sets.NAMED_EXAMPLE)}
    text = {"200": _json("the set", sets.TEXT, sets.TEXT_EXAMPLE)}
    stored = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"},
              "description": "what follows set:"}  # fmt: skip
    delete = "Take a name away; the set itself stays"
    return {
        "/sets": {
            "get": _operation("named_sets", "The named cell sets of a dataset", listed, parameters=[wanted]),
            "post": _post_set(),
            "patch": _operation("rename_set", "Rename a named set", renamed, parameters=[wanted, name, to]),
            "delete": _operation("delete_set", delete, listed, parameters=[wanted, name]),
        },
        "/sets/{name}": {
            "parameters": [stored],
            "get": _operation("stored_set", "The text of a stored cell set", text, parameters=[ds]),
        },
    }


def _post_set() -> Json:
    unknown = "ids that ds lacks: refuse the set, drop them, or carry over those of other versions of it"
    fields = {
        "cells": {"type": "string", "description": SETS},
        "ds": {"type": "string", "description": "a dataset to try the set on; without it only the text is kept"},
        "unknown": {
            "type": "string", "enum": list(sets.UNKNOWN), "default": sets.UNKNOWN[0], "description": unknown,
        },
        "name": {"type": "string", "maxLength": 80, "description": "list it among the named sets of ds"},
    }  # fmt: skip
    form = {"schema": {"type": "object", "required": ["cells"], "properties": fields}}
    content = dict.fromkeys(FORMS, form) | {"text/plain": {"schema": {"type": "string"}}}
    return _operation(
        "store_set", "Keep a cell set under a short name",
        {"200": _json("its name", sets.STORED, sets.STORED_EXAMPLE)},
        requestBody={"required": True, "content": content},
    )  # fmt: skip


def _search() -> Json:
    """Where to go from what was typed."""
    parameters = [_parameter(p, False) for p in schema.params(SearchView)]
    found = {"200": _json("what was found", search.SCHEMA, search.EXAMPLE)}
    return _operation("search", "Cells, types, cell sets, pages, datasets and jobs by what is typed", found,
                      parameters=parameters)  # fmt: skip


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
