"""An estimate as a job: the cell table it needs may take a minute, and is kept for the pull."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from data_access import store
from data_access.adapters.cave import job, pull
from data_access.adapters.cave.generations import CELLS
from data_access.errors import InputError
from data_access.jobs import Reporter
from data_access.secret import Secret

KIND = "estimate-cave"


def run(data_dir: Path, request: dict[str, Any], reporter: Reporter, secrets: Mapping[str, Secret]) -> str:
    """Count what a pull would bring, and say it in a sentence; without cells only the cell table is fetched."""
    wanted = pull.from_json(request)
    table = store.growing(data_dir, wanted.id) / CELLS
    try:
        found = pull.preview(data_dir, wanted, secrets.get(job.TOKEN), reporter)
    except InputError:
        if wanted.cells.strip() or not table.is_file():
            raise
        return f"the cell table is here: {pq.read_metadata(table).num_rows:,} rows"
    return found.sentence()


def title(request: pull.PullRequest) -> str:
    """What an estimate is called in lists."""
    if not request.cells.strip():
        version = "newest version" if request.version is None else f"version {request.version}"
        return f"Cell table of {request.datastack}, {version}"
    return f"Estimate for {job.title(request)}"
