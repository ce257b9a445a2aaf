"""The matrices that are measured, as query strings of the page and the API."""

from __future__ import annotations

from bench.datasets import dataset_id
from bench.tables import Size

# M's extent are its senders and receivers; S holds nothing else
SETS = {"S": {}, "M": {"pre": "sends", "post": "receives"}}
PLOT = (760, 620)  # pixels of the figure's plot area on a screen of 1440 x 900


def parameters(size: Size, **more: object) -> dict[str, str]:
    """Parameters of the whole matrix of a table, and others."""
    return {"ds": dataset_id(size.name), **SETS[size.name], **{k: str(v) for k, v in more.items()}}


def quarter(size: Size) -> dict[str, int]:
    """The middle of the matrix, half as wide and half as high."""
    return {
        "x0": size.n_post // 4, "x1": 3 * size.n_post // 4, "y0": size.n_pre // 4, "y1": 3 * size.n_pre // 4,
    }  # fmt: skip
