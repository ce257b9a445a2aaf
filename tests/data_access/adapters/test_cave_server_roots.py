"""The stand-in CAVE over time: roots that change from version to version, live queries, skeletons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cave_server.clients import client
from tests.cave_server.fixtures import DEMO, MINNIE, AnyCave, cave_server
from tests.cave_server.stack import TruthOfStack

OLD, MIDDLE, NEW = 11, 12, 17


@pytest.fixture(scope="module")
def cave() -> Iterator[AnyCave]:
    with cave_server(row_limit=1_000) as running:
        yield running


@pytest.fixture(scope="module")
def demo(cave: AnyCave) -> Any:
    return client(cave, DEMO)


@pytest.fixture(scope="module")
def truth(cave: AnyCave) -> TruthOfStack:
    return cave.truth[DEMO]


def nucleus_of(truth: TruthOfStack, version: int, root: int) -> pd.Series:
    nuclei = truth[version].nuclei
    return nuclei.loc[nuclei["pt_root_id"] == root, "id"]


def test_each_version_knows_its_own_roots(truth: TruthOfStack) -> None:
    roots = {n: {*truth[n].synapses["pre_pt_root_id"], *truth[n].synapses["post_pt_root_id"]} for n in truth.live}
    assert set(truth[OLD].who("renamed_2")) <= roots[OLD] and not set(truth[OLD].who("renamed_2")) & roots[MIDDLE]
    assert set(truth[NEW].who("unchanged")) <= roots[OLD] & roots[MIDDLE] & roots[NEW]
    # The synapses themselves are the same ones in each version.
    assert set(truth[OLD].synapses["id"]) == set(truth[NEW].synapses["id"])


def test_a_cell_that_split_has_its_nucleus_on_one_part(truth: TruthOfStack) -> None:
    history = truth.stack.history
    for role, on_larger in (("split", True), ("split_nucleus_small", False)):
        (before,), (larger,) = truth[OLD].who(role), truth[MIDDLE].who(role)
        parts = history.related(before, 2)
        assert len(parts) == 2 and larger in parts
        (nucleus,) = nucleus_of(truth, OLD, before)
        row = truth[MIDDLE].nuclei.set_index("id").loc[nucleus]
        assert (row["pt_root_id"] == larger) == on_larger and row["pt_root_id"] in parts


def test_cells_that_merged_are_two_nuclei_on_one_root(truth: TruthOfStack) -> None:
    first, second = truth[OLD].who("merged")
    assert first != second and len(set(truth[MIDDLE].who("merged"))) == 1
    nuclei = {*nucleus_of(truth, OLD, first), *nucleus_of(truth, OLD, second)}
    assert set(nucleus_of(truth, MIDDLE, truth[MIDDLE].who("merged")[0])) == nuclei and len(nuclei) == 2
    assert all(len(nucleus_of(truth, n, root)) == 2 for n in truth.live for root in truth[n].who("two_nuclei"))


def test_a_nucleus_that_vanished_is_on_root_0(truth: TruthOfStack) -> None:
    (nucleus,) = nucleus_of(truth, OLD, truth[OLD].who("vanished")[0])
    row = truth[MIDDLE].nuclei.set_index("id").loc[nucleus]
    assert (row["pt_root_id"], row["pt_supervoxel_id"]) == (0, 0)


def test_roots_are_latest_at_the_time_of_their_version(demo: Any, truth: TruthOfStack) -> None:
    graph, mat = demo.chunkedgraph, demo.materialize
    old, new, same = truth[OLD].who("renamed_3"), truth[NEW].who("renamed_3"), truth[NEW].who("unchanged")
    asked = [*old, *new, *same, 0, 5]

    def latest(when: Any) -> list[bool]:
        return graph.is_latest_roots(asked, timestamp=when).tolist()

    n, m = len(old), len(same)
    assert latest(mat.get_timestamp(OLD)) == [True] * n + [False] * n + [True] * m + [False, False]
    assert latest(mat.get_timestamp(NEW)) == [False] * n + [True] * n + [True] * m + [False, False]


def test_now_is_later_than_the_newest_version(demo: Any, truth: TruthOfStack) -> None:
    at_version = truth[NEW].who("renamed_4")
    stamp = demo.materialize.get_timestamp(NEW)
    assert demo.chunkedgraph.is_latest_roots(at_version, timestamp=stamp).all()
    assert not demo.chunkedgraph.is_latest_roots(at_version).any()
    assert demo.chunkedgraph.suggest_latest_roots(at_version[0]) != at_version[0]
    assert demo.chunkedgraph.suggest_latest_roots(at_version[0], timestamp=stamp) == at_version[0]


@pytest.mark.parametrize("role", ["renamed_2", "renamed_3", "split", "merged", "vanished", "unchanged"])
def test_the_suggested_root_is_that_with_the_largest_overlap(demo: Any, truth: TruthOfStack, role: str) -> None:
    stamp = demo.materialize.get_timestamp(NEW)
    for old, new in zip(truth[OLD].who(role), truth[NEW].who(role), strict=True):
        assert demo.chunkedgraph.suggest_latest_roots(old, timestamp=stamp) == new


def test_the_suggested_root_of_a_split_need_not_hold_the_nucleus(demo: Any, truth: TruthOfStack) -> None:
    (old,) = truth[OLD].who("split_nucleus_small")
    (nucleus,) = nucleus_of(truth, OLD, old)
    by_nucleus = int(truth[NEW].nuclei.set_index("id").loc[nucleus, "pt_root_id"])
    stamp = demo.materialize.get_timestamp(NEW)
    ids, overlap = demo.chunkedgraph.suggest_latest_roots(
        old, timestamp=stamp, return_all=True, return_fraction_overlap=True
    )
    assert overlap.tolist() == [0.7, 0.3] and int(ids[1]) == by_nucleus != int(ids[0])


def test_the_lineage_leads_forth_and_back(demo: Any, truth: TruthOfStack) -> None:
    graph, mat = demo.chunkedgraph, demo.materialize
    (before,), (part,) = truth[OLD].who("split"), truth[NEW].who("split")
    parts = truth.stack.history.related(before, 3)
    assert sorted(graph.get_latest_roots(before, timestamp=mat.get_timestamp(NEW))) == parts
    assert graph.get_latest_roots(part, timestamp=mat.get_timestamp(OLD)).tolist() == [before]
    pair, (merged, _) = truth[OLD].who("merged"), truth[NEW].who("merged")
    assert set(graph.get_latest_roots(merged, timestamp=mat.get_timestamp(OLD))) == set(pair)
    past = graph.get_past_ids([merged], timestamp_past=mat.get_timestamp(OLD), timestamp_future=mat.get_timestamp(NEW))
    assert set(past["past_id_map"][merged]) == set(pair)
    assert past["future_id_map"] == dict.fromkeys(pair, merged)


def test_a_root_has_a_time_range(demo: Any, truth: TruthOfStack) -> None:
    graph, mat = demo.chunkedgraph, demo.materialize
    old, new = truth[OLD].who("renamed_2")[1], truth[NEW].who("renamed_2")[1]
    born_old, born_new = graph.get_root_timestamps([old, new])
    assert born_old < mat.get_timestamp(OLD) < born_new < mat.get_timestamp(MIDDLE)
    stamp = mat.get_timestamp(OLD)
    assert graph.is_valid_nodes([old, new], end_timestamp=stamp).tolist() == [True, False]
    assert graph.get_oldest_timestamp() < stamp


def test_supervoxels_lead_to_the_root_of_a_time(demo: Any, truth: TruthOfStack) -> None:
    for number in (OLD, NEW):
        synapses = truth[number].synapses.head(200)
        stamp = demo.materialize.get_timestamp(number)
        got = demo.chunkedgraph.get_roots(synapses["post_pt_supervoxel_id"].to_numpy(), timestamp=stamp)
        assert got.astype(np.int64).tolist() == synapses["post_pt_root_id"].tolist()
    sv = truth[NEW].synapses["pre_pt_supervoxel_id"].iloc[0]
    root = truth[NEW].synapses["pre_pt_root_id"].iloc[0]
    assert demo.chunkedgraph.get_root_id(sv, timestamp=demo.materialize.get_timestamp(NEW)) == root


def test_live_queries_answer_with_the_roots_of_their_time(demo: Any, truth: TruthOfStack) -> None:
    mat, history = demo.materialize, truth.stack.history
    now = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    one = truth.stack.cast["renamed_4"][0]
    today = int(history.root_of[4][2 * one])
    synapses = truth[NEW].synapses
    want = set(synapses.loc[synapses["pre_pt_root_id"] == truth[NEW].who("renamed_4")[0], "id"])
    # By the client's mapping, and by the server's.
    mapped = mat.live_query("synapses_v3", now, filter_in_dict={"pre_pt_root_id": [today]}, metadata=False)
    served = mat.live_live_query(
        "synapses_v3", now, filter_in_dict={"synapses_v3": {"pre_pt_root_id": [today]}}, metadata=False
    )
    assert want and set(mapped["id"]) == set(served["id"]) == want
    assert set(mapped["pre_pt_root_id"]) == set(served["pre_pt_root_id"]) == {today}


def test_proofread_cells_are_there_with_every_strategy_and_some_are_outdated(truth: TruthOfStack) -> None:
    rows = truth[NEW]["proofreading_state"]
    axons = rows[rows["status_axon"]]
    assert {
        "axon_partially_extended", "axon_column_truncated", "axon_interareal", "axon_fully_extended"
    } <= set(axons["strategy_axon"])  # fmt: skip
    outdated = axons["valid_id"] != axons["pt_root_id"]
    assert 0 < outdated.sum() < len(axons) / 2
    without_nucleus = ~axons["pt_root_id"].isin(truth[NEW].nuclei["pt_root_id"])
    assert without_nucleus.sum() >= 5


def test_the_data_hold_what_the_traps_are_about(cave: AnyCave) -> None:
    for stack in cave.truth.values():
        newest = stack.newest
        synapses, nuclei = newest.synapses, newest.nuclei
        assert (nuclei["pt_root_id"] == 0).sum() >= 3
        assert (synapses["pre_pt_root_id"] == synapses["post_pt_root_id"]).sum() >= 3
        partners = pd.unique(synapses[["pre_pt_root_id", "post_pt_root_id"]].to_numpy().ravel())
        assert np.isin(partners, nuclei["pt_root_id"], invert=True).mean() > 0.5
        tags = next(newest[name] for name in newest if "compartment" in name or "target" in name)
        assert set(tags["tag"]) == {"spine", "shaft", "soma"}
        assert 0 < tags["target_id"].nunique() < len(synapses) and tags["target_id"].isin(synapses["id"]).all()
        view = newest[next(iter(stack.stack.tables_in(3, "view")))]
        assert "nonneuron" in set(view["broad_type"]) and view["cell_type"].isna().any()
        assert {"error", "WM-P", "6P-U"} <= set(view["cell_type"].dropna())


def test_skeletons_come_in_bulk_and_missing_ones_are_absent(demo: Any, truth: TruthOfStack) -> None:
    roots = sorted(set(truth[NEW].nuclei["pt_root_id"]) - {0})
    have = demo.skeleton.fetch_skeletons(roots)
    assert set(have) < {str(r) for r in roots}
    root, skeleton = next(iter(have.items()))
    n = len(skeleton["vertices"])
    assert len(skeleton["edges"]) == n - 1 and len(skeleton["radius"]) == len(skeleton["compartment"]) == n
    swc = demo.skeleton.fetch_skeletons([int(root)], output_format="swc")[root]
    nm = np.array(skeleton["vertices"])
    np.testing.assert_allclose(swc[["x", "y", "z"]].to_numpy() * 1000, nm, atol=1)
    assert swc["type"].tolist() == skeleton["compartment"] and swc["parent"].iloc[0] == -1
    soma = truth[NEW].nuclei.set_index("pt_root_id").loc[int(root)]
    place = np.array([soma[f"pt_position_{a}"] for a in "xyz"]).T.reshape(-1, 3) * [16, 16, 33]
    assert np.abs(place - nm[skeleton["root"]]).max(axis=1).min() <= 33
    exist = demo.skeleton.skeletons_exist(root_ids=[int(root), 5])
    assert exist == {int(root): True, 5: False}
    assert demo.skeleton.skeletons_exist(root_ids=int(root)) is True


def test_the_two_datastacks_share_no_root(cave: AnyCave) -> None:
    ids = [set(np.unique(cave.truth[name].stack.history.root_of).tolist()) for name in (DEMO, MINNIE)]
    assert not ids[0] & ids[1]
