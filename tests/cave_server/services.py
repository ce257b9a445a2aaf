"""The smaller services: info, schemas, skeleton cache, level-2 cache."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.cave_server.answers import Answer, Refused, Request, as_json, missing
from tests.cave_server.history import Ints
from tests.cave_server.stack import Stack

INFO_VERSION, SKELETON_VERSION = "4.3.3", "0.23.11"
SKELETON_VERSIONS = [-1, 0, 1, 2, 3, 4]
MOST_SKELETONS, MOST_ASKED_TO_EXIST = 500, 1_000


def datastack_info(request: Request, stack: Stack, address: str) -> Answer:
    """GET /info/api/v2/datastack/full/DS. This server is its own local server."""
    x, y, z = stack.viewer_nm
    return as_json(
        {
            "aligned_volume": {
                "id": 1,
                "name": f"{stack.name}_volume",
                "display_name": stack.name,
                "description": stack.description,
                "image_source": f"precomputed://https://images.example.org/{stack.name}/em",
            },
            "segmentation_source": f"graphene://{address}/segmentation/table/{stack.segmentation}",
            "analysis_database": None,
            "base_link_id": None,
            "cell_identification_table": None,
            "description": stack.description,
            "local_server": address,
            "proofreading_review_table": None,
            "proofreading_status_table": None,
            "skeleton_source": f"precomputed://{address}/skeletoncache/api/v1/{stack.name}/precomputed/skeleton",
            "soma_table": stack.nucleus_table,
            "synapse_table": stack.synapse_table,
            "viewer_resolution_x": x,
            "viewer_resolution_y": y,
            "viewer_resolution_z": z,
            "viewer_site": "https://viewer.example.org/",
        }
    )


def image_sources(request: Request, stack: Stack) -> Answer:
    """GET /info/api/v2/datastack/DS/image_sources: no mirrors."""
    return as_json([])


def _schema(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    position = {"type": "array", "items": {"type": "number"}}
    bound = {"position": position, "root_id": {"type": "integer"}, "supervoxel_id": {"type": "integer"}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": f"#/definitions/{name}",
        "definitions": {
            name: {"type": "object", "properties": fields},
            "BoundSpatialPoint": {"type": "object", "properties": bound},
            "SpatialPoint": {"type": "object", "properties": {"position": position}},
        },
    }


_BOUND, _FREE = {"$ref": "#/definitions/BoundSpatialPoint"}, {"$ref": "#/definitions/SpatialPoint"}
_TEXT, _WHOLE, _REAL, _TRUTH = (
    {"type": "string"},
    {"type": "integer"},
    {"type": "number", "format": "float"},
    {"type": "boolean"},
)
SCHEMAS: dict[str, dict[str, Any]] = {
    "synapse": _schema("SynapseSchema", {"pre_pt": _BOUND, "post_pt": _BOUND, "ctr_pt": _FREE, "size": _REAL}),
    "nucleus_detection": _schema(
        "NucleusDetection", {"pt": _BOUND, "bb_start": _FREE, "bb_end": _FREE, "volume": _REAL}
    ),
    "cell_type_reference": _schema(
        "CellTypeReference", {"target_id": _WHOLE, "classification_system": _TEXT, "cell_type": _TEXT}
    ),
    "cell_type_local": _schema("CellTypeLocal", {"pt": _BOUND, "classification_system": _TEXT, "cell_type": _TEXT}),
    "proofreading_status_and_strategy": _schema(
        "ProofreadingStatusAndStrategy",
        {
            "pt": _BOUND,
            "valid_id": _WHOLE,
            "status_dendrite": _TRUTH,
            "status_axon": _TRUTH,
            "strategy_dendrite": _TEXT,
            "strategy_axon": _TEXT,
        },
    ),
    "reference_tag": _schema("ReferenceTag", {"target_id": _WHOLE, "tag": _TEXT}),
}


def schema(request: Request, name: str) -> Answer:
    """GET /schema/api/v2/type/NAME."""
    if name not in SCHEMAS:
        raise missing(f"schema {name}")
    return as_json(SCHEMAS[name])


def cached_skeletons(request: Request, stack: Stack, version: str, form: str) -> Answer:
    """POST bulk/get_cached_skeletons/4/FORM: those in the cache, hex text by root id; the others are absent."""
    ids = request.json().get("root_ids") or []
    request.ids = len(ids)
    found = {}
    for one in ids[:MOST_SKELETONS]:
        rows = stack.skeleton(int(one))
        if rows is not None:
            found[str(one)] = _written(rows, int(one), form).hex()
    request.rows = len(found)
    return as_json(found)


def one_skeleton(request: Request, stack: Stack, version: str, root: str, form: str) -> Answer:
    """GET async/get_skeleton/4/R/FORM: one skeleton, gzipped; refused where there is none to make."""
    rows = stack.skeleton(int(root))
    if rows is None:
        raise Refused(as_json({"message": f"Problematic root id: {root} is in the refusal list"}, 400))
    body = _written(rows, int(root), form)
    return Answer(body=body if form == "flatdict" else gzip.compress(body), content_type="application/octet-stream")


def skeletons_exist(request: Request, stack: Stack) -> Answer:
    """POST precomputed/skeleton/exists: true or false by root id; for one id that alone."""
    ids = (request.json().get("root_ids") or [])[:MOST_ASKED_TO_EXIST]
    request.ids = len(ids)
    told = {str(one): stack.skeleton(int(one)) is not None for one in ids}
    return as_json(next(iter(told.values())) if len(told) == 1 else told)


def _written(rows: Ints, root: int, form: str) -> bytes:
    if form == "swccompressed":
        lines = [
            f"{n} {kind} {x / 1000} {y / 1000} {z / 1000} {radius / 1000} {parent}"
            for n, kind, x, y, z, radius, parent in rows.tolist()
        ]
        return "\n".join(lines).encode()
    if form != "flatdict":
        raise Refused(as_json({"message": f"unknown output format {form}"}, 400))
    row_of = {node: k for k, node in enumerate(rows[:, 0].tolist())}
    parents = [row_of.get(parent, -1) for parent in rows[:, 6].tolist()]
    told = {
        "meta": {"root_id": root, "skeleton_type": "pcg_skel"},
        "edges": [[k, parent] for k, parent in enumerate(parents) if parent >= 0],
        "vertices": rows[:, 2:5].astype(float).tolist(),
        "mesh_to_skel_map": list(range(len(rows))),
        "root": parents.index(-1),
        "lvl2_ids": list(range(len(rows))),
        "radius": rows[:, 5].astype(float).tolist(),
        "compartment": rows[:, 1].tolist(),
    }
    return gzip.compress(json.dumps(told).encode(), compresslevel=1)
