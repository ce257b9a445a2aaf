"""Reciprocal pairs against chance: counts by hand, refusals, and what stands beside the rows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.nulls import NULLS
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, TooLargeError
from tests.views import column as columns
from tests.views import samples
from views import null_models, reciprocity
from views.long_run import Estimate
from views.reciprocity import ReciprocityView

Tables = tuple[pd.DataFrame, pd.DataFrame]


def by_hand(tables: Tables, view: ReciprocityView, first: set[int], second: set[int]) -> dict[Any, Counter[str]]:
    """Tested, observed and connections of each pair of types, from the rows of the files. {} = overall."""
    synapses, cells = tables
    counts = Counter(zip(synapses.pre_id, synapses.post_id, strict=True))
    there = {pair for pair, n in counts.items() if n >= view.min}
    proofread = dict(zip(cells.cell_id, cells.status_axon, strict=True))
    kind = {i: k if isinstance(k, str) else None for i, k in zip(cells.cell_id, cells.cell_type, strict=True)}
    placed = dict(zip(cells.cell_id, cells.x_nm.notna(), strict=True))
    found: dict[Any, Counter[str]] = {}
    ids = sorted(kind)
    for n, a in enumerate(ids):
        for b in ids[n + 1 :]:
            asked = (a in first and b in second) or (b in first and a in second)
            tested = view.tested == "all" or (proofread[a] and proofread[b])
            if not asked or not tested or (view.null == "distance" and not (placed[a] and placed[b])):
                continue
            ab, ba = (a, b) in there, (b, a) in there
            for key in ("all", frozenset([kind[a], kind[b]])):
                found.setdefault(key, Counter()).update(n_tested=1, observed=ab and ba, n_connections=ab + ba)
    return found


@pytest.fixture(scope="module")
def unplaced(tmp_path_factory: pytest.TempPathFactory, tables: Tables) -> tuple[Dataset, Tables]:
    """The small column with more synapses; three of its cells have no position."""
    synapses, cells = tables[0], tables[1].copy()
    more = pd.DataFrame({"pre_id": synapses.post_id, "post_id": synapses.pre_id, "size": 9}).iloc[::3]
    more = more[more.pre_id.isin(cells.cell_id)]
    more = more.assign(synapse_id=10_000 + np.arange(len(more)))
    cells.loc[[3, 8, 20], ["x_nm", "y_nm", "z_nm"]] = np.nan
    rows = pd.concat([synapses, more], ignore_index=True)
    return columns.imported(tmp_path_factory.mktemp("unplaced"), rows, cells), (rows, cells)


@pytest.mark.parametrize("null", NULLS)
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"tested": "all", "min": 2},
        {"pre": "cell_type == 'BC'", "post": "cell_type in ['BC', 'MC']", "tested": "all"},
    ],
    ids=["proofread", "all", "two sets"],
)
def test_what_is_observed_is_what_the_rows_hold(
    unplaced: tuple[Dataset, Tables], null: str, asked: dict[str, Any]
) -> None:
    dataset, tables = unplaced
    view = ReciprocityView(ds="column", null=null, samples=20, **asked)
    sets = [set(dataset.index.ids[dataset.select(text).codes].tolist()) for text in (view.pre, view.post)]
    expected = by_hand(tables, view, *sets)
    rows = reciprocity.reciprocity(dataset, view).table().to_pylist()
    assert (rows[0]["group_a"], rows[0]["group_b"]) == (None, None)
    found = {frozenset([row["group_a"], row["group_b"]]): row for row in rows[1:]}
    assert set(found) | {"all"} == set(expected)
    for key, row in (found | {"all": rows[0]}).items():
        assert {name: row[name] for name in ("n_tested", "observed", "n_connections")} == dict(expected[key])
    assert rows[0]["observed"] > 0


def test_rows_come_in_the_order_of_types_and_say_how_they_compare(unplaced: tuple[Dataset, Tables]) -> None:
    view = ReciprocityView(ds="column", null="type", tested="all", samples=200, seed=4)
    result = reciprocity.reciprocity(unplaced[0], view)
    table = result.table().to_pandas()
    order = ["23P", "4P", "BC", "MC", None]
    pairs = [(a, b) for k, a in enumerate(order) for b in order[k:]]
    assert [
        tuple(None if pd.isna(v) else v for v in row) for row in table[["group_a", "group_b"]].to_numpy()[1:]
    ] == pairs
    np.testing.assert_allclose(table.ratio, table.observed / table.expected)
    np.testing.assert_allclose(table.z, (table.observed - table.expected) / table.sd)
    assert table.p.between(1 / 201, 1).all()
    assert np.isnan(table.p_adjusted[0])
    assert (table.p_adjusted[1:] >= table.p[1:] - 1e-12).all()
    assert (table.ratio_low <= table.ratio).all()
    assert (table.ratio_high.fillna(np.inf) >= table.ratio).all()
    told = result.extra["samples"]
    assert sum(n for _, n in told["histogram"]) == len(told["overall"]) == 200
    assert np.mean(told["overall"]) == pytest.approx(table.expected[0])
    assert told["observed"] == table.observed[0]
    assert len(told["rows"]) == len(table)
    assert (told["smallest_p"], told["samples_needed"], told["enough"]) == (pytest.approx(1 / 201), 299, False)
    assert "299 samples" in " ".join(result.ledger.notes)
    again = reciprocity.reciprocity(unplaced[0], view).table()
    assert again.equals(result.table())
    ledger = result.ledger
    assert ledger.read == ledger.kept + sum(o.connections or 0 for o in ledger.left_out)


def test_the_degree_null_says_how_it_mixed_and_gives_no_interval(unplaced: tuple[Dataset, Tables]) -> None:
    view = ReciprocityView(ds="column", null="degree", tested="all", samples=100)
    result = reciprocity.reciprocity(unplaced[0], view)
    assert result.extra["mixing"]["chains"] == 4
    assert result.extra["mixing"]["r_hat"] < 1.2
    assert result.table().column("ratio_low").null_count == result.rows


def test_the_estimate_counts_what_is_dealt(unplaced: tuple[Dataset, Tables]) -> None:
    for null in NULLS:
        view = ReciprocityView(ds="column", null=null, tested="all", samples=40)
        cost = reciprocity.estimate(unplaced[0], view)
        assert isinstance(cost, Estimate)
        assert cost.samples == 40
        assert 0 < cost.seconds < 5
    assert cost.connections >= reciprocity.reciprocity(unplaced[0], view).table().column("n_connections")[0].as_py()


def test_what_cannot_be_run_is_refused_with_its_reason(tmp_path: Path) -> None:
    made = samples.all_sources(tmp_path / "data", tmp_path / "scratch")
    edges, words = (open_dataset(tmp_path / "data", made[name].id) for name in ("edges", "words"))
    assert null_models.available(edges) == {
        "er": "", "degree": "", "type": "edges has no cell types", "distance": "edges has no cell types",
    }  # fmt: skip
    assert null_models.available(words)["type"] == ""
    assert "no soma positions" in null_models.available(words)["distance"]
    for ask in (reciprocity.estimate, reciprocity.reciprocity):
        with pytest.raises(InputError, match="'type' can't be run: edges has no cell types") as caught:
            ask(edges, ReciprocityView(ds="edges", null="type"))
        assert "er, degree" in caught.value.hint
        with pytest.raises(InputError, match="no pair of these cells is tested in both orders"):
            ask(edges, ReciprocityView(ds="edges", cells="1"))
        with pytest.raises(InputError, match="stands for pre and post"):
            ask(edges, ReciprocityView(ds="edges", cells="1", post="4"))
    rows = reciprocity.reciprocity(edges, ReciprocityView(ds="edges", samples=10)).table()
    assert rows.num_rows == 1
    assert rows.column("observed")[0].as_py() == edges.meta.n_reciprocal_pairs


def test_more_numbers_than_are_kept_are_refused(
    unplaced: tuple[Dataset, Tables], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reciprocity, "MOST_VALUES", 100)
    with pytest.raises(TooLargeError, match="pairs of types x 100 samples"):
        reciprocity.reciprocity(unplaced[0], ReciprocityView(ds="column", tested="all"))


@pytest.mark.parametrize("null", NULLS)
def test_every_null_is_explained_in_two_sentences(null: str) -> None:
    assert null_models.explain(null).count(". ") == 1
    assert null_models.title(null)
