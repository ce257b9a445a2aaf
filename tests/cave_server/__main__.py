"""`python -m tests.cave_server`: the stand-in until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from pathlib import Path

from tests.cave_server.faults import Fault
from tests.cave_server.routes import TOKEN, Options
from tests.cave_server.server import CaveServer


def main() -> None:
    """Start it, say where it is, and wait."""
    parser = argparse.ArgumentParser(prog="python -m tests.cave_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--row-limit", type=int, default=500_000, help="most rows of an answer")
    parser.add_argument("--shuffle", action="store_true", help="each answer in another order of rows")
    parser.add_argument("--small", action="store_true", help="about 200 cells a stack")
    parser.add_argument("--data", type=Path, help="folder minnie65_cells_a (default: minnie65_public is synthetic)")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        help="KIND[:path=...,first=...,skip=...,seconds=...,status=...,rows=...]",
    )
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    parser.add_argument("--api-versions", type=int, nargs="+", default=(2, 3), help="without 3: an old server")
    parser.add_argument("--fault-json", action="append", default=[], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    faults = [Fault.parse(text) for text in asked.fault] + [Fault(**json.loads(text)) for text in asked.fault_json]
    options = Options(asked.row_limit, asked.shuffle, asked.small, _folder(asked.data), tuple(asked.api_versions))
    cave = CaveServer(options, tuple(faults), asked.port)
    print(f"CAVE stand-in on {cave.address}", flush=True)
    print(f"token: {TOKEN}", flush=True)
    if asked.with_parent:
        threading.Thread(target=_stop_at_end_of_input, args=(cave,), daemon=True).start()
    try:
        cave.stopped.wait()
    except KeyboardInterrupt:
        cave.stop()


def _stop_at_end_of_input(cave: CaveServer) -> None:
    sys.stdin.read()
    cave.stop()


def _folder(data: Path | None) -> Path | None:
    """The folder of the cells, also where a folder above it was named."""
    if data is None:
        return None
    for folder in (data, data / "minnie65_cells_a", data / "real" / "minnie65_cells_a"):
        if (folder / "synapses.parquet").is_file():
            return folder
    raise SystemExit(f"no synapses.parquet in {data}")


if __name__ == "__main__":
    main()
