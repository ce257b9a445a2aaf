"""Links out to Neuroglancer, and pasted links read back as cells."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import neuroglancer, neuroglancer_read
from data_access.dataset import open_dataset
from data_access.errors import InputError, TooLargeError
from data_access.metadata import DatasetMeta
from data_access.neuroglancer import Partner, Synapse
from tests.data_access import versions

A, B = str(versions.ROOT + 1), str(versions.ROOT + 2)
META = DatasetMeta("tiny", "Tiny", origin=versions.ORIGIN)
AT = (4000.0, 8000.0, 400.0)


def state_of(url: str) -> dict[str, Any]:
    """The state as the viewer reads it: what follows #!, decoded."""
    site, _, fragment = url.partition("#!")
    assert site == "https://viewer.example.org/"
    state: dict[str, Any] = json.loads(unquote(fragment))
    return state


def layers(url: str, kind: str) -> list[dict[str, Any]]:
    return [layer for layer in state_of(url)["layers"] if layer["type"] == kind]


def origin(**changes: object) -> DatasetMeta:
    return replace(META, origin={**versions.ORIGIN, **changes})


class TestOut:
    def test_cells_are_segments_by_text_in_the_frame_of_the_viewer(self) -> None:
        link = neuroglancer.cells(META, [A, B], {A: "#ff0000"}, AT)
        state = state_of(link.url)
        assert state == link.state
        assert state["dimensions"] == {"x": [4e-9, "m"], "y": [4e-9, "m"], "z": [4e-8, "m"]}
        assert state["position"] == [1000, 2000, 10]
        (image,), (cells,) = layers(link.url, "image"), layers(link.url, "segmentation")
        assert image["source"] == "precomputed://https://images.example.org/em"
        assert cells["source"] == "graphene://middleauth+https://local.example.org/segmentation/table/tiny"
        assert cells["segments"] == [A, B]
        assert cells["segmentColors"] == {A: "#ff0000"}
        assert A in state["title"] or "2 cells" in state["title"]

    def test_a_cell_named_twice_is_shown_once(self) -> None:
        assert layers(neuroglancer.cells(META, [A, B, A]).url, "segmentation")[0]["segments"] == [A, B]

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            (
                "graphene://https://h.org/segmentation/table/t",
                "graphene://middleauth+https://h.org/segmentation/table/t",
            ),
            ("graphene://middleauth+https://h.org/s/t", "graphene://middleauth+https://h.org/s/t"),
            ("https://h.org/segmentation/table/t", "graphene://middleauth+https://h.org/segmentation/table/t"),
            ("precomputed://gs://bucket/seg", "precomputed://gs://bucket/seg"),
            ("gs://bucket/seg", "precomputed://gs://bucket/seg"),
            ("https://bucket.org/seg", "precomputed://https://bucket.org/seg"),
        ],
    )
    def test_sources_are_written_as_todays_viewers_read_them(self, given: str, shown: str) -> None:
        link = neuroglancer.cells(origin(segmentation_source=given), [A])
        assert layers(link.url, "segmentation")[0]["source"] == shown

    def test_a_pair_has_its_synapses_one_layer_a_direction(self) -> None:
        there = [Synapse(str(i), A, B, (4000.0 + 400 * i, 8000.0, 400.0), 10.0 * i) for i in range(3)]
        back = [Synapse("9", B, A, AT, None, pre_nm=(0.0, 4.0, 40.0), post_nm=(8.0, 4.0, 40.0))]
        other = [Synapse("10", A, "5", AT)]
        link = neuroglancer.pair(META, A, B, [*there, *back, *other])
        cells = layers(link.url, "segmentation")[0]
        assert len(set(cells["segmentColors"].values())) == len(cells["segments"]) == 2
        ab, ba = layers(link.url, "annotation")
        assert [a["id"] for a in ab["annotations"]] == ["0", "1", "2"]
        assert ab["annotations"][2] == {
            "type": "point", "point": [1200, 2000, 10], "id": "2", "description": "synapse 2, size 20",
        }  # fmt: skip
        assert [a["type"] for a in ba["annotations"]] == ["line"]
        assert (ba["annotations"][0]["pointA"], ba["annotations"][0]["pointB"]) == ([0, 1, 1], [2, 1, 1])
        assert ba["annotations"][0]["description"] == "synapse 9"
        assert ab["annotationColor"] != ba["annotationColor"]
        assert state_of(link.url)["position"] in [a["point"] for a in ab["annotations"]]
        assert link.notes == ()

    def test_a_pair_without_synapses_shows_both_cells_at_the_soma(self) -> None:
        link = neuroglancer.pair(META, A, B, [], AT)
        assert layers(link.url, "annotation") == []
        assert state_of(link.url)["position"] == [1000, 2000, 10]

    def test_synapses_without_a_position_are_told(self) -> None:
        link = neuroglancer.pair(META, A, B, [Synapse("1", A, B, None), Synapse("2", A, B, AT)])
        assert len(layers(link.url, "annotation")[0]["annotations"]) == 1
        assert "1 synapses" in link.notes[0]

    def test_a_pair_of_a_cell_with_itself_names_it_once(self) -> None:
        link = neuroglancer.pair(META, A, A, [Synapse("1", A, A, AT)])
        assert layers(link.url, "segmentation")[0]["segments"] == [A]
        assert len(layers(link.url, "annotation")) == 1

    def test_partners_stand_in_a_layer_of_their_type_in_its_colour(self) -> None:
        found = [Partner("11", "MC"), Partner("12", None), Partner("13", "BC"), Partner("14", "MC"), Partner(A, "BC")]
        link = neuroglancer.partners(META, A, "inputs", found, {"MC": "#00ff00"})
        by_name = {layer["name"]: layer for layer in layers(link.url, "segmentation")}
        assert list(by_name) == ["cell", "inputs: MC", "inputs: BC", "inputs: untyped"]
        assert by_name["cell"]["segments"] == [A]
        assert by_name["inputs: MC"]["segments"] == ["11", "14"]
        assert by_name["inputs: MC"]["segmentDefaultColor"] == "#00ff00"
        assert "segmentDefaultColor" not in by_name["inputs: BC"]

    def test_too_many_partners_are_cut_to_the_strongest_and_that_is_said(self) -> None:
        found = [Partner(str(versions.ROOT + i), "MC" if i % 2 else None) for i in range(9_000)]
        link = neuroglancer.partners(META, A, "inputs", found, {})
        shown = {s for layer in layers(link.url, "segmentation") if layer["name"] != "cell" for s in layer["segments"]}
        n = len(shown)
        assert 2_000 < n < 9_000
        assert shown == {p.cell_id for p in found if p.cell_id != A} & {p.cell_id for p in found[: n + 1]}
        assert len(link.url) <= neuroglancer.MAX_URL
        assert f"the {n:,} strongest of 8,999" in link.notes[0]
        assert f"{n:,} strongest" in state_of(link.url)["title"]

    def test_an_address_that_no_browser_takes_is_refused(self) -> None:
        with pytest.raises(TooLargeError, match="9,000 cells") as caught:
            neuroglancer.cells(META, [str(versions.ROOT + i) for i in range(9_000)])
        assert "fewer" in caught.value.hint

    @pytest.mark.parametrize("key", ["viewer_site", "segmentation_source", "viewer_resolution_nm"])
    def test_a_dataset_that_does_not_know_what_is_needed_says_so(self, key: str) -> None:
        with pytest.raises(InputError, match="cannot be shown in Neuroglancer") as caught:
            neuroglancer.cells(origin(**{key: None}), [A])
        assert "CAVE" in caught.value.hint

    @pytest.mark.parametrize(
        "site",
        ["http://viewer.org", "javascript:alert(1)", "//viewer.org", "https://", "https://a@evil.org", "https://v.org/#!x",
         "https://v.org/?u=x", "https://v.org\r\nX: y", "data:text/html,x"],
    )  # fmt: skip
    def test_a_site_that_is_no_https_address_is_never_linked_to(self, site: str) -> None:
        assert neuroglancer.lacking(origin(viewer_site=site))
        with pytest.raises(InputError):
            neuroglancer.cells(origin(viewer_site=site), [A])

    @pytest.mark.parametrize("size", [[4, 4], [0, 4, 40], ["a", 1, 2], [float("nan"), 4, 40]])
    def test_a_wrong_voxel_size_is_an_error_in_one_line(self, size: list[Any]) -> None:
        with pytest.raises(InputError, match="voxel size"):
            neuroglancer.cells(origin(viewer_resolution_nm=size), [A])

    def test_the_address_is_plain_ascii_without_quotes_or_blanks(self) -> None:
        url = neuroglancer.partners(META, A, "inputs", [Partner("1", 'Größe "x" <b>\'')], {}).url
        assert re.fullmatch(r"https://[A-Za-z0-9.]+/#![A-Za-z0-9!$&()*+,;=:@/?._~%-]+", url)
        assert layers(url, "segmentation")[1]["name"] == 'inputs: Größe "x" <b>\''


STATE = {
    "dimensions": {"x": [4e-9, "m"]},
    "layers": [
        {"type": "image", "source": "precomputed://gs://b/em", "name": "img"},
        {"type": "segmentation", "source": "graphene://x", "segments": [A, "!" + B, "77"], "name": "seg"},
        {"type": "segmentation", "source": "graphene://x", "segments": ["88", A], "name": "more"},
        {"type": "segmentation", "source": "graphene://x", "segments": ["99"], "name": "off", "visible": False},
        {"type": "annotation", "source": "local://annotations", "annotations": [{"id": "5"}], "name": "notes"},
    ],
}
TEXT = json.dumps(STATE)
SITE = "https://viewer.example.org/"
SHORT = (
    "https://n.org/#!{'layers':{'seg':{'type':'segmentation_with_graph'_'segments':['" + A + "'_'!" + B
    + "'_'77']_'name':'it\\'s_a, layer'}_'more':{'type':'segmentation'_'segments':['88']}}_'z':1}"
)  # fmt: skip


class TestIn:
    @pytest.mark.parametrize(
        "text",
        [
            f"{SITE}#!{quote(TEXT)}", f"{SITE}#!{TEXT}", f"{SITE}#!{quote(quote(TEXT))}", TEXT, json.dumps(STATE, indent=2),
            f"  <{SITE}#!{quote(TEXT, safe=chr(123))}>\n", f"{SITE}%23!{quote(TEXT)}", f"#!{quote(TEXT)}",
        ],
    )  # fmt: skip
    def test_every_form_of_a_link_gives_the_segments_that_it_shows_in_order(self, text: str) -> None:
        assert neuroglancer_read.is_link(text)
        pasted = neuroglancer_read.read(text)
        assert pasted.ids == (A, "77", "88")
        assert pasted.repeated == (A,)
        assert pasted.hidden == 2
        assert pasted.layers == ("seg", "more")
        assert "1 named twice" in pasted.in_words()
        assert "2 hidden" in pasted.in_words()

    def test_the_short_form_of_older_viewers_is_read(self) -> None:
        pasted = neuroglancer_read.read(SHORT)
        assert pasted.ids == (A, "77", "88")
        assert pasted.hidden == 1

    @pytest.mark.parametrize(
        "text",
        [
            "https://viewer.example.org/#!middleauth+https://global.example.org/nglstate/api/v1/5560000195854336",
            "https://ngl.example.org/?json_url=https://global.example.org/nglstate/5963849085747200",
            "https://v.example.org/#!https%3A%2F%2Fstates.example.org%2F1.json", "https://v.org/#!gs://bucket/state.json",
            "middleauth+https://global.example.org/nglstate/api/v1/1", "https://global.example.org/nglstate/api/v1/1",
        ],
    )  # fmt: skip
    def test_a_link_to_a_stored_state_says_that_it_is_not_fetched_and_what_to_do(self, text: str) -> None:
        assert neuroglancer_read.is_link(text)
        with pytest.raises(InputError, match="where its state is stored") as caught:
            neuroglancer_read.read(text)
        assert "paste" in caught.value.hint

    @pytest.mark.parametrize("cut", [len(TEXT) // 2, len(TEXT) - 1])
    def test_a_link_that_was_cut_is_no_empty_set(self, cut: int) -> None:
        with pytest.raises(InputError, match="cannot be read"):
            neuroglancer_read.read(f"{SITE}#!{quote(TEXT[:cut])}")

    def test_a_link_that_shows_nothing_is_no_set_of_all_cells(self) -> None:
        state = {"layers": [{"type": "segmentation", "segments": ["!1"], "name": "s"}]}
        with pytest.raises(InputError, match="shows no segment; the 1 in it are hidden"):
            neuroglancer_read.read(json.dumps(state))

    def test_an_id_that_lost_its_digits_is_refused(self) -> None:
        state = {"layers": [{"type": "segmentation", "segments": [8.646911358084739e17]}]}
        with pytest.raises(InputError, match="no id"):
            neuroglancer_read.read(json.dumps(state))

    @pytest.mark.parametrize(
        "text", ["", "1, 2", "{1, 2}", "cell_type == 'BC'", "set:abc", "https://example.org/page", "{'BC', 'MC'}"]
    )
    def test_other_texts_are_no_links(self, text: str) -> None:
        assert not neuroglancer_read.is_link(text)

    @given(st.text(max_size=60))
    def test_any_text_behind_the_mark_is_read_or_refused(self, text: str) -> None:
        try:
            ids = neuroglancer_read.read(f"{SITE}#!{{{text}").ids
        except InputError:
            return
        assert ids

    @given(st.lists(st.integers(1, 2**63 - 1).map(str), min_size=1, max_size=30))
    def test_what_goes_out_comes_back(self, ids: list[str]) -> None:
        assert neuroglancer_read.read(neuroglancer.cells(META, ids).url).ids == tuple(dict.fromkeys(ids))


class TestCellSet:
    def test_a_pasted_link_means_its_segments_and_the_echo_says_so(self, tmp_path: Path) -> None:
        meta = versions.make(tmp_path / "data", tmp_path / "files", versions.OLD)
        dataset = open_dataset(tmp_path / "data", meta.id)
        ids = [str(versions.old(7)), str(versions.old(2))]
        link = neuroglancer.cells(meta, ids).url
        chosen = dataset.select(link)
        assert chosen.given is not None
        assert dataset.index.text(chosen.given) == ids
        assert chosen.echo == "2 cells by id, shown in the pasted Neuroglancer link"
        assert dataset.select(", ".join(ids)).codes.tolist() == chosen.codes.tolist()
        with pytest.raises(InputError, match="where its state is stored"):
            dataset.select("https://viewer.example.org/#!middleauth+https://g.org/nglstate/api/v1/5")
