"""What CAVE says about itself: the datastack, its tables and views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StackInfo:
    """What the info service says about a datastack."""

    datastack: str
    local_server: str
    synapse_table: str
    soma_table: str
    segmentation_source: str
    image_source: str
    viewer_site: str
    viewer_resolution_nm: tuple[float, float, float]
    aligned_volume: str
    description: str


@dataclass(frozen=True)
class TableInfo:
    """A table or view of one version; `voxel_nm` is what its positions are counted in (None: not said)."""

    name: str
    kind: str
    schema_type: str
    description: str
    notice: str
    reference_table: str
    voxel_nm: tuple[float, float, float] | None
    columns: tuple[str, ...] = ()


def stack_info(datastack: str, entry: Mapping[str, Any]) -> StackInfo:
    """What the info service answers for a datastack."""
    volume = entry.get("aligned_volume") or {}
    voxel = [float(entry.get(f"viewer_resolution_{axis}") or 1) for axis in "xyz"]
    text = {name: str(entry.get(name) or "") for name in _TEXTS}
    return StackInfo(
        datastack=datastack, viewer_resolution_nm=(voxel[0], voxel[1], voxel[2]),
        image_source=str(volume.get("image_source") or ""), aligned_volume=str(volume.get("name") or ""), **text,
    )  # fmt: skip


_TEXTS = ("local_server", "synapse_table", "soma_table", "segmentation_source", "viewer_site", "description")


def table_info(entry: Mapping[str, Any]) -> TableInfo:
    """One entry of the tables' metadata."""
    return TableInfo(
        name=str(entry["table_name"]), kind="table", schema_type=_text(entry, "schema_type", "schema"),
        description=_text(entry, "description"), notice=_text(entry, "notice_text"),
        reference_table=_text(entry, "reference_table"), voxel_nm=voxel(entry.get("voxel_resolution")),
    )  # fmt: skip


def view_info(name: str, entry: Mapping[str, Any], schema: Mapping[str, Any]) -> TableInfo:
    """One entry of the views and its schema, whose keys are the columns."""
    size = entry.get("voxel_resolution") or [entry.get(f"voxel_resolution_{axis}") for axis in "xyz"]
    return TableInfo(
        name=name, kind="view", schema_type="", description=_text(entry, "description"),
        notice=_text(entry, "notice_text"), reference_table="", voxel_nm=voxel(size), columns=tuple(map(str, schema)),
    )  # fmt: skip


def _text(entry: Mapping[str, Any], *names: str) -> str:
    return next((str(entry[name]).strip() for name in names if entry.get(name)), "")


def voxel(values: Any) -> tuple[float, float, float] | None:
    """Three sizes in nm, or None where they are not given."""
    if not values or len(values) != 3 or any(v is None for v in values):
        return None
    return float(values[0]), float(values[1]), float(values[2])
