"""What the section Chance says of a result: its numbers are those of the table and of the samples."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from app import create_app
from components import chance_form, chance_result, chance_types
from components.chance_result import Rows
from data_access.dataset import Dataset, open_dataset
from data_access.jobs import Job
from settings import load_settings
from tests.views import samples
from tests.views.mapped import mapped
from views import reciprocity
from views.long_run import Absent, Estimate
from views.reciprocal import ReciprocalView
from views.reciprocity import ReciprocityView

VIEW = ReciprocityView(null="type", samples=60, tested="all", group="cell_type")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return mapped(tmp_path_factory.mktemp("mapped")).dataset


@pytest.fixture(scope="module")
def found(dataset: Dataset) -> Rows:
    return chance_result.rows_of(reciprocity.reciprocity(dataset, VIEW))


def test_the_distribution_holds_every_sample_and_the_observed_number(found: Rows) -> None:
    spec = chance_result.distribution(found)
    counts = Counter(found.samples["overall"])
    assert sum(n for _, _, n in spec["bins"]) == VIEW.samples == spec["samples"]
    for left, right, n in spec["bins"]:
        assert n == sum(counts[value] for value in counts if left < value < right)
    low, high = spec["range"]
    assert all(low <= left and right <= high for left, right, _ in spec["bins"]) and low < spec["observed"] < high


def test_the_sentence_gives_observed_expected_and_how_many_times(found: Rows) -> None:
    said, row = chance_result.sentence(found, VIEW), found.overall
    mean = sum(found.samples["overall"]) / VIEW.samples
    assert row.expected == pytest.approx(mean)
    assert f"{row.observed:,} reciprocal pair" in said and chance_result.amount(mean) in said
    assert chance_result.amount(row.observed / mean) in said
    assert ("within what chance makes" in said) == (row.p > 0.05)


def test_the_ratio_stands_beside_that_to_the_middle_of_the_samples(found: Rows) -> None:
    low, *_, high = found.samples["rows"][0]
    said = chance_result.against(found.overall, found.samples["rows"][0])
    n = found.overall.observed
    assert said == f"{chance_result.amount(n / high)} to {chance_result.amount(n / low) if low else '∞'}"
    assert chance_result.against(found.overall, [0, 0, 0]) == "–"


def test_the_matrix_of_ratios_is_symmetric_and_marks_what_differs(dataset: Dataset, found: Rows) -> None:
    spec = chance_types.matrix(dataset, found, ReciprocalView(type_a="BC", type_b="4P"))
    assert spec is not None
    cells = {(c["i"], c["j"]): c for c in spec["cells"]}
    names = [row["name"] for row in spec["rows"]]
    for (i, j), c in cells.items():
        place = found.place(names[i], names[j])
        assert place is not None
        row = found.types[place]
        assert c["level"] == cells[j, i]["level"]
        assert c["mark"] == (row.p_adjusted is not None and row.p_adjusted <= 0.05)
        if row.ratio and abs(math.log2(row.ratio)) < 3:
            assert c["level"] == pytest.approx(0.5 + math.log2(row.ratio) / 6)
        assert c["chosen"] == ({names[i], names[j]} == {"BC", "4P"})
    assert {n for n in names if n == "untyped"}, "cells without a type are a group of their own"


def test_null_models_that_cannot_be_run_say_why(tmp_path: Path, dataset: Dataset) -> None:
    create_app(load_settings({"SYNAPTOSCOPE_DATA": str(tmp_path)}, cwd=tmp_path))
    assert len(chance_form.nulls(dataset, VIEW)) == 4
    bare = samples.edges(tmp_path / "data", tmp_path)
    cards = chance_form.nulls(open_dataset(tmp_path / "data", bare.id), ReciprocityView())
    lacks = [card.className for card in cards]
    assert lacks == ["null chosen", "null", "null lacks", "null lacks"]
    assert "no cell types" in str(cards[2]) and "Cannot be run here" in str(cards[3])


def test_cost_and_progress_in_words() -> None:
    said = chance_form.cost(ReciprocityView(samples=100), Estimate(4.2, 78_000, 100))
    assert said == "About 4 s for 100 samples of 78,000 connections."
    assert chance_form.cost(ReciprocityView(), Estimate(0.2, 1, 100)).startswith("Less than a second for 100 samples")
    job = Job("1", "null-model", "t", state="running", stage="Sampling", done=40, total=100, unit="samples")
    assert chance_form.running(job) == "Sampling: 40 of 100 samples"
    assert "Waits" in chance_form.running(Job("1", "null-model", "t"))
    failed = Job("1", "null-model", "t", state="failed", message="no room")
    assert "failed: no room" in chance_form.ended(Absent(Estimate(1, 1, 1), failed))
