"""Reciprocity by type on a dataset of which every pair is known, and the interval by another route."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from data_access.dataset import Dataset
from data_access.errors import InputError
from tests.views import paired
from tests.views.paired import cell
from views.reciprocal import ReciprocalView
from views.reciprocal_types import ReciprocalTypesView, interval, table, type_pairs


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return paired.paired(tmp_path_factory.mktemp("paired"))


Row = tuple[int, int, int, int, float | None]


def rows(dataset: Dataset, **given: object) -> dict[tuple[str | None, str | None], Row]:
    made = table(dataset, ReciprocalTypesView(**given)).table()  # type: ignore[arg-type]
    return {
        (r["pre_group"], r["post_group"]): (
            r["n_pairs_tested"], r["n_reciprocal"], r["n_connections"], r["n_reciprocated"], r["fraction"]
        )
        for r in made.to_pylist()
    }  # fmt: skip


def test_counts_by_type_are_those_of_the_known_pairs(known: Dataset) -> None:
    """23P: p1, p2; BC: bc, two; MC: mc; untyped: un. The axon of p2 is not proofread; f1, f2 are fragments."""
    found = rows(known)
    assert found[("23P", "BC")] == (2, 1, 2, 2, 1.0), "of p2 and a BC no pair is tested both ways, of its input one is"
    assert found[("BC", "23P")] == (2, 1, 1, 1, 1.0), "two -> p2 has no tested reverse"
    assert found[("23P", "23P")] == (0, 0, 1, 1, 1.0), "p2 -> p1 could have been answered, p1 -> p2 not"
    assert found[("23P", "MC")] == (1, 0, 1, 0, 0.0), "p1 -> mc is not returned"
    assert found[("MC", "23P")] == (1, 0, 0, 0, None)
    assert found[("MC", None)] == found[(None, "MC")] == (1, 1, 1, 1, 1.0)
    assert list(found) == sorted(found, key=lambda pair: [(g is None, g or "") for g in pair]), "untyped comes last"


def test_without_a_condition_on_proofreading_every_pair_of_cells_is_tested(known: Dataset) -> None:
    found = rows(known, tested="all")
    assert found[("23P", "BC")] == found[("BC", "23P")] == (4, 2, 2, 2, 1.0)
    assert found[("23P", "23P")] == (1, 1, 2, 2, 1.0)
    assert sum(row[0] for (a, b), row in found.items() if (a is None, a or "") <= (b is None, b or "")) == 6 * 5 / 2


def test_the_threshold_and_the_sets_count(known: Dataset) -> None:
    assert rows(known, min=2)[("23P", "23P")][1:] == (0, 1, 0, 0.0), "only p2 -> p1 has two synapses"
    one = rows(known, pre="cell_type == 'BC'", post="cell_type == 'MC'")
    assert one == {("BC", "MC"): (2, 1, 1, 1, 1.0)}
    by_broad = rows(known, group="broad_type", tested="all")
    assert by_broad[("excitatory", "inhibitory")] == (6, 2, 3, 2, pytest.approx(2 / 3))


def test_the_ledger_counts_reciprocal_pairs(known: Dataset) -> None:
    ledger = table(known, ReciprocalTypesView()).ledger
    assert (ledger.read, ledger.kept) == (7, 3)
    assert [(entry.reason, entry.pairs) for entry in ledger.left_out] == [("not tested in both orders", 4)]
    few = table(known, ReciprocalTypesView(cells="cell_type == 'BC' or cell_type == 'MC'", min=3)).ledger
    assert few.read == few.kept + sum(entry.pairs or 0 for entry in few.left_out)


def test_the_page_s_view_gives_the_same_matrix_whatever_else_it_says(known: Dataset) -> None:
    view = ReciprocalView(rank="distance", type_a="MC", limit=1, cell=cell("p1"))
    assert type_pairs(known, view) is type_pairs(known, ReciprocalTypesView())
    assert type_pairs(known, view).names == ("23P", "BC", "MC", None)
    with pytest.raises(InputError, match="no column 'typ'"):
        type_pairs(known, ReciprocalTypesView(group="typ"))


def test_the_interval_is_that_of_an_exact_binomial_test() -> None:
    n = np.array([[0, 1, 7], [7, 7, 250]])
    k = np.array([[0, 1, 0], [7, 3, 31]])
    low, high = interval(k, n)
    assert np.isnan([low[0, 0], high[0, 0]]).all()
    for at in zip(*np.nonzero(n), strict=True):
        exact = binomtest(int(k[at]), int(n[at])).proportion_ci(0.95, "exact")
        assert (low[at], high[at]) == (pytest.approx(exact.low), pytest.approx(exact.high))
