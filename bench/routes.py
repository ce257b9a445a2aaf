"""The HTTP API through gunicorn: a partner list, a matrix of 300 by 300 groups, pictures."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from app import create_app
from bench.datasets import dataset_id
from bench.matrices import PLOT, parameters, quarter
from bench.measure import Runs, Timed, timed
from bench.report import Budget, Section, Table, spread
from bench.server import Answer, Client
from bench.tables import N_GROUPS, M, S, Size
from data_access.dataset import Dataset, open_dataset
from settings import Settings

PARTNERS = 500
METHOD = """One client on a kept connection, gzip taken, through gunicorn as the repository configures it: milliseconds
from the request to the last byte. "In one process" is the same request by Flask's test client, without a network:
routing, computing, JSON and compression. "New" is a matrix that no process has built before."""


def section(base: str, data_dir: Path, runs: int) -> Section:
    """Times, bytes and budgets of the API."""
    dataset = open_dataset(data_dir, dataset_id("M"))
    cell, n_partners = cell_with_partners(dataset, PARTNERS)
    path = f"{_path(M)}/partners.json?cell={cell}"
    client = Client(base)
    partners = _ask_again(client, path, 4 * runs)
    inside = _inside(data_dir, path, 4 * runs)
    groups = [client.get(_groups(run)) for run in range(runs)]
    words = f"partners of a cell with {n_partners:,}"
    rows = [
        _row(words, partners),
        (f"{words}, in one process", spread(inside.wall, "ms"), ""),
        (f"{words}, in one process, CPU", spread(inside.cpu, "ms"), ""),
        _row(f"M, {N_GROUPS} x {N_GROUPS} groups, new, as JSON", groups),
        *(row for size in (S, M) for row in _pictures(client, size, runs)),
    ]
    budgets = (
        Budget(f"{words}: answered", 37, _ms(partners), "ms"),
        Budget(f"{words}: gzipped", 33, Runs.of(a.n_bytes / 1000 for a in partners), "kB"),
        Budget(f"{words}: server, CPU", 5, inside.cpu, "ms"),
        Budget(f"M by {N_GROUPS} x {N_GROUPS} groups: answered", 300, _ms(groups), "ms"),
    )
    return Section("HTTP API", METHOD, (Table(("what", "time", "bytes"), tuple(rows)),), budgets)


def cell_with_partners(dataset: Dataset, n: int) -> tuple[str, int]:
    """Id of the cell with the fewest partners that has at least n, both directions together, and their number."""
    graph = dataset.graph
    best, fewest = -1, np.iinfo(np.int64).max
    degree = np.diff(graph.out.indptr) + np.diff(graph.into.indptr)  # counts a partner of both directions twice
    for code in np.argsort(degree, kind="stable")[np.searchsorted(np.sort(degree), n) :][:200]:
        both = np.union1d(graph.out.idx[graph.out.row(code)], graph.into.idx[graph.into.row(code)])
        if n <= len(both) < fewest:
            best, fewest = int(code), len(both)
    return dataset.index.text([best])[0], int(fewest)


def _inside(data_dir: Path, path: str, runs: int) -> Timed:
    client = create_app(Settings(data=data_dir)).server.test_client()
    client.get(path)
    return timed(lambda: client.get(path, headers={"Accept-Encoding": "gzip"}).data, runs)


def _groups(run: int) -> str:
    # the same cells in other words each time, so that nothing is kept from the last
    new = parameters(M, group="tile", pre=f"sends and x_nm >= -{run + 1}")
    return f"{_path(M)}/matrix.json?{urlencode(new)}"


def _pictures(client: Client, size: Size, runs: int) -> list[tuple[str, ...]]:
    found = []
    for what, more in (("whole", {}), ("middle quarter", quarter(size))):
        query = urlencode(parameters(size, **more, width=PLOT[0], height=PLOT[1]))
        for name, words in (("matrix/window.json", "for the figure"), ("matrix.png", "PNG, kept")):
            path = f"{_path(size)}/{name}?{query}"
            found.append(_row(f"{size.name}, {what}, {words}", _ask_again(client, path, runs)))
    return found


def _path(size: Size) -> str:
    return f"/api/v1/datasets/{dataset_id(size.name)}"


def _ask_again(client: Client, path: str, runs: int) -> list[Answer]:
    """Answers to the same request; the first few, where a worker may meet it for the first time, are not kept."""
    return [client.get(path) for _ in range(runs + 4)][4:]


def _ms(answers: list[Answer]) -> Runs:
    return Runs.of(answer.ms for answer in answers)


def _row(what: str, answers: list[Answer]) -> tuple[str, ...]:
    return what, spread(_ms(answers), "ms"), f"{answers[-1].n_bytes:,}"
