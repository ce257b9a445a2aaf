"""What /reciprocal draws and says, against counts made by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dash.development.base_component import Component
from hypothesis import given
from hypothesis import strategies as st

from app import create_app
from components import cellset_box, reciprocal_counts, reciprocal_panels, reciprocal_types, reciprocal_words
from components.reciprocal_controls import Looks, type_options
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError
from settings import load_settings
from tests.views import samples
from tests.views.paired import cell, paired
from views import reciprocal
from views.reciprocal import ReciprocalView

COUNTS = st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("paired")
    create_app(load_settings({"SYNAPTOSCOPE_DATA": str(folder)}, cwd=folder))  # links know the app's prefix
    return paired(folder)


def parts(component: Any, name: str) -> list[Any]:
    """The values of a property anywhere below a component."""
    found = []
    if isinstance(component, Component):
        found += [getattr(component, name)] if getattr(component, name, None) is not None else []
        found += parts(getattr(component, "children", None), name)
    elif isinstance(component, list | tuple):
        found += [value for one in component for value in parts(one, name)]
    return found


class TestSquares:
    @given(pairs=COUNTS, log=st.booleans())
    def test_every_pair_is_in_the_square_that_its_counts_say(self, pairs: list[tuple[int, int]], log: bool) -> None:
        x, y = (np.array(side) for side in zip(*pairs, strict=True))
        found = reciprocal_counts.squares(x, y, log)
        assert found.counts.sum() == len(pairs)
        for i, j in np.argwhere(found.counts):
            inside = [
                (a, b) for a, b in pairs
                if found.edges_x[i] < a < found.edges_x[i + 1] and found.edges_y[j] < b < found.edges_y[j + 1]
            ]  # fmt: skip
            assert found.counts[i, j] == len(inside)

    @given(most=st.integers(1, 100_000), log=st.booleans())
    def test_edges_lie_halfway_between_whole_numbers_and_hold_them_all(self, most: int, log: bool) -> None:
        ends = reciprocal_counts.edges(most, log)
        assert ends[0] == 0.5 and ends[-1] > most
        assert (np.diff(ends) >= 1).all() and np.array_equal(ends % 1, np.full(len(ends), 0.5))
        assert len(ends) < 120, "few enough to draw"

    def test_few_counts_have_a_square_each_and_the_chosen_one_is_marked(self) -> None:
        pairs = [(4, 2), (4, 2), (3, 1), (9, 9)]
        x, y = (np.array(side) for side in zip(*pairs, strict=True))
        spec = reciprocal_counts.spec(reciprocal_counts.squares(x, y, False), False, ("a", "b"), ("4", "2"), False)
        assert sorted(spec["cells"]) == [[i - 1, j - 1, n] for (i, j), n in sorted(Counter(pairs).items())]
        assert spec["chosen"] == [[3, 1]] and spec["most"] == 2
        either = reciprocal_counts.spec(reciprocal_counts.squares(x, y, False), False, ("a", "b"), ("4", "2"), True)
        assert either["chosen"] == [[3, 1], [1, 3]]

    def test_what_is_no_square_is_not_marked(self) -> None:
        found = reciprocal_counts.squares(np.array([300]), np.array([200]), True)
        for picked in (("", ""), ("x", "1"), ("300", "200"), ("9999", "1")):
            assert reciprocal_counts.spec(found, True, ("a", "b"), picked, False)["chosen"] == []


class TestWords:
    def test_the_sentence_counts_pairs_connections_and_tested_pairs(self, known: Dataset) -> None:
        sets = cellset_box.read(known, {"pre": "", "post": ""})
        said = reciprocal_words.sentence(reciprocal.ranked(known, ReciprocalView()), sets)
        assert said.startswith("7 reciprocal pairs among 8 cells; ")
        # proofread axons: bc, p1, mc, un, two. Both ways among them: bc and p1, bc and mc, mc and un
        assert "10 pairs tested both ways, 3 of them reciprocal" in said
        # onto those five from cells: these six, p2 -> p1, p2 -> two, and p1 -> mc, which alone has no reverse
        assert "88.9\u202f% of 9 connections with a tested reverse are reciprocated" in said

    def test_what_narrows_the_list_is_told_of_how_many(self, known: Dataset) -> None:
        sets = cellset_box.read(known, {"pre": "", "post": ""})
        said = reciprocal_words.sentence(reciprocal.ranked(known, ReciprocalView(type_a="BC", type_b="23P")), sets)
        assert said.startswith("2 of 7 reciprocal pairs listed, among 8 cells")

    @pytest.mark.parametrize(
        ("view", "offers"),
        [
            (ReciprocalView(type_a="MC", type_b="MC"), "type_a"),
            (ReciprocalView(min=50), "min"),
            (ReciprocalView(cell=cell("p1"), pre="cell_type == 'MC'", post="cell_type == 'MC'"), "cell"),
            (ReciprocalView(pre=cell("p1"), post=cell("un")), "pre"),
        ],
    )
    def test_an_empty_list_offers_the_way_out(self, known: Dataset, view: ReciprocalView, offers: str) -> None:
        sets = cellset_box.read(known, {"pre": view.pre, "post": view.post})
        found = reciprocal_words.empty(reciprocal.ranked(known, view), sets)
        changes = [json.loads(text) for text in parts(found, "data-reciprocal-put")]
        assert any(offers in change and change[offers] is None for change in changes)


class TestPictures:
    def test_the_matrix_counts_pairs_by_type_and_a_click_names_both(self, known: Dataset) -> None:
        made = reciprocal_types.make(known, ReciprocalView(tested="all"), "pairs")
        assert made.spec is not None
        names = [row["name"] for row in made.spec["rows"]]
        there = {(names[c["i"]], made.spec["columns"][c["j"]]["name"]): c for c in made.spec["cells"]}
        assert there["BC", "23P"]["words"][1] == there["23P", "BC"]["words"][1] == "2"
        assert there["BC", "23P"]["pick"] == {"put": {"type_a": "BC", "type_b": "23P"}}
        assert there["BC", "23P"]["faint"], "few tested pairs say little"

    def test_a_column_with_too_many_kinds_still_counts_pairs(
        self, known: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> None:
            raise InputError("too many")

        monkeypatch.setattr(reciprocal_types, "type_pairs", refuse)
        spec = reciprocal_types.make(known, ReciprocalView(), "pairs").spec
        assert spec is not None
        names = [row["name"] for row in spec["rows"]]
        counts = {frozenset((names[c["i"]], names[c["j"]])): c["words"][0] for c in spec["cells"] if c["words"]}
        assert counts == {
            frozenset(pair): n for pair, n in [
                (("BC", "23P"), "2"), (("23P",), "1"), (("BC", "MC"), "1"), (("23P", "fragment"), "2"),
                (("MC", "untyped"), "1"),
            ]
        }  # fmt: skip

    def test_a_cell_shows_its_partners_with_both_counts(self, known: Dataset) -> None:
        made = reciprocal_panels.make(known, ReciprocalView(cell=cell("bc")), Looks())
        assert made.said == f"BC {cell('bc')} makes 6 reciprocal synapses onto 2 partners and receives 4 from them."
        hrefs = parts(made.body, "href")
        assert any(f"/pair/{cell('bc')}/{cell('p1')}?" in href for href in hrefs)
        assert any(href.startswith(f"/cell/{cell('mc')}?") for href in hrefs)

    def test_two_types_turn_the_scatter_to_their_order(self, known: Dataset) -> None:
        view = ReciprocalView(type_a="23P", type_b="BC", tested="all")
        (text,) = parts(reciprocal_panels.make(known, view, Looks()).body, "data-figure")
        spec = json.loads(text)
        assert spec["short_x"] == "23P → BC"
        # p1 -> bc 2 and back 4; p2 -> two 1 and back 5: counts from 1 have squares from 0
        assert sorted(spec["cells"]) == [[0, 4, 1], [1, 3, 1]]


def test_types_of_the_address_are_offered_though_no_cell_has_them(known: Dataset) -> None:
    options = [o["value"] for o in type_options(known, "cell_type", "gone", "")]
    assert options[:2] == ["", "gone"] and {"BC", "MC", "23P", "untyped", "fragment"} <= set(options)
    assert [o["value"] for o in type_options(known, "no_such_column")] == [""]


def test_a_dataset_without_types_says_so(tmp_path: Path) -> None:
    source = samples.edges(tmp_path / "data", tmp_path)
    dataset = open_dataset(tmp_path / "data", source.id)
    made = reciprocal_panels.make(dataset, ReciprocalView(), Looks(panel="types"))
    assert made.figure == "" and "cell type" in str(made.body.children)


@pytest.mark.parametrize(("n", "text"), [(999, "999"), (1_000, "1.0k"), (12_345, "12k"), (1_234_567, "1.2M")])
def test_counts_are_short_where_room_is(n: int, text: str) -> None:
    assert reciprocal_types.short(n) == text
