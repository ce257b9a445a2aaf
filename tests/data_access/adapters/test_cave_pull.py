"""A pull holds exactly what the service has, whatever its limit, and never fetches what is whole already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data_access import store, verification
from data_access.adapters.cave import generations, pull
from data_access.adapters.cave.problems import CaveError
from data_access.adapters.cave.report import Unreported
from data_access.errors import InputError
from data_access.jobs import Cancelled
from data_access.secret import Secret
from tests.cave_server.fixtures import AnyCave, cave_server
from tests.data_access.adapters.pulling import BASKET, STACK, VERSION, Pulls, expected, of_type, stored

PYRAMIDAL = ("23P", "4P", "5P-IT", "5P-ET")
PYRAMIDS = f"cell_type in {list(PYRAMIDAL)}"


def rows_sent(cave: AnyCave, table: str = "synapses_pni_2") -> int:
    return sum(seen.rows or 0 for seen in cave.requests if seen.table == table and seen.fault is None)


class TestExact:
    def test_outputs_of_a_type_with_eight_workers(self, pulls: Pulls) -> None:
        meta = pulls(workers=8)
        cells = of_type(pulls.truth, "BC")
        truth = expected(pulls.truth, out=cells)
        assert len(truth) > 1_500, "more than one answer holds"
        pd.testing.assert_frame_equal(stored(pulls.open()), truth)
        pairs = truth.groupby(["pre_id", "post_id"]).size()
        assert (meta.n_connections, meta.n_synapses) == (len(pairs), len(truth))
        verification.check(store.folder(pulls.data, "x"), meta)

    def test_the_requests_are_about_what_is_needed(self, pulls: Pulls) -> None:
        pulls(PYRAMIDS, compartments=False)
        truth = expected(pulls.truth, out=of_type(pulls.truth, *PYRAMIDAL))
        asked = [seen for seen in pulls.cave.requests if seen.table == "synapses_pni_2"]
        needed = -(-len(truth) // 1_000)
        assert len(asked) <= 8 * needed + 20, [(seen.ids, seen.rows) for seen in asked]
        listed = pd.read_csv(store.growing(pulls.data, "x") / "requests.csv")
        assert (listed.detail.str.startswith("synapses_pni_2")).sum() == len(asked)
        assert listed.rows.fillna(0).ge(0).all()
        assert pulls.open().meta.origin["requests"] == len(listed)

    def test_one_cell_with_more_outputs_than_an_answer_holds(self, pulls: Pulls) -> None:
        hub, exact = pulls.truth.who("hub"), pulls.truth.who("exact")
        pulls(f"{hub[0]}, {exact[0]}")
        truth = expected(pulls.truth, out=[*hub, *exact])
        assert sorted(truth.groupby("pre_id").size()) == [1_000, 1_250]
        pd.testing.assert_frame_equal(stored(pulls.open()), truth)

    @pytest.mark.parametrize("limit", [7, 150])
    def test_a_limit_far_below_what_one_cell_has(self, tmp_path: Path, limit: int) -> None:
        with cave_server(row_limit=limit, shuffle=True) as cave:
            pulls = Pulls(tmp_path, cave)
            cell = int(of_type(pulls.truth, "MC")[0])
            pulls(str(cell), compartments=False)
            pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=[cell]))

    def test_an_answer_that_is_cut_without_a_word_is_noticed(self, pulls: Pulls) -> None:
        pulls.cave.fault("truncate", path="synapses_pni_2/query", rows=40)
        pulls(compartments=False)
        pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=of_type(pulls.truth, "BC")))

    def test_both_directions_count_each_synapse_once(self, pulls: Pulls) -> None:
        meta = pulls("cell_type in ['BC', 'MC', '23P']", direction="both")
        cells = of_type(pulls.truth, "BC", "MC", "23P")
        truth = expected(pulls.truth, out=cells, into=cells)
        inside = truth.pre_id.isin(cells) & truth.post_id.isin(cells)
        assert inside.any(), "the set connects within itself"
        pd.testing.assert_frame_equal(stored(pulls.open()), truth)
        left_out = {item.reason: item.rows for item in meta.ledger.rows_left_out}
        assert left_out["synapse id seen before with the same partners"] == inside.sum()

    def test_the_42_real_cells_come_back_whole(self, tmp_path: Path, real_data: Path) -> None:
        folder = real_data / "real" / "minnie65_cells_a"
        with cave_server(row_limit=20_000, shuffle=True, minnie=folder) as cave:
            pulls = Pulls(tmp_path, cave)
            there = pulls.truth.synapses.post_pt_root_id.value_counts().index[:42].astype("int64").tolist()
            pulls(", ".join(map(str, there)), direction="both", compartments=False, workers=8)
            truth = expected(pulls.truth, out=there, into=there)
            assert len(truth) > 100_000
            pd.testing.assert_frame_equal(stored(pulls.open()), truth)


class TestCells:
    def test_two_nuclei_on_one_root_duplicate_no_synapse_and_untyped_partners_stay(self, pulls: Pulls) -> None:
        doubled = pulls.truth.who("two_nuclei")
        pulls(", ".join(map(str, doubled)), direction="both")
        dataset = pulls.open()
        pd.testing.assert_frame_equal(stored(dataset), expected(pulls.truth, out=doubled, into=doubled))
        codes = dataset.codes_of([str(i) for i in doubled])
        assert dataset.column("n_table_rows").iloc[codes].tolist() == [2] * len(doubled)
        assert not dataset.is_cell.all(), "partners without a nucleus are kept, as fragments"
        assert dataset.index.ids.min() > 2**53

    def test_manual_and_automatic_types_stand_side_by_side(self, pulls: Pulls) -> None:
        pulls()
        dataset = pulls.open()
        cells = pd.DataFrame(
            {n: dataset.column(n) for n in ("cell_id", "cell_type", "cell_type_manual", "cell_type_auto")}
        )
        view = pulls.truth["aibs_metamodel_celltypes_v661"].merge(
            pulls.truth.nuclei, left_on="target_id", right_on="id", suffixes=("", "_nucleus")
        )
        root = next(c for c in ("pt_root_id_nucleus", "pt_root_id") if c in view)
        single = view[~view[root].duplicated(keep=False) & (view[root] != 0)].set_index(root).cell_type
        mine = cells.set_index("cell_id").cell_type_auto.dropna().astype(str)
        shared = mine.index.intersection(single.index)
        assert len(shared) > 100
        assert (mine[shared] == single[shared].astype(str)).all()
        assert cells.cell_type_manual.notna().sum() > 20
        assert not cells.cell_type.isin(["WM-P", "6P-U", "error"]).any(), "read as published"

    def test_compartments_where_the_source_predicts_them(self, pulls: Pulls) -> None:
        pulls()
        dataset = pulls.open()
        batches = [batch.to_pandas() for batch in dataset.synapse_batches(None, None)]
        mine = pd.concat(batches).set_index("synapse_id").compartment
        tags = pulls.truth["synapse_target_predictions_ssa_v2"].set_index("target_id").tag
        shared = mine.index.intersection(tags.index)
        assert 0 < len(shared) < len(mine)
        assert (mine[shared] == tags[shared]).all()
        assert mine[~mine.index.isin(tags.index)].isna().all()

    def test_compartments_that_are_cut_without_a_word_are_noticed(self, pulls: Pulls) -> None:
        pulls.cave.fault("truncate", path="synapse_target_predictions", rows=100)
        pulls()
        batches = [batch.to_pandas() for batch in pulls.open().synapse_batches(None, None)]
        mine = pd.concat(batches).set_index("synapse_id").compartment.dropna()
        tags = pulls.truth["synapse_target_predictions_ssa_v2"].set_index("target_id").tag
        assert len(mine) > 100
        assert sorted(mine.index) == sorted(tags.index.intersection(stored(pulls.open()).synapse_id))

    def test_only_what_was_fetched_is_complete(self, pulls: Pulls) -> None:
        pulls()
        graph, dataset = pulls.open().graph, pulls.open()
        whole = dataset.index.ids[np.asarray(graph.complete_out)]
        assert whole.tolist() == of_type(pulls.truth, "BC").tolist()
        assert not np.asarray(graph.complete_in).any()
        assert dataset.meta.origin["whole"] == {"out": {"asked": len(whole), "whole": len(whole)}}

    def test_ids_of_another_version_are_refused_with_what_they_are_here(self, pulls: Pulls) -> None:
        old = pulls.cave.truth[STACK][1507].who("renamed_3")[0]
        new = pulls.truth.who("renamed_3")[0]
        with pytest.raises(InputError, match=f"no cells of version {VERSION}.*{old}") as caught:
            pulls(str(old))
        assert f"{old} is {new}" in caught.value.hint
        assert not (pulls.data / "x").exists()

    def test_a_fragment_may_be_asked_for_by_its_id(self, pulls: Pulls) -> None:
        cells = set(pulls.truth["aibs_cell_info"].pt_root_id) | set(
            pulls.truth["proofreading_status_and_strategy"].pt_root_id
        )
        synapses = pulls.truth.synapses
        fragment = next(int(i) for i in synapses.post_pt_root_id if i and i not in cells)
        pulls(str(fragment), direction="in")
        dataset = pulls.open()
        pd.testing.assert_frame_equal(stored(dataset), expected(pulls.truth, into=[fragment]))
        assert not dataset.is_cell[dataset.code_of(str(fragment))]

    @pytest.mark.parametrize(
        ("cells", "told"),
        [
            ("", "which cells"),
            ("cell_typ == 'BC'", "cell_typ"),
            ("cell_type == 'ZZ'", "ZZ"),
            ("12", "no cells of version"),
            ("-5", "-5 is no root id"),
            ("0", "0 is no root id"),
            ("9" * 25, "is no root id"),
            (f"cell_id in [12, {2**63}]", "is no root id"),
        ],
    )
    def test_what_names_no_cell_is_refused(self, pulls: Pulls, cells: str, told: str) -> None:
        with pytest.raises(InputError, match=told):
            pulls(cells)
        assert store.ids(pulls.data) == []


class TestAgain:
    def test_the_same_again_asks_the_service_nothing(self, pulls: Pulls) -> None:
        first = pulls()
        pulls.cave.stop()
        assert pulls() == first

    def test_more_cells_add_only_what_is_missing(self, pulls: Pulls) -> None:
        pulls(compartments=False)
        before = expected(pulls.truth, out=of_type(pulls.truth, "BC"))
        pulls.cave.forget_requests()
        meta = pulls("cell_type in ['BC', 'MC']", compartments=False)
        both = expected(pulls.truth, out=of_type(pulls.truth, "BC", "MC"))
        fetched = [s for s in pulls.cave.requests if s.table == "synapses_pni_2" and "count=True" not in s.path]
        assert sum(s.rows or 0 for s in fetched) <= len(both) - len(before) + 20
        pd.testing.assert_frame_equal(stored(pulls.open()), both)
        assert meta.generation > 1
        assert not meta.partial

    def test_another_direction_adds_to_the_same_dataset(self, pulls: Pulls) -> None:
        pulls()
        pulls(direction="in")
        cells = of_type(pulls.truth, "BC")
        pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=cells, into=cells))

    @pytest.mark.parametrize("other", [{"version": 1507}, {"datastack": "demo_column_stack"}])
    def test_another_source_under_the_same_id_is_refused(self, pulls: Pulls, other: dict[str, object]) -> None:
        before = pulls()
        with pytest.raises(InputError, match="'x' holds version 1718 of minnie65_public"):
            pulls(**other)
        assert pulls.open().meta == before

    def test_a_piece_that_was_damaged_is_fetched_again(self, pulls: Pulls) -> None:
        pulls()
        folder = store.growing(pulls.data, "x") / "pieces"
        victim = max(folder.glob("*.parquet"), key=lambda path: path.stat().st_size)
        victim.write_bytes(victim.read_bytes()[:-50])
        (folder / "out-half.writing").write_bytes(b"half")
        pulls()
        pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=of_type(pulls.truth, "BC")))
        assert not list(folder.glob("*.writing"))

    def test_a_version_that_expired_upstream_keeps_working_here(self, pulls: Pulls) -> None:
        pulls()
        before = stored(pulls.open())
        pulls.cave.expire(STACK, VERSION)
        assert pulls().origin["version"] == VERSION, "nothing is missing: nothing is asked"
        with pytest.raises(CaveError, match="1718 of minnie65_public has expired"):
            pulls("cell_type == 'MC'")
        pd.testing.assert_frame_equal(stored(pulls.open()), before)

    def test_skeletons_come_in_nm_and_once(self, pulls: Pulls) -> None:
        meta = pulls(skeletons=True)
        assert "skeletons" in meta.capabilities
        files = list((store.folder(pulls.data, "x") / "skeletons").glob("*.swc"))
        assert {int(path.stem) for path in files} <= set(of_type(pulls.truth, "BC").tolist())
        root = int(files[0].stem)
        theirs = pulls.truth.stack.skeleton(root)
        assert theirs is not None
        mine = np.loadtxt(files[0])
        assert len(mine) == len(theirs)
        assert np.allclose(np.sort(mine[:, 2]), np.sort(theirs[:, 2]), atol=1)
        pulls.cave.forget_requests()
        pulls(skeletons=True)
        assert not [s for s in pulls.cave.requests if "skeleton" in s.path]


class Watching(Unreported):
    """Looks at the dataset whenever the pull tells how far it is; asks it to stop once there is one."""

    def __init__(self, pulls: Pulls, stop: bool = False) -> None:
        super().__init__()
        self.pulls, self.stop = pulls, stop
        self.seen: dict[int, pd.DataFrame] = {}
        self.partial: list[bool] = []

    def advance(self, done: int, total: int | None = None) -> None:
        if "x" in store.ids(self.pulls.data):
            dataset = self.pulls.open()
            if dataset.meta.generation not in self.seen:
                self.seen[dataset.meta.generation] = stored(dataset)
                self.partial.append(dataset.meta.partial)
                whole = dataset.index.ids[np.asarray(dataset.graph.complete_out)]
                truth = expected(self.pulls.truth, out=whole.tolist())
                pd.testing.assert_frame_equal(self.seen[dataset.meta.generation], truth)
            if self.stop:
                self.cancelled.set()

    def check(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled


class TestWhileItFills:
    @pytest.fixture(autouse=True)
    def _often(self, monkeypatch: pytest.MonkeyPatch, cave: AnyCave) -> None:
        monkeypatch.setattr(pull, "SOONEST_S", 0.0)
        monkeypatch.setattr(pull, "BUILD_SHARE", 0)
        monkeypatch.setattr(pull, "LOOK_S", 0.05)
        cave.fault("slow", path="synapses_pni_2/query", seconds=0.1)

    def test_generation_by_generation_it_is_right_and_marked_partial(self, pulls: Pulls) -> None:
        report = Watching(pulls)
        meta = pulls(PYRAMIDS, report=report, compartments=False, workers=2)
        assert len(report.seen) >= 2, "it was open while it filled"
        assert all(report.partial)
        assert not meta.partial
        assert meta.generation > max(report.seen)
        cells = of_type(pulls.truth, *PYRAMIDAL)
        pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=cells))

    def test_stopped_it_keeps_what_is_whole_and_goes_on_from_there(self, pulls: Pulls) -> None:
        with pytest.raises((Cancelled, CaveError)):
            pulls(PYRAMIDS, report=Watching(pulls, stop=True), compartments=False, workers=2)
        assert pulls.open().meta.partial
        before = stored(pulls.open())
        pulls.cave.clear_faults()
        pulls.cave.forget_requests()
        pulls(PYRAMIDS, compartments=False)
        cells = of_type(pulls.truth, *PYRAMIDAL)
        truth = expected(pulls.truth, out=cells)
        pd.testing.assert_frame_equal(stored(pulls.open()), truth)
        assert rows_sent(pulls.cave) <= len(truth) - len(before) + 2_500 + 50


def test_an_estimate_counts_what_the_pull_brings(pulls: Pulls) -> None:
    secret = Secret(pulls.cave.token)
    found = pull.preview(pulls.data, pulls.request(direction="both"), secret, Unreported(), pulls.limits)
    cells, synapses = of_type(pulls.truth, "BC"), pulls.truth.synapses
    assert found.exact
    assert found.rows_out == synapses.pre_pt_root_id.isin(cells).sum()
    assert found.rows_in == synapses.post_pt_root_id.isin(cells).sum()
    assert f"{found.rows:,} synapses to fetch" in found.sentence()
    assert store.ids(pulls.data) == [], "nothing was pulled"
    pulls(direction="both")
    again = pull.preview(pulls.data, pulls.request(direction="both"), secret, Unreported(), pulls.limits)
    assert again.sentence() == "9 cells: everything is here already"


def test_an_estimate_binds_nobody(pulls: Pulls) -> None:
    secret = Secret(pulls.cave.token)
    pull.preview(pulls.data, pulls.request(version=1507), secret, Unreported(), pulls.limits)
    assert pulls().origin["version"] == VERSION


def test_the_root_ids_of_other_versions_are_kept(pulls: Pulls) -> None:
    pulls(other_versions=True)
    table = pq.read_table(store.folder(pulls.data, "x") / generations.OTHER_VERSIONS).to_pandas()
    assert sorted(table.version.unique()) == [1181, 1507, VERSION]
    old = pulls.cave.truth[STACK][1507].nuclei.set_index("id").pt_root_id
    mine = table[table.version == 1507].set_index("nucleus_id").root_id
    pd.testing.assert_series_equal(mine.sort_index(), old.sort_index(), check_names=False)


def test_cells_without_synapses_are_whole_beside_others(pulls: Pulls) -> None:
    synapses = pulls.truth.synapses
    silent = np.setdiff1d(synapses.post_pt_root_id[synapses.post_pt_root_id != 0], synapses.pre_pt_root_id)[:3]
    pulls()
    meta = pulls(", ".join(map(str, silent)))
    cells = of_type(pulls.truth, "BC")
    pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=cells))
    assert meta.origin["whole"]["out"] == {"asked": len(cells) + 3, "whole": len(cells) + 3}
    assert not meta.partial


class Then(Unreported):
    """Does something when the root ids of other versions are about to be asked for."""

    def __init__(self, then: Callable[[Then], None]) -> None:
        super().__init__()
        self.then, self.notes = then, []  # type: ignore[var-annotated]

    def stage(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> None:
        if name.startswith("root ids"):
            self.then(self)

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_a_service_that_ends_behind_the_last_synapse_leaves_a_whole_dataset(pulls: Pulls) -> None:
    report = Then(lambda _: pulls.cave.fault("token"))
    assert not pulls(other_versions=True, report=report).partial
    assert any("root ids of other versions could not be had" in note for note in report.notes)
    pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=of_type(pulls.truth, "BC")))


def test_stopped_behind_the_last_synapse_it_shows_what_is_whole(pulls: Pulls) -> None:
    with pytest.raises((Cancelled, CaveError)):
        pulls(other_versions=True, report=Then(lambda report: report.cancelled.set()))
    assert not pulls.open().meta.partial
    pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=of_type(pulls.truth, "BC")))


def test_an_address_with_a_slash_at_its_end_is_the_same_server(pulls: Pulls) -> None:
    assert pulls(server=pulls.cave.address + "/").origin["server"] == pulls.cave.address
    pulls.cave.forget_requests()
    pulls()
    assert pulls.cave.requests == []


def test_no_dataset_comes_of_cells_without_synapses(pulls: Pulls) -> None:
    synapses = pulls.truth.synapses
    silent = next(int(i) for i in synapses.post_pt_root_id if i and i not in set(synapses.pre_pt_root_id))
    with pytest.raises(InputError, match="none of the chosen cells has outputs"):
        pulls(str(silent))
    assert store.ids(pulls.data) == []


def test_the_request_of_a_job_comes_back_as_it_was(pulls: Pulls) -> None:
    request = pulls.request(BASKET)
    assert pull.from_json(pull.as_json(request)) == request
    with pytest.raises(InputError, match="no request for a pull"):
        pull.from_json({"id": "x", "colour": "red"})
