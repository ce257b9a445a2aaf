"""The stand-in CAVE answers the official client as the services do: versions, tables, queries."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import requests

from tests.cave_server.clients import client, official
from tests.cave_server.fixtures import DEMO, MINNIE, AnyCave, cave_server

LIMIT = 1_000


@pytest.fixture(scope="module")
def cave() -> Iterator[AnyCave]:
    with cave_server(row_limit=LIMIT) as running:
        yield running


@pytest.fixture(scope="module")
def demo(cave: AnyCave) -> Any:
    return client(cave, DEMO)


@pytest.fixture(scope="module")
def minnie(cave: AnyCave) -> Any:
    return client(cave, MINNIE)


def message_of(error: pytest.ExceptionInfo[requests.HTTPError]) -> tuple[int, str]:
    response = error.value.response
    return response.status_code, response.json()["message"]


def rows_of(cave: AnyCave, side: str, ids: list[int], datastack: str = MINNIE) -> pd.DataFrame:
    synapses = cave.truth[datastack].newest.synapses
    return synapses[synapses[f"{side}_pt_root_id"].isin(ids)]


def test_a_datastack_says_which_tables_are_which(demo: Any, cave: AnyCave) -> None:
    info = demo.info.get_datastack_info()
    assert (info["synapse_table"], info["soma_table"], info["local_server"]) == (
        "synapses_v3",
        "soma_detection",
        cave.address,
    )
    assert (
        info["segmentation_source"].startswith("graphene://")
        and demo.chunkedgraph.table_name in info["segmentation_source"]
    )
    assert demo.info.viewer_resolution().tolist() == [8.0, 8.0, 33.0]
    assert set(client(cave, None).info.get_datastacks()) == {DEMO, MINNIE}
    with pytest.raises(requests.HTTPError, match="404"):
        client(cave, "no_such_stack")


def test_versions_come_in_no_order_and_the_expired_one_only_when_asked_for(minnie: Any) -> None:
    mat = minnie.materialize
    assert mat.get_versions() == [1507, 1718, 1181] and mat.version == 1718
    assert set(mat.get_versions(expired=True)) - set(mat.get_versions()) == {1078}
    stamps = {m["version"]: m["time_stamp"] for m in mat.get_versions_metadata(expired=True)}
    assert sorted(stamps, key=stamps.__getitem__) == [1078, 1181, 1507, 1718]
    told = mat.get_version_metadata(1718)
    assert told["time_stamp"] == stamps[1718] and told["expires_on"] > pd.Timestamp.now(tz="UTC") and told["valid"]


def test_time_stamps_are_naive_text_with_a_fraction(cave: AnyCave) -> None:
    answer = requests.get(
        f"{cave.address}/materialize/api/v3/datastack/{MINNIE}/version/1718",
        headers={"Authorization": f"Bearer {cave.token}"},
        timeout=10,
    ).json()
    assert answer["time_stamp"] == "2025-07-28T10:10:01.514912"
    assert "." in answer["expires_on"] and not answer["expires_on"].endswith(("Z", "00:00"))


def test_a_version_that_expires_is_not_listed_and_its_queries_fail_with_a_404_inside_a_500() -> None:
    with cave_server() as cave:
        one = client(cave, version=11)
        assert len(one.materialize.query_table("soma_detection", metadata=False))
        cave.expire(DEMO, 11)
        assert 11 not in one.materialize.get_versions() and 11 in one.materialize.get_versions(expired=True)
        with pytest.raises(requests.HTTPError) as error:
            one.materialize.synapse_query(pre_ids=[1], metadata=False)
    assert message_of(error) == (500, "404 Not Found: Analysis version 11 not found")


def test_an_expired_version_is_accepted_and_fails_at_the_first_query(cave: AnyCave) -> None:
    expired = client(cave, version=3)
    with pytest.raises(requests.HTTPError) as error:
        expired.materialize.synapse_query(pre_ids=[1], metadata=False)
    assert message_of(error)[1].startswith("404 Not Found")
    with pytest.raises(ValueError, match="not available"):
        client(cave, version=4)


def test_tables_and_counts_are_told_by_version(demo: Any, cave: AnyCave) -> None:
    mat = demo.materialize
    assert set(mat.get_tables()) - set(mat.get_tables(version=11)) == {"synapse_compartment_model"}
    assert mat.get_annotation_count("soma_detection") == len(cave.truth[DEMO].newest.nuclei)
    v2 = [seen.path for seen in cave.requests if "/api/v2/" in seen.path and "materialize" in seen.path]
    assert any(path.endswith("/tables") for path in v2) and any(path.endswith("/count") for path in v2)
    with pytest.raises(requests.HTTPError, match="404"):
        mat.get_table_metadata("no_such_table")


def test_the_interface_of_tables_and_views_works(minnie: Any, cave: AnyCave) -> None:
    tables, views = minnie.materialize.tables, minnie.materialize.views
    assert "synapses_pni_2" in tables and list(views.table_names) == ["aibs_cell_info"]
    types = tables.aibs_metamodel_celltypes_v661(cell_type="BC").query(metadata=False)
    truth = cave.truth[MINNIE].newest["aibs_metamodel_celltypes_v661"]
    assert set(types["target_id"]) == set(truth.loc[truth["cell_type"] == "BC", "target_id"])
    # Here `id` is the nucleus; query_table has it the other way round.
    assert (types["id"] == types["target_id"]).all()
    assert set(views.aibs_cell_info(broad_type="nonneuron").query(metadata=False)["broad_type"]) == {"nonneuron"}


@pytest.mark.parametrize(("side", "role"), [("pre", "split"), ("post", "merged"), ("pre", "unchanged")])
def test_synapses_of_cells_are_those_of_the_truth(minnie: Any, cave: AnyCave, side: str, role: str) -> None:
    ids = cave.truth[MINNIE].newest.who(role)
    got = minnie.materialize.synapse_query(
        **{f"{side}_ids": ids}, remove_autapses=False, split_positions=True, metadata=False
    )
    want = rows_of(cave, side, ids)
    assert len(want) and got["id"].is_unique
    got, want = (f.sort_values("id").reset_index(drop=True) for f in (got, want))
    pd.testing.assert_frame_equal(got, want, check_dtype=False)


def test_types_are_the_nullable_ones_and_ids_exceed_what_a_float_holds(minnie: Any, cave: AnyCave) -> None:
    ids = cave.truth[MINNIE].newest.who("unchanged")
    got = minnie.materialize.synapse_query(pre_ids=ids, split_positions=True, metadata=False)
    types = got.dtypes.astype(str).to_dict()
    assert types["pre_pt_root_id"] == "Int64" and types["size"] == "Float32" and types["valid"] == "boolean"
    assert types["ctr_pt_position_z"] == "Int32" and types["created"] == "datetime64[ns, UTC]"
    assert (got["pre_pt_root_id"] > 2**53).all() and set(got["pre_pt_root_id"]) == set(ids)
    whole = minnie.materialize.synapse_query(pre_ids=ids, metadata=False)
    assert whole["ctr_pt_position"].iloc[0].shape == (3,)


def test_attributes_hold_the_resolution(demo: Any, cave: AnyCave) -> None:
    got = demo.materialize.synapse_query(pre_ids=cave.truth[DEMO].newest.who("unchanged"))
    assert got.attrs["dataframe_resolution"] == [8.0, 8.0, 33.0] and got.attrs["table_voxel_resolution"] == [
        8.0,
        8.0,
        33.0,
    ]


def test_the_row_limit_is_said_in_an_unclosed_warning(
    minnie: Any, cave: AnyCave, caplog: pytest.LogCaptureFixture
) -> None:
    truth = cave.truth[MINNIE].newest
    hub = truth.who("hub")
    with caplog.at_level(logging.WARNING, "caveclient.base"):
        got = minnie.materialize.synapse_query(pre_ids=hub, remove_autapses=False, metadata=False)
    assert len(rows_of(cave, "pre", hub)) > LIMIT == len(got)
    assert caplog.messages == ['201 - "Limited query to 1000 rows']
    assert cave.requests[-1].limited and cave.requests[-1].rows == LIMIT


def test_a_notice_is_a_warning_beside_that_of_the_limit(
    demo: Any, cave: AnyCave, caplog: pytest.LogCaptureFixture
) -> None:
    truth = cave.truth[DEMO].newest
    with caplog.at_level(logging.WARNING, "caveclient.base"):
        demo.materialize.synapse_query(pre_ids=truth.who("hub"), metadata=False)
        demo.materialize.synapse_query(pre_ids=truth.who("unchanged"), metadata=False)
    limited, other = caplog.messages
    assert limited.startswith("Table Owner Notice on synapses_v3") and "Limited query to 1000 rows" in limited
    assert other.startswith("Table Owner Notice on synapses_v3") and "Limited" not in other


def test_a_cell_with_exactly_as_many_rows_as_the_limit_warns_and_autapses_hide_that(
    minnie: Any, cave: AnyCave, caplog: pytest.LogCaptureFixture
) -> None:
    ids = cave.truth[MINNIE].newest.who("exact")
    assert len(rows_of(cave, "pre", ids)) == LIMIT
    with caplog.at_level(logging.WARNING, "caveclient.base"):
        got = minnie.materialize.synapse_query(pre_ids=ids, metadata=False)
    assert len(got) < LIMIT and "Limited query to 1000 rows" in caplog.text


def test_counts_come_before_rows_do(minnie: Any, cave: AnyCave, caplog: pytest.LogCaptureFixture) -> None:
    hub = cave.truth[MINNIE].newest.who("hub")
    with caplog.at_level(logging.WARNING, "caveclient.base"):
        got = minnie.materialize.query_table(
            "synapses_pni_2", filter_in_dict={"pre_pt_root_id": hub}, get_counts=True, metadata=False
        )
    assert got["count"].tolist() == [len(rows_of(cave, "pre", hub))] == [1_250] and not caplog.messages


def test_the_box_is_in_voxels_of_the_table_and_its_faces_belong_to_it(demo: Any, cave: AnyCave) -> None:
    hub = cave.truth[DEMO].newest.who("hub")
    want = rows_of(cave, "pre", hub, DEMO)
    places = want[[f"ctr_pt_position_{a}" for a in "xyz"]].to_numpy(dtype=np.int64)
    low, high = places.min(axis=0), np.array([int(np.median(places[:, 0])), *places.max(axis=0)[1:]])
    got = demo.materialize.synapse_query(
        pre_ids=hub, bounding_box=[low.tolist(), high.tolist()], bounding_box_column="ctr_pt_position", metadata=False
    )
    assert set(got["id"]) == set(want["id"].to_numpy()[(places <= high).all(axis=1)]) and 600 < len(got) < LIMIT
    with pytest.raises(requests.HTTPError, match="must be less than max bounds"):
        demo.materialize.synapse_query(pre_ids=hub, bounding_box=[[0, 0, 0], [1, 0, 1]], metadata=False)


def test_positions_come_in_nm_on_request(demo: Any, cave: AnyCave) -> None:
    ids = cave.truth[DEMO].newest.who("unchanged")
    ask = {"pre_ids": ids, "split_positions": True, "metadata": False}
    voxels = demo.materialize.synapse_query(**ask).sort_values("id")
    nm = demo.materialize.synapse_query(**ask, desired_resolution=[1, 1, 1]).sort_values("id")
    for axis, size in zip("xyz", (8, 8, 33), strict=True):
        name = f"post_pt_position_{axis}"
        assert nm[name].tolist() == [v * size for v in voxels[name].tolist()] and str(nm[name].dtype) == "Int32"
    with pytest.raises(requests.HTTPError) as error:
        demo.materialize.synapse_query(**ask, desired_resolution=[1, 1])
    assert error.value.response.status_code == 400 and error.value.response.text.startswith("<!doctype html>")


def test_unknown_roots_float_ids_and_empty_lists_give_no_rows_and_no_error(minnie: Any, cave: AnyCave) -> None:
    known = cave.truth[MINNIE].newest.who("unchanged")[0]
    for ids in ([864691130000000001], [float(known)], cave.truth[MINNIE].oldest.who("renamed_2"), []):
        got = minnie.materialize.synapse_query(pre_ids=ids, split_positions=True, metadata=False)
        assert len(got) == 0 and str(got["pre_pt_root_id"].dtype) == "Int64"
        assert str(got["ctr_pt_position_x"].dtype) == "float64"


def test_a_bare_text_id_is_read_as_its_digits(minnie: Any, cave: AnyCave) -> None:
    one = str(cave.truth[MINNIE].newest.who("renamed_2")[0])
    assert "0" in one
    got = minnie.materialize.synapse_query(pre_ids=one, metadata=False)
    assert len(got) and set(got["pre_pt_root_id"]) == {0}


def test_synapses_outside_the_segmentation_come_although_they_are_filtered_out(minnie: Any, cave: AnyCave) -> None:
    got = minnie.materialize.synapse_query(pre_ids=[0], include_zeros=False, metadata=False)
    assert len(got) == len(rows_of(cave, "pre", [0])) > 0


def test_no_filter_gives_as_many_rows_as_the_limit(minnie: Any) -> None:
    assert len(minnie.materialize.query_table("synapses_pni_2", metadata=False)) == LIMIT
    assert len(minnie.materialize.query_table("synapses_pni_2", limit=7, metadata=False)) == 7


def test_a_selected_root_brings_its_supervoxel(minnie: Any, cave: AnyCave) -> None:
    ids = cave.truth[MINNIE].newest.who("unchanged")
    got = minnie.materialize.query_table(
        "synapses_pni_2",
        filter_in_dict={"pre_pt_root_id": ids},
        select_columns=["id", "pre_pt_root_id", "ctr_pt_position"],
        split_positions=True,
        metadata=False,
    )
    assert list(got) == ["id", "pre_pt_supervoxel_id", "pre_pt_root_id", *(f"ctr_pt_position_{a}" for a in "xyz")]


def test_filters_compare_numbers_texts_and_truth_values(minnie: Any, cave: AnyCave) -> None:
    mat, truth = minnie.materialize, cave.truth[MINNIE].newest
    proofread, nuclei = truth["proofreading_status_and_strategy"], truth.nuclei
    ids = sorted(nuclei["id"])
    ask = {"metadata": False, "split_positions": True}
    got = mat.query_table(
        truth.stack.nucleus_table,
        filter_greater_equal_dict={"id": ids[10]},
        filter_less_dict={"id": ids[60]},
        **ask,
    )
    assert sorted(got["id"]) == ids[10:60]
    got = mat.query_table(
        proofread_table := "proofreading_status_and_strategy", filter_equal_dict={"status_axon": True}, **ask
    )
    assert set(got["id"]) == set(proofread.loc[proofread["status_axon"], "id"])
    got = mat.query_table(proofread_table, filter_in_dict={"strategy_axon": ["axon_interareal"]}, **ask)
    assert len(got) == (proofread["strategy_axon"] == "axon_interareal").sum()
    got = mat.query_view("aibs_cell_info", filter_regex_dict={"cell_type": "^5P"}, **ask)
    assert len(got) == truth["aibs_cell_info"]["cell_type"].str.startswith("5P").sum()


def test_a_reference_table_is_merged_with_what_it_refers_to(minnie: Any, cave: AnyCave) -> None:
    truth = cave.truth[MINNIE].newest
    alone, nuclei = truth["aibs_metamodel_celltypes_v661"], truth.nuclei
    got = minnie.materialize.query_table("aibs_metamodel_celltypes_v661", metadata=False)
    assert set(got["id"]) == set(alone["id"]) and (got["id_ref"] == got["target_id"]).all()
    roots = nuclei.set_index("id")["pt_root_id"]
    assert got["pt_root_id"].tolist() == roots.reindex(got["target_id"]).tolist()
    # The count is not heard there: all rows come.
    counted = minnie.materialize.query_table("aibs_metamodel_celltypes_v661", get_counts=True, metadata=False)
    assert len(counted) == len(alone) and "count" not in counted
    plain = minnie.materialize.query_table("aibs_metamodel_celltypes_v661", merge_reference=False, metadata=False)
    assert "pt_root_id" not in plain and set(plain["id"]) == set(alone["id"])


def test_what_is_wrong_with_a_query_is_said_inside_a_500(minnie: Any, cave: AnyCave) -> None:
    mat = minnie.materialize
    with pytest.raises(requests.HTTPError) as error:
        mat.query_table("no_such_table", merge_reference=False, metadata=False)
    assert message_of(error)[0] == 500 and "no_such_table" in message_of(error)[1]
    with pytest.raises(requests.HTTPError) as error:
        mat.query_table("no_such_table", metadata=False)
    assert error.value.response.status_code == 404
    with pytest.raises(requests.HTTPError) as error:
        mat.query_table("synapses_pni_2", filter_equal_dict={"no_such_column": 1}, metadata=False)
    assert message_of(error)[0] == 500
    unknown = requests.post(
        f"{cave.address}/materialize/api/v3/datastack/{MINNIE}/version/1718/table/synapses_pni_2/query",
        headers={"Authorization": f"Bearer {cave.token}"},
        json={"filter_nothing": {}},
        timeout=10,
    )
    assert unknown.status_code == 400


def test_shuffled_answers_come_in_another_order_each_time() -> None:
    with cave_server(row_limit=LIMIT, shuffle=True) as cave:
        ids = cave.truth[MINNIE].newest.who("merged")
        mat = client(cave, MINNIE).materialize
        orders = [tuple(mat.synapse_query(pre_ids=ids, metadata=False)["id"]) for _ in range(4)]
        limited = [frozenset(mat.query_table("synapses_pni_2", metadata=False)["id"]) for _ in range(2)]
    assert len(set(orders)) > 1 and len({frozenset(o) for o in orders}) == 1
    assert limited[0] != limited[1]


def test_the_old_api_has_no_views(minnie: Any) -> None:
    with cave_server(faults=("probe",)) as cave:
        mat = client(cave, MINNIE).materialize
        assert mat.api_version == 2 and mat.get_versions() == minnie.materialize.get_versions()
        with pytest.raises(official().base.ServerIncompatibilityError):
            mat.query_view("aibs_cell_info")
        merged = mat.query_table("aibs_metamodel_celltypes_v661", metadata=False)
    assert "idref" in merged and "id_ref" not in merged


def test_real_cells_are_served_under_their_ids(real_data: Path) -> None:
    folder = real_data / "real" / "minnie65_cells_a"
    listed = pd.read_csv(folder / "cells.csv", dtype={"pt_root_id": "int64"})
    with cave_server(row_limit=5_000, minnie=folder) as cave:
        oldest = cave.truth[MINNIE].oldest
        assert len(oldest.synapses) == 138_046
        one = listed.sort_values("n_input_synapses").iloc[0]
        root = int(one["pt_root_id"])
        caller = client(cave, MINNIE, version=oldest.number)
        got = caller.materialize.synapse_query(post_ids=root, metadata=False)
        assert len(got) == one["n_input_synapses"]
        fetched = caller.skeleton.fetch_skeletons(listed["pt_root_id"].tolist())
        assert len(next(iter(fetched.values()))["vertices"]) in set(listed["swc_nodes"])
