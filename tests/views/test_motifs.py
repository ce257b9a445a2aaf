"""Motifs of a dataset: counts against networkx and pandas, nulls against formulas, ledgers that add up."""

from __future__ import annotations

from dataclasses import replace
from math import comb
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, SynaptoscopeError, TooLargeError
from data_access.importer import ImportSpec, import_dataset
from tests.views import wired as graphs
from views import long_run, motif_instances, motifs, node_search, schema
from views.motif_instances import InstancesView
from views.motifs import CensusView, MotifsView
from views.node_search import EDGES, NodeSearchView


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return graphs.wired(tmp_path_factory.mktemp("wired"))


@pytest.fixture(scope="module")
def larva(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    source, folder = real_data / "real" / "drosophila_larva_left", tmp_path_factory.mktemp("larva")
    spec = ImportSpec(
        id="larva", connections=(source / "unmatched_left_edgelist.csv",), pre="1", post="2", weight="3", header=False,
        cells=(source / "unmatched_left_nodes.csv",), cell_id="1", cell_type="simple_group",
    )  # fmt: skip
    import_dataset(folder, spec)
    return open_dataset(folder, "larva")


def connections(dataset: Dataset, least: int = 1) -> pd.DataFrame:
    """pre, post (ids as text), n: straight from the graph, without autapses."""
    out = dataset.graph.out
    pre = np.repeat(np.arange(dataset.graph.n_nodes), np.diff(out.indptr))
    ids = np.array(dataset.index.text(np.arange(dataset.n_cells)), dtype=object)
    found = pd.DataFrame({"pre": ids[pre], "post": ids[out.idx], "n": out.n_synapses.astype(int)})
    return found[(found.pre != found.post) & (found.n >= least)]


def rows(result: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = result.table().to_pylist()
    return found


@pytest.mark.parametrize("least", [1, 3])
def test_the_census_is_that_of_networkx(wired: Dataset, least: int) -> None:
    found = motifs.census(wired, CensusView(min=least))
    graph = nx.DiGraph()
    graph.add_nodes_from(map(str, range(40)))
    graph.add_edges_from(connections(wired, least)[["pre", "post"]].itertuples(index=False))
    assert {name: found.of(name) for name in motifs.CLASSES["3"]} == nx.triadic_census(graph)
    pairs = motifs.census(wired, CensusView(min=least, size="2"))
    assert pairs.of("mutual") == sum(graph.has_edge(b, a) for a, b in graph.edges) // 2
    assert pairs.counts.sum() == comb(40, 2)


def test_a_set_counts_only_what_is_inside(wired: Dataset) -> None:
    found = motifs.census(wired, CensusView(cells="cell_type == 'x'"))
    ledger = motifs.ledger(wired, found)
    assert found.counts.sum() == comb(found.n_cells, 3) == comb(14, 3)
    assert ledger.read == 320 == ledger.kept + sum(o.connections or 0 for o in ledger.left_out)
    assert {o.reason for o in ledger.left_out} >= {"a cell outside the set"}


def test_expected_dyads_are_those_of_the_formula(wired: Dataset) -> None:
    """Uniform density: of m connections on N ordered pairs, N/2 m (m - 1) / (N (N - 1)) pairs are mutual on average."""
    view = MotifsView(size="2", samples=400)
    found = {row["class"]: row for row in rows(motifs.motifs(wired, view))}
    m, n = len(connections(wired)), 40 * 39
    mutual = n / 2 * m * (m - 1) / (n * (n - 1))
    assert abs(found["mutual"]["expected"] - mutual) < 5 * found["mutual"]["sd"] / 20
    assert found["asymmetric"]["expected"] == pytest.approx(m - 2 * found["mutual"]["expected"])
    assert rows(motifs.motifs(wired, view)) == list(found.values()), "the same seed gives the same numbers"
    assert rows(motifs.motifs(wired, replace(view, seed=1))) != list(found.values())


@pytest.mark.parametrize("null", ["er", "degree", "type"])
def test_a_random_graph_is_not_unlike_chance(wired: Dataset, null: str) -> None:
    """Drawn from the first null itself, and unlike none: no class has the smallest possible p after correction."""
    found = rows(motifs.motifs(wired, MotifsView(null=null, samples=99)))
    assert [row["class"] for row in found] == list(motifs.CLASSES["3"])
    assert sum(row["expected"] for row in found) == pytest.approx(comb(40, 3))
    assert min(row["p_adjusted"] for row in found) > 0.02


def test_connections_that_are_not_tested_stay_and_are_told(column: Dataset) -> None:
    result = motifs.motifs(column, MotifsView(samples=20, tested="proofread"))
    said = next(note for note in result.ledger.notes if "not tested" in note)
    kept = int(said.split("; ")[1].split(" ")[0].replace(",", ""))
    assert 0 < kept < result.ledger.kept
    everything = motifs.census(column, CensusView())
    assert [row["count"] for row in rows(result)] == everything.counts.tolist()


@pytest.mark.parametrize("motif", ["021D", "111D", "030T", "120C", "210"])
def test_instances_name_connections_that_are_there(wired: Dataset, motif: str) -> None:
    result = motif_instances.instances(wired, InstancesView(motif=motif, limit=7))
    strength = {(a, b): n for a, b, n in connections(wired).itertuples(index=False)}
    wanted = {f"{'abc'[i]}{'abc'[j]}" for i, j in motifs.EDGES["3"][motif]}
    for row in rows(result):
        for way in EDGES:
            pair = str(row[f"cell_{way[0]}"]), str(row[f"cell_{way[1]}"])
            assert row[f"n_{way}"] == strength.get(pair, 0)
            assert (row[f"n_{way}"] > 0) == (way in wanted)
        assert row["total"] == sum(row[f"n_{way}"] for way in EDGES)
        assert row["type_a"] == "xyz"[int(row["cell_a"]) % 3]
    assert result.ledger.total == result.ledger.read == motifs.census(wired, CensusView()).of(motif)
    assert result.rows == result.ledger.kept == min(7, result.ledger.total or 0)


@pytest.mark.parametrize(("size", "motif"), [("3", "mutual"), ("2", "300"), ("3", "003"), ("3", "")])
def test_a_class_of_another_size_is_refused(wired: Dataset, size: str, motif: str) -> None:
    with pytest.raises(InputError) as error:
        motif_instances.instances(wired, InstancesView(size=size, motif=motif))
    assert error.value.hint


def test_too_many_connections_are_refused_with_the_limit(wired: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    motifs._census.cache_clear()
    node_search._build.cache_clear()
    monkeypatch.setattr(motifs, "MOST_CONNECTIONS", 100)
    for ask in (lambda: motifs.census(wired, CensusView()), lambda: node_search.build(wired, CHAIN)):
        with pytest.raises(TooLargeError, match=r"up to 100 connections.*has 3\d\d"):
            ask()


# ---- three-node search

CHAIN = NodeSearchView(a="cell_type == 'x'", b="cell_type == 'y'", ab="2", bc="1", samples=30)


def matches(dataset: Dataset, view: NodeSearchView) -> pd.DataFrame:
    """Chains a -> b -> c by a join of the connections of pandas."""
    every = connections(dataset)
    sets = {node: set(dataset.index.text(dataset.select(getattr(view, node)).codes)) for node in "abc"}
    first = every[every.n >= int(view.ab)].rename(columns={"pre": "a", "post": "b", "n": "n_ab"})
    second = every[every.n >= int(view.bc)].rename(columns={"pre": "b", "post": "c", "n": "n_bc"})
    found = first.merge(second, on="b")
    return found[(found.a != found.c) & found.a.isin(sets["a"]) & found.b.isin(sets["b"]) & found.c.isin(sets["c"])]


@pytest.mark.parametrize("ac", ["", "none", "2"])
def test_a_search_finds_what_a_join_finds(wired: Dataset, ac: str) -> None:
    view = replace(CHAIN, ac=ac, limit=1000, null="none")
    found = matches(wired, view)
    strength = connections(wired).set_index(["pre", "post"]).n
    direct = np.array([strength.get((a, c), 0) for a, c in zip(found.a, found.c, strict=True)])
    keep = {"": direct >= 0, "none": direct == 0, "2": direct >= 2}[ac]
    result = node_search.search(wired, view)
    assert {(str(r["cell_a"]), str(r["cell_b"]), str(r["cell_c"])) for r in rows(result)} == {
        (r.a, r.b, r.c) for r in found[keep].itertuples()
    }
    assert result.extra == {"total": int(keep.sum())}
    assert result.ledger.total == result.ledger.kept == int(keep.sum()) > 0


def test_a_search_is_compared_with_sampled_graphs(wired: Dataset) -> None:
    """Chains under uniform density: A B C ordered triples, each with two given pairs of N connected."""
    view = NodeSearchView(a="cell_type == 'x'", b="cell_type == 'y'", c="cell_type == 'z'", ab="1", bc="1", samples=300)
    result = node_search.search(wired, view)
    sizes = [len(wired.select(getattr(view, node))) for node in "abc"]
    m, n = len(connections(wired)), 40 * 39
    expected = np.prod(sizes) * m * (m - 1) / (n * (n - 1))
    assert abs(result.extra["expected"] - expected) < 5 * result.extra["sd"] / np.sqrt(300)
    assert result.extra["ratio"] == pytest.approx(result.extra["total"] / result.extra["expected"])
    assert {k: result.extra[k] for k in ("null", "samples", "seed")} == {"null": "er", "samples": 300, "seed": 0}
    assert result.extra["p"] > 0.01


@pytest.mark.parametrize("text", ["x", "0", "-1", "3/", "3/a", "1.5", "none/3", "99999999999"])
def test_a_condition_that_means_nothing_is_refused(wired: Dataset, text: str) -> None:
    with pytest.raises(InputError) as error:
        node_search.search(wired, replace(CHAIN, bc=text))
    assert f"bc={text}"[:12] in error.value.message
    assert "3/1000" in error.value.hint


def test_sizes_are_asked_only_of_a_dataset_that_has_them(wired: Dataset, column: Dataset) -> None:
    with pytest.raises(InputError, match="have none"):
        node_search.search(wired, replace(CHAIN, ab="1/500"))
    sized = NodeSearchView(ab="1", bc="1/3000", null="none", limit=1000)
    result = node_search.search(column, sized)
    sums = column.graph.out.sum_size
    assert sums is not None
    for row in rows(result)[:20]:
        edge = column.graph.edge(*(column.code_of(str(row[f"cell_{node}"])) for node in "bc"))
        assert sums[edge] >= 3000
    assert 0 < result.extra["total"] < node_search.search(column, replace(sized, bc="1")).extra["total"]


@pytest.mark.parametrize(
    ("name", "view"), [("motifs", MotifsView(samples=5)), ("node_search", replace(CHAIN, samples=5))]
)
def test_a_result_is_stored_and_found_again(wired: Dataset, name: str, view: Any) -> None:
    assert isinstance(long_run.state(wired.data_dir, wired, name, view), long_run.Absent)
    made = long_run.compute(wired.data_dir, wired, name, view)
    again = long_run.state(wired.data_dir, wired, name, view)
    assert isinstance(again, long_run.Ready)
    assert rows(again.result) == rows(made)
    assert again.result.extra == made.extra
    other = long_run.state(wired.data_dir, wired, name, replace(view, seed=3))
    assert isinstance(other, long_run.Absent)
    assert other.estimate.samples == 5


def test_an_unknown_null_model_names_the_known_ones() -> None:
    for view in (MotifsView, NodeSearchView):
        with pytest.raises(SynaptoscopeError) as error:
            schema.parse(view, {"null": "degrees"})
        assert "degree" in error.value.hint


def test_the_larva_answers_by_its_own_names(larva: Dataset) -> None:
    """Projection neurons to Kenyon cells to mushroom body output neurons, with the direct connection as well."""
    view = NodeSearchView(a="cell_type == 'PNs'", b="cell_type == 'KCs'", c="cell_type == 'MBONs'", ab="1", bc="1",
                          null="none", limit=1000)  # fmt: skip
    found = matches(larva, view)
    assert node_search.search(larva, view).extra == {"total": len(found)}
    direct = connections(larva)[["pre", "post"]].rename(columns={"pre": "a", "post": "c"})
    sampled = node_search.search(larva, replace(view, ac="1", null="type", samples=50, limit=10))
    assert sampled.extra["total"] == len(found.merge(direct, on=["a", "c"])) == 110
    assert sampled.extra["expected"] > sampled.extra["total"]
    mutual = motifs.census(larva, CensusView(size="2"))
    assert mutual.of("mutual") == 4_733
