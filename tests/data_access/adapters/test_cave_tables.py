"""The cell table of a version: every nucleus on a segment is a row, nothing doubles, and what is unknown is missing."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_access.adapters.cave import stacks, tables
from data_access.adapters.cave.client import Cave, CaveError, Query
from data_access.adapters.cave.joining import Notes, add_proofreading, add_types, broad_words
from data_access.adapters.cave.schema import CellSource, Lookup, Proofreading, StackConfig, TypeWords
from data_access.secret import Secret
from tests.cave_server.fixtures import DEMO, MINNIE, AnyCave, cave_server

VERSION = 1718
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def server() -> Iterator[AnyCave]:
    with cave_server(row_limit=50, shuffle=True) as running:
        yield running


@pytest.fixture(scope="module")
def cave(server: AnyCave) -> Cave:
    return Cave(server.address, MINNIE, Secret(server.token))


@pytest.fixture(scope="module")
def config(cave: Cave) -> StackConfig:
    return stacks.config_for(cave, VERSION)


@pytest.fixture(scope="module")
def made(cave: Cave, config: StackConfig, tmp_path_factory: pytest.TempPathFactory) -> tables.CellTable:
    return tables.cell_table(cave, VERSION, config, tmp_path_factory.mktemp("cells"))


@pytest.fixture(scope="module")
def rows(made: tables.CellTable) -> Rows:
    """The table as plain Python values, None where something is missing."""
    return pq.read_table(made.path).to_pylist()


def truth_of(server: AnyCave, table: str, datastack: str = MINNIE, version: int = VERSION) -> Rows:
    frame = server.truth[datastack][version][table].astype(object)
    return frame.where(frame.notna(), None).to_dict("records")


def type_of(word: str | None) -> str | None:
    """The published reading of a type, spelled out a second time."""
    if word is None or word.lower().startswith(("unsure", "error", "unclear")):
        return None
    return {"WM-P": "6P-CT", "6P-U": "6P-IT"}.get(word, word)


# -- rows


def test_every_nucleus_on_a_segment_is_one_row(rows: Rows, made: tables.CellTable, server: AnyCave) -> None:
    truth = truth_of(server, "aibs_cell_info")
    here = {r["id"]: r["pt_root_id"] for r in truth if r["pt_root_id"] != 0}
    nuclei = [r for r in rows if r["nucleus_id"] is not None]
    assert len(nuclei) == len(here)
    assert {r["nucleus_id"]: r["cell_id"] for r in nuclei} == here
    nowhere = len(truth) - len(here)
    assert nowhere > 0 and made.left_out["no segment at the nucleus (root id 0)"] == nowhere
    assert any(f"{nowhere:,} rows, no segment" in note for note in made.notes)
    assert made.rows == len(rows)


def test_ids_are_whole_and_exact(made: tables.CellTable) -> None:
    schema = pq.read_schema(made.path)
    assert {name: str(schema.field(name).type) for name in ("cell_id", "nucleus_id", "valid_id")} == dict.fromkeys(
        ("cell_id", "nucleus_id", "valid_id"), "int64"
    )
    assert str(schema.field("cell_type").type) in ("string", "large_string")
    assert {str(schema.field(n).type) for n in ("x_nm", "y_nm", "z_nm", "depth_um", "volume_um3")} == {"double"}
    assert [name for name in schema.names if name.endswith("_supervoxel_id")] == []


def test_two_nuclei_on_one_root_stay_two_rows_and_are_told(rows: Rows, made: tables.CellTable, server: AnyCave) -> None:
    truth = [r["pt_root_id"] for r in truth_of(server, "aibs_cell_info") if r["pt_root_id"]]
    several = {root: n for root, n in Counter(truth).items() if n > 1}
    assert set(server.truth[MINNIE][VERSION].who("two_nuclei")) <= set(several)
    found = Counter(r["cell_id"] for r in rows)
    assert {root: n for root, n in found.items() if n > 1} == several
    assert f"{len(several)} cells hold several nuclei ({sum(several.values())} rows)" in made.notes


def test_positions_are_in_nm_and_in_the_frame_of_the_cortex(rows: Rows, server: AnyCave) -> None:
    from standard_transform import minnie_transform

    truth = {r["id"]: r for r in truth_of(server, "aibs_cell_info")}
    transform = minnie_transform(resolution=[4, 4, 40])  # the other way in: voxels instead of nm
    for row in [r for r in rows if r["nucleus_id"]][::10]:
        voxel = [truth[row["nucleus_id"]][f"pt_position_{axis}"] for axis in "xyz"]
        assert [row["x_nm"], row["y_nm"], row["z_nm"]] == [voxel[0] * 4.0, voxel[1] * 4.0, voxel[2] * 40.0]
        flat = transform.apply([voxel])[0]
        assert [row["lateral_x_um"], row["depth_um"], row["lateral_z_um"]] == pytest.approx(flat, abs=1e-6)


# -- types


def test_types_are_those_of_the_overview_read_as_published(rows: Rows, server: AnyCave) -> None:
    truth = {r["id"]: r["cell_type"] for r in truth_of(server, "aibs_cell_info")}
    assert {"WM-P", "6P-U", "error"} <= set(truth.values())
    for row in rows:
        if row["nucleus_id"] is not None:
            assert row["cell_type"] == type_of(truth[row["nucleus_id"]])


def test_manual_and_automatic_types_stand_side_by_side(rows: Rows, server: AnyCave) -> None:
    for ours, table in (
        ("cell_type_manual", "allen_v1_column_types_slanted_ref"), ("cell_type_auto", "aibs_metamodel_celltypes_v661"),
    ):  # fmt: skip
        given = {r["target_id"]: r["cell_type"] for r in truth_of(server, table)}
        expected = {n: None if word.lower().startswith("unsure") else word for n, word in given.items()}
        for row in rows:
            assert row[ours] == expected.get(row["nucleus_id"]), ours
    differ = [r for r in rows if r["cell_type_manual"] and r["cell_type_auto"] not in (None, r["cell_type_manual"])]
    assert differ, "they agree everywhere: nothing was tested"


def test_broad_types_are_our_words_for_them(rows: Rows, server: AnyCave) -> None:
    truth = {r["id"]: r["broad_type"] for r in truth_of(server, "aibs_cell_info")}
    assert "nonneuron" in truth.values()
    for row in rows:
        word = truth.get(row["nucleus_id"])
        if word is not None:
            assert row["broad_type"] == {"nonneuron": "nonneuronal"}.get(word, word)
    assert {r["broad_type"] for r in rows} == {"excitatory", "inhibitory", "nonneuronal", None}


def test_who_is_in_the_column(rows: Rows, server: AnyCave) -> None:
    listed = {r["target_id"] for r in truth_of(server, "allen_v1_column_types_slanted_ref")}
    assert {r["nucleus_id"] for r in rows if r["is_column"]} == listed & {r["nucleus_id"] for r in rows}
    assert {r["is_column"] for r in rows} == {True, False}


def test_further_columns_of_the_view_come_along(rows: Rows, server: AnyCave) -> None:
    truth = {r["id"]: (r["mtype"], r["cell_type_source"]) for r in truth_of(server, "aibs_cell_info")}
    for row in rows:
        if row["nucleus_id"]:
            assert (row["mtype"], row["cell_type_source"]) == truth[row["nucleus_id"]]
    assert not {"id", "valid", "created", "pt_root_id", "superceded_id"} & set(rows[0])


# -- proofreading


def test_status_strategy_and_the_root_they_were_given_for(rows: Rows, server: AnyCave) -> None:
    truth: defaultdict[int, Rows] = defaultdict(list)
    for r in truth_of(server, "proofreading_status_and_strategy"):
        truth[r["pt_root_id"]].append(r)
    kept = outdated = 0
    for row in rows:
        given = truth[row["cell_id"]]
        if not given:
            assert row["status_axon"] is None and row["valid_id"] is None and row["outdated"] is False
            continue
        valid = [r for r in given if r["valid_id"] == row["cell_id"]]
        assert row["outdated"] is (not valid)
        match = [r for r in (valid or given) if r["valid_id"] == row["valid_id"]]
        assert (row["status_axon"], row["strategy_axon"], row["status_dendrite"], row["strategy_dendrite"]) in [
            (
                str(r["status_axon"]).lower(),
                r["strategy_axon"],
                str(r["status_dendrite"]).lower(),
                r["strategy_dendrite"],
            )
            for r in match
        ]
        kept, outdated = kept + bool(valid), outdated + (not valid)
    assert kept and outdated


def test_proofread_axons_without_a_nucleus_are_rows_too(rows: Rows, server: AnyCave) -> None:
    nuclei = {r["pt_root_id"] for r in truth_of(server, "aibs_cell_info")}
    expected = {
        r["pt_root_id"] for r in truth_of(server, "proofreading_status_and_strategy")
        if r["status_axon"] and r["pt_root_id"] not in nuclei
    }  # fmt: skip
    alone = [r for r in rows if r["nucleus_id"] is None]
    assert expected and {r["cell_id"] for r in alone} == expected and len(alone) == len(expected)
    for row in alone:
        assert row["cell_type"] is None and row["status_axon"] == "true" and row["is_column"] is False
        assert row["x_nm"] is not None and row["depth_um"] is not None


def test_the_pages_understand_the_words_of_the_status(rows: Rows) -> None:
    from views.testability import CLEAN, SAMPLES_ALL

    words = {r["status_axon"] for r in rows} - {None}
    assert words == {"true", "false"} and "true" in CLEAN and "false" not in CLEAN
    assert any(SAMPLES_ALL[0] in (r["strategy_axon"] or "") for r in rows)


# -- making it


def test_it_is_the_same_without_a_limit_and_whatever_the_order(
    made: tables.CellTable, config: StackConfig, tmp_path: Path
) -> None:
    with cave_server() as unlimited:
        cave = Cave(unlimited.address, MINNIE, Secret(unlimited.token))
        other = tables.cell_table(cave, VERSION, config, tmp_path)
    assert pq.read_table(other.path).equals(pq.read_table(made.path))
    assert (other.notes, other.left_out) == (made.notes, made.left_out)


def test_a_table_that_is_there_is_not_fetched_again(
    cave: Cave, config: StackConfig, made: tables.CellTable, server: AnyCave
) -> None:
    server.forget_requests()
    assert tables.cell_table(cave, VERSION, config, made.path.parent) == made
    assert server.requests == []


def test_a_table_of_another_version_or_description_or_a_damaged_one_is_made_anew(
    cave: Cave, config: StackConfig, made: tables.CellTable, tmp_path: Path
) -> None:
    (tmp_path / "cells.parquet").write_bytes(made.path.read_bytes()[:1000])
    assert tables.cell_table(cave, VERSION, config, tmp_path).rows == made.rows
    plain = dataclasses.replace(config, transform=None)
    assert "depth_um" not in pq.read_schema(tables.cell_table(cave, VERSION, plain, tmp_path).path).names
    other = tables.cell_table(cave, 1507, stacks.config_for(cave, 1507), tmp_path)
    assert pq.read_table(other.path)["cell_id"].to_pylist() != pq.read_table(made.path)["cell_id"].to_pylist()
    assert [path.name for path in tmp_path.iterdir()] == ["cells.parquet"]


def test_a_failure_leaves_nothing_behind(server: AnyCave, config: StackConfig, tmp_path: Path) -> None:
    cave = Cave(server.address, MINNIE, Secret(server.token))
    server.fault("token", path="proofreading_status_and_strategy/query")
    try:
        with pytest.raises(CaveError):
            tables.cell_table(cave, VERSION, config, tmp_path)
    finally:
        server.clear_faults()
    assert list(tmp_path.iterdir()) == []


def test_progress_ends_at_its_total(cave: Cave, config: StackConfig, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    tables.cell_table(cave, VERSION, config, tmp_path, lambda done, total=None: told.append((done, total)))
    assert told == sorted(told) and told[-1][0] == told[-1][1]


def test_the_file_says_nothing_of_token_or_server(made: tables.CellTable, server: AnyCave) -> None:
    note = json.loads(pq.read_metadata(made.path).metadata[b"synaptoscope"])
    assert server.token not in json.dumps(note) and server.address not in json.dumps(note)


# -- other sources of cells


def test_a_version_without_the_view_gets_its_cells_from_the_nuclei(
    cave: Cave, config: StackConfig, rows: Rows, tmp_path: Path
) -> None:
    bare = dataclasses.replace(config, cells=None)
    other = pq.read_table(tables.cell_table(cave, VERSION, bare, tmp_path).path).to_pylist()
    assert [(r["cell_id"], r["nucleus_id"], r["x_nm"]) for r in other] == [
        (r["cell_id"], r["nucleus_id"], r["x_nm"]) for r in rows
    ]
    for row in other:
        assert row["cell_type"] == type_of(row["cell_type_manual"] or row["cell_type_auto"])


def test_types_of_a_chosen_table_come_first(cave: Cave, server: AnyCave, tmp_path: Path) -> None:
    chosen = stacks.config_for(cave, VERSION, "aibs_metamodel_celltypes_v661", "classification_system")
    given = {r["target_id"]: r["classification_system"] for r in truth_of(server, "aibs_metamodel_celltypes_v661")}
    for row in pq.read_table(tables.cell_table(cave, VERSION, chosen, tmp_path).path).to_pylist():
        assert row["cell_type"] == given.get(row["nucleus_id"])


def test_an_unknown_datastack_gets_a_cell_table_by_guess(server: AnyCave, tmp_path: Path) -> None:
    cave = Cave(server.address, DEMO, Secret(server.token))
    config = stacks.config_for(cave, 17)
    table = pq.read_table(tables.cell_table(cave, 17, config, tmp_path).path).to_pylist()
    truth = {r["id"]: r for r in truth_of(server, "cell_overview", DEMO, 17) if r["pt_root_id"]}
    assert {r["nucleus_id"] for r in table} - {None} == set(truth)
    by_root: defaultdict[int, set[str]] = defaultdict(set)
    for r in truth_of(server, "expert_celltypes", DEMO, 17):
        by_root[r["pt_root_id"]].add(r["cell_type"])
    assert any(len(words) > 1 for root, words in by_root.items() if root), "no root with two types: nothing was tested"
    for row in table:
        if row["nucleus_id"]:
            at = truth[row["nucleus_id"]]
            assert (row["x_nm"], row["z_nm"]) == (at["pt_position_x"] * 16.0, at["pt_position_z"] * 33.0)
        words = by_root[row["cell_id"]]
        expected = next(iter(words)) if len(words) == 1 else None
        assert row["cell_type_manual"] == (None if expected and expected.startswith("Unsure") else expected)
    assert "depth_um" not in table[0]


def test_a_table_with_points_of_its_own_gives_cells_without_nuclei(server: AnyCave, tmp_path: Path) -> None:
    cave = Cave(server.address, DEMO, Secret(server.token))
    config = dataclasses.replace(stacks.config_for(cave, 17, "expert_celltypes"), manual=None, automatic=None)
    table = pq.read_table(tables.cell_table(cave, 17, config, tmp_path).path).to_pylist()
    truth = [r for r in truth_of(server, "expert_celltypes", DEMO, 17) if r["pt_root_id"]]
    roots = {r["pt_root_id"] for r in truth}
    assert "nucleus_id" not in table[0]
    assert len([r for r in table if r["cell_id"] in roots]) == len(truth)


# -- nuclei


@pytest.mark.parametrize("version", [1718, 1507, 1181])
def test_all_nuclei_of_a_version_with_their_roots(
    cave: Cave, config: StackConfig, server: AnyCave, version: int
) -> None:
    frame = tables.nuclei(cave, version, config)
    truth = truth_of(server, "nucleus_detection_v0", version=version)
    assert dict(zip(frame["nucleus_id"].tolist(), frame["root_id"].tolist(), strict=True)) == {
        r["id"]: r["pt_root_id"] for r in truth
    }
    assert frame.dtypes.astype(str).to_dict() == {"nucleus_id": "int64", "root_id": "int64"}
    assert frame["nucleus_id"].is_unique and frame["nucleus_id"].is_monotonic_increasing


def test_nuclei_may_come_from_the_cells(cave: Cave, config: StackConfig) -> None:
    without = dataclasses.replace(config, nuclei=None)
    pd.testing.assert_frame_equal(tables.nuclei(cave, VERSION, without), tables.nuclei(cave, VERSION, config))
    nothing = dataclasses.replace(without, cells=CellSource(("nucleus_detection_v0",)))
    with pytest.raises(CaveError, match="no table of nuclei"):
        tables.nuclei(cave, VERSION, nothing)


# -- joins, by hand


def cells(*ids: int, **more: list[Any]) -> pd.DataFrame:
    frame = pd.DataFrame({"cell_id": list(ids), "nucleus_id": pd.array(range(1, len(ids) + 1), dtype="Int64")})
    return frame.assign(**more)


def test_a_nucleus_with_two_types_that_differ_has_none() -> None:
    raw = pd.DataFrame(
        {"id": [1, 2, 3, 4, 5], "target_id": [1, 1, 2, 2, 3], "cell_type": ["BC", "MC", "BC", "BC", "23P"]}
    )
    notes = Notes()
    config = StackConfig("x", manual=Lookup(("t",)))
    joined = add_types(cells(10, 20, 30, 40), lambda *_: raw, config, notes)
    assert joined["cell_type"].fillna("").tolist() == ["", "BC", "23P", ""]
    assert len(joined) == 4
    assert notes.texts == ["1 cells have several values of cell_type in t: missing"]


def test_words_for_no_type_are_missing_and_others_are_renamed() -> None:
    raw = pd.DataFrame({"target_id": [1, 2, 3, 4, 5, 6], "cell_type": ["Unsure E", "error", " BC ", "WM-P", "", None]})
    config = StackConfig("x", automatic=Lookup(("t",)), types=TypeWords({"WM-P": "6P-CT"}, ("unsure", "error")))
    joined = add_types(cells(1, 2, 3, 4, 5, 6), lambda *_: raw, config, Notes())
    assert joined["cell_type"].fillna("").tolist() == ["", "", "BC", "6P-CT", "", ""]
    assert joined["cell_type_auto"].fillna("").tolist() == ["", "", "BC", "WM-P", "", ""]


def test_of_several_statuses_the_valid_one_counts_and_rows_stay() -> None:
    big = 864_691_135_000_000_001
    raw = pd.DataFrame(
        {
            "pt_root_id": pd.array([big, big, big + 2, 0, big + 4], dtype="Int64"),
            "valid_id": pd.array([big - 7, big, big + 1, 5, big + 4], dtype="Int64"),
            "status_axon": ["f", "t", "t", "t", "f"],
            "strategy_axon": ["none", "Axon_Fully_Extended", "axon_interareal", "none", "none"],
        }
    )
    notes = Notes()
    config = StackConfig("x", proofreading=Proofreading(("p",)))
    joined = add_proofreading(cells(big, big, big + 2, big + 6), lambda *_: raw, config, notes)
    assert joined["cell_id"].tolist() == [big, big, big + 2, big + 6]
    assert joined["status_axon"].fillna("").tolist() == ["true", "true", "true", ""]
    assert joined["strategy_axon"].fillna("").tolist() == ["axon_fully_extended"] * 2 + ["axon_interareal", ""]
    assert joined["outdated"].tolist() == [False, False, True, False]
    assert joined["valid_id"].dropna().tolist() == [big, big, big + 1]
    assert notes.left_out == {
        "proofreading status on no segment (root id 0)": 1,
        "proofread, but neither a nucleus nor a proofread axon": 1,
    }


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("aibs_coarse_excitatory", "excitatory"), ("inhibitory_neuron", "inhibitory"), ("nonneuron", "nonneuronal"),
        ("non-neuronal", "nonneuronal"), ("aibs_coarse_nonneuronal", "nonneuronal"), ("E", "excitatory"),
        ("I", "inhibitory"), ("NONNEURON", "nonneuronal"), ("none", None), ("neuron", None), (None, None),
    ],
)  # fmt: skip
def test_broad_words(word: str | None, ours: str | None) -> None:
    found = broad_words(pd.Series([word], dtype="string"))[0]
    assert (None if pd.isna(found) else found) == ours


def test_a_join_with_synapses_neither_doubles_nor_drops_any(made: tables.CellTable) -> None:
    with cave_server(shuffle=True) as unlimited:
        cave = Cave(unlimited.address, MINNIE, Secret(unlimited.token))
        synapses = cave.whole(VERSION, Query(cave.info.synapse_table, columns=("id", "post_pt_root_id")))
        truth = sorted(unlimited.truth[MINNIE][VERSION][cave.info.synapse_table]["id"])
    frame = pd.read_parquet(made.path, columns=["cell_id", "cell_type"])
    differ = frame.groupby("cell_id")["cell_type"].transform("nunique", dropna=False) > 1
    one_each = frame.assign(cell_type=frame["cell_type"].mask(differ)).drop_duplicates()
    assert one_each["cell_id"].is_unique
    joined = synapses.merge(one_each, left_on="post_pt_root_id", right_on="cell_id", how="left")
    assert joined["id"].tolist() == truth
