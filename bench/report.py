"""What was measured, beside what was aimed at: Markdown for docs/performance.md and for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.measure import Runs

HEAD = """# Performance

Written by `make bench`; do not edit. Each figure is the median of n runs, with the least and the largest behind it.
Read the ratios rather than the milliseconds: other work on the machine stretches all of them alike.
"""


@dataclass(frozen=True)
class Budget:
    """One aim and what was reached. `at_least`: more is better (a ratio); otherwise less is."""

    what: str
    target: float
    reached: Runs
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the median keeps to it."""
        return self.reached.median >= self.target if self.at_least else self.reached.median <= self.target

    def row(self) -> tuple[str, ...]:
        """what, target, reached, verdict."""
        sign = "at least " if self.at_least else "at most "
        return self.what, f"{sign}{number(self.target)} {self.unit}", spread(self.reached, self.unit), self._verdict()

    def _verdict(self) -> str:
        if self.met:
            return "met"
        one = self.target / self.reached.median if self.at_least else self.reached.median / self.target
        return f"**missed**, {one:.1f}x"


@dataclass(frozen=True)
class Table:
    """A table of texts."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """As Markdown."""
        lines = [self.header, tuple("---" for _ in self.header), *self.rows]
        return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


@dataclass(frozen=True)
class Section:
    """One part of the report: how it was measured, and its tables."""

    title: str
    method: str
    tables: tuple[Table, ...]
    budgets: tuple[Budget, ...] = ()
    notes: tuple[str, ...] = field(default=())


def number(value: float) -> str:
    """Three digits or all before the point, with separators: 0.0123, 4.56, 78.9, 1,234."""
    if value == 0:
        return "0"
    if abs(value) >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(runs: Runs, unit: str = "") -> str:
    """median unit (least to largest, n); one run stands for itself."""
    words = f"{number(runs.median)} {unit}".strip()
    if len(runs) == 1:
        return f"{words} (n = 1)"
    return f"{words} ({number(runs.least)} to {number(runs.largest)}, n = {len(runs)})"


def markdown(machine: str, date: str, conditions: str, sections: Sequence[Section]) -> str:
    """The whole document."""
    budgets = [budget for section in sections for budget in section.budgets]
    met = sum(budget.met for budget in budgets)
    parts = [
        HEAD,
        f"Measured on {date}: {machine} {conditions}\n",
        f"## Budget: {met} of {len(budgets)} met\n",
        Table(("what", "aim", "reached", ""), tuple(budget.row() for budget in budgets)).markdown() + "\n",
    ]
    for section in sections:
        parts += [f"## {section.title}\n", section.method + "\n"]
        parts += [table.markdown() + "\n" for table in section.tables]
        parts += [note + "\n" for note in section.notes]
    return "\n".join(parts)
