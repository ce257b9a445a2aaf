"""The report states medians, spreads and verdicts that follow from the runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measure import Runs, Timed, timed
from bench.report import Budget, Section, Table, markdown, number, spread


def test_median_and_spread_of_runs() -> None:
    runs = Runs.of([3, 1, 10, 2])
    assert (runs.median, runs.least, runs.largest, len(runs)) == (2.5, 1, 10, 4)
    assert spread(runs, "ms") == "2.5 ms (1 to 10, n = 4)"
    assert spread(Runs.of([4.0]), "s") == "4 s (n = 1)"
    assert runs.scaled(1000).median == 2500


def test_a_measurement_needs_a_run() -> None:
    with pytest.raises(ValueError, match="without a run"):
        Runs.of([])


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_median_lies_between_least_and_largest(values: list[float]) -> None:
    runs = Runs.of(values)
    assert runs.least <= runs.median <= runs.largest


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.01234, "0.0123"), (4.567, "4.57"), (78.94, "78.9"), (1234.5, "1,234"), (150.0, "150")],
)
def test_numbers_have_three_digits_or_all_before_the_point(value: float, shown: str) -> None:
    assert number(value) == shown


def test_less_is_better_unless_at_least_is_said() -> None:
    quick, slow = Runs.of([50.0]), Runs.of([250.0])
    assert Budget("a", 100, quick, "ms").met
    assert not Budget("a", 100, slow, "ms").met
    assert Budget("a", 100, slow, "times", at_least=True).met
    assert not Budget("a", 100, quick, "times", at_least=True).met


def test_a_missed_budget_says_by_how_much() -> None:
    assert Budget("S painted", 100, Runs.of([250.0]), "ms").row() == (
        "S painted",
        "at most 100 ms",
        "250 ms (n = 1)",
        "**missed**, 2.5x",
    )
    assert Budget("ratio", 150, Runs.of([50.0]), "times", at_least=True).row()[-1] == "**missed**, 3.0x"


def test_ratio_is_that_of_the_cpu_medians() -> None:
    ours = Timed(Runs.of([9.0]), Runs.of([1.0, 2.0, 3.0]))
    theirs = Timed(Runs.of([9.0]), Runs.of([500.0]))
    assert ours.times_less_cpu(theirs) == 250


def test_work_is_counted_and_what_comes_before_is_not() -> None:
    calls: list[str] = []
    result = timed(lambda: calls.append("work"), 3, before=lambda: calls.append("before"))
    assert calls == ["before", "work"] * 3
    assert len(result.wall) == len(result.cpu) == 3


def test_document_counts_the_budgets_that_are_met() -> None:
    met, missed = Budget("one", 10, Runs.of([5.0]), "ms"), Budget("two", 10, Runs.of([50.0]), "ms")
    table = Table(("what", "time"), (("a|b", "1 ms"),))
    text = markdown("2 cores.", "2026-01-01", "A quiet machine.", [Section("Part", "How.", (table,), (met, missed))])
    assert "## Budget: 1 of 2 met" in text
    assert "| one | at most 10 ms | 5 ms (n = 1) | met |" in text
    assert r"| a\|b | 1 ms |" in text
    assert "Measured on 2026-01-01: 2 cores. A quiet machine." in text
