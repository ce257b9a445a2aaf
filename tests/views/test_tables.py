"""Cells, connections, synapses and gap junctions against the source rows, counted by pandas."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.matrix import Selection, entries
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError
from tests.views import samples
from tests.views.samples import MISSING, Source
from views import tables
from views.result import Ledger, TableResult
from views.tables import CellsView, ConnectionsView, GapJunctionsView, SynapsesView

pytest_plugins = ("tests.views.sample_fixtures",)

COUNTED = {
    "cells": "cells", "connections": "connections", "synapses": "synapses", "partners": "cells", "gap junctions": "pairs",
}  # fmt: skip


def adds_up(ledger: Ledger) -> bool:
    """read = kept + everything left out, in the ledger's own unit."""
    left = [getattr(entry, COUNTED[ledger.unit]) for entry in ledger.left_out]
    return ledger.read == ledger.kept + sum(left) and all(count > 0 for count in left)


def frame(result: TableResult) -> pd.DataFrame:
    table = result.table()
    assert table.num_rows == result.rows == result.ledger.kept
    assert table.schema.equals(result.schema)
    return table.to_pandas(integer_object_nulls=True)


def expected_connections(source: Source, pre: set[Any], post: set[Any], least: int, keep: bool) -> pd.DataFrame:
    """The same connections by pandas, from the source rows."""
    rows = source.rows
    sized = rows["size"].where(rows["size"] != MISSING)
    pairs = rows.assign(sized=sized).groupby(["pre_id", "post_id"])
    found = pairs.agg(n=("n", "sum"), sum_size=("sized", lambda s: s.sum(min_count=1)), mean_size=("sized", "mean"))
    found = found.reset_index()
    found = found[found.pre_id.isin(pre) & found.post_id.isin(post) & (found.n >= least)]
    found = found if keep else found[found.pre_id != found.post_id]
    return found.sort_values(["pre_id", "post_id"], ignore_index=True)


def some(dataset: Dataset, codes: list[int]) -> tuple[str, set[Any]]:
    """A cell set that names these cells by id, and the ids."""
    ids = [dataset.index.ids[code] for code in sorted(set(codes))]
    return ", ".join(f"'{i}'" if "'" not in str(i) else f'"{i}"' for i in ids), set(ids)


@pytest.mark.parametrize("name", ["big", "words", "edges"])
def test_all_connections_are_those_of_the_source(sources: dict[str, Source], sample_data: Path, name: str) -> None:
    dataset, source = open_dataset(sample_data, name), sources[name]
    found = frame(tables.connections(dataset, ConnectionsView(ds=name, autapses="keep")))
    everyone = set(dataset.index.ids)
    wanted = expected_connections(source, everyone, everyone, 1, keep=True)
    assert found.pre_id.tolist() == wanted.pre_id.tolist()
    assert found.post_id.tolist() == wanted.post_id.tolist()
    assert found.n_synapses.tolist() == wanted.n.tolist()
    if source.sized:
        assert wanted.sum_size.isna().any(), "the sample has connections without a measured synapse"
        np.testing.assert_array_equal(found.sum_size.astype(float), wanted.sum_size)
        np.testing.assert_allclose(found.mean_size.astype(float), wanted.mean_size)
    else:
        assert found.sum_size.isna().all()
        assert found.mean_size.isna().all()


@pytest.mark.parametrize("name", ["big", "words", "edges"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_selection_holds_its_connections_and_its_ledger_adds_up(
    sources: dict[str, Source], sample_data: Path, name: str, data: st.DataObject
) -> None:
    dataset, source = open_dataset(sample_data, name), sources[name]
    codes = st.lists(st.integers(0, dataset.n_cells - 1), min_size=1, max_size=dataset.n_cells)
    (pre, pre_ids), (post, post_ids) = some(dataset, data.draw(codes)), some(dataset, data.draw(codes))
    least, keep = data.draw(st.integers(1, 6)), data.draw(st.booleans())
    limit = data.draw(st.none() | st.integers(0, 50))
    view = ConnectionsView(name, pre, post, least, "keep" if keep else "drop", limit)
    result = tables.connections(dataset, view)
    wanted = expected_connections(source, pre_ids, post_ids, least, keep)
    found = frame(result)
    assert list(zip(found.pre_id, found.post_id, found.n_synapses, strict=True)) == list(
        zip(wanted.pre_id[:limit], wanted.post_id[:limit], wanted.n[:limit], strict=True)
    )
    assert adds_up(result.ledger)
    assert result.ledger.read == dataset.meta.n_connections
    assert result.ledger.total == len(wanted)
    assert result.ledger.cut == (limit is not None and len(wanted) > limit)
    if not result.ledger.cut:
        left = sum(entry.synapses or 0 for entry in result.ledger.left_out)
        assert wanted.n.sum() + left == dataset.meta.n_synapses == source.rows.n.sum()


@pytest.mark.parametrize("name", ["big", "words"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_selection_holds_its_synapses_and_its_ledger_adds_up(
    sources: dict[str, Source], sample_data: Path, name: str, data: st.DataObject
) -> None:
    dataset, source = open_dataset(sample_data, name), sources[name]
    codes = st.lists(st.integers(0, dataset.n_cells - 1), min_size=1, max_size=dataset.n_cells)
    (pre, pre_ids), (post, post_ids) = some(dataset, data.draw(codes)), some(dataset, data.draw(codes))
    keep, limit = data.draw(st.booleans()), data.draw(st.none() | st.integers(0, 50))
    result = tables.synapses(dataset, SynapsesView(name, pre, post, "keep" if keep else "drop", limit))
    rows = source.rows[source.rows.pre_id.isin(pre_ids) & source.rows.post_id.isin(post_ids)]
    rows = rows if keep else rows[rows.pre_id != rows.post_id]
    rows = rows.sort_values(["pre_id", "post_id", "synapse_id"])
    assert frame(result).synapse_id.tolist() == rows.synapse_id.tolist()[:limit]
    assert adds_up(result.ledger)
    assert (result.ledger.read, result.ledger.total) == (len(source.rows), len(rows))


def test_the_synapse_rows_are_those_of_the_source(sources: dict[str, Source], sample_data: Path) -> None:
    result = tables.synapses(open_dataset(sample_data, "big"), SynapsesView("big", autapses="keep"))
    found, rows = frame(result), sources["big"].rows
    wanted = rows.sort_values(["pre_id", "post_id", "synapse_id"], ignore_index=True)
    wanted["note"] = [note or None for note in wanted.note]  # an empty text is a missing one
    for name in ("synapse_id", "pre_id", "post_id", "supervoxel_id", "counter", "note"):
        assert found[name].tolist() == wanted[name].tolist(), name
    np.testing.assert_array_equal(found["size"].astype(float), wanted["size"].where(wanted["size"] != MISSING))
    for name in ("x_nm", "y_nm", "z_nm"):
        np.testing.assert_array_equal(found[name].astype(float), wanted[name])
    assert result.ids == ("synapse_id", "pre_id", "post_id", "supervoxel_id", "counter")


@pytest.mark.parametrize("codes", [range(64), range(65), range(0, 300, 3)])
@pytest.mark.parametrize("side", ["pre", "post"])
def test_synapses_of_few_and_of_many_cells_are_found_alike(tmp_path: Path, codes: range, side: str) -> None:
    source = samples.big(tmp_path / "data", tmp_path, seed=5, n=2_000, n_cells=300)
    dataset = open_dataset(tmp_path / "data", "big")
    text, ids = some(dataset, list(codes))
    view = replace(SynapsesView("big", autapses="keep"), **{side: text})
    rows = source.rows[source.rows[f"{side}_id"].isin(ids)]
    assert 0 < len(rows) < len(source.rows)
    wanted = rows.sort_values(["pre_id", "post_id", "synapse_id"]).synapse_id.tolist()
    assert frame(tables.synapses(dataset, view)).synapse_id.tolist() == wanted
    assert frame(tables.synapses(dataset, replace(view, limit=7))).synapse_id.tolist() == wanted[:7]


def test_a_dataset_of_connections_has_no_synapses(sources: dict[str, Source], sample_data: Path) -> None:
    with pytest.raises(InputError, match="edges holds connections, not single synapses") as caught:
        tables.synapses(open_dataset(sample_data, "edges"), SynapsesView("edges"))
    assert "connections" in caught.value.hint


def test_own_measures_are_columns_of_the_connections(sources: dict[str, Source], sample_data: Path) -> None:
    found = frame(tables.connections(open_dataset(sample_data, "edges"), ConnectionsView("edges", autapses="keep")))
    wanted = sources["edges"].rows.groupby(["pre_id", "post_id"]).latency.sum()
    np.testing.assert_allclose(found.latency, wanted.to_numpy())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_blocks_of_a_selection_join_to_the_selection(
    sources: dict[str, Source], sample_data: Path, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    graph = open_dataset(sample_data, "big").graph
    monkeypatch.setattr(tables, "BLOCK", data.draw(st.integers(1, 500)))
    codes = st.lists(st.integers(0, graph.n_nodes - 1), unique=True).map(lambda c: np.array(sorted(c), np.int32))
    selection = Selection(data.draw(codes), data.draw(codes), data.draw(st.integers(1, 3)), data.draw(st.booleans()))
    found = list(tables.blocks(graph, selection))
    whole = entries(graph, selection)
    parts = [np.concatenate([block[i] for block in found]) if found else np.zeros(0, int) for i in range(3)]
    np.testing.assert_array_equal(parts[0], selection.rows[whole.row])
    np.testing.assert_array_equal(parts[1], selection.cols[whole.col])
    np.testing.assert_array_equal(parts[2], whole.edge)
    counted = tables.count(graph, selection)
    assert counted.n_connections == len(whole)
    assert counted.n_synapses == graph.out.n_synapses[whole.edge].sum()
    assert counted.dropped == whole.dropped


def test_large_results_come_in_batches(
    sources: dict[str, Source], sample_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = open_dataset(sample_data, "big")
    whole = tables.connections(dataset, ConnectionsView("big")).table()
    monkeypatch.setattr(tables, "BATCH", 50)
    monkeypatch.setattr(tables, "BLOCK", 120)
    batched = tables.connections(dataset, ConnectionsView("big"))
    assert max(len(batch) for batch in batched.batches()) <= 50
    assert batched.table().equals(whole)
    assert tables.connections(dataset, ConnectionsView("big", limit=77)).table().equals(whole[:77])


# -- cells -------------------------------------------------------------------------------------------------------


def test_cells_hold_the_attributes_of_the_source_and_fragments(sources: dict[str, Source], sample_data: Path) -> None:
    source = sources["big"].cells.set_index("cell_id")
    found = frame(tables.cells(open_dataset(sample_data, "big"), CellsView("big"))).set_index("cell_id")
    assert found.index.is_monotonic_increasing
    assert found.is_cell.sum() == len(source)
    assert len(found) > len(source), "the sample has fragments"
    there = found.loc[source.index]
    assert [None if pd.isna(v) else v for v in there.cell_type] == source.cell_type.tolist()
    assert [None if v is None or pd.isna(v) else int(v) for v in there.nucleus] == [
        None if pd.isna(v) else int(v) for v in source.nucleus
    ]
    np.testing.assert_array_equal(there.ratio.astype(float), source.ratio)
    assert found.loc[~found.is_cell, "cell_type"].isna().all()
    synapses = sources["big"].rows
    wanted = synapses.groupby("pre_id").size().reindex(found.index, fill_value=0)
    assert found.out_synapses.tolist() == wanted.tolist()
    partners = synapses.groupby("post_id").pre_id.nunique().reindex(found.index, fill_value=0)
    assert found.in_degree.tolist() == partners.tolist()


def test_columns_are_chosen_in_order_and_the_id_is_always_there(sample_data: Path, sources: dict[str, Source]) -> None:
    dataset = open_dataset(sample_data, "big")
    assert tables.cells(dataset, CellsView(columns="ratio, cell_type")).schema.names == [
        "cell_id",
        "ratio",
        "cell_type",
    ]
    assert tables.cells(dataset, CellsView(columns="ratio,cell_id,ratio")).schema.names == ["ratio", "cell_id"]
    assert tables.cells(dataset, CellsView(columns="x_um")).schema.names == ["cell_id", "x_um"]
    with pytest.raises(InputError, match="no column 'cel_type'") as caught:
        tables.cells(dataset, CellsView(columns="cel_type"))
    assert "'cell_type'" in caught.value.hint


def test_whole_numbers_that_json_would_round_are_named_as_ids(sample_data: Path, sources: dict[str, Source]) -> None:
    result = tables.cells(open_dataset(sample_data, "big"), CellsView())
    assert set(result.ids) == {"cell_id", "nucleus"}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", ["cell_id", "cell_type", "ratio", "nucleus", "axon", "in_synapses", "x_um"])
def test_sorting_keeps_missing_last_and_ties_by_id(
    sources: dict[str, Source], sample_data: Path, column: str, descending: bool
) -> None:
    dataset = open_dataset(sample_data, "big")
    view = CellsView("big", columns=f"cell_id,{column}", sort="-" * descending + column)
    found = frame(tables.cells(dataset, view))
    rows = list(zip(found.cell_id, found[column], strict=True))
    present = [row for row in rows if not pd.isna(row[1])]
    assert rows[: len(present)] == present, "missing values are last"
    by_id = sorted(present, key=lambda row: row[0])
    assert present == sorted(by_id, key=lambda row: row[1], reverse=descending)
    missing = [row[0] for row in rows[len(present) :]]
    assert missing == sorted(missing)


def test_an_unknown_sort_column_is_named(sources: dict[str, Source], sample_data: Path) -> None:
    with pytest.raises(InputError, match="no column 'ratoi'"):
        tables.cells(open_dataset(sample_data, "big"), CellsView(sort="-ratoi"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offset=st.integers(0, 60), limit=st.none() | st.integers(0, 60), some_types=st.booleans())
def test_pages_of_cells_join_and_the_ledger_adds_up(
    sources: dict[str, Source], sample_data: Path, offset: int, limit: int | None, some_types: bool
) -> None:
    dataset = open_dataset(sample_data, "big")
    cells = "cell_type in ['BC', 'MC']" if some_types else ""
    whole = frame(tables.cells(dataset, CellsView(cells=cells))).cell_id.tolist()
    result = tables.cells(dataset, CellsView(cells=cells, offset=offset, limit=limit))
    stop = None if limit is None else offset + limit
    assert frame(result).cell_id.tolist() == whole[offset:stop]
    assert adds_up(result.ledger)
    assert (result.ledger.read, result.ledger.total) == (dataset.n_cells, len(whole))
    assert result.ledger.cut == (result.rows < len(whole))


# -- gap junctions -----------------------------------------------------------------------------------------------


def test_gap_junctions_touch_the_set_and_the_ledger_adds_up(sources: dict[str, Source], sample_data: Path) -> None:
    dataset = open_dataset(sample_data, "big")
    first = samples.FIRST_ID
    everything = tables.gap_junctions(dataset, GapJunctionsView(autapses="keep"))
    assert frame(everything).weight.tolist() == [1, 2, 3, 4, 5, 6]
    without_self = tables.gap_junctions(dataset, GapJunctionsView())
    assert frame(without_self).weight.tolist() == [1, 2, 3, 4, 5]
    touching = tables.gap_junctions(dataset, GapJunctionsView(cells=str(first + 37)))
    assert frame(touching).cell_b.tolist() == [first + 37, first + 74]
    for result in (everything, without_self, touching):
        assert adds_up(result.ledger)
        assert result.ledger.read == 6
    assert everything.ids == ("cell_a", "cell_b")


def test_a_dataset_without_gap_junctions_says_so(sources: dict[str, Source], sample_data: Path) -> None:
    result = tables.gap_junctions(open_dataset(sample_data, "words"), GapJunctionsView())
    assert result.rows == 0
    assert any("no gap junctions are recorded" in note for note in result.ledger.notes)
