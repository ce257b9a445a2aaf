"""The page of a cell: its partners, their kinds, its synapses in space, against the source rows counted by pandas."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, NotFoundError
from data_access.importer import ImportSpec, import_dataset
from tests.views import cell_samples, samples
from tests.views.cell_samples import CELL, FIRST, NODES_UM, PATHS, Made
from views import cell, cell_synapses, partners, schema
from views.cell import CellView, PartnerTypesView
from views.cell_synapses import CellSynapsesView
from views.partner_rows import COLUMNS
from views.partners import DIRECTIONS, PartnersView


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("tree")
    return cell_samples.make(folder / "data", folder)


@pytest.fixture(scope="module")
def tree(made: Made) -> Dataset:
    return open_dataset(made.data, "tree")


def counted(made: Made) -> pd.DataFrame:
    """n_in, n_out, kind and whether it is a cell, of each partner of the first cell but itself, by id."""
    rows = made.synapses
    n_in = rows[rows.post_id == FIRST].groupby("pre_id").size()
    n_out = rows[rows.pre_id == FIRST].groupby("post_id").size()
    found = pd.DataFrame({"n_in": n_in, "n_out": n_out}).fillna(0).astype(int).drop(index=FIRST)
    kinds = made.cells.set_index("cell_id").cell_type
    found["known"] = found.index.isin(kinds.index)
    found["kind"] = [
        (kinds[i] if isinstance(kinds[i], str) else "untyped") if known else "fragment"
        for i, known in found.known.items()
    ]
    return found


def rows_of(dataset: Dataset, **view: object) -> pd.DataFrame:
    return partners.partners(dataset, PartnersView(cell=CELL, **view)).table().to_pandas()  # type: ignore[arg-type]


class TestPartners:
    def test_each_row_says_kind_distance_and_whether_both_ways(self, made: Made, tree: Dataset) -> None:
        found, wanted = rows_of(tree).set_index("partner_id"), counted(made)
        assert sorted(found.index) == sorted(wanted.index)
        assert list(rows_of(tree).columns) == list(COLUMNS)
        places = made.cells.set_index("cell_id")[["x_nm", "y_nm", "z_nm"]]
        for i, row in found.iterrows():
            assert row.kind == wanted.kind[i]
            assert row.known == wanted.known[i]
            assert row.reciprocal == (wanted.n_in[i] > 0 and wanted.n_out[i] > 0)
            if wanted.known[i]:
                apart = sum((places.loc[i] - places.loc[FIRST]) ** 2) ** 0.5 / 1000
                assert row.distance_um == pytest.approx(apart)
            else:
                assert np.isnan(row.distance_um), "a fragment has no soma"

    @pytest.mark.parametrize("known", ["no", "yes"])
    def test_cumulative_shares_add_up_from_the_strongest(self, made: Made, tree: Dataset, known: str) -> None:
        wanted = counted(made)
        wanted = wanted[wanted.known] if known == "yes" else wanted
        found = rows_of(tree, known=known).set_index("partner_id")
        for side in ("in", "out"):
            counts = wanted[f"n_{side}"]
            order = sorted(counts.index, key=lambda i: (-counts[i], i))
            running = 0
            for i in order:
                running += counts[i]
                if counts[i]:
                    assert found[f"cumulative_{side}"][i] == pytest.approx(running / counts.sum())
                else:
                    assert np.isnan(found[f"cumulative_{side}"][i])

    @settings(max_examples=40, deadline=None)
    @given(
        direction=st.sampled_from(DIRECTIONS), known=st.sampled_from(["no", "yes"]), top=st.sampled_from([5.0, 50.0, 80.0, 100.0]),
        kind=st.sampled_from(["", "23P", "untyped", "fragment", "nothing"]), find=st.sampled_from(["", "23", "FRAG", "0001"]),
        least=st.integers(1, 4),
    )  # fmt: skip
    def test_filters_together_leave_what_a_loop_leaves(
        self, made: Made, tree: Dataset, direction: str, known: str, top: float, kind: str, find: str, least: int
    ) -> None:
        everyone = counted(made)
        admitted = everyone[everyone.known] if known == "yes" else everyone
        strongest: set[int] = set()
        for side in ("in", "out") if direction == "both" else (direction,):
            before = 0
            for i in sorted(admitted.index, key=lambda i: (-admitted[f"n_{side}"][i], i)):
                n = admitted[f"n_{side}"][i]
                if n and before < top / 100 * admitted[f"n_{side}"].sum():
                    strongest.add(i)
                before += n
        wanted = set()
        for i, row in admitted.iterrows():
            asked = {"in": row.n_in, "out": row.n_out, "both": max(row.n_in, row.n_out)}[direction]
            text = f"{i} {row.kind}".lower()
            if (
                asked >= least
                and i in strongest
                and kind in ("", row.kind)
                and any(find.lower() in t for t in text.split())
            ):
                wanted.add(i)
        view = PartnersView("tree", CELL, direction, least, known=known, top=top, type=kind, find=find)
        result = partners.partners(tree, view)
        assert set(result.table()["partner_id"].to_pylist()) == wanted
        gone = sum(left.cells or 0 for left in result.ledger.left_out)
        assert result.ledger.read == result.ledger.kept + gone == len(everyone) + 1, "the autapse is counted"

    def test_a_top_share_keeps_the_fewest_that_reach_it(self, made: Made, tree: Dataset) -> None:
        counts = sorted(counted(made).n_in, reverse=True)
        n = next(k for k in range(len(counts)) if sum(counts[:k]) >= 0.3 * sum(counts))
        found = rows_of(tree, direction="in", top=30)
        assert len(found) == n
        assert found.n_in.sum() >= 0.3 * sum(counts) > found.n_in.sum() - found.n_in.min()

    @pytest.mark.parametrize("column", COLUMNS)
    def test_sorting_by_any_column_both_ways_missing_last(self, tree: Dataset, column: str) -> None:
        up, down = (rows_of(tree, sort=f"{sign}{column}") for sign in ("", "-"))
        for found, ascending in ((up, True), (down, False)):
            values = found[column].dropna()
            assert found[column][len(values) :].isna().all()
            if values.dtype == object:
                values = values.str.lower()
            assert values.is_monotonic_increasing if ascending else values.is_monotonic_decreasing
            for _, same in found.groupby(column, dropna=False):
                assert same.partner_id.is_monotonic_increasing, "equal ones by id"

    def test_pages_follow_one_another(self, tree: Dataset) -> None:
        whole = rows_of(tree, sort="-n_out").partner_id.tolist()
        pages = [rows_of(tree, sort="-n_out", limit=7, offset=k).partner_id.tolist() for k in range(0, len(whole), 7)]
        assert [i for page in pages for i in page] == whole
        ledger = partners.partners(tree, PartnersView(cell=CELL, limit=7, offset=14)).ledger
        assert (ledger.kept, ledger.total, ledger.cut) == (7, len(whole), True)

    def test_wrong_columns_are_named_with_the_right_ones(self, tree: Dataset) -> None:
        with pytest.raises(InputError, match="no column 'n_inn'") as caught:
            rows_of(tree, sort="n_inn")
        assert "'n_in'" in caught.value.hint
        with pytest.raises(InputError, match="no column 'typ'"):
            rows_of(tree, group="typ")

    def test_an_incomplete_cell_has_no_shares_and_keeps_all_partners(self, made: Made, tree: Dataset) -> None:
        fragment = str(next(i for i, known in counted(made).known.items() if not known))
        result = partners.partners(tree, PartnersView(cell=fragment, top=1))
        assert result.ledger.notes == (
            "not all inputs and outputs of this cell are in the dataset: no fractions",
            "and no strongest partners by their share",
        )
        assert set(result.table()["cumulative_in"].to_pylist()) == {None}
        assert result.rows == len(partners.partners(tree, PartnersView(cell=fragment)).table())


class TestCompany:
    @pytest.mark.parametrize("group", ["cell_type", "mtype"])
    def test_partners_by_kind_are_those_of_the_rows(self, made: Made, tree: Dataset, group: str) -> None:
        table = cell.partner_types(tree, PartnerTypesView(cell=CELL, group=group)).table().to_pylist()
        wanted = counted(made)
        kinds = made.cells.set_index("cell_id")[group]
        wanted["kind"] = [
            (kinds[i] if isinstance(kinds[i], str) else "untyped") if known else "fragment"
            for i, known in wanted.known.items()
        ]
        found = {row["kind"]: row for row in table}
        assert set(found) == set(wanted.kind)
        for kind, rows in wanted.groupby("kind"):
            assert found[kind]["n_in"] == rows.n_in.sum()
            assert found[kind]["n_out"] == rows.n_out.sum()
            assert found[kind]["partners_in"] == (rows.n_in > 0).sum()
            assert found[kind]["partners_out"] == (rows.n_out > 0).sum()
            total = (made.synapses.post_id == FIRST).sum()
            assert found[kind]["fraction_in"] == pytest.approx(rows.n_in.sum() / total), "autapses are in the total"
        assert [row["kind"] for row in table][-2:] == ["untyped", "fragment"]

    def test_known_and_typed_are_counted_apart(self, made: Made, tree: Dataset) -> None:
        found, wanted = cell.company(tree, CELL), counted(made)
        assert found.n_autapses == 3
        for side in ("in", "out"):
            counts = wanted[f"n_{side}"]
            typed = wanted.known & (wanted.kind != "untyped")
            assert found.count(side) == ((counts > 0).sum(), counts.sum())
            assert found.count(side, known=True) == ((counts[wanted.known] > 0).sum(), counts[wanted.known].sum())
            assert found.typed(side) == ((counts[typed] > 0).sum(), counts[typed].sum())
        assert found.n_reciprocal == ((wanted.n_in > 0) & (wanted.n_out > 0)).sum()


class TestIdentity:
    def test_classifications_proofreading_and_position(self, made: Made, tree: Dataset) -> None:
        who = cell.identity(tree, tree.code_of(CELL))
        assert who.classes == (("cell_type", "23P"), ("mtype", "L2a"))
        assert who.proofreading == (
            "axon proofread: followed to its ends, so that nearly all its outputs are known (axon_fully_extended)",
        )
        assert who.outdated == ""
        assert who.place_um == pytest.approx(tuple(made.cells.iloc[0][["x_nm", "y_nm", "z_nm"]] / 1000))
        assert who.known
        assert who.complete_in
        assert who.complete_out

    def test_a_status_of_an_older_state_is_flagged(self, made: Made, tree: Dataset) -> None:
        who = cell.identity(tree, tree.code_of(str(made.cells.cell_id[2])))
        assert who.outdated.startswith("proofread as 5, an older state of this cell")
        assert who.classes[0] == ("cell_type", None)

    def test_an_axon_that_nobody_proofread_says_so(self, made: Made, tree: Dataset) -> None:
        who = cell.identity(tree, tree.code_of(str(made.cells.cell_id[1])))
        assert who.proofreading[0].startswith("axon not proofread")


class TestSynapses:
    def test_rows_are_the_cells_own_with_the_nearest_node_and_its_path(self, made: Made, tree: Dataset) -> None:
        found = cell_synapses.table(tree, CellSynapsesView(cell=CELL)).table().to_pandas().set_index("synapse_id")
        own = made.synapses[((made.synapses.pre_id == FIRST) != (made.synapses.post_id == FIRST))].set_index(
            "synapse_id"
        )
        assert sorted(found.index) == sorted(own.index), "autapses are left out"
        for i, row in own.iterrows():
            here = found.loc[i]
            incoming = row.post_id == FIRST
            assert here.direction == ("in" if incoming else "out")
            assert here.partner_id == (row.pre_id if incoming else row.post_id)
            assert here["size"] == row["size"]
            assert here.compartment == row.compartment or (pd.isna(here.compartment) and row.compartment is None)
            assert here.depth_um == pytest.approx(row.y_nm / 1000)
            if np.isnan(row.z_nm):
                assert np.isnan(here.attached_um)
                assert np.isnan(here.path_um)
                continue
            far = [sum((row[f"{a}_nm"] / 1000 - node[k]) ** 2 for k, a in enumerate("xyz")) ** 0.5 for node in NODES_UM]
            assert here.attached_um == pytest.approx(min(far))
            np.testing.assert_allclose(here.path_um, PATHS[int(np.argmin(far))])

    def test_masks_part_the_synapses_of_labelled_nodes(self, tree: Dataset) -> None:
        parts = {
            m: cell_synapses.synapses_of(tree, CellView(cell=CELL, mask=m)) for m in ("all", "axon", "dendrite", "soma")
        }
        kinds = Counter(parts["all"].part.tolist())  # type: ignore[union-attr]
        assert len(parts["axon"].rows) == kinds[2] > 0
        assert len(parts["dendrite"].rows) == kinds[3] + kinds[4] > 0
        assert len(parts["soma"].rows) == kinds[1] > 0
        for made in parts.values():
            gone = sum(left.synapses or 0 for left in made.ledger.left_out)
            assert made.ledger.read == made.ledger.kept + gone == 300 + 120 + 2 * 3, "an autapse is input and output"

    def test_the_partners_that_are_listed_are_those_whose_synapses_are_drawn(self, made: Made, tree: Dataset) -> None:
        view = CellView(cell=CELL, side="in", known="yes", type="BC")
        listed = partners.partners(tree, view.partners()).table().to_pandas()
        found = cell_synapses.synapses_of(tree, view)
        assert found.rows.incoming.all()
        assert Counter(tree.index.text(found.rows.partner)) == Counter(
            {str(i): n for i, n in zip(listed.partner_id, listed.n_in, strict=True)}
        )

    def test_the_ledger_tells_the_median_attachment_and_what_has_no_place(self, made: Made, tree: Dataset) -> None:
        found = cell_synapses.synapses_of(tree, CellView(cell=CELL))
        distance = found.attached.distance  # type: ignore[union-attr]
        notes = " / ".join(found.ledger.notes)
        assert f"nearest of 8 skeleton nodes: median {np.nanmedian(distance):.2f} µm away" in notes
        assert f"{int(np.isnan(distance).sum())} synapses without a position" in notes
        loose = int((np.isnan(found.path_um) & ~np.isnan(distance)).sum())  # type: ignore[arg-type]
        assert loose > 0
        assert f"{loose} synapses lie on pieces of the skeleton that are not joined" in notes

    def test_without_or_with_a_damaged_skeleton_the_synapses_are_there_all_the_same(
        self, made: Made, tree: Dataset
    ) -> None:
        for number, said in ((1, "is damaged: line 1 has 4"), (3, "none of this cell")):
            found = cell_synapses.synapses_of(tree, CellView(cell=str(made.cells.cell_id[number])))
            assert len(found.rows)
            assert found.body is None
            assert said in found.no_body
            assert found.path_um is None
            mask = CellView(cell=str(made.cells.cell_id[number]), mask="axon")
            assert len(cell_synapses.synapses_of(tree, mask).rows) == 0

    def test_a_limit_cuts_and_is_told(self, tree: Dataset) -> None:
        result = cell_synapses.table(tree, CellSynapsesView(cell=CELL, limit=9))
        assert result.rows == 9 == len(result.table())
        assert (result.ledger.total, result.ledger.cut) == (420, True)

    def test_connections_without_rows_say_what_is_missing(self, tmp_path: Path) -> None:
        samples.edges(tmp_path / "data", tmp_path)
        dataset = open_dataset(tmp_path / "data", "edges")
        with pytest.raises(InputError, match="holds connections, not single synapses"):
            cell_synapses.synapses_of(dataset, CellView(cell=dataset.index.text([0])[0]))


def test_the_address_of_a_page_goes_there_and_back() -> None:
    view = CellView("tree", CELL, "in", "yes", 40.0, "mtype", "PTC", "86", "-n_in", "axon", "path", "3d", "50")
    assert schema.parse(CellView, schema.encode(view)) == view
    assert schema.encode(CellView("tree", CELL)) == {"ds": "tree", "cell": CELL}
    assert CellView(side="in").partners().sort == "-n_in", "of one side its strongest first"
    assert CellView(side="in", sort="kind").partners().sort == "kind"


# ---- published data


@pytest.fixture(scope="module")
def minnie(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The 42 cells with the cell types of about the same time, and their skeletons."""
    real, scratch = real_data / "real", tmp_path_factory.mktemp("minnie")
    own = pd.read_csv(real / "minnie65_cells_a" / "cells.csv", dtype={"pt_root_id": "int64"})
    own = own.rename(columns={"pt_root_id": "cell_id", "soma_x_nm": "x_nm", "soma_y_nm": "y_nm", "soma_z_nm": "z_nm"})
    more = pd.read_csv(real / "minnie65_annotations" / "cells_no_repeats.csv", dtype={"pt_root_id": "int64"})
    more = pd.DataFrame({
        "cell_id": more.pt_root_id, "cell_type": more.cell_type, "x_nm": more.pt_x * 4.0, "y_nm": more.pt_y * 4.0,
        "z_nm": more.pt_z * 40.0,
    })  # fmt: skip
    cells = pd.concat([own[list(more.columns)], more[~more.cell_id.isin(own.cell_id)]])
    cells.to_parquet(scratch / "cells.parquet", index=False)
    own[["cell_id"]].to_csv(scratch / "complete.csv", index=False)
    spec = ImportSpec(
        "minnie65_cells_a", synapses=(real / "minnie65_cells_a" / "synapses.parquet",),
        cells=(scratch / "cells.parquet",), complete=(scratch / "complete.csv",), vertical="y",
    )  # fmt: skip
    skeletons = real / "minnie65_cells_a" / "skeletons"
    import_dataset(scratch / "data", spec, prepare=lambda place: shutil.copytree(skeletons, place / "skeletons"))
    return open_dataset(scratch / "data", "minnie65_cells_a")


class TestRealNeurons:
    def test_the_cell_with_most_inputs(self, minnie: Dataset) -> None:
        found = cell.company(minnie, "864691136266561524")
        assert found.count("in") == (6_546, 7_466)
        assert found.n_autapses == 0
        assert sum(k.n_in for k in found.kinds) == 7_466

    def test_the_cell_with_most_outputs(self, minnie: Dataset) -> None:
        found = cell.company(minnie, "864691136973935900")
        assert found.count("out") == (319, 348)

    def test_inputs_of_all_listed_cells_by_type_untyped_apart(self, minnie: Dataset, real_data: Path) -> None:
        listed = pd.read_csv(real_data / "real" / "minnie65_cells_a" / "cells.csv")
        sums: Counter[str] = Counter()
        rows_in = rows_out = 0
        for i, row in listed.iterrows():
            found = cell.company(minnie, str(row.pt_root_id))
            assert found.count("in")[1] == row.n_input_synapses, i
            assert found.count("out")[1] == row.n_output_synapses, i
            rows_in, rows_out = rows_in + found.count("in")[1], rows_out + found.count("out")[1]
            for kind in found.kinds:
                sums[kind.kind if kind.kind not in ("untyped", "fragment") else "untyped"] += kind.n_in
        assert (rows_in, rows_out) == (134_979, 3_076)
        published = {
            "untyped": 132672,
            "23P": 790,
            "4P": 567,
            "6P-IT": 328,
            "5P-IT": 285,
            "6P-CT": 227,
            "5P-ET": 99,
            "5P-NP": 11,
        }
        assert {k: n for k, n in sums.items() if n} == published

    def test_synapses_lie_on_the_skeleton(self, minnie: Dataset) -> None:
        found = cell_synapses.synapses_of(minnie, CellView(cell="864691136266561524"))
        assert found.body is not None and len(found.body.skeleton) == 2_869
        assert found.attached is not None and found.attached.median == pytest.approx(1.20, abs=0.01)
        assert "median 1.20 µm away" in found.ledger.notes[0]
        np.testing.assert_allclose(found.body.nodes_um[found.body.root], cell.identity(minnie, found.code).place_um)
        assert found.path_um is not None and np.nanmax(found.path_um) < 293

    def test_every_listed_cell_has_a_skeleton_that_its_synapses_lie_on(self, minnie: Dataset) -> None:
        listed = [path.stem for path in sorted((minnie.place / "skeletons").glob("*.swc"))]
        assert len(listed) == 42
        for cell_id in listed:
            found = cell_synapses.synapses_of(minnie, CellView(cell=cell_id))
            assert found.attached is not None and found.attached.median < 3, cell_id
            assert found.path_um is not None and not np.isnan(found.path_um).any(), cell_id


def test_top_inputs_of_the_oviposition_neuron(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "real" / "hemibrain_oviIN"
    (tmp_path / "one.txt").write_text("423101189\n")
    spec = ImportSpec(
        "ovi", synapses=(folder / "ovi_pre_syns.csv", folder / "ovi_post_syns.csv"), cells=(folder / "traced-neurons.csv",),
        complete=(tmp_path / "one.txt",), voxel_nm=(8, 8, 8),
    )  # fmt: skip
    import_dataset(tmp_path / "data", spec)
    dataset = open_dataset(tmp_path / "data", "ovi")
    view = CellView(cell="423101189", side="in")
    found = partners.partners(dataset, view.partners()).table().slice(0, 5).to_pylist()
    assert [(row["partner_id"], row["n_in"]) for row in found] == [
        (611015907, 287), (5813087891, 255), (1598011458, 243), (5813022375, 236), (448342846, 225),
    ]  # fmt: skip
    assert found[4]["cumulative_in"] == pytest.approx((287 + 255 + 243 + 236 + 225) / 21_624)
    assert cell.company(dataset, "423101189").count("in") == (2_524, 21_624)
    with pytest.raises(NotFoundError, match="no cell 42 in ovi"):
        cell.company(dataset, "42")
