"""What there is to pull: the datastacks of a server, the versions of one, the tables that a version has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from caveclient import CAVEclient  # type: ignore[import-untyped]

from data_access.adapters.cave import stacks
from data_access.adapters.cave.access import address
from data_access.adapters.cave.calls import QUICK, Calls, Limits
from data_access.adapters.cave.client import Cave
from data_access.adapters.cave.described import TableInfo
from data_access.adapters.cave.patches import Exchange
from data_access.adapters.cave.problems import CaveError, host_of, unreadable
from data_access.adapters.cave.schema import StackConfig
from data_access.adapters.cave.stacks import Choice
from data_access.adapters.cave.versions import Version
from data_access.errors import InputError, did_you_mean
from data_access.secret import Secret


@dataclass(frozen=True)
class Used:
    """A table that a pull reads, and what for."""

    purpose: str
    table: TableInfo


@dataclass(frozen=True)
class Tables:
    """The tables of a version: those that a pull would read, and, where nobody described the datastack, all to choose.

    cells: name of the table that the cells come from, "" where it has to be chosen. notes: what the version lacks.
    """

    described: bool
    used: tuple[Used, ...]
    choices: tuple[Choice, ...]
    cells: str
    notes: tuple[str, ...]


def datastacks(server: str, token: Secret, limits: Limits = QUICK) -> list[str]:
    """Names of the datastacks that the info service of a server lists, sorted. Raises CaveError."""
    where = address(server)
    calls = Calls(where, limits, None, (token,))

    def ask(_: list[Exchange]) -> list[str]:
        client = CAVEclient(
            None, where, auth_token=token.reveal().strip(), max_retries=0, pool_maxsize=limits.connections
        )
        names: Any = client.info.get_datastacks()
        if not isinstance(names, list):
            raise unreadable(host_of(where), "datastacks")
        return sorted(str(name) for name in names)

    return calls("datastacks", "", ask, len)


def versions(server: str, datastack: str, token: Secret, limits: Limits = QUICK) -> list[Version]:
    """The versions of a datastack, newest first, with those that have expired.

    Raises CaveError, for an unknown datastack with the nearest names that the server has.
    """
    return connect(server, datastack, token, limits).versions(expired=True)


def tables(
    server: str, datastack: str, version: int, token: Secret, cell_table: str = "", limits: Limits = QUICK
) -> Tables:
    """What a pull of this version would read. Raises CaveError, and InputError for a cell table that holds no cells."""
    cave = connect(server, datastack, token, limits)
    described = stacks.load(datastack) is not None
    choices = () if described else stacks.explore(cave, version).choices
    try:
        config = stacks.config_for(cave, version, cell_table)
    except InputError:
        if described or cell_table:
            raise
        return Tables(described, (), choices, "", ())
    there = {table.name: table for table in cave.tables(version)}
    named = [(purpose, there[name]) for purpose, name in _named(config, cave.info.synapse_table) if name in there]
    cells = config.cells or config.nuclei
    return Tables(
        described, tuple(Used(*pair) for pair in named), choices, cells.table[0] if cells else "", config.notes
    )


def connect(server: str, datastack: str, token: Secret, limits: Limits = QUICK) -> Cave:
    """The datastack. Raises CaveError, for an unknown one with the nearest names that the server has."""
    if not datastack.strip():
        raise InputError("which datastack?", "such as minnie65_public; 'List' asks the server for its own")
    try:
        return Cave(address(server), datastack.strip(), token, limits)
    except CaveError as error:
        if error.kind != "unknown":
            raise
    cause = f"{host_of(server)} has no datastack '{datastack.strip()[:60]}'"
    raise CaveError("unknown", cause, did_you_mean(datastack, datastacks(server, token, limits)))


def _named(config: StackConfig, synapses: str) -> Iterator[tuple[str, str]]:
    """(purpose, table) of what a pull reads."""
    yield "synapses", synapses
    parts = {
        "cells": config.cells, "nuclei": config.nuclei, "cell types": config.cell_type, "manual types": config.manual,
        "automatic types": config.automatic, "proofreading": config.proofreading,
    }  # fmt: skip
    for purpose, part in parts.items():
        if part is not None:
            yield purpose, part.table[0]
    for name, flag in config.flags.items():
        yield name, flag.table[0]
    if config.compartments is not None:
        yield "compartments", config.compartments.table
