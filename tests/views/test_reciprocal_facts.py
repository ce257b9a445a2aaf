"""The published numbers of reciprocal pairs, through the view, with the strongest connections among them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from data_access.dataset import Dataset
from tests.data_access.command_line import CommandLine, edges
from tests.data_access.test_facts import _sources
from views.reciprocal import ReciprocalView, ranked, reciprocal
from views.reciprocal_types import ReciprocalTypesView, table

pytestmark = pytest.mark.xdist_group("reciprocal-facts")


@dataclass(frozen=True)
class Fact:
    """Reciprocal pairs of a data set; its strongest connection, and whether that is one direction of a pair."""

    name: str
    n_pairs: int
    strongest: tuple[int, str, str]
    answered: bool


FACTS = [
    Fact("microns_l23_v185", 31, (5, "648518346349538192", "648518346349539856"), False),
    Fact("minnie65_cells_a", 203, (31, "864691135394156021", "864691135516059091"), False),
    Fact("hemibrain_oviIN both files", 1417, (320, "423101189", "5813021602"), True),
    Fact("drosophila_larva_left", 4733, (119, "3464773", "3486381"), False),
    Fact("celegans_hermaphrodite (chemical only)", 669, (142, "SABD", "hyp"), False),
]
Open = Callable[[str], Dataset]


@pytest.fixture(scope="module")
def imported(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Open:
    work = tmp_path_factory.mktemp("reciprocal_facts")
    command = CommandLine(work / "data", work)
    sources = _sources(real_data / "real", work)

    def opened(name: str) -> Dataset:
        from data_access.dataset import open_dataset

        dataset_id = re.sub(r"\W+", "-", name).strip("-")
        if not (work / "data" / dataset_id).exists():
            assert command("import", "--id", dataset_id, *sources[name]).status == 0
        return open_dataset(work / "data", dataset_id)

    return opened


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_the_view_lists_the_published_pairs(fact: Fact, imported: Open) -> None:
    dataset = imported(fact.name)
    result = reciprocal(dataset, ReciprocalView())
    rows = result.table().to_pylist()
    assert len(rows) == result.ledger.total == result.ledger.read == fact.n_pairs
    # a second route: every row is two connections of the graph, and no pair is missing
    connections = {(str(a), str(b)): n for a, b, n in edges(dataset)}
    for row in rows:
        a, b = str(row["cell_a"]), str(row["cell_b"])
        assert (connections[a, b], connections[b, a]) == (row["n_ab"], row["n_ba"])
        assert row["n_ab"] > row["n_ba"] or (row["n_ab"] == row["n_ba"] and row["cell_a"] < row["cell_b"])
    assert len({frozenset((row["cell_a"], row["cell_b"])) for row in rows}) == fact.n_pairs
    assert all(len({row["cell_a"], row["cell_b"]}) == 2 for row in rows), "no autapse"
    totals = [row["n_ab"] + row["n_ba"] for row in rows]
    assert totals == sorted(totals, reverse=True)
    n, pre, post = fact.strongest
    assert connections[pre, post] == n
    pair = ranked(dataset, ReciprocalView()).place(dataset.code_of(pre), dataset.code_of(post))
    assert (pair is not None) == fact.answered == ((post, pre) in connections)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_the_types_account_for_every_pair(fact: Fact, imported: Open) -> None:
    dataset = imported(fact.name)
    cells = "outputs_of(423101189) or 423101189" if "oviIN" in fact.name else ""  # all hemibrain types are too many
    made = table(dataset, ReciprocalTypesView(tested="all", cells=cells))
    groups = sorted({r["pre_group"] for r in made.table().to_pylist()}, key=str)
    counted = sum(
        r["n_reciprocal"]
        for r in made.table().to_pylist()
        if groups.index(r["pre_group"]) <= (groups.index(r["post_group"]) if r["post_group"] in groups else 10**9)
    )
    assert counted == made.ledger.kept
    assert made.ledger.kept + sum(entry.pairs or 0 for entry in made.ledger.left_out) == fact.n_pairs


def test_no_pair_of_minnie_s_listed_cells_is_reciprocal(imported: Open) -> None:
    """Nine connections among them, none returned: every one of the 203 pairs has a partner that no table lists."""
    dataset = imported("minnie65_cells_a")
    assert reciprocal(dataset, ReciprocalView(cells="is_cell")).rows == 0
    assert reciprocal(dataset, ReciprocalView(warning="fragment")).rows == 203
    assert reciprocal(dataset, ReciprocalView(pre="is_cell", post="not is_cell")).rows == 203
    nine = table(dataset, ReciprocalTypesView(cells="is_cell")).table().to_pandas()
    assert (nine.n_connections.sum(), nine.n_reciprocated.sum()) == (9, 0)
