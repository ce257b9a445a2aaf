"""The datasets of the data folder as the screen shows them: also those that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data_access import carry
from data_access.dataset import Broken, survey
from data_access.errors import NotFoundError, SynaptoscopeError, did_you_mean
from data_access.metadata import DatasetMeta

Listed = DatasetMeta | Broken

# What a capability in dataset.json gives, in words. "matrix" is not listed: every dataset has one.
CAPABILITIES = {
    "synapses": "single synapses",
    "sizes": "synapse sizes",
    "synapse_positions": "synapse positions",
    "cell_positions": "cell positions",
    "cell_types": "cell types",
    "proofreading": "proofreading status",
    "compartments": "target compartments",
    "gap_junctions": "gap junctions",
    "skeletons": "skeletons",
}
KINDS = {"em": "electron microscopy", "multipatch": "multipatch recordings"}


def listed(data_dir: Path) -> list[Listed]:
    """All datasets: real ones, then synthetic ones, then those that cannot be read; each sorted by title."""
    return sorted(survey(data_dir), key=_order)


def in_use(datasets: Sequence[Listed], ds: str | None) -> DatasetMeta:
    """The dataset a URL means: that of `ds`, or the first of the list where it names none.

    Raises NotFoundError for an unknown id and for an empty folder, SynaptoscopeError for one that cannot be read.
    """
    if not datasets:
        raise NotFoundError("the data folder holds no dataset yet", "the page Datasets says how to get one")
    wanted = ds or default_id(datasets) or datasets[0].id
    found = next((d for d in datasets if d.id == wanted), None)
    if found is None:
        raise NotFoundError(f"no dataset '{wanted[:60]}'", did_you_mean(wanted, [d.id for d in datasets]))
    if isinstance(found, Broken):
        raise SynaptoscopeError(found.error)
    return found


def default_id(datasets: Sequence[Listed]) -> str:
    """The dataset shown when the URL names none: the first that can be read ('' if none can)."""
    return next((d.id for d in datasets if isinstance(d, DatasetMeta)), "")


def for_shell(datasets: Sequence[Listed]) -> dict[str, Any]:
    """What the shell keeps in the browser, in dcc.Store 'datasets': {"default": id, "list": [...]}."""
    names = ("id", "title", "version", "synthetic", "partial", "n_cells", "n_connections")
    return {
        "default": default_id(datasets),
        "list": [
            {name: getattr(d, name) for name in names} | {"capabilities": list(d.capabilities)} | _version(d)
            for d in datasets
            if isinstance(d, DatasetMeta)
        ],
    }


def _version(meta: DatasetMeta) -> dict[str, str]:
    """Which datasets are versions of one another (equal `family`), and from when this one is."""
    stamp = meta.origin.get("time_stamp") or ""
    return {"family": " ".join(carry.family(meta) or ()), "time_stamp": str(stamp), "fetched": meta.fetched}


def capability_words(meta: DatasetMeta) -> list[str]:
    """What the dataset holds besides connections, in plain words."""
    words = [CAPABILITIES.get(c, c.replace("_", " ")) for c in meta.capabilities if c != "matrix"]
    return words + [f"measure {name}" for name in meta.measures]


def _order(item: Listed) -> tuple[int, str]:
    if isinstance(item, Broken):
        return 2, item.id
    return int(item.synthetic), (item.title or item.id).lower()
