"""Long work: each job is a process of its own that outlives whoever started it, seen by all through the data folder.

    jobs = Jobs(data_dir)
    job = jobs.start("pull-cave", "Column of MICrONS", "column", request, {"cave_token": token})
    jobs.get(job.id).seconds_left

The work itself is a function named in `KINDS`; it is handed a `Reporter`. A command does the same work in its own
process with `with jobs.here(...) as reporter`, and is listed like any other.
"""

from __future__ import annotations

from data_access.jobs.board import Jobs
from data_access.jobs.job import ALIVE, RESUMABLE, STATES, Job
from data_access.jobs.reporter import Cancelled, Reporter
from data_access.jobs.work import KINDS, kinds, main_of_job

__all__ = ["ALIVE", "KINDS", "RESUMABLE", "STATES", "Cancelled", "Job", "Jobs", "Reporter", "kinds", "main_of_job"]
