"""Random tables against a plain Python reference: nothing is lost, nothing counts twice, both orientations agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access import verification
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError
from data_access.importer import ImportSpec, import_dataset
from tests.data_access.command_line import CommandLine, edges, rows

Row = dict[str, Any]
FEW = settings(max_examples=30, deadline=None)

WHOLE = st.sampled_from([2**53 + 1, 2**53 + 2, 864691135000000001, 2**63 - 1, -(2**63), -7, 1, 2, 3])
NAMES = st.sampled_from(["AVAL", "AVAR", "hyp", "Ä", "a b", "1a", "007"])
KINDS = {"int64": WHOLE, "text": NAMES}


@st.composite
def synapse_tables(draw: st.DrawFn) -> tuple[str, list[Row], list[str]]:
    """The kind of ids, the rows, and the words that stand for a missing size."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    cells = KINDS[kind] | st.none() | (st.just(0) if kind == "int64" else st.nothing())
    pairs = draw(st.lists(st.tuples(cells, cells), min_size=1, max_size=25))
    missing = draw(st.sampled_from([[], ["nan"], ["-1"], ["-1", "nan"]]))
    stand_ins = {"nan": None, "-1": -1}
    size = st.integers(0, 2**40) | st.sampled_from([stand_ins[word] for word in missing] or [5])
    spread = draw(st.sampled_from([1, 3]))  # every synapse on one row, or some on several
    ids = [2**60 + i // spread for i in range(len(pairs))]
    ends = dict(zip(ids, pairs, strict=True))
    table = [
        {"synapse_id": synapse, "pre_id": ends[synapse][0], "post_id": ends[synapse][1], "size": draw(size),
         "x_nm": draw(st.integers(-9, 9) | st.none()), "y_nm": 1, "z_nm": 2, "note": i}
        for i, synapse in enumerate(ids)
    ]  # fmt: skip
    return kind, draw(st.permutations(table)), missing


def columns(table: Sequence[Row], kind: str) -> dict[str, pa.Array]:
    ids = pa.string() if kind == "text" else pa.int64()
    found = {name: [row[name] for row in table] for name in table[0]}
    return {
        name: pa.array(values, ids if name in ("pre_id", "post_id", "cell_id") else None)
        for name, values in found.items()
    }


def identified(row: Row) -> bool:
    return all(row[end] not in (None, 0) for end in ("pre_id", "post_id"))


def kept_rows(table: Sequence[Row]) -> list[Row]:
    """The first row of each synapse between two known cells."""
    first: dict[int, Row] = {}
    for row in table:
        if identified(row):
            first.setdefault(row["synapse_id"], row)
    return list(first.values())


def imported(table: Mapping[str, pa.Array], suffix: str, folder: Path, **options: Any) -> Dataset:
    command = CommandLine(folder, folder)
    path = command.table(f"table.{suffix}", table)
    what = options.pop("what", "synapses")
    meta = import_dataset(folder, ImportSpec(id="x", **{what: (path,)}, **options))
    verification.check(folder / "x", meta)
    return open_dataset(folder, "x")


@FEW
@given(synapse_tables(), st.sampled_from(["parquet", "csv", "feather"]))
def test_synapse_rows(drawn: tuple[str, list[Row], list[str]], suffix: str) -> None:
    kind, table, missing = drawn
    kept = kept_rows(table)
    with TemporaryDirectory() as name:
        folder = Path(name)
        if not kept:
            with pytest.raises(InputError, match="no row is left"):
                imported(columns(table, kind), suffix, folder, missing_size=tuple(missing))
            return
        dataset = imported(columns(table, kind), suffix, folder, missing_size=tuple(missing))
        ledger = dataset.meta.ledger
        assert ledger.rows_read == len(table)
        assert ledger.rows_kept == len(kept) == dataset.meta.n_synapses
        left = {item.reason: item.rows for item in ledger.rows_left_out}
        assert sum(left.values()) == len(table) - len(kept)
        assert left.get("no pre or post id", 0) == sum(None in (row["pre_id"], row["post_id"]) for row in table)

        ids = sorted({row[end] for row in kept for end in ("pre_id", "post_id")})
        assert dataset.index.ids.tolist() == ids
        assert_rows(dataset, kept, missing)
        assert_graph(dataset, Counter((row["pre_id"], row["post_id"]) for row in kept))
        assert_sizes(dataset, kept, missing)


def measured(row: Row, missing: list[str]) -> int | None:
    return None if row["size"] is None or (row["size"] == -1 and "-1" in missing) else row["size"]


def assert_rows(dataset: Dataset, kept: list[Row], missing: list[str]) -> None:
    """All columns of all rows, in the order of (pre, post, synapse id); the narrow copy by (post, pre)."""
    order = ["pre_id", "post_id", "synapse_id"]
    expected = [
        (*(row[name] for name in order), measured(row, missing), row["x_nm"], row["note"])
        for row in sorted(kept, key=lambda row: tuple(row[name] for name in order))
    ]
    table = rows(dataset)[[*order, "size", "x_nm", "note"]]
    found = [tuple(None if v != v else v for v in row) for row in table.itertuples(index=False, name=None)]
    assert found == expected
    by_post = rows(dataset, "synapses_by_post")
    assert by_post.columns.tolist() == ["post_id", "pre_id", "synapse_id", "size", "x_nm", "y_nm", "z_nm"]
    keys = list(by_post[["post_id", "pre_id", "synapse_id"]].itertuples(index=False, name=None))
    assert keys == sorted((row["post_id"], row["pre_id"], row["synapse_id"]) for row in kept)


def assert_graph(dataset: Dataset, expected: Mapping[tuple[Any, Any], int]) -> None:
    graph, ids = dataset.graph, dataset.index.ids.tolist()
    assert edges(dataset) == [(*pair, n) for pair, n in sorted(expected.items())]
    transposed = [
        (ids[pre], ids[post], int(n))
        for post in range(graph.n_nodes)
        for pre, n in zip(
            graph.into.idx[graph.into.row(post)], graph.into.n_synapses[graph.into.row(post)], strict=True
        )
    ]
    assert transposed == sorted(edges(dataset), key=lambda edge: (edge[1], edge[0]))
    pairs = set(expected)
    assert dataset.meta.n_autapses == sum(pre == post for pre, post in pairs)
    assert dataset.meta.n_reciprocal_pairs == sum((b, a) in pairs for a, b in pairs if a < b)
    made, partners = Counter[Any](), Counter(pre for pre, _ in pairs)
    for (pre, _), n in expected.items():
        made[pre] += n
    assert dataset.column("out_synapses").tolist() == [made[cell] for cell in ids]
    assert dataset.column("out_degree").tolist() == [partners[cell] for cell in ids]


def assert_sizes(dataset: Dataset, kept: list[Row], missing: list[str]) -> None:
    sums, sized = defaultdict[Any, int](int), Counter[Any]()
    for row in kept:
        if (size := measured(row, missing)) is not None:
            sums[row["pre_id"], row["post_id"]] += size
            sized[row["pre_id"], row["post_id"]] += 1
    side = dataset.graph.out
    assert side.sum_size is not None
    pairs = [(pre, post) for pre, post, _ in edges(dataset)]
    assert side.sum_size.tolist() == [sums[pair] for pair in pairs]
    n_sized = side.n_synapses if side.n_sized is None else side.n_sized
    assert n_sized.tolist() == [sized[pair] for pair in pairs]


@FEW
@given(
    st.sampled_from(sorted(KINDS)).flatmap(
        lambda kind: st.tuples(
            st.just(kind),
            st.lists(
                st.tuples(KINDS[kind], KINDS[kind], st.integers(0, 2**31) | st.none(), st.integers(-9, 9) | st.none()),
                min_size=1, max_size=25,
            ),
        )
    ),
    st.sampled_from(["parquet", "csv"]),
)  # fmt: skip
def test_connection_rows(drawn: tuple[str, list[tuple[Any, Any, int | None, int | None]]], suffix: str) -> None:
    kind, listed = drawn
    table = [{"pre_id": a, "post_id": b, "weight": w, "area": m} for a, b, w, m in listed]
    expected: Counter[tuple[Any, Any]] = Counter()
    area: defaultdict[tuple[Any, Any], list[int]] = defaultdict(list)
    for row in table:
        if row["weight"]:
            expected[row["pre_id"], row["post_id"]] += row["weight"]
            area[row["pre_id"], row["post_id"]] += [] if row["area"] is None else [row["area"]]
    if not expected or max(expected.values()) >= 2**32 or all(row["area"] is None for row in table):
        return
    with TemporaryDirectory() as name:
        dataset = imported(columns(table, kind), suffix, Path(name), what="connections", measures=("area",))
        assert_graph(dataset, expected)
        ledger = dataset.meta.ledger
        assert ledger.rows_kept == sum(bool(row["weight"]) for row in table)
        assert ledger.rows_kept + sum(item.rows for item in ledger.rows_left_out) == ledger.rows_read == len(table)
        found = dataset.graph.measures["area"].tolist()
        wanted = [float(sum(area[pair])) if area[pair] else None for pair in sorted(expected)]
        assert [None if v != v else v for v in found] == wanted


@FEW
@given(
    st.lists(st.tuples(WHOLE, WHOLE), min_size=1, max_size=10),
    st.lists(
        st.tuples(WHOLE | st.just(0) | st.none(), st.sampled_from(["BC", "MC", None]), st.integers(0, 3)), max_size=12
    ),
)
def test_a_cell_table(pairs: list[tuple[int, int]], listed: list[tuple[int | None, str | None, int]]) -> None:
    cells = [{"cell_id": i, "cell_type": t, "layer": n} for i, t, n in [*listed, (5, "MC", 1)]]
    table = [{"pre_id": a, "post_id": b} for a, b in pairs]
    of: defaultdict[int, list[Row]] = defaultdict(list)
    for row in cells:
        if row["cell_id"]:
            of[row["cell_id"]].append(row)
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = CommandLine(folder, folder).table("cells.parquet", columns(cells, "int64"))
        dataset = imported(columns(table, "int64"), "parquet", folder, cells=(path,))
        ids = sorted({*of, *(cell for pair in pairs for cell in pair)})
        assert dataset.index.ids.tolist() == ids
        assert dataset.is_cell.tolist() == [cell in of for cell in ids]
        for column in ("cell_type", "layer"):
            told = [{row[column] for row in of.get(cell, [])} - {None} for cell in ids]
            expected = [next(iter(v)) if len(v) == 1 else None for v in told]
            values = dataset.column(column).astype(object)
            found = values.where(values.notna(), None).tolist()
            assert found == expected
        ledger = dataset.meta.ledger
        left = sum(item.rows for item in ledger.cell_rows_left_out)
        assert (ledger.cell_rows_read, left) == (len(cells), len(cells) - len(of))
        assert dataset.meta.n_table_cells == len(of)


def test_sorted_over_many_row_groups(command: CommandLine) -> None:
    """More rows than one row group holds; a second route to the connections with NumPy."""
    rng = np.random.default_rng(3)
    n = 400_000
    pre, post = 2**55 + rng.integers(0, 3_000, n), 2**55 + rng.integers(0, 3_000, n)
    path = command.table(
        "s.parquet", {"pre": pre, "post": post, "synapse_id": rng.permutation(n), "size": rng.random(n)}
    )
    dataset = command.imported("x", "--synapses", path)
    for folder, keys in (("synapses", ["pre_id", "post_id"]), ("synapses_by_post", ["post_id", "pre_id"])):
        table = rows(dataset, folder)
        assert table[[*keys, "synapse_id"]].equals(table[[*keys, "synapse_id"]].sort_values([*keys, "synapse_id"]))
    pairs, counts = np.unique(np.stack([pre, post], 1), axis=0, return_counts=True)
    graph = dataset.graph
    assert dataset.index.ids[graph.edge_rows(np.arange(graph.n_connections))].tolist() == pairs[:, 0].tolist()
    assert dataset.index.ids[graph.out.idx].tolist() == pairs[:, 1].tolist()
    assert graph.out.n_synapses.tolist() == counts.tolist()
    assert graph.out.sum_size is not None
    assert graph.out.sum_size.dtype == np.float64, "sizes are no whole numbers"


def test_rows_may_be_chosen_by_any_column_of_the_file(command: CommandLine) -> None:
    table = {
        "pre_pt_root_id": [1, 2, 3, 4], "post_pt_root_id": [5, 5, 5, 5], "size": [10, 20, 30, 40],
        "ctr_pt_position": [[1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4]], "region": ["V1", "V1", "LM", None],
        "valid": [True, False, True, True],
    }  # fmt: skip
    path = command.table("s.parquet", table)
    for i, (expression, expected) in enumerate(
        {
            "size >= 20": [2, 3, 4], "region == 'V1' and valid": [1], "not (region == 'LM')": [1, 2, 4],
            "pre_pt_root_id in [1, 4]": [1, 4], "pre_id > 2": [3, 4], "ctr_pt_position_x > 3": [4],
            "region.isna()": [4], "": [1, 2, 3, 4],
        }.items()
    ):  # fmt: skip
        dataset = command.imported(f"x{i}", "--synapses", path, "--rows", expression)
        assert [pre for pre, _, _ in edges(dataset)] == expected, expression
        ledger = dataset.meta.ledger
        assert (ledger.rows_read, ledger.rows_kept) == (4, len(expected))
        assert [item.reason for item in ledger.rows_left_out] == [f"not chosen by --rows {expression}"] * (
            len(expected) < 4
        )


def test_row_numbers_do_not_depend_on_the_rows_chosen(command: CommandLine) -> None:
    path = command.table("s.csv", {"pre": [1, 2, 3], "post": [4, 4, 4]})
    dataset = command.imported("x", "--synapses", path, "--rows", "pre > 1")
    assert rows(dataset)["synapse_id"].tolist() == [2, 3]


@pytest.mark.parametrize("content", ["3\n1\n", '"3",\n1', "cell_id\n3\n1\n", "some heading\n3\n1\n9999\n"])
@pytest.mark.parametrize("suffix", ["txt", "csv"])
def test_which_cells_are_complete(content: str, suffix: str, command: CommandLine) -> None:
    if suffix == "txt" and "heading" in content:
        content = content.removeprefix("some heading\n")
    path = command.file(f"ids.{suffix}", content.replace(",", "") if suffix == "csv" else content)
    synapses = command.table("s.csv", {"pre": [1, 2], "post": [2, 3]})
    dataset = command.imported("x", "--synapses", synapses, "--complete", path)
    assert dataset.graph.complete_in.tolist() == dataset.graph.complete_out.tolist() == [True, False, True]
    assert dataset.meta.n_complete == 2
    one = command.file("one.txt", "2\n")
    dataset = command.imported("y", "--synapses", synapses, "--complete-inputs", one, "--complete-outputs", path)
    assert dataset.graph.complete_in.tolist() == [False, True, False]
    assert dataset.graph.complete_out.tolist() == [True, False, True]
    assert command.imported("z", "--synapses", synapses).meta.n_complete == 3, "all, unless told"


def test_ids_of_complete_cells_that_are_not_here_are_told(command: CommandLine) -> None:
    path = command.file("ids.txt", "1\n77\n78\n")
    synapses = command.table("s.csv", {"pre": [1], "post": [2]})
    notes = command.imported("x", "--synapses", synapses, "--complete", path).meta.ledger.notes
    assert notes == ("--complete ids.txt: 2 of its 3 ids are not in the dataset",)


def test_a_size_that_is_missing_is_told(command: CommandLine) -> None:
    path = command.table("s.csv", {"pre": [1, 1], "post": [2, 2], "size": [5, -1]})
    notes = command.imported("x", "--synapses", path, "--missing-size", "-1").meta.ledger.notes
    assert notes == ("1 synapses have no size",)


def test_what_prepare_adds_belongs_to_the_dataset(command: CommandLine) -> None:
    def prepare(place: Path) -> None:
        (place / "skeletons").mkdir()
        (place / "skeletons" / "1.swc").write_text("1 1 0 0 0 1 -1\n")

    spec = ImportSpec(id="x", synapses=(command.table("s.csv", {"pre": [1], "post": [2]}),))
    meta = import_dataset(command.data, spec, prepare=prepare)
    assert "skeletons" in meta.capabilities
    assert "skeletons/1.swc" in meta.files
    assert command("verify", "x").status == 0


def test_nothing_of_a_dataset_is_visible_when_prepare_fails(command: CommandLine) -> None:
    def prepare(place: Path) -> None:
        raise OSError("no more")

    spec = ImportSpec(id="x", synapses=(command.table("s.csv", {"pre": [1], "post": [2]}),))
    with pytest.raises(OSError, match="no more"):
        import_dataset(command.data, spec, prepare=prepare)
    assert [path.name for path in command.data.iterdir()] == [".locks"]
