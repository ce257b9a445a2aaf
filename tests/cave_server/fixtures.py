"""Starting the stand-in in a test: in threads of the test's process, or as a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.cave_server.faults import Fault
from tests.cave_server.routes import (
    BAD_TOKEN,
    SECOND_TOKEN,
    TOKEN,
    TOKEN_WITHOUT_PERMISSION,
    TOKEN_WITHOUT_TERMS,
    Options,
    Service,
)
from tests.cave_server.server import CaveServer, Seen, parse_log
from tests.cave_server.stack import TruthOfStack

CHECKOUT = Path(__file__).resolve().parents[2]
DEMO, MINNIE = "demo_column_stack", "minnie65_public"


class _Tokens:
    token = TOKEN
    second_token = SECOND_TOKEN
    token_without_terms = TOKEN_WITHOUT_TERMS
    token_without_permission = TOKEN_WITHOUT_PERMISSION
    bad_token = BAD_TOKEN


class ThreadedCave(CaveServer, _Tokens):
    """The stand-in in threads of this process."""


class CaveProcess(_Tokens):
    """The stand-in as a process of its own, with the same face."""

    def __init__(self, options: Options, faults: tuple[Fault, ...] = (), port: int = 0) -> None:
        self._options = options
        words = [sys.executable, "-m", "tests.cave_server", "--port", str(port), "--row-limit", str(options.row_limit)]
        words += ["--with-parent", "--api-versions", *map(str, options.api_versions)]
        words += ["--shuffle"] * options.shuffle + ["--small"] * options.small
        words += ["--data", str(options.minnie)] if options.minnie else []
        for fault in faults:
            words += ["--fault-json", json.dumps(fault.as_dict())]
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(CHECKOUT)}
        self._process = subprocess.Popen(
            words, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if found is None:
            raise RuntimeError(f"the stand-in did not start: {line!r}")
        self.address = found[0]

    @cached_property
    def truth(self) -> dict[str, TruthOfStack]:
        """What is served: made here once more, from the same options."""
        return Service(self._options).truth

    @property
    def requests(self) -> list[Seen]:
        """What was asked so far."""
        return parse_log(self._control("requests"))

    @property
    def waiting(self) -> int:
        """How many requests wait now, because of a fault, for their answer or their end."""
        return int(self._control("waiting"))

    def forget_requests(self) -> None:
        """Begin the log anew."""
        self._control("forget")

    def fault(self, kind: str | Fault, **options: Any) -> None:
        """From now on this goes wrong; options as in Fault."""
        fault = kind if isinstance(kind, Fault) else Fault(kind, **options)  # type: ignore[arg-type]
        self._control("fault", fault.as_dict())

    def clear_faults(self) -> None:
        """Everything goes well again."""
        self._control("clear")

    def expire(self, datastack: str, version: int) -> None:
        """The version expires now."""
        self._control("expire", {"datastack": datastack, "version": version})

    def stop(self) -> None:
        """End the process, at once."""
        self._process.kill()
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _control(self, task: str, body: dict[str, Any] | None = None) -> str:
        asked = Request(f"{self.address}/_control/{task}", data=json.dumps(body or {}).encode(), method="POST")
        with urlopen(asked, timeout=30) as answer:
            return str(answer.read().decode())


AnyCave = ThreadedCave | CaveProcess


@contextmanager
def cave_server(*, process: bool = False, faults: tuple[Fault | str, ...] = (), **options: Any) -> Iterator[AnyCave]:
    """A running stand-in until the block ends.

    process: as a process of its own (slower to start by a second, but its work takes no time from the test's threads).
    faults: in force from the start, as Fault or as on the command line ("503:first=3,path=query"). options: see
    Options; the default is the small stack. Yields an object with address, token (and second_token, bad_token,
    token_without_terms, token_without_permission), truth, requests, fault(), clear_faults(), expire(), stop().
    """
    known = tuple(Fault.parse(f) if isinstance(f, str) else f for f in faults)
    kind = CaveProcess if process else ThreadedCave
    cave: AnyCave = kind(Options(**options), known)
    try:
        yield cave
    finally:
        cave.stop()
