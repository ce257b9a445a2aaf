"""Colour means one thing: excitatory warm, inhibitory cool, non-neuronal and untyped grey, on every page.

Colours are picked in OKLCH (Ottosson 2020, https://bottosson.github.io/posts/oklab/): lightness 0-1, chroma,
hue in degrees. The table of known type names holds those triples, so that neighbours differ in lightness as
well as in hue and the picture survives grey printing and colour blindness.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Theme = Literal["light", "dark"]
LCH = tuple[float, float, float]

UNTYPED = "untyped"
_GREY: LCH = (0.68, 0.0, 0.0)

# name as it is written, in lower case without blanks, dashes and underscores -> (lightness, chroma, hue)
_WARM: dict[str, LCH] = {
    "23p": (0.78, 0.145, 82), "4p": (0.70, 0.165, 58), "5pit": (0.62, 0.195, 38), "5pet": (0.50, 0.185, 26),
    "5pnp": (0.74, 0.130, 22), "6pit": (0.60, 0.205, 8), "6pct": (0.46, 0.150, 2), "6pu": (0.80, 0.085, 50),
    "wmp": (0.40, 0.100, 30), "6pwm": (0.40, 0.100, 30),
    "l2a": (0.86, 0.110, 95), "l2b": (0.82, 0.135, 88), "l2c": (0.78, 0.145, 82), "l3a": (0.76, 0.150, 74),
    "l3b": (0.73, 0.155, 68), "l4a": (0.71, 0.160, 60), "l4b": (0.68, 0.165, 54), "l4c": (0.65, 0.170, 48),
    "l5a": (0.64, 0.190, 42), "l5b": (0.58, 0.195, 36), "l5et": (0.50, 0.185, 26), "l5np": (0.74, 0.130, 22),
    "l6shorta": (0.64, 0.190, 14), "l6shortb": (0.58, 0.195, 10), "l6talla": (0.53, 0.180, 6),
    "l6tallb": (0.48, 0.160, 2), "l6tallc": (0.43, 0.140, 358), "l6wm": (0.40, 0.100, 30),
    "excitatory": (0.62, 0.180, 42), "e": (0.62, 0.180, 42), "ex": (0.62, 0.180, 42), "exc": (0.62, 0.180, 42),
    "excitatoryneuron": (0.62, 0.180, 42), "pyramidal": (0.62, 0.180, 42), "pyr": (0.62, 0.180, 42),
    "spiny": (0.72, 0.150, 64), "thalamic": (0.84, 0.120, 100), "nr5a1": (0.70, 0.165, 58),
    "tlx3": (0.62, 0.195, 38), "sim1": (0.50, 0.185, 26), "ntsr1": (0.46, 0.150, 2),
}  # fmt: skip
_COOL: dict[str, LCH] = {
    "bc": (0.50, 0.175, 262), "mc": (0.66, 0.105, 200), "bpc": (0.68, 0.130, 290), "ngc": (0.80, 0.085, 222),
    "ptc": (0.50, 0.175, 262), "dtc": (0.66, 0.105, 200), "itc": (0.68, 0.130, 290), "stc": (0.80, 0.085, 222),
    "pvalb": (0.50, 0.175, 262), "pv": (0.50, 0.175, 262), "sst": (0.66, 0.105, 200), "vip": (0.68, 0.130, 290),
    "lamp5": (0.80, 0.085, 222), "chc": (0.38, 0.130, 282), "chandelier": (0.38, 0.130, 282),
    "sncg": (0.74, 0.070, 250), "gaba": (0.56, 0.150, 250), "fs": (0.50, 0.175, 262),
    "inhibitory": (0.56, 0.150, 250), "i": (0.56, 0.150, 250), "in": (0.56, 0.150, 250), "inh": (0.56, 0.150, 250),
    "inhibitoryneuron": (0.56, 0.150, 250), "interneuron(inhibitory)": (0.56, 0.150, 250),
}  # fmt: skip
_GREYS: dict[str, LCH] = {
    "astrocyte": (0.52, 0.012, 250), "oligo": (0.62, 0.012, 90), "oligodendrocyte": (0.62, 0.012, 90),
    "microglia": (0.44, 0.012, 20), "opc": (0.74, 0.012, 150), "pericyte": (0.82, 0.012, 60),
    "endothelial": (0.36, 0.012, 300), "nonneuronal": (0.55, 0.0, 0), "nonneuron": (0.55, 0.0, 0),
    "glia": (0.55, 0.0, 0), "g": (0.55, 0.0, 0), "fragment": (0.80, 0.0, 0), "unknown": _GREY, "unsure": _GREY,
    "uncertain": _GREY, "unclassified": _GREY, "unassigned": _GREY, UNTYPED: _GREY, "": _GREY, "nan": _GREY,
    "none": _GREY, "unk": _GREY, "undefined": _GREY, "na": _GREY, "n/a": _GREY,
    "muscle": (0.50, 0.025, 20), "muscles": (0.50, 0.025, 20), "endorgan": (0.60, 0.02, 20),
    "other": (0.74, 0.0, 0), "epithelial": (0.66, 0.02, 20),
}  # fmt: skip
# Classes of the worm and of flies say nothing about sign, so they take hues that excitatory and inhibitory leave
# free, and differ first of all in lightness.
_CLASSES: dict[str, LCH] = {
    "sensories": (0.80, 0.130, 118), "ascendings": (0.86, 0.100, 125), "descendings": (0.42, 0.090, 178),
    "sensory": (0.80, 0.130, 118), "sensoryneuron": (0.80, 0.130, 118), "sensoryneurons": (0.80, 0.130, 118),
    "inter": (0.58, 0.120, 315), "interneuron": (0.58, 0.120, 315), "interneurons": (0.58, 0.120, 315),
    "motor": (0.42, 0.090, 178), "motorneuron": (0.42, 0.090, 178), "motorneurons": (0.42, 0.090, 178),
    "modulatory": (0.70, 0.090, 340), "pharynx": (0.66, 0.070, 150), "pharyngeal": (0.66, 0.070, 150),
    "optic": (0.66, 0.100, 170), "visualprojection": (0.50, 0.110, 150), "visualcentrifugal": (0.74, 0.090, 345),
    "central": (0.58, 0.120, 315), "ascending": (0.86, 0.100, 125), "descending": (0.42, 0.090, 178),
    "endocrine": (0.60, 0.080, 340),
}  # fmt: skip
_KNOWN: dict[str, LCH] = {**_CLASSES, **_GREYS, **_COOL, **_WARM}

# Any other value. Chosen so that any two stay at least 12 CIE 1976 units apart for normal eyes and for severe
# deuteranopia and protanopia (a farthest-point search over OKLCH); a test measures it.
_POOL: tuple[LCH, ...] = (
    (0.56, 0.12, 250), (0.685, 0.14, 80), (0.785, 0.14, 170), (0.36, 0.14, 10), (0.585, 0.08, 120),
    (0.86, 0.1, 320), (0.36, 0.14, 320), (0.61, 0.08, 200), (0.46, 0.12, 50), (0.86, 0.1, 100),
    (0.735, 0.14, 280), (0.735, 0.12, 30), (0.36, 0.06, 320), (0.435, 0.14, 270), (0.56, 0.1, 10),
    (0.71, 0.06, 260), (0.735, 0.14, 130), (0.46, 0.06, 70), (0.86, 0.08, 190), (0.585, 0.1, 80),
    (0.51, 0.06, 240), (0.36, 0.14, 30), (0.86, 0.1, 140), (0.385, 0.06, 170),
)  # fmt: skip

_TOKEN = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{6});")
_TOKENS = Path(__file__).parents[1] / "assets" / "tokens.css"
# Anchors of the sequential scale as (lightness, chroma, hue), from no connection to the strongest.
_RAMP: dict[str, tuple[LCH, ...]] = {
    "light": ((0.965, 0.012, 250), (0.80, 0.075, 245), (0.60, 0.130, 262), (0.42, 0.135, 282), (0.22, 0.075, 295)),
    "dark": ((0.235, 0.022, 280), (0.40, 0.110, 285), (0.58, 0.145, 275), (0.77, 0.105, 245), (0.965, 0.035, 205)),
}


def type_colour(value: object, column: str = "") -> str:
    """The colour of one value as '#rrggbb', the same everywhere.

    Known type names have their own; anything else takes one of 24 by a hash of its text. Where the values of a
    whole column are at hand use `palette`, which also keeps them apart. `column` only serves yes/no columns:
    their two values are an ink and a grey.
    """
    key = _key(value)
    if key in _KNOWN:
        return _hex(_KNOWN[key])
    if column and key in ("true", "false"):
        return _hex((0.45, 0.10, 275) if key == "true" else (0.80, 0.0, 0))
    return _hex(_POOL[_slot(str(value))])


def palette(values: Sequence[object]) -> dict[str, str]:
    """Colours of the values of one column, keyed by their text; distinct for up to 24 values beside the known ones.

    Give all values that the column has in the dataset, not those in view: then a value keeps its colour whatever
    is selected. The order of `values` does not matter. Beyond 24 unknown values colours repeat.
    """
    texts = sorted({str(v) for v in values})
    colours = {text: _hex(_KNOWN[_key(text)]) for text in texts if _key(text) in _KNOWN}
    taken: set[int] = set()
    for text in (t for t in texts if t not in colours):
        slot = _slot(text)
        if len(taken) < len(_POOL):
            while slot in taken or _hex(_POOL[slot]) in colours.values():
                slot = (slot + 1) % len(_POOL)
            taken.add(slot)
        colours[text] = _hex(_POOL[slot])
    return colours


def sequential(n: int = 254, theme: Theme = "light") -> NDArray[np.uint8]:
    """`n` colours from no connection to the strongest: uint8 (n, 4), opaque.

    Perceptually uniform (equal steps in OKLab) and monotone in luminance, so it reads the same in grey. Light:
    near-white to dark violet ink; dark: near-black to bright.
    """
    anchors = np.array([_lab(lch) for lch in _RAMP[theme]])
    fine = _smooth(anchors, 4096)
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1))])
    wanted = np.linspace(0.0, travelled[-1], n)
    lab = np.stack([np.interp(wanted, travelled, fine[:, i]) for i in range(3)], axis=1)
    rgba = np.full((n, 4), 255, dtype=np.uint8)
    rgba[:, :3] = np.round(_srgb(lab) * 255).astype(np.uint8)
    return rgba


def colourscale(theme: Theme = "light", steps: int = 33) -> list[tuple[float, str]]:
    """`sequential` as a Plotly colour scale."""
    return [(i / (steps - 1), "#" + bytes(c[:3]).hex()) for i, c in enumerate(sequential(steps, theme))]


def untested(theme: Theme = "light") -> str:
    """The tint of pairs that could not have been seen connected: warm, so it is no value of the scale."""
    return token("untested", theme)


def token(name: str, theme: Theme = "light") -> str:
    """A colour of assets/tokens.css ('ink-2', 'rule', 'accent' ...) for figures, which know no CSS variables.

    KeyError for a name that the style sheet does not have.
    """
    return _tokens()[theme][name]


@cache
def _tokens() -> dict[str, dict[str, str]]:
    light, _, rest = _TOKENS.read_text(encoding="utf-8").partition(':root[data-mantine-color-scheme="dark"]')
    dark = rest.partition("}")[0]
    of = {theme: dict(_TOKEN.findall(text)) for theme, text in (("light", light), ("dark", dark))}
    return {"light": of["light"], "dark": of["light"] | of["dark"]}


def _key(value: object) -> str:
    text = str(value).strip().lower()
    return text if text in _KNOWN else "".join(c for c in text if c not in " -_/")


def _slot(text: str) -> int:
    return int.from_bytes(hashlib.blake2s(text.encode(), digest_size=4).digest(), "big") % len(_POOL)


def _lab(lch: LCH) -> NDArray[np.float64]:
    lightness, chroma, hue = lch
    angle = np.deg2rad(hue)
    return np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])


def _smooth(anchors: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """A curve through the anchors: monotone cubic in lightness, so that luminance never turns."""
    from scipy.interpolate import PchipInterpolator

    at = np.linspace(0.0, 1.0, len(anchors))
    return np.asarray(PchipInterpolator(at, anchors, axis=0)(np.linspace(0.0, 1.0, n)))


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """OKLab (..., 3) -> sRGB 0-1 (..., 3), clipped to the gamut."""
    lightness, a, b = np.moveaxis(np.asarray(lab, dtype=float), -1, 0)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        ],
        axis=-1,
    )
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _hex(lch: LCH) -> str:
    return "#" + bytes(np.round(_srgb(_lab(lch)) * 255).astype(np.uint8)).hex()
