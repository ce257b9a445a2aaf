"""`python -m data_access pull cave` and `cave`: data from CAVE, and what there is to pull."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, replace
from typing import Any

from data_access.cli_options import add_common, data_dir, report
from data_access.errors import UsageError
from data_access.secret import Secret

SERVER = "https://global.daf-apis.com"


def add_pull(command: argparse.ArgumentParser) -> None:
    """The options of `pull cave`."""
    command.description = (
        "Fetch the synapses of chosen cells from a CAVE datastack. The dataset opens while it fills; killed at any "
        "moment, the same command goes on from there, and with more cells it adds only what is missing."
    )
    add = command.add_argument
    _add_stack(command)
    add("--version", type=_version, default=None, metavar="V", help="materialization version (default: the newest)")
    add("--cells", required=True, metavar="EXPR", help="a cell set over the cell table: \"cell_type == 'BC'\", ids ...")
    add("--direction", default="out", help="out (default), in or both")
    add("--id", required=True, help="id of the dataset")
    add("--title", default="", help="title to show")
    add("--estimate", action="store_true", help="say how many rows and minutes, and fetch nothing")
    add("--workers", type=int, default=4, metavar="N", help="requests at once (default 4)")
    add("--skeletons", action="store_true", help="skeletons of the cells too, where the service has them")
    add("--no-compartments", action="store_true", help="leave out the target compartments of the synapses")
    add("--timeout", type=float, default=120.0, metavar="S", help="longest wait for bytes of an answer (default 120)")
    add_common(command)
    command.set_defaults(run=_pull)


def add_look(command: argparse.ArgumentParser) -> None:
    """The options of `cave`."""
    command.description = "What there is to pull: the versions of a CAVE datastack, or the tables of one of them."
    _add_stack(command)
    command.add_argument("--version", type=_version, default=None, metavar="V", help="list the tables of this version")
    add_common(command)
    command.set_defaults(run=_look)


def _add_stack(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--datastack", required=True, metavar="D", help="such as minnie65_public")
    add("--server", default="", help="global server (default: SYNAPTOSCOPE_CAVE_SERVER)")
    add(
        "--cell-table",
        default="",
        metavar="NAME",
        help="table or view with a row a cell (default: as described, or guessed)",
    )
    add("--type-column", default="", metavar="COLUMN", help="its column with the cell types")


def _version(text: str) -> int | None:
    if text == "latest":
        return None
    if not text.isdigit():
        raise UsageError(f"--version {text}: a whole number was expected, such as 1718, or latest")
    return int(text)


def _server(options: argparse.Namespace) -> str:
    return str(options.server).rstrip("/") or os.environ.get("SYNAPTOSCOPE_CAVE_SERVER") or SERVER


def find_token(server: str) -> Secret | None:
    """The token for a server, from the settings or from caveclient's file; None where there is none."""
    from data_access.adapters.cave import tokens

    given = os.environ.get("SYNAPTOSCOPE_CAVE_TOKEN", "")
    return tokens.find(Secret(given) if given else None, server)


def _pull(options: argparse.Namespace) -> int:
    from data_access.adapters.cave import job, pull
    from data_access.adapters.cave.client import Limits
    from data_access.adapters.cave.report import Unreported
    from data_access.jobs import Jobs

    server = _server(options)
    request = pull.PullRequest(
        id=options.id, datastack=options.datastack, cells=options.cells, server=server, version=options.version,
        direction=options.direction, title=options.title, workers=options.workers,
        compartments=not options.no_compartments, skeletons=options.skeletons, cell_table=options.cell_table,
        type_column=options.type_column,
    )  # fmt: skip
    request.check()
    if options.timeout <= 0:
        raise UsageError(f"--timeout {options.timeout:g}: seconds above 0 were expected")
    limits = replace(Limits(), read_s=options.timeout)
    folder, token = data_dir(options), find_token(server)
    if options.estimate:
        found = pull.preview(folder, request, token, Unreported(), limits)
        print(json.dumps(asdict(found) | {"seconds": found.seconds}) if options.json else found.sentence())
        return 0
    secrets = {job.TOKEN: token} if token else {}
    asked = pull.as_json(request)
    with Jobs(folder).here(job.KIND, job.title(request), request.id, asked, secrets) as reporter:
        meta = pull.pull(folder, request, token, reporter, limits)
        reporter.finished(job.told(meta))
    report(meta, options.json)
    return 0


def _look(options: argparse.Namespace) -> int:
    from data_access.adapters.cave.client import QUICK, Cave

    server = _server(options)
    cave = Cave(server, options.datastack, find_token(server), limits=QUICK)
    if options.version is None:
        rows: list[dict[str, Any]] = [
            {
                "version": v.version, "time_stamp": v.time_stamp.isoformat(),
                "expires_on": v.expires_on.isoformat() if v.expires_on else None, "expired": v.expired,
            }
            for v in cave.versions(expired=True)
        ]  # fmt: skip
        lines = [f"{r['version']:>6}  {r['time_stamp'][:16]}  {_until(r)}" for r in rows]
    else:
        rows = [asdict(t) for t in cave.tables(options.version)]
        lines = [f"{r['kind']:5}  {r['name']:44} {r['schema_type']}" for r in rows]
    print(json.dumps({"data": rows}) if options.json else "\n".join(lines))
    return 0


def _until(row: dict[str, Any]) -> str:
    if row["expired"]:
        return "expired"
    return f"until {row['expires_on'][:10]}" if row["expires_on"] else ""
