"""Positions in the frame of a cortex whose pia is flat at depth 0."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data_access.adapters.cave.schema import StackConfig, Transform
from data_access.errors import InputError, did_you_mean

Floats: TypeAlias = NDArray[np.float64]
Depth: TypeAlias = Callable[[ArrayLike, ArrayLike, ArrayLike], Floats]


def flat_of(transform: Transform) -> Callable[[Floats], Floats]:
    """The function from positions (n, 3) in nm to (n, 3) in um: x, depth below the pia, z. Missing stays missing.

    Rotation, shift and scale of the package standard-transform. InputError for a dataset or version it does not have.
    """
    sequence = _sequence(transform.dataset, transform.version)

    def flat(positions_nm: Floats) -> Floats:
        positions = np.asarray(positions_nm, dtype=np.float64).reshape(-1, 3)
        return np.asarray(sequence.apply(positions), dtype=np.float64).reshape(-1, 3)

    return flat


def depth_of(config: StackConfig) -> Depth:
    """The function from x, y, z in nm (arrays of one length) to depth below the pia in um (float64)."""
    if config.transform is None:
        raise InputError(f"{config.datastack} has no frame with a depth", "its description has no [transform]")
    flat = flat_of(config.transform)

    def depth(x_nm: ArrayLike, y_nm: ArrayLike, z_nm: ArrayLike) -> Floats:
        columns = [np.asarray(values, dtype=np.float64) for values in (x_nm, y_nm, z_nm)]
        return flat(np.stack(columns, axis=1))[:, 1]

    return depth


@cache
def _sequence(dataset: str, version: str) -> Any:
    import standard_transform  # type: ignore[import-untyped]  # takes a second to import, and few processes need it

    known = {"minnie65": standard_transform.minnie_transform, "v1dd": standard_transform.v1dd_transform}
    if dataset not in known:
        raise InputError(f"no transform for {dataset!r}", did_you_mean(dataset, known))
    try:
        return known[dataset](resolution="nm", version=version or None)
    except ValueError as error:
        raise InputError(f"no transform {version!r} for {dataset}: {error}") from None
