"""The C. elegans connectome out of the pinned wheel, against the publication and another processing of it."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import builtin
from data_access.builtin import celegans
from data_access.builtin.celegans import CElegans
from data_access.builtin.celegans_cells import common_name
from data_access.builtin.spreadsheet import Sheet, read_sheets
from data_access.dataset import open_dataset
from data_access.errors import SynaptoscopeError
from data_access.layouts import connection_roles
from data_access.sources import open_table

# One worker reads the workbooks once.
pytestmark = pytest.mark.xdist_group("celegans")
DOWNLOADS = Path(__file__).resolve().parents[3] / "data" / ".downloads"


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The wheel, from where `make run` keeps it too, so that a second run needs no network."""
    return celegans.obtain_wheel(DOWNLOADS)


@pytest.fixture(scope="module")
def worm(wheel: Path) -> CElegans:
    return celegans.read_wheel(wheel)


@pytest.fixture(scope="module")
def cells(worm: CElegans) -> pd.DataFrame:
    return worm.cells.to_pandas().set_index("cell_id")


@pytest.fixture(scope="module")
def chemical(worm: CElegans) -> pd.Series:
    return worm.connections.to_pandas().set_index(["pre_id", "post_id"])["weight"]


@pytest.fixture(scope="module")
def gaps(worm: CElegans) -> pd.Series:
    return worm.gap_junctions.to_pandas().set_index(["cell_a", "cell_b"])["weight"]


@pytest.fixture(scope="module")
def other(real_data: Path) -> pd.DataFrame:
    """The same connectome as another group processed it."""
    return pd.read_csv(real_data / "real" / "celegans_hermaphrodite" / "edgelist.csv.gz")


def sheet(wheel: Path, file: str, name: str) -> Sheet:
    with zipfile.ZipFile(wheel) as package:
        return read_sheets(package.read(f"cect/data/{file}"), (name,))[0]


def test_counts(worm: CElegans, chemical: pd.Series, gaps: pd.Series) -> None:
    assert worm.cells.num_rows == 473
    assert (len(chemical), chemical.sum()) == (4_879, 28_113)
    assert (len(gaps), gaps.sum()) == (1_450, 11_680)
    assert len(set(chemical.index.get_level_values(0)) | set(chemical.index.get_level_values(1))) == 446


def test_the_other_processing_holds_the_same_chemical_connections(chemical: pd.Series, other: pd.DataFrame) -> None:
    theirs = other[other["chemical_weight"].notna()].set_index(["source", "target"])["chemical_weight"]
    assert dict(chemical.items()) == {pair: int(weight) for pair, weight in theirs.items()}


def test_the_other_processing_holds_the_same_gap_junctions(gaps: pd.Series, other: pd.DataFrame) -> None:
    theirs = other[other["electrical_weight"].notna()]
    ends = theirs[["source", "target"]].to_numpy(dtype=object)
    pairs = {(min(a, b), max(a, b)): int(w) for (a, b), w in zip(ends, theirs["electrical_weight"], strict=True)}
    assert dict(gaps.items()) == pairs


def test_the_authors_one_sided_table_holds_the_same_gap_junctions(wheel: Path, gaps: pd.Series) -> None:
    file = "SI 5 Connectome adjacency matrices, corrected July 2020.xlsx"
    found = sheet(wheel, file, "hermaphrodite gap jn asymmetric")
    listed = {}
    for (row, column), value in found.items():
        if isinstance(value, float) and row > 3 and column > 3:
            a, b = str(found[row, 3]), str(found[3, column])
            listed[min(a, b), max(a, b)] = int(value)
    assert dict(gaps.items()) == listed


def test_the_published_supplement_holds_the_same_chemical_connections(wheel: Path, chemical: pd.Series) -> None:
    found = sheet(wheel, "41586_2019_1352_MOESM9_ESM.xlsx", "hermaphrodite chemical")
    published = {
        (str(found[row, 3]).strip(), str(found[3, column]).strip()): int(value)
        for (row, column), value in found.items()
        if isinstance(value, float) and row > 3 and column > 3
    }
    assert dict(chemical.items()) == published


def test_known_strong_connections(chemical: pd.Series) -> None:
    assert chemical.idxmax() == ("SABD", "hyp")
    assert chemical.max() == 142
    inputs = chemical.groupby(level="post_id").size()
    assert inputs["AVAL"] == inputs.max() == 65


def test_tables_are_sorted_whole_and_free_of_repeats(worm: CElegans) -> None:
    known = worm.cells["cell_id"].to_pylist()
    assert known == sorted(set(known))
    for table, ends in (
        (worm.connections, ("pre_id", "post_id")),
        (worm.gap_junctions, ("cell_a", "cell_b")),
    ):
        pairs = list(zip(*(table[end].to_pylist() for end in ends), strict=True))
        assert pairs == sorted(set(pairs))
        assert {end for pair in pairs for end in pair} <= set(known)
        assert min(table["weight"].to_pylist()) > 0
    coupled = worm.gap_junctions
    ends = zip(coupled["cell_a"].to_pylist(), coupled["cell_b"].to_pylist(), strict=True)
    assert all(a <= b for a, b in ends)


def test_302_neurons_of_118_classes(cells: pd.DataFrame) -> None:
    neurons = cells[cells["broad_type"].str.contains("neuron")]
    assert len(neurons) == 302
    assert neurons["cell_type"].nunique() == 118
    assert neurons["broad_type"].value_counts().to_dict() == {
        "motor neuron": 116,
        "sensory neuron": 83,
        "interneuron": 81,
        "pharyngeal neuron": 20,
        "other neuron": 2,
    }
    for column in ("neurotransmitter", "segment", "full_name", "lineage"):
        assert neurons[column].notna().all()
        assert cells.drop(neurons.index)[column].isna().all()


@pytest.mark.parametrize(
    ("cell", "cell_type", "broad_type", "transmitter"),
    [
        ("AVAL", "AVA", "interneuron", "ACh"),
        ("AFDR", "AFD", "sensory neuron", "Glu"),
        ("DD01", "DD", "motor neuron", "GABA"),
        ("DB03", "DB", "motor neuron", "ACh"),
        ("CEPDL", "CEP", "sensory neuron", "DA"),
        ("RICL", "RIC", "interneuron", "octopamine"),
        ("HSNL", "HSN", "motor neuron", "ACh"),
        ("M4", "M4", "pharyngeal neuron", "ACh"),
        ("NSML", "NSM", "pharyngeal neuron", "5-HT"),
        ("CANL", "CAN", "other neuron", "betaine (uptake)"),
        ("dBWML1", "dBWM", "muscle", None),
        ("pm3VL", "pm3", "muscle", None),
        ("um2PR", "um2", "muscle", None),
        ("mu_intL", "mu_int", "muscle", None),
        ("mu_anal", "mu_anal", "muscle", None),
        ("mc2DL", "mc2", "marginal cell", None),
        ("e3D", "e3", "epithelium", None),
        ("g1p", "g1", "gland cell", None),
        ("CEPshDL", "CEPsh", "sheath cell", None),
        ("exc_cell", "exc_cell", "excretory cell", None),
        ("hyp", "hyp", "hypodermis", None),
    ],
)
def test_what_kind_of_cell(
    cells: pd.DataFrame, cell: str, cell_type: str, broad_type: str, transmitter: str | None
) -> None:
    row = cells.loc[cell]
    assert (row["cell_type"], row["broad_type"]) == (cell_type, broad_type)
    assert row["neurotransmitter"] == transmitter or (transmitter is None and pd.isna(row["neurotransmitter"]))


def test_135_muscles(cells: pd.DataFrame) -> None:
    muscles = cells[cells["broad_type"] == "muscle"]
    assert len(muscles) == 135
    assert muscles["cell_type"].str.fullmatch("[dv]BWM").sum() == 95


def test_the_sources_agree_on_what_the_neurons_do(cells: pd.DataFrame) -> None:
    """Cook's headings and the categories of the package are two lists, written by different people."""
    pairs = {
        "Phasmid": "sensory neurons 2",
        "Mechanosensory": "sensory neurons 3",
        "Amphid": "sensory neurons 6",
        "Layer 3 interneuron": "interneurons 3",
        "Category 4 interneuron": "interneurons 4",
        "Head motor neuron": "head motor neurons",
        "Ventral cord motor neuron": "body motor neurons",
    }
    for category, group in pairs.items():
        assert set(cells.loc[cells["category"] == category, "cook_group"]) == {group}
        assert set(cells.loc[cells["cook_group"] == group, "category"]) == {category}


def test_sides_are_those_of_the_other_processing(cells: pd.DataFrame, real_data: Path) -> None:
    nodes = pd.read_csv(real_data / "real" / "celegans_hermaphrodite" / "nodes.csv.gz").set_index("node_id")
    assert set(nodes.index) == set(cells.index)
    sided = nodes["side"].where(nodes["side"].isin(["left", "right"])).dropna()
    ours = cells["side"].reindex(sided.index)
    differ = {cell for cell in sided.index if ours[cell] != sided[cell]}
    # Single cells whose names end in L or R: the other processing goes by the letter, we by the partner.
    assert differ == {"AQR", "AVL", "PQR", "PVR", "RIR"}


@pytest.mark.parametrize(
    ("cell_id", "name"),
    [
        ("AS01", "AS1"), ("AS11", "AS11"), ("VD13", "VD13"), ("dBWML1", "MDL01"), ("vBWMR24", "MVR24"),
        ("g1p", "g1P"), ("AVAL", "AVAL"), ("hyp", "hyp"), ("I1L", "I1L"), ("DVA", "DVA"),
    ],
)  # fmt: skip
def test_names_in_general_use(cell_id: str, name: str) -> None:
    assert common_name(cell_id) == name


def test_no_two_cells_share_a_name(cells: pd.DataFrame) -> None:
    assert cells["name"].is_unique
    assert not cells["name"].str.contains(r"BWM|^(?:AS|DA|DB|DD|VA|VB|VC|VD)0").any()


def test_positions_are_those_of_the_model_and_in_nm(cells: pd.DataFrame) -> None:
    placed = cells[cells["x_nm"].notna()]
    assert placed["cell_type"].value_counts().to_dict() == {"VD": 13, "VB": 11, "DB": 7, "DD": 6, "AVB": 2}
    assert placed.loc["AVBL", ["x_nm", "y_nm", "z_nm"]].tolist() == [225.0, -269_794.0, 37_863.0]
    along = placed.loc[[f"VD{i:02d}" for i in range(1, 14)], "y_nm"]
    assert along.is_monotonic_increasing
    assert 500_000 < along.iloc[-1] - along.iloc[0] < 1_000_000


def test_every_column_is_explained(worm: CElegans) -> None:
    assert set(worm.cells.schema.names) <= set(celegans.MEANINGS)
    assert "serial sections" in celegans.MEANINGS["n_synapses"]


def test_the_notes_count_what_was_merged(worm: CElegans) -> None:
    notes = "; ".join(worm.notes)
    assert "2,883 gap junction entries, both directions, became 1,450 unordered pairs; 0 differed" in notes
    assert "17 join a cell to itself" in notes
    assert "27 of 473 cells have gap junctions only" in notes
    assert "39 of 473 cells have a position" in notes


NAMES = st.sampled_from(["a", "b", "c", "d"])


@given(st.dictionaries(st.tuples(NAMES, NAMES), st.integers(1, 9)))
def test_both_directions_become_one_row_and_the_larger_weight_counts(
    entries: dict[tuple[str, str], int],
) -> None:
    pairs, unequal = celegans.unordered(entries)
    assert {frozenset(p) for p in pairs} == {frozenset(p) for p in entries}
    assert len(pairs) == len({frozenset(p) for p in entries})
    for (a, b), weight in pairs.items():
        assert a <= b
        assert weight == max(entries.get((a, b), 0), entries.get((b, a), 0))
    assert unequal == sum(entries.get((a, b)) != entries.get((b, a)) for a, b in pairs)


def test_the_files_need_no_column_options(worm: CElegans, tmp_path: Path) -> None:
    spec = celegans.write_sources(worm, tmp_path)
    roles = connection_roles(open_table(spec.connections[0]), None, None, None, ())
    assert (roles.pre, roles.post, roles.weight) == ("pre_id", "post_id", "weight")
    assert "10.1038/s41586-019-1352-7" in spec.citation
    assert not spec.synthetic


def test_it_becomes_a_dataset(wheel: Path, gaps: pd.Series, tmp_path: Path) -> None:
    (tmp_path / ".downloads").mkdir()
    shutil.copy(wheel, tmp_path / ".downloads")
    meta = builtin.build("celegans-cook2019", tmp_path)
    assert (meta.n_cells, meta.n_connections, meta.n_synapses) == (473, 4_879, 28_113)
    # As counted from the other processing.
    assert (meta.n_reciprocal_pairs, meta.n_autapses, meta.n_gap_junctions) == (669, 38, 1_450)
    assert (meta.ids, meta.n_cells_connected) == ("text", 446)
    assert "gap_junctions" in meta.capabilities
    stored = open_dataset(tmp_path, meta.id).gap_junctions.to_pandas()
    pd.testing.assert_series_equal(
        stored.set_index(["cell_a", "cell_b"])["weight"].astype("int64").sort_index(),
        gaps.sort_index(),
        check_index_type=False,
    )


def indexless(monkeypatch: pytest.MonkeyPatch, links: Path) -> None:
    """pip finds packages in a folder only, through its own configuration."""
    for name in [n for n in os.environ if n.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))


def test_pip_brings_the_wheel_and_nothing_is_unpacked(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexless(monkeypatch, wheel.parent)
    cache = tmp_path / "cache"
    celegans.read_wheel(celegans.obtain_wheel(cache))
    assert [p.name for p in cache.rglob("*")] == ["cect-0.3.5-py3-none-any.whl"]


def test_without_the_package_there_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    links = tmp_path / "links"
    links.mkdir()
    indexless(monkeypatch, links)
    with pytest.raises(SynaptoscopeError, match=r"pip could not download cect==0\.3\.5: ERROR: ") as error:
        celegans.obtain_wheel(tmp_path / "cache")
    assert "\n" not in str(error.value)
    assert f"put cect-0.3.5-py3-none-any.whl into {tmp_path / 'cache'}" in error.value.hint
    assert list((tmp_path / "cache").iterdir()) == []


def test_other_bytes_under_the_same_name_are_refused(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    with zipfile.ZipFile(links / wheel.name, "w") as forged:
        forged.writestr("cect/__init__.py", "")
        forged.writestr("cect-0.3.5.dist-info/METADATA", "Metadata-Version: 2.1\nName: cect\nVersion: 0.3.5\n")
        forged.writestr("cect-0.3.5.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    indexless(monkeypatch, links)
    with pytest.raises(SynaptoscopeError, match="pip could not download"):
        celegans.obtain_wheel(tmp_path / "cache")
    with pytest.raises(SynaptoscopeError, match="checksum differs"):
        celegans.read_wheel(links / wheel.name)


def test_a_damaged_wheel_in_the_cache_is_fetched_again(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexless(monkeypatch, wheel.parent)
    (tmp_path / wheel.name).write_bytes(wheel.read_bytes()[:1000])
    assert celegans.obtain_wheel(tmp_path).read_bytes() == wheel.read_bytes()


def test_a_wheel_in_the_cache_needs_no_pip(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celegans.sys, "executable", "/nonexistent/python")
    assert celegans.obtain_wheel(wheel.parent) == wheel


def test_the_pin_is_a_whole_checksum() -> None:
    assert re.fullmatch("[0-9a-f]{64}", celegans.WHEEL.sha256)
