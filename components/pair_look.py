"""How a pair is drawn, everywhere: cell A and what it makes is orange, cell B blue; the axon is the paler line.

Orange and blue stay apart for all kinds of colour blindness; the two directions have different signs besides. The
colours stand in assets/pair.css, as those of the page do in assets/tokens.css.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np

from components.colours import Theme

SIGNS = {"ab": "●", "ba": "◆"}
SMALLEST, LARGEST = 7.0, 17.0  # px across
_STYLES = Path(__file__).parents[1] / "assets" / "pair.css"
_COLOUR = re.compile(r"--pair-([a-z-]+): (#[0-9a-f]{6});")


def colour(cell: str, part: str, theme: Theme) -> str:
    """Of cell "a" or "b": axon, rest or synapse. KeyError for what assets/pair.css does not name."""
    return _colours()[theme][f"{cell}-{part}"]


@cache
def _colours() -> dict[str, dict[str, str]]:
    light, _, dark = _STYLES.read_text(encoding="utf-8").partition('[data-mantine-color-scheme="dark"]')
    return {"light": dict(_COLOUR.findall(light)), "dark": dict(_COLOUR.findall(dark.partition("}")[0]))}


def across(size: np.ndarray) -> np.ndarray:
    """Width of the sign of each synapse in px, float64 (n,): its area follows the size, from the smallest on.

    Both directions share the scale, and the largest is LARGEST wide. Without a size: in the middle.
    """
    largest = float(np.nanmax(size)) if np.isfinite(size).any() else 0.0
    if largest <= 0:
        return np.full(len(size), (SMALLEST + LARGEST) / 2)
    share = np.sqrt(np.clip(size, 0, None) / largest)
    return np.where(np.isnan(size), (SMALLEST + LARGEST) / 2, SMALLEST + (LARGEST - SMALLEST) * share)


def lines(labelled: bool, axon: bool, rest: bool) -> list[tuple[str, str]]:
    """The lines that a skeleton has, with the words of a legend; "" where it does not tell its axon."""
    if not labelled:
        return [("rest", "")]
    return [(part, word) for part, word, there in (("axon", "axon", axon), ("rest", "dendrite", rest)) if there]
