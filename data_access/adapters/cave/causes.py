"""The cause behind a refusal: CAVE answers an unknown version, table or column with status 500, so it is looked up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from caveclient import CAVEclient  # type: ignore[import-untyped]

from data_access.adapters.cave.calls import QUICK, Calls, Limits
from data_access.adapters.cave.patches import Exchange
from data_access.adapters.cave.problems import CaveError, host_of, no_access
from data_access.adapters.cave.queries import Query
from data_access.errors import did_you_mean
from data_access.secret import Secret

if TYPE_CHECKING:
    from data_access.adapters.cave.client import Cave

Look = Callable[[CaveError], CaveError]


def datastacks(server: str, token: Secret | None, limits: Limits = QUICK) -> list[str]:
    """Names of the datastacks that a token may see at a server, sorted. Raises CaveError."""
    address = server if "://" in server else f"https://{server}"
    if token is None or not token.reveal().strip():
        raise no_access(f"there is no token for {address}", address)
    clean = token.reveal().strip()
    calls = Calls(address, limits, None, (token,))

    def ask(_: list[Exchange]) -> list[str]:
        return sorted(map(str, CAVEclient(None, address, auth_token=clean, max_retries=0).info.get_datastacks()))

    return calls("datastacks", "", ask, len)


def once(look: Look) -> Look:
    """Look for the cause at the first failure of a call only: later ones are known not to be of the question."""
    done: list[CaveError] = []

    def look_closer(problem: CaveError) -> CaveError:
        if done or problem.kind not in {"unknown", "expired", "server"} or not problem.status:
            return problem
        done.append(problem)
        return look(problem)

    return look_closer


def of_connecting(server: str, datastack: str, token: Secret, limits: Limits, problem: CaveError) -> CaveError:
    """The datastack is not there, with the nearest that is; else the problem as it was."""
    if problem.kind != "unknown":
        return problem
    try:
        names = datastacks(server, token, limits)
    except CaveError:
        return problem
    cause = f"{host_of(server)} has no datastack {datastack!r}"
    return problem if datastack in names else CaveError("unknown", cause, did_you_mean(datastack, names))


def of_asking(
    cave: Cave, version: int, query: Query | None, problem: CaveError, *, answered: bool = False
) -> CaveError:
    """The version has expired, the table or a column is not there, with what is; else the problem as it was.

    A table that has `answered` before is there: then a failure of the server is only that.
    """
    if problem.kind == "server" and answered:
        return problem
    try:
        cave.version(version)
        if query is not None:
            _check_names(cave, version, query)
    except CaveError as cause:
        return problem if cause.transient else cause
    return problem


def _check_names(cave: Cave, version: int, query: Query) -> None:
    kind = "view" if query.view else "table"
    names = [table.name for table in cave.tables(version) if table.kind == kind]
    if query.table not in names:
        cause = f"version {version} of {cave.datastack} has no {kind} {query.table!r}"
        raise CaveError("unknown", cause, did_you_mean(query.table, names))
    bare = Query(query.table, query.view, limit=1)
    if not query.names():
        return
    columns = [str(name).removesuffix("_nm") for name in cave.rows(version, bare).frame.columns]
    columns += [name.removesuffix("_x") for name in columns if name.endswith("_position_x")]
    for name in query.names():
        if name not in columns:
            raise CaveError("unknown", f"{query.table} has no column {name!r}", did_you_mean(name, columns))
