"""The matrix view: its extent, numbers, denominators, orders and table, against pandas on the source rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError
from data_access.importer import ImportSpec, import_dataset
from views import matrix, matrix_table
from views.matrix import LOOKS, MEASURES, MatrixView
from views.testability import what_is_tested

Tables = tuple[pd.DataFrame, pd.DataFrame]


def connections(tables: Tables, autapses: bool = False, least: int = 1) -> pd.DataFrame:
    """Connections of the source rows by pandas: the second route."""
    rows = tables[0] if autapses else tables[0][tables[0].pre_id != tables[0].post_id]
    found = rows.groupby(["pre_id", "post_id"]).agg(n=("size", "size"), size=("size", "sum")).reset_index()
    return found[found.n >= least]


def test_cells_that_only_receive_keep_their_columns(column: Dataset, tables: Tables) -> None:
    made = matrix.build(column, MatrixView(pre="is_cell", post="is_cell"))
    senders = set(tables[0].pre_id)
    only_receive = [i for i in tables[1].cell_id if i not in senders]
    assert len(only_receive) >= 15
    shown = set(column.index.ids[made.cols.codes])
    assert set(only_receive) <= shown
    assert made.shape == (60, 60)


def test_the_percentage_of_the_published_figure(tables: Tables, tmp_path: Path) -> None:
    """Both sets = cells with outputs, autapses kept: of n * n ordered pairs; the honest extent: of n * (n - 1)."""
    synapses, _ = tables
    inside = synapses[synapses.post_id < synapses.pre_id.max()]
    inside.to_parquet(tmp_path / "s.parquet", index=False)
    import_dataset(tmp_path / "data", ImportSpec("all", synapses=(tmp_path / "s.parquet",)))
    dataset = open_dataset(tmp_path / "data", "all")
    n = int((dataset.column("out_degree") > 0).sum())
    sets = {"pre": "out_degree > 0", "post": "out_degree > 0"}
    kept = matrix.build(dataset, MatrixView(**sets, autapses="keep"))
    dropped = matrix.build(dataset, MatrixView(**sets))
    ids = set(dataset.index.ids[dataset.column("out_degree") > 0])
    among = connections((inside, tables[1]), autapses=True)
    among = among[among.pre_id.isin(ids) & among.post_id.isin(ids)]
    assert (kept.n_tested, kept.n_connections) == (n * n, len(among))
    assert (dropped.n_tested, dropped.n_connections) == (n * (n - 1), int((among.pre_id != among.post_id).sum()))
    assert f"{100 * len(among) / n**2:.2f} % of {n * n:,}" in matrix_table.sentence(kept)
    everyone = matrix.build(dataset, MatrixView())
    assert everyone.n_tested == dataset.n_cells * (dataset.n_cells - 1) > dropped.n_tested


@pytest.mark.parametrize("autapses", ["drop", "keep"])
@pytest.mark.parametrize("tested", ["proofread", "all"])
def test_tested_pairs_by_going_through_all_pairs(column: Dataset, autapses: str, tested: str) -> None:
    view = MatrixView(
        pre="cell_type in ['BC', '4P'] or not is_cell", post="y_um < 500", autapses=autapses, tested=tested
    )
    made = matrix.build(column, view)
    known, graph = what_is_tested(column), column.graph
    n = connected = 0
    for a, b in product(made.pre.codes, made.post.codes):
        cells = known.is_cell[a] and known.is_cell[b]
        seen = graph.complete_out[a] or graph.complete_in[b]
        proofread = tested == "all" or known.proofread[a]
        if cells and seen and proofread and (a != b or autapses == "keep"):
            n += 1
            connected += graph.edge(int(a), int(b)) >= 0
    assert (made.n_tested, made.n_tested_connected) == (n, connected)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_cell_by_cell(column: Dataset, tables: Tables, measure: str) -> None:
    got = matrix_table.table(column, MatrixView(measure=measure, post="is_cell")).table().to_pandas()
    want = connections(tables)
    everything = connections(tables, autapses=True)
    onto, by = everything.groupby("post_id").n.sum(), everything.groupby("pre_id").n.sum()
    cells = set(tables[1].cell_id)
    want["value"] = {
        "n_synapses": want.n, "binary": 1, "sum_size": want["size"], "mean_size": want["size"] / want.n,
        "log_sum_size": np.log(want["size"]), "input_fraction": want.n / want.post_id.map(onto),
        "output_fraction": (want.n / want.pre_id.map(by)).where(want.pre_id.isin(cells)),
    }[measure]  # fmt: skip
    want = want.sort_values(["pre_id", "post_id"])
    assert got.pre.tolist() == want.pre_id.tolist()
    assert got.post.tolist() == want.post_id.tolist()
    np.testing.assert_allclose(got.value.astype(float), want.value.astype(float), rtol=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("group", ["cell_type", "big"])
def test_every_measure_by_group(column: Dataset, tables: Tables, measure: str, group: str) -> None:
    view = MatrixView(measure=measure, group=group, pre="is_cell", post="is_cell", min=2)
    got = matrix_table.table(column, view).table().to_pandas()
    cells = (
        tables[1]
        .set_index("cell_id")[group]
        .map(lambda v: None if v is None else str(v).lower() if group == "big" else v)
    )
    cells = cells.astype(object).where(cells.notna(), None)
    found = connections(tables, least=2)
    found = found[found.pre_id.isin(cells.index) & found.post_id.isin(cells.index)].copy()
    found["pre"], found["post"] = found.pre_id.map(cells), found.post_id.map(cells)
    everything = connections(tables, autapses=True)
    everything["pre"] = everything.pre_id.map(cells)
    everything["post"] = everything.post_id.map(cells)
    name = "none"
    sums = found.fillna({"pre": name, "post": name}).groupby(["pre", "post"]).agg(
        n=("n", "sum"), size=("size", "sum"), k=("n", "size")
    )  # fmt: skip
    onto = everything[everything.post_id.isin(cells.index)].fillna({"post": name}).groupby("post").n.sum()
    by = everything[everything.pre_id.isin(cells.index)].fillna({"pre": name}).groupby("pre").n.sum()
    want = {
        "n_synapses": sums.n, "binary": sums.k, "sum_size": sums["size"], "mean_size": sums["size"] / sums.n,
        "log_sum_size": np.log(sums["size"]), "input_fraction": sums.n / sums.index.get_level_values(1).map(onto),
        "output_fraction": sums.n / sums.index.get_level_values(0).map(by),
    }[measure]  # fmt: skip
    shown = got.fillna({"pre": name, "post": name}).set_index(["pre", "post"]).value
    assert set(shown.index) == set(want.index)
    np.testing.assert_allclose(shown.loc[want.index].astype(float), want.astype(float), rtol=1e-12)


ORDERS = ["type", "degree", "position", "cluster", "id", "given", "big", "y_um", "in_synapses"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("order_post", ["other", "degree", "id"])
@pytest.mark.parametrize("group", ["", "cell_type"])
def test_no_order_loses_or_repeats_a_cell(column: Dataset, order: str, order_post: str, group: str) -> None:
    view = MatrixView(pre="cell_type != 'BC'", post="x_um < 200 or cell_type == 'BC'", order=order, order_post=order_post,
                      group=group)  # fmt: skip
    made = matrix.build(column, view)
    plain = matrix.build(column, replace(view, order="id", order_post="id"))
    assert sorted(made.rows.codes) == sorted(made.pre.codes)
    assert sorted(made.cols.codes) == sorted(made.post.codes)
    assert (made.n_connections, made.n_synapses, made.n_tested) == (
        plain.n_connections,
        plain.n_synapses,
        plain.n_tested,
    )
    if group:
        assert sorted(map(str, made.row_groups.names)) == sorted(map(str, plain.row_groups.names))
        assert made.grouped.n_synapses.sum() == plain.grouped.n_synapses.sum()


def test_rows_are_sorted_by_what_is_asked(column: Dataset) -> None:
    depth = column.column("y_um").to_numpy()
    assert (np.diff(depth[matrix.build(column, MatrixView(pre="is_cell", order="position")).rows.codes]) >= 0).all()
    made = matrix.build(column, MatrixView(pre="is_cell", post="is_cell", order="degree"))
    partners = [
        len(set(column.graph.out.idx[column.graph.out.row(c)]) & set(made.cols.codes) - {c}) for c in made.rows.codes
    ]
    assert sorted(partners, reverse=True) == pytest.approx(partners, abs=1)  # an autapse may count as a partner
    given = [str(i) for i in column.index.ids[[9, 3, 7]]]
    assert list(matrix.build(column, MatrixView(pre=", ".join(given), order="given")).rows.codes) == [9, 3, 7]
    kinds = column.column("cell_type").astype(object).iloc[matrix.build(column, MatrixView()).rows.codes].tolist()
    typed = [k for k in kinds if isinstance(k, str)]
    assert typed == sorted(typed, key=["23P", "4P", "BC", "MC"].index)
    assert kinds[: len(typed)] == typed  # untyped last


def test_columns_like_the_other_axis(column: Dataset) -> None:
    made = matrix.build(column, MatrixView(pre="is_cell", post="is_cell", order="cluster"))
    assert made.rows.codes.tolist() == made.cols.codes.tolist()
    assert "cosine distance" in made.rows.how
    assert "cosine distance" in made.cols.how


def test_ledger_accounts_for_every_connection(column: Dataset) -> None:
    for view in (MatrixView(), MatrixView(pre="is_cell", min=2), MatrixView(post="cell_type == 'MC'", autapses="keep"),
                 MatrixView(group="cell_type", pre="big", min=3)):  # fmt: skip
        ledger = matrix_table.ledger(matrix.build(column, view))
        assert ledger.read == column.meta.n_connections
        assert ledger.kept + sum(o.connections or 0 for o in ledger.left_out) == ledger.read
        gone = sum(o.synapses or 0 for o in ledger.left_out)
        assert matrix.build(column, view).n_synapses + gone == column.meta.n_synapses


@pytest.mark.parametrize(
    ("view", "said", "hint"),
    [
        (MatrixView(measure="n_synapse"), "n_synapse", "n_synapses"),
        (MatrixView(order="cell_typ"), "cell_typ", "cell_type"),
        (MatrixView(group="celltype"), "celltype", "cell_type"),
        (MatrixView(order="other"), "other", "one axis"),
        (MatrixView(pre="cell_type == 'BX'"), "BX", "BC"),
        (MatrixView(post="depht < 3"), "depht", ""),
    ],
)
def test_wrong_parameters_are_named(column: Dataset, view: MatrixView, said: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        matrix.build(column, view)
    assert said in caught.value.message
    assert hint in str(caught.value)


def test_an_empty_set_says_which_filter_emptied_it(column: Dataset) -> None:
    made = matrix.build(column, MatrixView(pre="y_um < 0"))
    assert made.n_connections == 0
    with pytest.raises(InputError, match="no cell matches pre: y_um is below 0"):
        made.window(made.view)


def test_zoom_and_colours_do_not_rebuild(column: Dataset) -> None:
    view = MatrixView(pre="is_cell", order="cluster")
    first = matrix.build(column, view)
    again = matrix.build(column, replace(view, x0=3, x1=9, scale="linear", hi=4.0, bar="big", pair="a>b"))
    assert first.rows is again.rows
    assert first.cols is again.cols
    assert {"x0", "scale", "pair"} <= set(LOOKS)


def test_larva_is_the_published_one(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "real" / "drosophila_larva_left"
    spec = ImportSpec(
        "larva", connections=(folder / "unmatched_left_edgelist.csv",), header=False, pre="1", post="2", weight="3",
        cells=(folder / "unmatched_left_nodes.csv",), cell_id="1", cell_type="simple_group",
    )  # fmt: skip
    import_dataset(tmp_path, spec)
    dataset = open_dataset(tmp_path, "larva")
    made = matrix.build(dataset, MatrixView())
    said = "36,500 connections (117,763 synapses) among 1,506 cells: 1.61 % of 2,266,530 tested pairs."
    assert matrix_table.sentence(made) == said
    assert matrix_table.sentence(matrix.build(dataset, MatrixView(group="simple_group"))) == said
    assert made.high == 119
    edges = pd.read_csv(folder / "unmatched_left_edgelist.csv", names=["pre", "post", "n"])
    nodes = pd.read_csv(folder / "unmatched_left_nodes.csv", index_col=0)
    want = (
        edges.assign(a=edges.pre.map(nodes.simple_group), b=edges.post.map(nodes.simple_group))
        .groupby(["a", "b"])
        .n.sum()
    )
    got = (
        matrix_table.table(dataset, MatrixView(group="simple_group"))
        .table()
        .to_pandas()
        .set_index(["pre", "post"])
        .value
    )
    assert got.sort_index().to_dict() == want.sort_index().to_dict()
