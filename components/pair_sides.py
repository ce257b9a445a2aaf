"""The two directions of a pair side by side: how many, how large, onto what, where along either skeleton."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import pair_look
from components.cell_dots import COMPARTMENTS
from components.format import counted, thousands
from views.cell_synapses import WORDS
from views.pair import ARROWS, Pair, Way
from views.pair_synapses import NEAR_UM, PairSynapses

MOST_DOTS = 400
ONTO = {"spine": ("a spine", "spines"), "shaft": ("a shaft", "shafts"),
        "soma": ("the soma (axosomatic)", "the soma (axosomatic)")}  # fmt: skip


def sides(pair: Pair, found: PairSynapses | None) -> Component:
    """Both directions; without synapse rows only what the graph knows."""
    return html.Div([_side(way, found) for way in pair.ways], className="pair-sides")


def _side(way: Way, found: PairSynapses | None) -> Component:
    sign = html.Span(pair_look.SIGNS[way.name], className=f"pair-mark {way.name}", **{"aria-hidden": "true"})
    title = html.H3([sign, f" {ARROWS[way.name]}", html.Span(f"{way.n:,}", className="n")])
    parts: list[Component | None] = [title]
    if not way.n:
        parts.append(html.P(_none(way), className="hint"))
    else:
        parts.append(_numbers(way, found))
        if found is not None:
            parts += [_compartments(way, found), *_strips(way, found)]
    return html.Section(parts, className=f"pair-side {way.name}", **{"aria-label": ARROWS[way.name]})


def _none(way: Way) -> str:
    if way.tested:
        return "No synapse, and one could have been seen: the pair was tested."
    return f"No synapse is seen, but the pair was not tested: {way.why}."


def _numbers(way: Way, found: PairSynapses | None) -> Component:
    rows: list[tuple[str, str]] = []
    sizes = found.size[found.of(way.name)] if found is not None else np.zeros(0)
    sizes = sizes[np.isfinite(sizes)]
    if way.sum_size is not None and way.n > 1:
        mean = float(sizes.mean()) if len(sizes) else way.sum_size / way.n
        rows += [("summed size", thousands(way.sum_size)), ("mean size", thousands(round(mean, 1)))]
        if len(sizes):
            rows.append(("smallest, largest", f"{thousands(sizes.min())}, {thousands(sizes.max())}"))
        if found is not None and len(sizes) < way.n:
            rows.append(("without a size", thousands(way.n - len(sizes))))
    elif way.sum_size is not None:
        rows.append(("size", thousands(way.sum_size)))
    rows += [(name.replace("_", " "), thousands(value)) for name, value in way.measures]
    if found is not None and way.n == 1:
        rows += [(label, f"{values[found.of(way.name)[0]]:,.1f} µm") for label, values in _paths(way, found)
                 if np.isfinite(values[found.of(way.name)[0]])]  # fmt: skip
    parts = [part for name, value in rows for part in (html.Dt(name), html.Dd(value))]
    return html.Dl(parts, className="facts")


def onto_words(way: Way, found: PairSynapses) -> str:
    """'13 of 17 onto the soma (axosomatic), 3 onto shafts, 1 onto a spine.': most first; what is not given, last."""
    return ", ".join(text for _, _, text in _onto(way, found)) + "."


def _onto(way: Way, found: PairSynapses) -> list[tuple[str, int, str]]:
    """Name, count and words of each compartment, most first; "" is not given."""
    counts = Counter(found.compartment[found.of(way.name)].tolist())
    missing = counts.pop(None, 0)
    parts: list[tuple[str, int, str]] = []
    for name, n in counts.most_common():
        number = f"{n:,} of {way.n:,}" if not parts else f"{n:,}"
        parts.append((name, n, f"{number} onto {ONTO.get(name, (name, name))[n > 1]}"))
    if missing:
        parts.append(("", missing, f"{missing:,} not given" if parts else "onto what they are made is not given"))
    return parts


def _compartments(way: Way, found: PairSynapses) -> Component:
    if not found.has_compartments:
        return _by_skeleton(way, found)
    parts = _onto(way, found)
    hexes = [COMPARTMENTS.get(name, COMPARTMENTS[""]) for name, _, _ in parts]
    said = [
        html.Span([html.Span(className="swatch", style={"background": hex}), text])
        for (_, _, text), hex in zip(parts, hexes, strict=True)
    ]
    bar = [html.Span(style={"flex": str(n), "background": hex}) for (_, n, _), hex in zip(parts, hexes, strict=True)]
    return html.Div(
        [html.P(said, className="pair-onto-words"), html.Div(bar, className="pair-onto", **{"aria-hidden": "true"})],
        className="pair-compartments",
    )


def _by_skeleton(way: Way, found: PairSynapses) -> Component:
    """Where the source names no compartments: what the nearest node of the postsynaptic skeleton is."""
    parts = [word for p in found.post.part[found.of(way.name)].tolist() if (word := WORDS.get(p))]
    if not parts:
        return html.P("The dataset does not say onto which part they are made.", className="hint")
    counts = Counter(parts)
    counts["elsewhere"] = way.n - len(parts)
    words = ", ".join(f"{n:,} {word}" for word, n in counts.most_common() if n)
    text = f"The dataset does not say onto which part they are made. By the nearest node of the skeleton: {words}."
    return html.P(text, className="hint")


def _paths(way: Way, found: PairSynapses) -> list[tuple[str, np.ndarray]]:
    """Where on either skeleton, with the words for it: made first, received second."""
    made, received = ("A", "B") if way.name == "ab" else ("B", "A")
    return [
        (f"along {made}, from its soma", found.pre.path_um),
        (f"along {received}, from its soma", found.post.path_um),
    ]


def _strips(way: Way, found: PairSynapses) -> list[Component]:
    rows = found.of(way.name)
    strips: list[Component | None] = []
    if way.n > 1:  # a single one stands among the numbers
        strips = [_strip("size", found.size, rows, found, "", way)]
        strips += [_strip(label, values, rows, found, " µm", way) for label, values in _paths(way, found)]
    letters = ("A", "B") if way.name == "ab" else ("B", "A")
    notes = [
        _unplaced(found, side, letter, rows) for side, letter in zip((found.pre, found.post), letters, strict=True)
    ]
    return [part for part in strips if part is not None] + [html.P(note, className="hint") for note in notes if note]


def _unplaced(found: PairSynapses, side: Any, letter: str, rows: np.ndarray) -> str:
    """How many have no place along a skeleton that there is."""
    if found.bodies["AB".index(letter)] is None:  # said once, under the scene
        return ""
    lost = int(np.isnan(side.path_um[rows]).sum())
    if not lost:
        return ""
    if lost == len(rows):
        return f"None lies within {NEAR_UM:g} µm of {letter}'s skeleton: no place along it."
    return f"{lost:,} of {len(rows):,} lie farther than {NEAR_UM:g} µm from {letter}'s skeleton: no place along it."


def _strip(
    label: str, values: np.ndarray, rows: np.ndarray, found: PairSynapses, unit: str, way: Way
) -> Component | None:
    """One dot a synapse on a line from nought to the largest value of both directions; the bar is the median."""
    here = rows[np.isfinite(values[rows])]
    if not len(here):
        return None
    largest = float(np.nanmax(values)) or 1.0
    shown = here[np.linspace(0, len(here) - 1, min(len(here), MOST_DOTS)).round().astype(int)]
    dots = [
        html.Span(
            className="dot", style={"left": f"{100 * values[i] / largest:.2f}%", "top": f"{_scattered(int(i))}px"},
            title=f"{found.ids[i]}: {thousands(round(float(values[i]), 2))}{unit}", **{"data-syn": found.ids[i]},
        )
        for i in shown
    ]  # fmt: skip
    middle = float(np.median(values[here]))
    line = html.Span(className="middle", style={"left": f"{100 * middle / largest:.2f}%"})
    said = f"{label}: median {thousands(round(middle, 1))}{unit}"
    if len(shown) < len(here):
        said += f" ({len(shown):,} of {counted(len(here), 'synapse')} drawn)"
    ends = [html.Span("0"), html.Span(f"{thousands(round(largest, 1))}{unit}")]
    return html.Div(
        [
            html.P(said, className="strip-name"),
            html.Div([line, *dots], className="strip-line", **{"aria-hidden": "true"}),
            html.Div(ends, className="strip-ends", **{"aria-hidden": "true"}),
        ],
        className=f"strip {way.name}",
    )


def _scattered(i: int) -> int:
    """A few pixels up or down, so that equal values do not hide each other; always the same ones."""
    return 3 + (i * 7) % 15
