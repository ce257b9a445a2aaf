"""Colour means one thing: the promises of components/colours.py, measured by a second route."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from components import colours

EXCITATORY = ("23P", "4P", "5P-IT", "5P-ET", "5P-NP", "6P-IT", "6P-CT")
INHIBITORY = ("BC", "MC", "BPC", "NGC")
GLIA = ("astrocyte", "oligo", "microglia", "OPC", "pericyte")
THEMES: tuple[colours.Theme, ...] = ("light", "dark")
# Severe deuteranopia and protanopia, in linear sRGB (Machado, Oliveira & Fernandes 2009, doi:10.1109/TVCG.2009.113)
BLINDNESS = {
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}


def rgb(colour: str) -> NDArray[np.float64]:
    assert re.fullmatch("#[0-9a-f]{6}", colour)
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def linear(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def luminance(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    return linear(srgb) @ np.array([0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    """WCAG 2 contrast ratio."""
    dark, light = sorted(float(luminance(rgb(c))) for c in (a, b))
    return (light + 0.05) / (dark + 0.05)


def cielab(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE L*a*b* (D65): not the space that the module computes in."""
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    ratio = linear(srgb) @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def distance(a: str, b: str, blindness: str = "") -> float:
    """CIE 1976 colour difference, as somebody with this colour blindness sees it."""
    both = np.stack([rgb(a), rgb(b)])
    if blindness:
        seen = np.clip(linear(both) @ np.array(BLINDNESS[blindness]).T, 0, 1)
        both = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return float(np.linalg.norm(np.diff(cielab(both), axis=0)))


class TestMeaning:
    @pytest.mark.parametrize("name", [*EXCITATORY, "excitatory", "E", "L5ET", "pyramidal"])
    def test_excitatory_is_warm(self, name: str) -> None:
        red, _, blue = rgb(colours.type_colour(name))
        assert red > blue + 0.15

    @pytest.mark.parametrize("name", [*INHIBITORY, "inhibitory", "I", "PTC", "pvalb", "Sst", "Vip"])
    def test_inhibitory_is_cool(self, name: str) -> None:
        red, _, blue = rgb(colours.type_colour(name))
        assert blue > red + 0.15

    @pytest.mark.parametrize("name", [*GLIA, "nonneuronal", "NONNEURON", "untyped", "", float("nan"), "unknown"])
    def test_non_neuronal_and_untyped_are_grey(self, name: object) -> None:
        assert np.ptp(rgb(colours.type_colour(name))) < 0.06

    @pytest.mark.parametrize("pair", [("5P-IT", "5P IT"), ("23P", "23p"), ("BC", " bc "), ("Oligo", "oligo")])
    def test_spelling_does_not_matter(self, pair: tuple[str, str]) -> None:
        assert colours.type_colour(pair[0]) == colours.type_colour(pair[1])

    @pytest.mark.parametrize("blindness", ["", "deutan", "protan"])
    def test_excitatory_and_inhibitory_are_told_apart_whatever_the_eye(self, blindness: str) -> None:
        for a, b in itertools.product(EXCITATORY, INHIBITORY):
            assert distance(colours.type_colour(a), colours.type_colour(b), blindness) > 20, (a, b)

    def test_types_of_one_scheme_are_told_apart(self) -> None:
        for group in (EXCITATORY, INHIBITORY, ("sensory", "inter", "motor", "muscle")):
            for a, b in itertools.combinations(group, 2):
                assert distance(colours.type_colour(a), colours.type_colour(b)) > 12, (a, b)


class TestPalette:
    @given(st.sets(st.text(min_size=1, max_size=12), max_size=20))
    def test_up_to_twenty_strange_names_are_distinct(self, names: set[str]) -> None:
        unknown = {n for n in names if not known(n)}
        assert len(set(colours.palette(sorted(unknown)).values())) == len(unknown)

    @given(st.lists(st.text(max_size=8), max_size=40), st.randoms())
    def test_order_and_repetition_do_not_matter(self, names: list[str], random: object) -> None:
        shuffled = [*names, *names[:3]]
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert colours.palette(shuffled) == colours.palette(names)

    @given(st.text(max_size=8))
    def test_a_value_alone_has_its_own_colour(self, name: str) -> None:
        assert colours.palette([name]) == {name: colours.type_colour(name)}

    def test_known_names_keep_their_colour_among_strange_ones(self) -> None:
        table = colours.palette(["BC", "xyz", "23P", "PN", "KC"])
        assert table["BC"] == colours.type_colour("BC")
        assert len(set(table.values())) == 5

    def test_the_same_in_every_session(self) -> None:
        # Python's own hash of a text changes from process to process; these may not
        assert colours.palette(["KCs", "PNs", "LNs"]) == {"KCs": "#8ca3c8", "LNs": "#760a03", "PNs": "#8cba56"}

    @pytest.mark.parametrize("blindness", ["", "deutan", "protan"])
    def test_any_two_are_told_apart_whatever_the_eye(self, blindness: str) -> None:
        table = colours.palette([f"class {i}" for i in range(24)])
        assert len(set(table.values())) == 24
        assert min(distance(a, b, blindness) for a, b in itertools.combinations(table.values(), 2)) > 12


def known(name: str) -> bool:
    return bool({name.strip().lower(), re.sub(r"[ \-_/]", "", name.strip().lower())} & set(colours._KNOWN))


@pytest.mark.parametrize("theme", THEMES)
class TestSequential:
    def test_shape(self, theme: colours.Theme) -> None:
        table = colours.sequential(254, theme)
        assert (table.shape, table.dtype) == ((254, 4), np.uint8)
        assert (table[:, 3] == 255).all()
        assert len(np.unique(table, axis=0)) == 254

    def test_luminance_never_turns(self, theme: colours.Theme) -> None:
        steps = np.diff(luminance(colours.sequential(254, theme)[:, :3] / 255))
        assert (steps < 0).all() if theme == "light" else (steps > 0).all()

    def test_steps_look_alike(self, theme: colours.Theme) -> None:
        lab = cielab(colours.sequential(24, theme)[:, :3] / 255)
        steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
        assert steps.max() < 2.2 * steps.min()
        greys = np.abs(np.diff(lab[:, 0]))
        assert greys.max() < 2.5 * greys.min()

    def test_starts_near_the_surface_and_ends_far_from_it(self, theme: colours.Theme) -> None:
        scale = [colour for _, colour in colours.colourscale(theme)]
        surface = colours.token("surface", theme)
        assert contrast(scale[0], surface) < 1.25
        assert contrast(scale[-1], surface) > 12

    def test_untested_is_no_value_of_the_scale(self, theme: colours.Theme) -> None:
        tint = colours.untested(theme)
        assert min(distance(tint, colour) for _, colour in colours.colourscale(theme, 254)) > 5
        assert distance(tint, colours.token("surface", theme)) > 5


@pytest.mark.parametrize("theme", THEMES)
class TestTokens:
    @pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3", "accent", "warn", "error"])
    @pytest.mark.parametrize("ground", ["surface", "surface-2"])
    def test_text_is_legible(self, theme: colours.Theme, ink: str, ground: str) -> None:
        assert contrast(colours.token(ink, theme), colours.token(ground, theme)) >= 4.5

    @pytest.mark.parametrize(
        ("ink", "ground"),
        [("warn", "warn-2"), ("error", "error-2"), ("ink", "accent-2"), ("ink", "surface-3"), ("on-accent", "accent"),
         ("ink-2", "surface-3"), ("accent", "accent-2")],
    )  # fmt: skip
    def test_text_on_tints_is_legible(self, theme: colours.Theme, ink: str, ground: str) -> None:
        assert contrast(colours.token(ink, theme), colours.token(ground, theme)) >= 4.5

    def test_borders_of_controls_and_focus_are_seen(self, theme: colours.Theme) -> None:
        for name in ("rule-2", "accent"):
            assert contrast(colours.token(name, theme), colours.token("surface", theme)) >= 3

    def test_the_dark_sheet_renames_every_colour(self, theme: colours.Theme) -> None:
        sheet = (Path(colours.__file__).parents[1] / "assets" / "tokens.css").read_text(encoding="utf-8")
        names = re.findall(r"--([a-z0-9-]+): #", sheet)
        assert all(names.count(name) == 2 for name in names)
        assert colours.token("surface", "light") != colours.token("surface", "dark")
