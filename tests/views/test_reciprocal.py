"""Reciprocal pairs of a view against pandas on the source rows, and on a dataset of which every pair is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, NotFoundError
from data_access.importer import ImportSpec, import_dataset
from tests.views import paired
from tests.views.paired import cell, name
from tests.views.samples import MISSING, Source, write
from views import pair_compartments
from views.reciprocal import RANKS, ReciprocalView, around, cell_view, ranked, reciprocal

pytest_plugins = ("tests.views.sample_fixtures",)

CONTRACT = ["cell_a", "cell_b", "n_ab", "n_ba", "sum_size_ab", "sum_size_ba", "type_a", "type_b"]
STRONGEST = ["bc-p1", "two-p2", "p2-p1", "bc-mc", "p1-f1", "p2-f2", "mc-un"]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return paired.paired(tmp_path_factory.mktemp("paired"))


def listed(dataset: Dataset, **given_: object) -> list[str]:
    """'bc-p1': a and b of each row."""
    table = reciprocal(dataset, ReciprocalView(**given_)).table()  # type: ignore[arg-type]
    return [f"{name(a)}-{name(b)}" for a, b in zip(*(table[c].to_pylist() for c in ("cell_a", "cell_b")), strict=True)]


def expected(source: Source, pre: set[object], post: set[object], least: int) -> pd.DataFrame:
    """The pairs by pandas, strongest first, then by the smaller id and the larger."""
    rows = source.rows.assign(size=source.rows["size"].where(source.rows["size"] != MISSING))
    rows = rows[rows.pre_id != rows.post_id]
    counts, sizes = (rows.groupby(["pre_id", "post_id"])[c].sum(min_count=1) for c in ("n", "size"))
    counts = counts[counts >= least]
    found = []
    for (a, b), n in counts.items():
        m = counts.get((b, a), 0)
        between = (a in pre and b in post) or (b in pre and a in post)
        if m and between and (n > m or (n == m and a < b)):
            found.append((a, b, n, m, sizes[(a, b)], sizes[(b, a)]))
    table = pd.DataFrame(found, columns=CONTRACT[:6]).assign(weak=lambda t: -(t.n_ab + t.n_ba))
    ids = np.sort(table[["cell_a", "cell_b"]].to_numpy(dtype=object), axis=1)
    return table.assign(first=ids[:, 0], last=ids[:, 1]).sort_values(["weak", "first", "last"])


@pytest.mark.parametrize("sample", ["big", "words", "edges"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pairs_are_those_of_the_source_strongest_first(
    sources: dict[str, Source], sample_data: Path, sample: str, data: st.DataObject
) -> None:
    dataset, source = open_dataset(sample_data, sample), sources[sample]
    codes = st.lists(st.integers(0, dataset.n_cells - 1), unique=True, min_size=1)
    sides = [data.draw(st.none() | codes) for _ in range(2)]
    least, offset, limit = (
        data.draw(st.integers(1, 3)),
        data.draw(st.integers(0, 3)),
        data.draw(st.none() | st.integers(0, 9)),
    )
    chosen = [
        set(dataset.index.ids.tolist()) if side is None else set(dataset.index.ids[side].tolist()) for side in sides
    ]
    texts = ["" if side is None else ", ".join(f"'{i}'" for i in dataset.index.text(side)) for side in sides]
    texts = [text.replace("'com,ma'", '"com,ma"').replace("'quo\"te'", "'quo\"te'") for text in texts]
    view = ReciprocalView(pre=texts[0], post=texts[1], min=least, limit=limit, offset=offset)
    wanted = expected(source, chosen[0], chosen[1], least)
    result = reciprocal(dataset, view)
    found = result.table().to_pandas()
    assert list(found.columns[:8]) == CONTRACT
    page = wanted[offset : None if limit is None else offset + limit]
    for column in CONTRACT[:4]:
        assert found[column].tolist() == page[column].tolist()
    for column in CONTRACT[4:6]:
        np.testing.assert_array_equal(found[column].astype(float), page[column].astype(float))
    ledger = result.ledger
    assert (ledger.unit, ledger.total, ledger.kept) == ("pairs", len(wanted), len(page))
    assert ledger.read == dataset.meta.n_reciprocal_pairs
    assert ledger.read == ledger.kept + sum(entry.pairs or 0 for entry in ledger.left_out)


def test_every_pair_of_a_known_dataset(known: Dataset) -> None:
    result = reciprocal(known, ReciprocalView())
    table = result.table().to_pandas().set_index(pd.Index(listed(known)))
    assert table.index.tolist() == STRONGEST
    first = table.loc["bc-p1"]
    assert (first.n_ab, first.n_ba, first.total, first.smaller, first.balance) == (4, 2, 6, 2, 0.5)
    assert (first.sum_size_ab, first.sum_size_ba, first.sum_size) == (100 + 101 + 102 + 103, 104 + 105, 615)
    assert (first.type_a, first.type_b, first.kind_b, first.broad_type_a) == ("BC", "23P", "23P", "inhibitory")
    assert (first.distance_um, first.proofread_a, first.proofread_b) == (30.0, True, True)
    assert (first.compartments_ab, first.compartments_ba) == ("soma 2, shaft 1, not said 1", "shaft 2")
    fragment = table.loc["p1-f1"]
    assert (fragment.type_b, fragment.kind_b, fragment.tested) == (None, "fragment", False)
    assert np.isnan(table.loc["mc-un"].distance_um)
    assert table.tested.tolist() == [True, False, False, True, False, False, True], "p2's axon is not proofread"
    every = reciprocal(known, ReciprocalView(tested="all")).table()
    assert every["tested"].to_pylist() == [True, True, True, True, False, False, True]


def test_pairs_are_ranked_by_what_is_asked_for_and_missing_values_come_last(known: Dataset) -> None:
    columns = {"smaller": "smaller", "balance": "balance", "size": "sum_size", "distance": "distance_um"}
    assert set(columns) | {"total"} == set(RANKS)
    for rank, column in columns.items():
        values = reciprocal(known, ReciprocalView(rank=rank)).table()[column].to_pylist()  # type: ignore[arg-type]
        there = [v for v in values if v is not None]
        assert there == sorted(there, reverse=rank != "distance")
        assert values[: len(there)] == there
    assert listed(known, rank="distance")[:3] == ["bc-mc", "bc-p1", "p2-p1"]
    assert listed(known, sort="type_a") == ["p2-p1", "p1-f1", "p2-f2", "bc-p1", "two-p2", "bc-mc", "mc-un"]
    assert listed(known, sort="-cell_a")[0] == "two-p2"
    for column in reciprocal(known, ReciprocalView()).schema.names:
        if not column.startswith("compartments"):
            assert sorted(listed(known, sort=f"-{column}")) == sorted(STRONGEST)
    with pytest.raises(InputError, match="not sorted by 'n_a'"):
        ranked(known, ReciprocalView(sort="n_a"))


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"type_a": "BC"}, ["bc-p1", "two-p2", "bc-mc"]),
        ({"type_a": "BC", "type_b": "23P"}, ["bc-p1", "two-p2"]),
        ({"type_a": "23P", "type_b": "BC"}, ["bc-p1", "two-p2"]),
        ({"type_a": "23P", "type_b": "23P"}, ["p2-p1"]),
        ({"type_b": "untyped"}, ["mc-un"]),
        ({"type_a": "fragment", "type_b": "23P"}, ["p1-f1", "p2-f2"]),
        ({"type_a": "fragment", "type_b": "fragment"}, []),
        ({"group": "broad_type", "type_a": "inhibitory", "type_b": "excitatory"}, ["bc-p1", "two-p2"]),
        ({"proofread": "both"}, ["bc-p1", "bc-mc", "mc-un"]),
        ({"proofread": "one"}, ["two-p2", "p2-p1", "p1-f1"]),
        ({"proofread": "none"}, ["p2-f2"]),
        ({"compartment": "soma"}, ["bc-p1", "two-p2", "bc-mc"]),
        ({"min": 2}, ["bc-p1", "bc-mc"]),
        ({"cells": "cell_type == '23P'"}, ["p2-p1"]),
        ({"pre": "cell_type == 'MC'"}, ["bc-mc", "mc-un"]),
        ({"cell": cell("mc")}, ["bc-mc", "mc-un"]),
        ({"cell": cell("mc"), "cells": "cell_type == 'BC'"}, []),
        ({"cell": cell("mc"), "pre": "cell_type in ['BC', 'MC']"}, ["bc-mc", "mc-un"]),
        ({"cell": cell("bc"), "pre": "cell_type == 'MC'"}, ["bc-mc"]),
        ({"type_a": "BC", "compartment": "soma", "proofread": "both", "offset": 1}, ["bc-mc"]),
    ],
)
def test_filters_leave_the_right_pairs_and_the_ledger_says_why(
    known: Dataset, filters: dict[str, object], wanted: list[str]
) -> None:
    assert listed(known, **filters) == wanted
    ledger = reciprocal(known, ReciprocalView(**filters)).ledger  # type: ignore[arg-type]
    assert ledger.read == len(STRONGEST) == ledger.kept + sum(entry.pairs or 0 for entry in ledger.left_out)


def test_what_is_wrong_is_named(known: Dataset, sources: dict[str, Source], sample_data: Path) -> None:
    for bad, message in (
        ({"type_a": "CB"}, "no cell_type 'CB'"), ({"compartment": "som"}, "no compartment 'som'"),
        ({"warning": "fragmen"}, "no warning 'fragmen'"), ({"cells": "is_cell", "pre": "is_cell"}, "cells= stands for"),
        ({"group": "typ"}, "no column 'typ'"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            reciprocal(known, ReciprocalView(**{"type_a": "BC", **bad})).table()  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        ranked(known, ReciprocalView(cell="1"))
    edges = open_dataset(sample_data, "edges")
    with pytest.raises(InputError, match="which axons are proofread"):
        ranked(edges, ReciprocalView(proofread="both"))
    with pytest.raises(InputError, match="on which compartment"):
        ranked(edges, ReciprocalView(compartment="soma"))


def test_a_pair_knows_its_neighbours_in_the_ranking(known: Dataset) -> None:
    for view in (ReciprocalView(), ReciprocalView(rank="distance"), ReciprocalView(type_a="23P", limit=1, offset=2)):
        order = listed(known, **{**vars(view), "limit": None, "offset": 0})
        for at, pair in enumerate(order):
            a, b = pair.split("-")
            for one, other in ((a, b), (b, a)):
                found = around(known, view, cell(one), cell(other))
                assert (found.position, found.total) == (at + 1, len(order))
                near = [p and "-".join(map(name, p)) for p in (found.previous, found.next)]
                assert near == [order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None]
    outside = around(known, ReciprocalView(), cell("p1"), cell("mc"))
    assert (outside.position, outside.total, outside.previous) == (None, 7, None)
    assert outside.next == (cell("bc"), cell("p1"))
    empty = around(known, ReciprocalView(min=9), cell("p1"), cell("mc"))
    assert (empty.position, empty.total, empty.previous, empty.next) == (None, 0, None, None)


def test_a_cell_with_23_partners_makes_117_reciprocal_synapses(tmp_path: Path) -> None:
    made = [10, 9, 8, 7, 7, 6, 6, 5, 5, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 5, 5, 5, 5]
    assert (len(made), sum(made)) == (23, 117)
    me, first = 648518346349538179, 648518346349000000
    rows = [(me, first + k, n) for k, n in enumerate(made)] + [(first + k, me, 1 + k % 3) for k in range(23)]
    rows += [(me, first + 50, 40), (first + 51, me, 30), (me, me, 9), (first, first + 1, 2), (first + 1, first, 2)]
    table = pd.DataFrame(rows, columns=["pre_id", "post_id", "weight"])
    edges = write(table, tmp_path / "edges.parquet")
    import_dataset(tmp_path / "data", ImportSpec(id="l23", connections=(edges,), weight="weight"))
    dataset = open_dataset(tmp_path / "data", "l23")
    found = cell_view(dataset, ReciprocalView(cell=str(me)), str(me))
    assert (len(found), found.total_made, found.total_received) == (23, 117, sum(1 + k % 3 for k in range(23)))
    assert found.n_made.tolist() == sorted(made, reverse=True)
    assert {int(i): n for i, n in zip(dataset.index.text(found.partner), found.n_received.tolist(), strict=True)} == {
        first + k: 1 + k % 3 for k in range(23)
    }
    among_all = cell_view(dataset, ReciprocalView(), str(me))
    assert among_all.partner.tolist() == found.partner.tolist()
    listed_pairs = ranked(dataset, ReciprocalView())
    assert len(listed_pairs) == 24
    assert {frozenset(listed_pairs.ids(int(at))) for at in among_all.at} == {
        frozenset((str(me), partner)) for partner in dataset.index.text(found.partner)
    }


def test_sizes_of_a_direction_that_was_not_measured_are_missing(sources: dict[str, Source], sample_data: Path) -> None:
    table = reciprocal(open_dataset(sample_data, "words"), ReciprocalView()).table()
    assert table.num_rows > 5
    for column in ("sum_size_ab", "sum_size_ba", "sum_size", "distance_um"):
        assert table[column].null_count == table.num_rows


def test_where_compartments_are_not_looked_for_the_table_says_so(
    known: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair_compartments, "MOST_ROWS", 6)
    long, short = (reciprocal(known, ReciprocalView(limit=limit)) for limit in (7, 6))
    assert long.table()["compartments_ab"].null_count == 7
    assert "at most 6 rows" in " ".join(long.ledger.notes)
    assert short.table()["compartments_ab"].null_count == 0
    monkeypatch.setattr(pair_compartments, "MOST", 10)
    large = reciprocal(known, ReciprocalView(limit=1))
    assert large.table()["compartments_ab"].to_pylist() == [None]
    assert "at most 10 synapses" in " ".join(large.ledger.notes)
