"""What the server does for a picture of a matrix, in this process: no network, no browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlencode

from app import create_app
from bench.datasets import dataset_id
from bench.matrices import PLOT, parameters, quarter
from bench.measure import Timed, timed
from bench.report import Section, Table, number, spread
from bench.tables import Size
from settings import Settings
from views import matrix

METHOD = f"""The requests of the page by Flask's test client: routing, building the matrix, the picture of
{PLOT[0]} x {PLOT[1]} pixels, JSON; not compressed. New: nothing is kept from before."""
AREA = {"width": PLOT[0], "height": PLOT[1], "theme": "light"}


def section(data_dir: Path, sizes: Sequence[Size], runs: int) -> Section:
    """The whole figure new and known, and a zoom, for each table."""
    client = create_app(Settings(data=data_dir)).server.test_client()

    def get(path: str) -> int:
        answer = client.get(path)
        assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
        return len(answer.data)

    rows = tuple(row for size in sizes for row in _rows(get, size, runs))
    return Section("Drawing on the server", METHOD, (Table(("table", "what", "wall", "CPU", "kB of JSON"), rows),))


def _rows(get: Callable[[str], int], size: Size, runs: int) -> list[tuple[str, ...]]:
    figure, window = _path(size, "figure"), _path(size, "window", **quarter(size))
    figure_bytes, window_bytes = get(figure), get(window)
    new = timed(lambda: get(figure), runs, before=matrix._build.cache_clear)
    known = timed(lambda: get(figure), runs)
    zoomed = timed(lambda: get(window), runs)
    return [
        _row(size, "figure, new", new, figure_bytes),
        _row(size, "figure, built before", known, figure_bytes),
        _row(size, "zoom to the middle quarter", zoomed, window_bytes),
    ]


def _path(size: Size, name: str, **more: int) -> str:
    query = urlencode(parameters(size, **more, **AREA))
    return f"/api/v1/datasets/{dataset_id(size.name)}/matrix/{name}.json?{query}"


def _row(size: Size, what: str, time: Timed, n_bytes: int) -> tuple[str, ...]:
    return size.name, what, spread(time.wall, "ms"), spread(time.cpu, "ms"), number(n_bytes / 1000)
