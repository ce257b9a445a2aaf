"""What every route of the description shares: ledger, view, dataset and problem."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

NOT_MODIFIED = {"304": {"description": "as the If-None-Match header says, the client has it"}}
TEXT = {"type": "string"}
FLAG = {"type": "boolean"}
COUNT = {"type": "integer", "minimum": 0}
LEDGER_EXAMPLE = {
    "dataset": "minnie", "version": "1412", "generation": 1, "synthetic": False, "partial": False,
    "unit": "connections", "read": 123599, "kept": 1, "limit": None, "total": 1, "cut": False,
    "left_out": [{"reason": "partner outside the two sets", "connections": 123598, "synapses": 138043}],
    "notes": ["pre: cell 864691135808473885", "post: cell 864691136123456789"], "milliseconds": 1.4,
}  # fmt: skip
SCHEMAS: Json = {
    "ledger": {
        "type": "object",
        "description": "read = kept + everything left out, counted in `unit`",
        "required": ["dataset", "version", "generation", "unit", "read", "kept", "left_out", "cut", "milliseconds"],
        "properties": {
            "dataset": {"type": "string"}, "version": {"type": "string"}, "generation": COUNT,
            "synthetic": {"type": "boolean"}, "partial": {"type": "boolean"},
            "unit": {"type": "string"}, "read": COUNT, "kept": COUNT,
            "left_out": {"type": "array", "items": {
                "type": "object", "required": ["reason"],
                "properties": {"reason": {"type": "string"}}
                | dict.fromkeys(("connections", "synapses", "cells", "pairs"), COUNT),
            }},
            "limit": {"type": ["integer", "null"]}, "cut": {"type": "boolean"},
            "total": {"type": ["integer", "null"], "description": "rows without limit and offset"},
            "notes": {"type": "array", "items": {"type": "string"}},
            "fetched": {"type": ["string", "null"], "description": "day on which a pull brought the data in"},
            "milliseconds": {"type": "number", "description": "time to make the result, without sending it"},
        },
    },
    "view": {
        "type": "object", "additionalProperties": {"type": "string"},
        "description": "the parameters as understood, defaults left out",
    },
    "dataset": {
        "type": "object",
        "required": ["id", "title", "kind", "source", "version", "synthetic", "partial", "n_cells",
                     "n_cells_connected", "n_connections", "n_synapses", "capabilities", "licence", "citation"],
        "properties": {
            **dict.fromkeys(("id", "title", "kind", "source", "version", "licence", "citation"), TEXT),
            **dict.fromkeys(("synthetic", "partial"), FLAG),
            **dict.fromkeys(("n_cells", "n_cells_connected", "n_connections", "n_synapses"), COUNT),
            "capabilities": {"type": "array", "items": {"type": "string"}},
        },
    },
}  # fmt: skip


def problem() -> Json:
    """The error answer of every route (RFC 9457)."""
    names = ("type", "title", "detail", "hint", "request_id")
    properties = {name: {"type": "string"} for name in names} | {"status": {"type": "integer"}}
    example = {
        "type": "about:blank", "title": "Bad Request", "status": 400, "detail": "unknown parameter 'prre'",
        "hint": "did you mean 'pre'?", "request_id": "5f0c2a91d3b84e67",
    }  # fmt: skip
    body = {"type": "object", "required": [*names, "status"], "properties": properties}
    media = {"schema": body, "example": example}
    return {"description": "what is wrong, and what to do", "content": {"application/problem+json": media}}
