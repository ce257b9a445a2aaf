"""What a datastack is made of, before it is put into tables, and the synthetic column as such a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from data_access.builtin.demo_cells import Somata, cell_table, draw_ids, draw_somata
from data_access.builtin.demo_connections import NodeRanges, all_connections
from data_access.builtin.demo_skeletons import build_skeletons
from data_access.builtin.demo_synapses import COMPARTMENTS, draw_synapses
from data_access.builtin.demo_types import ALL_TYPES, N_NEURONS, NEURON_TYPES
from tests.cave_server.history import Ints

Floats = NDArray[np.float64]

NOTHING = -1
"""The object of a synapse side or a nucleus that lies outside the segmentation."""

SMALL_N_NEURONS, SMALL_N_OTHERS = 190, 16
N_HUB_OUTPUTS, N_EXACT_OUTPUTS, N_HUB_INPUTS = 1_250, 1_000, 1_150
"""Rows of single cells: two beyond a row limit of 1,000, one exactly at it."""
N_EXACT_AUTAPSES = 3


@dataclass(frozen=True)
class Source:
    """Objects (cells and fragments) are numbered; `roots` are their ids at the first version that did not expire.

    synapses: synapse_id, pre, post (object numbers), size, compartment (or None); positions_nm: pre, post, cleft,
    float64 (n, 3). cells: one row a nucleus: nucleus_id, object, x_nm, y_nm, z_nm, volume_um3, cell_type (true),
    broad_type, mtype, is_column. proofreading: one row a proofread object: object, status_axon, strategy_axon,
    status_dendrite, strategy_dendrite, outdated. cast: roles that tests look for.
    """

    roots: Ints
    synapses: pd.DataFrame
    positions_nm: tuple[Floats, Floats, Floats]
    cells: pd.DataFrame
    proofreading: pd.DataFrame
    skeletons: Mapping[int, Ints]
    cast: Mapping[str, tuple[int, ...]]


def demo_source(small: bool, seed: int, shift_nm: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Source:
    """The synthetic column, all of it or about 200 of its cells, with cells that exceed a row limit of 1,000."""
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(11)]
    somata = draw_somata(streams[0])
    n_neurons = N_NEURONS
    if small:
        somata, n_neurons = _fewer(somata), SMALL_N_NEURONS
    nodes = NodeRanges(n_neurons, len(somata.type_code))
    roots = draw_ids(streams[1], nodes.n_nodes)
    table = cell_table(streams[2], somata, roots).to_pandas(types_mapper=_EXACT.get)

    neurons = slice(0, n_neurons)
    soma_um, radius_um = somata.position_nm[neurons] / 1000, somata.radius_um[neurons]
    connections, _ = all_connections(streams[3], somata.type_code[neurons], soma_um, nodes)
    skeletons = build_skeletons(streams[4], somata.type_code[neurons], soma_um, radius_um)
    drawn = draw_synapses(streams[5:9], connections, skeletons, soma_um, radius_um)
    names = np.array([*COMPARTMENTS, None], dtype=object)
    synapses = pd.DataFrame(
        {
            "pre": connections.pre[drawn.connection],
            "post": connections.post[drawn.connection],
            "size": drawn.size.astype(np.int64),
            "compartment": names[drawn.compartment],
        }
    )
    index = pd.Series(np.arange(len(roots)), index=roots)
    table = table.assign(object=index.reindex(table["cell_id"].astype("int64")).to_numpy())
    shift = np.array(shift_nm)
    source = Source(
        roots=roots,
        synapses=synapses,
        positions_nm=(drawn.position_nm + shift,) * 3,
        cells=_nuclei(table, shift),
        proofreading=_proofreading(table),
        skeletons={k: _moved(rows, shift) for k, rows in enumerate(skeletons.rows)},
        cast={},
    )
    return _shuffled(_with_extremes(source, streams[10], somata.type_code), streams[9])


# Ids with gaps would become floats, which cannot hold them.
_EXACT = {pa.int64(): pd.Int64Dtype()}


def _fewer(somata: Somata) -> Somata:
    n_others = len(somata.type_code) - N_NEURONS
    keep = np.concatenate(
        [
            np.linspace(0, N_NEURONS - 1, SMALL_N_NEURONS).astype(int),
            N_NEURONS + np.linspace(0, n_others - 1, SMALL_N_OTHERS).astype(int),
        ]
    )
    return Somata(somata.type_code[keep], somata.position_nm[keep], somata.radius_um[keep])


def _nuclei(table: pd.DataFrame, shift: Floats) -> pd.DataFrame:
    cells = table[table["nucleus_id"].notna()]
    names = ["object", "cell_type", "broad_type", "mtype", "volume_um3", "is_column"]
    place = {f"{axis}_nm": cells[f"{axis}_nm"] + shift[k] for k, axis in enumerate("xyz")}
    return cells[names].assign(nucleus_id=cells["nucleus_id"].astype("int64"), **place).reset_index(drop=True)


def _proofreading(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[table["valid_id"].notna()]
    names = ["object", "status_axon", "strategy_axon", "status_dendrite", "strategy_dendrite"]
    outdated = rows["valid_id"].astype("int64") != rows["cell_id"]
    return rows[names].assign(outdated=outdated).reset_index(drop=True)


def _moved(rows: Ints, shift: Floats) -> Ints:
    rows = rows.copy()
    rows[:, 2:5] += shift.astype(np.int64)
    return rows


def _with_extremes(source: Source, rng: np.random.Generator, type_code: Ints) -> Source:
    """Add the cells that a row limit is tested with, and synapses with a side outside the segmentation."""
    first = {t.name: int(np.flatnonzero(type_code == k)[0]) for k, t in enumerate(ALL_TYPES) if t in NEURON_TYPES}
    hub, exact, hub_in = first["BC"], first["5P-NP"], first["5P-ET"]
    pre, post = (source.synapses[side].to_numpy() for side in ("pre", "post"))
    have = {
        "hub": int((pre == hub).sum()),
        "exact": int(((pre == exact) & (post != exact)).sum()),
        "in": int((post == hub_in).sum()),
    }
    # An exact number of rows needs the autapses of that cell to be known.
    kept = ~((pre == exact) & (post == exact))
    n_objects = len(source.roots)
    fragments = np.arange(n_objects, n_objects + 900)
    extra = [
        (np.full(max(0, N_HUB_OUTPUTS - have["hub"]), hub), None),
        (np.full(N_EXACT_OUTPUTS - N_EXACT_AUTAPSES - have["exact"], exact), None),
        (np.full(N_EXACT_AUTAPSES, exact), np.full(N_EXACT_AUTAPSES, exact)),
        (None, np.full(max(0, N_HUB_INPUTS - have["in"]), hub_in)),
        (np.full(25, NOTHING), rng.integers(0, hub_in, 25)),
        (rng.integers(0, hub_in, 25), np.full(25, NOTHING)),
    ]
    sides: list[tuple[Ints, Ints]] = []
    for a, b in extra:
        n = len(a) if a is not None else len(b) if b is not None else 0
        drawn = rng.choice(fragments, n)
        sides.append((drawn if a is None else a, drawn if b is None else b))
    more_pre, more_post = (np.concatenate([s[k] for s in sides]) for k in (0, 1))
    n_more = len(more_pre)
    anchor = np.where((more_pre >= 0) & (more_pre < n_objects), more_pre, np.where(more_post >= 0, more_post, 0))
    synapses = pd.DataFrame(
        {
            "pre": more_pre,
            "post": more_post,
            "size": rng.integers(300, 9_000, n_more),
            "compartment": np.array([None] * n_more, dtype=object),
        }
    )
    somata = source.cells.drop_duplicates("object").set_index("object")[["x_nm", "y_nm", "z_nm"]]
    place = somata.reindex(anchor).to_numpy() + rng.normal(0, 60_000, (n_more, 3))
    fragment_roots = 864_691_139_000_000_000 + 1_000_000_000 + np.sort(rng.choice(10**8, len(fragments), replace=False))
    return replace(
        source,
        roots=np.concatenate([source.roots, fragment_roots]),
        synapses=pd.concat([source.synapses[kept], synapses], ignore_index=True),
        positions_nm=(np.concatenate([source.positions_nm[0][kept], np.rint(place)]),) * 3,
        cast={"hub": (hub,), "exact": (exact,), "hub_in": (hub_in,)},
    )


def _shuffled(source: Source, rng: np.random.Generator) -> Source:
    """Ids for the synapses, in random order as tables come; pre and post points apart from the cleft."""
    n = len(source.synapses)
    order = rng.permutation(n)
    ids = 100_000_000 + rng.choice(400_000_000, n, replace=False).astype(np.int64)
    cleft = np.maximum(source.positions_nm[2][order], 1_000.0)
    apart = rng.normal(0, 90, (n, 3))
    return replace(
        source,
        synapses=source.synapses.iloc[order].reset_index(drop=True).assign(synapse_id=ids),
        positions_nm=(np.maximum(cleft - apart, 0), np.maximum(cleft + apart, 0), cleft),
    )
