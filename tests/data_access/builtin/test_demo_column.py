"""The synthetic column holds what its truth says: recomputed from the tables alone, by another route."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from data_access.builtin import demo_column
from data_access.builtin.demo_column import (
    DATASET_ID,
    MEANINGS,
    DemoColumn,
    generate,
    write_extras,
    write_sources,
)
from data_access.builtin.demo_connections import joint_law

PUBLISHED_CENSUS = {
    "23P": 19_650, "4P": 14_712, "5P-ET": 2_149, "5P-IT": 7_890, "5P-NP": 932, "6P-CT": 6_770,
    "6P-IT": 11_651, "BC": 3_354, "BPC": 1_494, "MC": 2_469, "NGC": 588,
}  # fmt: skip
NONNEURONAL = {"OPC", "astrocyte", "microglia", "oligo", "pericyte"}
INHIBITORY = {"BC", "MC", "BPC", "NGC"}


@dataclass(frozen=True)
class Column:
    """A generated column with its tables in pandas (ids stay integers)."""

    made: DemoColumn
    cells: pd.DataFrame
    synapses: pd.DataFrame
    connections: pd.DataFrame

    @property
    def truth(self) -> dict:
        return self.made.truth


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Nullable integers, so that no id passes through a float."""
    return table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)


def prepared(seed: int) -> Column:
    made = generate(seed)
    cells = to_pandas(made.cells).set_index("cell_id")
    synapses = to_pandas(made.synapses)
    connections = synapses.groupby(["pre_id", "post_id"]).size().rename("n").reset_index()
    for side in ("pre", "post"):
        connections[side] = connections[f"{side}_id"].map(cells["cell_type"].dropna())
    return Column(made, cells, synapses, connections)


@pytest.fixture(scope="module")
def column() -> Column:
    return prepared(1718)


@pytest.fixture(scope="module", params=[1718, 7])
def any_column(request: pytest.FixtureRequest, column: Column) -> Column:
    return column if request.param == 1718 else prepared(request.param)


def neurons(column: Column) -> pd.DataFrame:
    return column.cells[column.cells["cell_type"].isin(column.truth["types"])]


# The cells


def test_types_come_in_published_proportions_and_at_least_fifteen_each(column: Column) -> None:
    counts = column.cells["cell_type"].value_counts()
    assert set(counts.index) == set(PUBLISHED_CENSUS) | NONNEURONAL
    assert counts.min() >= 15
    n_neurons = counts[list(PUBLISHED_CENSUS)].sum()
    assert n_neurons == 1_355
    for name, published in PUBLISHED_CENSUS.items():
        expected = n_neurons * published / sum(PUBLISHED_CENSUS.values())
        assert abs(counts[name] - expected) <= (6 if expected >= 15 else 15 - expected), name
    assert counts.to_dict() == column.truth["type_counts"]


def test_ids_are_distinct_exceed_double_precision_and_do_not_betray_the_type(column: Column) -> None:
    ids = column.cells.index.to_numpy(dtype=np.int64)
    assert ids.dtype == np.int64
    assert column.made.cells.schema.field("cell_id").type == pa.int64()
    assert len(np.unique(ids)) == len(ids)
    assert ids.min() > 2**53
    assert (ids.astype(float).astype(np.int64) != ids).mean() > 0.9, "ids that survive floats would hide mistakes"
    rank = column.cells["cell_type"].dropna().astype("category").cat.codes
    in_id_order = rank.loc[sorted(rank.index)].to_numpy()
    assert abs(np.corrcoef(in_id_order[:-1], in_id_order[1:])[0, 1]) < 0.12


def test_layer_follows_depth_and_depth_is_y(column: Column) -> None:
    placed = column.cells.dropna(subset=["y_nm"])
    np.testing.assert_allclose(placed["depth_um"], placed["y_nm"] / 1000)
    spans = placed.groupby("layer")["depth_um"].agg(["min", "max"]).loc[["L1", "L2/3", "L4", "L5", "L6", "WM"]]
    assert (spans["max"].to_numpy()[:-1] <= spans["min"].to_numpy()[1:]).all()
    assert placed["depth_um"].between(0, 900).all()
    assert placed["x_nm"].between(0, 500_000).all()
    assert placed["z_nm"].between(0, 500_000).all()


def test_thalamic_axons_are_cells_without_type_nucleus_or_place(column: Column) -> None:
    axons = column.cells[column.cells["cell_type"].isna()]
    assert len(axons) == 10
    assert axons[["nucleus_id", "broad_type", "layer", "x_nm", "y_nm", "z_nm", "depth_um"]].isna().all(axis=None)
    assert axons["status_axon"].all()
    assert (axons["valid_id"] == axons.index).all()
    assert set(axons.index) <= set(column.synapses["pre_id"])
    assert not set(axons.index) & set(column.synapses["post_id"])


def test_a_few_proofreading_entries_are_outdated(column: Column) -> None:
    cells = column.cells
    entry = cells["valid_id"].notna()
    assert (entry == (cells["status_axon"] | cells["status_dendrite"])).all()
    outdated = cells[entry & (cells["valid_id"] != cells.index.to_series())]
    assert len(outdated) == column.truth["n_outdated_status"] > 0
    assert outdated["status_axon"].all()
    assert not set(outdated["valid_id"]) & set(cells.index)
    assert (cells["status_axon"] == (cells["strategy_axon"] != "none")).all()
    assert not cells.loc[cells["broad_type"] == "nonneuronal", ["status_axon", "status_dendrite"]].any(axis=None)
    assert set(cells["strategy_axon"]) == {
        "none", "axon_partially_extended", "axon_fully_extended", "axon_column_truncated", "axon_interareal",
    }  # fmt: skip


def test_automatic_classes_are_mostly_right_sometimes_unsure_or_missing(column: Column) -> None:
    mtype = neurons(column)["mtype"]
    assert 0.02 < (mtype == "unsure").mean() < 0.09
    assert 0.02 < mtype.isna().mean() < 0.07
    basket = neurons(column).query("cell_type == 'BC'")["mtype"]
    assert 0.7 < (basket == "PTC").mean() < 1.0


# Connections against the published numbers and against the law


def test_totals_resemble_the_published_column(column: Column) -> None:
    ids = set(neurons(column).index)
    among = column.connections[column.connections["pre_id"].isin(ids) & column.connections["post_id"].isin(ids)]
    assert len(among) == pytest.approx(78_928, rel=0.05)
    assert among["n"].sum() == pytest.approx(146_711, rel=0.05)
    assert len(among) / len(ids) ** 2 == pytest.approx(0.0430, rel=0.05)
    assert 150_000 <= len(column.synapses) <= 160_000
    from_inhibitory, onto_inhibitory = among["pre"].isin(INHIBITORY), among["post"].isin(INHIBITORY)
    exc_exc = among[~from_inhibitory & ~onto_inhibitory]
    assert exc_exc["n"].sum() == pytest.approx(36_233, rel=0.06)
    assert among[from_inhibitory & ~onto_inhibitory]["n"].sum() == pytest.approx(72_765, rel=0.06)
    assert exc_exc["n"].mode().tolist() == [1]
    assert 1.2 < exc_exc["n"].mean() < 1.5
    assert among[(among["pre"] == "BC") & ~onto_inhibitory]["n"].mean() > 3


@dataclass(frozen=True)
class Pair:
    """One ordered pair of types: the law's probabilities of all its cell pairs, and which are connected."""

    p: np.ndarray
    p_back: np.ndarray
    there: np.ndarray
    back: np.ndarray


def law_of(column: Column) -> dict[tuple[str, str], Pair]:
    """Every ordered pair of types by brute force, from the two tables and the matrices of the truth alone."""
    truth, names = column.truth, column.truth["types"]
    connected = set(zip(column.connections["pre_id"], column.connections["post_id"], strict=True))
    groups = {name: neurons(column).query("cell_type == @name") for name in names}
    found = {}
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            of_a, of_b = groups[a], groups[b]
            d2 = cdist(of_a[["x_nm", "y_nm", "z_nm"]] / 1000, of_b[["x_nm", "y_nm", "z_nm"]] / 1000) ** 2
            there = np.array([[(m, n) in connected for n in of_b.index] for m in of_a.index])
            back = np.array([[(n, m) in connected for n in of_b.index] for m in of_a.index])
            p = truth["pmax"][i][j] * np.exp(-d2 / (2 * truth["sigma_um"][i][j] ** 2))
            p_back = truth["pmax"][j][i] * np.exp(-d2 / (2 * truth["sigma_um"][j][i] ** 2))
            others = ~np.eye(len(of_a), dtype=bool) if a == b else np.ones(d2.shape, dtype=bool)
            found[a, b] = Pair(p[others], p_back[others], there[others], back[others])
    return found


def test_connections_and_reciprocal_pairs_follow_the_law(any_column: Column) -> None:
    truth, names = any_column.truth, any_column.truth["types"]
    scores, mutual_scores = [], []
    for (a, b), pair in law_of(any_column).items():
        i, j = names.index(a), names.index(b)
        r = truth["r"][i][j]
        variance = (pair.p * (1 - pair.p)).sum()
        if a == b:
            variance += ((r - 1) * pair.p * pair.p_back).sum()
        scores.append((pair.there.sum() - pair.p.sum()) / np.sqrt(variance))
        assert truth["expected"]["connections"][i][j] == pytest.approx(pair.p.sum(), abs=1e-3)
        assert truth["expected"]["connections_sd"][i][j] == pytest.approx(np.sqrt(variance), abs=1e-3)

        each = 0.5 if a == b else 1.0  # within a type every unordered pair stands twice
        both = r * pair.p * pair.p_back
        expected, observed = each * both.sum(), each * (pair.there & pair.back).sum()
        assert truth["expected"]["reciprocal_pairs"][i][j] == pytest.approx(expected, abs=1e-3)
        if i <= j and expected > 5:
            mutual_scores.append((observed - expected) / np.sqrt(each * (both * (1 - both)).sum()))
    assert len(scores) == 121
    assert np.abs(scores).max() < 5
    assert 0.6 < np.mean(np.square(scores)) < 1.5
    assert len(mutual_scores) > 25
    assert np.abs(mutual_scores).max() < 5
    assert 0.4 < np.mean(np.square(mutual_scores)) < 1.9


def test_reciprocal_excess_can_be_told_from_chance(column: Column) -> None:
    truth, names = column.truth, column.truth["types"]
    law, r = law_of(column), np.array(truth["r"])
    assert (r == r.T).all()
    unusual = [(a, b) for i, a in enumerate(names) for j, b in enumerate(names) if i <= j and r[i, j] != 1]
    assert len(unusual) >= 5
    for a, b in unusual:
        pair, true_r = law[a, b], r[names.index(a), names.index(b)]
        chance = (pair.p * pair.p_back).sum()
        counted = (pair.there & pair.back).sum()
        pairs_per_count = 2 if a == b else 1
        error = np.sqrt(pairs_per_count * true_r / chance)
        assert counted / chance == pytest.approx(true_r, abs=4 * error), (a, b)
        assert abs(counted / chance - 1) > 4 * np.sqrt(pairs_per_count / chance), (a, b)


def test_autapses_are_counted_as_told(column: Column) -> None:
    selves = column.connections[column.connections["pre_id"] == column.connections["post_id"]]
    assert len(selves) == column.truth["counts"]["autapses"]
    assert selves["n"].sum() == column.truth["counts"]["autapse_synapses"]
    expected = 1_355 * column.truth["autapse_p"]
    assert abs(len(selves) - expected) < 4 * np.sqrt(expected)
    assert 24 <= len(selves) <= 60, "a few dozen"
    assert selves["pre"].notna().all()


def test_thalamic_axons_prefer_their_targets_as_told(column: Column) -> None:
    axons = column.cells.index[column.cells["cell_type"].isna()]
    received = column.connections[column.connections["pre_id"].isin(axons)]["post"].value_counts()
    for name, p in zip(column.truth["types"], column.truth["thalamic_p"], strict=True):
        pairs = len(axons) * column.truth["type_counts"][name]
        assert abs(received.get(name, 0) - pairs * p) < 5 * np.sqrt(pairs * p * (1 - p)), name


def test_nonneuronal_cells_neither_make_nor_receive_synapses(column: Column) -> None:
    glia = set(column.cells.index[column.cells["broad_type"] == "nonneuronal"])
    assert len(glia) >= 75
    assert not glia & set(column.synapses["pre_id"])
    assert not glia & set(column.synapses["post_id"])


def test_fragments_are_partners_that_the_cell_table_does_not_hold(column: Column) -> None:
    cells = set(column.cells.index)
    pre, post = set(column.synapses["pre_id"]) - cells, set(column.synapses["post_id"]) - cells
    counts = column.truth["counts"]
    assert (len(pre), len(post)) == (counts["pre_fragments"], counts["post_fragments"])
    assert len(pre) > 2_000
    assert len(post) > 2_000
    assert not pre & post
    assert min(pre | post) > 2**53
    known = column.synapses["pre_id"].isin(cells) | column.synapses["post_id"].isin(cells)
    assert known.all(), "no synapse between two fragments"
    both = column.synapses["pre_id"].isin(cells) & column.synapses["post_id"].isin(cells)
    assert both.sum() == counts["synapses_between_cells"]
    assert (len(column.synapses), len(column.connections)) == (counts["synapses"], counts["connections"])


# Synapses


def with_law(column: Column, table: pd.DataFrame) -> pd.Series:
    """Name of the synapse law of each row between typed neurons (missing elsewhere)."""
    names = column.truth["types"]
    table = table.assign(
        pre=table["pre_id"].map(column.cells["cell_type"]),
        post=table["post_id"].map(column.cells["cell_type"]),
    )
    matrix = pd.DataFrame(column.truth["synapse_law"], index=names, columns=names).stack().rename("law")
    return table.merge(matrix, left_on=["pre", "post"], right_index=True, how="left")["law"]


def test_synapses_per_connection_follow_their_law(column: Column) -> None:
    for name, n in column.connections["n"].groupby(with_law(column, column.connections)):
        law = column.truth["synapse_laws"][name]
        mean, shape = law["extra_mean"], law["extra_shape"]
        variance = mean + mean**2 / shape
        assert n.min() == 1
        assert abs(n.mean() - 1 - mean) < 5 * np.sqrt(variance / len(n)), name
        assert n.var() == pytest.approx(variance, rel=0.35), name


def test_sizes_are_log_normal_and_alike_within_a_connection(column: Column) -> None:
    assert column.made.synapses.schema.field("size").type == pa.int32()
    assert column.synapses["size"].min() >= 50
    frame = column.synapses.assign(
        law=with_law(column, column.synapses), log_size=np.log(column.synapses["size"].to_numpy(dtype=float))
    )
    assert frame["law"].nunique() == 10
    for name, mine in frame.dropna(subset=["law"]).groupby("law"):
        law = column.truth["synapse_laws"][name]
        sd, shared = law["ln_size_sd"], law["size_correlation"]
        groups = mine.groupby(["pre_id", "post_id"])["log_size"]
        n, total = groups.size().to_numpy(dtype=float), len(mine)
        # Variance of the mean of clustered values: sum over clusters of n (1 + (n - 1) c), over total^2.
        error = sd * np.sqrt((n * (1 + (n - 1) * shared)).sum()) / total
        assert abs(mine["log_size"].mean() - law["ln_size_mean"]) < 5 * error, name
        assert mine["log_size"].std() == pytest.approx(sd, rel=0.06), name
        within = mine["log_size"] - groups.transform("mean")
        pooled = (within**2).sum() / (n - 1).sum()
        assert pooled == pytest.approx(sd**2 * (1 - shared), rel=0.12), name


def test_log_sizes_of_excitatory_synapses_are_normal_in_shape(column: Column) -> None:
    mine = column.synapses[with_law(column, column.synapses) == "E->E"]
    z = np.log(mine["size"].to_numpy(dtype=float))
    z = (z - z.mean()) / z.std()
    assert abs((z**3).mean()) < 0.06
    assert (z**4).mean() == pytest.approx(3, abs=0.15)


def test_target_compartments_have_their_fractions(column: Column) -> None:
    law = with_law(column, column.synapses)
    seen = pd.crosstab(law, column.synapses["compartment"])
    assert set(seen.columns) == {"spine", "shaft", "soma"}
    for name, row in seen.iterrows():
        for compartment, count in row.items():
            p, n = column.truth["synapse_laws"][name][compartment], row.sum()
            assert abs(count - n * p) <= 5 * np.sqrt(n * p * (1 - p)), (name, compartment)
    onto_fragment = ~column.synapses["post_id"].isin(column.cells.index)
    assert (column.synapses["compartment"].isna() == onto_fragment).all()
    assert seen.loc["BC->E", "soma"] / seen.loc["BC->E"].sum() > 0.5
    assert seen.loc["E->E", "spine"] / seen.loc["E->E"].sum() > 0.8


def distance_to_segments(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Smallest distance of each point to any of the segments."""
    along = end - start
    t = ((points[:, None] - start) * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-9)
    nearest = start + np.clip(t, 0, 1)[..., None] * along
    return np.linalg.norm(points[:, None] - nearest, axis=-1).min(axis=1)


def test_synapses_lie_on_the_compartment_of_the_postsynaptic_skeleton(column: Column) -> None:
    checked = 0
    for cell_id, mine in column.synapses.groupby("post_id"):
        rows = column.made.skeletons.get(int(cell_id))
        if rows is None:
            continue
        xyz = mine[["x_nm", "y_nm", "z_nm"]].to_numpy(dtype=float)
        somatic = (mine["compartment"] == "soma").to_numpy()
        from_centre = np.linalg.norm(xyz - rows[0, 2:5], axis=1)
        assert np.abs(from_centre[somatic] - rows[0, 5]).max(initial=0) < 10
        child = np.flatnonzero(np.isin(rows[:, 1], (3, 4)))
        start, end = rows[rows[child, 6] - 1, 2:5].astype(float), rows[child, 2:5].astype(float)
        gap = distance_to_segments(xyz[~somatic], start, end)
        assert gap.max(initial=0) < 2_000
        checked += len(mine)
    assert checked > 145_000


def test_outputs_onto_fragments_leave_from_the_axon(column: Column) -> None:
    outputs = column.synapses[~column.synapses["post_id"].isin(column.cells.index)]
    for cell_id, mine in outputs.groupby("pre_id"):
        rows = column.made.skeletons[int(cell_id)]
        gap, _ = cKDTree(rows[rows[:, 1] == 2, 2:5]).query(mine[["x_nm", "y_nm", "z_nm"]].to_numpy(dtype=float))
        assert gap.max() < 500


# Skeletons


def test_every_neuron_has_a_small_branching_tree(column: Column) -> None:
    cells = neurons(column)
    assert set(column.made.skeletons) == set(cells.index)
    for cell_id, rows in column.made.skeletons.items():
        cell = cells.loc[cell_id]
        assert 60 <= len(rows) <= 120
        assert (rows[:, 0] == np.arange(1, len(rows) + 1)).all()
        assert rows[0, 6] == -1
        assert ((rows[1:, 6] >= 1) & (rows[1:, 6] < rows[1:, 0])).all(), "parents come first: a tree without loops"
        assert (rows[0, 2:5] == cell[["x_nm", "y_nm", "z_nm"]]).all()
        assert (rows[:, 3] > 0).all(), "nothing outside the brain"
        kinds = {1, 2, 3, 4} if cell["broad_type"] == "excitatory" else {1, 2, 3}
        assert set(rows[:, 1].tolist()) == kinds
        assert (rows[:, 1] == 1).sum() == 1
        if 4 in kinds:
            assert rows[rows[:, 1] == 4, 3].min() < rows[0, 3], "the apical dendrite climbs"
        sphere = 4 / 3 * np.pi * (rows[0, 5] / 1000) ** 3
        assert cell["volume_um3"] == pytest.approx(sphere, rel=0.001)


# The law itself, the seed, the files


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 4))
def test_joint_law_keeps_its_margins_or_refuses(p_ab: float, p_ba: float, r: float) -> None:
    one = [np.array([v]) for v in (p_ab, p_ba, r)]
    wanted, low, high = r * p_ab * p_ba, max(0.0, p_ab + p_ba - 1), min(p_ab, p_ba)
    assume(min(abs(wanted - low), abs(wanted - high)) > 1e-9 or wanted == 0 == low)
    possible = low <= wanted <= high
    if not possible:
        with pytest.raises(ValueError, match="not feasible"):
            joint_law(*one)
        return
    both, only_ab, only_ba = joint_law(*one)
    assert both[0] + only_ab[0] == pytest.approx(p_ab)
    assert both[0] + only_ba[0] == pytest.approx(p_ba)
    assert min(both[0], only_ab[0], only_ba[0], 1 - both[0] - only_ab[0] - only_ba[0]) >= -1e-9


def digest(made: DemoColumn) -> str:
    text = hashlib.sha256(json.dumps(made.truth, sort_keys=True).encode())
    for table in (made.cells, made.synapses):
        for name in table.column_names:
            text.update(repr(table[name].to_pylist()).encode())
    for cell_id, rows in made.skeletons.items():
        text.update(f"{cell_id}".encode() + rows.tobytes())
    return text.hexdigest()


def test_the_same_seed_gives_the_same_column_and_another_seed_another(column: Column) -> None:
    assert digest(generate()) == digest(column.made)
    assert digest(generate(7)) != digest(column.made)


def test_extras_are_marked_synthetic_and_small(column: Column, tmp_path: Path) -> None:
    write_extras(column.made, tmp_path)
    files = sorted((tmp_path / "skeletons").iterdir())
    assert {f.name for f in files} == {f"{cell_id}.swc" for cell_id in neurons(column).index}
    assert sum(f.stat().st_size for f in files) < 6_000_000
    text = files[0].read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "SYNTHETIC" in text
    read = np.loadtxt(files[0], comments="#", dtype=np.int64)
    assert (read == column.made.skeletons[int(files[0].stem)]).all()
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert truth == column.truth
    assert truth["synthetic"] is True
    assert truth["seed"] == 1718


def test_sources_say_what_they_are(column: Column, tmp_path: Path) -> None:
    spec = write_sources(column.made, tmp_path)
    assert spec.id == DATASET_ID == "demo-column"
    assert spec.synthetic
    assert "synthetic" in spec.title.lower()
    assert spec.licence == "CC0-1.0"
    assert "1718" in spec.source
    assert "measured" in spec.citation
    cells, synapses = (pq.read_table(files[0]) for files in (spec.cells, spec.synapses))
    assert cells.equals(column.made.cells)
    assert synapses.equals(column.made.synapses)
    assert set(cells.column_names) | set(synapses.column_names) == set(MEANINGS) == set(spec.meanings)


def test_import_keeps_every_cell_and_synapse(column: Column, tmp_path: Path) -> None:
    from data_access.importer import import_dataset

    spec = write_sources(column.made, tmp_path / "sources")
    meta = import_dataset(tmp_path / "data", spec, prepare=lambda folder: write_extras(column.made, folder))
    counts = column.truth["counts"]
    assert meta.synthetic
    assert (meta.n_synapses, meta.n_connections, meta.n_autapses) == (
        counts["synapses"], counts["connections"], counts["autapses"],
    )  # fmt: skip
    assert meta.n_cells == counts["cells"] + counts["pre_fragments"] + counts["post_fragments"]
    assert meta.n_complete == counts["cells"]
    assert "skeletons" in meta.capabilities
    assert not meta.ledger.rows_left_out
    kept = to_pandas(pq.read_table(tmp_path / "data" / DATASET_ID / "cells.parquet", columns=["cell_id", "valid_id"]))
    kept = kept.set_index("cell_id")["valid_id"].loc[column.cells.index]
    assert kept.equals(column.cells["valid_id"])
    assert (tmp_path / "data" / DATASET_ID / "truth.json").is_file()
    assert demo_column.GENERATOR_VERSION in meta.version
