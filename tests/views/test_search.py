"""What the search finds, and in which order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.dataset import Dataset, list_datasets, open_dataset
from data_access.importer import ImportSpec, import_dataset
from data_access.jobs import Job
from tests.data_access import versions
from tests.data_access.versions import NEW, OLD, new, old
from tests.views.column import BASE
from tests.views.samples import write
from views.examples import Page
from views.search import GROUPS, Group, Hit, Place, SavedSet, SearchView, search

pytest_plugins = ("tests.views.sample_fixtures",)

PAGES = (
    Page("/", "Datasets"), Page("/cells", "Cells"), Page("/matrix", "Matrix"),
    Page("/rois", "Regions", "rois", "has no regions"),
)  # fmt: skip


def ask(dataset: Dataset | None, text: str, limit: int = 6, **place: object) -> list[Group]:
    known = list_datasets(dataset.data_dir) if dataset else ()
    return search(Place(dataset, known, **({"pages": PAGES} | place)), SearchView(q=text, limit=limit))  # type: ignore[arg-type]


def group(found: Sequence[Group], name: str) -> Group:
    return next((g for g in found if g.name == name), Group(name, (), 0))


def cells(dataset: Dataset, text: str, limit: int = 6) -> list[str]:
    return [hit.path.removeprefix("/cell/") for hit in group(ask(dataset, text, limit), "cells").hits]


@pytest.fixture(scope="module")
def words(sample_data: Path, sources: object) -> Dataset:
    return open_dataset(sample_data, "words")


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("versions")
    for version in (OLD, NEW):
        versions.make(folder / "data", folder / "files", version)
        versions.write_others(folder / "data", f"tiny_public-v{version}", OLD + NEW - version)
    return folder / "data"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Ids of many lengths, names in a column of their own, awkward types."""
    folder = tmp_path_factory.mktemp("named")
    ids = [0, 1, 12, 120, 121, 1299, 2**63 - 1, 9_000_000_000_000_000_001, 5813027016]
    table = pd.DataFrame({
        "cell_id": ids,
        "cell_type": ["KC", "KC", "it's", "back\\slash", "two\nlines", "<b>", "KCab", None, None],
        "instance": ["KC_R", "KC_R", "Uno", "dos", "Größe", None, "KC-s(DA1)", "[x", "%"],
        "nucleus_id": pd.array([7, 1299, None, None, 5, 6, 8, 9, 10], "Int64"),
    })  # fmt: skip
    rows = pd.DataFrame({"pre_id": ids, "post_id": [*ids[1:], 77], "weight": 1})
    spec = ImportSpec(
        "named", title="Named cells", connections=(write(rows, folder / "rows.parquet"),),
        cells=(write(table, folder / "cells.parquet"),), version="v2",
    )  # fmt: skip
    import_dataset(folder / "data", spec)
    return open_dataset(folder / "data", "named")


class TestIds:
    @pytest.mark.parametrize("form", ["{}", " {}\n", "'{}'", '"{}",', "[{}]", "{},", "({})", "`{}`"])
    def test_a_whole_id_as_it_was_pasted(self, column: Dataset, form: str) -> None:
        cell = str(BASE + 7 * 11)
        found = ask(column, form.format(cell))
        assert [g.name for g in found] == ["cells"]
        assert [hit.title for hit in found[0].hits] == [cell]
        assert found[0].total == 1
        assert found[0].hits[0].query == {"ds": "column"}

    @pytest.mark.parametrize("dots", ["…", "...", "..", "*"])
    def test_an_id_that_was_shortened_in_the_middle(self, column: Dataset, dots: str) -> None:
        cell = str(BASE + 7 * 11)
        assert cells(column, f"{cell[:4]}{dots}{cell[-5:]}") == [cell]
        assert cells(column, f"{dots}{cell[-5:]}") == [cell]
        assert cells(column, f"8641{dots}{cell[-5:]}") == []

    def test_the_beginning_of_ids_of_any_length_the_whole_one_first(self, named: Dataset) -> None:
        assert cells(named, "12") == ["12", "120", "121", "1299"]
        assert cells(named, "9") == ["9000000000000000001", str(2**63 - 1)]
        assert cells(named, "92233720368547758") == [str(2**63 - 1)]
        assert cells(named, "0") == ["0"]
        assert cells(named, "00") == []
        assert cells(named, "1*1") == ["121"]  # 1 alone has not both digits

    def test_fragments_come_after_cells_and_all_are_counted(self, column: Dataset) -> None:
        found = group(ask(column, "8646", limit=50), "cells")
        assert found.total == column.n_cells
        kinds = [column.is_cell[column.code_of(hit.title)] for hit in found.hits]
        assert len(kinds) == 50
        assert kinds == sorted(kinds, reverse=True)
        beyond = group(ask(column, str(BASE + 100_000)[:-2]), "cells")
        assert beyond.total == column.n_cells - 60 > 6
        assert all("fragment" in hit.detail for hit in beyond.hits)

    def test_the_number_of_a_nucleus_is_its_cell(self, named: Dataset) -> None:
        assert cells(named, "1299") == ["1", "1299"]
        assert group(ask(named, "5"), "cells").hits[0].title == "nucleus 5"

    @pytest.mark.parametrize(
        "text", ["9" * 19, "9" * 25, str(2**63), "…", "..", "*", "-1", "1.5", "1e5", "٣", "8646…" + "1" * 30]
    )
    def test_what_is_no_id_here_finds_none(self, column: Dataset, text: str) -> None:
        assert group(ask(column, text), "cells").hits == ()

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_digits_find_what_text_search_finds(self, named: Dataset, data: st.DataObject) -> None:
        texts = named.index.text()
        text = data.draw(st.sampled_from(texts))
        cut = data.draw(st.integers(1, len(text)))
        tail = data.draw(st.integers(0, len(text) - cut))
        head, end = text[:cut], text[len(text) - tail :] if tail else ""
        nuclei = named.column("nucleus_id").eq(int(head)).fillna(False).to_numpy() if not end else np.zeros(len(texts))
        names = ["" if end else str(name) for name in named.column("instance")]
        wanted = {
            t
            for t, n, name in zip(texts, nuclei, names, strict=True)
            if n or head in name or (t.startswith(head) and t.endswith(end) and len(t) >= len(head) + len(end))
        }
        found = group(ask(named, f"{head}…{end}" if end else head, limit=50), "cells")
        assert {hit.path.removeprefix("/cell/") for hit in found.hits} == wanted
        assert found.total == len(wanted)


class TestNames:
    def test_text_ids_exact_first_then_beginnings(self, words: Dataset) -> None:
        assert cells(words, "adal") == ["ADAL"]
        assert cells(words, "ada") == ["ADAL", "ADAR"]
        assert cells(words, "GRÖSSE") == []
        assert cells(words, "größe") == ["Gr%C3%B6%C3%9Fe"]
        assert cells(words, "blank  ID") == ["blank%20id"]

    def test_a_name_stands_as_title_with_its_id_beside_it(self, named: Dataset) -> None:
        found = group(ask(named, "kc_r"), "cells")
        assert [hit.title for hit in found.hits] == ["KC_R", "KC_R"]
        assert [hit.detail.split(" · ")[:2] for hit in found.hits] == [["0", "KC"], ["1", "KC"]]
        assert [hit.is_id for hit in found.hits] == [False, False]
        assert found.total == 2

    @pytest.mark.parametrize("text", ["[x", "%", "kc-s(", "DA1)", "größe"])
    def test_signs_stand_for_themselves(self, named: Dataset, text: str) -> None:
        assert group(ask(named, text), "cells").total == 1

    def test_partners_are_counted(self, named: Dataset) -> None:
        hit = group(ask(named, "120"), "cells").hits[0]
        assert hit.detail == "back\\slash · hears from 1, sends to 1"


class TestTypes:
    def test_a_type_leads_to_its_cells_and_to_its_matrix(self, column: Dataset) -> None:
        found = ask(column, "bc")
        assert found[0].name == "types"
        hit = found[0].hits[0]
        n = int((column.column("cell_type") == "BC").sum())
        assert (hit.title, hit.detail) == ("BC", f"cell_type · {n} cells")
        assert (hit.path, hit.query) == ("/cells", {"ds": "column", "cells": "cell_type == 'BC'"})
        assert [(w.title, w.path) for w in hit.ways] == [("as matrix", "/matrix")]
        assert dict(hit.ways[0].query) == {"ds": "column", "pre": "cell_type == 'BC'", "post": "cell_type == 'BC'"}

    def test_the_cells_of_every_type_are_those_that_its_set_selects(self, named: Dataset, column: Dataset) -> None:
        for dataset in (named, column):
            kinds = dataset.column("cell_type")
            for value in kinds.cat.categories:
                hit = next(h for h in group(ask(dataset, value, 50), "types").hits if h.title == value)
                chosen = dataset.select(hit.query["cells"]).codes
                assert chosen.tolist() == np.flatnonzero((kinds == value).to_numpy()).tolist()

    def test_cells_without_a_type_are_a_type_to_look_for(self, named: Dataset) -> None:
        hit = group(ask(named, "untyped"), "types").hits[0]
        assert hit.detail == "cell_type · 2 cells"
        selected = named.select(hit.query["cells"]).codes
        assert (
            selected[named.is_cell[selected]].tolist() == named.codes_of(["5813027016", "9000000000000000001"]).tolist()
        )

    def test_exact_then_beginning(self, named: Dataset) -> None:
        assert [hit.title for hit in group(ask(named, "kc"), "types").hits] == ["KC", "KCab"]


class TestSets:
    def test_a_filter_that_was_typed_is_offered_in_words(self, column: Dataset) -> None:
        found = ask(column, "cell_type == 'BC' and big")
        assert [g.name for g in found] == ["sets"]
        hit = found[0].hits[0]
        assert hit.title == column.select("cell_type == 'BC' and big").echo
        assert hit.query == {"ds": "column", "cells": "cell_type == 'BC' and big"}
        assert hit.ways[0].query["pre"] == "cell_type == 'BC' and big"

    def test_a_pasted_list_says_how_many_of_it_are_here(self, column: Dataset) -> None:
        ids = [str(BASE), str(BASE + 7), "17"]
        hit = group(ask(column, "\n".join(ids)), "sets").hits[0]
        assert (hit.title, hit.detail) == ("3 cells by id", "2 of them in this dataset")
        assert group(ask(column, "17, 18"), "sets").hits == ()

    @pytest.mark.parametrize(
        "text", ["cell_type = 'BC'", "(((", "cell_type == 'nothing", "set:" + "0" * 24, "a(b)" * 500, "'"]
    )
    def test_what_is_no_set_is_not_offered(self, column: Dataset, text: str) -> None:
        assert group(ask(column, text), "sets").hits == ()

    def test_saved_sets_by_name(self, column: Dataset) -> None:
        saved = SavedSet("set:" + "a" * 24, "Chandelier candidates", "12 cells")
        hit = group(ask(column, "chand", sets=[saved]), "sets").hits[0]
        assert (hit.title, hit.path, hit.query["cells"]) == ("Chandelier candidates", "/cells", saved.text)


class TestOtherVersions:
    def test_the_cell_of_an_old_id_is_offered(self, two_versions: Path) -> None:
        dataset = open_dataset(two_versions, f"tiny_public-v{NEW}")
        found = ask(dataset, f"'{old(2)}'")
        assert [g.name for g in found] == ["cells"]
        hit = found[0].hits[0]
        assert (hit.title, hit.path, hit.query["ds"]) == (str(new(2)), f"/cell/{new(2)}", f"tiny_public-v{NEW}")
        assert f"{old(2)} is from version {OLD}" in hit.detail

    def test_all_parts_of_one_that_split_and_the_old_dataset_for_one_that_vanished(self, two_versions: Path) -> None:
        dataset = open_dataset(two_versions, f"tiny_public-v{NEW}")
        assert cells(dataset, str(old(6))) == [str(new(6)), str(new(66))]
        gone = group(ask(dataset, str(old(3))), "cells").hits[0]
        assert (gone.path, gone.query["ds"]) == (f"/cell/{old(3)}", f"tiny_public-v{OLD}")

    def test_an_id_that_nobody_knows_finds_nothing(self, two_versions: Path) -> None:
        assert ask(open_dataset(two_versions, f"tiny_public-v{NEW}"), "123456789012345678") == []


class TestPlaces:
    def test_nothing_typed_says_where_one_can_go(self, column: Dataset) -> None:
        running = Job("j1", "pull-cave", "Outputs of BC", state="running")
        over = replace(running, id="j2", title="Another", state="done")
        found = ask(column, "  ", jobs=[running, over])
        assert [g.name for g in found] == ["pages", "datasets", "examples", "jobs"]
        assert [hit.title for hit in found[0].hits] == ["Datasets", "Cells", "Matrix", "Regions"]
        assert [hit.query["job"] for hit in found[-1].hits] == ["j1"]

    def test_a_page_that_cannot_show_the_dataset_says_why(self, column: Dataset) -> None:
        lacks = {hit.title: hit.lacks for hit in group(ask(column, ""), "pages").hits}
        assert lacks == {"Datasets": "", "Cells": "", "Matrix": "", "Regions": "has no regions"}

    def test_exact_pages_before_examples_and_letters_in_order_as_the_last_resort(self, column: Dataset) -> None:
        found = ask(column, "matrix")
        assert [g.name for g in found] == ["pages", "examples"]
        assert found[0].hits[0].title == "Matrix"
        assert group(ask(column, "mtx"), "pages").hits[0].title == "Matrix"
        assert ask(column, "xtm") == []

    def test_words_in_any_order(self, column: Dataset) -> None:
        assert group(ask(column, "type matrix"), "examples").hits[0].title == "Matrix by cell type"

    def test_a_dataset_by_title_id_or_version(self, named: Dataset) -> None:
        for text in ("named cells", "named", "cells v2"):
            hit = group(ask(named, text), "datasets").hits[0]
            assert (hit.dataset, hit.title, hit.detail) == ("named", "Named cells", "v2 · 10 cells")

    def test_examples_only_on_pages_that_are_there(self, column: Dataset) -> None:
        assert {hit.path for hit in group(ask(column, "", 50), "examples").hits} == {"/matrix", "/cells"}
        assert group(ask(column, "", pages=PAGES[:1]), "examples").hits == ()

    def test_a_job_by_title_or_dataset(self, column: Dataset) -> None:
        job = Job("j2", "pull-cave", "Outputs of BC", dataset="minnie-bc", state="done")
        for text in ("outputs", "minnie-bc"):
            hit = group(ask(column, text, jobs=[job]), "jobs").hits[0]
            assert (hit.title, hit.detail, hit.path, hit.query) == ("Outputs of BC", "done", "/jobs", {"job": "j2"})

    def test_an_empty_folder_has_its_pages(self) -> None:
        assert [g.name for g in ask(None, "")] == ["pages"]
        assert ask(None, "864691135808470000") == []


ODD = st.text(max_size=60) | st.text(alphabet="0123456789….*[]()'\"\\=<>, \nset:and", max_size=40)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ODD, limit=st.integers(1, 50))
def test_no_text_fails_and_every_hit_is_shown_once_within_the_limit(
    column: Dataset, named: Dataset, words: Dataset, text: str, limit: int
) -> None:
    for dataset in (column, named, words):
        found = ask(dataset, text, limit)
        assert len({g.name for g in found}) == len(found)
        assert {g.name for g in found} <= set(GROUPS)
        assert [g.tier for g in found] == sorted(g.tier for g in found)
        for one in found:
            assert 0 < len(one.hits) <= limit
            assert one.total >= len(one.hits)
            addresses = [(hit.path, str(hit.query), hit.title) for hit in one.hits]
            assert len(set(addresses)) == len(addresses)


def test_122_000_cells_with_names_are_searched_within_20_ms(tmp_path: Path) -> None:
    random, n = np.random.default_rng(0), 122_000
    ids = 864_691_134_000_000_000 + np.sort(random.choice(10**9, n, replace=False)) * 3
    table = pd.DataFrame({
        "cell_id": ids, "cell_type": random.choice([f"T{i:03d}" for i in range(900)], n),
        "instance": [f"cell {i} of {i % 77}" for i in random.permutation(n)],
    })  # fmt: skip
    rows = pd.DataFrame({"pre_id": ids[:-1], "post_id": ids[1:], "weight": 1})
    spec = ImportSpec(
        "many", connections=(write(rows, tmp_path / "rows.parquet"),), cells=(write(table, tmp_path / "cells.parquet"),)
    )
    import_dataset(tmp_path / "data", spec)
    dataset = open_dataset(tmp_path / "data", "many")
    texts = [
        "8",
        "86469113",
        str(ids[5]),
        f"{str(ids[5])[:4]}…{str(ids[5])[-4:]}",
        "c",
        "cell 77",
        "t0",
        "zzz",
        "of 76",
        "mtx",
    ]
    ask(dataset, "")
    best = {}
    for text in texts:
        spent = []
        for _ in range(7):
            started = time.process_time()  # other processes do not count
            hits: list[Hit] = [hit for found in ask(dataset, text) for hit in found.hits]
            spent.append(1000 * (time.process_time() - started))
        best[text] = min(spent)
        assert hits or text == "zzz"
    assert max(best.values()) < 20, best
