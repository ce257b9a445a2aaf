"""From a source to a datastack: its tables under given names, and a history in which cells change their roots."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.cave_server.cell_types import draw_types, either
from tests.cave_server.changes import STAMPS, choose_cast, make_history
from tests.cave_server.history import History, Ints
from tests.cave_server.minnie import minnie_source
from tests.cave_server.sources import NOTHING, Source, demo_source
from tests.cave_server.stack import Stack, versions
from tests.cave_server.tables import (
    NEVER,
    BoundPoint,
    Table,
    bookkeeping,
    real,
    text,
    truth_values,
    whole,
)

Voxel = tuple[float, float, float]


@dataclass(frozen=True)
class Names:
    """What a datastack is called, and its tables and versions."""

    stack: str
    description: str
    numbers: tuple[int, int, int, int]
    synapses: str
    nuclei: str
    view: str
    automatic: str
    manual: str
    proofreading: str
    compartments: str
    synapse_nm: Voxel = (4.0, 4.0, 40.0)
    nucleus_nm: Voxel = (4.0, 4.0, 40.0)
    manual_is_reference: bool = True
    synapse_notice: str | None = None
    first_new_root: int = 864_691_136_500_000_003


MINNIE = Names(
    stack="minnie65_public",
    description="The public minnie65 volume, as the stand-in has it.",
    numbers=(1078, 1181, 1507, 1718),
    synapses="synapses_pni_2",
    nuclei="nucleus_detection_v0",
    view="aibs_cell_info",
    automatic="aibs_metamodel_celltypes_v661",
    manual="allen_v1_column_types_slanted_ref",
    proofreading="proofreading_status_and_strategy",
    compartments="synapse_target_predictions_ssa_v2",
)
DEMO = Names(
    stack="demo_column_stack",
    description="A synthetic cortical column. Nothing in it was measured.",
    numbers=(3, 11, 12, 17),
    synapses="synapses_v3",
    nuclei="soma_detection",
    view="cell_overview",
    automatic="celltype_model",
    manual="expert_celltypes",
    proofreading="proofreading_state",
    compartments="synapse_compartment_model",
    synapse_nm=(8.0, 8.0, 33.0),
    nucleus_nm=(16.0, 16.0, 33.0),
    manual_is_reference=False,
    first_new_root=864_691_137_000_000_003,
    synapse_notice="Automatic detection: about one in twenty is no synapse.",
)


@cache
def demo_stack(small: bool) -> Stack:
    """`demo_column_stack`: about 200 cells, or the whole column."""
    return build(demo_source(small, seed=1718), DEMO)


@cache
def minnie_stack(folder: Path | None, small: bool) -> Stack:
    """`minnie65_public`: the real cells of a folder, else another synthetic column where MICrONS lies."""
    if folder is not None:
        return build(minnie_source(folder), MINNIE)
    return build(demo_source(small, seed=65, shift_nm=(250_000.0, 370_000.0, 400_000.0)), MINNIE)


def build(source: Source, names: Names) -> Stack:
    """The datastack of a source."""
    cast = choose_cast(source)
    history, lost_at = make_history(source.roots, cast, names.first_new_root)
    cells = _nuclei(source.cells, cast)
    tables = [
        _synapse_table(source, names),
        *_cell_tables(cells, names, cast, lost_at),
        _proofreading_table(source, names, history, cells),
        _compartment_table(source, names),
    ]
    return Stack(
        name=names.stack,
        description=names.description,
        synapse_table=names.synapses,
        nucleus_table=names.nuclei,
        viewer_nm=names.synapse_nm,
        history=history,
        versions=versions(names.numbers, STAMPS),
        tables={t.name: t for t in tables},
        cast=cast,
        skeletons={k: rows for k, rows in source.skeletons.items() if k % 10 != 3},
    )


def _nuclei(cells: pd.DataFrame, cast: dict[str, tuple[int, ...]]) -> pd.DataFrame:
    """One row a nucleus: those of the source, second nuclei on one cell, some outside the segmentation, some untyped."""
    rng = np.random.default_rng(4)
    again = cells[cells["object"].isin(cast["two_nuclei"])].copy()
    # The second nucleus of the first such cell has another type, that of the second cell the same.
    other = again["object"] == cast["two_nuclei"][0]
    again.loc[other, ["cell_type", "broad_type"]] = ["astrocyte", "nonneuronal"]
    outside = cells.iloc[:4].assign(object=NOTHING)
    untyped = cells.iloc[4:7].assign(object=NOTHING, cell_type=None, broad_type=None, mtype=None)
    more = pd.concat([again, outside, untyped], ignore_index=True)
    for axis in "xyz":
        more[f"{axis}_nm"] += rng.uniform(8_000, 15_000, len(more))
    more["nucleus_id"] = 800_000 + np.arange(len(more))
    return pd.concat([cells, more], ignore_index=True).sample(frac=1, random_state=11).reset_index(drop=True)


def _voxels(nm: NDArray[np.float64], voxel_nm: Voxel) -> Ints:
    return np.rint(nm / np.array(voxel_nm)).astype(np.int64)


def _synapse_table(source: Source, names: Names) -> Table:
    synapses = source.synapses
    ids = synapses["synapse_id"].to_numpy(dtype=np.int64)
    pieces = []
    for side, salt in (("pre", 2_654_435_761), ("post", 40_503)):
        one = synapses[side].to_numpy(dtype=np.int64)
        minor = (ids * salt >> 7) % 10 < 3
        pieces.append(np.where(one == NOTHING, NOTHING, 2 * one + minor))
    pre, post, ctr = (_voxels(nm, names.synapse_nm) for nm in source.positions_nm)
    return Table(
        name=names.synapses,
        schema_type="synapse",
        description="Automatically detected synapses.",
        voxel_nm=names.synapse_nm,
        notice=names.synapse_notice,
        columns={
            **bookkeeping(ids),
            "size": real(synapses["size"]),
            "pre_pt": BoundPoint(pre, pieces[0]),
            "post_pt": BoundPoint(post, pieces[1]),
            "ctr_pt": BoundPoint(ctr),
        },
    )


def _cell_tables(
    cells: pd.DataFrame, names: Names, cast: dict[str, tuple[int, ...]], lost_at: dict[int, int]
) -> list[Table]:
    rng = np.random.default_rng(5)
    n = len(cells)
    objects = cells["object"].to_numpy(dtype=np.int64)
    pieces = np.where(objects == NOTHING, NOTHING, 2 * objects + np.isin(objects, cast["split_nucleus_small"]))
    lost = np.array([lost_at.get(int(one), NEVER) for one in objects])
    nm = cells[["x_nm", "y_nm", "z_nm"]].to_numpy(dtype=np.float64)
    voxel = _voxels(nm, names.nucleus_nm)
    bound = BoundPoint(voxel, pieces, lost)
    ids = cells["nucleus_id"].to_numpy(dtype=np.int64)
    half = np.array([400, 400, 60])
    nuclei = Table(
        name=names.nuclei,
        schema_type="nucleus_detection",
        description="Nuclei detected automatically.",
        voxel_nm=names.nucleus_nm,
        columns={
            **bookkeeping(ids),
            "volume": real(cells["volume_um3"]),
            "pt": bound,
            "bb_start": BoundPoint(voxel - half),
            "bb_end": BoundPoint(voxel + half),
        },
    )
    types = draw_types(cells, rng)
    automatic = _type_table(
        names.automatic, ids, types.auto, types.auto_class, names.nuclei, None,
        "Cell types predicted by a model. Trained on an earlier version.",
    )  # fmt: skip
    manual = _type_table(
        names.manual, ids, types.manual, types.manual_class,
        names.nuclei if names.manual_is_reference else None, bound, None,
    )  # fmt: skip
    view = Table(
        name=names.view,
        schema_type="",
        kind="view",
        description="One row a nucleus: the best type known, of several tables.",
        voxel_nm=names.nucleus_nm,
        columns={
            "id": whole(ids),
            "volume": real(cells["volume_um3"]),
            "pt": bound,
            "broad_type": text(types.best_broad),
            "broad_type_source": text(either(types.best_broad.notna(), names.automatic)),
            "cell_type": text(types.best),
            "cell_type_source": text(
                either(types.manual.notna(), names.manual, either(types.auto.notna(), names.automatic))
            ),
            "mtype": text(cells["mtype"].where(cells["mtype"].notna(), None)),
        },
    )
    assert n == len(ids)
    return [nuclei, automatic, manual, view]


def _type_table(
    name: str,
    nucleus: Ints,
    cell_type: pd.Series,
    system: pd.Series,
    reference: str | None,
    bound: BoundPoint | None,
    notice: str | None,
) -> Table:
    """A table of types: a reference to the nuclei, or with points of its own where `reference` is None."""
    rows = np.flatnonzero(cell_type.notna())
    rows = np.random.default_rng(len(rows)).permutation(rows)
    columns = bookkeeping(10_000 + np.arange(len(rows), dtype=np.int64))
    if reference is not None:
        columns["target_id"] = whole(nucleus[rows])
    columns |= {"classification_system": text(system.iloc[rows]), "cell_type": text(cell_type.iloc[rows])}
    voxel_nm = (4.0, 4.0, 40.0)
    if reference is None:
        assert bound is not None and bound.piece is not None and bound.lost_at is not None
        columns["pt"] = BoundPoint(bound.voxel[rows], bound.piece[rows], bound.lost_at[rows])
    return Table(
        name=name,
        schema_type="cell_type_reference" if reference is not None else "cell_type_local",
        description=f"Cell types ({name}).",
        columns=columns,
        reference_table=reference,
        notice=notice,
        voxel_nm=voxel_nm,
    )


def _proofreading_table(source: Source, names: Names, history: History, cells: pd.DataFrame) -> Table:
    """Status of proofreading; valid_id is the root at the oldest live version, or an earlier one where outdated."""
    rows = source.proofreading.sample(frac=1, random_state=3).reset_index(drop=True)
    objects = rows["object"].to_numpy(dtype=np.int64)
    valid = history.root_of[1][2 * objects]
    outdated = rows["outdated"].to_numpy(dtype=bool)
    valid = np.where(outdated, 864_691_133_000_000_000 + 17 * objects, valid)
    soma = cells[cells["object"] != NOTHING].drop_duplicates("object").set_index("object")[["x_nm", "y_nm", "z_nm"]]
    nm = soma.reindex(objects).to_numpy(dtype=np.float64)
    nm = np.where(np.isnan(nm), np.nanmean(nm, axis=0), nm)
    return Table(
        name=names.proofreading,
        schema_type="proofreading_status_and_strategy",
        description="What was proofread, and how.",
        columns={
            **bookkeeping(1 + np.arange(len(rows), dtype=np.int64)),
            "valid_id": whole(valid),
            "status_dendrite": truth_values(rows["status_dendrite"]),
            "status_axon": truth_values(rows["status_axon"]),
            "strategy_dendrite": text(rows["strategy_dendrite"]),
            "strategy_axon": text(rows["strategy_axon"]),
            "pt": BoundPoint(_voxels(nm, (4.0, 4.0, 40.0)), 2 * objects),
        },
    )


def _compartment_table(source: Source, names: Names) -> Table:
    """Target compartments of the synapses that have one; not there yet in the oldest live version."""
    rows = np.flatnonzero(source.synapses["compartment"].notna())
    rows = np.random.default_rng(8).permutation(rows)
    return Table(
        name=names.compartments,
        schema_type="reference_tag",
        description="Which compartment a synapse is on, predicted.",
        reference_table=names.synapses,
        since=2,
        columns={
            **bookkeeping(500_000_000 + np.arange(len(rows), dtype=np.int64)),
            "target_id": whole(source.synapses["synapse_id"].to_numpy()[rows]),
            "tag": text(source.synapses["compartment"].iloc[rows]),
        },
    )
