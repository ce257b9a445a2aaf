"""The partner table against the source rows, counted by pandas."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.dataset import open_dataset
from data_access.errors import InputError, NotFoundError
from data_access.importer import ImportSpec, import_dataset
from tests.views.samples import MISSING, Source, write
from views.partners import DIRECTIONS, PartnersView, partners

pytest_plugins = ("tests.views.sample_fixtures",)


def expected(source: Source, cell: object) -> pd.DataFrame:
    """n_in, n_out and summed sizes of every partner, the cell itself included."""
    rows = source.rows.assign(size=source.rows["size"].where(source.rows["size"] != MISSING))
    sides = {}
    for side, mine, theirs in (("in", "post_id", "pre_id"), ("out", "pre_id", "post_id")):
        of_cell = rows[rows[mine] == cell].groupby(theirs)
        sides[f"n_{side}"] = of_cell.n.sum()
        sides[f"sum_size_{side}"] = of_cell["size"].sum(min_count=1)
    found = pd.DataFrame(sides)
    for side in ("in", "out"):
        found[f"n_{side}"] = found[f"n_{side}"].fillna(0).astype(int)
        found.loc[found[f"n_{side}"] == 0, f"sum_size_{side}"] = 0.0 if source.sized else np.nan
    return found


@pytest.mark.parametrize("name", ["big", "words", "edges"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_partners_are_those_of_the_source_strongest_first(
    sources: dict[str, Source], sample_data: Path, name: str, data: st.DataObject
) -> None:
    dataset, source = open_dataset(sample_data, name), sources[name]
    cell = dataset.index.ids[data.draw(st.integers(0, dataset.n_cells - 1))]
    direction, least = data.draw(st.sampled_from(DIRECTIONS)), data.draw(st.integers(1, 5))
    keep, limit = data.draw(st.booleans()), data.draw(st.none() | st.integers(0, 9))
    view = PartnersView(name, str(cell), direction, least, "keep" if keep else "drop", limit)
    result = partners(dataset, view)

    everyone = expected(source, cell)
    asked = {"both": everyone[["n_in", "n_out"]].max(axis=1), "in": everyone.n_in, "out": everyone.n_out}[direction]
    wanted = everyone[(asked >= least) & (keep | (everyone.index != cell))]
    wanted = wanted.assign(total=wanted.n_in + wanted.n_out, id=wanted.index)
    wanted = wanted.sort_values(["total", "id"], ascending=[False, True])[:limit]

    found = result.table().to_pandas()
    assert found.partner_id.tolist() == wanted.index.tolist()
    assert found.n_in.tolist() == wanted.n_in.tolist()
    assert found.n_out.tolist() == wanted.n_out.tolist()
    np.testing.assert_array_equal(found.sum_size_in.astype(float), wanted.sum_size_in)
    np.testing.assert_array_equal(found.sum_size_out.astype(float), wanted.sum_size_out)
    for side in ("in", "out"):
        total = everyone[f"n_{side}"].sum()
        if total:
            np.testing.assert_allclose(found[f"fraction_{side}"].astype(float), wanted[f"n_{side}"] / total)
        else:
            assert found[f"fraction_{side}"].isna().all()
    left = sum(entry.cells or 0 for entry in result.ledger.left_out)
    assert result.ledger.read == result.ledger.kept + left == len(everyone)
    assert result.ledger.kept == result.rows == len(found)


def test_fractions_of_a_cell_sum_to_one_when_nothing_is_left_out(sources: dict[str, Source], sample_data: Path) -> None:
    dataset = open_dataset(sample_data, "big")
    busiest = str(dataset.index.ids[np.argmax(np.diff(dataset.graph.into.indptr))])
    found = partners(dataset, PartnersView("big", busiest, autapses="keep")).table().to_pandas()
    assert found.fraction_in.sum() == pytest.approx(1)


def test_there_are_no_fractions_of_a_cell_whose_synapses_are_not_all_there(tmp_path: Path) -> None:
    rows = pd.DataFrame({"pre_id": [1, 1, 2, 3], "post_id": [2, 3, 3, 1], "weight": [3, 4, 5, 6]})
    whole = tmp_path / "whole.csv"
    whole.write_text("id\n1\n")
    edges = write(rows, tmp_path / "edges.parquet")
    import_dataset(tmp_path / "data", ImportSpec(id="some", connections=(edges,), weight="weight", complete=(whole,)))
    dataset = open_dataset(tmp_path / "data", "some")
    known, unknown = partners(dataset, PartnersView(cell="1")), partners(dataset, PartnersView(cell="3"))
    assert known.table()["fraction_out"].to_pylist() == [4 / 7, 3 / 7]
    assert known.ledger.notes == ()
    assert set(unknown.table()["fraction_in"].to_pylist()) == {None}
    assert "not all inputs and outputs of this cell" in unknown.ledger.notes[0]


def test_a_cell_must_be_given_and_known(sources: dict[str, Source], sample_data: Path) -> None:
    dataset = open_dataset(sample_data, "words")
    with pytest.raises(InputError, match="no cell given"):
        partners(dataset, PartnersView())
    with pytest.raises(NotFoundError, match="no cell ADLA in words") as caught:
        partners(dataset, PartnersView(cell="ADLA"))
    assert "'ADAL'" in caught.value.hint
    assert partners(dataset, PartnersView(cell=" ADAL ")).rows > 0


def test_five_hundred_partners_take_a_few_milliseconds(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    n = 200_000
    ids = 864691135808473885 + np.arange(5_000)
    pre, post = random.choice(ids, n), random.choice(ids, n)
    pre[:250], post[250:500] = ids[0], ids[0]
    rows = pd.DataFrame({"pre_id": pre, "post_id": post, "weight": random.integers(1, 5, n)})
    edges = write(rows.drop_duplicates(["pre_id", "post_id"]), tmp_path / "edges.parquet")
    import_dataset(tmp_path / "data", ImportSpec(id="busy", connections=(edges,), weight="weight"))
    dataset = open_dataset(tmp_path / "data", "busy")
    times = []
    for _ in range(20):
        started = time.perf_counter()
        result = partners(dataset, PartnersView(cell=str(ids[0])))
        times.append(time.perf_counter() - started)
    assert result.rows >= 500
    assert min(times) < 0.005
