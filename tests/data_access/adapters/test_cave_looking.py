"""What a page may ask of CAVE and with which token, and what it knows of pulls without asking."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data_access.adapters.cave import estimating, job, local, looking, pull
from data_access.adapters.cave.access import access
from data_access.adapters.cave.problems import CaveError
from data_access.adapters.cave.report import Unreported
from data_access.errors import InputError
from data_access.secret import Secret
from tests.cave_server.fixtures import DEMO, MINNIE, AnyCave
from tests.data_access.adapters.pulling import BASKET, STACK, VERSION, Pulls

OWN, OTHER = "https://global.cave.example", "https://cave.elsewhere.example"
SETTING, GENERAL, THEIRS = Secret("the-setting"), "the-general-file", "the-file-of-elsewhere"


class TestAccess:
    """A token goes to the server that it belongs to, whatever address somebody types or links to."""

    @pytest.fixture(autouse=True)
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("HOME", str(tmp_path))
        secrets = tmp_path / ".cloudvolume" / "secrets"
        secrets.mkdir(parents=True)
        (secrets / "cave-secret.json").write_text(json.dumps({"token": GENERAL}))
        return secrets

    def test_the_setting_is_for_the_server_of_the_settings(self) -> None:
        assert access(f"{OWN}/", SETTING, OWN).token == SETTING
        assert access("global.cave.example", SETTING, OWN).token == SETTING
        assert access(OWN, None, OWN).need() == Secret(GENERAL)

    @pytest.mark.parametrize(
        "server", [OTHER, "http://global.cave.example", f"{OWN}:8443", f"{OWN}.elsewhere.example", f"{OWN}@{OTHER[8:]}"]
    )
    def test_another_server_gets_neither_the_setting_nor_the_general_file(self, server: str) -> None:
        found = access(server, SETTING, OWN)
        assert found.token is None
        with pytest.raises(CaveError, match="no token for") as caught:
            found.need()
        assert caught.value.kind == "token"
        assert not {"the-setting", GENERAL} & set(f"{found} {caught.value}".split())

    def test_another_server_gets_the_token_of_its_own_file(self, home: Path) -> None:
        own = home / "cave.elsewhere.example-cave-secret.json"
        own.write_text(json.dumps({"token": THEIRS}))
        assert access(OTHER, SETTING, OWN).token == Secret(THEIRS)
        own.write_text("{damaged")
        assert access(OTHER, SETTING, OWN).token is None, "nor the general one instead"

    def test_without_a_token_it_says_how_to_get_one_and_links_to_no_stranger(self, home: Path) -> None:
        (home / "cave-secret.json").unlink()
        mine, strange = access(OWN, None, OWN), access(OTHER, SETTING, OWN)
        assert mine.token is None
        assert f"{OWN}/" in mine.how
        assert "SYNAPTOSCOPE_CAVE_TOKEN" in mine.how
        assert OTHER not in strange.how, "anybody may have put that address into a link"
        assert all("works without a token" in found.how for found in (mine, strange))


class TestLooking:
    def test_datastacks_of_a_server(self, cave: AnyCave) -> None:
        assert looking.datastacks(cave.address, Secret(cave.token)) == sorted([DEMO, MINNIE])

    def test_versions_newest_first_with_the_expired(self, cave: AnyCave) -> None:
        found = looking.versions(cave.address, MINNIE, Secret(cave.token))
        truth = cave.truth[MINNIE]
        assert [v.version for v in found if not v.expired] == sorted(truth.live, reverse=True)
        assert {v.version for v in found if v.expired} == set(truth) - set(truth.live)
        assert [v.time_stamp for v in found] == sorted((truth[n].version.time_stamp for n in truth), reverse=True)

    def test_an_unknown_datastack_gets_the_nearest_names(self, cave: AnyCave) -> None:
        with pytest.raises(CaveError, match="has no datastack 'minnie_public'") as caught:
            looking.versions(cave.address, "minnie_public", Secret(cave.token))
        assert (caught.value.kind, "minnie65_public" in caught.value.hint) == ("unknown", True)
        with pytest.raises(InputError, match="which datastack"):
            looking.versions(cave.address, "  ", Secret(cave.token))

    def test_the_tables_that_a_pull_reads_with_the_words_of_their_owners(self, cave: AnyCave) -> None:
        newest = looking.tables(cave.address, MINNIE, VERSION, Secret(cave.token))
        purposes = {one.purpose: one.table.name for one in newest.used}
        assert purposes["synapses"] == "synapses_pni_2"
        assert purposes["cells"] == newest.cells == "aibs_cell_info"
        assert purposes["compartments"] == "synapse_target_predictions_ssa_v2"
        assert (newest.described, newest.choices) == (True, ())
        assert any("earlier version" in one.table.notice for one in newest.used)
        oldest = looking.tables(cave.address, MINNIE, cave.truth[MINNIE].live[0], Secret(cave.token))
        assert "compartments" not in {one.purpose for one in oldest.used}
        assert "compartments" in " ".join(oldest.notes), "it says what the version lacks"

    def test_an_unknown_datastack_offers_its_tables(self, cave: AnyCave) -> None:
        found = looking.tables(cave.address, DEMO, cave.truth[DEMO].live[-1], Secret(cave.token))
        assert not found.described
        assert found.cells == "cell_overview"
        by_name = {choice.name: choice for choice in found.choices}
        assert "cell_type" in by_name["cell_overview"].type_columns
        assert by_name["soma_detection"].role == "nuclei"

    @pytest.mark.parametrize("kind", ["terms", "token", "html", "permission"])
    def test_what_goes_wrong_is_one_line_without_the_token(self, cave: AnyCave, kind: str) -> None:
        cave.fault(kind)
        with pytest.raises(CaveError) as caught:
            looking.datastacks(cave.address, Secret(cave.token))
        assert caught.value.kind == {"html": "protocol"}.get(kind, kind)
        assert cave.token not in str(caught.value)


class TestEstimate:
    def ask(self, pulls: Pulls, cells: str) -> str:
        wanted = pull.as_json(pulls.request(cells))
        return estimating.run(pulls.data, wanted, Unreported(), {job.TOKEN: Secret(pulls.cave.token)})  # type: ignore[arg-type]

    def test_counts_what_a_pull_would_bring_and_brings_nothing(self, pulls: Pulls) -> None:
        said = self.ask(pulls, BASKET)
        assert not (pulls.data / "x").exists()
        meta = pulls(BASKET)
        assert f"{meta.origin['asked'][0]['n']:,} cells" in said
        rows = pulls.truth.synapses
        cells = pulls.open().select(BASKET)
        out = pulls.open().index.ids[cells.codes]
        assert f"{rows.pre_pt_root_id.isin(out).sum():,} synapses" in said
        assert "everything is here" in self.ask(pulls, BASKET)

    def test_without_cells_it_brings_the_cell_table(self, pulls: Pulls) -> None:
        assert "the cell table is here" in self.ask(pulls, "  ")
        with pytest.raises(InputError, match="no value 'BX'"):
            self.ask(pulls, "cell_type == 'BX'")


class TestLocal:
    @pytest.fixture
    def source(self, pulls: Pulls) -> local.Source:
        return local.Source(pulls.cave.address, STACK, VERSION)

    def test_a_cell_table_serves_every_dataset_of_its_source_and_no_other(
        self, pulls: Pulls, source: local.Source
    ) -> None:
        assert local.cell_rows(pulls.data, source) is None
        meta = pulls(BASKET)
        pulls.cave.stop()
        rows = local.cell_rows(pulls.data, source, "not there yet")
        assert rows is not None
        assert len(local.chosen(rows, BASKET).ids) == meta.origin["asked"][0]["n"]
        others = (
            local.Source(source.server, STACK, 1507), local.Source(source.server, DEMO, VERSION),
            local.Source("https://elsewhere.example", STACK, VERSION),
            local.Source(source.server, STACK, VERSION, "aibs_cell_info"),
        )  # fmt: skip
        assert [local.cell_rows(pulls.data, other) for other in others] == [None] * 4

    def test_columns_with_their_values(self, pulls: Pulls, source: local.Source) -> None:
        pulls(BASKET)
        rows = local.cell_rows(pulls.data, source)
        assert rows is not None
        found = {seen.name: seen for seen in local.columns(rows)}
        types = rows.column("cell_type").dropna()
        assert found["cell_type"].values[0] == types.value_counts().index[0]
        assert (found["cell_type"].n, found["cell_type"].n_values) == (len(types), types.nunique())
        assert set(found["outdated"].values) == {"true", "false"}
        assert not any(name.endswith("_id") for name in found), "ids are no numbers to choose by"

    def test_how_far_a_dataset_is(self, pulls: Pulls) -> None:
        assert local.standing(pulls.data, "x") is None
        meta = pulls(BASKET)
        n = meta.origin["asked"][0]["n"]
        assert local.standing(pulls.data, "x") == local.Standing(n, n)
        pulls.cave.fault("permission", path="synapses_pni_2/query")
        with pytest.raises(CaveError):
            pulls("cell_type == 'MC'", direction="both")
        more = len(local.chosen(local.CellRows(pulls.data / ".growing/x/cells.parquet"), "cell_type == 'MC'").ids)
        assert local.standing(pulls.data, "x") == local.Standing(n + more, n)
