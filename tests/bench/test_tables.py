"""The generated tables have the sizes of the published ones, to the digit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.aggregate import connections_of
from bench import recipe, tables
from bench.tables import M, S, Size, Tables

SMALL = Size("small", 900, 40, 70, 400, 25)


@pytest.fixture(scope="module", params=[SMALL, S, M], ids=lambda size: size.name)
def made(request: pytest.FixtureRequest) -> Tables:
    return tables.make(request.param)


def test_sizes_are_exact(made: Tables) -> None:
    size, rows = made.size, made.synapses
    assert len(rows) == size.n_synapses
    assert rows["synapse_id"].is_unique
    senders, receivers = pd.unique(rows["pre_id"]), pd.unique(rows["post_id"])
    assert (len(senders), len(receivers)) == (size.n_pre, size.n_post)
    assert len(np.intersect1d(senders, receivers)) == size.n_both
    assert len(rows[["pre_id", "post_id"]].drop_duplicates()) == size.n_connections


def test_cells_tell_who_sends_and_who_receives(made: Tables) -> None:
    cells, rows = made.cells, made.synapses
    assert len(cells) == made.size.n_cells
    assert set(cells.loc[cells["sends"], "cell_id"]) == set(rows["pre_id"])
    assert set(cells.loc[cells["receives"], "cell_id"]) == set(rows["post_id"])
    assert cells["cell_id"].min() > 2**53


def test_every_group_has_senders_and_receivers(made: Tables) -> None:
    groups = min(tables.N_GROUPS, made.size.n_pre)
    assert made.cells.loc[made.cells["sends"], "tile"].nunique() == groups


def test_no_cell_synapses_onto_itself(made: Tables) -> None:
    assert not (made.synapses["pre_id"] == made.synapses["post_id"]).any()


def test_the_published_sizes() -> None:
    assert M.words() == "2,088,830 synapses, 2,275 x 63,718 cells, 1,257,392 connections"
    assert S.words() == "146,711 synapses, 1,355 x 1,355 cells, 78,928 connections"


def test_the_same_seed_makes_the_same_tables() -> None:
    first, second, other = tables.make(SMALL, 1), tables.make(SMALL, 1), tables.make(SMALL, 2)
    pd.testing.assert_frame_equal(first.synapses, second.synapses)
    assert not first.synapses.equals(other.synapses)


def test_recipe_and_ours_find_the_same_connections() -> None:
    rows = tables.make(SMALL).synapses
    matrix = recipe.binary_matrix(rows)
    ours = connections_of(rows["pre_id"], rows["post_id"], rows["size"])
    assert matrix.shape == (SMALL.n_pre, SMALL.n_post)
    assert recipe.n_connections(matrix) == SMALL.n_connections == len(ours)
    assert (
        matrix.notna().to_numpy()[matrix.index.get_indexer(ours.pre_id), matrix.columns.get_indexer(ours.post_id)].all()
    )


def test_tables_come_back_from_the_files(tmp_path: Path) -> None:
    made = tables.make(SMALL)
    synapses, cells = made.write(tmp_path)
    pd.testing.assert_frame_equal(pd.read_parquet(synapses), made.synapses)
    assert pd.read_parquet(cells)["cell_id"].tolist() == made.cells["cell_id"].tolist()
