"""Published cells of minnie65 as a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data_access.builtin.demo_types import ALL_TYPES
from tests.cave_server.cell_types import either
from tests.cave_server.history import Ints
from tests.cave_server.sources import NOTHING, Floats, Source


def minnie_source(folder: Path, seed: int = 65) -> Source:
    """The real cells of `minnie65_cells_a`: their synapses, types and skeletons; nuclei and proofreading are made up.

    Types of partners come from `minnie65_annotations` where that folder lies beside it.
    """
    rng = np.random.default_rng(seed)
    table = pd.read_parquet(folder / "synapses.parquet")
    listed = pd.read_csv(folder / "cells.csv", dtype={"pt_root_id": "int64"})
    pre, post = table["pre_pt_root_id"].to_numpy(), table["post_pt_root_id"].to_numpy()
    roots = np.unique(np.concatenate([pre[pre > 0], post[post > 0], listed["pt_root_id"]]))
    objects = pd.Series(np.arange(len(roots)), index=roots)

    def numbers(ids: NDArray[Any]) -> Ints:
        return objects.reindex(ids).fillna(NOTHING).to_numpy().astype(np.int64)

    scale = np.array([4.0, 4.0, 40.0])
    places = [np.stack(table[f"{p}_pt_position"].tolist()).astype(np.float64) * scale for p in ("pre", "post", "ctr")]
    compartment = rng.choice(
        np.array(["spine", "shaft", "soma", None], dtype=object), len(table), p=[0.5, 0.3, 0.05, 0.15]
    )
    synapses = pd.DataFrame(
        {
            "synapse_id": table["id"],
            "pre": numbers(pre),
            "post": numbers(post),
            "size": table["size"],
            "compartment": compartment,
        }
    )
    cells = _minnie_cells(folder, listed, objects, synapses, places[1], rng)
    order = rng.permutation(len(synapses))
    inputs = synapses["post"].value_counts()
    return Source(
        roots=roots,
        synapses=synapses.iloc[order].reset_index(drop=True),
        positions_nm=(places[0][order], places[1][order], places[2][order]),
        cells=cells,
        proofreading=_minnie_proofreading(listed, objects, synapses, cells, rng),
        skeletons=_minnie_skeletons(folder, objects),
        cast={"hub_in": (int(inputs.index[0]),), "hub": (int(synapses["pre"].value_counts().index[0]),)},
    )


def _minnie_cells(
    folder: Path,
    listed: pd.DataFrame,
    objects: pd.Series,
    synapses: pd.DataFrame,
    post_nm: Floats,
    rng: np.random.Generator,
) -> pd.DataFrame:
    own = pd.DataFrame(
        {
            "object": objects.reindex(listed["pt_root_id"]).to_numpy(),
            "cell_type": listed["cell_type"].where(listed["cell_type"].notna(), None),
            **{f"{a}_nm": listed[f"soma_{a}_nm"].astype(float) for a in "xyz"},
        }
    )
    known = folder.parent / "minnie65_annotations" / "cells_no_repeats.csv"
    if known.is_file():
        partners = pd.read_csv(known, dtype={"pt_root_id": "int64"})
        partners = partners[partners["pt_root_id"].isin(objects.index)].drop_duplicates("pt_root_id")
        others = pd.DataFrame(
            {
                "object": objects.reindex(partners["pt_root_id"]).to_numpy(),
                "cell_type": partners["cell_type"],
                **{f"{a}_nm": partners[f"pt_{a}"] * (40.0 if a == "z" else 4.0) for a in "xyz"},
            }
        )
    else:
        busiest = synapses["pre"].value_counts().index[:400]
        first = synapses.drop_duplicates("pre").set_index("pre").index.get_indexer(busiest)
        others = pd.DataFrame(
            {"object": busiest.to_numpy(), **{f"{a}_nm": post_nm[first, k] for k, a in enumerate("xyz")}}
        )
        others["cell_type"] = rng.choice([t.name for t in ALL_TYPES], len(others))
    cells = pd.concat([own, others[~others["object"].isin(own["object"])]], ignore_index=True)
    broad = {t.name: t.broad_type for t in ALL_TYPES}
    missing = cells["cell_type"].isna()
    return cells.assign(
        object=cells["object"].astype("int64"),
        nucleus_id=200_000 + rng.choice(500_000, len(cells), replace=False),
        broad_type=cells["cell_type"].map(broad).where(~missing, None),
        mtype=either(rng.random(len(cells)) < 0.5, "L3a"),
        volume_um3=rng.uniform(150, 700, len(cells)),
        is_column=np.arange(len(cells)) < len(own),
    )


def _minnie_proofreading(
    listed: pd.DataFrame, objects: pd.Series, synapses: pd.DataFrame, cells: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    own = objects.reindex(listed["pt_root_id"]).to_numpy()
    busiest = synapses.loc[(synapses["pre"] >= 0) & ~synapses["pre"].isin(cells["object"]), "pre"].value_counts()
    axons = busiest.index[:10].to_numpy()
    strategies = ["axon_partially_extended", "axon_column_truncated", "axon_interareal", "axon_fully_extended"]
    n = len(own) + len(axons)
    dendrite = np.arange(n) < len(own)
    return pd.DataFrame(
        {
            "object": np.concatenate([own, axons]).astype(np.int64),
            "status_axon": True,
            "strategy_axon": np.array(strategies)[np.arange(n) % 4],
            "status_dendrite": dendrite,
            "strategy_dendrite": np.where(dendrite, "dendrite_extended", "none"),
            "outdated": rng.random(n) < 0.1,
        }
    )


def _minnie_skeletons(folder: Path, objects: pd.Series) -> dict[int, Ints]:
    return {
        int(objects[int(path.stem)]): np.rint(np.loadtxt(path, comments="#", ndmin=2)).astype(np.int64)
        for path in sorted((folder / "skeletons").glob("*.swc"))
        if int(path.stem) in objects.index
    }
