"""Spectral order of sparse matrices whose true order is known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.stats import spearmanr

from analysis.seriation import spectral_order


def band(n: int, half_width: int, seed: int) -> sp.csr_array:
    """Entries only near the diagonal."""
    rng = np.random.default_rng(seed)
    row = rng.integers(0, n, 12 * n)
    col = np.clip(row + rng.integers(-half_width, half_width + 1, len(row)), 0, n - 1)
    matrix = sp.coo_array((np.ones(len(row)), (row, col)), shape=(n, n)).tocsr()
    assert (np.diff(matrix.indptr) > 0).all()
    return matrix


@pytest.mark.parametrize(("n", "half_width"), [(120, 8), (1500, 40), (4000, 100)])
def test_a_shuffled_band_matrix_is_put_back_in_order(n: int, half_width: int) -> None:
    rng = np.random.default_rng(1)
    row_of, col_of = rng.permutation(n), rng.permutation(n)
    shuffled = band(n, half_width, seed=2)[row_of][:, col_of]
    found = row_of[spectral_order(shuffled)]
    assert abs(spearmanr(found, np.arange(n)).statistic) > 0.995


def test_blocks_without_links_come_one_by_one_largest_first() -> None:
    sizes = (5, 40, 300, 2, 1)
    blocks = [sp.csr_array(np.ones((size, 3))) for size in sizes]
    which = np.repeat(np.arange(len(sizes)), sizes)
    order = which[spectral_order(sp.block_diag(blocks, format="csr"))]
    assert order.tolist() == [2] * 300 + [1] * 40 + [0] * 5 + [3] * 2 + [4]


@pytest.mark.parametrize("n", [3, 50, 400])
def test_rows_that_are_all_alike_keep_their_order(n: int) -> None:
    found = spectral_order(sp.csr_array(np.ones((n, 2))))
    assert sorted(found.tolist()) == list(range(n))
    assert found.tolist() == spectral_order(sp.csr_array(np.ones((n, 2)))).tolist()


def test_the_heavy_end_comes_first() -> None:
    chain = sp.diags_array(np.ones(300)) + sp.diags_array(np.ones(299), offsets=1)
    heavier = sp.diags_array(np.linspace(3, 1, 300)) @ chain
    found = spectral_order(heavier.tocsr())
    assert heavier.sum(axis=1)[found[:150]].sum() > heavier.sum(axis=1)[found[150:]].sum()


def test_no_rows() -> None:
    assert spectral_order(sp.csr_array((0, 4))).tolist() == []
