"""The published data sets, imported through the command line, against facts that two other programs counted.

Every number of the table is counted again from the connections of the imported dataset, by plain Python.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import numpy as np
import pytest

from data_access.dataset import Dataset, open_dataset
from tests.data_access.command_line import CommandLine, edges

pytestmark = pytest.mark.xdist_group("facts")


@dataclass(frozen=True)
class Strongest:
    """The most synapses in one connection, one of the connections that have as many, and how many have."""

    n_synapses: int
    pre: str
    post: str
    n_tied: int


@dataclass(frozen=True)
class Degree:
    """Distinct partners over the cells that have one (autapses included), and a cell with the most."""

    mean: float
    median: float
    max: int
    max_cell: str


@dataclass(frozen=True)
class Fact:
    """One row of the table; `rows` are those of the files that were chosen."""

    name: str
    rows: int
    synapses: int
    pre_cells: int
    post_cells: int
    cells: int
    connections: int
    autapses: int
    reciprocal_pairs: int
    strongest: Strongest
    out_degree: Degree
    in_degree: Degree


# Two lines a data set: its name; rows, synapses, pre cells, post cells, cells, connections, autapses, reciprocal pairs |
# the strongest connection: synapses, pre, post, connections that have as many | out-degree: mean, median, max, cell
# with the most | in-degree likewise.
TABLE = """
microns_l23_v185
    1961 1961 104 334 334 1736 2 31 | 5 648518346349538192 648518346349539856 2 | 16.692 14 70 648518346349538157 | 5.198 5 21 648518346349539887
minnie65_cells_a
    138046 138046 105188 2674 107230 123599 0 203 | 31 864691135394156021 864691135516059091 1 | 1.175 1 319 864691136973935900 | 46.223 1 6546 864691136266561524
minnie65_cells_a, only among its 42 listed cells
    9 9 6 7 11 9 0 0 | 1 864691135407449033 864691135394166773 9 | 1.5 1 3 864691136973935900 | 1.286 1 2 864691135517695626
hemibrain_oviIN inputs (ovi_pre_syns)
    21624 21624 2524 1 2525 2524 0 0 | 287 611015907 423101189 1 | 1.0 1 1 234630133 | 2524.0 2524 2524 423101189
hemibrain_oviIN outputs (ovi_post_syns)
    29274 29274 1 3441 3442 3441 0 0 | 320 423101189 5813021602 1 | 3441.0 3441 3441 423101189 | 1.0 1 1 203253253
hemibrain_oviIN both files
    50898 50898 2525 3442 4549 5965 0 1417 | 320 423101189 5813021602 1 | 2.362 1 3441 423101189 | 1.733 1 2524 423101189
drosophila_larva_left
    36500 117763 1449 1477 1506 36500 0 4733 | 119 3464773 3486381 1 | 25.19 20 106 2612527 | 24.712 20 129 17016974
celegans_hermaphrodite (chemical + electrical)
    6947 51426 466 473 473 6947 50 1924 | 431 ALA CANL 2 | 14.908 14 71 AVAR | 14.687 13 94 hyp
celegans_hermaphrodite (chemical only)
    4879 28113 300 444 446 4879 38 669 | 142 SABD hyp 1 | 16.263 15 49 AVAR | 10.989 10 65 AVAL
celegans_witvliet2021 Dataset1
    1296 1296 141 166 187 775 0 58 | 9 RIAR RMDDR 1 | 5.496 5 16 RIAR | 4.669 3 19 RIAL
celegans_witvliet2021 Dataset2
    1895 1895 143 184 193 986 0 83 | 11 OLLL AVER 1 | 6.895 6 25 RIH | 5.359 4 20 AVEL
celegans_witvliet2021 Dataset3
    2128 2128 144 187 198 1012 0 99 | 14 OLLL AVER 1 | 7.028 6 23 RIH | 5.412 4 23 RIAR
celegans_witvliet2021 Dataset4
    2777 2777 147 197 203 1136 0 104 | 17 RIAL RIAR 1 | 7.728 7 20 RIML | 5.766 4 26 AVEL
celegans_witvliet2021 Dataset5
    4116 4116 153 208 210 1515 0 158 | 23 RIAL RIAR 1 | 9.902 10 28 RIH | 7.284 6 27 RIAL
celegans_witvliet2021 Dataset6
    4456 4456 154 211 216 1525 0 139 | 21 OLLL AVER 2 | 9.903 9 33 RIH | 7.227 5 29 AVAR
celegans_witvliet2021 Dataset7
    7467 7467 161 221 221 2202 11 264 | 30 URXR RIAR 2 | 13.677 13 36 RIH | 9.964 8 40 AVBL
celegans_witvliet2021 Dataset8
    7970 7970 161 218 219 2186 0 300 | 51 RIAR RIAL 1 | 13.578 13 32 DVA | 10.028 8 39 AVEL
flywire_visual_types (types, not cells)
    72954 23500481 731 741 742 72954 382 21194 | 172310 L2 Tm1 1 | 99.8 80 504 TmY31 | 98.453 77 408 TmY5a
flywire_v447_sample
    1145 7453 71 72 72 935 0 208 | 129 720575940631779245 720575940625212965 1 | 13.169 10 37 720575940639337461 | 12.986 13 24 720575940628259407
"""


def _fact(name: str, line: str) -> Fact:
    counts, strongest, out_degree, in_degree = (part.split() for part in line.split("|"))
    n, pre, post, tied = strongest
    degrees = [Degree(float(a), float(b), int(c), cell) for a, b, c, cell in (out_degree, in_degree)]
    return Fact(name, *map(int, counts), Strongest(int(n), pre, post, int(tied)), *degrees)


LINES = TABLE.strip().splitlines()
FACTS = [_fact(name, line) for name, line in zip(LINES[::2], LINES[1::2], strict=True)]
LISTED_ONLY = "minnie65_cells_a, only among its 42 listed cells"
OVIIN = "423101189"

Words = tuple[object, ...]


def _sources(real: Path, work: Path) -> dict[str, Words]:
    """Name of a fact -> the words of its import."""
    l23, minnie, ovi = real / "microns_l23_v185", real / "minnie65_cells_a", real / "hemibrain_oviIN"
    larva, worm, ages = real / "drosophila_larva_left", real / "celegans_hermaphrodite", real / "celegans_witvliet2021"
    edgelist, nodes = worm / "edgelist.csv.gz", worm / "nodes.csv.gz"
    one = work / "oviIN.txt"
    one.write_text(OVIIN + "\n")
    traced = ("--cells", ovi / "traced-neurons.csv")
    inputs, outputs = ("--synapses", ovi / "ovi_pre_syns.csv"), ("--synapses", ovi / "ovi_post_syns.csv")
    types = real / "flywire_visual_types" / "type_to_type_connection_and_synapse_counts.csv"
    found: dict[str, Words] = {
        "microns_l23_v185": (
            "--synapses", l23 / "soma_subgraph_synapses_spines_v185.csv", "--cells", l23 / "soma_valence_v185.csv",
        ),
        "minnie65_cells_a": (
            "--synapses", minnie / "synapses.parquet", "--cells", minnie / "cells.csv",
            "--complete", minnie / "cells.csv",
        ),
        "hemibrain_oviIN inputs (ovi_pre_syns)": (*inputs, *traced, "--complete-inputs", one),
        "hemibrain_oviIN outputs (ovi_post_syns)": (*outputs, *traced, "--complete-outputs", one),
        "hemibrain_oviIN both files": (*inputs, *outputs, *traced, "--complete", one),
        "drosophila_larva_left": (
            "--connections", larva / "unmatched_left_edgelist.csv", "--no-header", "--pre", 1, "--post", 2,
            "--weight", 3, "--cells", larva / "unmatched_left_nodes.csv", "--cell-id", 1, "--cell-type", "simple_group",
        ),
        "celegans_hermaphrodite (chemical + electrical)": ("--connections", edgelist, "--cells", nodes),
        "celegans_hermaphrodite (chemical only)": (
            "--connections", edgelist, "--cells", nodes, "--weight", "chemical_weight",
            "--rows", "chemical_weight > 0",
        ),
        "flywire_visual_types (types, not cells)": (
            "--connections", types, "--pre", "from type", "--post", "to type", "--weight", "synapses total",
        ),
        "flywire_v447_sample": (
            "--connections", real / "flywire_v447_sample" / "syn_proof_analysis_filtered_447.feather",
        ),
    }  # fmt: skip
    for age in range(1, 9):
        found[f"celegans_witvliet2021 Dataset{age}"] = (
            "--synapses", ages / "synapse_list.csv", "--missing-size", "-1", "--rows", f"dataset == 'Dataset{age}'",
        )  # fmt: skip
    return found


Open = Callable[[str], Dataset]


@pytest.fixture(scope="session")
def imported(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Open:
    """A data set of the table, imported and verified when it is first asked for."""
    work = tmp_path_factory.mktemp("facts")
    command = CommandLine(work / "data", work)
    sources = _sources(real_data / "real", work)
    ids: dict[str, str] = {}

    def opened(name: str) -> Dataset:
        if name not in ids:
            ids[name] = f"fact-{len(ids)}"
            return command.imported(ids[name], *sources[name])
        return open_dataset(command.data, ids[name])

    return opened


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_an_imported_data_set_has_the_published_facts(fact: Fact, imported: Open) -> None:
    dataset = imported("minnie65_cells_a" if fact.name == LISTED_ONLY else fact.name)
    found = edges(dataset)
    if fact.name == LISTED_ONLY:
        listed = set(dataset.index.ids[dataset.select("is_cell").codes].tolist())
        assert len(listed) == 42
        found = [(pre, post, n) for pre, post, n in found if pre in listed and post in listed]
    else:
        assert_counts(dataset, fact)
    assert sum(n for _, _, n in found) == fact.synapses
    assert len({pre for pre, _, _ in found}) == fact.pre_cells
    assert len({post for _, post, _ in found}) == fact.post_cells
    assert len({cell for pre, post, _ in found for cell in (pre, post)}) == fact.cells
    assert len({(pre, post) for pre, post, _ in found}) == len(found) == fact.connections
    assert sum(pre == post for pre, post, _ in found) == fact.autapses
    pairs = {(pre, post) for pre, post, _ in found}
    assert sum((post, pre) in pairs for pre, post in pairs if pre < post) == fact.reciprocal_pairs
    by_weight = Counter(n for _, _, n in found)
    best = {(str(pre), str(post)) for pre, post, n in found if n == fact.strongest.n_synapses}
    assert max(by_weight) == fact.strongest.n_synapses
    assert (fact.strongest.pre, fact.strongest.post) in best
    assert len(best) == fact.strongest.n_tied
    assert_degree([(pre, post) for pre, post, _ in found], fact.out_degree)
    assert_degree([(post, pre) for pre, post, _ in found], fact.in_degree)


def assert_counts(dataset: Dataset, fact: Fact) -> None:
    """What dataset.json says, rows of the ledger among it."""
    meta, ledger = dataset.meta, dataset.meta.ledger
    counts = (ledger.rows_kept, meta.n_synapses, meta.n_cells_connected, meta.n_connections)
    assert counts == (fact.rows, fact.synapses, fact.cells, fact.connections)
    assert (meta.n_autapses, meta.n_reciprocal_pairs) == (fact.autapses, fact.reciprocal_pairs)
    assert ledger.rows_read == fact.rows + sum(item.rows for item in ledger.rows_left_out)


def assert_degree(pairs: list[tuple[object, object]], expected: Degree) -> None:
    partners: defaultdict[str, set[object]] = defaultdict(set)
    for cell, partner in pairs:
        partners[str(cell)].add(partner)
    degrees = {cell: len(others) for cell, others in partners.items()}
    assert round(mean(degrees.values()), 3) == expected.mean
    assert median(degrees.values()) == expected.median
    assert max(degrees.values()) == expected.max
    assert degrees[expected.max_cell] == expected.max


def n_tested(dataset: Dataset) -> int:
    """Ordered pairs of two cells, no fragments, of which the one's outputs or the other's inputs are whole."""
    cells = np.flatnonzero(dataset.is_cell)
    whole_out, whole_in = dataset.graph.complete_out[cells], dataset.graph.complete_in[cells]
    without_itself = len(cells) - 1
    n_out, n_in = int(whole_out.sum()), int(whole_in.sum())
    both_ways = n_out * n_in - int((whole_out & whole_in).sum())
    return n_out * without_itself + n_in * without_itself - both_ways


def test_the_42_cells_know_that_only_their_synapses_are_here(imported: Open) -> None:
    dataset = imported("minnie65_cells_a")
    cells = dataset.select("is_cell").codes
    graph = dataset.graph
    assert np.flatnonzero(graph.complete_in).tolist() == np.flatnonzero(graph.complete_out).tolist() == cells.tolist()
    assert dataset.meta.n_complete == 42
    pairs = n_tested(dataset)
    assert pairs == 42 * 41 == 1_722
    among = sum(graph.edge(int(a), int(b)) >= 0 for a in cells for b in cells if a != b)
    assert f"{among / pairs:.2%}" == "0.52%"


@pytest.mark.parametrize(
    ("name", "inputs", "outputs"),
    [
        ("hemibrain_oviIN inputs (ovi_pre_syns)", [OVIIN], []),
        ("hemibrain_oviIN outputs (ovi_post_syns)", [], [OVIIN]),
        ("hemibrain_oviIN both files", [OVIIN], [OVIIN]),
    ],
)
def test_the_one_neuron_sets_know_whose_synapses_they_hold(
    name: str, inputs: list[str], outputs: list[str], imported: Open
) -> None:
    dataset = imported(name)
    assert dataset.index.text(np.flatnonzero(dataset.graph.complete_in)) == inputs
    assert dataset.index.text(np.flatnonzero(dataset.graph.complete_out)) == outputs
    others = int(dataset.is_cell.sum()) - 1
    assert n_tested(dataset) == others * (len(inputs) + len(outputs))


def test_other_sets_hold_all_synapses_of_their_cells(imported: Open) -> None:
    dataset = imported("drosophila_larva_left")
    assert dataset.graph.complete_in.all()
    assert dataset.graph.complete_out.all()
    assert dataset.meta.n_complete == 1_506


def test_the_first_names_of_renamed_cell_columns_stay_usable(imported: Open) -> None:
    larva = imported("drosophila_larva_left")
    kenyon = larva.select("simple_group == 'KCs'")
    assert len(kenyon) == len(larva.select("cell_type == 'KCs'")) > 0
    assert imported("minnie65_cells_a").column("soma_x_nm").equals(imported("minnie65_cells_a").column("x_nm"))


def test_a_soma_is_where_the_voxels_say_and_not_where_the_wrong_columns_do(imported: Open) -> None:
    """In soma_valence_v185.csv the columns soma_*_nm are wrong for all rows; pt_position x (4, 4, 40) is right."""
    dataset = imported("microns_l23_v185")
    at = dataset.code_of("648518346349540057")
    assert [dataset.column(axis)[at] for axis in ("x_nm", "y_nm", "z_nm")] == [103860 * 4, 44385 * 4, 891 * 40]
    assert dataset.column("soma_y_nm")[at] == 415440, "the source's own columns are kept as they are"
    assert dataset.meta.ledger.cell_rows_read == 456
    assert [item.rows for item in dataset.meta.ledger.cell_rows_left_out] == [3]
    assert sorted(dataset.column("n_table_rows").dropna().unique()) == [1, 2]
    assert dataset.meta.n_table_cells == 453


def test_synapses_are_where_the_source_puts_them(imported: Open) -> None:
    l23 = next(imported("microns_l23_v185").synapse_batches(None, None)).to_pandas()
    first = l23[l23.synapse_id == 1484].iloc[0]
    assert (first.x_nm, first.y_nm, first.z_nm) == (365476, 231192, 63280)
    assert first["size"] == 798
    fly = next(imported("hemibrain_oviIN both files").synapse_batches(None, None)).to_pandas()
    first = fly[(fly.pre_id == 989228019) & (fly.x_pre == 22857)].iloc[0]
    assert (first.x_nm, first.y_nm, first.z_nm) == (22825 * 8, 34624 * 8, 17464 * 8), "the postsynaptic point"


def test_missing_sizes_of_the_worm_are_missing_and_not_minus_one(imported: Open) -> None:
    """In this animal no size was measured: all are -1 in the file."""
    dataset = imported("celegans_witvliet2021 Dataset7")
    sizes = [size for batch in dataset.synapse_batches(None, None) for size in batch.column("size").to_pylist()]
    assert sizes == [None] * 7_467
    assert dataset.graph.out.n_sized is not None
    assert not dataset.graph.out.n_sized.any()
    assert dataset.meta.synapse_columns["syn_id"].kind == "number", "polyadic: an attribute, it identifies no row"
    measured = imported("celegans_witvliet2021 Dataset8").graph.out
    assert measured.n_sized is None, "all were measured"
    assert measured.sum_size is not None
    assert measured.sum_size.min() > 0
