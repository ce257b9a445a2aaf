"""Long work over HTTP: the list, one job, and a cancel."""

from __future__ import annotations

from typing import Any

from api.openapi_parts import FLAG, TEXT, Json
from data_access.jobs import STATES, Jobs

TIME = {"type": ["string", "null"], "format": "date-time"}
NUMBER = {"type": ["number", "null"], "minimum": 0}
SCHEMA: Json = {
    "type": "object",
    "required": ["id", "kind", "title", "dataset", "state", "cancelling", "stage", "done", "total", "unit", "rate",
                 "seconds_left", "message", "hint", "notes", "created", "started", "updated", "ended"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("id", "kind", "title", "stage"), TEXT),
        "dataset": TEXT | {"description": "the dataset that it makes or fills; empty for none"},
        "state": {"type": "string", "enum": list(STATES), "description": "interrupted: its process is gone"},
        "cancelling": FLAG | {"description": "it was asked to stop and has not ended yet"},
        "done": {"type": "integer", "minimum": 0, "description": "units of the stage that are there"},
        "total": {"type": ["integer", "null"], "minimum": 0, "description": "null: not known"},
        "unit": TEXT | {"description": "what is counted, such as rows"},
        "rate": NUMBER | {"description": "units per second over the last half minute"},
        "seconds_left": NUMBER | {"description": "null where the total or the rate is not known"},
        "message": TEXT | {"description": "how it ended, in one line"},
        "hint": TEXT | {"description": "what to do about an error"},
        "notes": {"type": "array", "items": TEXT},
        "created": TIME, "updated": TIME,
        "started": TIME | {"description": "null until its turn has come"},
        "ended": TIME,
    },
}  # fmt: skip
EXAMPLE: Json = {
    "id": "20261121-050203-9f86d0", "kind": "pull-cave", "title": "minnie65_public, outputs of 210 cells",
    "dataset": "minnie65-bc", "state": "running", "cancelling": False, "stage": "Synapses", "done": 123456,
    "total": 411220, "unit": "rows", "rate": 2310.5, "seconds_left": 124.5, "message": "", "hint": "", "notes": [],
    "created": "2026-11-21T05:02:03.120000+00:00", "started": "2026-11-21T05:02:03.410000+00:00",
    "updated": "2026-11-21T05:02:58.660000+00:00", "ended": None,
}  # fmt: skip


def listed(jobs: Jobs) -> dict[str, Any]:
    """All jobs, the last started first."""
    return {"data": [job.public() for job in jobs.all()]}


def one(jobs: Jobs, job_id: str) -> dict[str, Any]:
    """One job. Raises NotFoundError."""
    return jobs.get(job_id).public()


def cancel(jobs: Jobs, job_id: str) -> dict[str, Any]:
    """Ask a job to stop; one that has ended is left as it is. Raises NotFoundError."""
    return jobs.cancel(job_id).public()
