"""Work for the tests of jobs: it counts, waits, fails or hangs as its request says, and moves on when told to.

to: how far to count. steps: file names; before each step the work waits until the file exists. secret: name of a
secret to misuse. ends: how it ends.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_access.errors import InputError
from data_access.jobs import Reporter
from data_access.jobs import reporter as reporting
from data_access.secret import Secret


def run(data_dir: Path, request: dict[str, Any], reporter: Reporter, secrets: Mapping[str, Secret]) -> str:
    """Count to request["to"] and write one line of what it met into data_dir / request["into"]."""
    total = request.get("to", 3)
    there = data_dir / "counted"
    start = int(there.read_text()) if there.exists() else 0
    reporter.stage("counting", total, "beans", done=start)
    if "secret" in request:
        _tell(secrets[request["secret"]].reveal(), reporter)
    for name in request.get("wait", ()):
        _await(data_dir / name, reporter, request.get("deaf", False))
    for i in range(start, total):
        reporter.check()
        there.write_text(str(i + 1))
        reporter.advance(i + 1)
    ends = request.get("ends", "well")
    if ends == "known":
        raise InputError("the beans are blue", "paint them")
    if ends == "unknown":
        raise RuntimeError(f"no bean {[s.reveal() for s in secrets.values()]}")
    if ends == "exit":
        sys.exit(4)
    if ends == "memory":
        raise MemoryError
    if ends == "kill":
        os.kill(os.getpid(), 9)
    return f"counted {total} beans"


def _await(path: Path, reporter: Reporter, deaf: bool) -> None:
    if deaf:
        reporting.GRACE_S = 0.5
    limit = time.monotonic() + 120
    while not path.exists() and time.monotonic() < limit:
        time.sleep(0.02)
        if not deaf:
            reporter.check()


def _tell(secret: str, reporter: Reporter) -> None:
    print("printed", secret)
    logging.getLogger("beans").warning("logged https://x/?token=%s", secret)
    reporter.note(f"noted {secret}")
    reporter.stage(f"staged {secret}", 3, "beans")
    told = [name for name, value in os.environ.items() if secret in value]
    reporter.note(f"environment: {told}")
    reporter.note(f"arguments: {secret in ' '.join(sys.argv)}")
