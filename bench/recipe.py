"""The published way to turn a synapse table into a binary connectivity matrix, to compare ours with.

A tutorial on the MICrONS data spreads the table with pandas: one row a presynaptic cell, one column a postsynaptic
cell, and in each place whether the synapse sizes found there add up to more than nothing. The function given to
`pivot_table` is called once for every connection, and that is where the time goes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def binary_matrix(synapses: pd.DataFrame) -> pd.DataFrame:
    """pre x post, True where there is a synapse and NaN elsewhere, as the tutorial makes it."""
    return synapses.pivot_table(
        index="pre_id", columns="post_id", values="size", aggfunc=lambda sizes: np.sum(sizes) > 0
    )


def n_connections(matrix: pd.DataFrame) -> int:
    """Places that are filled."""
    return int(matrix.notna().to_numpy().sum())
