"""What the browser tells becomes figures of the report."""

from __future__ import annotations

from typing import Any

import pytest

from bench.browser import Memory, Painted


def request(name: str, start: float, ms: float, n_bytes: int = 10) -> dict[str, Any]:
    return {"name": name, "start": start, "ms": ms, "bytes": n_bytes}


def test_the_clock_of_a_change_and_of_its_request() -> None:
    others = [request("_dash-update-component", 5, 9), request("matrix/at.json", 1, 2)]
    seen = {
        "picture": 120.0,
        "finished": 170.0,
        "tasks": [60.0, 90.0],
        "requests": [*others, request("matrix/figure.json", 20, 30, 5000)],
    }
    painted = Painted.of(seen)
    assert (painted.from_change, painted.from_request, painted.finished, painted.request) == (120, 100, 150, 30)
    assert (painted.n_bytes, painted.longest_task) == (5000, 90)


def test_a_figure_without_a_request_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="without a request"):
        Painted.of({"picture": 1.0, "finished": 1.0, "tasks": [], "requests": [request("matrix/at.json", 1, 2)]})


def test_memory_above_another_page() -> None:
    added = Memory(200, 80, 450, 17).above(Memory(190, 75, 440, 16.5))
    assert added == Memory(10, 5, 10, 0.5)
