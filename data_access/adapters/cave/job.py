"""A pull as a job, and one that reports to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_access.adapters.cave import pull
from data_access.jobs import Reporter
from data_access.metadata import DatasetMeta
from data_access.secret import Secret

KIND = "pull-cave"
TOKEN = "cave_token"


def run(data_dir: Path, request: dict[str, Any], reporter: Reporter, secrets: Mapping[str, Secret]) -> str:
    """Do what a job's record asks for, with the token that it was given; what to say once it is done."""
    wanted = pull.from_json(request)
    meta = pull.pull(data_dir, wanted, secrets.get(TOKEN), reporter)
    return told(meta)


def told(meta: DatasetMeta) -> str:
    """What a pull has brought, in words."""
    state = meta.origin["time_stamp"][:10]
    return f"{meta.n_synapses:,} synapses in {meta.n_connections:,} connections, state of {state}"


def title(request: pull.PullRequest) -> str:
    """What a pull is called in lists."""
    words = {"out": "outputs", "in": "inputs", "both": "inputs and outputs"}
    cells = request.cells if len(request.cells) <= 60 else request.cells[:59] + "…"
    version = "newest version" if request.version is None else f"version {request.version}"
    return f"{request.datastack}, {version}: {words.get(request.direction, request.direction)} of {cells}"
