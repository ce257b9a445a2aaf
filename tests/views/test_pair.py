"""Two cells: counts, sizes, compartments and places along skeletons against the source rows; what is drawn of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from analysis.projection import project
from components import pair_head, pair_look, pair_place, pair_sides, pair_space, pair_svg
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, NotFoundError
from data_access.importer import ImportSpec, import_dataset
from tests.views import pair_samples, samples
from tests.views.pair_samples import N_AB, N_BA, NODES_UM, PATHS, A, B, C, D, E, Made
from views import pair, pair_axon, pair_scene, pair_synapses, schema
from views.pair import PairView
from views.pair_synapses import PairSynapsesView

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("pair")
    return pair_samples.make(folder / "data", folder)


@pytest.fixture(scope="module")
def dataset(made: Made) -> Dataset:
    return open_dataset(made.data, "pair")


def view(a: int = A, b: int = B, **more: str) -> PairView:
    return PairView(ds="pair", a=str(a), b=str(b), **more)


def rows_between(made: Made, a: int, b: int) -> pd.DataFrame:
    rows = made.synapses
    return rows[(rows.pre_id == a) & (rows.post_id == b)]


class TestPair:
    def test_both_directions_are_those_of_the_rows(self, made: Made, dataset: Dataset) -> None:
        found = pair.pair(dataset, view())
        for way, (pre, post) in zip(found.ways, ((A, B), (B, A)), strict=True):
            rows = rows_between(made, pre, post)
            assert way.n == len(rows)
            assert way.sum_size == rows["size"].replace(-1, 0).sum(), "a size that was not measured adds nothing"
        assert found.reciprocal
        assert found.distance_um == pytest.approx(float(np.linalg.norm(NODES_UM[A][0] - NODES_UM[B][0])))
        assert [w.name for w in found.warnings] == ["axon_not_proofread"], "B's is not"
        words = pair_head.sentence(dataset, found)
        assert f"A → B {N_AB} synapses (summed size {found.ab.sum_size:,.0f})" in words
        assert words.endswith("somata 100 µm apart; reciprocal; 1 warning.")

    def test_the_order_of_the_address_says_which_is_a(self, dataset: Dataset) -> None:
        here, there = pair.pair(dataset, view()), pair.pair(dataset, view(B, A))
        assert (here.ab.n, here.ba.n) == (there.ba.n, there.ab.n) == (N_AB, N_BA)

    def test_not_connected_and_one_way(self, dataset: Dataset) -> None:
        none = pair.pair(dataset, view(A, D))
        assert (none.ab.n, none.ba.n, none.reciprocal, none.warnings) == (0, 0, False, ())
        assert pair_head.sentence(dataset, none).startswith("No synapse between these two cells is in this dataset")
        once = pair.pair(dataset, view(C, A))
        assert (once.ab.n, once.ba.n) == (0, 2)
        assert "A → B none; B → A 2 synapses" in pair_head.sentence(dataset, once)

    def test_a_missing_connection_says_whether_it_could_have_been_seen(self, dataset: Dataset) -> None:
        assert pair.pair(dataset, view(A, D)).ab.tested
        back = pair.pair(dataset, view(D, B)).ba
        assert (back.tested, back.why) == (False, "the axon of B is not proofread")
        fragment = pair.pair(dataset, view(B, E)).ab
        assert (fragment.tested, fragment.why) == (False, "B is a fragment, no cell")

    def test_one_and_the_same_unknown_and_missing_are_told(self, dataset: Dataset) -> None:
        with pytest.raises(InputError, match="named twice: a pair is two different cells"):
            pair.pair(dataset, PairView(a=str(A), b=f" {A} "))
        with pytest.raises(NotFoundError, match=f"no cell {A + 1} in pair"):
            pair.pair(dataset, view(A + 1, B))
        with pytest.raises(InputError, match="a pair is two cells"):
            pair.pair(dataset, PairView(a=str(A)))

    def test_gap_junctions_are_told(self, tmp_path: Path) -> None:
        samples.big(tmp_path / "data", tmp_path)
        big = open_dataset(tmp_path / "data", "big")
        ids = [str(samples.FIRST_ID + 37 * i) for i in range(3)]
        assert pair.pair(big, PairView(a=ids[1], b=ids[0])).junction == 1
        assert pair.pair(big, PairView(a=ids[1], b=ids[2])).junction == 2
        assert pair.pair(big, PairView(a=ids[0], b=ids[2])).junction is None
        assert "coupled by a gap junction of weight 2" in pair_head.sentence(
            big, pair.pair(big, PairView(a=ids[1], b=ids[2]))
        )


class TestSynapses:
    def test_rows_are_the_sources_own_with_their_place_on_both_skeletons(self, made: Made, dataset: Dataset) -> None:
        table = pair_synapses.table(dataset, PairSynapsesView(a=str(A), b=str(B))).table().to_pandas()
        assert table.direction.tolist() == ["ab"] * N_AB + ["ba"] * N_BA
        source = made.synapses.set_index("synapse_id")
        for row in table.itertuples():
            own = source.loc[row.synapse_id]
            assert (row.pre_id, row.post_id) == (own.pre_id, own.post_id)
            assert row.size == own["size"] or (own["size"] == -1 and np.isnan(row.size))
            assert row.compartment == own.compartment or (row.compartment is None and own.compartment is None)
            point = own[["x_nm", "y_nm", "z_nm"]].to_numpy(dtype=float) / 1000
            for cell, off, path in (
                (own.pre_id, row.attached_pre_um, row.path_pre_um),
                (own.post_id, row.attached_post_um, row.path_post_um),
            ):
                if np.isnan(point).any():
                    assert np.isnan([off, path]).all()
                    continue
                far = [sum((point - node) ** 2) ** 0.5 for node in NODES_UM[cell]]
                assert off == pytest.approx(min(far))
                if min(far) > 10:
                    assert np.isnan(path), "too far from the skeleton for a place along it"
                else:
                    assert path == pytest.approx(PATHS[cell][int(np.argmin(far))])

    def test_directions_limit_and_ledger(self, dataset: Dataset) -> None:
        only = pair_synapses.table(dataset, PairSynapsesView(a=str(A), b=str(B), direction="ba", limit=3))
        assert set(only.table().column("direction").to_pylist()) == {"ba"}
        ledger = only.ledger
        assert (ledger.read, ledger.kept, ledger.total, ledger.cut) == (N_AB + N_BA, 3, N_BA, True)
        assert {o.reason: o.synapses for o in ledger.left_out} == {
            "of the other direction": N_AB, "beyond the limit of 3": N_BA - 3,
        }  # fmt: skip
        notes = " / ".join(ledger.notes)
        assert "1 of 21 synapses without a position" in notes
        assert "1 of 21 synapses without a size" in notes
        assert f"cell A, {A}: from the nearest of 6 skeleton nodes, in the median outputs" in notes

    def test_onto_what_they_are_made_in_words(self, dataset: Dataset) -> None:
        found = pair_synapses.between(dataset, dataset.code_of(str(A)), dataset.code_of(str(B)))
        words = pair_sides.onto_words(pair.pair(dataset, view()).ab, found)
        assert words == "10 of 14 onto the soma (axosomatic), 2 onto shafts, 1 onto a spine, 1 not given."

    def test_connections_alone_have_no_rows(self, tmp_path: Path) -> None:
        samples.edges(tmp_path / "data", tmp_path)
        edges = open_dataset(tmp_path / "data", "edges")
        ids = edges.index.text([0, 1])
        assert pair.pair(edges, PairView(a=ids[0], b=ids[1])).ab.n >= 0
        with pytest.raises(InputError, match="holds connections, not single synapses"):
            pair_synapses.table(edges, PairSynapsesView(a=ids[0], b=ids[1]))
        with pytest.raises(InputError, match="holds connections, not single synapses"):
            pair_scene.scene(edges, PairView(a=ids[0], b=ids[1]))


class TestScene:
    def test_axon_and_dendrite_are_told_apart_somata_and_surfaces_are_there(self, dataset: Dataset) -> None:
        found = pair_scene.scene(dataset, view())
        a, b = found.shapes
        assert a.labelled and b.labelled
        assert np.nanmax(a.axon[:, 0]) == 100 and np.nanmax(a.rest[:, 0]) == 0, "A's axon runs to the right"
        assert a.soma is not None and a.soma.tolist() == [0, 50, 0]
        assert a.mesh is not None and len(a.mesh.faces) == 12
        assert b.mesh is None and "is damaged" in b.notes[0]
        assert pair_scene.scene(dataset, view(meshes="no")).shapes[0].mesh is None
        none = pair_scene.scene(dataset, view(A, D)).shapes[1]
        assert none.notes == ("This dataset has skeletons, but none of this cell.",
                              "This dataset has meshes, but none of this cell.")  # fmt: skip

    def test_the_pia_is_up_and_all_of_both_cells_is_in_the_picture(self, dataset: Dataset) -> None:
        found = pair_scene.scene(dataset, view())
        for name in pair_scene.SCENES:
            camera = found.camera(name, 1.5)
            points = found.synapse_points if name.startswith("close") else found.points
            at = project(camera, points, 900, 600)
            assert (at[:, :2] >= 0).all() and (at[:, 0] <= 900).all() and (at[:, 1] <= 600).all()
            upper, lower = project(camera, np.array([[0.0, 0, 0], [0, 100, 0]]), 900, 600)
            assert upper[1] < lower[1]
        assert found.camera("close", 1.5).height < found.camera("", 1.5).height * 10

    def test_a_camera_is_read_from_an_address_or_refused_in_words(self, dataset: Dataset) -> None:
        found = pair_scene.scene(dataset, view())
        camera = found.camera("1_2_3_0_0_-1_0_-1_0_42.5", 1.0)
        assert (camera.centre, camera.towards, camera.up, camera.height) == ((1, 2, 3), (0, 0, -1), (0, -1, 0), 42.5)
        for text in ("wohle", "1_2_3", "1_2_3_0_0_0_0_-1_0_9", "1_2_3_0_1_0_0_-1_0_9", "1_2_3_0_0_1_0_-1_0_0", "_" * 9,
                     "nan_0_0_0_0_1_0_1_0_9"):  # fmt: skip
            with pytest.raises(InputError, match="is no camera"):
                found.camera(text, 1.0)

    def test_what_plotly_is_given(self, dataset: Dataset) -> None:
        figure = pair_space.figure(pair_scene.scene(dataset, view()), "light")
        names = [trace["name"] for trace in figure["data"]]
        assert names == ["a axon", "a rest", "a soma", "a mesh", "b axon", "b rest", "b soma", "ab", "ba"]
        shown = {trace["name"]: trace for trace in figure["data"]}
        assert len(shown["ab"]["customdata"]) == N_AB - 1, "one has no position"
        assert {type(i) for i in shown["ab"]["customdata"]} == {str}, "ids beyond 2**53 are text"
        assert shown["ab"]["marker"]["symbol"] != shown["ba"]["marker"]["symbol"]
        assert shown["ab"]["marker"]["color"] != shown["ba"]["marker"]["color"]
        assert "onto soma" in shown["ab"]["text"][0]

    def test_signs_grow_with_the_size_of_the_synapse(self) -> None:
        across = pair_look.across(np.array([0.0, 25.0, 100.0, np.nan]))
        assert across.tolist() == [7, 12, 17, 12]
        assert set(pair_look.across(np.full(3, np.nan)).tolist()) == {12}

    def test_words_say_what_is_not_as_it_is(self, dataset: Dataset) -> None:
        text = " ".join(pair_place.words(pair_scene.scene(dataset, view())))
        assert "1 synapse without a position: counted, not drawn." in text
        assert "In a drawing saved as SVG surfaces are outlines." in text


class TestDrawing:
    def test_signs_and_scale_bar_lie_where_the_camera_says(self, dataset: Dataset) -> None:
        scene = pair_scene.scene(dataset, view())
        camera = scene.camera("3_40_0_-0.6_0_-0.8_0_-1_0_250", 1.5)
        root = ElementTree.fromstring(pair_svg.svg(scene, camera, 900, 600, "dark"))
        found = scene.synapses
        at = project(camera, found.at_um, 900, 600)
        drawn = {g.find(f"{SVG}title").text: g for g in root.iter(f"{SVG}g")}  # type: ignore[union-attr]
        assert len(drawn) == N_AB + N_BA - 1 - 2, "one has no position, two lie far outside"
        for i in np.flatnonzero(found.forward & found.placed):
            sign = drawn.get(f"{found.ids[i]}, A → B")
            if sign is not None:
                circle = sign.find(f"{SVG}circle")
                assert circle is not None
                assert [float(circle.get(k, "")) for k in ("cx", "cy")] == pytest.approx(at[i, :2].tolist(), abs=0.06)
        words = [t.text or "" for t in root.iter(f"{SVG}text")]
        length = next(float(t.removesuffix(" µm")) for t in words if t.endswith(" µm"))
        bar = next(r for r in root.iter(f"{SVG}rect") if r.get("height") == "3")
        assert float(bar.get("width", "")) == pytest.approx(length * 600 / 250, abs=0.01)
        assert "A → B 14" in words and "B → A 7" in words

    def test_notes_alone_and_a_ring(self, dataset: Dataset) -> None:
        scene = pair_scene.scene(dataset, view())
        camera, one = scene.camera("", 1.5), scene.synapses.ids[0]
        plain, notes = (pair_svg.svg(scene, camera, 900, 600, "light", draw, one) for draw in ("plain", "notes"))
        assert "A → B 14" not in plain and "A → B 14" in notes
        assert plain.count('fill="none" stroke="#191b20"') == notes.count('fill="none" stroke="#191b20"') == 1
        assert len(notes) < len(plain)

    def test_texts_of_the_data_are_no_markup(self, dataset: Dataset) -> None:
        text = str(pair_head.heading(dataset, pair.pair(dataset, view(A, D))).to_plotly_json())
        assert "<b>MC</b>" in text, "as text of a component"
        scene = pair_scene.scene(dataset, view(A, D))
        ElementTree.fromstring(pair_svg.svg(scene, scene.camera("", 1.0), 300, 300, "light"))


def test_the_address_goes_there_and_back() -> None:
    whole = PairView("pair", "1", "2", "no", "close", "77", "-size")
    assert schema.parse(PairView, schema.encode(whole)) == whole
    assert schema.encode(PairView(ds="pair", a="1", b="2")) == {"ds": "pair", "a": "1", "b": "2"}


# ---- published data


@pytest.fixture(scope="module")
def minnie(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The 42 cells with their skeletons."""
    real, scratch = real_data / "real" / "minnie65_cells_a", tmp_path_factory.mktemp("minnie")
    cells = pd.read_csv(real / "cells.csv", dtype={"pt_root_id": "int64"})
    cells = cells.rename(columns={"pt_root_id": "cell_id", **{f"soma_{a}_nm": f"{a}_nm" for a in "xyz"}})
    cells.to_parquet(scratch / "cells.parquet", index=False)
    cells[["cell_id"]].to_csv(scratch / "complete.csv", index=False)
    spec = ImportSpec(
        "minnie", synapses=(real / "synapses.parquet",), cells=(scratch / "cells.parquet",),
        complete=(scratch / "complete.csv",), vertical="y",
    )  # fmt: skip
    import_dataset(
        scratch / "data", spec, prepare=lambda place: shutil.copytree(real / "skeletons", place / "skeletons")
    )
    return open_dataset(scratch / "data", "minnie")


class TestRealPairs:
    def test_the_nine_one_way_pairs_among_the_listed_cells(self, minnie: Dataset) -> None:
        listed = minnie.codes_of([path.stem for path in (minnie.place / "skeletons").glob("*.swc")]).tolist()
        pairs = [(a, b) for a in listed for b in listed if a != b and minnie.graph.edge(a, b) >= 0]
        assert len(pairs) == 9
        for a, b in pairs:
            ids = minnie.index.text([a, b])
            found = pair.pair(minnie, PairView(a=ids[0], b=ids[1]))
            assert (found.ab.n, found.ba.n, found.reciprocal) == (1, 0, False)
            scene = pair_scene.scene(minnie, PairView(a=ids[0], b=ids[1]))
            assert all(len(shape.points) > 500 and shape.soma is not None for shape in scene.shapes)
            synapses = scene.synapses
            assert synapses.pre.attached_um[0] < 6 and synapses.post.attached_um[0] < 6, "it lies on both cells"

    def test_axon_and_dendrite_of_a_one_way_pair_are_told_apart_by_their_synapses(self, minnie: Dataset) -> None:
        scene = pair_scene.scene(minnie, PairView(a="864691135516059091", b="864691135407449033"))
        for shape in scene.shapes:
            assert shape.labelled and len(shape.axon) > 300 and len(shape.rest) > 1_000
            assert "told from where its synapses lie" in shape.notes[0]
        told = pair_axon.parts(minnie, minnie.code_of("864691135516059091"))
        assert told is not None and "179 of 205 outputs and 6 of 6,810 inputs" in told.said
        assert scene.synapses.pre.part.tolist() == [2], "made by the axon"
        assert scene.synapses.post.part.tolist() == [3], "onto a dendrite"

    def test_cells_whose_synapses_do_not_tell_stay_in_one_colour(self, minnie: Dataset) -> None:
        told = pair_axon.parts(minnie, minnie.code_of("864691135517695626"))
        assert told is not None and not told.known

    def test_a_reciprocal_pair_with_one_skeleton(self, minnie: Dataset) -> None:
        found = pair.pair(minnie, PairView(a="864691136099960181", b="864691136008663212"))
        assert (found.ab.n, found.ba.n, found.reciprocal) == (20, 5, True)
        assert "fragment" in [w.name for w in found.warnings]
        scene = pair_scene.scene(minnie, PairView(a="864691136099960181", b="864691136008663212"))
        assert [len(shape.rest) > 0 for shape in scene.shapes] == [False, True]
        assert scene.synapses.placed.all()
        assert (scene.synapses.post.attached_um[:20] < 12).all()


def test_published_meshes_and_synapses_are_drawn(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "real" / "hemibrain_DA1"
    a, b = 1734350788, 722817260
    rows = pd.concat([
        pd.read_csv(folder / "synapses" / f"{i}.csv").assign(owner=i).groupby("type").head(300) for i in (a, b)
    ])  # fmt: skip
    made = rows["type"] == "pre"
    other = rows.owner.map({a: b, b: a})  # the files name no partners: each stands for the other's
    synapses = pd.DataFrame({
        "pre_id": rows.owner.where(made, other), "post_id": other.where(made, rows.owner),
        **{f"{axis}_nm": rows[axis] * 8.0 for axis in "xyz"},
    })  # fmt: skip
    synapses.to_parquet(tmp_path / "s.parquet", index=False)

    def shapes(place: Path) -> None:
        (place / "meshes").mkdir()
        for i in (a, b):
            content = (folder / "ply" / f"{i}.ply").read_bytes()
            (place / "meshes" / f"{i}.ply").write_bytes(content)

    import_dataset(tmp_path / "data", ImportSpec("da1", synapses=(tmp_path / "s.parquet",)), prepare=shapes)
    dataset = open_dataset(tmp_path / "data", "da1")
    scene = pair_scene.scene(dataset, PairView(a=str(a), b=str(b)))
    assert len(scene.synapse_points) == 1_200
    for shape in scene.shapes:
        assert shape.mesh is not None and 15_000 < len(shape.mesh.faces) <= pair_scene.MOST_FACES
        assert "faces are drawn as" in " ".join(shape.notes)
    text = pair_svg.svg(scene, scene.camera("", 1.5), 900, 600, "light")
    assert len(text) < 1_000_000
    ElementTree.fromstring(text)
